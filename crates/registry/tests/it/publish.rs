//! Publishing: what is sent, in which order, under which credentials.

use crate::support::{Folder, PASSWORD, Read, access, publish, serve, tags, target, with_password};
use std::sync::{Arc, Mutex};
use windlass_registry::{
    Access, Base, ErrorKind, Layout, Progress, Publication, Publisher, Target,
};
use windlass_testkit::{
    RegistryAuth, RegistryEffect, RegistryFault, RegistryRules, RegistryServer,
};

/// `METHOD` and the part of the path after the repository, sessions made equal.
fn log(server: &RegistryServer) -> Vec<String> {
    let requests = server.requests().into_iter();
    requests
        .map(|request| {
            let path = request.path.split('?').next().unwrap().to_owned();
            let path = path
                .rsplit_once("/app/")
                .map_or(path.clone(), |(_, rest)| rest.to_owned());
            let path = if path.contains("session-") {
                "blobs/uploads/…".to_owned()
            } else {
                path
            };
            format!("{} {}", request.method, path)
        })
        .collect()
}

fn newest_layer(folder: &Folder, image: &str) -> String {
    let manifest = Read::of(&folder.path(image)).manifest;
    let layers = manifest["layers"].as_array().unwrap();
    layers.last().unwrap()["digest"]
        .as_str()
        .unwrap()
        .to_owned()
}

#[test]
fn an_image_of_one_layer_costs_seven_requests_and_three_again() {
    let folder = Folder::new();
    folder.image("image", "print('hello')");
    let server = serve(RegistryRules::default());
    let (image, target) = (folder.layout("image"), target(&server, "app"));
    let tags = tags(&[], &["latest"]);
    assert_eq!(publish(&image, &target, &tags).unwrap().requests, 7);
    let again = publish(&image, &target, &tags).unwrap();
    assert_eq!((again.requests, again.bytes), (3, 0));
    assert_eq!(server.requests().len(), 10);
}

#[test]
fn content_first_then_fixed_tags_then_moving_ones() {
    let folder = Folder::new();
    let built = folder.image("image", "print('hello')");
    let server = serve(RegistryRules::default());
    let image = folder.layout("image");
    let published = publish(
        &image,
        &target(&server, "app"),
        &tags(&["v1.0.0"], &["latest"]),
    )
    .unwrap();
    assert_eq!(published.digest, built.digest);
    assert_eq!(
        (published.uploaded, published.skipped, published.mounted),
        (2, 0, 0)
    );
    assert_eq!(published.requests, server.requests().len() as u64);
    let digest = built.digest.as_str();
    let log = log(&server);
    assert_eq!(
        log[..3],
        [
            "HEAD manifests/v1.0.0".to_owned(),
            format!("HEAD blobs/{}", newest_layer(&folder, "image")),
            "POST blobs/uploads/".to_owned(),
        ]
    );
    assert_eq!(
        log[log.len() - 5..],
        [
            "HEAD manifests/v1.0.0",
            "PUT manifests/v1.0.0",
            "HEAD manifests/v1.0.0",
            "PUT manifests/latest",
            "HEAD manifests/latest"
        ],
    );
    assert_eq!(log.len(), 11, "{log:?}");
    for tag in ["v1.0.0", "latest"] {
        assert_eq!(server.tag("app", tag).as_deref(), Some(digest));
    }
}

#[test]
fn progress_counts_to_all_that_is_sent_and_takes_back_what_was_in_vain() {
    let folder = Folder::new();
    folder.noise("image", 1 << 20);
    let faults = vec![RegistryFault::new(
        "PUT",
        "/uploads/",
        RegistryEffect::CutBody(500_000),
    )];
    let server = serve(RegistryRules {
        faults,
        ..RegistryRules::default()
    });
    let told = Arc::new(Mutex::new(Vec::new()));
    let telling = Arc::clone(&told);
    let access = Access {
        progress: Progress::new(move |done, total| telling.lock().unwrap().push((done, total))),
        ..access()
    };
    let published = Publisher::new(access)
        .publish(
            &folder.layout("image"),
            &target(&server, "app"),
            &tags(&[], &["latest"]),
        )
        .unwrap();
    let told = told.lock().unwrap();
    let (done, total) = *told.last().unwrap();
    assert_eq!(done, total);
    assert!(
        total > 1 << 20 && published.bytes > total,
        "{total} of {}",
        published.bytes
    );
    assert!(told.len() > 4 && told.iter().all(|(done, total)| done <= total));
}

#[test]
fn again_sends_nothing() {
    let folder = Folder::new();
    folder.image("image", "print('hello')");
    let server = serve(RegistryRules::default());
    let (image, target) = (folder.layout("image"), target(&server, "app"));
    let tags = tags(&["v1.0.0"], &["latest"]);
    publish(&image, &target, &tags).unwrap();
    server.forget_requests();
    let again = publish(&image, &target, &tags).unwrap();
    assert_eq!((again.uploaded, again.skipped, again.bytes), (0, 2, 0));
    assert_eq!(
        log(&server),
        ["HEAD manifests/v1.0.0", "HEAD manifests/latest"]
    );
}

