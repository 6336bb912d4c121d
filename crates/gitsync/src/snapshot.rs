//! The files of a commit, read from an object database.

use crate::database::Database;
use crate::error::{Error, ErrorKind, Result};
use crate::object::tree_of;
use crate::tree::{self, Entry, Mode};
use git2::{ErrorCode, ObjectType, Oid, Repository};
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::io;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

/// How many links lead from one to the next.
const MAX_LINKS: usize = 40;

/// How long the target of a link may be, in bytes.
const MAX_LINK: usize = 4096;

/// How large a commit may be, in bytes.
const MAX_COMMIT: usize = 32 << 20;

/// How large a folder may be, in bytes of its tree object.
const MAX_FOLDER: usize = 32 << 20;

/// Gives the files of a submodule: of the commit, for the path of the submodule.
pub(crate) type Submodules =
    Box<dyn Fn(&Snapshot, &str, Oid) -> io::Result<Arc<Snapshot>> + Send + Sync>;

/// The files of a commit, below `/`, as a checkout would have them. Links are followed within the
/// commit, and lead nowhere else.
///
/// ```
/// use windlass_gitsync::Snapshot;
///
/// # let folder = tempfile::tempdir()?;
/// # let repository = git2::Repository::init(folder.path())?;
/// # let who = git2::Signature::new("a", "a@example.com", &git2::Time::new(0, 0))?;
/// # let mut builder = repository.treebuilder(None)?;
/// # builder.insert("a.yaml", repository.blob(b"kind: A\n")?, 0o100644)?;
/// # let tree = repository.find_tree(builder.write()?)?;
/// # repository.commit(Some("HEAD"), &who, &who, "first", &tree, &[])?;
/// let snapshot = Snapshot::open(folder.path(), "HEAD")?;
/// assert_eq!(snapshot.read("/a.yaml".as_ref(), 100)?, b"kind: A\n");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Snapshot {
    database: Database,
    commit: Oid,
    tree: Oid,
    work_tree: Option<PathBuf>,
    submodules: Option<Submodules>,
    /// The folders that were read.
    folders: RwLock<HashMap<Oid, Arc<Folder>>>,
    modules: Mutex<HashMap<Oid, Arc<Snapshot>>>,
}

/// What a name in a folder stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listed {
    /// A file.
    File,
    /// A folder, or a submodule.
    Folder,
    /// A link to something, which need not be there.
    Link,
}

type Folder = BTreeMap<Vec<u8>, Entry>;

/// A folder on the way to a path.
type Step<'p> = (Cow<'p, [u8]>, Oid);

/// What stands at a path.
enum Place<'p> {
    Folder(Oid),
    /// A file and its name.
    File(Oid, Cow<'p, [u8]>),
    /// Something in a submodule, whose own path comes first.
    Within(Arc<Snapshot>, PathBuf, PathBuf),
}

impl Snapshot {
    /// A revision of the repository around a folder, in any of the forms that git knows.
    ///
    /// # Errors
    /// [`ErrorKind::RepositoryMissing`] if the folder is in no repository,
    /// [`ErrorKind::Revision`] if there is no such revision.
    pub fn open(folder: &Path, revision: &str) -> Result<Self> {
        let shown = folder.display();
        let repository = Repository::discover(folder).map_err(|error| match error.code() {
            ErrorCode::NotFound => {
                let message = format!("`{shown}` is in no git repository");
                Error::new(ErrorKind::RepositoryMissing, message)
            }
            _ => {
                let message = format!("cannot open the repository of `{shown}`");
                Error::new(ErrorKind::Local, message).source(error)
            }
        })?;
        let found = repository
            .revparse_single(revision)
            .and_then(|object| object.peel_to_commit())
            .map(|commit| commit.id());
        let commit = found.map_err(|error| {
            let message = format!("the repository of `{shown}` has no revision `{revision}`");
            Error::new(ErrorKind::Revision, message).source(error)
        })?;
        let snapshot = Self::of(&repository.commondir().join("objects"), commit)?;
        Ok(Self {
            work_tree: repository.workdir().map(Path::to_owned),
            ..snapshot
        })
    }

    /// A commit of the object database in a folder.
    pub(crate) fn of(objects: &Path, commit: Oid) -> Result<Self> {
        let database = Database::open(objects)?;
        let data = database.read(commit, MAX_COMMIT, |object| Ok(object.data().to_vec()));
        let data = data.map_err(|error| {
            Error::new(ErrorKind::Local, format!("cannot read commit {commit}")).source(error)
        })?;
        let tree = tree_of(&data)?;
        Ok(Self {
            database,
            commit,
            tree,
            work_tree: None,
            submodules: None,
            folders: RwLock::default(),
            modules: Mutex::default(),
        })
    }

