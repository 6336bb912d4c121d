//! Changes of several files: all of them, or none.

use crate::app::APPLICATIONS;
use crate::files::{self, File};
use crate::write::{Placed, check_inside, write_beside};
use crate::{Error, ErrorKind, register};
use diffy::DiffOptions;
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

/// What a file was, and what it becomes; none where it is not there.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Change {
    before: Option<File>,
    after: Option<File>,
}

/// Files that change, by their path from the root of the repository.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes(BTreeMap<String, Change>);

impl Changes {
    /// Adds a file that was `before` and becomes `after`, unless both are the same.
    pub(crate) fn add(&mut self, path: &str, before: Option<File>, after: Option<File>) {
        if before != after {
            self.0.insert(path.to_owned(), Change { before, after });
        }
    }

    /// Lists the Applications that are new in the kustomization of `argo/apps`, or of `argo`, of the
    /// repository at `root`, where there is one.
    ///
    /// # Errors
    /// [`ErrorKind::Read`], and [`ErrorKind::Register`] where it cannot be edited.
    pub fn register(&mut self, root: &Path) -> Result<(), Error> {
        let is_new = |(path, change): &(&String, &Change)| {
            path.starts_with(APPLICATIONS) && change.before.is_none() && change.after.is_some()
        };
        let new = self.0.iter().filter(is_new);
        let new: Vec<&str> = new.map(|(path, _)| path.as_str()).collect();
        if let Some((path, before, after)) = register::all(root, &new)? {
            self.add(&path, Some(before), Some(after));
        }
        Ok(())
    }

    /// What the file becomes, if it changes into something.
    #[must_use]
    pub fn after(&self, path: &str) -> Option<&File> {
        self.0.get(path)?.after.as_ref()
    }

    /// Takes in the changes of other files.
    pub fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// Whether nothing changes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The paths, in order.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// The changes as `diff -u` would print them, with the paths as git does.
    #[must_use]
    pub fn diff(&self) -> String {
        self.0
            .iter()
            .map(|(path, change)| change.diff(path))
            .collect()
    }

    /// Makes the changes in the repository at `root`; a failure on the way leaves it as it was.
    ///
    /// # Errors
    /// [`ErrorKind::Changed`] where a file is not what it was any more, [`ErrorKind::Write`],
    /// [`ErrorKind::Exists`], and [`ErrorKind::Forbidden`] where a path leads out of the repository.
    pub fn write(&self, root: &Path) -> Result<(), Error> {
        for (path, change) in &self.0 {
            if read(root, path)? != change.before {
                let message = format!("cannot change `{path}`: somebody else just did");
                return Err(Error::new(ErrorKind::Changed, message).with_hint("try again"));
            }
        }
        let mut placed = Placed::default();
        for (path, change) in &self.0 {
            place(root, path, change, &mut placed)?;
        }
        placed.keep();
        Ok(())
    }
}

fn place(root: &Path, path: &str, change: &Change, placed: &mut Placed) -> Result<(), Error> {
    let target = root.join(path);
    let Some(after) = &change.after else {
        return placed.remove(target, change.before.as_ref());
    };
    let folder = target.parent().unwrap_or(root);
    placed.folders(folder)?;
    check_inside(root, folder)?;
    let staged = write_beside(folder, after)?;
    match &change.before {
        None => placed.file(staged, target),
        Some(before) => placed.replace(staged, target, before),
    }
}

impl Change {
    fn diff(&self, path: &str) -> String {
        let text = |file: &Option<File>| {
            let bytes = file.as_ref().map_or(&[][..], |file| &file.bytes);
            String::from_utf8(bytes.to_vec()).ok()
        };
        let name = |file: &Option<File>, side: &str| match file {
            Some(_) => format!("{side}/{path}"),
            None => "/dev/null".to_owned(),
        };
        let (before, after) = (name(&self.before, "a"), name(&self.after, "b"));
        match (text(&self.before), text(&self.after)) {
            (Some(old), Some(new)) => DiffOptions::new()
                .set_original_filename(before)
                .set_modified_filename(after)
                .create_patch(&old, &new)
                .to_string(),
            _ => format!("Binary files {before} and {after} differ\n"),
        }
    }
}

/// A file of the repository as it is now, if it is there. A link is not followed.
pub(crate) fn read(root: &Path, path: &str) -> Result<Option<File>, Error> {
    let place = root.join(path);
    match fs::symlink_metadata(&place) {
        Err(error) if is_missing(&error) => Ok(None),
        Err(error) => Err(Error::read(&place, error)),
        Ok(metadata) if !metadata.is_file() => {
            let message = format!("cannot change `{path}`: it is not a plain file");
            Err(Error::new(ErrorKind::Forbidden, message))
        }
        Ok(_) => {
            check_inside(root, place.parent().unwrap_or(root))?;
            files::read_file(&place).map(Some)
        }
    }
}

fn is_missing(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}
