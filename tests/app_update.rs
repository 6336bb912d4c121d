//! `app-update`: flags, exit codes, outputs, and the earlier template out of git.

use insta::assert_snapshot;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use tempfile::TempDir;

/// A repository whose first commit has a template and two apps made from it.
fn repository() -> TempDir {
    let root = TempDir::new().unwrap();
    let write = |path: &str, text: &str| write(root.path(), path, text);
    write(
        "apps/.template/template.yaml",
        "application: app.jinja\nquestions:\n  owner: {default: us}\n",
    );
    write(
        "apps/.template/app.jinja",
        "name: {{ name }}-{{ environment.name }}\n",
    );
    write(
        "apps/.template/README.md.jinja",
        "# {{ name }}\n\nAsk {{ owner }}.\n",
    );
    for environment in ["dev", "staging", "prod"] {
        let path = format!("apps/.template/k8s/overlays/{environment}/kustomization.yaml");
        write(&path, "replicas:\n- name: web\n  count: 1\n");
    }
    write(
        "argo/root-app.yaml",
        "spec:\n  source:\n    repoURL: https://git.example/gitops.git\n",
    );
    fs::create_dir_all(root.path().join("argo/apps")).unwrap();
    for app in ["cart", "shop"] {
        let made = run(root.path(), env!("CARGO_BIN_EXE_app-new"), &[app]);
        assert_eq!(made.status.code(), Some(0));
    }
    commit(root.path());
    root
}

fn write(root: &Path, path: &str, text: &str) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn commit(root: &Path) {
    let repository = git2::Repository::init(root).unwrap();
    let mut index = repository.index().unwrap();
    index
        .add_all(["*"], git2::IndexAddOption::DEFAULT, None)
        .unwrap();
    index.write().unwrap();
    let tree = repository.find_tree(index.write_tree().unwrap()).unwrap();
    let who = git2::Signature::new("a", "a@example.com", &git2::Time::new(0, 0)).unwrap();
    repository
        .commit(Some("HEAD"), &who, &who, "first", &tree, &[])
        .unwrap();
}

/// What the template says from now on.
fn change_the_template(root: &Path) {
    write(
        root,
        "apps/.template/README.md.jinja",
        "# {{ name }}\n\nAsk {{ owner }} first.\n",
    );
    let path = "apps/.template/k8s/overlays/dev/kustomization.yaml";
    write(
        root,
        path,
        "namePrefix: dev-\nreplicas:\n- name: web\n  count: 2\n",
    );
}

fn run(root: &Path, command: &str, words: &[&str]) -> Output {
    Command::new(command)
        .arg("-C")
        .arg(root)
        .args(words)
        .env_clear()
        .env("GITHUB_OUTPUT", root.join("outputs"))
        .output()
        .unwrap()
}

fn app_update(root: &Path, words: &[&str]) -> (Option<i32>, String, String) {
    let output = run(root, env!("CARGO_BIN_EXE_app-update"), words);
    let text = |bytes| {
        String::from_utf8(bytes)
            .unwrap()
            .replace(root.to_str().unwrap(), "FOLDER")
    };
    (
        output.status.code(),
        text(output.stdout),
        text(output.stderr),
    )
}

fn read(root: &Path, path: &str) -> String {
    fs::read_to_string(root.join(path)).unwrap()
}

