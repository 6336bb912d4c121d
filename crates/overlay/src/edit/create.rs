//! New kustomization files.

use super::lists::expand;
use super::pairs::Pair;
use super::session::Session;
use crate::error::{Error, ErrorKind, Result};
use crate::files::{Entry, Files, Folder, Record, Restriction};
use crate::kustomization::{FILE_NAMES, KUSTOMIZATION};
use crate::options::Options;
use crate::read;
use std::path::Path;
use std::rc::Rc;
use windlass_fault::Location;
use windlass_yaml::{Content, Source, Step, Tree};

/// How many folders deep resources are looked for.
const MAX_DEPTH: usize = 100;

/// What a new kustomization file says (`kustomize: kustomize/commands/create/create.go`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Create {
    /// Paths, addresses and patterns of paths of resources.
    pub resources: Vec<String>,
    /// Whether to look for files with objects in the folder.
    pub autodetect: bool,
    /// Whether to look in the folders below too; one with a kustomization file is a resource.
    pub recursive: bool,
    /// `namespace`; empty for none, as all that follow.
    pub namespace: String,
    /// `namePrefix`.
    pub name_prefix: String,
    /// `nameSuffix`.
    pub name_suffix: String,
    /// `commonLabels`.
    pub labels: Vec<Pair>,
    /// `commonAnnotations`.
    pub annotations: Vec<Pair>,
}

/// A file that is to be made.
pub(super) fn start<'a>(
    files: &'a dyn Files,
    folder: &Path,
    options: &'a Options<'a>,
) -> Result<Session<'a>> {
    let folder = Folder::start(files, folder, Restriction::RootOnly, options.fetch)?;
    if let Some(name) = FILE_NAMES.iter().find(|name| folder.is_file(name)) {
        let shown = folder.shown(name);
        let error = Error::new(ErrorKind::Edit, format!("`{shown}` is there already"));
        return Err(error.at(Location::file(shown)));
    }
    Session::new(files, folder, options, FILE_NAMES[0], None)
}

pub(super) fn write(create: &Create, session: &mut Session<'_>) -> Result<()> {
    if !session.document.text().is_empty() {
        return Err(session.refuse("a file is created once, before all other edits"));
    }
    let mut resources = expand(&session.folder, &create.resources)?;
    if create.autodetect {
        for path in detect(&session.folder, create.recursive)? {
            if !resources.contains(&path) {
                resources.push(path);
            }
        }
    }
    let (version, kind) = KUSTOMIZATION;
    session.set(&[Step::Key("apiVersion")], version)?;
    session.set(&[Step::Key("kind")], kind)?;
    let resources: Vec<Content> = resources.iter().map(|path| (&**path).into()).collect();
    session.extend(&[Step::Key("resources")], &resources)?;
    for (field, value) in [
        ("namePrefix", &create.name_prefix),
        ("nameSuffix", &create.name_suffix),
        ("namespace", &create.namespace),
    ] {
        if !value.is_empty() {
            session.set(&[Step::Key(field)], value)?;
        }
    }
    for (field, pairs) in [
        ("commonLabels", &create.labels),
        ("commonAnnotations", &create.annotations),
    ] {
        let mut pairs: Vec<&Pair> = pairs.iter().collect();
        pairs.sort_by(|a, b| a.key.cmp(&b.key));
        for pair in pairs {
            session.set(&[Step::Key(field), Step::Key(&pair.key)], &pair.value)?;
        }
    }
    Ok(())
}

/// The files that hold objects, in order.
fn detect(folder: &Rc<Folder<'_>>, recursive: bool) -> Result<Vec<String>> {
    let mut found = Vec::new();
    look_in("", folder, recursive, 0, &mut found)?;
    Ok(found)
}

fn look_in(
    at: &str,
    folder: &Rc<Folder<'_>>,
    recursive: bool,
    depth: usize,
    found: &mut Vec<String>,
) -> Result<()> {
    if depth > MAX_DEPTH {
        let message = format!("`{at}` is more than {MAX_DEPTH} folders deep");
        return Err(Error::new(ErrorKind::Limit, message));
    }
    let mut names = folder.list(at);
    names.sort_by(|(a, _), (b, _)| a.cmp(b));
    for (name, entry) in names {
        let path = match at {
            "" => name,
            at => format!("{at}/{name}"),
        };
        let inside = |name: &&str| folder.is_file(&format!("{path}/{name}"));
        match entry {
            Entry::Folder if !recursive => {}
            Entry::Folder if FILE_NAMES.iter().any(inside) => found.push(path),
            Entry::Folder => look_in(&path, folder, recursive, depth + 1, found)?,
            Entry::File | Entry::Link if holds_objects(folder, &path) => found.push(path),
            Entry::File | Entry::Link => {}
        }
    }
    Ok(())
}

/// Whether a build would take the file for one of objects. Nothing is an object, too.
fn holds_objects(folder: &Folder<'_>, path: &str) -> bool {
    let Ok(text) = folder.read_text(path, &mut Record::default()) else {
        return false;
    };
    read::objects(&mut Tree::new(), Source::new(path, text)).is_ok()
}
