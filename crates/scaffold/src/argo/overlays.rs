//! The overlays of all apps.

use crate::register::NAMES;
use crate::{Error, change};
use std::fs;
use std::io;
use std::path::Path;
use windlass_fault::Location;
use windlass_yaml::{Source, Tree};

/// The folder of an app with a folder for each environment.
const OVERLAYS: &str = "k8s/overlays";

/// A folder that deploys an app to an environment.
#[derive(Debug, Clone)]
pub(super) struct Overlay {
    pub(super) app: String,
    pub(super) environment: String,
    /// From the root of the repository.
    pub(super) path: String,
    /// Its kustomization.
    pub(super) place: Location,
    /// The namespace that it puts its objects into, if it says so.
    pub(super) namespace: Option<String>,
}

/// All of them, in the order of their paths.
pub(super) fn find(root: &Path, apps: &str) -> Result<Vec<Overlay>, Error> {
    let mut found = Vec::new();
    for app in folders(&root.join(apps))? {
        let overlays = format!("{apps}/{app}/{OVERLAYS}");
        for environment in folders(&root.join(&overlays))? {
            let path = format!("{overlays}/{environment}");
            if let Some((place, namespace)) = kustomization(root, &path)? {
                found.push(Overlay {
                    app: app.clone(),
                    environment,
                    path,
                    place,
                    namespace,
                });
            }
        }
    }
    Ok(found)
}

/// Where the kustomization of a folder begins, and its namespace.
fn kustomization(root: &Path, folder: &str) -> Result<Option<(Location, Option<String>)>, Error> {
    for name in NAMES {
        let path = format!("{folder}/{name}");
        let Some(file) = change::read(root, &path)? else {
            continue;
        };
        let mut tree = Tree::new();
        // What cannot be read is told by whoever builds it.
        let top = Source::from_bytes(&path, file.bytes)
            .and_then(|source| tree.load_first(&source, &mut Vec::new()))
            .unwrap_or_default();
        let namespace = top.and_then(|top| tree.text_at(top, &["namespace"]));
        return Ok(Some((
            Location::at_line(&path, 1, 0),
            namespace.map(str::to_owned),
        )));
    }
    Ok(None)
}

/// The names of the folders in a folder, in order, but for hidden ones.
fn folders(folder: &Path) -> Result<Vec<String>, Error> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(Error::read(folder, error)),
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|error| Error::read(folder, error))?;
        let kind = entry
            .file_type()
            .map_err(|error| Error::read(folder, error))?;
        if let Ok(name) = entry.file_name().into_string()
            && kind.is_dir()
            && !name.starts_with('.')
        {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}
