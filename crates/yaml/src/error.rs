//! What can be wrong with a YAML file, and where.

use std::fmt;
use windlass_fault::{Blame, Fault, Location};

/// Why a text could not be read, printed or edited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The file is larger than [`Source::MAX_BYTES`](crate::Source::MAX_BYTES).
    TooLarge,
    /// The bytes are not UTF-8.
    Encoding,
    /// A character that YAML does not allow in a file.
    ControlCharacter,
    /// A `---` line with something behind it.
    Separator,
    /// The text is not YAML.
    Syntax,
    /// Collections are nested too deeply.
    TooDeep,
    /// An alias without an anchor before it.
    UnknownAnchor,
    /// An alias inside the value that it stands for.
    RecursiveAlias,
    /// Aliases multiply the text beyond measure.
    TooManyAliases,
    /// `<<` with a value that cannot be merged.
    Merge,
    /// A map or a list as the key of a map.
    ComplexKey,
    /// A key that is not a string, such as `1` or `true`.
    NonStringKey,
    /// A key that stands twice in one map.
    DuplicateKey,
    /// A key of more than about 1,000 characters.
    LongKey,
    /// A value that does not fit its explicit tag.
    Tag,
    /// An infinite number or a NaN, which JSON cannot hold.
    Number,
    /// A character that cannot be printed.
    Unprintable,
    /// A value of another type than the field wants.
    Type,
    /// A field that does not exist.
    UnknownField,
    /// A required field that is not there.
    MissingField,
    /// A value of the right type that is not allowed.
    Value,
    /// An edit of something that cannot be edited without changing more than was asked.
    Edit,
}

/// An error of this crate: its kind, what it says, and the place.
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
    /// An error without a place.
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

    /// All of them as one: the first, with the others behind it.
    pub(crate) fn all(errors: Vec<Self>) -> Self {
        let mut errors = errors.into_iter();
        let mut first = errors
            .next()
            .unwrap_or_else(|| Self::new(ErrorKind::Value, "the file cannot be read"));
        first.0.others.extend(errors);
        first
    }

    /// What is wrong, to decide by.
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

impl std::error::Error for Error {}

impl Fault for Error {
    fn blame(&self) -> Blame {
        Blame::Input
    }

    fn location(&self) -> Option<Location> {
        self.0.place.clone()
    }

    fn hint(&self) -> Option<String> {
        self.0.hint.clone()
    }

    fn others(&self) -> Vec<&dyn Fault> {
        self.0.others.iter().map(|e| e as &dyn Fault).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::ErrorKind;

    /// The kind behind this one, so that a new kind must be put here, and then needs a snapshot.
    fn next(kind: ErrorKind) -> Option<ErrorKind> {
        use ErrorKind as Of;
        Some(match kind {
            Of::TooLarge => Of::Encoding,
            Of::Encoding => Of::ControlCharacter,
            Of::ControlCharacter => Of::Separator,
            Of::Separator => Of::Syntax,
            Of::Syntax => Of::TooDeep,
            Of::TooDeep => Of::UnknownAnchor,
            Of::UnknownAnchor => Of::RecursiveAlias,
            Of::RecursiveAlias => Of::TooManyAliases,
            Of::TooManyAliases => Of::Merge,
            Of::Merge => Of::ComplexKey,
            Of::ComplexKey => Of::NonStringKey,
            Of::NonStringKey => Of::DuplicateKey,
            Of::DuplicateKey => Of::LongKey,
            Of::LongKey => Of::Tag,
            Of::Tag => Of::Number,
            Of::Number => Of::Unprintable,
            Of::Unprintable => Of::Type,
            Of::Type => Of::UnknownField,
            Of::UnknownField => Of::MissingField,
            Of::MissingField => Of::Value,
            Of::Value => Of::Edit,
            Of::Edit => return None,
        })
    }

    #[test]
    fn every_kind_has_a_snapshot() {
        let snapshots = include_str!("../tests/it/errors.rs");
        let mut kind = Some(ErrorKind::TooLarge);
        while let Some(one) = kind {
            let asked = format!("ErrorKind::{one:?}");
            assert!(snapshots.contains(&asked), "{one:?} has no snapshot");
            kind = next(one);
        }
    }
}
