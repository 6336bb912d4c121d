//! The decision on one Application: what it still lacks, whether it failed, whether it is done.
//! No clock and no request here: the time is an argument, and a wish to have it refreshed an answer.

use super::Options;
use super::coverage::{Cover, short};
use super::facts::{Facts, Hydration, Operation};
use std::time::Duration;

/// How long after a request to refresh the next may follow; up to half of that is added, so that
/// many Applications do not ask at once.
const AGAIN: Duration = Duration::from_secs(18);

/// How an Application stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// Something is not as it should be yet.
    Waiting {
        /// The first thing that is not.
        what: String,
        /// Whether the commit is there and synced, so that health alone is waited for.
        is_synced: bool,
    },
    /// All holds, and has for the time to settle.
    Done {
        /// What is live.
        what: String,
    },
    /// Waiting will not help.
    Failed {
        /// Why.
        what: String,
        /// The resources that it is about.
        resources: Vec<String>,
    },
}

impl State {
    fn failed(what: impl Into<String>, resources: &[String]) -> Self {
        Self::Failed {
            what: what.into(),
            resources: resources.to_vec(),
        }
    }

    /// Whether the commit is there and synced.
    #[must_use]
    pub fn is_synced(&self) -> bool {
        matches!(
            self,
            Self::Done { .. }
                | Self::Waiting {
                    is_synced: true,
                    ..
                }
        )
    }

    /// Whether all holds.
    #[must_use]
    pub fn is_done(&self) -> bool {
        matches!(self, Self::Done { .. })
    }

    /// Whether waiting will not help.
    #[must_use]
    pub fn is_failed(&self) -> bool {
        matches!(self, Self::Failed { .. })
    }
}

/// What is remembered of an Application between its versions. Times are since the beginning.
#[derive(Debug, Clone, Default)]
pub(crate) struct Track {
    /// The first revisions seen.
    first: Option<Vec<String>>,
    asked: Option<Duration>,
    /// After which comparisons it was asked for another, while none succeeds.
    asked_at: Vec<String>,
    out_of_sync: Option<Duration>,
    degraded: Option<Duration>,
    settling: Option<Duration>,
}

/// The answer on one Application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Judgement {
    pub(crate) state: State,
    /// Whether the controller should be asked to compare again.
    pub(crate) ask: bool,
    /// When the answer may change by time alone.
    pub(crate) wake: Option<Duration>,
}

/// What is asked of an Application.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Demand<'a> {
    pub(crate) options: &'a Options,
    /// Whether it is in the set because another Application deploys it.
    pub(crate) is_child: bool,
    /// Whether nobody may be asked to refresh.
    pub(crate) is_passive: bool,
    /// A number of its own, for requests not to come all at once.
    pub(crate) spread: u32,
}

/// Why a state is not reached, and what would bring it on.
struct Lack {
    what: String,
    ask: bool,
    wake: Option<Duration>,
}

enum Step {
    Lacks(Lack),
    Fails(State),
}

type Checked = Result<(), Step>;

fn lacks(what: impl Into<String>) -> Checked {
    Err(Step::Lacks(Lack {
        what: what.into(),
        ask: false,
        wake: None,
    }))
}

fn lacks_comparison(what: impl Into<String>) -> Checked {
    Err(Step::Lacks(Lack {
        what: what.into(),
        ask: true,
        wake: None,
    }))
}

fn lacks_until(what: impl Into<String>, wake: Duration) -> Checked {
    Err(Step::Lacks(Lack {
        what: what.into(),
        ask: false,
        wake: Some(wake),
    }))
}

fn fails(what: impl Into<String>, resources: &[String]) -> Checked {
    Err(Step::Fails(State::failed(what, resources)))
}

