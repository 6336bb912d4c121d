//! The repository's own manifests: they build as kustomize builds them, the template makes the
//! example app, and what `argo/` says agrees with `apps/`.

use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use windlass_cli::Config;
use windlass_overlay::{Memory, Options};
use windlass_scaffold::{App, Environment, Site, Template, repository};

const SERVER: &str = "https://kubernetes.default.svc";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The files under a folder of the repository, as far as git would take them.
fn files_under(folder: &str) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(root().join(folder)).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        let path = format!("{folder}/{name}");
        match entry.file_type().unwrap().is_dir() {
            true if matches!(&*name, ".venv" | ".pytest_cache" | "__pycache__") => {}
            true => found.extend(files_under(&path)),
            false => drop(found.insert(path, fs::read(entry.path()).unwrap())),
        }
    }
    found
}

/// The example app's files.
pub(crate) fn example() -> Memory {
    files_under("apps/example-app").into_iter().collect()
}

fn config() -> Config {
    Config::load(&root()).unwrap()
}

/// What the template makes of a name, as `app-new` would.
fn made(name: &str) -> App {
    let config = config();
    let environments = config.environments.into_iter();
    let site = Site {
        environments: environments
            .map(|given| Environment {
                name: given.name,
                branch: given.branch,
                tag: given.tag,
            })
            .collect(),
        repository: repository("argo/root-app.yaml", &read("argo/root-app.yaml")).unwrap(),
        apps: config.apps,
        registry: config.registry,
    };
    let template = Template::read(&root().join("apps/.template"), "apps/.template").unwrap();
    template.render(name, &BTreeMap::new(), &site).unwrap()
}

/// A new app called `shop`.
pub(crate) struct Fresh {
    app: App,
    pub(crate) files: Memory,
}

impl Fresh {
    pub(crate) fn new() -> Self {
        let app = made("shop");
        let files = app.files().iter();
        Self {
            files: files
                .map(|(path, file)| (path, file.bytes.clone()))
                .collect(),
            app,
        }
    }
}

/// What `overlay-build --strict` prints.
pub(crate) fn build(files: &Memory, folder: &str) -> String {
    let options = Options {
        strict: true,
        ..Options::default()
    };
    let built = windlass_overlay::build(files, folder.as_ref(), &options);
    built
        .unwrap_or_else(|error| panic!("{folder}: {error}"))
        .to_yaml()
        .unwrap()
}

/// With `KUSTOMIZE=path` the same folders are built by that program.
#[test]
fn overlays_are_kustomizes_to_the_byte() {
    let Some(kustomize) = std::env::var_os("KUSTOMIZE") else {
        return;
    };
    let disk = tempfile::tempdir().unwrap();
    let fresh = Fresh::new();
    fs::create_dir_all(disk.path().join("argo/apps")).unwrap();
    fs::create_dir_all(disk.path().join("apps")).unwrap();
    fresh.app.write(disk.path()).unwrap();
    for environment in config().environments {
        let overlay = format!("k8s/overlays/{}", environment.name);
        for (files, root, app) in [
            (&example(), &root(), "apps/example-app"),
            (&fresh.files, &disk.path().to_owned(), "apps/shop"),
        ] {
            let folder = format!("{app}/{overlay}");
            let output = Command::new(&kustomize)
                .arg("build")
                .arg(root.join(&folder))
                .output()
                .unwrap();
            let said = String::from_utf8(output.stderr).unwrap();
            assert!(
                output.status.success() && said.is_empty(),
                "{folder}: {said}"
            );
            let theirs = String::from_utf8(output.stdout).unwrap();
            assert_eq!(build(files, &folder), theirs, "{folder}");
        }
    }
}

/// The example differs from what the template makes by its sealed secrets and by what belongs to
/// the pipeline, and has no record of the template's state.
#[test]
fn the_template_makes_the_example_app() {
    let mut made: BTreeMap<String, Vec<u8>> = made("example-app")
        .files()
        .iter()
        .map(|(path, file)| (path.clone(), file.bytes.clone()))
        .collect();
    let mut example = files_under("apps/example-app");
    for environment in config().environments {
        let application = format!("argo/apps/example-app-{}.yaml", environment.name);
        example.insert(application.clone(), read(&application).into_bytes());
        let overlay = format!("apps/example-app/k8s/overlays/{}", environment.name);
        assert!(
            example
                .remove(&format!("{overlay}/sealed-secret.yaml"))
                .is_some()
        );
        let kustomization = format!("{overlay}/kustomization.yaml");
        for files in [&mut made, &mut example] {
            let text = String::from_utf8(files[&kustomization].clone()).unwrap();
            files.insert(kustomization.clone(), without_pins(&text).into_bytes());
        }
    }
    assert!(made.remove("apps/example-app/.scaffold.yaml").is_some());
    assert_eq!(
        made.keys().collect::<Vec<_>>(),
        example.keys().collect::<Vec<_>>()
    );
    for (path, bytes) in made {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert_eq!(text(&bytes), text(&example[&path]), "{path}");
    }
}

