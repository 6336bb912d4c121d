//! Where images come from: archives, registries, several at once.

use crate::support::{Folder, PASSWORD, Read, hex, serve, tags, target, with_password};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use windlass_registry::{
    ErrorKind, ImageSource, Layout, Publication, Published, Publisher, Result, Tags, Target,
};
use windlass_testkit::{
    RegistryAuth, RegistryEffect, RegistryFault, RegistryRules, RegistryServer,
};

fn publication(source: &str, target: &Target) -> Publication {
    Publication {
        sources: vec![source.parse().unwrap()],
        target: target.clone(),
        tags: tags(&[], &["latest"]),
    }
}

fn publish_all(publisher: &Publisher, images: &[Publication]) -> Result<Vec<Published>> {
    publisher.publish_all(images)?.into_iter().collect()
}

fn publish_one(publication: Publication) -> Result<Published> {
    let publisher = Publisher::new(with_password(PASSWORD));
    publish_all(&publisher, &[publication]).map(|mut published| published.remove(0))
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A tar file of everything in a folder.
fn tar_of(folder: &Path) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    builder.append_dir_all(".", folder).unwrap();
    builder.into_inner().unwrap()
}

fn with_tokens() -> RegistryServer {
    serve(RegistryRules {
        auth: RegistryAuth::Token("ci".into(), PASSWORD.into()),
        ..RegistryRules::default()
    })
}

#[test]
fn an_archived_layout_is_the_layout() {
    let folder = Folder::new();
    let built = folder.image("image", "x");
    let plain = tar_of(&folder.path("image"));
    folder.write("image.tar", &plain);
    folder.write("image.tgz", gzip(&plain));
    for (source, fits) in [
        (format!("{}", folder.path("image.tar").display()), true),
        (
            format!("oci-archive:{}", folder.path("image.tgz").display()),
            true,
        ),
        (
            format!("oci:{}:v1", folder.path("image.tar").display()),
            false,
        ),
    ] {
        let server = serve(RegistryRules::default());
        let published = publish_one(publication(&source, &target(&server, "app")));
        match fits {
            true => assert_eq!(published.unwrap().digest, built.digest, "{source}"),
            false => assert_eq!(
                published.unwrap_err().kind(),
                ErrorKind::NotFound,
                "{source}"
            ),
        }
    }
}

/// An image as `docker save` writes it, of layers that are (name of the file, bytes in it, the
/// digest that the config has).
fn saved(layers: &[(&str, Vec<u8>, String)], links: &[(&str, &str)]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    let mut file = |name: &str, bytes: &[u8]| {
        let mut header = tar::Header::new_ustar();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        builder.append_data(&mut header, name, bytes).unwrap();
    };
    let ids: Vec<&String> = layers.iter().map(|(_, _, id)| id).collect();
    let config = json!({
        "architecture": "arm64", "os": "linux", "config": {"Cmd": ["x"]},
        "rootfs": {"type": "layers", "diff_ids": ids},
    })
    .to_string();
    let names: Vec<&str> = layers.iter().map(|(name, ..)| *name).collect();
    let list = json!([{
        "Config": "config.json", "RepoTags": ["example/app:v1", "example/app:latest"], "Layers": names,
    }]);
    file("config.json", config.as_bytes());
    file("manifest.json", list.to_string().as_bytes());
    for (name, bytes, _) in layers {
        if links.iter().all(|(link, _)| link != name) {
            file(name, bytes);
        }
    }
    for (name, to) in links {
        let mut header = tar::Header::new_ustar();
        header.set_size(0);
        header.set_entry_type(tar::EntryType::Symlink);
        builder.append_link(&mut header, name, to).unwrap();
    }
    builder.into_inner().unwrap()
}

fn id(bytes: &[u8]) -> String {
    format!("sha256:{}", hex(bytes))
}

fn layer(text: &str) -> Vec<u8> {
    let folder = Folder::new();
    folder.write("layer/etc/text", text);
    tar_of(&folder.path("layer"))
}

