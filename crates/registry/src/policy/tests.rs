//! The policies on the peers' own examples, and where we differ from them.

use super::*;
use proptest::prelude::*;

fn semver(range: &str) -> Policy {
    Policy::Semver(range.parse().unwrap())
}

/// Nothing is extracted where `extract` is empty.
fn filter(pattern: &str, extract: &str) -> Filter {
    let extract = (!extract.is_empty()).then_some(extract);
    Filter::new(Some(pattern), extract, Vec::new()).unwrap()
}

fn select(policy: &Policy, filter: &Filter, tags: &[&str]) -> (Option<Tag>, BTreeMap<Tag, Reason>) {
    let tags = tags.iter().map(|tag| tag.parse().unwrap());
    let candidates = filter.sort(tags);
    let mut lost = candidates.lost;
    let mut keys = BTreeMap::new();
    for (tag, text) in candidates.keyed {
        match policy.key(&text) {
            Ok(key) => drop(keys.insert(tag, key)),
            Err(reason) => drop(lost.insert(tag, reason)),
        }
    }
    (policy.decide(keys, &mut lost), lost)
}

#[track_caller]
fn selects(policy: &Policy, filter: &Filter, tags: &str, expected: &str) {
    let tags: Vec<&str> = tags.split_whitespace().collect();
    let (winner, lost) = select(policy, filter, &tags);
    let winner = winner.map_or_else(String::new, |tag| tag.to_string());
    assert_eq!(winner, expected, "{policy:?} of {tags:?}: {lost:?}");
}

/// image-reflector-controller: internal/policy/semver_test.go and its API documentation;
/// argocd-image-updater: docs/basics/update-strategies.md.
#[test]
fn semver_ranges() {
    let all = Filter::default();
    for (range, tags, expected) in [
        ("1.0.x", "1.0.0 1.0.0.1 1.0.0p 1.0.1 1.2.0 0.1.0", "1.0.1"),
        ("1.0.x", "v1.2.3 v1.0.0 v0.1.0", "v1.0.0"),
        ("1.0.x", "b1.2.3 b1.0.0 b0.1.0", ""),
        ("1.0.x", "", ""),
        ("1.0.x", "1.2.0", ""),
        ("5.1.x", "5.0.0 5.0.3 5.1.0 5.1.4 5.2.0", "5.1.4"),
        (">=1.0.0 <2.0.0", "0.9.0 1.0.0 1.9.9 2.0.0", "1.9.9"),
        ("1.2.x", "1.2.5 1.2.12 1.3.0", "1.2.12"),
        ("1.x", "1.2.12 1.3.0 1.15.2 2.0.0", "1.15.2"),
        ("2.x", "v2.0.0-rc1 v1.9.0", ""),
        ("2.x-0", "v2.0.0-rc1 v1.9.0", "v2.0.0-rc1"),
        ("*", "1.0.0 latest 2.0.0-rc.1", "1.0.0"),
        ("v1.x", "1.0.0", "1.0.0"),
        // A describe of git sorts before the tag that it stands on.
        (">=0.0.1-0", "v0.0.1 v0.0.1-1-gabcdef", "v0.0.1"),
        // No date is a version; elsewhere `20240101` is 20240101.0.0 and wins.
        ("*", "1.0.0 20240101 1.2", "1.0.0"),
        // The metadata of a version, whose `+` no tag can have.
        ("^1.0", "v1.0.0 v1.0.1_build.5", "v1.0.1_build.5"),
    ] {
        selects(&semver(range), &all, tags, expected);
    }
}

/// image-reflector-controller: internal/policy/alphabetical_test.go.
#[test]
fn alphabetical() {
    let (up, down) = (
        Policy::Alphabetical(Order::Ascending),
        Policy::Alphabetical(Order::Descending),
    );
    let all = Filter::default();
    let stamps = "1606234201 1606364286 1606334092 1606334284 1606334201";
    for (tags, last, first) in [
        ("16.04 16.04.1 16.10 20.04 20.10", "20.10", "16.04"),
        ("xenial yakkety zesty artful bionic", "zesty", "artful"),
        (stamps, "1606364286", "1606234201"),
        ("1.0.63 1.0.9", "1.0.9", "1.0.63"),
        ("", "", ""),
    ] {
        selects(&up, &all, tags, last);
        selects(&down, &all, tags, first);
    }
}

/// image-reflector-controller: internal/policy/numerical_test.go. No tag begins with `-`, so that
/// the numbers have an `n` before them.
#[test]
fn numerical() {
    let (up, down) = (
        Policy::Numerical(Order::Ascending),
        Policy::Numerical(Order::Descending),
    );
    let number = filter("^n(.*)$", "$1");
    for (tags, highest, lowest) in [
        ("n-62 n-88 n73 n72 n15 n16 n15 n29 n-33 n-91", "n73", "n-91"),
        ("n5 n-8 n-78 n25 n70 n-4 n80 n92 n-20 n-24", "n92", "n-78"),
        (
            "n47.40896403322944 n-27.8520927455902 n-50.41072694704882 n53.47333823144817 n3.2008658570411086",
            "n53.47333823144817",
            "n-50.41072694704882",
        ),
        (
            "n1606234201 n1606364286 n1606334092",
            "n1606364286",
            "n1606234201",
        ),
        ("n1", "n1", "n1"),
        ("", "", ""),
        // One bad tag does not spoil the others, and nothing is rounded.
        ("n0 n1a nb", "n0", "n0"),
        (
            "n1700000000000000001 n1700000000000000002",
            "n1700000000000000002",
            "n1700000000000000001",
        ),
    ] {
        selects(&up, &number, tags, highest);
        selects(&down, &number, tags, lowest);
    }
}

