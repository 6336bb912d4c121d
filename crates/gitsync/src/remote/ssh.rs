//! Git's protocol through the `ssh` program, which knows the user's keys, agent, hosts and
//! configuration.

use super::Access;
use super::peer::Peer;
use super::smart::{Service, Transport};
use super::url::SshAddress;
use crate::error::{Error, ErrorKind, Result};
use std::io::{self, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How much a program may still say when nobody listens any more.
const DRAIN: u64 = 64 << 10;

/// A repository behind an SSH server.
pub(crate) struct Ssh {
    address: SshAddress,
    command: Option<String>,
    peer: Peer,
    deadline: Option<Instant>,
    reading: Option<Session>,
    writing: Option<Session>,
}

/// A program that runs on the server, and what ends it here when the time is up.
struct Session {
    /// None once the session ends.
    stdin: Option<ChildStdin>,
    stdout: ChildStdout,
    child: Arc<Mutex<Child>>,
    /// Dropped with the session, which lets the watcher go.
    _watched: Sender<()>,
}

impl Ssh {
    pub(crate) fn new(address: SshAddress, access: &Access) -> Self {
        let user = address
            .user
            .as_ref()
            .map_or(String::new(), |user| format!("{user}@"));
        let port = address
            .port
            .map_or(String::new(), |port| format!(":{port}"));
        let separator = if address.path.starts_with('/') {
            ""
        } else {
            "/"
        };
        let name = format!(
            "ssh://{user}{}{port}{separator}{}",
            address.host, address.path
        );
        Self {
            address,
            command: access.ssh_command.clone(),
            peer: Peer {
                name,
                secrets: Vec::new(),
            },
            deadline: None,
            reading: None,
            writing: None,
        }
    }

    fn session(&mut self, service: Service) -> &mut Option<Session> {
        match service {
            Service::UploadPack => &mut self.reading,
            Service::ReceivePack => &mut self.writing,
        }
    }

    fn start(&mut self, service: Service) -> Result<Session> {
        let left = self.deadline.map_or(Duration::from_secs(60), |deadline| {
            deadline.saturating_duration_since(Instant::now())
        });
        let mut child = self
            .program(service)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .map_err(|error| {
                let message = format!("cannot run `ssh` to reach `{}`", self.peer.name);
                Error::new(ErrorKind::Unsupported, message).source(error)
            })?;
        let (Some(stdin), Some(stdout)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(self.peer.unreachable());
        };
        let child = Arc::new(Mutex::new(child));
        let watched = watch(Arc::clone(&child), left);
        Ok(Session {
            stdin: Some(stdin),
            stdout,
            child,
            _watched: watched,
        })
    }

    /// Why the server's program said nothing: ssh ends with 255 where it does not get there, and
    /// else with the status of the program. What they say of it has gone to stderr.
    fn no_greeting(&self, session: &Session) -> Error {
        let status = lock(&session.child)
            .wait()
            .ok()
            .and_then(|status| status.code());
        match status {
            None | Some(255) => self.peer.unreachable(),
            Some(status) => {
                let name = &self.peer.name;
                let message = format!("there is no git repository at `{name}`: status {status}");
                Error::new(ErrorKind::RepositoryMissing, message)
                    .hint("check the address, and that git is installed there")
            }
        }
    }

    /// `GIT_SSH_COMMAND` is a line for the shell, as it is for git.
    #[expect(
        clippy::disallowed_methods,
        reason = "the ssh program alone knows the user's keys, agent and configuration"
    )]
    fn program(&self, service: Service) -> Command {
        let mut program = match &self.command {
            None => Command::new("ssh"),
            Some(line) => {
                let mut shell = Command::new("sh");
                shell.args(["-c", &format!("{line} \"$@\""), line]);
                shell
            }
        };
        if service == Service::UploadPack {
            program
                .env("GIT_PROTOCOL", "version=2")
                .args(["-o", "SendEnv=GIT_PROTOCOL"]);
        }
        if let Some(port) = self.address.port {
            program.args(["-p", &port.to_string()]);
        }
        let user = self
            .address
            .user
            .as_ref()
            .map_or(String::new(), |user| format!("{user}@"));
        program.arg(format!("{user}{}", self.address.host));
        program.arg(format!("{} {}", service.name(), quoted(&self.address.path)));
        program
    }
}

/// A path as one word for the shell of the server.
fn quoted(path: &str) -> String {
    format!("'{}'", path.replace('\'', r"'\''").replace('!', r"'\!'"))
}

/// Ends the program when the time is up; reading from it then ends as well.
fn watch(child: Arc<Mutex<Child>>, left: Duration) -> Sender<()> {
    let (sender, receiver) = mpsc::channel::<()>();
    std::thread::spawn(move || {
        if receiver.recv_timeout(left) == Err(mpsc::RecvTimeoutError::Timeout) {
            end(&child);
        }
    });
    sender
}

fn lock(child: &Mutex<Child>) -> MutexGuard<'_, Child> {
    child.lock().unwrap_or_else(PoisonError::into_inner)
}

fn end(child: &Mutex<Child>) {
    let mut child = lock(child);
    // One that has ended by itself cannot be killed, and is not to be.
    let _ = child.kill();
    let _ = child.wait();
}

impl Drop for Session {
    /// The server's program may still have hooks to run, and ends when there is no more to read.
    fn drop(&mut self) {
        self.stdin = None;
        let _ = io::copy(&mut (&mut self.stdout).take(DRAIN), &mut io::sink());
        end(&self.child);
    }
}

impl Transport for Ssh {
    const STREAM: bool = true;
    const NO_VERSION_2: &str = "the server must run git 2.18 or newer and have `AcceptEnv GIT_PROTOCOL` in its sshd_config";

    fn peer(&self) -> &Peer {
        &self.peer
    }

    fn until(&mut self, deadline: Instant) {
        self.deadline = Some(deadline);
    }

    fn greeting(&mut self, service: Service) -> Result<Box<dyn Read + '_>> {
        *self.session(service) = None;
        let mut session = self.start(service)?;
        let mut first = [0];
        if !matches!(session.stdout.read(&mut first), Ok(1)) {
            return Err(self.no_greeting(&session));
        }
        let session = self.session(service).insert(session);
        Ok(Box::new(io::Cursor::new(first).chain(&mut session.stdout)))
    }

    fn ask(&mut self, service: Service, message: &[u8]) -> Result<Box<dyn Read + '_>> {
        let gone = self.peer.unreachable();
        let Some(session) = self.session(service) else {
            return Err(gone);
        };
        let sent = session.stdin.as_mut().map_or(Ok(()), |stdin| {
            stdin.write_all(message).and_then(|()| stdin.flush())
        });
        match sent {
            Ok(()) => Ok(Box::new(&mut session.stdout)),
            Err(error) => Err(gone.source(error)),
        }
    }
}
