//! Programs that a build runs: helm, and functions. Each is given a minute and a bounded output.

use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;
use windlass_overlay::{Call, Outcome, Programs};

/// How long a program may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// How much a program may print, in bytes.
const MAX_OUTPUT: u64 = 64 << 20;

/// Runs programs of this machine. What they write goes into folders that are removed in the end.
#[derive(Default)]
pub(crate) struct Machine {
    scratch: Mutex<Vec<tempfile::TempDir>>,
}

impl Programs for Machine {
    #[expect(
        clippy::disallowed_methods,
        reason = "the user asks for other programs, by flags and by name"
    )]
    fn run(&self, call: &Call) -> io::Result<Outcome> {
        let mut command = Command::new(&call.program);
        command
            .args(&call.arguments)
            .envs(call.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        if let Some(folder) = &call.folder {
            command.current_dir(folder);
        }
        let mut child = command.spawn()?;
        feed(&mut child, call.input.clone());
        let result = watch(&mut child);
        if result.is_err() {
            // It may have ended by itself in the meantime, which is as good.
            let _ = child.kill();
        }
        let success = child.wait()?.success();
        let (output, errors) = result?;
        Ok(Outcome {
            success,
            output,
            errors,
        })
    }

    fn scratch(&self) -> io::Result<PathBuf> {
        let folder = tempfile::Builder::new()
            .prefix("overlay-build-")
            .tempdir()?;
        let path = folder.path().to_owned();
        let mut all = self.scratch.lock().unwrap_or_else(PoisonError::into_inner);
        all.push(folder);
        Ok(path)
    }

    fn write(&self, path: &Path, content: &[u8]) -> io::Result<()> {
        std::fs::write(path, content)
    }
}

/// Writes the input while the output is read, for a program may do both at once.
fn feed(child: &mut Child, input: Vec<u8>) {
    if let Some(mut stdin) = child.stdin.take() {
        // A program need not read what it is given.
        thread::spawn(move || stdin.write_all(&input));
    }
}

/// What the program prints and complains, until both are closed.
fn watch(child: &mut Child) -> io::Result<(Vec<u8>, Vec<u8>)> {
    let (sender, receiver) = mpsc::channel();
    let output = child
        .stdout
        .take()
        .map(|from| collect(from, false, sender.clone()));
    let errors = child.stderr.take().map(|from| collect(from, true, sender));
    let mut printed = (Vec::new(), Vec::new());
    let deadline = std::time::Instant::now() + PATIENCE;
    for _ in [output, errors].iter().flatten() {
        let left = deadline.saturating_duration_since(std::time::Instant::now());
        match receiver.recv_timeout(left) {
            Ok((is_errors, content)) => {
                let content = content?;
                if content.len() as u64 > MAX_OUTPUT {
                    let message = format!("it printed more than {} MiB", MAX_OUTPUT >> 20);
                    return Err(io::Error::other(message));
                }
                *(if is_errors {
                    &mut printed.1
                } else {
                    &mut printed.0
                }) = content;
            }
            Err(RecvTimeoutError::Timeout) => {
                let message = format!("it took longer than {} s", PATIENCE.as_secs());
                return Err(io::Error::new(io::ErrorKind::TimedOut, message));
            }
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    Ok(printed)
}

type Sender = mpsc::Sender<(bool, io::Result<Vec<u8>>)>;

/// Reads a pipe to its end, or a little past what may be printed.
fn collect(from: impl Read + Send + 'static, is_errors: bool, to: Sender) {
    thread::spawn(move || {
        let mut content = Vec::new();
        let read = from.take(MAX_OUTPUT + 1).read_to_end(&mut content);
        // Nobody listens any more where the time is over.
        let _ = to.send((is_errors, read.map(|_| content)));
    });
}
