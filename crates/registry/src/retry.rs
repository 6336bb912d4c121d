//! When and how often to try again.

use crate::error::{Error, Result};
use chrono::DateTime;
use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};
use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// How long to go on against a server that fails.
#[derive(Debug, Clone)]
pub struct Retry {
    /// How often an operation is tried, the first time included.
    pub attempts: u32,
    /// The wait before the second try; each one after that is twice as long.
    pub first: Duration,
    /// The longest wait that is not asked for by the server.
    pub longest: Duration,
    /// How long an operation may go on failing. A server that asks for a longer wait is given up.
    pub total: Duration,
    /// How long a server may keep silent; twice as long when it was sent a body to store.
    pub silence: Duration,
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            attempts: 6,
            first: Duration::from_millis(250),
            longest: Duration::from_secs(30),
            total: Duration::from_secs(600),
            silence: Duration::from_secs(60),
        }
    }
}

/// Where a library says what takes long; silent by default.
#[derive(Clone, Default)]
pub struct Notify(Option<Arc<Say>>);

type Say = dyn Fn(&str) + Send + Sync;

impl Notify {
    /// Says it to this function.
    pub fn new(say: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(say)))
    }

    pub(crate) fn say(&self, text: impl FnOnce() -> String) {
        if let Some(say) = &self.0 {
            say(&text());
        }
    }
}

impl fmt::Debug for Notify {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Notify")
    }
}

/// Where a library says how many bytes it has sent of how many; silent by default.
#[derive(Clone, Default)]
pub struct Progress(Option<Arc<Count>>);

struct Count {
    done: AtomicU64,
    total: AtomicU64,
    tell: Box<Tell>,
}

type Tell = dyn Fn(u64, u64) + Send + Sync;

impl Progress {
    /// Tells this function what is done and what there is to do, which grows.
    pub fn new(tell: impl Fn(u64, u64) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(Count {
            done: AtomicU64::new(0),
            total: AtomicU64::new(0),
            tell: Box::new(tell),
        })))
    }

    pub(crate) fn expect(&self, bytes: u64) {
        if let Some(count) = &self.0 {
            count.total.fetch_add(bytes, Ordering::Relaxed);
        }
    }

    pub(crate) fn sent(&self, bytes: u64) {
        if let Some(count) = &self.0 {
            let done = count.done.fetch_add(bytes, Ordering::Relaxed) + bytes;
            (count.tell)(done, count.total.load(Ordering::Relaxed));
        }
    }

    /// What was sent in vain.
    pub(crate) fn lost(&self, bytes: u64) {
        if let Some(count) = &self.0 {
            count.done.fetch_sub(bytes, Ordering::Relaxed);
        }
    }
}

impl fmt::Debug for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Progress")
    }
}

/// Why one try failed.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// The next try would end the same way.
    Fatal(Error),
    /// It may pass, after the wait that the server asked for.
    Passing(Error, Option<Duration>),
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        Self::Fatal(error)
    }
}

impl Retry {
    /// Runs `operation` until it succeeds, fails for good, or time or tries are used up.
    pub(crate) async fn run<T>(
        &self,
        notify: &Notify,
        mut operation: impl AsyncFnMut() -> Result<T, Trouble>,
    ) -> Result<T> {
        let mut failing = Failing::new(self, notify);
        loop {
            match operation().await {
                Ok(value) => return Ok(value),
                Err(Trouble::Fatal(error)) => return Err(error),
                Err(Trouble::Passing(error, asked)) => {
                    if !failing.wait(&error, asked).await {
                        return Err(error);
                    }
                }
            }
        }
    }

    /// The wait after so many tries, unless the server asked for another.
    fn wait(&self, tries: u32, asked: Option<Duration>) -> Duration {
        asked.unwrap_or_else(|| jitter(self.backoff(tries)))
    }

    fn backoff(&self, tries: u32) -> Duration {
        let doubled = 2u32.saturating_pow(tries.saturating_sub(1));
        self.first.saturating_mul(doubled).min(self.longest)
    }
}

/// An operation that fails again and again.
pub(crate) struct Failing<'a> {
    retry: &'a Retry,
    notify: &'a Notify,
    since: Option<Instant>,
    tries: u32,
}

impl<'a> Failing<'a> {
    pub(crate) fn new(retry: &'a Retry, notify: &'a Notify) -> Self {
        Self {
            retry,
            notify,
            since: None,
            tries: 0,
        }
    }

    /// Says what happened and waits for the next try; false if there is to be none.
    pub(crate) async fn wait(&mut self, error: &Error, asked: Option<Duration>) -> bool {
        self.tries += 1;
        let since = *self.since.get_or_insert_with(Instant::now);
        let wait = self.retry.wait(self.tries, asked);
        let over = since.elapsed().saturating_add(wait) > self.retry.total;
        if self.tries >= self.retry.attempts || over {
            return false;
        }
        self.notify
            .say(|| format!("{error}; trying again in {:.1} s", wait.as_secs_f32()));
        tokio::time::sleep(wait).await;
        true
    }
}

/// Between half and all of the wait, so that many clients do not come back at once. Nothing that
/// is made depends on it.
fn jitter(wait: Duration) -> Duration {
    let random = RandomState::new().hash_one(0u8) % 1000;
    let share = u32::try_from(random).expect("less than 1000");
    wait / 2 + wait / 2 * share / 1000
}

/// The wait that the server asks for: seconds, or a date that is compared with the server's own
/// `Date` (RFC 9110, 10.2.3), since its clock is the one it reckons with.
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse::<u32>() {
        return Some(Duration::from_secs(seconds.into()));
    }
    let until = DateTime::parse_from_rfc2822(text).ok()?;
    let now = DateTime::parse_from_rfc2822(headers.get(DATE)?.to_str().ok()?).ok()?;
    Some((until - now).to_std().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let pairs = pairs.iter();
        pairs
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
            .collect()
    }

    #[test]
    fn servers_ask_in_seconds_or_by_date() {
        let seconds = |s| Some(Duration::from_secs(s));
        let now = ("date", "Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(retry_after(&headers(&[("retry-after", "2")])), seconds(2));
        let later = ("retry-after", "Sun, 06 Nov 1994 08:50:07 GMT");
        assert_eq!(retry_after(&headers(&[now, later])), seconds(30));
        let earlier = ("retry-after", "Sun, 06 Nov 1994 08:00:00 GMT");
        assert_eq!(retry_after(&headers(&[now, earlier])), seconds(0));
        assert_eq!(retry_after(&headers(&[later])), None);
        assert_eq!(retry_after(&headers(&[("retry-after", "soon")])), None);
        assert_eq!(retry_after(&headers(&[])), None);
    }

    #[test]
    fn waits_double_up_to_the_longest() {
        let retry = Retry::default();
        let waits: Vec<u128> = (1..=9).map(|n| retry.backoff(n).as_millis()).collect();
        assert_eq!(
            waits,
            [250, 500, 1000, 2000, 4000, 8000, 16000, 30000, 30000]
        );
        let wait = jitter(Duration::from_secs(8));
        assert!(wait >= Duration::from_secs(4) && wait <= Duration::from_secs(8));
    }
}
