//! What may happen to a branch between the look at its tip and the push, in any order: every
//! success is in the history exactly once, and no other commit is lost.

use crate::world::{quick, signature};
use proptest::prelude::*;
use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::rc::Rc;
use std::time::{Duration, Instant};
use windlass_gitsync::{
    Cas, Error, ErrorKind, Kind, New, Object, Objects, Oid, Options, Outcome, Remote, Result, sync,
};

const FILE: &str = "lines";

/// What happens as a writer calls the remote.
#[derive(Debug, Clone, Copy)]
enum Event {
    /// What should.
    Nothing,
    /// Somebody else pushes a commit first.
    Push,
    /// Another of our writers does all of its work first.
    Writer,
    /// The branch goes back by a commit first.
    Rewind,
    /// The connection ends before the push is taken.
    CutBefore,
    /// The push is taken, and the connection ends before that is said.
    CutAfter,
    /// The server does not want the push, for a reason that goes away.
    Refuse,
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    use Event::{CutAfter, CutBefore, Nothing, Push, Refuse, Rewind, Writer};
    let one = prop_oneof![
        3 => Just(Nothing),
        3 => Just(Push),
        4 => Just(Writer),
        1 => Just(Rewind),
        1 => Just(CutBefore),
        2 => Just(CutAfter),
        1 => Just(Refuse),
    ];
    prop::collection::vec(one, 0..24)
}

/// A repository in memory whose history is told by events.
struct World {
    objects: Objects,
    branch: Oid,
    events: Vec<Event>,
    /// Commits that a rewind took out of the branch.
    dropped: HashSet<Oid>,
    /// Commits that somebody else pushed.
    pushed: Vec<Oid>,
    writers: usize,
    results: HashMap<usize, Result<Outcome>>,
}

impl World {
    fn new(events: Vec<Event>) -> Self {
        let mut world = Self {
            objects: Objects::new(),
            branch: Oid::ZERO_SHA1,
            events,
            dropped: HashSet::new(),
            pushed: Vec::new(),
            writers: 0,
            results: HashMap::new(),
        };
        world.branch = world.commit(None, "first\n");
        world
    }

    fn add(&mut self, kind: Kind, data: Vec<u8>) -> Oid {
        let object = Object { kind, data };
        let id = object.id();
        self.objects.insert(id, object);
        id
    }

    fn commit(&mut self, parent: Option<Oid>, text: &str) -> Oid {
        let blob = self.add(Kind::Blob, text.as_bytes().to_vec());
        let entry = [format!("100644 {FILE}\0").as_bytes(), blob.as_bytes()].concat();
        let tree = self.add(Kind::Tree, entry);
        let parent = parent.map_or(String::new(), |parent| format!("parent {parent}\n"));
        let data =
            format!("tree {tree}\n{parent}author a <a> 0 +0000\ncommitter a <a> 0 +0000\n\nx\n");
        self.add(Kind::Commit, data.into_bytes())
    }

    fn field(&self, commit: Oid, name: &str) -> Option<Oid> {
        let text = std::str::from_utf8(&self.objects[&commit].data).unwrap();
        let value = text.lines().find_map(|line| line.strip_prefix(name))?;
        Some(Oid::from_str(value.trim()).unwrap())
    }

    fn text(&self, commit: Oid) -> String {
        let tree = &self.objects[&self.field(commit, "tree ").unwrap()].data;
        let blob = Oid::from_bytes(&tree[tree.len() - 20..]).unwrap();
        String::from_utf8(self.objects[&blob].data.clone()).unwrap()
    }

    /// The commits of the branch, the newest first.
    fn history(&self) -> Vec<Oid> {
        let mut next = Some(self.branch);
        std::iter::from_fn(|| {
            let commit = next?;
            next = self.field(commit, "parent ");
            Some(commit)
        })
        .collect()
    }

    fn push(&mut self) {
        let text = format!("{}other {}\n", self.text(self.branch), self.pushed.len());
        self.branch = self.commit(Some(self.branch), &text);
        self.pushed.push(self.branch);
    }

    fn rewind(&mut self) {
        if let Some(parent) = self.field(self.branch, "parent ") {
            self.dropped.insert(self.branch);
            self.branch = parent;
        }
    }
}

/// A writer's way to the repository.
struct Way(Rc<RefCell<World>>);

impl Way {
    /// What happens now; what others do has happened when this returns.
    fn event(&self) -> Event {
        let event = self.0.borrow_mut().events.pop().unwrap_or(Event::Nothing);
        match event {
            Event::Push => self.0.borrow_mut().push(),
            Event::Rewind => self.0.borrow_mut().rewind(),
            Event::Writer => write(&self.0),
            _ => {}
        }
        event
    }
}

