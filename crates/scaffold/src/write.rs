//! Writing files: all of them, or nothing.

use crate::app::{APPLICATIONS, App};
use crate::error::show;
use crate::files::File;
use crate::{Error, ErrorKind, change};
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
        let targets: Vec<(&str, &File)> = self.applications().collect();
        check_absent(&folder)?;
        for (path, _) in &targets {
            check_absent(&root.join(path))?;
        }
        if let Some((path, before, _)) = self.registration()
            && change::read(root, path)?.as_ref() != Some(before)
        {
            let message = format!("cannot change `{path}`: somebody else just did");
            return Err(Error::new(ErrorKind::Changed, message).with_hint("try again"));
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
        if let Some((path, before, after)) = self.registration() {
            let target = root.join(path);
            let staged = write_beside(target.parent().unwrap_or(root), after)?;
            placed.replace(staged, target, before)?;
        }
        placed.keep();
        Ok(())
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
pub(crate) struct Placed {
    /// What to do to take it back, in the order in which it was done.
    done: Vec<Done>,
}

enum Done {
    /// A folder that was made.
    Folder(PathBuf),
    /// A folder that was moved from one place to another.
    Moved(PathBuf, PathBuf),
    New(PathBuf),
    /// A file that was something else, or is no more.
    Changed(PathBuf, File),
}

impl Placed {
    fn folder(&mut self, from: &Path, to: PathBuf) -> Result<(), Error> {
        fs::rename(from, &to).map_err(|e| in_the_way(&to, e))?;
        self.done.push(Done::Moved(from.to_owned(), to));
        Ok(())
    }

    /// Makes a folder and those above it, as far as they are missing.
    pub(crate) fn folders(&mut self, folder: &Path) -> Result<(), Error> {
        let missing = |folder: &&Path| !folder.as_os_str().is_empty() && !folder.exists();
        let mut missing: Vec<&Path> = folder.ancestors().take_while(missing).collect();
        while let Some(folder) = missing.pop() {
            fs::create_dir(folder).map_err(|e| in_the_way(folder, e))?;
            self.done.push(Done::Folder(folder.to_owned()));
        }
        match folder.as_os_str().is_empty() || folder.is_dir() {
            true => Ok(()),
            false => Err(exists(folder)),
        }
    }

    pub(crate) fn file(&mut self, from: NamedTempFile, to: PathBuf) -> Result<(), Error> {
        from.persist_noclobber(&to)
            .map_err(|e| in_the_way(&to, e.error))?;
        self.done.push(Done::New(to));
        Ok(())
    }

    /// Puts a file in the place of one that is `before`.
    pub(crate) fn replace(
        &mut self,
        from: NamedTempFile,
        to: PathBuf,
        before: &File,
    ) -> Result<(), Error> {
        from.persist(&to).map_err(|e| Error::write(&to, e.error))?;
        self.done.push(Done::Changed(to, before.clone()));
        Ok(())
    }

    /// Removes a file that is `before`.
    pub(crate) fn remove(&mut self, path: PathBuf, before: Option<&File>) -> Result<(), Error> {
        fs::remove_file(&path).map_err(|e| Error::write(&path, e))?;
        if let Some(before) = before {
            self.done.push(Done::Changed(path, before.clone()));
        }
        Ok(())
    }

    pub(crate) fn keep(mut self) {
        let done = std::mem::take(&mut self.done);
        for step in done {
            let Done::Changed(path, _) = step else {
                continue;
            };
            // A folder that is empty now goes too; any other cannot be removed so.
            let mut above = path.ancestors().skip(1);
            while !path.exists()
                && let Some(folder) = above.next()
                && fs::remove_dir(folder).is_ok()
            {}
        }
    }
}

impl Drop for Placed {
    fn drop(&mut self) {
        // The error that led here is the one to tell; of these there is nothing more to do.
        for step in self.done.drain(..).rev() {
            match step {
                Done::Folder(folder) => drop(fs::remove_dir(folder)),
                Done::Moved(from, to) => drop(fs::rename(to, from)),
                Done::New(file) => drop(fs::remove_file(file)),
                Done::Changed(path, before) => {
                    let folder = path.parent().unwrap_or(&path);
                    if let Ok(staged) = write_beside(folder, &before) {
                        let _ = staged.persist(&path);
                    }
                }
            }
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
    .with_hint("choose another name, or move away what has it")
}

fn check_absent(path: &Path) -> Result<(), Error> {
    match fs::symlink_metadata(path) {
        Ok(_) => Err(exists(path)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(Error::write(path, error)),
    }
}

/// A folder of the repository that is a link to elsewhere is not written to.
pub(crate) fn check_inside(root: &Path, folder: &Path) -> Result<(), Error> {
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

pub(crate) fn write_beside(folder: &Path, file: &File) -> Result<NamedTempFile, Error> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".app-new-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // As any new file: what the user's umask leaves.
        let mode = if file.executable { 0o777 } else { 0o666 };
        builder.permissions(fs::Permissions::from_mode(mode));
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
