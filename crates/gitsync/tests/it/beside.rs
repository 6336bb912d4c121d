//! Commits for a pull request, by every way to a repository.

use crate::conformance::everywhere;
use crate::world::{World, quick, remote, shown, signature};
use windlass_gitsync::{Error, ErrorKind, Oid, Options, Outcome, Remote, sync};
use windlass_testkit::{GitFault, GitMoment, GitRules};

const DEV: &str = "apps/a/k8s/overlays/dev/kustomization.yaml";
const PROD: &str = "apps/a/k8s/overlays/prod/kustomization.yaml";

fn set(remote: &mut dyn Remote, path: &str, text: &str) -> Result<Outcome, Error> {
    set_on(remote, "pull", path, text)
}

fn set_on(remote: &mut dyn Remote, to: &str, path: &str, text: &str) -> Result<Outcome, Error> {
    let options = Options {
        push_to: Some(to.to_owned()),
        ..quick()
    };
    sync(remote, "main", &signature(), &options, &mut |draft| {
        draft.write(path, text.as_bytes().to_vec())?;
        Ok(format!("Set {path}"))
    })
}

fn parents(world: &World, id: Oid) -> Vec<Oid> {
    let commit = world.repository.find_commit(id).unwrap();
    commit.parent_ids().collect()
}

#[test]
fn the_branch_is_made_and_moves_on_with_its_base() {
    everywhere(|world, remote| {
        let base = world.tip("main");
        let first = set(remote, DEV, "tag: new\n").unwrap();
        assert_eq!(
            (first.commit, first.changed()),
            (Some(world.tip("pull")), true)
        );
        assert_eq!(first.message, format!("Set {DEV}"));
        assert_eq!(parents(world, world.tip("pull")), [base]);
        assert_eq!(world.tip("main"), base);
        // Again it is there.
        let again = set(remote, DEV, "tag: new\n").unwrap();
        assert_eq!(
            (again.commit, again.standing, again.changed()),
            (None, first.commit, false)
        );
        assert_eq!(again.paths, [DEV]);
        // Another change takes its place, without a force push.
        let pull = world.tip("pull");
        set(remote, DEV, "tag: newer\n").unwrap();
        assert_eq!(parents(world, world.tip("pull")), [pull, base]);
        // The base moves on.
        let pull = world.tip("pull");
        let base = world.commit("main", &[(DEV, "tag: one\n"), ("other", "x")]);
        set(remote, DEV, "tag: newer\n").unwrap();
        assert_eq!(parents(world, world.tip("pull")), [pull, base]);
        assert_eq!(world.file("pull", "other").as_deref(), Some("x"));
        assert_eq!(world.file("pull", DEV).as_deref(), Some("tag: newer\n"));
        world.check("pull");
    });
}

#[test]
fn what_was_merged_is_begun_anew() {
    everywhere(|world, remote| {
        set(remote, DEV, "tag: new\n").unwrap();
        let merged = world.merge_files("main", world.tip("pull"));
        set(remote, PROD, "tag: new\n").unwrap();
        assert_eq!(parents(world, world.tip("pull")), [merged]);
        // Merged as one commit of its own it is not in the base's history.
        let pull = world.tip("pull");
        let squashed = world.commit_tree("main", world.tree_of("pull"));
        set(remote, DEV, "tag: newer\n").unwrap();
        assert_eq!(parents(world, world.tip("pull")), [pull, squashed]);
        assert_eq!(world.file("pull", PROD).as_deref(), Some("tag: new\n"));
    });
}

#[test]
fn what_the_base_has_needs_no_branch() {
    everywhere(|world, remote| {
        let outcome = set(remote, DEV, "tag: one\n").unwrap();
        assert_eq!((outcome.changed(), outcome.standing), (false, None));
        assert!(world.repository.refname_to_id("refs/heads/pull").is_err());
    });
}

#[test]
fn what_others_made_is_not_undone() {
    everywhere(|world, remote| {
        set(remote, DEV, "tag: new\n").unwrap();
        let pull = world.tip("pull");
        let other = set(remote, PROD, "tag: new\n").unwrap_err();
        assert_eq!(other.kind(), ErrorKind::BranchTaken);
        let hide = |error: &Error| {
            let text = shown(error).replace(&format!("file://{}", world.path()), "REMOTE");
            text.replace("http://[HOST]/repository.git", "REMOTE")
        };
        insta::allow_duplicates! {
            insta::assert_snapshot!(hide(&other), @"
            BranchTaken/Input: the branch `pull` of `REMOTE` holds a change of `apps/a/k8s/overlays/dev/kustomization.yaml`, which this does not make
            hint: name another branch, or merge or delete that one first
            ");
        }
        assert_eq!(world.tip("pull"), pull);
        let own = world.commit_tree("pull", world.tree_of("pull"));
        world.commit_tree("pull", world.tree_of("main"));
        let foreign = set(remote, DEV, "tag: newer\n").unwrap_err();
        assert_eq!(foreign.kind(), ErrorKind::BranchTaken);
        assert!(!parents(world, own).is_empty());
        assert!(
            set_on(remote, "free", DEV, "tag: newer\n")
                .unwrap()
                .changed()
        );
    });
}

#[test]
fn a_dry_run_makes_no_branch() {
    everywhere(|world, remote| {
        let options = Options {
            push_to: Some("pull".to_owned()),
            dry_run: true,
            ..quick()
        };
        let outcome = sync(remote, "main", &signature(), &options, &mut |draft| {
            draft.write(DEV, b"new".to_vec())?;
            Ok("Set".to_owned())
        });
        assert!(outcome.unwrap().changed());
        assert!(world.repository.refname_to_id("refs/heads/pull").is_err());
    });
}

#[test]
fn a_name_that_cannot_be_is_refused() {
    everywhere(|_, remote| {
        for name in ["main", "", "a b", "a..b", "-a:b", "a\nb"] {
            let error = set_on(remote, name, DEV, "x").unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Value, "{name}");
        }
    });
}

#[test]
fn a_push_without_an_answer_is_found() {
    let world = World::new();
    let server = world.serve(GitRules::default());
    let mut remote = remote(&server.url());
    server.fail(GitMoment::Push, GitFault::CutAfter);
    let outcome = set(&mut *remote, DEV, "tag: new\n").unwrap();
    assert_eq!(outcome.commit, Some(world.tip("pull")));
    assert!(outcome.changed());
    server.fail(GitMoment::Push, GitFault::CutBefore);
    let outcome = set(&mut *remote, DEV, "tag: newer\n").unwrap();
    assert_eq!(outcome.commit, Some(world.tip("pull")));
    assert_eq!(world.log_length("pull"), 3);
}
