//! What goes wrong on the way, and what is said of it.

use crate::world::{World, quick, remote, shown, signature};
use std::time::{Duration, Instant};
use windlass_fault::Secret;
use windlass_gitsync::{
    Access, Error, ErrorKind, Options, Outcome, Remote, Tagged, create_tag, open, sync,
};
use windlass_testkit::{GitFault, GitMoment, GitRules, GitServer};

const DEV: &str = "apps/a/k8s/overlays/dev/kustomization.yaml";

fn add(remote: &mut dyn Remote, options: &Options) -> Result<Outcome, Error> {
    sync(remote, "main", &signature(), options, &mut |draft| {
        let old = draft.read(DEV)?.unwrap_or_default();
        draft.write(DEV, [old, b"more: 1\n".to_vec()].concat())?;
        Ok("Add more".to_owned())
    })
}

/// A change over a server on which these faults wait.
fn with_faults(faults: &[(GitMoment, GitFault)]) -> (World, GitServer, Result<Outcome, Error>) {
    let world = World::new();
    let server = world.serve(GitRules::default());
    for (moment, fault) in faults {
        server.fail(*moment, fault.clone());
    }
    let result = add(&mut *remote(&server.url()), &quick());
    (world, server, result)
}

fn landed_once(world: &World) {
    let file = world.file("main", DEV).unwrap();
    assert_eq!(file, "tag: one\nmore: 1\n");
    let log = world.log("main");
    assert_eq!(
        log.iter()
            .filter(|message| message.starts_with("Add more"))
            .count(),
        1
    );
    world.check("main");
}

fn status(code: u16) -> GitFault {
    GitFault::Status(code, None, "try later".to_owned())
}

#[test]
fn a_cut_anywhere_is_survived() {
    for moment in [
        GitMoment::Greeting,
        GitMoment::Refs,
        GitMoment::Objects,
        GitMoment::PushGreeting,
        GitMoment::Push,
    ] {
        for fault in [GitFault::CutBefore, GitFault::CutAfter] {
            let (world, _, result) = with_faults(&[(moment, fault.clone())]);
            let outcome = result.unwrap_or_else(|error| panic!("{moment:?} {fault:?}: {error}"));
            assert!(outcome.changed());
            assert_eq!(
                outcome.commit,
                Some(world.tip("main")),
                "{moment:?} {fault:?}"
            );
            landed_once(&world);
        }
    }
}

/// The answer to a push gets lost, and before the branch is looked at again others write to it.
#[test]
fn a_commit_that_landed_in_silence_is_found_below_others() {
    let world = World::new();
    let server = world.serve(GitRules::default());
    server.fail(GitMoment::Push, GitFault::CutAfter);
    server.fail(GitMoment::Refs, GitFault::Status(200, None, String::new()));
    let mut remote = remote(&server.url());
    // The first look at the branch fails before anything is sent, which uses up that fault.
    let mut calls = 0;
    let outcome = sync(&mut *remote, "main", &signature(), &quick(), &mut |draft| {
        calls += 1;
        if calls == 1 {
            server.fail(GitMoment::Refs, GitFault::Race("main"));
        }
        let old = draft.read(DEV)?.unwrap_or_default();
        draft.write(DEV, [old, b"more: 1\n".to_vec()].concat())?;
        Ok("Add more".to_owned())
    });
    let outcome = outcome.unwrap();
    assert_eq!(calls, 1);
    landed_once(&world);
    let log = world.log("main");
    assert!(log[0].starts_with("Be faster"));
    let commit = world
        .repository
        .find_commit(outcome.commit.unwrap())
        .unwrap();
    assert!(commit.message().unwrap().starts_with("Add more"));
}

#[test]
fn a_busy_server_is_asked_again() {
    for code in [429, 500, 502, 503] {
        for moment in [GitMoment::Greeting, GitMoment::Objects, GitMoment::Push] {
            let (world, _, result) = with_faults(&[(moment, status(code))]);
            assert!(result.unwrap().changed());
            landed_once(&world);
        }
    }
}

