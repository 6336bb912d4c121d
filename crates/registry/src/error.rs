//! What can go wrong between a source folder and a tag in a registry.

use std::fmt;
use windlass_fault::{Blame, Fault, Location};

/// The result of everything in this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error of this crate: what was attempted, of which kind, where, and the way out.
#[derive(Debug)]
pub struct Error(Box<Repr>);

#[derive(Debug)]
struct Repr {
    kind: ErrorKind,
    message: String,
    location: Option<Location>,
    hint: Option<String>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// What kind of thing went wrong. Decide by this, never by the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A name of an image, a tag, a platform or a folder is not one.
    Reference,
    /// An immutable tag exists with another digest.
    TagTaken,
    /// A range of versions or a pattern that chooses among tags cannot be read.
    Policy,
    /// An image, a tag or a blob is not there.
    NotFound,
    /// An image layout or what it holds is broken.
    Layout,
    /// A registry or a package index wants other credentials, or a credential file is broken.
    Credentials,
    /// A registry refuses what is asked for another reason; asking again gives the same answer.
    Refused,
    /// A registry cannot be reached, or fails again and again.
    Unreachable,
    /// A registry answers what the distribution specification does not allow.
    Protocol,
    /// A local file or folder cannot be read.
    Read,
    /// A local file or folder cannot be written.
    Write,
    /// An instruction of a Dockerfile cannot be followed.
    Dockerfile,
    /// A line of a requirements file cannot be followed.
    Requirements,
    /// The package index cannot be reached, or fails again and again.
    Index,
    /// No wheel of a requirement fits the target.
    Wheel,
    /// A wheel is not the one whose hash is pinned.
    Hash,
    /// A wheel breaks the wheel specification.
    Archive,
    /// The base image does not fit the platform.
    Platform,
}

impl ErrorKind {
    fn blame(self) -> Blame {
        match self {
            Self::Unreachable | Self::Protocol | Self::Write | Self::Index => Blame::World,
            _ => Blame::Input,
        }
    }
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Repr {
            kind,
            message: message.into(),
            location: None,
            hint: None,
            source: None,
        }))
    }

    pub(crate) fn read(path: &std::path::Path, source: std::io::Error) -> Self {
        Self::new(ErrorKind::Read, format!("cannot read `{}`", path.display())).because(source)
    }

    pub(crate) fn write(path: &std::path::Path, source: std::io::Error) -> Self {
        let message = format!("cannot write `{}`", path.display());
        Self::new(ErrorKind::Write, message).because(source)
    }

    pub(crate) fn at(mut self, location: Location) -> Self {
        self.0.location = Some(location);
        self
    }

    pub(crate) fn suggest(mut self, hint: impl Into<String>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    pub(crate) fn because(
        mut self,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// What kind of thing went wrong.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}

impl Fault for Error {
    fn blame(&self) -> Blame {
        self.0.kind.blame()
    }

    fn location(&self) -> Option<Location> {
        self.0.location.clone()
    }

    fn hint(&self) -> Option<String> {
        self.0.hint.clone()
    }
}
