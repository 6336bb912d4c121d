//! The rules, one table each. A row is a script, as [`Repo::script`] reads it, and the answer.
//! Those of image tags (17 to 20) are in `plan.rs` and beside `src/image.rs`, that the answer is
//! the same each time (21) is in `properties.rs`, and of two runs (22) in `/tests/release_next.rs`.

use crate::repo::{Repo, shared};
use windlass_release::{Bump, Channel, Layout, Line, Options, next};

fn check(options: &Options, rows: &[(&str, &str)]) {
    for (script, expected) in rows {
        let answer = Repo::script(script).answer(options);
        assert_eq!(answer, *expected, "after {script}");
    }
}

fn rows(rows: &[(&str, &str)]) {
    check(&Options::default(), rows);
}

#[test]
fn rule_1_a_tag_is_the_prefix_and_a_version_exactly() {
    rows(&[
        ("tag api/v1.0.0 \n fix: x", "1.0.1"),
        (
            "tag api/v1.0.0 \n fix: x \n tag api-gateway/v9.0.0 \n tag web/v8.0.0",
            "1.0.1",
        ),
        ("tag api/v1.0.0 \n fix: x \n tag x/api/v9.0.0", "1.0.1"),
    ]);
}

#[test]
fn rule_2_only_tags_in_the_history_count_and_none_is_given_twice() {
    let elsewhere = |tag: &str| {
        format!("tag api/v1.2.0 \n branch b \n fix: y \n tag {tag} \n switch main \n fix: x")
    };
    rows(&[
        (&elsewhere("api/v1.4.0"), "1.2.1"),
        (&elsewhere("api/v1.2.1"), "TagTaken"),
        // The same version in precedence.
        (&elsewhere("api/v1.2.1+b5"), "TagTaken"),
        (
            "tag api/v1.2.0 \n branch b \n fix: y \n tag api/v1.2.1 \n switch main \n feat: x",
            "1.3.0",
        ),
        (
            "tag api/v1.2.0 \n branch b \n fix: y \n tag api/v1.2.1 \n switch main \n feat: x \n merge b",
            "1.3.0",
        ),
    ]);
}

#[test]
fn rule_3_the_highest_counts() {
    rows(&[
        (
            "tag api/v1.10.0 \n fix: a \n tag api/v1.9.0 \n fix: x",
            "1.10.1",
        ),
        ("tag api/v1.0.0 \n tag api/v2.0.0 \n fix: x", "2.0.1"),
        ("light api/v1.0.0 \n fix: x", "1.0.1"),
        (
            "tag api/v1.0.0 \n fix: a \n tag api/v1.2 \n tag api/v01.3.0 \n tag api/vnext \n fix: x",
            "1.0.1",
        ),
        (
            "tag api/v1.0.0 \n fix: a \n tag api/v2.0.0-rc.1 \n fix: x",
            "2.0.0",
        ),
    ]);
    // More of them than are looked up one by one.
    let mut many = "tag api/v1.0.0 \n branch side".to_owned();
    for patch in 0..20 {
        many += &format!("\n fix: x \n tag api/v3.0.{patch}");
    }
    rows(&[
        (&(many.clone() + "\n switch main \n fix: x"), "1.0.1"),
        (&(many + "\n fix: x"), "3.0.20"),
    ]);
}

#[test]
fn rule_4_tags_of_another_form_are_an_error() {
    let released = Options {
        first: Some(semver::Version::new(0, 4, 0)),
        ..Options::default()
    };
    for tag in [
        "v1.2.3",
        "1.2.3",
        "api-v1.2.3",
        "api@1.2.3",
        "api/1.2.3",
        "api/v1.2",
        "release-1.2",
    ] {
        let script = format!("tag {tag} \n feat: x");
        rows(&[
            (&script, "ForeignTag"),
            (&format!("tag api/v1.0.0 \n {script}"), "1.1.0"),
        ]);
        check(&released, &[(&script, "0.4.0")]);
        rows(&[(&format!("{script}\\n\\nRelease-As: 1.3.0"), "1.3.0")]);
    }
    rows(&[
        ("tag web/v1.2.3 \n tag nightly \n feat: x", "0.1.0"),
        (
            "branch b \n feat: y \n tag api/v1.2.0 \n switch main \n feat: x",
            "UnreachableTag",
        ),
    ]);
}

