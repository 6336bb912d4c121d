//! Uploads in pieces: where they go on after a failure, and where they begin anew.

use crate::support::{Folder, PASSWORD, serve, tags, target, with_password};
use serde_json::json;
use std::num::NonZeroU64;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use windlass_registry::{Access, ErrorKind, Notify, Published, Publisher, Result};
use windlass_testkit::{
    RegistryAuth, RegistryEffect as Effect, RegistryFault as Fault, RegistryRules, RegistryServer,
};

const PIECE: u64 = 300_000;
const LARGE: usize = 1_000_000;

fn access() -> Access {
    let mut access = with_password(PASSWORD);
    access.chunk = NonZeroU64::new(PIECE);
    access.retry.silence = Duration::from_millis(400);
    access
}

fn with_faults(faults: Vec<Fault>) -> RegistryServer {
    serve(RegistryRules {
        auth: RegistryAuth::Token("ci".into(), PASSWORD.into()),
        faults,
        ..RegistryRules::default()
    })
}

fn publish(folder: &Folder, server: &RegistryServer) -> Result<Published> {
    let publisher = Publisher::new(access());
    publisher.publish(
        &folder.layout("image"),
        &target(server, "app"),
        &tags(&[], &["latest"]),
    )
}

/// `METHOD bytes` of the requests that belong to uploads of the layer, without the asking for
/// tokens.
fn transfers(server: &RegistryServer) -> Vec<String> {
    let requests = server.requests().into_iter();
    let uploads = requests.filter(|request| {
        request.path.contains("session-")
            && request.status != Some(401)
            && request.method != "DELETE"
    });
    let lines = uploads.map(|request| format!("{} {}", request.method, request.body));
    // The config goes in one piece beside the layer.
    lines
        .filter(|line| !line.starts_with("PUT ") || line == "PUT 0")
        .collect()
}

fn folder() -> Folder {
    let folder = Folder::new();
    folder.noise("image", LARGE);
    folder
}

#[test]
fn a_blob_goes_in_pieces_where_that_is_asked_for() {
    let folder = folder();
    let server = with_faults(Vec::new());
    let published = publish(&folder, &server).unwrap();
    let sent = transfers(&server);
    assert_eq!(sent[..3], ["PATCH 300000"; 3], "{sent:?}");
    assert_eq!((sent.len(), sent[4].as_str()), (5, "PUT 0"), "{sent:?}");
    assert_eq!(
        server.tag("app", "latest").as_deref(),
        Some(published.digest.as_str())
    );
}

#[test]
fn the_smallest_piece_that_a_registry_takes_is_kept_to() {
    let folder = folder();
    let least = Effect::Header("OCI-Chunk-Min-Length".into(), "700000".into());
    // The uploads of the layer and of the config begin in any order.
    let server = with_faults(vec![Fault::new("POST", "/uploads/", least); 2]);
    publish(&folder, &server).unwrap();
    assert_eq!(transfers(&server)[0], "PATCH 700000");
}

