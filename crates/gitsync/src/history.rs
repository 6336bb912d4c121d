//! Reading a branch as it was: its commits back to one or to a moment, and its files at each.
//!
//! A branch's line is its tip, that commit's first parent, and so on: what was merged into the
//! branch came to it with the merge. Commits travel without their files, a page at a time, and
//! each page is larger than the one before, so that the way back takes few requests however far
//! it leads.

use crate::draft::{Draft, Store};
use crate::error::{Error, ErrorKind, Result};
use crate::fetch::patiently;
use crate::object::{self, Kind};
use crate::remote::{self, Remote};
use crate::sync::Options;
use git2::Oid;

/// How many commits of a line are read at most.
const MOST: usize = 10_000;

/// How many commits the first page holds, and how many any may hold.
const PAGE: (usize, usize) = (16, 1024);

/// How many commits' files are looked at together.
const STRETCH: usize = 128;

/// The fewest digits that stand for a commit.
const SHORTEST: usize = 7;

/// A commit of a branch's line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Point {
    /// The commit.
    pub id: Oid,
    /// When it was recorded, in seconds since 1970, by the clock of whoever made it.
    pub time: i64,
    pub(crate) tree: Oid,
}

/// How far back to go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Back {
    /// To the newest commit that is not later than this, in seconds since 1970: what the branch
    /// held at that moment.
    Time(i64),
    /// To the commit whose name begins with these digits.
    Commit(String),
}

impl Back {
    /// To a commit, by seven digits of its name or more; none if the text is no such name.
    #[must_use]
    pub fn commit(text: &str) -> Option<Self> {
        let hex = |b| matches!(b, b'0'..=b'9' | b'a'..=b'f');
        let fits = (SHORTEST..=40).contains(&text.len()) && text.bytes().all(hex);
        fits.then(|| Self::Commit(text.to_owned()))
    }

    fn is_at(&self, point: &Point) -> bool {
        match self {
            Self::Time(time) => point.time <= *time,
            Self::Commit(digits) => point.id.to_string().starts_with(digits),
        }
    }
}

/// A remote's branches and files, at any commit.
pub struct Past<'a> {
    store: Store<'a>,
}

