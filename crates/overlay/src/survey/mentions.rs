//! What a kustomization may lead to: every text in it that could name a file.

use crate::files::{Files, MAX_SIZE, normalized};
use crate::kustomization::{COMPONENT, FILE_NAMES};
use crate::read::settings;
use crate::remote::{self, Address, LOCK};
use aho_corasick::AhoCorasick;
use std::collections::HashSet;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use windlass_fault::Location;
use windlass_yaml::{NodeId, Source, Tree};

/// The fields that name folders with kustomizations, and files.
const RESOURCES: [&str; 3] = ["resources", "bases", "components"];

/// The fields that name folders with kustomizations, and files that name others.
const PLUGINS: [&str; 3] = ["generators", "transformers", "validators"];

/// The length of a path that systems allow, in bytes.
const MAX_PATH: usize = 4096;

/// The files that are asked for.
pub(super) struct Wanted<'a> {
    paths: HashSet<&'a OsStr>,
    /// Finds their names in a text.
    names: AhoCorasick,
    folders: HashSet<&'a OsStr>,
}

impl<'a> Wanted<'a> {
    pub(super) fn new(paths: impl IntoIterator<Item = &'a Path>) -> Self {
        let paths: Vec<&Path> = paths.into_iter().collect();
        let parents = paths.iter().filter_map(|path| path.parent());
        let names = paths.iter().filter_map(|path| path.file_name());
        Self {
            names: AhoCorasick::new(names.map(OsStr::as_encoded_bytes))
                .expect("the names of files that differ are not gigabytes"),
            folders: parents.map(Path::as_os_str).collect(),
            paths: paths.into_iter().map(Path::as_os_str).collect(),
        }
    }

    fn has(&self, path: &Path) -> bool {
        self.paths.contains(path.as_os_str())
    }
}

/// What one kustomization may lead to.
#[derive(Debug, Clone, Default)]
pub(super) struct Mentions {
    pub(super) is_component: bool,
    /// The folder of the kustomization.
    folder: PathBuf,
    /// The files that all this was read from beside the kustomization itself, and that would be
    /// read if they were there.
    pub(super) sources: Vec<PathBuf>,
    /// The files and folders that it uses where a folder may stand.
    pub(super) uses: Vec<PathBuf>,
    /// Texts that may name files and folders, each on a line.
    texts: String,
    /// Whether one of them may name what it does not end with: `..`, `a/`.
    is_open: bool,
    /// Other files and folders that it may name.
    paths: Vec<PathBuf>,
    /// Whether it may read everything in the folders that it names, as of charts.
    reads_folders: bool,
    /// Whether something it names may be remote.
    is_locked: bool,
}

impl Mentions {
    /// Whether any of the files that this was read from is among `changed`.
    pub(super) fn come_from(&self, changed: &Wanted<'_>) -> bool {
        let is_here = changed.folders.contains(self.folder.as_os_str());
        (is_here && self.files().any(|path| changed.has(&path)))
            || self.sources.iter().any(|path| changed.has(path))
    }

    /// Where the kustomization may stand.
    fn files(&self) -> impl Iterator<Item = PathBuf> {
        FILE_NAMES.into_iter().map(|name| self.folder.join(name))
    }

    /// Whether any of these files may be read.
    pub(super) fn lead_to(&self, wanted: &Wanted<'_>) -> bool {
        self.come_from(wanted)
            || (self.is_locked && self.locks().any(|path| wanted.has(&path)))
            || match self.reads_folders {
                true => self.named().any(|folder| {
                    let mut wanted = wanted.paths.iter().map(Path::new);
                    wanted.any(|path| path.starts_with(&folder))
                }),
                false => {
                    self.paths.iter().any(|path| wanted.has(path))
                        || ((self.is_open || wanted.names.is_match(&self.texts))
                            && self.named().any(|path| wanted.has(&path)))
                }
            }
    }

    /// All files and folders that it may name.
    fn named(&self) -> impl Iterator<Item = PathBuf> {
        let texts = self.texts.lines();
        let named = texts.flat_map(|text| named(&self.folder, text));
        self.paths.iter().cloned().chain(named)
    }

    /// Where the lock may stand that says what is remote: beside the kustomization or above it.
    fn locks(&self) -> impl Iterator<Item = PathBuf> {
        self.folder.ancestors().map(|above| above.join(LOCK))
    }

    /// What the kustomization of a folder may lead to, which stands in a file of one of these
    /// names; nothing where there is none.
    pub(super) fn of(files: &dyn Files, folder: &Path, names: &[&str]) -> Option<Self> {
        let contents = names
            .iter()
            .map(|name| files.read(&folder.join(name), MAX_SIZE));
        let contents: Vec<Vec<u8>> = contents.filter_map(|content| content.ok()).collect();
        if contents.is_empty() {
            return None;
        }
        let mut mentions = Self {
            folder: folder.to_owned(),
            ..Self::default()
        };
        for content in contents {
            mentions.read(files, folder, content);
        }
        Some(mentions)
    }

