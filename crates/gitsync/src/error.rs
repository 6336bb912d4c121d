//! The crate's error: what was attempted, on which remote or file, and whose fault it is.

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;
use windlass_fault::{Blame, Fault, Location};

/// A result of this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// Why something could not be read from or written to a remote.
#[derive(Debug)]
pub struct Error(Box<Inner>);

#[derive(Debug)]
struct Inner {
    kind: ErrorKind,
    message: String,
    hint: Option<String>,
    source: Option<Box<dyn StdError + Send + Sync>>,
    fault: Option<Box<dyn Fault>>,
    place: Option<Location>,
    others: Vec<Error>,
    retry_after: Option<Duration>,
}

/// What kind of error it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The remote's address cannot be understood, or no remote is named.
    Url,
    /// The remote wants other credentials, or any.
    Unauthorized,
    /// The credentials do not allow it.
    Forbidden,
    /// There is no repository at that address.
    RepositoryMissing,
    /// The server sends the request somewhere it must not go.
    Redirected,
    /// The server or the repository lacks what is needed.
    Unsupported,
    /// No connection, or it broke off.
    Unreachable,
    /// The server asks to come back later, or is failing.
    Busy,
    /// The answer is not what git's protocol allows, or not what was asked for.
    Protocol,
    /// The answer is larger than anything expected here.
    TooLarge,
    /// The server names an error of its own.
    Server,
    /// A repository in a folder cannot be used.
    Local,
    /// The branch does not exist.
    BranchMissing,
    /// There is no branch, tag or commit of that name.
    Revision,
    /// The history does not reach as far back as is asked.
    History,
    /// There is no file at that address.
    FileMissing,
    /// It is not in the cache, and nothing may be fetched.
    Offline,
    /// The cache cannot be written to.
    Cache,
    /// A path that must not be written.
    Path,
    /// What stands at the path is no regular file or folder.
    NotAFile,
    /// The edit itself failed; the error is the edit's own.
    Edit,
    /// The commit cannot be signed.
    Signing,
    /// The remote does not take the commit or tag: a protected branch, a hook.
    Refused,
    /// It cannot be told whether the remote took the commit.
    Doubtful,
    /// The time is up.
    Deadline,
    /// A tag, digest, name, date or identity that is not written as one.
    Value,
    /// The application has no such overlay.
    Overlay,
    /// The overlay has no such image, or several that could be meant.
    Image,
    /// The image has another tag than expected.
    Expected,
    /// The new version is older than the one in place.
    Downgrade,
    /// The image is held.
    Held,
    /// The image has not been long enough where it comes from.
    TooNew,
    /// The image is not in its registry.
    Unpublished,
    /// The branch holds what another made, or another change.
    BranchTaken,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            message: message.into(),
            hint: None,
            source: None,
            fault: None,
            place: None,
            others: Vec::new(),
            retry_after: None,
        }))
    }

    /// The error of an edit, from whatever crate: it speaks for itself.
    pub fn edit(fault: impl Fault + 'static) -> Self {
        let mut error = Self::new(ErrorKind::Edit, String::new());
        error.0.fault = Some(Box::new(fault));
        error
    }

    /// Further errors of the same piece of work, told with this one.
    pub(crate) fn and(mut self, others: impl IntoIterator<Item = Self>) -> Self {
        self.0.others.extend(others);
        self
    }

    /// Whether it is about what a file of the user says.
    pub(crate) fn is_of_file(&self) -> bool {
        let fault = self.0.fault.as_ref();
        fault.is_some_and(|fault| fault.blame() == Blame::Input && fault.location().is_some())
    }

    pub(crate) fn at(mut self, place: Location) -> Self {
        self.0.place = Some(place);
        self
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    pub(crate) fn source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    pub(crate) fn retry_after(mut self, wait: Option<Duration>) -> Self {
        self.0.retry_after = wait;
        self
    }

    /// What kind of error it is.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// How long the server asked to be left alone, where it did.
    pub(crate) fn wait(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// Whether the same request may succeed a moment later.
    pub(crate) fn is_transient(&self) -> bool {
        matches!(self.0.kind, ErrorKind::Unreachable | ErrorKind::Busy)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0.fault {
            Some(fault) => fault.fmt(f),
            None => f.write_str(&self.0.message),
        }
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match &self.0.fault {
            Some(fault) => fault.source(),
            None => self.0.source.as_ref().map(|source| &**source as _),
        }
    }
}

impl Fault for Error {
    fn blame(&self) -> Blame {
        use ErrorKind as Kind;
        match (self.0.kind, &self.0.fault) {
            (_, Some(fault)) => fault.blame(),
            (
                Kind::Unreachable
                | Kind::Busy
                | Kind::Protocol
                | Kind::TooLarge
                | Kind::Server
                | Kind::Local
                | Kind::Cache
                | Kind::Doubtful
                | Kind::Deadline,
                None,
            ) => Blame::World,
            _ => Blame::Input,
        }
    }

    fn location(&self) -> Option<Location> {
        match &self.0.fault {
            Some(fault) => fault.location(),
            None => self.0.place.clone(),
        }
    }

    fn hint(&self) -> Option<String> {
        match &self.0.fault {
            Some(fault) => fault.hint(),
            None => self.0.hint.clone(),
        }
    }

    fn trail(&self) -> &[Location] {
        self.0.fault.as_ref().map_or(&[], |fault| fault.trail())
    }

    fn others(&self) -> Vec<&dyn Fault> {
        let fault = self.0.fault.as_ref();
        let mut others = fault.map_or_else(Vec::new, |fault| fault.others());
        for other in &self.0.others {
            others.push(other);
            others.extend(other.others());
        }
        others
    }
}

/// What a server says, made fit to print: one line, no control characters, not endless.
pub(crate) fn printable(text: &[u8]) -> String {
    const LIMIT: usize = 400;
    let text = String::from_utf8_lossy(text);
    let words: Vec<&str> = text
        .split(|c: char| c.is_control() || c.is_whitespace())
        .filter(|word| !word.is_empty())
        .collect();
    let line = words.join(" ");
    match line.char_indices().nth(LIMIT) {
        Some((end, _)) => format!("{} …", &line[..end]),
        None => line,
    }
}
