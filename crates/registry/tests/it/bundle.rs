//! Bundles of manifests: what is in them, under which types, and that nothing else changes them.

use crate::support::{
    CREATED, Folder, Read, access, json as json_of, publish, serve, tags, target,
};
use serde_json::json;
use std::time::{Duration, SystemTime};
use windlass_registry::{Bundle, ErrorKind, Exclude, Publication, Publisher, Target};
use windlass_testkit::RegistryRules;

fn bundle(folder: &Folder, name: &str) -> Bundle {
    Bundle {
        folder: folder.path(name),
        exclude: Exclude::default(),
        created: CREATED,
        revision: Some("main@sha1:0123abc".to_owned()),
        url: Some("https://git.example/team/repository".to_owned()),
        flux_media_types: false,
    }
}

fn manifests(folder: &Folder, name: &str) -> Bundle {
    folder.write(&format!("{name}/prod/manifests.yaml"), "kind: Pod\n");
    folder.write(&format!("{name}/dev/manifests.yaml"), "kind: Job\n");
    bundle(folder, name)
}

#[test]
fn one_layer_that_argo_cd_and_flux_take() {
    let folder = Folder::new();
    let digest = manifests(&folder, "a").write(&folder.path("out")).unwrap();
    let read = Read::of(&folder.path("out"));
    assert_eq!(
        read.names(0),
        "755 dev/\n644 dev/manifests.yaml\n755 prod/\n644 prod/manifests.yaml"
    );
    assert_eq!(read.text(0, "prod/manifests.yaml"), "kind: Pod\n");
    let layers = read.manifest["layers"].as_array().unwrap();
    assert_eq!(layers.len(), 1);
    assert_eq!(
        layers[0]["mediaType"],
        "application/vnd.oci.image.layer.v1.tar+gzip"
    );
    assert_eq!(
        read.manifest["annotations"],
        json!({
            "org.opencontainers.image.created": "2023-11-14T22:13:20Z",
            "org.opencontainers.image.revision": "main@sha1:0123abc",
            "org.opencontainers.image.source": "https://git.example/team/repository",
        })
    );
    assert_eq!(read.config["created"], "2023-11-14T22:13:20Z");
    let flux = Bundle {
        flux_media_types: true,
        ..bundle(&folder, "a")
    };
    assert_ne!(flux.write(&folder.path("flux")).unwrap(), digest);
    let read = Read::of(&folder.path("flux"));
    assert_eq!(
        (
            &read.manifest["config"]["mediaType"],
            &read.manifest["layers"][0]["mediaType"]
        ),
        (
            &json!("application/vnd.cncf.flux.config.v1+json"),
            &json!("application/vnd.cncf.flux.content.v1.tar+gzip")
        )
    );
}

#[test]
fn the_digest_depends_on_the_files_and_the_commit_alone() {
    let folder = Folder::new();
    let one = manifests(&folder, "a").write(&folder.path("one")).unwrap();
    folder.write("b/dev/manifests.yaml", "kind: Job\n");
    let path = folder.write("b/prod/manifests.yaml", "kind: Pod\n");
    let file = std::fs::File::options().write(true).open(path).unwrap();
    let long_ago = SystemTime::UNIX_EPOCH + Duration::from_secs(1);
    file.set_modified(long_ago).unwrap();
    let same = bundle(&folder, "b").write(&folder.path("two")).unwrap();
    assert_eq!(same, one);
    folder.write("b/prod/manifests.yaml", "kind: Pad\n");
    let other = bundle(&folder, "b").write(&folder.path("two")).unwrap();
    assert_ne!(other, one);
}

#[test]
fn a_bundle_comes_back_from_a_registry_as_it_was() {
    let folder = Folder::new();
    let digest = manifests(&folder, "a").write(&folder.path("out")).unwrap();
    let server = serve(RegistryRules::default());
    let place = target(&server, "team/bundle");
    let given = tags(&["v1"], &["latest"]);
    publish(&folder.layout("out"), &place, &given).unwrap();
    let again = publish(&folder.layout("out"), &place, &given).unwrap();
    assert_eq!((again.uploaded, again.digest), (0, digest.clone()));
    let back = Publication {
        sources: vec![format!("docker://{place}:v1").parse().unwrap()],
        target: Target::Layout(folder.path("back")),
        tags: tags(&[], &["v1"]),
    };
    let pulled = Publisher::new(access()).publish_all(&[back]).unwrap();
    assert_eq!(pulled[0].as_ref().unwrap().digest, digest);
    let read = Read::of(&folder.path("back"));
    assert_eq!(read.text(0, "dev/manifests.yaml"), "kind: Job\n");
}

#[test]
fn a_type_with_parameters_is_no_part_of_what_comes_back() {
    let folder = Folder::new();
    manifests(&folder, "a").write(&folder.path("out")).unwrap();
    let kind = "application/vnd.oci.image.manifest.v1+json";
    let server = serve(RegistryRules::default());
    let place = target(&server, "team/bundle");
    publish(&folder.layout("out"), &place, &tags(&[], &["latest"])).unwrap();
    let bare = server.manifest("team/bundle", "latest").unwrap();
    let pull = |tag: &str| {
        let back = Publication {
            sources: vec![format!("docker://{place}:{tag}").parse().unwrap()],
            target: Target::Layout(folder.path("back")),
            tags: tags(&[], &["v1"]),
        };
        let mut done = Publisher::new(access()).publish_all(&[back]).unwrap();
        done.remove(0)
    };
    let parameter = format!("{kind}; charset=utf-8");
    server.put_manifest("team/bundle", "odd", &parameter, &bare);
    pull("odd").unwrap();
    let index = json_of(&std::fs::read(folder.path("back/index.json")).unwrap());
    assert_eq!(index["manifests"][0]["mediaType"], kind);
    let mut page = bare;
    page.as_object_mut().unwrap().remove("mediaType");
    server.put_manifest("team/bundle", "page", "text/html", &page);
    assert_eq!(pull("page").unwrap_err().kind(), ErrorKind::Protocol);
}

#[test]
fn what_cannot_be_bundled() {
    let folder = Folder::new();
    std::fs::create_dir(folder.path("empty")).unwrap();
    let empty = bundle(&folder, "empty").write(&folder.path("out"));
    assert_eq!(empty.unwrap_err().kind(), ErrorKind::Read);
    assert!(!folder.path("out").exists());
    let absent = bundle(&folder, "absent").write(&folder.path("out"));
    assert_eq!(absent.unwrap_err().kind(), ErrorKind::Read);
    let late = Bundle {
        created: u64::MAX,
        ..manifests(&folder, "a")
    };
    let late = late.write(&folder.path("late")).unwrap_err();
    assert_eq!(late.kind(), ErrorKind::Reference);
}
