//! That an edit leaves a build as it is.

use super::session::Session;
use crate::build::{self, Finished};
use crate::error::{Error, ErrorKind, Result};
use crate::files::{Entry, Files, Found};
use crate::object::{Build, Object};
use std::io;
use std::path::{Path, PathBuf};

/// Files, one of them with another content.
struct Instead<'a> {
    files: &'a dyn Files,
    path: PathBuf,
    text: &'a str,
}

impl Files for Instead<'_> {
    fn find(&self, path: &Path) -> io::Result<Found> {
        self.files.find(path)
    }

    fn read(&self, path: &Path, limit: u64) -> io::Result<Vec<u8>> {
        match path == self.path {
            true => Ok(self.text.as_bytes().to_vec()),
            false => self.files.read(path, limit),
        }
    }

    fn list(&self, folder: &Path, limit: usize) -> Vec<(String, Entry)> {
        self.files.list(folder, limit)
    }
}

/// Builds with this text in the place of the kustomization file.
pub(super) fn build(text: &str, session: &Session<'_>) -> Result<Finished> {
    let path = session.folder.root().join(session.file);
    let found = session.files.find(&path);
    let files = Instead {
        files: session.files,
        path: found.map_or(path, |found| found.path),
        text,
    };
    build::run(
        &files,
        session.folder.shown_root().as_ref(),
        session.options,
        None,
    )
}

/// Refuses a build that is another one.
pub(super) fn refuse_change(
    before: Finished,
    after: Finished,
    session: &Session<'_>,
) -> Result<()> {
    let (before, after) = (Build::new(before), Build::new(after));
    match before.to_yaml()? == after.to_yaml()? {
        true => Ok(()),
        false => Err(changed(&difference(&before, &after)?, session)),
    }
}

/// The error that a build would be another one.
pub(super) fn changed(how: &str, session: &Session<'_>) -> Error {
    session
        .refuse(format!("the build would not be the same: {how}"))
        .hint("make this change by hand".to_owned())
}

/// Where two builds differ first.
fn difference(before: &Build, after: &Build) -> Result<String> {
    let (count, new_count) = (before.objects().len(), after.objects().len());
    if count != new_count {
        return Ok(format!("it would have {new_count} objects, not {count}"));
    }
    for (before, after) in before.objects().zip(after.objects()) {
        if before.to_yaml()? != after.to_yaml()? {
            return Ok(of_object(before, after));
        }
    }
    Err(Error::new(
        ErrorKind::Edit,
        "the order of the objects would change",
    ))
}

fn of_object(before: Object<'_>, after: Object<'_>) -> String {
    let (kind, name) = (before.kind(), before.name());
    let (fields, new_fields) = (before.fields(), after.fields());
    let other = fields.iter().zip(&new_fields).find(|(was, is)| was != is);
    match other {
        Some(((field, was), (new_field, is))) if field == new_field => {
            format!("`{field}` of the {kind} `{name}` would be `{is}`, not `{was}`")
        }
        Some(((field, _), _)) => format!("the {kind} `{name}` would differ at `{field}`"),
        None => format!("the {kind} `{name}` would have other fields"),
    }
}
