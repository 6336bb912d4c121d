//! How far long work has come, on a terminal.

use crate::Context;
use std::io::IsTerminal as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// How long work may take before anything is said of it, and from then on between two words.
const PATIENCE: Duration = Duration::from_millis(500);
const PAUSE: Duration = Duration::from_millis(100);

/// Counts the parts of some work that are done. Once that takes a while, a line on stderr that is
/// written over and over says how many; where stderr is no terminal nothing is said.
#[derive(Debug)]
pub struct Meter {
    what: &'static str,
    total: usize,
    done: AtomicUsize,
    /// When to speak next; nothing where nobody looks.
    next: Option<Mutex<Instant>>,
}

impl Context {
    /// A meter of `total` parts, each of which will be `what`: built, copied.
    #[must_use]
    pub fn meter(&self, what: &'static str, total: usize) -> Meter {
        let is_seen = !self.is_quiet() && std::io::stderr().is_terminal();
        Meter {
            what,
            total,
            done: AtomicUsize::new(0),
            next: is_seen.then(|| Mutex::new(Instant::now() + PATIENCE)),
        }
    }
}

impl Meter {
    /// One part more is done.
    pub fn step(&self) {
        let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
        self.say(|| format!("{} {done} of {}", self.what, self.total));
    }
}

/// How many cells a full bar has.
const CELLS: u64 = 20;

impl Meter {
    /// So many bytes are done of a number that may still grow.
    pub fn reach(&self, done: u64, total: u64) {
        self.say(|| {
            let mebibytes = |bytes: u64| {
                let tenths = (u128::from(bytes) * 10) >> 20;
                format!("{}.{}", tenths / 10, tenths % 10)
            };
            let full = done.min(total) * CELLS / total.max(1);
            let bar: String = (0..CELLS)
                .map(|cell| if cell < full { '#' } else { '.' })
                .collect();
            format!(
                "{} [{bar}] {} of {} MiB",
                self.what,
                mebibytes(done),
                mebibytes(total)
            )
        });
    }

    /// Takes the line away, for something else to be said.
    pub fn clear(&self) {
        if self.next.is_some() {
            anstream::eprint!("\r\x1b[K");
        }
    }

    fn say(&self, what: impl FnOnce() -> String) {
        // Whoever finds the lock taken leaves it to the other to speak.
        let Some(Ok(mut next)) = self.next.as_ref().map(Mutex::try_lock) else {
            return;
        };
        let now = Instant::now();
        if now >= *next {
            *next = now + PAUSE;
            anstream::eprint!("\r{}\x1b[K", what());
        }
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        self.clear();
    }
}
