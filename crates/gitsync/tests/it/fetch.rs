//! Commits and files fetched into a cache.

use crate::world::{World, shown};
use git2::Oid;
use std::path::Path;
use std::time::Duration;
use tempfile::TempDir;
use windlass_gitsync::{Access, ErrorKind, Fetcher, Listed, Result, Snapshot, Source};
use windlass_testkit::{GitFault, GitMoment, GitRules, WebAnswer, WebServer};

fn source(url: &str) -> Source {
    Source {
        url: url.to_owned(),
        timeout: Duration::from_secs(20),
        submodules: true,
    }
}

fn fetcher(cache: &TempDir) -> Fetcher {
    Fetcher::new(cache.path(), Access::default(), false)
}

fn offline(cache: &TempDir) -> Fetcher {
    Fetcher::new(cache.path(), Access::default(), true)
}

fn cache() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn fetch(fetcher: &Fetcher, url: &str, name: &str) -> Result<Snapshot> {
    let source = source(url);
    let commit = fetcher.resolve(&source, name)?;
    fetcher.snapshot(&source, commit)
}

fn read(snapshot: &Snapshot, path: &str) -> std::io::Result<String> {
    let content = snapshot.read(path.as_ref(), 1 << 20)?;
    Ok(String::from_utf8(content).unwrap())
}

fn objects_asked(requests: &[windlass_testkit::GitRequest]) -> usize {
    let posts = requests
        .iter()
        .filter(|request| request.line.starts_with("POST"));
    posts.count()
}

#[test]
fn names_stand_for_what_git_takes_them_for() {
    let world = World::new();
    let first = world.tip("main");
    let second = world.commit("main", &[("a", "two")]);
    let third = world.commit("v1", &[("a", "three")]);
    let repository = &world.repository;
    repository.set_head("refs/heads/main").unwrap();
    let who = git2::Signature::new("a", "a@example.com", &git2::Time::new(0, 0)).unwrap();
    let object = repository.find_object(first, None).unwrap();
    repository
        .tag("v1", &object, &who, "annotated", false)
        .unwrap();
    repository.tag_lightweight("light", &object, false).unwrap();
    let server = world.serve(GitRules::default());
    let folder = format!("file://{}", world.path());
    for url in [&server.url(), &folder] {
        let cache = cache();
        let of = |name: &str| fetcher(&cache).resolve(&source(url), name);
        assert_eq!(of("").unwrap(), second);
        assert_eq!(of("main").unwrap(), second);
        // A tag goes before a branch, and stands for its commit.
        assert_eq!(of("v1").unwrap(), first);
        assert_eq!(of("heads/v1").unwrap(), third);
        assert_eq!(of("refs/heads/v1").unwrap(), third);
        assert_eq!(of("light").unwrap(), first);
        assert_eq!(of(&third.to_string()).unwrap(), third);
        for name in [
            "gone",
            "mai",
            &third.to_string()[..12],
            "a b",
            "a\nb",
            "..",
            "-x",
        ] {
            assert_eq!(of(name).unwrap_err().kind(), ErrorKind::Revision, "{name}");
        }
    }
}

#[test]
fn a_commit_is_fetched_once_and_then_kept() {
    let world = World::new();
    for filter in [None, Some(u32::MAX)] {
        let server = world.serve(GitRules {
            filter,
            ..GitRules::default()
        });
        let cache = cache();
        let snapshot = fetch(&fetcher(&cache), &server.url(), "main").unwrap();
        assert_eq!(snapshot.commit(), world.tip("main"));
        assert_eq!(read(&snapshot, "/README.md").unwrap(), "hello\n");
        // One question for the name, one for all objects.
        assert_eq!(objects_asked(&server.requests()), 2);
        let again = fetch(&fetcher(&cache), &server.url(), "main").unwrap();
        assert_eq!(again.tree(), snapshot.tree());
        assert_eq!(objects_asked(&server.requests()), 3);
        let requests = server.requests().len();
        let kept = fetch(&offline(&cache), &server.url(), "main").unwrap();
        assert_eq!(
            read(&kept, "apps/a/k8s/../k8s/overlays/dev/kustomization.yaml").unwrap(),
            "tag: one\n"
        );
        assert_eq!(server.requests().len(), requests);
        let missing = [
            fetch(&offline(&cache), &server.url(), "other").unwrap_err(),
            fetch(&offline(&cache), &server.url(), &"1".repeat(40)).unwrap_err(),
        ];
        for error in missing {
            assert_eq!(error.kind(), ErrorKind::Offline);
        }
    }
}