#[test]
fn a_server_is_left_alone_as_long_as_it_asks() {
    let wait = |seconds: &str| {
        let header = Some(("Retry-After", seconds.to_owned()));
        GitFault::Status(429, header, "slow down".to_owned())
    };
    let started = Instant::now();
    let (_, _, result) = with_faults(&[(GitMoment::Refs, wait("1"))]);
    assert!(result.unwrap().changed());
    assert!(started.elapsed() >= Duration::from_secs(1));
    let (world, _, result) = with_faults(&[(GitMoment::Refs, wait("3600"))]);
    insta::assert_snapshot!(shown(&result.unwrap_err()), @"
    Deadline/World: could not write to `main` of `http://[HOST]/repository.git` in the 60 s that were given
    caused by: `http://[HOST]/repository.git` cannot answer now (HTTP 429)
    caused by: slow down
    ");
    assert_eq!(world.log("main").len(), 1);
}

#[test]
fn a_server_that_keeps_failing_is_named() {
    let faults = vec![(GitMoment::Objects, status(503)); 9];
    let (_, _, result) = with_faults(&faults);
    insta::assert_snapshot!(shown(&result.unwrap_err()), @"
    Busy/World: `http://[HOST]/repository.git` cannot answer now (HTTP 503)
    caused by: try later
    ");
}

#[test]
fn a_push_without_any_answer_is_in_doubt() {
    let mut faults = vec![(GitMoment::Push, GitFault::CutAfter)];
    faults.extend(vec![(GitMoment::Refs, GitFault::CutBefore); 9]);
    let world = World::new();
    let server = world.serve(GitRules::default());
    let mut remote = remote(&server.url());
    let result = sync(&mut *remote, "main", &signature(), &quick(), &mut |draft| {
        for (moment, fault) in faults.drain(..) {
            server.fail(moment, fault);
        }
        draft.write(DEV, b"new".to_vec())?;
        Ok("Set".to_owned())
    });
    let text = shown(&result.unwrap_err());
    insta::assert_snapshot!(text.replace(&world.tip("main").to_string(), "[COMMIT]"), @"
    Doubtful/World: cannot tell whether `http://[HOST]/repository.git` took commit [COMMIT] to `main`
    caused by: cannot reach `http://[HOST]/repository.git`
    caused by: io: Peer disconnected
    hint: run it again: what has landed is not written twice
    ");
    // What the hint promises: the same once more changes nothing.
    let again = sync(
        &mut *crate::world::remote(world.path()),
        "main",
        &signature(),
        &quick(),
        &mut |draft| {
            draft.write(DEV, b"new".to_vec())?;
            Ok("Set".to_owned())
        },
    );
    assert!(!again.unwrap().changed());
}

#[test]
fn a_refusal_is_told_after_a_few_tries() {
    let world = World::new();
    let server = world.serve(GitRules {
        refuse: Some("main is protected;\n\tuse a \x1b[1mpull request".to_owned()),
        ..GitRules::default()
    });
    let error = add(&mut *remote(&server.url()), &quick()).unwrap_err();
    insta::assert_snapshot!(shown(&error), @"
    Refused/Input: `http://[HOST]/repository.git` does not take the commit to `main`: pre-receive hook declined (main is protected; use a [1mpull request)
    hint: check the branch's protection rules and the hooks of the repository
    ");
    let me = signature().committer;
    let tag = create_tag(
        &mut *remote(&server.url()),
        "v1",
        world.tip("main"),
        "one",
        &me,
        &quick(),
    );
    insta::assert_snapshot!(shown(&tag.unwrap_err()), @"
    Refused/Input: `http://[HOST]/repository.git` does not take the tag `v1`: pre-receive hook declined (main is protected; use a [1mpull request)
    hint: check the repository's rules for tags and its hooks
    ");
    assert_eq!(world.log("main").len(), 1);
}

#[test]
fn a_branch_that_someone_has_checked_out_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let repository = git2::Repository::init(folder.path()).unwrap();
    repository.set_head("refs/heads/main").unwrap();
    let who = git2::Signature::new("a", "a@example.com", &git2::Time::new(0, 0)).unwrap();
    let tree = repository.treebuilder(None).unwrap().write().unwrap();
    let tree = repository.find_tree(tree).unwrap();
    for branch in ["refs/heads/main", "refs/heads/other"] {
        repository
            .commit(Some(branch), &who, &who, "first", &tree, &[])
            .unwrap();
    }
    let set = |branch: &str| {
        let mut remote = remote(folder.path().to_str().unwrap());
        sync(&mut *remote, branch, &signature(), &quick(), &mut |draft| {
            draft.write("file", b"x".to_vec())?;
            Ok("Set".to_owned())
        })
    };
    let error = set("main").unwrap_err();
    let text = shown(&error).replace(folder.path().to_str().unwrap(), "[FOLDER]");
    insta::assert_snapshot!(text, @"
    Refused/Input: `[FOLDER]` has the branch `main` checked out
    hint: write to a bare repository, or check out another branch there
    ");
    assert!(set("other").unwrap().changed());
    let mut config = repository.config().unwrap();
    config
        .set_str("receive.denyCurrentBranch", "ignore")
        .unwrap();
    assert!(set("main").unwrap().changed());
}

/// A lock that nobody lets go is told of soon, and names the file; one that goes in time is waited
/// for.
#[test]
fn a_lock_is_waited_for_and_not_for_ever() {
    let world = World::new();
    let lock = std::path::Path::new(world.path()).join("refs/heads/main.lock");
    std::fs::write(&lock, "").unwrap();
    let started = Instant::now();
    let error = add(&mut *remote(world.path()), &quick()).unwrap_err();
    assert!(started.elapsed() < Duration::from_secs(10));
    insta::assert_snapshot!(shown(&error).replace(world.path(), "[FOLDER]"), @"
    Busy/World: another program holds the lock of `refs/heads/main` in `[FOLDER]`
    hint: if none runs there any more, remove `[FOLDER]/refs/heads/main.lock`
    ");
    std::thread::scope(|scope| {
        scope.spawn(|| {
            std::thread::sleep(Duration::from_millis(40));
            std::fs::remove_file(&lock).unwrap();
        });
        assert!(add(&mut *remote(world.path()), &quick()).unwrap().changed());
    });
    landed_once(&world);
}

#[cfg(unix)]
#[test]
fn a_folder_with_hooks_is_not_written_to_behind_their_back() {
    use std::os::unix::fs::PermissionsExt;
    let world = World::new();
    let before = world.tip("main");
    for folder in ["hooks", "elsewhere"] {
        let hooks = std::path::Path::new(world.path()).join(folder);
        let _ = std::fs::create_dir(&hooks);
        let hook = hooks.join("update");
        std::fs::write(&hook, "#!/bin/sh\nexit 1\n").unwrap();
        assert!(
            add(
                &mut *remote(world.path()),
                &Options {
                    dry_run: true,
                    ..quick()
                }
            )
            .is_ok()
        );
        std::fs::set_permissions(&hook, PermissionsExt::from_mode(0o755)).unwrap();
        let error = add(&mut *remote(world.path()), &quick()).unwrap_err();
        insta::allow_duplicates! {
            insta::assert_snapshot!(shown(&error).replace(world.path(), "[FOLDER]"), @"
            Unsupported/Input: `[FOLDER]` has a hook `update`, which cannot run here
            hint: let the git program push, which runs it, with `--via-git`
            ");
        }
        assert_eq!(world.tip("main"), before);
        let mut config = world.repository.config().unwrap();
        config.set_str("core.hooksPath", "elsewhere").unwrap();
    }
    std::fs::remove_dir_all(std::path::Path::new(world.path()).join("elsewhere")).unwrap();
    assert!(add(&mut *remote(world.path()), &quick()).unwrap().changed());
}

#[test]
fn a_rewound_or_deleted_branch_gets_nothing_back() {
    let world = World::new();
    let first = world.tip("main");
    world.commit("main", &[("dropped", "x")]);
    let server = world.serve(GitRules::default());
    let mut calls = 0;
    let outcome = sync(
        &mut *remote(&server.url()),
        "main",
        &signature(),
        &quick(),
        &mut |draft| {
            calls += 1;
            if calls == 1 {
                world
                    .repository
                    .reference("refs/heads/main", first, true, "")
                    .unwrap();
            }
            draft.write("mine", b"x".to_vec())?;
            Ok("Set".to_owned())
        },
    );
    assert_eq!(outcome.unwrap().base, first);
    assert!(world.file("main", "dropped").is_none());

    let error = sync(
        &mut *remote(&server.url()),
        "main",
        &signature(),
        &quick(),
        &mut |draft| {
            world
                .repository
                .find_reference("refs/heads/main")
                .unwrap()
                .delete()
                .unwrap();
            draft.write("mine", b"y".to_vec())?;
            Ok("Set".to_owned())
        },
    );
    insta::assert_snapshot!(shown(&error.unwrap_err()), @"
    BranchMissing/Input: `http://[HOST]/repository.git` has no branch `main`
    hint: push the branch first: a write only adds to one that is there
    ");
}

#[test]
fn silence_ends_with_the_deadline() {
    for moment in [GitMoment::Greeting, GitMoment::Objects, GitMoment::Push] {
        let world = World::new();
        let server = world.serve(GitRules::default());
        server.fail(moment, GitFault::Silence);
        let options = Options {
            deadline: Duration::from_secs(1),
            ..quick()
        };
        let started = Instant::now();
        let error = add(&mut *remote(&server.url()), &options).unwrap_err();
        assert!(started.elapsed() < Duration::from_secs(5), "{moment:?}");
        let kinds = [ErrorKind::Deadline, ErrorKind::Doubtful];
        assert!(kinds.contains(&error.kind()), "{moment:?}: {error}");
    }
}

#[test]
fn what_cannot_be_reached_is_named() {
    let address = {
        let world = World::new();
        world.serve(GitRules::default()).url()
    };
    // A closed port answers at once; four tries take a few seconds at most.
    let error = add(&mut *remote(&address), &quick()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unreachable);
    insta::assert_snapshot!(shown(&error).lines().next().unwrap(), @"Unreachable/World: cannot reach `http://[HOST]/repository.git`");
}

#[test]
fn a_folder_without_a_repository_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    let error = open(path, &Access::default()).err().unwrap();
    insta::assert_snapshot!(shown(&error).replace(path, "[FOLDER]"), @"RepositoryMissing/Input: there is no git repository at `[FOLDER]`");
    let elsewhere = Access {
        folder: Some(folder.path().to_owned()),
        ..Access::default()
    };
    std::fs::create_dir(folder.path().join("here.git")).unwrap();
    git2::Repository::init_bare(folder.path().join("here.git")).unwrap();
    assert!(open("here.git", &elsewhere).is_ok());
    std::fs::write(folder.path().join("here.git/config"), "[core\n").unwrap();
    let error = open("here.git", &elsewhere).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Local);
    insta::assert_snapshot!(shown(&error).lines().next().unwrap(), @"Local/World: cannot open `here.git`");
}

#[test]
fn a_remote_is_looked_up_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let repository = git2::Repository::init(folder.path()).unwrap();
    repository
        .remote("origin", "https://example.com/a.git")
        .unwrap();
    let address = |remote| windlass_gitsync::address(folder.path(), remote);
    assert_eq!(address("origin").unwrap(), "https://example.com/a.git");
    assert_eq!(address("./other").unwrap(), "./other");
    insta::assert_snapshot!(shown(&address("upstream").unwrap_err()), @"
    Url/Input: the repository has no remote `upstream`
    hint: name the remote's address with `--remote`
    ");
}

/// A password is in no output, whatever the server does with it.
#[test]
fn credentials_are_for_their_server_alone_and_not_shown() {
    let world = World::new();
    let rules = GitRules {
        login: Some(("bot".to_owned(), "hunter2".to_owned())),
        ..GitRules::default()
    };
    let server = world.serve(rules);
    let right = server.url_with("bot", "hunter2");
    assert!(add(&mut *remote(&right), &quick()).unwrap().changed());
    assert!(
        server
            .requests()
            .iter()
            .all(|request| request.authorized && request.status == 200)
    );

    let none = add(&mut *remote(&server.url()), &quick()).unwrap_err();
    insta::assert_snapshot!(shown(&none), @"
    Unauthorized/Input: `http://[HOST]/repository.git` asks for credentials, and there are none
    hint: set GITHUB_TOKEN if it is a GitHub server, or configure a credential helper of git
    ");
    let wrong = add(&mut *remote(&server.url_with("bot", "hunter3")), &quick()).unwrap_err();
    insta::assert_snapshot!(shown(&wrong), @"
    Unauthorized/Input: `http://[HOST]/repository.git` does not accept the credentials of `bot`
    hint: check that the token or password is valid and may write to the repository
    ");

    let parrot = "you sent hunter2 as Ym90Omh1bnRlcjI=";
    server.fail(
        GitMoment::Refs,
        GitFault::Status(403, None, parrot.to_owned()),
    );
    let forbidden = add(&mut *remote(&right), &quick()).unwrap_err();
    insta::assert_snapshot!(shown(&forbidden), @"
    Forbidden/Input: `http://[HOST]/repository.git` does not allow it
    caused by: you sent *** as ***
    hint: check that the token or user may write to the repository
    ");
    server.fail(
        GitMoment::Refs,
        GitFault::Body(b"0010ERR hunter2\n".to_vec()),
    );
    let said = add(&mut *remote(&right), &quick()).unwrap_err();
    insta::assert_snapshot!(shown(&said), @"Server/World: `http://[HOST]/repository.git` reports an error: ***");
}

/// A server that turns a request away, at whatever point, has nothing of the change.
#[test]
fn a_request_that_is_not_allowed_leaves_the_branch_as_it_was() {
    for moment in [
        GitMoment::Greeting,
        GitMoment::Refs,
        GitMoment::Objects,
        GitMoment::PushGreeting,
        GitMoment::Push,
    ] {
        for (code, kind) in [
            (401, ErrorKind::Unauthorized),
            (403, ErrorKind::Forbidden),
            (404, ErrorKind::RepositoryMissing),
        ] {
            let (world, server, result) = with_faults(&[(moment, status(code))]);
            assert_eq!(result.unwrap_err().kind(), kind, "{moment:?}");
            assert_eq!(world.log("main").len(), 1);
            let last = server.requests().pop().unwrap();
            assert_eq!(last.status, code, "{moment:?}: it is not tried again");
        }
    }
}

#[test]
fn a_token_is_sent_to_its_own_server_alone() {
    let world = World::new();
    let server = world.serve(GitRules::default());
    let token = |of: String| Access {
        token: Some((of, Secret::new("t0ken"))),
        ..Access::default()
    };
    let other_port = server
        .url()
        .replace("http://127.0.0.1:", "http://127.0.0.1:1");
    for (of, sent) in [
        (server.url(), true),
        (server.url().replace("127.0.0.1", "localhost"), false),
        (server.url().replace("http:", "https:"), false),
        (other_port, false),
        ("nonsense".to_owned(), false),
    ] {
        let before = server.requests().len();
        let mut remote = open(&server.url(), &token(of.clone())).unwrap();
        remote.tip("refs/heads/main").unwrap();
        let requests = &server.requests()[before..];
        assert!(
            requests.iter().all(|request| request.authorized == sent),
            "{of}"
        );
    }
}

#[test]
fn a_redirect_leads_to_no_other_server() {
    let world = World::new();
    let server = world.serve(GitRules::default());
    let elsewhere = world.serve(GitRules::default());
    let moved = |to: String| {
        let location = format!("{to}/info/refs?service=git-upload-pack");
        GitFault::Status(301, Some(("Location", location)), String::new())
    };
    let address = server.url_with("bot", "hunter2");
    server.fail(GitMoment::Greeting, moved(elsewhere.url()));
    let error = add(&mut *remote(&address), &quick()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Redirected);
    assert!(elsewhere.requests().is_empty());
    server.fail(GitMoment::Greeting, moved("//evil.example/x".to_owned()));
    let error = add(&mut *remote(&address), &quick()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Redirected);
    server.fail(GitMoment::Push, moved(elsewhere.url()));
    let error = add(&mut *remote(&address), &quick()).unwrap_err();
    insta::assert_snapshot!(shown(&error), @"
    Redirected/Input: `http://[HOST]/repository.git` sends the request on to `http://[HOST]`
    hint: name the remote by its new address, if you trust it
    ");
    assert!(elsewhere.requests().is_empty());
    server.fail(GitMoment::Greeting, moved("/repository.git".to_owned()));
    assert!(add(&mut *remote(&address), &quick()).unwrap().changed());
}

#[test]
fn a_tag_whose_answer_got_lost_is_found() {
    let world = World::new();
    let server = world.serve(GitRules::default());
    server.fail(GitMoment::Push, GitFault::CutAfter);
    let me = signature().committer;
    let tip = world.tip("main");
    let made = create_tag(&mut *remote(&server.url()), "v1", tip, "one", &me, &quick()).unwrap();
    let holds = world.repository.refname_to_id("refs/tags/v1").unwrap();
    assert_eq!(made, Tagged::Created(holds));
}

#[test]
fn a_link_in_the_way_is_named() {
    let world = World::new();
    let link = world.odd_tree("120000", "apps", world.blob("elsewhere"));
    world.commit_tree("main", link);
    let error = add(&mut *remote(world.path()), &quick()).unwrap_err();
    insta::assert_snapshot!(shown(&error), @"NotAFile/Input: cannot touch `apps/a/k8s/overlays/dev/kustomization.yaml`: `apps` is a symbolic link");
}
