//! `image-publish`: flags, exit codes, outputs, and where credentials go.

use crate::image_build::App;
use insta::assert_snapshot;
use std::fs;
use std::process::Output;
use windlass_testkit::{
    RegistryAuth, RegistryEffect, RegistryFault, RegistryRules, RegistryServer,
};

const BUILD: &str = env!("CARGO_BIN_EXE_image-build");
const PUBLISH: &str = env!("CARGO_BIN_EXE_image-publish");
const LOGIN: [(&str, &str); 2] = [
    ("REGISTRY_USERNAME", "ci"),
    ("REGISTRY_PASSWORD", "hunter2"),
];

fn app_with_image() -> App {
    let app = App::new();
    let built = app.run(BUILD, "--app shop --output image", &[]);
    assert!(built.status.success(), "{}", app.shown(&built));
    app
}

fn registry(password: &str) -> RegistryServer {
    let auth = RegistryAuth::Token("ci".into(), password.into());
    RegistryServer::start(RegistryRules {
        auth,
        ..RegistryRules::default()
    })
    .unwrap()
}

fn publish(app: &App, server: &RegistryServer, tags: &str, environment: &[(&str, &str)]) -> Output {
    let words = format!(
        "image {}/team/shop --immutable sha-* --immutable v* --format json --tag",
        server.address()
    );
    // The last argument has spaces, as the workflow gives it.
    let words: Vec<&str> = words.split(' ').collect();
    let mut command = std::process::Command::new(PUBLISH);
    let command = command
        .current_dir(app.path("."))
        .args(words)
        .arg(tags)
        .env_clear();
    command
        .env("HOME", app.path("."))
        .envs(environment.iter().copied())
        .output()
        .unwrap()
}

#[test]
fn an_image_goes_to_a_registry_once() {
    let app = app_with_image();
    let server = registry("hunter2");
    let outputs = app.path("outputs");
    let environment = [
        LOGIN[0],
        LOGIN[1],
        ("GITHUB_OUTPUT", outputs.to_str().unwrap()),
    ];
    let first = publish(&app, &server, "dev-latest sha-1", &environment);
    assert!(first.status.success(), "{}", app.shown(&first));
    let report: serde_json::Value = serde_json::from_slice(&first.stdout).unwrap();
    let digest = server.tag("team/shop", "dev-latest").unwrap();
    assert_eq!(report["digest"], digest);
    assert_eq!(report["uploaded"], 2);
    let written = fs::read_to_string(&outputs).unwrap();
    for line in [
        "tags=sha-1 dev-latest".to_owned(),
        format!("digest={digest}"),
        format!("image={}/team/shop", server.address()),
    ] {
        assert!(
            written.contains(&format!("{line}\n")),
            "{line} in {written}"
        );
    }
    let again = publish(&app, &server, "dev-latest sha-1", &LOGIN);
    let report: serde_json::Value = serde_json::from_slice(&again.stdout).unwrap();
    assert_eq!(
        (&report["uploaded"], &report["bytes"]),
        (&0.into(), &0.into())
    );
}

#[test]
fn a_dry_run_says_what_would_be_sent() {
    let app = app_with_image();
    let server = registry("hunter2");
    let report = |words: &str| {
        let words = format!("image {words} --immutable v* --format json");
        let output = app.run(PUBLISH, &words, &LOGIN);
        assert!(output.status.success(), "{}", app.shown(&output));
        serde_json::from_slice::<serde_json::Value>(&output.stdout).unwrap()
    };
    let registry = format!("{}/team/shop --tag v1", server.address());
    let dry = [&registry, "oci:registry/shop --tag v1"].map(|to| {
        let dry = report(&format!("{to} --dry-run"));
        assert!(!app.path("registry").exists());
        let reads = |method: &str| method == "GET" || method == "HEAD";
        assert!(
            server
                .requests()
                .iter()
                .all(|request| reads(&request.method))
        );
        (to.to_owned(), dry)
    });
    for (to, dry) in dry {
        let real = report(&to);
        for what in ["digest", "tags", "uploaded", "skipped", "bytes", "saved"] {
            assert_eq!(dry[what], real[what], "{what} of {to}");
        }
        let again = report(&format!("{to} --dry-run"));
        assert_eq!(
            (&again["uploaded"], &again["bytes"]),
            (&0.into(), &0.into())
        );
    }
}