impl Remote for Way {
    fn name(&self) -> &str {
        "memory"
    }

    fn until(&mut self, _: Instant) {}

    fn tip(&mut self, _: &str) -> Result<Option<Oid>> {
        self.event();
        Ok(Some(self.0.borrow().branch))
    }

    fn resolve(&mut self, _: &str) -> Result<Option<Oid>> {
        Ok(None)
    }

    fn pack(&mut self, _: Oid) -> Result<Vec<u8>> {
        Ok(Vec::new())
    }

    fn read(&mut self, wants: &[Oid]) -> Result<Objects> {
        let world = self.0.borrow();
        Ok(wants
            .iter()
            .map(|id| (*id, world.objects[id].clone()))
            .collect())
    }

    fn since(&mut self, tip: Oid, known: Oid) -> Result<Objects> {
        let world = self.0.borrow();
        let mut commits = Objects::new();
        let mut next = Some(tip);
        while let Some(commit) = next.filter(|commit| *commit != known) {
            commits.insert(commit, world.objects[&commit].clone());
            next = world.field(commit, "parent ");
        }
        Ok(commits)
    }

    fn cas(&mut self, _: &str, old: Option<Oid>, new: Oid, objects: &[New]) -> Result<Cas> {
        let event = self.event();
        let mut world = self.0.borrow_mut();
        match event {
            Event::CutBefore => return Ok(Cas::Unknown(Error::edit(Cut))),
            Event::Refuse => return Ok(Cas::Refused("not now".to_owned())),
            _ => {}
        }
        if old != Some(world.branch) {
            return Ok(Cas::Moved);
        }
        let objects = objects
            .iter()
            .map(|new| (new.object.id(), new.object.clone()));
        world.objects.extend(objects);
        world.branch = new;
        // One that was dropped and is made anew, on the same tip, is the same commit.
        world.dropped.remove(&new);
        match event {
            Event::CutAfter => Ok(Cas::Unknown(Error::edit(Cut))),
            _ => Ok(Cas::Done),
        }
    }
}

/// Lets one more writer add its line.
fn write(world: &Rc<RefCell<World>>) {
    let n = world.borrow().writers;
    if n == 4 {
        return;
    }
    world.borrow_mut().writers += 1;
    let options = Options {
        pause: Duration::ZERO,
        seed: n as u64,
        ..quick()
    };
    let mut way = Way(Rc::clone(world));
    let result = sync(&mut way, "main", &signature(), &options, &mut |draft| {
        let old = draft.read(FILE)?.unwrap_or_default();
        draft.write(FILE, [old, format!("writer {n}\n").into_bytes()].concat())?;
        Ok(format!("Write {n}"))
    });
    world.borrow_mut().results.insert(n, result);
}

#[derive(Debug)]
struct Cut;

impl std::fmt::Display for Cut {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the connection ended")
    }
}

impl std::error::Error for Cut {}

impl windlass_fault::Fault for Cut {
    fn blame(&self) -> windlass_fault::Blame {
        windlass_fault::Blame::World
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_success_is_in_the_history_once_and_nothing_is_lost(events in events()) {
        let world = Rc::new(RefCell::new(World::new(events)));
        while world.borrow().writers < 4 {
            write(&world);
        }
        let world = world.borrow();
        let history = world.history();
        // Each commit is what it found and one line more: what others wrote is still there.
        for pair in history.windows(2) {
            let (after, before) = (world.text(pair[0]), world.text(pair[1]));
            prop_assert_eq!(after.strip_prefix(&before).map(|line| line.lines().count()), Some(1));
        }
        for commit in &world.pushed {
            prop_assert!(history.contains(commit) || world.dropped.contains(commit));
        }
        let text = world.text(world.branch);
        for (n, result) in &world.results {
            let line = format!("writer {n}");
            let times = text.lines().filter(|found| **found == line).count();
            match result {
                Ok(outcome) => {
                    let commit = outcome.commit.unwrap();
                    let expected = usize::from(!world.dropped.contains(&commit));
                    prop_assert_eq!(times, expected, "{}", text);
                    prop_assert_eq!(history.contains(&commit), expected == 1);
                }
                Err(error) if error.kind() == ErrorKind::Doubtful => prop_assert!(times <= 1),
                Err(error) => prop_assert_eq!(times, 0, "{}", error),
            }
        }
    }
}
