//! What each kind of error says, and what it advises.

use crate::repo::{Repo, shared};
use insta::assert_snapshot;
use windlass_fault::Fault;
use windlass_release::{
    Channel, Environment, Error, ErrorKind, Layout, Line, Options, Push, Release, Repository,
    Since, affected, affected_by_tag, next, release, tagged,
};

fn shown<T>(kind: ErrorKind, result: Result<T, Error>) -> String {
    let error = result.err().unwrap();
    assert_eq!(error.kind(), kind);
    let cause = std::error::Error::source(&error).map(|source| format!("\ncaused by: {source}"));
    let hint = error.hint().map(|hint| format!("\nhint: {hint}"));
    format!(
        "{error}{}{}",
        cause.unwrap_or_default(),
        hint.unwrap_or_default()
    )
}

/// The error of a script, with the hash of its last commit and of the one before by name.
fn after(script: &str, kind: ErrorKind, options: &Options) -> String {
    let repo = Repo::script(script);
    hide(&repo, shown(kind, repo.next(options)))
}

fn hide(repo: &Repo, text: String) -> String {
    let mut commits = repo.git.revwalk().unwrap();
    commits.push_glob("refs/*").unwrap();
    let hidden = commits.map(|id| id.unwrap().to_string()[..12].to_owned());
    hidden.fold(text, |text, hash| text.replace(&hash, "COMMIT"))
}

