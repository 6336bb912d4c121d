//! Whether a revision holds the commit that is waited for.

use std::collections::BTreeMap;
use std::fmt;

/// What is known of the history of the repository.
pub trait Ancestry {
    /// Whether the history of `newer` has `older` in it; nothing where that cannot be told.
    fn includes(&self, newer: &str, older: &str) -> Option<bool>;
}

/// No history is known: only the commit itself will do.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoHistory;

impl Ancestry for NoHistory {
    fn includes(&self, _: &str, _: &str) -> Option<bool> {
        None
    }
}

/// How a revision stands to the commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Cover {
    /// It is the commit.
    Same,
    /// It came after the commit.
    Later,
    /// It cannot be told.
    Unknown,
    /// The commit is not in it.
    Without,
}

impl Cover {
    pub(crate) fn is_ours(self) -> bool {
        matches!(self, Self::Same | Self::Later)
    }
}

/// Answers for one commit; each revision is asked for once.
pub(crate) struct Coverage<'a> {
    commit: &'a str,
    ancestry: &'a dyn Ancestry,
    known: BTreeMap<String, Cover>,
}

impl fmt::Debug for Coverage<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(&self.known).finish()
    }
}

impl<'a> Coverage<'a> {
    pub(crate) fn new(commit: &'a str, ancestry: &'a dyn Ancestry) -> Self {
        Self {
            commit,
            ancestry,
            known: BTreeMap::new(),
        }
    }

    pub(crate) fn of(&mut self, revision: &str) -> Cover {
        if revision == self.commit {
            return Cover::Same;
        }
        if !is_commit(revision) {
            return Cover::Without;
        }
        if let Some(cover) = self.known.get(revision) {
            return *cover;
        }
        let cover = match self.ancestry.includes(revision, self.commit) {
            Some(true) => Cover::Later,
            Some(false) => Cover::Without,
            None => Cover::Unknown,
        };
        self.known.insert(revision.to_owned(), cover);
        cover
    }

    /// A revision that was made of another holds what that one holds.
    pub(crate) fn learn(&mut self, made: &str, of: &str) {
        let cover = match self.of(of) {
            Cover::Same => Cover::Later,
            cover => cover,
        };
        self.known.insert(made.to_owned(), cover);
    }
}

/// Whether a text is the whole name of a commit.
pub(crate) fn is_commit(text: &str) -> bool {
    text.len() == 40 && text.bytes().all(|b| b.is_ascii_hexdigit())
}

/// A revision as people write it.
pub(crate) fn short(revision: &str) -> &str {
    match is_commit(revision) {
        true => &revision[..7],
        false => revision,
    }
}
