//! The commit that an image or a bundle is made of.

use std::path::Path;
use windlass_cli::{Context, Failure};
use windlass_fault::Warning;

/// The commit at HEAD.
pub(crate) struct Commit {
    pub(crate) id: String,
    /// Seconds since 1970.
    pub(crate) time: u64,
    /// Where others find the repository.
    pub(crate) url: Option<String>,
    /// What of the folder is not as the commit has it.
    pub(crate) warning: Option<Warning>,
}

impl Commit {
    /// Reads the commit, and looks whether a folder is as it has it.
    pub(crate) fn read(context: &Context, folder: Option<&Path>) -> Result<Self, Failure> {
        let failed = |error: git2::Error| {
            let place = context.directory().display();
            let message = format!(
                "cannot read the commit at HEAD of `{place}`: {}",
                error.message()
            );
            Failure::input(
                message,
                Some("the result names the commit that it is made of".to_owned()),
            )
        };
        let repository = git2::Repository::discover(context.directory()).map_err(failed)?;
        let commit = repository
            .head()
            .and_then(|head| head.peel_to_commit())
            .map_err(failed)?;
        let origin = repository.find_remote("origin").ok();
        let changed = match folder {
            Some(folder) => changed(&repository, folder).map_err(failed)?,
            None => None,
        };
        let warning = match changed {
            Some(path) => {
                let message = format!(
                    "`{path}` is not as the commit has it, which the result names as its own"
                );
                Some(Warning::new(message).hint("commit it first"))
            }
            None => None,
        };
        Ok(Self {
            id: commit.id().to_string(),
            time: u64::try_from(commit.time().seconds()).unwrap_or(0),
            url: origin.and_then(|origin| page(origin.url().ok()?)),
            warning,
        })
    }
}

/// The first file below a folder that differs from the commit.
fn changed(repository: &git2::Repository, folder: &Path) -> Result<Option<String>, git2::Error> {
    let root = repository
        .workdir()
        .and_then(|root| root.canonicalize().ok());
    let inside = folder
        .canonicalize()
        .ok()
        .and_then(|full| Some(full.strip_prefix(root?).ok()?.to_owned()));
    let Some(inside) = inside else {
        return Ok(None);
    };
    let mut options = git2::StatusOptions::new();
    options
        .include_untracked(true)
        .include_ignored(false)
        .disable_pathspec_match(true)
        .pathspec(&inside);
    let statuses = repository.statuses(Some(&mut options))?;
    let first = statuses.iter().next();
    Ok(first.map(|entry| {
        entry
            .path()
            .map_or_else(|_| inside.display().to_string(), str::to_owned)
    }))
}

/// The address of a repository without credentials; only one that others can open.
fn page(url: &str) -> Option<String> {
    let rest = url.strip_prefix("https://")?;
    let (host, path) = rest.split_once('/')?;
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    Some(format!(
        "https://{host}/{}",
        path.strip_suffix(".git").unwrap_or(path)
    ))
}
