//! What can go wrong in a build, where, and what led there.

use std::fmt;
use windlass_fault::{Blame, Fault, Location, Warning};

/// A result of this crate.
pub(crate) type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong, for programs to decide by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A file or folder is missing or cannot be read.
    Read,
    /// A path leads to a place it may not lead to: out of the root, or into a cycle.
    Restricted,
    /// A file is larger, deeper or slower than a build allows.
    Limit,
    /// A file is not YAML, or holds YAML that cannot be an object.
    Malformed,
    /// A kustomization or a file that it configures a transformer with is wrong.
    Config,
    /// An object lacks its kind or name.
    Object,
    /// Two objects have the same id, or a name could mean several.
    Conflict,
    /// What must match an object matches none.
    NoMatch,
    /// A generator cannot make its object.
    Generator,
    /// A patch does not apply.
    Patch,
    /// A field cannot be set because of what stands there.
    Field,
    /// A replacement or a variable has no source, or no place to go.
    Replacement,
    /// A schema cannot be used.
    Schema,
    /// Something remote was not fetched.
    Remote,
    /// A program was not allowed to run, or failed.
    Program,
    /// A finished object holds a value that has no place in YAML.
    Output,
    /// An edit cannot be made, or would change something else.
    Edit,
    /// A warning in a strict build.
    Strict,
}

/// Why a build gave no result.
///
/// `kind` is for programs, `Display` for people; [`Fault`] adds the place, the way there and one
/// thing to do.
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    message: String,
    place: Option<Location>,
    hint: Option<String>,
    trail: Vec<Location>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
    others: Vec<Error>,
    /// Whose fault it is, where its source knows.
    blame: Option<Blame>,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            message: message.into(),
            place: None,
            hint: None,
            trail: Vec::new(),
            source: None,
            others: Vec::new(),
            blame: None,
        }))
    }

    /// The same error at a place, unless it has one.
    pub(crate) fn at(mut self, place: impl Into<Option<Location>>) -> Self {
        if self.0.place.is_none() {
            self.0.place = place.into();
        }
        self
    }

    pub(crate) fn hint(mut self, hint: impl Into<Option<String>>) -> Self {
        self.0.hint = hint.into();
        self
    }

    pub(crate) fn blamed_on(mut self, blame: Blame) -> Self {
        self.0.blame = Some(blame);
        self
    }

    pub(crate) fn because(
        mut self,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// The same error, reached through a field that stands at `step`; that is its place if it has
    /// none of its own.
    pub(crate) fn through(mut self, step: impl Into<Option<Location>>) -> Self {
        let step = step.into();
        if self.0.place.is_none() {
            self.0.place = step;
            return self;
        }
        let last = self.0.trail.last().or(self.0.place.as_ref());
        let step = step.filter(|step| last != Some(step));
        self.0.trail.extend(step);
        self
    }

    /// The first of several errors, with the others beside it.
    pub(crate) fn all(errors: impl IntoIterator<Item = Self>) -> Option<Self> {
        let mut errors = errors.into_iter();
        let mut first = errors.next()?;
        first.0.others.extend(errors);
        Some(first)
    }

    /// A warning as the error that it is in a strict build.
    pub(crate) fn strict(warning: Warning) -> Self {
        Self::new(ErrorKind::Strict, warning.to_string())
            .at(warning.location)
            .hint(warning.hint)
    }

    /// The same error as one of the output.
    pub(crate) fn of_output(mut self) -> Self {
        self.0.kind = ErrorKind::Output;
        self
    }

    /// What went wrong.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.0.kind)
            .field("message", &self.0.message)
            .field("place", &self.0.place)
            .field("source", &self.0.source)
            .finish_non_exhaustive()
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
        self.0.blame.unwrap_or(match self.0.kind {
            // Without a cause nothing was tried: it was not allowed.
            ErrorKind::Program if self.0.source.is_some() => Blame::World,
            _ => Blame::Input,
        })
    }

    fn location(&self) -> Option<Location> {
        self.0.place.clone()
    }

    fn hint(&self) -> Option<String> {
        self.0.hint.clone()
    }

    fn trail(&self) -> &[Location] {
        &self.0.trail
    }

    fn others(&self) -> Vec<&dyn Fault> {
        self.0.others.iter().map(|error| error as _).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::ErrorKind;

    /// The kind behind this one, so that a new kind must be put here, and then needs a snapshot.
    fn next(kind: ErrorKind) -> Option<ErrorKind> {
        use ErrorKind as Of;
        Some(match kind {
            Of::Read => Of::Restricted,
            Of::Restricted => Of::Limit,
            Of::Limit => Of::Malformed,
            Of::Malformed => Of::Config,
            Of::Config => Of::Object,
            Of::Object => Of::Conflict,
            Of::Conflict => Of::NoMatch,
            Of::NoMatch => Of::Generator,
            Of::Generator => Of::Patch,
            Of::Patch => Of::Field,
            Of::Field => Of::Replacement,
            Of::Replacement => Of::Schema,
            Of::Schema => Of::Remote,
            Of::Remote => Of::Program,
            Of::Program => Of::Output,
            Of::Output => Of::Edit,
            Of::Edit => Of::Strict,
            Of::Strict => return None,
        })
    }

    #[test]
    fn every_kind_has_a_snapshot() {
        let snapshots = include_str!("../tests/it/errors.rs");
        let mut kind = Some(ErrorKind::Read);
        while let Some(one) = kind {
            let asked = format!("(ErrorKind::{one:?}, ");
            let has_one = one == ErrorKind::Strict || snapshots.contains(&asked);
            assert!(has_one, "{one:?} has no snapshot in tests/it/errors.rs");
            kind = next(one);
        }
    }
}
