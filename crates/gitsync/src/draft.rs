//! Files at a commit, read one path at a time, and what an edit makes of them.

use crate::error::{Error, ErrorKind, Result};
use crate::object::{self, Kind, Object};
use crate::remote::{New, Objects, Remote};
use crate::tree::{self, Entry, Mode};
use git2::Oid;
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// Objects that have been read, whatever the attempt, so that none is asked for twice.
pub(crate) struct Store<'a> {
    pub(crate) remote: &'a mut dyn Remote,
    objects: Objects,
}

impl<'a> Store<'a> {
    pub(crate) fn new(remote: &'a mut dyn Remote) -> Self {
        let objects = Objects::new();
        Self { remote, objects }
    }

    pub(crate) fn add(&mut self, objects: Objects) {
        self.objects.extend(objects);
    }

    pub(crate) fn has(&self, id: Oid) -> bool {
        self.objects.contains_key(&id)
    }

    /// Reads those that are not there yet, with one request.
    pub(crate) fn fetch(&mut self, ids: impl IntoIterator<Item = Oid>) -> Result<()> {
        let missing: BTreeSet<Oid> = ids
            .into_iter()
            .filter(|id| !self.objects.contains_key(id))
            .collect();
        if !missing.is_empty() {
            let missing: Vec<Oid> = missing.into_iter().collect();
            let objects = self.remote.read(&missing)?;
            self.objects.extend(objects);
        }
        Ok(())
    }

    pub(crate) fn get(&mut self, id: Oid, kind: Kind) -> Result<&Object> {
        if kind == Kind::Commit && !self.objects.contains_key(&id) {
            let objects = self.remote.commit(id)?;
            self.objects.extend(objects);
        }
        self.fetch([id])?;
        self.objects
            .get(&id)
            .filter(|object| object.kind == kind)
            .ok_or_else(|| {
                let (name, kind) = (self.remote.name(), kind.word());
                let message = format!("object {id} of `{name}` is not a {kind}");
                Error::new(ErrorKind::Protocol, message)
            })
    }
}

impl Store<'_> {
    /// Reads what leads from each of the roots to each of the files, and the files, folder level by
    /// folder level: as many requests as the deepest path has parts. What is not there, or is not
    /// what it should be, is passed over.
    pub(crate) fn prefetch(&mut self, roots: &[Oid], paths: &[String]) -> Result<()> {
        let pairs = roots
            .iter()
            .flat_map(|&root| paths.iter().map(move |path| (root, Some(&path[..]))));
        let mut level: BTreeSet<(Oid, Option<&str>)> = pairs.collect();
        while !level.is_empty() {
            self.fetch(level.iter().map(|(id, _)| *id))?;
            let mut below = BTreeSet::new();
            for (folder, path) in level {
                let Some(path) = path else { continue };
                let (name, rest) = match path.split_once('/') {
                    Some((name, rest)) => (name, Some(rest)),
                    None => (path, None),
                };
                let mode = match rest {
                    Some(_) => Mode::Folder,
                    None => Mode::File,
                };
                let folder = &self.get(folder, Kind::Tree)?.data;
                let entry = tree::find(folder, name)?.filter(|entry| entry.mode == mode);
                below.extend(entry.map(|entry| (entry.id, rest)));
            }
            level = below;
        }
        Ok(())
    }

    /// The file's blob below a root.
    pub(crate) fn find(&mut self, root: Oid, path: &str) -> Result<Option<Oid>> {
        match self.look_up(root, path)? {
            None => Ok(None),
            Some(Entry {
                mode: Mode::File,
                id,
            }) => Ok(Some(id)),
            Some(entry) => {
                let name = path.rsplit('/').next().unwrap_or(path);
                Err(not_a_file(path, name, entry.mode))
            }
        }
    }

    /// What stands at a path below a root. Only folders lead on.
    fn look_up(&mut self, root: Oid, path: &str) -> Result<Option<Entry>> {
        check_path(path)?;
        let mut names = path.split('/').peekable();
        let mut folder = root;
        while let Some(name) = names.next() {
            let data = &self.get(folder, Kind::Tree)?.data;
            match (tree::find(data, name)?, names.peek()) {
                (None, _) => return Ok(None),
                (entry, None) => return Ok(entry),
                (Some(entry), Some(_)) if entry.mode == Mode::Folder => folder = entry.id,
                (Some(entry), Some(_)) => return Err(not_a_file(path, name, entry.mode)),
            }
        }
        Ok(None)
    }
}

