//! What a commit is put on: the branch itself, or another that is to be merged into it.
//!
//! The other branch holds the base and this one change, made by this project and by nobody else.
//! It only moves forward: where the base has moved on, or the change is another now, the new commit
//! has the old one and the base as its parents, and the files of the base with the change.

use crate::draft::Store;
use crate::error::{Error, ErrorKind, Result};
use crate::object::{self, Kind};
use crate::sync::ID_TRAILER;
use crate::tree::{self, Mode};
use git2::{Oid, Reference};

/// How many files a change may touch that is looked at again.
const MOST: usize = 10_000;

/// Where a commit goes.
pub(crate) struct Ground {
    pub(crate) reference: String,
    /// What the ref holds, and must hold when it is set.
    pub(crate) old: Option<Oid>,
    pub(crate) parents: Vec<Oid>,
}

impl Ground {
    /// The tip of a branch.
    pub(crate) fn tip(reference: &str, tip: Oid) -> Self {
        Self {
            reference: reference.to_owned(),
            old: Some(tip),
            parents: vec![tip],
        }
    }
}

/// What another branch is, seen from a change.
pub(crate) enum Beside {
    /// The change can be put there.
    Free(Ground),
    /// This commit on it holds the change on this base.
    Holds(Oid),
}

/// Checks that a branch can be called so, and is another than the base.
pub(crate) fn check_name(branch: &str, base: &str) -> Result<()> {
    let message = match Reference::is_valid_name(&format!("refs/heads/{branch}")) {
        true if branch != base => return Ok(()),
        true => format!("`{branch}` cannot be merged into itself"),
        false => format!("`{branch}` is no name of a branch"),
    };
    Err(Error::new(ErrorKind::Value, message)
        .hint("name a branch for the pull request, such as `promote/prod`"))
}

/// Looks at a branch beside the base, for a change of these paths that makes this tree of it.
pub(crate) fn beside(
    store: &mut Store<'_>,
    branch: &str,
    base: Oid,
    tree: Oid,
    paths: &[String],
) -> Result<Beside> {
    let reference = format!("refs/heads/{branch}");
    let old = store.remote.tip(&reference)?;
    let mut parents = vec![base];
    if let Some(there) = old {
        if tree_of(store, there)? == tree {
            return Ok(Beside::Holds(there));
        }
        if check_ours(store, branch, there, base, paths)? {
            parents.insert(0, there);
        }
    }
    Ok(Beside::Free(Ground {
        reference,
        old,
        parents,
    }))
}

/// Checks that nothing on a branch gets lost; says whether it holds anything that the base has not.
fn check_ours(
    store: &mut Store<'_>,
    branch: &str,
    there: Oid,
    base: Oid,
    paths: &[String],
) -> Result<bool> {
    let ahead = store.remote.since(there, base)?;
    let commits = ahead.iter().filter(|(_, it)| it.kind == Kind::Commit);
    let mut ids: Vec<Oid> = commits.clone().map(|(id, _)| *id).collect();
    let foreign = commits
        .filter(|(_, it)| !object::has_trailer(&it.data, ID_TRAILER, |_| true))
        .map(|(id, _)| *id);
    let foreign = foreign.min();
    store.add(ahead);
    if let Some(foreign) = foreign {
        let message = format!("commit {foreign}, which was not made like this one");
        return Err(taken(store, branch, &message));
    }
    let Some(there) = ids
        .iter()
        .position(|id| *id == there)
        .map(|at| ids.swap_remove(at))
    else {
        return Ok(false);
    };
    let (held, now) = (tree_of(store, there)?, tree_of(store, base)?);
    for path in changed(store, there)? {
        if !paths.contains(&path) && store.find(held, &path)? != store.find(now, &path)? {
            let message = format!("a change of `{path}`, which this does not make");
            return Err(taken(store, branch, &message));
        }
    }
    Ok(true)
}

fn tree_of(store: &mut Store<'_>, commit: Oid) -> Result<Oid> {
    object::tree_of(&store.get(commit, Kind::Commit)?.data)
}

/// The files that a commit of ours changes of its base, which is its last parent.
fn changed(store: &mut Store<'_>, commit: Oid) -> Result<Vec<String>> {
    let data = &store.get(commit, Kind::Commit)?.data;
    let Some(base) = object::parents_of(data).last() else {
        return Ok(Vec::new());
    };
    let trees = [tree_of(store, base)?, tree_of(store, commit)?];
    let mut files = Vec::new();
    let mut level = vec![(String::new(), trees.map(Some))];
    while !level.is_empty() {
        store.fetch(
            level
                .iter()
                .flat_map(|(_, trees)| trees.iter().flatten().copied()),
        )?;
        let mut below = Vec::new();
        for (folder, trees) in level {
            let mut data = [Vec::new(), Vec::new()];
            for (data, id) in data.iter_mut().zip(trees) {
                if let Some(id) = id {
                    data.clone_from(&store.get(id, Kind::Tree)?.data);
                }
            }
            for (name, entries) in tree::differences(&data[0], &data[1])? {
                let path = format!("{folder}{}", String::from_utf8_lossy(&name));
                let is_folder = |entry: &tree::Entry| entry.mode == Mode::Folder;
                if entries.iter().flatten().any(|entry| !is_folder(entry)) {
                    files.push(path.clone());
                }
                let trees = entries.map(|entry| Some(entry.filter(is_folder)?.id));
                if trees.iter().any(Option::is_some) {
                    below.push((format!("{path}/"), trees));
                }
            }
            if files.len() + below.len() > MOST {
                let name = store.remote.name();
                let message = format!("commit {commit} of `{name}` changes too many files");
                return Err(Error::new(ErrorKind::BranchTaken, message));
            }
        }
        level = below;
    }
    Ok(files)
}

fn taken(store: &Store<'_>, branch: &str, what: &str) -> Error {
    let name = store.remote.name();
    let message = format!("the branch `{branch}` of `{name}` holds {what}");
    Error::new(ErrorKind::BranchTaken, message)
        .hint("name another branch, or merge or delete that one first")
}
