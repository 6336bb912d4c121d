//! `image-select`: flags, exit codes, outputs, and that `image-pin` takes what it says.

use crate::image_build::App;
use insta::assert_snapshot;
use std::fs;
use windlass_testkit::{
    RegistryAuth, RegistryEffect, RegistryFault, RegistryRules, RegistryServer,
};

const BUILD: &str = env!("CARGO_BIN_EXE_image-build");
const PIN: &str = env!("CARGO_BIN_EXE_image-pin");
const PUBLISH: &str = env!("CARGO_BIN_EXE_image-publish");
const SELECT: &str = env!("CARGO_BIN_EXE_image-select");
const LOGIN: [(&str, &str); 2] = [
    ("REGISTRY_USERNAME", "ci"),
    ("REGISTRY_PASSWORD", "hunter2"),
];

/// A repository whose application was published under these tags, all for one image.
fn published(place: &str, tags: &[&str]) -> App {
    let app = App::new();
    let built = app.run(BUILD, "--app shop --output image", &[]);
    assert!(built.status.success(), "{}", app.shown(&built));
    for tag in tags {
        let words = format!("image {place} --tag {tag}");
        let published = app.run(PUBLISH, &words, &LOGIN);
        assert!(published.status.success(), "{}", app.shown(&published));
    }
    app
}

fn select(app: &App, words: &str) -> String {
    let shown = app.shown(&app.run(SELECT, &format!("oci:registry {words}"), &[]));
    match shown.split_once("@sha256:") {
        Some((tag, rest)) => format!("{tag}@[digest]{}", &rest[64..]),
        None => shown,
    }
}

/// Makes a branch with all files as they are.
fn commit(app: &App, branch: &str) {
    let git = git2::Repository::open(app.path(".")).unwrap();
    let mut index = git.index().unwrap();
    index
        .add_all(["apps"], git2::IndexAddOption::DEFAULT, None)
        .unwrap();
    let tree = git.find_tree(index.write_tree().unwrap()).unwrap();
    let who = git2::Signature::new("A", "a@example.com", &git2::Time::new(0, 0)).unwrap();
    let name = format!("refs/heads/{branch}");
    git.commit(Some(&name), &who, &who, "Begin", &tree, &[])
        .unwrap();
}

