//! All of an app on disk, or nothing.

use crate::shop;
use std::fs;
use std::path::Path;
use tempfile::TempDir;
use windlass_scaffold::{ErrorKind, Template};

/// A repository with folders for apps and Applications.
fn repository() -> TempDir {
    let root = tempfile::tempdir().unwrap();
    for folder in ["apps/other", "argo/apps"] {
        fs::create_dir_all(root.path().join(folder)).unwrap();
    }
    root
}

/// Every file and folder, with what stands in the files.
fn tree(root: &Path) -> Vec<(String, Option<Vec<u8>>)> {
    let mut found = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path
                .strip_prefix(root)
                .unwrap()
                .to_str()
                .unwrap()
                .to_owned();
            found.push((name, fs::read(&path).ok()));
            if path.is_dir() {
                folders.push(path);
            }
        }
    }
    found.sort();
    found
}

#[test]
fn every_file_gets_its_place_and_nothing_else_is_left() {
    let root = repository();
    let app = shop(&[]).unwrap();
    app.write(root.path()).unwrap();
    let files: Vec<_> = tree(root.path())
        .into_iter()
        .filter_map(|(path, bytes)| Some((path, bytes?)))
        .collect();
    let expected: Vec<_> = app
        .files()
        .iter()
        .map(|(path, file)| (path.clone(), file.bytes.clone()))
        .collect();
    assert_eq!(files, expected);
}

#[cfg(unix)]
#[test]
fn files_are_as_readable_as_any_other_new_file() {
    use std::os::unix::fs::PermissionsExt;
    let root = repository();
    fs::write(root.path().join("mine"), "").unwrap();
    shop(&[]).unwrap().write(root.path()).unwrap();
    let mode = |path: &str| {
        let metadata = fs::metadata(root.path().join(path)).unwrap();
        metadata.permissions().mode() & 0o777
    };
    assert_eq!(mode("apps/shop/README.md"), mode("mine"));
    assert_eq!(mode("argo/apps/shop-dev.yaml"), mode("mine"));
    assert_eq!(mode("apps/shop"), mode("apps/other"));
    assert_eq!(mode("apps/shop/src"), mode("apps/other"));
}

#[test]
fn what_is_there_stays_as_it_was() {
    for taken in [
        "apps/shop",
        "apps/shop/README.md",
        "argo/apps/shop-dev.yaml",
        "argo/apps/shop-prod.yaml",
    ] {
        let root = repository();
        let path = root.path().join(taken);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "mine").unwrap();
        let before = tree(root.path());
        let error = shop(&[]).unwrap().write(root.path()).expect_err(taken);
        assert_eq!(error.kind(), ErrorKind::Exists, "{taken}");
        assert_eq!(tree(root.path()), before, "{taken}");
    }
}

#[test]
fn of_two_who_make_the_same_app_one_does() {
    let root = repository();
    let app = shop(&[]).unwrap();
    let made: usize = std::thread::scope(|scope| {
        let write = || usize::from(app.write(root.path()).is_ok());
        let writers: Vec<_> = (0..8).map(|_| scope.spawn(write)).collect();
        writers.into_iter().map(|one| one.join().unwrap()).sum()
    });
    assert_eq!(made, 1);
    let files = tree(root.path());
    let files = files.iter().filter(|(_, bytes)| bytes.is_some()).count();
    assert_eq!(files, app.files().len());
}

#[cfg(unix)]
#[test]
fn a_folder_that_leads_elsewhere_is_not_followed() {
    let root = repository();
    let elsewhere = tempfile::tempdir().unwrap();
    fs::remove_dir(root.path().join("argo/apps")).unwrap();
    std::os::unix::fs::symlink(elsewhere.path(), root.path().join("argo/apps")).unwrap();
    let error = shop(&[]).unwrap().write(root.path()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Forbidden);
    assert!(tree(elsewhere.path()).is_empty());
    assert!(!root.path().join("apps/shop").exists());
}

#[cfg(unix)]
#[test]
fn a_template_is_read_from_disk_without_following_links() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("t");
    fs::create_dir_all(folder.join("a/b")).unwrap();
    fs::write(folder.join("template.yaml"), "application: app.jinja\n").unwrap();
    fs::write(folder.join("app.jinja"), "").unwrap();
    assert!(Template::read(&folder, "t").is_ok());
    std::os::unix::fs::symlink("/etc/passwd", folder.join("a/b/link")).unwrap();
    let error = Template::read(&folder, "t").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Forbidden);
    fs::remove_file(folder.join("a/b/link")).unwrap();
    std::os::unix::fs::symlink("..", folder.join("a/b/up")).unwrap();
    assert_eq!(
        Template::read(&folder, "t").unwrap_err().kind(),
        ErrorKind::Forbidden
    );
}

#[test]
fn a_template_has_bounds() {
    let fresh = || {
        let root = tempfile::tempdir().unwrap();
        fs::write(
            root.path().join("template.yaml"),
            "application: app.jinja\n",
        )
        .unwrap();
        fs::write(root.path().join("app.jinja"), "").unwrap();
        root
    };
    let kind = |root: &TempDir| Template::read(root.path(), "t").unwrap_err().kind();

    let large = fresh();
    fs::write(large.path().join("a"), vec![b'x'; (1 << 20) + 1]).unwrap();
    assert_eq!(kind(&large), ErrorKind::Forbidden);

    let many = fresh();
    for number in 0..2_000 {
        fs::write(many.path().join(number.to_string()), "").unwrap();
    }
    assert_eq!(kind(&many), ErrorKind::Forbidden);

    let heavy = fresh();
    for number in 0..33 {
        fs::write(heavy.path().join(number.to_string()), vec![b'x'; 1 << 20]).unwrap();
    }
    assert_eq!(kind(&heavy), ErrorKind::Forbidden);

    let deep = fresh();
    fs::create_dir_all(deep.path().join("a/".repeat(20))).unwrap();
    assert_eq!(kind(&deep), ErrorKind::Forbidden);
}
