//! `image-build`: flags, exit codes, outputs, and which files of the commit are in the image.

use insta::assert_snapshot;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};
use tempfile::TempDir;
use windlass_testkit::{
    RegistryAuth, RegistryEffect, RegistryFault, RegistryRules, RegistryServer,
};

/// A repository with one application, whose commit has a known time.
pub(crate) struct App(TempDir);

impl App {
    pub(crate) fn new() -> Self {
        let app = Self(TempDir::new().unwrap());
        app.write(".gitignore", "*.log\n");
        app.write("apps/shop/src/server.py", "print('shop')\n");
        let dockerfile = "FROM scratch\nARG APP_VERSION=dev\nENV APP_VERSION=$APP_VERSION\nWORKDIR /app\nCMD [\"server.py\"]\n";
        app.write("apps/shop/Dockerfile", dockerfile);
        let git = git2::Repository::init(app.0.path()).unwrap();
        git.remote(
            "origin",
            "https://user:hunter2@git.example/team/repository.git",
        )
        .unwrap();
        app.commit();
        app
    }

    /// Commits all files as they are.
    pub(crate) fn commit(&self) {
        let git = git2::Repository::open(self.0.path()).unwrap();
        let mut index = git.index().unwrap();
        index
            .add_all(["."], git2::IndexAddOption::DEFAULT, None)
            .unwrap();
        index.write().unwrap();
        let tree = git.find_tree(index.write_tree().unwrap()).unwrap();
        let time = git2::Time::new(1_700_000_000, 0);
        let who = git2::Signature::new("Dev", "dev@example.com", &time).unwrap();
        let head = git.head().ok().map(|head| head.peel_to_commit().unwrap());
        let parents: Vec<&git2::Commit<'_>> = head.iter().collect();
        git.commit(Some("HEAD"), &who, &who, "feat: begin", &tree, &parents)
            .unwrap();
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Runs a command in the repository, with nothing of the environment but what is given.
    pub(crate) fn run(&self, command: &str, words: &str, environment: &[(&str, &str)]) -> Output {
        Command::new(command)
            .current_dir(self.0.path())
            .args(words.split_whitespace())
            .env_clear()
            .env("HOME", self.0.path())
            .envs(environment.iter().copied())
            .output()
            .unwrap()
    }

    /// Exit code and all that was said, without the folder.
    pub(crate) fn shown(&self, output: &Output) -> String {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let all = format!(
            "exit {}\n{}{}",
            output.status.code().unwrap(),
            text(&output.stdout),
            text(&output.stderr),
        );
        assert!(!all.contains("hunter2"), "{all}");
        all.replace(&self.0.path().display().to_string(), "[folder]")
    }
}

const BUILD: &str = env!("CARGO_BIN_EXE_image-build");

#[test]
fn an_image_of_the_commit() {
    let app = App::new();
    app.write("apps/shop/src/debug.log", "what git ignores");
    let outputs = app.path("outputs");
    let given = [("GITHUB_OUTPUT", outputs.to_str().unwrap())];
    let built = app.run(BUILD, "--app shop --version 1.0.0+a --output image", &given);
    assert!(built.status.success(), "{}", app.shown(&built));
    let digest = String::from_utf8(built.stdout).unwrap();
    let written = fs::read_to_string(&outputs).unwrap();
    let names: Vec<&str> = written
        .lines()
        .filter_map(|line| line.split('=').next())
        .collect();
    assert_eq!(names, ["base", "dependencies", "digest", "output", "size"]);
    for line in [
        &format!("digest={}", digest.trim()),
        "base=scratch",
        "dependencies=true",
        "output=image",
    ] {
        assert!(
            written.contains(&format!("{line}\n")),
            "{line} in {written}"
        );
    }
    let blob = |digest: &str| {
        let path = app
            .path("image/blobs/sha256")
            .join(digest.strip_prefix("sha256:").unwrap());
        fs::read(path).unwrap()
    };
    let manifest: serde_json::Value = serde_json::from_slice(&blob(digest.trim())).unwrap();
    let head = git2::Repository::open(app.path("."))
        .unwrap()
        .head()
        .unwrap()
        .target()
        .unwrap();
    assert_eq!(
        manifest["annotations"],
        serde_json::json!({
            "org.opencontainers.image.created": "2023-11-14T22:13:20Z",
            "org.opencontainers.image.revision": head.to_string(),
            "org.opencontainers.image.source": "https://git.example/team/repository",
            "org.opencontainers.image.version": "1.0.0+a",
        })
    );
    let config: serde_json::Value =
        serde_json::from_slice(&blob(manifest["config"]["digest"].as_str().unwrap())).unwrap();
    assert_eq!(
        config["config"]["Env"],
        serde_json::json!(["APP_VERSION=1.0.0+a"])
    );
    // The ignored file is no part of it, so that it makes no difference.
    fs::remove_file(app.path("apps/shop/src/debug.log")).unwrap();
    let again = app.run(BUILD, "--app shop --version 1.0.0+a --output again", &[]);
    assert_eq!(String::from_utf8(again.stdout).unwrap(), digest);
}

#[test]
fn what_differs_from_the_commit_is_a_warning() {
    let app = App::new();
    app.write("apps/shop/src/server.py", "print('changed')\n");
    let output = app.run(BUILD, "--app shop --output image --format json", &[]);
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["dependencies"], true);
    assert_snapshot!(String::from_utf8(output.stderr).unwrap(), @"
    warning: `apps/shop/src/server.py` is not as the commit has it, which the result names as its own
    hint: commit it first
    ");
}

#[test]
fn how_it_fails() {
    let app = App::new();
    assert_snapshot!(app.shown(&app.run(BUILD, "--app ship --output image", &[])), @"
    exit 1
    error: there is no application `ship`
    hint: an application is a folder in `apps`
    ");
    assert_snapshot!(app.shown(&app.run(BUILD, "--app shop --output apps", &[])), @"
    exit 1
    error: `apps` holds something else than an image layout
    hint: name a new or empty folder
    ");
    let base = [("WINDLASS_BASE", "oci:absent")];
    assert_snapshot!(app.shown(&app.run(BUILD, "--app shop --output image", &base)), @"
    exit 1
    error: `absent` is not an OCI image layout
    hint: a layout is a folder that holds a file `oci-layout`, as image-build writes it
    ");
    app.write("apps/shop/src/requirements.txt", "flask\n");
    assert_snapshot!(app.shown(&app.run(BUILD, "--app shop --output image", &[])), @"
    exit 1
    error: cannot follow a requirement: `flask` is not pinned as `name==version`
     --> apps/shop/src/requirements.txt:1:1
      |
    1 | flask
      | ^^^^^
    hint: write the file with `uv pip compile --generate-hashes` or `pip-compile --generate-hashes`
    ");
    let hash = "0".repeat(64);
    app.write(
        "apps/shop/src/requirements.txt",
        &format!("flask==3.1.0 --hash=sha256:{hash}\n"),
    );
    // Port 9 discards, if anybody listens there at all.
    let index = [
        ("PIP_INDEX_URL", "http://user:hunter2@127.0.0.1:9/simple"),
        ("WINDLASS_DEPENDENCIES", "auto"),
    ];
    let left_out = app.shown(&app.run(BUILD, "--app shop --output image --format json", &index));
    assert!(left_out.contains("\"dependencies\": false"), "{left_out}");
    assert!(
        left_out.contains("warning: the image has no layer of dependencies"),
        "{left_out}"
    );
    let required = app.run(
        BUILD,
        "--app shop --output image --dependencies require --quiet",
        &[("PIP_INDEX_URL", "file:///absent")],
    );
    assert_snapshot!(app.shown(&required), @"
    exit 1
    error: cannot read `/absent`
    caused by: No such file or directory (os error 2)
    ");
}

/// The base image comes from a registry that wants a login and answers in odd ways.
#[test]
fn nothing_secret_is_said_of_a_base_image() {
    let app = App::new();
    let login = [
        ("REGISTRY_USERNAME", "ci"),
        ("REGISTRY_PASSWORD", "hunter2"),
    ];
    let other = RegistryServer::start(RegistryRules::default()).unwrap();
    let realm = format!("Bearer realm=\"http://{}/token?s1gned\"", other.address());
    let moved = format!("http://{}/blob?signature=s1gned", other.address());
    let answer = |code, name: &str, value: &str| {
        RegistryEffect::Status(code, vec![(name.to_owned(), value.to_owned())])
    };
    let denied = serde_json::json!({"errors": [{"code": "DENIED", "message": "not you"}]});
    let faults = [
        None,
        Some(answer(401, "WWW-Authenticate", &realm)),
        Some(answer(307, "Location", &moved)),
        Some(answer(500, "X-Id", "1")),
        Some(RegistryEffect::Refuse(403, denied)),
        Some(RegistryEffect::ExpireTokens),
    ];
    let built = app.run(BUILD, "--app shop --output base", &[]);
    assert!(built.status.success(), "{}", app.shown(&built));
    let fault_of = |effect| RegistryFault::new("GET", "/v2/base/", effect);
    for auth in [RegistryAuth::Basic, RegistryAuth::Token] {
        for fault in &faults {
            let server = RegistryServer::start(RegistryRules {
                auth: auth("ci".into(), "hunter2".into()),
                faults: fault.iter().cloned().map(fault_of).collect(),
                ..RegistryRules::default()
            })
            .unwrap();
            let base = format!("{}/base", server.address());
            let words = format!("base {base} --tag v1");
            let published = app.run(env!("CARGO_BIN_EXE_image-publish"), &words, &login);
            assert!(published.status.success(), "{}", app.shown(&published));
            let auths =
                serde_json::json!({"auths": {server.address(): {"auth": "Y2k6aHVudGVyMg=="}}});
            app.write(".docker/config.json", &auths.to_string());
            let words = format!("--app shop --output image --base {base}:v1 -v");
            let built = app.run(BUILD, &words, &[]);
            assert_eq!(server.unhit(), 0);
            assert!(
                fault.is_some() || built.status.success(),
                "{}",
                app.shown(&built)
            );
            let said = app.shown(&built);
            for secret in ["Y2k6aHVudGVyMg", "token-", "s1gned"] {
                assert!(!said.contains(secret), "`{secret}` in {said}");
            }
        }
    }
}