/// The filters of the documentation of Flux and of Argo CD Image Updater, and of
/// image-reflector-controller: internal/policy/filter_test.go.
#[test]
fn filters() {
    let number = Policy::Numerical(Order::Ascending);
    let text = Policy::Alphabetical(Order::Ascending);
    for (policy, pattern, extract, tags, expected) in [
        (
            &number,
            "^main-[a-f0-9]+-(?P<ts>[0-9]+)",
            "$ts",
            "main-a1-9 main-b2-10 dev-c3-11",
            "main-b2-10",
        ),
        (&text, "^ver", "", "ver1 ver2 ver3 zrel1", "ver3"),
        (
            &number,
            r"ver(\d+)",
            "$1",
            "ver9 my-ver10 rel11",
            "my-ver10",
        ),
        (
            &text,
            "^[0-9a-f]{7}$",
            "",
            "a5fb3d3 f7bb2e3 latest master",
            "f7bb2e3",
        ),
        (
            &text,
            "^[0-9]{4}-[0-9]{2}-[0-9]{2}$",
            "",
            "2024-01-02 2023-12-31 zero",
            "2024-01-02",
        ),
        (
            &number,
            "^(?P<year>[0-9]+)-(?P<week>[0-9]+)$",
            "$year.$week",
            "2023-52 2024-01",
            "2024-01",
        ),
        // `$1a` is the group `1a`, which there is not, in both dialects.
        (&number, "^v([0-9]+)$", "$1a", "v1", ""),
        (&number, "^v([0-9]+)$", "${1}0", "v1 v2", "v2"),
    ] {
        selects(policy, &filter(pattern, extract), tags, expected);
    }
    let rc = filter("^(?P<v>[0-9.]+)-debian$", "$v");
    selects(
        &semver("^1.0"),
        &rc,
        "1.0.0-debian 1.1.0-debian 1.2.0-alpine",
        "1.1.0-debian",
    );
}

#[test]
fn why_the_others_lost() {
    let ignore = vec![TagPattern::new("*-dev")];
    let filter = Filter::new(Some("^v?[0-9]"), None, ignore).unwrap();
    let signature = format!("sha256-{}.sig", "0".repeat(64));
    let tags = [
        "1.2.0",
        "v1.2.0",
        "1.2.0_a",
        "1.1.0",
        "2.0.0",
        "1.3.0-rc.1",
        "1.2",
        "latest",
        "1.9.0-dev",
        &signature,
    ];
    let (winner, lost) = select(&semver("^1.0.0"), &filter, &tags);
    assert_eq!(winner.unwrap().as_str(), "v1.2.0");
    let lines = lost.iter().map(|(tag, reason)| format!("{tag}: {reason}"));
    insta::assert_snapshot!(lines.collect::<Vec<_>>().join("\n"), @r"
    1.1.0: `v1.2.0` comes after it
    1.2: `1.2` is not a version
    1.2.0: `v1.2.0` is its equal and later in byte order
    1.2.0_a: `v1.2.0` is its equal and later in byte order
    1.3.0-rc.1: it is a pre-release, and the range names none
    1.9.0-dev: it is to be ignored
    2.0.0: it is not in the range
    latest: the pattern does not match it
    sha256-0000000000000000000000000000000000000000000000000000000000000000.sig: it names what belongs to an image, not an image
    ");
    let (winner, lost) = select(
        &Policy::Numerical(Order::Ascending),
        &Filter::default(),
        &["latest"],
    );
    assert_eq!(
        (
            winner,
            lost["latest".parse::<Tag>().as_ref().unwrap()].to_string()
        ),
        (None, "`latest` is not a number".to_owned())
    );
}

#[test]
fn what_is_no_filter() {
    for (pattern, extract) in [(Some("("), None), (Some("(?=a)"), None), (None, Some("$1"))] {
        let error = Filter::new(pattern, extract, Vec::new()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Policy, "{pattern:?} {extract:?}");
    }
}

fn tag() -> impl Strategy<Value = String> {
    "v?[0-2]\\.[0-2]\\.[0-2](-rc\\.[0-9])?(_[ab])?|[0-9]{1,3}|[a-c]{1,3}"
}

proptest! {
    /// The winner does not depend on the order of the list, and every other tag has a reason.
    #[test]
    fn one_wins_whatever_the_order(mut tags in prop::collection::vec(tag(), 0..20), seed: u64) {
        for policy in [
            semver(">=0.0.0-0"),
            Policy::Numerical(Order::Descending),
            Policy::Alphabetical(Order::Ascending),
        ] {
            let words: Vec<&str> = tags.iter().map(String::as_str).collect();
            let (winner, lost) = select(&policy, &Filter::default(), &words);
            let different: std::collections::BTreeSet<&str> = words.iter().copied().collect();
            prop_assert_eq!(lost.len() + usize::from(winner.is_some()), different.len());
            if let Some(winner) = &winner {
                let better = |other: &Tag| match (policy.key(other.as_str()), policy.key(winner.as_str())) {
                    (Ok(other_key), Ok(own)) => {
                        (policy.compare(&other_key, &own), other).cmp(&(std::cmp::Ordering::Equal, winner)).is_gt()
                    }
                    _ => false,
                };
                prop_assert!(!lost.keys().any(better));
            }
            let turn = usize::try_from(seed % 20).expect("small").min(tags.len());
            tags.rotate_left(turn);
            tags.reverse();
            let words: Vec<&str> = tags.iter().map(String::as_str).collect();
            prop_assert_eq!(select(&policy, &Filter::default(), &words), (winner, lost));
        }
    }
}