#[test]
fn a_fixed_tag_never_moves_and_then_nothing_is_sent() {
    let folder = Folder::new();
    let one = folder.image("one", "1");
    folder.image("two", "2");
    let server = serve(RegistryRules::default());
    let layout = Target::Layout(folder.path("registry/app"));
    for target in [target(&server, "app"), layout] {
        let tags = tags(&["v1.0.0"], &["latest"]);
        publish(&folder.layout("one"), &target, &tags).unwrap();
        server.forget_requests();
        let error = publish(&folder.layout("two"), &target, &tags).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TagTaken);
        assert!(
            server
                .requests()
                .iter()
                .all(|request| request.method == "HEAD")
        );
    }
    assert_eq!(
        server.tag("app", "latest").as_deref(),
        Some(one.digest.as_str())
    );
    let layout = Layout::open(&folder.path("registry/app")).unwrap();
    assert_eq!(layout.resolve(Some("latest")).unwrap().digest, one.digest);
}

#[test]
fn a_layout_is_a_registry_with_many_tags() {
    let folder = Folder::new();
    let one = folder.image("one", "1");
    let two = folder.image("two", "2");
    let target = Target::Layout(folder.path("registry/app"));
    publish(
        &folder.layout("one"),
        &target,
        &tags(&["sha-1"], &["dev-latest"]),
    )
    .unwrap();
    let published = publish(
        &folder.layout("two"),
        &target,
        &tags(&["sha-2"], &["dev-latest"]),
    )
    .unwrap();
    assert_eq!((published.uploaded, published.requests), (2, 0));
    let again = publish(
        &folder.layout("two"),
        &target,
        &tags(&["sha-2"], &["dev-latest"]),
    )
    .unwrap();
    assert_eq!((again.uploaded, again.skipped, again.bytes), (0, 2, 0));
    let layout = Layout::open(&folder.path("registry/app")).unwrap();
    for (tag, digest) in [
        ("sha-1", &one.digest),
        ("sha-2", &two.digest),
        ("dev-latest", &two.digest),
    ] {
        assert_eq!(layout.resolve(Some(tag)).unwrap().digest, *digest, "{tag}");
    }
}

#[test]
fn several_platforms_go_as_an_index_after_its_images() {
    let folder = Folder::new();
    folder.write("image-src/server.py", "x");
    let mut build = folder.build("image");
    build.platforms = vec![
        "linux/arm64".parse().unwrap(),
        "linux/amd64".parse().unwrap(),
    ];
    let built = build.run(&folder.path("image")).unwrap();
    let server = serve(RegistryRules::default());
    publish(
        &folder.layout("image"),
        &target(&server, "app"),
        &tags(&[], &["latest"]),
    )
    .unwrap();
    // The registry refuses an index whose images it does not have.
    assert_eq!(
        server.tag("app", "latest").as_deref(),
        Some(built.digest.as_str())
    );
    let puts = log(&server)
        .into_iter()
        .filter(|line| line.starts_with("PUT manifests/"));
    assert_eq!(puts.count(), 3);
}

#[test]
fn passwords_and_tokens() {
    let folder = Folder::new();
    folder.image("image", "x");
    let login = || ("ci".to_owned(), PASSWORD.to_owned());
    for auth in [
        RegistryAuth::Basic(login().0, login().1),
        RegistryAuth::Token(login().0, login().1),
    ] {
        let server = serve(RegistryRules {
            auth: auth.clone(),
            ..RegistryRules::default()
        });
        let (image, target) = (folder.layout("image"), target(&server, "app"));
        let tags = tags(&[], &["latest"]);
        let wrong = Publisher::new(with_password("wrong"))
            .publish(&image, &target, &tags)
            .unwrap_err();
        assert_eq!(wrong.kind(), ErrorKind::Credentials);
        assert!(
            server.requests().len() <= 3,
            "a refused password is not tried again: {auth:?}"
        );
        let none = Publisher::new(access())
            .publish(&image, &target, &tags)
            .unwrap_err();
        assert_eq!(none.kind(), ErrorKind::Credentials);
        Publisher::new(with_password(PASSWORD))
            .publish(&image, &target, &tags)
            .unwrap();
        assert!(server.tag("app", "latest").is_some());
    }
}