#[test]
fn a_folder_that_is_no_repository() {
    let folder = tempfile::TempDir::new().unwrap();
    let text = shown(ErrorKind::Repository, Repository::open(folder.path()));
    let text = text.replace(folder.path().to_str().unwrap(), "FOLDER");
    assert_snapshot!(text, @"
    cannot open a git repository at `FOLDER`
    caused by: could not find repository at 'FOLDER'
    hint: name the root of the repository with `-C`
    ");
}

#[test]
fn an_object_that_is_not_there() {
    let repo = Repo::script("feat: x | apps/api/src/a");
    let tree = repo
        .git
        .find_commit(repo.head())
        .unwrap()
        .tree_id()
        .to_string();
    let (folder, file) = tree.split_at(2);
    let path = repo.folder.path().join("objects").join(folder).join(file);
    std::fs::remove_file(path).unwrap();
    let text = shown(ErrorKind::History, repo.next(&Options::default()));
    let text = text.replace(&tree, "TREE");
    assert_snapshot!(text, @"
    cannot read tree TREE
    caused by: object not found - no match for id (TREE)
    hint: fetch the whole history: a partial clone leaves objects out
    ");
}

#[test]
fn a_revision_that_is_no_commit() {
    let repo = Repo::new();
    let found = affected(
        &repo.open(),
        Since::Common("HEAD"),
        "mian",
        &Layout::default(),
    );
    assert_snapshot!(shown(ErrorKind::Revision, found), @"
    `mian` names no commit of the repository
    caused by: revspec 'mian' not found
    ");
}

#[test]
fn an_application_that_is_not_there() {
    let repo = Repo::new();
    let open = repo.open();
    let ask = |app| next(&open, "HEAD", app, &Layout::default(), &Options::default());
    assert_snapshot!(shown(ErrorKind::App, ask("ap")), @"
    no application `ap` is in `apps`
    hint: did you mean `api`?
    ");
    assert_snapshot!(shown(ErrorKind::App, ask("payments")), @"
    no application `payments` is in `apps`
    hint: an application is a folder with a `Dockerfile` or a folder `k8s`
    ");
    let layout = Layout {
        shared: shared("libs/auth", Some("weeb")),
        ..Layout::default()
    };
    let found = next(&open, "HEAD", "api", &layout, &Options::default());
    assert_snapshot!(shown(ErrorKind::App, found), @"
    shared path `libs/auth` is for `weeb`: no application `weeb` is in `apps`
    hint: did you mean `web`?
    ");
}

#[test]
fn a_shallow_clone() {
    let repo = Repo::script("tag api/v1.0.0 \n fix: x");
    std::fs::write(
        repo.folder.path().join("shallow"),
        format!("{}\n", repo.head()),
    )
    .unwrap();
    let text = shown(ErrorKind::Shallow, repo.next(&Options::default()));
    assert_snapshot!(hide(&repo, text), @"
    the clone is shallow: it ends at COMMIT, before the last release
    hint: fetch the whole history: `fetch-depth: 0` for actions/checkout, `git fetch --unshallow --tags` by hand
    ");
}

#[test]
fn no_tag_of_the_right_form() {
    let usual = Options::default();
    assert_snapshot!(after("tag v1.2.3 \n fix: x", ErrorKind::ForeignTag, &usual), @"
    `api` has no tag of the form `api/vX.Y.Z`, but the repository has `v1.2.3`
    hint: if that was its last release, `git tag api/v1.2.3 v1.2.3`; if it had none, name its first version with `--first`
    ");
    assert_snapshot!(after("tag api-1.2 \n fix: x", ErrorKind::ForeignTag, &usual), @"
    `api` has no tag of the form `api/vX.Y.Z`, but the repository has `api-1.2`
    hint: if that was its last release, `git tag api/v1.2.0 api-1.2`; if it had none, name its first version with `--first`
    ");
}

#[test]
fn no_release_in_the_history() {
    let script = "branch b \n feat: y \n tag api/v1.2.0 \n switch main \n feat: x";
    assert_snapshot!(after(script, ErrorKind::UnreachableTag, &Options::default()), @"
    no release of `api` is in the history of COMMIT, but `api/v1.2.0` exists
    hint: merge the branch that was released, or fetch the whole history
    ");
}

#[test]
fn a_version_that_is_taken() {
    let script = "tag api/v1.2.0 \n branch b \n fix: y \n tag api/v1.2.1 \n switch main \n fix: x";
    assert_snapshot!(after(script, ErrorKind::TagTaken, &Options::default()), @"
    cannot release `1.2.1`: `api/v1.2.1` is at COMMIT, outside this history
    hint: merge that release, or name a free version in a `Release-As` footer
    ");
}

#[test]
fn a_tag_of_no_application() {
    let repo = Repo::script("tag v1.4.0 \n tag web/v1.4.0");
    let open = repo.open();
    let by_tag = |tag| affected_by_tag(&open, tag, "HEAD", &Layout::default());
    let tagged = |tag| {
        tagged(
            &open,
            "HEAD",
            "api",
            tag,
            &Layout::default(),
            &Options::default(),
        )
    };
    assert_snapshot!(shown(ErrorKind::TagName, by_tag("v1.4.0")), @"
    tag `v1.4.0` is the version of no application in `apps`
    hint: name it after the application, as in `api/v1.4.0`
    ");
    assert_snapshot!(shown(ErrorKind::TagName, by_tag("nightly")), @"
    tag `nightly` is the version of no application in `apps`
    hint: tags have the form `{app}/vX.Y.Z`
    ");
    assert_snapshot!(shown(ErrorKind::TagName, tagged("v1.4.0")), @"
    tag `v1.4.0` gives no version of `api`
    hint: name it `api/v1.4.0`
    ");
    assert_snapshot!(shown(ErrorKind::TagName, tagged("web/v1.4.0")), @"
    tag `web/v1.4.0` gives no version of `api`
    hint: its tags have the form `api/vX.Y.Z`
    ");
}

#[test]
fn a_tag_at_another_commit() {
    let repo = Repo::script("tag api/v1.4.0 \n fix: x");
    let open = repo.open();
    let tagged = |tag| {
        tagged(
            &open,
            "HEAD",
            "api",
            tag,
            &Layout::default(),
            &Options::default(),
        )
    };
    assert_snapshot!(hide(&repo, shown(ErrorKind::TagElsewhere, tagged("api/v1.4.0"))), @"
    cannot release COMMIT as `1.4.0`: tag `api/v1.4.0` points at COMMIT
    hint: check the tag out: `git fetch --tags && git checkout api/v1.4.0`
    ");
    assert_snapshot!(hide(&repo, shown(ErrorKind::TagElsewhere, tagged("api/v1.5.0"))), @"
    cannot release COMMIT as `1.5.0`: tag `api/v1.5.0` is not in this repository
    hint: check the tag out: `git fetch --tags && git checkout api/v1.5.0`
    ");
}

#[test]
fn a_message_in_strict_mode() {
    let strict = Options {
        strict: true,
        ..Options::default()
    };
    assert_snapshot!(after("Update stuff", ErrorKind::Message, &strict), @"
    commit COMMIT `Update stuff` does not follow Conventional Commits: it does not begin with a type, an optional scope and `: `
    hint: reword it, or leave strict mode: it then counts by what it changes
    ");
}

#[test]
fn a_release_as_that_cannot_be() {
    let usual = Options::default();
    let nonsense = "fix: x\\n\\nRelease-As: 2";
    assert_snapshot!(after(nonsense, ErrorKind::ReleaseAs, &usual), @"
    commit COMMIT asks for `Release-As: 2`, which is no plain version
    hint: give a plain version, as in `Release-As: 1.0.0`, in a later commit
    ");
    let lower = "tag api/v1.5.0 \n fix: x\\n\\nRelease-As: 1.4.0";
    assert_snapshot!(after(lower, ErrorKind::ReleaseAs, &usual), @"
    cannot release `1.4.0` after `api/v1.5.0`: it is not higher
    hint: name a higher version in the `Release-As` footer of a later commit
    ");
}

#[test]
fn a_feature_on_a_maintained_line() {
    let line = Options {
        line: Line::of_branch("release/1.2.x"),
        ..Options::default()
    };
    assert_snapshot!(after("tag api/v1.2.0 \n fix: w \n feat: x", ErrorKind::Line, &line), @"
    cannot release `1.3.0` from the line `1.2.x`: COMMIT `feat: x` asks for it
    hint: keep this branch to fixes, or release from another
    ");
}

#[test]
fn a_channel_that_goes_back() {
    let beta = Options {
        channel: Some(Channel::Beta),
        ..Options::default()
    };
    let script = "tag api/v1.2.0 \n feat: x \n tag api/v1.3.0-rc.1 \n fix: y";
    assert_snapshot!(after(script, ErrorKind::Order, &beta), @"
    cannot release `1.3.0-beta.1`: it sorts below `api/v1.3.0-rc.1`, which came before
    hint: release on the same or a later channel: alpha, beta, rc, none
    ");
}

#[test]
fn a_number_that_cannot_grow() {
    let script = "tag api/v1.2.18446744073709551615 \n fix: x";
    assert_snapshot!(after(script, ErrorKind::Overflow, &Options::default()), @"
    no patch version can follow `1.2.18446744073709551615`: its number is the largest there is
    hint: name the next version in a `Release-As` footer
    ");
    let rc = Options {
        channel: Some(Channel::Rc),
        ..Options::default()
    };
    let script = "tag api/v1.2.0 \n feat: x \n tag api/v1.3.0-rc.18446744073709551615 \n fix: y";
    assert_snapshot!(after(script, ErrorKind::Overflow, &rc), @"
    no `rc` can follow `1.3.0-rc.18446744073709551615`: its number is the largest there is
    hint: delete the tag, or release the version itself
    ");
}

fn planned(table: &[(&str, &str, Option<&str>)], push: Push<'_>) -> Result<Release, Error> {
    let repo = Repo::script("tag api/v1.0.0");
    let row = |&(name, branch, tag): &(&str, &str, Option<&str>)| Environment {
        name: name.to_owned(),
        branch: branch.to_owned(),
        tag: tag.map(str::to_owned),
    };
    let environments: Vec<_> = table.iter().map(row).collect();
    let (layout, options) = (Layout::default(), Options::default());
    release(
        &repo.open(),
        "HEAD",
        "api",
        push,
        &environments,
        &layout,
        &options,
    )
}

#[test]
fn another_version_than_expected() {
    let planned = planned(&[("prod", "main", None)], Push::Branch("main")).unwrap();
    assert!(planned.expect("1.0.0").is_ok());
    assert_snapshot!(shown(ErrorKind::Expectation, planned.expect("1.1.0")), @"
    `api` was to be `1.1.0`, but this commit is `1.0.0`
    hint: run the whole pipeline again: a release came in between
    ");
}

#[test]
fn a_tag_that_no_registry_takes() {
    let planned = planned(
        &[("dev", "develop", Some("dev/latest"))],
        Push::Branch("develop"),
    );
    assert_snapshot!(shown(ErrorKind::ImageTag, planned), @"
    `dev/latest` cannot be the tag of an image
    hint: a tag has up to 128 letters, digits, `_`, `.` and `-`, and begins with none of the last two
    ");
}

#[test]
fn release_environments_on_several_branches() {
    let table = [("prod", "main", None), ("old", "release/1.x", None)];
    let planned = planned(&table, Push::Tag("api/v1.0.0", None));
    assert_snapshot!(shown(ErrorKind::Branch, planned), @"
    tag `api/v1.0.0` would release to `prod` on `main` and to `old` on `release/1.x`
    hint: name one of the branches with `--branch`
    ");
}
