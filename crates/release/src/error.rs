//! What can be wrong with a release, and the way out of each.

use std::fmt;
use windlass_fault::{Blame, Fault};

/// The result of this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// Why no version could be given.
#[derive(Debug)]
pub struct Error(Box<Inner>);

#[derive(Debug)]
struct Inner {
    kind: ErrorKind,
    message: String,
    hint: Option<String>,
    source: Option<Git>,
}

/// What libgit2 says, without the numbers it goes by.
#[derive(Debug)]
struct Git(git2::Error);

impl fmt::Display for Git {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.message())
    }
}

impl std::error::Error for Git {}

/// The kinds of [`Error`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The folder is not a git repository, or may not be read.
    Repository,
    /// An object of the history cannot be read.
    History,
    /// A revision names no commit.
    Revision,
    /// The commit holds no application of that name.
    App,
    /// The clone ends before the last release.
    Shallow,
    /// The repository has version tags, but of another form than the configured one.
    ForeignTag,
    /// The application has releases, but none in the history of the commit.
    UnreachableTag,
    /// The version to give is already given to another commit.
    TagTaken,
    /// A tag is not a version tag of the application.
    TagName,
    /// A tag does not point at the commit to release.
    TagElsewhere,
    /// A message does not follow Conventional Commits, and that was asked for.
    Message,
    /// A `Release-As` footer cannot be followed.
    ReleaseAs,
    /// A release would leave the line its branch keeps.
    Line,
    /// A pre-release would sort below one that is already there.
    Order,
    /// A number of the version is too large to grow.
    Overflow,
    /// Another version was expected.
    Expectation,
    /// A name cannot be the tag of an image.
    ImageTag,
    /// The release environments are on several branches.
    Branch,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            message: message.into(),
            hint: None,
            source: None,
        }))
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    pub(crate) fn because(mut self, source: git2::Error) -> Self {
        self.0.source = Some(Git(source));
        self
    }

    /// What kind of error it is.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }
}

/// An object that libgit2 cannot give.
pub(crate) fn unreadable(what: impl fmt::Display, source: git2::Error) -> Error {
    let missing = source.code() == git2::ErrorCode::NotFound;
    let error = Error::new(ErrorKind::History, format!("cannot read {what}")).because(source);
    if !missing {
        return error;
    }
    error.hint("fetch the whole history: a partial clone leaves objects out")
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_ref().map(|source| source as _)
    }
}

impl Fault for Error {
    fn blame(&self) -> Blame {
        match &self.0.source {
            Some(Git(source))
                if source.class() == git2::ErrorClass::Os
                    && source.code() != git2::ErrorCode::NotFound =>
            {
                Blame::World
            }
            _ => Blame::Input,
        }
    }

    fn hint(&self) -> Option<String> {
        self.0.hint.clone()
    }
}
