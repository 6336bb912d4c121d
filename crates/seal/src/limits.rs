//! How much is read.

use crate::error::{Error, ErrorKind};
use windlass_fault::Location;

/// The largest file with Secrets or SealedSecrets, in bytes.
const MAX_FILE: usize = 16 << 20;

/// The most documents of a file.
const MAX_DOCUMENTS: usize = 500;

/// The text of a file of manifests.
pub(crate) fn text<'a>(path: &str, bytes: &'a [u8]) -> Result<&'a str, Error> {
    if bytes.len() > MAX_FILE {
        let message = format!("`{path}` is larger than {} MiB", MAX_FILE >> 20);
        return Err(Error::new(ErrorKind::TooLarge, message).at(Location::file(path)));
    }
    std::str::from_utf8(bytes).map_err(|_| {
        Error::new(ErrorKind::Syntax, format!("`{path}` is not UTF-8 text"))
            .at(Location::file(path))
    })
}

pub(crate) fn check_documents(path: &str, found: usize) -> Result<(), Error> {
    if found <= MAX_DOCUMENTS {
        return Ok(());
    }
    let message = format!("`{path}` has {found} documents; {MAX_DOCUMENTS} are read");
    Err(Error::new(ErrorKind::TooLarge, message).at(Location::file(path)))
}
