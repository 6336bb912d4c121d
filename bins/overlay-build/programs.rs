//! Programs that a build runs: helm, and functions. Each is given a minute and a bounded output.

use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};
use windlass_overlay::{Call, Outcome, Programs};

/// How long a program may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// How much a program may print, in bytes.
const MAX_OUTPUT: u64 = 64 << 20;

/// Runs programs of this machine. What they write goes into folders that are removed in the end.
pub(crate) struct Machine {
    patience: Duration,
    scratch: Mutex<Vec<tempfile::TempDir>>,
}

impl Default for Machine {
    fn default() -> Self {
        Self {
            patience: PATIENCE,
            scratch: Mutex::default(),
        }
    }
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
        let result = self.watch(&mut child);
        if result.is_err() {
            // It may have ended by itself in the meantime, which is as good.
            let _ = (child.kill(), child.wait());
        }
        result
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

impl Machine {
    /// What the program prints and complains until both are closed, and how it ends.
    fn watch(&self, child: &mut Child) -> io::Result<Outcome> {
        let deadline = Instant::now() + self.patience;
        let (sender, receiver) = mpsc::channel();
        if let Some(output) = child.stdout.take() {
            collect(output, false, sender.clone());
        }
        if let Some(errors) = child.stderr.take() {
            collect(errors, true, sender.clone());
        }
        drop(sender);
        let mut outcome = Outcome::default();
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match receiver.recv_timeout(left) {
                Ok((true, content)) => outcome.errors = bounded(content?)?,
                Ok((false, content)) => outcome.output = bounded(content?)?,
                Err(RecvTimeoutError::Timeout) => return Err(self.too_long()),
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        outcome.success = self.end(child, deadline)?.success();
        Ok(outcome)
    }

    /// Waits for the end of a program that says no more.
    fn end(&self, child: &mut Child, deadline: Instant) -> io::Result<ExitStatus> {
        const PAUSE: Duration = Duration::from_millis(2);
        loop {
            match child.try_wait()? {
                Some(status) => return Ok(status),
                None if Instant::now() >= deadline => return Err(self.too_long()),
                None => thread::sleep(PAUSE),
            }
        }
    }

    fn too_long(&self) -> io::Error {
        let message = format!("it took longer than {} s", self.patience.as_secs_f32());
        io::Error::new(io::ErrorKind::TimedOut, message)
    }
}

fn bounded(content: Vec<u8>) -> io::Result<Vec<u8>> {
    if content.len() as u64 <= MAX_OUTPUT {
        return Ok(content);
    }
    let message = format!("it printed more than {} MiB", MAX_OUTPUT >> 20);
    Err(io::Error::other(message))
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

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    /// What becomes of a script that is given `patience`, and how long that takes.
    fn run(script: &str, patience: Duration, input: &[u8]) -> (io::Result<Outcome>, Duration) {
        let machine = Machine {
            patience,
            ..Machine::default()
        };
        let call = Call {
            program: "sh".to_owned(),
            arguments: vec!["-c".to_owned(), script.to_owned()],
            input: input.to_vec(),
            ..Call::default()
        };
        let start = Instant::now();
        (machine.run(&call), start.elapsed())
    }

    #[test]
    fn a_program_that_never_ends_is_stopped() {
        // The second one leaves another behind that holds its output, the third closes it.
        let scripts = ["exec sleep 600", "sleep 600", "exec sleep 600 >&- 2>&-"];
        for script in scripts {
            let (result, time) = run(script, Duration::from_millis(300), b"");
            assert_eq!(result.unwrap_err().kind(), io::ErrorKind::TimedOut);
            assert!(time < Duration::from_secs(60), "{script}");
        }
    }

    #[test]
    fn a_program_that_prints_without_end_is_stopped() {
        let (result, _) = run("while :; do printf %1000000d 0; done", PATIENCE, b"");
        let error = result.unwrap_err().to_string();
        assert_eq!(error, "it printed more than 64 MiB");
    }

    #[test]
    fn a_program_need_not_read_what_it_is_given() {
        let (result, _) = run("echo out; echo err >&2", PATIENCE, &vec![b'x'; 1 << 20]);
        let outcome = result.unwrap();
        assert!(outcome.success);
        assert_eq!(
            (&*outcome.output, &*outcome.errors),
            (&b"out\n"[..], &b"err\n"[..])
        );
    }
}
