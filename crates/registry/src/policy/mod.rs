//! Which of many tags is the newest: the policies of Flux (image-reflector-controller:
//! internal/policy) and of Argo CD Image Updater (docs/basics/update-strategies.md). Of tags that
//! a policy holds for equal the last in byte order wins, so that the answer never depends on the
//! order in which a registry lists them.

mod decimal;
mod range;
#[cfg(test)]
mod tests;

pub use range::Range;

use crate::error::{Error, ErrorKind, Result};
use crate::reference::{Tag, TagPattern};
use chrono::{DateTime, FixedOffset};
use decimal::Decimal;
use regex::Regex;
use semver::Version;
use std::collections::BTreeMap;
use std::fmt;

/// Which end of an order is the newest.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Order {
    /// The last.
    #[default]
    Ascending,
    /// The first.
    Descending,
}

/// What makes a tag the newest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Policy {
    /// The highest version in a range. A version is complete, with or without `v`; what stands
    /// behind a `_` is its build metadata, as no tag has a `+`.
    Semver(Range),
    /// The order of bytes.
    Alphabetical(Order),
    /// The order of numbers, which are compared exactly.
    Numerical(Order),
    /// The time at which the image says that it was made.
    NewestBuild,
    /// This tag and no other, for the digest that it has now.
    Tag(Tag),
}

/// Which tags a policy looks at, and what of them.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pattern: Option<Regex>,
    extract: Option<String>,
    ignore: Vec<TagPattern>,
}

/// Why a tag was not selected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// It names a signature, an attestation or the like of an image.
    Attachment,
    /// It is to be ignored.
    Ignored,
    /// The pattern does not match it.
    Unmatched,
    /// What was taken of it is no version.
    NoVersion(String),
    /// What was taken of it is no number.
    NoNumber(String),
    /// Its version is not in the range.
    OutOfRange,
    /// Its version is a pre-release, and the range names none.
    PreRelease,
    /// Its image does not say when it was made.
    Undated,
    /// This tag comes after it.
    Behind(Tag),
    /// This tag is its equal and the later one in byte order.
    Tied(Tag),
}

/// What is compared. Of one policy all have the same kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Key {
    Version(Version),
    Text(String),
    Number(Decimal),
    Time(DateTime<FixedOffset>),
}

/// The tags that are left to compare, and why the others are out.
#[derive(Debug, Default)]
pub(crate) struct Candidates {
    pub(crate) keyed: BTreeMap<Tag, String>,
    pub(crate) lost: BTreeMap<Tag, Reason>,
}

impl Filter {
    /// Looks at the tags that `pattern`, a regular expression, finds something in, but for those
    /// that a pattern of `ignore` fits. Of these the policy gets what `extract` makes of the
    /// pattern's groups (`$1`, `$name`), where it is given.
    ///
    /// # Errors
    /// [`ErrorKind::Policy`] if `pattern` is no regular expression, or `extract` is given without.
    pub fn new(
        pattern: Option<&str>,
        extract: Option<&str>,
        ignore: Vec<TagPattern>,
    ) -> Result<Self> {
        if pattern.is_none() && extract.is_some() {
            let message = "there is something to extract and no pattern to extract it with";
            return Err(Error::new(ErrorKind::Policy, message)
                .suggest("give a pattern with a group in it, such as `^main-.*-(?P<ts>[0-9]+)$`"));
        }
        let read = |pattern: &str| {
            Regex::new(pattern).map_err(|error| {
                let message = format!("`{}` is not a regular expression", pattern.escape_debug());
                Error::new(ErrorKind::Policy, message).because(error)
            })
        };
        Ok(Self {
            pattern: pattern.map(read).transpose()?,
            extract: extract.map(str::to_owned),
            ignore,
        })
    }

    pub(crate) fn sort(&self, tags: impl IntoIterator<Item = Tag>) -> Candidates {
        let mut candidates = Candidates::default();
        for tag in tags {
            match self.take(&tag) {
                Ok(text) => drop(candidates.keyed.insert(tag, text)),
                Err(reason) => drop(candidates.lost.insert(tag, reason)),
            }
        }
        candidates
    }

    /// What the policy gets of a tag.
    fn take(&self, tag: &Tag) -> Result<String, Reason> {
        let text = tag.as_str();
        if is_attachment(text) {
            return Err(Reason::Attachment);
        }
        if self.ignore.iter().any(|pattern| pattern.matches(tag)) {
            return Err(Reason::Ignored);
        }
        let Some(pattern) = &self.pattern else {
            return Ok(text.to_owned());
        };
        let groups = pattern.captures(text).ok_or(Reason::Unmatched)?;
        let Some(template) = &self.extract else {
            return Ok(text.to_owned());
        };
        let mut extracted = String::new();
        groups.expand(template, &mut extracted);
        Ok(extracted)
    }
}