#[test]
fn an_identity_token_is_exchanged_and_shown_to_nobody_else() {
    let folder = Folder::new();
    folder.image("image", "x");
    let server = serve(RegistryRules {
        auth: RegistryAuth::Identity("identity-of-ci".into()),
        token_uses: Some(3),
        ..RegistryRules::default()
    });
    for (token, fits) in [("identity-of-ci", true), ("another", false)] {
        let auths = serde_json::json!({"auths": {server.address(): {"identitytoken": token}}});
        let mut access = access();
        access.credentials.files = vec![folder.write("config.json", auths.to_string())];
        let target = target(&server, if fits { "app" } else { "other" });
        let result =
            Publisher::new(access).publish(&folder.layout("image"), &target, &tags(&[], &["v1"]));
        match fits {
            true => drop(result.unwrap()),
            false => assert_eq!(result.unwrap_err().kind(), ErrorKind::Credentials),
        }
    }
    let posts = log(&server)
        .into_iter()
        .filter(|line| line == "POST /token");
    assert!(
        posts.count() > 2,
        "it was exchanged anew when the tokens had run out"
    );
}

#[test]
fn a_token_that_runs_out_is_renewed_in_the_middle() {
    let folder = Folder::new();
    folder.image("image", "x");
    let auth = RegistryAuth::Token("ci".into(), PASSWORD.into());
    let server = serve(RegistryRules {
        auth,
        token_uses: Some(3),
        ..RegistryRules::default()
    });
    let target = target(&server, "app");
    Publisher::new(with_password(PASSWORD))
        .publish(&folder.layout("image"), &target, &tags(&[], &["latest"]))
        .unwrap();
    let tokens = log(&server)
        .into_iter()
        .filter(|line| line == "GET /token")
        .count();
    assert!(tokens > 1, "{tokens}");
}

#[test]
fn base_layers_are_mounted_under_token_auth() {
    let folder = Folder::new();
    folder.image("base", "the base");
    let auth = RegistryAuth::Token("ci".into(), PASSWORD.into());
    let server = serve(RegistryRules {
        auth,
        ..RegistryRules::default()
    });
    let publisher = Publisher::new(with_password(PASSWORD));
    let tag = tags(&[], &["latest"]);
    publisher
        .publish(
            &folder.layout("base"),
            &target(&server, "library/base"),
            &tag,
        )
        .unwrap();
    folder.write("app-src/server.py", "the app");
    let mut build = folder.build("app");
    build.base = format!("{}/library/base:latest", server.address())
        .parse::<Base>()
        .unwrap();
    build.access = with_password(PASSWORD);
    build.run(&folder.path("app")).unwrap();
    let published = publisher
        .publish(&folder.layout("app"), &target(&server, "app"), &tag)
        .unwrap();
    assert_eq!((published.uploaded, published.mounted), (2, 1));
    let scopes = server
        .requests()
        .into_iter()
        .filter(|request| request.path.matches("scope=").count() == 2);
    assert_eq!(scopes.count(), 1);
}

#[test]
fn a_registry_without_digest_headers_is_asked_for_the_manifest() {
    let folder = Folder::new();
    folder.image("image", "x");
    let server = serve(RegistryRules {
        no_digest_header: true,
        ..RegistryRules::default()
    });
    let target = target(&server, "app");
    publish(&folder.layout("image"), &target, &tags(&["v1"], &[])).unwrap();
    assert!(log(&server).contains(&"GET manifests/v1".to_owned()));
}

#[test]
fn of_two_images_that_want_a_fixed_tag_at_once_one_gets_it() {
    let folder = Folder::new();
    let server = serve(RegistryRules::default());
    let publications = ["one", "two"].map(|name| {
        folder.image(name, name);
        Publication {
            sources: vec![folder.layout(name).into()],
            target: target(&server, "app"),
            tags: tags(&["v2", "v1", "v2"], &["latest"]),
        }
    });
    let results = Publisher::new(access()).publish_all(&publications).unwrap();
    let (got, failed): (Vec<_>, Vec<_>) = results.into_iter().partition(Result::is_ok);
    let got = got.into_iter().next().unwrap().unwrap().digest;
    let error = failed.into_iter().next().unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TagTaken);
    for tag in ["v1", "v2", "latest"] {
        assert_eq!(server.tag("app", tag).as_deref(), Some(got.as_str()));
    }
}

#[test]
fn a_fixed_tag_that_another_run_gives_meanwhile_is_left_alone() {
    let folder = Folder::new();
    folder.image("image", "x");
    let server = Arc::new(serve(RegistryRules::default()));
    let mut access = access();
    let other = Arc::clone(&server);
    // The other run is done while this one still sends.
    access.progress = Progress::new(move |_, _| {
        let manifest = serde_json::json!({"schemaVersion": 2, "layers": []});
        let media_type = "application/vnd.oci.image.manifest.v1+json";
        other.put_manifest("app", "v1", media_type, &manifest);
    });
    let error = Publisher::new(access)
        .publish(
            &folder.layout("image"),
            &target(&server, "app"),
            &tags(&["v1"], &["latest"]),
        )
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TagTaken);
    let held = server.manifest("app", "v1").unwrap();
    assert_eq!(held["layers"], serde_json::json!([]));
    assert_eq!(server.tag("app", "latest"), None);
}
