//! Whatever happens in whatever order: success means that everything holds, and what holds and stays
//! is success.

use crate::play::{NEW, OLD, X, app, history, named, play};
use crate::server::{Fault, Server, Verb};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::time::Duration;
use windlass_cluster::{End, Options};

#[derive(Debug, Clone)]
enum Event {
    Revision(&'static str),
    Sync(&'static str),
    Health(&'static str),
    Wish(bool),
    Phase(&'static str, &'static str, u32),
    Reconciled(u32),
    Path(&'static str),
    Answered,
    Cut,
    Forget,
    Bookmark,
    Silent,
    Fail(Verb, Fault),
}

fn event() -> impl Strategy<Value = Event> {
    let revision = || prop::sample::select(vec![OLD, X, X, NEW]);
    let phase = prop::sample::select(vec!["Running", "Succeeded", "Succeeded", "Failed"]);
    let fault = prop::sample::select(vec![
        Fault::Cut,
        Fault::Code(503),
        Fault::Code(410),
        Fault::Gone,
        Fault::Silence,
    ]);
    let verb = prop::sample::select(vec![Verb::List, Verb::Watch, Verb::Patch]);
    prop_oneof![
        3 => revision().prop_map(Event::Revision),
        3 => prop::sample::select(vec!["Synced", "Synced", "OutOfSync", "Unknown"]).prop_map(Event::Sync),
        3 => prop::sample::select(vec!["Healthy", "Healthy", "Progressing", "Degraded", "Missing"]).prop_map(Event::Health),
        2 => any::<bool>().prop_map(Event::Wish),
        2 => (phase, revision(), 0_u32..50).prop_map(|(phase, revision, second)| Event::Phase(phase, revision, second)),
        3 => (0_u32..60).prop_map(Event::Reconciled),
        1 => prop::sample::select(vec!["shop", "other"]).prop_map(Event::Path),
        2 => Just(Event::Answered),
        1 => Just(Event::Cut),
        1 => Just(Event::Forget),
        1 => Just(Event::Bookmark),
        1 => Just(Event::Silent),
        1 => (verb, fault).prop_map(|(verb, fault)| Event::Fail(verb, fault)),
    ]
}

fn time(second: u32) -> String {
    format!("2026-01-01T00:00:{second:02}Z")
}

impl Event {
    /// What it changes of the Application.
    fn change(&self) -> Option<Value> {
        Some(match self {
            Self::Revision(revision) => json!({"status": {"sync": {"revision": revision}}}),
            Self::Sync(status) => json!({"status": {"sync": {"status": status}}}),
            Self::Health(status) => json!({"status": {"health": {"status": status}}}),
            Self::Wish(true) => json!({"operation": {"sync": {"revision": X}}}),
            Self::Wish(false) => json!({"operation": null}),
            Self::Phase(phase, revision, second) => json!({"status": {"operationState": {
                "phase": phase, "finishedAt": time(*second), "syncResult": {"revision": revision},
            }}}),
            Self::Reconciled(second) => json!({"status": {"reconciledAt": time(*second)}}),
            Self::Path(path) => json!({"spec": {"source": {"path": path}}}),
            Self::Answered => {
                json!({"metadata": {"annotations": {"argocd.argoproj.io/refresh": null}}})
            }
            _ => return None,
        })
    }

    fn happen(&self, server: &Server) {
        match self {
            Self::Cut => server.cut(),
            Self::Forget => server.forget(),
            Self::Bookmark => server.bookmark(),
            Self::Silent => std::mem::forget(server.fall_silent()),
            Self::Fail(verb, fault) => server.fail(*verb, *fault),
            other => server.merge("shop", &other.change().unwrap()),
        }
    }
}

/// Whether everything holds, as the definition has it; text comparison orders times of one minute.
fn holds(app: &Value) -> bool {
    let text = |path: &str| {
        app.pointer(path)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let finished = text("/status/operationState/finishedAt");
    let phase = text("/status/operationState/phase");
    let failed_now = phase == "Failed" && text("/status/operationState/syncResult/revision") == X;
    text("/status/sync/revision") == X
        && text("/status/sync/status") == "Synced"
        && text("/status/health/status") == "Healthy"
        && app.get("operation").is_none_or(Value::is_null)
        && phase != "Running"
        && !failed_now
        && (finished.is_empty() || text("/status/reconciledAt") > finished)
        && text("/spec/source/path") == "shop"
}

/// The Application at each second at which it changed.
fn states(events: &[(u64, Event)], first: Value) -> Vec<(u64, Value)> {
    let mut states = vec![(0, first)];
    for (second, event) in events {
        if let Some(change) = event.change() {
            let mut app = states.last().unwrap().1.clone();
            crate::server::merge(&mut app, &change);
            states.push((*second, app));
        }
    }
    states
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn success_is_never_early_and_never_missing(
        gaps in prop::collection::vec((0_u64..8, event()), 0..40),
        starts_live in any::<bool>(),
    ) {
        let mut second = 0;
        let events: Vec<(u64, Event)> = gaps.into_iter().map(|(gap, event)| { second += gap; (second, event) }).collect();
        let first = app(if starts_live { X } else { OLD });
        let states = states(&events, first.clone());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let played = runtime.block_on(async {
            let server = Server::default();
            server.put("shop", &first);
            let steps = events.iter().cloned().map(|(second, event)| crate::play::at(second, move |server| event.happen(server)));
            play(&server, &named("shop"), &Options::default(), &history(), steps.collect()).await
        });
        let outcome = played.result.unwrap();
        prop_assert!(outcome.took <= Options::default().timeout + Duration::from_secs(1), "{:?}", outcome.took);
        let ended = outcome.took;
        // What happens in the very second of the end comes before it or after it.
        let during = states.iter().rev().find(|(second, _)| Duration::from_secs(*second) < ended);
        let at_the_end = states.iter().filter(|(second, _)| Duration::from_secs(*second) == ended);
        let candidates: Vec<&Value> = during.into_iter().chain(at_the_end).map(|(_, app)| app).collect();
        match outcome.end {
            End::Live => prop_assert!(candidates.iter().any(|app| holds(app)), "{candidates:?}"),
            End::Deadline(_) => prop_assert!(!holds(&states.last().unwrap().1), "{:?}", outcome.apps),
            End::Failed => {}
        }
    }
}
