//! Where files come from, and which of them a build may read.

use crate::error::{Error, ErrorKind, Result};
use crate::remote::{self, Address, Fetch};
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::io;
use std::io::Read as _;
use std::path::{Component, Path, PathBuf};
use std::rc::Rc;
use std::sync::{PoisonError, RwLock};
use windlass_fault::{Location, nearest};

/// The size that a file may have, in bytes.
pub(crate) const MAX_SIZE: u64 = 256 << 20;

/// How many names of a folder are looked at.
pub(crate) const MAX_NAMES: usize = 100_000;

/// How many folders deep kustomizations may refer to each other.
const MAX_DEPTH: usize = 200;

/// Files to build from: a disk, memory, or anything else with paths.
///
/// ```
/// use windlass_overlay::{Files, Memory};
/// let files = Memory::from_iter([("app/deployment.yaml", "kind: Deployment\n")]);
/// let found = files.find("app/./deployment.yaml".as_ref())?;
/// assert_eq!(found.path, std::path::Path::new("/app/deployment.yaml"));
/// # Ok::<(), std::io::Error>(())
/// ```
pub trait Files: Sync {
    /// What stands at a path, links followed.
    ///
    /// # Errors
    /// If there is nothing, or it may not be seen.
    fn find(&self, path: &Path) -> io::Result<Found>;

    /// The content of a file, of which more than `limit` bytes are never held.
    ///
    /// # Errors
    /// If it is no file, cannot be read, or is larger than the limit
    /// ([`io::ErrorKind::FileTooLarge`]).
    fn read(&self, path: &Path, limit: u64) -> io::Result<Vec<u8>>;

    /// Up to `limit` of what stands in a folder, by name.
    fn list(&self, folder: &Path, limit: usize) -> Vec<(String, Entry)>;
}

/// What a name in a folder stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry {
    /// A file.
    File,
    /// A folder.
    Folder,
    /// A link to something, which need not be there.
    Link,
}

/// What stands at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Its absolute path without links.
    pub path: PathBuf,
    /// Whether it is a folder.
    pub is_dir: bool,
}

impl<T: Files + ?Sized> Files for &T {
    fn find(&self, path: &Path) -> io::Result<Found> {
        (**self).find(path)
    }

    fn read(&self, path: &Path, limit: u64) -> io::Result<Vec<u8>> {
        (**self).read(path, limit)
    }

    fn list(&self, folder: &Path, limit: usize) -> Vec<(String, Entry)> {
        (**self).list(folder, limit)
    }
}

/// The files of this machine. Links between folders are taken to stay as they are while it lives.
#[derive(Debug, Default)]
pub struct Disk {
    /// Folders that stand where their path says: no part of it is a link.
    plain: RwLock<HashSet<PathBuf>>,
}

impl Disk {
    /// A path whose folder is plain and which is no link itself is where it says, so that the
    /// system need not be asked about each of its parts.
    fn find_plainly(&self, path: &Path) -> io::Result<Option<Found>> {
        let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
            return Ok(None);
        };
        if !self.knows(folder) {
            return Ok(None);
        }
        let path = folder.join(name);
        let about = path.symlink_metadata()?;
        let is_dir = about.is_dir();
        Ok((!about.is_symlink()).then_some(Found { path, is_dir }))
    }

    fn knows(&self, folder: &Path) -> bool {
        let plain = self.plain.read().unwrap_or_else(PoisonError::into_inner);
        plain.contains(folder)
    }

    fn learn(&self, folder: &Path) {
        if !self.knows(folder) {
            let mut plain = self.plain.write().unwrap_or_else(PoisonError::into_inner);
            plain.insert(folder.to_owned());
        }
    }
}

impl Files for Disk {
    fn find(&self, path: &Path) -> io::Result<Found> {
        let found = match self.find_plainly(path)? {
            Some(found) => found,
            None => {
                let path = path.canonicalize()?;
                let is_dir = path.is_dir();
                Found { path, is_dir }
            }
        };
        match found.path.parent() {
            _ if found.is_dir => self.learn(&found.path),
            Some(folder) => self.learn(folder),
            None => {}
        }
        Ok(found)
    }

