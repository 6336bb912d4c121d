//! The values that a field can have. serde gives the message its place.

use super::{Environment, Shared};
use semver::Version;
use serde::Deserialize;
use serde::de::{Deserializer, Error};
use std::collections::{BTreeMap, HashSet};
use std::fmt::Display;

/// The most entries of a list or map: each path is looked up in each commit of a history.
const MOST: usize = 1000;

fn text<'de, D: Deserializer<'de>>(
    de: D,
    wanted: &str,
    holds: fn(&str) -> bool,
) -> Result<String, D::Error> {
    let text = String::deserialize(de)?;
    if holds(&text) {
        return Ok(text);
    }
    Err(D::Error::custom(format!("`{text}` is not {wanted}")))
}

pub(super) fn folder<'de, D: Deserializer<'de>>(de: D) -> Result<String, D::Error> {
    text(de, "a folder of the repository", |text| {
        text.split('/')
            .all(|part| !matches!(part, "" | "." | "..") && plain(part, "._-"))
    })
}

pub(super) fn registry<'de, D: Deserializer<'de>>(de: D) -> Result<String, D::Error> {
    text(
        de,
        "a registry with a path, such as `docker.io/team`, or `oci:FOLDER`",
        |text| {
            let layout = text
                .strip_prefix("oci:")
                .is_some_and(|folder| !folder.is_empty());
            let parts = || text.split('/');
            layout || (parts().all(|part| plain(part, "._-:")) && parts().count() > 1)
        },
    )
}

pub(super) fn prefix<'de, D: Deserializer<'de>>(de: D) -> Result<String, D::Error> {
    text(de, "the beginning of a git tag", |text| {
        let text = text.replace("{app}", "app");
        !text.starts_with(['/', '-']) && !text.contains("//") && plain(&text, "._-/")
    })
}

pub(super) fn name<'de, D: Deserializer<'de>>(de: D) -> Result<String, D::Error> {
    text(de, "a name of lower-case letters, digits and `-`", |text| {
        plain(text, "-") && !text.starts_with('-') && text == text.to_lowercase()
    })
}

pub(super) fn branch<'de, D: Deserializer<'de>>(de: D) -> Result<String, D::Error> {
    text(de, "the name of a branch", |text| {
        let parts = || text.split('/');
        parts().all(|part| plain(part, "._-+@#") && !part.starts_with('.'))
            && !text.starts_with('-')
    })
}

pub(super) fn tag<'de, D: Deserializer<'de>>(de: D) -> Result<Option<String>, D::Error> {
    let wanted = "an image tag: 128 letters, digits, `.`, `_`, `-` and `{branch}` at most";
    let holds = |text: &str| {
        let text = text.replace("{branch}", "branch");
        text.len() <= 128 && plain(&text, "._-") && !text.starts_with(['.', '-'])
    };
    text(de, wanted, holds).map(Some)
}

pub(super) fn environments<'de, D>(de: D) -> Result<Vec<Environment>, D::Error>
where
    D: Deserializer<'de>,
{
    list(de, "environment", |one: &Environment| &one.name)
}

pub(super) fn shared<'de, D: Deserializer<'de>>(de: D) -> Result<Vec<Shared>, D::Error> {
    list(de, "path", |one: &Shared| &one.path)
}

pub(super) fn fields<'de, D: Deserializer<'de>>(de: D) -> Result<Vec<String>, D::Error> {
    list(de, "field", |one| one)
}

pub(super) fn apps<'de, D: Deserializer<'de>>(de: D) -> Result<Option<Vec<String>>, D::Error> {
    let apps: Vec<String> = list(de, "application", |one| one)?;
    if apps.is_empty() {
        return Err(D::Error::custom(
            "no application is named: leave `apps` out for all",
        ));
    }
    Ok(Some(apps))
}

