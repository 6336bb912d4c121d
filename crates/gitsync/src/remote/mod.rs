//! What a remote must be able to do, whatever the way to it.

mod credentials;
mod http;
mod local;
mod open;
mod packet;
mod peer;
mod smart;
mod ssh;
mod url;

pub use self::open::{Access, address, open};

use crate::error::{Error, Result};
use crate::object::Object;
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

    /// Stores the objects and lets the ref hold `new`, if it holds `old` at that moment.
    ///
    /// # Errors
    /// If it is certain that nothing was written, and why is not a matter of the ref.
    fn cas(&mut self, reference: &str, old: Option<Oid>, new: Oid, objects: &[New]) -> Result<Cas>;
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
