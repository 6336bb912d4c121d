//! Many writers at once.

use crate::world::{World, quick, remote, signature};
use std::collections::BTreeSet;
use std::time::Duration;
use windlass_gitsync::{Error, ErrorKind, Options, Outcome, Tagged, create_tag, sync};
use windlass_testkit::GitRules;

const WRITERS: u64 = 20;

/// Runs all writers at once; each gets its number.
fn together<R: Send>(work: impl Fn(u64) -> R + Sync) -> Vec<R> {
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..WRITERS)
            .map(|n| {
                scope.spawn({
                    let work = &work;
                    move || work(n)
                })
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    })
}

fn options(seed: u64) -> Options {
    Options { seed, ..quick() }
}

/// Adds a line to a file that every writer adds to: a lost update would be a missing line.
fn add_line(address: &str, n: u64) -> Result<Outcome, Error> {
    sync(
        &mut *remote(address),
        "main",
        &signature(),
        &options(n),
        &mut |draft| {
            let old = draft.read("apps/shared")?.unwrap_or_default();
            let line = format!("writer {n}\n").into_bytes();
            draft.write("apps/shared", [old, line].concat())?;
            Ok(format!("Add {n}"))
        },
    )
}

fn all_land(world: &World, address: &str) {
    let outcomes = together(|n| add_line(address, n).unwrap());
    let commits: BTreeSet<_> = outcomes
        .iter()
        .map(|outcome| outcome.commit.unwrap())
        .collect();
    let writers = usize::try_from(WRITERS).unwrap();
    assert_eq!(commits.len(), writers);
    assert_eq!(world.log("main").len(), writers + 1);
    let text = world.file("main", "apps/shared").unwrap();
    let lines: BTreeSet<&str> = text.lines().collect();
    assert_eq!((text.lines().count(), lines.len()), (writers, writers));
    world.check("main");
}

#[test]
fn all_writers_land_over_http() {
    let world = World::new();
    let server = world.serve(GitRules::default());
    all_land(&world, &server.url());
}

#[test]
fn all_writers_land_in_a_folder() {
    let world = World::new();
    all_land(&world, world.path());
}

/// Each swaps the value if it is still the first one: one can, the others see that they cannot.
#[test]
fn one_of_many_swaps_a_value() {
    let world = World::with(&[("value", "first")]);
    let server = world.serve(GitRules::default());
    let results = together(|n| {
        let mut remote = remote(&server.url());
        sync(
            &mut *remote,
            "main",
            &signature(),
            &options(n),
            &mut |draft| {
                match draft.read("value")?.as_deref() {
                    Some(b"first") => draft.write("value", n.to_string().into_bytes())?,
                    _ => return Err(Error::edit(Taken)),
                }
                Ok("Swap".to_owned())
            },
        )
    });
    let (won, lost): (Vec<_>, Vec<_>) = results.into_iter().partition(Result::is_ok);
    assert_eq!(won.len(), 1);
    assert!(
        lost.into_iter()
            .all(|lost| lost.unwrap_err().kind() == ErrorKind::Edit)
    );
    assert_eq!(world.log("main").len(), 2);
}

#[test]
fn one_of_many_makes_a_tag() {
    for over_http in [true, false] {
        let world = World::new();
        let server = world.serve(GitRules::default());
        let address = if over_http {
            server.url()
        } else {
            world.path().to_owned()
        };
        let tip = world.tip("main");
        let results = together(|n| {
            let message = format!("from {n}");
            let me = signature().committer;
            create_tag(
                &mut *remote(&address),
                "v1",
                tip,
                &message,
                &me,
                &options(n),
            )
            .unwrap()
        });
        let made: Vec<_> = results
            .iter()
            .filter(|tag| matches!(tag, Tagged::Created(_)))
            .collect();
        assert_eq!(made.len(), 1, "{results:?}");
        let holds = world.repository.refname_to_id("refs/tags/v1").unwrap();
        assert_eq!(made[0], &Tagged::Created(holds));
    }
}

#[test]
fn a_race_that_is_never_won_ends_in_time() {
    let world = World::new();
    let options = Options {
        deadline: Duration::from_millis(700),
        ..quick()
    };
    let mut remote = remote(world.path());
    let mut n = 0;
    let error = sync(&mut *remote, "main", &signature(), &options, &mut |draft| {
        n += 1;
        world.commit("main", &[("n", &n.to_string())]);
        std::thread::sleep(Duration::from_millis(20));
        draft.write("mine", b"x".to_vec())?;
        Ok("Try".to_owned())
    });
    let error = error.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Deadline);
    assert!(error.to_string().contains("in the 0 s"), "{error}");
    assert!(world.file("main", "mine").is_none());
}

#[derive(Debug)]
struct Taken;

impl std::fmt::Display for Taken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("another was faster")
    }
}

impl std::error::Error for Taken {}

impl windlass_fault::Fault for Taken {
    fn blame(&self) -> windlass_fault::Blame {
        windlass_fault::Blame::Input
    }
}