#[test]
fn a_dry_run_refuses_a_tag_that_is_taken() {
    let app = app_with_image();
    app.run(PUBLISH, "image oci:registry/shop --tag v1", &[]);
    app.write("apps/shop/src/more.py", "more = 1\n");
    app.run(BUILD, "--app shop --output image", &[]);
    let words = "image oci:registry/shop --tag v1 --immutable v* --dry-run";
    let output = app.run(PUBLISH, words, &[]);
    assert_eq!(output.status.code(), Some(1), "{}", app.shown(&output));
}

#[test]
fn credentials_of_docker_are_found() {
    let app = app_with_image();
    let server = registry("hunter2");
    // `echo -n ci:hunter2 | base64`
    let config = format!(
        "{{\"auths\":{{\"{}\":{{\"auth\":\"Y2k6aHVudGVyMg==\"}}}}}}",
        server.address()
    );
    app.write(".docker/config.json", &config);
    let output = publish(&app, &server, "latest", &[]);
    assert!(output.status.success(), "{}", app.shown(&output));
}

#[test]
fn a_folder_stands_for_a_registry() {
    let app = app_with_image();
    let output = app.run(PUBLISH, "image oci:registry/shop --tag latest", &[]);
    let digest =
        String::from_utf8(app.run(BUILD, "--app shop --output again", &[]).stdout).unwrap();
    assert_eq!(
        String::from_utf8(output.stdout).unwrap(),
        format!("oci:registry/shop@{digest}")
    );
    let index = fs::read_to_string(app.path("registry/shop/index.json")).unwrap();
    assert!(
        index.contains("\"org.opencontainers.image.ref.name\":\"latest\""),
        "{index}"
    );
}

#[test]
fn images_of_several_platforms_become_one() {
    let app = app_with_image();
    for platform in ["amd64", "arm64"] {
        let words = format!("--app shop --output {platform} --platform linux/{platform}");
        app.run(BUILD, &words, &[]);
    }
    let together = "--app shop --output both --platform linux/amd64,linux/arm64";
    let digest = String::from_utf8(app.run(BUILD, together, &[]).stdout).unwrap();
    let output = app.run(PUBLISH, "amd64 arm64 oci:registry/shop --tag v1", &[]);
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(said, format!("oci:registry/shop@{digest}"));
}

/// A disk that is full, as one program may feel it: files end at half a kilobyte.
#[cfg(unix)]
#[test]
fn a_disk_that_is_full_leaves_the_folder_as_it_was() {
    let app = app_with_image();
    app.write("apps/shop/src/noise.py", &"0123456789abcdef".repeat(64));
    app.run(PUBLISH, "image oci:registry/shop --tag v1", &[]);
    let before = fs::read_to_string(app.path("registry/shop/index.json")).unwrap();
    for (command, words) in [
        (BUILD, "--app shop --output registry/shop"),
        (PUBLISH, "image oci:elsewhere --tag v1"),
    ] {
        let script = format!("trap '' XFSZ; ulimit -f 0; exec {command} {words}");
        let output = std::process::Command::new("sh")
            .args(["-c", &script])
            .current_dir(app.path("."))
            .output()
            .unwrap();
        let said = app.shown(&output);
        assert!(said.starts_with("exit 3\nerror: cannot write"), "{said}");
        assert!(said.contains("File too large"), "{said}");
    }
    assert_eq!(
        fs::read_to_string(app.path("registry/shop/index.json")).unwrap(),
        before
    );
    let left = fs::read_dir(app.path("registry/shop/blobs/sha256")).unwrap();
    assert_eq!(left.count(), 3, "nothing half-written stays");
}

