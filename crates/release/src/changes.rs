//! The commits of a range that touch an application.

use crate::error::{Error, ErrorKind, Result};
use crate::repository::Repository;
use crate::scope::{Scope, Touch};
use crate::tree::{Entry, Item, Items, Tree};
use crate::walk::{Commit, Walk};
use git2::Oid;
use std::collections::HashMap;
use std::iter::Peekable;
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

/// Reads the changes that matter to a scope.
pub(crate) struct Reader<'r> {
    repository: &'r Repository,
    scope: &'r Scope,
    /// What stands at the paths of the scope in commits that were met as parents, so that each
    /// folder is read once.
    ahead: HashMap<Oid, Roots>,
}

/// The entries at the paths of the scope.
type Roots = Rc<[Option<Entry>]>;

impl<'r> Reader<'r> {
    pub(crate) fn new(repository: &'r Repository, scope: &'r Scope) -> Self {
        Self {
            repository,
            scope,
            ahead: HashMap::new(),
        }
    }

    /// The changes of a walk in its order, newest first.
    pub(crate) fn changes(&mut self, mut walk: Walk<'r>) -> Result<Vec<Change>> {
        let mut changes = Vec::new();
        let mut ends = Vec::new();
        while let Some((id, commit)) = walk.next()? {
            if self.repository.boundary.contains(&id) {
                ends.push(id);
            }
            changes.extend(self.change(id, &commit, &walk)?);
        }
        if let Some(&end) = ends.iter().find(|&&end| !walk.is_hidden(end)) {
            return Err(shallow(end));
        }
        changes.retain(|change| !walk.is_hidden(change.id));
        Ok(changes)
    }

    fn change(&mut self, id: Oid, commit: &Commit, walk: &Walk<'_>) -> Result<Option<Change>> {
        let roots = match self.ahead.remove(&id) {
            Some(roots) => roots,
            None => self.read(commit.tree)?,
        };
        let parents = walk.followed(commit);
        let mut old = Vec::with_capacity(1);
        let mut empty = parents.len() == 1;
        for &parent in parents {
            let tree = walk.tree_of(parent)?;
            empty &= tree == commit.tree;
            old.push(self.read_ahead(parent, tree)?);
        }
        let touch = self.touch(&roots, &old)?;
        Ok((empty || touch != Touch::Nothing).then(|| Change {
            id,
            message: commit.message(),
            merge: parents.len() > 1,
            touch,
        }))
    }

    fn read_ahead(&mut self, commit: Oid, tree: Oid) -> Result<Roots> {
        if let Some(roots) = self.ahead.get(&commit) {
            return Ok(Rc::clone(roots));
        }
        let roots = self.read(tree)?;
        self.ahead.insert(commit, Rc::clone(&roots));
        Ok(roots)
    }

    fn read(&self, tree: Oid) -> Result<Roots> {
        let tree = self.repository.tree(tree)?;
        let paths = self.scope.roots().iter();
        paths
            .map(|path| self.repository.entry(&tree, path))
            .collect()
    }

    /// The most that a commit changes in comparison with each of its parents. What is the same as
    /// in any of them came from there, so that a merge counts only where it adds to its sides;
    /// the first commit adds all it holds.
    fn touch(&self, new: &[Option<Entry>], parents: &[Roots]) -> Result<Touch> {
        let mut touch = Touch::Nothing;
        for (at, root) in self.scope.roots().iter().enumerate() {
            let mut old: Vec<_> = parents.iter().map(|parent| parent[at]).collect();
            if old.is_empty() {
                old.push(None);
            }
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
        let is_folder = |entry: &Entry| entry.is_tree() && depth < DEPTH;
        let file = |entry: Option<Entry>| entry.filter(|entry| !is_folder(entry));
        let folder = |entry: Option<Entry>| entry.filter(is_folder);
        let mut touch = Touch::Nothing;
        if old.iter().all(|&old| file(old) != file(new)) {
            touch = self.scope.touch(path);
        }
        if touch < Touch::Image && old.iter().all(|&old| folder(old) != folder(new)) {
            let old: Vec<_> = old.iter().map(|&old| folder(old)).collect();
            touch = touch.max(self.compare_folders(path, folder(new), &old, depth)?);
        }
        Ok(touch)
    }

    fn compare_folders(
        &self,
        path: &mut Vec<u8>,
        new: Option<Entry>,
        old: &[Option<Entry>],
        depth: usize,
    ) -> Result<Touch> {
        let mut trees = Vec::with_capacity(old.len() + 1);
        for entry in std::iter::once(&new).chain(old) {
            trees.push(
                entry
                    .map(|entry| self.repository.tree(entry.id))
                    .transpose()?,
            );
        }
        let mut sides = Sides::new(&trees);
        let mut touch = Touch::Nothing;
        while touch < Touch::Image
            && let Some((name, entries)) = sides.next()?
        {
            let length = path.len();
            path.push(b'/');
            path.extend_from_slice(name);
            touch = touch.max(self.compare(path, entries[0], &entries[1..], depth + 1)?);
            path.truncate(length);
        }
        Ok(touch)
    }
}

/// A name, and what it stands for in each of several folders.
type Row<'a> = (&'a [u8], Vec<Option<Entry>>);

/// Several folders side by side.
struct Sides<'a> {
    items: Vec<Option<Peekable<Items<'a>>>>,
}

impl<'a> Sides<'a> {
    fn new(trees: &'a [Option<Tree>]) -> Self {
        let items = |tree: &'a Option<Tree>| tree.as_ref().map(|tree| tree.items().peekable());
        Self {
            items: trees.iter().map(items).collect(),
        }
    }

    /// The next name.
    fn next(&mut self) -> Result<Option<Row<'a>>> {
        let mut first: Option<Item<'a>> = None;
        for items in self.items.iter_mut().flatten() {
            // A broken folder sorts first, so that it is taken and reported.
            let item = match items.peek() {
                None => continue,
                Some(Ok(item)) => *item,
                Some(Err(_)) => match items.next() {
                    Some(Err(error)) => return Err(error),
                    _ => continue,
                },
            };
            if first.is_none_or(|first| item.order(&first).is_lt()) {
                first = Some(item);
            }
        }
        let Some(first) = first else { return Ok(None) };
        let same = |item: &Result<Item<'_>>| matches!(item, Ok(item) if item.order(&first).is_eq());
        let mut take = |items: &mut Option<Peekable<Items<'a>>>| {
            let item = items.as_mut()?.next_if(same)?;
            item.ok().map(|item| item.entry)
        };
        let entries = self.items.iter_mut().map(&mut take).collect();
        Ok(Some((first.name, entries)))
    }
}

fn shallow(id: Oid) -> Error {
    Error::new(
        ErrorKind::Shallow,
        format!("the clone is shallow: it ends at {id:.12}, before the last release"),
    )
    .hint("fetch the whole history: `fetch-depth: 0` for actions/checkout, `git fetch --unshallow --tags` by hand")
}
