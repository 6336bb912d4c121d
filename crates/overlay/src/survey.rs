//! The kustomizations of a repository, and what each may lead to, found without building any.

mod mentions;

use crate::error::Result;
use crate::files::{Entry, Files, MAX_NAMES, cannot_read};
use crate::kustomization::FILE_NAMES;
use mentions::{Mentions, Wanted};
use std::collections::{HashMap, HashSet, VecDeque};
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use windlass_fault::Location;

/// The kustomizations in and below a folder and those that they use, as far as reading them alone
/// tells.
///
/// ```
/// use windlass_overlay::{Memory, Survey};
/// let files = Memory::from_iter([
///     ("web/base/kustomization.yaml", "resources: [web.yaml]\n"),
///     ("web/dev/kustomization.yaml", "resources: [../base]\n"),
///     ("web/prod/kustomization.yaml", "resources: [../base]\npatches: [{path: size.yaml}]\n"),
/// ]);
/// let survey = Survey::new(&files, "web".as_ref())?;
/// assert_eq!(survey.roots(), ["web/dev", "web/prod"].map(std::path::PathBuf::from));
/// let changed = [std::path::PathBuf::from("/web/prod/size.yaml")];
/// assert_eq!(survey.leading_to(&changed), [std::path::PathBuf::from("web/prod")]);
/// # Ok::<(), windlass_overlay::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Survey {
    /// Where it was begun, without links.
    folder: PathBuf,
    /// By folder, without links. As text it is found faster than as a path.
    found: HashMap<OsString, Arc<Noted>>,
    /// The links that were seen on the way.
    links: HashSet<PathBuf>,
}

/// What is known of one kustomization.
#[derive(Debug, Clone)]
struct Noted {
    /// Its folder as the user would write it; nothing for one that was only found because
    /// another uses it.
    shown: Option<PathBuf>,
    mentions: Mentions,
}

impl Survey {
    /// Looks at every kustomization in and below `folder`. Hidden folders and links are passed
    /// over, unless a kustomization names something there.
    ///
    /// # Errors
    /// If `folder` cannot be read. A kustomization that cannot be read leads nowhere; building it
    /// says why.
    pub fn new(files: &dyn Files, folder: &Path) -> Result<Self> {
        let start = files.find(folder);
        let start = start.map_err(|why| cannot_read(folder, why))?;
        let mut survey = Self {
            folder: start.path.clone(),
            found: HashMap::new(),
            links: HashSet::new(),
        };
        let mut level = vec![(folder.to_owned(), start.path)];
        while !level.is_empty() {
            let looked = in_parallel(&level, |(shown, real)| Look::into(files, shown, real));
            let mut next = Vec::new();
            for ((shown, real), look) in level.into_iter().zip(looked) {
                next.extend(look.folders);
                survey.links.extend(look.links);
                if let Some(mentions) = look.mentions {
                    let shown = Some(shown);
                    let noted = Arc::new(Noted { shown, mentions });
                    survey.found.insert(real.into_os_string(), noted);
                }
            }
            level = next;
        }
        if !survey.links.is_empty() {
            for noted in survey.found.values_mut() {
                Arc::make_mut(noted).mentions.follow(files, &survey.links);
            }
        }
        survey.add_used(files);
        Ok(survey)
    }

