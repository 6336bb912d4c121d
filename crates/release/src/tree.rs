//! Folders as git stores them: a name after the other, each with its mode and hash.
//!
//! Read from the stored bytes, because a history holds a folder for each commit and of most only
//! one name is wanted.

use crate::error::{Error, ErrorKind, Result};
use git2::Oid;
use std::cmp::Ordering;

/// What a name in a folder stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) id: Oid,
    mode: u32,
}

impl Entry {
    pub(crate) fn is_tree(self) -> bool {
        self.mode == 0o40_000
    }
}

/// A folder.
#[derive(Debug)]
pub(crate) struct Tree {
    id: Oid,
    bytes: Vec<u8>,
}

impl Tree {
    pub(crate) fn new(id: Oid, bytes: Vec<u8>) -> Self {
        Self { id, bytes }
    }

    pub(crate) fn get(&self, name: &[u8]) -> Result<Option<Entry>> {
        self.items().get(name)
    }

    pub(crate) fn items(&self) -> Items<'_> {
        Items::new(self.id, &self.bytes)
    }
}

/// A name and what it stands for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Item<'a> {
    pub(crate) name: &'a [u8],
    pub(crate) entry: Entry,
}

impl Item<'_> {
    /// The order in which a folder holds its names: those of folders as if they ended in `/`
    /// (git: base_name_compare). A file and a folder of one name are two things.
    pub(crate) fn order(&self, other: &Self) -> Ordering {
        let key = |item: &Self| {
            let end = if item.entry.is_tree() { b'/' } else { 0 };
            move |at: usize, name: &[u8]| name.get(at).copied().unwrap_or(end)
        };
        let common = self.name.len().min(other.name.len());
        self.name[..common]
            .cmp(&other.name[..common])
            .then_with(|| key(self)(common, self.name).cmp(&key(other)(common, other.name)))
            .then_with(|| self.name.len().cmp(&other.name.len()))
    }
}

/// The names of a folder in their order.
#[derive(Debug, Clone)]
pub(crate) struct Items<'a> {
    id: Oid,
    rest: &'a [u8],
}

impl<'a> Items<'a> {
    pub(crate) fn new(id: Oid, bytes: &'a [u8]) -> Self {
        Self { id, rest: bytes }
    }

    /// What a name stands for.
    pub(crate) fn get(self, name: &[u8]) -> Result<Option<Entry>> {
        for item in self {
            let item = item?;
            // The last letter tells most names of one length apart, and is at hand.
            if item.name.last() == name.last() && item.name == name {
                return Ok(Some(item.entry));
            }
        }
        Ok(None)
    }
}

impl<'a> Iterator for Items<'a> {
    type Item = Result<Item<'a>>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let item = split(self.rest).map(|(item, rest)| {
            self.rest = rest;
            item
        });
        Some(item.ok_or_else(|| {
            self.rest = &[];
            Error::new(
                ErrorKind::History,
                format!("cannot read tree {}: it is broken", self.id),
            )
        }))
    }
}

/// `mode SP name NUL hash`
fn split(bytes: &[u8]) -> Option<(Item<'_>, &[u8])> {
    let space = bytes.iter().take(8).position(|&byte| byte == b' ')?;
    let mode = std::str::from_utf8(&bytes[..space]).ok()?;
    let mode = u32::from_str_radix(mode, 8).ok()?;
    let rest = &bytes[space + 1..];
    let end = rest.iter().position(|&byte| byte == 0)?;
    let (name, rest) = (&rest[..end], &rest[end + 1..]);
    let (hash, rest) = rest.split_at_checked(20)?;
    let id = Oid::from_bytes(hash).ok()?;
    let entry = Entry { id, mode };
    Some((Item { name, entry }, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored(items: &[(&str, &str)]) -> Tree {
        let mut bytes = Vec::new();
        for (mode, name) in items {
            bytes.extend_from_slice(format!("{mode} {name}\0").as_bytes());
            bytes.extend_from_slice(&[7; 20]);
        }
        Tree::new(Oid::from_bytes(&[1; 20]).unwrap(), bytes)
    }

    #[test]
    fn names_are_found_and_ordered() {
        let tree = stored(&[
            ("100644", "a"),
            ("100644", "a.b"),
            ("40000", "a"),
            ("120000", "a0"),
            ("100755", "aa"),
        ]);
        let items: Vec<_> = tree.items().map(Result::unwrap).collect();
        assert!(items.windows(2).all(|pair| pair[0].order(&pair[1]).is_lt()));
        assert!(items.iter().all(|item| item.order(item).is_eq()));
        assert!(!tree.get(b"a").unwrap().unwrap().is_tree());
        assert!(tree.get(b"b").unwrap().is_none());
    }

    #[test]
    fn a_broken_folder_is_an_error_once() {
        for bytes in [
            &b"100644"[..],
            b"100644 a",
            b"100644 a\0short",
            b"99 a\0",
            b" a\0",
            b"+1 a\0",
        ] {
            let tree = Tree::new(Oid::from_bytes(&[1; 20]).unwrap(), bytes.to_vec());
            assert!(tree.get(b"z").is_err(), "{bytes:?}");
            assert_eq!(tree.items().count(), 1);
        }
    }
}
