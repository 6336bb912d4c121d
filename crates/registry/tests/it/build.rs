//! Builds: the same bytes everywhere, on any base.

use crate::support::{CREATED, Folder, Read, WheelFile, publish, serve, tags, target};
use serde_json::json;
use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};
use windlass_registry::{
    Build, Dependencies, Dockerfile, ErrorKind, Exclude, Layout, Platform, Target,
};
use windlass_testkit::{RegistryEffect, RegistryFault, RegistryRules};

const DOCKERFILE: &str = "FROM python:3.13\nARG APP_VERSION=dev\nENV APP_VERSION=$APP_VERSION\n\
    WORKDIR /srv/app\nUSER 10001\nEXPOSE 5000\nENTRYPOINT [\"python\"]\nCMD [\"server.py\"]\n";

/// Writes the same source with another order, other times and other modes for group and others.
fn source(folder: &Folder, name: &str, reversed: bool) {
    let mut files = [
        ("server.py", 0o644),
        ("run.sh", 0o755),
        ("pkg/__init__.py", 0o644),
        ("pkg/data/x.txt", 0o640),
    ];
    if reversed {
        files.reverse();
    }
    for (path, mode) in files {
        let file = folder.write(&format!("{name}-src/{path}"), format!("# {path}\n"));
        if reversed {
            let old = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
            fs::File::open(&file).unwrap().set_modified(old).unwrap();
        }
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = if reversed { mode & 0o700 } else { mode };
            fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
        }
    }
    folder.write(&format!("{name}-src/pkg/__pycache__/x.pyc"), name);
}

fn full(folder: &Folder, name: &str) -> Build {
    let requirements = folder.path(&format!("{name}-src/requirements.txt"));
    let wheel = WheelFile::new("hello", &[("hello/__init__.py", "x = 1\n")]);
    wheel.offer(folder, &format!("{name}-index"), &requirements);
    Build {
        requirements: Some(requirements),
        index: folder.index(&format!("{name}-index")),
        dockerfile: Some(Dockerfile::parse("Dockerfile", DOCKERFILE).unwrap()),
        arguments: [("APP_VERSION".to_owned(), "1.2.3".to_owned())].into(),
        version: Some("1.2.3".into()),
        revision: Some("c0ffee".into()),
        url: Some("https://example.org/repository".into()),
        ..folder.build(name)
    }
}

#[test]
fn the_same_bytes_from_another_folder_order_time_and_umask() {
    let folder = Folder::new();
    source(&folder, "a", false);
    source(&folder, "b", true);
    let one = full(&folder, "a").run(&folder.path("a")).unwrap();
    let two = full(&folder, "b").run(&folder.path("b")).unwrap();
    assert_eq!(one.digest, two.digest);
    assert_eq!(
        fs::read(folder.path("a/index.json")).unwrap(),
        fs::read(folder.path("b/index.json")).unwrap()
    );
    let other = Build {
        created: CREATED + 1,
        ..full(&folder, "c")
    };
    source(&folder, "c", false);
    assert_ne!(other.run(&folder.path("c")).unwrap().digest, one.digest);
}

