//! The applications at a commit.

use crate::error::Result;
use crate::repository::Repository;
use crate::tree::{Entry, Tree};

/// The folder that holds the applications. What is in each of them is read when it is asked for,
/// because a repository may hold hundreds.
pub(crate) struct Apps<'r> {
    repository: &'r Repository,
    tree: Option<Tree>,
}

impl<'r> Apps<'r> {
    pub(crate) fn new(repository: &'r Repository, tree: Option<Tree>) -> Self {
        Self { repository, tree }
    }

    /// The names of all applications, in the order of their names.
    pub(crate) fn all(&self) -> impl Iterator<Item = Result<String>> {
        self.folders().filter_map(|folder| {
            let (name, entry) = match folder {
                Ok(folder) => folder,
                Err(error) => return Some(Err(error)),
            };
            match self.is_app(entry) {
                Ok(true) => Some(Ok(name.to_owned())),
                Ok(false) => None,
                Err(error) => Some(Err(error)),
            }
        })
    }

    /// Whether there is an application of that name.
    pub(crate) fn has(&self, name: &str) -> Result<bool> {
        let folder = self.folders().find_map(|folder| match folder {
            Ok((other, entry)) => (other == name).then_some(Ok(entry)),
            Err(error) => Some(Err(error)),
        });
        folder.map_or(Ok(false), |entry| self.is_app(entry?))
    }

    /// The names of the folders beside each other, applications or not.
    pub(crate) fn names(&self) -> Result<Vec<&str>> {
        self.folders()
            .map(|folder| folder.map(|(name, _)| name))
            .collect()
    }

    fn folders(&self) -> impl Iterator<Item = Result<(&str, Entry)>> {
        let items = self.tree.iter().flat_map(Tree::items);
        items.filter_map(|item| match item {
            Ok(item) => {
                let name = std::str::from_utf8(item.name).ok()?;
                let counts = item.entry.is_tree() && !name.starts_with('.');
                counts.then_some(Ok((name, item.entry)))
            }
            Err(error) => Some(Err(error)),
        })
    }

    fn is_app(&self, folder: Entry) -> Result<bool> {
        let tree = self.repository.tree(folder.id)?;
        Ok(tree.get(b"Dockerfile")?.is_some() || tree.get(b"k8s")?.is_some_and(Entry::is_tree))
    }
}
