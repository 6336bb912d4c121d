//! Wheels that follow the specification, and wheels that do not.

use crate::support::{Folder, Read, WheelFile, hex, serve};
use windlass_registry::{Build, Error, ErrorKind};
use windlass_testkit::{RegistryRules, WebAnswer, WebServer};

fn build(folder: &Folder) -> Build {
    folder.write("a-src/server.py", "x");
    Build {
        requirements: Some(folder.path("a-src/requirements.txt")),
        index: folder.index("index"),
        ..folder.build("a")
    }
}

fn refused(wheels: &[WheelFile]) -> Error {
    let folder = Folder::new();
    for wheel in wheels {
        wheel.offer(&folder, "index", &folder.path("a-src/requirements.txt"));
    }
    build(&folder)
        .run(&folder.path("a"))
        .expect_err("a wheel that must not be installed")
}

#[test]
fn every_kind_of_file_goes_where_pip_puts_it() {
    let folder = Folder::new();
    let mut wheel = WheelFile::new(
        "Hello_World",
        &[
            ("hello/__init__.py", "def main(): pass\n"),
            ("Hello_World-1.0.data/purelib/pure.py", "p"),
            ("Hello_World-1.0.data/platlib/plat.so", "s"),
            ("Hello_World-1.0.data/data/share/doc/hello.txt", "d"),
            ("Hello_World-1.0.data/headers/hello.h", "h"),
            (
                "Hello_World-1.0.data/scripts/tool",
                "#!python -E\nprint()\n",
            ),
            ("Hello_World-1.0.data/scripts/shell", "#!/bin/sh\n"),
            (
                "Hello_World-1.0.dist-info/entry_points.txt",
                "[console_scripts]\nhello = hello:main\n\n[other]\nx = y\n",
            ),
        ],
    );
    wheel
        .files
        .push(("hello/run".into(), b"#!".to_vec(), 0o755));
    wheel.offer(&folder, "index", &folder.path("a-src/requirements.txt"));
    build(&folder).run(&folder.path("a")).unwrap();
    let image = Read::of(&folder.path("a"));
    insta::assert_snapshot!(image.names(0), @"
    755 usr/
    755 usr/local/
    755 usr/local/bin/
    755 usr/local/bin/hello
    755 usr/local/bin/shell
    755 usr/local/bin/tool
    755 usr/local/include/
    755 usr/local/include/python3.13/
    755 usr/local/include/python3.13/Hello_World/
    644 usr/local/include/python3.13/Hello_World/hello.h
    755 usr/local/lib/
    755 usr/local/lib/python3.13/
    755 usr/local/lib/python3.13/site-packages/
    755 usr/local/lib/python3.13/site-packages/Hello_World-1.0.dist-info/
    644 usr/local/lib/python3.13/site-packages/Hello_World-1.0.dist-info/INSTALLER
    644 usr/local/lib/python3.13/site-packages/Hello_World-1.0.dist-info/METADATA
    644 usr/local/lib/python3.13/site-packages/Hello_World-1.0.dist-info/RECORD
    644 usr/local/lib/python3.13/site-packages/Hello_World-1.0.dist-info/WHEEL
    644 usr/local/lib/python3.13/site-packages/Hello_World-1.0.dist-info/entry_points.txt
    755 usr/local/lib/python3.13/site-packages/hello/
    644 usr/local/lib/python3.13/site-packages/hello/__init__.py
    755 usr/local/lib/python3.13/site-packages/hello/run
    644 usr/local/lib/python3.13/site-packages/plat.so
    644 usr/local/lib/python3.13/site-packages/pure.py
    755 usr/local/share/
    755 usr/local/share/doc/
    644 usr/local/share/doc/hello.txt
    ");
    assert_eq!(
        image.text(0, "usr/local/bin/tool"),
        "#!/usr/local/bin/python3.13 -E\nprint()\n"
    );
    assert_eq!(image.text(0, "usr/local/bin/shell"), "#!/bin/sh\n");
    let info = "usr/local/lib/python3.13/site-packages/Hello_World-1.0.dist-info";
    assert_eq!(image.text(0, &format!("{info}/INSTALLER")), "windlass\n");
    // Every line of the new RECORD is true.
    let record = image.text(0, &format!("{info}/RECORD"));
    let files = image.layer(0);
    let mut lines = 0;
    for line in record.lines().filter(|line| !line.ends_with(",,")) {
        let fields: Vec<&str> = line.split(',').collect();
        let path = match fields[0].strip_prefix("../../../") {
            Some(rest) => format!("usr/local/{rest}"),
            None => format!("usr/local/lib/python3.13/site-packages/{}", fields[0]),
        };
        let found = files
            .iter()
            .find(|(name, _)| name.ends_with(&format!(" {path}")));
        let (_, bytes) = found.unwrap_or_else(|| panic!("{path}"));
        let hash = {
            use base64::Engine as _;
            use sha2::Digest as _;
            base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(sha2::Sha256::digest(bytes))
        };
        assert_eq!(
            (fields[1], fields[2]),
            (
                format!("sha256={hash}").as_str(),
                bytes.len().to_string().as_str()
            ),
            "{path}"
        );
        lines += 1;
    }
    assert_eq!(
        lines,
        files
            .iter()
            .filter(|(name, _)| !name.ends_with('/'))
            .count()
            - 1
    );
}

#[test]
fn two_wheels_never_own_one_file() {
    let one = WheelFile::new("one", &[("ns/__init__.py", "")]);
    let two = WheelFile::new("two", &[("ns/__init__.py", "")]);
    assert_eq!(refused(&[one, two]).kind(), ErrorKind::Archive);
    let file = WheelFile::new("one", &[("ns", "")]);
    let folder = WheelFile::new("two", &[("ns/x.py", "")]);
    assert_eq!(refused(&[file, folder]).kind(), ErrorKind::Archive);
}

#[test]
fn a_wheel_that_breaks_the_specification_is_refused() {
    type Change = fn(&mut WheelFile);
    let rows: [(&str, Change); 13] = [
        ("a path upwards", |w| {
            w.files.push(("../evil.py".into(), b"x".to_vec(), 0o644))
        }),
        ("an absolute path", |w| {
            w.files.push(("/etc/evil".into(), b"x".to_vec(), 0o644))
        }),
        ("a path upwards inside of data", |w| {
            w.files.push((
                "hello-1.0.data/data/../../evil".into(),
                b"x".to_vec(),
                0o644,
            ))
        }),
        ("a backslash", |w| {
            w.files.push(("a\\b.py".into(), b"x".to_vec(), 0o644))
        }),
        ("a link", |w| {
            w.files
                .push(("link".into(), b"/etc/passwd".to_vec(), 0o120_777))
        }),
        ("an unknown kind of data", |w| {
            w.files
                .push(("hello-1.0.data/etc/x".into(), b"x".to_vec(), 0o644))
        }),
        ("a file that RECORD lacks", |w| {
            w.record = Some(
                w.right_record("hello-1.0.dist-info/RECORD")
                    .lines()
                    .skip(1)
                    .map(|l| format!("{l}\n"))
                    .collect(),
            );
        }),
        ("a file that only RECORD has", |w| {
            w.record = Some(format!(
                "{}ghost.py,sha256=LXEWQrcmsEQBYnyp-6wy9chTD7GQPMTbAiWHF5IaSIE,1\n",
                w.right_record("hello-1.0.dist-info/RECORD")
            ));
        }),
        ("another hash in RECORD", |w| {
            let right = w.right_record("hello-1.0.dist-info/RECORD");
            w.files[2].1 = b"changed".to_vec();
            w.record = Some(right);
        }),
        ("a RECORD without hashes", |w| {
            w.record = Some(
                w.files
                    .iter()
                    .map(|(path, ..)| format!("{path},,\n"))
                    .collect(),
            );
        }),
        ("no WHEEL", |w| drop(w.files.remove(1))),
        ("an unknown version of WHEEL", |w| {
            w.files[1].1 = b"Wheel-Version: 2.0\n".to_vec()
        }),
        ("a command that is none", |w| {
            w.files.push((
                "hello-1.0.dist-info/entry_points.txt".into(),
                b"[console_scripts]\n../../x = os:system\n".to_vec(),
                0o644,
            ));
        }),
    ];
    for (name, change) in rows {
        let mut wheel = WheelFile::new("hello", &[("hello/__init__.py", "x")]);
        change(&mut wheel);
        assert_eq!(refused(&[wheel]).kind(), ErrorKind::Archive, "{name}");
    }
}

#[test]
fn a_wheel_of_something_else_is_refused() {
    let mut wheel = WheelFile::new("evil", &[]);
    wheel.name = "hello-1.0-py3-none-any.whl".into();
    let folder = Folder::new();
    folder.write(&format!("index/{}", wheel.name), wheel.bytes());
    folder.write(
        "a-src/requirements.txt",
        format!("hello==1.0 --hash=sha256:{}\n", hex(&wheel.bytes())),
    );
    assert_eq!(
        build(&folder).run(&folder.path("a")).unwrap_err().kind(),
        ErrorKind::Archive
    );
    folder.write("index/hello-1.0-py3-none-any.whl", "not a zip");
    folder.write(
        "a-src/requirements.txt",
        format!("hello==1.0 --hash=sha256:{}\n", hex(b"not a zip")),
    );
    assert_eq!(
        build(&folder).run(&folder.path("a")).unwrap_err().kind(),
        ErrorKind::Archive
    );
}

#[test]
fn an_index_is_asked_over_http() {
    // The registry of `testkit` knows no projects: 404 is an index's way to say the same.
    let folder = Folder::new();
    let server = serve(RegistryRules::default());
    folder.write(
        "a-src/requirements.txt",
        format!("hello==1.0 --hash=sha256:{}\n", hex(b"x")),
    );
    let mut build = build(&folder);
    build.index = format!("http://{}/simple", server.address())
        .parse()
        .unwrap();
    assert_eq!(
        build.run(&folder.path("a")).unwrap_err().kind(),
        ErrorKind::Wheel
    );
    assert_eq!(server.requests()[0].path, "/simple/hello/");
}

#[test]
fn a_wheel_of_the_last_build_is_not_got_again() {
    let folder = Folder::new();
    let wheel = WheelFile::new("hello", &[("hello/__init__.py", "x = 1\n")]);
    let bytes = wheel.bytes();
    folder.write(
        "a-src/requirements.txt",
        format!("hello==1.0 --hash=sha256:{}\n", hex(&bytes)),
    );
    let server = WebServer::start().unwrap();
    let page = format!("<a href=\"/{}#sha256={}\">{0}</a>", wheel.name, hex(&bytes));
    server.answer("/simple/hello/", WebAnswer::Content(page.into_bytes()));
    server.answer(
        &format!("/{}", wheel.name),
        WebAnswer::Content(bytes.clone()),
    );
    let mut build = build(&folder);
    build.index = server.url("/simple").parse().unwrap();
    build.cache = Some(folder.path("cache"));
    let mut digests = Vec::new();
    // A wheel that was changed in the cache is got again as well.
    for (change, requests) in [(false, 2), (false, 1), (true, 2), (false, 1)] {
        if change {
            folder.write(&format!("cache/wheels/{}", hex(&bytes)), "changed");
        }
        let before = server.requests().len();
        digests.push(build.run(&folder.path("a")).unwrap().digest);
        assert_eq!(server.requests().len() - before, requests);
    }
    digests.dedup();
    assert_eq!(digests.len(), 1);
}

#[test]
fn a_package_index_is_not_shown_the_certificate_for_registries() {
    let folder = Folder::new();
    let requirements = folder.path("a-src/requirements.txt");
    WheelFile::new("hello", &[("hello.py", "")]).offer(&folder, "index", &requirements);
    let mut build = build(&folder);
    // Whoever reads it fails.
    let absent = folder.path("absent.pem");
    build.access.tls.identity = Some((absent.clone(), absent));
    build.run(&folder.path("a")).unwrap();
}
