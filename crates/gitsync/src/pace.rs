//! Whether to try again, and how long to wait before.

use crate::error::{Error, ErrorKind};
use crate::sync::Options;
use std::time::{Duration, Instant};

/// What an own attempt counts for at least and at most.
const ATTEMPT: (Duration, Duration) = (Duration::from_millis(10), Duration::from_secs(10));

/// How often the wait after a lost race doubles: some dozens of writers are then so far apart that
/// few are at it at once.
const MOST_DOUBLED: u32 = 5;

/// How often a remote may refuse, or fail, in a row before that is the answer. More than once,
/// because a ref that another writer has locked looks like a refusal.
const PATIENCE: u32 = 5;

/// What to do after a trouble.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    /// The wait is over.
    Again,
    /// It has been tried often enough.
    GiveUp,
    /// The time is up.
    Late,
}

/// Waits that end before the deadline, and are spread at random.
///
/// After a lost race the wait is a random part of the time that the own attempt took, which doubles
/// with each further one: with fixed small waits every writer of N tries N times, because all come
/// back before the winner of the round is through.
pub(crate) struct Pace {
    deadline: Instant,
    /// What a first wait after a failure is about; each further one is twice as long.
    pause: Duration,
    state: u64,
    races: u32,
    in_a_row: u32,
}

impl Pace {
    pub(crate) fn new(options: &Options) -> Self {
        Self {
            deadline: Instant::now() + options.deadline,
            pause: options.pause,
            state: options.seed,
            races: 0,
            in_a_row: 0,
        }
    }

    pub(crate) fn deadline(&self) -> Instant {
        self.deadline
    }

    /// Another writer was at it: what failed so far may have had that reason.
    pub(crate) fn moved(&mut self) {
        self.in_a_row = 0;
    }

    /// Waits after an attempt that was begun at `started`, if another one makes sense.
    pub(crate) fn after(&mut self, trouble: &Error, started: Instant) -> Next {
        self.in_a_row += 1;
        if self.in_a_row >= PATIENCE {
            return Next::GiveUp;
        }
        let in_time = match trouble.kind() {
            ErrorKind::Refused => self.after_race(started.elapsed()),
            _ => self.after_failure(trouble.wait()),
        };
        if in_time { Next::Again } else { Next::Late }
    }

    /// Waits after a lost race; false if there is no time left.
    fn after_race(&mut self, attempt: Duration) -> bool {
        let factor = 1 << self.races.min(MOST_DOUBLED);
        self.races += 1;
        let part = self.random();
        let most = attempt.clamp(ATTEMPT.0, ATTEMPT.1) * factor;
        // Late is better than never.
        self.wait(most.min(self.left() / 2).mul_f64(part))
    }

    /// Waits after a failure, as long as the server asked for where it did; false if there is not
    /// that much time left.
    fn after_failure(&mut self, asked: Option<Duration>) -> bool {
        let part = self.random();
        let own = self.pause * (1 << self.in_a_row.saturating_sub(1));
        self.wait(asked.unwrap_or(own.mul_f64(0.5 + part / 2.0)))
    }

    fn wait(&self, time: Duration) -> bool {
        if time >= self.left() {
            return false;
        }
        std::thread::sleep(time);
        true
    }

    fn left(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    /// From 0 up to 1 (SplitMix64; Steele, Lea, Flood: "Fast splittable pseudorandom number
    /// generators").
    fn random(&mut self) -> f64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let bits = u32::try_from((z ^ (z >> 31)) >> 32).expect("32 bits");
        f64::from(bits) / (f64::from(u32::MAX) + 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paced(seed: u64, deadline: Duration) -> Pace {
        Pace::new(&Options {
            seed,
            deadline,
            ..Options::default()
        })
    }

    #[test]
    fn numbers_spread_and_repeat_with_the_seed() {
        let mut pace = paced(1, Duration::ZERO);
        let numbers: Vec<f64> = (0..1000).map(|_| pace.random()).collect();
        assert!(numbers.iter().all(|n| (0.0..1.0).contains(n)));
        let mean = numbers.iter().sum::<f64>() / 1000.0;
        assert!((0.45..0.55).contains(&mean), "{mean}");
        let mut again = paced(1, Duration::ZERO);
        assert!(numbers.iter().all(|n| again.random() == *n));
        assert!(paced(2, Duration::ZERO).random() != numbers[0]);
    }

    #[test]
    fn no_wait_ends_after_the_deadline() {
        let mut pace = paced(1, Duration::from_millis(50));
        let started = Instant::now();
        assert!(!pace.after_failure(Some(Duration::from_secs(60))));
        assert!(pace.after_race(Duration::from_millis(1)));
        assert!(started.elapsed() < Duration::from_secs(10));
        assert!(!paced(1, Duration::ZERO).after_race(Duration::ZERO));
    }
}
