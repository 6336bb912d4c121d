//! Selecting a tag: listing page by page, when images were made, and what a registry can do wrong.

use crate::support::{Folder, PASSWORD, access, publish, serve, tags, target, with_password};
use serde_json::json;
use windlass_registry::{
    Access, Build, Digest, ErrorKind, Filter, Notify, Order, Policy, Publisher, Result, Selection,
    Selector, Target,
};
use windlass_testkit::{
    RegistryAuth, RegistryEffect, RegistryFault, RegistryRules, RegistryServer,
};

/// A registry whose repository `app` has an image with the tag `v0`.
fn with_image(folder: &Folder, rules: RegistryRules) -> RegistryServer {
    let server = serve(rules);
    folder.image("image", "print('hello')");
    let target = target(&server, "app");
    publish(&folder.layout("image"), &target, &tags(&[], &["v0"])).unwrap();
    server.forget_requests();
    server
}

fn select(place: &Target, policy: &Policy) -> Result<Selection> {
    Selector::new(access()).select(place, policy, &Filter::default())
}

fn chosen(selection: Selection) -> String {
    selection.chosen.unwrap().tag.to_string()
}

fn newest() -> Policy {
    Policy::Semver("*".parse().unwrap())
}

fn lists(server: &RegistryServer) -> Vec<String> {
    let requests = server.requests().into_iter().map(|request| request.path);
    requests.filter(|path| path.contains("/tags/")).collect()
}

#[test]
fn ten_thousand_tags_in_pages() {
    let folder = Folder::new();
    let server = with_image(
        &folder,
        RegistryRules {
            tag_page: Some(100),
            ..RegistryRules::default()
        },
    );
    server.add_tags("app", "v0", (1..10_000).map(|n| format!("v1.{n}.0")));
    let selection = select(&target(&server, "app"), &newest()).unwrap();
    assert_eq!(selection.lost.len(), 9_999);
    let found = selection.chosen.clone().unwrap();
    assert_eq!(Some(found.digest.to_string()), server.tag("app", "v0"));
    assert_eq!(chosen(selection), "v1.9999.0");
    assert_eq!(lists(&server).len(), 100);
    assert_eq!(server.requests().len(), 101);
}

#[test]
fn a_next_page_is_asked_for_at_the_registry_itself() {
    let other = serve(RegistryRules::default());
    for link in [
        "</v2/app/tags/list?last=v0&n=1>; rel=\"next\"".to_owned(),
        "<list?last=v0>; rel=next".to_owned(),
        format!(
            "<http://{}/v2/app/tags/list?last=v0>; rel=\"next\"",
            other.address()
        ),
    ] {
        let folder = Folder::new();
        let server = with_image(
            &folder,
            RegistryRules {
                tag_page: Some(1),
                faults: vec![RegistryFault::new(
                    "GET",
                    "/tags/",
                    RegistryEffect::Header("Link".into(), link.clone()),
                )],
                ..RegistryRules::default()
            },
        );
        server.add_tags("app", "v0", ["v1.0.0".to_owned()]);
        let selection = select(&target(&server, "app"), &newest()).unwrap();
        assert_eq!(chosen(selection), "v1.0.0", "{link}");
        assert_eq!((server.unhit(), lists(&server).len()), (0, 2), "{link}");
    }
    assert!(other.requests().is_empty());
}

#[test]
fn a_list_that_has_no_end_is_refused() {
    let folder = Folder::new();
    let link = "</v2/app/tags/list?n=1000>; rel=\"next\"";
    let back = RegistryEffect::Header("Link".into(), link.into());
    let server = with_image(
        &folder,
        RegistryRules {
            faults: vec![RegistryFault::new("GET", "/tags/", back); 3],
            ..RegistryRules::default()
        },
    );
    let error = select(&target(&server, "app"), &newest()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol);
    assert_eq!(lists(&server).len(), 1);
    // A page of any length is no page.
    let long = format!("{{\"tags\": [{}\"v1\"]}}", " ".repeat(17 << 20));
    let server = with_image(
        &folder,
        RegistryRules {
            faults: vec![
                RegistryFault::new(
                    "GET",
                    "/tags/",
                    RegistryEffect::Body(long.into_bytes())
                );
                4
            ],
            ..RegistryRules::default()
        },
    );
    let error = select(&target(&server, "app"), &newest()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unreachable);
}

