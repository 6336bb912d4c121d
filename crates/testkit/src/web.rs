//! A web server in this process, with a few files that are fixed beforehand.

use crate::git::http::{self, Answer};
use std::collections::BTreeMap;
use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// What the server says to a path.
#[derive(Debug, Clone)]
pub enum WebAnswer {
    /// This content.
    Content(Vec<u8>),
    /// This status.
    Status(u16),
    /// That it is elsewhere.
    Elsewhere(String),
}

/// A request that was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebRequest {
    /// The path with the query.
    pub path: String,
    /// The value of `Authorization`, where there was one.
    pub authorization: Option<String>,
}

/// A running server on the loopback interface. It ends when it is dropped.
#[derive(Debug)]
pub struct WebServer {
    address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    answers: Mutex<BTreeMap<String, WebAnswer>>,
    log: Mutex<Vec<WebRequest>>,
    closed: AtomicBool,
    /// How long each answer takes.
    delay: Duration,
    /// How many answers are under way, and how many were at most.
    now: AtomicUsize,
    most: AtomicUsize,
}

impl WebServer {
    /// A server that knows no path yet.
    ///
    /// # Errors
    /// If no port can be opened.
    pub fn start() -> io::Result<Self> {
        Self::slow(Duration::ZERO)
    }

    /// A server that takes this long for each answer.
    ///
    /// # Errors
    /// If no port can be opened.
    pub fn slow(delay: Duration) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            delay,
            ..Shared::default()
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

    /// Says this to a path, such as `/a.yaml`, from now on.
    pub fn answer(&self, path: &str, answer: WebAnswer) {
        lock(&self.shared.answers).insert(path.to_owned(), answer);
    }

    /// The address of a path.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The same with a user and password in it.
    #[must_use]
    pub fn url_with(&self, user: &str, password: &str, path: &str) -> String {
        format!("http://{user}:{password}@{}{path}", self.address)
    }

    /// How many requests were under way at once.
    #[must_use]
    pub fn most_at_once(&self) -> usize {
        self.shared.most.load(Ordering::SeqCst)
    }

    /// The requests so far.
    #[must_use]
    pub fn requests(&self) -> Vec<WebRequest> {
        lock(&self.shared.log).clone()
    }
}

impl Drop for WebServer {
    fn drop(&mut self) {
        self.shared.closed.store(true, Ordering::SeqCst);
        // Wakes the listener; if that fails it has ended already.
        let _ = TcpStream::connect(self.address);
    }
}

impl Shared {
    fn converse(&self, stream: &TcpStream) {
        let mut reader = io::BufReader::new(stream);
        while let Ok(Some(request)) = http::read(&mut reader) {
            let now = self.now.fetch_add(1, Ordering::SeqCst) + 1;
            self.most.fetch_max(now, Ordering::SeqCst);
            std::thread::sleep(self.delay);
            self.now.fetch_sub(1, Ordering::SeqCst);
            let path = request.line.split(' ').nth(1).unwrap_or_default();
            lock(&self.log).push(WebRequest {
                path: path.to_owned(),
                authorization: request.authorization,
            });
            let answer = match lock(&self.answers).get(path) {
                None => Answer::text(404, "nothing here"),
                Some(WebAnswer::Content(content)) => Answer {
                    status: 200,
                    headers: Vec::new(),
                    body: content.clone(),
                },
                Some(WebAnswer::Status(status)) => Answer::text(*status, "so it is"),
                Some(WebAnswer::Elsewhere(url)) => Answer::text(302, "").with("Location", url),
            };
            if http::write(stream, &answer).is_err() {
                return;
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
