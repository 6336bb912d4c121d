//! Which state of a template an app was made from: the id that git gives the same folder, so that
//! `git` finds it again, and it can be told before anything is committed.

use crate::files::{File, Files};
use sha1::{Digest, Sha1};
use std::collections::BTreeMap;

type Id = [u8; 20];

/// The id of the tree object that holds `files` (git: Documentation/gitformat-pack.adoc has the
/// objects, tree.c the order).
pub(crate) fn tree_id(files: &Files) -> String {
    let mut root = Tree::default();
    for (path, file) in files {
        root.add(path, file);
    }
    let hex = root.id().into_iter().map(|byte| format!("{byte:02x}"));
    hex.collect()
}

#[derive(Default)]
struct Tree<'a> {
    folders: BTreeMap<&'a str, Tree<'a>>,
    files: BTreeMap<&'a str, &'a File>,
}

impl<'a> Tree<'a> {
    fn add(&mut self, path: &'a str, file: &'a File) {
        match path.split_once('/') {
            Some((folder, rest)) => self.folders.entry(folder).or_default().add(rest, file),
            None => {
                self.files.insert(path, file);
            }
        }
    }

    fn id(&self) -> Id {
        // A folder is sorted as if its name ended in a slash.
        let mut entries: BTreeMap<String, (&str, &str, Id)> = BTreeMap::new();
        for (name, tree) in &self.folders {
            entries.insert(format!("{name}/"), ("40000", name, tree.id()));
        }
        for (name, file) in &self.files {
            let mode = if file.executable { "100755" } else { "100644" };
            let id = object("blob", &file.bytes);
            entries.insert((*name).to_owned(), (mode, name, id));
        }
        let mut body = Vec::new();
        for (mode, name, id) in entries.values() {
            body.extend_from_slice(format!("{mode} {name}\0").as_bytes());
            body.extend_from_slice(id);
        }
        object("tree", &body)
    }
}

fn object(kind: &str, body: &[u8]) -> Id {
    let mut hash = Sha1::new();
    hash.update(format!("{kind} {}\0", body.len()));
    hash.update(body);
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The expected id is what `git write-tree` prints for these files.
    #[test]
    fn the_id_is_gits() {
        let file = |text: &str, executable| File {
            bytes: text.as_bytes().to_vec(),
            executable,
        };
        let files = Files::from([
            ("a.b".to_owned(), file("one\n", false)),
            ("a/run".to_owned(), file("#!/bin/sh\n", true)),
            ("a/deep/er".to_owned(), file("", false)),
            ("a0".to_owned(), file("zero\n", false)),
        ]);
        assert_eq!(tree_id(&files), "f20f5318eb417157d2712fbd9926a8465e1042e4");
    }
}