    /// The same survey of files of which only `changed` differ, such as those of another commit.
    #[must_use]
    pub fn changed(&self, files: &dyn Files, changed: &[PathBuf]) -> Self {
        let mut survey = self.clone();
        let differs = Wanted::new(changed.iter().map(PathBuf::as_path));
        survey
            .found
            .retain(|_, noted| !noted.mentions.come_from(&differs));
        for path in changed {
            let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
                continue;
            };
            if name.to_str().is_some_and(|name| FILE_NAMES.contains(&name)) {
                survey.note(files, folder, self.shown(folder));
            }
        }
        for (folder, noted) in &self.found {
            if !survey.found.contains_key(folder) {
                survey.note(files, Path::new(folder), noted.shown.clone());
            }
        }
        survey.add_used(files);
        survey
    }

    /// How a folder that is not known would be shown: as its neighbours are.
    fn shown(&self, folder: &Path) -> Option<PathBuf> {
        if let Some(noted) = self.found.get(folder.as_os_str()) {
            return noted.shown.clone();
        }
        let (real, noted) = self.found.iter().find(|(_, noted)| noted.shown.is_some())?;
        let shown = noted.shown.as_ref()?;
        let mut above = Path::new(real).ancestors().zip(shown.ancestors());
        let (real, shown) = above.find(|(real, _)| folder.starts_with(real))?;
        let inside = folder.strip_prefix(real).ok()?;
        (!is_hidden(inside)).then(|| shown.join(inside))
    }

    /// The folders whose kustomization is no component, and which no other one uses, sorted.
    #[must_use]
    pub fn roots(&self) -> Vec<PathBuf> {
        let mut roots: Vec<PathBuf> = self.unused().map(|(_, shown)| shown.clone()).collect();
        roots.sort();
        roots
    }

    /// The roots that are none in a later survey, sorted.
    #[must_use]
    pub fn removed(&self, later: &Self) -> Vec<PathBuf> {
        let roots: HashSet<&OsStr> = later.unused().map(|(_, shown)| shown.as_os_str()).collect();
        let removed = self.unused().map(|(_, shown)| shown);
        let removed = removed.filter(|shown| !roots.contains(shown.as_os_str()));
        let mut removed: Vec<PathBuf> = removed.cloned().collect();
        removed.sort();
        removed
    }

    fn unused(&self) -> impl Iterator<Item = (&OsStr, &PathBuf)> {
        let uses = self.found.values().flat_map(|noted| &noted.mentions.uses);
        let used: HashSet<&OsStr> = uses.map(|path| path.as_os_str()).collect();
        self.found.iter().filter_map(move |(folder, noted)| {
            let is_root = !noted.mentions.is_component && !used.contains(&**folder);
            Some((&**folder, noted.shown.as_ref().filter(|_| is_root)?))
        })
    }

    /// The roots whose build may read one of these files, whose paths begin at the root and hold no
    /// `.` and `..`, or would if it were there. All that would are among them; some may be that would
    /// not, since every text that could name a file is taken for a name. What functions and helm read
    /// by themselves is not known.
    #[must_use]
    pub fn leading_to(&self, files: &[PathBuf]) -> Vec<PathBuf> {
        let wanted = Wanted::new(files.iter().map(PathBuf::as_path));
        let leading = self
            .found
            .iter()
            .filter(|(_, noted)| noted.mentions.lead_to(&wanted));
        let mut open: Vec<&OsStr> = leading.map(|(folder, _)| &**folder).collect();
        let mut users: HashMap<&OsStr, Vec<&OsStr>> = HashMap::new();
        for (folder, noted) in self.found.iter().filter(|_| !open.is_empty()) {
            for path in &noted.mentions.uses {
                users.entry(path.as_os_str()).or_default().push(folder);
            }
        }
        let mut reached: HashSet<&OsStr> = HashSet::new();
        while let Some(folder) = open.pop() {
            if reached.insert(folder) {
                open.extend(users.get(folder).into_iter().flatten());
            }
        }
        let roots = self.unused().filter(|(folder, _)| reached.contains(folder));
        let mut roots: Vec<PathBuf> = roots.map(|(_, shown)| shown.clone()).collect();
        roots.sort();
        roots
    }

    /// How a root leads to a file: where each kustomization on the way names the next, and the last
    /// one the file. Nothing where it does not.
    #[must_use]
    pub fn way(&self, files: &dyn Files, root: &Path, file: &Path) -> Option<Vec<Location>> {
        let root = files.find(root).ok()?.path;
        let wanted = Wanted::new([file]);
        let mut before: HashMap<&OsStr, &OsStr> = HashMap::new();
        let mut open = VecDeque::from([self.found.get_key_value(root.as_os_str())?]);
        while let Some((folder, noted)) = open.pop_front() {
            if noted.mentions.lead_to(&wanted) {
                return Some(self.steps(files, &before, folder, file));
            }
            let used = noted.mentions.uses.iter();
            let used = used.filter_map(|path| self.found.get_key_value(path.as_os_str()));
            for (next, noted) in used {
                if next != root.as_os_str() && !before.contains_key(&**next) {
                    before.insert(next, folder);
                    open.push_back((next, noted));
                }
            }
        }
        None
    }

    fn steps(
        &self,
        files: &dyn Files,
        before: &HashMap<&OsStr, &OsStr>,
        last: &OsStr,
        file: &Path,
    ) -> Vec<Location> {
        let mut steps = Vec::new();
        let (mut folder, mut wanted) = (Path::new(last), vec![file]);
        loop {
            let noted = &self.found[folder.as_os_str()];
            let shown = noted.shown.as_deref().unwrap_or(folder);
            let sources = &noted.mentions.sources;
            // What a plugin's configuration names is shown where that is named.
            wanted.extend(sources.iter().map(PathBuf::as_path));
            let wanted_here = wanted.iter().copied().collect();
            let files_here = FILE_NAMES.map(|name| (folder.join(name), shown.join(name)));
            let mut places = files_here
                .iter()
                .filter_map(|(file, shown)| mentions::place(files, (file, shown), &wanted_here));
            steps.extend(places.next());
            match before.get(folder.as_os_str()) {
                Some(above) => (folder, wanted) = (Path::new(above), vec![folder]),
                None => break,
            }
        }
        steps.reverse();
        steps
    }

    /// Notes the kustomization of a folder, if there is one.
    fn note(&mut self, files: &dyn Files, folder: &Path, shown: Option<PathBuf>) {
        if let Some(mut mentions) = Mentions::of(files, folder, &FILE_NAMES) {
            mentions.follow(files, &self.links);
            let noted = Arc::new(Noted { shown, mentions });
            self.found.insert(folder.into(), noted);
        }
    }

    /// Adds what is used and was passed over, or lies elsewhere.
    fn add_used(&mut self, files: &dyn Files) {
        let uses = self.found.values().flat_map(|noted| &noted.mentions.uses);
        let unknown = uses.filter(|path| !self.was_looked_at(path));
        let mut open: Vec<PathBuf> = unknown.cloned().collect();
        let mut seen: HashSet<PathBuf> = HashSet::new();
        while let Some(folder) = open.pop() {
            if self.was_looked_at(&folder) || !seen.insert(folder.clone()) {
                continue;
            }
            self.note(files, &folder, None);
            if let Some(noted) = self.found.get(folder.as_os_str()) {
                open.extend(noted.mentions.uses.iter().cloned());
            }
        }
    }

    /// Whether a kustomization at this path would have been found.
    fn was_looked_at(&self, path: &Path) -> bool {
        self.found.contains_key(path.as_os_str())
            || path
                .strip_prefix(&self.folder)
                .is_ok_and(|inside| !is_hidden(inside))
    }
}

