//! What every way to a remote must do alike.

use crate::world::{World, quick, remote, shown, signature};
use windlass_gitsync::{
    Access, Cas, ErrorKind, Identity, Kind, New, Object, Oid, Options, Outcome, Remote, Result,
    Tagged, create_tag, open, sync,
};
use windlass_testkit::{GitRules, GitServer};

const DEV: &str = "apps/a/k8s/overlays/dev/kustomization.yaml";

/// Runs a check over each way to a repository; the one of the `git` program with `VIA_GIT=1`.
pub(crate) fn everywhere(check: impl Fn(&World, &mut dyn Remote)) {
    for filter in [Some(u32::MAX), Some(0), None] {
        let world = World::new();
        let server: GitServer = world.serve(GitRules {
            filter,
            ..GitRules::default()
        });
        check(&world, &mut *remote(&server.url()));
    }
    for via_git in [false, true] {
        if via_git && !asked_for_git() {
            continue;
        }
        let world = World::new();
        let access = Access {
            via_git,
            ..Access::default()
        };
        let address = format!("file://{}", world.path());
        check(&world, &mut *open(&address, &access).unwrap());
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "who runs the tests may have no git"
)]
fn asked_for_git() -> bool {
    std::env::var_os("VIA_GIT").is_some()
}

fn set(remote: &mut dyn Remote, path: &str, text: &str) -> Result<Outcome> {
    sync(remote, "main", &signature(), &quick(), &mut |draft| {
        draft.write(path, text.as_bytes().to_vec())?;
        Ok(format!("Set {path}"))
    })
}

#[test]
fn a_change_is_one_commit_on_the_tip() {
    everywhere(|world, remote| {
        let before = world.tip("main");
        let outcome = set(remote, DEV, "tag: new\n").unwrap();
        let tip = world.tip("main");
        assert_eq!(outcome.commit, Some(tip));
        assert_eq!((outcome.base, outcome.attempts), (before, 1));
        assert_eq!(outcome.paths, [DEV]);
        assert_eq!(world.file("main", DEV).as_deref(), Some("tag: new\n"));
        assert_eq!(world.file("main", "README.md").as_deref(), Some("hello\n"));
        let commit = world.repository.find_commit(tip).unwrap();
        assert_eq!(commit.parent_id(0).unwrap(), before);
        assert_eq!(commit.author().to_string(), "Author <author@example.com>");
        assert_eq!(commit.committer().when().seconds(), 1_700_000_000);
        world.check("main");
    });
}

#[test]
fn the_same_change_is_the_same_commit_everywhere() {
    let commits = std::cell::RefCell::new(Vec::new());
    everywhere(|world, remote| {
        set(remote, DEV, "tag: new\n").unwrap();
        commits.borrow_mut().push(world.tip("main"));
    });
    let commits = commits.into_inner();
    assert!(commits.iter().all(|commit| *commit == commits[0]));
}

#[test]
fn nothing_to_change_makes_no_commit() {
    everywhere(|world, remote| {
        let before = world.tip("main");
        let outcome = set(remote, DEV, "tag: one\n").unwrap();
        assert!(!outcome.changed());
        assert_eq!(outcome.commit, None);
        assert_eq!(world.tip("main"), before);
    });
}

#[test]
fn a_dry_run_writes_nothing() {
    everywhere(|world, remote| {
        let before = world.tip("main");
        let options = Options {
            dry_run: true,
            ..quick()
        };
        let outcome = sync(remote, "main", &signature(), &options, &mut |draft| {
            draft.write(DEV, b"new".to_vec())?;
            Ok("Set".to_owned())
        });
        let outcome = outcome.unwrap();
        assert!(outcome.changed());
        assert_eq!(outcome.commit, None);
        assert_eq!(world.tip("main"), before);
        let tag = create_tag(remote, "v1", before, "one", &signature().author, &options);
        assert!(matches!(tag.unwrap(), Tagged::Created(_)));
        assert!(world.repository.refname_to_id("refs/tags/v1").is_err());
    });
}

#[test]
fn many_files_are_one_commit() {
    everywhere(|world, remote| {
        let paths = [
            "apps/a/k8s/overlays/dev/kustomization.yaml",
            "apps/a/k8s/overlays/prod/kustomization.yaml",
            "apps/b/k8s/overlays/dev/kustomization.yaml",
            "apps/c/deep/new.txt",
            "apps-old",
            "README.md",
        ]
        .map(str::to_owned);
        let outcome = sync(remote, "main", &signature(), &quick(), &mut |draft| {
            draft.prefetch(&paths)?;
            for path in &paths {
                let old = draft.read(path)?.unwrap_or_default();
                draft.write(path, [b"# new\n".as_slice(), &old].concat())?;
            }
            Ok("Set all".to_owned())
        });
        assert_eq!(outcome.unwrap().paths.len(), paths.len());
        assert_eq!(world.log("main").len(), 2);
        assert_eq!(
            world.file("main", DEV).as_deref(),
            Some("# new\ntag: one\n")
        );
        let new = world.file("main", "apps/c/deep/new.txt");
        assert_eq!(new.as_deref(), Some("# new\n"));
        world.check("main");
    });
}

