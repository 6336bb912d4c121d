//! One script in one bash, with the files by which it talks to the steps after it.

use crate::{Error, ErrorKind};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// The most that is read of an output file, as on GitHub.
const LARGEST: u64 = 1 << 20;

/// How much of the end of a log is shown.
const TAIL: u64 = 16 << 10;

/// The lines of the end of a log that are shown.
const LINES: usize = 30;

/// A script and its surroundings.
pub(crate) struct Script<'a> {
    pub(crate) text: &'a str,
    /// Whether a failing command in the middle of a pipe ends it.
    pub(crate) strict: bool,
    pub(crate) directory: &'a Path,
    pub(crate) environment: &'a BTreeMap<String, String>,
    /// An empty folder for the script, its log and its output files.
    pub(crate) folder: &'a Path,
    pub(crate) limit: Duration,
}

/// How a script ended.
pub(crate) struct Ended {
    pub(crate) status: u8,
    /// The end of what it printed.
    pub(crate) log: String,
    pub(crate) time: Duration,
}

/// The variables that name a step's output files, and the files.
const FILES: &[(&str, &str)] = &[
    ("GITHUB_OUTPUT", "output"),
    ("GITHUB_ENV", "env"),
    ("GITHUB_PATH", "path"),
    ("GITHUB_STEP_SUMMARY", "summary"),
];

/// Makes a step's output files in its folder, and gives the variables that name them.
pub(crate) fn output_files(folder: &Path) -> Result<BTreeMap<String, String>, Error> {
    let mut variables = BTreeMap::new();
    for (name, file) in FILES {
        let path = folder.join(file);
        write(&path, "")?;
        variables.insert((*name).to_owned(), path.display().to_string());
    }
    Ok(variables)
}

impl Script<'_> {
    /// Runs it to its end.
    pub(crate) fn run(&self) -> Result<Ended, Error> {
        let script = self.folder.join("script.sh");
        write(&script, self.text)?;
        let log = self.folder.join("log");
        let started = Instant::now();
        let mut child = self.start(&script, &log)?;
        let status =
            wait(&mut child, started, self.limit).map_err(|error| broken("bash", error))?;
        let mut tail = tail(&log)?;
        if status.is_none() {
            let minutes = self.limit.as_secs() / 60;
            tail.push_str(&format!("\nstopped: it took more than {minutes} minutes"));
        }
        Ok(Ended {
            status: code(status),
            log: tail,
            time: started.elapsed(),
        })
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "a step of a workflow is a program"
    )]
    fn start(&self, script: &Path, log: &Path) -> Result<Child, Error> {
        let out = File::create(log).map_err(|error| broken(&log.display().to_string(), error))?;
        let error_out = out.try_clone().map_err(|error| broken("the log", error))?;
        let mut command = Command::new("bash");
        match self.strict {
            true => command.args(["--noprofile", "--norc", "-eo", "pipefail"]),
            false => command.arg("-e"),
        };
        command
            .arg(script)
            .current_dir(self.directory)
            .env_clear()
            .envs(self.environment)
            .stdin(Stdio::null())
            .stdout(out)
            .stderr(error_out);
        command.spawn().map_err(|error| {
            Error::new(ErrorKind::Program, "cannot start `bash` for a step")
                .caused(error)
                .hinted("install bash and git's usual tools".to_owned())
        })
    }

    /// The pairs that the script wrote to `$GITHUB_OUTPUT` or `$GITHUB_ENV`.
    pub(crate) fn pairs(&self, name: &str) -> Result<Vec<(String, String)>, Error> {
        pairs(&read(&self.folder.join(name))?).map_err(|line| {
            let message =
                format!("a step wrote `{line}` to its {name} file, which is no `NAME=VALUE`");
            Error::new(ErrorKind::Workflow, message)
        })
    }

    /// The folders that the script wrote to `$GITHUB_PATH`.
    pub(crate) fn path(&self) -> Result<Vec<String>, Error> {
        let text = read(&self.folder.join("path"))?;
        Ok(text
            .lines()
            .filter(|line| !line.is_empty())
            .map(str::to_owned)
            .collect())
    }
}

/// Waits for the end; nothing where the limit passed first, and the child is stopped.
fn wait(
    child: &mut Child,
    started: Instant,
    limit: Duration,
) -> std::io::Result<Option<ExitStatus>> {
    let mut pause = Duration::from_millis(1);
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if started.elapsed() > limit {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        std::thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(20));
    }
}

/// The status as a shell tells it: 124 past the limit, 128 and the signal where one ended it.
fn code(status: Option<ExitStatus>) -> u8 {
    use std::os::unix::process::ExitStatusExt;
    let Some(status) = status else { return 124 };
    let signal = status.signal().map(|signal| 128 + signal);
    let code = status.code().or(signal).unwrap_or(101);
    u8::try_from(code).unwrap_or(101)
}

/// `NAME=VALUE` lines, and values of several lines between `NAME<<END` and `END`.
/// (GitHub: "Workflow commands", "Multiline strings".) The line that is neither, else.
fn pairs(text: &str) -> Result<Vec<(String, String)>, String> {
    let mut pairs = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let equals = line.find('=').unwrap_or(line.len());
        match line.find("<<").filter(|here| *here < equals) {
            Some(here) => {
                let end = &line[here + 2..];
                let value: Vec<&str> = lines.by_ref().take_while(|line| *line != end).collect();
                pairs.push((line[..here].to_owned(), value.join("\n")));
            }
            None if line.is_empty() => {}
            None if equals == 0 || equals == line.len() => return Err(line.to_owned()),
            None => pairs.push((line[..equals].to_owned(), line[equals + 1..].to_owned())),
        }
    }
    Ok(pairs)
}

/// The last lines of a log, without the commands to GitHub's machine that repeat them.
fn tail(path: &Path) -> Result<String, Error> {
    let text = (|| {
        let mut file = File::open(path)?;
        let size = file.metadata()?.len();
        file.seek(SeekFrom::Start(size.saturating_sub(TAIL)))?;
        let mut bytes = Vec::new();
        file.take(TAIL).read_to_end(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    })();
    let text = text.map_err(|error| broken(&path.display().to_string(), error))?;
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| !line.starts_with("::"))
        .collect();
    Ok(lines[lines.len().saturating_sub(LINES)..].join("\n"))
}

pub(crate) fn read(path: &Path) -> Result<String, Error> {
    let name = path.display().to_string();
    let mut text = String::new();
    let file = File::open(path).map_err(|error| broken(&name, error))?;
    file.take(LARGEST)
        .read_to_string(&mut text)
        .map_err(|error| broken(&name, error))?;
    Ok(text)
}

fn write(path: &Path, text: &str) -> Result<(), Error> {
    std::fs::write(path, text).map_err(|error| broken(&path.display().to_string(), error))
}

fn broken(what: &str, error: std::io::Error) -> Error {
    Error::new(
        ErrorKind::Files,
        format!("cannot work with `{what}` of the sandbox"),
    )
    .caused(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outputs_are_read_as_github_reads_them() {
        let text = "a=1\nb=x=y\n\nc<<EOF\none\n\nd=2\nEOF\ne=<<\n";
        let expected = [("a", "1"), ("b", "x=y"), ("c", "one\n\nd=2"), ("e", "<<")];
        let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(pairs(text), Ok(expected.to_vec()));
        assert_eq!(pairs("nothing"), Err("nothing".to_owned()));
        assert_eq!(pairs("=x"), Err("=x".to_owned()));
    }
}