    fn read(&self, path: &Path, limit: u64) -> io::Result<Vec<u8>> {
        // A pipe or a device is asked about before it is opened: opening one may never end.
        let about = path.metadata()?;
        if !about.is_file() {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "not a regular file",
            ));
        }
        if about.len() > limit {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let mut content = Vec::with_capacity(usize::try_from(about.len()).unwrap_or(0));
        std::fs::File::open(path)?
            .take(limit + 1)
            .read_to_end(&mut content)?;
        if content.len() as u64 > limit {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        Ok(content)
    }

    fn list(&self, folder: &Path, limit: usize) -> Vec<(String, Entry)> {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        let named = entries.filter_map(|found| {
            let entry = match found.file_type().ok()? {
                of if of.is_symlink() => Entry::Link,
                of if of.is_dir() => Entry::Folder,
                _ => Entry::File,
            };
            Some((found.file_name().into_string().ok()?, entry))
        });
        named.take(limit).collect()
    }
}

/// Files held in memory, below `/`.
#[derive(Debug, Clone, Default)]
pub struct Memory {
    files: BTreeMap<PathBuf, Vec<u8>>,
}

impl<P: AsRef<Path>, C: Into<Vec<u8>>> FromIterator<(P, C)> for Memory {
    fn from_iter<I: IntoIterator<Item = (P, C)>>(files: I) -> Self {
        let files = files
            .into_iter()
            .map(|(path, content)| (below_root(path.as_ref()), content.into()))
            .collect();
        Self { files }
    }
}

fn below_root(path: &Path) -> PathBuf {
    normalized(&Path::new("/").join(path))
}

impl Files for Memory {
    fn find(&self, path: &Path) -> io::Result<Found> {
        let path = below_root(path);
        if self.files.contains_key(&path) {
            return Ok(Found {
                path,
                is_dir: false,
            });
        }
        let mut after = self.files.range(path.clone()..);
        match after
            .next()
            .is_some_and(|(file, _)| file.starts_with(&path))
        {
            true => Ok(Found { path, is_dir: true }),
            false => Err(io::ErrorKind::NotFound.into()),
        }
    }

    fn read(&self, path: &Path, limit: u64) -> io::Result<Vec<u8>> {
        let content = self.files.get(&below_root(path));
        let content = content.ok_or(io::ErrorKind::NotFound)?;
        if content.len() as u64 > limit {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        Ok(content.clone())
    }

    fn list(&self, folder: &Path, limit: usize) -> Vec<(String, Entry)> {
        let folder = below_root(folder);
        let after = self.files.range(folder.clone()..);
        let inside = after.map_while(|(file, _)| file.strip_prefix(&folder).ok());
        let named = inside.filter_map(|file| {
            let mut parts = file.components();
            let name = parts.next()?.as_os_str().to_str()?;
            let is_last = parts.next().is_none();
            let entry = if is_last { Entry::File } else { Entry::Folder };
            Some((name.to_owned(), entry))
        });
        let mut named: Vec<_> = named.collect();
        // The files of one folder stand together.
        named.dedup();
        named.truncate(limit);
        named
    }
}

/// Which files a build may read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Restriction {
    /// Those in or below the folder of the kustomization that names them.
    #[default]
    RootOnly,
    /// All.
    None,
}

/// A folder with a kustomization, and how the build came there.
#[derive(Clone)]
pub(crate) struct Folder<'a> {
    files: Rc<dyn Files + 'a>,
    fetch: Option<&'a dyn Fetch>,
    /// Absolute, without links.
    root: PathBuf,
    /// As the user would write it; in a repository seen from its root.
    shown: PathBuf,
    /// The repository that was fetched and holds the folder.
    repository: Option<Rc<Address>>,
    /// What led to the repository, where the folder is the first one in it.
    url: Option<String>,
    restriction: Restriction,
    above: Option<Rc<Folder<'a>>>,
    depth: usize,
}

impl<'a> Folder<'a> {
    /// The folder that the build starts in.
    pub(crate) fn start(
        files: &'a dyn Files,
        path: &Path,
        restriction: Restriction,
        fetch: Option<&'a dyn Fetch>,
    ) -> Result<Rc<Self>> {
        let found = files.find(path).map_err(|why| cannot_read(path, why))?;
        if !found.is_dir {
            return Err(not_a_folder(path));
        }
        Ok(Rc::new(Self {
            files: Rc::new(files),
            fetch,
            root: found.path,
            shown: normalized(path),
            repository: None,
            url: None,
            restriction,
            above: None,
            depth: 0,
        }))
    }

