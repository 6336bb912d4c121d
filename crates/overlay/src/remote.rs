//! What is not on this machine: which paths name it, and who fetches it.

use crate::error::{Error, ErrorKind, Result};
use crate::files::Files;
use std::path::PathBuf;

/// Fetches what a kustomization names by a URL.
pub trait Fetch: Sync {
    /// What a URL names, in any of the forms that kustomize reads: a file over http, or a folder
    /// of a git repository.
    ///
    /// # Errors
    /// If it is not there or cannot be reached.
    fn fetch(&self, url: &str) -> Result<Fetched, Box<dyn std::error::Error + Send + Sync>>;
}

/// What was fetched.
pub enum Fetched {
    /// A file.
    File(Vec<u8>),
    /// A folder of a repository.
    Folder {
        /// The files of the repository, below `/`.
        files: Box<dyn Files>,
        /// The folder.
        path: PathBuf,
        /// The repository, without path and query.
        repository: String,
        /// The branch, tag or commit that was asked for; empty for the default one.
        reference: String,
    },
}

impl std::fmt::Debug for Fetched {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(content) => f.debug_tuple("File").field(&content.len()).finish(),
            Self::Folder { path, .. } => f.debug_tuple("Folder").field(path).finish(),
        }
    }
}

/// The beginnings by which kustomize takes a path for a URL
/// (`kustomize: api/internal/git/repospec.go`).
const SCHEMES: [&str; 9] = [
    "http://",
    "https://",
    "ssh://",
    "file://",
    "git::",
    "git@",
    "gh:",
    "github.com/",
    "github.com:",
];

/// Whether a path names something that is not on this machine.
pub(crate) fn is_remote(path: &str) -> bool {
    SCHEMES.iter().any(|scheme| {
        let start = path.get(..scheme.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    })
}

/// Fetches a URL, or says that nobody can.
pub(crate) fn fetch(by: Option<&dyn Fetch>, url: &str) -> Result<Fetched> {
    let Some(by) = by else {
        let message =
            format!("the remote `{url}` was not fetched: this build stays on the machine");
        return Err(Error::new(ErrorKind::Remote, message));
    };
    by.fetch(url).map_err(|why| {
        let message = format!("cannot fetch `{url}`");
        Error::new(ErrorKind::Remote, message).because(why)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_told_from_paths() {
        for url in [
            "https://x/y",
            "git@github.com:a/b",
            "GitHub.com/a/b",
            "git::https://x",
        ] {
            assert!(is_remote(url), "{url}");
        }
        for path in ["base", "../https", "github.community/x", "é"] {
            assert!(!is_remote(path), "{path}");
        }
    }

    #[test]
    fn nothing_is_fetched_without_a_fetcher() {
        let error = fetch(None, "https://example.org/a.yaml").unwrap_err();
        insta::assert_snapshot!(error, @"the remote `https://example.org/a.yaml` was not fetched: this build stays on the machine");
    }
}
