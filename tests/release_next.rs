//! `release-next`: flags, exit codes, outputs, and the tag on the remote.

use insta::assert_snapshot;
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

/// A clone with one application, and the bare repository that it came from.
pub(crate) struct History {
    folder: TempDir,
    git: git2::Repository,
}

impl History {
    pub(crate) fn new() -> Self {
        Self::of("shop")
    }

    fn of(app: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let remote = git2::Repository::init_bare(folder.path().join("remote")).unwrap();
        let git = git2::Repository::init(folder.path().join("clone")).unwrap();
        git.remote("origin", remote.path().to_str().unwrap())
            .unwrap();
        git.set_head("refs/heads/main").unwrap();
        let history = Self { folder, git };
        history.commit("chore: begin", &format!("apps/{app}/Dockerfile"));
        history
    }

    /// Writes `windlass.yaml` into the clone.
    fn configure(&self, text: &str) {
        let path = self.folder.path().join("clone/windlass.yaml");
        std::fs::write(path, text).unwrap();
    }

    pub(crate) fn commit(&self, message: &str, file: &str) -> String {
        let parent = self
            .git
            .head()
            .ok()
            .map(|head| head.peel_to_commit().unwrap());
        let blob = self.git.blob(message.as_bytes()).unwrap();
        let tree = match &parent {
            Some(parent) => parent.tree().unwrap(),
            None => {
                let empty = self.git.treebuilder(None).unwrap().write().unwrap();
                self.git.find_tree(empty).unwrap()
            }
        };
        let mut update = git2::build::TreeUpdateBuilder::new();
        update.upsert(file, blob, git2::FileMode::Blob);
        let tree = update.create_updated(&self.git, &tree).unwrap();
        let tree = self.git.find_tree(tree).unwrap();
        let who = who();
        let parents: Vec<_> = parent.iter().collect();
        let id = self
            .git
            .commit(Some("HEAD"), &who, &who, message, &tree, &parents);
        self.push("refs/heads/main");
        id.unwrap().to_string()
    }

    pub(crate) fn tag(&self, name: &str) {
        let head = self
            .git
            .head()
            .unwrap()
            .peel(git2::ObjectType::Commit)
            .unwrap();
        self.git.tag(name, &head, &who(), name, false).unwrap();
    }

    fn push(&self, reference: &str) {
        let mut remote = self.git.find_remote("origin").unwrap();
        remote
            .push(&[format!("{reference}:{reference}")], None)
            .unwrap();
    }

    fn remote(&self) -> git2::Repository {
        git2::Repository::open_bare(self.folder.path().join("remote")).unwrap()
    }

    /// Runs a command in the clone, with nothing of the environment but a folder of its own.
    pub(crate) fn run(&self, command: &str, words: &str) -> Output {
        self.command(command, words).output().unwrap()
    }

    fn command(&self, command: &str, words: &str) -> Command {
        let mut command = Command::new(command);
        command
            .arg("-C")
            .arg(self.folder.path().join("clone"))
            .args(words.split_whitespace())
            .env_clear()
            .env("HOME", self.folder.path())
            .env("GITHUB_OUTPUT", self.outputs())
            .env("GIT_COMMITTER_NAME", "Release Robot")
            .env("GIT_COMMITTER_EMAIL", "robot@example.com")
            .env("GIT_COMMITTER_DATE", "@1700000000 +0100")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    fn outputs(&self) -> std::path::PathBuf {
        self.folder.path().join("outputs")
    }

    /// What the last command left for the steps after it.
    pub(crate) fn left(&self) -> String {
        let text = std::fs::read_to_string(self.outputs()).unwrap_or_default();
        let _ = std::fs::remove_file(self.outputs());
        self.hidden(text)
    }

    /// A text without the hashes and folders of this run.
    pub(crate) fn hidden(&self, mut text: String) -> String {
        let mut walk = self.git.revwalk().unwrap();
        walk.push_glob("refs/*").unwrap();
        for id in walk {
            let id = id.unwrap().to_string();
            for length in [40, 12, 7] {
                text = text.replace(&id[..length], "COMMIT");
            }
        }
        text.replace(self.folder.path().to_str().unwrap(), "FOLDER")
    }
}

fn who() -> git2::Signature<'static> {
    git2::Signature::new("A", "a@example.com", &git2::Time::new(1_700_000_000, 0)).unwrap()
}

