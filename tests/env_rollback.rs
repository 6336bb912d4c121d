//! `env-rollback`: flags, exit codes, outputs, and that pins and promotions respect its hold.

use crate::env_promote::{Fleet, now, overlay_path};
use insta::assert_snapshot;

/// Staging has had `v1.1.0` of both applications for an hour.
fn fleet() -> Fleet {
    let fleet = Fleet::new();
    let files = ["shop", "cart"].map(|app| {
        let overlay = fleet.overlay(app, "v1.1.0") + "# end\n";
        (overlay_path(app, "staging"), overlay)
    });
    fleet.commit("staging", &files, now() - 3_600);
    fleet
}

fn rollback(fleet: &Fleet, words: &str) -> String {
    let words = format!("staging|{words}");
    let mut command = fleet.command(env!("CARGO_BIN_EXE_env-rollback"), &words);
    fleet.shown(&command.output().unwrap())
}

#[test]
fn an_environment_is_turned_back_and_held() {
    let fleet = fleet();
    let then = fleet.tip("staging").parent_id(0).unwrap().to_string();
    let hide = |shown: String| {
        shown
            .replace(&then, "[then]")
            .replace(&then[..12], "[then]")
    };
    let before = fleet.tip("staging").id();
    let words = "--to|2h|--why|the new one leaks";
    rollback(&fleet, &format!("{words}|--dry-run"));
    assert_eq!(fleet.tip("staging").id(), before);
    assert_snapshot!(hide(rollback(&fleet, words)), @r#"
    exit 0
    cart staging: cart from v1.1.0@[cart v1.1.0] back to v1.0.0@[cart v1.0.0], held
    shop staging: shop from v1.1.0@[shop v1.1.0] back to v1.0.0@[shop v1.0.0], held
    commit [tip of staging] on staging
    --- stderr
    --- a/apps/cart/k8s/overlays/staging/kustomization.yaml
    +++ b/apps/cart/k8s/overlays/staging/kustomization.yaml
    @@ -1,6 +1,7 @@
     images:
    +# windlass: hold -- rolled back to [then]: the new one leaks
     - name: cart # ours
       newName: REGISTRY/team/cart
    -  newTag: v1.1.0
    -  digest: [cart v1.1.0]
    +  newTag: v1.0.0
    +  digest: [cart v1.0.0]
     # end
    --- a/apps/shop/k8s/overlays/staging/kustomization.yaml
    +++ b/apps/shop/k8s/overlays/staging/kustomization.yaml
    @@ -1,6 +1,7 @@
     images:
    +# windlass: hold -- rolled back to [then]: the new one leaks
     - name: shop # ours
       newName: REGISTRY/team/shop
    -  newTag: v1.1.0
    -  digest: [shop v1.1.0]
    +  newTag: v1.0.0
    +  digest: [shop v1.0.0]
     # end
    --- outputs
    branch=staging
    changed=true
    commit=[tip of staging]
    diff<<EOF
    --- a/apps/cart/k8s/overlays/staging/kustomization.yaml
    +++ b/apps/cart/k8s/overlays/staging/kustomization.yaml
    @@ -1,6 +1,7 @@
     images:
    +# windlass: hold -- rolled back to [then]: the new one leaks
     - name: cart # ours
       newName: REGISTRY/team/cart
    -  newTag: v1.1.0
    -  digest: [cart v1.1.0]
    +  newTag: v1.0.0
    +  digest: [cart v1.0.0]
     # end
    --- a/apps/shop/k8s/overlays/staging/kustomization.yaml
    +++ b/apps/shop/k8s/overlays/staging/kustomization.yaml
    @@ -1,6 +1,7 @@
     images:
    +# windlass: hold -- rolled back to [then]: the new one leaks
     - name: shop # ours
       newName: REGISTRY/team/shop
    -  newTag: v1.1.0
    -  digest: [shop v1.1.0]
    +  newTag: v1.0.0
    +  digest: [shop v1.0.0]
     # end

    EOF
    paths=apps/cart/k8s/overlays/staging/kustomization.yaml apps/shop/k8s/overlays/staging/kustomization.yaml
    pull=
    released=
    rollbacks=[{"after":"v1.0.0@[cart v1.0.0]","app":"cart","before":"v1.1.0@[cart v1.1.0]","environment":"staging","image":"cart"},{"after":"v1.0.0@[shop v1.0.0]","app":"shop","before":"v1.1.0@[shop v1.1.0]","environment":"staging","image":"shop"}]
    to=[then]
    "#);
    let tip = fleet.tip("staging");
    assert_eq!(tip.parent_id(0).unwrap(), before);
    let shop = fleet.file("staging", &overlay_path("shop", "staging"));
    assert_snapshot!(hide(fleet.hidden(&shop)), @"
    images:
    # windlass: hold -- rolled back to [then]: the new one leaks
    - name: shop # ours
      newName: REGISTRY/team/shop
      newTag: v1.0.0
      digest: [shop v1.0.0]
    # end
    ");
    // By the commit it is the same, and there is nothing to do.
    let again = rollback(&fleet, &format!("--quiet|--to|{}", &then[..10]));
    assert_snapshot!(hide(again), @r#"
    exit 0
    nothing to turn back
    --- outputs
    branch=staging
    changed=false
    commit=
    diff=
    paths=
    pull=
    released=
    rollbacks=[{"after":"v1.0.0@[cart v1.0.0]","app":"cart","before":"v1.0.0@[cart v1.0.0]","environment":"staging","image":"cart"},{"after":"v1.0.0@[shop v1.0.0]","app":"shop","before":"v1.0.0@[shop v1.0.0]","environment":"staging","image":"shop"}]
    to=[then]
    "#);

    let digest = "sha256:".to_owned() + &"5".repeat(64);
    let pin = format!("--branch|staging|--edit|shop/staging=v1.2.0@{digest}");
    let mut pin = fleet.command(env!("CARGO_BIN_EXE_image-pin"), &pin);
    assert_snapshot!(hide(fleet.shown(&pin.output().unwrap())), @"
    exit 1
    --- stderr
    error: `shop` in staging is held: rolled back to [then]: the new one leaks
     --> apps/shop/k8s/overlays/staging/kustomization.yaml:2:1
      |
    2 | # windlass: hold -- rolled back to [then]: the new one leaks
      | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    hint: let it go with `env-rollback staging --release --app shop`
    ");
    let mut promote = fleet.command(env!("CARGO_BIN_EXE_env-promote"), "dev|staging");
    assert_eq!(promote.output().unwrap().status.code(), Some(1));
    // An overlay with a hold builds as it did.
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("kustomization.yaml"), &shop).unwrap();
    let build = std::process::Command::new(env!("CARGO_BIN_EXE_overlay-build"))
        .arg(folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8(build.stderr).unwrap();
    assert!(!said.contains("hold") && !said.contains("waive"), "{said}");

    assert_snapshot!(hide(rollback(&fleet, "--release|--app|shop|--quiet")), @r#"
    exit 0
    shop staging: shop is free
    commit [tip of staging] on staging
    --- outputs
    branch=staging
    changed=true
    commit=[tip of staging]
    diff<<EOF
    --- a/apps/shop/k8s/overlays/staging/kustomization.yaml
    +++ b/apps/shop/k8s/overlays/staging/kustomization.yaml
    @@ -1,5 +1,4 @@
     images:
    -# windlass: hold -- rolled back to [then]: the new one leaks
     - name: shop # ours
       newName: REGISTRY/team/shop
       newTag: v1.0.0

    EOF
    paths=apps/shop/k8s/overlays/staging/kustomization.yaml
    pull=
    released=[{"app":"shop","environment":"staging","image":"shop","why":"rolled back to [then]: the new one leaks"}]
    rollbacks=
    to=
    "#);
    assert!(pin.output().unwrap().status.success());
    assert!(rollback(&fleet, "--release").contains("cart staging: cart is free\n"));
    assert!(rollback(&fleet, "--release").contains("nothing to let go\n"));
}

#[test]
fn what_cannot_be_turned_back_is_said() {
    let fleet = fleet();
    let before = fleet.tip("staging").id();
    for (words, code) in [
        ("--to|yesterday", 2),
        ("--to|2h|--release", 2),
        ("--app|shop", 2),
        ("--release|--why|x", 2),
        ("--to|0123456789", 1),
        ("--to|1970-01-01T00:00:00Z", 1),
        ("--to|2h|--app|shpo", 1),
        ("--to|2h|--why|a\nb", 1),
    ] {
        let shown = rollback(&fleet, words);
        assert!(
            shown.starts_with(&format!("exit {code}\n")),
            "{words}: {shown}"
        );
    }
    assert_snapshot!(rollback(&fleet, "--to|1970-01-01"), @"
    exit 1
    --- stderr
    error: no commit of the branch's own line in `FOLDER/remote/` is that old: it begins later
    ");
    let lost = (
        overlay_path("shop", "staging"),
        fleet.overlay("shop", "v0.9.0"),
    );
    fleet.commit("staging", &[lost], now() - 1_800);
    let new = (
        overlay_path("shop", "staging"),
        fleet.overlay("shop", "v1.1.0"),
    );
    let tip = fleet.commit("staging", &[new], now() - 900);
    assert_snapshot!(rollback(&fleet, "--to|20m"), @"
    exit 1
    --- stderr
    error: `REGISTRY/team/shop@sha256:7777777777777777777777777777777777777777777777777777777777777777` is not in its registry
    hint: publish it first; to do without looking, say `--no-registry-check`
    ");
    assert_eq!(fleet.tip("staging").id(), tip);
    assert_ne!(tip, before);
}
