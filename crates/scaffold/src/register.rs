//! The kustomization that lists the Applications, where a repository has one.

use crate::files::File;
use crate::{Error, ErrorKind, change};
use std::path::Path;
use windlass_yaml::{Content, Document, Step};

/// Where a kustomization may list what stands in `argo/apps`, the nearest first.
const FOLDERS: [&str; 2] = ["argo/apps", "argo"];
/// kustomize: api/konfig/general.go, `RecognizedKustomizationFileNames`.
pub(crate) const NAMES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// Its path and content in the repository at `root`.
pub(crate) fn find(root: &Path) -> Result<Option<(String, File)>, Error> {
    for folder in FOLDERS {
        for name in NAMES {
            let path = format!("{folder}/{name}");
            if let Some(file) = change::read(root, &path)? {
                return Ok(Some((path, file)));
            }
        }
    }
    Ok(None)
}

/// Its path, its content, and the same with the files `paths` in its `resources`.
pub(crate) fn all(root: &Path, paths: &[&str]) -> Result<Option<(String, File, File)>, Error> {
    let Some((path, before)) = find(root)? else {
        return Ok(None);
    };
    let refused = |source| {
        let message = format!("cannot list the Applications in `{path}`");
        Error::yaml(ErrorKind::Register, message, source)
    };
    let text = before.text(&path)?;
    let mut document = Document::parse(&path, text).map_err(refused)?;
    for name in paths.iter().filter_map(|file| name_in(&path, file)) {
        let resources = [Step::Key("resources")];
        if !lists(&document, name) {
            let item = Content::from(name);
            document.push(&resources, &item).map_err(refused)?;
        }
    }
    let after = File {
        bytes: document.finish().into_bytes(),
        executable: before.executable,
    };
    Ok((after != before).then_some((path, before, after)))
}

/// The name that a file has in the kustomization `path`.
pub(crate) fn name_in<'f>(path: &str, file: &'f str) -> Option<&'f str> {
    let folder = path.rsplit_once('/')?.0;
    file.strip_prefix(folder)?.strip_prefix('/')
}

/// Whether the resources of a kustomization have the name of a file.
pub(crate) fn lists(document: &Document, name: &str) -> bool {
    let resources = document.content(&[Step::Key("resources")]);
    let Some(Content::List(items)) = resources else {
        return false;
    };
    let is_name = |item: &Content| matches!(item, Content::Text(text) if text.strip_prefix("./").unwrap_or(text) == name);
    items.iter().any(is_name)
}
