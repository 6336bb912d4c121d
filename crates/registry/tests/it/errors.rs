//! Every kind of error as a person reads it, and that no password is in any of them.

use crate::support::{
    Folder, PASSWORD, WheelFile, access, hex, publish, serve, tags, target, with_password,
};
use serde_json::json;
use std::error::Error as _;
use std::fs;
use windlass_fault::{Blame, Fault as _};
use windlass_registry::{
    Build, Dockerfile, Error, Filter, Layout, LayoutImage, Policy, Publisher, Range, Selector, Tag,
    Target,
};
use windlass_testkit::{
    RegistryAuth, RegistryEffect, RegistryFault, RegistryRules, RegistryServer,
};

/// What the command line shows of an error, without colours, folders and ports.
fn shown(folder: &Folder, server: Option<&RegistryServer>, error: &Error) -> String {
    assert!(!format!("{error:?}").contains(PASSWORD), "{error:?}");
    let blame = match error.blame() {
        Blame::Input => "input",
        Blame::World => "world",
    };
    let mut text = format!("{blame}: {error}\n");
    if let Some(place) = error.location() {
        text += &format!(" --> {place}\n");
    }
    let mut source = error.source();
    while let Some(cause) = source {
        text += &format!("caused by: {cause}\n");
        source = cause.source();
    }
    if let Some(hint) = error.hint() {
        text += &format!("hint: {hint}\n");
    }
    let text = without_digests(&folder.plain(&text));
    match server {
        Some(server) => text.replace(&server.address(), "[registry]"),
        None => text,
    }
}

/// Digests change with every byte of an image, and no message is about one of them.
fn without_digests(text: &str) -> String {
    let mut parts = text.split("sha256:");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| {
        let (digits, rest) = part.split_at(64);
        let shown = if digits.chars().all(|c| c == '0') {
            digits
        } else {
            "[digest]"
        };
        format!("{text}sha256:{shown}{rest}")
    })
}

fn with_fault(method: &str, path: &str, effect: RegistryEffect) -> RegistryServer {
    let faults = vec![RegistryFault::new(method, path, effect); 9];
    serve(RegistryRules {
        faults,
        ..RegistryRules::default()
    })
}

fn build_of(folder: &Folder, requirements: &str) -> Build {
    folder.write("a-src/requirements.txt", requirements);
    fs::create_dir_all(folder.path("index")).unwrap();
    Build {
        requirements: Some(folder.path("a-src/requirements.txt")),
        index: folder.index("index"),
        ..folder.build("a")
    }
}