/// The files of a commit, and the changes made to them.
///
/// An edit is handed one, reads what it needs and writes what shall be there. It may be called
/// several times, each time with a newer tip.
pub struct Draft<'d, 'r> {
    store: &'d mut Store<'r>,
    root: Oid,
    written: BTreeMap<String, Written>,
}

/// A file that an edit changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Its path.
    pub path: String,
    /// What it held; none if it is new.
    pub before: Option<Vec<u8>>,
    /// What it is to hold.
    pub after: Vec<u8>,
}

struct Written {
    blob: Object,
    before: Option<Oid>,
}

impl<'d, 'r> Draft<'d, 'r> {
    pub(crate) fn new(store: &'d mut Store<'r>, commit: Oid) -> Result<Self> {
        let root = object::tree_of(&store.get(commit, Kind::Commit)?.data)?;
        let written = BTreeMap::new();
        Ok(Self {
            store,
            root,
            written,
        })
    }

    /// The content of a file; none if there is no such file.
    ///
    /// # Errors
    /// [`ErrorKind::Path`] if the path is not a plain one inside the repository,
    /// [`ErrorKind::NotAFile`] if a symbolic link, a submodule or a folder stands there, and
    /// whatever reading from the remote may bring.
    pub fn read(&mut self, path: &str) -> Result<Option<Vec<u8>>> {
        if let Some(written) = self.written.get(path) {
            return Ok(Some(written.blob.data.clone()));
        }
        match self.find(path)? {
            Some(id) => Ok(Some(self.store.get(id, Kind::Blob)?.data.clone())),
            None => Ok(None),
        }
    }

    /// Reads what leads to these files, and the files, folder level by folder level: as many
    /// requests as the deepest path has parts, however many paths there are. What is not there,
    /// or is not what it should be, is left for [`Draft::read`] to tell.
    ///
    /// # Errors
    /// Whatever reading from the remote may bring.
    pub fn prefetch(&mut self, paths: &[String]) -> Result<()> {
        self.store.prefetch(&[self.root], paths)
    }

    /// Lets a file hold `data`. One that is there keeps its mode.
    ///
    /// # Errors
    /// As those of [`Draft::read`].
    pub fn write(&mut self, path: &str, data: Vec<u8>) -> Result<()> {
        let before = self.find(path)?;
        self.check_beside(path)?;
        let blob = Object::new(Kind::Blob, data);
        if before == Some(blob.id()) {
            self.written.remove(path);
        } else {
            self.written
                .insert(path.to_owned(), Written { blob, before });
        }
        Ok(())
    }

    /// A new file cannot be where another new file has its folder.
    fn check_beside(&self, path: &str) -> Result<()> {
        let holds = |folder: &str, path: &str| {
            path.strip_prefix(folder)
                .is_some_and(|rest| rest.starts_with('/'))
        };
        for other in self.written.keys() {
            if holds(other, path) {
                return Err(not_a_file(path, other, Mode::File));
            }
            if holds(path, other) {
                return Err(not_a_file(path, path, Mode::Folder));
            }
        }
        Ok(())
    }

    /// What is changed so far, in the order of the paths.
    ///
    /// # Errors
    /// Whatever reading from the remote may bring.
    pub fn changes(&mut self) -> Result<Vec<Change>> {
        let mut changes = Vec::new();
        for (path, written) in &self.written {
            let before = match written.before {
                Some(id) => Some(self.store.get(id, Kind::Blob)?.data.clone()),
                None => None,
            };
            changes.push(Change {
                path: path.clone(),
                before,
                after: written.blob.data.clone(),
            });
        }
        Ok(changes)
    }

    /// The paths that now differ from the tip.
    pub(crate) fn paths(&self) -> Vec<String> {
        self.written.keys().cloned().collect()
    }

