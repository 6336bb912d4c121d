//! What every windlass error can say of itself: who is to blame, where, and the way out.
//!
//! A library error implements [`Fault`]; a command renders any `Fault` without knowing the
//! library it came from.
//!
//! ```
//! use windlass_fault::{Blame, Fault, Location};
//!
//! #[derive(Debug)]
//! struct Missing;
//! impl std::fmt::Display for Missing {
//!     fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
//!         f.write_str("cannot read `base/deployment.yaml`")
//!     }
//! }
//! impl std::error::Error for Missing {}
//! impl Fault for Missing {
//!     fn blame(&self) -> Blame {
//!         Blame::Input
//!     }
//!     fn location(&self) -> Option<Location> {
//!         Some(Location::at_line("kustomization.yaml", 3, 5).with_line("  - deployment.yaml", 15))
//!     }
//! }
//! assert_eq!(Missing.location().unwrap().to_string(), "kustomization.yaml:3:5");
//! ```

mod location;
mod secret;

pub use location::Location;
pub use secret::Secret;

use serde::Serialize;
use std::fmt;

/// Whose fault an error is; it decides the exit status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Blame {
    /// What the user gave: a file, a name, a tag. Trying again gives the same answer.
    Input,
    /// The network, a registry, a server, a deadline. Trying again may help.
    World,
}

/// An error that knows its blame, its place and one thing to do about it.
///
/// `Display` says what was attempted, in lower case, without a final full stop and without the
/// text of `source()`, which is shown by itself.
pub trait Fault: std::error::Error + Send + Sync {
    /// Whose fault it is.
    fn blame(&self) -> Blame;

    /// Where in the user's files it stands.
    fn location(&self) -> Option<Location> {
        None
    }

    /// One thing to do about it, as a sentence without a full stop.
    fn hint(&self) -> Option<String> {
        None
    }

    /// How the work led there, outermost last: `in prod/kustomization.yaml:4:5`.
    fn trail(&self) -> &[Location] {
        &[]
    }

    /// Further faults found by the same piece of work, so that all are reported at once.
    fn others(&self) -> Vec<&dyn Fault> {
        Vec::new()
    }
}

/// Something that works but is probably not what the user meant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Warning {
    /// What is odd, in the form of an error message.
    pub message: String,
    /// The name of its kind, by which it may be waived.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<&'static str>,
    /// Where it stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<Location>,
    /// One thing to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

impl Warning {
    /// A warning without place or hint.
    #[must_use]
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            name: None,
            location: None,
            hint: None,
        }
    }

    /// A fault that the work can go on without.
    #[must_use]
    pub fn of(fault: &dyn Fault) -> Self {
        Self {
            message: fault.to_string(),
            name: None,
            location: fault.location(),
            hint: fault.hint(),
        }
    }

    /// The same warning with the name of its kind.
    #[must_use]
    pub fn named(mut self, name: &'static str) -> Self {
        self.name = Some(name);
        self
    }

    /// The same warning at a place.
    #[must_use]
    pub fn at(mut self, location: impl Into<Option<Location>>) -> Self {
        self.location = location.into();
        self
    }

    /// The same warning with a hint.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match self.name {
            Some(name) => write!(f, " [{name}]"),
            None => Ok(()),
        }
    }
}

/// The name among `known` that is nearest to `given` by edit distance, if one is near enough
/// to have been meant.
///
/// ```
/// assert_eq!(windlass_fault::nearest("namePrefx", ["namespace", "namePrefix"]), Some("namePrefix"));
/// assert_eq!(windlass_fault::nearest("zzz", ["namespace"]), None);
/// ```
pub fn nearest<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = 1 + given.chars().count() / 4;
    known
        .into_iter()
        .map(|name| (distance(given, name), name))
        .filter(|&(far, _)| far <= limit)
        .min_by_key(|&(far, _)| far)
        .map(|(_, name)| name)
}

/// Levenshtein distance, ignoring ASCII case.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().map(|c| c.to_ascii_lowercase()).collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().map(|c| c.to_ascii_lowercase()).enumerate() {
        let mut corner = row[0];
        row[0] = i + 1;
        for (j, &y) in b.iter().enumerate() {
            let next = (corner + usize::from(x != y))
                .min(row[j] + 1)
                .min(row[j + 1] + 1);
            corner = row[j + 1];
            row[j + 1] = next;
        }
    }
    row[b.len()]
}