    /// The path of a file of this folder, as the user would write it.
    pub(crate) fn shown(&self, path: &str) -> String {
        if remote::is_web(path) {
            return remote::without_password(path);
        }
        let path = normalized(&self.shown.join(path));
        match &self.repository {
            Some(address) => address.shown(&path),
            None => path.to_string_lossy().into_owned(),
        }
    }

    /// Whether the folder was fetched, so that its paths are none of this machine.
    pub(crate) fn is_fetched(&self) -> bool {
        self.repository.is_some()
    }

    /// The folder itself, absolute.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// How many kustomizations led here.
    pub(crate) fn depth(&self) -> usize {
        self.depth
    }

    /// Whether the kustomization here may lead to all these folders, itself aside, `below`
    /// kustomizations further down.
    pub(crate) fn may_lead_to(&self, folders: &[PathBuf], below: usize) -> bool {
        let mut folders = folders.iter().filter(|folder| **folder != self.root);
        self.depth + below <= MAX_DEPTH
            && folders.all(|folder| self.refuse_cycle(folder, "").is_ok())
    }

    /// The name of the folder itself.
    pub(crate) fn name(&self) -> String {
        let name = self.root.file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    }

    /// The folder itself, as the user would write it.
    pub(crate) fn shown_root(&self) -> String {
        match self.shown("") {
            root if root.is_empty() => ".".to_owned(),
            root => root,
        }
    }

    /// The path from the folder, `..` taken as it is written and not through links.
    pub(crate) fn inside(&self, path: &str) -> PathBuf {
        normalized(&self.root.join(path))
    }

    /// What stands in the folder at `path`.
    pub(crate) fn list(&self, path: &str) -> Vec<(String, Entry)> {
        self.files.list(&self.inside(path), MAX_NAMES)
    }

    /// Whether there is a folder at `path`.
    pub(crate) fn is_dir(&self, path: &str) -> bool {
        let found = self.files.find(&self.inside(path));
        found.is_ok_and(|found| found.is_dir)
    }

    /// Whether there is a file at `path`.
    pub(crate) fn is_file(&self, path: &str) -> bool {
        let found = self.files.find(&self.inside(path));
        found.is_ok_and(|found| !found.is_dir)
    }

    /// The folder at `path`, for a kustomization of its own. What can be the address of a
    /// repository is one.
    pub(crate) fn enter(self: &Rc<Self>, path: &str) -> Result<Rc<Self>> {
        if path.is_empty() {
            return Err(Error::new(
                ErrorKind::Config,
                "an empty path names no folder",
            ));
        }
        if let Some(address) = Address::parse(path) {
            return self.enter_repository(address, path);
        }
        if Path::new(path).is_absolute() {
            let message = format!("`{path}` is absolute; a base is named by a relative path");
            return Err(Error::new(ErrorKind::Restricted, message));
        }
        let found = self.find(path)?;
        if !found.is_dir {
            return Err(not_a_folder(Path::new(&self.shown(path))));
        }
        self.refuse_cycle(&found.path, path)?;
        Ok(Rc::new(Self {
            root: found.path,
            shown: normalized(&self.shown.join(path)),
            url: None,
            above: Some(Rc::clone(self)),
            depth: self.depth + 1,
            ..(**self).clone()
        }))
    }

    /// A folder of a repository, which nothing below it may leave.
    fn enter_repository(self: &Rc<Self>, address: Address, url: &str) -> Result<Rc<Self>> {
        self.refuse_depth(&remote::without_password(url))?;
        self.refuse_detour(&address, url)?;
        let files = remote::repository(self.fetch, &address, url)?;
        let shown = address.shown(&address.path);
        let found = files.find(&Path::new("/").join(&address.path));
        let found = found.map_err(|why| cannot_read(Path::new(&shown), why))?;
        if !found.is_dir {
            return Err(not_a_folder(Path::new(&shown)));
        }
        Ok(Rc::new(Self {
            files: Rc::from(files),
            fetch: self.fetch,
            root: found.path,
            shown: address.path.clone(),
            repository: Some(Rc::new(address)),
            url: Some(url.to_owned()),
            restriction: Restriction::RootOnly,
            above: Some(Rc::clone(self)),
            depth: self.depth + 1,
        }))
    }

