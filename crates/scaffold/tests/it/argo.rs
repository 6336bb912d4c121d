//! Applications and overlays that agree, or do not.

use crate::{plain, site};
use insta::assert_snapshot;
use std::fs;
use tempfile::TempDir;
use windlass_fault::Fault;
use windlass_scaffold::{Argo, Changes, ErrorKind, Files, Template};

const APPLICATION: &str = "\
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata:
  name: {{ name }}-{{ environment.name }}
  namespace: argocd
  finalizers:
    # Deleted with all it has.
    - resources-finalizer.argocd.argoproj.io
spec:
  project: {{ environment.name }}
  source:
    repoURL: {{ repository }}
    targetRevision: {{ environment.branch }}
    path: {{ apps }}/{{ name }}/k8s/overlays/{{ environment.name }}
  destination:
    namespace: {{ name }}-{{ environment.name }}
";

fn template() -> Template {
    Template::new(
        "apps/.template",
        Files::from([
            plain("template.yaml", "application: app.jinja\n"),
            plain("app.jinja", APPLICATION),
        ]),
    )
    .unwrap()
}

/// A repository with the apps `shop` and `cart` in both environments, and their projects.
struct Repository(TempDir);

impl Repository {
    fn new() -> Self {
        let this = Self(tempfile::tempdir().unwrap());
        for app in ["shop", "cart"] {
            for environment in ["dev", "prod"] {
                let path = format!("apps/{app}/k8s/overlays/{environment}/kustomization.yaml");
                this.write(&path, &format!("namespace: {app}-{environment}\n"));
            }
        }
        for project in ["dev", "prod"] {
            let text = format!(
                "apiVersion: argoproj.io/v1alpha1\nkind: AppProject\nmetadata:\n  name: {project}\n"
            );
            this.write(&format!("argo/projects/{project}.yaml"), &text);
        }
        fs::create_dir_all(this.0.path().join("argo/apps")).unwrap();
        this
    }

    /// With its Applications.
    fn complete() -> Self {
        let this = Self::new();
        this.make().write(this.0.path()).unwrap();
        this
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.0.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.0.path().join(path)).unwrap()
    }

    fn edit(&self, path: &str, from: &str, to: &str) {
        let text = self.read(path);
        assert!(text.contains(from), "{text}");
        self.write(path, &text.replace(from, to));
    }

    fn argo(&self) -> Argo {
        Argo::read(self.0.path(), &site()).unwrap()
    }

    fn make(&self) -> Changes {
        self.argo().make(&template()).unwrap()
    }

    fn check(&self) -> String {
        let findings = self.argo().check(&template());
        let line = |finding: &windlass_scaffold::Finding| {
            let warning = finding.warning();
            let place = warning.location.as_ref().unwrap();
            let hint = warning.hint.as_deref().map(|hint| format!(" ({hint})"));
            format!("{place}: {warning}{}\n", hint.unwrap_or_default())
        };
        findings.iter().map(line).collect()
    }
}

fn paths(changes: &Changes) -> Vec<&str> {
    changes.paths().collect()
}

