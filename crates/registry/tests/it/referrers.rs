//! Bills of materials: what is in them, and that they are found from the image wherever it goes.

use crate::support::{Folder, WheelFile, access, hex, json, publish, serve, tags, target};
use serde_json::{Value, json};
use std::fs;
use windlass_registry::{Build, Built, ErrorKind, Target};
use windlass_testkit::{RegistryEffect, RegistryFault, RegistryRules, RegistryServer};

const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const CYCLONE: &str = "application/vnd.cyclonedx+json";

/// An image with two wheels in the layout `name`.
fn built(folder: &Folder, name: &str, platforms: &[&str]) -> Built {
    let requirements = folder.path(&format!("{name}-src/requirements.txt"));
    let mut licensed = WheelFile::new("beta", &[("beta.py", "")]);
    licensed.files[0].1 =
        b"Metadata-Version: 2.4\nName: beta\nVersion: 1.0\nLicense-Expression: MIT\n".to_vec();
    licensed.offer(folder, &format!("{name}-index"), &requirements);
    let other = WheelFile::new("Al_pha", &[("alpha.py", "")]);
    other.offer(folder, &format!("{name}-index"), &requirements);
    let build = Build {
        requirements: Some(requirements),
        index: folder.index(&format!("{name}-index")),
        platforms: platforms.iter().map(|text| text.parse().unwrap()).collect(),
        version: Some("1.2.3".to_owned()),
        ..folder.build(name)
    };
    build.run(&folder.path(name)).unwrap()
}

/// The list of a layout, and each artifact with its document.
fn listed(folder: &Folder, layout: &str) -> (Value, Vec<(Value, Value)>) {
    let path = |name: &str| folder.path(&format!("{layout}/{name}"));
    let blob = |descriptor: &Value| {
        let digest = descriptor["digest"].as_str().unwrap();
        let name = digest.strip_prefix("sha256:").unwrap();
        json(&fs::read(path(&format!("blobs/sha256/{name}"))).unwrap())
    };
    let list = json(&fs::read(path("referrers.json")).unwrap());
    let artifacts = list["manifests"].as_array().unwrap().iter().map(|one| {
        let manifest = blob(one);
        assert_eq!(blob(&manifest["config"]), json!({}));
        let document = blob(&manifest["layers"][0]);
        (manifest, document)
    });
    let artifacts = artifacts.collect();
    (list, artifacts)
}

#[test]
fn a_bill_of_the_wheels() {
    let folder = Folder::new();
    let image = built(&folder, "a", &["linux/amd64"]);
    let (list, artifacts) = listed(&folder, "a");
    assert_eq!(list["manifests"][0]["artifactType"], CYCLONE);
    let [(manifest, bill)] = &artifacts[..] else {
        panic!("{artifacts:?}");
    };
    assert_eq!(manifest["subject"]["digest"], image.digest.as_str());
    assert_eq!(manifest["layers"][0]["mediaType"], CYCLONE);
    let sha256 = |project: &str| {
        let wheel = folder.path(&format!("a-index/{project}-1.0-py3-none-any.whl"));
        hex(&fs::read(wheel).unwrap())
    };
    let expected = json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {
            "timestamp": "2023-11-14T22:13:20Z",
            "component": {
                "type": "container",
                "bom-ref": image.digest.as_str(),
                "name": image.digest.as_str(),
                "version": "1.2.3",
            },
            "tools": {"components": [{"type": "application", "name": "windlass"}]},
        },
        "components": [
            {
                "type": "library",
                "bom-ref": "pkg:pypi/al-pha@1.0",
                "name": "al-pha",
                "version": "1.0",
                "purl": "pkg:pypi/al-pha@1.0",
                "hashes": [{"alg": "SHA-256", "content": sha256("Al_pha")}],
            },
            {
                "type": "library",
                "bom-ref": "pkg:pypi/beta@1.0",
                "name": "beta",
                "version": "1.0",
                "purl": "pkg:pypi/beta@1.0",
                "hashes": [{"alg": "SHA-256", "content": sha256("beta")}],
                "licenses": [{"expression": "MIT"}],
            },
        ],
    });
    assert_eq!(*bill, expected);
    // Other tools take the only entry of `index.json` for the image.
    let index = json(&fs::read(folder.path("a/index.json")).unwrap());
    assert_eq!(index["manifests"].as_array().unwrap().len(), 1);
    let elsewhere = Folder::new();
    built(&elsewhere, "b", &["linux/amd64"]);
    assert_eq!(listed(&elsewhere, "b"), (list, artifacts));
}