#[test]
fn what_docker_saved_becomes_an_image_of_compressed_layers() {
    let folder = Folder::new();
    let (one, two) = (layer("one"), layer("two"));
    let archive = saved(
        &[
            ("a/layer.tar", one.clone(), id(&one)),
            ("b/layer.tar", gzip(&two), id(&two)),
            ("c/layer.tar", one.clone(), id(&one)),
        ],
        &[("c/layer.tar", "../a/layer.tar")],
    );
    folder.write("image.tar", &archive);
    let source = format!("docker-archive:{}:v1", folder.path("image.tar").display());
    let layout = Target::Layout(folder.path("out"));
    let published = publish_one(publication(&source, &layout)).unwrap();
    assert_eq!((published.uploaded, published.skipped), (3, 0));
    let image = Read::of(&folder.path("out"));
    let layers = image.manifest["layers"].as_array().unwrap();
    assert_eq!(layers[0], layers[2]);
    assert_eq!(
        image.config["rootfs"]["diff_ids"],
        json!([id(&one), id(&two), id(&one)])
    );
    assert_eq!(image.config["config"]["Cmd"], json!(["x"]));
    for (at, plain) in [(0, one), (1, two)] {
        let digest = layers[at]["digest"]
            .as_str()
            .unwrap()
            .strip_prefix("sha256:")
            .unwrap();
        let bytes = fs::read(folder.path("out/blobs/sha256").join(digest)).unwrap();
        let mut unpacked = Vec::new();
        let mut decoder = flate2::read::GzDecoder::new(bytes.as_slice());
        std::io::Read::read_to_end(&mut decoder, &mut unpacked).unwrap();
        assert_eq!(unpacked, plain);
        assert_eq!(
            layers[at]["mediaType"],
            "application/vnd.oci.image.layer.v1.tar+gzip"
        );
    }
    let again = publish_one(publication(&source, &layout)).unwrap();
    assert_eq!((again.digest, again.uploaded), (published.digest, 0));
}

#[test]
fn an_archive_that_is_not_what_it_says_is_refused() {
    let folder = Folder::new();
    let (one, two) = (layer("one"), layer("two"));
    let rows: Vec<(&str, Vec<u8>, ErrorKind)> = vec![
        (
            "other bytes",
            saved(&[("a", one.clone(), id(&two))], &[]),
            ErrorKind::Layout,
        ),
        (
            "other bytes, packed",
            saved(&[("a", gzip(&one), id(&two))], &[]),
            ErrorKind::Layout,
        ),
        (
            "a layer outside",
            saved(
                &[("a", one.clone(), id(&one))],
                &[("a", "../../etc/passwd")],
            ),
            ErrorKind::Layout,
        ),
        (
            "no digest",
            saved(&[("a", one.clone(), "md5:0".into())], &[]),
            ErrorKind::Reference,
        ),
        (
            "no image at all",
            tar_of(&folder.path(".")),
            ErrorKind::Layout,
        ),
        ("no tar", b"hello".repeat(300), ErrorKind::Layout),
        ("nothing", Vec::new(), ErrorKind::Layout),
        (
            "another tag",
            saved(&[("a", one.clone(), id(&one))], &[]),
            ErrorKind::NotFound,
        ),
    ];
    for (name, bytes, kind) in rows {
        folder.write("image.tar", bytes);
        let tag = if kind == ErrorKind::NotFound {
            ":v2"
        } else {
            ""
        };
        let source = format!("{}{tag}", folder.path("image.tar").display());
        let layout = Target::Layout(folder.path("out"));
        let error = publish_one(publication(&source, &layout)).expect_err(name);
        assert_eq!(error.kind(), kind, "{name}: {error}");
    }
}