    /// A repository may not lead back to itself, nor, if it came from elsewhere, to one of this
    /// machine.
    fn refuse_detour(&self, address: &Address, url: &str) -> Result<()> {
        let mut at = Some(self);
        while let Some(folder) = at {
            let from = folder.url.as_deref().unwrap_or_default();
            if from.starts_with(url) {
                let url = remote::without_password(url);
                let message =
                    format!("`{url}` leads back to a repository that the build came from");
                return Err(Error::new(ErrorKind::Restricted, message));
            }
            at = folder.above.as_deref();
        }
        let here = self.repository.as_deref();
        if address.is_local() && here.is_some_and(|here| !here.is_local()) {
            let message = format!("`{url}` is on this machine, and what names it is not");
            return Err(Error::new(ErrorKind::Restricted, message));
        }
        Ok(())
    }

    fn refuse_depth(&self, path: &str) -> Result<()> {
        if self.depth < MAX_DEPTH {
            return Ok(());
        }
        let message = format!("`{path}` is more than {MAX_DEPTH} kustomizations deep");
        Err(Error::new(ErrorKind::Limit, message))
    }

    /// A kustomization may not lead back to itself, nor to a folder that holds it
    /// (`kustomize: api/internal/loader/fileloader.go`).
    fn refuse_cycle(&self, root: &Path, path: &str) -> Result<()> {
        self.refuse_depth(path)?;
        let mut at = Some(self);
        while let Some(folder) = at {
            if folder.root.starts_with(root) {
                let shown = folder.shown("");
                let message =
                    format!("`{path}` leads back to `{shown}`, which the build came from");
                return Err(Error::new(ErrorKind::Restricted, message));
            }
            // The paths of a repository are its own.
            let above = folder.above.as_deref();
            at = above.filter(|_| folder.url.is_none());
        }
        Ok(())
    }

    /// The content of a file that the kustomization of this folder names.
    pub(crate) fn read(&self, path: &str, record: &mut Record) -> Result<Vec<u8>> {
        if remote::is_web(path) {
            return remote::file(self.fetch, path);
        }
        let shown = self.shown(path);
        let shown = Path::new(&shown);
        let found = self.find(path)?;
        if found.is_dir {
            let message = format!("`{}` is a folder; a file is needed here", shown.display());
            return Err(Error::new(ErrorKind::Read, message));
        }
        if self.restriction == Restriction::RootOnly && !found.path.starts_with(&self.root) {
            return Err(self.outside(shown));
        }
        let content = self.files.read(&found.path, MAX_SIZE);
        let content = content.map_err(|why| cannot_read(shown, why))?;
        if !self.is_fetched() {
            record.files.insert(found.path);
        }
        Ok(content)
    }

    /// The content of a file as text.
    pub(crate) fn read_text(&self, path: &str, record: &mut Record) -> Result<String> {
        let content = self.read(path, record)?;
        String::from_utf8(content).map_err(|error| {
            let good = error.utf8_error().valid_up_to();
            let line = error.as_bytes()[..good]
                .iter()
                .filter(|&&b| b == b'\n')
                .count();
            let shown = self.shown(path);
            let message = format!("`{shown}` is not UTF-8");
            let line = u32::try_from(line + 1).unwrap_or(0);
            Error::new(ErrorKind::Malformed, message).at(Location::at_line(shown, line, 0))
        })
    }

    /// What stands at `path`, or an error that names what may have been meant.
    fn find(&self, path: &str) -> Result<Found> {
        if self.leaves(path) {
            let message = format!(
                "`{path}` leads out of the repository of `{}`",
                self.shown("")
            );
            return Err(Error::new(ErrorKind::Restricted, message));
        }
        let inside = self.inside(path);
        self.files.find(&inside).map_err(|why| {
            let error = cannot_read(Path::new(&self.shown(path)), why);
            let (Some(folder), Some(name)) = (inside.parent(), inside.file_name()) else {
                return error;
            };
            let names = self.files.list(folder, MAX_NAMES);
            let name = name.to_string_lossy();
            let near = nearest(&name, names.iter().map(|(name, _)| &**name));
            error.hint(near.map(|near| format!("did you mean `{near}`?")))
        })
    }

