//! Lines of versions beside the main one: pre-release channels and maintained lines.

use crate::error::{Error, ErrorKind, Result};
use semver::{Prerelease, Version};
use std::fmt;
use std::str::FromStr;

/// A channel of pre-releases, in the order in which they sort.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Channel {
    /// `1.2.0-alpha.1`
    Alpha,
    /// `1.2.0-beta.1`
    Beta,
    /// `1.2.0-rc.1`
    Rc,
}

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Alpha => "alpha",
            Self::Beta => "beta",
            Self::Rc => "rc",
        })
    }
}

impl FromStr for Channel {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        match text {
            "alpha" => Ok(Self::Alpha),
            "beta" => Ok(Self::Beta),
            "rc" => Ok(Self::Rc),
            _ => Err("the channels are alpha, beta and rc".to_owned()),
        }
    }
}

impl Channel {
    /// The number of a pre-release of this channel.
    pub(crate) fn number(self, version: &Version) -> Option<u64> {
        let (name, number) = version.pre.as_str().split_once('.')?;
        (name == self.to_string())
            .then(|| number.parse().ok())
            .flatten()
    }

    pub(crate) fn holds(self, version: &Version) -> bool {
        self.number(version).is_some()
    }

    /// The pre-release of `core` after the one numbered `last`.
    pub(crate) fn version(self, core: &Version, last: Option<u64>) -> Result<Version> {
        let overflow = || {
            let last = last.unwrap_or_default();
            let message = format!(
                "no `{self}` can follow `{core}-{self}.{last}`: its number is the largest there is"
            );
            Error::new(ErrorKind::Overflow, message)
                .hint("delete the tag, or release the version itself")
        };
        let number = last.unwrap_or(0).checked_add(1).ok_or_else(overflow)?;
        let pre = Prerelease::new(&format!("{self}.{number}")).map_err(|_| overflow())?;
        Ok(Version {
            pre,
            ..core.clone()
        })
    }
}

/// A maintained line of versions: `1.x` or `1.2.x`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line {
    major: u64,
    minor: Option<u64>,
}

impl Line {
    /// The line that a branch keeps by its name: `1.2.x`, `v1.x`, and the same below a folder, as
    /// `release/1.2.x`. Other branches keep none.
    ///
    /// ```
    /// use windlass_release::Line;
    ///
    /// assert_eq!(Line::of_branch("release/1.2.x").unwrap().to_string(), "1.2.x");
    /// assert_eq!(Line::of_branch("main"), None);
    /// ```
    #[must_use]
    pub fn of_branch(branch: &str) -> Option<Self> {
        let name = branch.rsplit('/').next()?;
        let numbers = name.strip_prefix('v').unwrap_or(name).strip_suffix(".x")?;
        let (major, minor) = match numbers.split_once('.') {
            Some((major, minor)) => (major, Some(minor.parse().ok()?)),
            None => (numbers, None),
        };
        Some(Self {
            major: major.parse().ok()?,
            minor,
        })
    }

    /// Whether a version is of this line.
    pub(crate) fn holds(self, version: &Version) -> bool {
        version.major == self.major && self.minor.is_none_or(|minor| minor == version.minor)
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.minor {
            Some(minor) => write!(f, "{}.{minor}.x", self.major),
            None => write!(f, "{}.x", self.major),
        }
    }
}