#[test]
fn rule_4_a_plain_tag_serves_a_single_application() {
    let repo = Repo::with_apps(&["api"]);
    repo.run("tag v1.2.3 \n feat: x");
    let found = repo.next(&Options::default()).unwrap();
    assert_eq!(found.tag.as_deref(), Some("api/v1.3.0"));
    assert_eq!(found.previous.as_deref(), Some("v1.2.3"));
    // And any number where the configuration says so.
    let repo = Repo::script("tag v1.2.3 \n feat: x");
    let layout = Layout {
        tag_prefix: "v".to_owned(),
        ..Layout::default()
    };
    let found = next(&repo.open(), "HEAD", "api", &layout, &Options::default()).unwrap();
    assert_eq!(found.tag.as_deref(), Some("v1.3.0"));
}

#[test]
fn rule_5_a_shallow_clone_must_reach_the_last_release() {
    for (script, boundary, expected) in [
        ("tag api/v1.0.0 \n fix: a \n fix: x", 0, "Shallow"),
        ("tag api/v1.0.0 \n fix: a \n fix: x", 1, "Shallow"),
        ("fix: b \n tag api/v1.0.0 \n fix: a \n fix: x", 2, "1.0.1"),
        ("fix: b \n tag api/v1.0.0 \n fix: a \n fix: x", 3, "1.0.1"),
        ("feat: x", 0, "Shallow"),
    ] {
        let repo = Repo::script(script);
        let mut end = repo.git.head().unwrap().peel_to_commit().unwrap();
        for _ in 0..boundary {
            end = end.parent(0).unwrap();
        }
        std::fs::write(
            repo.folder.path().join("shallow"),
            format!("{}\n", end.id()),
        )
        .unwrap();
        assert_eq!(
            repo.answer(&Options::default()),
            expected,
            "{boundary} before the end of {script}"
        );
    }
}

#[test]
fn rule_6_the_first_release_and_what_comes_before_1_0() {
    rows(&[
        ("fix: x", "0.1.0"),
        ("feat!: x", "0.1.0"),
        ("chore: x | apps/api/src/server.py", "0.1.0"),
        ("tag api/v0.1.0 \n fix: x", "0.1.1"),
        ("tag api/v0.1.0 \n feat: x", "0.2.0"),
        ("tag api/v0.1.0 \n feat!: x", "0.2.0"),
        ("tag api/v0.1.0 \n fix: x\\n\\nRelease-As: 1.0.0", "1.0.0"),
        (
            "tag api/v0.1.0 \n chore(api): x\\n\\nRelease-As: 1.0.0 | none",
            "1.0.0",
        ),
        (
            "tag api/v0.1.0 \n chore(web): x\\n\\nRelease-As: 1.0.0 | none",
            "none",
        ),
        (
            "tag api/v0.1.0 \n chore: x\\n\\nRelease-As: 1.0.0 | none",
            "none",
        ),
        (
            "tag api/v0.1.0 \n chore: x\\n\\nRelease-As: 1.0.0 | apps/web/src/a.py",
            "none",
        ),
        (
            "tag api/v0.1.0 \n fix: a\\n\\nRelease-As: 3.0.0 \n fix: b\\n\\nRelease-As: v2.0.0",
            "2.0.0",
        ),
        (
            "tag api/v0.1.0 \n fix: a\\n\\nRelease-As: two \n fix: b\\n\\nRelease-As: 2.0.0",
            "2.0.0",
        ),
        (
            "tag api/v0.1.0 \n fix: a\\n\\nRelease-As: 2.0.0-rc.1",
            "ReleaseAs",
        ),
        (
            "tag api/v1.5.0 \n fix: a\\n\\nRelease-As: 1.5.0",
            "ReleaseAs",
        ),
        (
            "tag api/v1.5.0 \n fix: a\\n\\nRelease-As: 1.9.0 \n tag api/v1.9.0 \n fix: b",
            "1.9.1",
        ),
        (
            "tag api/v0.1.0 \n branch b \n fix: y\\n\\nRelease-As: 0.7.0 | apps/api/k8s/b \n switch main \n fix: x\\n\\nRelease-As: 0.8.0 | apps/api/k8s/a \n merge b",
            "0.8.0",
        ),
    ]);
    let alone = Repo::with_apps(&["api"]);
    alone.run("tag api/v0.1.0 \n chore: x\\n\\nRelease-As: 1.0.0 | none");
    assert_eq!(alone.answer(&Options::default()), "1.0.0");
}

