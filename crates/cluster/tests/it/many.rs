//! Five hundred Applications at once.

use crate::play::{OLD, X, app, app_with, at, history, play, wish};
use crate::server::{Server, Verb};
use serde_json::{Value, json};
use std::fs;
use std::time::Duration;
use windlass_cluster::{Apps, End, Options};

/// The CPU time of this thread.
fn spent() -> Duration {
    let text = fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    let nanoseconds = text.split_whitespace().next().unwrap();
    Duration::from_nanos(nanoseconds.parse().unwrap())
}

/// What the process's status says of memory, in MiB.
fn memory(field: &str) -> u64 {
    let text = fs::read_to_string("/proc/self/status").unwrap();
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(field))
        .unwrap();
    line.split_whitespace()
        .next()
        .unwrap()
        .parse::<u64>()
        .unwrap()
        / 1024
}

/// An Application of twenty resources that was synced ten times, about 14 KB.
fn large(revision: &str) -> Value {
    let resource = |number: usize| {
        json!({
            "group": "apps", "version": "v1", "kind": "Deployment", "namespace": "shop", "name": format!("web-{number}"),
            "status": "Synced", "health": {"status": "Healthy"},
        })
    };
    let resources: Vec<Value> = (0..20).map(resource).collect();
    let synced: Vec<Value> = resources
        .iter()
        .cloned()
        .map(|mut resource| {
            resource["message"] = json!("deployment.apps/web configured");
            resource
        })
        .collect();
    let source = app(revision)["spec"]["source"].clone();
    let history: Vec<Value> = (0..10).map(|id| json!({"id": id, "revision": OLD, "source": source, "deployedAt": "2026-01-01T00:00:00Z"})).collect();
    let fields: serde_json::Map<String, Value> = (0..100)
        .map(|number| (format!("f:field-{number}"), json!({})))
        .collect();
    app_with(
        revision,
        json!({
            "metadata": {"managedFields": [{"manager": "argocd", "operation": "Update", "fieldsType": "FieldsV1", "fieldsV1": fields}]},
            "status": {
                "resources": resources, "history": history,
                "operationState": {
                    "phase": "Succeeded", "finishedAt": "2026-01-01T00:00:05Z",
                    "syncResult": {"revision": revision, "resources": synced},
                },
            },
        }),
    )
}

#[tokio::test(start_paused = true)]
async fn five_hundred_take_one_watch_and_little_else() {
    let server = Server::default();
    let names: Vec<String> = (0..500).map(|number| format!("app-{number:03}")).collect();
    for name in &names {
        server.put(name, &large(OLD));
    }
    server.answer_refreshes();
    let last = names.clone();
    let steps = vec![at(60, move |server: &Server| {
        for name in &last {
            server.put(name, &large(X));
        }
    })];
    let (before, held) = (spent(), memory("VmRSS:"));
    let played = play(
        &server,
        &wish(Apps::Named(names)),
        &Options::default(),
        &history(),
        steps,
    )
    .await;
    let (spent, more) = (spent() - before, memory("VmHWM:").saturating_sub(held));
    let outcome = played.result.unwrap();
    assert_eq!((outcome.end, outcome.took.as_secs()), (End::Live, 65));
    assert_eq!((server.most_watches(), server.asked(Verb::Watch)), (1, 1));
    println!("{spent:?} of CPU, the server's included; {more} MiB more than the server had");
    // Each was refreshed two or three times a minute.
    let asked = server.asked(Verb::Patch);
    assert!((1_000..=2_000).contains(&asked), "{asked}");
    assert!(more < 100, "{more} MiB");
}
