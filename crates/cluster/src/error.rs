//! The crate's error: what was asked of the cluster, and whose fault it is that it failed.

use std::error::Error as StdError;
use std::fmt;
use windlass_fault::{Blame, Fault};

/// A result of this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// Why the cluster could not be asked, or not for this.
#[derive(Debug)]
pub struct Error(Box<Inner>);

#[derive(Debug)]
struct Inner {
    kind: ErrorKind,
    message: String,
    hint: Option<String>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// What kind of error it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// There is no kubeconfig, or it cannot be used.
    Config,
    /// The API server does not know who asks.
    Unauthorized,
    /// Who asks may not read Applications.
    Forbidden,
    /// The API server knows no Applications: Argo CD is not installed there.
    NotInstalled,
    /// The API server refuses what is asked, a selector for example.
    Refused,
    /// An Application reads no source from the repository.
    OtherRepository,
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

    pub(crate) fn source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// What kind of error it is.
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

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        let source = self.0.source.as_deref()?;
        Some(source)
    }
}

impl Fault for Error {
    fn blame(&self) -> Blame {
        match self.0.kind {
            ErrorKind::Config | ErrorKind::OtherRepository | ErrorKind::Refused => Blame::Input,
            ErrorKind::Unauthorized | ErrorKind::Forbidden | ErrorKind::NotInstalled => {
                Blame::World
            }
        }
    }

    fn hint(&self) -> Option<String> {
        self.0.hint.clone()
    }
}

/// An error with its causes, without those that its text has already.
pub(crate) fn chain(error: &dyn StdError) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = error.source();
    }
    text
}