#[test]
fn rule_7_conventional_commits_decide() {
    let after = |message: &str| {
        Repo::script(&format!("tag api/v1.2.3 \n {message}")).answer(&Options::default())
    };
    for (message, expected) in [
        ("fix: x", "1.2.4"),
        ("feat: x", "1.3.0"),
        ("FEAT(core): x", "1.3.0"),
        ("feat(api, web): x", "1.3.0"),
        ("fix!: x", "2.0.0"),
        ("chore!: x", "2.0.0"),
        ("docs(a)!: x", "2.0.0"),
        ("fix: x\\n\\nBREAKING CHANGE: y", "2.0.0"),
        (
            "fix: x\\n\\nbody\\n\\nRefs #1\\nBREAKING-CHANGE: y",
            "2.0.0",
        ),
        (
            "fix: x\\n\\nBREAKING CHANGE: y\\n\\nin two paragraphs",
            "2.0.0",
        ),
        ("fix: x\\n\\nbreaking change: y", "1.2.4"),
        ("fix: x\\n\\nhere BREAKING CHANGE: y is prose", "1.2.4"),
        (
            "fix: x\\n\\nprose\\nBREAKING CHANGE: in the middle of it",
            "1.2.4",
        ),
        ("chore: undo feat: x", "none"),
        ("feat:x", "none"),
        ("feat x", "none"),
    ] {
        assert_eq!(after(message), expected, "{message}");
    }
}

#[test]
fn rule_8_other_types_release_nothing_unless_configured() {
    let all = "tag api/v1.2.3 \n docs: a \n chore: b \n ci: c \n test: d \n style: e \n refactor: f \n build: g";
    rows(&[
        (all, "none"),
        ("tag api/v1.2.3 \n perf: x", "1.2.4"),
        ("tag api/v1.2.3 \n revert: x", "1.2.4"),
        ("tag api/v1.2.3", "1.2.3"),
    ]);
    let mut options = Options::default();
    options.types.insert("refactor".to_owned(), Bump::Patch);
    options.types.insert("perf".to_owned(), Bump::Minor);
    check(
        &options,
        &[(all, "1.2.4"), ("tag api/v1.2.3 \n perf: x", "1.3.0")],
    );
}

#[test]
fn rule_8_what_goes_into_the_image_is_at_least_a_patch() {
    let after =
        |line: &str| Repo::script(&format!("tag api/v1.2.3 \n {line}")).answer(&Options::default());
    for (line, expected) in [
        (
            "chore: upgrade flask | apps/api/src/requirements.txt",
            "1.2.4",
        ),
        ("docs: x | apps/api/Dockerfile", "1.2.4"),
        ("Update stuff | apps/api/src/server.py", "1.2.4"),
        ("fixup! feat: x | apps/api/src/server.py", "1.2.4"),
        ("feat: x | apps/api/src/server.py", "1.3.0"),
        ("chore: x | apps/api/k8s/base/deployment.yaml", "none"),
        ("chore: x | apps/api/test/test_server.py", "none"),
        ("chore: x | apps/api/README.md", "none"),
        ("chore: x | apps/web/src/server.py", "none"),
        ("chore: x | README.md", "none"),
        ("fix: x | apps/api/k8s/base/deployment.yaml", "1.2.4"),
        ("feat: x | apps/api/README.md", "1.3.0"),
        (
            "Windlass pins\\n\\nWindlass-Pin: api dev | apps/api/k8s/overlays/dev/kustomization.yaml",
            "none",
        ),
        (
            "fix(api): pin\\n\\nWindlass-Pin: api dev | apps/api/k8s/overlays/dev/kustomization.yaml",
            "none",
        ),
        (
            "feat: squashed\\n\\nWindlass-Pin: api dev | apps/api/src/server.py apps/api/k8s/overlays/dev/kustomization.yaml",
            "1.3.0",
        ),
    ] {
        assert_eq!(after(line), expected, "{line}");
    }
}