#[test]
fn pieces_and_certificates_are_flags() {
    let app = app_with_image();
    // Numbers without order, so that the layer is larger than a piece.
    let noise = (0..600_000u32).flat_map(|n| {
        n.wrapping_mul(2_654_435_761)
            .rotate_left(n % 31)
            .to_le_bytes()
    });
    fs::write(app.path("apps/shop/src/noise"), noise.collect::<Vec<u8>>()).unwrap();
    app.run(BUILD, "--app shop --output image", &[]);
    let server = RegistryServer::start(RegistryRules::default()).unwrap();
    let words = format!("image {}/shop --tag v1 --chunk 1", server.address());
    let output = app.run(PUBLISH, &words, &[]);
    assert!(output.status.success(), "{}", app.shown(&output));
    let pieces = server
        .requests()
        .into_iter()
        .filter(|request| request.method == "PATCH");
    assert!(pieces.count() > 0);
    for flags in [
        "--ca absent.pem",
        "--client-cert absent.pem --client-key absent.pem",
    ] {
        let output = app.run(PUBLISH, &format!("{words} {flags}"), &[]);
        assert_eq!(
            app.shown(&output),
            "exit 1\nerror: cannot read `absent.pem`\ncaused by: No such file or directory (os error 2)\n"
        );
    }
    assert_eq!(
        app.run(PUBLISH, &format!("{words} --client-cert x"), &[])
            .status
            .code(),
        Some(2)
    );
}

#[test]
fn a_list_goes_at_once_and_what_fails_is_said_beside_the_rest() {
    let app = app_with_image();
    let server = registry("hunter2");
    let address = server.address();
    app.write(
        "list",
        &format!(
            "# images\n\nimage {address}/team/one --tag v1 latest\n\
             image {address}/team/two --tag latest\nabsent {address}/team/three --tag latest\n"
        ),
    );
    let output = app.run(PUBLISH, "--list list --immutable v* --format json", &LOGIN);
    assert_eq!(output.status.code(), Some(1), "{}", app.shown(&output));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let images = report["images"].as_array().unwrap();
    assert_eq!(images.len(), 2);
    assert_eq!(images[0]["tags"], serde_json::json!(["v1", "latest"]));
    assert_eq!(
        (&report["uploaded"], &report["mounted"]),
        (&2.into(), &2.into())
    );
    assert_eq!(
        server.tag("team/two", "latest"),
        server.tag("team/one", "v1")
    );
    assert!(
        String::from_utf8_lossy(&output.stderr).contains("`absent` is not an OCI image layout")
    );

    for (text, said) in [
        (
            "image example/shop\n",
            "exit 1\nerror: line 1 of `list` names no image with its tags\nhint: write each line as `SOURCE… IMAGE --tag TAG…`\n",
        ),
        (
            "image a.example/shop --tag v1\nimage b.example/shop --tag v1\n",
            "exit 2\nerror: REGISTRY_PASSWORD is for one registry, and the images go to several; log in with docker or podman\n\nFor more information, try '--help'.\n",
        ),
    ] {
        app.write("list", text);
        assert_eq!(app.shown(&app.run(PUBLISH, "--list list", &LOGIN)), said);
    }
}

/// What must be in no output: the password, as it is and as a header has it, the tokens of the
/// registry, and the signature that a location may carry.
const SECRETS: [&str; 4] = ["hunter2", "Y2k6aHVudGVyMg", "token-", "s1gned"];

/// All that is said by a run against a registry with these faults, and what it leaves as outputs.
fn publish_with(app: &App, auth: RegistryAuth, faults: Vec<RegistryFault>, flags: &str) -> String {
    let server = RegistryServer::start(RegistryRules {
        auth,
        faults,
        ..RegistryRules::default()
    })
    .unwrap();
    let words = format!("image {}/shop --tag latest {flags}", server.address());
    let outputs = app.path("outputs");
    let given = ("GITHUB_OUTPUT", outputs.to_str().unwrap());
    let output = app.run(PUBLISH, &words, &[LOGIN[0], LOGIN[1], given]);
    assert_eq!(server.unhit(), 0);
    String::from_utf8([output.stdout, output.stderr].concat()).unwrap()
}

