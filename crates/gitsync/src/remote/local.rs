//! A repository in a folder, by libgit2.

use super::{Cas, New, Objects, Remote, meanings};
use crate::error::{Error, ErrorKind, Result};
use crate::object::{Kind, Object};
use git2::{ErrorCode, Oid, Repository};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The largest object that is read into memory.
const OBJECT_LIMIT: usize = 32 << 20;

/// How many commits [`Remote::since`] looks at.
const SINCE_LIMIT: usize = 256;

/// How long another program may hold the lock of a ref (git: `core.filesRefLockTimeout`).
const LOCK_WAIT: Duration = Duration::from_millis(100);

/// The hooks that git runs where somebody pushes.
const HOOKS: [&str; 6] = [
    "pre-receive",
    "update",
    "proc-receive",
    "reference-transaction",
    "post-receive",
    "post-update",
];

/// A repository in a folder, bare or not.
///
/// The ref is compared and set under git's own lock, so that other programs may write at the same
/// time. Hooks cannot run here, so a repository that has some is not written to.
pub(crate) struct Local {
    repository: Repository,
    name: String,
}

impl Local {
    /// Opens the repository in a folder; `name` is what messages call it.
    ///
    /// # Errors
    /// [`ErrorKind::RepositoryMissing`] if there is none, [`ErrorKind::Local`] if it cannot be used.
    pub(crate) fn open(folder: &Path, name: &str) -> Result<Self> {
        let repository = Repository::open(folder).map_err(|error| match error.code() {
            ErrorCode::NotFound => {
                let message = format!("there is no git repository at `{name}`");
                Error::new(ErrorKind::RepositoryMissing, message)
            }
            _ => Error::new(ErrorKind::Local, format!("cannot open `{name}`")).source(error),
        })?;
        let name = name.to_owned();
        Ok(Self { repository, name })
    }

    fn failed(&self, doing: &str, error: git2::Error) -> Error {
        let message = format!("cannot {doing} `{}`", self.name);
        Error::new(ErrorKind::Local, message).source(error)
    }

    fn object(&self, id: Oid) -> Result<Object> {
        let reading = |error| self.failed(&format!("read object {id} of"), error);
        let odb = self.repository.odb().map_err(reading)?;
        let (size, _) = odb.read_header(id).map_err(reading)?;
        if size > OBJECT_LIMIT {
            let message = format!("object {id} of `{}` is larger than 32 MiB", self.name);
            return Err(Error::new(ErrorKind::TooLarge, message));
        }
        let object = odb.read(id).map_err(reading)?;
        let kind = Kind::of(object.kind()).ok_or_else(|| {
            let message = format!("object {id} of `{}` is of no known kind", self.name);
            Error::new(ErrorKind::Local, message)
        })?;
        let data = object.data().to_vec();
        Ok(Object { kind, data })
    }

    /// A branch that someone has checked out must not move under them, as `git push` holds it;
    /// `receive.denyCurrentBranch` set to `ignore`, `warn` or `false` allows it.
    fn is_checked_out(&self, reference: &str) -> Result<bool> {
        if self.repository.is_bare() {
            return Ok(false);
        }
        let reading = |error| self.failed("read", error);
        let head = self.repository.find_reference("HEAD").map_err(reading)?;
        let config = self.repository.config().map_err(reading)?;
        let deny = config.get_string("receive.denyCurrentBranch");
        let allowed = matches!(deny.as_deref(), Ok("ignore" | "warn" | "false"));
        Ok(head.symbolic_target().ok().flatten() == Some(reference) && !allowed)
    }

    fn checked_out(&self, reference: &str) -> Error {
        let branch = reference.strip_prefix("refs/heads/").unwrap_or(reference);
        let message = format!("`{}` has the branch `{branch}` checked out", self.name);
        Error::new(ErrorKind::Refused, message)
            .hint("write to a bare repository, or check out another branch there")
    }

