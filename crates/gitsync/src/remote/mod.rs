//! What a remote must be able to do, whatever the way to it.

mod credentials;
mod file;
mod git;
mod http;
mod local;
mod open;
mod packet;
mod peer;
mod smart;
mod ssh;
mod url;

pub(crate) use self::file::get;
pub use self::open::{Access, address, open};
pub(crate) use self::url::Url;

use crate::error::{Error, ErrorKind, Result};
use crate::object::{Object, parent_of};
use git2::Oid;
use std::collections::HashMap;
use std::time::Instant;

/// Objects by name.
pub type Objects = HashMap<Oid, Object>;

/// A repository that is read object by object and written by comparing and setting a ref.
///
/// No implementation has a work tree, knows a force push, or applies anything but what is given
/// to [`Remote::cas`].
pub trait Remote {
    /// The remote as it may be printed: without credentials.
    fn name(&self) -> &str;

    /// When to give up on whatever is under way.
    fn until(&mut self, deadline: Instant);

    /// What a ref (`refs/heads/main`) holds now; none if there is no such ref.
    ///
    /// # Errors
    /// If the remote cannot be asked, or answers with something else.
    fn tip(&mut self, reference: &str) -> Result<Option<Oid>>;

    /// The commit that a name stands for, by git's rules: `HEAD`, a full ref, a tag, a branch;
    /// none if there is nothing of that name. An annotated tag stands for its commit.
    ///
    /// # Errors
    /// If the remote cannot be asked, or answers with something else.
    fn resolve(&mut self, name: &str) -> Result<Option<Oid>>;

    /// A pack with a commit and all its files, but for those above 16 MiB where the remote can
    /// leave them out, and without the commits behind it.
    ///
    /// # Errors
    /// If the remote cannot be asked, does not give it, or gives more than 256 MiB.
    fn pack(&mut self, commit: Oid) -> Result<Vec<u8>>;

    /// These objects. Others that come along without a further request are given as well.
    ///
    /// # Errors
    /// If the remote cannot be asked, or does not give one of them.
    fn read(&mut self, wants: &[Oid]) -> Result<Objects>;

    /// A commit, with the root of its tree where that needs no further request.
    ///
    /// # Errors
    /// If the remote cannot be asked, or does not give it.
    fn commit(&mut self, id: Oid) -> Result<Objects> {
        self.read(&[id])
    }

    /// The commits that lead to `tip` and not to `known`, up to 256 deep.
    ///
    /// # Errors
    /// If the remote cannot be asked, or does not give `tip`.
    fn since(&mut self, tip: Oid, known: Oid) -> Result<Objects>;

    /// The commits of the first line that leads to `tip`, from it on, `depth` of them or fewer:
    /// `tip` itself is among them. Others that come along without a further request are given as
    /// well.
    ///
    /// # Errors
    /// If the remote cannot be asked, or does not give `tip`.
    fn line(&mut self, tip: Oid, depth: usize) -> Result<Objects> {
        let mut line = Objects::new();
        let mut next = Some(tip);
        for _ in 0..depth {
            let Some(id) = next.filter(|id| !line.contains_key(id)) else {
                break;
            };
            let found = match self.read(&[id]) {
                Err(_) if id != tip => break,
                found => found?,
            };
            next = found.get(&id).and_then(|found| parent_of(&found.data));
            line.extend(found);
        }
        Ok(line)
    }

    /// Stores the objects and lets the ref hold `new`, if it holds `old` at that moment.
    ///
    /// # Errors
    /// If it is certain that nothing was written, and why is not a matter of the ref.
    fn cas(&mut self, reference: &str, old: Option<Oid>, new: Oid, objects: &[New]) -> Result<Cas>;
}

/// The refs that a name may stand for, best first (git: gitrevisions).
pub(crate) fn meanings(name: &str) -> Vec<String> {
    let places = ["", "refs/", "refs/tags/", "refs/heads/", "refs/remotes/"];
    places
        .iter()
        .map(|place| format!("{place}{name}"))
        .collect()
}

/// The error that a branch is not there.
pub(crate) fn no_branch(remote: &dyn Remote, branch: &str) -> Error {
    let message = format!("`{}` has no branch `{branch}`", remote.name());
    Error::new(ErrorKind::BranchMissing, message)
        .hint("push the branch first: a write only adds to one that is there")
}

/// An object to be stored.
#[derive(Debug, Clone)]
pub struct New {
    /// The object.
    pub object: Object,
    /// One that the remote has and that is much like it, so that the difference can be sent.
    pub base: Option<Object>,
}

/// What came of comparing and setting a ref.
#[derive(Debug)]
pub enum Cas {
    /// The ref holds the new value.
    Done,
    /// The ref holds something else; nothing was changed.
    Moved,
    /// The remote declined, for a reason of its own or because the ref holds something else.
    Refused(String),
    /// It cannot be told: the answer got lost.
    Unknown(Error),
}
