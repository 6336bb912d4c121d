//! Writing an app: all of it, or nothing.

use crate::app::{APPLICATIONS, App};
use crate::error::show;
use crate::files::File;
use crate::{Error, ErrorKind};
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use tempfile::{NamedTempFile, TempDir};

impl App {
    /// Writes the app into the repository at `root`. The files are made in a temporary folder beside
    /// their places and then renamed; a failure on the way leaves the repository as it was.
    ///
    /// # Errors
    /// [`ErrorKind::Exists`] where something stands in the way, [`ErrorKind::Write`], and
    /// [`ErrorKind::Forbidden`] where a folder of the repository leads out of it.
    pub fn write(&self, root: &Path) -> Result<(), Error> {
        let folder = root.join(&self.folder);
        let applications = root.join(APPLICATIONS);
        let apps = folder.parent().unwrap_or(root);
        check_inside(root, apps)?;
        check_inside(root, &applications)?;
        let targets = self.applications();
        check_absent(&folder)?;
        for (path, _) in &targets {
            check_absent(&root.join(path))?;
        }
        let stage = stage(apps)?;
        let staged = stage.path().join("app");
        self.write_folder(&staged)?;
        let staged_applications: Vec<NamedTempFile> = targets
            .iter()
            .map(|(_, file)| write_beside(&applications, file))
            .collect::<Result<_, _>>()?;
        let mut placed = Placed::default();
        placed.folder(&staged, folder)?;
        for ((path, _), file) in targets.iter().zip(staged_applications) {
            placed.file(file, root.join(path))?;
        }
        placed.keep();
        Ok(())
    }

    fn applications(&self) -> Vec<(&String, &File)> {
        let inside = format!("{}/", self.folder);
        self.files()
            .iter()
            .filter(|(path, _)| !path.starts_with(&inside))
            .collect()
    }

    fn write_folder(&self, folder: &Path) -> Result<(), Error> {
        let inside = format!("{}/", self.folder);
        for (path, file) in self.files() {
            let Some(path) = path.strip_prefix(&inside) else {
                continue;
            };
            let path = folder.join(path);
            let written = fs::create_dir_all(path.parent().unwrap_or(folder))
                .and_then(|()| create(&path, file.executable))
                .and_then(|mut out| out.write_all(&file.bytes));
            written.map_err(|e| Error::write(&path, e))?;
        }
        Ok(())
    }
}

/// What has its place already; taken back unless everything has.
#[derive(Default)]
struct Placed {
    folder: Option<(PathBuf, PathBuf)>,
    files: Vec<PathBuf>,
}

impl Placed {
    fn folder(&mut self, from: &Path, to: PathBuf) -> Result<(), Error> {
        fs::rename(from, &to).map_err(|e| in_the_way(&to, e))?;
        self.folder = Some((from.to_owned(), to));
        Ok(())
    }

    fn file(&mut self, from: NamedTempFile, to: PathBuf) -> Result<(), Error> {
        from.persist_noclobber(&to)
            .map_err(|e| in_the_way(&to, e.error))?;
        self.files.push(to);
        Ok(())
    }

    fn keep(mut self) {
        self.folder = None;
        self.files.clear();
    }
}

impl Drop for Placed {
    fn drop(&mut self) {
        // The error that led here is the one to tell; of these there is nothing more to do.
        for file in &self.files {
            let _ = fs::remove_file(file);
        }
        if let Some((from, to)) = &self.folder {
            let _ = fs::rename(to, from);
        }
    }
}

/// Where two make the same app at once, the second finds what the first has made.
fn in_the_way(path: &Path, error: io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::AlreadyExists
        | io::ErrorKind::DirectoryNotEmpty
        | io::ErrorKind::NotADirectory => exists(path),
        _ => Error::write(path, error),
    }
}

fn exists(path: &Path) -> Error {
    Error::new(
        ErrorKind::Exists,
        format!("cannot make `{}`: it is there already", show(path)),
    )
    .with_hint("choose another name, or remove the app that has it")
}

fn check_absent(path: &Path) -> Result<(), Error> {
    match fs::symlink_metadata(path) {
        Ok(_) => Err(exists(path)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(Error::write(path, error)),
    }
}

/// A folder of the repository that is a link to elsewhere is not written to.
fn check_inside(root: &Path, folder: &Path) -> Result<(), Error> {
    let real = |path: &Path| fs::canonicalize(path).map_err(|e| Error::write(path, e));
    if real(folder)?.starts_with(real(root)?) {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::Forbidden,
        format!(
            "cannot write in `{}`: it leads out of the repository",
            show(folder)
        ),
    ))
}

fn stage(apps: &Path) -> Result<TempDir, Error> {
    tempfile::Builder::new()
        .prefix(".app-new-")
        .tempdir_in(apps)
        .map_err(|e| Error::write(apps, e))
}

fn write_beside(folder: &Path, file: &File) -> Result<NamedTempFile, Error> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".app-new-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // As any new file: what the user's umask leaves.
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    let written = builder.tempfile_in(folder).and_then(|mut out| {
        out.write_all(&file.bytes)?;
        Ok(out)
    });
    written.map_err(|e| Error::write(folder, e))
}

fn create(path: &Path, executable: bool) -> io::Result<fs::File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(if executable { 0o777 } else { 0o666 });
    }
    #[cfg(not(unix))]
    let _ = executable;
    options.open(path)
}