#[test]
fn a_file_above_the_limit_is_left_out_and_named() {
    let large = "x".repeat((16 << 20) + 1);
    let world = World::with(&[("large", &large), ("small", "y")]);
    let server = world.serve(GitRules::default());
    let cache = cache();
    let snapshot = fetch(&fetcher(&cache), &server.url(), "main").unwrap();
    assert_eq!(read(&snapshot, "/small").unwrap(), "y");
    assert!(!snapshot.find("/large".as_ref()).unwrap().1);
    let error = snapshot.read("/large".as_ref(), 1 << 30).unwrap_err();
    assert!(error.to_string().ends_with("was not fetched"), "{error}");
    // Where the server cannot leave it out it is there.
    let server = world.serve(GitRules {
        filter: None,
        ..GitRules::default()
    });
    let snapshot = fetch(
        &fetcher(&tempfile::tempdir().unwrap()),
        &server.url(),
        "main",
    )
    .unwrap();
    assert_eq!(
        snapshot.read("/large".as_ref(), 1 << 30).unwrap().len(),
        large.len()
    );
    let error = snapshot.read("/large".as_ref(), 1 << 20).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::FileTooLarge);
}

#[test]
fn many_may_fetch_the_same_at_once() {
    let world = World::new();
    let server = world.serve(GitRules::default());
    let cache = cache();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let snapshot = fetch(&fetcher(&cache), &server.url(), "main").unwrap();
                assert_eq!(read(&snapshot, "/README.md").unwrap(), "hello\n");
            });
        }
    });
    let kept = std::fs::read_dir(cache.path().join("commits")).unwrap();
    assert_eq!(kept.count(), 1);
}

#[test]
fn what_is_damaged_in_the_cache_is_fetched_again() {
    let world = World::new();
    let server = world.serve(GitRules::default());
    let cache = cache();
    let tip = world.tip("main").to_string();
    fetch(&fetcher(&cache), &server.url(), &tip).unwrap();
    let packs = cache.path().join("commits").join(&tip).join("pack");
    for entry in std::fs::read_dir(&packs).unwrap() {
        std::fs::remove_file(entry.unwrap().path()).unwrap();
    }
    let snapshot = fetch(&fetcher(&cache), &server.url(), &tip).unwrap();
    assert_eq!(read(&snapshot, "/README.md").unwrap(), "hello\n");
}

#[test]
fn what_is_not_the_commit_is_refused() {
    let world = World::new();
    let server = world.serve(GitRules::default());
    let other = world.commit("other", &[("a", "b")]);
    let cache = cache();
    server.fail(GitMoment::Objects, GitFault::Body(b"0000".to_vec()));
    let error = fetch(&fetcher(&cache), &server.url(), "main").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol);
    // A commit of another repository with a tree that does not come along.
    let object = world.repository.find_object(other, None).unwrap();
    let mut builder = world.repository.packbuilder().unwrap();
    builder.insert_object(object.id(), None).unwrap();
    let mut pack = git2::Buf::new();
    builder.write_buf(&mut pack).unwrap();
    let mut body = b"000dpackfile\n".to_vec();
    body.extend_from_slice(format!("{:04x}\x01", pack.len() + 5).as_bytes());
    body.extend_from_slice(&pack);
    body.extend_from_slice(b"0000");
    server.fail(GitMoment::Objects, GitFault::Body(body));
    let error = fetch(&fetcher(&cache), &server.url(), &other.to_string()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol, "{error}");
    assert_eq!(std::fs::read_dir(cache.path()).unwrap().count(), 1);
    // A server that is busy for a moment is asked again.
    server.fail(
        GitMoment::Objects,
        GitFault::Status(503, None, String::new()),
    );
    assert!(fetch(&fetcher(&cache), &server.url(), "main").is_ok());
}