/// `sha256-` and a digest: where referrers are listed on a registry that does not do it itself, and
/// with a suffix where cosign keeps signatures.
fn is_attachment(tag: &str) -> bool {
    let digits = tag.strip_prefix("sha256-").and_then(|rest| rest.get(..64));
    digits.is_some_and(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()))
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Attachment => f.write_str("it names what belongs to an image, not an image"),
            Self::Ignored => f.write_str("it is to be ignored"),
            Self::Unmatched => f.write_str("the pattern does not match it"),
            Self::NoVersion(text) => write!(f, "`{}` is not a version", text.escape_debug()),
            Self::NoNumber(text) => write!(f, "`{}` is not a number", text.escape_debug()),
            Self::OutOfRange => f.write_str("it is not in the range"),
            Self::PreRelease => f.write_str("it is a pre-release, and the range names none"),
            Self::Undated => f.write_str("its image does not say when it was made"),
            Self::Behind(winner) => write!(f, "`{winner}` comes after it"),
            Self::Tied(winner) => write!(f, "`{winner}` is its equal and later in byte order"),
        }
    }
}

impl Policy {
    /// What is compared of a tag, of which the filter took `text`. Times are not in tags.
    pub(crate) fn key(&self, text: &str) -> Result<Key, Reason> {
        match self {
            Self::Semver(range) => {
                let version = version(text).ok_or_else(|| Reason::NoVersion(text.to_owned()))?;
                match range.contains(&version) {
                    true => Ok(Key::Version(version)),
                    false => Err(outside(range, version)),
                }
            }
            Self::Alphabetical(_) => Ok(Key::Text(text.to_owned())),
            Self::Numerical(_) => Decimal::parse(text)
                .map(Key::Number)
                .ok_or_else(|| Reason::NoNumber(text.to_owned())),
            Self::NewestBuild | Self::Tag(_) => Err(Reason::Undated),
        }
    }

    fn order(&self) -> Order {
        match self {
            Self::Alphabetical(order) | Self::Numerical(order) => *order,
            _ => Order::Ascending,
        }
    }

    /// The tag whose key is the newest; why each other one is not goes to `lost`.
    pub(crate) fn decide(
        &self,
        keys: BTreeMap<Tag, Key>,
        lost: &mut BTreeMap<Tag, Reason>,
    ) -> Option<Tag> {
        let mut best: Option<(&Tag, &Key)> = None;
        for (tag, key) in &keys {
            // Tags come in byte order, so that of equals the later one stays.
            if best.is_none_or(|(_, known)| self.compare(key, known).is_ge()) {
                best = Some((tag, key));
            }
        }
        let (winner, newest) = best.map(|(tag, key)| (tag.clone(), key.clone()))?;
        for (tag, key) in keys {
            if tag != winner {
                let reason = match self.compare(&key, &newest).is_eq() {
                    true => Reason::Tied(winner.clone()),
                    false => Reason::Behind(winner.clone()),
                };
                lost.insert(tag, reason);
            }
        }
        Some(winner)
    }

    fn compare(&self, one: &Key, other: &Key) -> std::cmp::Ordering {
        let ordering = match (one, other) {
            (Key::Version(one), Key::Version(other)) => one.cmp_precedence(other),
            (Key::Text(one), Key::Text(other)) => one.cmp(other),
            (Key::Number(one), Key::Number(other)) => one.cmp(other),
            (Key::Time(one), Key::Time(other)) => one.cmp(other),
            _ => std::cmp::Ordering::Equal,
        };
        match self.order() {
            Order::Ascending => ordering,
            Order::Descending => ordering.reverse(),
        }
    }
}

/// A version as Flux has it (fluxcd/pkg: version/version.go): complete, with or without `v`.
fn version(text: &str) -> Option<Version> {
    let plain = text.strip_prefix('v').unwrap_or(text);
    Version::parse(&plain.replacen('_', "+", 1)).ok()
}

/// Why a version is not in a range.
fn outside(range: &Range, version: Version) -> Reason {
    let release = Version {
        pre: semver::Prerelease::EMPTY,
        ..version
    };
    match !range.takes_pre_releases() && range.contains(&release) {
        true => Reason::PreRelease,
        false => Reason::OutOfRange,
    }
}
