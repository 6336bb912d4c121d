//! The Argo CD definitions of a repository: an Application for each overlay, in `argo/apps`, in the
//! projects of `argo/projects`.

mod check;
mod make;
mod overlays;
mod set;

pub use check::Finding;

use crate::app::APPLICATIONS;
use crate::files::{self, Files};
use crate::site::Site;
use crate::{Error, change};
use overlays::Overlay;
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use windlass_fault::Location;
use windlass_yaml::{NodeId, Source, Tree};

const PROJECTS: &str = "argo/projects";
const ROOT_APP: &str = "argo/root-app.yaml";
/// Files in `argo/apps`: one for each app and environment.
const MAX_FILES: usize = 50_000;

/// What `argo/` and the overlays of a repository say.
#[derive(Debug)]
pub struct Argo {
    root: PathBuf,
    site: Site,
    tree: Tree,
    objects: Vec<Object>,
    overlays: Vec<Overlay>,
    /// The files of `argo/`, by their path in the repository.
    files: Files,
    index: Index,
    /// Files that are not YAML.
    unread: Vec<Finding>,
}

/// What is looked up for each overlay.
#[derive(Debug, Default)]
struct Index {
    /// The Application that deploys a folder, by its place among the objects.
    applications: HashMap<String, usize>,
    /// Apps and environments that are in sets.
    in_sets: HashSet<(String, String)>,
    projects: HashSet<String>,
}

/// An object in a file of `argo/`.
#[derive(Debug, Clone)]
struct Object {
    path: String,
    node: NodeId,
    /// Whether an edit in place can reach it: it is the first of its file.
    is_first: bool,
}

impl Argo {
    /// Reads the repository at `root`.
    ///
    /// # Errors
    /// [`ErrorKind::Read`](crate::ErrorKind::Read) and
    /// [`ErrorKind::Forbidden`](crate::ErrorKind::Forbidden) for what cannot be read at all.
    pub fn read(root: &Path, site: &Site) -> Result<Self, Error> {
        let mut argo = Self {
            root: root.to_owned(),
            site: site.clone(),
            tree: Tree::new(),
            objects: Vec::new(),
            overlays: overlays::find(root, &site.apps)?,
            files: Files::new(),
            index: Index::default(),
            unread: Vec::new(),
        };
        for folder in [APPLICATIONS, PROJECTS] {
            if !root.join(folder).is_dir() {
                continue;
            }
            for (path, file) in files::read_most(&root.join(folder), MAX_FILES)? {
                argo.load(format!("{folder}/{path}"), file);
            }
        }
        if let Some(file) = change::read(root, ROOT_APP)? {
            argo.load(ROOT_APP.to_owned(), file);
        }
        argo.index = argo.indexed();
        Ok(argo)
    }

    fn indexed(&self) -> Index {
        let mut index = Index::default();
        for (at, object) in self.objects.iter().enumerate() {
            if self.is_a(object, "Application")
                && let Some((_, folder)) = self.folder(object)
            {
                index.applications.entry(folder.to_owned()).or_insert(at);
            }
        }
        let pairs = self.elements().into_iter().map(|element| element.pair());
        index.in_sets = pairs.collect();
        let projects = self.of_kind("AppProject");
        let names = projects.filter_map(|object| self.text(object, &["metadata", "name"]));
        index.projects = names.map(str::to_owned).collect();
        index
    }

    fn load(&mut self, path: String, file: files::File) {
        let is_yaml = path.ends_with(".yaml") || path.ends_with(".yml");
        if is_yaml {
            let source = Source::from_bytes(&path, file.bytes.clone());
            match source.and_then(|source| self.tree.load(source)) {
                Ok(roots) => {
                    let object = |(at, node)| Object {
                        path: path.clone(),
                        node,
                        is_first: at == 0,
                    };
                    self.objects
                        .extend(roots.into_iter().enumerate().map(object));
                }
                Err(error) => self.unread.push(Finding::of(&path, &error)),
            }
        }
        self.files.insert(path, file);
    }

    /// The objects of a kind of Argo CD.
    fn of_kind<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Object> {
        let all = self.objects.iter();
        all.filter(move |object| self.is_a(object, kind))
    }

    fn is_a(&self, object: &Object, kind: &str) -> bool {
        let version = self.text(object, &["apiVersion"]);
        version.is_some_and(|version| version.starts_with("argoproj.io/"))
            && self.text(object, &["kind"]) == Some(kind)
    }

    fn text(&self, object: &Object, path: &[&str]) -> Option<&str> {
        self.tree.text_at(object.node, path)
    }

    /// Where a field stands; where the object does, if it has no such field.
    fn place(&self, object: &Object, path: &[&str]) -> Location {
        let node = self.tree.lookup(object.node, path).unwrap_or(object.node);
        self.place_of(object, node)
    }

    fn place_of(&self, object: &Object, node: NodeId) -> Location {
        let known = self.tree.locate(self.tree.origin(node));
        known.unwrap_or_else(|| Location::file(&object.path))
    }

    /// The nodes of an Application's sources.
    fn sources(&self, application: &Object) -> Vec<NodeId> {
        let one = self.tree.lookup(application.node, &["spec", "source"]);
        let many = self.tree.lookup(application.node, &["spec", "sources"]);
        let many = many.filter(|&many| self.tree.is_seq(many));
        let many = many.into_iter().flat_map(|many| self.tree.items(many));
        one.into_iter().chain(many).collect()
    }

    /// The source of an Application that is a folder of this repository, and that folder.
    fn folder<'a>(&'a self, application: &Object) -> Option<(NodeId, &'a str)> {
        self.sources(application).into_iter().find_map(|source| {
            let address = self.tree.text_at(source, &["repoURL"])?;
            let path = self.tree.text_at(source, &["path"])?;
            let is_ours = same_address(address, &self.site.repository);
            is_ours.then(|| (source, path.trim_matches('/')))
        })
    }

    /// The Application that deploys a folder of this repository.
    fn application_of(&self, folder: &str) -> Option<&Object> {
        let at = self.index.applications.get(folder)?;
        self.objects.get(*at)
    }
}

/// Whether two addresses are those of one repository, as Argo CD compares them
/// (Argo CD: util/git/git.go, `NormalizeGitURL`).
fn same_address(one: &str, other: &str) -> bool {
    let normal = |text: &str| {
        let text = text.trim().trim_end_matches('/');
        text.strip_suffix(".git")
            .unwrap_or(text)
            .to_ascii_lowercase()
    };
    normal(one) == normal(other)
}