/// A commit with this entry of another mode beside a file.
fn with_entry(world: &World, mode: &str, name: &str, id: Oid) -> Oid {
    let tree = world.odd_tree(mode, name, id);
    let odd = world.repository.find_tree(tree).unwrap();
    let main = world.repository.find_commit(world.tip("main")).unwrap();
    let mut builder = world
        .repository
        .treebuilder(Some(&main.tree().unwrap()))
        .unwrap();
    let entry = odd.get(0).unwrap();
    builder.insert(name, id, entry.filemode()).unwrap();
    let tree = builder.write().unwrap();
    world.commit_tree("main", tree)
}

#[test]
fn submodules_are_fetched_when_something_in_them_is_looked_for() {
    let inner = World::with(&[("k8s/a.yaml", "inner\n")]);
    let inner_server = inner.serve(GitRules::default());
    let listed = format!(
        "[submodule \"x\"]\n\tpath = inner\n\turl = {}\n",
        inner_server.url()
    );
    let outer = World::with(&[(".gitmodules", &listed), ("README.md", "outer\n")]);
    let commit = with_entry(&outer, "160000", "inner", inner.tip("main"));
    let server = outer.serve(GitRules::default());
    let cache = cache();
    let snapshot = fetch(&fetcher(&cache), &server.url(), &commit.to_string()).unwrap();
    assert_eq!(read(&snapshot, "/README.md").unwrap(), "outer\n");
    assert_eq!(inner_server.requests(), []);
    let found = snapshot.find("/inner/k8s".as_ref()).unwrap();
    assert_eq!(found, ("/inner/k8s".into(), true));
    assert_eq!(
        snapshot.find("/inner".as_ref()).unwrap(),
        ("/inner".into(), true)
    );
    assert_eq!(read(&snapshot, "/inner/k8s/a.yaml").unwrap(), "inner\n");
    assert_eq!(
        snapshot.list("/inner".as_ref()),
        [("k8s".to_owned(), Listed::Folder)]
    );
    let kept = fetch(&offline(&cache), &server.url(), &commit.to_string()).unwrap();
    assert_eq!(read(&kept, "/inner/k8s/a.yaml").unwrap(), "inner\n");
    let plain = Source {
        submodules: false,
        ..source(&server.url())
    };
    let snapshot = fetcher(&cache).snapshot(&plain, commit).unwrap();
    let error = read(&snapshot, "/inner/k8s/a.yaml").unwrap_err();
    insta::assert_snapshot!(error, @"`inner` is a submodule, and submodules are not read here");
}

#[test]
fn a_submodule_is_no_folder_of_this_machine() {
    for (url, told) in [
        ("file:///srv/git/secret", "is a folder of this machine"),
        ("/srv/git/secret", "is a folder of this machine"),
        ("ext::sh -c true", "has an address that cannot be read"),
        ("-oProxyCommand=x:y", "has an address that cannot be read"),
    ] {
        let listed = format!("[submodule \"x\"]\n\tpath = inner\n\turl = {url}\n");
        let world = World::with(&[(".gitmodules", &listed)]);
        let commit = with_entry(&world, "160000", "inner", world.tip("main"));
        let server = world.serve(GitRules::default());
        let snapshot = fetch(&fetcher(&cache()), &server.url(), &commit.to_string()).unwrap();
        let error = read(&snapshot, "/inner/a").unwrap_err();
        assert_eq!(error.to_string(), format!("the submodule `inner` {told}"));
    }
}

#[test]
fn a_list_of_submodules_that_is_one_itself_leads_nowhere() {
    let world = World::new();
    let commit = with_entry(&world, "160000", ".gitmodules", world.tip("main"));
    let server = world.serve(GitRules::default());
    let snapshot = fetch(&fetcher(&cache()), &server.url(), &commit.to_string()).unwrap();
    let error = read(&snapshot, "/.gitmodules/a").unwrap_err();
    insta::assert_snapshot!(error, @"the submodule `.gitmodules` is not listed in `.gitmodules`");
}

