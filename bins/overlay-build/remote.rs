//! What kustomizations name by URLs: fetched at once, kept in a cache, held to `overlay.lock`.

use crate::commit::Commit;
use crate::lock::{self, Lock, Pinned};
use crate::shared::{Once, Shared, held};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;
use windlass_cli::{Context, Failure};
use windlass_gitsync::{Access, Fetcher, Oid, Snapshot, Source};
use windlass_overlay::{Fetch, FetchError, Files, Repository, Wanted, without_password};

/// How many fetches run at once.
const AT_ONCE: usize = 8;

/// How long a file of a web server may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// What is remote.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct RemoteArgs {
    /// Fetch nothing: what is remote comes from the cache
    #[arg(long)]
    offline: bool,
    /// Refuse what is remote and not in `overlay.lock`, or is not any more what it was there
    #[arg(long, conflicts_with_all = ["lock", "update_lock"])]
    locked: bool,
    /// Write to `overlay.lock` what is remote and not in it
    #[arg(long, conflicts_with = "revision")]
    lock: bool,
    /// Look at everything remote anew, and write to `overlay.lock` what it is now
    #[arg(long, conflicts_with_all = ["offline", "revision"])]
    update_lock: bool,
    /// The folder that keeps what was fetched; by default that of the user's caches
    #[arg(long, env = "WINDLASS_CACHE", value_name = "DIR")]
    cache: Option<PathBuf>,
}

/// Fetches for all builds of a run, each thing once. Nothing is done before something is wanted.
pub(crate) struct Remotes<'a> {
    args: &'a RemoteArgs,
    context: &'a Context,
    files: &'a dyn Files,
    fetcher: OnceLock<Fetcher>,
    lock: OnceLock<Result<Lock, Shared>>,
    commits: Once<(Source, String), Arc<Snapshot>>,
    contents: Once<String, (Arc<Vec<u8>>, String)>,
    used: Mutex<Lock>,
    /// Held by the one that fetches several things at once.
    fetching: Mutex<()>,
}

impl<'a> Remotes<'a> {
    /// Fetches for what `files` name.
    pub(crate) fn new(args: &'a RemoteArgs, files: &'a dyn Files, context: &'a Context) -> Self {
        Self {
            args,
            context,
            files,
            fetcher: OnceLock::new(),
            lock: OnceLock::new(),
            commits: Once::default(),
            contents: Once::default(),
            used: Mutex::default(),
            fetching: Mutex::default(),
        }
    }

    /// Writes the lock, if that was asked for.
    pub(crate) fn finish(&self) -> Result<(), Failure> {
        if !self.args.lock && !self.args.update_lock {
            return Ok(());
        }
        let before = self.lock().map_err(Failure::from)?;
        let mut lock = before.clone();
        lock.update(held(&self.used).clone());
        if lock == *before {
            return Ok(());
        }
        let path = self.lock_path();
        std::fs::write(&path, lock.text()).map_err(|why| {
            let message = format!("cannot write `{}`: {why}", path.display());
            Failure::world(message, None)
        })
    }

    fn lock_path(&self) -> PathBuf {
        lock::path_for(self.files, &self.context.path("."))
    }

    fn lock(&self) -> Result<&Lock, Shared> {
        let lock = self
            .lock
            .get_or_init(|| Lock::read(self.files, &self.lock_path()));
        lock.as_ref().map_err(Clone::clone)
    }

    fn fetcher(&self) -> &Fetcher {
        self.fetcher.get_or_init(|| {
            let context = self.context;
            let variables = |name: &str| context.env(name);
            let access = Access {
                // A token of the environment is meant for the user's own repository.
                token: None,
                ..Access::from_variables(context.directory(), variables)
            };
            Fetcher::new(&self.cache(), access, self.args.offline)
        })
    }

    fn cache(&self) -> PathBuf {
        match &self.args.cache {
            Some(folder) => self.context.path(folder),
            None => self.context.cache(),
        }
    }

    /// The lock's word, unless it is to be written anew.
    fn pinned<T>(
        &self,
        find: impl FnOnce(&Lock) -> Option<T>,
        url: &str,
    ) -> Result<Option<T>, Shared> {
        if self.args.update_lock {
            return Ok(None);
        }
        match find(self.lock()?) {
            None if self.args.locked => {
                let message = format!("`{}` is not in `overlay.lock`", without_password(url));
                Err(Shared::refuse(
                    message,
                    Some("add it with `overlay-build --lock`"),
                ))
            }
            pinned => Ok(pinned),
        }
    }

    /// Whether to ask if what is in the lock is still what is there.
    fn looks(&self) -> bool {
        self.args.locked && !self.args.offline
    }

