//! Every rule of when a commit is live, and every way to be wrong about it.

use crate::play::{
    History, NEW, OLD, X, app, app_with, at, change, history, named, one, play, with,
};
use crate::server::{Server, Verb};
use insta::assert_snapshot;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use windlass_cluster::Options;

/// A change of what is compared.
fn compared(revision: &str) -> Value {
    json!({"status": {"sync": {"revision": revision}, "reconciledAt": "2026-01-01T00:01:00Z"}})
}

fn operation(phase: &str, revision: &str, finished: Option<&str>) -> Value {
    json!({"status": {"operationState": {
        "phase": phase, "message": "as the cluster says", "finishedAt": finished,
        "operation": {"sync": {"revision": revision}},
        "syncResult": {"revision": revision, "resources": [
            {"kind": "Deployment", "namespace": "shop", "name": "web", "status": "SyncFailed", "message": "denied"},
            {"kind": "Job", "namespace": "shop", "name": "migrate", "status": "Synced", "hookPhase": "Failed", "message": "exit 1"},
            {"kind": "Service", "namespace": "shop", "name": "web", "status": "Synced", "message": "fine"},
        ]},
    }}})
}

const EARLY: Option<&str> = Some("2026-01-01T00:00:05Z");

#[tokio::test(start_paused = true)]
async fn what_is_live_already_is_live_after_it_settled() {
    assert_snapshot!(one(app(X), vec![]).await, @"live 5: shop: live at `aaaaaaa`");
}

#[tokio::test(start_paused = true)]
async fn a_refresh_that_was_lost_is_asked_for_again() {
    let server = Server::default();
    server.put("shop", &app(OLD));
    let steps = vec![
        at(1, |server| assert!(server.is_refresh_asked("shop"))),
        // The controller takes the request away with a comparison that it had begun before.
        change(
            3,
            json!({"status": {"reconciledAt": "2026-01-01T00:00:20Z"}}),
        ),
        at(17, |server| assert!(!server.is_refresh_asked("shop"))),
        at(30, |server| assert!(server.is_refresh_asked("shop"))),
        change(40, compared(X)),
    ];
    let played = play(
        &server,
        &named("shop"),
        &Options::default(),
        &history(),
        steps,
    )
    .await;
    assert_snapshot!(played.shown(), @"live 45: shop: live at `aaaaaaa`");
    assert_eq!(server.asked(Verb::Patch), 2);
}

#[tokio::test(start_paused = true)]
async fn a_request_that_waits_is_not_made_again() {
    let server = Server::default();
    server.put("shop", &app(OLD));
    let played = play(
        &server,
        &named("shop"),
        &Options::default(),
        &history(),
        vec![],
    )
    .await;
    assert_snapshot!(played.shown(), @"deadline 600: shop: it is at `0000000`");
    assert_eq!(server.asked(Verb::Patch), 1);
}

#[tokio::test(start_paused = true)]
async fn health_of_before_the_end_of_the_sync_does_not_count() {
    let mut first = app(X);
    crate::server::merge(
        &mut first,
        &operation("Succeeded", X, Some("2026-01-01T00:00:20Z")),
    );
    let reconciled =
        |second| json!({"status": {"reconciledAt": format!("2026-01-01T00:00:{second}Z")}});
    // Of the same second it cannot be told which came first.
    let steps = vec![change(10, reconciled(20)), change(20, reconciled(21))];
    assert_snapshot!(one(first, steps).await, @"live 25: shop: live at `aaaaaaa`");
}

