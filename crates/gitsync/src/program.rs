//! Other programs, run to their end with bounds on the time and on what they say.

use std::io::{self, Read, Write};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

/// How much a program may say on each way.
const LIMIT: u64 = 1 << 20;

/// How long what a program has said may take to get here after it ended: a program that it left
/// behind may hold on to the ways.
const GRACE: Duration = Duration::from_secs(1);

/// A program that ended.
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: Vec<u8>,
}

/// Runs a program with this input; none if it had not ended in time.
///
/// # Errors
/// If it cannot be run.
pub(crate) fn run(
    program: &mut Command,
    input: &[u8],
    time: Duration,
) -> io::Result<Option<Ended>> {
    let until = Instant::now() + time;
    let mut child = program
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        let input = input.to_vec();
        // A program that does not read to the end has its reasons, and its status tells them.
        thread::spawn(move || drop(stdin.write_all(&input)));
    }
    let stdout = hear(child.stdout.take());
    let stderr = hear(child.stderr.take());
    let Some(status) = wait(&mut child, until)? else {
        return Ok(None);
    };
    let heard = |from: Receiver<Vec<u8>>| from.recv_timeout(GRACE).unwrap_or_default();
    Ok(Some(Ended {
        status,
        stdout: heard(stdout),
        stderr: heard(stderr),
    }))
}

fn hear(from: Option<impl Read + Send + 'static>) -> Receiver<Vec<u8>> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut said = Vec::new();
        // What cannot be read was not said.
        let _ = from.map(|from| from.take(LIMIT).read_to_end(&mut said));
        let _ = sender.send(said);
    });
    receiver
}

fn wait(child: &mut Child, until: Instant) -> io::Result<Option<ExitStatus>> {
    let mut pause = Duration::from_millis(1);
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if Instant::now() >= until {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(20));
    }
}
