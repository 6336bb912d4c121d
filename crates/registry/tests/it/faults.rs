//! What registries and connections do to a publisher. Every row shows that its fault was hit.

use crate::support::{Folder, PASSWORD, publish, serve, tags, target, with_password};
use serde_json::json;
use std::error::Error as _;
use std::time::{Duration, Instant};
use windlass_registry::{ErrorKind, Publication, Publisher};
use windlass_testkit::{
    RegistryAuth, RegistryEffect as Effect, RegistryFault as Fault, RegistryRules, RegistryServer,
};

fn status(code: u16) -> Effect {
    Effect::Status(code, Vec::new())
}

fn header(code: u16, name: &str, value: &str) -> Effect {
    Effect::Status(code, vec![(name.to_owned(), value.to_owned())])
}

fn with_faults(faults: Vec<Fault>) -> RegistryServer {
    serve(RegistryRules {
        faults,
        ..RegistryRules::default()
    })
}

/// Larger than what a socket takes before anybody reads.
fn large_image(folder: &Folder) {
    folder.noise("image", 2 << 20);
}

#[test]
fn what_passes_is_survived() {
    let folder = Folder::new();
    large_image(&folder);
    let rows: Vec<(&str, Vec<Fault>)> = vec![
        (
            "503 at the start of an upload",
            vec![Fault::new("POST", "/uploads/", status(503))],
        ),
        (
            "502 three times",
            vec![Fault::new("POST", "/uploads/", status(502)); 3],
        ),
        (
            "503 after the data",
            vec![Fault::new("PUT", "/uploads/", status(503))],
        ),
        (
            "429 with a wait",
            vec![Fault::new(
                "POST",
                "/uploads/",
                header(429, "Retry-After", "0"),
            )],
        ),
        (
            "a cut in the data",
            vec![Fault::new("PUT", "/uploads/", Effect::CutBody(1 << 20))],
        ),
        (
            "a lost answer to the data",
            vec![Fault::new("PUT", "/uploads/", Effect::LoseAnswer)],
        ),
        (
            "a lost session",
            vec![Fault::new(
                "PUT",
                "/uploads/",
                Effect::Refuse(404, json!({"errors": [{"code": "BLOB_UPLOAD_UNKNOWN"}]})),
            )],
        ),
        (
            "500 to the manifest",
            vec![Fault::new("PUT", "/manifests/", status(500))],
        ),
        (
            "a lost answer to the manifest",
            vec![Fault::new("PUT", "/manifests/", Effect::LoseAnswer)],
        ),
        (
            "500 to the question for a blob",
            vec![Fault::new("HEAD", "/blobs/", status(500))],
        ),
        (
            "500 to the question for a tag",
            vec![Fault::new("HEAD", "/manifests/v1", status(500))],
        ),
        ("408", vec![Fault::new("POST", "/uploads/", status(408))]),
    ];
    for (name, faults) in rows {
        let server = with_faults(faults);
        let published = publish(
            &folder.layout("image"),
            &target(&server, "app"),
            &tags(&["v1"], &["latest"]),
        );
        let published = published.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(server.unhit(), 0, "{name}");
        assert_eq!(
            server.tag("app", "latest").as_deref(),
            Some(published.digest.as_str()),
            "{name}"
        );
    }
}

#[test]
fn a_lost_answer_costs_a_question_and_not_the_data_again() {
    let folder = Folder::new();
    large_image(&folder);
    let server = with_faults(vec![Fault::new("PUT", "/uploads/", Effect::LoseAnswer)]);
    publish(
        &folder.layout("image"),
        &target(&server, "app"),
        &tags(&[], &["latest"]),
    )
    .unwrap();
    let large = server
        .requests()
        .into_iter()
        .filter(|request| request.body > 1 << 20);
    assert_eq!(large.count(), 1);
}

