//! Moments of a branch, as people type them.

use crate::span::seconds;
use windlass_gitsync::{Back, Date};

/// A commit, a moment, a day or an age.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum When {
    /// How long ago, in seconds.
    Ago(u64),
    /// A commit or a moment.
    At(Back),
}

impl std::str::FromStr for When {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(commit) = Back::commit(text) {
            return Ok(Self::At(commit));
        }
        let date = Date::parse(text).or_else(|| Date::parse(&format!("{text}T00:00:00Z")));
        match (date, seconds(text)) {
            (Some(date), _) => Ok(Self::At(Back::Time(date.seconds))),
            (None, Ok(seconds)) => Ok(Self::Ago(seconds)),
            (None, Err(_)) => Err(
                "write a commit, a time like `2026-11-20T12:00:00Z`, a day, or an age like `2h`"
                    .to_owned(),
            ),
        }
    }
}

impl When {
    pub(crate) fn back(self, now: u64) -> Back {
        match self {
            Self::At(back) => back,
            Self::Ago(seconds) => {
                Back::Time(i64::try_from(now.saturating_sub(seconds)).unwrap_or(i64::MAX))
            }
        }
    }
}
