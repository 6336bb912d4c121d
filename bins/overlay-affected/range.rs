//! Where the range of commits begins.

use git2::{Oid, Repository};
use std::path::Path;
use windlass_cli::Failure;

/// From one commit to another.
pub(crate) struct Range {
    /// The earlier commit; nothing where it is not known.
    pub(crate) base: Option<Oid>,
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
        Ok(Self { base })
    }
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
