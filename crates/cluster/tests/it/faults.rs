//! Whatever goes wrong between the API server and us: no false success, and no waiting beyond the end.

use crate::play::{OLD, Played, X, app, at, history, named, play};
use crate::server::{Fault, Server, Verb};
use insta::assert_snapshot;
use serde_json::json;
use windlass_cluster::{End, Options};

async fn wait_for_shop(server: &Server, steps: Vec<crate::play::Step>) -> Played {
    play(
        server,
        &named("shop"),
        &Options::default(),
        &history(),
        steps,
    )
    .await
}

fn server(revision: &str) -> Server {
    let server = Server::default();
    server.put("shop", &app(revision));
    server
}

fn degraded() -> serde_json::Value {
    json!({"status": {"health": {"status": "Degraded", "message": "down"}}})
}

#[tokio::test(start_paused = true)]
async fn without_the_right_to_refresh_it_waits_and_says_so_once() {
    let server = server(OLD);
    for _ in 0..5 {
        server.fail(Verb::Patch, Fault::Code(403));
    }
    let steps = vec![at(200, |server: &Server| server.put("shop", &app(X)))];
    let played = wait_for_shop(&server, steps).await;
    assert_snapshot!(played.shown(), @"live 205: shop: live at `aaaaaaa`");
    assert_eq!(server.asked(Verb::Patch), 1);
    assert_snapshot!(played.troubles.join("\n"), @"not allowed to patch Applications, so nothing is refreshed; Argo CD looks by itself every few minutes");
}

#[tokio::test(start_paused = true)]
async fn a_refresh_that_cannot_be_asked_for_is_asked_for_again() {
    let server = server(OLD);
    for fault in [
        Fault::Code(500),
        Fault::Code(429),
        Fault::Cut,
        Fault::Silence,
    ] {
        server.fail(Verb::Patch, fault);
    }
    let steps = vec![at(140, |server: &Server| {
        assert!(server.is_refresh_asked("shop"));
        server.put("shop", &app(X));
    })];
    let played = wait_for_shop(&server, steps).await;
    assert_snapshot!(played.shown(), @"live 145: shop: live at `aaaaaaa`");
    assert!(played.troubles.is_empty(), "{:?}", played.troubles);
}

