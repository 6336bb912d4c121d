//! What in `argo/` does not agree with the overlays, or with itself.

use super::overlays::Overlay;
use super::{Argo, Object};
use crate::app::APPLICATIONS;
use crate::register;
use crate::template::Template;
use std::collections::BTreeMap;
use windlass_fault::{Fault, Location, Warning, nearest};
use windlass_yaml::Document;

/// The namespace that Argo CD reads Applications from.
const NAMESPACE: &str = "argocd";

/// Something that does not agree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding(Warning);

impl Finding {
    pub(super) fn new(name: &'static str, place: Location, message: String) -> Self {
        Self(Warning::new(message).named(name).at(place))
    }

    pub(super) fn of(path: &str, fault: &dyn Fault) -> Self {
        let place = fault.location().unwrap_or_else(|| Location::file(path));
        Self::new("unreadable", place, fault.to_string())
    }

    fn hint(self, hint: impl Into<String>) -> Self {
        Self(self.0.hint(hint))
    }

    /// As a warning, which has the name of the rule, the place and a hint.
    #[must_use]
    pub fn warning(&self) -> &Warning {
        &self.0
    }
}

impl Argo {
    /// Everything that does not agree, in the order of the places. `template` tells which finalizers
    /// an Application has.
    #[must_use]
    pub fn check(&self, template: &Template) -> Vec<Finding> {
        let mut found = self.unread.clone();
        found.extend(self.orphans());
        found.extend(self.duplicates());
        found.extend(self.unlisted());
        for application in self.of_kind("Application") {
            found.extend(self.application(application, template));
        }
        found.extend(self.sets());
        found.sort_by(|one, other| {
            let key = |finding: &Finding| {
                let place = finding.0.location.clone();
                (place, finding.0.name, finding.0.message.clone())
            };
            key(one).cmp(&key(other))
        });
        found
    }

    /// Overlays that nothing deploys, or of environments that the repository does not have.
    fn orphans(&self) -> Vec<Finding> {
        let finding =
            |name, overlay: &Overlay, message| Finding::new(name, overlay.place.clone(), message);
        let mut found = Vec::new();
        for overlay in &self.overlays {
            let path = &overlay.path;
            if self.branch(&overlay.environment).is_none() {
                let environment = &overlay.environment;
                let message = format!("`{path}` is for `{environment}`, which is no environment");
                let known = self.site.environments.iter().map(|one| one.name.as_str());
                let finding = finding("unknown-environment", overlay, message);
                found.push(match nearest(environment, known) {
                    Some(near) => finding.hint(format!("there is `{near}`")),
                    None => finding.hint("add it to `environments` in windlass.yaml"),
                });
            } else if self.application_of(path).is_none() && !self.is_in_set(overlay) {
                let message = format!("no Application deploys `{path}`");
                let finding = finding("orphan-overlay", overlay, message);
                found.push(finding.hint("make one with `argo-apps`"));
            }
        }
        found
    }

    fn duplicates(&self) -> Vec<Finding> {
        let mut first: BTreeMap<String, Location> = BTreeMap::new();
        let mut found = Vec::new();
        let mut add = |name: String, place: Location| match first.get(&name) {
            None => drop(first.insert(name, place)),
            Some(other) => {
                let message = format!("another Application is called `{name}`, at {other}");
                found.push(Finding::new("duplicate-name", place, message));
            }
        };
        for application in self.of_kind("Application") {
            if let Some(name) = self.text(application, &["metadata", "name"]) {
                add(
                    name.to_owned(),
                    self.place(application, &["metadata", "name"]),
                );
            }
        }
        for element in self.elements() {
            add(element.name(), element.place);
        }
        found
    }

    /// Files that the kustomization of `argo/apps` does not list, where there is one.
    fn unlisted(&self) -> Vec<Finding> {
        let Ok(Some((path, file))) = register::find(&self.root) else {
            return Vec::new();
        };
        let text = String::from_utf8_lossy(&file.bytes);
        let Ok(document) = Document::parse(&path, &text) else {
            return Vec::new();
        };
        let is_listed = |file: &str| {
            register::name_in(&path, file).is_none_or(|name| register::lists(&document, name))
        };
        let in_apps = self
            .of_kind("Application")
            .chain(self.of_kind("ApplicationSet"));
        in_apps
            .filter(|object| object.path.starts_with(APPLICATIONS) && !is_listed(&object.path))
            .map(|object| {
                let message = format!("`{path}` does not list this file");
                let finding = Finding::new("unlisted", self.place(object, &[]), message);
                finding.hint("list it with `argo-apps`")
            })
            .collect()
    }

