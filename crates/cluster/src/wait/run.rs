//! The waiting itself: one watch, requests to refresh, one deadline.

use super::feed::{self, Change, Trouble, feed};
use super::set::{Round, Set};
use super::track::State;
use super::{Ancestry, Apps, Options, Wish};
use crate::application::{Application, REFRESH};
use crate::error::{Error, ErrorKind, Result, chain};
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt as _, StreamExt as _};
use kube::api::{ListParams, Patch, PatchParams};
use kube::{Api, Client};
use serde_json::json;
use std::collections::VecDeque;
use std::pin::pin;
use std::time::Duration;
use tokio::time::{Instant, sleep_until, timeout, timeout_at};

/// How many requests to refresh are under way at once.
const ASKING: usize = 8;

/// How long a request to refresh may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// How many changes are taken in before anything is decided.
const AT_ONCE: usize = 256;

/// How long to wait after a look that did not confirm what the watch had said.
const DOUBT: Duration = Duration::from_secs(2);

/// What the waiting came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// How it ended.
    pub end: End,
    /// How each Application stood then, the root first, else by name.
    pub apps: Vec<(String, State)>,
    /// How long it took.
    pub took: Duration,
}

/// How the waiting ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// All that was asked for is live.
    Live,
    /// Waiting longer would not help.
    Failed,
    /// The time is up; if the cluster could not be reached then, why.
    Deadline(Option<String>),
}

/// What is told while it waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Report<'a> {
    /// How each Application stands, whenever that may have changed.
    States(&'a [(String, State)]),
    /// What does not work, and is tried again or done without.
    Trouble(&'a str),
}

/// Waits until a commit is live, or waiting does not help, or the time is up. Success is confirmed
/// by a list of its own, so that nothing that a broken connection kept back can be missed.
///
/// # Errors
/// If who asks may not read Applications, Argo CD is not there, a selector is refused, or an
/// Application that was asked for reads no source from the repository.
pub async fn wait(
    client: Client,
    wish: &Wish,
    options: &Options,
    ancestry: &dyn Ancestry,
    tell: &mut dyn FnMut(Report<'_>),
) -> Result<Outcome> {
    let began = Instant::now();
    let mut run = Run {
        api: Api::namespaced(client, &wish.namespace),
        params: params(&wish.apps),
        namespace: &wish.namespace,
        set: Set::new(wish, options, ancestry),
        began,
        deadline: began + options.timeout,
        trouble: None,
        refusals: (None, 0),
        is_passive: false,
        queue: VecDeque::new(),
        tell,
    };
    run.run().await
}

/// What narrows the list down where the server can do that.
fn params(apps: &Apps) -> ListParams {
    match apps {
        Apps::Selected(labels) => ListParams::default().labels(labels),
        Apps::Named(names) => match names.as_slice() {
            [name] => ListParams::default().fields(&format!("metadata.name={name}")),
            _ => ListParams::default(),
        },
        Apps::Root(_) => ListParams::default(),
    }
}

struct Run<'a> {
    api: Api<Application>,
    params: ListParams,
    namespace: &'a str,
    set: Set<'a>,
    began: Instant,
    deadline: Instant,
    /// Why the cluster could not be asked the last time.
    trouble: Option<String>,
    /// With which status, and how often one after another.
    refusals: (Option<u16>, u32),
    is_passive: bool,
    /// Who is to be refreshed.
    queue: VecDeque<String>,
    tell: &'a mut dyn FnMut(Report<'_>),
}

