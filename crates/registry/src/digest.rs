//! Content addresses: `sha256:` and 64 hexadecimal digits.

use crate::error::{Error, ErrorKind, Result};
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use std::fmt::{self, Write as _};
use std::io::{self, Write};

/// A SHA-256 content address, checked to be one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Digest(String);

impl Digest {
    /// The digest of `bytes`.
    ///
    /// ```
    /// let empty = windlass_registry::Digest::of(b"");
    /// assert_eq!(
    ///     empty.to_string(),
    ///     "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    /// );
    /// ```
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self::finish(Sha256::new_with_prefix(bytes))
    }

    /// Reads a digest as manifests and registries write it.
    ///
    /// # Errors
    /// If it is not `sha256:` with 64 lower-case hexadecimal digits.
    pub fn parse(text: &str) -> Result<Self> {
        let hex = text.strip_prefix("sha256:").unwrap_or_default();
        if hex.len() == 64 && hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
            return Ok(Self(text.to_owned()));
        }
        let message = format!("`{}` is not a SHA-256 digest", text.escape_debug());
        Err(Error::new(ErrorKind::Reference, message)
            .suggest("write it as `sha256:` and 64 lower-case hexadecimal digits"))
    }

    /// The digits alone: the name of the blob's file in a layout.
    #[must_use]
    pub fn hex(&self) -> &str {
        &self.0["sha256:".len()..]
    }

    /// The whole digest with its algorithm.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn finish(state: Sha256) -> Self {
        let mut text = String::from("sha256:");
        for byte in state.finalize() {
            write!(text, "{byte:02x}").expect("writing to a string");
        }
        Self(text)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The running digest and size of what passes by.
#[derive(Debug, Clone, Default)]
pub(crate) struct Hasher {
    state: Sha256,
    size: u64,
}

impl Hasher {
    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.state.update(bytes);
        self.size += bytes.len() as u64;
    }

    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    pub(crate) fn finish(self) -> (Digest, u64) {
        (Digest::finish(self.state), self.size)
    }
}

/// Hashes what is written through it.
#[derive(Debug)]
pub(crate) struct Hashing<W> {
    pub(crate) inner: W,
    pub(crate) hasher: Hasher,
}

impl<W: Write> Hashing<W> {
    pub(crate) fn new(inner: W) -> Self {
        Self {
            inner,
            hasher: Hasher::default(),
        }
    }
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.hasher.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}
