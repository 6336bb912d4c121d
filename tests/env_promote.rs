//! `env-promote`: flags, exit codes, outputs, and the commit on the remote.

use insta::assert_snapshot;
use serde_json::json;
use std::process::{Command, Output};
use std::time::{SystemTime, UNIX_EPOCH};
use tempfile::TempDir;
use windlass_testkit::{RegistryRules, RegistryServer};

/// A clone, a bare repository with a branch for each environment, and a registry.
pub(crate) struct Fleet {
    folder: TempDir,
    pub(crate) remote: git2::Repository,
    registry: RegistryServer,
}

pub(crate) fn overlay_path(app: &str, environment: &str) -> String {
    format!("apps/{app}/k8s/overlays/{environment}/kustomization.yaml")
}

impl Fleet {
    /// The branch of dev runs `v1.1.0` of two applications, that of staging `v1.0.0`.
    pub(crate) fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let remote = git2::Repository::init_bare(folder.path().join("remote")).unwrap();
        let clone = git2::Repository::init(folder.path().join("clone")).unwrap();
        let address = remote.path().to_str().unwrap();
        clone.remote("origin", address).unwrap();
        let registry = RegistryServer::start(RegistryRules::default()).unwrap();
        for app in ["shop", "cart"] {
            for version in ["v1.0.0", "v1.1.0"] {
                let media_type = "application/vnd.oci.image.manifest.v1+json";
                let manifest = json!({
                    "schemaVersion": 2, "mediaType": media_type, "layers": [],
                    "config": {"mediaType": "x/y", "digest": "sha256:0", "size": 0},
                    "annotations": {"app": app, "version": version},
                });
                registry.put_manifest(&format!("team/{app}"), version, media_type, &manifest);
            }
        }
        let fleet = Self {
            folder,
            remote,
            registry,
        };
        for (branch, environment, version) in [
            ("develop", "dev", "v1.1.0"),
            ("staging", "staging", "v1.0.0"),
        ] {
            let files = ["shop", "cart"].map(|app| {
                let overlay = fleet.overlay(app, version);
                (overlay_path(app, environment), overlay)
            });
            fleet.commit(branch, &files, 1_000);
        }
        fleet
    }

    /// An overlay that runs a version.
    pub(crate) fn overlay(&self, app: &str, version: &str) -> String {
        let digest = self.registry.tag(&format!("team/{app}"), version);
        format!(
            "images:\n- name: {app} # ours\n  newName: {}/team/{app}\n  newTag: {version}\n  digest: {}\n",
            self.registry.address(),
            digest.unwrap_or("sha256:".to_owned() + &"7".repeat(64))
        )
    }

    /// Commits files to a branch at a time, beside those that are there.
    pub(crate) fn commit(&self, branch: &str, files: &[(String, String)], time: i64) -> git2::Oid {
        let git = &self.remote;
        let name = format!("refs/heads/{branch}");
        let tip = git.find_reference(&name).ok();
        let tip = tip.map(|tip| tip.peel_to_commit().unwrap());
        let tree = match &tip {
            Some(tip) => tip.tree().unwrap(),
            None => git
                .find_tree(git.treebuilder(None).unwrap().write().unwrap())
                .unwrap(),
        };
        let mut update = git2::build::TreeUpdateBuilder::new();
        for (path, text) in files {
            update.upsert(
                path,
                git.blob(text.as_bytes()).unwrap(),
                git2::FileMode::Blob,
            );
        }
        let tree = git
            .find_tree(update.create_updated(git, &tree).unwrap())
            .unwrap();
        let who = git2::Signature::new("A", "a@example.com", &git2::Time::new(time, 0)).unwrap();
        let parents: Vec<_> = tip.iter().collect();
        git.commit(Some(&name), &who, &who, "Set", &tree, &parents)
            .unwrap()
    }

    pub(crate) fn tip(&self, branch: &str) -> git2::Commit<'_> {
        let reference = self.remote.find_reference(&format!("refs/heads/{branch}"));
        reference.unwrap().peel_to_commit().unwrap()
    }

    pub(crate) fn file(&self, branch: &str, path: &str) -> String {
        let entry = self
            .tip(branch)
            .tree()
            .unwrap()
            .get_path(path.as_ref())
            .unwrap();
        let blob = self.remote.find_blob(entry.id()).unwrap();
        String::from_utf8(blob.content().to_vec()).unwrap()
    }

    /// A command in the clone, with nothing of the environment but a folder of its own.
    pub(crate) fn command(&self, program: &str, words: &str) -> Command {
        let mut command = Command::new(program);
        command
            .arg("-C")
            .arg(self.folder.path().join("clone"))
            .args(words.split('|'))
            .env_clear()
            .env("HOME", self.folder.path())
            .env("GITHUB_OUTPUT", self.folder.path().join("outputs"))
            .env("GIT_AUTHOR_DATE", "@1700000000 +0000")
            .env("GIT_COMMITTER_DATE", "@1700000000 +0000");
        command
    }

    /// What it prints, what it says, and what it leaves for the steps after it.
    pub(crate) fn shown(&self, output: &Output) -> String {
        let [out, err] = [&output.stdout, &output.stderr].map(|bytes| text(bytes));
        let path = self.folder.path().join("outputs");
        let left = std::fs::read_to_string(&path).unwrap_or_default();
        // What is not there need not go.
        let _ = std::fs::remove_file(path);
        let code = output.status.code().unwrap();
        let mut all = format!("exit {code}\n{out}");
        for (name, part) in [("stderr", err), ("outputs", left)] {
            if !part.is_empty() {
                all.push_str(&format!("--- {name}\n{part}"));
            }
        }
        self.hidden(&all)
    }

    /// A text without what differs from run to run.
    pub(crate) fn hidden(&self, all: &str) -> String {
        let mut all = all.replace(self.registry.address().as_str(), "REGISTRY");
        all = all.replace(self.folder.path().to_str().unwrap(), "FOLDER");
        for branch in ["develop", "staging", "promote/staging"] {
            let name = format!("refs/heads/{branch}");
            if let Ok(id) = self.remote.refname_to_id(&name) {
                all = all.replace(&id.to_string(), &format!("[tip of {branch}]"));
            }
        }
        for app in ["shop", "cart"] {
            for version in ["v1.0.0", "v1.1.0"] {
                let digest = self.registry.tag(&format!("team/{app}"), version).unwrap();
                let short = &digest[..digest.len().min(19)];
                all = all.replace(&digest, &format!("[{app} {version}]"));
                all = all.replace(short, &format!("[{app} {version}]"));
            }
        }
        all
    }

    fn promote(&self, words: &str) -> Output {
        let words = format!("dev|staging{words}");
        let mut command = self.command(env!("CARGO_BIN_EXE_env-promote"), &words);
        command.output().unwrap()
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

pub(crate) fn now() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    i64::try_from(now.as_secs()).unwrap()
}