#[test]
fn rule_9_a_revert_and_what_it_reverts_are_both_dropped() {
    let revert = "Revert \"x\"\\n\\nThis reverts commit";
    rows(&[
        (
            &format!("tag api/v1.0.0 \n a) feat: x \n {revert} {{a}}."),
            "none",
        ),
        (
            &format!("tag api/v1.0.0 \n fix: y \n a) feat: x \n {revert} {{a}}."),
            "1.0.1",
        ),
        (
            &format!(
                "tag api/v1.0.0 \n a) chore: x | apps/api/src/a.py \n {revert} {{a}}. | apps/api/src/a.py"
            ),
            "none",
        ),
        (
            &format!(
                "a) feat: x | apps/api/src/a.py \n tag api/v1.0.0 \n {revert} {{a}}. | apps/api/src/a.py"
            ),
            "1.0.1",
        ),
        (
            &format!("a) feat: x \n tag api/v1.0.0 \n {revert} {{a}}."),
            "1.0.1",
        ),
        (
            &format!(
                "tag api/v1.0.0 \n a) feat: x \n b) {revert} {{a}}. \n Reapply \"x\"\\n\\nThis reverts commit {{b}}."
            ),
            "1.1.0",
        ),
        (
            "tag api/v1.0.0 \n a) feat: x \n revert: x\\n\\nRefs: {a:7}",
            "none",
        ),
        (
            "tag api/v1.0.0 \n a) feat: x \n b) fix: y \n revert: both\\n\\nRefs: {a}, {b}",
            "none",
        ),
        (
            "tag api/v1.0.0 \n a) feat: x \n fix: y\\n\\nRefs: {a}",
            "1.1.0",
        ),
        (
            "tag api/v1.0.0 \n a) feat: x \n revert: x\\n\\nRefs: 0000000",
            "1.1.0",
        ),
    ]);
    let merged = Repo::script(
        "tag api/v1.0.0 \n branch b \n feat: y | apps/api/k8s/b \n feat!: z | apps/api/src/c \n switch main \n fix: x \n merge b",
    );
    let merge = merged.head();
    let first = merged.git.find_commit(merge).unwrap().parent_id(0).unwrap();
    let message = format!(
        "Revert \"Merge branch 'b'\"\n\nThis reverts commit {merge}, reversing\nchanges made to {first}."
    );
    merged.commit(&message, &["-apps/api/k8s/b", "-apps/api/src/c"]);
    assert_eq!(merged.answer(&Options::default()), "1.0.1");
}