#[test]
fn an_archive_is_converted_once() {
    let folder = Folder::new();
    let one = layer("one");
    folder.write("image.tar", saved(&[("a", one.clone(), id(&one))], &[]));
    let server = serve(RegistryRules::default());
    let source = folder.path("image.tar").display().to_string();
    let publisher = Publisher::default().with_cache(&folder.path("cache"));
    let here = [publication(&source, &target(&server, "app"))];
    let first = publish_all(&publisher, &here).unwrap();
    let again = publish_all(&publisher, &here).unwrap();
    assert_eq!((again[0].requests, again[0].bytes), (3, 0));
    assert_eq!(again[0].digest, first[0].digest);
    // What is remembered is believed as long as nothing has to be sent, and no longer.
    let kept = fs::read_dir(folder.path("cache/files"))
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    let mut bytes = fs::read(&kept).unwrap();
    bytes.push(b' ');
    fs::write(&kept, bytes).unwrap();
    let other = serve(RegistryRules::default());
    let elsewhere = [publication(&source, &target(&other, "app"))];
    let error = publish_all(&publisher, &elsewhere).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Layout);
    assert_eq!(
        publish_all(&publisher, &elsewhere).unwrap()[0].digest,
        first[0].digest
    );
}

#[test]
fn from_one_repository_to_another_nothing_is_sent() {
    let folder = Folder::new();
    let built = folder.image("image", "x");
    let server = with_tokens();
    let image = folder.path("image").display().to_string();
    publish_one(publication(&image, &target(&server, "one"))).unwrap();
    server.forget_requests();
    let source = format!("docker://{}/one:latest", server.address());
    let copied = publish_one(publication(&source, &target(&server, "two"))).unwrap();
    assert_eq!(copied.digest, built.digest);
    assert_eq!(copied.mounted, 2, "{:?}", server.requests());
    assert_eq!(copied.bytes, 0);
    assert_eq!(
        server.tag("two", "latest").as_deref(),
        Some(built.digest.as_str())
    );
    // A new tag in the same repository sends nothing either.
    server.forget_requests();
    let mut again = publication(&source, &target(&server, "one"));
    again.tags = tags(&["v1"], &[]);
    assert_eq!(publish_one(again).unwrap().bytes, 0);
    assert_eq!(
        server.tag("one", "v1").as_deref(),
        Some(built.digest.as_str())
    );
}

#[test]
fn from_one_registry_to_another() {
    let folder = Folder::new();
    folder.write("image-src/server.py", "x".repeat(100_000));
    let mut build = folder.build("image");
    build.platforms = vec![
        "linux/arm64".parse().unwrap(),
        "linux/amd64".parse().unwrap(),
    ];
    let built = build.run(&folder.path("image")).unwrap();
    let image = folder.path("image").display().to_string();
    // Half of a blob, other bytes, and a manifest cut short: each passes when it is asked again.
    for (name, path, effect) in [
        ("half a blob", "/blobs/", RegistryEffect::HalfBody),
        (
            "another blob",
            "/blobs/",
            RegistryEffect::Body(b"other".to_vec()),
        ),
        ("half a manifest", "/manifests/", RegistryEffect::HalfBody),
        ("503", "/blobs/", RegistryEffect::Status(503, Vec::new())),
    ] {
        let from = serve(RegistryRules {
            faults: vec![RegistryFault::new("GET", path, effect)],
            ..RegistryRules::default()
        });
        let to = with_tokens();
        publish_one(publication(&image, &target(&from, "team/app"))).unwrap();
        let source = format!("docker://{}/team/app@{}", from.address(), built.digest);
        let copied = publish_one(publication(&source, &target(&to, "copy"))).unwrap();
        assert_eq!(copied.digest, built.digest, "{name}");
        assert_eq!(from.unhit(), 0, "{name}");
        assert_eq!(
            to.tag("copy", "latest").as_deref(),
            Some(built.digest.as_str()),
            "{name}"
        );
    }
}