impl Track {
    pub(crate) fn judge(&mut self, facts: &Facts, demand: Demand<'_>, now: Duration) -> Judgement {
        if !facts.revisions.is_empty() {
            self.first.get_or_insert_with(|| facts.revisions.clone());
        }
        let there = self.is_live(facts, demand);
        if there.is_err() {
            self.out_of_sync = None;
        }
        let synced = there.and_then(|()| self.is_synced(facts, demand, now));
        let is_synced = synced.is_ok();
        let checked = match synced {
            Ok(()) => self.is_healthy(facts, demand, now),
            Err(step) => {
                self.degraded = None;
                Err(step)
            }
        };
        if checked.is_err() {
            self.settling = None;
        }
        match checked.and_then(|()| self.has_settled(demand, now)) {
            Ok(()) => Judgement {
                state: State::Done { what: live(facts) },
                ask: false,
                wake: None,
            },
            Err(Step::Fails(state)) => Judgement {
                state,
                ask: false,
                wake: None,
            },
            Err(Step::Lacks(lack)) => self.wait(lack, is_synced, facts, demand, now),
        }
    }

    fn wait(
        &mut self,
        lack: Lack,
        is_synced: bool,
        facts: &Facts,
        demand: Demand<'_>,
        now: Duration,
    ) -> Judgement {
        let (ask, again) = match lack.ask && !demand.is_passive {
            true => self.ask(facts, demand, now),
            false => (false, None),
        };
        Judgement {
            state: State::Waiting {
                what: lack.what,
                is_synced,
            },
            ask,
            wake: lack.wake.into_iter().chain(again).min(),
        }
    }

    /// Whether to ask now, and when to think of it next. A request may be lost where it comes while
    /// the controller compares, so it is made again for as long as it is not answered.
    fn ask(
        &mut self,
        facts: &Facts,
        demand: Demand<'_>,
        now: Duration,
    ) -> (bool, Option<Duration>) {
        let spread = AGAIN * (demand.spread % 64) / 128;
        let due = self.asked.map_or(now, |asked| asked + AGAIN + spread);
        if now < due {
            return (false, Some(due));
        }
        let is_asked = facts.awaits_refresh;
        if !is_asked {
            self.asked_at.push(facts.reconciled.clone());
        }
        self.asked = Some(now);
        (!is_asked, Some(now + AGAIN + spread))
    }

    /// Whether what was compared is the commit.
    fn is_live(&mut self, facts: &Facts, demand: Demand<'_>) -> Checked {
        if facts.is_deleted {
            return match demand.is_child {
                true => lacks("it is being removed"),
                false => fails("it is being deleted", &[]),
            };
        }
        if let Some(pin) = &facts.pinned {
            return fails(
                format!(
                    "it is pinned to `{}`, which does not have the commit",
                    short(pin)
                ),
                &[],
            );
        }
        if let Hydration::Failed(message) = &facts.hydration {
            return fails(
                format!("its manifests could not be hydrated: {message}"),
                &[],
            );
        }
        if let Operation::Failed(what, resources) = &facts.operation {
            return fails(what.clone(), resources);
        }
        if let Some(message) = &facts.sync_error {
            return fails(message.clone(), &[]);
        }
        self.is_whole(facts)?;
        if facts.sync.is_empty() {
            return lacks_comparison("it was not compared yet");
        }
        if !facts.is_compared {
            return lacks_comparison("its specification has changed and was not compared yet");
        }
        if facts.hydration == Hydration::Waiting {
            return lacks_comparison("its manifests are being hydrated");
        }
        self.has_commit(facts, demand)
    }

    /// Manifests that cannot be made for the commit will not be made by waiting. The condition may be
    /// about an older commit, so two comparisons that were asked for must have left it in place.
    fn is_whole(&mut self, facts: &Facts) -> Checked {
        let Some(message) = &facts.broken else {
            self.asked_at.clear();
            return Ok(());
        };
        let answered = |asked: &String| facts.reconciled > *asked && !facts.awaits_refresh;
        let is_lasting = match self.asked_at.as_slice() {
            [first, .., last] => *first < *last && answered(last),
            _ => false,
        };
        match is_lasting {
            true => fails(message.clone(), &[]),
            false => lacks_comparison(message.clone()),
        }
    }

