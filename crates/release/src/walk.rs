//! The commits of a range, newest first, each read from the repository once.
//!
//! libgit2 has a walk too, which reads every commit for its parents and date; who wants its folder
//! and message then reads it again, and that is most of what a long history costs.

use crate::error::{Error, ErrorKind, Result, unreadable};
use crate::repository::Repository;
use git2::{ObjectType, Oid};
use std::cell::RefCell;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet};
use std::rc::Rc;

/// How much later than its child a commit may be dated, in seconds, for the walk to be exact.
const SKEW: i64 = 86_400;

/// How many commits are kept, about 2 MiB: most ranges are shorter, and are walked twice or three
/// times.
const KEPT: usize = 8192;

/// Commits that were read.
#[derive(Default)]
pub(crate) struct Kept(RefCell<HashMap<Oid, Rc<Commit>>>);

/// What is wanted of a commit.
#[derive(Debug)]
pub(crate) struct Commit {
    pub(crate) tree: Oid,
    /// None for a commit where a shallow clone ends.
    pub(crate) parents: Vec<Oid>,
    time: i64,
    text: Vec<u8>,
    message: usize,
}

impl Commit {
    /// Reads header lines up to the first empty one, where the message begins.
    fn parse(text: Vec<u8>) -> Option<Self> {
        let (mut tree, mut parents, mut time) = (None, Vec::new(), 0);
        let mut at = 0;
        while at < text.len() && text[at] != b'\n' {
            let rest = &text[at..];
            let line = rest.split(|&byte| byte == b'\n').next()?;
            if let Some(hash) = line.strip_prefix(b"tree ") {
                tree = Some(oid(hash)?);
            } else if let Some(hash) = line.strip_prefix(b"parent ") {
                parents.push(oid(hash)?);
            } else if let Some(who) = line.strip_prefix(b"committer ") {
                time = seconds(who);
            }
            at += line.len() + 1;
        }
        Some(Self {
            tree: tree?,
            parents,
            time,
            message: at.min(text.len()),
            text,
        })
    }

    pub(crate) fn message(&self) -> String {
        String::from_utf8_lossy(&self.text[self.message..])
            .trim_start_matches('\n')
            .to_owned()
    }
}

fn oid(hash: &[u8]) -> Option<Oid> {
    let whole = std::str::from_utf8(hash)
        .ok()
        .filter(|hash| hash.len() == 40);
    whole?.parse().ok()
}

/// The time in `Name <address> seconds zone`; 1970 where there is none, which only puts the commit
/// late in the order.
fn seconds(who: &[u8]) -> i64 {
    let end = who.iter().rposition(|&byte| byte == b'>');
    let rest = end.map_or(who, |end| &who[end + 1..]);
    let text = std::str::from_utf8(rest).unwrap_or_default();
    let number = text.split_whitespace().next();
    number.and_then(|text| text.parse().ok()).unwrap_or(0)
}

/// A walk from a commit back to what a base does not hold.
///
/// By dates alone it knows when to stop: all that is left is held by the base, and older than
/// anything found. Where a clock was wrong by more than [`SKEW`] commits of the base may be
/// found, as they may with git.
pub(crate) struct Walk<'r> {
    repository: &'r Repository,
    first_parent: bool,
    /// What was met and is still to come.
    ahead: HashMap<Oid, Rc<Commit>>,
    queue: BinaryHeap<(i64, Reverse<u64>, Oid)>,
    met: HashSet<Oid>,
    /// What the base holds, as far as it is known.
    hidden: HashSet<Oid>,
    /// How many of `ahead` are not known to be hidden.
    open: usize,
    oldest: i64,
    count: u64,
}

impl<'r> Walk<'r> {
    /// With `first_parent` the sides of merges are left out.
    pub(crate) fn new(
        repository: &'r Repository,
        head: Oid,
        base: Option<Oid>,
        first_parent: bool,
    ) -> Result<Self> {
        let mut walk = Self {
            repository,
            first_parent,
            ahead: HashMap::new(),
            queue: BinaryHeap::new(),
            met: HashSet::new(),
            hidden: HashSet::new(),
            open: 0,
            oldest: i64::MAX,
            count: 0,
        };
        walk.meet(head)?;
        if let Some(base) = base {
            walk.hide(base)?;
        }
        Ok(walk)
    }

    /// The next commit. It may yet turn out to be [hidden](Self::is_hidden).
    pub(crate) fn next(&mut self) -> Result<Option<(Oid, Rc<Commit>)>> {
        while let Some(&(time, _, id)) = self.queue.peek() {
            if self.open == 0 && time < self.oldest.saturating_sub(SKEW) {
                break;
            }
            self.queue.pop();
            let Some(commit) = self.ahead.remove(&id) else {
                continue;
            };
            if self.hidden.contains(&id) {
                for &parent in &commit.parents {
                    self.hide(parent)?;
                }
                continue;
            }
            self.open -= 1;
            self.oldest = self.oldest.min(time);
            for &parent in self.followed(&commit) {
                self.meet(parent)?;
            }
            return Ok(Some((id, commit)));
        }
        Ok(None)
    }

