//! `argo-apps`: flags, exit codes, outputs; and this repository's own Applications.

use insta::assert_snapshot;
use std::fs;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

fn repository() -> TempDir {
    let root = TempDir::new().unwrap();
    let write = |path: &str, text: &str| {
        let path = root.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write("apps/.template/template.yaml", "application: app.jinja\n");
    write(
        "apps/.template/app.jinja",
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata:\n  name: {{ name }}-{{ environment.name }}\n  namespace: argocd\nspec:\n  project: default\n  source:\n    repoURL: {{ repository }}\n    targetRevision: {{ environment.branch }}\n    path: apps/{{ name }}/k8s/overlays/{{ environment.name }}\n  destination:\n    namespace: {{ name }}\n",
    );
    write(
        "apps/shop/k8s/overlays/dev/kustomization.yaml",
        "namespace: shop\n",
    );
    write(
        "apps/shop/k8s/overlays/prod/kustomization.yaml",
        "namespace: shop\n",
    );
    write(
        "argo/root-app.yaml",
        "spec:\n  source:\n    repoURL: https://git.example/gitops.git\n",
    );
    fs::create_dir_all(root.path().join("argo/apps")).unwrap();
    root
}

fn argo_apps(root: &Path, words: &[&str]) -> (Option<i32>, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_argo-apps"))
        .arg("-C")
        .arg(root)
        .args(words)
        .env_clear()
        .env("GITHUB_OUTPUT", root.join("outputs"))
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (
        output.status.code(),
        text(output.stdout),
        text(output.stderr),
    )
}

#[test]
fn applications_are_made_and_checked() {
    let root = repository();
    let root = root.path();
    let (code, out, errors) = argo_apps(root, &["--check"]);
    assert_eq!((code, &*out), (Some(1), ""));
    assert_snapshot!(errors, @r"
    warning: no Application deploys `apps/shop/k8s/overlays/dev` [orphan-overlay]
     --> apps/shop/k8s/overlays/dev/kustomization.yaml:1
    hint: make one with `argo-apps`
    warning: no Application deploys `apps/shop/k8s/overlays/prod` [orphan-overlay]
     --> apps/shop/k8s/overlays/prod/kustomization.yaml:1
    hint: make one with `argo-apps`
    ");
    let (code, diff, _) = argo_apps(root, &["--dry-run"]);
    assert_eq!(code, Some(0));
    assert!(
        diff.starts_with("--- /dev/null\n+++ b/argo/apps/shop-dev.yaml\n"),
        "{diff}"
    );
    assert!(!root.join("argo/apps/shop-dev.yaml").exists());
    let both = "argo/apps/shop-dev.yaml\nargo/apps/shop-prod.yaml\n".to_owned();
    assert_eq!(argo_apps(root, &[]), (Some(0), both, String::new()));
    assert_eq!(
        argo_apps(root, &["--check"]),
        (Some(0), String::new(), String::new())
    );
    assert_eq!(
        argo_apps(root, &[]),
        (Some(0), String::new(), String::new())
    );
    let (code, json, _) = argo_apps(root, &["--format", "json"]);
    assert_eq!(code, Some(0));
    assert_snapshot!(json, @r#"
    {
      "changed": false,
      "paths": [],
      "findings": []
    }
    "#);
}

#[test]
fn a_set_takes_the_place_of_applications() {
    let root = repository();
    let root = root.path();
    let (code, out, _) = argo_apps(root, &["--application-set"]);
    assert_eq!((code, &*out), (Some(0), "argo/apps/overlays.yaml\n"));
    assert_eq!(
        argo_apps(root, &["--check"]),
        (Some(0), String::new(), String::new())
    );
    let (code, ..) = argo_apps(root, &["--application-set", "--check"]);
    assert_eq!(code, Some(2));
}

#[test]
fn the_applications_of_this_repository_agree() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_argo-apps"))
        .args(["--check", "-C"])
        .arg(root)
        .env_clear()
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), &*said), (Some(0), ""));
}
