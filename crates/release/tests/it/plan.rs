//! What becomes of a commit in its environments.

use crate::repo::Repo;
use windlass_release::{Channel, Environment, Layout, Options, Push, Release, Result, release};

fn environments(table: &str) -> Vec<Environment> {
    let rows = table
        .split(',')
        .map(|row| row.split_whitespace().collect::<Vec<_>>());
    rows.map(|row| Environment {
        name: row[0].to_owned(),
        branch: row[1].to_owned(),
        tag: row.get(2).map(|tag| (*tag).to_owned()),
    })
    .collect()
}

const USUAL: &str = "dev develop dev-latest, staging staging staging-latest, prod main";
const TRUNK: &str = "dev main dev-latest, staging main staging-latest, prod main";

fn plan(repo: &Repo, table: &str, push: Push<'_>, options: &Options) -> Result<Release> {
    let environments = environments(table);
    let layout = Layout::default();
    release(
        &repo.open(),
        "HEAD",
        "api",
        push,
        &environments,
        &layout,
        options,
    )
}

/// version, tags, immutable tags, pins; `-` for a commit's own tag.
fn shown(release: &Release) -> String {
    let pins: Vec<_> = release
        .pins
        .iter()
        .map(|(name, tag)| format!("{name}={tag}"))
        .collect();
    let text = format!(
        "{} | {} | {} | {}",
        release.version,
        release.tags.join(" "),
        release.immutable.join(" "),
        pins.join(" ")
    );
    text.replace(&format!("sha-{:.12}", release.next.commit), "-")
}

#[test]
fn branches_and_their_environments() {
    let new = "tag api/v1.2.0 \n feat: x";
    let old = "tag api/v1.2.0 \n docs: x";
    for (table, branch, script, expected) in [
        (
            USUAL,
            "develop",
            new,
            "- | - dev-latest | - | dev=dev-latest",
        ),
        (
            USUAL,
            "develop",
            old,
            "- | - dev-latest | - | dev=dev-latest",
        ),
        (
            USUAL,
            "staging",
            new,
            "- | - staging-latest | - | staging=staging-latest",
        ),
        (
            USUAL,
            "main",
            new,
            "1.3.0 | v1.3.0 1.3 1 latest | v1.3.0 | prod=v1.3.0",
        ),
        (USUAL, "main", old, "- |  |  | "),
        (
            USUAL,
            "main",
            "feat: x",
            "0.1.0 | v0.1.0 0.1 latest | v0.1.0 | prod=v0.1.0",
        ),
        (
            USUAL,
            "main",
            "tag api/v1.2.0",
            "1.2.0 | v1.2.0 1.2 1 latest | v1.2.0 | prod=v1.2.0",
        ),
        (USUAL, "topic", new, "- |  |  | "),
        (
            TRUNK,
            "main",
            old,
            "- | - dev-latest staging-latest | - | dev=dev-latest staging=staging-latest",
        ),
        (
            TRUNK,
            "main",
            new,
            "1.3.0 | v1.3.0 dev-latest staging-latest 1.3 1 latest | v1.3.0 | dev=dev-latest staging=staging-latest prod=v1.3.0",
        ),
        (
            "a x latest, b x latest",
            "x",
            new,
            "- | - latest | - | a=latest b=latest",
        ),
        (
            "a feat/y {branch}-latest",
            "feat/y",
            new,
            "- | - feat-y-fe1c8624b593-latest | - | a=feat-y-fe1c8624b593-latest",
        ),
    ] {
        let repo = Repo::script(script);
        let release = plan(&repo, table, Push::Branch(branch), &Options::default()).unwrap();
        assert_eq!(
            shown(&release),
            expected,
            "{branch} of {table} after {script}"
        );
        assert_eq!(release.branch, branch);
        assert_eq!(release.released, release.version.contains('.'));
        assert_eq!(release.publish, !release.tags.is_empty());
    }
}

#[test]
fn the_same_commit_gives_the_same_image_on_every_branch_that_releases_nothing() {
    let repo = Repo::script("tag api/v1.2.0 \n feat: x");
    let image = || {
        let release =
            |branch| plan(&repo, USUAL, Push::Branch(branch), &Options::default()).unwrap();
        ["develop", "staging"].map(|branch| {
            let release = release(branch);
            (release.version, release.immutable)
        })
    };
    let [before_on_develop, before_on_staging] = image();
    repo.tag("api/v1.3.0");
    let [after_on_develop, after_on_staging] = image();
    assert_eq!(before_on_develop, before_on_staging);
    assert_eq!(before_on_develop, after_on_develop);
    assert_eq!(before_on_develop, after_on_staging);
}

#[test]
fn a_forecast_counts_from_releases_of_other_branches() {
    // Merged to main and tagged there, main not merged back.
    let repo = Repo::script(
        "feat: a | apps/api/src/a \n branch develop \n feat: b | apps/api/src/b \n switch main \n merge develop \n tag api/v1.4.0 \n switch develop \n fix: c | apps/api/src/c",
    );
    let release = plan(&repo, USUAL, Push::Branch("develop"), &Options::default()).unwrap();
    let next = &release.next;
    assert_eq!(next.version.as_ref().unwrap().to_string(), "1.4.1");
    assert_eq!(next.previous.as_deref(), Some("api/v1.4.0"));
    assert_eq!(next.causes.len(), 1);
    assert!(!release.released);
}