#[test]
fn the_wait_that_a_registry_asks_for_is_kept() {
    let folder = Folder::new();
    folder.image("image", "x");
    let server = with_faults(vec![Fault::new(
        "POST",
        "/uploads/",
        header(429, "Retry-After", "1"),
    )]);
    let started = Instant::now();
    publish(
        &folder.layout("image"),
        &target(&server, "app"),
        &tags(&[], &["latest"]),
    )
    .unwrap();
    assert!(started.elapsed() >= Duration::from_secs(1));
    let server = with_faults(vec![Fault::new(
        "POST",
        "/uploads/",
        header(429, "Retry-After", "3600"),
    )]);
    let started = Instant::now();
    let error = publish(
        &folder.layout("image"),
        &target(&server, "app"),
        &tags(&[], &["latest"]),
    )
    .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unreachable);
    assert!(
        started.elapsed() < Duration::from_secs(20),
        "an hour is too long"
    );
}

#[test]
fn tokens_that_run_out_are_renewed_wherever_it_happens() {
    let folder = Folder::new();
    large_image(&folder);
    for (method, path) in [
        ("PUT", "/uploads/"),
        ("PUT", "/manifests/"),
        ("HEAD", "/blobs/"),
        ("POST", "/uploads/"),
    ] {
        let server = serve(RegistryRules {
            auth: RegistryAuth::Token("ci".into(), PASSWORD.into()),
            faults: vec![Fault::new(method, path, Effect::ExpireTokens)],
            ..RegistryRules::default()
        });
        let publisher = Publisher::new(with_password(PASSWORD));
        let target = target(&server, "app");
        publisher
            .publish(&folder.layout("image"), &target, &tags(&[], &["latest"]))
            .unwrap();
        assert_eq!(server.unhit(), 0, "{method} {path}");
        assert!(server.tag("app", "latest").is_some(), "{method} {path}");
    }
}

#[test]
fn a_connection_that_stalls_is_given_up_and_made_anew() {
    let folder = Folder::new();
    large_image(&folder);
    let stall = || Effect::Stall(Duration::from_secs(3));
    let mut access = with_password(PASSWORD);
    access.retry.silence = Duration::from_millis(300);
    for (method, path) in [
        ("HEAD", "/blobs/"),
        ("GET", "/token"),
        ("POST", "/uploads/"),
        ("PUT", "/uploads/"),
        ("PUT", "/manifests/"),
    ] {
        let server = serve(RegistryRules {
            auth: RegistryAuth::Token("ci".into(), PASSWORD.into()),
            faults: vec![Fault::new(method, path, stall())],
            ..RegistryRules::default()
        });
        let target = target(&server, "app");
        let published = Publisher::new(access.clone())
            .publish(&folder.layout("image"), &target, &tags(&[], &["latest"]))
            .unwrap_or_else(|error| panic!("{method} {path}: {error}"));
        assert_eq!(server.unhit(), 0, "{method} {path}");
        let right = Some(published.digest.as_str());
        assert_eq!(server.tag("app", "latest").as_deref(), right);
    }
    let server = with_faults(vec![Fault::new("PUT", "/uploads/", stall()); 99]);
    let error = Publisher::new(access)
        .publish(
            &folder.layout("image"),
            &target(&server, "app"),
            &tags(&[], &["latest"]),
        )
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unreachable);
    assert!(server.unhit() < 99);
}

#[test]
fn a_length_that_is_a_lie_costs_an_upload_and_no_more() {
    let folder = Folder::new();
    large_image(&folder);
    let server = with_faults(Vec::new());
    let layout = folder.layout("image");
    publish(&layout, &target(&server, "app"), &tags(&[], &["latest"])).unwrap();
    let lie = Effect::Length(5);
    let lying = with_faults(vec![Fault::new("HEAD", "/blobs/", lie.clone())]);
    let published = publish(&layout, &target(&lying, "app"), &tags(&[], &["latest"])).unwrap();
    assert_eq!((lying.unhit(), published.uploaded), (0, 2));
    // Answers that are shorter or longer than they say, on the way from one registry to another.
    for length in [5, 100 << 20] {
        for path in ["/blobs/", "/manifests/"] {
            let from = with_faults(vec![Fault::new("GET", path, Effect::Length(length))]);
            let to = with_faults(Vec::new());
            publish(&layout, &target(&from, "app"), &tags(&[], &["latest"])).unwrap();
            let publication = Publication {
                sources: vec![format!("docker://{}/app", from.address()).parse().unwrap()],
                target: target(&to, "app"),
                tags: tags(&[], &["latest"]),
            };
            let copied = Publisher::new(with_password(PASSWORD)).publish_all(&[publication]);
            let copied = copied.unwrap().remove(0).unwrap();
            assert_eq!(
                (from.unhit(), &copied.digest),
                (0, &published.digest),
                "{path} {length}"
            );
        }
    }
}

