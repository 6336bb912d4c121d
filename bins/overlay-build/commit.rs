//! The files of a commit, in the form that a build reads.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use windlass_cli::{Context, Failure};
use windlass_gitsync::{Listed, Snapshot};
use windlass_overlay::{Entry, Files, Found};

/// A commit, of a repository that was fetched or of the one that the user works in.
pub(crate) struct Commit {
    snapshot: Arc<Snapshot>,
    /// Where the user works, if the commit is one of the user's own.
    user: Option<User>,
}

/// How paths of the user's become paths of the commit.
struct User {
    /// The folder to work in, with which all relative paths begin unless it is the present one.
    directory: PathBuf,
    /// The same in the commit.
    here: PathBuf,
    /// The folder that the commit would be checked out to.
    work_tree: PathBuf,
}

impl Commit {
    /// A commit whose paths all begin at its root.
    pub(crate) fn new(snapshot: Arc<Snapshot>) -> Self {
        Self {
            snapshot,
            user: None,
        }
    }

    /// A revision of the repository around the folder to work in.
    pub(crate) fn of_revision(revision: &str, context: &Context) -> Result<Self, Failure> {
        let directory = context.directory().to_owned();
        let snapshot = Snapshot::open(&directory, revision)?;
        let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let working = real(&directory);
        let work_tree = snapshot.work_tree().map(real);
        // A bare repository is one that stands where its files would.
        let work_tree = work_tree.unwrap_or_else(|| working.clone());
        let inside = working.strip_prefix(&work_tree);
        let here = Path::new("/").join(inside.unwrap_or(Path::new("")));
        Ok(Self {
            snapshot: Arc::new(snapshot),
            user: Some(User {
                directory,
                here,
                work_tree,
            }),
        })
    }

    /// A path in the commit. An absolute one is one already, unless it is that of a folder that
    /// the user named on this machine.
    fn inside(&self, path: &Path) -> PathBuf {
        let Some(user) = &self.user else {
            return Path::new("/").join(path);
        };
        let named = match path.strip_prefix(&user.work_tree) {
            Ok(inside) => Path::new("/").join(inside),
            Err(_) => match path.strip_prefix(&user.directory) {
                Ok(inside) => user.here.join(inside),
                Err(_) => return user.here.join(path),
            },
        };
        match path.is_absolute() && self.snapshot.find(path).is_ok() {
            true => path.to_owned(),
            false => named,
        }
    }
}

impl Files for Commit {
    fn find(&self, path: &Path) -> io::Result<Found> {
        let (path, is_dir) = self.snapshot.find(&self.inside(path))?;
        Ok(Found { path, is_dir })
    }

    fn read(&self, path: &Path, limit: u64) -> io::Result<Vec<u8>> {
        self.snapshot.read(&self.inside(path), limit)
    }

    fn list(&self, folder: &Path, limit: usize) -> Vec<(String, Entry)> {
        let entry = |listed| match listed {
            Listed::File => Entry::File,
            Listed::Folder => Entry::Folder,
            Listed::Link => Entry::Link,
        };
        let listed = self.snapshot.list(&self.inside(folder)).into_iter();
        let named = listed.map(|(name, listed)| (name, entry(listed)));
        named.take(limit).collect()
    }
}
