//! An app brought to a newer state of its template.

use crate::ask::Ask;
use crate::change::{self, Changes};
use crate::files::{Files, MAX_TOTAL};
use crate::given::{Answers, Given};
use crate::merge::{self, Conflict, Versions};
use crate::record::Record;
use crate::site::Site;
use crate::template::Template;
use crate::{Error, ErrorKind};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// What an update does, not yet written.
#[derive(Debug)]
pub struct Update {
    /// The files that change.
    pub changes: Changes,
    /// What both sides changed, each in its own way.
    pub conflicts: Vec<Conflict>,
    /// The conflicts of earlier updates that are still marked in the files.
    pub unresolved: Vec<Conflict>,
}

/// Brings the app `name` of the repository at `root` from the template `old`, of which `record`
/// tells, to the template `new`. `given` answers questions that are new, or anew; the rest is asked
/// by `ask`, or has its default.
///
/// Nothing that the template did not change is touched: neither what was written since, nor sealed
/// secrets, nor the tags and digests of images.
///
/// # Errors
/// Those of [`Template::render`], and [`ErrorKind::Read`].
pub fn update(
    name: &str,
    [old, new]: [&Template; 2],
    record: &Record,
    given: &Answers,
    site: &Site,
    root: &Path,
    ask: Option<&mut Ask<'_>>,
) -> Result<Update, Error> {
    let was = record.site.as_ref().unwrap_or(site);
    let base = old.render(name, &record.answers, was)?;
    let mut answers = new.still_asked(name, &record.answers, site);
    overlay(&mut answers, given);
    if let Some(ask) = ask {
        answers = new.ask(name, &answers, site, ask)?;
    }
    let theirs = new.render(name, &answers, site)?;
    let kept = format!("{}/{}", theirs.folder, Record::FILE);
    let ours = current(root, [base.files(), theirs.files()])?;
    let mut update = Update {
        changes: Changes::default(),
        conflicts: Vec::new(),
        unresolved: ours
            .iter()
            .flat_map(|(path, file)| merge::unresolved(path, file))
            .collect(),
    };
    let (base, theirs) = (base.files(), theirs.files());
    update.merge([base, &ours, theirs], &kept);
    update
        .changes
        .add(&kept, ours.get(&kept).cloned(), theirs.get(&kept).cloned());
    Ok(update)
}

/// Puts newer answers over older ones; of those for each environment, one by one.
fn overlay(answers: &mut Answers, newer: &Answers) {
    for (name, given) in newer {
        match (answers.get_mut(name), given) {
            (Some(Given::Each(each)), Given::Each(newer)) => each.extend(newer.clone()),
            _ => drop(answers.insert(name.clone(), given.clone())),
        }
    }
}

impl Update {
    fn merge(&mut self, [base, ours, theirs]: [&Files; 3], record: &str) {
        let moved = renames(base, ours, theirs);
        let targets: BTreeSet<&String> = moved.values().copied().collect();
        let paths: BTreeSet<&String> = base.keys().chain(theirs.keys()).collect();
        for path in paths {
            if *path == record || targets.contains(path) {
                continue;
            }
            let to = moved.get(path).copied().unwrap_or(path);
            let versions = Versions {
                base: base.get(path),
                ours: ours.get(path),
                theirs: theirs.get(to),
            };
            let merged = versions.merge(to);
            self.conflicts.extend(merged.conflicts);
            if to != path {
                self.changes.add(path, ours.get(path).cloned(), None);
            }
            self.changes.add(to, ours.get(to).cloned(), merged.file);
        }
    }
}

/// The files as they are now.
fn current(root: &Path, of: [&Files; 2]) -> Result<Files, Error> {
    let paths: BTreeSet<&String> = of.iter().flat_map(|files| files.keys()).collect();
    let mut files = Files::new();
    let mut total = 0;
    for path in paths {
        if let Some(file) = change::read(root, path)? {
            total += file.bytes.len() as u64;
            files.insert(path.clone(), file);
        }
    }
    match total > MAX_TOTAL {
        true => Err(Error::new(ErrorKind::Forbidden, "the app is too large")),
        false => Ok(files),
    }
}

/// The files of `base` that `theirs` has under another path, with much the same in them.
fn renames<'f>(
    base: &'f Files,
    ours: &Files,
    theirs: &'f Files,
) -> BTreeMap<&'f String, &'f String> {
    let mut moved = BTreeMap::new();
    let mut new: Vec<_> = theirs
        .iter()
        .filter(|(path, _)| !base.contains_key(*path) && !ours.contains_key(*path))
        .collect();
    let gone = base
        .iter()
        .filter(|(path, _)| !theirs.contains_key(*path) && ours.contains_key(*path));
    for (path, file) in gone {
        let likeness = new
            .iter()
            .map(|(_, other)| likeness(&file.bytes, &other.bytes));
        let best = likeness
            .enumerate()
            .max_by_key(|&(at, likeness)| (likeness, usize::MAX - at));
        if let Some((at, 60..)) = best {
            moved.insert(path, new.remove(at).0);
        }
    }
    moved
}

/// How many of a hundred lines two files share.
fn likeness(one: &[u8], other: &[u8]) -> usize {
    let lines = |bytes| {
        let mut count: BTreeMap<&[u8], usize> = BTreeMap::new();
        for line in <[u8]>::split(bytes, |&byte| byte == b'\n') {
            *count.entry(line).or_default() += usize::from(!line.is_empty());
        }
        count
    };
    let (one, other) = (lines(one), lines(other));
    let shared =
        |(line, &count): (&&[u8], &usize)| count.min(other.get(line).copied().unwrap_or(0));
    let shared: usize = one.iter().map(shared).sum();
    let all = one.values().sum::<usize>().max(other.values().sum());
    (shared * 100).checked_div(all).unwrap_or(0)
}