impl Run<'_> {
    async fn run(&mut self) -> Result<Outcome> {
        let mut changes = pin!(feed(self.api.clone(), self.params.clone()));
        let mut asking = FuturesUnordered::new();
        let mut doubt = None;
        loop {
            let round = self.look();
            if round.is_failed() {
                return Ok(self.end(End::Failed, round));
            }
            let is_doubted = doubt.is_some_and(|until| Instant::now() < until);
            if round.is_done() && !is_doubted {
                match self.confirm().await? {
                    Some(round) => return Ok(self.end(End::Live, round)),
                    None => doubt = Some(Instant::now() + DOUBT),
                }
            }
            while asking.len() < ASKING
                && let Some(name) = self.queue.pop_front()
            {
                asking.push(ask(self.api.clone(), name));
            }
            let wake = round.wake.map(|wake| self.began + wake);
            let wake = wake
                .into_iter()
                .chain(doubt.filter(|_| round.is_done()))
                .min();
            tokio::select! {
                biased;
                () = sleep_until(self.deadline) => {
                    let round = self.look();
                    let end = End::Deadline(self.trouble.take());
                    return Ok(self.end(end, round));
                }
                Some(refused) = asking.next(), if !asking.is_empty() => self.answered(refused),
                Some(change) = changes.next() => {
                    self.take(change)?;
                    for _ in 0..AT_ONCE {
                        match changes.next().now_or_never().flatten() {
                            Some(change) => self.take(change)?,
                            None => break,
                        }
                    }
                }
                () = sleep_until(wake.unwrap_or(self.deadline)), if wake.is_some() => {}
            }
        }
    }

    fn look(&mut self) -> Round {
        let round = self.set.look(self.began.elapsed());
        (self.tell)(Report::States(&round.states));
        self.queue.extend(round.asks.iter().cloned());
        round
    }

    fn end(&self, end: End, round: Round) -> Outcome {
        Outcome {
            end,
            apps: round.states,
            took: self.began.elapsed(),
        }
    }

    fn take(&mut self, change: Change) -> Result<()> {
        match change {
            Change::Trouble(trouble) => return self.suffer(&trouble),
            Change::Listed(apps) => self.set.list(apps),
            Change::Changed(app) => self.set.change(&app),
            Change::Gone(name) => self.set.remove(&name),
        }
        self.trouble = None;
        self.refusals = (None, 0);
        self.set.check()
    }

    /// What was seen last may be old. A list that is made now says whether it still holds.
    async fn confirm(&mut self) -> Result<Option<Round>> {
        match timeout_at(self.deadline, feed::list(&self.api, &self.params)).await {
            Err(_) => Ok(None),
            Ok(Err(trouble)) => {
                self.suffer(&trouble)?;
                Ok(None)
            }
            Ok(Ok((apps, _))) => {
                self.set.list(apps);
                self.set.check()?;
                let round = self.look();
                Ok(round.is_done().then_some(round))
            }
        }
    }

    /// Most troubles pass: a server that is started again knows neither its resources nor who may
    /// read them at first, and tokens are renewed. Those that do not pass end the waiting.
    fn suffer(&mut self, trouble: &Trouble) -> Result<()> {
        let code = trouble.code();
        let times = match self.refusals {
            (last, times) if last == code => times + 1,
            _ => 1,
        };
        self.refusals = (code, times);
        let kind = match (code, times) {
            (Some(400 | 422), _) => Some(ErrorKind::Refused),
            (Some(401), 8..) => Some(ErrorKind::Unauthorized),
            (Some(403), 3..) => Some(ErrorKind::Forbidden),
            (Some(404), 3..) => Some(ErrorKind::NotInstalled),
            _ => None,
        };
        let what = describe(trouble);
        if let Some(kind) = kind {
            return Err(refused(kind, self.namespace, &what));
        }
        let message = format!("cannot read the Applications: {what}");
        if self.trouble.as_ref() != Some(&message) {
            (self.tell)(Report::Trouble(&message));
        }
        self.trouble = Some(message);
        Ok(())
    }

    /// Without the right to ask for a refresh the controller compares by itself now and then.
    fn answered(&mut self, is_forbidden: bool) {
        if is_forbidden && !self.is_passive {
            self.is_passive = true;
            self.set.set_passive();
            self.queue.clear();
            (self.tell)(Report::Trouble(
                "not allowed to patch Applications, so nothing is refreshed; Argo CD looks by itself every few minutes",
            ));
        }
    }
}

/// Asks the controller to compare an Application with what the repository holds now. Whether that is
/// forbidden; any other failure is made good by the next request.
async fn ask(api: Api<Application>, name: String) -> bool {
    let patch = json!({"metadata": {"annotations": {REFRESH: "normal"}}});
    let params = PatchParams::default();
    let asked = timeout(
        PATIENCE,
        api.patch_metadata(&name, &params, &Patch::Merge(&patch)),
    )
    .await;
    matches!(asked, Ok(Err(kube::Error::Api(status))) if status.code == 403)
}

fn describe(trouble: &Trouble) -> String {
    match trouble {
        Trouble::Silent => "the API server does not answer".to_owned(),
        Trouble::Failed(error) => match &**error {
            kube::Error::Api(status) => {
                format!("the API server answers {}: {}", status.code, status.message)
            }
            error => chain(error),
        },
    }
}

fn refused(kind: ErrorKind, namespace: &str, what: &str) -> Error {
    let message = format!("cannot read the Applications in namespace `{namespace}`");
    let hint = match kind {
        ErrorKind::Unauthorized => "renew the credentials of the kubeconfig",
        ErrorKind::Forbidden => {
            "allow `get`, `list` and `watch` of `applications.argoproj.io` there"
        }
        ErrorKind::NotInstalled => "install Argo CD, or name another cluster with --context",
        _ => "correct the selector",
    };
    Error::new(kind, message).hint(hint).source(what.to_owned())
}