#[test]
fn an_image_without_wheels_has_none() {
    let folder = Folder::new();
    built(&folder, "a", &["linux/amd64"]);
    let bare = Build {
        requirements: None,
        ..folder.build("a")
    };
    bare.run(&folder.path("a")).unwrap();
    assert!(!folder.path("a/referrers.json").exists());
    assert_eq!(
        fs::read_dir(folder.path("a/blobs/sha256")).unwrap().count(),
        3
    );
}

/// The entries under the tag of the fallback.
fn by_tag(server: &RegistryServer, subject: &str) -> Vec<Value> {
    let tag = subject.replace(':', "-");
    let index = server.manifest("app", &tag);
    index.map_or_else(Vec::new, |index| {
        index["manifests"].as_array().unwrap().clone()
    })
}

#[test]
fn a_registry_that_lists_referrers_needs_no_tag() {
    let folder = Folder::new();
    let image = built(&folder, "a", &["linux/amd64"]);
    let server = serve(RegistryRules {
        referrers: true,
        ..RegistryRules::default()
    });
    let place = target(&server, "app");
    let given = tags(&["v1"], &["latest"]);
    let published = publish(&folder.layout("a"), &place, &given).unwrap();
    assert_eq!(published.uploaded, 5);
    let (list, artifacts) = listed(&folder, "a");
    let digest = list["manifests"][0]["digest"].as_str().unwrap();
    assert_eq!(
        server.manifest("app", digest).as_ref(),
        Some(&artifacts[0].0)
    );
    assert!(by_tag(&server, image.digest.as_str()).is_empty());
    // What belongs to the image is there before its tags are.
    let paths: Vec<String> = server.requests().into_iter().map(|r| r.path).collect();
    let attached = paths
        .iter()
        .position(|path| path.contains("/referrers/"))
        .unwrap();
    let tagged = paths
        .iter()
        .rposition(|path| path.ends_with("/manifests/v1"))
        .unwrap();
    assert!(attached < tagged, "{paths:?}");
    server.forget_requests();
    let again = publish(&folder.layout("a"), &place, &given).unwrap();
    assert_eq!((again.uploaded, again.requests), (0, 3));
}

#[test]
fn an_image_that_is_there_gets_what_it_lacks() {
    let folder = Folder::new();
    let image = built(&folder, "a", &["linux/amd64"]);
    for referrers in [true, false] {
        let server = serve(RegistryRules {
            referrers,
            ..RegistryRules::default()
        });
        let place = target(&server, "app");
        let given = tags(&["v1"], &["latest"]);
        let list = folder.path("a/referrers.json");
        let kept = fs::read(&list).unwrap();
        fs::remove_file(&list).unwrap();
        let bare = publish(&folder.layout("a"), &place, &given).unwrap();
        fs::write(&list, kept).unwrap();
        let whole = publish(&folder.layout("a"), &place, &given).unwrap();
        assert_eq!(whole.digest, bare.digest);
        // The document and its empty config.
        assert_eq!((whole.uploaded, whole.skipped), (2, bare.uploaded));
        assert!(whole.bytes > 0);
        let (list, artifacts) = listed(&folder, "a");
        let digest = list["manifests"][0]["digest"].as_str().unwrap();
        let kept = server.manifest("app", digest);
        assert_eq!(kept.as_ref(), Some(&artifacts[0].0));
        let expected = list["manifests"].as_array().unwrap();
        let expected = if referrers { &[][..] } else { expected };
        assert_eq!(by_tag(&server, image.digest.as_str()), expected);
    }
}

#[test]
fn a_layout_that_lost_its_marker_is_still_one() {
    let folder = Folder::new();
    built(&folder, "a", &["linux/amd64"]);
    fs::create_dir(folder.path("a/.build-left")).unwrap();
    fs::remove_file(folder.path("a/oci-layout")).unwrap();
    folder.build("a").run(&folder.path("a")).unwrap();
    assert!(folder.path("a/oci-layout").exists());
}

