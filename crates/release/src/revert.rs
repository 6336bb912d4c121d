//! Which commits of a range undo which others of it.

use crate::changes::Change;
use crate::conventional;
use crate::error::{Result, unreadable};
use crate::repository::Repository;
use git2::Oid;
use std::collections::HashMap;

/// A commit that a message says it reverts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Target<'a> {
    hash: &'a str,
    /// For a merge: the parent that the revert goes back to.
    mainline: Option<&'a str>,
}

/// The commits that a message reverts: by git's own sentence, or by the footer `Refs` under the
/// type `revert`, as Conventional Commits proposes it.
pub(crate) fn reverted(message: &str) -> Vec<Target<'_>> {
    let sentences = message.split("This reverts commit ").skip(1);
    let found: Vec<_> = sentences.filter_map(sentence).collect();
    if !found.is_empty() || !starts_with_revert(message) {
        return found;
    }
    let lines = message.lines().skip(1);
    let refs = lines.filter_map(|line| {
        let (token, value) = line.split_once(": ")?;
        token.eq_ignore_ascii_case("refs").then_some(value)
    });
    refs.flat_map(|value| value.split([',', ' ']))
        .filter_map(|word| hash(word.trim()))
        .map(|hash| Target {
            hash,
            mainline: None,
        })
        .collect()
}

fn starts_with_revert(message: &str) -> bool {
    let word = message.get(.."revert".len());
    word.is_some_and(|word| word.eq_ignore_ascii_case("revert"))
        && conventional::parse(message).is_ok_and(|commit| commit.kind == "revert")
}

fn sentence(text: &str) -> Option<Target<'_>> {
    let found = hash(text)?;
    let rest = text[found.len()..].trim_start_matches(',').trim_start();
    let rest = rest.strip_prefix("reversing");
    let rest = rest.and_then(|rest| rest.trim_start().strip_prefix("changes made to "));
    Some(Target {
        hash: found,
        mainline: rest.and_then(hash),
    })
}

/// The object name that a text begins with, whole or abbreviated to seven digits or more.
fn hash(text: &str) -> Option<&str> {
    let end = text
        .find(|c: char| !c.is_ascii_hexdigit())
        .unwrap_or(text.len());
    let ends = !text[end..].starts_with(|c: char| c.is_alphanumeric());
    (ends && (7..=40).contains(&end)).then(|| &text[..end])
}

/// What the reverts of a range leave of it.
pub(crate) struct Reverts {
    stands: Vec<bool>,
    settled: Vec<bool>,
}

impl Reverts {
    pub(crate) fn read(repository: &Repository, changes: &[Change]) -> Result<Self> {
        let mut undoes = vec![Vec::new(); changes.len()];
        let mut settled = vec![false; changes.len()];
        let finder = Finder::new(repository, changes);
        for (at, change) in changes.iter().enumerate() {
            let targets = reverted(&change.message);
            let mut inside = !targets.is_empty();
            for target in targets {
                let hits = finder.find(target)?;
                inside &= !hits.is_empty();
                undoes[at].extend(hits.into_iter().filter(|&hit| hit != at));
            }
            settled[at] = inside;
        }
        Ok(Self {
            stands: resolve(&undoes),
            settled,
        })
    }

    /// Whether no standing revert undoes a change.
    pub(crate) fn stands(&self, at: usize) -> bool {
        self.stands[at]
    }

    /// Whether a change is a revert, all of whose targets are in the range.
    pub(crate) fn is_settled(&self, at: usize) -> bool {
        self.settled[at]
    }
}

/// Decides from the last revert backwards. A message can only name what was there before, so
/// that each is reached, but for hashes contrived to go round, which undo nothing.
fn resolve(undoes: &[Vec<usize>]) -> Vec<bool> {
    let mut stands = vec![true; undoes.len()];
    let mut pending = vec![0_usize; undoes.len()];
    for &target in undoes.iter().flatten() {
        pending[target] += 1;
    }
    let mut ready: Vec<usize> = (0..undoes.len()).filter(|&at| pending[at] == 0).collect();
    while let Some(at) = ready.pop() {
        for &target in &undoes[at] {
            stands[target] &= !stands[at];
            pending[target] -= 1;
            if pending[target] == 0 {
                ready.push(target);
            }
        }
    }
    stands
}

struct Finder<'a> {
    repository: &'a Repository,
    index: HashMap<Oid, usize>,
    /// The keys of `index` in order, to look abbreviations up.
    sorted: Vec<Oid>,
}

