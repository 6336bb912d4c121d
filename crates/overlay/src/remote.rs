//! What is not on this machine: files of web servers and folders of git repositories, and who
//! fetches them.

mod address;
mod wanted;

pub(crate) use address::{Address, is_web};
pub use address::{Repository, without_password};
pub(crate) use wanted::wanted;

use crate::error::{Error, ErrorKind, Result};
use crate::files::Files;
use windlass_fault::Fault;

/// The name of the file that says what is remote was when it was last looked at. Who fetches reads
/// it; here it counts as read by every kustomization below it that names something remote.
pub const LOCK: &str = "overlay.lock";

/// Why something was not fetched.
pub type FetchError = Box<dyn Fault>;

/// Fetches what a kustomization names by a URL. One build asks for one thing at a time, in the
/// order of the kustomization; [`Fetch::prepare`] is the place to fetch several at once.
pub trait Fetch: Sync {
    /// The content of a file of a web server.
    ///
    /// # Errors
    /// If it is not there or cannot be reached. Where the URL may name a repository as well, that
    /// is asked for next.
    fn file(&self, url: &str) -> Result<Vec<u8>, FetchError>;

    /// All files of a repository, below `/`. Nothing outside of it may be found through them.
    ///
    /// `url` is what the kustomization says; it may have been tried as a file before.
    ///
    /// # Errors
    /// If it is not there or cannot be reached.
    fn repository(&self, repository: &Repository, url: &str) -> Result<Box<dyn Files>, FetchError>;

    /// Whether this is known to be a repository, so that it need not be tried as a file.
    fn is_known(&self, _repository: &Repository) -> bool {
        false
    }

    /// Announces what will be asked for. What goes wrong here is told when it is asked for.
    fn prepare(&self, _wanted: &[Wanted]) {}
}

/// Something remote that a kustomization names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// As it is written.
    pub url: String,
    /// Whether it may be a file.
    pub file: bool,
    /// The repository that it may be.
    pub repository: Option<Repository>,
}

/// The file behind a URL.
pub(crate) fn file(by: Option<&dyn Fetch>, url: &str) -> Result<Vec<u8>> {
    let by = by.ok_or_else(|| stays(url))?;
    by.file(url).map_err(|why| failed(url, why))
}

/// The repository behind a URL.
pub(crate) fn repository(
    by: Option<&dyn Fetch>,
    address: &Address,
    url: &str,
) -> Result<Box<dyn Files>> {
    let by = by.ok_or_else(|| stays(url))?;
    let files = by.repository(&address.repository, url);
    files.map_err(|why| failed(url, why))
}

fn stays(url: &str) -> Error {
    let url = without_password(url);
    let message = format!("the remote `{url}` was not fetched: this build stays on the machine");
    Error::new(ErrorKind::Remote, message)
}

fn failed(url: &str, why: FetchError) -> Error {
    let message = format!("cannot fetch `{}`", without_password(url));
    let (blame, hint) = (why.blame(), why.hint());
    Error::new(ErrorKind::Remote, message)
        .hint(hint)
        .blamed_on(blame)
        .because(why as Box<dyn std::error::Error + Send + Sync>)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_fetched_without_a_fetcher() {
        let error = file(None, "https://me:secret@example.org/a.yaml").unwrap_err();
        insta::assert_snapshot!(error, @"the remote `https://me@example.org/a.yaml` was not fetched: this build stays on the machine");
    }
}