#[test]
fn a_line_is_kept_by_the_name_of_its_branch() {
    let table = "prod main, old release/1.2.x";
    let repo = Repo::script(
        "feat: x \n tag api/v1.2.0 \n branch b \n feat: y \n tag api/v2.0.0 \n switch main \n fix: z",
    );
    let release = plan(
        &repo,
        table,
        Push::Branch("release/1.2.x"),
        &Options::default(),
    )
    .unwrap();
    assert_eq!(
        shown(&release),
        "1.2.1 | v1.2.1 1.2 1 | v1.2.1 | old=v1.2.1"
    );
    repo.run("feat: z");
    let error = plan(
        &repo,
        table,
        Push::Branch("release/1.2.x"),
        &Options::default(),
    );
    assert!(error.is_err());
}

#[test]
fn a_channel_publishes_and_does_not_reach_release_environments() {
    let options = Options {
        channel: Some(Channel::Rc),
        ..Options::default()
    };
    let repo = Repo::script("tag api/v1.2.0 \n feat: x");
    for (branch, expected) in [
        (
            "staging",
            "1.3.0-rc.1 | v1.3.0-rc.1 staging-latest | v1.3.0-rc.1 | staging=staging-latest",
        ),
        ("main", "1.3.0-rc.1 | v1.3.0-rc.1 | v1.3.0-rc.1 | "),
        ("topic", "- |  |  | "),
    ] {
        let release = plan(&repo, USUAL, Push::Branch(branch), &options).unwrap();
        assert_eq!(shown(&release), expected, "{branch}");
    }
}

#[test]
fn a_branch_with_a_channel_needs_no_environment() {
    let options = Options {
        channels: [
            ("next".to_owned(), Channel::Beta),
            ("staging".to_owned(), Channel::Rc),
        ]
        .into(),
        ..Options::default()
    };
    let repo = Repo::script("tag api/v1.2.0 \n feat: x");
    for (branch, expected) in [
        ("next", "1.3.0-beta.1 | v1.3.0-beta.1 | v1.3.0-beta.1 | "),
        (
            "staging",
            "1.3.0-rc.1 | v1.3.0-rc.1 staging-latest | v1.3.0-rc.1 | staging=staging-latest",
        ),
        ("main", "1.3.0 | v1.3.0 1.3 1 latest | v1.3.0 | prod=v1.3.0"),
        ("topic", "- |  |  | "),
    ] {
        let release = plan(&repo, USUAL, Push::Branch(branch), &options).unwrap();
        assert_eq!(shown(&release), expected, "{branch}");
    }
    // What is asked for once goes before what the branch has.
    let asked = Options {
        channel: Some(Channel::Alpha),
        ..options
    };
    let release = plan(&repo, USUAL, Push::Branch("staging"), &asked).unwrap();
    assert_eq!(release.version, "1.3.0-alpha.1");
}

#[test]
fn a_tag_pushed_by_hand_releases_its_commit() {
    let by_hand = |script: &str, tag: &str, table: &str, branch| {
        let repo = Repo::script(script);
        let release = plan(&repo, table, Push::Tag(tag, branch), &Options::default())?;
        assert!(release.released && release.publish && release.next.exists);
        Ok(format!("{} on {}", shown(&release), release.branch))
    };
    for (script, tag, expected) in [
        (
            "tag api/v1.2.0 \n docs: x \n tag api/v1.4.0",
            "api/v1.4.0",
            "1.4.0 | v1.4.0 1.4 1 latest | v1.4.0 | prod=v1.4.0 on main",
        ),
        (
            "tag api/v1.2.0 \n fix: x \n light api/v1.1.9",
            "api/v1.1.9",
            "1.1.9 | v1.1.9 1.1 | v1.1.9 | prod=v1.1.9 on main",
        ),
        (
            "tag api/v2.0.0-rc.1",
            "api/v2.0.0-rc.1",
            "2.0.0-rc.1 | v2.0.0-rc.1 | v2.0.0-rc.1 |  on main",
        ),
        (
            "tag api/v2.0.0+b.5",
            "api/v2.0.0+b.5",
            "2.0.0+b.5 | v2.0.0_b.5 2.0 2 latest | v2.0.0_b.5 | prod=v2.0.0_b.5 on main",
        ),
        // What a commit says cannot stop a version that is given by hand.
        (
            "fix: x\\n\\nRelease-As: nonsense \n tag api/v1.0.0",
            "api/v1.0.0",
            "1.0.0 | v1.0.0 1.0 1 latest | v1.0.0 | prod=v1.0.0 on main",
        ),
    ] {
        let shown: Result<String> = by_hand(script, tag, USUAL, None);
        assert_eq!(shown.unwrap(), expected, "{script}");
    }
    let lines = "prod main, old release/1.2.x";
    let shown = by_hand("tag api/v1.2.9", "api/v1.2.9", lines, Some("release/1.2.x"));
    assert_eq!(
        shown.unwrap(),
        "1.2.9 | v1.2.9 1.2 1 latest | v1.2.9 | old=v1.2.9 on release/1.2.x"
    );
    assert!(by_hand("tag api/v1.2.9", "api/v1.2.9", lines, None).is_err());
    let shown = by_hand(
        "tag api/v1.2.9",
        "api/v1.2.9",
        "dev develop dev-latest",
        None,
    );
    assert_eq!(
        shown.unwrap(),
        "1.2.9 | v1.2.9 1.2 1 latest | v1.2.9 |  on "
    );
}