#[tokio::test(start_paused = true)]
async fn troubles_that_pass() {
    for verb in [Verb::List, Verb::Watch] {
        for fault in [
            Fault::Code(429),
            Fault::Code(500),
            Fault::Code(503),
            Fault::Code(401),
            Fault::Cut,
        ] {
            let server = server(OLD);
            server.fail(verb, fault);
            server.fail(verb, fault);
            let steps = vec![at(20, |server: &Server| server.put("shop", &app(X)))];
            let played = wait_for_shop(&server, steps).await;
            assert_eq!(
                played.shown(),
                "live 25: shop: live at `aaaaaaa`",
                "{verb:?} {fault:?}"
            );
            assert_eq!(played.troubles.len(), 1, "{:?}", played.troubles);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn troubles_that_do_not() {
    for (code, times) in [(401, 8), (403, 3), (404, 3), (400, 1), (422, 1)] {
        let server = server(X);
        for _ in 0..times {
            server.fail(Verb::List, Fault::Code(code));
        }
        let played = wait_for_shop(&server, vec![]).await;
        let error = played.result.unwrap_err();
        let chain = std::error::Error::source(&error).unwrap();
        let shown = format!("{code} {:?} {error}: {chain}", error.kind());
        match code {
            401 => {
                assert_snapshot!(shown, @"401 Unauthorized cannot read the Applications in namespace `argocd`: the API server answers 401: by script")
            }
            403 => {
                assert_snapshot!(shown, @"403 Forbidden cannot read the Applications in namespace `argocd`: the API server answers 403: by script")
            }
            404 => {
                assert_snapshot!(shown, @"404 NotInstalled cannot read the Applications in namespace `argocd`: the API server answers 404: by script")
            }
            400 => {
                assert_snapshot!(shown, @"400 Refused cannot read the Applications in namespace `argocd`: the API server answers 400: by script")
            }
            _ => {
                assert_snapshot!(shown, @"422 Refused cannot read the Applications in namespace `argocd`: the API server answers 422: by script")
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_watch_whose_version_is_gone_begins_again() {
    let server = server(OLD);
    server.fail(Verb::Watch, Fault::Gone);
    let steps = vec![
        at(5, |server: &Server| {
            server.cut();
            server.put("shop", &app(X));
            server.forget();
        }),
        at(9, |server: &Server| {
            assert!(
                server.asked(Verb::List) >= 3,
                "{}",
                server.asked(Verb::List)
            )
        }),
    ];
    let played = wait_for_shop(&server, steps).await;
    assert_snapshot!(played.shown(), @"live 12: shop: live at `aaaaaaa`");
}

#[tokio::test(start_paused = true)]
async fn what_changed_while_the_connection_was_broken_is_not_missed() {
    let server = server(OLD);
    let steps = vec![at(5, |server: &Server| {
        server.cut();
        server.put("shop", &app(X));
    })];
    let played = wait_for_shop(&server, steps).await;
    assert_snapshot!(played.shown(), @"live 11: shop: live at `aaaaaaa`");
    assert_eq!(server.most_watches(), 1);
}

#[tokio::test(start_paused = true)]
async fn bookmarks_move_the_place_to_go_on_from() {
    let server = server(OLD);
    let steps = vec![
        at(5, |server: &Server| {
            server.bookmark();
            server.forget();
        }),
        at(6, |server: &Server| server.cut()),
        at(20, |server: &Server| server.put("shop", &app(X))),
    ];
    let played = wait_for_shop(&server, steps).await;
    assert_snapshot!(played.shown(), @"live 25: shop: live at `aaaaaaa`");
    // One at the beginning and one to confirm: the bookmark spared the third.
    assert_eq!(server.asked(Verb::List), 2);
}

#[tokio::test(start_paused = true)]
async fn a_watch_that_falls_silent_is_no_reason_to_succeed() {
    let server = server(X);
    let steps = vec![at(2, |server: &Server| {
        std::mem::forget(server.fall_silent());
        server.merge("shop", &degraded());
    })];
    let played = wait_for_shop(&server, steps).await;
    assert_snapshot!(played.shown(), @"failed 35: shop: it is Degraded: down");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_starts_again() {
    let server = server(OLD);
    let steps = vec![
        at(5, |server: &Server| server.set_down(true)),
        at(30, |server: &Server| server.put("shop", &app(X))),
        at(60, |server: &Server| {
            // It does not know its resources yet, nor who may read them.
            for code in [404, 403, 503] {
                server.fail(Verb::Watch, Fault::Code(code));
            }
            server.set_down(false);
        }),
    ];
    let played = wait_for_shop(&server, steps).await;
    assert!(
        played.shown().ends_with(": shop: live at `aaaaaaa`"),
        "{}",
        played.shown()
    );
    assert!(played.result.unwrap().took.as_secs() < 150);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_stays_away_does_not_hold_us_beyond_the_deadline() {
    let server = server(X);
    let steps = vec![at(2, |server: &Server| server.set_down(true))];
    let played = wait_for_shop(&server, steps).await;
    let outcome = played.result.unwrap();
    assert_eq!(outcome.took.as_secs(), 600);
    assert!(
        matches!(outcome.end, End::Deadline(Some(_))),
        "{:?}",
        outcome.end
    );
    let server = Server::default();
    for _ in 0..50 {
        server.fail(Verb::List, Fault::Silence);
    }
    let played = wait_for_shop(&server, vec![]).await;
    assert_snapshot!(played.shown(), @"deadline 600: shop: it was not asked for yet");
    assert_eq!(
        played.troubles,
        ["cannot read the Applications: the API server does not answer"]
    );
}

#[tokio::test(start_paused = true)]
async fn success_has_to_be_confirmed() {
    let server = server(X);
    let steps = vec![at(4, |server: &Server| {
        server.fail(Verb::List, Fault::Cut);
        server.fail(Verb::List, Fault::Code(503));
    })];
    let played = wait_for_shop(&server, steps).await;
    assert_snapshot!(played.shown(), @"live 9: shop: live at `aaaaaaa`");
}