fn without_pins(text: &str) -> String {
    let ours = |line: &&str| {
        let word = line.trim_start();
        !(word.starts_with("newTag:")
            || word.starts_with("digest:")
            || word == "- sealed-secret.yaml")
    };
    text.lines()
        .filter(ours)
        .map(|line| format!("{line}\n"))
        .collect()
}

#[derive(Deserialize)]
struct Application {
    kind: String,
    metadata: Metadata,
    spec: ApplicationSpec,
}

#[derive(Deserialize)]
struct Metadata {
    name: String,
    namespace: String,
    #[serde(default)]
    annotations: BTreeMap<String, String>,
}

impl Metadata {
    fn wave(&self) -> i32 {
        let wave = self.annotations.get("argocd.argoproj.io/sync-wave");
        wave.map_or(0, |wave| wave.parse().unwrap())
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ApplicationSpec {
    project: String,
    source: Source,
    destination: Destination,
    sync_policy: SyncPolicy,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Source {
    #[serde(rename = "repoURL")]
    repo_url: String,
    target_revision: String,
    path: Option<String>,
    chart: Option<String>,
}

#[derive(Deserialize)]
struct Destination {
    server: String,
    namespace: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SyncPolicy {
    automated: Automated,
    #[serde(default)]
    sync_options: Vec<String>,
    retry: Option<Retry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Automated {
    #[serde(default)]
    prune: bool,
    #[serde(default)]
    self_heal: bool,
}

#[derive(Deserialize)]
struct Retry {
    limit: u32,
}

#[derive(Deserialize)]
struct Project {
    metadata: Metadata,
    spec: ProjectSpec,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ProjectSpec {
    source_repos: Vec<String>,
    destinations: Vec<Destination>,
}

impl ProjectSpec {
    fn allows(&self, namespace: &str) -> bool {
        let mut destinations = self.destinations.iter();
        destinations.any(|allowed| allowed.server == SERVER && allowed.namespace == namespace)
    }
}

fn application(path: &str) -> Application {
    let application: Application = windlass_yaml::from_str(path, &read(path)).unwrap();
    assert_eq!(application.kind, "Application", "{path}");
    assert_eq!(application.metadata.namespace, "argocd", "{path}");
    assert_eq!(application.spec.destination.server, SERVER, "{path}");
    application
}

/// Every Application under the root, by its name.
fn applications() -> BTreeMap<String, Application> {
    let mut found = BTreeMap::new();
    for path in files_under("argo/apps").into_keys() {
        let application = application(&path);
        let name = application.metadata.name.clone();
        assert_eq!(path, format!("argo/apps/{name}.yaml"));
        assert!(found.insert(name, application).is_none(), "{path}");
    }
    found
}

/// The folders of all apps' overlays: app, environment, folder.
fn overlays() -> Vec<(String, String, String)> {
    let folders = |folder: &str| -> Vec<String> {
        let entries = fs::read_dir(root().join(folder)).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter(|name| !name.starts_with('.')).collect()
    };
    let mut found = Vec::new();
    for app in folders("apps") {
        for environment in folders(&format!("apps/{app}/k8s/overlays")) {
            let folder = format!("apps/{app}/k8s/overlays/{environment}");
            found.push((app.clone(), environment, folder));
        }
    }
    found
}

#[test]
fn each_overlay_has_its_application() {
    let applications = applications();
    let repository = application("argo/root-app.yaml").spec.source.repo_url;
    let branches: BTreeMap<String, String> = config()
        .environments
        .into_iter()
        .map(|environment| (environment.name, environment.branch))
        .collect();
    let overlays = overlays();
    for (app, environment, folder) in &overlays {
        let name = format!("{app}-{environment}");
        let Some(Application { spec, .. }) = applications.get(&name) else {
            panic!("{folder} has no Application `{name}`");
        };
        assert_eq!(spec.project, *environment, "{name}");
        assert_eq!(spec.source.path.as_ref(), Some(folder), "{name}");
        assert_eq!(spec.source.repo_url, repository, "{name}");
        assert_eq!(spec.source.target_revision, branches[environment], "{name}");
        assert_eq!(spec.destination.namespace, name);
        let policy = &spec.sync_policy;
        assert!(
            policy.automated.prune && policy.automated.self_heal,
            "{name}"
        );
        assert!(
            policy
                .sync_options
                .contains(&"CreateNamespace=true".to_owned()),
            "{name}"
        );
        assert!(
            policy.retry.as_ref().is_some_and(|retry| retry.limit > 0),
            "{name}"
        );
    }
    let folders: BTreeSet<&String> = overlays.iter().map(|(_, _, folder)| folder).collect();
    for (name, Application { spec, .. }) in &applications {
        match (&spec.source.path, &spec.source.chart) {
            (Some(path), None) if path.starts_with("apps/") => {
                assert!(folders.contains(path), "{name}");
            }
            (Some(path), None) => assert!(root().join(path).is_dir(), "{name}"),
            (None, Some(_)) => {
                assert!(matches!(&*spec.project, "default" | "monitoring"), "{name}")
            }
            _ => panic!("{name} has no source, or two"),
        }
    }
}

#[test]
fn every_object_is_in_the_namespace_of_its_application() {
    for (app, environment, folder) in overlays() {
        let files: Memory = files_under(&format!("apps/{app}")).into_iter().collect();
        let built = windlass_overlay::build(&files, folder.as_ref(), &Options::default()).unwrap();
        for object in built.objects() {
            let namespace = format!("{app}-{environment}");
            assert_eq!(object.namespace(), namespace, "{folder}: {}", object.name());
            assert!(
                object.name().starts_with(&format!("{environment}-{app}")),
                "{folder}"
            );
        }
    }
}

#[derive(Deserialize)]
struct Rules {
    spec: RulesSpec,
}

#[derive(Deserialize)]
struct RulesSpec {
    groups: Vec<Group>,
}

#[derive(Deserialize)]
struct Group {
    rules: Vec<Rule>,
}

#[derive(Deserialize)]
struct Rule {
    expr: String,
    #[serde(default)]
    labels: BTreeMap<String, String>,
}

/// The texts between quotes.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('"').skip(1).step_by(2)
}

/// The overlays put their namespace where a rule and the dashboard have one, by counting quotes.
#[test]
fn rules_and_dashboards_look_at_their_own_namespace() {
    let fresh = Fresh::new();
    for environment in config().environments {
        for (files, app) in [(&example(), "example-app"), (&fresh.files, "shop")] {
            let folder = format!("apps/{app}/k8s/overlays/{}", environment.name);
            let namespace = format!("{app}-{}", environment.name);
            let text = build(files, &folder);
            let documents: Vec<&str> = text.split("---\n").collect();
            let of_kind = |word: &str| {
                let found = documents.iter().filter(|document| document.contains(word));
                found.copied().collect::<Vec<_>>()
            };
            for document in of_kind("kind: PrometheusRule\n") {
                let rules: Rules = windlass_yaml::from_str(&folder, document).unwrap();
                for rule in rules.spec.groups.iter().flat_map(|group| &group.rules) {
                    let own = rule.labels.get("namespace").map(String::as_str);
                    let looked_at = quoted(&rule.expr).next().or(own);
                    assert_eq!(looked_at, Some(&*namespace), "{folder}: {}", rule.expr);
                }
            }
            let [dashboard] = &*of_kind("grafana_dashboard: \"1\"\n") else {
                panic!("{folder} has not one dashboard");
            };
            let head: Vec<&str> = quoted(dashboard).take(8).collect();
            let own = &*namespace;
            assert_eq!(
                head,
                ["uid", own, "title", own, "templating", "list", "query", own],
                "{folder}"
            );
            for document in &documents {
                assert!(!document.contains("NAMESPACE"), "{folder}: {document}");
            }
        }
    }
}

#[test]
fn each_environment_has_a_project_for_its_namespaces() {
    let repository = application("argo/root-app.yaml").spec.source.repo_url;
    let mut projects = files_under("argo/projects");
    projects.remove("argo/projects/monitoring.yaml");
    for environment in config().environments {
        let path = format!("argo/projects/{}.yaml", environment.name);
        assert!(projects.remove(&path).is_some(), "{path}");
        let project: Project = windlass_yaml::from_str(&path, &read(&path)).unwrap();
        assert_eq!(project.metadata.name, environment.name);
        assert_eq!(project.metadata.namespace, "argocd");
        assert_eq!(project.spec.source_repos, [repository.as_str()]);
        let [destination] = &*project.spec.destinations else {
            panic!("{path} has more than one destination");
        };
        assert_eq!(destination.server, SERVER);
        assert_eq!(destination.namespace, format!("*-{}", environment.name));
    }
    assert!(projects.is_empty(), "{:?}", projects.keys());
}

#[test]
fn monitoring_is_pinned_and_within_its_project() {
    let path = "argo/projects/monitoring.yaml";
    let project: Project = windlass_yaml::from_str(path, &read(path)).unwrap();
    let applications = applications();
    let mut charts = BTreeSet::new();
    for (name, Application { spec, .. }) in &applications {
        if spec.project != project.metadata.name {
            continue;
        }
        let Destination { namespace, .. } = &spec.destination;
        assert_eq!(namespace, "monitoring", "{name}");
        assert!(project.spec.allows(namespace), "{name}");
        let source = &spec.source;
        assert!(
            project.spec.source_repos.contains(&source.repo_url),
            "{name}"
        );
        if let Some(chart) = &source.chart {
            let numbers = source.target_revision.split('.');
            let numbers: Vec<u32> = numbers.map(|number| number.parse().unwrap()).collect();
            assert_eq!(numbers.len(), 3, "{name}");
            charts.insert(chart.as_str());
        }
    }
    let all = [
        "alloy",
        "kube-prometheus-stack",
        "loki",
        "prometheus-operator-crds",
    ];
    assert_eq!(charts, BTreeSet::from(all));
}

/// A definition is there before the first object of its kind, and no app waits for what may take
/// long or, like a Grafana whose password nobody sealed yet, does not come at all.
#[test]
fn apps_wait_for_definitions_and_for_nothing_of_monitoring() {
    let applications = applications();
    let wave = |name: &str| applications[name].metadata.wave();
    for (app, environment, _) in overlays() {
        assert!(wave("projects") < wave("prometheus-operator-crds"));
        assert!(wave("prometheus-operator-crds") < wave(&format!("{app}-{environment}")));
        for later in ["alloy", "kube-prometheus-stack", "loki", "monitoring"] {
            assert!(
                wave(later) >= wave(&format!("{app}-{environment}")),
                "{later}"
            );
        }
    }
}

#[test]
fn the_root_application_reads_the_applications() {
    let root = application("argo/root-app.yaml");
    assert_eq!(root.spec.source.path.as_deref(), Some("argo/apps"));
    assert_eq!(root.spec.source.target_revision, "main");
    assert_eq!(root.spec.destination.namespace, "argocd");
}

/// Argo CD's own manifests come from its repository, which no test reaches: a stand-in has objects
/// of the same names.
#[test]
fn the_patches_of_argo_cd_find_what_they_patch() {
    let mut files = files_under("argo/argo-cd");
    let kustomization = "argo/argo-cd/kustomization.yaml";
    let text = String::from_utf8(files[kustomization].clone()).unwrap();
    let remote = text.lines().find(|line| line.contains("https://")).unwrap();
    let local = text.replace(remote, "  - install.yaml");
    files.insert(kustomization.to_owned(), local.into_bytes());
    let stand_in = read("tests/argo-cd/install.yaml");
    files.insert(
        "argo/argo-cd/install.yaml".to_owned(),
        stand_in.into_bytes(),
    );
    let files: Memory = files.into_iter().collect();
    insta::assert_snapshot!(build(&files, "argo/argo-cd"), @r#"
    apiVersion: v1
    kind: Namespace
    metadata:
      name: argocd
    ---
    apiVersion: v1
    kind: ServiceAccount
    metadata:
      name: argocd-server
      namespace: argocd
    ---
    apiVersion: rbac.authorization.k8s.io/v1
    kind: ClusterRoleBinding
    metadata:
      name: argocd-server
    roleRef:
      apiGroup: rbac.authorization.k8s.io
      kind: ClusterRole
      name: argocd-server
    subjects:
    - kind: ServiceAccount
      name: argocd-server
      namespace: argocd
    ---
    apiVersion: v1
    data:
      resource.customizations.health.argoproj.io_Application: |
        local status = obj.status or {}
        local health = status.health or {}
        local sync = status.sync or {}
        if health.status == "Healthy" and sync.status ~= "Synced" then
          return { status = "Progressing", message = "healthy, but not in sync" }
        end
        return { status = health.status or "Progressing", message = health.message or "" }
      resource.exclusions: |
        - apiGroups: ["coordination.k8s.io"]
          kinds: ["Lease"]
    kind: ConfigMap
    metadata:
      name: argocd-cm
      namespace: argocd
    ---
    apiVersion: v1
    data:
      policy.default: role:readonly
    kind: ConfigMap
    metadata:
      name: argocd-rbac-cm
      namespace: argocd
    "#);
}
