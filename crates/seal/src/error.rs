//! What can be wrong with Secrets, SealedSecrets, certificates and keys. No message, place or hint
//! holds a value of a Secret or a part of a key.

use std::fmt;
use windlass_fault::{Blame, Fault, Location};

/// Why something could not be sealed, opened or taken for sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The text is not YAML or JSON, or not in the form that is read here.
    Syntax,
    /// A file, a value or the number of documents is beyond the limit.
    TooLarge,
    /// A document is no Secret, or one that cannot be sealed.
    Secret,
    /// A document is no SealedSecret, or none that a controller could open.
    SealedSecret,
    /// A sealed value is not what sealing makes: its base64, its length or the length of its key.
    Sealed,
    /// Annotations or flags disagree about the scope.
    Scope,
    /// The namespace is needed, and nothing tells it.
    Namespace,
    /// What is sealed is for another name, namespace or scope than it is used for.
    Label,
    /// A certificate cannot be read, is not one for RSA, or has expired.
    Certificate,
    /// A private key cannot be read.
    Key,
    /// None of the private keys opens a value.
    Unopened,
    /// A file cannot be edited in place.
    Edit,
    /// The random numbers or the memory of this machine gave out.
    Crypto,
}

/// An error of this crate: its kind, the place and the way out.
#[derive(Debug)]
pub struct Error(Box<Inner>);

#[derive(Debug)]
struct Inner {
    kind: ErrorKind,
    message: String,
    place: Option<Location>,
    hint: Option<String>,
    others: Vec<Error>,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            message: message.into(),
            place: None,
            hint: None,
            others: Vec::new(),
        }))
    }

    pub(crate) fn at(mut self, place: impl Into<Option<Location>>) -> Self {
        self.0.place = place.into();
        self
    }

    pub(crate) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    /// An error of a text that is not secret.
    pub(crate) fn yaml(kind: ErrorKind, error: &windlass_yaml::Error) -> Self {
        let mut made = Self::new(kind, error.to_string());
        made.0.place = error.location();
        made.0.hint = error.hint();
        made
    }

    /// An error of a text that may be secret: only where it is wrong is told.
    pub(crate) fn blind_yaml(path: &str, error: &windlass_yaml::Error) -> Self {
        let place = error.location().unwrap_or_else(|| Location::file(path));
        Self::new(ErrorKind::Syntax, "this cannot be read as YAML or JSON")
            .at(without_text(place))
            .with_hint("the line is not shown, for there may be a secret in it")
    }

    /// All of them as one; nothing of none.
    pub(crate) fn all(errors: impl IntoIterator<Item = Self>) -> Result<(), Self> {
        let mut errors = errors.into_iter();
        let Some(mut first) = errors.next() else {
            return Ok(());
        };
        first.0.others.extend(errors);
        Err(first)
    }

    /// What is wrong, to decide by.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }
}

/// A place whose line is not shown.
pub(crate) fn without_text(place: Location) -> Location {
    Location::at_line(place.path, place.line, place.column)
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl std::error::Error for Error {}

impl Fault for Error {
    fn blame(&self) -> Blame {
        match self.0.kind {
            ErrorKind::Crypto => Blame::World,
            _ => Blame::Input,
        }
    }

    fn location(&self) -> Option<Location> {
        self.0.place.clone()
    }

    fn hint(&self) -> Option<String> {
        self.0.hint.clone()
    }

    fn others(&self) -> Vec<&dyn Fault> {
        let others = self.0.others.iter();
        others
            .flat_map(|other| std::iter::once(other as &dyn Fault).chain(other.others()))
            .collect()
    }
}
