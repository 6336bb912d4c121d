//! What there is to look at: overlays, manifests outside of kustomizations, requirements.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use windlass_cli::{Context, Failure};
use windlass_lint::Manifest;
use windlass_overlay::{Entry, Files, Survey};
use windlass_yaml::{NodeId, Source, Tree};

/// How many files of one folder, and how many folders deep, are looked at.
const MAX_NAMES: usize = 100_000;
const MAX_DEPTH: usize = 100;

/// How large a file may be, in bytes.
const MAX_SIZE: u64 = 64 << 20;

/// What the paths of the command line lead to.
#[derive(Debug, Default)]
pub(crate) struct Subjects {
    /// The folders of the overlays, as they are shown.
    pub(crate) roots: Vec<PathBuf>,
    /// The manifests outside of kustomizations, by folder.
    pub(crate) loose: BTreeMap<PathBuf, Loose>,
    /// Path and text of each requirements file.
    pub(crate) requirements: Vec<(String, String)>,
}

/// The manifests in a folder.
#[derive(Debug, Default)]
pub(crate) struct Loose {
    tree: Tree,
    objects: Vec<NodeId>,
}

impl Loose {
    pub(crate) fn manifests(&self) -> impl Iterator<Item = Manifest<'_>> {
        let objects = self.objects.iter();
        objects.map(|&object| Manifest::new(&self.tree, object))
    }

    /// Adds the objects of a file.
    fn read(&mut self, path: &Path, bytes: Vec<u8>) -> Result<(), Failure> {
        let source = Source::from_bytes(path.display().to_string(), bytes)?;
        let mut open = self.tree.load(source)?;
        open.reverse();
        while let Some(node) = open.pop() {
            let text = |key| self.tree.text_at(node, &[key]).unwrap_or_default();
            let (api_version, kind) = (text("apiVersion"), text("kind"));
            let is_object = !api_version.is_empty() && !kind.is_empty();
            let list = self.tree.get(node, "items").filter(|_| kind == "List");
            if let Some(list) = list {
                open.extend(self.tree.items(list));
            } else if is_object && !api_version.starts_with("kustomize.config.k8s.io/") {
                self.objects.push(node);
            }
        }
        Ok(())
    }
}

/// The CustomResourceDefinitions in a file that the user names.
pub(crate) fn definitions(path: &Path, files: &dyn Files) -> Result<Loose, Failure> {
    let mut loose = Loose::default();
    loose.read(path, read(path, files)?)?;
    Ok(loose)
}

fn read(path: &Path, files: &dyn Files) -> Result<Vec<u8>, Failure> {
    files.read(path, MAX_SIZE).map_err(|why| {
        let message = format!("cannot read `{}`: {why}", path.display());
        Failure::input(message, None)
    })
}

impl Subjects {
    /// Looks for everything in and below the paths.
    pub(crate) fn find(
        paths: &[PathBuf],
        files: &dyn Files,
        context: &Context,
    ) -> Result<Self, Failure> {
        let mut subjects = Self::default();
        for path in paths {
            let shown = context.path(path);
            let found = files.find(&shown).map_err(|why| {
                let message = format!("cannot look into `{}`: {why}", path.display());
                Failure::input(message, None)
            })?;
            if found.is_dir {
                let survey = Survey::new(files, &shown)?;
                subjects.roots.extend(survey.roots());
                subjects.walk(&plain(&shown), files, 0, false)?;
            } else if is_requirements(&shown) {
                subjects.requirement(&shown, files)?;
            } else {
                let folder = shown.parent().unwrap_or(Path::new("")).to_owned();
                let loose = subjects.loose.entry(folder).or_default();
                loose.read(&shown, read(&shown, files)?)?;
            }
        }
        subjects.roots = subjects.roots.iter().map(|root| plain(root)).collect();
        subjects.roots.sort();
        subjects.roots.dedup();
        subjects.requirements.sort();
        subjects.requirements.dedup();
        subjects.loose.retain(|_, loose| !loose.objects.is_empty());
        Ok(subjects)
    }

    /// Takes in the manifests of a folder that no kustomization and no chart stands at or above of.
    fn walk(
        &mut self,
        folder: &Path,
        files: &dyn Files,
        depth: usize,
        is_covered: bool,
    ) -> Result<(), Failure> {
        let mut names = files.list(folder, MAX_NAMES);
        names.retain(|(name, _)| !name.starts_with('.'));
        names.sort_by(|a, b| a.0.cmp(&b.0));
        let covers = |name: &str| {
            matches!(
                name,
                "kustomization.yaml" | "kustomization.yml" | "Kustomization" | "Chart.yaml"
            )
        };
        let is_covered = is_covered || names.iter().any(|(name, _)| covers(name));
        for (name, entry) in names {
            let path = match folder == Path::new(".") {
                true => PathBuf::from(name),
                false => folder.join(name),
            };
            match entry {
                Entry::Folder if depth < MAX_DEPTH => {
                    self.walk(&path, files, depth + 1, is_covered)?;
                }
                Entry::File if is_requirements(&path) => self.requirement(&path, files)?,
                Entry::File if !is_covered && is_yaml(&path) => {
                    self.manifest(folder, &path, files)?
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Takes in a file, if it looks as if it held objects of Kubernetes.
    fn manifest(&mut self, folder: &Path, path: &Path, files: &dyn Files) -> Result<(), Failure> {
        let bytes = read(path, files)?;
        let text = String::from_utf8_lossy(&bytes);
        let has = |field: &str| text.lines().any(|line| line.starts_with(field));
        if !(has("apiVersion:") && has("kind:")) {
            return Ok(());
        }
        drop(text);
        let loose = self.loose.entry(folder.to_owned()).or_default();
        loose.read(path, bytes)
    }

    fn requirement(&mut self, path: &Path, files: &dyn Files) -> Result<(), Failure> {
        let text = String::from_utf8_lossy(&read(path, files)?).into_owned();
        self.requirements.push((path.display().to_string(), text));
        Ok(())
    }
}

fn is_yaml(path: &Path) -> bool {
    path.extension()
        .is_some_and(|end| end == "yaml" || end == "yml")
}

fn is_requirements(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str());
    name.is_some_and(|name| name.starts_with("requirements") && name.ends_with(".txt"))
}

/// The path without `.`; the folder itself is one.
fn plain(path: &Path) -> PathBuf {
    let path: PathBuf = path
        .components()
        .filter(|part| part.as_os_str() != ".")
        .collect();
    match path.as_os_str().is_empty() {
        true => PathBuf::from("."),
        false => path,
    }
}
