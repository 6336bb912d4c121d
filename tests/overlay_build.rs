//! `overlay-build`: flags, exit codes, outputs.

use insta::assert_snapshot;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use tempfile::TempDir;

struct Folder(TempDir);

impl Folder {
    fn new(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        Self(folder)
    }

    /// An application with one overlay, of which one image matches nothing.
    fn app() -> Self {
        Self::new(&[
            ("base/kustomization.yaml", "resources: [web.yaml]\n"),
            (
                "base/web.yaml",
                "apiVersion: v1\nkind: Service\nmetadata: {name: web}\n---\n\
                 apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n",
            ),
            (
                "dev/kustomization.yaml",
                "resources: [../base]\nnamePrefix: dev-\nimages:\n- name: wbe\n  newTag: '1'\n",
            ),
        ])
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn run(&self, words: &str) -> Output {
        let path = std::env::var_os("PATH").unwrap_or_default();
        Command::new(env!("CARGO_BIN_EXE_overlay-build"))
            .args(words.split_whitespace())
            .current_dir(self.path())
            .env_clear()
            .env("PATH", path)
            .env("GITHUB_OUTPUT", self.path().join("outputs"))
            .output()
            .unwrap()
    }
}

fn stdout(output: &Output) -> String {
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{complaint}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// What a run that must end with `code` complains; it prints no result.
fn complaint(output: &Output, code: i32) -> String {
    let complaint = String::from_utf8(output.stderr.clone()).unwrap();
    assert_eq!(output.status.code(), Some(code), "{complaint}");
    assert!(output.stdout.is_empty());
    complaint
}

#[test]
fn stdout_is_the_manifests_alone() {
    let app = Folder::app();
    let output = app.run("dev");
    assert_snapshot!(stdout(&output), @"
    apiVersion: v1
    kind: Namespace
    metadata:
      name: shop
    ---
    apiVersion: v1
    kind: Service
    metadata:
      name: dev-web
    ");
    assert_snapshot!(String::from_utf8_lossy(&output.stderr), @r"
    warning: no image is called `wbe` [unused-image]
     --> dev/kustomization.yaml:4:3
      |
    4 | - name: wbe
      |   ^^^^^^^^^
    ");
    let outputs = fs::read_to_string(app.path().join("outputs")).unwrap();
    assert_snapshot!(outputs, @r"
    failed=0
    objects=2
    roots=1
    written=
    ");
}

#[test]
fn the_folder_is_the_present_one_unless_named() {
    let app = Folder::app();
    assert_eq!(stdout(&app.run("-C dev")), stdout(&app.run("dev")));
    let both = stdout(&app.run("--reorder none base dev"));
    assert_eq!(both.matches("kind: Service").count(), 2);
    assert!(both.starts_with("apiVersion: v1\nkind: Service"));
}

#[test]
fn a_strict_build_refuses_what_is_odd() {
    assert_snapshot!(complaint(&Folder::app().run("--strict dev"), 1), @r"
    error: no image is called `wbe` [unused-image]
     --> dev/kustomization.yaml:4:3
      |
    4 | - name: wbe
      |   ^^^^^^^^^
    ");
}

#[test]
fn what_is_missing_is_shown_where_it_is_named() {
    let app = Folder::new(&[("kustomization.yaml", "resources:\n- gone.yaml\n")]);
    assert_snapshot!(complaint(&app.run(""), 1), @r"
    error: there is no file or folder `gone.yaml`
     --> kustomization.yaml:2:3
      |
    2 | - gone.yaml
      |   ^^^^^^^^^
    ");
}

#[test]
fn the_output_goes_to_a_file_or_one_file_per_object() {
    let app = Folder::app();
    assert_eq!(stdout(&app.run("-o all.yaml dev")), "");
    let all = fs::read_to_string(app.path().join("all.yaml")).unwrap();
    assert_eq!(all, stdout(&app.run("dev")));
    fs::create_dir(app.path().join("each")).unwrap();
    assert_eq!(stdout(&app.run("--output each dev")), "");
    let entries = fs::read_dir(app.path().join("each")).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["v1_namespace_shop.yaml", "v1_service_dev-web.yaml"]);
}

#[test]
fn objects_are_written_only_if_each_has_a_file_in_the_folder() {
    let object =
        |kind: &str, name: &str| format!("kind: {kind}\nmetadata: {{name: {name}}}\n---\n");
    let good = object("A", "a");
    let hostile = [
        object("A", "/../../../escaped"),
        object("x/../../escaped", "a"),
        object("a", "a"),
        "kind: A\nmetadata: {name: b}\nx: .inf\n".to_owned(),
    ];
    for bad in hostile {
        let folder = Folder::new(&[
            ("in/kustomization.yaml", "resources: [a.yaml]\n"),
            ("in/a.yaml", &format!("{good}{bad}")),
            ("out/a/kept", ""),
        ]);
        complaint(&folder.run("-o out in"), 1);
        let names = |path: &str| fs::read_dir(folder.path().join(path)).unwrap().count();
        assert_eq!((names("out"), names("")), (1, 2), "{bad}");
    }
}

/// Two applications: one with two environments of one base, one with a mistake.
fn repository() -> Folder {
    Folder::new(&[
        ("web/base/kustomization.yaml", "resources: [web.yaml]\n"),
        ("web/base/web.yaml", "kind: Web\nmetadata: {name: web}\n"),
        (
            "web/dev/kustomization.yaml",
            "resources: [../base]\nnameSuffix: -dev\nimages: [{name: gone, newTag: '1'}]\n",
        ),
        (
            "web/prod/kustomization.yaml",
            "resources: [../base]\nnameSuffix: -prod\n",
        ),
        ("shop/kustomization.yaml", "resources: [shop.yaml]\n"),
    ])
}

#[test]
fn all_roots_are_built_and_one_that_fails_stops_no_other() {
    let folder = repository();
    let output = folder.run("--all -o out");
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.is_empty());
    assert_snapshot!(String::from_utf8_lossy(&output.stderr), @r"
    warning: no image is called `gone` [unused-image]
     --> web/dev/kustomization.yaml:3:10
      |
    3 | images: [{name: gone, newTag: '1'}]
      |          ^^^^^^^^^^^^^^^^^^^^^^^^^
    error: there is no file or folder `shop/shop.yaml`
     --> shop/kustomization.yaml:1:13
      |
    1 | resources: [shop.yaml]
      |             ^^^^^^^^^
    ");
    for environment in ["dev", "prod"] {
        let path = folder.path().join(format!("out/web/{environment}.yaml"));
        let manifests = fs::read_to_string(path).unwrap();
        let wanted = format!("kind: Web\nmetadata:\n  name: web-{environment}\n");
        assert_eq!(manifests, wanted);
    }
    let outputs = fs::read_to_string(folder.path().join("outputs")).unwrap();
    assert_snapshot!(outputs, @r"
    failed=1
    objects=2
    roots=2
    written=out/web/dev.yaml out/web/prod.yaml
    ");
}

#[test]
fn roots_are_chosen_by_name_or_by_pattern() {
    let folder = repository();
    let all = stdout(&folder.run("web/dev web/prod --jobs 2"));
    assert_eq!(stdout(&folder.run("--all --match web/*")), all);
    assert_eq!(stdout(&folder.run("--all web")), all);
    let dev = stdout(&folder.run("-C web --all --match dev"));
    assert!(all.starts_with(&dev));
    complaint(&folder.run("--all --match web"), 1);
    complaint(&folder.run("--match web"), 2);
    complaint(&folder.run("-C web dev ../shop -o out"), 2);
    assert!(!folder.path().join("web/out").exists());
}

#[test]
fn files_outside_the_root_are_read_only_on_request() {
    let app = Folder::new(&[
        ("dev/kustomization.yaml", "resources: [../a.yaml]\n"),
        ("a.yaml", "kind: A\nmetadata: {name: a}\n"),
    ]);
    complaint(&app.run("dev"), 1);
    let all = app.run("--load-restrictor LoadRestrictionsNone dev");
    assert_eq!(stdout(&all), "kind: A\nmetadata:\n  name: a\n");
    complaint(&app.run("--load-restrictor Some dev"), 2);
}

#[cfg(unix)]
#[test]
fn programs_run_only_on_request() {
    use std::os::unix::fs::PermissionsExt;
    let app = Folder::new(&[
        ("kustomization.yaml", "generators: [mine.yaml]\n"),
        (
            "mine.yaml",
            "apiVersion: example.org/v1\nkind: Mine\nmetadata:\n  name: mine\n  annotations:\n    \
             config.kubernetes.io/function: 'exec: {path: ./mine.sh}'\n",
        ),
        (
            "mine.sh",
            "#!/bin/sh\necho \"{kind: A, metadata: {name: $NAME}}\"\n",
        ),
    ]);
    let program = app.path().join("mine.sh");
    fs::set_permissions(program, fs::Permissions::from_mode(0o755)).unwrap();
    assert_snapshot!(complaint(&app.run("--enable-alpha-plugins"), 1), @"
    error: `Mine` is a function, which may not run
     --> mine.yaml:1:1
      |
    1 | apiVersion: example.org/v1
      | ^^^^^^^^^^^^^^^^^^^^^^^^^^
      in kustomization.yaml:1:14
    hint: allow it with `--enable-alpha-plugins --enable-exec`
    ");
    let run = app.run("--enable-alpha-plugins --enable-exec -e NAME=made");
    assert_eq!(stdout(&run), "kind: A\nmetadata:\n  name: made\n");
}
