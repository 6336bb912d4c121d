//! `app-affected`: flags, exit codes, outputs.

use crate::release_next::{History, done, failed};
use insta::assert_snapshot;
use std::process::Output;

fn affected(history: &History, words: &str) -> Output {
    history.run(env!("CARGO_BIN_EXE_app-affected"), words)
}

#[test]
fn applications_become_words_and_a_matrix() {
    let history = History::new();
    let base = history.commit("chore: another", "apps/cart/Dockerfile");
    history.commit("fix: x", "apps/shop/src/shop.py");
    assert_snapshot!(done(&affected(&history, &format!("--base {base}"))), @"shop");
    assert_snapshot!(history.left(), @r#"
    any=true
    apps=shop
    matrix={"app":["shop"]}
    "#);
    let zeros = "0".repeat(40);
    assert_snapshot!(done(&affected(&history, &format!("--base {zeros} --format json"))), @r#"
    {
      "apps": [
        "cart",
        "shop"
      ],
      "any": true,
      "matrix": {
        "app": [
          "cart",
          "shop"
        ]
      }
    }
    "#);
}

#[test]
fn a_push_that_touches_none_has_an_empty_matrix() {
    let history = History::new();
    let base = history.commit("docs: x", "README.md");
    assert_eq!(done(&affected(&history, &format!("--base {base}"))), "");
    assert_snapshot!(history.left(), @r#"
    any=false
    apps=
    matrix={"app":[]}
    "#);
    let direct = affected(&history, "--base HEAD~1 --head HEAD --direct --tag=");
    assert_eq!(done(&direct), "");
}

#[test]
fn a_version_tag_names_its_application() {
    let history = History::new();
    history.commit("chore: another", "apps/cart/Dockerfile");
    history.tag("shop/v1.0.0");
    history.tag("v1.0.0");
    assert_eq!(done(&affected(&history, "--tag shop/v1.0.0")), "shop\n");
    let plain = affected(&history, "--base HEAD --tag v1.0.0");
    assert_snapshot!(failed(&history, &plain, 1), @"
    error: tag `v1.0.0` is the version of no application in `apps`
    hint: name it after the application, as in `cart/v1.0.0`
    ");
    assert_eq!(affected(&history, "").status.code(), Some(2));
}