    fn has_commit(&self, facts: &Facts, demand: Demand<'_>) -> Checked {
        // What a child has of other repositories its parent's commit decides.
        if demand.is_child && !facts.is_ours {
            return Ok(());
        }
        let shown: Vec<&str> = facts
            .revisions
            .iter()
            .map(|revision| short(revision))
            .collect();
        let shown = shown.join("`, `");
        let is_new = self
            .first
            .as_ref()
            .is_some_and(|first| *first != facts.revisions);
        match facts.cover {
            Some(cover) if cover.is_ours() => Ok(()),
            Some(Cover::Unknown) if demand.options.accept_newer && is_new => Ok(()),
            Some(Cover::Unknown) => {
                lacks_comparison(format!("it is at `{shown}`, which may be older or newer"))
            }
            Some(_) => lacks_comparison(format!("it is at `{shown}`")),
            None => lacks_comparison("it was not compared with any commit yet"),
        }
    }

    /// Whether the commit is what runs.
    fn is_synced(&mut self, facts: &Facts, demand: Demand<'_>, now: Duration) -> Checked {
        if let Operation::Running(what) = &facts.operation {
            self.out_of_sync = None;
            return lacks(what.clone());
        }
        // Of the same second it cannot be told which was first.
        if !facts.finished.is_empty() && !is_later(&facts.reconciled, &facts.finished) {
            return lacks_comparison("it was not compared again since its sync ended");
        }
        match facts.sync.as_str() {
            "Synced" => {
                self.out_of_sync = None;
                Ok(())
            }
            "OutOfSync" if demand.options.allow_out_of_sync => match facts.operation {
                Operation::Succeeded => Ok(()),
                _ => lacks("it is OutOfSync and no sync of the commit has succeeded"),
            },
            "OutOfSync" => self.out_of_sync(facts, demand, now),
            other => {
                self.out_of_sync = None;
                lacks_comparison(format!("its sync is {other}"))
            }
        }
    }

    fn out_of_sync(&mut self, facts: &Facts, demand: Demand<'_>, now: Duration) -> Checked {
        let since = *self.out_of_sync.get_or_insert(now);
        let Some(why) = facts.blocked else {
            return lacks("it is OutOfSync and no sync has begun; a sync window may forbid it");
        };
        let over = since + demand.options.grace;
        match now >= over {
            true => fails(format!("it is OutOfSync: {why}"), &facts.resources),
            false => lacks_until(format!("it is OutOfSync: {why}"), over),
        }
    }

    fn is_healthy(&mut self, facts: &Facts, demand: Demand<'_>, now: Duration) -> Checked {
        let colon = if facts.health_message.is_empty() {
            ""
        } else {
            ": "
        };
        let what = format!("it is {}{colon}{}", facts.health, facts.health_message);
        if facts.health != "Degraded" {
            self.degraded = None;
        }
        match facts.health.as_str() {
            "Healthy" => Ok(()),
            "Suspended" if demand.options.allow_suspended => Ok(()),
            // Pods pass through it while their image is pulled or they are started again.
            "Degraded" => {
                let over = *self.degraded.get_or_insert(now) + demand.options.grace;
                match now >= over {
                    true => fails(what, &facts.resources),
                    false => lacks_until(what, over),
                }
            }
            "" => lacks("its health is not known yet"),
            _ => lacks(what),
        }
    }

    /// Health may be of before the sync for a moment.
    fn has_settled(&mut self, demand: Demand<'_>, now: Duration) -> Checked {
        let over = *self.settling.get_or_insert(now) + demand.options.settle;
        match now >= over {
            true => Ok(()),
            false => lacks_until("it is synced and healthy, and has to stay so", over),
        }
    }
}

fn live(facts: &Facts) -> String {
    let first = facts
        .revisions
        .first()
        .map_or("", |revision| short(revision));
    match facts.cover {
        Some(Cover::Same) => format!("live at `{first}`"),
        Some(_) => format!("live, with `{first}`"),
        None => "live".to_owned(),
    }
}

/// Whether one time is later than another; false where they cannot be compared. Both are written
/// in UTC and to the second, so that they are ordered as their texts are.
fn is_later(one: &str, other: &str) -> bool {
    let is_time = |text: &str| text.len() == 20 && text.ends_with('Z');
    is_time(one) && is_time(other) && one > other
}