#[test]
fn the_password_of_the_target_is_not_for_the_source() {
    let folder = Folder::new();
    folder.image("image", "x");
    let from = serve(RegistryRules {
        auth: RegistryAuth::Basic("ci".into(), PASSWORD.into()),
        ..RegistryRules::default()
    });
    let image = folder.path("image").display().to_string();
    publish_one(publication(&image, &target(&from, "app"))).unwrap();
    from.forget_requests();
    let to = with_tokens();
    let source = format!("docker://{}/app", from.address());
    let error = publish_one(publication(&source, &target(&to, "app"))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Credentials);
    assert!(from.requests().iter().all(|request| !request.authorized));
    // What a file has for the source's registry is.
    // `echo -n ci:hunter2 | base64`
    let logins = format!(
        "{{\"auths\":{{\"{}\":{{\"auth\":\"Y2k6aHVudGVyMg==\"}}}}}}",
        from.address()
    );
    let mut access = with_password(PASSWORD);
    access.credentials.files = vec![folder.write("config.json", logins)];
    let copied = Publisher::new(access).publish_all(&[publication(&source, &target(&to, "app"))]);
    copied.unwrap().remove(0).unwrap();
    assert!(to.tag("app", "latest").is_some());
}

#[test]
fn a_registry_that_gives_wrong_bytes_is_not_copied_from() {
    let folder = Folder::new();
    folder.image("image", "x");
    let effect = RegistryEffect::Body(b"other".to_vec());
    let from = serve(RegistryRules {
        faults: vec![RegistryFault::new("GET", "/blobs/", effect); 20],
        ..RegistryRules::default()
    });
    let to = serve(RegistryRules::default());
    let image = folder.path("image").display().to_string();
    publish_one(publication(&image, &target(&from, "app"))).unwrap();
    let source = format!("docker://{}/app", from.address());
    let error = publish_one(publication(&source, &target(&to, "app"))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol);
    assert_eq!(to.tag("app", "latest"), None);
}

#[test]
fn images_of_several_platforms_are_joined_as_if_built_at_once() {
    let folder = Folder::new();
    folder.write("image-src/server.py", "x");
    let platforms = ["linux/amd64", "linux/arm64"];
    let build = |platforms: &[&str], out: &str| {
        let mut build = folder.build("image");
        build.platforms = platforms.iter().map(|text| text.parse().unwrap()).collect();
        build.version = Some("1.0.0".into());
        build.run(&folder.path(out)).unwrap()
    };
    let together = build(&platforms, "together");
    build(&platforms[..1], "amd64");
    build(&platforms[1..], "arm64");
    let source = |name: &str| -> ImageSource { folder.layout(name).into() };
    let publish = |sources: &[&str], to: &Target| {
        let publication = Publication {
            sources: sources.iter().map(|name| source(name)).collect(),
            target: to.clone(),
            tags: tags(&["v1"], &[]),
        };
        publish_one(publication)
    };
    let server = serve(RegistryRules::default());
    for to in [target(&server, "app"), Target::Layout(folder.path("out"))] {
        let joined = publish(&["arm64", "amd64"], &to).unwrap();
        assert_eq!(joined.digest, together.digest, "{to}");
    }
    assert_eq!(
        server.tag("app", "v1").as_deref(),
        Some(together.digest.as_str())
    );
    let twice = publish(&["amd64", "together"], &target(&server, "app")).unwrap_err();
    assert_eq!(twice.kind(), ErrorKind::Platform);
}

#[test]
fn layers_that_registries_do_not_keep_are_left_where_they_are() {
    let folder = Folder::new();
    let layout = Layout::create(&folder.path("image")).unwrap();
    let write = |bytes: &[u8]| {
        folder.write(&format!("image/blobs/sha256/{}", hex(bytes)), bytes);
        json!({"digest": id(bytes), "size": bytes.len()})
    };
    let with = |mut value: Value, media_type: &str| {
        value["mediaType"] = json!(media_type);
        value
    };
    let config = with(write(b"{}"), "application/vnd.oci.image.config.v1+json");
    let foreign = json!({
        "mediaType": "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
        "digest": id(b"elsewhere"), "size": 9, "urls": ["https://example.org/layer"],
    });
    let own = with(
        write(b"own"),
        "application/vnd.docker.image.rootfs.diff.tar.gzip",
    );
    let manifest = json!({"schemaVersion": 2, "config": config, "layers": [foreign, own]});
    let root = with(
        write(manifest.to_string().as_bytes()),
        "application/vnd.docker.distribution.manifest.v2+json",
    );
    folder.write(
        "image/index.json",
        json!({"schemaVersion": 2, "manifests": [root]}).to_string(),
    );
    let image = folder.path("image").display().to_string();
    let out = Target::Layout(folder.path("out"));
    let published = publish_one(publication(&image, &out)).unwrap();
    assert_eq!(published.uploaded, 2);
    assert_eq!(published.digest, layout.resolve(None).unwrap().digest);
}