pub(super) fn version<'de, D: Deserializer<'de>>(de: D) -> Result<Option<Version>, D::Error> {
    let text = String::deserialize(de)?;
    let version = Version::parse(&text).ok();
    let version = version.filter(|version| version.pre.is_empty() && version.build.is_empty());
    match version {
        Some(version) => Ok(Some(version)),
        None => Err(D::Error::custom(format!(
            "`{text}` is not a plain version such as `0.1.0`"
        ))),
    }
}

/// A map by the types of commits.
pub(super) fn types<'de, D, V>(de: D) -> Result<BTreeMap<String, V>, D::Error>
where
    D: Deserializer<'de>,
    V: Deserialize<'de>,
{
    map(de, |Type(key)| key)
}

/// A map by rules.
pub(super) fn rules<'de, D, V>(de: D) -> Result<BTreeMap<String, V>, D::Error>
where
    D: Deserializer<'de>,
    V: Deserialize<'de>,
{
    map(de, |Rule(key)| key)
}

pub(super) fn files<'de, D: Deserializer<'de>>(de: D) -> Result<Vec<String>, D::Error> {
    let files: Vec<File> = list(de, "file", |File(path)| path)?;
    Ok(files.into_iter().map(|File(path)| path).collect())
}

pub(super) fn minor<'de, D: Deserializer<'de>>(de: D) -> Result<Option<String>, D::Error> {
    let holds = |text: &str| {
        let mut parts = text.split('.');
        let is_number = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        parts.clone().count() == 2 && parts.all(is_number)
    };
    text(de, "a minor version such as `\"1.33\"`", holds).map(Some)
}

/// A map by branches.
pub(super) fn branches<'de, D, V>(de: D) -> Result<BTreeMap<String, V>, D::Error>
where
    D: Deserializer<'de>,
    V: Deserialize<'de>,
{
    map(de, |Branch(key)| key)
}

#[derive(Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(transparent)]
struct Type(#[serde(deserialize_with = "kind")] String);

#[derive(Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(transparent)]
struct Branch(#[serde(deserialize_with = "branch")] String);

#[derive(Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(transparent)]
struct Rule(#[serde(deserialize_with = "word")] String);

#[derive(Deserialize)]
#[serde(transparent)]
struct File(#[serde(deserialize_with = "folder")] String);

fn word<'de, D: Deserializer<'de>>(de: D) -> Result<String, D::Error> {
    text(de, "the name of a rule", |text| {
        plain(text, "-") && text == text.to_lowercase()
    })
}

fn kind<'de, D: Deserializer<'de>>(de: D) -> Result<String, D::Error> {
    text(de, "a commit's type in lower case", |text| {
        plain(text, "-_") && text == text.to_lowercase()
    })
}

/// A list in which each stands once, of a bounded length.
fn list<'de, D, T>(de: D, what: &str, name: fn(&T) -> &String) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    let list = Vec::<T>::deserialize(de)?;
    within(list.len()).map_err(D::Error::custom)?;
    let mut seen = HashSet::new();
    match list.iter().map(name).find(|&one| !seen.insert(one)) {
        Some(twice) => Err(D::Error::custom(format!("{what} `{twice}` stands twice"))),
        None => Ok(list),
    }
}

/// A map of a bounded length. Its keys are checked as they are read, so that errors point at them.
fn map<'de, D, K, V>(de: D, name: fn(K) -> String) -> Result<BTreeMap<String, V>, D::Error>
where
    D: Deserializer<'de>,
    K: Deserialize<'de> + Ord,
    V: Deserialize<'de>,
{
    let map = BTreeMap::<K, V>::deserialize(de)?;
    within(map.len()).map_err(D::Error::custom)?;
    Ok(map
        .into_iter()
        .map(|(key, value)| (name(key), value))
        .collect())
}

fn within(length: usize) -> Result<(), impl Display> {
    if length <= MOST {
        return Ok(());
    }
    Err(format!("{length} entries are too many: {MOST} at most"))
}

/// Whether a text is not empty and holds ASCII letters, digits and `others` alone.
fn plain(text: &str, others: &str) -> bool {
    !text.is_empty()
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || others.contains(c))
}