#[test]
fn what_an_image_holds() {
    let folder = Folder::new();
    source(&folder, "a", false);
    let built = full(&folder, "a").run(&folder.path("a")).unwrap();
    assert!(built.dependencies && built.warnings.is_empty());
    let image = Read::of(&folder.path("a"));
    insta::assert_snapshot!(image.names(0), @"
    755 usr/
    755 usr/local/
    755 usr/local/lib/
    755 usr/local/lib/python3.13/
    755 usr/local/lib/python3.13/site-packages/
    755 usr/local/lib/python3.13/site-packages/hello/
    755 usr/local/lib/python3.13/site-packages/hello-1.0.dist-info/
    644 usr/local/lib/python3.13/site-packages/hello-1.0.dist-info/INSTALLER
    644 usr/local/lib/python3.13/site-packages/hello-1.0.dist-info/METADATA
    644 usr/local/lib/python3.13/site-packages/hello-1.0.dist-info/RECORD
    644 usr/local/lib/python3.13/site-packages/hello-1.0.dist-info/WHEEL
    644 usr/local/lib/python3.13/site-packages/hello/__init__.py
    ");
    insta::assert_snapshot!(image.names(1), @"
    755 srv/
    755 srv/app/
    755 srv/app/pkg/
    644 srv/app/pkg/__init__.py
    755 srv/app/pkg/data/
    644 srv/app/pkg/data/x.txt
    644 srv/app/requirements.txt
    755 srv/app/run.sh
    644 srv/app/server.py
    ");
    assert_eq!(
        image.text(1, "srv/app/pkg/data/x.txt"),
        "# pkg/data/x.txt\n"
    );
    let labels = json!({
        "org.opencontainers.image.created": "2023-11-14T22:13:20Z",
        "org.opencontainers.image.version": "1.2.3",
        "org.opencontainers.image.revision": "c0ffee",
        "org.opencontainers.image.source": "https://example.org/repository",
    });
    assert_eq!(image.manifest["annotations"], labels);
    assert_eq!(
        image.config["config"],
        json!({
            "Env": ["APP_VERSION=1.2.3"], "WorkingDir": "/srv/app", "User": "10001", "Labels": labels,
            "ExposedPorts": {"5000/tcp": {}}, "Entrypoint": ["python"], "Cmd": ["server.py"],
        })
    );
    assert_eq!(image.config["created"], "2023-11-14T22:13:20Z");
    assert_eq!(
        (&image.config["os"], &image.config["architecture"]),
        (&json!("linux"), &json!("amd64"))
    );
    assert_eq!(
        image.config["rootfs"]["diff_ids"].as_array().unwrap().len(),
        2
    );
    let sizes = image.manifest["layers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|layer| layer["size"].as_u64().unwrap());
    let index = crate::support::json(&fs::read(folder.path("a/index.json")).unwrap());
    let rest = image.manifest["config"]["size"].as_u64().unwrap()
        + index["manifests"][0]["size"].as_u64().unwrap();
    assert_eq!(built.size, sizes.sum::<u64>() + rest);
}

#[test]
fn on_a_base_of_a_registry_and_of_a_layout() {
    let folder = Folder::new();
    folder.write("base-src/etc/os-release", "ID=test\n");
    let base = Build {
        dockerfile: Some(
            Dockerfile::parse(
                "Dockerfile",
                "FROM scratch\nENV PYTHON_VERSION=3.12.4 LANG=C\nWORKDIR /\n",
            )
            .unwrap(),
        ),
        ..folder.build("base")
    };
    let base = base.run(&folder.path("base")).unwrap();
    let server = serve(RegistryRules {
        // What a pull may meet, too.
        faults: vec![
            RegistryFault::new(
                "GET",
                "/manifests/",
                RegistryEffect::Status(503, Vec::new()),
            ),
            RegistryFault::new("GET", "/blobs/", RegistryEffect::HalfBody),
            RegistryFault::new(
                "GET",
                "/blobs/",
                RegistryEffect::Body(b"other bytes".to_vec()),
            ),
        ],
        ..RegistryRules::default()
    });
    publish(
        &folder.layout("base"),
        &target(&server, "library/base"),
        &tags(&[], &["3.12"]),
    )
    .unwrap();
    source(&folder, "a", false);
    let name = format!("{}/library/base:3.12", server.address());
    let build = Build {
        base: name.parse().unwrap(),
        ..full(&folder, "a")
    };
    let built = build.run(&folder.path("a")).unwrap();
    assert_eq!(server.unhit(), 0);
    assert_eq!(built.base.as_ref(), Some(&base.digest));
    let image = Read::of(&folder.path("a"));
    assert_eq!(
        image.manifest["annotations"]["org.opencontainers.image.base.name"],
        name.as_str()
    );
    assert_eq!(
        image.manifest["annotations"]["org.opencontainers.image.base.digest"],
        base.digest.as_str()
    );
    assert_eq!(image.manifest["layers"].as_array().unwrap().len(), 3);
    assert_eq!(
        image.config["config"]["Env"],
        json!(["PYTHON_VERSION=3.12.4", "LANG=C", "APP_VERSION=1.2.3"])
    );
    // The base's Python decides, and its folders are not touched.
    assert!(
        image
            .names(1)
            .starts_with("755 usr/local/lib/python3.12/\n"),
        "{}",
        image.names(1)
    );
    assert!(
        image.names(2).starts_with("755 srv/app/\n"),
        "{}",
        image.names(2)
    );
    let layout = Build {
        base: format!("oci:{}", folder.path("base").display())
            .parse()
            .unwrap(),
        ..full(&folder, "b")
    };
    source(&folder, "b", false);
    layout.run(&folder.path("b")).unwrap();
    let other = Read::of(&folder.path("b"));
    assert_eq!(other.manifest["layers"], image.manifest["layers"]);
    assert_eq!(
        other.manifest["annotations"]["org.opencontainers.image.base.name"],
        json!(null)
    );
    // A digest names the base as well as a tag does.
    let pinned = format!("{}/library/base@{}", server.address(), base.digest);
    let pinned = Build {
        base: pinned.parse().unwrap(),
        ..full(&folder, "c")
    };
    source(&folder, "c", false);
    assert_eq!(
        pinned.run(&folder.path("c")).unwrap().base,
        Some(base.digest)
    );
}

#[test]
fn a_base_with_other_bytes_is_refused() {
    let folder = Folder::new();
    folder.image("base", "x");
    let other = || {
        RegistryFault::new(
            "GET",
            "/manifests/",
            RegistryEffect::Body(br#"{"manifests":[]}"#.to_vec()),
        )
    };
    let server = serve(RegistryRules {
        faults: vec![other(); 9],
        ..RegistryRules::default()
    });
    publish(
        &folder.layout("base"),
        &target(&server, "base"),
        &tags(&[], &["latest"]),
    )
    .unwrap();
    folder.write("a-src/x", "");
    let build = Build {
        base: format!("{}/base", server.address()).parse().unwrap(),
        ..folder.build("a")
    };
    assert_eq!(
        build.run(&folder.path("a")).unwrap_err().kind(),
        ErrorKind::Protocol
    );
}

#[test]
fn several_platforms_get_what_is_theirs() {
    let folder = Folder::new();
    let requirements = folder.path("a-src/requirements.txt");
    for machine in ["x86_64", "aarch64"] {
        let mut wheel = WheelFile::new("hello", &[("hello/native.so", machine)]);
        wheel.name = format!("hello-1.0-cp313-cp313-manylinux_2_17_{machine}.whl");
        folder.write(&format!("index/{}", wheel.name), wheel.bytes());
        let line = format!("    --hash=sha256:{}", crate::support::hex(&wheel.bytes()));
        let before = fs::read_to_string(&requirements).unwrap_or_else(|_| "hello==1.0".to_owned());
        fs::create_dir_all(folder.path("a-src")).unwrap();
        fs::write(&requirements, format!("{before} \\\n{line}")).unwrap();
    }
    let mut build = folder.build("a");
    build.requirements = Some(requirements);
    build.index = folder.index("index");
    build.platforms = vec![
        "linux/arm64".parse().unwrap(),
        "linux/amd64".parse().unwrap(),
    ];
    let built = build.run(&folder.path("a")).unwrap();
    let index = Layout::open(&folder.path("a"))
        .unwrap()
        .resolve(None)
        .unwrap();
    assert_eq!(index.digest, built.digest);
    let path = folder.path("a/blobs/sha256").join(built.digest.hex());
    let index = crate::support::json(&fs::read(path).unwrap());
    let platforms: Vec<&str> = index["manifests"]
        .as_array()
        .unwrap()
        .iter()
        .map(|m| m["platform"]["architecture"].as_str().unwrap())
        .collect();
    assert_eq!(platforms, ["amd64", "arm64"]);
    assert_ne!(
        index["manifests"][0]["digest"],
        index["manifests"][1]["digest"]
    );
    // As a base the index gives each platform its own.
    folder.write("b-src/x", "");
    let mut on = folder.build("b");
    on.base = format!("oci:{}", folder.path("a").display())
        .parse()
        .unwrap();
    on.platforms = vec!["linux/arm64".parse::<Platform>().unwrap()];
    on.run(&folder.path("b")).unwrap();
    assert_eq!(Read::of(&folder.path("b")).config["architecture"], "arm64");
    on.platforms = vec!["linux/s390x".parse::<Platform>().unwrap()];
    assert_eq!(
        on.run(&folder.path("b")).unwrap_err().kind(),
        ErrorKind::Platform
    );
}

#[test]
fn an_index_that_cannot_be_reached_is_an_error_or_a_layer_less() {
    let folder = Folder::new();
    source(&folder, "a", false);
    // A port that nobody listens on any more.
    let gone = serve(RegistryRules::default()).address();
    let mut build = full(&folder, "a");
    build.index = format!("http://{gone}/simple").parse().unwrap();
    assert_eq!(
        build.run(&folder.path("a")).unwrap_err().kind(),
        ErrorKind::Index
    );
    build.dependencies = Dependencies::Auto;
    let auto = build.run(&folder.path("a")).unwrap();
    assert!(!auto.dependencies);
    assert_eq!(auto.warnings.len(), 1, "{:?}", auto.warnings);
    build.dependencies = Dependencies::Skip;
    let skipped = build.run(&folder.path("a")).unwrap();
    assert_eq!((skipped.digest, skipped.dependencies), (auto.digest, false));
}

#[test]
fn what_stays_out_and_what_cannot_go_in() {
    let folder = Folder::new();
    source(&folder, "a", false);
    folder.write("a-src/.env", "PASSWORD=hunter2");
    let mut build = folder.build("a");
    build.exclude = Exclude::new(|path: &Path| path.ends_with(".env"));
    build.run(&folder.path("a")).unwrap();
    let names = Read::of(&folder.path("a")).names(0);
    assert!(
        !names.contains(".env") && !names.contains("pycache") && names.contains("server.py"),
        "{names}"
    );
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("/etc/passwd", folder.path("a-src/link")).unwrap();
        assert_eq!(
            build.run(&folder.path("a")).unwrap_err().kind(),
            ErrorKind::Read
        );
    }
}

#[test]
fn builds_into_one_folder_wait_for_each_other() {
    let folder = Folder::new();
    let digests: Vec<_> = (0..6)
        .map(|number| {
            let name = format!("app{number}");
            folder.image(&name, &name.repeat(9)).digest
        })
        .collect();
    std::thread::scope(|scope| {
        for (number, expected) in digests.iter().enumerate() {
            let build = folder.build(&format!("app{number}"));
            let out = folder.path("out");
            scope.spawn(move || assert_eq!(build.run(&out).unwrap().digest, *expected));
        }
        // Those who only add a tag wait as well.
        let (image, out) = (folder.layout("app0"), Target::Layout(folder.path("tags")));
        for _ in 0..4 {
            let (image, out) = (image.clone(), out.clone());
            scope.spawn(move || publish(&image, &out, &tags(&[], &["latest"])).unwrap());
        }
    });
    let image = Read::of(&folder.path("out"));
    let blobs = fs::read_dir(folder.path("out/blobs/sha256"))
        .unwrap()
        .count();
    assert_eq!(
        blobs,
        image.manifest["layers"].as_array().unwrap().len() + 2
    );
    assert_eq!(image.names(0), "644 server.py");
    let left = Layout::open(&folder.path("out"))
        .unwrap()
        .resolve(None)
        .unwrap();
    assert!(digests.contains(&left.digest));
    assert!(
        Layout::open(&folder.path("tags"))
            .unwrap()
            .resolve(Some("latest"))
            .is_ok()
    );
}

#[test]
fn a_failed_build_leaves_the_image_that_was_there() {
    let folder = Folder::new();
    let first = folder.image("a", "x");
    let missing = Build {
        source: folder.path("nowhere"),
        ..folder.build("a")
    };
    assert_eq!(
        missing.run(&folder.path("a")).unwrap_err().kind(),
        ErrorKind::Read
    );
    assert_eq!(
        Layout::open(&folder.path("a"))
            .unwrap()
            .resolve(None)
            .unwrap()
            .digest,
        first.digest
    );
    let second = folder.image("a", "y");
    assert_ne!(second.digest, first.digest);
    // manifest, config and one layer; nothing of the first, nothing half-written.
    assert_eq!(
        fs::read_dir(folder.path("a/blobs/sha256")).unwrap().count(),
        3
    );
    assert_eq!(fs::read_dir(folder.path("a")).unwrap().count(), 3);
}
