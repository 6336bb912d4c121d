//! Bases that builds share: read once, and no build sees that another was there.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use windlass_overlay::{Builder, Entry, ErrorKind, Files, Found, Memory, Options};

/// Files that remember what was read.
struct Watched {
    files: Memory,
    read: Mutex<Vec<PathBuf>>,
}

impl Files for Watched {
    fn find(&self, path: &Path) -> io::Result<Found> {
        self.files.find(path)
    }

    fn read(&self, path: &Path, limit: u64) -> io::Result<Vec<u8>> {
        self.read.lock().unwrap().push(path.to_owned());
        self.files.read(path, limit)
    }

    fn list(&self, folder: &Path, limit: usize) -> Vec<(String, Entry)> {
        self.files.list(folder, limit)
    }
}

#[test]
fn a_base_of_many_is_read_once() {
    let overlay = |name: &str| format!("resources: [../base]\nnamePrefix: {name}-\n");
    let files = Memory::from_iter([
        (
            "lib/kustomization.yaml",
            "resources: [lib.yaml]\n".to_owned(),
        ),
        (
            "lib/lib.yaml",
            "kind: Lib\nmetadata: {name: lib}\n".to_owned(),
        ),
        (
            "base/kustomization.yaml",
            "resources: [../lib]\nnameSuffix: -x\n".to_owned(),
        ),
        ("a/kustomization.yaml", overlay("a")),
        ("b/kustomization.yaml", overlay("b")),
        ("c/kustomization.yaml", "resources: [../lib]\n".to_owned()),
    ]);
    let files = Watched {
        files,
        read: Mutex::default(),
    };
    let options = Options::default();
    let builder = Builder::new(&files, &options);
    let name = |root: &str| {
        let built = builder.build(root.as_ref()).unwrap();
        let name = built.objects().next().unwrap().name().to_owned();
        (name, built.read().len())
    };
    assert_eq!(name("a"), ("a-lib-x".to_owned(), 4));
    assert_eq!(name("b"), ("b-lib-x".to_owned(), 4));
    assert_eq!(name("c"), ("lib".to_owned(), 3));
    let mut read = files.read.into_inner().unwrap();
    read.sort();
    let wanted =
        ["a/", "b/", "base/", "c/", "lib/"].map(|folder| format!("/{folder}kustomization.yaml"));
    let mut wanted: Vec<PathBuf> = wanted.iter().map(PathBuf::from).collect();
    wanted.push("/lib/lib.yaml".into());
    assert_eq!(read, wanted);
}

#[test]
fn a_base_that_holds_a_later_root_is_still_refused() {
    let files = Memory::from_iter([
        ("all/kustomization.yaml", "resources: [x.yaml]\n"),
        ("all/x.yaml", "kind: X\nmetadata: {name: x}\n"),
        ("all/inner/kustomization.yaml", "resources: [../../base]\n"),
        ("base/kustomization.yaml", "resources: [../all]\n"),
        ("other/kustomization.yaml", "resources: [../base]\n"),
    ]);
    let options = Options::default();
    let builder = Builder::new(&files, &options);
    assert!(builder.build("other".as_ref()).is_ok());
    let error = builder.build("all/inner".as_ref()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Restricted);
    assert!(builder.build("other".as_ref()).is_ok());
}

#[test]
fn a_schema_that_a_base_brings_is_for_the_build_that_has_it() {
    let document = r#"{"definitions": {"v1.Farm": {
        "x-kubernetes-group-version-kind": [{"group": "example.com", "kind": "Farm", "version": "v1"}],
        "properties": {"fields": {"type": "array", "items": {"type": "object"},
            "x-kubernetes-patch-strategy": "merge", "x-kubernetes-patch-merge-key": "id"}}}}}"#;
    let farm = "apiVersion: example.com/v1\nkind: Farm\nmetadata: {name: f}\nfields: [{id: a}]\n";
    let patch = "patches:\n- patch: |\n    apiVersion: example.com/v1\n    kind: Farm\n    \
                 metadata: {name: f}\n    fields: [{id: b}]\n";
    let files = Memory::from_iter([
        (
            "schema/kustomization.yaml",
            "openapi: {path: o.json}\nresources: [farm.yaml]\n".to_owned(),
        ),
        ("schema/o.json", document.to_owned()),
        ("schema/farm.yaml", farm.to_owned()),
        (
            "plain/kustomization.yaml",
            "resources: [farm.yaml]\n".to_owned(),
        ),
        ("plain/farm.yaml", farm.to_owned()),
        (
            "a/kustomization.yaml",
            format!("resources: [../schema]\n{patch}"),
        ),
        (
            "b/kustomization.yaml",
            format!("resources: [../plain]\n{patch}"),
        ),
    ]);
    let options = Options::default();
    let builder = Builder::new(&files, &options);
    for _ in 0..2 {
        for (root, items) in [("a", 2), ("b", 1)] {
            let built = builder.build(root.as_ref()).unwrap();
            assert_eq!(
                built.to_yaml().unwrap().matches("id:").count(),
                items,
                "{root}"
            );
        }
    }
}

#[test]
fn a_deep_base_with_a_schema_is_built_a_few_times_only() {
    let mut files = vec![
        (
            "k0/kustomization.yaml".to_owned(),
            "openapi: {path: o.json}\nresources: [x.yaml]\n".to_owned(),
        ),
        ("k0/o.json".to_owned(), r#"{"definitions": {}}"#.to_owned()),
        (
            "k0/x.yaml".to_owned(),
            "kind: X\nmetadata: {name: x}\n".to_owned(),
        ),
    ];
    const DEPTH: usize = 16;
    for number in 1..=DEPTH {
        let text = format!("resources: [../k{}]\n", number - 1);
        files.push((format!("k{number}/kustomization.yaml"), text));
    }
    let files = Watched {
        files: Memory::from_iter(files),
        read: Mutex::default(),
    };
    let options = Options::default();
    let builder = Builder::new(&files, &options);
    assert!(builder.build(format!("k{DEPTH}").as_ref()).is_ok());
    assert!(files.read.lock().unwrap().len() < DEPTH * DEPTH * 2);
}
