//! An app that is rendered, checked, and not yet written.

use crate::files::{File, Files, MAX_PATH, MAX_TOTAL};
use crate::site::{Environment, Site};
use crate::{Error, ErrorKind, register};
use std::path::Path;

/// Where the Application of each app and environment stands.
pub(crate) const APPLICATIONS: &str = "argo/apps";
/// Bytes of a file's name that every file system takes.
const MAX_NAME: usize = 255;

/// The files of a new app and its Argo CD Applications.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct App {
    name: String,
    /// The app's own folder, from the root of the repository.
    pub(crate) folder: String,
    files: Files,
    /// Bytes of all files in the folder.
    total: u64,
    /// The kustomization that lists the Applications, before and after this app's are in it.
    registration: Option<(String, File, File)>,
}

impl App {
    pub(crate) fn new(name: &str, site: &Site) -> Self {
        Self {
            name: name.to_owned(),
            folder: format!("{}/{name}", site.apps),
            files: Files::new(),
            total: 0,
            registration: None,
        }
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// All files, by their path from the root of the repository.
    #[must_use]
    pub fn files(&self) -> &Files {
        &self.files
    }

    /// Lists the app's Applications in the kustomization of `argo/apps`, or of `argo`, of the
    /// repository at `root`, where there is one. Returns its path.
    ///
    /// # Errors
    /// [`ErrorKind::Read`], and [`ErrorKind::Register`] where it cannot be edited.
    pub fn register(&mut self, root: &Path) -> Result<Option<&str>, Error> {
        let paths: Vec<&str> = self.applications().map(|(path, _)| path).collect();
        self.registration = register::all(root, &paths)?;
        Ok(self.registration.as_ref().map(|(path, ..)| path.as_str()))
    }

    pub(crate) fn registration(&self) -> Option<(&str, &File, &File)> {
        let (path, before, after) = self.registration.as_ref()?;
        Some((path, before, after))
    }

    /// The files outside of the app's folder.
    pub(crate) fn applications(&self) -> impl Iterator<Item = (&str, &File)> {
        let inside = format!("{}/", self.folder);
        let all = self.files.iter();
        all.filter(move |(path, _)| !path.starts_with(&inside))
            .map(|(path, file)| (path.as_str(), file))
    }

    /// Adds a file of the app's folder, made of the template `place`.
    pub(crate) fn add(&mut self, place: &str, path: &str, file: File) -> Result<(), Error> {
        let refused = |why: &str| {
            let shown = path.escape_debug();
            Err(Error::new(
                ErrorKind::Forbidden,
                format!("cannot make `{shown}` of `{place}`: {why}"),
            ))
        };
        if path.len() > MAX_PATH || !path.split('/').all(is_file_name) {
            return refused("it is no path in the app's folder");
        }
        self.total += file.bytes.len() as u64;
        if self.total > MAX_TOTAL {
            return refused("the app gets too large");
        }
        let path_in_root = format!("{}/{path}", self.folder);
        if self.files.insert(path_in_root.clone(), file).is_some() {
            return refused("two files of the template make it");
        }
        let inside = format!("{path_in_root}/");
        let file_as_folder = path_in_root
            .match_indices('/')
            .any(|(end, _)| self.files.contains_key(&path_in_root[..end]));
        let folder_as_file = self
            .files
            .range(inside.clone()..)
            .next()
            .is_some_and(|(next, _)| next.starts_with(&inside));
        if file_as_folder || folder_as_file {
            return refused("it would be a file and a folder");
        }
        Ok(())
    }

    pub(crate) fn add_application(&mut self, environment: &Environment, file: File) {
        let path = format!("{APPLICATIONS}/{}-{}.yaml", self.name, environment.name);
        self.files.insert(path, file);
    }

    /// Every environment needs an overlay, or its Application would point nowhere.
    pub(crate) fn check_overlays(
        &self,
        place: &str,
        environments: &[Environment],
    ) -> Result<(), Error> {
        for environment in environments {
            let overlay = format!("k8s/overlays/{}/kustomization.yaml", environment.name);
            if !self
                .files
                .contains_key(&format!("{}/{overlay}", self.folder))
            {
                let message = format!(
                    "`{place}` has no overlay for the environment `{}`",
                    environment.name
                );
                return Err(Error::new(ErrorKind::Overlay, message)
                    .with_hint(format!("add `{overlay}` to the template")));
            }
        }
        Ok(())
    }
}

/// Whether a part of a path is the plain name of a file or folder. Not `.git`: what stands in
/// there, git would run.
fn is_file_name(part: &str) -> bool {
    !matches!(part, "" | "." | "..")
        && !part.eq_ignore_ascii_case(".git")
        && part.len() <= MAX_NAME
        && !part.contains(|c: char| c == '\\' || c.is_control())
}
