//! A folder of files in memory, as far as a template may have one.

use crate::error::show;
use crate::{Error, ErrorKind};
use std::collections::BTreeMap;
use std::fs::{self, DirEntry};
use std::io::Read;
use std::path::Path;

/// Bytes of one file.
pub(crate) const MAX_FILE: u64 = 1 << 20;
const MAX_FILES: usize = 2_000;
/// Bytes of all files, before and after they are rendered.
pub(crate) const MAX_TOTAL: u64 = 32 << 20;
const MAX_DEPTH: usize = 16;
/// Bytes of a path; far under what file systems take, so that the root's own path has room.
pub(crate) const MAX_PATH: usize = 1_000;

/// The content of a file, and whether it may be run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// What stands in it.
    pub bytes: Vec<u8>,
    /// Whether it may be run.
    pub executable: bool,
}

impl File {
    /// Its text, of which nothing may be lost where it is written again; `path` is for the error.
    pub(crate) fn text(&self, path: &str) -> Result<&str, Error> {
        std::str::from_utf8(&self.bytes)
            .map_err(|_| Error::new(ErrorKind::Register, format!("`{path}` is not UTF-8 text")))
    }
}

/// Files by their path from the folder, with `/` between the parts.
pub type Files = BTreeMap<String, File>;

/// Reads a folder with everything under it. Symbolic links and what is neither file nor folder are
/// refused, as is more than a template can need: 2,000 files, 1 MiB in one, 32 MiB in all.
///
/// # Errors
/// [`ErrorKind::Forbidden`] and [`ErrorKind::Read`].
pub(crate) fn read(folder: &Path) -> Result<Files, Error> {
    read_most(folder, MAX_FILES)
}

/// [`read`] with another number of files.
pub(crate) fn read_most(folder: &Path, most: usize) -> Result<Files, Error> {
    let mut reader = Reader {
        files: Files::new(),
        total: 0,
        most,
    };
    reader.folder(folder, "", 0)?;
    Ok(reader.files)
}

struct Reader {
    files: Files,
    total: u64,
    most: usize,
}

impl Reader {
    fn folder(&mut self, folder: &Path, prefix: &str, depth: usize) -> Result<(), Error> {
        if depth > MAX_DEPTH {
            return Err(forbidden(folder, "lies too deep in folders"));
        }
        for entry in fs::read_dir(folder).map_err(|e| Error::read(folder, e))? {
            let entry = entry.map_err(|e| Error::read(folder, e))?;
            let name = entry.file_name();
            let Some(name) = name.to_str() else {
                return Err(forbidden(&entry.path(), "has a name that is not UTF-8"));
            };
            self.entry(&entry, &format!("{prefix}{name}"), depth)?;
        }
        Ok(())
    }

    fn entry(&mut self, entry: &DirEntry, path: &str, depth: usize) -> Result<(), Error> {
        let place = entry.path();
        // Of the entry itself: a link is not followed.
        let kind = entry.file_type().map_err(|e| Error::read(&place, e))?;
        if path.len() > MAX_PATH {
            return Err(forbidden(&place, "has too long a path"));
        }
        if kind.is_dir() {
            return self.folder(&place, &format!("{path}/"), depth + 1);
        }
        if !kind.is_file() {
            return Err(forbidden(&place, "is neither a file nor a folder"));
        }
        let file = read_file(&place)?;
        self.total += file.bytes.len() as u64;
        if self.total > MAX_TOTAL || self.files.len() == self.most {
            return Err(forbidden(&place, "makes the folder too large"));
        }
        self.files.insert(path.to_owned(), file);
        Ok(())
    }
}

pub(crate) fn read_file(path: &Path) -> Result<File, Error> {
    let failed = |e| Error::read(path, e);
    let file = fs::File::open(path).map_err(failed)?;
    let executable = is_executable(&file.metadata().map_err(failed)?);
    let mut bytes = Vec::new();
    // One byte more than is allowed, whatever the metadata says.
    file.take(MAX_FILE + 1)
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    if bytes.len() as u64 > MAX_FILE {
        return Err(forbidden(path, "is larger than 1 MiB"));
    }
    Ok(File { bytes, executable })
}

#[cfg(unix)]
fn is_executable(metadata: &fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    metadata.permissions().mode() & 0o100 != 0
}

fn forbidden(path: &Path, what: &str) -> Error {
    Error::new(
        ErrorKind::Forbidden,
        format!("cannot take `{}`: it {what}", show(path)),
    )
}