    /// The parents that are walked.
    pub(crate) fn followed<'c>(&self, commit: &'c Commit) -> &'c [Oid] {
        let end = if self.first_parent { 1 } else { usize::MAX };
        &commit.parents[..end.min(commit.parents.len())]
    }

    /// Whether a commit was met on the way.
    pub(crate) fn has_met(&self, id: Oid) -> bool {
        self.met.contains(&id)
    }

    /// Whether the base holds a commit, known for certain once the walk has ended.
    pub(crate) fn is_hidden(&self, id: Oid) -> bool {
        self.hidden.contains(&id)
    }

    /// The folder of a commit that was met or is the parent of one.
    pub(crate) fn tree_of(&self, id: Oid) -> Result<Oid> {
        match self.ahead.get(&id) {
            Some(commit) => Ok(commit.tree),
            None => Ok(read(self.repository, id)?.tree),
        }
    }

    fn meet(&mut self, id: Oid) -> Result<()> {
        if self.met.insert(id) && !self.hidden.contains(&id) {
            self.enqueue(id)?;
            self.open += 1;
        }
        Ok(())
    }

    fn hide(&mut self, id: Oid) -> Result<()> {
        if !self.hidden.insert(id) {
            return Ok(());
        }
        if self.ahead.contains_key(&id) {
            self.open -= 1;
            return Ok(());
        }
        self.enqueue(id)
    }

    fn enqueue(&mut self, id: Oid) -> Result<()> {
        let commit = read(self.repository, id)?;
        self.count += 1;
        self.queue.push((commit.time, Reverse(self.count), id));
        self.ahead.insert(id, commit);
        Ok(())
    }
}

/// Whether `commit` is in the history of `head`. Dates do not matter here: nothing on the way from
/// one to the other is in the history of `commit`, so that the walk does not end before.
pub(crate) fn is_in_history(repository: &Repository, commit: Oid, head: Oid) -> Result<bool> {
    let mut walk = Walk::new(repository, head, Some(commit), false)?;
    while !walk.has_met(commit) {
        if walk.next()?.is_none() {
            return Ok(false);
        }
    }
    Ok(true)
}

fn read(repository: &Repository, id: Oid) -> Result<Rc<Commit>> {
    if let Some(commit) = repository.kept.0.borrow().get(&id) {
        return Ok(Rc::clone(commit));
    }
    let commit = Rc::new(read_anew(repository, id)?);
    let mut kept = repository.kept.0.borrow_mut();
    if kept.len() < KEPT {
        kept.insert(id, Rc::clone(&commit));
    }
    Ok(commit)
}

fn read_anew(repository: &Repository, id: Oid) -> Result<Commit> {
    let cannot = |source| unreadable(format_args!("commit {id}"), source);
    let database = repository.git.odb().map_err(cannot)?;
    let object = database.read(id).map_err(cannot)?;
    let text = Some(object.data()).filter(|_| object.kind() == ObjectType::Commit);
    let commit = text.and_then(|text| Commit::parse(text.to_vec()));
    let mut commit = commit.ok_or_else(|| {
        let message = format!("cannot read commit {id}: it is broken");
        Error::new(ErrorKind::History, message)
    })?;
    if repository.boundary.contains(&id) {
        commit.parents.clear();
    }
    Ok(commit)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TREE: &str = "tree 0123456789abcdef0123456789abcdef01234567\n";
    const PARENT: &str = "parent 89abcdef0123456789abcdef0123456789abcdef\n";

    fn parsed(text: &str) -> Option<(usize, i64, String)> {
        let commit = Commit::parse(text.as_bytes().to_vec())?;
        Some((commit.parents.len(), commit.time, commit.message()))
    }

    #[test]
    fn a_commit_is_read_from_its_text() {
        let who = "author A <a@b> 1 +0000\ncommitter A > B <a@b> 1700000000 +0100\n";
        let signed = "gpgsig -----BEGIN\n \n tree x\n -----END\nparents 3\n";
        for (text, expected) in [
            (
                format!("{TREE}{who}\nfix: x\n"),
                (0, 1_700_000_000, "fix: x\n"),
            ),
            (
                format!("{TREE}{PARENT}{PARENT}{who}{signed}\n\n\na\n\nb"),
                (2, 1_700_000_000, "a\n\nb"),
            ),
            (format!("{TREE}committer A\n"), (0, 0, "")),
            (format!("{TREE}committer A <a@b> never\n\nx"), (0, 0, "x")),
            (
                format!("{TREE}committer A <a@b> -5 +0000\n\nx"),
                (0, -5, "x"),
            ),
            (TREE.trim_end().to_owned(), (0, 0, "")),
        ] {
            let (parents, time, message) = expected;
            assert_eq!(
                parsed(&text),
                Some((parents, time, message.to_owned())),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_no_commit_is_refused() {
        for text in [
            "",
            "\n",
            "tree 0123\n\nx",
            "tree \u{e9}\n",
            PARENT,
            "object 1\ntype commit\n",
        ] {
            assert_eq!(parsed(text), None, "{text:?}");
        }
        assert_eq!(parsed(&format!("{TREE}parent 1\n\nx")), None);
    }
}