#[test]
fn apps_get_what_the_template_changed_and_keep_what_is_theirs() {
    let root = repository();
    let root = root.path();
    assert_eq!(
        app_update(root, &[]),
        (Some(0), String::new(), String::new())
    );
    assert_eq!(
        app_update(root, &["--check"]),
        (Some(0), String::new(), String::new())
    );
    write(root, "apps/shop/README.md", "# The shop\n\nAsk us.\n");
    change_the_template(root);
    let (code, paths, errors) = app_update(root, &["--check"]);
    assert_eq!((code, &*errors), (Some(1), ""));
    assert_snapshot!(paths, @r"
    apps/cart/.scaffold.yaml
    apps/cart/README.md
    apps/cart/k8s/overlays/dev/kustomization.yaml
    apps/shop/.scaffold.yaml
    apps/shop/README.md
    apps/shop/k8s/overlays/dev/kustomization.yaml
    ");
    let (code, diff, _) = app_update(root, &["shop", "--dry-run"]);
    assert_eq!(code, Some(0));
    assert_snapshot!(diff.split("--- a/").skip(2).collect::<String>(), @r"
    apps/shop/README.md
    +++ b/apps/shop/README.md
    @@ -1,3 +1,3 @@
     # The shop

    -Ask us.
    +Ask us first.
    apps/shop/k8s/overlays/dev/kustomization.yaml
    +++ b/apps/shop/k8s/overlays/dev/kustomization.yaml
    @@ -1,3 +1,4 @@
    +namePrefix: dev-
     replicas:
     - name: web
    -  count: 1
    +  count: 2
    ");
    assert_eq!(read(root, "apps/shop/README.md"), "# The shop\n\nAsk us.\n");
    let (code, done, errors) = app_update(root, &[]);
    assert_eq!((code, done, &*errors), (Some(0), paths, ""));
    assert_eq!(
        read(root, "apps/shop/README.md"),
        "# The shop\n\nAsk us first.\n"
    );
    assert_eq!(
        read(root, "apps/cart/README.md"),
        "# cart\n\nAsk us first.\n"
    );
    let outputs = read(root, "outputs");
    assert!(
        outputs.contains("apps=cart shop\nchanged=true\n"),
        "{outputs}"
    );
    assert_eq!(
        app_update(root, &["--check"]),
        (Some(0), String::new(), String::new())
    );
}

#[test]
fn conflicts_are_marked_listed_and_end_with_status_1() {
    let root = repository();
    let root = root.path();
    write(root, "apps/shop/README.md", "# shop\n\nAsk nobody.\n");
    let dev = "apps/shop/k8s/overlays/dev/kustomization.yaml";
    write(root, dev, "replicas:\n- name: web\n  count: 5\n");
    change_the_template(root);
    let (code, _, errors) = app_update(root, &["shop"]);
    assert_eq!(code, Some(1));
    assert_snapshot!(errors, @r"
    warning: the template changed these lines otherwise [conflict]
     --> apps/shop/README.md:3:1
      |
    3 | <<<<<<< ours
      | ^^^^^^^^^^^^
    warning: the template has `2` here [conflict]
     --> apps/shop/k8s/overlays/dev/kustomization.yaml:4:3
      |
    4 |   # conflict: the template has `2` here
      |   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    ");
    assert_snapshot!(read(root, "apps/shop/README.md"), @r"
    # shop

    <<<<<<< ours
    Ask nobody.
    =======
    Ask us first.
    >>>>>>> theirs
    ");
    assert_snapshot!(read(root, dev), @r"
    namePrefix: dev-
    replicas:
    - name: web
      # conflict: the template has `2` here
      count: 5
    ");
    let (code, paths, errors) = app_update(root, &["shop"]);
    assert_eq!((code, &*paths), (Some(1), ""));
    assert_snapshot!(errors, @r"
    warning: a conflict of an earlier update is still here [conflict]
     --> apps/shop/README.md:3:1
      |
    3 | <<<<<<< ours
      | ^^^^^^^^^^^^
    warning: a conflict of an earlier update is still here [conflict]
     --> apps/shop/k8s/overlays/dev/kustomization.yaml:4:1
      |
    4 |   # conflict: the template has `2` here
      | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    ");
    write(root, "apps/shop/README.md", "# shop\n\nAsk nobody.\n");
    write(root, dev, "replicas:\n- name: web\n  count: 5\n");
    assert_eq!(app_update(root, &["shop", "--check"]).0, Some(0));
}

#[test]
fn answers_can_be_given_anew() {
    let root = repository();
    let root = root.path();
    write(root, "answers.yaml", "owner: them\n");
    let (code, paths, _) = app_update(root, &["shop", "--answers", "answers.yaml"]);
    assert_eq!(
        (code, &*paths),
        (Some(0), "apps/shop/.scaffold.yaml\napps/shop/README.md\n")
    );
    assert_eq!(read(root, "apps/shop/README.md"), "# shop\n\nAsk them.\n");
    let (code, ..) = app_update(root, &["shop", "--set", "owner=all"]);
    assert_eq!(code, Some(0));
    assert_eq!(read(root, "apps/shop/README.md"), "# shop\n\nAsk all.\n");
}

#[test]
fn an_earlier_template_that_git_lacks_can_be_named() {
    let root = repository();
    let root = root.path();
    let record = read(root, "apps/shop/.scaffold.yaml");
    let revision = record
        .lines()
        .find(|line| line.starts_with("revision"))
        .unwrap();
    let lost = record.replace(revision, &format!("revision: \"{}\"", "0".repeat(40)));
    write(root, "apps/shop/.scaffold.yaml", &lost);
    change_the_template(root);
    let (code, _, errors) = app_update(root, &["shop"]);
    assert_eq!(code, Some(1));
    assert_snapshot!(errors, @r"
    error: cannot find the template that `shop` was made from: odb: cannot read object: null OID cannot exist
    hint: fetch the whole history, or name a revision that has it with `--base`
    ");
    let (code, _, errors) = app_update(root, &["shop", "--base", "HEAD"]);
    assert_eq!((code, &*errors), (Some(0), ""));
    assert_eq!(
        read(root, "apps/shop/README.md"),
        "# shop\n\nAsk us first.\n"
    );
}

#[test]
fn only_apps_with_a_record_can_be_updated() {
    let root = repository();
    let root = root.path();
    let (code, _, errors) = app_update(root, &["gone"]);
    assert_eq!(code, Some(1));
    assert_snapshot!(errors, @r"
    error: cannot read `apps/gone/.scaffold.yaml`: No such file or directory (os error 2)
    hint: only an app that `app-new` made knows its template
    ");
    write(
        root,
        "apps/shop/.scaffold.yaml",
        "template: x\nrevison: y\n",
    );
    let (code, _, errors) = app_update(root, &["shop"]);
    assert_eq!(code, Some(1));
    assert_snapshot!(errors, @r"
    error: cannot tell from `apps/shop/.scaffold.yaml` what the app was made from
     --> apps/shop/.scaffold.yaml:2:1
      |
    2 | revison: y
      | ^^^^^^^
    caused by: unknown field `revison`
    hint: did you mean `revision`?

    error: the field `revision` is missing
     --> apps/shop/.scaffold.yaml:1:1
      |
    1 | template: x
      | ^^^^^^^^^^^
    ");
}