#[test]
fn a_name_that_is_no_tag_is_passed_over_and_told() {
    let folder = Folder::new();
    let server = with_image(&folder, RegistryRules::default());
    let names = ["v1.0.0", "1.0.0+build"].map(str::to_owned);
    server.add_tags("app", "v0", names);
    let (said, says) = std::sync::mpsc::channel();
    let access = Access {
        notify: Notify::new(move |text| said.send(text.to_owned()).unwrap()),
        ..access()
    };
    let place = target(&server, "app");
    let selector = Selector::new(access);
    let selection = selector.select(&place, &newest(), &Filter::default());
    drop(selector);
    let said: Vec<String> = says.iter().collect();
    assert_eq!(chosen(selection.unwrap()), "v1.0.0");
    let expected = format!("passed over names in the list of `{place}` that are no tags: 1");
    assert_eq!(said, [expected]);
}

#[test]
fn listing_survives_a_registry_that_fails() {
    let folder = Folder::new();
    let server = with_image(
        &folder,
        RegistryRules {
            faults: vec![
                RegistryFault::new("GET", "/tags/", RegistryEffect::Status(503, vec![])),
                RegistryFault::new("GET", "/tags/", RegistryEffect::HalfBody),
                RegistryFault::new("GET", "/tags/", RegistryEffect::LoseAnswer),
            ],
            ..RegistryRules::default()
        },
    );
    server.add_tags("app", "v0", ["1.0.0".to_owned()]);
    let selection = select(&target(&server, "app"), &newest()).unwrap();
    assert_eq!(chosen(selection), "1.0.0");
    assert_eq!((server.unhit(), lists(&server).len()), (0, 4));
}

#[test]
fn a_token_that_ends_between_two_pages_is_renewed() {
    let folder = Folder::new();
    let server = serve(RegistryRules {
        auth: RegistryAuth::Token("ci".into(), PASSWORD.into()),
        token_uses: Some(3),
        tag_page: Some(1),
        ..RegistryRules::default()
    });
    let target = target(&server, "app");
    folder.image("image", "print('hello')");
    let publisher = Publisher::new(with_password(PASSWORD));
    let image = folder.layout("image");
    publisher
        .publish(&image, &target, &tags(&["1.0.0"], &[]))
        .unwrap();
    server.add_tags("app", "1.0.0", (1..8).map(|n| format!("1.{n}.0")));
    server.forget_requests();
    let selector = Selector::new(with_password(PASSWORD));
    let selection = selector.select(&target, &newest(), &Filter::default());
    assert_eq!(chosen(selection.unwrap()), "1.7.0");
    let refused = server.requests().into_iter();
    assert_eq!(refused.filter(|r| r.status == Some(401)).count(), 3);
}