#[test]
fn a_disk_that_is_full_is_said_and_no_tag_is_given() {
    let folder = Folder::new();
    folder.image("image", "x");
    let full = json!({"errors": [{"code": "UNKNOWN", "message": "no space left on device"}]});
    for (code, kind) in [(500, ErrorKind::Unreachable), (507, ErrorKind::Refused)] {
        let server = with_faults(vec![
            Fault::new(
                "PUT",
                "/uploads/",
                Effect::Refuse(code, full.clone())
            );
            99
        ]);
        let error = publish(
            &folder.layout("image"),
            &target(&server, "app"),
            &tags(&["v1"], &["latest"]),
        )
        .unwrap_err();
        assert_eq!(error.kind(), kind);
        let cause = error.source().unwrap().to_string();
        assert!(cause.contains("no space left on device"), "{cause}");
        assert!(server.unhit() < 99);
        assert_eq!(
            (server.tag("app", "v1"), server.tag("app", "latest")),
            (None, None)
        );
    }
}

#[test]
fn what_does_not_pass_is_not_tried_again() {
    let folder = Folder::new();
    folder.image("image", "x");
    for (code, kind) in [
        (400, ErrorKind::Refused),
        (403, ErrorKind::Credentials),
        (404, ErrorKind::Refused),
        (405, ErrorKind::Refused),
        (413, ErrorKind::Refused),
    ] {
        let server = with_faults(vec![Fault::new("POST", "/uploads/", status(code)); 9]);
        let error = publish(
            &folder.layout("image"),
            &target(&server, "app"),
            &tags(&[], &["latest"]),
        )
        .unwrap_err();
        assert_eq!(error.kind(), kind, "{code}");
        assert!(server.unhit() >= 7, "{code}: one upload, or two at a time");
        assert_eq!(server.tag("app", "latest"), None);
    }
}

#[test]
fn it_ends_when_nothing_passes() {
    let folder = Folder::new();
    folder.image("image", "x");
    let server = with_faults(vec![Fault::new("PUT", "/uploads/", status(503)); 99]);
    let error = publish(
        &folder.layout("image"),
        &target(&server, "app"),
        &tags(&["v1"], &["latest"]),
    )
    .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unreachable);
    assert_eq!(server.tag("app", "v1"), None);
    let address = server.address();
    drop(server);
    let gone = format!("{address}/app").parse().unwrap();
    let error = publish(&folder.layout("image"), &gone, &tags(&["v1"], &[])).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unreachable);
}

#[test]
fn credentials_go_to_no_other_host() {
    let folder = Folder::new();
    folder.image("image", "x");
    let other = serve(RegistryRules::default());
    let location = format!("http://{}/v2/app/blobs/uploads/session-1", other.address());
    for fault in [
        Fault::new("POST", "/uploads/", header(202, "Location", &location)),
        Fault::new("HEAD", "/blobs/", header(307, "Location", &location)),
    ] {
        let server = serve(RegistryRules {
            auth: RegistryAuth::Basic("ci".into(), PASSWORD.into()),
            faults: vec![fault],
            ..RegistryRules::default()
        });
        let publisher = Publisher::new(with_password(PASSWORD));
        let _ = publisher.publish(
            &folder.layout("image"),
            &target(&server, "app"),
            &tags(&[], &["latest"]),
        );
        assert_eq!(server.unhit(), 0);
        assert!(server.requests().iter().any(|request| request.authorized));
    }
    let requests = other.requests();
    assert!(!requests.is_empty(), "the other host was asked");
    assert!(
        requests.iter().all(|request| !request.authorized),
        "{requests:?}"
    );
}

