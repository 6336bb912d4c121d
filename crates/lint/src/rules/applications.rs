//! Applications of Argo CD, held to the repository.

use super::{ARGO_APPLICATION, Check, Spot};
use crate::Options;
use crate::finding::Outcome;
use crate::manifest::{Manifest, Set};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use windlass_fault::nearest;

/// What a repository has for Applications to name.
pub struct Site<'a> {
    /// Whether a path from the root of the repository is a folder.
    pub has_folder: &'a dyn Fn(&str) -> bool,
    /// The folders that were looked at, with the namespaces that their objects are put into.
    pub namespaces: &'a BTreeMap<String, BTreeSet<String>>,
}

impl fmt::Debug for Site<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Site")
            .field("namespaces", &self.namespaces)
            .finish_non_exhaustive()
    }
}

/// Looks at the Applications of a set, and at no other object.
#[must_use]
pub fn applications(set: &Set<'_>, site: &Site<'_>, options: &Options<'_>) -> Outcome {
    let mut check = Check::new(set, options);
    let of_kind = |kind: &'static str| {
        let all = set.manifests.iter().copied();
        all.filter(move |one| one.group() == "argoproj.io" && one.kind() == kind)
    };
    let projects: BTreeSet<&str> = of_kind("AppProject").map(|one| one.name()).collect();
    let mut names: HashMap<(&str, &str), Manifest<'_>> = HashMap::new();
    // The repository itself is each address under which an Application finds a folder here.
    let addresses: BTreeSet<&str> = of_kind("Application")
        .filter(|one| (site.has_folder)(path(*one)))
        .map(address)
        .collect();
    for manifest in of_kind("Application") {
        let application = Application { manifest };
        if addresses.contains(address(manifest)) {
            application.path(&mut check, site);
        }
        application.project(&mut check, &projects);
        let key = (manifest.namespace(), manifest.name());
        if let Some(first) = names.insert(key, manifest) {
            application.twice(&mut check, first);
        }
    }
    check.finish()
}

fn path(application: Manifest<'_>) -> &str {
    application
        .text(&["spec", "source", "path"])
        .trim_matches('/')
}

fn address(application: Manifest<'_>) -> &str {
    application.text(&["spec", "source", "repoURL"])
}

#[derive(Clone, Copy)]
struct Application<'a> {
    manifest: Manifest<'a>,
}

impl Application<'_> {
    fn report(
        &self,
        check: &mut Check<'_, '_>,
        path: &[&str],
        message: String,
        hint: Option<String>,
    ) {
        let node = self.manifest.get(path).unwrap_or(self.manifest.root);
        check.report(
            ARGO_APPLICATION,
            self.manifest,
            Spot::Value(node),
            message,
            hint,
        );
    }

    fn path(&self, check: &mut Check<'_, '_>, site: &Site<'_>) {
        let path = path(self.manifest);
        if path.is_empty() {
            return;
        }
        if !(site.has_folder)(path) {
            let near = nearest(path, site.namespaces.keys().map(String::as_str));
            let hint = near.map(|near| format!("did you mean `{near}`?"));
            let message = format!("this repository has no folder `{path}`");
            return self.report(check, &["spec", "source", "path"], message, hint);
        }
        let at = ["spec", "destination", "namespace"];
        let namespace = self.manifest.text(&at);
        let known = site.namespaces.get(path);
        if let Some(known) = known
            && let Some(other) = known.iter().next()
            && !namespace.is_empty()
            && !known.contains(namespace)
        {
            let message =
                format!("`{path}` puts its objects into `{other}`, not into `{namespace}`");
            self.report(check, &at, message, None);
        }
    }

    fn project(&self, check: &mut Check<'_, '_>, projects: &BTreeSet<&str>) {
        let at = ["spec", "project"];
        let project = self.manifest.text(&at);
        if projects.is_empty() || projects.contains(project) || matches!(project, "" | "default") {
            return;
        }
        let near = nearest(project, projects.iter().copied());
        let hint = near.map(|near| format!("did you mean `{near}`?"));
        let message = format!("no AppProject is called `{project}`");
        self.report(check, &at, message, hint);
    }

    fn twice(&self, check: &mut Check<'_, '_>, first: Manifest<'_>) {
        let name = self.manifest.name();
        let message = format!("two Applications are called `{name}`");
        let place = first.place();
        let hint = place.map(|place| format!("the other one is at {place}"));
        self.report(check, &["metadata", "name"], message, hint);
    }
}
