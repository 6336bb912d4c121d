//! `overlay-build` with bases and files of elsewhere, and with revisions of a repository.

use git2::{IndexAddOption, Repository, Signature, Time};
use insta::assert_snapshot;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;
use windlass_testkit::{GitRules, GitServer, WebAnswer, WebServer};

/// A folder with a `work` folder to build in and a `cache`.
struct Place(TempDir);

impl Place {
    fn new(kustomization: &str) -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        fs::create_dir(place.work()).unwrap();
        place.write("kustomization.yaml", kustomization);
        place
    }

    fn work(&self) -> PathBuf {
        self.0.path().join("work")
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.work().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn lock(&self) -> String {
        fs::read_to_string(self.work().join("overlay.lock")).unwrap()
    }

    fn run(&self, words: &str) -> Output {
        let path = std::env::var_os("PATH").unwrap_or_default();
        Command::new(env!("CARGO_BIN_EXE_overlay-build"))
            .args(words.split_whitespace())
            .current_dir(self.work())
            .env_clear()
            .env("PATH", path)
            .env("HOME", self.0.path())
            .env("WINDLASS_CACHE", self.0.path().join("cache"))
            .output()
            .unwrap()
    }

    fn built(&self, words: &str) -> String {
        let output = self.run(words);
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{complaint}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// What a run that ends with `code` complains, without what changes from run to run.
    fn refused(&self, words: &str, code: i32) -> String {
        let output = self.run(words);
        let complaint = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{complaint}");
        assert!(output.stdout.is_empty());
        hostless(&complaint)
    }
}

fn hostless(text: &str) -> String {
    let mut pieces = text.split("127.0.0.1:");
    let first = pieces.next().unwrap().to_owned();
    pieces.fold(first, |text, piece| {
        text + "[HOST]" + piece.trim_start_matches(|c: char| c.is_ascii_digit())
    })
}

/// A repository behind a server, with the base that is built here.
struct Base {
    folder: TempDir,
    server: GitServer,
}

impl Base {
    fn new(rules: GitRules) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Repository::init(folder.path()).unwrap();
        let server = GitServer::start(folder.path(), rules).unwrap();
        let base = Self { folder, server };
        base.write("k8s/kustomization.yaml", "resources: [a.yaml]\n");
        base.release("one");
        base
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn release(&self, version: &str) {
        let object = format!("kind: A\nmetadata: {{name: a}}\nversion: {version}\n");
        self.write("k8s/a.yaml", &object);
        commit_all(self.folder.path());
    }

    fn url(&self) -> String {
        format!("{}//k8s?ref=main", self.server.url())
    }
}

fn commit_all(folder: &Path) {
    let repository = Repository::open(folder).unwrap();
    let mut index = repository.index().unwrap();
    index.add_all(["*"], IndexAddOption::FORCE, None).unwrap();
    index.update_all(["*"], None).unwrap();
    index.write().unwrap();
    let tree = repository.find_tree(index.write_tree().unwrap()).unwrap();
    let who = Signature::new("a", "a@example.com", &Time::new(0, 0)).unwrap();
    let parent = repository
        .head()
        .ok()
        .map(|head| head.peel_to_commit().unwrap());
    let parents: Vec<_> = parent.iter().collect();
    repository
        .commit(Some("refs/heads/main"), &who, &who, "all", &tree, &parents)
        .unwrap();
    repository.set_head("refs/heads/main").unwrap();
}

#[test]
fn bases_and_files_are_fetched_once_and_then_kept() {
    let base = Base::new(GitRules::default());
    let web = WebServer::start().unwrap();
    web.answer(
        "/b.yaml",
        WebAnswer::Content(b"kind: B\nmetadata: {name: b}\n".to_vec()),
    );
    let place = Place::new(&format!(
        "resources:\n- {}\n- {}\n",
        base.url(),
        web.url("/b.yaml")
    ));
    let built = place.built("");
    assert_snapshot!(built, @r"
    kind: A
    metadata:
      name: a
    version: one
    ---
    kind: B
    metadata:
      name: b
    ");
    // Nothing but the cache is written.
    assert_eq!(fs::read_dir(place.work()).unwrap().count(), 1);
    let asked = (base.server.requests().len(), web.requests().len());
    assert_eq!(place.built("--offline"), built);
    assert_eq!((base.server.requests().len(), web.requests().len()), asked);
    // Both kustomizations, and what is in them, are fetched once for all builds of a run.
    place.write(
        "more/kustomization.yaml",
        &format!("resources: ['{}']\n", base.url()),
    );
    place.built(". more more");
    let again = base.server.requests().len() - asked.0;
    assert_eq!(again, 3, "{:?}", base.server.requests());
}

#[test]
fn what_a_kustomization_names_is_fetched_at_once_but_not_all_of_it() {
    let web = WebServer::slow(std::time::Duration::from_millis(100)).unwrap();
    let mut text = "resources:\n".to_owned();
    for at in 0..20 {
        let object = format!("kind: A\nmetadata: {{name: a{at}}}\n");
        web.answer(
            &format!("/{at}.yaml"),
            WebAnswer::Content(object.into_bytes()),
        );
        text.push_str(&format!("- {}\n", web.url(&format!("/{at}.yaml"))));
    }
    let built = Place::new(&text).built("--reorder none");
    let names = built.lines().filter(|line| line.starts_with("  name:"));
    let expected = (0..20).map(|at| format!("  name: a{at}"));
    assert!(names.eq(expected), "{built}");
    assert_eq!(web.requests().len(), 20);
    assert!(
        (2..=8).contains(&web.most_at_once()),
        "{}",
        web.most_at_once()
    );
}

#[test]
fn offline_the_error_names_what_is_missing() {
    let base = Base::new(GitRules::default());
    let place = Place::new(&format!("resources:\n- {}\n", base.url()));
    assert_snapshot!(place.refused("--offline", 1), @"
    error: cannot fetch `http://[HOST]/repository.git//k8s?ref=main`
     --> kustomization.yaml:2:3
      |
    2 | - http://[HOST]/repository.git//k8s?ref=main
      |   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    caused by: `main` of the repository is not in the cache, and nothing is fetched offline
    hint: run it once without `--offline`
    ");
    assert_eq!(base.server.requests().len(), 0);
    let place = Place::new("resources:\n- https://web.example/b.yaml\n");
    assert_snapshot!(place.refused("--offline", 1), @"
    error: cannot fetch `https://web.example/b.yaml`
     --> kustomization.yaml:2:3
      |
    2 | - https://web.example/b.yaml
      |   ^^^^^^^^^^^^^^^^^^^^^^^^^^
    caused by: the file is not in the cache, and nothing is fetched offline
    hint: run it once without `--offline`
    ");
    let nowhere = "resources:\n- http://me:hunter2@127.0.0.1:1/o/r?ref=x&timeout=1s\n";
    assert_snapshot!(Place::new(nowhere).refused("", 3), @"
    error: cannot fetch `http://me@[HOST]/o/r?ref=x&timeout=1s`
     --> kustomization.yaml:2:3
      |
    2 | - http://me:*******@[HOST]/o/r?ref=x&timeout=1s
      |   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    caused by: cannot reach `http://[HOST]/o/r`
    caused by: io: Connection refused (os error 111)
    ");
}

#[test]
fn what_is_locked_stays_until_it_is_looked_at_anew() {
    let base = Base::new(GitRules::default());
    let place = Place::new(&format!("resources: ['{}']\n", base.url()));
    assert_snapshot!(place.refused("--locked", 1), @"
    error: cannot fetch `http://[HOST]/repository.git//k8s?ref=main`
     --> kustomization.yaml:1:13
      |
    1 | resources: ['http://[HOST]/repository.git//k8s?ref=main']
      |             ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    caused by: `http://[HOST]/repository.git` is not in `overlay.lock`
    hint: add it with `overlay-build --lock`
    ");
    let first = place.built("--lock");
    let lock = place.lock();
    let shown = hostless(&lock);
    let repository = Repository::open(base.folder.path()).unwrap();
    let tip = repository.head().unwrap().peel_to_commit().unwrap();
    assert_eq!(
        shown,
        format!(
            "# Written by `overlay-build --lock` and `--update-lock`.\nversion: 1\ngit:\n\
             - url: \"http://[HOST]/repository.git\"\n  ref: \"main\"\n  commit: \"{}\"\n  tree: \"{}\"\n",
            tip.id(),
            tip.tree_id()
        )
    );
    assert_eq!(place.built("--locked"), first);
    base.release("two");
    let requests = base.server.requests().len();
    assert_eq!(place.built(""), first);
    assert_eq!(place.built("--locked --offline"), first);
    assert_eq!(
        base.server.requests().len(),
        requests,
        "all was in lock and cache"
    );
    assert_snapshot!(place.refused("--locked", 1), @"
    error: cannot fetch `http://[HOST]/repository.git//k8s?ref=main`
     --> kustomization.yaml:1:13
      |
    1 | resources: ['http://[HOST]/repository.git//k8s?ref=main']
      |             ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    caused by: `main` of `http://[HOST]/repository.git` is not any more what `overlay.lock` says
    hint: look at what changed, and take it with `overlay-build --update-lock`
    ");
    place.built("--lock");
    assert_eq!(place.lock(), lock);
    let second = place.built("--update-lock");
    assert!(second.contains("version: two"));
    assert_eq!(place.built("--locked"), second);
    assert_ne!(place.lock(), lock);
    // Another cache has only the lock to go by.
    fs::remove_dir_all(place.0.path().join("cache")).unwrap();
    base.release("three");
    assert_eq!(place.built(""), second);
    // The tree is held to the lock too.
    let wrong = place.lock().replace("tree: \"", "tree: \"0");
    place.write("overlay.lock", &wrong);
    let told = place.refused("", 1);
    assert!(told.contains("the tree of `main`"), "{told}");
    place.refused("--lock --locked", 2);
}

#[test]
fn a_file_that_is_not_what_was_locked_is_refused() {
    let web = WebServer::start().unwrap();
    let file = |text: &str| WebAnswer::Content(text.as_bytes().to_vec());
    web.answer("/o/r/b.yaml", file("kind: B\nmetadata: {name: b}\n"));
    let place = Place::new(&format!("resources: ['{}']\n", web.url("/o/r/b.yaml")));
    let first = place.built("--lock");
    let lock = place.lock();
    assert_eq!(lock.lines().count(), 5, "{lock}");
    web.answer("/o/r/b.yaml", file("kind: C\nmetadata: {name: c}\n"));
    // It is in the cache.
    assert_eq!(place.built(""), first);
    assert_snapshot!(place.refused("--locked", 1), @"
    error: cannot fetch `http://[HOST]/o/r/b.yaml`
     --> kustomization.yaml:1:13
      |
    1 | resources: ['http://[HOST]/o/r/b.yaml']
      |             ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    caused by: `http://[HOST]/o/r/b.yaml` is not any more what `overlay.lock` says
    hint: look at what changed, and take it with `overlay-build --update-lock`
    ");
    fs::remove_dir_all(place.0.path().join("cache")).unwrap();
    place.refused("", 1);
    assert!(place.built("--update-lock").contains("kind: C"));
    place.built("--locked");
    place.write("overlay.lock", "version: 1\nfils: []\n");
    let told = place.refused("", 1);
    assert!(told.contains("unknown field `fils`"), "{told}");
}

#[test]
fn one_lock_serves_the_whole_repository() {
    let base = Base::new(GitRules::default());
    let place = Place::new("resources: []\n");
    Repository::init(place.work()).unwrap();
    place.write(
        "apps/a/kustomization.yaml",
        &format!("resources: ['{}']\n", base.url()),
    );
    place.built("-C apps/a --lock");
    assert!(place.lock().contains("repository.git"));
    place.built("--locked apps/a");
}

#[test]
fn credentials_are_used_and_never_shown() {
    let login = Some(("me".to_owned(), "hunter2".to_owned()));
    let base = Base::new(GitRules {
        login,
        ..GitRules::default()
    });
    let url = format!("{}//k8s?ref=main", base.server.url_with("me", "hunter2"));
    let place = Place::new(&format!(
        "resources: ['{url}']\nbuildMetadata: [originAnnotations]\n"
    ));
    let output = place.run("--lock -v");
    assert!(output.status.success());
    let wrong = Place::new(&format!(
        "resources: ['{}']\n",
        url.replace("hunter2", "hunter3")
    ));
    let told = wrong.refused("-v", 1);
    let said = [output.stdout, output.stderr].concat();
    let all = String::from_utf8(said).unwrap() + &place.lock() + &told;
    assert!(!all.contains("hunter"), "{all}");
    assert_snapshot!(told, @"
    looking for http://me@[HOST]/repository.git//k8s?ref=main
    looking for http://me@[HOST]/repository.git
    error: cannot fetch `http://me@[HOST]/repository.git//k8s?ref=main`
     --> kustomization.yaml:1:13
      |
    1 | resources: ['http://me:*******@[HOST]/repository.git//k8s?ref=main']
      |             ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    caused by: `http://[HOST]/repository.git` does not accept the credentials of `me`
    hint: check that the token or password is valid and may write to the repository
    ");
}

#[test]
fn a_page_of_a_web_site_is_looked_at_as_a_repository() {
    let web = WebServer::start().unwrap();
    web.answer("/o/r", WebAnswer::Content(b"<!DOCTYPE html>".to_vec()));
    let place = Place::new(&format!("resources: ['{}', '{0}']\n", web.url("/o/r")));
    assert_snapshot!(place.refused("", 1), @"
    error: this is no object: it is not a map
     --> http://[HOST]/o/r:1:1
      |
    1 | <!DOCTYPE html>
      | ^^^^^^^^^^^^^^^
      in kustomization.yaml:1:13
    ");
    let asked = web.requests();
    assert!(
        asked
            .iter()
            .any(|request| request.path.starts_with("/o/r/info/refs")),
        "{asked:?}"
    );
}

/// What builds of the example application say, on the disk and as a revision.
#[test]
fn a_revision_builds_as_its_checkout() {
    let place = Place::new("resources: [linked, apps/example-app/k8s/overlays/dev]\n");
    let apps = Path::new(env!("CARGO_MANIFEST_DIR")).join("../apps/example-app");
    copy(&apps, &place.work().join("apps/example-app"));
    place.write("real/kustomization.yaml", "resources: [a.yaml]\n");
    place.write("real/a.yaml", "kind: A\nmetadata: {name: a}\n");
    #[cfg(unix)]
    std::os::unix::fs::symlink("real", place.work().join("linked")).unwrap();
    #[cfg(not(unix))]
    copy(&place.work().join("real"), &place.work().join("linked"));
    Repository::init(place.work()).unwrap();
    commit_all(&place.work());
    let words = [
        ".",
        "--all apps",
        "-C apps/example-app k8s/overlays/prod",
        "-C apps/example-app ../../real",
        "--all --match apps/*/k8s/overlays/*",
    ];
    let before = words.map(|words| place.built(words));
    place.write(
        "apps/example-app/k8s/base/kustomization.yaml",
        "resources: [gone.yaml]\n",
    );
    fs::remove_dir_all(place.work().join("real")).unwrap();
    commit_all(&place.work());
    for (words, before) in words.iter().zip(before) {
        assert!(!before.is_empty());
        assert_eq!(
            place.built(&format!("{words} --revision HEAD~1")),
            before,
            "{words}"
        );
    }
    let absolute = place.work().join("apps/example-app/k8s/overlays/dev");
    let absolute = absolute.canonicalize().unwrap();
    place.built(&format!("--revision HEAD~1 {}", absolute.display()));
    assert_snapshot!(place.refused("--revision main apps/example-app/k8s/overlays/dev", 1), @"
    error: there is no file or folder `apps/example-app/k8s/base/gone.yaml`
     --> apps/example-app/k8s/base/kustomization.yaml:1:13
      |
    1 | resources: [gone.yaml]
      |             ^^^^^^^^^
      in apps/example-app/k8s/overlays/dev/kustomization.yaml:6:5
    ");
    let told = place.refused("--revision gone", 1);
    assert!(told.contains("has no revision `gone`"), "{told}");
    place.refused("--revision HEAD --enable-helm", 2);
    place.refused("--revision HEAD --lock", 2);
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let (path, to) = (entry.path(), to.join(entry.file_name()));
        match path.is_dir() {
            true => copy(&path, &to),
            false => drop(fs::copy(path, to).unwrap()),
        }
    }
}
