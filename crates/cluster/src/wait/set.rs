//! All Applications that are waited for, under one decision.

use super::coverage::Coverage;
use super::facts::Facts;
use super::repository;
use super::track::{Demand, Judgement, State, Track};
use super::{Ancestry, Apps, Options, Wish};
use crate::application::Application;
use crate::error::{Error, ErrorKind};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// How far Applications may deploy each other.
const DEEPEST: usize = 16;

/// What is known of every Application that was seen, and how those stand that are waited for.
#[derive(Debug)]
pub(crate) struct Set<'a> {
    wish: &'a Wish,
    options: &'a Options,
    repository: String,
    coverage: Coverage<'a>,
    seen: BTreeMap<String, Seen>,
    is_listed: bool,
    is_passive: bool,
}

#[derive(Debug, Default)]
struct Seen {
    /// Nothing where it does not exist.
    facts: Option<Facts>,
    track: Track,
    /// Nothing where it must be thought over.
    judgement: Option<Judgement>,
}

/// What a look at all of them came to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Round {
    /// How each stands, in the order of their names; the root first.
    pub(crate) states: Vec<(String, State)>,
    /// Which should be compared again.
    pub(crate) asks: Vec<String>,
    /// When to look again if nothing comes.
    pub(crate) wake: Option<Duration>,
}

impl Round {
    /// Whether all that is waited for holds.
    pub(crate) fn is_done(&self) -> bool {
        !self.states.is_empty() && self.states.iter().all(|(_, state)| state.is_done())
    }

    /// Whether waiting will not help.
    pub(crate) fn is_failed(&self) -> bool {
        self.states.iter().any(|(_, state)| state.is_failed())
    }
}

impl<'a> Set<'a> {
    pub(crate) fn new(wish: &'a Wish, options: &'a Options, ancestry: &'a dyn Ancestry) -> Self {
        Self {
            wish,
            options,
            repository: repository::plain(&wish.repository),
            coverage: Coverage::new(&wish.commit, ancestry),
            seen: BTreeMap::new(),
            is_listed: false,
            is_passive: false,
        }
    }

    /// These are all that there are.
    pub(crate) fn list(&mut self, apps: Vec<Application>) {
        let names: BTreeSet<&str> = apps.iter().map(Application::name).collect();
        let gone = self
            .seen
            .iter_mut()
            .filter(|(name, _)| !names.contains(name.as_str()));
        for (_, seen) in gone {
            *seen = Seen::default();
        }
        for app in &apps {
            self.change(app);
        }
        self.is_listed = true;
    }

    /// One came or changed.
    pub(crate) fn change(&mut self, app: &Application) {
        if let Apps::Named(names) = &self.wish.apps
            && !names.iter().any(|name| name == app.name())
        {
            return;
        }
        let facts = Facts::read(app, &self.repository, &mut self.coverage);
        let seen = self.seen.entry(app.name().to_owned()).or_default();
        seen.facts = Some(facts);
        seen.judgement = None;
    }

    /// One is gone.
    pub(crate) fn remove(&mut self, name: &str) {
        self.seen.remove(name);
    }

    /// Nobody may be asked to refresh.
    pub(crate) fn set_passive(&mut self) {
        self.is_passive = true;
        for seen in self.seen.values_mut() {
            seen.judgement = None;
        }
    }

    /// How all stand at a time, counted from the beginning.
    pub(crate) fn look(&mut self, now: Duration) -> Round {
        let mut round = Round {
            states: Vec::new(),
            asks: Vec::new(),
            wake: None,
        };
        match &self.wish.apps {
            Apps::Named(names) => {
                for name in names {
                    self.judge(name, false, now, &mut round);
                }
            }
            Apps::Selected(_) => {
                let existing = self.seen.iter().filter(|(_, seen)| seen.facts.is_some());
                let names: Vec<String> = existing.map(|(name, _)| name.clone()).collect();
                for name in &names {
                    self.judge(name, false, now, &mut round);
                }
            }
            Apps::Root(root) => self.descend(root, now, &mut round),
        }
        round
    }

    /// A root, then what it deploys as far as that is decided: the children of an Application that
    /// is not synced yet may be others than those that it will have.
    fn descend(&mut self, root: &str, now: Duration, round: &mut Round) {
        let mut met: BTreeSet<String> = BTreeSet::from([root.to_owned()]);
        let mut level = vec![root.to_owned()];
        for depth in 0..DEEPEST {
            let mut next = Vec::new();
            for name in &level {
                if !self.judge(name, depth > 0, now, round) {
                    continue;
                }
                let facts = self.seen.get(name).and_then(|seen| seen.facts.as_ref());
                let children = facts.into_iter().flat_map(|facts| &facts.children);
                next.extend(
                    children
                        .filter(|child| met.insert((*child).clone()))
                        .cloned(),
                );
            }
            level = next;
        }
    }

    /// Puts how one stands into the round. Whether it is synced at the commit.
    fn judge(&mut self, name: &str, is_child: bool, now: Duration, round: &mut Round) -> bool {
        let demand = Demand {
            options: self.options,
            is_child,
            is_passive: self.is_passive,
            spread: name.bytes().fold(7, |sum: u32, byte| {
                sum.wrapping_mul(31).wrapping_add(byte.into())
            }),
        };
        let missing = || State::Waiting {
            what: match self.is_listed {
                true => "there is no such Application yet".to_owned(),
                false => "it was not asked for yet".to_owned(),
            },
            is_synced: false,
        };
        let Some(Seen {
            facts: Some(facts),
            track,
            judgement,
        }) = self.seen.get_mut(name)
        else {
            round.states.push((name.to_owned(), missing()));
            return false;
        };
        let is_due = |last: &Judgement| last.wake.is_some_and(|wake| wake <= now);
        let judgement = match judgement.take() {
            Some(last) if !is_due(&last) => judgement.insert(Judgement { ask: false, ..last }),
            _ => judgement.insert(track.judge(facts, demand, now)),
        };
        if judgement.ask {
            round.asks.push(name.to_owned());
        }
        round.wake = round.wake.into_iter().chain(judgement.wake).min();
        round
            .states
            .push((name.to_owned(), judgement.state.clone()));
        judgement.state.is_synced()
    }

    /// An error for Applications that have nothing to do with the repository, so that there is
    /// nothing to wait for.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let is_asked = |name: &str| match &self.wish.apps {
            Apps::Named(_) | Apps::Selected(_) => true,
            Apps::Root(root) => root == name,
        };
        let is_other = |seen: &Seen| seen.facts.as_ref().is_some_and(|facts| !facts.is_ours);
        let others = self
            .seen
            .iter()
            .filter(|(name, seen)| is_asked(name) && is_other(seen));
        let names: Vec<String> = others.map(|(name, _)| format!("`{name}`")).collect();
        if names.is_empty() {
            return Ok(());
        }
        let message = format!(
            "no source of {} is the repository `{}`",
            names.join(", "),
            self.repository
        );
        let hint = "name the repository as the Application does, with --repo";
        Err(Error::new(ErrorKind::OtherRepository, message).hint(hint))
    }
}