fn next(history: &History, words: &str) -> Output {
    history.run(env!("CARGO_BIN_EXE_release-next"), words)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// A command that ends well: what it prints.
pub(crate) fn done(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    text(&output.stdout)
}

/// A command that fails with `code`: what it says.
pub(crate) fn failed(history: &History, output: &Output, code: i32) -> String {
    assert_eq!(output.status.code(), Some(code), "{}", text(&output.stdout));
    assert_eq!(text(&output.stdout), "");
    history.hidden(text(&output.stderr))
}

#[test]
fn a_release_on_the_branch_of_an_environment_without_a_tag() {
    let history = History::new();
    history.tag("shop/v1.0.0");
    history.commit("feat(cart): add gifts", "apps/shop/src/cart.py");
    history.commit("chore: upgrade flask", "apps/shop/src/requirements.txt");
    let output = next(&history, "--app shop --branch main -v");
    assert_snapshot!(done(&output), @"1.1.0");
    assert_snapshot!(history.hidden(text(&output.stderr)), @"
    patch COMMIT chore: upgrade flask
    minor COMMIT feat(cart): add gifts
    ");
    assert_snapshot!(history.left(), @r#"
    app=shop
    branch=main
    bump=minor
    changelog=
    commits=[{"bump":"patch","commit":"COMMIT","subject":"chore: upgrade flask"},{"bump":"minor","commit":"COMMIT","subject":"feat(cart): add gifts"}]
    created=false
    image=docker.io/example/shop
    immutable=v1.1.0
    next=1.1.0
    pins=prod=v1.1.0
    previous=shop/v1.0.0
    publish=true
    released=true
    tag=shop/v1.1.0
    tags=v1.1.0 1.1 1 latest
    version=1.1.0
    "#);
    let notes = next(&history, "--app shop --branch main --changelog");
    assert_snapshot!(history.hidden(done(&notes)), @"
    ## [1.1.0] - 2023-11-14

    ### Added

    - cart: add gifts (COMMIT)

    ### Changed

    - upgrade flask (COMMIT)
    ");
}

#[test]
fn every_commit_on_the_branch_of_an_environment_with_a_tag() {
    let history = History::new();
    let output = next(
        &history,
        "--app shop --branch develop --registry localhost:5000/team/",
    );
    assert_snapshot!(history.hidden(done(&output)), @"sha-COMMIT");
    assert_snapshot!(history.left(), @r#"
    app=shop
    branch=develop
    bump=patch
    changelog=
    commits=[{"bump":"patch","commit":"COMMIT","subject":"chore: begin"}]
    created=false
    image=localhost:5000/team/shop
    immutable=sha-COMMIT
    next=0.1.0
    pins=dev=dev-latest
    previous=
    publish=true
    released=false
    tag=
    tags=sha-COMMIT dev-latest
    version=sha-COMMIT
    "#);
}

#[test]
fn nothing_to_release_is_no_error() {
    let history = History::new();
    history.tag("shop/v1.0.0");
    history.commit("docs: explain", "apps/shop/README.md");
    let output = next(
        &history,
        "--app shop --branch main --tag= --expect= --format json",
    );
    let report: serde_json::Value = serde_json::from_str(&done(&output)).unwrap();
    assert_eq!(report["released"], false);
    assert_eq!(report["publish"], false);
    assert_eq!(report["next"], serde_json::Value::Null);
    assert_eq!(report["bump"], "none");
    assert_eq!(report["previous"], "shop/v1.0.0");
    // Nor is there anything to tag.
    let created = next(
        &history,
        "--app shop --branch main --create --remote /no/such/remote",
    );
    done(&created);
}

#[test]
fn the_tag_is_made_once() {
    let history = History::new();
    let commit = history.commit("feat: open the shop", "apps/shop/src/shop.py");
    let dry = next(&history, "--app shop --branch main --create --dry-run");
    done(&dry);
    assert!(history.left().contains("created=true"));
    assert!(
        history
            .remote()
            .find_reference("refs/tags/shop/v0.1.0")
            .is_err()
    );

    let create = "--app shop --branch main --create --expect 0.1.0";
    assert_snapshot!(done(&next(&history, create)), @"0.1.0");
    assert!(history.left().contains("created=true\n"));
    let remote = history.remote();
    let tag = remote
        .find_reference("refs/tags/shop/v0.1.0")
        .unwrap()
        .peel_to_tag()
        .unwrap();
    assert_eq!(tag.target_id().to_string(), commit);
    assert_eq!(
        tag.tagger().unwrap().to_string(),
        "Release Robot <robot@example.com>"
    );
    assert_eq!(tag.tagger().unwrap().when().seconds(), 1_700_000_000);
    assert_snapshot!(history.hidden(tag.message().unwrap().unwrap().to_owned()), @"
    shop 0.1.0

    ## [0.1.0] - 2023-11-14

    ### Added

    - open the shop (COMMIT)

    ### Changed

    - begin (COMMIT)
    ");

    // The clone does not know of it; the remote does, and it is the same release.
    done(&next(&history, create));
    assert!(history.left().contains("created=false\n"));
    history.tag("shop/v0.1.0");
    done(&next(&history, create));
    let left = history.left();
    assert!(left.contains("created=false\n") && left.contains("released=true\n"));
}

#[test]
fn of_two_runs_one_wins_and_the_other_hears_of_it() {
    let history = History::new();
    history.commit("feat: one", "apps/shop/src/shop.py");
    done(&next(&history, "--app shop --branch main --create"));
    history.commit("feat: two", "apps/shop/src/shop.py");
    let late = next(&history, "--app shop --branch main --create --expect 0.1.0");
    assert_snapshot!(failed(&history, &late, 1), @"
    error: cannot release COMMIT as `0.1.0`: `shop/v0.1.0` of the remote is at COMMIT
    hint: another run was faster: fetch its tags and run the whole pipeline again
    ");
}

#[test]
fn the_tag_holds_the_notes_of_many_commits_and_the_first_lines_of_long_ones() {
    let message = |history: &History| {
        let words = "--app shop --branch main --create --changelog";
        let notes = done(&next(history, words));
        let remote = history.remote();
        let tag = remote.find_reference("refs/tags/shop/v0.1.0").unwrap();
        let tag = tag.peel_to_tag().unwrap();
        (notes, tag.message().unwrap().unwrap().to_owned())
    };
    let many = History::new();
    for number in 0..101 {
        many.commit(&format!("feat: part {number}"), "apps/shop/src/cart.py");
    }
    let (notes, held) = message(&many);
    assert!(notes.contains("part 0") && notes.contains("part 100"));
    assert_eq!(
        held.trim_end(),
        format!("shop 0.1.0\n\n{}", notes.trim_end())
    );
    let long = History::new();
    for letter in ["a", "b", "c"] {
        let subject = format!("feat: {}", letter.repeat(30_000));
        long.commit(&subject, "apps/shop/src/cart.py");
    }
    let (notes, held) = message(&long);
    let (kept, word) = held.trim_end().rsplit_once("\n\n").unwrap();
    assert_eq!(
        word,
        "The rest is too long for a tag; see release-next --changelog."
    );
    let kept = kept.strip_prefix("shop 0.1.0\n\n").unwrap();
    assert!(notes.starts_with(&format!("{kept}\n")), "whole lines");
    assert!((60_000..=64 << 10).contains(&kept.len()), "{}", kept.len());
}

/// Runs of `--create` at once: for each the status, and whether it made the tag.
fn race(history: &History, revisions: &[&str]) -> Vec<(Option<i32>, bool)> {
    let start = |revision: &&str| {
        let words = format!("--app shop --branch main --create --format json --head {revision}");
        let mut command = history.command(env!("CARGO_BIN_EXE_release-next"), &words);
        command.spawn().unwrap()
    };
    let running: Vec<_> = revisions.iter().map(start).collect();
    let end = |child: std::process::Child| {
        let output = child.wait_with_output().unwrap();
        let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        (output.status.code(), report["created"] == true)
    };
    running.into_iter().map(end).collect()
}

#[test]
fn runs_at_once_make_one_tag() {
    let history = History::new();
    let first = history.commit("feat: one", "apps/shop/src/shop.py");
    // At one commit all agree. Their tags are the same object, so that any may have made it.
    let runs = race(&history, &[first.as_str(); 4]);
    assert!(
        runs.iter().all(|(status, _)| *status == Some(0)),
        "{runs:?}"
    );
    assert!(runs.iter().any(|(_, created)| *created), "{runs:?}");
    // At several commits one wins, and the others hear of it.
    history.tag("shop/v0.1.0");
    let commits = ["two", "three", "four"]
        .map(|name| history.commit(&format!("fix: {name}"), "apps/shop/src/shop.py"));
    let runs = race(&history, &commits.each_ref().map(String::as_str));
    let won = runs.iter().filter(|run| **run == (Some(0), true)).count();
    let lost = runs.iter().filter(|run| **run == (Some(1), false)).count();
    assert_eq!((won, lost), (1, 2), "{runs:?}");
    let remote = history.remote();
    let tag = remote.find_reference("refs/tags/shop/v0.1.1").unwrap();
    let target = tag.peel_to_commit().unwrap().id().to_string();
    let winner = runs.iter().position(|run| run.1).unwrap();
    assert_eq!(target, commits[winner]);
}

#[test]
fn another_version_than_expected_is_refused() {
    let history = History::new();
    history.tag("shop/v1.0.0");
    history.commit("fix: x", "apps/shop/src/shop.py");
    let output = next(&history, "--app shop --branch main --create --expect 1.1.0");
    assert_snapshot!(failed(&history, &output, 1), @"
    error: `shop` was to be `1.1.0`, but this commit is `1.0.1`
    hint: run the whole pipeline again: a release came in between
    ");
    assert!(
        history
            .remote()
            .find_reference("refs/tags/shop/v1.0.1")
            .is_err()
    );
}

#[test]
fn a_tag_pushed_by_hand_is_the_release() {
    let history = History::new();
    history.tag("shop/v1.4.0");
    let output = next(
        &history,
        "--app shop --tag shop/v1.4.0 --create --remote /no/such/remote",
    );
    assert_snapshot!(done(&output), @"1.4.0");
    assert_snapshot!(history.left(), @r#"
    app=shop
    branch=main
    bump=patch
    changelog=
    commits=[{"bump":"patch","commit":"COMMIT","subject":"chore: begin"}]
    created=false
    image=docker.io/example/shop
    immutable=v1.4.0
    next=1.4.0
    pins=prod=v1.4.0
    previous=
    publish=true
    released=true
    tag=shop/v1.4.0
    tags=v1.4.0 1.4 1 latest
    version=1.4.0
    "#);
    let output = next(&history, "--app shop --tag cart/v1.4.0");
    assert_snapshot!(failed(&history, &output, 1), @"
    error: tag `cart/v1.4.0` gives no version of `shop`
    hint: its tags have the form `shop/vX.Y.Z`
    ");
}

#[test]
fn options_reach_the_rules() {
    let history = History::new();
    history.tag("shop/v1.0.0");
    history.commit(
        "Merge pull request #7 from a/b\n\nfeat: x",
        "apps/shop/src/a.py",
    );
    history.commit("fix: y [skip release]\n\n* feat!: z", "apps/shop/src/a.py");
    for (words, expected) in [
        ("", "1.0.1"),
        ("--first-parent", "1.1.0"),
        ("--squash-bodies", "2.0.0"),
        ("--squash-bodies --skip-marker", "1.0.1"),
        ("--channel rc", "1.0.1-rc.1"),
    ] {
        let output = next(&history, &format!("--app shop --branch main {words}"));
        assert_eq!(done(&output).trim_end(), expected, "{words}");
    }
    history.commit("Update stuff", "apps/shop/src/a.py");
    let strict = next(&history, "--app shop --branch main --strict");
    assert_snapshot!(failed(&history, &strict, 1), @"
    error: commit COMMIT `Update stuff` does not follow Conventional Commits: it does not begin with a type, an optional scope and `: `
    hint: reword it, or leave strict mode: it then counts by what it changes
    ");
    let fresh = History::new();
    let first = next(&fresh, "--app shop --branch main --first 2.0.0");
    assert_eq!(done(&first), "2.0.0\n");
}

#[test]
fn the_configuration_reaches_the_rules() {
    let history = History::new();
    history.tag("shop/v1.0.0");
    history.commit("refactor: x", "apps/shop/k8s/base.yaml");
    for (config, branch, expected) in [
        ("", "main", None),
        ("release: {types: {refactor: patch}}", "main", Some("1.0.1")),
        (
            "release: {types: {refactor: minor}, channels: {next: beta}}",
            "next",
            Some("1.1.0-beta.1"),
        ),
        (
            "release: {types: {refactor: minor}, channels: {next: beta}}",
            "main",
            Some("1.1.0"),
        ),
    ] {
        history.configure(config);
        let output = next(
            &history,
            &format!("--app shop --branch {branch} --format json"),
        );
        let report: serde_json::Value = serde_json::from_str(&done(&output)).unwrap();
        assert_eq!(report["next"].as_str(), expected, "{config}");
        assert_eq!(report["released"], expected.is_some(), "{config}");
    }
    history.commit(
        "Merge pull request #7 from a/b\n\nfeat: x",
        "libs/log/log.py",
    );
    history.commit("fix: y [skip release]\n\n* feat!: z", "libs/auth/auth.py");
    let shared = "shared: [{path: libs/log}, {path: libs/auth, apps: [shop]}]";
    for (config, expected) in [
        ("", None),
        (shared, Some("1.0.1")),
        (
            "shared: [{path: libs/log}]\nrelease: {firstParent: true}",
            Some("1.1.0"),
        ),
        (
            "shared: [{path: libs/auth}]\nrelease: {squashBodies: true}",
            Some("2.0.0"),
        ),
        (
            "shared: [{path: libs/auth}]\nrelease: {skipMarker: true}",
            None,
        ),
    ] {
        history.configure(config);
        let output = next(&history, "--app shop --branch main --format json");
        let report: serde_json::Value = serde_json::from_str(&done(&output)).unwrap();
        assert_eq!(report["next"].as_str(), expected, "{config}");
    }
    history.configure(
        "environments: [{name: preview, branch: feature/login, tag: \"{branch}-latest\"}]",
    );
    done(&next(&history, "--app shop --branch feature/login"));
    let left = history.left();
    assert!(
        left.contains("pins=preview=feature-login-1f2cdd3387ae-latest\n"),
        "{left}"
    );

    history.configure("release: {strict: true}\nshared: [{path: libs/log}]");
    history.commit("Update stuff", "libs/log/log.py");
    let strict = next(&history, "--app shop --branch main");
    assert_eq!(strict.status.code(), Some(1));
    history.configure("release:\n  chanels: {next: beta}\n");
    let output = next(&history, "--app shop --branch main");
    assert_snapshot!(failed(&history, &output, 1), @"
    error: unknown field `chanels`
     --> windlass.yaml:2:3
      |
    2 |   chanels: {next: beta}
      |   ^^^^^^^
    hint: did you mean `channels`?
    ");
    let fresh = History::new();
    fresh.configure("release: {first: 1.0.0}");
    assert_eq!(done(&next(&fresh, "--app shop --branch main")), "1.0.0\n");
}

/// What README says of a common task: in dev, in production, in git.
fn promised(task: &str) -> [String; 3] {
    let readme = include_str!("../README.md");
    let begin = format!("| `{task}` |");
    let row = readme
        .lines()
        .find(|line| line.starts_with(&begin))
        .expect(task);
    let cells: Vec<_> = row
        .split('|')
        .map(|cell| cell.trim().trim_matches('`'))
        .collect();
    [2, 3, 4].map(|at| cells[at].to_owned())
}

#[test]
fn the_common_tasks_are_called_as_the_readme_says() {
    for (task, app, released, message, file) in [
        (
            "feature",
            "example-app",
            true,
            "feat(example-app): serve a greeting",
            "src/static/greeting.txt",
        ),
        (
            "new-app",
            "shop",
            false,
            "feat(shop): first version",
            "src/server.py",
        ),
        (
            "dependency",
            "example-app",
            true,
            "build(example-app): flask 3.1.3 or newer",
            "src/requirements.txt",
        ),
        (
            "hotfix",
            "example-app",
            true,
            "fix(example-app): warn of the step",
            "src/static/notice.txt",
        ),
    ] {
        let history = History::of(app);
        if released {
            history.tag(&format!("{app}/v1.0.0"));
        }
        history.commit(message, &format!("apps/{app}/{file}"));
        let report = |branch: &str| -> serde_json::Value {
            let words = format!("--app {app} --branch {branch} --format json");
            serde_json::from_str(&done(&next(&history, &words))).unwrap()
        };
        let [dev, production, tag] = promised(task);
        assert_eq!(report("develop")["pins"][0], format!("dev={dev}"), "{task}");
        assert_eq!(
            report("main")["pins"][0],
            format!("prod={production}"),
            "{task}"
        );
        assert_eq!(report("main")["tag"], tag, "{task}");
    }
}

#[test]
fn the_command_line_is_checked() {
    let history = History::new();
    for words in [
        "--app shop",
        "--branch main",
        "--app shop --branch main --first 1",
        "--app shop --branch main --channel nightly",
    ] {
        assert_eq!(next(&history, words).status.code(), Some(2), "{words}");
    }
}
