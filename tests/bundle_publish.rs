//! `bundle-publish`: flags, exit codes, outputs, and what of overlays is in the artifact.

use crate::image_build::App;
use insta::assert_snapshot;
use std::fs;
use windlass_testkit::{RegistryAuth, RegistryRules, RegistryServer};

const BUNDLE: &str = env!("CARGO_BIN_EXE_bundle-publish");
const BUILD: &str = env!("CARGO_BIN_EXE_overlay-build");
const SELECT: &str = env!("CARGO_BIN_EXE_image-select");

/// A repository with two overlays.
fn overlays() -> App {
    let app = App::new();
    app.write(
        "apps/shop/k8s/base/pod.yaml",
        "apiVersion: v1\nkind: Pod\nmetadata: {name: shop}\n",
    );
    app.write(
        "apps/shop/k8s/base/kustomization.yaml",
        "resources: [pod.yaml]\n",
    );
    for name in ["dev", "prod"] {
        app.write(
            &format!("apps/shop/k8s/overlays/{name}/kustomization.yaml"),
            &format!("resources: [../../base]\nnamePrefix: {name}-\n"),
        );
    }
    app
}

/// The manifest of the only artifact in a layout, and the files of its layer.
fn read(app: &App, layout: &str) -> (serde_json::Value, Vec<(String, String)>) {
    let json = |bytes: Vec<u8>| serde_json::from_slice::<serde_json::Value>(&bytes).unwrap();
    let blob = |descriptor: &serde_json::Value| {
        let digest = descriptor["digest"].as_str().unwrap();
        let name = digest.strip_prefix("sha256:").unwrap();
        fs::read(app.path(&format!("{layout}/blobs/sha256/{name}"))).unwrap()
    };
    let index = json(fs::read(app.path(&format!("{layout}/index.json"))).unwrap());
    let manifest = json(blob(&index["manifests"][0]));
    let layer = blob(&manifest["layers"][0]);
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(layer.as_slice()));
    let files = archive.entries().unwrap().filter_map(|entry| {
        let mut entry = entry.unwrap();
        let path = entry.path().unwrap().display().to_string();
        let mut text = String::new();
        std::io::Read::read_to_string(&mut entry, &mut text).unwrap();
        (!path.ends_with('/')).then_some((path, text))
    });
    let files = files.collect();
    (manifest, files)
}

#[test]
fn overlays_go_into_a_layout() {
    let app = overlays();
    let dev = "apps/shop/k8s/overlays/dev";
    let built = app.run(BUILD, dev, &[]);
    let expected = String::from_utf8(built.stdout).unwrap();
    let words = format!("{dev} --to oci:one --tag dev-latest --branch develop --quiet");
    let outputs = app.path("outputs");
    let given = [("GITHUB_OUTPUT", outputs.to_str().unwrap())];
    let one = app.run(BUNDLE, &words, &given);
    assert!(one.status.success(), "{}", app.shown(&one));
    let (manifest, files) = read(&app, "one");
    assert_eq!(files, [("manifests.yaml".to_owned(), expected.clone())]);
    let head = git2::Repository::open(app.path("")).unwrap();
    let head = head.head().unwrap().target().unwrap();
    assert_eq!(
        manifest["annotations"],
        serde_json::json!({
            "org.opencontainers.image.created": "2023-11-14T22:13:20Z",
            "org.opencontainers.image.revision": format!("develop@sha1:{head}"),
            "org.opencontainers.image.source": "https://git.example/team/repository",
        })
    );
    let written = fs::read_to_string(&outputs).unwrap();
    let names: Vec<&str> = written
        .lines()
        .filter_map(|line| line.split('=').next())
        .collect();
    assert_eq!(
        names,
        [
            "artifact", "bytes", "digest", "requests", "sources", "tags", "uploaded"
        ]
    );
    let all = app.run(BUNDLE, "--all apps --to oci:all --tag v1 --quiet", &[]);
    assert!(all.status.success(), "{}", app.shown(&all));
    let (_, files) = read(&app, "all");
    let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        [
            "apps/shop/k8s/overlays/dev/manifests.yaml",
            "apps/shop/k8s/overlays/prod/manifests.yaml"
        ]
    );
    assert_eq!(files[0].1, expected);
}

