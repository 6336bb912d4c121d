//! A git server in this process: HTTP on the loopback interface in front of a bare repository.
//!
//! It speaks version 2 of git's protocol with filters, takes pushes, and fails when told to. The
//! objects are libgit2's business, so that what it takes and gives is checked by an implementation
//! other than the one under test.

pub(crate) mod http;
mod receive;
mod upload;

use self::http::{Answer, Request};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use git2::Repository;
use std::collections::VecDeque;
use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// What the server demands and offers.
#[derive(Debug, Clone)]
pub struct GitRules {
    /// The user and password that every request must carry.
    pub login: Option<(String, String)>,
    /// How deep a `tree:` filter may be; none where filters are not offered at all.
    pub filter: Option<u32>,
    /// Whether push options are taken.
    pub push_options: bool,
    /// The reason why every push is refused.
    pub refuse: Option<String>,
    /// How long each request takes at least.
    pub delay: Duration,
}

impl Default for GitRules {
    fn default() -> Self {
        Self {
            login: None,
            filter: Some(u32::MAX),
            push_options: true,
            refuse: None,
            delay: Duration::ZERO,
        }
    }
}

/// The requests that a fault can be put on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GitMoment {
    /// The first word with the program that gives objects.
    Greeting,
    /// A question for refs.
    Refs,
    /// A question for objects.
    Objects,
    /// The first word with the program that takes objects.
    PushGreeting,
    /// A push.
    Push,
}

/// What happens to a request in place of what should.
#[derive(Debug, Clone)]
pub enum GitFault {
    /// This status, with a header and a text.
    Status(u16, Option<(&'static str, String)>, String),
    /// This body, as if all were well.
    Body(Vec<u8>),
    /// The connection ends before anything is done.
    CutBefore,
    /// All is done, and the connection ends without an answer.
    CutAfter,
    /// The answer never comes.
    Silence,
    /// Another writer moves the branch first, by a commit that changes nothing.
    Race(&'static str),
}

/// A request that was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GitRequest {
    /// Method and path.
    pub line: String,
    /// The status; 0 where the connection was cut.
    pub status: u16,
    /// Whether it carried credentials.
    pub authorized: bool,
    /// The options of a push.
    pub push_options: Vec<String>,
    /// Bytes of the body sent up.
    pub up: usize,
    /// Bytes of the body sent down.
    pub down: usize,
}

/// A running server. It ends when it is dropped.
#[derive(Debug)]
pub struct GitServer {
    address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    repository: PathBuf,
    rules: GitRules,
    faults: Mutex<VecDeque<(GitMoment, GitFault)>>,
    log: Mutex<Vec<GitRequest>>,
    closed: AtomicBool,
}

impl GitServer {
    /// Serves the repository in a folder.
    ///
    /// # Errors
    /// If no port can be opened.
    pub fn start(repository: &Path, rules: GitRules) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            repository: repository.to_owned(),
            rules,
            faults: Mutex::default(),
            log: Mutex::default(),
            closed: AtomicBool::new(false),
        });
        let for_thread = Arc::clone(&shared);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if for_thread.closed.load(Ordering::SeqCst) {
                    return;
                }
                let shared = Arc::clone(&for_thread);
                std::thread::spawn(move || shared.converse(&stream));
            }
        });
        Ok(Self { address, shared })
    }

    /// The address of the repository.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}/repository.git", self.address)
    }

    /// The same with a user and password in it.
    #[must_use]
    pub fn url_with(&self, user: &str, password: &str) -> String {
        format!("http://{user}:{password}@{}/repository.git", self.address)
    }

    /// Lets the next request of that kind fail. Faults on the same kind come in order.
    pub fn fail(&self, moment: GitMoment, fault: GitFault) {
        lock(&self.shared.faults).push_back((moment, fault));
    }

    /// The requests so far.
    #[must_use]
    pub fn requests(&self) -> Vec<GitRequest> {
        lock(&self.shared.log).clone()
    }
}

impl Drop for GitServer {
    fn drop(&mut self) {
        self.shared.closed.store(true, Ordering::SeqCst);
        // Wakes the listener; if that fails it has ended already.
        let _ = TcpStream::connect(self.address);
    }
}

impl Shared {
    /// Answers the requests of a connection until it ends.
    fn converse(&self, stream: &TcpStream) {
        let mut reader = io::BufReader::new(stream);
        while let Ok(Some(request)) = http::read(&mut reader) {
            let answer = self.answer(&request);
            lock(&self.log).push(GitRequest {
                line: request.line.clone(),
                status: answer.status,
                authorized: request.authorization.is_some(),
                push_options: match moment(&request) {
                    Some(GitMoment::Push) => receive::options(&request.body),
                    _ => Vec::new(),
                },
                up: request.body.len(),
                down: answer.body.len(),
            });
            if answer.status == 0 || http::write(stream, &answer).is_err() {
                return;
            }
        }
    }