#[test]
fn a_registry_that_lies_is_found_out() {
    let folder = Folder::new();
    folder.image("image", "x");
    let wrong = format!("sha256:{}", "0".repeat(64));
    let digest = |value: &str| Effect::Header("Docker-Content-Digest".into(), value.into());
    for (name, fault) in [
        (
            "another digest of a blob",
            Fault::new("PUT", "/uploads/", digest(&wrong)),
        ),
        (
            "another digest of a manifest",
            Fault::new("PUT", "/manifests/", digest(&wrong)),
        ),
        (
            "an unknown kind of digest",
            Fault::new("PUT", "/manifests/", digest("md5:0")),
        ),
        ("no location", Fault::new("POST", "/uploads/", status(202))),
        (
            "a location of another kind",
            Fault::new("POST", "/uploads/", header(202, "Location", "ftp://x/y")),
        ),
    ] {
        let server = with_faults(vec![fault]);
        let error = publish(
            &folder.layout("image"),
            &target(&server, "app"),
            &tags(&[], &["latest"]),
        )
        .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Protocol, "{name}");
        assert_eq!(server.unhit(), 0, "{name}");
    }
    let lost = Fault::new("PUT", "/manifests/latest", Effect::Status(201, Vec::new()));
    let server = with_faults(vec![lost]);
    let error = publish(
        &folder.layout("image"),
        &target(&server, "app"),
        &tags(&[], &["latest"]),
    )
    .unwrap_err();
    assert_eq!(
        error.kind(),
        ErrorKind::Protocol,
        "a tag that is not there after all"
    );
}

#[test]
fn a_registry_that_says_yes_to_everything_does_not_get_away_with_it() {
    let folder = Folder::new();
    folder.image("image", "x");
    let yes = |method: &str| vec![Fault::new(method, "/v2/", status(200)); 20];
    let faults: Vec<Fault> = ["HEAD", "GET", "POST", "PUT"]
        .into_iter()
        .flat_map(yes)
        .collect();
    for (tags, kind) in [
        // It says that the tag is there, and the digest of what it gives is another.
        (tags(&["v1"], &["latest"]), ErrorKind::TagTaken),
        (tags(&[], &["latest"]), ErrorKind::Refused),
    ] {
        let server = with_faults(faults.clone());
        let target = target(&server, "app");
        let error = publish(&folder.layout("image"), &target, &tags).unwrap_err();
        assert_eq!(error.kind(), kind);
        assert!(server.unhit() < 80, "it was asked");
    }
}

#[test]
fn a_registry_that_guards_its_tags_is_understood() {
    let folder = Folder::new();
    let built = folder.image("image", "x");
    folder.image("other", "y");
    let server = serve(RegistryRules {
        guards_tags: true,
        faults: vec![
            // The answer to the tag is lost, and the registry refuses to hear it again.
            Fault::new("PUT", "/manifests/v1", Effect::LoseAnswer),
        ],
        ..RegistryRules::default()
    });
    let target = target(&server, "app");
    publish(&folder.layout("image"), &target, &tags(&["v1"], &[])).unwrap();
    assert_eq!(server.unhit(), 0);
    // A tag that moves by our word and not by the registry's.
    let error = publish(&folder.layout("other"), &target, &tags(&[], &["v1"])).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TagTaken);
    assert_eq!(
        server.tag("app", "v1").as_deref(),
        Some(built.digest.as_str())
    );
}

#[test]
fn a_blob_that_changed_on_disk_is_never_sent_whole() {
    let folder = Folder::new();
    large_image(&folder);
    let blobs = folder.path("image/blobs/sha256");
    for entry in std::fs::read_dir(&blobs).unwrap() {
        let path = entry.unwrap().path();
        let mut bytes = std::fs::read(&path).unwrap();
        if bytes.len() > 1 << 20 {
            bytes[17] ^= 1;
            std::fs::write(&path, bytes).unwrap();
        }
    }
    let server = with_faults(Vec::new());
    let error = publish(
        &folder.layout("image"),
        &target(&server, "app"),
        &tags(&[], &["latest"]),
    )
    .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Layout);
    assert_eq!(server.tag("app", "latest"), None);
}