    /// The same with submodules.
    pub(crate) fn with_submodules(self, submodules: Submodules) -> Self {
        Self {
            submodules: Some(submodules),
            ..self
        }
    }

    /// The commit.
    #[must_use]
    pub fn commit(&self) -> Oid {
        self.commit
    }

    /// Its tree.
    #[must_use]
    pub fn tree(&self) -> Oid {
        self.tree
    }

    /// The folder that holds the work tree of the repository; none where it is bare.
    #[must_use]
    pub fn work_tree(&self) -> Option<&Path> {
        self.work_tree.as_deref()
    }

    /// The path without links, and whether it is a folder.
    ///
    /// # Errors
    /// If there is nothing, or a link on the way leads out of the commit.
    pub fn find(&self, path: &Path) -> io::Result<(PathBuf, bool)> {
        let (above, place) = self.walk(path)?;
        match place {
            Place::Folder(_) => Ok((joined(&above, None), true)),
            Place::File(_, name) => Ok((joined(&above, Some(&name)), false)),
            Place::Within(module, at, rest) => {
                let (inner, is_dir) = module.find(&rest)?;
                let inner = inner.strip_prefix("/").unwrap_or(&inner);
                // Joined with nothing a path would end in a slash.
                let path = match inner.as_os_str().is_empty() {
                    true => at,
                    false => at.join(inner),
                };
                Ok((path, is_dir))
            }
        }
    }

    /// The content of a file.
    ///
    /// # Errors
    /// If it is no file, or larger than `limit` bytes ([`io::ErrorKind::FileTooLarge`]).
    pub fn read(&self, path: &Path, limit: u64) -> io::Result<Vec<u8>> {
        match self.walk(path)?.1 {
            Place::File(id, _) => self.blob(id, usize::try_from(limit).unwrap_or(usize::MAX)),
            Place::Folder(_) => Err(io::ErrorKind::IsADirectory.into()),
            Place::Within(module, _, rest) => module.read(&rest, limit),
        }
    }

    /// What stands in a folder, by name, but for names that are not UTF-8.
    #[must_use]
    pub fn list(&self, folder: &Path) -> Vec<(String, Listed)> {
        let listed = match self.walk(folder) {
            Ok((_, Place::Folder(id))) => self.folder(id),
            Ok((_, Place::Within(module, _, rest))) => return module.list(&rest),
            _ => return Vec::new(),
        };
        let entries = listed.iter().flat_map(|folder| folder.iter());
        let named = entries.filter_map(|(name, entry)| {
            let listed = match entry.mode {
                Mode::Folder | Mode::Submodule => Listed::Folder,
                Mode::File => Listed::File,
                Mode::Symlink => Listed::Link,
            };
            Some((String::from_utf8(name.clone()).ok()?, listed))
        });
        named.collect()
    }

    /// The files that differ between this commit and another, below `/`, sorted. One that moved is
    /// there with both names. Folders that are the same in both are not looked into.
    ///
    /// # Errors
    /// If an object cannot be read.
    pub fn differences(&self, other: &Self) -> io::Result<Vec<PathBuf>> {
        let mut files = Vec::new();
        let mut open = vec![(PathBuf::from("/"), [Some(self.tree), Some(other.tree)])];
        while let Some((folder, [one, two])) = open.pop() {
            if one == two {
                continue;
            }
            let data = |snapshot: &Self, id: Option<Oid>| {
                id.map_or(Ok(Vec::new()), |id| {
                    snapshot.object(id, ObjectType::Tree, MAX_FOLDER)
                })
            };
            let differ = tree::differences(&data(self, one)?, &data(other, two)?);
            for (name, both) in differ.map_err(io::Error::other)? {
                let path = folder.join(path_of(&name));
                let is_folder = |entry: &Entry| entry.mode == Mode::Folder;
                if both.iter().flatten().any(|entry| !is_folder(entry)) {
                    files.push(path.clone());
                }
                open.push((path, both.map(|entry| Some(entry.filter(is_folder)?.id))));
            }
        }
        files.sort();
        Ok(files)
    }

    /// A plain file in the root, for which no link is followed and no submodule fetched.
    pub(crate) fn file_in_root(&self, name: &str, limit: usize) -> io::Result<Vec<u8>> {
        match self.folder(self.tree)?.get(name.as_bytes()) {
            Some(entry) if entry.mode == Mode::File => self.blob(entry.id, limit),
            _ => Err(io::ErrorKind::NotFound.into()),
        }
    }

