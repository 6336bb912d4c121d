//! `app-new`: flags, exit codes, outputs.

use insta::assert_snapshot;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use tempfile::TempDir;

/// A repository with a small template.
fn repository() -> TempDir {
    let root = TempDir::new().unwrap();
    let write = |path: &str, text: &str| {
        let path = root.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write(
        "apps/.template/template.yaml",
        "application: app.jinja\nquestions:\n  owner: {default: us}\n",
    );
    write(
        "apps/.template/app.jinja",
        "repoURL: {{ repository }}\ntargetRevision: {{ environment.branch }}\n",
    );
    write(
        "apps/.template/README.md.jinja",
        "{{ name }} of {{ owner }}\n",
    );
    for environment in ["dev", "staging", "prod"] {
        let path = format!("apps/.template/k8s/overlays/{environment}/kustomization.yaml");
        write(&path, "resources: []\n");
    }
    write(
        "argo/root-app.yaml",
        "spec:\n  source:\n    repoURL: https://git.example/gitops.git\n",
    );
    fs::create_dir_all(root.path().join("argo/apps")).unwrap();
    root
}

fn app_new(root: &Path, words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_app-new"))
        .arg("-C")
        .arg(root)
        .args(words)
        .env_clear()
        .env("GITHUB_OUTPUT", root.join("outputs"))
        .output()
        .unwrap()
}

fn done(output: &Output) -> &str {
    let errors = std::str::from_utf8(&output.stderr).unwrap();
    assert_eq!((output.status.code(), errors), (Some(0), ""));
    std::str::from_utf8(&output.stdout).unwrap()
}

/// What a command that ends with `code` says, without the folder of this run.
fn failed(root: &Path, output: &Output, code: i32) -> String {
    assert_eq!(output.status.code(), Some(code));
    assert_eq!(output.stdout, b"");
    let text = String::from_utf8(output.stderr.clone()).unwrap();
    text.replace(root.to_str().unwrap(), "FOLDER")
}

#[test]
fn an_app_is_written_and_listed() {
    let root = repository();
    assert_snapshot!(done(&app_new(root.path(), &["shop"])), @r"
    apps/shop/.scaffold.yaml
    apps/shop/README.md
    apps/shop/k8s/overlays/dev/kustomization.yaml
    apps/shop/k8s/overlays/prod/kustomization.yaml
    apps/shop/k8s/overlays/staging/kustomization.yaml
    argo/apps/shop-dev.yaml
    argo/apps/shop-prod.yaml
    argo/apps/shop-staging.yaml
    ");
    let read = |path: &str| fs::read_to_string(root.path().join(path)).unwrap();
    assert_eq!(read("apps/shop/README.md"), "shop of us\n");
    assert_eq!(
        read("argo/apps/shop-dev.yaml"),
        "repoURL: https://git.example/gitops.git\ntargetRevision: develop\n"
    );
    assert_snapshot!(read("outputs"), @r"
    app=shop
    paths=apps/shop/.scaffold.yaml apps/shop/README.md apps/shop/k8s/overlays/dev/kustomization.yaml apps/shop/k8s/overlays/prod/kustomization.yaml apps/shop/k8s/overlays/staging/kustomization.yaml argo/apps/shop-dev.yaml argo/apps/shop-prod.yaml argo/apps/shop-staging.yaml
    ");
}

#[test]
fn a_dry_run_says_the_same_and_writes_nothing() {
    let root = repository();
    let dry = app_new(root.path(), &["shop", "--dry-run", "--format", "json"]);
    assert!(!root.path().join("apps/shop").exists());
    assert_eq!(
        fs::read_dir(root.path().join("argo/apps")).unwrap().count(),
        0
    );
    let real = app_new(root.path(), &["shop", "--format", "json"]);
    assert_eq!(done(&dry), done(&real));
    assert!(root.path().join("apps/shop/README.md").exists());
}

#[test]
fn template_and_answers_can_be_given() {
    let root = repository();
    fs::rename(
        root.path().join("apps/.template"),
        root.path().join("other"),
    )
    .unwrap();
    let words = ["shop", "--template", "other", "--set", "owner=them = us"];
    done(&app_new(root.path(), &words));
    let read = |path: &str| fs::read_to_string(root.path().join(path)).unwrap();
    assert_eq!(read("apps/shop/README.md"), "shop of them = us\n");
    assert!(read("apps/shop/.scaffold.yaml").contains("template: \"other\"\n"));
}

#[test]
fn answers_come_from_a_file_and_flags_override_it() {
    let root = repository();
    fs::write(root.path().join("answers.yaml"), "owner: them\n").unwrap();
    done(&app_new(
        root.path(),
        &["shop", "--answers", "answers.yaml"],
    ));
    let words = [
        "cart",
        "--answers",
        "answers.yaml",
        "--set",
        "owner=all",
        "--no-input",
    ];
    done(&app_new(root.path(), &words));
    let read = |path: &str| fs::read_to_string(root.path().join(path)).unwrap();
    assert_eq!(read("apps/shop/README.md"), "shop of them\n");
    assert_eq!(read("apps/cart/README.md"), "cart of all\n");
}

#[test]
fn a_kustomization_of_applications_lists_the_new_ones() {
    let root = repository();
    let path = root.path().join("argo/apps/kustomization.yaml");
    fs::write(&path, "# All apps.\nresources:\n- other.yaml # first\n").unwrap();
    let dry = app_new(root.path(), &["shop", "--dry-run"]);
    let real = app_new(root.path(), &["shop"]);
    assert_eq!(done(&dry), done(&real));
    assert!(done(&real).ends_with("\nargo/apps/kustomization.yaml\n"));
    assert_eq!(
        fs::read_to_string(path).unwrap(),
        "# All apps.\nresources:\n- other.yaml # first\n- shop-dev.yaml\n- shop-prod.yaml\n- shop-staging.yaml\n"
    );
}

#[test]
fn an_app_that_is_there_is_left_alone() {
    let root = repository();
    done(&app_new(root.path(), &["shop"]));
    let again = app_new(root.path(), &["shop", "--set", "owner=them"]);
    assert_snapshot!(failed(root.path(), &again, 1), @r"
    error: cannot make `FOLDER/apps/shop`: it is there already
    hint: choose another name, or move away what has it
    ");
    let text = fs::read_to_string(root.path().join("apps/shop/README.md")).unwrap();
    assert_eq!(text, "shop of us\n");
}

#[test]
fn what_is_wrong_with_the_input_is_said() {
    let root = repository();
    let say = |words: &[&str]| failed(root.path(), &app_new(root.path(), words), 1);
    assert_snapshot!(say(&["../shop"]), @"error: cannot name an app `../shop`: only a-z, 0-9 and `-` can stand in it");
    assert_snapshot!(say(&["shop", "--set", "ownr=us"]), @r"
    error: `apps/.template` does not ask for `ownr`
    hint: it asks for `owner`
    ");
    assert_snapshot!(say(&["shop", "--template", "gone"]), @r"
    error: cannot read `FOLDER/gone`
    caused by: No such file or directory (os error 2)
    ");
    fs::remove_file(root.path().join("argo/root-app.yaml")).unwrap();
    assert_snapshot!(say(&["shop"]), @r"
    error: cannot read `argo/root-app.yaml`: No such file or directory (os error 2)
    hint: Argo CD's root Application tells where the repository is
    ");
}

#[test]
fn what_is_wrong_with_the_command_line_is_said() {
    let root = repository();
    let say = |words: &[&str]| failed(root.path(), &app_new(root.path(), words), 2);
    assert_snapshot!(say(&["shop", "--set", "owner"]), @r"
    error: invalid value 'owner' for '--set <QUESTION=ANSWER>': it must be QUESTION=ANSWER

    For more information, try '--help'.
    ");
    assert_snapshot!(say(&["shop", "--set", "owner=a", "--set", "owner=b"]), @r"
    error: `owner` is answered twice

    For more information, try '--help'.
    ");
}