#[test]
fn files_come_from_the_web_and_then_from_the_cache() {
    let server = WebServer::start().unwrap();
    server.answer("/a.yaml?raw=1", WebAnswer::Content(b"kind: A\n".to_vec()));
    let cache = cache();
    let time = Duration::from_secs(20);
    let url = server.url("/a.yaml?raw=1");
    let (content, hash) = fetcher(&cache).file(&url, time).unwrap();
    assert_eq!(content, b"kind: A\n");
    // `printf 'kind: A\n' | sha256sum`
    assert_eq!(
        hash,
        "7484dcdfb548dc36cb6cd1f2e55c294ae93e8806da968f3a3fe0397340cd200a"
    );
    assert_eq!(fetcher(&cache).kept(&hash).unwrap(), content);
    assert_eq!(fetcher(&cache).kept("../names/x"), None);
    assert_eq!(offline(&cache).file(&url, time).unwrap().0, content);
    let error = offline(&cache)
        .file(&server.url("/b.yaml"), time)
        .unwrap_err();
    insta::assert_snapshot!(shown(&error), @"
    Offline/Input: the file is not in the cache, and nothing is fetched offline
    hint: run it once without `--offline`
    ");
    let error = fetcher(&cache)
        .file(&server.url("/b.yaml"), time)
        .unwrap_err();
    insta::assert_snapshot!(shown(&error), @"FileMissing/Input: there is no file at `http://[HOST]/b.yaml`");
    server.answer("/denied", WebAnswer::Status(403));
    let error = fetcher(&cache)
        .file(&server.url("/denied"), time)
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Forbidden);
}

#[test]
fn credentials_of_an_address_go_to_its_server_alone() {
    let (one, two) = (WebServer::start().unwrap(), WebServer::start().unwrap());
    let time = Duration::from_secs(20);
    one.answer("/a", WebAnswer::Elsewhere("/b".to_owned()));
    one.answer("/b", WebAnswer::Elsewhere(two.url("/c")));
    two.answer("/c", WebAnswer::Content(b"c".to_vec()));
    let url = one.url_with("me", "hunter2", "/a");
    assert_eq!(fetcher(&cache()).file(&url, time).unwrap().0, b"c");
    let sent: Vec<bool> = one
        .requests()
        .iter()
        .map(|request| request.authorization.is_some())
        .collect();
    assert_eq!(sent, [true, true]);
    assert_eq!(two.requests()[0].authorization, None);
    two.answer("/c", WebAnswer::Status(401));
    let error = fetcher(&cache()).file(&url, time).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthorized);
    assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
    // A credential in a redirect is the server's idea, and not ours.
    let tricky = two.url_with("me", "hunter2", "/d");
    one.answer("/a", WebAnswer::Elsewhere(tricky));
    two.answer("/d", WebAnswer::Content(b"d".to_vec()));
    assert_eq!(
        fetcher(&cache()).file(&one.url("/a"), time).unwrap().0,
        b"d"
    );
    assert_eq!(two.requests().last().unwrap().authorization, None);
}

#[test]
fn redirects_end() {
    let server = WebServer::start().unwrap();
    let time = Duration::from_secs(20);
    for (path, to) in [
        ("/round", "/round"),
        ("/file", "file:///etc/passwd"),
        ("/nowhere", ""),
    ] {
        server.answer(path, WebAnswer::Elsewhere(to.to_owned()));
        let result = fetcher(&cache()).file(&server.url(path), time);
        let kind = result.unwrap_err().kind();
        let expected = match path {
            "/nowhere" => ErrorKind::FileMissing,
            _ => ErrorKind::Redirected,
        };
        assert_eq!(kind, expected, "{path}");
    }
}

#[test]
fn a_revision_that_is_not_there_is_told() {
    let world = World::new();
    let error = Snapshot::open(Path::new(world.path()), "gone").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Revision);
    let server = world.serve(GitRules::default());
    let error = fetch(&fetcher(&cache()), &server.url(), "gone").unwrap_err();
    insta::assert_snapshot!(shown(&error), @"Revision/Input: `http://[HOST]/repository.git` has no branch or tag `gone`");
    let nowhere = tempfile::tempdir().unwrap();
    let file = nowhere.path().join("file");
    std::fs::write(&file, "").unwrap();
    let fetcher = Fetcher::new(&file.join("cache"), Access::default(), false);
    let error = fetch(&fetcher, &server.url(), "main").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Cache);
}