#[test]
fn rule_10_merges_bring_their_sides() {
    let sides = "tag api/v1.0.0 \n branch b \n feat: y | apps/api/k8s/b \n switch main \n fix: x \n merge b";
    rows(&[
        (sides, "1.1.0"),
        (
            "tag api/v1.0.0 \n branch b \n docs: y | apps/web/a \n switch main \n docs: x \n merge b",
            "none",
        ),
        (
            "tag api/v1.0.0 \n feat: a\\n\\n* feat!: b\\n* fix: c",
            "1.1.0",
        ),
    ]);
    let squash = Options {
        squash_bodies: true,
        ..Options::default()
    };
    check(
        &squash,
        &[(
            "tag api/v1.0.0 \n fix: a\\n\\n* feat: b\\n* fix: c",
            "1.1.0",
        )],
    );
    let first = Options {
        first_parent: true,
        ..Options::default()
    };
    // The side is not walked, and its merge without a title counts by what it brings.
    check(
        &first,
        &[
            (sides, "1.0.1"),
            (
                "tag api/v1.0.0 \n branch b \n feat: y | apps/api/src/b \n switch main \n merge b",
                "1.0.1",
            ),
        ],
    );
    let titled = Repo::script("tag api/v1.0.0 \n branch b \n wip | apps/api/src/b \n switch main");
    titled.merge("b", &[]);
    let merge = titled.git.head().unwrap().peel_to_commit().unwrap();
    let message = "Merge pull request #7 from a/b\n\nfeat(api): a title\n";
    merge
        .amend(Some("HEAD"), None, None, None, Some(message), None)
        .unwrap();
    assert_eq!(titled.answer(&first), "1.1.0");
    assert_eq!(titled.answer(&Options::default()), "1.0.1");
}

#[test]
fn rule_11_what_git_writes_for_a_rebase_is_ignored() {
    rows(&[
        (
            "tag api/v1.0.0 \n fixup! feat: x \n squash! feat: x \n amend! feat!: x",
            "none",
        ),
        ("tag api/v1.0.0 \n feat: x [skip release]", "1.1.0"),
    ]);
    let skip = Options {
        skip_marker: true,
        ..Options::default()
    };
    check(
        &skip,
        &[("tag api/v1.0.0 \n feat: x [skip release]", "none")],
    );
    let strict = Options {
        strict: true,
        ..Options::default()
    };
    check(
        &strict,
        &[
            ("tag api/v1.0.0 \n Update stuff", "Message"),
            ("tag api/v1.0.0 \n feat: x\\nno blank line", "Message"),
            (
                "tag api/v1.0.0 \n Update stuff | apps/web/src/a \n fix: x",
                "1.0.1",
            ),
            ("tag api/v1.0.0 \n fixup! feat: x \n fix: x", "1.0.1"),
            (
                "a) feat: x \n tag api/v1.0.0 \n Revert \"x\"\\n\\nThis reverts commit {a}.",
                "1.0.1",
            ),
            (
                "tag api/v1.0.0 \n branch b \n docs: y | apps/api/k8s/b \n switch main \n fix: x \n merge b",
                "1.0.1",
            ),
        ],
    );
}

#[test]
fn rule_12_a_commit_counts_for_the_applications_it_changes() {
    rows(&[
        ("tag api/v1.0.0 \n feat: x | apps/web/src/a", "none"),
        (
            "tag api/v1.0.0 \n feat: x | apps/web/src/a apps/api/src/a",
            "1.1.0",
        ),
        (
            "fix: x | apps/api/src/a \n tag api/v1.0.0 \n chore: move | -apps/api/src/a apps/web/src/a",
            "1.0.1",
        ),
        (
            "fix: x | apps/web/src/a \n tag api/v1.0.0 \n chore: move | apps/api/src/a -apps/web/src/a",
            "1.0.1",
        ),
        ("tag api/v1.0.0 \n feat: x | none", "none"),
        // A merge adds what is in none of its sides.
        (
            "tag api/v1.0.0 \n branch b \n docs: y | apps/web/b \n switch main \n docs: x \n merge b | apps/api/src/a",
            "1.0.1",
        ),
        (
            "tag api/v1.0.0 \n branch b \n docs: y | apps/web/b \n switch main \n docs: x \n merge b | apps/api/k8s/a",
            "none",
        ),
        // The first commit adds all it holds.
        ("docs: x | README.md", "0.1.0"),
    ]);
    let repo = Repo::script("tag api/v1.0.0 \n tag web/v1.0.0 \n feat: x | libs/auth/token.py");
    for (users, api, web) in [
        (Some("api"), Some("1.1.0"), None),
        (None, Some("1.1.0"), Some("1.1.0")),
    ] {
        let layout = Layout {
            shared: shared("libs/auth", users),
            ..Layout::default()
        };
        for (app, expected) in [("api", api), ("web", web)] {
            let found = next(&repo.open(), "HEAD", app, &layout, &Options::default()).unwrap();
            let version = found.version.map(|version| version.to_string());
            assert_eq!(version.as_deref(), expected, "{app}, for {users:?}");
        }
    }
}