#[test]
fn after_a_failure_it_goes_on_where_the_registry_stands() {
    let folder = folder();
    for (name, faults, pieces) in [
        (
            "a cut piece",
            vec![Fault::new("PATCH", "/uploads/", Effect::CutBody(100_000))],
            None,
        ),
        (
            "503",
            vec![Fault::new(
                "PATCH",
                "state=1",
                Effect::Status(503, Vec::new()),
            )],
            None,
        ),
        (
            "a token that ends",
            vec![Fault::new("PATCH", "/uploads/", Effect::ExpireTokens)],
            Some(4),
        ),
        (
            "a stall",
            vec![Fault::new(
                "PATCH",
                "/uploads/",
                Effect::Stall(Duration::from_secs(2)),
            )],
            None,
        ),
        (
            "a lost answer",
            vec![Fault::new("PATCH", "/uploads/", Effect::LoseAnswer)],
            Some(4),
        ),
        (
            "a lost answer and a session that cannot be asked",
            vec![
                Fault::new("PATCH", "/uploads/", Effect::LoseAnswer),
                Fault::new(
                    "GET",
                    "/uploads/",
                    Effect::Refuse(404, json!({"errors": [{"code": "BLOB_UPLOAD_INVALID"}]})),
                ),
            ],
            Some(5),
        ),
        (
            "more bytes than were sent",
            vec![Fault::new(
                "PATCH",
                "/uploads/",
                Effect::Header("Range".into(), "0-900000".into()),
            )],
            Some(4),
        ),
        (
            "fewer bytes than there were",
            vec![Fault::new(
                "PATCH",
                "/uploads/",
                Effect::Status(
                    202,
                    vec![
                        ("Range".into(), "0-0".into()),
                        ("Location".into(), "/v2/app/blobs/uploads/x".into()),
                    ],
                ),
            )],
            None,
        ),
        (
            "416",
            vec![Fault::new(
                "PATCH",
                "/uploads/",
                Effect::Status(416, Vec::new()),
            )],
            None,
        ),
        (
            "503 at the end",
            vec![Fault::new(
                "PUT",
                "state=1&digest",
                Effect::Status(503, Vec::new()),
            )],
            None,
        ),
    ] {
        let server = with_faults(faults);
        let published = publish(&folder, &server).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(server.unhit(), 0, "{name}");
        let right = Some(published.digest.as_str());
        assert_eq!(server.tag("app", "latest").as_deref(), right, "{name}");
        let sent = transfers(&server);
        if let Some(pieces) = pieces {
            let patches = sent.iter().filter(|line| line.starts_with("PATCH")).count();
            assert_eq!(patches, pieces, "{name}: {sent:?}");
        }
    }
}

#[test]
fn it_ends_when_no_piece_arrives() {
    let folder = folder();
    let server = with_faults(vec![
        Fault::new("PATCH", "/uploads/", Effect::CutBody(1));
        99
    ]);
    let error = publish(&folder, &server).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unreachable);
    assert_eq!(server.tag("app", "latest"), None);
    assert!(server.unhit() < 99);
}

#[test]
fn a_registry_that_asks_for_a_long_wait_is_given_up() {
    let folder = folder();
    let after = |seconds: &str| {
        let wait = vec![("Retry-After".into(), seconds.into())];
        Fault::new("PATCH", "/uploads/", Effect::Status(503, wait))
    };
    let run = |fault: Fault| {
        let server = with_faults(vec![fault]);
        let said = Arc::new(Mutex::new(Vec::new()));
        let hears = Arc::clone(&said);
        let mut access = access();
        access.retry.total = Duration::from_secs(2);
        access.notify = Notify::new(move |text| hears.lock().unwrap().push(text.to_owned()));
        let begin = Instant::now();
        let result = Publisher::new(access).publish(
            &folder.layout("image"),
            &target(&server, "app"),
            &tags(&[], &["latest"]),
        );
        let said = said.lock().unwrap().clone();
        (result, said, begin.elapsed())
    };
    let (result, said, took) = run(after("5"));
    assert_eq!(result.unwrap_err().kind(), ErrorKind::Unreachable);
    assert!(said.is_empty() && took < Duration::from_secs(4), "{took:?}");
    let (result, said, _) = run(after("1"));
    result.unwrap();
    assert!(
        said.iter()
            .any(|text| text.ends_with("trying again in 1.0 s")),
        "{said:?}"
    );
}

#[test]
fn a_registry_that_takes_a_byte_of_each_piece_is_given_up() {
    let folder = folder();
    let taken = (1..=200).map(|byte| {
        let headers = vec![
            ("Range".into(), format!("0-{byte}")),
            ("Location".into(), "/v2/app/blobs/uploads/x".into()),
        ];
        Fault::new("PATCH", "/uploads/", Effect::Status(202, headers))
    });
    let server = with_faults(taken.collect());
    let error = publish(&folder, &server).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol);
    assert!(server.unhit() > 100, "{}", server.unhit());
}

#[test]
fn a_blob_that_changed_on_disk_is_not_begun() {
    let folder = folder();
    for entry in std::fs::read_dir(folder.path("image/blobs/sha256")).unwrap() {
        let path = entry.unwrap().path();
        let mut bytes = std::fs::read(&path).unwrap();
        if bytes.len() >= LARGE {
            bytes[17] ^= 1;
            std::fs::write(&path, bytes).unwrap();
        }
    }
    let server = with_faults(Vec::new());
    let error = publish(&folder, &server).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Layout);
    assert!(transfers(&server).is_empty());
}