#[test]
fn what_is_written_can_be_read_in_the_same_edit() {
    everywhere(|_, remote| {
        sync(remote, "main", &signature(), &quick(), &mut |draft| {
            assert_eq!(draft.read("new")?, None);
            draft.write("new", b"1".to_vec())?;
            assert_eq!(draft.read("new")?.as_deref(), Some(&b"1"[..]));
            let conflict = draft.write("new/below", b"2".to_vec()).unwrap_err();
            assert_eq!(conflict.kind(), ErrorKind::NotAFile);
            Ok("Set".to_owned())
        })
        .unwrap();
    });
}

#[test]
fn a_branch_that_is_not_there_is_named() {
    everywhere(|_, remote| {
        let error = sync(remote, "mian", &signature(), &quick(), &mut |_| {
            Ok(String::new())
        });
        assert_eq!(error.unwrap_err().kind(), ErrorKind::BranchMissing);
    });
}

#[test]
fn a_moved_branch_is_not_overwritten() {
    everywhere(|world, remote| {
        let old = world.tip("main");
        let now = world.commit("main", &[("other", "x")]);
        let commit = Object {
            kind: Kind::Commit,
            data: world
                .repository
                .odb()
                .unwrap()
                .read(now)
                .unwrap()
                .data()
                .to_vec(),
        };
        let mine = Object {
            data: [commit.data, b"more\n".to_vec()].concat(),
            kind: Kind::Commit,
        };
        let id = mine.id();
        let objects = [New {
            object: mine,
            base: None,
        }];
        let cas = remote
            .cas("refs/heads/main", Some(old), id, &objects)
            .unwrap();
        assert!(matches!(cas, Cas::Moved | Cas::Refused(_)), "{cas:?}");
        let cas = remote.cas("refs/heads/main", None, id, &objects).unwrap();
        assert!(matches!(cas, Cas::Moved | Cas::Refused(_)), "{cas:?}");
        assert_eq!(world.tip("main"), now);
        let cas = remote
            .cas("refs/heads/main", Some(now), id, &objects)
            .unwrap();
        assert!(matches!(cas, Cas::Done), "{cas:?}");
        assert_eq!(world.tip("main"), id);
    });
}

#[test]
fn a_lost_race_is_run_again_on_the_new_tip() {
    everywhere(|world, remote| {
        let mut calls = 0;
        let outcome = sync(remote, "main", &signature(), &quick(), &mut |draft| {
            calls += 1;
            if calls == 1 {
                world.commit("main", &[(DEV, "tag: other\n"), ("x/y", "z")]);
            }
            let old = draft.read(DEV)?.unwrap();
            draft.write(DEV, [old, b"mine: 1\n".to_vec()].concat())?;
            Ok("Add mine".to_owned())
        });
        let outcome = outcome.unwrap();
        assert_eq!(outcome.attempts, 2);
        let file = world.file("main", DEV);
        assert_eq!(file.as_deref(), Some("tag: other\nmine: 1\n"));
        assert_eq!(world.log("main").len(), 3);
        world.check("main");
    });
}

#[test]
fn what_led_to_the_tip_can_be_asked_for() {
    everywhere(|world, remote| {
        let known = world.tip("main");
        let new: Vec<Oid> = (0..3)
            .map(|n| world.commit("main", &[("n", &n.to_string())]))
            .collect();
        let found = remote.since(new[2], known).unwrap();
        assert!(new.iter().all(|id| found.contains_key(id)));
        assert!(!found.contains_key(&known));
        // A commit that the remote never had hides nothing.
        let never = Oid::from_bytes(&[7; 20]).unwrap();
        assert!(remote.since(new[2], never).unwrap().contains_key(&known));
    });
}

#[test]
fn what_is_no_plain_file_is_refused() {
    everywhere(|world, remote| {
        let blob = world.blob("target");
        let link = world.odd_tree("120000", "it", blob);
        let module = world.odd_tree("160000", "it", world.tip("main"));
        let folder = world.odd_tree("40000", "it", link);
        for (tree, path) in [
            (link, "it"),
            (link, "it/below"),
            (module, "it"),
            (module, "it/below"),
            (folder, "it"),
            (folder, "it/it"),
        ] {
            world.commit_tree("main", tree);
            let error = set(remote, path, "text").unwrap_err();
            assert_eq!(error.kind(), ErrorKind::NotAFile, "{path}: {error}");
        }
    });
}

#[test]
fn a_path_out_of_the_repository_is_refused() {
    everywhere(|world, remote| {
        let before = world.tip("main");
        for path in [
            "../x",
            "a/../../x",
            "/x",
            "a//b",
            "",
            ".",
            "a/.git/config",
            ".GIT/x",
            "a\0b",
        ] {
            let error = set(remote, path, "text").unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Path, "{path}");
        }
        assert_eq!(world.tip("main"), before);
    });
}

