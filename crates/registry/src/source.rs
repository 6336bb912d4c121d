//! The layer of the source: an application's folder as it is, at the image's working folder.

use crate::error::{Error, ErrorKind, Result};
use crate::layer::{Contents, Layer, LayerFile, LayerFiles, write};
use crate::layout::Layout;
use std::fmt;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

const FILES: usize = 100_000;
const DEPTH: usize = 64;

/// Which paths stay out of an image, besides Python's caches and `.git`, where a checkout may keep a
/// token.
#[derive(Clone, Default)]
pub struct Exclude(Option<Arc<Rule>>);

type Rule = dyn Fn(&Path) -> bool + Send + Sync;

impl Exclude {
    /// Leaves out the files and folders for which `leaves_out` says so.
    pub fn new(leaves_out: impl Fn(&Path) -> bool + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(leaves_out)))
    }

    fn leaves_out(&self, path: &Path) -> bool {
        let name = path.file_name();
        name.is_some_and(|name| name == "__pycache__" || name == ".git")
            || self.0.as_ref().is_some_and(|rule| rule(path))
    }
}

impl fmt::Debug for Exclude {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Exclude")
    }
}

/// Gives the bytes of files of this machine.
pub(crate) struct Disk;

impl Contents<PathBuf> for Disk {
    fn open<'a>(&'a mut self, _: &str, file: &'a LayerFile<PathBuf>) -> Result<Box<dyn Read + 'a>> {
        let path = &file.source;
        let opened = File::open(path).map_err(|error| Error::read(path, error))?;
        Ok(Box::new(opened))
    }
}

/// Writes a folder's files as a layer; `workdir` is absolute and plain.
pub(crate) fn layer(
    folder: &Path,
    exclude: &Exclude,
    workdir: &str,
    layout: &Layout,
    based: bool,
    time: u64,
) -> Result<Layer> {
    let files = files(folder, exclude, workdir)?;
    write(layout, &files, &mut Disk, based, time)
}

/// The files of a folder, by their paths below `workdir`.
pub(crate) fn files(
    folder: &Path,
    exclude: &Exclude,
    workdir: &str,
) -> Result<LayerFiles<PathBuf>> {
    let mut files = LayerFiles::new();
    let prefix = workdir.trim_matches('/');
    let prefix = if prefix.is_empty() {
        String::new()
    } else {
        format!("{prefix}/")
    };
    collect(folder, &prefix, exclude, DEPTH, &mut files)?;
    Ok(files)
}

fn collect(
    folder: &Path,
    prefix: &str,
    exclude: &Exclude,
    depth: usize,
    files: &mut LayerFiles<PathBuf>,
) -> Result<()> {
    let refused = |path: &Path, why: &str| {
        let message = format!("cannot put `{}` into an image: {why}", path.display());
        Err(Error::new(ErrorKind::Read, message))
    };
    if depth == 0 || files.len() > FILES {
        return refused(folder, "it holds too many files, or too deep ones");
    }
    for entry in fs::read_dir(folder).map_err(|error| Error::read(folder, error))? {
        let entry = entry.map_err(|error| Error::read(folder, error))?;
        let path = entry.path();
        if exclude.leaves_out(&path) {
            continue;
        }
        let Ok(name) = entry.file_name().into_string() else {
            return refused(&path, "its name is not UTF-8");
        };
        let data = fs::symlink_metadata(&path).map_err(|error| Error::read(&path, error))?;
        if data.is_dir() {
            collect(
                &path,
                &format!("{prefix}{name}/"),
                exclude,
                depth - 1,
                files,
            )?;
        } else if data.is_file() {
            let file = LayerFile {
                executable: is_executable(&data),
                size: data.len(),
                source: path,
            };
            files.insert(format!("{prefix}{name}"), file);
        } else {
            return refused(&path, "it is neither a file nor a folder");
        }
    }
    Ok(())
}

/// Whether the owner may run it; what others may do depends on the umask of the checkout.
#[cfg(unix)]
fn is_executable(data: &fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    data.permissions().mode() & 0o100 != 0
}

#[cfg(not(unix))]
fn is_executable(_: &fs::Metadata) -> bool {
    false
}