    /// Takes in a kustomization of `folder`.
    fn read(&mut self, files: &dyn Files, folder: &Path, content: Vec<u8>) {
        let mut tree = Tree::new();
        let source = Source::from_bytes("", content).ok();
        let root = source.and_then(|source| settings(&mut tree, source).ok().flatten());
        let Some(root) = root else {
            return;
        };
        for (key, value) in tree.entries(root) {
            let is = |name: &&str| key.eq_ignore_ascii_case(name);
            self.is_component |= is(&"kind") && tree.text(value) == COMPONENT.1;
            if RESOURCES.iter().chain(&PLUGINS).any(is) {
                let paths = tree.items(value).map(|item| tree.text(item));
                self.uses.extend(paths.filter_map(|path| at(folder, path)));
            }
            if PLUGINS.iter().any(is) {
                for item in tree.items(value) {
                    self.read_plugin(files, folder, tree.text(item));
                }
            }
            if key.len() >= 4 && key.as_bytes()[..4].eq_ignore_ascii_case(b"helm") {
                self.read_charts(folder);
            }
        }
        for scalar in scalars(&tree, root) {
            self.add(tree.text(scalar));
        }
    }

    /// Takes in the configuration of generators or transformers, from a file or from the field.
    fn read_plugin(&mut self, files: &dyn Files, folder: &Path, text: &str) {
        let Some(path) = at(folder, text).filter(|_| !text.contains('\n')) else {
            return self.add_lines(text, folder);
        };
        if let Ok(content) = files.read(&path, MAX_SIZE) {
            self.add_lines(&String::from_utf8_lossy(&content), folder);
        }
        self.sources.push(path);
    }

    /// Charts lie in a folder of their own below `folder`, unless the kustomization names another.
    fn read_charts(&mut self, folder: &Path) {
        self.reads_folders = true;
        self.paths.push(folder.join("charts"));
    }

    /// Adds what a scalar may name.
    fn add(&mut self, text: &str) {
        if can_be_path(text) {
            self.texts.push_str(text);
            self.texts.push('\n');
            let last = text.rsplit(['/', '=']).next();
            self.is_open |= matches!(last, None | Some("" | "." | ".."));
        }
        let is_remote = || remote::is_web(text) || Address::parse(text).is_some();
        // Without one of these there is no host.
        self.is_locked = self.is_locked || (text.contains([':', '/']) && is_remote());
    }

    /// Adds what may be a path in any line of a text, without reading it as YAML: a word, or all
    /// that stands behind a key or a dash.
    fn add_lines(&mut self, text: &str, folder: &Path) {
        if text.contains("Helm") {
            self.read_charts(folder);
        }
        let quotes = |c: char| c.is_whitespace() || "\"'[]{},".contains(c);
        for line in text.lines() {
            let words = line.split(|c: char| quotes(c) || c == '=');
            let rest = line.split_once(": ").map_or(line, |(_, rest)| rest);
            let rest = rest.trim_start_matches(|c: char| c == '-' || quotes(c));
            let words = words.chain([rest.trim_end_matches(quotes)]);
            self.paths.extend(words.filter_map(|path| at(folder, path)));
        }
    }

    /// Adds where links lead.
    pub(super) fn follow(&mut self, files: &dyn Files, links: &HashSet<PathBuf>) {
        if links.is_empty() {
            return;
        }
        let real = |path: PathBuf| {
            let through_link = path.ancestors().any(|at| links.contains(at));
            let found = through_link.then(|| files.find(&path));
            Some(found?.ok()?.path)
        };
        let sources = self.files().chain(self.sources.iter().cloned());
        let sources: Vec<PathBuf> = sources.filter_map(real).collect();
        let uses: Vec<PathBuf> = self.uses.iter().cloned().filter_map(real).collect();
        let paths: Vec<PathBuf> = self.named().chain(self.locks()).filter_map(real).collect();
        self.sources.extend(sources);
        self.uses.extend(uses);
        self.paths.extend(paths);
    }
}

/// The path that a text names, seen from a folder, if it can be one.
fn at(folder: &Path, text: &str) -> Option<PathBuf> {
    can_be_path(text).then(|| normalized(&folder.join(text)))
}

fn can_be_path(text: &str) -> bool {
    !text.is_empty() && text.len() <= MAX_PATH && !text.contains(['\n', '\0'])
}

/// The paths that a scalar may name: `path`, or `key=path`.
fn named(folder: &Path, text: &str) -> impl Iterator<Item = PathBuf> {
    let behind = text.split_once('=').map(|(_, path)| path);
    let texts = [Some(text), behind].into_iter().flatten();
    texts.filter_map(move |text| at(folder, text))
}

fn scalars(tree: &Tree, root: NodeId) -> Vec<NodeId> {
    let (mut found, mut open) = (Vec::new(), vec![root]);
    while let Some(node) = open.pop() {
        match tree.is_scalar(node) {
            true => found.push(node),
            false => open.extend(tree.children(node)),
        }
    }
    found
}

/// Where the kustomization in a file names one of the paths; `shown` is what the file is called.
pub(super) fn place(
    files: &dyn Files,
    (file, shown): (&Path, &Path),
    wanted: &HashSet<&Path>,
) -> Option<Location> {
    let folder = file.parent()?;
    let mut tree = Tree::new();
    let content = files.read(file, MAX_SIZE).ok()?;
    let source = Source::from_bytes(shown.to_string_lossy(), content).ok()?;
    let root = settings(&mut tree, source).ok().flatten()?;
    let is_wanted = |path: PathBuf| {
        let real = || Some(files.find(&path).ok()?.path);
        wanted.contains(&*path) || real().is_some_and(|real| wanted.contains(&*real))
    };
    let mut scalars = scalars(&tree, root).into_iter();
    let scalar = scalars.find(|&scalar| named(folder, tree.text(scalar)).any(is_wanted))?;
    tree.locate(tree.origin(scalar))
}
