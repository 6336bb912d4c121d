//! Other programs: `helm`, and functions that are programs.

use crate::error::{Error, ErrorKind, Result};
use crate::files::Folder;
use std::io;
use std::path::{Path, PathBuf};

/// Runs other programs for a build.
///
/// The library starts none by itself: whoever builds supplies this, and with it the limits of
/// time and memory.
pub trait Programs: Sync {
    /// Runs a program to its end.
    ///
    /// # Errors
    /// If it cannot be started, or is stopped because it takes too long or says too much.
    fn run(&self, call: &Call) -> io::Result<Outcome>;

    /// A new folder for what one program reads and writes, which lasts as long as the build.
    ///
    /// # Errors
    /// If it cannot be made.
    fn scratch(&self) -> io::Result<PathBuf>;

    /// Writes a file into that folder.
    ///
    /// # Errors
    /// If it cannot be written.
    fn write(&self, path: &Path, content: &[u8]) -> io::Result<()>;
}

/// A program to run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Call {
    /// Its name or path.
    pub program: String,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// Variables that are set besides those of the caller.
    pub environment: Vec<(String, String)>,
    /// Where it runs; nothing for where the caller does.
    pub folder: Option<PathBuf>,
    /// What it reads.
    pub input: Vec<u8>,
}

/// What a program did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Whether it ended well.
    pub success: bool,
    /// What it printed.
    pub output: Vec<u8>,
    /// What it complained.
    pub errors: Vec<u8>,
}

/// Refuses to run a program for a folder that was fetched: its files are none of this machine,
/// and whoever wrote them is not at home here.
pub(crate) fn refuse_fetched(folder: &Folder<'_>, what: &str) -> Result<()> {
    if !folder.is_fetched() {
        return Ok(());
    }
    let shown = folder.shown_root();
    let message = format!("{what} of the remote `{shown}` may not run a program");
    let hint = "copy the folder into this repository".to_owned();
    Err(Error::new(ErrorKind::Program, message).hint(hint))
}

/// Runs a program that must end well, and gives what it printed.
pub(crate) fn output_of(programs: &dyn Programs, call: &Call) -> Result<Vec<u8>> {
    let what = Path::new(&call.program).display();
    let arguments = call.arguments.join(" ");
    let outcome = programs.run(call).map_err(|why| {
        let message = format!("cannot run `{what} {arguments}`");
        Error::new(ErrorKind::Program, message).because(why)
    })?;
    if outcome.success {
        return Ok(outcome.output);
    }
    let message = format!("`{what} {arguments}` failed");
    let complaint = String::from_utf8_lossy(&outcome.errors).trim().to_owned();
    let error = Error::new(ErrorKind::Program, message);
    Err(match complaint.is_empty() {
        true => error,
        false => error.because(complaint),
    })
}