#[test]
fn an_executable_stays_one() {
    everywhere(|world, remote| {
        let tree = world.odd_tree("100755", "run", world.blob("old"));
        world.commit_tree("main", tree);
        set(remote, "run", "new").unwrap();
        let tip = world.repository.find_commit(world.tip("main")).unwrap();
        assert_eq!(
            tip.tree().unwrap().get_name("run").unwrap().filemode(),
            0o100_755
        );
    });
}

#[test]
fn a_tag_is_made_once() {
    everywhere(|world, remote| {
        let tip = world.tip("main");
        let me: Identity = signature().committer;
        let mut make = |target| {
            create_tag(
                remote,
                "a/v1.0.0",
                target,
                "Release\n\nnotes",
                &me,
                &quick(),
            )
        };
        let Tagged::Created(id) = make(tip).unwrap() else {
            panic!("it is new");
        };
        let tag = world.repository.find_tag(id).unwrap();
        assert_eq!(tag.target_id(), tip);
        assert_eq!(tag.name().unwrap(), "a/v1.0.0");
        assert_eq!(tag.message().unwrap(), Some("Release\n\nnotes\n"));
        assert_eq!(
            tag.tagger().unwrap().to_string(),
            "Committer <committer@example.com>"
        );
        assert_eq!(
            world
                .repository
                .refname_to_id("refs/tags/a/v1.0.0")
                .unwrap(),
            id
        );
        let other = world.commit("main", &[("x", "y")]);
        let exists = Tagged::Exists {
            tag: id,
            target: tip,
        };
        assert_eq!(make(other).unwrap(), exists);
        assert_eq!(make(tip).unwrap(), exists);
        world
            .repository
            .reference("refs/tags/plain", tip, false, "")
            .unwrap();
        let plain = create_tag(remote, "plain", tip, "x", &me, &quick()).unwrap();
        assert_eq!(
            plain,
            Tagged::Exists {
                tag: tip,
                target: tip
            }
        );
    });
}

#[test]
fn an_edit_speaks_for_itself() {
    everywhere(|_, remote| {
        let (error, mut calls) = (ErrorKind::Edit, 0);
        let result = sync(remote, "main", &signature(), &quick(), &mut |draft| {
            calls += 1;
            draft.write(DEV, b"half".to_vec())?;
            Err(windlass_gitsync::Error::edit(Own))
        });
        let shown = result.unwrap_err();
        assert_eq!((shown.kind(), shown.to_string().as_str()), (error, "no"));
        assert_eq!(calls, 1);
    });
}

#[derive(Debug)]
struct Own;

impl std::fmt::Display for Own {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("no")
    }
}

impl std::error::Error for Own {}

impl windlass_fault::Fault for Own {
    fn blame(&self) -> windlass_fault::Blame {
        windlass_fault::Blame::Input
    }
}

#[test]
fn push_options_go_with_a_push_where_they_are_taken() {
    let said = |options: &[&str]| Access {
        push_options: options.iter().copied().map(str::to_owned).collect(),
        ..Access::default()
    };
    let world = World::new();
    let server = world.serve(GitRules::default());
    let mut remote = open(&server.url(), &said(&["ci.skip", "a=\u{e9}"])).unwrap();
    assert!(set(&mut *remote, DEV, "new").unwrap().changed());
    let requests = server.requests();
    assert_eq!(
        requests.last().unwrap().push_options,
        ["ci.skip", "a=\u{e9}"]
    );
    let tip = world.tip("main");

    let none = world.serve(GitRules {
        push_options: false,
        ..GitRules::default()
    });
    let mut remote = open(&none.url(), &said(&["ci.skip"])).unwrap();
    let error = set(&mut *remote, DEV, "newer").unwrap_err();
    insta::assert_snapshot!(shown(&error), @"
    Unsupported/Input: `http://[HOST]/repository.git` takes no push options
    hint: leave them out, or let `receive.advertisePushOptions` be set there
    ");
    let error = open(world.path(), &said(&["ci.skip"])).err().unwrap();
    insta::assert_snapshot!(shown(&error).replace(world.path(), "[FOLDER]"), @"Unsupported/Input: `[FOLDER]` is a folder, where nobody takes push options");
    let error = open(&none.url(), &said(&["a\nb\x1b"])).err().unwrap();
    insta::assert_snapshot!(shown(&error), @"
    Value/Input: `a b` cannot be a push option
    hint: write one line of at most 4096 bytes, such as `ci.skip`
    ");
    for bad in ["", "a\0b", &"a".repeat(5000)] {
        let error = open(&none.url(), &said(&[bad])).err().unwrap();
        assert_eq!(error.kind(), ErrorKind::Value);
    }
    assert_eq!(world.tip("main"), tip);
}
