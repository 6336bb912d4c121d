//! What the tests share of playing a timeline: an Application, what becomes of it and when, and what
//! the waiting comes to.

use crate::server::Server;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;
use windlass_cluster::{Ancestry, Apps, End, Error, Options, Outcome, Report, State, Wish, wait};

/// The commit that is waited for, one before it and one after it.
pub(crate) const X: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
pub(crate) const OLD: &str = "0000000000000000000000000000000000000000";
pub(crate) const NEW: &str = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

/// An Application that is live at a revision.
pub(crate) fn app(revision: &str) -> Value {
    let source = json!({"repoURL": "https://git.example.com/team/repo.git", "path": "shop", "targetRevision": "develop"});
    let destination = json!({"server": "https://kubernetes.default.svc", "namespace": "shop"});
    json!({
        "metadata": {},
        "spec": {
            "project": "default", "source": source, "destination": destination,
            "syncPolicy": {"automated": {"prune": true, "selfHeal": true}},
        },
        "status": {
            "sync": {
                "status": "Synced", "revision": revision,
                "comparedTo": {"source": source, "destination": destination},
            },
            "health": {"status": "Healthy"},
            "reconciledAt": "2026-01-01T00:00:10Z",
        },
    })
}

/// An Application with changes.
pub(crate) fn app_with(revision: &str, change: Value) -> Value {
    let mut app = app(revision);
    crate::server::merge(&mut app, &change);
    app
}

pub(crate) fn wish(apps: Apps) -> Wish {
    Wish {
        commit: X.to_owned(),
        repository: "git@git.example.com:team/repo".to_owned(),
        apps,
        namespace: "argocd".to_owned(),
    }
}

pub(crate) fn named(name: &str) -> Wish {
    wish(Apps::Named(vec![name.to_owned()]))
}

/// Which revisions have the commit in their history, and which have not; of others nothing is known.
#[derive(Default)]
pub(crate) struct History {
    pub(crate) with: BTreeSet<&'static str>,
    pub(crate) without: BTreeSet<&'static str>,
}

impl Ancestry for History {
    fn includes(&self, newer: &str, older: &str) -> Option<bool> {
        assert_eq!(older, X);
        let known = self.with.contains(newer).then_some(true);
        known.or_else(|| self.without.contains(newer).then_some(false))
    }
}

/// The history of which the tests know: the old commit lacks the one that is waited for.
pub(crate) fn history() -> History {
    History {
        with: BTreeSet::new(),
        without: BTreeSet::from([OLD]),
    }
}

/// What happens at a second.
pub(crate) type Step = (u64, Box<dyn FnOnce(&Server) + Send>);

pub(crate) fn at(second: u64, act: impl FnOnce(&Server) + Send + 'static) -> Step {
    (second, Box::new(act))
}

/// At a second the Application changes, and a refresh that was asked for is taken away.
pub(crate) fn change(second: u64, change: Value) -> Step {
    at(second, move |server| {
        server.merge(
            "shop",
            &json!({"metadata": {"annotations": {"argocd.argoproj.io/refresh": null}}}),
        );
        server.merge("shop", &change);
    })
}

/// What the waiting came to, and what it said that did not work.
pub(crate) struct Played {
    pub(crate) result: Result<Outcome, Error>,
    pub(crate) troubles: Vec<String>,
}

impl Played {
    /// `live 5: …`: how it ended, after how many seconds, and what is said of each Application.
    pub(crate) fn shown(&self) -> String {
        let outcome = match &self.result {
            Ok(outcome) => outcome,
            Err(error) => return format!("{:?}: {error}", error.kind()),
        };
        let end = match &outcome.end {
            End::Live => "live",
            End::Failed => "failed",
            End::Deadline(_) => "deadline",
        };
        let apps = outcome.apps.iter().map(|(name, state)| {
            let (what, resources) = match state {
                State::Waiting { what, .. } | State::Done { what } => (what, &[][..]),
                State::Failed { what, resources } => (what, resources.as_slice()),
            };
            let resources: String = resources.iter().map(|line| format!(" [{line}]")).collect();
            format!("{name}: {what}{resources}")
        });
        let apps: Vec<String> = apps.collect();
        format!("{end} {}: {}", outcome.took.as_secs(), apps.join("; "))
    }
}

/// Plays a timeline while waiting.
pub(crate) async fn play(
    server: &Server,
    wish: &Wish,
    options: &Options,
    history: &History,
    steps: Vec<Step>,
) -> Played {
    let stage = server.clone();
    let actor = tokio::spawn(async move {
        let began = tokio::time::Instant::now();
        for (second, act) in steps {
            tokio::time::sleep_until(began + Duration::from_secs(second)).await;
            act(&stage);
        }
    });
    let mut troubles = Vec::new();
    let result = wait(
        server.client(),
        wish,
        options,
        history,
        &mut |report| match report {
            Report::Trouble(what) => troubles.push(what.to_owned()),
            Report::States(_) => {}
        },
    )
    .await;
    actor.abort();
    Played { result, troubles }
}

/// Plays what becomes of one Application, with the usual options.
pub(crate) async fn one(first: Value, steps: Vec<Step>) -> String {
    with(Options::default(), history(), first, steps).await
}

/// Plays what becomes of one Application.
pub(crate) async fn with(
    options: Options,
    history: History,
    first: Value,
    steps: Vec<Step>,
) -> String {
    let server = Server::default();
    server.put("shop", &first);
    play(&server, &named("shop"), &options, &history, steps)
        .await
        .shown()
}