impl<'a> Finder<'a> {
    fn new(repository: &'a Repository, changes: &[Change]) -> Self {
        let ids = || changes.iter().map(|change| change.id);
        let mut sorted: Vec<_> = ids().collect();
        sorted.sort();
        Self {
            repository,
            index: ids().enumerate().map(|(at, id)| (id, at)).collect(),
            sorted,
        }
    }

    /// The changes of the range that go with a target: itself, and for a merge what it brought.
    fn find(&self, target: Target<'_>) -> Result<Vec<usize>> {
        let Some(id) = self.resolve(target.hash) else {
            return Ok(Vec::new());
        };
        let Ok(commit) = self.repository.git.find_commit(id) else {
            return Ok(Vec::new());
        };
        if commit.parent_count() < 2 {
            return Ok(self.index.get(&id).copied().into_iter().collect());
        }
        let mainline = target.mainline.and_then(|hash| self.object(hash));
        let mainline = commit.parent_ids().find(|&parent| Some(parent) == mainline);
        self.brought(id, mainline.or_else(|| commit.parent_id(0).ok()))
    }

    fn brought(&self, merge: Oid, mainline: Option<Oid>) -> Result<Vec<usize>> {
        let cannot = |source| unreadable(format_args!("the history of {merge}"), source);
        let mut walk = self.repository.git.revwalk().map_err(cannot)?;
        walk.push(merge).map_err(cannot)?;
        if let Some(mainline) = mainline {
            walk.hide(mainline).map_err(cannot)?;
        }
        let mut found = Vec::new();
        for id in walk {
            found.extend(self.index.get(&id.map_err(cannot)?).copied());
        }
        Ok(found)
    }

    fn resolve(&self, hash: &str) -> Option<Oid> {
        if hash.len() == 40 {
            return hash.parse().ok();
        }
        let hash = hash.to_ascii_lowercase();
        let first = prefix(&hash)?;
        let from = self.sorted.partition_point(|id| *id < first);
        let next = self.sorted[from..].iter().take(2);
        let mut matching = next.filter(|id| id.to_string().starts_with(&hash));
        match (matching.next(), matching.next()) {
            (Some(&id), None) => Some(id),
            (Some(_), Some(_)) => None,
            (None, _) => self.object(&hash),
        }
    }

    fn object(&self, hash: &str) -> Option<Oid> {
        let id = self
            .repository
            .git
            .odb()
            .ok()?
            .exists_prefix(prefix(hash)?, hash.len());
        id.ok()
    }
}

fn prefix(hash: &str) -> Option<Oid> {
    format!("{hash:0<40}").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "0123456789abcdef0123456789abcdef01234567";
    const B: &str = "89abcdef0123456789abcdef0123456789abcdef";

    #[test]
    fn messages_name_what_they_revert() {
        for (message, expected) in [
            (
                format!("Revert \"feat: x\"\n\nThis reverts commit {A}."),
                vec![(A, None)],
            ),
            (
                format!("Reapply \"feat: x\"\n\nThis reverts commit {A}.\n"),
                vec![(A, None)],
            ),
            (
                format!(
                    "Revert \"Merge\"\n\nThis reverts commit {A}, reversing\nchanges made to {B}."
                ),
                vec![(A, Some(B))],
            ),
            (
                format!("fix: undo\n\nThis reverts commit {A}.\nThis reverts commit {B}."),
                vec![(A, None), (B, None)],
            ),
            (
                "revert: x\n\nRefs: 0123456, 89abcde".to_owned(),
                vec![("0123456", None), ("89abcde", None)],
            ),
            (
                "revert(a)!: x\n\nrefs: 0123456".to_owned(),
                vec![("0123456", None)],
            ),
            ("fix: x\n\nRefs: 0123456".to_owned(), vec![]),
            ("revert: x\n\nRefs: 123".to_owned(), vec![]),
            ("revert: x\n\nRefs: 0123456xyz".to_owned(), vec![]),
            ("This reverts commit nothing".to_owned(), vec![]),
            ("reverté".to_owned(), vec![]),
        ] {
            let got: Vec<_> = reverted(&message)
                .into_iter()
                .map(|target| (target.hash, target.mainline))
                .collect();
            assert_eq!(got, expected, "{message:?}");
        }
    }

    #[test]
    fn a_revert_of_a_revert_restores() {
        // 0 <- 1 <- 2 <- 3, and 4 by itself.
        let undoes = [vec![], vec![0], vec![1], vec![2], vec![]];
        assert_eq!(resolve(&undoes), [false, true, false, true, true]);
    }

    #[test]
    fn a_circle_undoes_nothing() {
        assert_eq!(resolve(&[vec![1], vec![0]]), [true, true]);
    }
}