    /// Follows a path name by name, and each link on the way.
    fn walk<'p>(&self, path: &'p Path) -> io::Result<(Vec<Step<'p>>, Place<'p>)> {
        let mut waiting = names_of(path)?;
        waiting.reverse();
        let mut above: Vec<Step<'p>> = Vec::new();
        let mut links = 0;
        while let Some(name) = waiting.pop() {
            // A point, or nothing behind a slash, stands for the folder, which it must be.
            if *name == *b"." || name.is_empty() {
                continue;
            }
            if *name == *b".." {
                above.pop().ok_or_else(leads_out)?;
                continue;
            }
            let folder = above.last().map_or(self.tree, |(_, id)| *id);
            let entry = self.folder(folder)?.get(&*name).copied();
            let entry = entry.ok_or(io::ErrorKind::NotFound)?;
            match entry.mode {
                Mode::Folder => above.push((name, entry.id)),
                Mode::File if waiting.is_empty() => {
                    return Ok((above, Place::File(entry.id, name)));
                }
                Mode::File => return Err(io::ErrorKind::NotADirectory.into()),
                Mode::Symlink => {
                    links += 1;
                    if links > MAX_LINKS {
                        return Err(io::Error::other("too many links lead on"));
                    }
                    let target = self.blob(entry.id, MAX_LINK)?;
                    let mut names = names_in(&target)?;
                    names.reverse();
                    waiting.extend(names.into_iter().map(Cow::Owned));
                }
                Mode::Submodule => {
                    let at = joined(&above, Some(&name));
                    let module = self.submodule(&at, entry.id)?;
                    let rest = waiting.iter().rev().map(|name| path_of(name));
                    let rest = Path::new("/").join(rest.collect::<PathBuf>());
                    return Ok((above, Place::Within(module, at, rest)));
                }
            }
        }
        let id = above.last().map_or(self.tree, |(_, id)| *id);
        Ok((above, Place::Folder(id)))
    }

    fn submodule(&self, at: &Path, commit: Oid) -> io::Result<Arc<Self>> {
        let mut modules = self.modules.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = modules.get(&commit) {
            return Ok(Arc::clone(known));
        }
        let path = at.strip_prefix("/").unwrap_or(at).to_string_lossy();
        let Some(submodules) = &self.submodules else {
            let message = format!("`{path}` is a submodule, and submodules are not read here");
            return Err(io::Error::new(io::ErrorKind::Unsupported, message));
        };
        let module = submodules(self, &path, commit)?;
        modules.insert(commit, Arc::clone(&module));
        Ok(module)
    }

    fn folder(&self, id: Oid) -> io::Result<Arc<Folder>> {
        let known = self.folders.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = known.get(&id) {
            return Ok(Arc::clone(known));
        }
        drop(known);
        let data = self.object(id, ObjectType::Tree, MAX_FOLDER)?;
        let folder = tree::listing(&data).map_err(io::Error::other)?;
        let folder = Arc::new(folder);
        let mut known = self.folders.write().unwrap_or_else(PoisonError::into_inner);
        known.insert(id, Arc::clone(&folder));
        Ok(folder)
    }

    fn blob(&self, id: Oid, limit: usize) -> io::Result<Vec<u8>> {
        self.object(id, ObjectType::Blob, limit)
    }

    fn object(&self, id: Oid, kind: ObjectType, limit: usize) -> io::Result<Vec<u8>> {
        self.database
            .read(id, limit, |object| match object.kind() == kind {
                true => Ok(object.data().to_vec()),
                false => Err(io::Error::other(format!("object {id} is of another kind"))),
            })
    }
}

impl std::fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Snapshot")
            .field("commit", &self.commit)
            .finish_non_exhaustive()
    }
}

fn leads_out() -> io::Error {
    let message = "a link on the way leads out of the repository";
    io::Error::new(io::ErrorKind::PermissionDenied, message)
}

/// The names of a path that begins at the root.
fn names_of(path: &Path) -> io::Result<Vec<Cow<'_, [u8]>>> {
    let mut names = Vec::new();
    for part in path.components() {
        match part {
            Component::Normal(name) => names.push(Cow::Borrowed(name.as_encoded_bytes())),
            Component::ParentDir => names.push(Cow::Borrowed(&b".."[..])),
            Component::RootDir | Component::CurDir => {}
            Component::Prefix(_) => return Err(io::ErrorKind::NotFound.into()),
        }
    }
    Ok(names)
}

/// The names of a link's target, which begins where the link stands.
fn names_in(target: &[u8]) -> io::Result<Vec<Vec<u8>>> {
    if target.starts_with(b"/") {
        return Err(leads_out());
    }
    let names = target.split(|&b| b == b'/');
    Ok(names.map(<[u8]>::to_vec).collect())
}

fn joined(above: &[Step<'_>], name: Option<&[u8]>) -> PathBuf {
    let names = above.iter().map(|(name, _)| &**name).chain(name);
    let mut path = PathBuf::from("/");
    path.extend(names.map(path_of));
    path
}

/// A name that is no text is not found under the one that stands for it.
fn path_of(name: &[u8]) -> PathBuf {
    PathBuf::from(String::from_utf8_lossy(name).into_owned())
}