#[test]
fn nothing_secret_is_said_whatever_happens() {
    let app = app_with_image();
    let status = |code, headers: &[(&str, &str)]| {
        let headers = headers.iter();
        let headers = headers.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        RegistryEffect::Status(code, headers.collect())
    };
    let other = RegistryServer::start(RegistryRules::default()).unwrap();
    let signed = &format!(
        "http://{}/v2/x/blobs/uploads/y?signature=s1gned",
        other.address()
    );
    let realm = &format!("Bearer realm=\"http://{}/token?s1gned\"", other.address());
    let echo = serde_json::json!({"errors": [{"code": "DENIED", "message": "not you"}]});
    let rows = [
        ("POST", status(202, &[("Location", signed)])),
        ("POST", status(307, &[("Location", signed)])),
        ("POST", status(500, &[])),
        ("POST", status(400, &[])),
        ("PUT", status(429, &[("Retry-After", "3600")])),
        ("PUT", RegistryEffect::Refuse(403, echo)),
        ("PUT", RegistryEffect::ExpireTokens),
        ("HEAD", status(401, &[("WWW-Authenticate", realm)])),
    ];
    let basic = RegistryAuth::Basic("ci".into(), "hunter2".into());
    let token = RegistryAuth::Token("ci".into(), "hunter2".into());
    let refusing = RegistryAuth::Token("ci".into(), "another".into());
    let mut said = publish_with(&app, refusing, Vec::new(), "-v");
    said += &publish_with(&app, token.clone(), Vec::new(), "--quiet --format json");
    for (method, effect) in rows {
        let faults = vec![RegistryFault::new(method, "/v2/", effect)];
        said += &publish_with(&app, basic.clone(), faults.clone(), "-v");
        said += &publish_with(&app, token.clone(), faults, "-v --format json");
    }
    said += &fs::read_to_string(app.path("outputs")).unwrap();
    for secret in SECRETS {
        assert!(!said.contains(secret), "`{secret}` in {said}");
    }
    for part in [
        "digest=sha256:",
        "DENIED not you",
        "trying again",
        "refuses the credentials",
    ] {
        assert!(said.contains(part), "`{part}` not in {said}");
    }
}

#[test]
fn how_it_fails() {
    let app = app_with_image();
    assert_snapshot!(app.shown(&app.run(PUBLISH, "image example/shop --tag", &[])), @"
    exit 2
    error: a value is required for '--tag <TAGS>' but none was supplied

    For more information, try '--help'.
    ");
    assert_snapshot!(app.shown(&app.run(PUBLISH, "image example/shop:v1 --tag latest", &[])), @"
    exit 1
    error: `example/shop:v1` names a tag or a digest where an image goes
    hint: name the repository alone; tags are given beside it
    ");
    assert_snapshot!(app.shown(&app.run(PUBLISH, "absent oci:registry/shop --tag latest", &[])), @"
    exit 1
    error: `absent` is not an OCI image layout
    hint: a layout is a folder that holds a file `oci-layout`, as image-build writes it
    ");
    let server = registry("another");
    let refused = app
        .shown(&publish(&app, &server, "latest", &LOGIN))
        .replace(&server.address(), "[registry]");
    assert_snapshot!(refused, @"
    exit 1
    error: `[registry]/team/shop` refuses the credentials
    hint: set REGISTRY_USERNAME and REGISTRY_PASSWORD, or log in with docker or podman
    ");
    app.run(
        PUBLISH,
        "image oci:registry/shop --tag v1 --immutable v*",
        &[],
    );
    app.write("apps/shop/src/server.py", "print('other')\n");
    app.run(BUILD, "--app shop --output image", &[]);
    let taken = app.run(
        PUBLISH,
        "image oci:registry/shop --tag v1 --immutable v*",
        &[],
    );
    assert_eq!(taken.status.code(), Some(1), "{}", app.shown(&taken));
    let wrong = RegistryEffect::Header("Docker-Content-Digest".into(), "md5:0".into());
    let faults = vec![RegistryFault::new("PUT", "/manifests/", wrong)];
    let server = RegistryServer::start(RegistryRules {
        faults,
        ..RegistryRules::default()
    })
    .unwrap();
    let lies = publish(&app, &server, "latest", &[]);
    assert_eq!(lies.status.code(), Some(3), "{}", app.shown(&lies));
}