#[test]
fn of_many_images_every_blob_is_sent_once() {
    let folder = Folder::new();
    folder.image("base", "what all have");
    let server = with_tokens();
    let mut publications = Vec::new();
    for number in 0..20 {
        let name = format!("app{number}");
        folder.write(&format!("{name}-src/app.py"), &name);
        let mut build = folder.build(&name);
        build.base = format!("oci:{}", folder.path("base").display())
            .parse()
            .unwrap();
        build.run(&folder.path(&name)).unwrap();
        let image = folder.path(&name).display().to_string();
        publications.push(publication(
            &image,
            &target(&server, &format!("team/{name}")),
        ));
        // The same image once more, under another tag.
        let mut again = publications[number * 2].clone();
        again.tags = Tags {
            fixed: vec![format!("v{number}").parse().unwrap()],
            ..Tags::default()
        };
        publications.push(again);
    }
    let publisher = Publisher::new(with_password(PASSWORD));
    let published = publish_all(&publisher, &publications).unwrap();
    let mut sent: BTreeMap<String, usize> = BTreeMap::new();
    for request in server.requests() {
        if let Some((_, digest)) = request.path.split_once("digest=")
            && request.method == "PUT"
        {
            *sent.entry(digest.to_owned()).or_default() += 1;
        }
    }
    // The base's layer, and a layer and a config of each image.
    assert_eq!(sent.len(), 41, "{sent:?}");
    assert!(sent.values().all(|&count| count == 1), "{sent:?}");
    let sum = |of: fn(&Published) -> u64| published.iter().map(of).sum::<u64>();
    assert_eq!((sum(|one| one.uploaded), sum(|one| one.mounted)), (41, 19));
    for (number, one) in published.iter().step_by(2).enumerate() {
        let name = format!("team/app{number}");
        assert_eq!(
            server.tag(&name, "latest").as_deref(),
            Some(one.digest.as_str())
        );
        assert_eq!(
            server.tag(&name, &format!("v{number}")),
            server.tag(&name, "latest")
        );
    }
}

#[test]
fn one_image_that_fails_keeps_no_other_back() {
    let folder = Folder::new();
    let good = folder.image("good", "x");
    let server = serve(RegistryRules::default());
    let absent = publication(
        &folder.path("absent").display().to_string(),
        &target(&server, "a"),
    );
    let image = publication(
        &folder.path("good").display().to_string(),
        &target(&server, "b"),
    );
    let results = Publisher::default().publish_all(&[absent, image]).unwrap();
    assert_eq!(results[0].as_ref().unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(results[1].as_ref().unwrap().digest, good.digest);
    assert_eq!(
        server.tag("b", "latest").as_deref(),
        Some(good.digest.as_str())
    );
    assert!(Publisher::default().publish_all(&[]).unwrap().is_empty());
}

#[test]
fn sources_are_named_as_skopeo_names_them() {
    for (given, shown) in [
        ("out", "oci:out"),
        ("oci:out:v1", "oci:out:v1"),
        ("oci-archive:a.tar", "oci:a.tar"),
        ("docker-archive:a.tar:v1", "oci:a.tar:v1"),
        (
            "docker://python:3.13",
            "docker://docker.io/library/python:3.13",
        ),
    ] {
        assert_eq!(given.parse::<ImageSource>().unwrap().to_string(), shown);
    }
    for given in ["", "docker://", "docker://A/b", "oci-archive:", "out:.v"] {
        assert!(given.parse::<ImageSource>().is_err(), "{given}");
    }
}
