//! The kustomizations of a repository that no other one uses: those to build.

use crate::build::Work;
use crate::error::Result;
use crate::files::{Files, Folder, MAX_NAMES, cannot_read};
use crate::kustomization::FILE_NAMES;
use crate::options::Options;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::rc::Rc;

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
        let mut is_kustomization = false;
        for name in self.files.names(real, MAX_NAMES) {
            if FILE_NAMES.contains(&&*name) {
                is_kustomization = true;
                continue;
            }
            let path = real.join(&name);
            let is_folder = !name.starts_with('.')
                && (self.files.find(&path)).is_ok_and(|found| found.is_dir && found.path == path);
            if is_folder {
                open.push((shown.join(&name), path));
            }
        }
        if is_kustomization && !self.read(real) {
            self.found.insert((shown.to_owned(), real.to_owned()));
        }
    }

    /// Notes what the kustomization of a folder uses. The answer is whether it is a component.
    fn read(&mut self, real: &Path) -> bool {
        let options = Options::default();
        let mut work = Work::new(&options, None);
        let folder = Folder::start(self.files, real, options.restriction, options.fetch);
        let Ok(target) = folder.and_then(|folder| work.load(folder, Default::default())) else {
            return false;
        };
        let kustomization = &target.kustomization;
        let folder: &Rc<Folder<'_>> = &target.folder;
        for path in kustomization.folders() {
            let found = self.files.find(&folder.inside(&path.value));
            self.used.extend(found.ok().map(|found| found.path));
        }
        kustomization.is_component()
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