#[test]
fn rule_13_paths_end_at_their_boundary() {
    rows(&[
        ("tag api/v1.0.0 \n feat: x | apps/api-v2/Dockerfile", "none"),
        ("tag api/v1.0.0 \n feat: x | apps/api.txt", "none"),
        ("tag api/v1.0.0 \n feat: x | x/apps/api/src/a", "none"),
        (
            "fix: x | apps/api/src/a \n tag api/v1.0.0 \n chore: x | -apps/api/src/a",
            "1.0.1",
        ),
        (
            "fix: x | apps/api/a \n tag api/v1.0.0 \n chore: x | -apps/api/a apps/api/a/b",
            "1.0.1",
        ),
    ]);
}

fn channel(channel: Channel) -> Options {
    Options {
        channel: Some(channel),
        ..Options::default()
    }
}

#[test]
fn rule_14_pre_releases_count_up_from_the_last_stable_version() {
    check(
        &channel(Channel::Rc),
        &[
            ("feat: x", "0.1.0-rc.1"),
            ("tag api/v1.2.0 \n feat: x", "1.3.0-rc.1"),
            (
                "tag api/v1.2.0 \n feat: x \n tag api/v1.3.0-rc.1 \n fix: y",
                "1.3.0-rc.2",
            ),
            (
                "tag api/v1.2.0 \n feat: x \n tag api/v1.3.0-rc.9 \n fix: a \n tag api/v1.3.0-rc.10 \n fix: y",
                "1.3.0-rc.11",
            ),
            (
                "tag api/v1.2.0 \n feat: x \n tag api/v1.3.0-rc.1 \n feat!: y",
                "2.0.0-rc.1",
            ),
            (
                "tag api/v1.2.0 \n fix: x \n tag api/v1.2.1-rc.1 \n feat: y",
                "1.3.0-rc.1",
            ),
            (
                "tag api/v1.2.0 \n feat: x \n tag api/v1.3.0-rc.1",
                "1.3.0-rc.1",
            ),
            (
                "tag api/v1.2.0 \n feat: x \n tag api/v1.3.0-rc.1 \n docs: y",
                "none",
            ),
            ("tag api/v1.2.0 \n docs: y", "none"),
            // Taken on another branch.
            (
                "tag api/v1.2.0 \n feat: x \n branch b \n fix: y \n tag api/v1.3.0-rc.4 \n switch main \n fix: z",
                "1.3.0-rc.5",
            ),
            // `rc10` is one word, which sorts above every `rc.N`.
            (
                "tag api/v1.2.0 \n feat: x \n tag api/v1.3.0-rc10 \n fix: y",
                "Order",
            ),
            (
                "tag api/v1.2.0 \n feat: x \n tag api/v1.3.0-rc.18446744073709551615 \n fix: y",
                "Overflow",
            ),
        ],
    );
}

#[test]
fn rule_15_promotion_drops_the_channel() {
    rows(&[
        ("tag api/v1.2.0 \n feat: x \n tag api/v1.3.0-rc.2", "1.3.0"),
        (
            "tag api/v1.2.0 \n feat: x \n tag api/v1.3.0-rc.2 \n fix: y",
            "1.3.0",
        ),
        (
            "tag api/v1.2.0 \n fix: x \n tag api/v2.0.0-rc.1 \n fix: y",
            "2.0.0",
        ),
        (
            "tag api/v1.2.0 \n fix: x \n tag api/v2.0.0-rc.1 \n fix: y\\n\\nRelease-As: 1.9.0",
            "Order",
        ),
        ("tag api/v1.2.0+build.7 \n fix: x", "1.2.1"),
    ]);
    let alpha_then = "tag api/v1.2.0 \n feat: x \n tag api/v1.3.0-alpha.4 \n fix: y";
    check(&channel(Channel::Beta), &[(alpha_then, "1.3.0-beta.1")]);
    let rc_then = "tag api/v1.2.0 \n feat: x \n tag api/v1.3.0-rc.1 \n fix: y";
    check(&channel(Channel::Beta), &[(rc_then, "Order")]);
    // The same commit goes from channel to channel.
    let rc = "tag api/v1.2.0 \n feat: x \n tag api/v1.3.0-beta.1";
    check(&channel(Channel::Rc), &[(rc, "1.3.0-rc.1")]);
    check(
        &channel(Channel::Rc),
        &[("tag api/v1.2.0 \n feat: x \n tag api/v1.3.0", "1.3.0")],
    );
}

