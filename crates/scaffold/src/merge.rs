//! Three versions of a file made one: what a template made of it, what stands there now, and what a
//! newer template makes of it.

mod lines;
mod tree;

use crate::files::File;
use std::fmt;
use windlass_fault::Location;

/// What both sides changed, each in its own way, and a person has to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// Where in the app's file, as it is after the update.
    pub place: Location,
    /// What the template has there.
    pub what: String,
}

impl fmt::Display for Conflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.what)
    }
}

fn is_sealed(file: &File) -> bool {
    std::str::from_utf8(&file.bytes).is_ok_and(tree::has_sealed_secret)
}

/// The conflicts that an earlier update left in a file, and nobody has resolved.
pub(crate) fn unresolved(path: &str, file: &File) -> Vec<Conflict> {
    let Ok(text) = std::str::from_utf8(&file.bytes) else {
        return Vec::new();
    };
    let mut at = 0;
    let mut found = Vec::new();
    for line in text.split_inclusive('\n') {
        if lines::is_mark(line) || tree::is_mark(line) {
            found.push(Conflict {
                place: Location::in_text(path, text, at, at + line.trim_end().len()),
                what: "a conflict of an earlier update is still here".to_owned(),
            });
        }
        at += line.len();
    }
    found
}

/// What comes of three versions; none where the file is not to be.
pub(crate) struct Merged {
    pub(crate) file: Option<File>,
    pub(crate) conflicts: Vec<Conflict>,
}

/// The three versions of a file; none where a version has no such file.
#[derive(Clone, Copy)]
pub(crate) struct Versions<'a> {
    pub(crate) base: Option<&'a File>,
    pub(crate) ours: Option<&'a File>,
    pub(crate) theirs: Option<&'a File>,
}

impl Versions<'_> {
    /// Merges them. Conflicts name the file `path`.
    pub(crate) fn merge(self, path: &str) -> Merged {
        let Self { base, ours, theirs } = self;
        match (base, ours, theirs) {
            _ if theirs == base || theirs == ours => kept(ours, path, None),
            (Some(base), Some(ours), Some(theirs)) => contents(path, base, ours, theirs),
            (None, None, theirs) => kept(theirs, path, None),
            (Some(base), Some(ours), None) if ours == base && !is_sealed(ours) => {
                kept(None, path, None)
            }
            (Some(_), Some(ours), None) => kept(
                Some(ours),
                path,
                Some("the template no longer has this file"),
            ),
            (Some(_), None, _) => kept(
                None,
                path,
                Some("the template changed this file, which is gone here"),
            ),
            (None, Some(ours), _) => kept(
                Some(ours),
                path,
                Some("the template has a file of this name now, which says something else"),
            ),
        }
    }
}

fn kept(file: Option<&File>, path: &str, conflict: Option<&str>) -> Merged {
    let conflict = conflict.map(|what| Conflict {
        place: Location::file(path),
        what: what.to_owned(),
    });
    Merged {
        file: file.cloned(),
        conflicts: conflict.into_iter().collect(),
    }
}

fn contents(path: &str, base: &File, ours: &File, theirs: &File) -> Merged {
    let executable = match ours.executable == base.executable {
        true => theirs.executable,
        false => ours.executable,
    };
    let texts = [base, ours, theirs].map(|file| std::str::from_utf8(&file.bytes));
    let merged = match texts {
        _ if theirs.bytes == base.bytes => Ok((ours.bytes.clone(), Vec::new())),
        [Ok(base), Ok(ours), Ok(theirs)] => merge_texts(path, [base, ours, theirs]),
        _ if ours.bytes == base.bytes => Ok((theirs.bytes.clone(), Vec::new())),
        _ => Err("the template changed this file, which is no text, otherwise"),
    };
    match merged {
        Ok((bytes, conflicts)) => Merged {
            file: Some(File { bytes, executable }),
            conflicts,
        },
        Err(what) => kept(Some(ours), path, Some(what)),
    }
}

type Merge = Result<(Vec<u8>, Vec<Conflict>), &'static str>;

fn merge_texts(path: &str, versions: [&str; 3]) -> Merge {
    let [base, ours, theirs] = versions;
    let is_yaml = path.ends_with(".yaml") || path.ends_with(".yml");
    if is_yaml && tree::has_sealed_secret(ours) {
        return Err("the template changed this sealed secret");
    }
    let by_tree = is_yaml.then(|| tree::merge(path, versions)).flatten();
    let (text, conflicts) = match by_tree {
        Some(merged) => merged,
        None if ours == base => (theirs.to_owned(), Vec::new()),
        None => lines::merge(path, versions),
    };
    // Marks would make of several objects none.
    match is_yaml && !tree::is_yaml(path, &text) && tree::is_yaml(path, ours) {
        true => Err("the template changed this file otherwise"),
        false => Ok((text.into_bytes(), conflicts)),
    }
}
