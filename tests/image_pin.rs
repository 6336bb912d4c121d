//! `image-pin`: flags, exit codes, outputs, and the commit on the remote.

use insta::assert_snapshot;
use std::process::{Command, Output};
use tempfile::TempDir;
use windlass_testkit::{GitRules, GitServer};

const OVERLAY: &str = "apps/shop/k8s/overlays/dev/kustomization.yaml";
const DIGEST: &str = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

/// A clone, and a bare repository with the overlays of one application.
struct Overlays {
    folder: TempDir,
    remote: git2::Repository,
}

impl Overlays {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let remote = git2::Repository::init_bare(folder.path().join("remote")).unwrap();
        let clone = git2::Repository::init(folder.path().join("clone")).unwrap();
        clone
            .remote("origin", remote.path().to_str().unwrap())
            .unwrap();
        let overlays = Self { folder, remote };
        overlays.commit("images:\n- name: shop # ours\n  newTag: v1.0.0\n");
        overlays
    }

    /// Begins the branch anew with this overlay.
    fn commit(&self, overlay: &str) {
        let git = &self.remote;
        let blob = git.blob(overlay.as_bytes()).unwrap();
        let empty = git.treebuilder(None).unwrap().write().unwrap();
        let mut update = git2::build::TreeUpdateBuilder::new();
        update.upsert(OVERLAY, blob, git2::FileMode::Blob);
        let tree = update
            .create_updated(git, &git.find_tree(empty).unwrap())
            .unwrap();
        let who = git2::Signature::new("A", "a@example.com", &git2::Time::new(0, 0)).unwrap();
        let tree = git.find_tree(tree).unwrap();
        let commit = git.commit(None, &who, &who, "Begin", &tree, &[]).unwrap();
        git.reference("refs/heads/develop", commit, true, "")
            .unwrap();
    }

    fn serve(&self) -> GitServer {
        let rules = GitRules {
            login: Some(("x-access-token".to_owned(), "t0ken".to_owned())),
            ..GitRules::default()
        };
        GitServer::start(self.remote.path(), rules).unwrap()
    }

    fn tip(&self) -> git2::Commit<'_> {
        let develop = self.remote.find_reference("refs/heads/develop").unwrap();
        develop.peel_to_commit().unwrap()
    }

    fn overlay(&self) -> String {
        let entry = self
            .tip()
            .tree()
            .unwrap()
            .get_path(OVERLAY.as_ref())
            .unwrap();
        let blob = self.remote.find_blob(entry.id()).unwrap();
        String::from_utf8(blob.content().to_vec()).unwrap()
    }

    /// The command in the clone, with nothing of the environment but a folder of its own.
    fn command(&self, words: &str) -> Command {
        let mut command = self.bare_command(words);
        command.args(["--app", "shop", "--digest", DIGEST]);
        command
    }

    /// The same without an application.
    fn bare_command(&self, words: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_image-pin"));
        command
            .arg("-C")
            .arg(self.folder.path().join("clone"))
            .args(["--branch", "develop"])
            .args(words.split('|'))
            .env_clear()
            .env("HOME", self.folder.path())
            .env("GITHUB_OUTPUT", self.outputs())
            .env("GIT_AUTHOR_NAME", "Robot")
            .env("GIT_AUTHOR_EMAIL", "robot@example.com")
            .env("GIT_AUTHOR_DATE", "@1700000000 +0100")
            .env("GIT_COMMITTER_DATE", "2023-11-14T22:13:20Z");
        command
    }

    fn run(&self, words: &str) -> Output {
        self.command(words).output().unwrap()
    }

    fn outputs(&self) -> std::path::PathBuf {
        self.folder.path().join("outputs")
    }

    /// A text without what differs from run to run.
    fn hidden(&self, text: &str) -> String {
        text.replace(&self.tip().id().to_string(), "COMMIT")
            .replace(self.folder.path().to_str().unwrap(), "FOLDER")
    }

    /// What a command that must end well prints, and what it leaves for the steps after it.
    fn done(&self, output: &Output) -> String {
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        assert_eq!(text(&output.stderr), "");
        let left = std::fs::read_to_string(self.outputs()).unwrap();
        std::fs::remove_file(self.outputs()).unwrap();
        self.hidden(&format!("{}---\n{left}", text(&output.stdout)))
    }

    /// What a command that must fail says.
    fn failed(&self, output: &Output, code: i32) -> String {
        assert_eq!(output.status.code(), Some(code), "{}", text(&output.stderr));
        assert_eq!(text(&output.stdout), "");
        assert!(!self.outputs().exists());
        self.hidden(&text(&output.stderr))
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn a_pin_is_a_commit_on_the_remote() {
    let overlays = Overlays::new();
    let output = overlays.run("--pin|dev=v1.1.0");
    assert_snapshot!(overlays.done(&output), @r#"
    dev: shop from v1.0.0 to v1.1.0@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
    commit COMMIT on develop
    ---
    branch=develop
    changed=true
    commit=COMMIT
    paths=apps/shop/k8s/overlays/dev/kustomization.yaml
    pins=[{"after":"v1.1.0@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef","app":"shop","before":"v1.0.0","environment":"dev","image":"shop"}]
    pull=
    "#);
    assert_snapshot!(overlays.overlay(), @"
    images:
    - name: shop # ours
      newTag: v1.1.0
      digest: sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
    ");
    let tip = overlays.tip();
    assert_snapshot!(tip.message().unwrap(), @"
    Pin shop in dev to v1.1.0@sha256:0123456789ab

    dev: shop:v1.1.0@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef

    Windlass-Pin: shop dev
    Windlass-Id: d8ea351b6c9e535c5b45d4257422adae528ee146
    ");
    assert_eq!(tip.author().to_string(), "Robot <robot@example.com>");
    assert_eq!(tip.author().when().offset_minutes(), 60);
    assert_eq!(
        tip.committer().to_string(),
        "windlass <windlass@localhost.invalid>"
    );
    assert_eq!(tip.committer().when().seconds(), 1_700_000_000);
    let again = overlays.run("--pin|dev=v1.1.0");
    assert_snapshot!(overlays.done(&again), @r#"
    dev: shop is at v1.1.0@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef already
    ---
    branch=develop
    changed=false
    commit=
    paths=
    pins=[{"after":"v1.1.0@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef","app":"shop","before":"v1.1.0@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef","environment":"dev","image":"shop"}]
    pull=
    "#);
    assert_eq!(overlays.tip().id(), tip.id());
}

#[test]
fn the_same_pin_is_the_same_commit() {
    let [first, second] = [Overlays::new(), Overlays::new()];
    for overlays in [&first, &second] {
        overlays.done(&overlays.run("--pin|dev=v1.1.0"));
    }
    assert_eq!(first.tip().id(), second.tip().id());
}

#[test]
fn the_job_tells_equal_pins_apart() {
    let pinned = |words: &str, run: &str| {
        let overlays = Overlays::new();
        let mut command = overlays.command(&format!("{words}--pin|dev=v1.1.0"));
        overlays.done(&command.env("GITHUB_RUN_ID", run).output().unwrap());
        overlays.tip().id()
    };
    assert_eq!(pinned("", "1"), pinned("", "1"));
    assert_ne!(pinned("", "1"), pinned("", "2"));
    assert_eq!(pinned("--nonce|a|", "1"), pinned("--nonce|a|", "2"));
}

#[test]
fn git_s_configuration_says_who_writes() {
    let overlays = Overlays::new();
    let clone = git2::Repository::open(overlays.folder.path().join("clone")).unwrap();
    let mut config = clone.config().unwrap();
    config.set_str("user.name", "Me").unwrap();
    config.set_str("user.email", "me@example.com").unwrap();
    overlays.done(&overlays.run("--pin|dev=v1.1.0"));
    let tip = overlays.tip();
    assert_eq!(tip.author().to_string(), "Robot <robot@example.com>");
    assert_eq!(tip.committer().to_string(), "Me <me@example.com>");
}

#[test]
fn a_dry_run_reports_and_pushes_nothing() {
    let overlays = Overlays::new();
    let before = overlays.tip().id();
    let output = overlays.run("--dry-run|--pin|dev=v1.1.0");
    assert_snapshot!(overlays.done(&output), @r#"
    dev: shop from v1.0.0 to v1.1.0@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
    ---
    branch=develop
    changed=true
    commit=
    paths=apps/shop/k8s/overlays/dev/kustomization.yaml
    pins=[{"after":"v1.1.0@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef","app":"shop","before":"v1.0.0","environment":"dev","image":"shop"}]
    pull=
    "#);
    assert_eq!(overlays.tip().id(), before);
}

#[test]
fn ci_is_asked_to_skip_the_commit() {
    let overlays = Overlays::new();
    overlays.done(&overlays.run("--skip-ci|--pin|dev=v1.1.0"));
    let subject = overlays.tip().summary().unwrap().unwrap().to_owned();
    assert_eq!(
        subject,
        "Pin shop in dev to v1.1.0@sha256:0123456789ab [skip ci]"
    );
}

#[test]
fn what_the_input_is_at_fault_for_ends_with_1() {
    let overlays = Overlays::new();
    assert_snapshot!(overlays.failed(&overlays.run("--pin|dev=v0.9.0"), 1), @"
    error: `shop` in dev is at `v1.0.0`, which is newer than `v0.9.0`
    hint: if it shall go back, say so with `--allow-downgrade`
    ");
    assert_snapshot!(overlays.failed(&overlays.run("--pin|prod=v1.1.0"), 1), @"
    error: `shop` has no overlay `prod`: no kustomization file in `apps/shop/k8s/overlays/prod`
    hint: there is `dev`
    ");
    assert_snapshot!(overlays.failed(&overlays.run("--pin|dev=a b"), 1), @"
    error: cannot read the pin `b`
    hint: write it like `dev=dev-latest`
    ");
    assert_snapshot!(overlays.failed(&overlays.run("--expect|v0.1.0|--pin|dev=v1.1.0"), 1), @"
    error: `shop` in `apps/shop/k8s/overlays/dev/kustomization.yaml` has the tag `v1.0.0`, not `v0.1.0`
    hint: someone changed it: look at the branch's history before you pin
    ");
    assert_snapshot!(overlays.failed(&overlays.run("--remote|upstream|--pin|dev=v1.1.0"), 1), @"
    error: the repository has no remote `upstream`
    hint: name the remote's address with `--remote`
    ");
    overlays.commit("images:\n- name: shop\n newTag: v1.0.0\n");
    let broken = overlays.failed(&overlays.run("--pin|dev=v1.1.0"), 1);
    assert!(broken.contains(&format!(" --> {OVERLAY}:3:")), "{broken}");
}

/// Options go to the server, and the configuration decides whether and with what to sign.
#[test]
fn a_push_has_options_and_a_commit_is_signed() {
    let overlays = Overlays::new();
    let server = GitServer::start(overlays.remote.path(), GitRules::default()).unwrap();
    let words = format!("--remote|{}|--push-option|ci.skip|--pin|dev=", server.url());
    overlays.done(&overlays.run(&format!("{words}v1.1.0")));
    assert_eq!(server.requests().last().unwrap().push_options, ["ci.skip"]);
    let clone = git2::Repository::open(overlays.folder.path().join("clone")).unwrap();
    let mut config = clone.config().unwrap();
    config.set_bool("commit.gpgSign", true).unwrap();
    config.set_str("gpg.program", "/none").unwrap();
    let tip = overlays.tip().id();
    assert_snapshot!(overlays.failed(&overlays.run(&format!("{words}v1.2.0")), 1), @"
    error: cannot run `/none` to sign the commit
    caused by: No such file or directory (os error 2)
    ");
    assert_eq!(overlays.tip().id(), tip);
    overlays.done(&overlays.run(&format!("--no-sign|{words}v1.2.0")));
    config.set_bool("commit.gpgSign", false).unwrap();
    let said = overlays.failed(&overlays.run(&format!("--sign=me|{words}v1.3.0")), 1);
    assert!(said.starts_with("error: cannot run `/none`"), "{said}");
}

#[test]
fn an_empty_pin_is_a_command_line_at_fault() {
    let overlays = Overlays::new();
    assert_snapshot!(overlays.failed(&overlays.run("--pin| "), 2), @"
    error: there is nothing to pin: no word in `--pin` or `--edit`

    For more information, try '--help'.
    ");
}

#[test]
fn a_token_goes_to_its_server_and_to_no_output() {
    let overlays = Overlays::new();
    let server = overlays.serve();
    let words = format!("--remote|{}|--pin|dev=v1.1.0", server.url());
    let elsewhere = overlays
        .command(&words)
        .env("GITHUB_SERVER_URL", "https://github.com")
        .env("GITHUB_TOKEN", "t0ken")
        .output()
        .unwrap();
    let said = overlays.failed(&elsewhere, 1).replace(&server.url(), "URL");
    assert_snapshot!(said, @"
    error: `URL` asks for credentials, and there are none
    hint: set GITHUB_TOKEN if it is a GitHub server, or configure a credential helper of git
    ");
    assert!(server.requests().iter().all(|request| !request.authorized));
    let here = overlays
        .command(&format!("-v|{words}"))
        .env("GITHUB_SERVER_URL", server.url())
        .env("GITHUB_TOKEN", "t0ken")
        .output()
        .unwrap();
    let said = overlays.done(&here);
    assert!(
        said.contains("changed=true") && !said.contains("t0ken"),
        "{said}"
    );
    assert!(!overlays.tip().message().unwrap().contains("t0ken"));
}

#[test]
fn a_server_that_is_away_ends_with_3() {
    let overlays = Overlays::new();
    let address = overlays.serve().url();
    let words = format!("--deadline|1|--remote|{address}|--pin|dev=v1.1.0");
    let said = overlays.failed(&overlays.run(&words), 3);
    assert!(
        said.starts_with("error: could not write to `develop`"),
        "{said}"
    );
}

#[test]
fn many_images_are_pinned_by_a_list_on_stdin() {
    let overlays = Overlays::new();
    let list = format!("# what is new\nshop/dev=v1.1.0@{DIGEST}\n\n  shop/dev/side/car=v3\n");
    let path = overlays.folder.path().join("list");
    std::fs::write(&path, list).unwrap();
    let run = || {
        let mut command = overlays.bare_command("--add|--edit|-");
        command.stdin(std::fs::File::open(&path).unwrap());
        command.output().unwrap()
    };
    assert_snapshot!(overlays.done(&run()), @r#"
    dev: shop from v1.0.0 to v1.1.0@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
    dev: side/car to v3
    commit COMMIT on develop
    ---
    branch=develop
    changed=true
    commit=COMMIT
    paths=apps/shop/k8s/overlays/dev/kustomization.yaml
    pins=[{"after":"v1.1.0@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef","app":"shop","before":"v1.0.0","environment":"dev","image":"shop"},{"after":"v3","app":"shop","before":"","environment":"dev","image":"side/car"}]
    pull=
    "#);
    assert_snapshot!(overlays.overlay(), @"
    images:
    - name: shop # ours
      newTag: v1.1.0
      digest: sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
    - name: side/car
      newTag: v3
    ");
    assert!(overlays.done(&run()).contains("changed=false"));
}

#[test]
fn every_pin_that_is_refused_is_told() {
    let overlays = Overlays::new();
    overlays.commit("images:\n# windlass: hold -- it leaks\n- name: shop\n  newTag: v1.0.0\n");
    let before = overlays.tip().id();
    let words = format!("--edit|shop/dev=v1.1.0@{DIGEST} shop/qa=v1|--edit|cart/dev=v1");
    let output = overlays.bare_command(&words).output().unwrap();
    assert_snapshot!(overlays.failed(&output, 1), @"
    error: `shop` in dev is held: it leaks
     --> apps/shop/k8s/overlays/dev/kustomization.yaml:2:1
      |
    2 | # windlass: hold -- it leaks
      | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    hint: let it go with `env-rollback dev --release --app shop`

    error: `shop` has no overlay `qa`: no kustomization file in `apps/shop/k8s/overlays/qa`
    hint: there is `dev`

    error: there is no application `cart` with overlays in `apps/cart/k8s/overlays`
    hint: there is `shop`
    ");
    assert_eq!(overlays.tip().id(), before);
    let nothing = overlays.bare_command("--expect|v1").output().unwrap();
    assert_eq!(nothing.status.code(), Some(2));
}

#[test]
fn a_pin_may_go_to_a_branch_for_a_pull_request() {
    let overlays = Overlays::new();
    let base = overlays.tip().id();
    let run = || overlays.run("--push-to|pin/shop|--pin|dev=v1.1.0");
    let first = run();
    let pull = overlays
        .remote
        .find_reference("refs/heads/pin/shop")
        .unwrap();
    let pull = pull.target().unwrap().to_string();
    let hide = |output: &Output| overlays.done(output).replace(&pull, "PULL");
    assert_snapshot!(hide(&first), @r#"
    dev: shop from v1.0.0 to v1.1.0@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
    commit PULL on pin/shop
    to merge pin/shop into develop: Pin shop in dev to v1.1.0@sha256:0123456789ab
    ---
    branch=pin/shop
    changed=true
    commit=PULL
    paths=apps/shop/k8s/overlays/dev/kustomization.yaml
    pins=[{"after":"v1.1.0@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef","app":"shop","before":"v1.0.0","environment":"dev","image":"shop"}]
    pull={"base":"develop","body":"dev: shop:v1.1.0@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n\nWindlass-Pin: shop dev","branch":"pin/shop","title":"Pin shop in dev to v1.1.0@sha256:0123456789ab"}
    "#);
    assert_snapshot!(hide(&run()), @r#"
    dev: shop from v1.0.0 to v1.1.0@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
    to merge pin/shop into develop: Pin shop in dev to v1.1.0@sha256:0123456789ab
    ---
    branch=pin/shop
    changed=false
    commit=
    paths=apps/shop/k8s/overlays/dev/kustomization.yaml
    pins=[{"after":"v1.1.0@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef","app":"shop","before":"v1.0.0","environment":"dev","image":"shop"}]
    pull={"base":"develop","body":"dev: shop:v1.1.0@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n\nWindlass-Pin: shop dev","branch":"pin/shop","title":"Pin shop in dev to v1.1.0@sha256:0123456789ab"}
    "#);
    assert_eq!(overlays.tip().id(), base);
    let into_itself = overlays.run("--push-to|develop|--pin|dev=v1.1.0");
    assert_snapshot!(overlays.failed(&into_itself, 1), @"
    error: `develop` cannot be merged into itself
    hint: name a branch for the pull request, such as `promote/prod`
    ");
}