/// Reads from a remote. If it cannot be reached, or is busy, `ask` is called again until the time
/// of the options is up; what it has read by then is not read twice.
///
/// ```
/// use windlass_gitsync::{Access, Back, Options, look, open};
///
/// # let folder = tempfile::tempdir()?;
/// # let remote = git2::Repository::init_bare(folder.path())?;
/// # let who = git2::Signature::new("a", "a@example.com", &git2::Time::new(0, 0))?;
/// # let mut builder = remote.treebuilder(None)?;
/// # builder.insert("count", remote.blob(b"1")?, 0o100644)?;
/// # let tree = remote.find_tree(builder.write()?)?;
/// # remote.commit(Some("refs/heads/main"), &who, &who, "first", &tree, &[])?;
/// # let address = folder.path().to_str().ok_or("a path")?;
/// let mut remote = open(address, &Access::default())?;
/// let then = look(&mut *remote, &Options::default(), &mut |past| {
///     let tip = past.tip("main")?;
///     let line = past.back(tip, &Back::Time(1_700_000_000))?;
///     let then = line.last().map_or(tip, |point| point.id);
///     past.files(then)?.read("count")
/// })?;
/// assert_eq!(then.as_deref(), Some(&b"1"[..]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// What `ask` returns, and whatever reading from the remote may bring.
pub fn look<R>(
    remote: &mut dyn Remote,
    options: &Options,
    ask: &mut dyn FnMut(&mut Past<'_>) -> Result<R>,
) -> Result<R> {
    let store = Store::new(remote);
    let mut past = Past { store };
    patiently(options, |deadline| {
        past.store.remote.until(deadline);
        ask(&mut past)
    })
}

impl<'a> Past<'a> {
    /// What a branch holds now.
    ///
    /// # Errors
    /// [`ErrorKind::BranchMissing`], and whatever reading from the remote may bring.
    pub fn tip(&mut self, branch: &str) -> Result<Oid> {
        let remote = &mut self.store.remote;
        let tip = remote.tip(&format!("refs/heads/{branch}"))?;
        tip.ok_or_else(|| remote::no_branch(&**remote, branch))
    }

    /// The files of a commit.
    ///
    /// # Errors
    /// Whatever reading from the remote may bring.
    pub fn files(&mut self, commit: Oid) -> Result<Draft<'_, 'a>> {
        Draft::new(&mut self.store, commit)
    }

    /// The commits of the line from `tip` back to where `to` leads, that one included, the newest
    /// first.
    ///
    /// # Errors
    /// [`ErrorKind::History`] if the line ends before, by its nature or because the remote has no
    /// more of it, or is longer than 10,000 commits; whatever reading from the remote may bring.
    pub fn back(&mut self, tip: Oid, to: &Back) -> Result<Vec<Point>> {
        match self.line(tip, to)? {
            (line, true) => Ok(line),
            (_, false) => Err(self.ends(to, "it begins later")),
        }
    }

    /// The same, or the whole line where it begins later: whether it leads as far is said too.
    pub(crate) fn line(&mut self, tip: Oid, to: &Back) -> Result<(Vec<Point>, bool)> {
        let mut line: Vec<Point> = Vec::new();
        let mut next = Some(tip);
        let mut page = PAGE.0;
        while let Some(id) = next {
            if line.len() == MOST {
                return Err(self.ends(to, "it is longer than 10,000 commits"));
            }
            if !self.store.has(id) {
                self.fetch_line(id, page, line.is_empty())?;
                page = (page * 4).min(PAGE.1);
            }
            let point = self.point(id)?;
            next = object::parent_of(&self.store.get(id, Kind::Commit)?.data);
            line.push(point);
            if to.is_at(&point) {
                return Ok((line, true));
            }
        }
        Ok((line, false))
    }

    fn fetch_line(&mut self, id: Oid, depth: usize, is_first: bool) -> Result<()> {
        match self.store.remote.line(id, depth) {
            Ok(objects) => {
                self.store.add(objects);
                Ok(())
            }
            Err(error) if error.is_transient() || is_first => Err(error),
            Err(error) => {
                let name = self.store.remote.name();
                let message = format!("`{name}` does not give the history before commit {id}");
                Err(Error::new(ErrorKind::History, message)
                    .source(error)
                    .hint("a repository that is itself a shallow clone has no more: name the one it came from"))
            }
        }
    }

    fn point(&mut self, id: Oid) -> Result<Point> {
        let commit = &self.store.get(id, Kind::Commit)?.data;
        let tree = object::tree_of(commit)?;
        let time = object::time_of(commit).ok_or_else(|| {
            let message = format!("commit {id} does not say when it was made");
            Error::new(ErrorKind::Protocol, message)
        })?;
        Ok(Point { id, time, tree })
    }

    /// Since when files have held what they hold in the first commit of `line`: for each path the
    /// last commit of the unbroken run from there on in which `same` says so of the path, by its
    /// place, and the content, none where there is no file; none if not even the first is the same.
    ///
    /// As many requests as the deepest path has parts for some hundred commits, however many paths.
    ///
    /// # Errors
    /// As those of [`Draft::read`].
    pub fn held(
        &mut self,
        line: &[Point],
        paths: &[String],
        same: &dyn Fn(usize, Option<&[u8]>) -> bool,
    ) -> Result<Vec<Option<Point>>> {
        let mut held = vec![None; paths.len()];
        let mut last = vec![None; paths.len()];
        let mut open: Vec<usize> = (0..paths.len()).collect();
        for stretch in line.chunks(STRETCH) {
            let roots: Vec<Oid> = stretch.iter().map(|point| point.tree).collect();
            let wanted: Vec<String> = open.iter().map(|&at| paths[at].clone()).collect();
            self.store.prefetch(&roots, &wanted)?;
            for point in stretch {
                let mut still = Vec::new();
                for at in open {
                    let blob = self.store.find(point.tree, &paths[at])?;
                    if last[at] == Some(blob) || same(at, self.content(blob)?) {
                        (held[at], last[at]) = (Some(*point), Some(blob));
                        still.push(at);
                    }
                }
                open = still;
            }
            if open.is_empty() {
                break;
            }
        }
        Ok(held)
    }

    fn content(&mut self, blob: Option<Oid>) -> Result<Option<&[u8]>> {
        let Some(id) = blob else { return Ok(None) };
        Ok(Some(&self.store.get(id, Kind::Blob)?.data))
    }

    fn ends(&self, to: &Back, why: &str) -> Error {
        let name = self.store.remote.name();
        let sought = match to {
            Back::Time(_) => "is that old".to_owned(),
            Back::Commit(digits) => format!("is called `{digits}`"),
        };
        let message = format!("no commit of the branch's own line in `{name}` {sought}: {why}");
        let error = Error::new(ErrorKind::History, message);
        match to {
            Back::Time(_) => error,
            Back::Commit(_) => error.hint(
                "name one that was the branch's tip once: what came by a merge was not there before",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commit_is_named_by_seven_digits_or_more() {
        let whole = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";
        for (text, fits) in [
            (whole, true),
            (&whole[..7], true),
            (&whole[..6], false),
            ("4B825DC", false),
            ("4b825dg", false),
            (&format!("{whole}0")[..], false),
        ] {
            assert_eq!(Back::commit(text).is_some(), fits, "{text}");
        }
    }
}