#[test]
fn what_is_not_there() {
    let folder = Folder::new();
    let server = with_image(&folder, RegistryRules::default());
    let error = select(&target(&server, "other"), &newest()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    // `v0` is no version.
    let none = select(&target(&server, "app"), &newest()).unwrap();
    assert_eq!((none.chosen, none.lost.len()), (None, 1));
    let absent = Policy::Tag("absent".parse().unwrap());
    assert_eq!(
        select(&target(&server, "app"), &absent).unwrap().chosen,
        None
    );
    server.forget_requests();
    let tag = Policy::Tag("v0".parse().unwrap());
    let found = select(&target(&server, "app"), &tag).unwrap();
    assert_eq!(
        Some(found.chosen.unwrap().digest.to_string()),
        server.tag("app", "v0")
    );
    assert_eq!(server.requests().len(), 1, "nothing is listed");
}

/// Three images that say when they were made: in the config alone, in an index, in an annotation.
fn built(folder: &Folder) {
    for (name, created, platforms) in [
        ("old", 1_600_000_000, vec!["linux/amd64"]),
        ("new", 1_800_000_000, vec!["linux/amd64", "linux/arm64"]),
        ("middle", 1_700_000_000, vec!["linux/amd64"]),
    ] {
        folder.write(&format!("{name}-src/server.py"), name);
        let platforms = platforms.iter().map(|text| text.parse().unwrap());
        let build = Build {
            created,
            platforms: platforms.collect(),
            ..folder.build(name)
        };
        build.run(&folder.path(name)).unwrap();
    }
}

#[test]
fn the_newest_build_in_a_registry_and_in_a_layout() {
    let folder = Folder::new();
    built(&folder);
    let server = serve(RegistryRules::default());
    let layout = Target::Layout(folder.path("all"));
    for place in [target(&server, "app"), layout] {
        for (name, tag) in [("old", "z"), ("new", "a"), ("new", "b"), ("middle", "m")] {
            publish(&folder.layout(name), &place, &tags(&[], &[tag])).unwrap();
        }
        let selection = select(&place, &Policy::NewestBuild).unwrap();
        let lost: Vec<String> = selection
            .lost
            .iter()
            .map(|(tag, reason)| format!("{tag}: {reason}"))
            .collect();
        assert_eq!(chosen(selection), "b", "{place}");
        assert_eq!(
            lost,
            [
                "a: `b` is its equal and later in byte order",
                "m: `b` comes after it",
                "z: `b` comes after it",
            ]
        );
        let last = select(&place, &Policy::Alphabetical(Order::Ascending)).unwrap();
        assert_eq!(chosen(last), "z", "{place}");
    }
}

/// As other tools write images: no annotations, times with fractions and zones, attestations.
#[test]
fn times_are_where_other_tools_put_them() {
    let folder = Folder::new();
    let layout = folder.path("layout");
    folder.write("layout/oci-layout", r#"{"imageLayoutVersion":"1.0.0"}"#);
    let put = |media_type: &str, text: &str| {
        let digest = Digest::of(text.as_bytes());
        folder.write(&format!("layout/blobs/sha256/{}", digest.hex()), text);
        json!({"mediaType": media_type, "digest": digest.as_str(), "size": text.len()})
    };
    let image = |created: &str| {
        let config = put(
            "application/vnd.oci.image.config.v1+json",
            &format!(r#"{{"created":"{created}"}}"#),
        );
        let manifest = json!({"schemaVersion": 2, "config": config, "layers": []});
        put(
            "application/vnd.oci.image.manifest.v1+json",
            &manifest.to_string(),
        )
    };
    let mut attestation = image("2030-01-01T00:00:00Z");
    attestation["platform"] = json!({"os": "unknown", "architecture": "unknown"});
    let mut own = image("2024-05-01T12:00:00.123456789+02:00");
    own["platform"] = json!({"os": "linux", "architecture": "amd64"});
    let index = json!({"schemaVersion": 2, "manifests": [attestation, own]});
    let index = put(
        "application/vnd.oci.image.index.v1+json",
        &index.to_string(),
    );
    let broken = put("application/vnd.oci.image.manifest.v1+json", "{}");
    let mut entries = Vec::new();
    for (mut entry, tag) in [
        (index, "index"),
        (image("2024-05-01T10:00:00.123456788Z"), "earlier"),
        (image("yesterday"), "undated"),
        (broken, "broken"),
    ] {
        entry["annotations"] = json!({"org.opencontainers.image.ref.name": tag});
        entries.push(entry);
    }
    let index = json!({"schemaVersion": 2, "manifests": entries});
    folder.write("layout/index.json", index.to_string());
    let selection = select(&Target::Layout(layout), &Policy::NewestBuild).unwrap();
    let reasons: Vec<String> = selection.lost.values().map(ToString::to_string).collect();
    assert_eq!(chosen(selection), "index");
    let undated = "its image does not say when it was made";
    assert_eq!(reasons, [undated, "`index` comes after it", undated]);
}

#[test]
fn too_many_images_to_look_into() {
    let folder = Folder::new();
    let server = with_image(&folder, RegistryRules::default());
    server.add_tags("app", "v0", (0..2_000).map(|n| format!("t{n}")));
    let place = target(&server, "app");
    let error = select(&place, &Policy::NewestBuild).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Policy);
    let few = Filter::new(Some("^t19.."), None, Vec::new()).unwrap();
    let found = Selector::new(access()).select(&place, &Policy::NewestBuild, &few);
    assert_eq!(chosen(found.unwrap()), "t1999");
}

#[test]
fn an_image_is_found_by_tag_or_digest() {
    let folder = Folder::new();
    let server = with_image(&folder, RegistryRules::default());
    let digest = server.tag("app", "v0").unwrap();
    let none = format!("sha256:{}", "0".repeat(64));
    let layout = Target::Layout(folder.path("shelf"));
    publish(&folder.layout("image"), &layout, &tags(&[], &["v0"])).unwrap();
    let selector = Selector::new(access());
    for place in [target(&server, "app"), layout] {
        for (reference, found) in [
            ("v0", true),
            (digest.as_str(), true),
            ("v1", false),
            (none.as_str(), false),
        ] {
            let answer = selector.find(&place, reference).unwrap();
            let expected = found.then(|| digest.clone());
            assert_eq!(answer.map(|it| it.to_string()), expected, "{reference}");
        }
        for wrong in ["", "a b", "sha256:12", "sha512:0"] {
            let error = selector.find(&place, wrong).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Reference, "{wrong}");
        }
    }
    let gone = selector.find(&target(&server, "other"), "v0").unwrap();
    assert_eq!(gone, None);
}
