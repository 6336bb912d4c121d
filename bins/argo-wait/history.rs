//! Which commit has which in its history, asked of the repository on the disk and, for what that does
//! not know, of the remote.

use git2::{Oid, Repository};
use std::time::Duration;
use windlass_cli::{Context, Failure};
use windlass_cluster::Ancestry;
use windlass_gitsync::{Access, Back, Options, look, open};

/// How long the remote may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// What is known of history.
pub(crate) struct History {
    local: Option<Repository>,
    address: String,
    access: Access,
}

impl History {
    pub(crate) fn new(address: &str, context: &Context) -> Self {
        Self {
            local: Repository::discover(context.directory()).ok(),
            address: address.to_owned(),
            access: Access::from_variables(context.directory(), |name| context.env(name)),
        }
    }

    fn local(&self, newer: Oid, older: Oid) -> Option<bool> {
        let repository = self.local.as_ref()?;
        let is_known = |id| repository.find_commit(id).is_ok();
        if !is_known(newer) {
            return None;
        }
        match repository.graph_descendant_of(newer, older) {
            Ok(true) => Some(true),
            // In a clone that was cut off the way to it may be missing.
            Ok(false) if is_known(older) && !repository.is_shallow() => Some(false),
            _ => None,
        }
    }

    /// Along first parents, which is the way of whatever was merged or pushed since.
    fn remote(&self, newer: Oid, older: &str) -> Option<bool> {
        let mut remote = open(&self.address, &self.access).ok()?;
        let options = Options {
            deadline: PATIENCE,
            ..Options::default()
        };
        let to = Back::commit(older)?;
        let line = look(&mut *remote, &options, &mut |past| past.back(newer, &to));
        line.is_ok().then_some(true)
    }
}

impl Ancestry for History {
    fn includes(&self, newer: &str, older: &str) -> Option<bool> {
        let (first, second) = (Oid::from_str(newer).ok()?, Oid::from_str(older).ok()?);
        self.local(first, second)
            .or_else(|| self.remote(first, older))
    }
}

/// The whole name of a commit.
pub(crate) fn commit(given: &str, context: &Context) -> Result<String, Failure> {
    if given.len() == 40 && given.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Ok(given.to_ascii_lowercase());
    }
    let found = Repository::discover(context.directory())
        .and_then(|repository| Ok(repository.revparse_single(given)?.peel_to_commit()?.id()));
    found.map(|id| id.to_string()).map_err(|_| {
        Failure::usage(format!(
            "`{given}` is no commit that the repository knows; name it with all its 40 digits"
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use git2::{Signature, Time};

    fn commit(repository: &Repository, name: &str, parents: &[Oid]) -> Oid {
        let who = Signature::new("A", "a@example.com", &Time::new(0, 0)).unwrap();
        let tree = repository.treebuilder(None).unwrap().write().unwrap();
        let tree = repository.find_tree(tree).unwrap();
        let parents: Vec<git2::Commit<'_>> = parents
            .iter()
            .map(|id| repository.find_commit(*id).unwrap())
            .collect();
        let parents: Vec<&git2::Commit<'_>> = parents.iter().collect();
        let branch = format!("refs/heads/{name}");
        repository
            .commit(Some(&branch), &who, &who, name, &tree, &parents)
            .unwrap()
    }

    #[test]
    fn the_disk_is_asked_first_and_then_the_remote() {
        let folder = tempfile::tempdir().unwrap();
        let repository = Repository::init_bare(folder.path()).unwrap();
        let first = commit(&repository, "first", &[]);
        let second = commit(&repository, "second", &[first]);
        let other = commit(&repository, "other", &[first]);
        let stranger = "1234567890123456789012345678901234567890";
        let history = |local: Option<Repository>, address: &str| History {
            local,
            address: address.to_owned(),
            access: Access::default(),
        };
        let includes = |history: &History, newer: &str, older: &str| history.includes(newer, older);
        let (first, second, other) = (first.to_string(), second.to_string(), other.to_string());
        let here = history(Some(repository), "nowhere");
        assert_eq!(includes(&here, &second, &first), Some(true));
        assert_eq!(includes(&here, &second, &other), Some(false));
        assert_eq!(includes(&here, stranger, &first), None);
        let there = history(None, folder.path().to_str().unwrap());
        assert_eq!(includes(&there, &second, &first), Some(true));
        assert_eq!(includes(&there, &second, &other), None);
        assert_eq!(includes(&there, stranger, &first), None);
    }
}
