//! Several Applications: by name, by label, and those that one deploys.

use crate::play::{OLD, X, app, app_with, at, history, play, wish};
use crate::server::{Server, Verb};
use insta::assert_snapshot;
use serde_json::{Value, json};
use windlass_cluster::{Apps, Options};

async fn wait_for(server: &Server, apps: Apps, steps: Vec<crate::play::Step>) -> String {
    play(server, &wish(apps), &Options::default(), &history(), steps)
        .await
        .shown()
}

fn root(revision: &str, children: &[&str]) -> Value {
    let child = |name: &&str| json!({"group": "argoproj.io", "kind": "Application", "namespace": "argocd", "name": name, "status": "Synced"});
    let mut resources: Vec<Value> = children.iter().map(child).collect();
    resources.push(json!({"kind": "ConfigMap", "name": "no-app", "status": "Synced"}));
    app_with(revision, json!({"status": {"resources": resources}}))
}

fn by_root() -> Apps {
    Apps::Root("root".to_owned())
}

#[tokio::test(start_paused = true)]
async fn names_are_waited_for_together() {
    let server = Server::default();
    server.put("cart", &app(X));
    server.put("shop", &app(OLD));
    server.put("other", &app(OLD));
    let names = || Apps::Named(vec!["shop".to_owned(), "cart".to_owned()]);
    let steps = vec![
        at(10, |server: &Server| server.put("shop", &app(X))),
        // What was live does not stay so.
        at(12, |server: &Server| {
            server.merge(
                "cart",
                &json!({"status": {"health": {"status": "Progressing"}}}),
            )
        }),
        at(30, |server: &Server| server.put("cart", &app(X))),
    ];
    assert_snapshot!(wait_for(&server, names(), steps).await, @"live 35: shop: live at `aaaaaaa`; cart: live at `aaaaaaa`");
    assert_eq!(server.most_watches(), 1);
    server.put(
        "cart",
        &app_with(
            X,
            json!({"metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"}}),
        ),
    );
    assert_snapshot!(wait_for(&server, names(), vec![]).await, @"failed 0: shop: it is synced and healthy, and has to stay so; cart: it is being deleted");
}

#[tokio::test(start_paused = true)]
async fn labels() {
    let server = Server::default();
    let labelled = |revision| app_with(revision, json!({"metadata": {"labels": {"env": "dev"}}}));
    let selected = || Apps::Selected("env=dev".to_owned());
    assert_snapshot!(wait_for(&server, selected(), vec![]).await, @"deadline 600:");
    server.put("cart", &labelled(OLD));
    server.put("shop", &labelled(X));
    server.put("other", &app(OLD));
    // One that goes is not waited for any more.
    let steps = vec![at(15, |server: &Server| server.remove("cart"))];
    assert_snapshot!(wait_for(&server, selected(), steps).await, @"live 15: shop: live at `aaaaaaa`");
}

#[tokio::test(start_paused = true)]
async fn a_root_and_its_children() {
    let server = Server::default();
    server.put("root", &root(OLD, &["gone", "shop"]));
    server.put("gone", &app(OLD));
    server.put("shop", &app(OLD));
    server.put("stranger", &app(OLD));
    let steps = vec![
        // The commit adds one and removes one.
        at(10, |server: &Server| {
            server.put("root", &root(X, &["new", "shop"]))
        }),
        at(12, |server: &Server| {
            server.merge(
                "gone",
                &json!({"metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"}}),
            )
        }),
        at(20, |server: &Server| server.remove("gone")),
        at(30, |server: &Server| server.put("new", &app(X))),
        at(40, |server: &Server| server.put("shop", &app(X))),
    ];
    assert_snapshot!(wait_for(&server, by_root(), steps).await, @"live 45: root: live at `aaaaaaa`; new: live at `aaaaaaa`; shop: live at `aaaaaaa`");
    assert_eq!(server.most_watches(), 1);
}

#[tokio::test(start_paused = true)]
async fn children_that_fail() {
    let server = Server::default();
    // A root may be healthy while what it deploys is not, or the other way round.
    server.put("root", &root(X, &["shop"]));
    server.merge(
        "root",
        &json!({"status": {"health": {"status": "Progressing"}}}),
    );
    server.put(
        "shop",
        &app_with(
            X,
            json!({"status": {"health": {"status": "Degraded", "message": "crash"}}}),
        ),
    );
    assert_snapshot!(wait_for(&server, by_root(), vec![]).await, @"failed 30: root: it is Progressing; shop: it is Degraded: crash");
    // Nothing is held against a child before its parent is at the commit.
    server.put("root", &root(OLD, &["shop"]));
    assert_snapshot!(wait_for(&server, by_root(), vec![]).await, @"deadline 600: root: it is at `0000000`");
    // One that is to be removed and stays is waited for.
    server.put("root", &root(X, &["shop"]));
    server.put(
        "shop",
        &app_with(
            X,
            json!({"metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"}}),
        ),
    );
    assert_snapshot!(wait_for(&server, by_root(), vec![]).await, @"deadline 600: root: live at `aaaaaaa`; shop: it is being removed");
}

#[tokio::test(start_paused = true)]
async fn children_of_children_and_of_other_repositories() {
    let server = Server::default();
    server.put("root", &root(X, &["team"]));
    // It lists itself and its parent, which is no reason to go round in circles.
    server.put("team", &root(X, &["redis", "root", "team"]));
    let chart = json!({"repoURL": "https://charts.example.com", "chart": "redis", "targetRevision": "1.0.0"});
    let redis = |health: &str| {
        let mut app = app("1.0.0");
        app["spec"]["source"] = chart.clone();
        app["status"]["sync"]["comparedTo"]["source"] = chart.clone();
        app["status"]["health"]["status"] = json!(health);
        app
    };
    server.put("redis", &redis("Progressing"));
    let healthy = redis("Healthy");
    let steps = vec![at(10, move |server: &Server| server.put("redis", &healthy))];
    assert_snapshot!(wait_for(&server, by_root(), steps).await, @"live 15: root: live at `aaaaaaa`; team: live at `aaaaaaa`; redis: live");
    // One of another repository cannot be the root.
    let apps = Apps::Root("redis".to_owned());
    assert_snapshot!(wait_for(&server, apps, vec![]).await, @"OtherRepository: no source of `redis` is the repository `git.example.com/team/repo`");
    assert_eq!(server.asked(Verb::Patch), 0);
}
