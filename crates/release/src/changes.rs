//! The commits of a range that touch an application.

use crate::error::{Error, ErrorKind, Result, unreadable};
use crate::repository::{Entry, Repository};
use crate::scope::{Scope, Touch};
use git2::Oid;
use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

/// Folders deeper than this are taken as one file.
const DEPTH: usize = 64;

/// A commit that matters to an application.
#[derive(Debug)]
pub(crate) struct Change {
    pub(crate) id: Oid,
    pub(crate) message: String,
    /// More than one parent, all of which are walked.
    pub(crate) merge: bool,
    /// `Nothing` for a commit that changes no file at all.
    pub(crate) touch: Touch,
}

/// The entries at the paths of a scope.
type Roots = Rc<[Option<Entry>]>;

/// Reads commits and remembers what it found in their trees.
pub(crate) struct Reader<'r> {
    repository: &'r Repository,
    scope: &'r Scope,
    first_parent: bool,
    known: HashMap<Oid, Roots>,
}

impl<'r> Reader<'r> {
    pub(crate) fn new(repository: &'r Repository, scope: &'r Scope, first_parent: bool) -> Self {
        Self {
            repository,
            scope,
            first_parent,
            known: HashMap::new(),
        }
    }

    /// The changes of the commits that are in `head` and not in `base`, newest first.
    pub(crate) fn range(&mut self, head: Oid, base: Option<Oid>) -> Result<Vec<Change>> {
        let cannot = || unreadable(format!("the history of {head}"));
        let mut walk = self.repository.git.revwalk().map_err(cannot())?;
        walk.set_sorting(git2::Sort::TIME).map_err(cannot())?;
        walk.push(head).map_err(cannot())?;
        if let Some(base) = base {
            walk.hide(base).map_err(cannot())?;
        }
        if self.first_parent {
            walk.simplify_first_parent().map_err(cannot())?;
        }
        let mut changes = Vec::new();
        for id in walk {
            changes.extend(self.change(id.map_err(cannot())?)?);
        }
        Ok(changes)
    }

    fn change(&mut self, id: Oid) -> Result<Option<Change>> {
        if self.repository.boundary.contains(&id) {
            return Err(shallow(id));
        }
        let cannot = || unreadable(format!("commit {id}"));
        let commit = self.repository.git.find_commit(id).map_err(cannot())?;
        let count = if self.first_parent {
            1
        } else {
            commit.parent_count()
        };
        let mut parents = Vec::with_capacity(count);
        for parent in commit.parent_ids().take(count) {
            let parent = self.repository.git.find_commit(parent);
            parents.push(parent.map_err(cannot())?.tree_id());
        }
        let empty = parents[..] == [commit.tree_id()];
        let touch = if empty {
            Touch::Nothing
        } else {
            self.touch(commit.tree_id(), &parents)?
        };
        Ok((empty || touch != Touch::Nothing).then(|| Change {
            id,
            message: String::from_utf8_lossy(commit.message_bytes()).into_owned(),
            merge: parents.len() > 1,
            touch,
        }))
    }

    /// The most that a tree changes in comparison with each of its parents. What is the same as
    /// in any of them came from there, so that a merge counts only where it adds to its sides.
    fn touch(&mut self, tree: Oid, parents: &[Oid]) -> Result<Touch> {
        let new = self.roots(tree)?;
        let scope = self.scope;
        let mut old = Vec::with_capacity(parents.len());
        for &parent in parents {
            old.push(self.roots(parent)?);
        }
        if old.is_empty() {
            old.push(vec![None; scope.roots().len()].into());
        }
        let mut touch = Touch::Nothing;
        for (at, root) in scope.roots().iter().enumerate() {
            let old: Vec<_> = old.iter().map(|roots| roots[at]).collect();
            let mut path = root.clone().into_bytes();
            touch = touch.max(self.compare(&mut path, new[at], &old, 0)?);
        }
        Ok(touch)
    }

    fn compare(
        &self,
        path: &mut Vec<u8>,
        new: Option<Entry>,
        old: &[Option<Entry>],
        depth: usize,
    ) -> Result<Touch> {
        if old.contains(&new) {
            return Ok(Touch::Nothing);
        }
        let file = |entry: Option<Entry>| entry.filter(|entry| !entry.tree || depth == DEPTH);
        let mut touch = Touch::Nothing;
        if old.iter().all(|&entry| file(entry) != file(new)) {
            touch = self.scope.touch(path);
        }
        let folder = |entry: Option<Entry>| entry.filter(|entry| entry.tree && depth < DEPTH);
        let new = self.folder(folder(new))?;
        let mut sides = Vec::with_capacity(old.len());
        for &entry in old {
            sides.push(self.folder(folder(entry))?);
        }
        for name in names(&new, &sides) {
            if touch == Touch::Image {
                break;
            }
            let of = |tree: &Option<git2::Tree<'_>>| {
                let entry = tree.as_ref()?.get_name_bytes(&name)?;
                Some(Entry::of(&entry))
            };
            let length = path.len();
            path.push(b'/');
            path.extend_from_slice(&name);
            let old: Vec<_> = sides.iter().map(of).collect();
            touch = touch.max(self.compare(path, of(&new), &old, depth + 1)?);
            path.truncate(length);
        }
        Ok(touch)
    }

    fn folder(&self, entry: Option<Entry>) -> Result<Option<git2::Tree<'r>>> {
        entry
            .map(|entry| self.repository.tree(entry.id))
            .transpose()
    }

    fn roots(&mut self, tree: Oid) -> Result<Roots> {
        if let Some(known) = self.known.get(&tree) {
            return Ok(Rc::clone(known));
        }
        let root = self.repository.tree(tree)?;
        let mut found = Vec::with_capacity(self.scope.roots().len());
        for path in self.scope.roots() {
            found.push(self.repository.entry(&root, path)?);
        }
        let found: Roots = found.into();
        self.known.insert(tree, Rc::clone(&found));
        Ok(found)
    }
}

fn names(new: &Option<git2::Tree<'_>>, old: &[Option<git2::Tree<'_>>]) -> BTreeSet<Vec<u8>> {
    let trees = new.iter().chain(old.iter().flatten());
    let names = trees.flat_map(|tree| tree.iter().map(|entry| entry.name_bytes().to_vec()));
    names.collect()
}

pub(crate) fn shallow(id: Oid) -> Error {
    Error::new(
        ErrorKind::Shallow,
        format!("the clone is shallow: it ends at {id:.12}, before the last release"),
    )
    .hint("fetch the whole history: `fetch-depth: 0` for actions/checkout, `git fetch --unshallow --tags` by hand")
}
