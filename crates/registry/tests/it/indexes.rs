//! Images of several manifests: indexes that name the same again and again.

use crate::support::{Folder, access, publish, serve, tags, target};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use windlass_registry::{ErrorKind, Publication, Published, Publisher, Result};
use windlass_testkit::{RegistryRules, RegistryServer};

const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

/// Stores a manifest under a tag; gives its descriptor.
fn put(server: &RegistryServer, tag: &str, media_type: &str, manifest: &Value) -> Value {
    server.put_manifest("app", tag, media_type, manifest);
    json!({
        "mediaType": media_type, "digest": server.tag("app", tag).unwrap(),
        "size": manifest.to_string().len(),
    })
}

/// Stores an index of these manifests.
fn put_index(server: &RegistryServer, tag: &str, children: &[Value]) -> Value {
    let index = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": children});
    put(server, tag, INDEX, &index)
}

/// A registry with an image as `app:image`, and the image's descriptor.
fn with_image(folder: &Folder) -> (RegistryServer, Value) {
    folder.image("image", "x");
    let server = serve(RegistryRules::default());
    let image = tags(&[], &["image"]);
    publish(&folder.layout("image"), &target(&server, "app"), &image).unwrap();
    let manifest = server.manifest("app", "image").unwrap();
    let image = put(&server, "image", MANIFEST, &manifest);
    (server, image)
}

fn copy(server: &RegistryServer, names: &[&str]) -> Result<Published> {
    let source = |name: &&str| format!("docker://{}/app:{name}", server.address()).parse();
    let publication = Publication {
        sources: names.iter().map(|name| source(name).unwrap()).collect(),
        target: target(server, "copy"),
        tags: tags(&[], &["latest"]),
    };
    Publisher::new(access())
        .publish_all(&[publication])?
        .remove(0)
}

#[test]
fn what_indexes_name_again_and_again_is_read_once() {
    let folder = Folder::new();
    let (server, mut child) = with_image(&folder);
    for level in ["one", "two", "three"] {
        child = put_index(&server, level, &vec![child; 4]);
    }
    server.forget_requests();
    let published = copy(&server, &["three"]).unwrap();
    assert_eq!(child["digest"], published.digest.as_str());
    let mut reads: BTreeMap<String, usize> = BTreeMap::new();
    for request in server.requests() {
        if request.method == "GET" && request.path.starts_with("/v2/app/manifests/") {
            *reads.entry(request.path).or_default() += 1;
        }
    }
    assert_eq!(reads.len(), 4, "{reads:?}");
    assert!(reads.values().all(|&count| count == 1), "{reads:?}");
}

#[test]
fn an_index_of_too_many_or_too_large_manifests_is_refused() {
    let folder = Folder::new();
    let (server, image) = with_image(&folder);
    put_index(&server, "many", &vec![image; 10_001]);
    let padding = "x".repeat(3 << 20);
    let large: Vec<Value> = (0..11)
        .map(|number| {
            let mut manifest = server.manifest("app", "image").unwrap();
            manifest["annotations"] = json!({"padding": padding, "number": number.to_string()});
            put(&server, &format!("large{number}"), MANIFEST, &manifest)
        })
        .collect();
    put_index(&server, "large", &large);
    for name in ["many", "large"] {
        let error = copy(&server, &[name]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Layout, "{name}");
    }
    assert_eq!(server.tag("copy", "latest"), None);
}

#[test]
fn what_a_builder_says_of_images_is_joined_with_them() {
    let folder = Folder::new();
    let (server, _) = with_image(&folder);
    let put_as = |name: &str, platform: Value| {
        let mut manifest = server.manifest("app", "image").unwrap();
        manifest["annotations"] = json!({"name": name});
        let mut descriptor = put(&server, name, MANIFEST, &manifest);
        descriptor["platform"] = platform;
        descriptor
    };
    let built = |architecture: &str| {
        let image = put_as(
            architecture,
            json!({"os": "linux", "architecture": architecture}),
        );
        let mut said = put_as(
            &format!("said-of-{architecture}"),
            json!({"os": "unknown", "architecture": "unknown"}),
        );
        said["annotations"] = json!({
            "vnd.docker.reference.type": "attestation-manifest",
            "vnd.docker.reference.digest": image["digest"],
        });
        put_index(
            &server,
            &format!("built-{architecture}"),
            &[image.clone(), said.clone()],
        );
        (image, said)
    };
    let ((arm, of_arm), (amd, of_amd)) = (built("arm64"), built("amd64"));
    copy(&server, &["built-arm64", "built-amd64"]).unwrap();
    let joined = server.manifest("copy", "latest").unwrap();
    assert_eq!(joined["manifests"], json!([amd, arm, of_arm, of_amd]));
    for said in [&of_arm, &of_amd] {
        let digest = said["digest"].as_str().unwrap();
        assert!(server.manifest("copy", digest).is_some());
    }
}
