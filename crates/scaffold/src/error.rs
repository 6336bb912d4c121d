//! What can be wrong with a name, a template or the place for a new app.

use std::fmt;
use std::path::Path;
use windlass_fault::{Blame, Fault, Location};

/// Why no app was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The app's name cannot be that of Kubernetes objects, namespaces and images.
    Name,
    /// An answer is missing, or one that nobody asked for, or not what the question takes.
    Answer,
    /// `template.yaml` is not what it should be.
    Settings,
    /// A file of the template cannot be rendered.
    Render,
    /// The template holds what no template may: a symbolic link, a path out of its folder, too much.
    Forbidden,
    /// The template has no overlay for an environment.
    Overlay,
    /// `argo/root-app.yaml` does not tell the repository's address.
    Repository,
    /// `.scaffold.yaml` of an app does not tell what the app was made from.
    Record,
    /// A file or folder of the new app is there already.
    Exists,
    /// A kustomization cannot take in an Application.
    Register,
    /// A file was changed by somebody else meanwhile.
    Changed,
    /// A file or folder cannot be read.
    Read,
    /// A file or folder cannot be written.
    Write,
}

/// An error of this crate: its kind, the place and the cause.
#[derive(Debug)]
pub struct Error(Box<Inner>);

#[derive(Debug)]
struct Inner {
    kind: ErrorKind,
    message: String,
    place: Option<Location>,
    hint: Option<String>,
    source: Option<Source>,
    /// What else was found by the same piece of work.
    others: Vec<Error>,
}

#[derive(Debug)]
enum Source {
    Io(std::io::Error),
    Yaml(windlass_yaml::Error),
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            message: message.into(),
            place: None,
            hint: None,
            source: None,
            others: Vec::new(),
        }))
    }

    /// Nothing where there is no error, else the first with the others beside it.
    pub(crate) fn all(errors: Vec<Self>) -> Result<(), Self> {
        let mut errors = errors.into_iter();
        let Some(mut first) = errors.next() else {
            return Ok(());
        };
        for mut error in errors {
            let more = std::mem::take(&mut error.0.others);
            first.0.others.push(error);
            first.0.others.extend(more);
        }
        Err(first)
    }

    pub(crate) fn at(mut self, place: Location) -> Self {
        self.0.place = Some(place);
        self
    }

    pub(crate) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    /// [`Error::with_hint`] in place.
    pub(crate) fn hint(&mut self, hint: impl Into<String>) {
        self.0.hint = Some(hint.into());
    }

    /// Nobody could be asked.
    pub(crate) fn terminal(question: &str, source: std::io::Error) -> Self {
        let mut error = Self::new(ErrorKind::Read, format!("cannot ask for `{question}`"));
        error.0.source = Some(Source::Io(source));
        error
    }

    pub(crate) fn read(path: &Path, source: std::io::Error) -> Self {
        Self::io(ErrorKind::Read, "read", path, source)
    }

    pub(crate) fn write(path: &Path, source: std::io::Error) -> Self {
        Self::io(ErrorKind::Write, "write", path, source)
    }

    fn io(kind: ErrorKind, verb: &str, path: &Path, source: std::io::Error) -> Self {
        let mut error = Self::new(kind, format!("cannot {verb} `{}`", show(path)));
        error.0.source = Some(Source::Io(source));
        error
    }

    /// A file of the user's that is not what its reader wants; the place is the reader's.
    pub(crate) fn yaml(kind: ErrorKind, message: String, source: windlass_yaml::Error) -> Self {
        let mut error = Self::new(kind, message);
        error.0.place = source.location();
        error.0.hint = source.hint();
        error.0.source = Some(Source::Yaml(source));
        error
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

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self.0.source.as_ref()? {
            Source::Io(error) => Some(error),
            Source::Yaml(error) => Some(error),
        }
    }
}

impl Fault for Error {
    fn blame(&self) -> Blame {
        let missing = matches!(&self.0.source, Some(Source::Io(error)) if error.kind() == std::io::ErrorKind::NotFound);
        match self.0.kind {
            ErrorKind::Read | ErrorKind::Write if !missing => Blame::World,
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
        let of_yaml = match &self.0.source {
            Some(Source::Yaml(error)) => error.others(),
            _ => Vec::new(),
        };
        let others = self.0.others.iter().map(|error| error as &dyn Fault);
        of_yaml.into_iter().chain(others).collect()
    }
}

/// A path without the `./` of the folder to work in.
pub(crate) fn show(path: &Path) -> std::path::Display<'_> {
    path.strip_prefix(".").unwrap_or(path).display()
}
