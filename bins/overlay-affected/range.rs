//! Two commits, and the files that differ between them.

use git2::{Oid, Repository};
use std::path::{Path, PathBuf};
use windlass_cli::Failure;

/// From one commit to another.
pub(crate) struct Range {
    /// The earlier commit; nothing where it is not known.
    pub(crate) base: Option<Oid>,
    /// The files that differ, below `/`. One that moved is there with both names.
    pub(crate) changed: Vec<PathBuf>,
}

impl Range {
    /// The range of the repository around a folder that ends at `head` and begins at `base`, or
    /// unless it is `direct` where the two part. The base is not known if it is zeros, as for a new
    /// branch, or if a rewritten branch has lost it.
    pub(crate) fn open(
        folder: &Path,
        base: &str,
        head: &str,
        direct: bool,
    ) -> Result<Self, Failure> {
        let repository = open(folder)?;
        let commit = |revision: &str| {
            let object = repository.revparse_single(revision)?;
            object.peel_to_commit().map(|commit| commit.id())
        };
        let head = commit(head).map_err(|why| {
            let message = format!("the repository has no revision `{head}`: {}", why.message());
            Failure::input(message, None)
        })?;
        let found = commit(base);
        let base = match found {
            Ok(base) if direct => Some(base),
            // Without anything in common there is nothing to start from.
            Ok(base) => repository.merge_base(base, head).ok(),
            Err(_) if base.len() == 40 && base.bytes().all(|b| b.is_ascii_hexdigit()) => None,
            Err(why) => {
                let message = format!("the repository has no revision `{base}`: {}", why.message());
                return Err(Failure::input(message, None));
            }
        };
        let changed = match base {
            Some(base) => differences(&repository, base, head).map_err(unreadable)?,
            None => Vec::new(),
        };
        Ok(Self { base, changed })
    }
}

fn differences(repository: &Repository, old: Oid, new: Oid) -> Result<Vec<PathBuf>, git2::Error> {
    let tree = |commit| repository.find_commit(commit)?.tree();
    let diff = repository.diff_tree_to_tree(Some(&tree(old)?), Some(&tree(new)?), None)?;
    let files = diff
        .deltas()
        .flat_map(|delta| [delta.old_file().path(), delta.new_file().path()].map(absolute));
    let mut files: Vec<PathBuf> = files.flatten().collect();
    files.sort();
    files.dedup();
    Ok(files)
}

fn absolute(path: Option<&Path>) -> Option<PathBuf> {
    Some(Path::new("/").join(path?))
}

fn open(folder: &Path) -> Result<Repository, Failure> {
    Repository::discover(folder).map_err(|why| {
        let shown = folder.display();
        let message = format!(
            "cannot open a git repository at `{shown}`: {}",
            why.message()
        );
        Failure::input(message, Some("name a folder of one with `-C`".to_owned()))
    })
}

fn unreadable(why: git2::Error) -> Failure {
    let message = format!("cannot compare the two commits: {}", why.message());
    Failure::input(message, Some("fetch the whole history".to_owned()))
}