/// Whether any part of a path is hidden.
fn is_hidden(path: &Path) -> bool {
    path.components()
        .any(|part| part.as_os_str().as_encoded_bytes().starts_with(b"."))
}

/// What one folder holds.
struct Look {
    /// The folders in it, as the user would write them and as they are.
    folders: Vec<(PathBuf, PathBuf)>,
    links: Vec<PathBuf>,
    mentions: Option<Mentions>,
}

impl Look {
    fn into(files: &dyn Files, shown: &Path, real: &Path) -> Self {
        let (mut folders, mut links, mut names) = (Vec::new(), Vec::new(), Vec::new());
        for (name, entry) in files.list(real, MAX_NAMES) {
            names.extend(FILE_NAMES.into_iter().find(|known| *known == name));
            match entry {
                Entry::Folder if name.starts_with('.') => {}
                Entry::Folder => folders.push((shown.join(&name), real.join(&name))),
                Entry::Link => links.push(real.join(&name)),
                Entry::File => {}
            }
        }
        Self {
            folders,
            links,
            mentions: Mentions::of(files, real, &names),
        }
    }
}

/// The results of some work for each item, in order, which all processors share.
fn in_parallel<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    if items.len() < 64 || threads == 1 {
        return items.iter().map(work).collect();
    }
    let work = &work;
    std::thread::scope(|scope| {
        let parts = items.chunks(items.len().div_ceil(threads));
        let running: Vec<_> = parts
            .map(|part| scope.spawn(move || part.iter().map(work).collect::<Vec<R>>()))
            .collect();
        let done = running.into_iter().map(|part| part.join());
        done.flat_map(|part| part.unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Memory;

    fn paths<const N: usize>(paths: [&str; N]) -> [PathBuf; N] {
        paths.map(PathBuf::from)
    }

    fn files() -> Memory {
        Memory::from_iter([
            ("a/kustomization.yaml", "components: [../part]\n"),
            (
                "part/kustomization.yml",
                "kind: Component\nresources: [x.yaml]\n",
            ),
            (
                "made/kustomization.yaml",
                "transformers: [../labels, size.yaml]\n",
            ),
            (
                "made/size.yaml",
                "kind: PatchTransformer\npath: sizes/large one.yaml\n",
            ),
            ("labels/Kustomization", "resources: [../.hidden/labels]\n"),
            (".hidden/labels/kustomization.yaml", "resources: [y.yaml]\n"),
            (".hidden/kustomization.yaml", "resources: []\n"),
            ("broken/kustomization.yaml", "resources: {\n"),
            (
                "kustomization.yaml",
                "resources: [a]\nconfigMapGenerator:\n- files: [k=b/c.txt]\n",
            ),
        ])
    }

    #[test]
    fn components_and_what_is_used_are_no_roots() {
        let survey = Survey::new(&files(), Path::new("")).unwrap();
        assert_eq!(survey.roots(), paths(["", "broken", "made"]));
        assert!(Survey::new(&files(), Path::new("gone")).is_err());
    }

    #[test]
    fn files_lead_to_the_roots_that_may_read_them() {
        let survey = Survey::new(&files(), Path::new("")).unwrap();
        for (file, roots) in [
            ("/part/x.yaml", vec![""]),
            ("/b/c.txt", vec![""]),
            ("/made/sizes/large one.yaml", vec!["made"]),
            ("/.hidden/labels/y.yaml", vec!["made"]),
            ("/labels/kustomization.yaml", vec!["made"]),
            ("/made/size.yaml", vec!["made"]),
            ("/broken/kustomization.yaml", vec!["broken"]),
            ("/b/d.txt", vec![]),
        ] {
            let found = survey.leading_to(&paths([file]));
            let wanted: Vec<PathBuf> = roots.iter().map(PathBuf::from).collect();
            assert_eq!(found, wanted, "{file}");
        }
    }

    #[test]
    fn the_way_to_a_file_is_told() {
        let files = files();
        let survey = Survey::new(&files, Path::new("")).unwrap();
        let way = |root: &str, file: &str| -> Option<Vec<String>> {
            let way = survey.way(&files, Path::new(root), Path::new(file))?;
            Some(way.iter().map(ToString::to_string).collect())
        };
        assert_eq!(
            way("", "/part/x.yaml").unwrap(),
            [
                "kustomization.yaml:1:13",
                "a/kustomization.yaml:1:14",
                "part/kustomization.yml:2:13"
            ]
        );
        let large = way("made", "/made/sizes/large one.yaml").unwrap();
        assert_eq!(large, ["made/kustomization.yaml:1:27"]);
        assert_eq!(way("made", "/part/x.yaml"), None);
    }

    #[test]
    fn a_survey_follows_what_changed() {
        let survey = Survey::new(&files(), Path::new("")).unwrap();
        let changed = paths(["/made/kustomization.yaml", "/new/one/kustomization.yaml"]);
        let new = Memory::from_iter([
            ("a/kustomization.yaml", "components: [../part]\n"),
            ("new/one/kustomization.yaml", "resources: [../../labels]\n"),
            ("labels/Kustomization", "resources: [z.yaml]\n"),
        ]);
        let after = survey.changed(&new, &changed);
        assert_eq!(after.roots(), paths(["", "broken", "new/one"]));
        assert_eq!(survey.removed(&after), paths(["made"]));
        let back = after.changed(&files(), &changed);
        assert_eq!(back.roots(), survey.roots());
        let same = survey.changed(&files(), &paths(["/made/kustomization.yaml"]));
        assert_eq!(survey.removed(&same), paths([]));
    }
}