#[test]
fn applications_are_promoted_with_one_commit() {
    let fleet = Fleet::new();
    let before = fleet.tip("staging").id();
    assert_snapshot!(fleet.shown(&fleet.promote("|--dry-run|--app|shop")), @r#"
    exit 0
    shop staging: shop from v1.0.0@[shop v1.0.0] to v1.1.0@[shop v1.1.0]
    --- stderr
    --- a/apps/shop/k8s/overlays/staging/kustomization.yaml
    +++ b/apps/shop/k8s/overlays/staging/kustomization.yaml
    @@ -1,5 +1,5 @@
     images:
     - name: shop # ours
       newName: REGISTRY/team/shop
    -  newTag: v1.0.0
    -  digest: [shop v1.0.0]
    +  newTag: v1.1.0
    +  digest: [shop v1.1.0]
    --- outputs
    branch=staging
    changed=true
    commit=
    diff<<EOF
    --- a/apps/shop/k8s/overlays/staging/kustomization.yaml
    +++ b/apps/shop/k8s/overlays/staging/kustomization.yaml
    @@ -1,5 +1,5 @@
     images:
     - name: shop # ours
       newName: REGISTRY/team/shop
    -  newTag: v1.0.0
    -  digest: [shop v1.0.0]
    +  newTag: v1.1.0
    +  digest: [shop v1.1.0]

    EOF
    paths=apps/shop/k8s/overlays/staging/kustomization.yaml
    promotions=[{"after":"v1.1.0@[shop v1.1.0]","app":"shop","before":"v1.0.0@[shop v1.0.0]","environment":"staging","image":"shop"}]
    pull=
    source=[tip of develop]
    "#);
    assert_eq!(fleet.tip("staging").id(), before);
    let output = fleet.promote("");
    assert_snapshot!(fleet.shown(&output), @r#"
    exit 0
    cart staging: cart from v1.0.0@[cart v1.0.0] to v1.1.0@[cart v1.1.0]
    shop staging: shop from v1.0.0@[shop v1.0.0] to v1.1.0@[shop v1.1.0]
    commit [tip of staging] on staging
    --- stderr
    --- a/apps/cart/k8s/overlays/staging/kustomization.yaml
    +++ b/apps/cart/k8s/overlays/staging/kustomization.yaml
    @@ -1,5 +1,5 @@
     images:
     - name: cart # ours
       newName: REGISTRY/team/cart
    -  newTag: v1.0.0
    -  digest: [cart v1.0.0]
    +  newTag: v1.1.0
    +  digest: [cart v1.1.0]
    --- a/apps/shop/k8s/overlays/staging/kustomization.yaml
    +++ b/apps/shop/k8s/overlays/staging/kustomization.yaml
    @@ -1,5 +1,5 @@
     images:
     - name: shop # ours
       newName: REGISTRY/team/shop
    -  newTag: v1.0.0
    -  digest: [shop v1.0.0]
    +  newTag: v1.1.0
    +  digest: [shop v1.1.0]
    --- outputs
    branch=staging
    changed=true
    commit=[tip of staging]
    diff<<EOF
    --- a/apps/cart/k8s/overlays/staging/kustomization.yaml
    +++ b/apps/cart/k8s/overlays/staging/kustomization.yaml
    @@ -1,5 +1,5 @@
     images:
     - name: cart # ours
       newName: REGISTRY/team/cart
    -  newTag: v1.0.0
    -  digest: [cart v1.0.0]
    +  newTag: v1.1.0
    +  digest: [cart v1.1.0]
    --- a/apps/shop/k8s/overlays/staging/kustomization.yaml
    +++ b/apps/shop/k8s/overlays/staging/kustomization.yaml
    @@ -1,5 +1,5 @@
     images:
     - name: shop # ours
       newName: REGISTRY/team/shop
    -  newTag: v1.0.0
    -  digest: [shop v1.0.0]
    +  newTag: v1.1.0
    +  digest: [shop v1.1.0]

    EOF
    paths=apps/cart/k8s/overlays/staging/kustomization.yaml apps/shop/k8s/overlays/staging/kustomization.yaml
    promotions=[{"after":"v1.1.0@[cart v1.1.0]","app":"cart","before":"v1.0.0@[cart v1.0.0]","environment":"staging","image":"cart"},{"after":"v1.1.0@[shop v1.1.0]","app":"shop","before":"v1.0.0@[shop v1.0.0]","environment":"staging","image":"shop"}]
    pull=
    source=[tip of develop]
    "#);
    let tip = fleet.tip("staging");
    assert_eq!(tip.parent_id(0).unwrap(), before);
    let message = tip.message().unwrap();
    let (message, _) = message.split_once("Windlass-Id").unwrap();
    assert_snapshot!(fleet.hidden(message), @"
    Promote cart and shop from dev to staging

    cart staging: cart:v1.1.0@[cart v1.1.0]
    shop staging: shop:v1.1.0@[shop v1.1.0]

    Windlass-Pin: cart staging
    Windlass-Pin: shop staging
    ");
    assert_eq!(
        fleet.file("staging", &overlay_path("shop", "staging")),
        fleet.overlay("shop", "v1.1.0")
    );
    assert_snapshot!(fleet.shown(&fleet.promote("|--quiet")), @r#"
    exit 0
    nothing to promote
    --- outputs
    branch=staging
    changed=false
    commit=
    diff=
    paths=
    promotions=[{"after":"v1.1.0@[cart v1.1.0]","app":"cart","before":"v1.1.0@[cart v1.1.0]","environment":"staging","image":"cart"},{"after":"v1.1.0@[shop v1.1.0]","app":"shop","before":"v1.1.0@[shop v1.1.0]","environment":"staging","image":"shop"}]
    pull=
    source=[tip of develop]
    "#);
    assert_eq!(fleet.tip("staging").id(), tip.id());
}

#[test]
fn a_report_of_json_has_the_diff() {
    let fleet = Fleet::new();
    let output = fleet.promote("|--app|shop|--format|json");
    assert_eq!(text(&output.stderr), "");
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let diff = report["diff"].as_str().unwrap();
    assert!(diff.contains("\n+  newTag: v1.1.0\n"), "{diff}");
    assert_eq!(report["promotions"][0]["app"], "shop");
}

#[test]
fn every_refusal_is_told_and_nothing_is_written() {
    let fleet = Fleet::new();
    let before = fleet.tip("staging").id();
    let young = (overlay_path("shop", "dev"), fleet.overlay("shop", "v1.1.1"));
    fleet.commit(
        "develop",
        std::slice::from_ref(&young),
        now() - 89 * 60 - 30,
    );
    let held = format!("# windlass: hold -- too hot\n{}", "- name: cart");
    let held = fleet
        .overlay("cart", "v1.0.0")
        .replace("- name: cart", &held);
    fleet.commit("staging", &[(overlay_path("cart", "staging"), held)], 2_000);
    let before_hold = fleet.tip("staging").id();
    assert_snapshot!(fleet.shown(&fleet.promote("|--soak|2h")), @"
    exit 1
    --- stderr
    error: `cart` in staging is held: too hot
     --> apps/cart/k8s/overlays/staging/kustomization.yaml:2:1
      |
    2 | # windlass: hold -- too hot
      | ^^^^^^^^^^^^^^^^^^^^^^^^^^^
    hint: let it go with `env-rollback staging --release --app cart`

    error: `shop` of `shop` has been in dev for 1h 29m, not 2h
    hint: wait 31m more, or ask for less with `--soak`
    ");
    assert_snapshot!(fleet.shown(&fleet.promote("|--soak|1h")), @"
    exit 1
    --- stderr
    error: `cart` in staging is held: too hot
     --> apps/cart/k8s/overlays/staging/kustomization.yaml:2:1
      |
    2 | # windlass: hold -- too hot
      | ^^^^^^^^^^^^^^^^^^^^^^^^^^^
    hint: let it go with `env-rollback staging --release --app cart`

    error: `REGISTRY/team/shop@sha256:7777777777777777777777777777777777777777777777777777777777777777` is not in its registry
    hint: publish it first; to do without looking, say `--no-registry-check`
    ");
    assert_eq!(fleet.tip("staging").id(), before_hold);
    assert_ne!(before, before_hold);
    let going = fleet.promote("|--keep-going|--no-registry-check|--quiet");
    assert_eq!(going.status.code(), Some(1));
    assert_eq!(
        fleet.file("staging", &overlay_path("shop", "staging")),
        young.1
    );
}

#[test]
fn a_promotion_may_go_to_a_branch_for_a_pull_request() {
    let fleet = Fleet::new();
    let before = fleet.tip("staging").id();
    let run = || fleet.shown(&fleet.promote("|--quiet|--app|shop|--push-to|promote/staging"));
    assert_snapshot!(run(), @r#"
    exit 0
    shop staging: shop from v1.0.0@[shop v1.0.0] to v1.1.0@[shop v1.1.0]
    commit [tip of promote/staging] on promote/staging
    to merge promote/staging into staging: Promote shop from dev to staging
    --- outputs
    branch=promote/staging
    changed=true
    commit=[tip of promote/staging]
    diff<<EOF
    --- a/apps/shop/k8s/overlays/staging/kustomization.yaml
    +++ b/apps/shop/k8s/overlays/staging/kustomization.yaml
    @@ -1,5 +1,5 @@
     images:
     - name: shop # ours
       newName: REGISTRY/team/shop
    -  newTag: v1.0.0
    -  digest: [shop v1.0.0]
    +  newTag: v1.1.0
    +  digest: [shop v1.1.0]

    EOF
    paths=apps/shop/k8s/overlays/staging/kustomization.yaml
    promotions=[{"after":"v1.1.0@[shop v1.1.0]","app":"shop","before":"v1.0.0@[shop v1.0.0]","environment":"staging","image":"shop"}]
    pull={"base":"staging","body":"staging: shop:v1.1.0@[shop v1.1.0]\n\nWindlass-Pin: shop staging","branch":"promote/staging","title":"Promote shop from dev to staging"}
    source=[tip of develop]
    "#);
    assert!(run().contains("\nchanged=false\n"));
    assert_eq!(fleet.tip("staging").id(), before);
}

#[test]
fn fields_are_listed_by_the_configuration_and_by_flags() {
    let fleet = Fleet::new();
    let with = |count: &str, level: &str| {
        format!(
            "images: []\nreplicas:\n- name: shop\n  count: {count}\ncommonAnnotations:\n  level: {level}\n"
        )
    };
    let path = |environment| overlay_path("shop", environment);
    fleet.commit("develop", &[(path("dev"), with("3", "'7'"))], 2_000);
    fleet.commit("staging", &[(path("staging"), with("1", "low"))], 2_000);
    let config = fleet.folder.path().join("clone/windlass.yaml");
    std::fs::write(
        &config,
        "promote:\n  fields: [\"replicas.[name=shop].count\"]\n",
    )
    .unwrap();
    let output = fleet.promote("|--quiet|--app|shop|--field|commonAnnotations.level");
    assert_snapshot!(fleet.shown(&output), @r#"
    exit 0
    shop staging: replicas.[name=shop].count from 1 to 3
    shop staging: commonAnnotations.level from low to 7
    commit [tip of staging] on staging
    --- outputs
    branch=staging
    changed=true
    commit=[tip of staging]
    diff<<EOF
    --- a/apps/shop/k8s/overlays/staging/kustomization.yaml
    +++ b/apps/shop/k8s/overlays/staging/kustomization.yaml
    @@ -1,6 +1,6 @@
     images: []
     replicas:
     - name: shop
    -  count: 1
    +  count: 3
     commonAnnotations:
    -  level: low
    +  level: "7"

    EOF
    paths=apps/shop/k8s/overlays/staging/kustomization.yaml
    promotions=[{"after":"3","app":"shop","before":"1","environment":"staging","image":"replicas.[name=shop].count"},{"after":"7","app":"shop","before":"low","environment":"staging","image":"commonAnnotations.level"}]
    pull=
    source=[tip of develop]
    "#);
    assert_eq!(fleet.file("staging", &path("staging")), with("3", "\"7\""));
}

#[test]
fn what_the_command_line_is_at_fault_for() {
    let fleet = Fleet::new();
    let run = |words| {
        let mut command = fleet.command(env!("CARGO_BIN_EXE_env-promote"), words);
        fleet.shown(&command.output().unwrap())
    };
    assert_snapshot!(run("dev|dev"), @"
    exit 2
    --- stderr
    error: an environment is not promoted to itself

    For more information, try '--help'.
    ");
    assert_snapshot!(run("dev|stagign"), @"
    exit 1
    --- stderr
    error: there is no environment `stagign`
    hint: did you mean `staging`?
    ");
    assert_snapshot!(run("dev|staging|--field|a..b"), @"
    exit 1
    --- stderr
    error: cannot read the field `a..b`
    hint: write it like `replicas.[name=web].count`
    ");
    assert!(run("dev|staging|--soak|2 hours").starts_with("exit 2"));
    assert_snapshot!(run("dev|staging|--app|shpo"), @"
    exit 1
    --- stderr
    error: there is no application `shpo` with overlays in `apps/shpo/k8s/overlays`
    hint: did you mean `shop`?
    ");
}
