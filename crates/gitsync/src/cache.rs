//! What was fetched, kept by what it is: commits by their id, files by their hash. Besides, what
//! was last found under a name.

use crate::error::{Error, ErrorKind, Result};
use crate::snapshot::Snapshot;
use git2::{Indexer, Oid};
use sha2::{Digest, Sha256};
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;
use tempfile::{NamedTempFile, TempDir};

/// How much is kept, in bytes; what is oldest goes first.
const MAX_SIZE: u64 = 2 << 30;

/// A folder that any number of programs may use at once: whatever appears in it is complete, as
/// it is written elsewhere and renamed.
#[derive(Debug, Clone)]
pub(crate) struct Cache {
    folder: PathBuf,
}

/// The hash of a file's content, in hexadecimal.
pub(crate) fn hash(content: &[u8]) -> String {
    let digest = Sha256::digest(content);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Cache {
    pub(crate) fn new(folder: &Path) -> Self {
        let folder = folder.to_owned();
        Self { folder }
    }

    fn failed(&self, error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
        let message = format!("cannot write to the cache `{}`", self.folder.display());
        Error::new(ErrorKind::Cache, message)
            .source(error)
            .hint("name a folder that can be written to with `--cache`")
    }

    fn place(&self, shelf: &str, name: &str) -> PathBuf {
        self.folder.join(shelf).join(name)
    }

    /// A commit, if it is kept.
    pub(crate) fn commit(&self, id: Oid) -> Option<Snapshot> {
        let objects = self.place("commits", &id.to_string());
        // What is there and cannot be read is as good as not there.
        objects.is_dir().then(|| Snapshot::of(&objects, id).ok())?
    }

    /// Keeps a pack with a commit, and reads it from there.
    pub(crate) fn keep_commit(&self, id: Oid, pack: &[u8]) -> Result<Snapshot> {
        let shelf = self.shelf("commits")?;
        let scratch = TempDir::new_in(&shelf).map_err(|error| self.failed(error))?;
        let packs = scratch.path().join("pack");
        let written = fs::create_dir(&packs)
            .map_err(Into::into)
            .and_then(|()| index(pack, &packs));
        written.map_err(|error| self.failed(error))?;
        let place = shelf.join(id.to_string());
        if place.exists() && self.commit(id).is_none() {
            // Left damaged; if another program is at it too, one of the two renames fails.
            let _ = fs::remove_dir_all(&place);
        }
        let scratch = scratch.keep();
        if fs::rename(&scratch, &place).is_err() {
            // Another program was faster, with the same content.
            let _ = fs::remove_dir_all(&scratch);
        }
        self.shrink();
        let kept = self.commit(id);
        kept.ok_or_else(|| self.failed(format!("commit {id} cannot be read back")))
    }

    /// A file by its hash.
    pub(crate) fn file(&self, hash_of: &str) -> Option<Vec<u8>> {
        let content = fs::read(self.place("files", hash_of)).ok()?;
        (hash(&content) == hash_of).then_some(content)
    }

    pub(crate) fn keep_file(&self, content: &[u8]) -> Result<()> {
        let name = hash(content);
        if !self.place("files", &name).exists() {
            self.write("files", &name, content)?;
            self.shrink();
        }
        Ok(())
    }

    /// What was last found under a name.
    pub(crate) fn last(&self, name: &str) -> Option<String> {
        fs::read_to_string(self.place("names", &hash(name.as_bytes()))).ok()
    }

    pub(crate) fn remember(&self, name: &str, found: &str) -> Result<()> {
        let key = hash(name.as_bytes());
        match self.last(name).as_deref() == Some(found) {
            true => Ok(()),
            false => self.write("names", &key, found.as_bytes()),
        }
    }

    fn shelf(&self, name: &str) -> Result<PathBuf> {
        let shelf = self.folder.join(name);
        fs::create_dir_all(&shelf).map_err(|error| self.failed(error))?;
        Ok(shelf)
    }

    fn write(&self, shelf: &str, name: &str, content: &[u8]) -> Result<()> {
        let shelf = self.shelf(shelf)?;
        let write = || -> io::Result<()> {
            let mut file = NamedTempFile::new_in(&shelf)?;
            file.write_all(content)?;
            file.persist(shelf.join(name))?;
            Ok(())
        };
        write().map_err(|error| self.failed(error))
    }

    /// Lets the oldest commits and files go where there are too many. A program that reads one of
    /// them has it open.
    fn shrink(&self) {
        let mut kept: Vec<(SystemTime, u64, PathBuf)> = ["commits", "files"]
            .iter()
            .flat_map(|shelf| fs::read_dir(self.folder.join(shelf)).into_iter().flatten())
            .filter_map(|entry| {
                let path = entry.ok()?.path();
                let time = path.metadata().ok()?.modified().ok()?;
                Some((time, size(&path), path))
            })
            .collect();
        let mut total: u64 = kept.iter().map(|(_, size, _)| size).sum();
        kept.sort();
        for (_, size, path) in &kept[..kept.len().saturating_sub(1)] {
            if total <= MAX_SIZE {
                return;
            }
            // One that another program has removed already is gone as well.
            let _ = match path.is_dir() {
                true => fs::remove_dir_all(path),
                false => fs::remove_file(path),
            };
            total -= size;
        }
    }
}

/// Writes a pack with its index. Its objects have been checked against the limits before.
fn index(
    pack: &[u8],
    folder: &Path,
) -> std::result::Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let mut indexer = Indexer::new(None, folder, 0o644, false)?;
    indexer.write_all(pack)?;
    indexer.commit()?;
    Ok(())
}

fn size(path: &Path) -> u64 {
    let inside = fs::read_dir(path).into_iter().flatten().flatten();
    let inside: u64 = inside.map(|entry| size(&entry.path())).sum();
    inside + path.metadata().map_or(0, |about| about.len())
}
