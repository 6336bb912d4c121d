//! Lines typed one after the other into a shell.

use crate::process::{Script, read};
use crate::{Error, ErrorKind};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

/// How long a line may take.
const LIMIT: Duration = Duration::from_secs(30 * 60);

/// The variable that names the file for the folder that a line left off in.
const LEFT_OFF: &str = "WINDLASS_LEFT_OFF";

/// A shell that stays in the folder that the last line changed to.
#[derive(Debug)]
pub struct Shell {
    /// Where the next line starts.
    pub directory: PathBuf,
    /// The environment of every line.
    pub environment: BTreeMap<String, String>,
    /// An empty folder for the lines' logs.
    pub folder: PathBuf,
    lines: usize,
}

impl Shell {
    /// A shell in a folder, with another one for its logs.
    #[must_use]
    pub fn new(directory: PathBuf, folder: PathBuf, environment: BTreeMap<String, String>) -> Self {
        Self {
            directory,
            environment,
            folder,
            lines: 0,
        }
    }

    /// Runs a line, and gives what it printed.
    ///
    /// # Errors
    /// If it ends with another status than 0.
    pub fn type_line(&mut self, line: &str) -> Result<String, Error> {
        self.lines += 1;
        let folder = self.folder.join(format!("line-{}", self.lines));
        std::fs::create_dir_all(&folder).map_err(|error| {
            let message = format!("cannot make `{}`", folder.display());
            Error::new(ErrorKind::Files, message).caused(error)
        })?;
        // Where the line left off is told by a file, so that what is printed is the line's alone.
        let left_off = folder.join("directory");
        let mut environment = self.environment.clone();
        environment.insert(LEFT_OFF.to_owned(), left_off.display().to_string());
        let script = Script {
            text: &format!("{line}\npwd -P > \"${LEFT_OFF}\"\n"),
            strict: true,
            directory: &self.directory,
            environment: &environment,
            folder: &folder,
            limit: LIMIT,
        };
        let ended = script.run()?;
        if ended.status != 0 {
            let message = format!("`{line}` ended with status {}", ended.status);
            let error = Error::new(ErrorKind::Step(ended.status), message);
            return Err(match ended.log.trim() {
                "" => error,
                log => error.caused(log.to_owned()),
            });
        }
        self.directory = PathBuf::from(read(&left_off)?.trim_end_matches('\n'));
        Ok(ended.log)
    }
}