    /// Whether a path leads out of the repository that holds the folder.
    fn leaves(&self, path: &str) -> bool {
        let root = self.root.strip_prefix("/").unwrap_or(&self.root);
        let inside = normalized(&root.join(path));
        self.is_fetched() && (inside.is_absolute() || inside.starts_with(".."))
    }

    fn outside(&self, shown: &Path) -> Error {
        let root = self.shown_root();
        let message = format!("`{}` is not in or below `{root}`", shown.display());
        Error::new(ErrorKind::Restricted, message).hint(
            "move the file, or make its folder a base with a kustomization of its own".to_owned(),
        )
    }
}

/// What a build read.
#[derive(Debug, Default)]
pub(crate) struct Record {
    files: BTreeSet<PathBuf>,
}

impl Record {
    /// Adds what another one has.
    pub(crate) fn add(&mut self, other: &Self) {
        self.files.extend(other.files.iter().cloned());
    }

    pub(crate) fn into_files(self) -> Vec<PathBuf> {
        self.files.into_iter().collect()
    }
}

pub(crate) fn cannot_read(path: &Path, why: io::Error) -> Error {
    let path = path.display();
    match why.kind() {
        io::ErrorKind::FileTooLarge => {
            let limit = MAX_SIZE >> 20;
            let message = format!("`{path}` is larger than {limit} MiB");
            Error::new(ErrorKind::Limit, message)
        }
        io::ErrorKind::NotFound => Error::new(
            ErrorKind::Read,
            format!("there is no file or folder `{path}`"),
        ),
        _ => Error::new(ErrorKind::Read, format!("cannot read `{path}`")).because(why),
    }
}

fn not_a_folder(path: &Path) -> Error {
    let message = format!("`{}` is not a folder", path.display());
    Error::new(ErrorKind::Read, message)
        .hint("name the folder that holds the kustomization file".to_owned())
}

/// The path without `.`, and without `..` where a name stands before it.
pub(crate) fn normalized(path: &Path) -> PathBuf {
    let bytes = path.as_os_str().as_encoded_bytes();
    let is_odd = |pair: &[u8]| pair[0] == b'/' && matches!(pair[1], b'.' | b'/');
    if bytes.starts_with(b"/") && !bytes.ends_with(b"/") && !bytes.windows(2).any(is_odd) {
        return path.to_owned();
    }
    let mut out = PathBuf::with_capacity(bytes.len());
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => match out.components().next_back() {
                Some(Component::Normal(_)) => {
                    out.pop();
                }
                Some(Component::RootDir) => {}
                _ => out.push(".."),
            },
            part => out.push(part),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start(files: &Memory) -> Rc<Folder<'_>> {
        Folder::start(files, Path::new("prod"), Restriction::RootOnly, None).unwrap()
    }

    fn files() -> Memory {
        Memory::from_iter([
            ("prod/kustomization.yaml", "resources: [../base]\n"),
            ("prod/team/a.yaml", "kind: A\n"),
            ("base/kustomization.yaml", "\n"),
        ])
    }

    #[test]
    fn paths_are_shown_as_the_user_would_write_them() {
        let files = files();
        let base = start(&files).enter("../base").unwrap();
        assert_eq!(base.shown("x.yaml"), "base/x.yaml");
        assert_eq!(
            normalized(Path::new("../../a/./b/..")),
            Path::new("../../a")
        );
    }

    #[test]
    fn files_out_of_the_root_are_refused() {
        let files = files();
        let prod = start(&files);
        let mut record = Record::default();
        assert!(prod.read("team/a.yaml", &mut record).is_ok());
        let error = prod
            .read("../base/kustomization.yaml", &mut record)
            .unwrap_err();
        insta::assert_snapshot!(error, @"`base/kustomization.yaml` is not in or below `prod`");
        assert_eq!(record.into_files(), [Path::new("/prod/team/a.yaml")]);
    }

    #[test]
    fn a_kustomization_may_not_lead_back() {
        let files = files();
        let prod = start(&files);
        for path in [".", "..", "../prod"] {
            let error = prod.enter(path).map(|_| ()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Restricted, "{path}");
        }
        let error = prod.enter("/base").map(|_| ()).unwrap_err();
        insta::assert_snapshot!(error, @"`/base` is absolute; a base is named by a relative path");
    }
}
