//! What can go wrong in a sandbox.

use std::fmt;
use windlass_fault::{Blame, Fault, Location};

/// Why the sandbox, or a workflow in it, stopped.
#[derive(Debug)]
pub struct Error(Box<Inner>);

#[derive(Debug)]
struct Inner {
    kind: ErrorKind,
    message: String,
    location: Option<Location>,
    hint: Option<String>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// What kind of thing went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A workflow or action file that cannot be read, or uses what the sandbox does not know.
    Workflow,
    /// An expression that is malformed, or uses what the sandbox does not know.
    Expression,
    /// A step ended with this status.
    Step(u8),
    /// A branch, tag or commit that is not there, or in the way.
    Repository,
    /// The git remote could not be reached or refused.
    Remote,
    /// A program could not be started.
    Program,
    /// A file of the sandbox could not be read or written.
    Files,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            message: message.into(),
            location: None,
            hint: None,
            source: None,
        }))
    }

    pub(crate) fn at(mut self, location: Location) -> Self {
        self.0.location = Some(location);
        self
    }

    pub(crate) fn hinted(mut self, hint: impl Into<Option<String>>) -> Self {
        self.0.hint = hint.into();
        self
    }

    pub(crate) fn caused(
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
    /// A step's own status says whose fault it is; a command that could not be found or was
    /// killed is the world's.
    fn blame(&self) -> Blame {
        match self.0.kind {
            ErrorKind::Step(3 | 126..) => Blame::World,
            ErrorKind::Remote | ErrorKind::Program | ErrorKind::Files => Blame::World,
            _ => Blame::Input,
        }
    }

    fn location(&self) -> Option<Location> {
        self.0.location.clone()
    }

    fn hint(&self) -> Option<String> {
        self.0.hint.clone()
    }
}