    fn application(&self, application: &Object, template: &Template) -> Vec<Finding> {
        let mut found = Vec::new();
        let mut add = |name, path: &[&str], message: String| {
            found.push(Finding::new(name, self.place(application, path), message));
        };
        let name = self.text(application, &["metadata", "name"]);
        let namespace = self.text(application, &["metadata", "namespace"]);
        if namespace != Some(NAMESPACE) {
            let message = format!("an Application stands in the namespace `{NAMESPACE}`");
            add("application-namespace", &["metadata", "namespace"], message);
        }
        let project = self.text(application, &["spec", "project"]);
        if !project.is_some_and(|project| self.has_project(project)) {
            let shown = project.unwrap_or_default();
            let message = format!("there is no project `{shown}`");
            add("missing-project", &["spec", "project"], message);
        }
        let Some((source, folder)) = self.folder(application) else {
            return found;
        };
        let at = |key: &str| {
            let node = self.tree.lookup(source, &[key]).unwrap_or(source);
            self.place_of(application, node)
        };
        let Some(overlay) = self.overlay(folder) else {
            if !self.is_folder(folder) {
                let message = format!("there is no folder `{folder}`");
                let near = self.overlays.iter().map(|overlay| overlay.path.as_str());
                let finding = Finding::new("missing-path", at("path"), message);
                found.push(match nearest(folder, near) {
                    Some(near) => finding.hint(format!("there is `{near}`")),
                    None => finding,
                });
            }
            return found;
        };
        let wanted = format!("{}-{}", overlay.app, overlay.environment);
        if name != Some(&wanted) {
            let message = format!("the Application of `{folder}` is called `{wanted}`");
            add("wrong-name", &["metadata", "name"], message);
        }
        let destination = ["spec", "destination", "namespace"];
        if let Some(wanted) = &overlay.namespace
            && self.text(application, &destination) != Some(wanted)
        {
            let message = format!("`{folder}` is for the namespace `{wanted}`");
            add("wrong-namespace", &destination, message);
        }
        for finalizer in self.lacks_finalizers(application, overlay, template) {
            let message = format!("the finalizer `{finalizer}` is missing");
            add("missing-finalizer", &["metadata"], message);
        }
        let revision = self.tree.text_at(source, &["targetRevision"]);
        if let Some(branch) = self.branch(&overlay.environment)
            && revision != Some(branch)
        {
            let environment = &overlay.environment;
            let message = format!("`{environment}` is deployed from the branch `{branch}`");
            found.push(Finding::new(
                "wrong-revision",
                at("targetRevision"),
                message,
            ));
        }
        found
    }

    /// What the template's Application has, and this one has not.
    pub(super) fn lacks_finalizers(
        &self,
        application: &Object,
        overlay: &Overlay,
        template: &Template,
    ) -> Vec<String> {
        let path = ["metadata", "finalizers"];
        let list = self.tree.lookup(application.node, &path);
        let list = list.filter(|&list| self.tree.is_seq(list));
        let has: Vec<&str> = list
            .into_iter()
            .flat_map(|list| self.tree.items(list))
            .map(|item| self.tree.text(item))
            .collect();
        let mut wanted = self.wanted_finalizers(overlay, template);
        wanted.retain(|finalizer| !has.contains(&finalizer.as_str()));
        wanted
    }

    /// The branch of an environment.
    pub(super) fn branch(&self, environment: &str) -> Option<&str> {
        let mut all = self.site.environments.iter();
        let found = all.find(|one| one.name == environment)?;
        Some(&found.branch)
    }

    pub(super) fn has_project(&self, name: &str) -> bool {
        // Argo CD makes this one itself.
        name == "default" || self.index.projects.contains(name)
    }

    /// The overlay in a folder.
    fn overlay(&self, folder: &str) -> Option<&Overlay> {
        self.overlays.iter().find(|overlay| overlay.path == folder)
    }

    /// Whether a folder of the repository is there; `.` and the empty path are its root.
    fn is_folder(&self, folder: &str) -> bool {
        let is_plain = folder.split('/').all(|part| part != "..");
        is_plain && self.root.join(folder).is_dir()
    }
}