#[test]
fn policies() {
    let tags = [
        "1.0.0",
        "v1.2.0",
        "v1.10.0-rc.1",
        "v2.0.0",
        "main-7",
        "main-12",
    ];
    let app = published("oci:registry", &tags);
    for (words, tag) in [
        ("", "v2.0.0"),
        ("--semver ^1", "v1.2.0"),
        ("--semver ^1-0", "v1.10.0-rc.1"),
        ("--alphabetical", "v2.0.0"),
        ("--alphabetical --descending", "1.0.0"),
        (
            "--numerical --filter ^main-([0-9]+)$ --extract $1",
            "main-12",
        ),
        (
            "--numerical --descending --filter ^main-(?P<n>[0-9]+)$ --extract $n",
            "main-7",
        ),
        ("--newest-build", "v2.0.0"),
        ("--newest-build --ignore v*", "main-7"),
        ("--tag main-7", "main-7"),
    ] {
        let expected = format!("exit 0\noci:registry:{tag}@[digest]\n");
        assert_eq!(select(&app, words), expected, "{words}");
    }
    assert_snapshot!(select(&app, "--semver ^1 --explain"), @"
    exit 0
    oci:registry:v1.2.0@[digest]
    1.0.0: `v1.2.0` comes after it
    main-12: `main-12` is not a version
    main-7: `main-7` is not a version
    v1.10.0-rc.1: it is a pre-release, and the range names none
    v2.0.0: it is not in the range
    ");
}

#[test]
fn what_is_selected_can_be_pinned() {
    let app = published("oci:registry", &["v1.2.0", "v1.3.0"]);
    let overlay = "apps/shop/k8s/overlays/dev/kustomization.yaml";
    app.write(overlay, "images:\n- name: shop\n  newTag: v1.2.0\n");
    commit(&app, "pins");
    let outputs = app.path("outputs");
    let given = [("GITHUB_OUTPUT", outputs.to_str().unwrap())];
    let selected = app.run(SELECT, "oci:registry --format json", &given);
    let report: serde_json::Value = serde_json::from_slice(&selected.stdout).unwrap();
    let (tag, digest) = (&report["tag"], &report["digest"]);
    let written = fs::read_to_string(&outputs).unwrap();
    for (name, value) in [
        ("tag", tag),
        ("digest", digest),
        ("image", &report["image"]),
    ] {
        let line = format!("{name}={}\n", value.as_str().unwrap());
        assert!(written.contains(&line), "{line} in {written}");
    }
    assert_eq!(written.lines().count(), 3, "{written}");
    let (tag, digest) = (tag.as_str().unwrap(), digest.as_str().unwrap());
    let words = format!(
        "--app shop --remote {} --branch pins --pin dev={tag} --digest {digest}",
        app.path("").display()
    );
    let who = [
        ("GIT_AUTHOR_NAME", "A"),
        ("GIT_AUTHOR_EMAIL", "a@example.com"),
        ("GIT_COMMITTER_NAME", "A"),
        ("GIT_COMMITTER_EMAIL", "a@example.com"),
    ];
    let pinned = app.run(PIN, &words, &who);
    assert!(pinned.status.success(), "{}", app.shown(&pinned));
    let said = String::from_utf8(pinned.stdout).unwrap();
    assert!(
        said.contains(&format!("v1.2.0 to v1.3.0@{digest}")),
        "{said}"
    );
}

#[test]
fn a_registry_that_wants_a_password() {
    let server = RegistryServer::start(RegistryRules {
        auth: RegistryAuth::Token("ci".into(), "hunter2".into()),
        ..RegistryRules::default()
    })
    .unwrap();
    let place = format!("{}/team/shop", server.address());
    let app = published(&place, &["v1.0.0"]);
    let found = app.run(SELECT, &format!("{place} --format json"), &LOGIN);
    let report: serde_json::Value = serde_json::from_slice(&found.stdout).unwrap();
    assert_eq!(
        report["digest"].as_str(),
        server.tag("team/shop", "v1.0.0").as_deref()
    );
    assert_eq!(report.get("others"), None);
    let refused = app.run(SELECT, &place, &[]);
    assert_snapshot!(app.shown(&refused).replace(&server.address(), "[registry]"), @"
    exit 1
    error: `[registry]/team/shop` wants credentials and there are none
    hint: set REGISTRY_USERNAME and REGISTRY_PASSWORD, or log in with docker or podman
    ");
}

#[test]
fn how_it_fails() {
    let app = published("oci:registry", &["latest", "1.0.0-rc.1"]);
    assert_snapshot!(select(&app, ""), @"
    exit 1
    error: none of the 2 tags of `oci:registry` can be selected
    hint: see what is the matter with each tag by --explain
    ");
    assert_snapshot!(select(&app, "--explain"), @"
    exit 1
    1.0.0-rc.1: it is a pre-release, and the range names none
    latest: `latest` is not a version
    error: none of the 2 tags of `oci:registry` can be selected
    ");
    assert_snapshot!(select(&app, "--tag absent"), @"
    exit 1
    error: `oci:registry` has no tag `absent`
    ");
    assert_snapshot!(select(&app, "--semver latest"), @"
    exit 2
    error: invalid value 'latest' for '--semver <RANGE>': `latest` is not a range of versions: a comparison in it cannot be read

    For more information, try '--help'.
    ");
    assert_snapshot!(select(&app, "--semver 1 --numerical"), @"
    exit 2
    error: the argument '--semver <RANGE>' cannot be used with '--numerical'

    Usage: image-select --semver <RANGE> <IMAGE>

    For more information, try '--help'.
    ");
    assert_snapshot!(select(&app, "--descending"), @"
    exit 2
    error: --descending is the order of --alphabetical or --numerical

    For more information, try '--help'.
    ");
    assert_snapshot!(select(&app, "--filter ("), @"
    exit 1
    error: `(` is not a regular expression
    caused by: regex parse error:
      |     (
      |     ^
      | error: unclosed group
    ");
    assert_snapshot!(app.shown(&app.run(SELECT, "oci:absent", &[])), @"
    exit 1
    error: `absent` is not an OCI image layout
    hint: a layout is a folder that holds a file `oci-layout`, as image-build writes it
    ");
    let fault = RegistryEffect::Refuse(200, serde_json::json!({"tags": 1}));
    let server = RegistryServer::start(RegistryRules {
        faults: vec![RegistryFault::new("GET", "/tags/", fault)],
        ..RegistryRules::default()
    })
    .unwrap();
    let broken = app.run(SELECT, &format!("{}/shop", server.address()), &[]);
    assert_eq!(broken.status.code(), Some(3), "{}", app.shown(&broken));
}