    fn commit(&self, repository: &Repository) -> Result<Arc<Snapshot>, Shared> {
        let source = Source {
            url: repository.url.clone(),
            timeout: repository.timeout,
            submodules: repository.submodules,
        };
        let key = (source, repository.reference.clone());
        self.commits.get(key, |(source, reference)| {
            let pinned = self.pinned(
                |lock| lock.commits.get(&key_of(repository)).cloned(),
                &source.url,
            )?;
            let shown = without_password(&source.url);
            self.context.detail(format_args!("looking for {shown}"));
            let known = pinned.as_ref().filter(|_| !self.looks());
            let known = known.and_then(|pinned| pinned.commit.parse::<Oid>().ok());
            let commit = match known {
                Some(commit) => commit,
                None => self
                    .fetcher()
                    .resolve(source, reference)
                    .map_err(Shared::of)?,
            };
            let name = match &**reference {
                "" => "HEAD",
                name => name,
            };
            if pinned
                .as_ref()
                .is_some_and(|pinned| pinned.commit != commit.to_string())
            {
                return Err(moved(&format!("`{name}` of `{shown}`")));
            }
            let snapshot = self
                .fetcher()
                .snapshot(source, commit)
                .map_err(Shared::of)?;
            if pinned.is_some_and(|pinned| pinned.tree != snapshot.tree().to_string()) {
                return Err(moved(&format!("the tree of `{name}` of `{shown}`")));
            }
            Ok(Arc::new(snapshot))
        })
    }

    fn content(&self, url: &str) -> Result<(Arc<Vec<u8>>, String), Shared> {
        self.contents.get(url.to_owned(), |url| {
            let shown = without_password(url);
            let pinned = self.pinned(|lock| lock.files.get(&shown).cloned(), url)?;
            let kept = pinned.as_ref().filter(|_| !self.looks());
            let kept = kept.and_then(|hash| Some((self.fetcher().kept(hash)?, hash.clone())));
            if let Some((content, hash)) = kept {
                return Ok((Arc::new(content), hash));
            }
            self.context.detail(format_args!("looking for {shown}"));
            let (content, hash) = self.fetcher().file(url, PATIENCE).map_err(Shared::of)?;
            match pinned.is_some_and(|pinned| pinned != hash) {
                true => Err(moved(&format!("`{shown}`"))),
                false => Ok((Arc::new(content), hash)),
            }
        })
    }

    /// Fetches one thing that a kustomization names, so that it is there when it is asked for.
    fn warm(&self, wanted: &Wanted) {
        let repository = wanted.repository.as_ref();
        let known = repository.is_some_and(|repository| self.is_known(repository));
        if wanted.file && !known {
            // A page of a web site is no file of objects; such a URL is a repository's.
            let is_page = |content: &[u8]| content.trim_ascii_start().starts_with(b"<");
            if self
                .content(&wanted.url)
                .is_ok_and(|(content, _)| !is_page(&content))
            {
                return;
            }
        }
        if let Some(repository) = repository {
            // What goes wrong is told when it is asked for.
            let _ = self.commit(repository);
        }
    }
}

fn moved(what: &str) -> Shared {
    let message = format!("{what} is not any more what `overlay.lock` says");
    Shared::refuse(
        message,
        Some("look at what changed, and take it with `overlay-build --update-lock`"),
    )
}

fn key_of(repository: &Repository) -> (String, String) {
    let Repository { url, reference, .. } = repository;
    (without_password(url), reference.clone())
}

impl Fetch for Remotes<'_> {
    fn file(&self, url: &str) -> Result<Vec<u8>, FetchError> {
        let (content, hash) = self.content(url)?;
        held(&self.used).files.insert(without_password(url), hash);
        Ok(content.to_vec())
    }

    fn repository(&self, repository: &Repository, url: &str) -> Result<Box<dyn Files>, FetchError> {
        let snapshot = self.commit(repository)?;
        let pinned = Pinned {
            commit: snapshot.commit().to_string(),
            tree: snapshot.tree().to_string(),
        };
        let mut used = held(&self.used);
        used.commits.insert(key_of(repository), pinned);
        // As a file it was a page that says nothing.
        used.files.remove(&without_password(url));
        Ok(Box::new(Commit::new(snapshot)))
    }

    fn is_known(&self, repository: &Repository) -> bool {
        let key = key_of(repository);
        let known = |lock: &Lock| lock.commits.contains_key(&key);
        self.lock().is_ok_and(known) || known(&held(&self.used))
    }

    fn prepare(&self, wanted: &[Wanted]) {
        if wanted.len() < 2 {
            return;
        }
        let _one = held(&self.fetching);
        let waiting = Mutex::new(wanted.iter());
        std::thread::scope(|scope| {
            for _ in 0..wanted.len().min(AT_ONCE) {
                scope.spawn(|| {
                    loop {
                        let next = held(&waiting).next();
                        let Some(wanted) = next else { return };
                        self.warm(wanted);
                    }
                });
            }
        });
    }
}
