//! An object database that several threads read at once.

use crate::error::{Error, ErrorKind, Result};
use git2::{ErrorCode, Odb, OdbObject, Oid};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// The object database in a folder. libgit2 locks one while it inflates an object, so each thread
/// that reads has an own one open.
pub(crate) struct Database {
    objects: PathBuf,
    idle: Mutex<Vec<Odb<'static>>>,
}

impl Database {
    pub(crate) fn open(objects: &Path) -> Result<Self> {
        let cannot = |error| {
            let message = format!("cannot open the object database `{}`", objects.display());
            Error::new(ErrorKind::Local, message).source(error)
        };
        Ok(Self {
            idle: Mutex::new(vec![connect(objects).map_err(cannot)?]),
            objects: objects.to_owned(),
        })
    }

    /// Gives an object to a function, unless it is larger than `limit` bytes.
    pub(crate) fn read<R>(
        &self,
        id: Oid,
        limit: usize,
        use_it: impl FnOnce(&OdbObject<'_>) -> io::Result<R>,
    ) -> io::Result<R> {
        let gone = |error: git2::Error| match error.code() {
            // Git names it, and its content was left out.
            ErrorCode::NotFound => io::Error::other(format!("object {id} was not fetched")),
            _ => io::Error::other(error),
        };
        let idle = || self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let waiting = idle().pop();
        let database = match waiting {
            Some(database) => database,
            None => connect(&self.objects).map_err(io::Error::other)?,
        };
        let (size, _) = database.read_header(id).map_err(gone)?;
        let result = match size > limit {
            true => Err(io::ErrorKind::FileTooLarge.into()),
            false => database
                .read(id)
                .map_err(gone)
                .and_then(|object| use_it(&object)),
        };
        idle().push(database);
        result
    }
}

fn connect(objects: &Path) -> std::result::Result<Odb<'static>, git2::Error> {
    let path = objects
        .to_str()
        .ok_or_else(|| git2::Error::from_str("its path is no text"))?;
    let database = Odb::new()?;
    database.add_disk_alternate(path)?;
    Ok(database)
}
