//! The kustomizations of a repository that no other one uses: those to build.

use crate::error::Result;
use crate::files::{Files, MAX_NAMES, MAX_SIZE, cannot_read, normalized};
use crate::kustomization::{COMPONENT, FILE_NAMES};
use crate::read::settings;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use windlass_yaml::{NodeId, Source, Tree};

/// The fields of a kustomization that may name the folder of another.
const NAMES_FOLDERS: [&str; 6] = [
    "resources",
    "bases",
    "components",
    "generators",
    "transformers",
    "validators",
];

/// The folders in and below `folder` with a kustomization that is no component and that no other
/// kustomization there names, sorted. Hidden folders and links are passed over. One whose
/// kustomization cannot be read is among them, so that building it says why.
///
/// ```
/// use windlass_overlay::{Memory, roots};
/// let files = Memory::from_iter([
///     ("web/base/kustomization.yaml", "resources: []\n"),
///     ("web/dev/kustomization.yaml", "resources: [../base]\n"),
///     ("web/prod/kustomization.yaml", "resources: [../base]\n"),
/// ]);
/// let found = roots(&files, "web".as_ref())?;
/// assert_eq!(found, ["web/dev", "web/prod"].map(std::path::PathBuf::from));
/// # Ok::<(), windlass_overlay::Error>(())
/// ```
///
/// # Errors
/// If `folder` cannot be read.
pub fn roots(files: &dyn Files, folder: &Path) -> Result<Vec<PathBuf>> {
    let start = files.find(folder);
    let start = start.map_err(|why| cannot_read(folder, why))?;
    let mut search = Search {
        files,
        found: BTreeSet::new(),
        used: BTreeSet::new(),
    };
    let mut open = vec![(folder.to_owned(), start.path)];
    while let Some((shown, real)) = open.pop() {
        search.look_into(&shown, &real, &mut open);
    }
    let used = &search.used;
    let unused = search.found.iter().filter(|(_, real)| !used.contains(real));
    Ok(unused.map(|(shown, _)| shown.clone()).collect())
}

struct Search<'a> {
    files: &'a dyn Files,
    /// The folders with a kustomization, as the user would write them and as they are.
    found: BTreeSet<(PathBuf, PathBuf)>,
    used: BTreeSet<PathBuf>,
}

impl Search<'_> {
    /// Looks at one folder, and leaves those in it to be looked at.
    fn look_into(&mut self, shown: &Path, real: &Path, open: &mut Vec<(PathBuf, PathBuf)>) {
        let mut file = None;
        for name in self.files.names(real, MAX_NAMES) {
            let path = real.join(&name);
            if FILE_NAMES.contains(&&*name) {
                file = Some(path);
                continue;
            }
            let is_folder = !name.starts_with('.')
                && (self.files.find(&path)).is_ok_and(|found| found.is_dir && found.path == path);
            if is_folder {
                open.push((shown.join(&name), path));
            }
        }
        if file.is_some_and(|file| !self.is_component(&file, real)) {
            self.found.insert((shown.to_owned(), real.to_owned()));
        }
    }

    /// Whether the kustomization in a file is a component. Notes what it uses.
    fn is_component(&mut self, file: &Path, folder: &Path) -> bool {
        let mut tree = Tree::new();
        let text = self.files.read(file, MAX_SIZE).ok();
        let source = text.and_then(|text| Source::from_bytes("", text).ok());
        let root = source.and_then(|source| settings(&mut tree, source).ok().flatten());
        let Some(root) = root else {
            return false;
        };
        let mut is_component = false;
        for (key, value) in tree.entries(root) {
            let is = |name: &&str| key.eq_ignore_ascii_case(name);
            if NAMES_FOLDERS.iter().any(is) {
                self.used_in(&tree, value, folder);
            }
            is_component |= is(&"kind") && tree.text(value) == COMPONENT.1;
        }
        is_component
    }

    fn used_in(&mut self, tree: &Tree, list: NodeId, folder: &Path) {
        for item in tree.items(list) {
            let path = normalized(&folder.join(tree.text(item)));
            let found = self.files.find(&path).ok();
            self.used.extend(found.map(|found| found.path));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Memory;

    #[test]
    fn components_and_what_is_used_are_no_roots() {
        let files = Memory::from_iter([
            ("a/kustomization.yaml", "components: [../part]\n"),
            ("part/kustomization.yml", "kind: Component\n"),
            ("made/kustomization.yaml", "transformers: [../labels]\n"),
            ("labels/Kustomization", "resources: [x.yaml]\n"),
            ("broken/kustomization.yaml", "resources: {\n"),
            (".hidden/kustomization.yaml", "resources: []\n"),
            ("kustomization.yaml", "resources: [a]\n"),
        ]);
        let found = roots(&files, Path::new("")).unwrap();
        assert_eq!(found, ["", "broken", "made"].map(PathBuf::from));
        assert!(roots(&files, Path::new("gone")).is_err());
    }
}
