//! A commit read from the object database is what a checkout of it is.

use git2::{Oid, Repository};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use windlass_gitsync::{Listed, Snapshot};

/// What stands under a name.
#[derive(Debug, Clone)]
enum Made {
    File(String),
    Link(String),
    Folder(BTreeMap<String, Made>),
}

fn write(repository: &Repository, folder: &BTreeMap<String, Made>) -> Oid {
    let mut builder = repository.treebuilder(None).unwrap();
    for (name, made) in folder {
        let (id, mode) = match made {
            Made::File(text) => (repository.blob(text.as_bytes()).unwrap(), 0o100_644),
            Made::Link(to) => (repository.blob(to.as_bytes()).unwrap(), 0o120_000),
            Made::Folder(inner) if inner.is_empty() => continue,
            Made::Folder(inner) => (write(repository, inner), 0o040_000),
        };
        builder.insert(name, id, mode).unwrap();
    }
    builder.write().unwrap()
}

fn commit(repository: &Repository, folder: &BTreeMap<String, Made>) {
    let tree = repository.find_tree(write(repository, folder)).unwrap();
    let who = git2::Signature::new("a", "a@example.com", &git2::Time::new(0, 0)).unwrap();
    let head = Some("refs/heads/main");
    repository
        .commit(head, &who, &who, "all", &tree, &[])
        .unwrap();
}

/// Compares what is found and read at a path, `..` in links included.
#[cfg(unix)]
fn compare(snapshot: &Snapshot, root: &Path, path: &Path) {
    let inner = path.strip_prefix("/").unwrap();
    let on_disk = root.join(inner).canonicalize().ok();
    // What a link finds outside is found on a disk, and here it is not.
    let on_disk = on_disk.filter(|found| found.starts_with(root));
    let expected = on_disk.as_ref().map(|found| {
        let path = Path::new("/").join(found.strip_prefix(root).unwrap());
        (path, found.is_dir())
    });
    let found = snapshot.find(path).ok();
    assert_eq!(found, expected, "{}", path.display());
    let content = on_disk.and_then(|found| fs::read(found).ok());
    assert_eq!(
        snapshot.read(path, 1000).ok(),
        content,
        "{}",
        path.display()
    );
}

fn paths(folder: &BTreeMap<String, Made>, at: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for (name, made) in folder {
        let path = at.join(name);
        all.push(path.join("a"));
        all.push(path.clone());
        if let Made::Folder(inner) = made {
            all.extend(paths(inner, &path));
        }
    }
    all
}

fn names() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["a", "b", "c", "d"]).prop_map(str::to_owned)
}

fn folders() -> impl Strategy<Value = BTreeMap<String, Made>> {
    let target = prop::collection::vec(
        prop::sample::select(vec!["a", "b", "c", "d", "..", "."]),
        1..4,
    );
    let leaf = prop_oneof![
        "[a-z]{0,3}".prop_map(Made::File),
        target.prop_map(|parts| Made::Link(parts.join("/"))),
    ];
    let made = leaf.prop_recursive(3, 24, 4, |inner| {
        prop::collection::btree_map(names(), inner, 1..4).prop_map(Made::Folder)
    });
    prop::collection::btree_map(names(), made, 1..5)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[cfg(unix)]
    #[test]
    fn a_snapshot_is_what_a_checkout_is(folder in folders()) {
        // A level below the temporary folder, so that links out of it find nothing of this test.
        let scratch = tempfile::tempdir().unwrap();
        let root = scratch.path().canonicalize().unwrap().join("x/y/z/repository");
        let repository = Repository::init(&root).unwrap();
        commit(&repository, &folder);
        let head = repository.find_reference("refs/heads/main").unwrap();
        let mut force = git2::build::CheckoutBuilder::new();
        force.force();
        let tree = head.peel_to_tree().unwrap();
        repository.checkout_tree(tree.as_object(), Some(&mut force)).unwrap();
        let snapshot = Snapshot::open(&root, "main").unwrap();
        for path in paths(&folder, Path::new("/")) {
            compare(&snapshot, &root, &path);
        }
    }
}

#[test]
fn links_lead_nowhere_else() {
    let scratch = tempfile::tempdir().unwrap();
    let repository = Repository::init(scratch.path()).unwrap();
    let link = |to: &str| Made::Link(to.to_owned());
    let folder = BTreeMap::from([
        ("out".to_owned(), link("../x")),
        ("etc".to_owned(), link("/etc")),
        ("round".to_owned(), link("round")),
        ("endless".to_owned(), link("endless/endless")),
        ("file".to_owned(), Made::File("f".to_owned())),
        ("inside".to_owned(), link("./file")),
    ]);
    commit(&repository, &folder);
    let snapshot = Snapshot::open(scratch.path(), "main").unwrap();
    let told = |path: &str| snapshot.find(path.as_ref()).unwrap_err().to_string();
    for path in ["/out", "/etc", "/etc/passwd"] {
        assert_eq!(told(path), "a link on the way leads out of the repository");
    }
    for path in ["/round", "/endless"] {
        assert_eq!(told(path), "too many links lead on");
    }
    assert_eq!(snapshot.read("/inside".as_ref(), 1).unwrap(), b"f");
    let error = snapshot.find("/file/a".as_ref()).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::NotADirectory);
    let listed = snapshot.list("/".as_ref());
    let links = ["endless", "etc", "inside", "out", "round"].map(|name| (name, Listed::Link));
    let mut expected = [&[("file", Listed::File)], &links[..]].concat();
    expected.sort_by_key(|(name, _)| *name);
    let expected: Vec<_> = expected
        .into_iter()
        .map(|(name, of)| (name.to_owned(), of))
        .collect();
    assert_eq!(listed, expected);
}
