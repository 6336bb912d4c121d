//! Tree objects: finding an entry, and setting one without touching the bytes of the others.

use crate::error::{Error, ErrorKind, Result};
use crate::object::{Kind, Object};
use git2::Oid;
use std::collections::BTreeMap;

/// What a tree holds under a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) mode: Mode,
    pub(crate) id: Oid,
}

/// The mode of an entry, as far as it matters here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    Folder,
    File,
    Symlink,
    Submodule,
}

impl Mode {
    /// Git itself has written `100664` once, so the type bits decide.
    fn parse(text: &[u8]) -> Option<Self> {
        match u32::from_str_radix(std::str::from_utf8(text).ok()?, 8).ok()? & 0o170_000 {
            0o040_000 => Some(Self::Folder),
            0o100_000 => Some(Self::File),
            0o120_000 => Some(Self::Symlink),
            0o160_000 => Some(Self::Submodule),
            _ => None,
        }
    }

    fn text(self) -> &'static str {
        match self {
            Self::Folder => "40000",
            Self::File => "100644",
            Self::Symlink => "120000",
            Self::Submodule => "160000",
        }
    }
}

/// An entry with its place in the tree's bytes.
struct Raw<'a> {
    start: usize,
    end: usize,
    name: &'a [u8],
    entry: Entry,
}

fn entries(data: &[u8]) -> impl Iterator<Item = Result<Raw<'_>>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        if at >= data.len() {
            return None;
        }
        let start = at;
        let raw = parse(data, start);
        at = raw.as_ref().map_or(data.len(), |raw| raw.end);
        Some(raw.ok_or_else(|| {
            let message = "cannot read a folder of the remote: its tree object is damaged";
            Error::new(ErrorKind::Protocol, message)
        }))
    })
}

fn parse(data: &[u8], start: usize) -> Option<Raw<'_>> {
    let rest = &data[start..];
    let space = rest.iter().position(|&b| b == b' ')?;
    let nul = space + rest[space..].iter().position(|&b| b == 0)?;
    let mode = Mode::parse(&rest[..space])?;
    let id = Oid::from_bytes(rest.get(nul + 1..nul + 21)?).ok()?;
    Some(Raw {
        start,
        end: start + nul + 21,
        name: &rest[space + 1..nul],
        entry: Entry { mode, id },
    })
}

/// The entry of that name.
pub(crate) fn find(data: &[u8], name: &str) -> Result<Option<Entry>> {
    for raw in entries(data) {
        let raw = raw?;
        if raw.name == name.as_bytes() {
            return Ok(Some(raw.entry));
        }
    }
    Ok(None)
}

/// All entries by name.
pub(crate) fn listing(data: &[u8]) -> Result<BTreeMap<Vec<u8>, Entry>> {
    entries(data)
        .map(|raw| raw.map(|raw| (raw.name.to_vec(), raw.entry)))
        .collect()
}

/// A name, and what it stands for in each of two trees.
pub(crate) type Difference = (Vec<u8>, [Option<Entry>; 2]);

/// The names that stand for something else in two trees, or in one alone.
pub(crate) fn differences(one: &[u8], other: &[u8]) -> Result<Vec<Difference>> {
    let mut found: BTreeMap<_, [Option<(&[u8], _)>; 2]> = BTreeMap::new();
    for (at, data) in [one, other].into_iter().enumerate() {
        for raw in entries(data) {
            let raw = raw?;
            let bytes = &data[raw.start..raw.end];
            found.entry(raw.name).or_default()[at] = Some((bytes, raw.entry));
        }
    }
    // By their bytes, a file that can be run from now on differs too.
    found.retain(|_, [left, right]| left.map(|it| it.0) != right.map(|it| it.0));
    let found = found.into_iter();
    Ok(found
        .map(|(name, both)| (name.to_vec(), both.map(|it| Some(it?.1))))
        .collect())
}

/// The names of the folders in it, but for those that are not UTF-8.
pub(crate) fn folders(data: &[u8]) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for raw in entries(data) {
        let raw = raw?;
        let name = std::str::from_utf8(raw.name).ok();
        names.extend(
            name.filter(|_| raw.entry.mode == Mode::Folder)
                .map(str::to_owned),
        );
    }
    Ok(names)
}

/// The same tree with `name` holding `id`. An entry that is there keeps its mode; a new one gets
/// its place in git's order, in which a folder sorts as if its name ended in `/`.
pub(crate) fn set(data: &[u8], name: &str, mode: Mode, id: Oid) -> Result<Object> {
    let key = |name: &[u8], mode: Mode| match mode {
        Mode::Folder => [name, b"/"].concat(),
        _ => name.to_vec(),
    };
    let new = key(name.as_bytes(), mode);
    let mut place = data.len();
    for raw in entries(data) {
        let raw = raw?;
        if raw.name == name.as_bytes() {
            let data = [&data[..raw.end - 20], id.as_bytes(), &data[raw.end..]].concat();
            return Ok(tree(data));
        }
        if place == data.len() && key(raw.name, raw.entry.mode) > new {
            place = raw.start;
        }
    }
    let (before, after) = data.split_at(place);
    let head = [mode.text().as_bytes(), b" ", name.as_bytes(), b"\0"].concat();
    Ok(tree([before, &head, id.as_bytes(), after].concat()))
}

fn tree(data: Vec<u8>) -> Object {
    Object::new(Kind::Tree, data)
}

#[cfg(test)]
mod tests {
    use super::*;
    use git2::{FileMode, Repository};

    fn oid(n: u8) -> Oid {
        Oid::from_bytes(&[n; 20]).unwrap()
    }

    /// libgit2's tree builder as the oracle for order and form.
    #[test]
    fn equals_what_libgit2_writes() {
        let folder = tempfile::tempdir().unwrap();
        let repository = Repository::init_bare(folder.path()).unwrap();
        let blob = repository.blob(b"x").unwrap();
        let mut oracle = repository.treebuilder(None).unwrap();
        let empty = repository.treebuilder(None).unwrap().write().unwrap();
        let mut ours = Vec::new();
        let names = [
            ("a.b", false),
            ("a", true),
            ("a-b", false),
            ("b", false),
            ("a0", true),
            ("A", false),
        ];
        for (name, is_folder) in names {
            let (mode, file_mode, id) = match is_folder {
                true => (Mode::Folder, FileMode::Tree, empty),
                false => (Mode::File, FileMode::Blob, blob),
            };
            oracle.insert(name, id, file_mode.into()).unwrap();
            ours = set(&ours, name, mode, id).unwrap().data;
            let written = oracle.write().unwrap();
            assert_eq!(tree(ours.clone()).id(), written, "after {name}");
        }
    }

    #[test]
    fn a_set_entry_keeps_its_mode() {
        let odd = [b"100755 run\0".as_slice(), oid(1).as_bytes()].concat();
        let new = set(&odd, "run", Mode::File, oid(2)).unwrap();
        assert_eq!(
            new.data,
            [b"100755 run\0".as_slice(), oid(2).as_bytes()].concat()
        );
    }

    #[test]
    fn damage_is_an_error() {
        for damaged in [b"100644 a\0short".as_slice(), b"nonsense", b"100644 a"] {
            let error = find(damaged, "b").unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Protocol);
            assert!(set(damaged, "b", Mode::File, oid(1)).is_err());
        }
    }
}
