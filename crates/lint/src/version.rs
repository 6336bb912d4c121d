//! Versions of Kubernetes.

use std::fmt;
use std::str::FromStr;

/// A minor version of Kubernetes whose schemas are known.
///
/// ```
/// use windlass_lint::Version;
/// assert_eq!("v1.33.2".parse::<Version>().unwrap().to_string(), "1.33");
/// assert!("1.24".parse::<Version>().is_err());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(pub(crate) u8);

impl Version {
    /// The oldest that is known.
    pub const OLDEST: Self = Self(25);

    /// The newest that is known.
    pub const NEWEST: Self = Self(37);
}

impl Default for Version {
    fn default() -> Self {
        Self::NEWEST
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "1.{}", self.0)
    }
}

/// A text that is no version of Kubernetes, or none that is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownVersion;

impl fmt::Display for UnknownVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "known are {} to {}", Version::OLDEST, Version::NEWEST)
    }
}

impl std::error::Error for UnknownVersion {}

impl FromStr for Version {
    type Err = UnknownVersion;

    fn from_str(text: &str) -> Result<Self, UnknownVersion> {
        let text = text.strip_prefix('v').unwrap_or(text);
        let minor = text.strip_prefix("1.").ok_or(UnknownVersion)?;
        let (minor, patch) = minor.split_once('.').unwrap_or((minor, "0"));
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        let version = minor.parse().map(Self).map_err(|_| UnknownVersion)?;
        let is_known = (Self::OLDEST..=Self::NEWEST).contains(&version);
        match is_known && is_number(minor) && is_number(patch) {
            true => Ok(version),
            false => Err(UnknownVersion),
        }
    }
}