#[test]
fn elsewhere_a_tag_lists_them_and_keeps_what_others_listed() {
    let folder = Folder::new();
    let image = built(&folder, "a", &["linux/amd64", "linux/arm64"]);
    let (list, artifacts) = listed(&folder, "a");
    assert_eq!(artifacts.len(), 2);
    let subject = |at: usize| artifacts[at].0["subject"]["digest"].as_str().unwrap();
    let server = serve(RegistryRules {
        faults: vec![
            RegistryFault::new("PUT", "/manifests/sha256-", RegistryEffect::LoseAnswer),
            RegistryFault::new("GET", "/referrers/", RegistryEffect::Status(503, vec![])),
        ],
        ..RegistryRules::default()
    });
    let signature = json!({"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": format!("sha256:{}", "0".repeat(64)), "size": 2, "artifactType": "signature"});
    let before = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": [signature], "annotations": {"kept": "too"}});
    let tag = subject(0).replace(':', "-");
    server.put_manifest("app", &tag, INDEX, &before);
    // The registry asks for the manifests of an index.
    server.put_manifest("app", signature["digest"].as_str().unwrap(), "", &json!({}));
    let place = target(&server, "app");
    publish(&folder.layout("a"), &place, &tags(&["v1"], &[])).unwrap();
    assert_eq!(server.unhit(), 0);
    let entries = &list["manifests"];
    assert_eq!(by_tag(&server, subject(0)), [signature, entries[0].clone()]);
    assert_eq!(by_tag(&server, subject(1)), [entries[1].clone()]);
    assert!(by_tag(&server, image.digest.as_str()).is_empty());
    let kept = server.manifest("app", &tag).unwrap();
    assert_eq!(kept["annotations"]["kept"], "too");
}

#[test]
fn any_answer_but_a_list_means_that_a_tag_has_to_list_them() {
    let folder = Folder::new();
    let image = built(&folder, "a", &["linux/amd64"]);
    let page = ("Content-Type".to_owned(), "text/html".to_owned());
    for effect in [
        RegistryEffect::Status(200, vec![page]),
        RegistryEffect::Status(200, vec![]),
        RegistryEffect::Status(400, vec![]),
        RegistryEffect::Status(403, vec![]),
        RegistryEffect::Status(405, vec![]),
        RegistryEffect::Status(501, vec![]),
    ] {
        let shown = format!("{effect:?}");
        let server = serve(RegistryRules {
            faults: vec![RegistryFault::new("GET", "/referrers/", effect)],
            ..RegistryRules::default()
        });
        let place = target(&server, "app");
        publish(&folder.layout("a"), &place, &tags(&["v1"], &[])).expect(&shown);
        assert_eq!(server.unhit(), 0, "{shown}");
        let listed = by_tag(&server, image.digest.as_str());
        assert_eq!(listed.len(), 1, "{shown}");
    }
}

#[test]
fn a_tag_that_never_keeps_what_is_added_is_an_error() {
    let folder = Folder::new();
    let image = built(&folder, "a", &["linux/amd64"]);
    // Another client puts its own list back each time.
    let path = format!("/manifests/{}", image.digest.as_str().replace(':', "-"));
    let theirs = RegistryEffect::Refuse(404, json!({}));
    let server = serve(RegistryRules {
        faults: vec![RegistryFault::new("GET", &path, theirs); 20],
        ..RegistryRules::default()
    });
    let place = target(&server, "app");
    let error = publish(&folder.layout("a"), &place, &tags(&["v1"], &[])).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol);
    assert_eq!(server.tag("app", "v1"), None);
}

#[test]
fn a_layout_lists_those_of_all_its_images() {
    let folder = Folder::new();
    built(&folder, "a", &["linux/amd64"]);
    let other = Build {
        version: Some("2.0.0".to_owned()),
        created: 1,
        requirements: Some(folder.path("a-src/requirements.txt")),
        index: folder.index("a-index"),
        access: access(),
        ..folder.build("a")
    };
    other.run(&folder.path("b")).unwrap();
    let place = Target::Layout(folder.path("all"));
    for (name, tag) in [("a", "v1"), ("b", "v2"), ("a", "v1")] {
        publish(&folder.layout(name), &place, &tags(&[tag], &[])).unwrap();
    }
    let (list, artifacts) = listed(&folder, "all");
    assert_eq!(artifacts.len(), 2);
    for (at, name) in ["a", "b"].iter().enumerate() {
        assert_eq!(
            list["manifests"][at],
            listed(&folder, name).0["manifests"][0]
        );
    }
    // From there they go on to a registry.
    let server = serve(RegistryRules::default());
    let source = format!("{}:v2", folder.path("all").display());
    publish(
        &source.parse().unwrap(),
        &target(&server, "app"),
        &tags(&["v2"], &[]),
    )
    .unwrap();
    let subject = artifacts[1].0["subject"]["digest"].as_str().unwrap();
    assert_eq!(by_tag(&server, subject), [list["manifests"][1].clone()]);
}