    fn answer(&self, request: &Request) -> Answer {
        std::thread::sleep(self.rules.delay);
        if !self.may_enter(request) {
            return Answer::text(401, "who are you?")
                .with("WWW-Authenticate", "Basic realm=\"git\"");
        }
        let Some(moment) = moment(request) else {
            return Answer::text(404, "nothing here");
        };
        match self.fault(moment) {
            None => self.serve(moment, request),
            Some(GitFault::Status(status, header, text)) => match header {
                None => Answer::text(status, &text),
                Some((name, value)) => Answer::text(status, &text).with(name, &value),
            },
            Some(GitFault::Body(body)) => Answer::git(moment, body),
            Some(GitFault::CutBefore) => Answer::CUT,
            Some(GitFault::CutAfter) => {
                self.serve(moment, request);
                Answer::CUT
            }
            Some(GitFault::Silence) => {
                std::thread::sleep(Duration::from_secs(3600));
                Answer::CUT
            }
            Some(GitFault::Race(branch)) => match self.race(branch) {
                Ok(()) => self.serve(moment, request),
                Err(error) => Answer::text(500, error.message()),
            },
        }
    }

    fn serve(&self, moment: GitMoment, request: &Request) -> Answer {
        let result = Repository::open(&self.repository)
            .map_err(|error| error.to_string())
            .and_then(|repository| match moment {
                GitMoment::Greeting => Ok(upload::greeting(&self.rules)),
                GitMoment::Refs => upload::refs(&repository, &request.body),
                GitMoment::Objects => upload::objects(&repository, &request.body, &self.rules),
                GitMoment::PushGreeting => receive::greeting(&repository, &self.rules),
                GitMoment::Push => receive::push(&repository, &request.body, &self.rules),
            });
        match result {
            Ok(body) => Answer::git(moment, body),
            Err(error) => Answer::text(500, &error),
        }
    }

    fn may_enter(&self, request: &Request) -> bool {
        self.rules.login.as_ref().is_none_or(|(user, password)| {
            let pair = STANDARD.encode(format!("{user}:{password}"));
            request.authorization == Some(format!("Basic {pair}"))
        })
    }

    fn fault(&self, moment: GitMoment) -> Option<GitFault> {
        let mut faults = lock(&self.faults);
        let at = faults.iter().position(|(on, _)| *on == moment)?;
        faults.remove(at).map(|(_, fault)| fault)
    }

    fn race(&self, branch: &str) -> Result<(), git2::Error> {
        let repository = Repository::open(&self.repository)?;
        let reference = format!("refs/heads/{branch}");
        let tip = repository.find_reference(&reference)?.peel_to_commit()?;
        let who = git2::Signature::new("racer", "racer@example.com", &git2::Time::new(0, 0))?;
        let (tree, parents) = (tip.tree()?, [&tip]);
        repository.commit(Some(&reference), &who, &who, "Be faster", &tree, &parents)?;
        Ok(())
    }
}

/// What a request is about, by its path and the name of its command.
fn moment(request: &Request) -> Option<GitMoment> {
    let (method, path) = request.line.split_once(' ')?;
    let path = path.strip_prefix("/repository.git/")?;
    match (method, path) {
        ("GET", "info/refs?service=git-upload-pack") => Some(GitMoment::Greeting),
        ("GET", "info/refs?service=git-receive-pack") => Some(GitMoment::PushGreeting),
        ("POST", "git-receive-pack") => Some(GitMoment::Push),
        ("POST", "git-upload-pack")
            if request
                .body
                .get(4..)
                .is_some_and(|rest| rest.starts_with(b"command=ls-refs")) =>
        {
            Some(GitMoment::Refs)
        }
        ("POST", "git-upload-pack") => Some(GitMoment::Objects),
        _ => None,
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Appends a packet.
fn put(out: &mut Vec<u8>, data: impl AsRef<[u8]>) {
    let data = data.as_ref();
    out.extend_from_slice(format!("{:04x}", data.len() + 4).as_bytes());
    out.extend_from_slice(data);
}

/// Appends data in packets of the first band, as large as packets get.
fn put_banded(out: &mut Vec<u8>, data: &[u8]) {
    for piece in data.chunks(65_515) {
        put(out, [&[1], piece].concat());
    }
}

/// The next packet of a message, empty at a mark, and what follows it.
fn packet(message: &[u8]) -> Result<(&[u8], &[u8]), String> {
    let length = message
        .get(..4)
        .and_then(|digits| usize::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok())
        .ok_or("a packet without a length")?;
    let (head, rest) = message
        .split_at_checked(length.max(4))
        .ok_or("a packet that is cut off")?;
    Ok((&head[4..], rest))
}