    /// What is changed, from what to what, as text that two equal changes have in common.
    pub(crate) fn fingerprint(&self) -> String {
        let line = |(path, written): (&String, &Written)| {
            let before = written.before.unwrap_or(Oid::ZERO_SHA1);
            format!("{path}\0{before}\0{}\n", written.blob.id())
        };
        self.written.iter().map(line).collect()
    }

    /// The names of the folders in a folder of the tip; none if there is no such folder.
    ///
    /// # Errors
    /// As those of [`Draft::read`].
    pub fn folders(&mut self, path: &str) -> Result<Option<Vec<String>>> {
        match self.store.look_up(self.root, path)? {
            Some(Entry {
                mode: Mode::Folder,
                id,
            }) => Ok(Some(tree::folders(&self.store.get(id, Kind::Tree)?.data)?)),
            _ => Ok(None),
        }
    }

    /// The file's blob in the tip.
    fn find(&mut self, path: &str) -> Result<Option<Oid>> {
        self.store.find(self.root, path)
    }

    /// The root of the new tree, and the objects that it needs beside those of the tip.
    pub(crate) fn build(mut self) -> Result<(Oid, Vec<New>)> {
        let written = std::mem::take(&mut self.written);
        let changes: Vec<(&str, Oid)> = written
            .iter()
            .map(|(path, written)| (&path[..], written.blob.id()))
            .collect();
        let mut objects = Vec::new();
        let root = self.rebuild(Some(self.root), &changes, &mut objects)?;
        for Written { blob, before } in written.into_values() {
            let base = self.copy(before, Kind::Blob)?;
            objects.push(New { object: blob, base });
        }
        // Equal files are one object, and a pack holds no object twice.
        let mut seen = HashSet::new();
        objects.retain(|new| seen.insert(new.object.id()));
        Ok((root, objects))
    }

    fn copy(&mut self, id: Option<Oid>, kind: Kind) -> Result<Option<Object>> {
        id.map(|id| self.store.get(id, kind).cloned()).transpose()
    }

    /// A folder with these files set, whose paths are seen from it and stand in order.
    fn rebuild(
        &mut self,
        folder: Option<Oid>,
        changes: &[(&str, Oid)],
        objects: &mut Vec<New>,
    ) -> Result<Oid> {
        let base = self.copy(folder, Kind::Tree)?;
        let mut data = base
            .as_ref()
            .map_or_else(Vec::new, |base| base.data.clone());
        for group in changes.chunk_by(|a, b| first(a.0) == first(b.0)) {
            let name = first(group[0].0);
            let below: Vec<(&str, Oid)> = group
                .iter()
                .filter_map(|(path, id)| Some((path.split_once('/')?.1, *id)))
                .collect();
            let (mode, id) = match below.is_empty() {
                true => (Mode::File, group[0].1),
                false => {
                    let old = tree::find(&data, name)?.map(|entry| entry.id);
                    (Mode::Folder, self.rebuild(old, &below, objects)?)
                }
            };
            data = tree::set(&data, name, mode, id)?.data;
        }
        let object = Object::new(Kind::Tree, data);
        let id = object.id();
        objects.push(New { object, base });
        Ok(id)
    }
}

fn first(path: &str) -> &str {
    path.split('/').next().unwrap_or_default()
}

/// A plain path from the root of the repository: what git itself would not check out is refused.
fn check_path(path: &str) -> Result<()> {
    let plain = |name: &str| {
        !matches!(name, "" | "." | "..")
            && !name.eq_ignore_ascii_case(".git")
            && !name.contains('\0')
    };
    match path.split('/').all(plain) {
        true => Ok(()),
        false => {
            let message = format!("cannot touch `{path}`: it is not a path inside the repository");
            Err(Error::new(ErrorKind::Path, message))
        }
    }
}

fn not_a_file(path: &str, name: &str, mode: Mode) -> Error {
    let what = match mode {
        Mode::Folder => "a folder",
        Mode::File => "a file, not a folder",
        Mode::Symlink => "a symbolic link",
        Mode::Submodule => "a submodule",
    };
    let message = format!("cannot touch `{path}`: `{name}` is {what}");
    Error::new(ErrorKind::NotAFile, message)
}
