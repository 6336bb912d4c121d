//! The other side of a conversation: what it is called, and what of its words must not be shown.

use crate::error::{Error, ErrorKind, printable};
use windlass_fault::Secret;

/// A server, as messages speak of it.
#[derive(Debug, Clone)]
pub(crate) struct Peer {
    /// Its address without credentials.
    pub(crate) name: String,
    /// What was sent to it and may come back in its answers.
    pub(crate) secrets: Vec<Secret>,
}

impl Peer {
    /// A server's words in one short line, without secrets.
    pub(crate) fn words(&self, text: &[u8]) -> String {
        let text = String::from_utf8_lossy(text).into_owned();
        let redacted = self
            .secrets
            .iter()
            .fold(text, |text, secret| secret.redact(&text));
        printable(redacted.as_bytes())
    }

    /// An answer that breaks the protocol.
    pub(crate) fn odd(&self, what: &str) -> Error {
        let message = format!("cannot understand the answer of `{}`: {what}", self.name);
        Error::new(ErrorKind::Protocol, message)
    }

    /// An answer that does not end.
    pub(crate) fn too_large(&self, limit: usize) -> Error {
        let message = format!(
            "the answer of `{}` is larger than {} MiB",
            self.name,
            limit >> 20
        );
        Error::new(ErrorKind::TooLarge, message)
    }

    /// An error that the server itself names.
    pub(crate) fn said(&self, text: &[u8]) -> Error {
        let message = format!("`{}` reports an error: {}", self.name, self.words(text));
        Error::new(ErrorKind::Server, message)
    }

    /// No connection, or one that broke off.
    pub(crate) fn unreachable(&self) -> Error {
        Error::new(
            ErrorKind::Unreachable,
            format!("cannot reach `{}`", self.name),
        )
    }
}