#[test]
fn a_folder_of_files_goes_to_a_registry_once() {
    let server = RegistryServer::start(RegistryRules {
        auth: RegistryAuth::Token("ci".into(), "hunter2".into()),
        ..RegistryRules::default()
    })
    .unwrap();
    let app = overlays();
    app.write("rendered/web/pod.yaml", "kind: Pod\n");
    let place = format!("{}/team/bundle", server.address());
    let words = format!("--files rendered --to {place} --tag v1.0.0 --immutable v* --format json");
    let login = [
        ("REGISTRY_USERNAME", "ci"),
        ("REGISTRY_PASSWORD", "hunter2"),
    ];
    let report = |words: &str, more: &[(&str, &str)]| {
        let output = app.run(BUNDLE, words, &[&login, more].concat());
        assert!(output.status.success(), "{}", app.shown(&output));
        serde_json::from_slice::<serde_json::Value>(&output.stdout).unwrap()
    };
    let dry = report(&format!("{words} --dry-run"), &[]);
    let reads = |method: &str| method == "GET" || method == "HEAD";
    let mut requests = server.requests().into_iter();
    assert!(requests.all(|request| reads(&request.method)));
    let first = report(&words, &[]);
    for what in ["digest", "uploaded", "bytes"] {
        assert_eq!(first[what], dry[what], "{what}");
    }
    assert_eq!(first["uploaded"], 2);
    assert_eq!(
        first["digest"].as_str(),
        server.tag("team/bundle", "v1.0.0").as_deref()
    );
    assert_eq!(report(&words, &[])["uploaded"], 0);
    // Another time is another digest, under a tag that does not move.
    let later = app.run(
        BUNDLE,
        &words,
        &[&login[..], &[("SOURCE_DATE_EPOCH", "1")]].concat(),
    );
    assert_eq!(later.status.code(), Some(1), "{}", app.shown(&later));
    let found = app.run(SELECT, &format!("{place} --format json"), &login);
    let found: serde_json::Value = serde_json::from_slice(&found.stdout).unwrap();
    assert_eq!(found["digest"], first["digest"]);
}

#[test]
fn nothing_of_git_and_nothing_that_it_ignores_is_published() {
    let app = App::new();
    app.write(".gitignore", "*.log\nout/\n");
    app.write("debug.log", "what git ignores");
    app.write("out/pod.yaml", "kind: Pod\n");
    app.write("out/sub/.git", "gitdir: elsewhere\n");
    let names = |words: &str, layout: &str| {
        let words = format!("{words} --to oci:{layout} --tag v1 --quiet");
        let output = app.run(BUNDLE, &words, &[]);
        assert!(output.status.success(), "{}", app.shown(&output));
        let (_, files) = read(&app, layout);
        files.into_iter().map(|(name, _)| name).collect::<Vec<_>>()
    };
    assert_eq!(
        names("--files .", "out/one"),
        [
            ".gitignore",
            "apps/shop/Dockerfile",
            "apps/shop/src/server.py"
        ]
    );
    fs::remove_dir_all(app.path("out/one")).unwrap();
    // Who names a folder that git ignores means what was made there.
    assert_eq!(names("--files out", "two"), ["pod.yaml"]);
}

#[test]
fn how_it_fails() {
    let app = overlays();
    let run = |words: &str| app.shown(&app.run(BUNDLE, words, &[]));
    assert_snapshot!(run("apps/shop --to oci:out --tag v1 --quiet"), @"
    exit 1
    error: `apps/shop` holds no kustomization file
    hint: it is called one of `kustomization.yaml`, `kustomization.yml`, `Kustomization`
    ");
    fs::create_dir(app.path("empty")).unwrap();
    assert_snapshot!(run("--files empty --to oci:out --tag v1"), @"
    exit 1
    error: `empty` holds no file to bundle
    ");
    assert_snapshot!(run("--files empty --all --to oci:out --tag v1"), @"
    exit 2
    error: the argument '--files <DIR>' cannot be used with '--all'

    Usage: bundle-publish --to <ARTIFACT> --tag <TAGS> --files <DIR> [DIR]...

    For more information, try '--help'.
    ");
    assert_snapshot!(run("--files apps --to oci:out:v1 --tag a+b"), @"
    exit 1
    error: `a+b` is not a tag
    hint: a tag has no `+`; write `_` in its place
    ");
    let time = [("SOURCE_DATE_EPOCH", "today")];
    let time = app.run(BUNDLE, "--files apps --to oci:out --tag v1", &time);
    assert_snapshot!(app.shown(&time), @"
    exit 1
    error: SOURCE_DATE_EPOCH is `today`, which is no number of seconds
    ");
    app.write(
        "apps/shop/k8s/base/pod.yaml",
        "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\n",
    );
    app.commit();
    app.write(
        "apps/shop/k8s/base/pod.yaml",
        "apiVersion: v1\nkind: Pod\nmetadata: {name: x}\n",
    );
    let changed = run("apps/shop/k8s/base --to oci:out --tag v1");
    assert_snapshot!(changed.split("sha256").next().unwrap(), @"
    exit 0
    oci:out@
    ");
    assert_snapshot!(changed.split_once('\n').unwrap().1.split_once('\n').unwrap().1, @"
    warning: `apps/shop/k8s/base/pod.yaml` is not as the commit has it, which the result names as its own
    hint: commit it first
    ");
}