#[test]
fn rule_16_a_maintained_line_keeps_to_itself() {
    let line = |name: &str| Options {
        line: Line::of_branch(name),
        ..Options::default()
    };
    let hotfix = |message: &str| {
        format!(
            "feat: x \n tag api/v1.2.0 \n branch hotfix \n switch main \n feat: y \n tag api/v1.3.0 \n switch hotfix \n {message}"
        )
    };
    check(
        &line("release/1.2.x"),
        &[
            (&hotfix("fix: z"), "1.2.1"),
            (&hotfix("feat: z"), "Line"),
            (&hotfix("fix!: z"), "Line"),
            (&hotfix("merge main | apps/api/src/a"), "Line"),
        ],
    );
    check(
        &line("1.x"),
        &[
            (&hotfix("fix: z"), "1.2.1"),
            (&hotfix("feat: z"), "TagTaken"),
            (&hotfix("fix!: z"), "Line"),
        ],
    );
}

#[test]
fn a_second_run_says_what_the_first_said() {
    let repo = Repo::script("tag api/v1.2.0 \n fix: w \n feat: x");
    let first = repo.next(&Options::default()).unwrap();
    repo.tag(first.tag.as_deref().unwrap());
    let second = repo.next(&Options::default()).unwrap();
    assert_eq!((first.exists, second.exists), (false, true));
    assert_eq!(first.version, second.version);
    assert_eq!(first.tag, second.tag);
    assert_eq!(first.bump, second.bump);
    assert_eq!(first.previous, second.previous);
    assert_eq!(first.pointers, second.pointers);
    assert_eq!(first.causes.len(), second.causes.len());
}

#[test]
fn causes_are_what_counts_and_near_misses_are_warned_of() {
    let repo = Repo::script(
        "tag api/v1.0.0 \n docs: a \n fix(db): b \n c \n feat: d\\ne | apps/api/src/a \n feat:  | apps/api/src/a",
    );
    let found = repo.next(&Options::default()).unwrap();
    let causes: Vec<_> = found
        .causes
        .iter()
        .map(|cause| format!("{} {}", cause.bump, cause.subject))
        .collect();
    assert_eq!(causes, ["patch feat:", "patch feat: d", "patch fix(db): b"]);
    let warnings: Vec<_> = found
        .warnings
        .iter()
        .map(|warning| warning.message.split_once(" `").unwrap().1)
        .collect();
    assert_eq!(
        warnings,
        [
            "feat:` does not follow Conventional Commits: it has no description after the colon",
            "feat: d` does not follow Conventional Commits: no blank line separates the first line from the body",
        ]
    );
}

#[test]
fn what_a_terminal_obeys_is_not_passed_on() {
    let repo = Repo::new();
    let file = &["apps/api/src/a"];
    repo.commit("feat(a\u{1b}[2J): b\r::error::c\n", file);
    repo.commit("Update\u{7} d\n", file);
    let found = repo.next(&Options::default()).unwrap();
    let subjects = found.causes.iter().map(|cause| cause.subject.as_str());
    let notes = windlass_release::changelog(&found);
    for text in subjects.chain(notes.lines()) {
        assert!(!text.contains(char::is_control), "{text:?}");
    }
    assert!(
        notes.contains("- a\u{fffd}[2J: b\u{fffd}::error::c ("),
        "{notes}"
    );
}