#[test]
fn names() {
    let folder = Folder::new();
    let tag = "1.0+build".parse::<Tag>().unwrap_err();
    insta::assert_snapshot!(shown(&folder, None, &tag), @"
    input: `1.0+build` is not a tag
    hint: a tag has no `+`; write `_` in its place
    ");
    let target = "Example/App".parse::<Target>().unwrap_err();
    insta::assert_snapshot!(shown(&folder, None, &target), @"
    input: `Example/App` is not the name of an image
    caused by: invalid reference format
    hint: write it as `registry/repository:tag`, in lower case
    ");
}

#[test]
fn policies() {
    let folder = Folder::new();
    let range = "^1.2 <latest".parse::<Range>().unwrap_err();
    insta::assert_snapshot!(shown(&folder, None, &range), @"
    input: `^1.2 <latest` is not a range of versions: a comparison in it cannot be read
    hint: write it as `^1.2`, `~1.2.3`, `1.x`, `>=1.2 <3`, `1.2 - 2.3` or several with `||`
    ");
    let pattern = Filter::new(Some("v(.*"), None, Vec::new()).unwrap_err();
    insta::assert_snapshot!(shown(&folder, None, &pattern), @"
    input: `v(.*` is not a regular expression
    caused by: regex parse error:
        v(.*
         ^
    error: unclosed group
    ");
    let extract = Filter::new(None, Some("$1"), Vec::new()).unwrap_err();
    insta::assert_snapshot!(shown(&folder, None, &extract), @"
    input: there is something to extract and no pattern to extract it with
    hint: give a pattern with a group in it, such as `^main-.*-(?P<ts>[0-9]+)$`
    ");
    let server = with_fault("GET", "/tags/", RegistryEffect::Body(b"<html>".to_vec()));
    folder.image("image", "x");
    let image = folder.layout("image");
    publish(&image, &target(&server, "app"), &tags(&["v1"], &[])).unwrap();
    let every = Policy::Semver(Range::any());
    let selector = Selector::new(access());
    let error = selector
        .select(&target(&server, "app"), &every, &Filter::default())
        .unwrap_err();
    insta::assert_snapshot!(shown(&folder, Some(&server), &error), @"world: the list of tags of `[registry]/app` cannot be read");
}

#[test]
fn registries() {
    let folder = Folder::new();
    folder.image("image", "x");
    folder.image("other", "y");
    let latest = tags(&[], &["latest"]);
    let image = folder.layout("image");

    let server = serve(RegistryRules::default());
    publish(&image, &target(&server, "app"), &tags(&["v1"], &[])).unwrap();
    let error = publish(
        &folder.layout("other"),
        &target(&server, "app"),
        &tags(&["v1"], &[]),
    )
    .unwrap_err();
    insta::assert_snapshot!(shown(&folder, Some(&server), &error), @"
    input: the tag `v1` of `[registry]/app` is `sha256:[digest]` and does not move to `sha256:[digest]`
    hint: publish under a new version
    ");

    let auth = RegistryAuth::Basic("ci".into(), "right".into());
    let server = serve(RegistryRules {
        auth,
        ..RegistryRules::default()
    });
    let error = Publisher::new(with_password(PASSWORD))
        .publish(&image, &target(&server, "app"), &latest)
        .unwrap_err();
    insta::assert_snapshot!(shown(&folder, Some(&server), &error), @"
    input: `[registry]/app` refuses the credentials: HEAD blobs/sha256:[digest]
    hint: set REGISTRY_USERNAME and REGISTRY_PASSWORD, or log in with docker or podman
    ");

    let denied = json!({"errors": [{"code": "DENIED", "message": "requested access to the resource is denied"}]});
    let server = with_fault("POST", "/uploads/", RegistryEffect::Refuse(413, denied));
    let error = publish(&image, &target(&server, "app"), &latest).unwrap_err();
    insta::assert_snapshot!(shown(&folder, Some(&server), &error), @"
    input: `[registry]/app` answers 413 Payload Too Large to POST blobs/uploads
    caused by: DENIED requested access to the resource is denied
    ");

    let server = with_fault("POST", "/uploads/", RegistryEffect::Status(503, Vec::new()));
    let error = publish(&image, &target(&server, "app"), &latest).unwrap_err();
    insta::assert_snapshot!(shown(&folder, Some(&server), &error), @"world: cannot reach `[registry]/app`: it answers 503 Service Unavailable to POST blobs/uploads");

    let wrong = RegistryEffect::Header(
        "Docker-Content-Digest".into(),
        format!("sha256:{}", "0".repeat(64)),
    );
    let server = with_fault("PUT", "/manifests/", wrong);
    let error = publish(&image, &target(&server, "app"), &latest).unwrap_err();
    insta::assert_snapshot!(shown(&folder, Some(&server), &error), @"world: `[registry]/app` stored `sha256:0000000000000000000000000000000000000000000000000000000000000000` where `sha256:[digest]` was sent");
}

#[test]
fn layouts() {
    let folder = Folder::new();
    let target = Target::Layout(folder.path("registry"));
    let absent = LayoutImage {
        path: folder.path("absent"),
        tag: None,
    };
    let error = publish(&absent, &target, &tags(&[], &["latest"])).unwrap_err();
    insta::assert_snapshot!(shown(&folder, None, &error), @"
    input: `[folder]/absent` is not an OCI image layout
    hint: a layout is a folder that holds a file `oci-layout`, as image-build writes it
    ");

    folder.image("image", "x");
    for entry in fs::read_dir(folder.path("image/blobs/sha256")).unwrap() {
        fs::write(entry.unwrap().path(), "short").unwrap();
    }
    let error = publish(&folder.layout("image"), &target, &tags(&[], &["latest"])).unwrap_err();
    insta::assert_snapshot!(shown(&folder, None, &error), @"
    input: the blob `sha256:[digest]` in `[folder]/image` is not what its name says
    hint: delete it and make it anew
    ");

    folder.write("file", "x");
    let error = Layout::create(&folder.path("file/layout")).unwrap_err();
    insta::assert_snapshot!(shown(&folder, None, &error), @"
    world: cannot write `[folder]/file/layout/blobs/sha256`
    caused by: Not a directory (os error 20)
    ");

    let missing = folder
        .build("missing")
        .run(&folder.path("out"))
        .unwrap_err();
    insta::assert_snapshot!(shown(&folder, None, &missing), @"
    input: cannot read `[folder]/missing-src`
    caused by: No such file or directory (os error 2)
    ");
}

#[test]
fn builds() {
    let folder = Folder::new();
    let error = Dockerfile::parse("Dockerfile", "FROM python:$TAG\n").unwrap_err();
    insta::assert_snapshot!(shown(&folder, None, &error), @"
    input: cannot follow `FROM`: it needs the build argument `TAG`, which has no default here
     --> Dockerfile:1:1
    hint: name the image itself
    ");

    let error = build_of(&folder, "flask>=3\n")
        .run(&folder.path("a"))
        .unwrap_err();
    insta::assert_snapshot!(shown(&folder, None, &error), @"
    input: cannot follow a requirement: `flask>=3` is not pinned as `name==version`
     --> [folder]/a-src/requirements.txt:1:1
    hint: write the file with `uv pip compile --generate-hashes` or `pip-compile --generate-hashes`
    ");

    let pinned = format!("hello==1.0 --hash=sha256:{}\n", hex(b"x"));
    let error = build_of(&folder, &pinned)
        .run(&folder.path("a"))
        .unwrap_err();
    insta::assert_snapshot!(shown(&folder, None, &error), @"
    input: there is no wheel of `hello==1.0` for Python 3.13 on linux/amd64
     --> [folder]/a-src/requirements.txt:1:1
    hint: the index does not have this version
    ");

    folder.write("index/hello-1.0-py3-none-any.whl", "y");
    let error = build_of(&folder, &pinned)
        .run(&folder.path("a"))
        .unwrap_err();
    insta::assert_snapshot!(shown(&folder, None, &error), @"
    input: the hash of `hello-1.0-py3-none-any.whl` is `sha256:[digest]`, which is not pinned
     --> [folder]/a-src/requirements.txt:1:1
    hint: lock the requirements again if the file is the right one
    ");

    let mut wheel = WheelFile::new("hello", &[]);
    wheel
        .files
        .push(("../evil.py".into(), b"x".to_vec(), 0o644));
    folder.write("index/hello-1.0-py3-none-any.whl", wheel.bytes());
    let pinned = format!("hello==1.0 --hash=sha256:{}\n", hex(&wheel.bytes()));
    let error = build_of(&folder, &pinned)
        .run(&folder.path("a"))
        .unwrap_err();
    insta::assert_snapshot!(shown(&folder, None, &error), @"input: the wheel `hello-1.0-py3-none-any.whl` has an entry `../evil.py` that cannot be unpacked");

    let mut build = build_of(&folder, &pinned);
    build.platforms = vec!["linux/s390x".parse().unwrap()];
    let error = build.run(&folder.path("a")).unwrap_err();
    insta::assert_snapshot!(shown(&folder, None, &error), @"
    input: cannot choose wheels for `linux/s390x`
    hint: wheels are chosen for `linux/amd64` and `linux/arm64`
    ");

    let server = with_fault("GET", "/simple/", RegistryEffect::Status(503, Vec::new()));
    let mut build = build_of(&folder, &pinned);
    build.index = format!("http://me:{PASSWORD}@{}/simple", server.address())
        .parse()
        .unwrap();
    let error = build.run(&folder.path("a")).unwrap_err();
    insta::assert_snapshot!(shown(&folder, Some(&server), &error), @"world: the package index `[registry]` answers 503 Service Unavailable");
}