    /// The first of the hooks that a push would run.
    fn hook(&self) -> Result<Option<&'static str>> {
        let reading = |error| self.failed("read", error);
        let config = self.repository.config().map_err(reading)?;
        let folder = match config.get_path("core.hooksPath") {
            Ok(folder) => self.repository.path().join(folder),
            Err(_) => self.repository.commondir().join("hooks"),
        };
        let is_there = |name: &&&str| runs(folder.join(name));
        Ok(HOOKS.iter().find(is_there).copied())
    }

    fn hooked(&self, hook: &str) -> Error {
        let message = format!("`{}` has a hook `{hook}`, which cannot run here", self.name);
        Error::new(ErrorKind::Unsupported, message)
            .hint("let the git program push, which runs it, with `--via-git`")
    }

    pub(super) fn has(&self, id: Oid) -> bool {
        self.repository.odb().is_ok_and(|odb| odb.exists(id))
    }

    pub(super) fn store(&self, objects: &[New]) -> Result<()> {
        let writing = |error| self.failed("write to", error);
        let odb = self.repository.odb().map_err(writing)?;
        for new in objects {
            odb.write(new.object.kind.into(), &new.object.data)
                .map_err(writing)?;
        }
        Ok(())
    }

    /// Sets the ref under its lock, which another program may hold for a moment.
    fn set(&self, reference: &str, old: Oid, new: Oid) -> std::result::Result<(), git2::Error> {
        let until = Instant::now() + LOCK_WAIT;
        loop {
            let set = self
                .repository
                .reference_matching(reference, new, true, old, "windlass");
            match set {
                Err(error) if error.code() == ErrorCode::Locked && Instant::now() < until => {
                    std::thread::sleep(Duration::from_millis(5));
                }
                set => return set.map(drop),
            }
        }
    }

    /// Not for long by a program that runs, for ever by one that was killed.
    fn locked(&self, reference: &str) -> Error {
        let lock = self.repository.commondir().join(reference);
        let message = format!(
            "another program holds the lock of `{reference}` in `{}`",
            self.name
        );
        let hint = format!(
            "if none runs there any more, remove `{}.lock`",
            lock.display()
        );
        Error::new(ErrorKind::Busy, message).hint(hint)
    }
}

impl Remote for Local {
    fn name(&self) -> &str {
        &self.name
    }

    fn until(&mut self, _deadline: Instant) {}

    fn tip(&mut self, reference: &str) -> Result<Option<Oid>> {
        match self.repository.find_reference(reference) {
            Ok(found) => Ok(found.target()),
            Err(error) if error.code() == ErrorCode::NotFound => Ok(None),
            Err(error) => Err(self.failed(&format!("read `{reference}` of"), error)),
        }
    }

    fn resolve(&mut self, name: &str) -> Result<Option<Oid>> {
        for name in meanings(name) {
            match self.repository.find_reference(&name) {
                Ok(found) => {
                    let commit = found
                        .peel_to_commit()
                        .map_err(|error| self.failed(&format!("read `{name}` of"), error))?;
                    return Ok(Some(commit.id()));
                }
                // A name that cannot be one of a ref is none.
                Err(error)
                    if matches!(error.code(), ErrorCode::NotFound | ErrorCode::InvalidSpec) => {}
                Err(error) => return Err(self.failed(&format!("read `{name}` of"), error)),
            }
        }
        Ok(None)
    }

    fn pack(&mut self, commit: Oid) -> Result<Vec<u8>> {
        let reading = |error| self.failed("read", error);
        let mut builder = self.repository.packbuilder().map_err(reading)?;
        builder.insert_commit(commit).map_err(reading)?;
        let mut pack = git2::Buf::new();
        builder.write_buf(&mut pack).map_err(reading)?;
        Ok(pack.to_vec())
    }

    fn read(&mut self, wants: &[Oid]) -> Result<Objects> {
        wants.iter().map(|&id| Ok((id, self.object(id)?))).collect()
    }

    fn since(&mut self, tip: Oid, known: Oid) -> Result<Objects> {
        let reading = |error| self.failed("read the history of", error);
        let mut walk = self.repository.revwalk().map_err(reading)?;
        walk.push(tip).map_err(reading)?;
        // A commit that was dropped and pruned hides nothing.
        let _ = walk.hide(known);
        let ids: std::result::Result<Vec<Oid>, git2::Error> = walk.take(SINCE_LIMIT).collect();
        self.read(&ids.map_err(reading)?)
    }

    fn cas(&mut self, reference: &str, old: Option<Oid>, new: Oid, objects: &[New]) -> Result<Cas> {
        if self.is_checked_out(reference)? {
            return Err(self.checked_out(reference));
        }
        if let Some(hook) = self.hook()? {
            return Err(self.hooked(hook));
        }
        self.store(objects)?;
        // Git's zero stands for "does not exist yet", checked under the lock like any other value.
        let old = old.unwrap_or(Oid::ZERO_SHA1);
        match self.set(reference, old, new) {
            Ok(()) => Ok(Cas::Done),
            // Another writer changed it, or removed it.
            Err(error) => match error.code() {
                ErrorCode::Modified | ErrorCode::NotFound => Ok(Cas::Moved),
                ErrorCode::Locked => Err(self.locked(reference)),
                _ => Err(self.failed(&format!("set `{reference}` of"), error)),
            },
        }
    }
}

/// Whether it is a file that git would run.
fn runs(file: PathBuf) -> bool {
    let Ok(about) = std::fs::metadata(file) else {
        return false;
    };
    #[cfg(unix)]
    let allowed = std::os::unix::fs::PermissionsExt::mode(&about.permissions()) & 0o111 != 0;
    #[cfg(not(unix))]
    let allowed = true;
    about.is_file() && allowed
}