#[tokio::test(start_paused = true)]
async fn times_that_cannot_be_read_are_not_success() {
    for (finished, reconciled) in [
        ("soon", "2026-01-01T00:00:21Z"),
        ("2026-01-01T00:00:20Z", ""),
    ] {
        let mut first = app_with(X, json!({"status": {"reconciledAt": reconciled}}));
        crate::server::merge(&mut first, &operation("Succeeded", X, Some(finished)));
        let shown = one(first, vec![]).await;
        assert!(
            shown.starts_with("deadline 600: shop: it was not compared again since its sync ended"),
            "{shown}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn operations() {
    let failed = |phase, revision| app_with(X, operation(phase, revision, EARLY));
    assert_snapshot!(one(failed("Failed", X), vec![]).await, @"failed 0: shop: the sync of `aaaaaaa` failed: as the cluster says [Deployment shop/web: denied] [Job shop/migrate: exit 1]");
    assert_snapshot!(one(failed("Error", X), vec![]).await, @"failed 0: shop: the sync of `aaaaaaa` failed: as the cluster says [Deployment shop/web: denied] [Job shop/migrate: exit 1]");
    // Of another revision: that is not what is waited for.
    assert_snapshot!(one(failed("Failed", OLD), vec![]).await, @"live 5: shop: live at `aaaaaaa`");
    // Nothing but the wish is known of a sync that failed early.
    let mut early = failed("Failed", X);
    crate::server::merge(
        &mut early,
        &json!({"status": {"operationState": {"syncResult": null}}}),
    );
    assert_snapshot!(one(early, vec![]).await, @"failed 0: shop: the sync of `aaaaaaa` failed: as the cluster says");
    // Something newer was compared since.
    let superseded = app_with(NEW, operation("Failed", X, EARLY));
    let history = || History {
        with: BTreeSet::from([NEW]),
        without: BTreeSet::new(),
    };
    assert_snapshot!(with(Options::default(), history(), superseded, vec![]).await, @"live 5: shop: live, with `bbbbbbb`");
    // A newer one that failed has the commit in it.
    let newer = app_with(NEW, operation("Failed", NEW, EARLY));
    assert_snapshot!(with(Options::default(), history(), newer, vec![]).await, @"failed 0: shop: the sync of `bbbbbbb` failed: as the cluster says [Deployment shop/web: denied] [Job shop/migrate: exit 1]");
}

#[tokio::test(start_paused = true)]
async fn an_operation_under_way_is_waited_for() {
    let asked = app_with(X, json!({"operation": {"sync": {"revision": X}}}));
    let over = json!({"operation": null});
    assert_snapshot!(one(asked.clone(), vec![change(10, over)]).await, @"live 15: shop: live at `aaaaaaa`");
    // The controller is gone and leaves it there.
    assert_snapshot!(one(asked, vec![]).await, @"deadline 600: shop: a sync is running");
    // It waits to try again, which has an end already.
    let retries = app_with(X, operation("Running", X, EARLY));
    let retries = {
        let mut app = retries;
        crate::server::merge(
            &mut app,
            &json!({"status": {"operationState": {"retryCount": 2}}}),
        );
        app
    };
    assert_snapshot!(one(retries, vec![]).await, @"deadline 600: shop: a sync is running, retry 2: as the cluster says");
    let terminating = app_with(X, operation("Terminating", X, None));
    let done = operation("Succeeded", X, EARLY);
    assert_snapshot!(one(terminating, vec![change(12, done)]).await, @"live 17: shop: live at `aaaaaaa`");
}

#[tokio::test(start_paused = true)]
async fn revisions() {
    let newer = || History {
        with: BTreeSet::from([NEW]),
        without: BTreeSet::from([OLD]),
    };
    assert_snapshot!(with(Options::default(), newer(), app(NEW), vec![]).await, @"live 5: shop: live, with `bbbbbbb`");
    // Nothing is known of its history.
    assert_snapshot!(one(app(NEW), vec![]).await, @"deadline 600: shop: it is at `bbbbbbb`, which may be older or newer");
    let accept = Options {
        accept_newer: true,
        ..Options::default()
    };
    // It was there at the beginning, so it may well be older.
    assert_snapshot!(with(accept.clone(), history(), app(NEW), vec![]).await, @"deadline 600: shop: it is at `bbbbbbb`, which may be older or newer");
    assert_snapshot!(with(accept.clone(), history(), app(OLD), vec![change(10, compared(NEW))]).await, @"live 15: shop: live, with `bbbbbbb`");
    // It is known to be older, whatever is accepted.
    assert_snapshot!(with(accept, history(), app(NEW), vec![change(10, compared(OLD))]).await, @"deadline 600: shop: it is at `0000000`");
    let none = json!({"status": {"sync": {"revision": null}}});
    assert_snapshot!(one(app_with(X, none), vec![]).await, @"deadline 600: shop: it was not compared with any commit yet");
}

#[tokio::test(start_paused = true)]
async fn a_pinned_revision_will_not_move() {
    let target = |revision: &str| json!({"spec": {"source": {"targetRevision": revision}}});
    assert_snapshot!(one(app_with(OLD, target(OLD)), vec![]).await, @"failed 0: shop: it is pinned to `0000000`, which does not have the commit");
    let mut at = app_with(X, target(X));
    at["status"]["sync"]["comparedTo"]["source"]["targetRevision"] = json!(X);
    assert_snapshot!(one(at, vec![]).await, @"live 5: shop: live at `aaaaaaa`");
}

#[tokio::test(start_paused = true)]
async fn a_status_of_another_specification_does_not_count() {
    let moved = app_with(X, json!({"spec": {"source": {"path": "other"}}}));
    let compared = json!({"status": {"sync": {"comparedTo": {"source": {"path": "other"}}}}});
    assert_snapshot!(one(moved.clone(), vec![]).await, @"deadline 600: shop: its specification has changed and was not compared yet");
    assert_snapshot!(one(moved, vec![change(7, compared)]).await, @"live 12: shop: live at `aaaaaaa`");
    let elsewhere = app_with(X, json!({"spec": {"destination": {"namespace": "other"}}}));
    assert_snapshot!(one(elsewhere, vec![]).await, @"deadline 600: shop: its specification has changed and was not compared yet");
    // What the user wrote and the controller leaves out is no difference.
    let written = json!({"spec": {"source": {"directory": {"recurse": false}}, "destination": {"name": "in-cluster"}}});
    assert_snapshot!(one(app_with(X, written), vec![]).await, @"live 5: shop: live at `aaaaaaa`");
}

#[tokio::test(start_paused = true)]
async fn several_sources() {
    let chart = json!({"repoURL": "https://charts.example.com", "chart": "redis", "targetRevision": "1.0.0"});
    let ours =
        json!({"repoURL": "ssh://git@git.example.com/team/repo.git", "targetRevision": "develop"});
    let sources = json!([chart, ours]);
    let several = |revisions: Value| {
        app_with(
            X,
            json!({
                "spec": {"source": null, "sources": sources},
                "status": {"sync": {"revision": null, "revisions": revisions, "comparedTo": {"source": {"repoURL": ""}, "sources": sources}}},
            }),
        )
    };
    assert_snapshot!(one(several(json!(["1.0.0", X])), vec![]).await, @"live 5: shop: live at `aaaaaaa`");
    assert_snapshot!(one(several(json!([X, OLD])), vec![]).await, @"deadline 600: shop: it is at `0000000`");
    assert_snapshot!(one(several(json!(["1.0.0"])), vec![]).await, @"deadline 600: shop: it was not compared with any commit yet");
    let other = app_with(X, json!({"spec": {"source": {"chart": "web"}}}));
    assert_snapshot!(one(other, vec![]).await, @"OtherRepository: no source of `shop` is the repository `git.example.com/team/repo`");
    let oci = app_with(
        X,
        json!({"spec": {"source": {"repoURL": "oci://git.example.com/team/repo"}}}),
    );
    assert_snapshot!(one(oci, vec![]).await, @"OtherRepository: no source of `shop` is the repository `git.example.com/team/repo`");
}

#[tokio::test(start_paused = true)]
async fn hydrated_manifests() {
    const HYDRATED: &str = "cccccccccccccccccccccccccccccccccccccccc";
    let hydrated = |dry: &str, synced: &str, current: Value| {
        app_with(
            synced,
            json!({
                "spec": {"source": null, "sourceHydrator": {
                    "drySource": {"repoURL": "https://git.example.com/team/repo", "path": "shop", "targetRevision": "develop"},
                    "syncSource": {"targetBranch": "env/dev", "path": "shop"},
                }},
                "status": {
                    "sync": {"comparedTo": {"source": {"path": "shop", "targetRevision": "env/dev"}}},
                    "sourceHydrator": {
                        "currentOperation": current,
                        "lastSuccessfulOperation": {"drySHA": dry, "hydratedSHA": HYDRATED},
                    },
                },
            }),
        )
    };
    let done = || json!({"phase": "Hydrated", "drySHA": X});
    assert_snapshot!(one(hydrated(X, HYDRATED, done()), vec![]).await, @"live 5: shop: live, with `ccccccc`");
    assert_snapshot!(one(hydrated(X, NEW, done()), vec![]).await, @"deadline 600: shop: its manifests are being hydrated");
    assert_snapshot!(one(hydrated(OLD, HYDRATED, done()), vec![]).await, @"deadline 600: shop: it is at `ccccccc`");
    let failed = json!({"phase": "Failed", "drySHA": X, "message": "no such path"});
    assert_snapshot!(one(hydrated(OLD, HYDRATED, failed), vec![]).await, @"failed 0: shop: its manifests could not be hydrated: no such path");
    // A sync of what was made of the commit is a sync of the commit.
    let mut broken = hydrated(X, HYDRATED, done());
    crate::server::merge(&mut broken, &operation("Failed", HYDRATED, EARLY));
    assert_snapshot!(one(broken, vec![]).await, @"failed 0: shop: the sync of `ccccccc` failed: as the cluster says [Deployment shop/web: denied] [Job shop/migrate: exit 1]");
}

#[tokio::test(start_paused = true)]
async fn conditions() {
    let condition = |kind: &str, message: &str| json!({"status": {"conditions": [{"type": kind, "message": message}]}});
    let sync_error = |revision: &str| {
        condition(
            "SyncError",
            &format!("Failed last sync attempt to {revision}: denied"),
        )
    };
    assert_snapshot!(one(app_with(X, sync_error(X)), vec![]).await, @"failed 0: shop: Failed last sync attempt to aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa: denied");
    assert_snapshot!(one(app_with(X, sync_error(OLD)), vec![]).await, @"live 5: shop: live at `aaaaaaa`");
    // No manifests could be made of the old commit; of the new one they can.
    let broken = || {
        let mut app = app_with(OLD, condition("ComparisonError", "no such file"));
        app["status"]["sync"]["status"] = json!("Unknown");
        app
    };
    let reconciled =
        |time: &str| json!({"status": {"reconciledAt": format!("2026-01-01T00:{time}Z")}});
    let good = json!({"status": {"conditions": null, "reconciledAt": "2026-01-01T00:01:00Z", "sync": {"revision": X, "status": "Synced"}}});
    assert_snapshot!(one(broken(), vec![change(3, reconciled("00:20")), change(28, good)]).await, @"live 33: shop: live at `aaaaaaa`");
    // Of the new one they cannot either: two comparisons that were asked for say so.
    let lasting = vec![
        change(3, reconciled("00:20")),
        change(28, reconciled("00:40")),
        change(50, reconciled("01:00")),
    ];
    assert_snapshot!(one(broken(), lasting).await, @"failed 28: shop: ComparisonError: no such file");
    // Nobody compares.
    assert_snapshot!(one(broken(), vec![]).await, @"deadline 600: shop: ComparisonError: no such file");
    let warning = condition("SharedResourceWarning", "whatever");
    assert_snapshot!(one(app_with(X, warning), vec![]).await, @"live 5: shop: live at `aaaaaaa`");
}

#[tokio::test(start_paused = true)]
async fn out_of_sync() {
    let out = |change: Value| {
        let mut app = app_with(X, json!({"status": {"sync": {"status": "OutOfSync"}}}));
        crate::server::merge(&mut app, &change);
        app
    };
    let manual = json!({"spec": {"syncPolicy": null}});
    assert_snapshot!(one(out(manual), vec![]).await, @"failed 30: shop: it is OutOfSync: its automated sync is off, so somebody has to sync it");
    let disabled = json!({"spec": {"syncPolicy": {"automated": {"enabled": false}}}});
    assert_snapshot!(one(out(disabled.clone()), vec![]).await, @"failed 30: shop: it is OutOfSync: its automated sync is off, so somebody has to sync it");
    // Somebody does it by hand in time.
    let synced = json!({"status": {"sync": {"status": "Synced"}}});
    assert_snapshot!(one(out(disabled), vec![change(20, synced)]).await, @"live 25: shop: live at `aaaaaaa`");
    let resource = |name: &str, status: &str, prune: bool| json!({"kind": "ConfigMap", "namespace": "shop", "name": name, "status": status, "requiresPruning": prune});
    let prune = json!({
        "spec": {"syncPolicy": {"automated": {"prune": false}}},
        "status": {"resources": [resource("old", "OutOfSync", true), resource("new", "Synced", false)]},
    });
    assert_snapshot!(one(out(prune), vec![]).await, @"failed 30: shop: it is OutOfSync: only what is to be removed is left, and `prune` is off [ConfigMap shop/old is OutOfSync]");
    let empty = json!({"status": {"resources": [resource("old", "OutOfSync", true)]}});
    assert_snapshot!(one(out(empty), vec![]).await, @"failed 30: shop: it is OutOfSync: a sync would remove all that it has, and `allowEmpty` is off [ConfigMap shop/old is OutOfSync]");
    let mut drifted = out(json!({"spec": {"syncPolicy": {"automated": {"selfHeal": false}}}}));
    crate::server::merge(&mut drifted, &operation("Succeeded", X, EARLY));
    assert_snapshot!(one(drifted, vec![]).await, @"failed 30: shop: it is OutOfSync: something changed it after its sync, and `selfHeal` is off");
    // Nothing says why.
    assert_snapshot!(one(out(json!({})), vec![]).await, @"deadline 600: shop: it is OutOfSync and no sync has begun; a sync window may forbid it");
    let allow = || Options {
        allow_out_of_sync: true,
        ..Options::default()
    };
    assert_snapshot!(with(allow(), history(), out(json!({})), vec![]).await, @"deadline 600: shop: it is OutOfSync and no sync of the commit has succeeded");
    assert_snapshot!(with(allow(), history(), out(operation("Succeeded", OLD, EARLY)), vec![]).await, @"deadline 600: shop: it is OutOfSync and no sync of the commit has succeeded");
    assert_snapshot!(with(allow(), history(), out(operation("Succeeded", X, EARLY)), vec![]).await, @"live 5: shop: live at `aaaaaaa`");
}

#[tokio::test(start_paused = true)]
async fn unknown_then_synced() {
    let first = app_with(X, json!({"status": {"sync": {"status": "Unknown"}}}));
    let synced = json!({"status": {"sync": {"status": "Synced"}}});
    assert_snapshot!(one(first, vec![change(9, synced)]).await, @"live 14: shop: live at `aaaaaaa`");
    assert_snapshot!(one(app_with(X, json!({"status": null})), vec![]).await, @"deadline 600: shop: it was not compared yet");
}

#[tokio::test(start_paused = true)]
async fn health() {
    let health =
        |status: &str| json!({"status": {"health": {"status": status, "message": "as it says"}}});
    let web = json!([{"kind": "Deployment", "namespace": "shop", "name": "web", "status": "Synced",
        "health": {"status": "Degraded", "message": "exceeded its progress deadline"}}]);
    let mut degraded = app_with(X, health("Degraded"));
    degraded["status"]["resources"] = web;
    assert_snapshot!(one(degraded.clone(), vec![]).await, @"failed 30: shop: it is Degraded: as it says [Deployment shop/web is Degraded: exceeded its progress deadline]");
    // It passes through it.
    assert_snapshot!(one(degraded.clone(), vec![change(29, health("Healthy"))]).await, @"live 34: shop: live at `aaaaaaa`");
    // Twice, neither time for long.
    let flaps = vec![
        change(20, health("Progressing")),
        change(25, health("Degraded")),
        change(50, health("Healthy")),
    ];
    assert_snapshot!(one(degraded, flaps).await, @"live 55: shop: live at `aaaaaaa`");
    for status in ["Progressing", "Missing", "Unknown", "Suspended"] {
        let shown = one(app_with(X, health(status)), vec![]).await;
        assert_eq!(
            shown,
            format!("deadline 600: shop: it is {status}: as it says")
        );
    }
    let allow = Options {
        allow_suspended: true,
        ..Options::default()
    };
    assert_snapshot!(with(allow, history(), app_with(X, health("Suspended")), vec![]).await, @"live 5: shop: live at `aaaaaaa`");
    let none = json!({"status": {"health": null}});
    assert_snapshot!(one(app_with(X, none), vec![]).await, @"deadline 600: shop: its health is not known yet");
    // What was healthy at the old commit is degraded for a moment, and that is not held against the new one.
    let steps = vec![
        change(5, health("Degraded")),
        change(100, compared(X)),
        change(110, health("Healthy")),
    ];
    assert_snapshot!(one(app(OLD), steps).await, @"live 115: shop: live at `aaaaaaa`");
}

#[tokio::test(start_paused = true)]
async fn what_does_not_stay_so_has_to_settle_again() {
    let health = |status: &str| json!({"status": {"health": {"status": status}}});
    let steps = vec![
        change(4, health("Progressing")),
        change(6, health("Healthy")),
        change(10, health("Progressing")),
        change(12, health("Healthy")),
    ];
    assert_snapshot!(one(app(X), steps).await, @"live 17: shop: live at `aaaaaaa`");
}

#[tokio::test(start_paused = true)]
async fn what_is_not_there() {
    let server = Server::default();
    let steps = vec![at(20, |server: &Server| server.put("shop", &app(X)))];
    let played = play(
        &server,
        &named("shop"),
        &Options::default(),
        &history(),
        steps,
    )
    .await;
    assert_snapshot!(played.shown(), @"live 25: shop: live at `aaaaaaa`");
    let steps = vec![at(2, |server: &Server| server.remove("shop"))];
    let played = play(
        &server,
        &named("shop"),
        &Options::default(),
        &history(),
        steps,
    )
    .await;
    assert_snapshot!(played.shown(), @"deadline 600: shop: there is no such Application yet");
    let deleted = app_with(
        X,
        json!({"metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"}}),
    );
    assert_snapshot!(one(deleted, vec![]).await, @"failed 0: shop: it is being deleted");
}