#[test]
fn each_overlay_gets_its_application() {
    let repository = Repository::new();
    assert_snapshot!(repository.check(), @r"
    apps/cart/k8s/overlays/dev/kustomization.yaml:1: no Application deploys `apps/cart/k8s/overlays/dev` [orphan-overlay] (make one with `argo-apps`)
    apps/cart/k8s/overlays/prod/kustomization.yaml:1: no Application deploys `apps/cart/k8s/overlays/prod` [orphan-overlay] (make one with `argo-apps`)
    apps/shop/k8s/overlays/dev/kustomization.yaml:1: no Application deploys `apps/shop/k8s/overlays/dev` [orphan-overlay] (make one with `argo-apps`)
    apps/shop/k8s/overlays/prod/kustomization.yaml:1: no Application deploys `apps/shop/k8s/overlays/prod` [orphan-overlay] (make one with `argo-apps`)
    ");
    let changes = repository.make();
    let four = [
        "argo/apps/cart-dev.yaml",
        "argo/apps/cart-prod.yaml",
        "argo/apps/shop-dev.yaml",
        "argo/apps/shop-prod.yaml",
    ];
    assert_eq!(paths(&changes), four);
    changes.write(repository.0.path()).unwrap();
    assert_snapshot!(repository.read("argo/apps/shop-prod.yaml"), @r"
    apiVersion: argoproj.io/v1alpha1
    kind: Application
    metadata:
      name: shop-prod
      namespace: argocd
      finalizers:
        # Deleted with all it has.
        - resources-finalizer.argocd.argoproj.io
    spec:
      project: prod
      source:
        repoURL: https://git.example/gitops.git
        targetRevision: main
        path: apps/shop/k8s/overlays/prod
      destination:
        namespace: shop-prod
    ");
    assert_eq!(repository.check(), "");
    assert!(repository.make().is_empty());
    fs::remove_file(repository.0.path().join("argo/apps/shop-dev.yaml")).unwrap();
    assert_eq!(paths(&repository.make()), ["argo/apps/shop-dev.yaml"]);
}

#[test]
fn what_does_not_agree_is_told_at_its_line() {
    let repository = Repository::complete();
    repository.edit(
        "argo/apps/shop-dev.yaml",
        "namespace: shop-dev",
        "namespace: shop",
    );
    repository.edit(
        "argo/apps/shop-dev.yaml",
        "project: dev",
        "project: development",
    );
    repository.edit(
        "argo/apps/shop-prod.yaml",
        "targetRevision: main",
        "targetRevision: HEAD # always",
    );
    repository.edit(
        "argo/apps/shop-prod.yaml",
        "name: shop-prod\n",
        "name: shop-production\n",
    );
    repository.edit(
        "argo/apps/cart-dev.yaml",
        "    - resources-finalizer.argocd.argoproj.io",
        "    - mine",
    );
    repository.edit("argo/apps/cart-prod.yaml", "overlays/prod", "overlays/prd");
    repository.edit(
        "argo/apps/cart-prod.yaml",
        "namespace: argocd",
        "namespace: default",
    );
    repository.write(
        "apps/shop/k8s/overlays/stagin/kustomization.yaml",
        "namespace: x\n",
    );
    let twice = "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata:\n  name: shop-dev\n  namespace: argocd\nspec:\n  project: default\n  source: {repoURL: https://else.example, chart: x}\n";
    repository.write(
        "argo/apps/twice.yaml",
        &format!("# Two.\nkind: ConfigMap\n---\n{twice}"),
    );
    repository.write("argo/apps/broken.yaml", "a: b: c\n");
    assert_snapshot!(repository.check(), @r"
    apps/cart/k8s/overlays/prod/kustomization.yaml:1: no Application deploys `apps/cart/k8s/overlays/prod` [orphan-overlay] (make one with `argo-apps`)
    apps/shop/k8s/overlays/stagin/kustomization.yaml:1: `apps/shop/k8s/overlays/stagin` is for `stagin`, which is no environment [unknown-environment] (add it to `environments` in windlass.yaml)
    argo/apps/broken.yaml:1:4: a second `: ` on one line: a key cannot stand here [unreadable]
    argo/apps/cart-dev.yaml:4:3: the finalizer `resources-finalizer.argocd.argoproj.io` is missing [missing-finalizer]
    argo/apps/cart-prod.yaml:5:14: an Application stands in the namespace `argocd` [application-namespace]
    argo/apps/cart-prod.yaml:14:11: there is no folder `apps/cart/k8s/overlays/prd` [missing-path] (there is `apps/cart/k8s/overlays/prod`)
    argo/apps/shop-dev.yaml:10:12: there is no project `development` [missing-project]
    argo/apps/shop-dev.yaml:16:16: `apps/shop/k8s/overlays/dev` is for the namespace `shop-dev` [wrong-namespace]
    argo/apps/shop-prod.yaml:4:9: the Application of `apps/shop/k8s/overlays/prod` is called `shop-prod` [wrong-name]
    argo/apps/shop-prod.yaml:13:21: `prod` is deployed from the branch `main` [wrong-revision]
    argo/apps/twice.yaml:7:9: another Application is called `shop-dev`, at argo/apps/shop-dev.yaml:4:9 [duplicate-name]
    ");
}

#[test]
fn what_is_there_is_put_right_in_place() {
    let repository = Repository::complete();
    let before = repository.read("argo/apps/shop-dev.yaml");
    let edited = before
        .replace("  destination:\n    namespace: shop-dev", "  destination: {namespace: 'shop'} # why")
        .replace("targetRevision: develop", "targetRevision: HEAD # moved")
        .replace("project: dev", "project: development")
        .replace("  finalizers:\n    # Deleted with all it has.\n    - resources-finalizer.argocd.argoproj.io\n", "");
    repository.write("argo/apps/shop-dev.yaml", &edited);
    let changes = repository.make();
    assert_snapshot!(changes.diff(), @r"
    --- a/argo/apps/shop-dev.yaml
    +++ b/argo/apps/shop-dev.yaml
    @@ -3,10 +3,12 @@
     metadata:
       name: shop-dev
       namespace: argocd
    +  finalizers:
    +  - resources-finalizer.argocd.argoproj.io
     spec:
    -  project: development
    +  project: dev
       source:
         repoURL: https://git.example/gitops.git
    -    targetRevision: HEAD # moved
    +    targetRevision: develop # moved
         path: apps/shop/k8s/overlays/dev
    -  destination: {namespace: 'shop'} # why
    +  destination: {namespace: 'shop-dev'} # why
    ");
    changes.write(repository.0.path()).unwrap();
    assert_eq!(repository.check(), "");
}

#[test]
fn a_kustomization_lists_them() {
    let repository = Repository::complete();
    repository.write(
        "argo/apps/kustomization.yaml",
        "resources:\n  # The first.\n  - shop-dev.yaml\n  - ./cart-dev.yaml\n",
    );
    assert_snapshot!(repository.check(), @r"
    argo/apps/cart-prod.yaml:1:1: `argo/apps/kustomization.yaml` does not list this file [unlisted] (list it with `argo-apps`)
    argo/apps/shop-prod.yaml:1:1: `argo/apps/kustomization.yaml` does not list this file [unlisted] (list it with `argo-apps`)
    ");
    let changes = repository.make();
    changes.write(repository.0.path()).unwrap();
    assert_snapshot!(repository.read("argo/apps/kustomization.yaml"), @r"
    resources:
      # The first.
      - shop-dev.yaml
      - ./cart-dev.yaml
      - cart-prod.yaml
      - shop-prod.yaml
    ");
    assert_eq!(repository.check(), "");
}

#[test]
fn a_kustomization_that_cannot_list_them_is_told() {
    let repository = Repository::new();
    repository.write("argo/apps/kustomization.yaml", "resources: {a: b}\n");
    let error = repository.argo().make(&template()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Register);
    assert_snapshot!(crate::shown(&error), @r"
    cannot list the Applications in `argo/apps/kustomization.yaml`
     --> argo/apps/kustomization.yaml:1:12
    caused by: a list is expected here
    ");
}

/// Files in other encodings are left as they are: what was written again would have lost letters.
#[test]
fn a_file_in_another_encoding_is_told() {
    let repository = Repository::new();
    let place = |name: &str| repository.0.path().join("argo/apps").join(name);
    fs::write(place("kustomization.yaml"), b"# caf\xe9\nresources: []\n").unwrap();
    let error = repository.argo().make(&template()).unwrap_err();
    assert_snapshot!(error, @"`argo/apps/kustomization.yaml` is not UTF-8 text");
    fs::write(place("overlays.yaml"), b"# caf\xe9\nkind: ApplicationSet\n").unwrap();
    let error = repository.argo().make_set(&template()).unwrap_err();
    assert_snapshot!(error, @"`argo/apps/overlays.yaml` is not UTF-8 text");
}

#[test]
fn a_file_that_holds_something_else_is_not_replaced() {
    let repository = Repository::new();
    repository.write("argo/apps/shop-dev.yaml", "kind: ConfigMap\n");
    let error = repository.argo().make(&template()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Exists);
    assert_snapshot!(format!("{error}\n{}", error.hint().unwrap()), @r"
    cannot make an Application of `apps/shop/k8s/overlays/dev`: `argo/apps/shop-dev.yaml` holds something else
    move that file, or point its Application to the overlay
    ");
}

#[test]
fn a_set_holds_the_overlays_without_an_application() {
    let repository = Repository::complete();
    fs::remove_file(repository.0.path().join("argo/apps/shop-dev.yaml")).unwrap();
    fs::remove_file(repository.0.path().join("argo/apps/shop-prod.yaml")).unwrap();
    let changes = repository.argo().make_set(&template()).unwrap();
    assert_eq!(paths(&changes), ["argo/apps/overlays.yaml"]);
    changes.write(repository.0.path()).unwrap();
    assert_snapshot!(repository.read("argo/apps/overlays.yaml"), @r#"
    # Makes an Application of each overlay that has no file of its own here. Kept by
    # `argo-apps --application-set`.
    apiVersion: argoproj.io/v1alpha1
    kind: ApplicationSet
    metadata:
      name: overlays
      namespace: argocd
    spec:
      goTemplate: true
      goTemplateOptions:
        - missingkey=error
      syncPolicy:
        # What goes from the list is deployed no more, but not deleted with all it has.
        preserveResourcesOnDeletion: true
      generators:
        - list:
            elements:
            - app: shop
              environment: dev
              branch: develop
            - app: shop
              environment: prod
              branch: main
      template:
        metadata:
          name: "{{.app}}-{{.environment}}"
          namespace: argocd
          finalizers:
            # Deleted with all it has.
            - resources-finalizer.argocd.argoproj.io
        spec:
          project: "{{.environment}}"
          source:
            repoURL: https://git.example/gitops.git
            targetRevision: "{{.branch}}"
            path: apps/{{.app}}/k8s/overlays/{{.environment}}
          destination:
            namespace: "{{.app}}-{{.environment}}"
    "#);
    assert_eq!(repository.check(), "");
    assert!(repository.argo().make_set(&template()).unwrap().is_empty());
    assert!(repository.make().is_empty());

    // Kept in place: what leads nowhere goes, what is new comes.
    repository.edit(
        "argo/apps/overlays.yaml",
        "- app: shop\n          environment: dev\n",
        "- app: gone # what?\n          environment: dev\n",
    );
    repository.write("apps/pay/k8s/overlays/dev/kustomization.yaml", "{}\n");
    assert_snapshot!(repository.check(), @r"
    apps/pay/k8s/overlays/dev/kustomization.yaml:1: no Application deploys `apps/pay/k8s/overlays/dev` [orphan-overlay] (make one with `argo-apps`)
    apps/shop/k8s/overlays/dev/kustomization.yaml:1: no Application deploys `apps/shop/k8s/overlays/dev` [orphan-overlay] (make one with `argo-apps`)
    argo/apps/overlays.yaml:18:16: there is no overlay of `gone-dev` [missing-path]
    ");
    let changes = repository.argo().make_set(&template()).unwrap();
    assert_snapshot!(changes.diff(), @r#"
    --- a/argo/apps/overlays.yaml
    +++ b/argo/apps/overlays.yaml
    @@ -15,12 +15,15 @@
       generators:
         - list:
             elements:
    -        - app: gone # what?
    -          environment: dev
    -          branch: develop
             - app: shop
               environment: prod
               branch: main
    +        - app: pay
    +          environment: dev
    +          branch: develop
    +        - app: shop
    +          environment: dev
    +          branch: develop
       template:
         metadata:
           name: "{{.app}}-{{.environment}}"
    "#);
}

#[test]
fn folders_of_other_repositories_are_not_looked_at() {
    let repository = Repository::complete();
    repository.edit(
        "argo/apps/shop-dev.yaml",
        "https://git.example/gitops.git",
        "https://git.example/else.git",
    );
    assert_snapshot!(repository.check(), @"apps/shop/k8s/overlays/dev/kustomization.yaml:1: no Application deploys `apps/shop/k8s/overlays/dev` [orphan-overlay] (make one with `argo-apps`)");
    repository.edit(
        "argo/apps/shop-dev.yaml",
        "https://git.example/else.git",
        "https://GIT.example/gitops/",
    );
    assert_eq!(repository.check(), "");
}
