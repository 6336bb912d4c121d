//! Branches as they were, by every way to a repository.

use crate::conformance::everywhere;
use crate::world::{World, quick, remote, shown};
use git2::Oid;
use windlass_gitsync::{Back, Error, ErrorKind, Point, Remote, look};
use windlass_testkit::GitRules;

const PATH: &str = "apps/a/k8s/overlays/dev/kustomization.yaml";

/// Commits a value of the file at each of these moments.
fn with_past(world: &World, moments: &[(i64, &str)]) -> Vec<Oid> {
    let commit = |(time, text): &(i64, &str)| world.commit_at("main", &[(PATH, text)], *time);
    moments.iter().map(commit).collect()
}

fn back(remote: &mut dyn Remote, to: &Back) -> Result<Vec<Point>, Error> {
    look(remote, &quick(), &mut |past| {
        let tip = past.tip("main")?;
        past.back(tip, to)
    })
}

fn ids(line: &[Point]) -> Vec<Oid> {
    line.iter().map(|point| point.id).collect()
}

#[test]
fn a_branch_is_read_as_it_was() {
    everywhere(|world, remote| {
        let past = with_past(world, &[(100, "a"), (200, "b"), (300, "c")]);
        for (time, text) in [(99, "tag: one\n"), (100, "a"), (299, "b"), (900, "c")] {
            let found = look(remote, &quick(), &mut |past| {
                let tip = past.tip("main")?;
                let line = past.back(tip, &Back::Time(time))?;
                past.files(line[line.len() - 1].id)?.read(PATH)
            });
            assert_eq!(found.unwrap().as_deref(), Some(text.as_bytes()), "{time}");
        }
        let named = Back::commit(&past[0].to_string()[..12]).unwrap();
        let line = back(remote, &named).unwrap();
        assert_eq!(ids(&line), [past[2], past[1], past[0]]);
        assert_eq!(line[1].time, 200);
    });
}

#[test]
fn a_long_line_is_read_page_by_page() {
    everywhere(|world, remote| {
        let begin = world.tip("main");
        for n in 1..120 {
            world.commit_at("main", &[(PATH, &n.to_string())], n);
        }
        let line = back(remote, &Back::Time(0)).unwrap();
        let times: Vec<i64> = line.iter().map(|point| point.time).collect();
        assert_eq!(times, (0..120).rev().collect::<Vec<_>>());
        assert_eq!(line[119].id, begin);
    });
}

#[test]
fn what_a_merge_brought_was_not_there_before() {
    everywhere(|world, remote| {
        let base = world.tip("main");
        world.branch("topic", base);
        let topic = world.commit_at("topic", &[(PATH, "topic")], 100);
        let own = world.commit_at("main", &[(PATH, "own")], 200);
        let merge = world.merge("main", topic, 300);
        assert_eq!(
            ids(&back(remote, &Back::Time(150)).unwrap()),
            [merge, own, base]
        );
        let topic = Back::Commit(topic.to_string());
        assert!(back(remote, &topic).is_err());
    });
}

#[test]
fn since_when_a_file_has_held_a_value() {
    everywhere(|world, remote| {
        let values = [(1, "a"), (2, "b"), (3, "a"), (4, "a # note"), (5, "a")];
        let past = with_past(world, &values);
        let held = look(remote, &quick(), &mut |reader| {
            let line = reader.back(past[4], &Back::Time(0))?;
            let paths = [PATH, "README.md", PATH].map(str::to_owned);
            reader.held(&line, &paths, &|at, content| match (at, content) {
                (0, Some(text)) => text.starts_with(b"a"),
                (1, content) => content.is_none(),
                _ => false,
            })
        });
        let held: Vec<Option<i64>> = held.unwrap().iter().map(|at| Some((*at)?.time)).collect();
        // The first commit of all has a README.
        assert_eq!(held, [Some(3), Some(1), None]);
    });
}

#[test]
fn where_the_history_ends_is_said() {
    everywhere(|world, remote| {
        let hide = |error: &Error| {
            let text = shown(error).replace("http://[HOST]/repository.git", "REMOTE");
            text.replace(&format!("file://{}", world.path()), "REMOTE")
        };
        let error = back(remote, &Back::Time(-1)).unwrap_err();
        insta::allow_duplicates! {
            insta::assert_snapshot!(hide(&error), @"History/Input: no commit of the branch's own line in `REMOTE` is that old: it begins later");
        }
        let error = back(remote, &Back::commit("0123456").unwrap()).unwrap_err();
        insta::allow_duplicates! {
            insta::assert_snapshot!(hide(&error), @"
            History/Input: no commit of the branch's own line in `REMOTE` is called `0123456`: it begins later
            hint: name one that was the branch's tip once: what came by a merge was not there before
            ");
        }
    });
}

#[test]
fn a_remote_that_is_itself_shallow_says_so() {
    let world = World::new();
    let past = with_past(&world, &[(1, "a"), (2, "b"), (3, "c")]);
    world.forget(past[0]);
    let server = world.serve(GitRules::default());
    for address in [server.url(), format!("file://{}", world.path())] {
        let mut remote = remote(&address);
        assert_eq!(back(&mut *remote, &Back::Time(2)).unwrap().len(), 2);
        let error = back(&mut *remote, &Back::Time(0)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::History);
        let message = format!("does not give the history before commit {}", past[0]);
        assert!(error.to_string().ends_with(&message), "{error}");
    }
}

#[test]
fn the_cost_is_that_of_the_commits() {
    let world = World::new();
    for n in 1..1000 {
        world.commit_at("main", &[(PATH, &n.to_string())], n);
    }
    let server = world.serve(GitRules::default());
    back(&mut *remote(&server.url()), &Back::Time(1)).unwrap();
    let requests = server.requests();
    let down: usize = requests.iter().map(|request| request.down).sum();
    // The greeting, the tip, and pages of 16, 64, 256 and 1,024 commits.
    assert_eq!(requests.len(), 6, "{requests:?}");
    assert!(down < 300_000, "{down}");
}
