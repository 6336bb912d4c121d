//! Lists of paths, and `buildMetadata`.

use super::glob;
use super::session::Session;
use crate::error::{Error, ErrorKind, Result};
use crate::files::{Folder, Record};
use crate::kustomization::Kustomization;
use crate::remote::{Address, is_web};
use std::collections::HashSet;
use std::rc::Rc;
use windlass_yaml::{Content, Spanned, Step};

/// A field that lists files and folders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PathList {
    /// `resources`.
    Resources,
    /// `components`.
    Components,
    /// `generators`.
    Generators,
    /// `transformers`.
    Transformers,
}

impl PathList {
    pub(super) fn field(self) -> &'static str {
        match self {
            Self::Resources => "resources",
            Self::Components => "components",
            Self::Generators => "generators",
            Self::Transformers => "transformers",
        }
    }

    /// The fields that hold it, old spellings last.
    fn fields(self, of: &Kustomization) -> Vec<(&'static str, &[Spanned<String>])> {
        let own = match self {
            Self::Resources => &of.resources,
            Self::Components => &of.components,
            Self::Generators => &of.generators,
            Self::Transformers => &of.transformers,
        };
        let mut fields = vec![(self.field(), &own[..])];
        if self == Self::Resources {
            fields.push(("bases", &of.bases));
        }
        fields
    }
}

pub(super) fn add(
    list: PathList,
    patterns: &[String],
    verify: bool,
    session: &mut Session<'_>,
) -> Result<()> {
    let paths = match verify {
        true => expand(&session.folder, patterns)?,
        false => patterns.to_vec(),
    };
    let kustomization = session.kustomization()?;
    let fields = list.fields(&kustomization);
    let known = fields.iter().flat_map(|(_, entries)| entries.iter());
    let mut known: HashSet<&str> = known.map(|entry| entry.as_str()).collect();
    let others = paths.iter().filter(|path| **path != session.file);
    let new = others.filter(|path| known.insert(path));
    let new: Vec<Content> = new.map(|path| (&**path).into()).collect();
    session.extend(&[Step::Key(list.field())], &new)
}

/// What paths, patterns and addresses mean, all of which has to be there and allowed. Addresses
/// are taken as they are: what they lead to is for the build to say.
pub(super) fn expand(folder: &Rc<Folder<'_>>, patterns: &[String]) -> Result<Vec<String>> {
    let mut all = Vec::new();
    for pattern in patterns {
        if is_web(pattern) || Address::parse(pattern).is_some() {
            all.push(pattern.clone());
            continue;
        }
        let found = glob::expand(folder, pattern)?;
        if found.is_empty() {
            // The error that reading gives names what may have been meant.
            folder.read(pattern, &mut Record::default())?;
            let message = format!("`{pattern}` matches no file or folder");
            return Err(Error::new(ErrorKind::Read, message));
        }
        for path in &found {
            check(folder, path)?;
        }
        all.extend(found);
    }
    Ok(all)
}

/// Refuses a path that a build would refuse because of where it leads.
fn check(folder: &Rc<Folder<'_>>, path: &str) -> Result<()> {
    match folder.is_dir(path) {
        true => folder.enter(path).map(|_| ()),
        false => folder.read(path, &mut Record::default()).map(|_| ()),
    }
}

pub(super) fn remove(list: PathList, patterns: &[String], session: &mut Session<'_>) -> Result<()> {
    let kustomization = session.kustomization()?;
    for pattern in patterns {
        glob::check(pattern)?;
        let fields = list.fields(&kustomization);
        let mut entries = fields.iter().flat_map(|(_, entries)| entries.iter());
        if !entries.any(|entry| glob::matches(pattern, entry)) {
            session.warn_missing(
                &format!("entry of `{}` that matches", list.field()),
                pattern,
            );
        }
    }
    for (field, entries) in list.fields(&kustomization) {
        remove_items(field, entries, session, |entry| {
            patterns.iter().any(|pattern| glob::matches(pattern, entry))
        })?;
    }
    Ok(())
}

/// Removes the items of a list that are meant, the last one first.
fn remove_items(
    field: &str,
    entries: &[Spanned<String>],
    session: &mut Session<'_>,
    is_meant: impl Fn(&str) -> bool,
) -> Result<()> {
    let meant = entries.iter().enumerate();
    for (at, _) in meant.rev().filter(|(_, entry)| is_meant(entry)) {
        session.prune(&[Step::Key(field), Step::Index(at)])?;
    }
    Ok(())
}

const BUILD_METADATA: &str = "buildMetadata";

/// The options of `buildMetadata` (`kustomize: api/types/kustomization.go`).
const OPTIONS: [&str; 3] = [
    "managedByLabel",
    "originAnnotations",
    "transformerAnnotations",
];

fn check_options(options: &[String]) -> Result<()> {
    let unknown = options.iter().find(|option| !OPTIONS.contains(&&***option));
    let Some(option) = unknown else {
        return Ok(());
    };
    let message = format!("`{option}` is no option of `{BUILD_METADATA}`");
    let hint = format!(
        "there are {}",
        OPTIONS.map(|known| format!("`{known}`")).join(", ")
    );
    Err(Error::new(ErrorKind::Edit, message).hint(hint))
}

pub(super) fn add_build_metadata(options: &[String], session: &mut Session<'_>) -> Result<()> {
    check_options(options)?;
    let mut known = session.kustomization()?.build_metadata;
    for option in options {
        if known.iter().all(|entry| entry.value != *option) {
            session.push(&[Step::Key(BUILD_METADATA)], &(&**option).into())?;
            known.push(Spanned::from(option.clone()));
        }
    }
    Ok(())
}

pub(super) fn set_build_metadata(options: &[String], session: &mut Session<'_>) -> Result<()> {
    add_build_metadata(options, session)?;
    let is_other = |option: &str| options.iter().all(|one| one != option);
    let known = session.kustomization()?.build_metadata;
    remove_items(BUILD_METADATA, &known, session, is_other)
}

pub(super) fn remove_build_metadata(options: &[String], session: &mut Session<'_>) -> Result<()> {
    check_options(options)?;
    let known = session.kustomization()?.build_metadata;
    remove_items(BUILD_METADATA, &known, session, |option| {
        options.iter().any(|one| one == option)
    })
}
