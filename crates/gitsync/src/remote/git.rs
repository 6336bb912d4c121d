//! The `git` program as the way to a remote, for what only it knows how to reach: remote helpers,
//! protocols that are not spoken here, a web server's own kinds of authentication.
//!
//! It fetches into a repository of its own in a temporary folder and pushes from there, with the
//! value that the ref must hold as its lease.

use super::local::Local;
use super::peer::Peer;
use super::{Access, Cas, New, Objects, Remote, meanings};
use crate::error::{Error, ErrorKind, Result};
use crate::object::{Kind, Object, parent_of, parse_id, target_of};
use crate::program::{self, Ended};
use git2::{ConfigLevel, Oid, Repository};
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How many commits [`Remote::since`] asks for, from the newest.
const SINCE_LIMIT: usize = 256;

/// What the repository around the user's folder says of ways to remotes.
const WAYS: [&str; 5] = [
    "credential.",
    "http.",
    "url.",
    "core.sshcommand",
    "protocol.",
];

/// Variables with which git would work on another repository than the one it is given.
const MISLEADING: [&str; 6] = [
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_COMMON_DIR",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
];

/// A repository that the `git` program reaches.
pub(crate) struct Git {
    address: String,
    peer: Peer,
    /// Where git works.
    scratch: TempDir,
    /// The same, to be read and written.
    local: Local,
    folder: PathBuf,
    push_options: Vec<String>,
    deadline: Option<Instant>,
}

impl Git {
    pub(crate) fn open(address: &str, access: &Access) -> Result<Self> {
        check(address)?;
        let failed = |error: Box<dyn std::error::Error + Send + Sync>| {
            let message = "cannot make a repository in a temporary folder";
            Error::new(ErrorKind::Local, message).source(error)
        };
        let folder = access.folder.clone().unwrap_or_else(|| PathBuf::from("."));
        let scratch = tempfile::tempdir().map_err(|error| failed(error.into()))?;
        let repository =
            Repository::init_bare(scratch.path()).map_err(|error| failed(error.into()))?;
        take_over(&folder, &repository).map_err(|error| failed(error.into()))?;
        Ok(Self {
            address: address.to_owned(),
            peer: Peer {
                name: address.to_owned(),
                secrets: Vec::new(),
            },
            local: Local::open(scratch.path(), address)?,
            scratch,
            folder,
            push_options: access.push_options.clone(),
            deadline: None,
        })
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "the user asks for the git program by name"
    )]
    fn run(&self, arguments: &[&str]) -> Result<Ended> {
        let left = self.deadline.map_or(Duration::from_secs(60), |deadline| {
            deadline.saturating_duration_since(Instant::now())
        });
        let mut git_dir = OsString::from("--git-dir=");
        git_dir.push(self.scratch.path());
        let mut git = Command::new("git");
        for name in MISLEADING {
            git.env_remove(name);
        }
        git.current_dir(&self.folder)
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GCM_INTERACTIVE", "never")
            .arg(git_dir)
            .args(["-c", "gc.auto=0", "-c", "maintenance.auto=false"])
            .args(arguments);
        let ended = program::run(&mut git, b"", left).map_err(|error| {
            let message = format!("cannot run `git` to reach `{}`", self.peer.name);
            Error::new(ErrorKind::Unsupported, message).source(error)
        })?;
        ended.ok_or_else(|| {
            let message = format!("`git` did not reach `{}` in time", self.peer.name);
            Error::new(ErrorKind::Deadline, message)
        })
    }

    /// What git prints, if it ends well.
    fn done(&self, arguments: &[&str]) -> Result<String> {
        let ended = self.run(arguments)?;
        match ended.status.success() {
            true => Ok(String::from_utf8_lossy(&ended.stdout).into_owned()),
            false => Err(self.failed(&ended)),
        }
    }

    fn failed(&self, ended: &Ended) -> Error {
        let error = self.peer.unreachable();
        match self.peer.words(&ended.stderr) {
            said if said.is_empty() => error,
            said => error.source(said),
        }
    }

    /// The refs that end like these, with what they hold.
    fn refs(&self, names: &[&str]) -> Result<Vec<(Oid, String)>> {
        let arguments = [&["ls-remote", "--quiet", "--", &self.address], names].concat();
        let listed = self.done(&arguments)?;
        let read = |line: &str| {
            let (id, name) = line.split_once('\t')?;
            Some((parse_id(id)?, name.to_owned()))
        };
        let read = |line| read(line).ok_or_else(|| self.peer.odd("a ref without a value"));
        listed.lines().map(read).collect()
    }

    fn fetch(&mut self, wants: &[Oid], depth: usize) -> Result<()> {
        let depth = format!("--depth={depth}");
        let wants: Vec<String> = wants.iter().map(Oid::to_string).collect();
        let mut arguments = vec!["fetch", "--quiet", "--no-tags", "--no-write-fetch-head"];
        arguments.extend([&*depth, "--", &*self.address]);
        arguments.extend(wants.iter().map(|id| &**id));
        self.done(&arguments)?;
        // What is shallow is read when a repository is opened.
        self.local = Local::open(self.scratch.path(), &self.address)?;
        Ok(())
    }

    /// Fetches the commits among these that are not here yet, with all their files.
    fn ensure(&mut self, ids: &[Oid]) -> Result<()> {
        let missing: Vec<Oid> = ids
            .iter()
            .copied()
            .filter(|id| !self.local.has(*id))
            .collect();
        match missing.is_empty() {
            true => Ok(()),
            false => self.fetch(&missing, 1),
        }
    }

    fn judge(&self, ended: &Ended, reference: &str) -> Cas {
        let printed = String::from_utf8_lossy(&ended.stdout);
        let told = printed.lines().find_map(|line| {
            let (flag, rest) = line.split_once('\t')?;
            let (refs, said) = rest.split_once('\t')?;
            refs.ends_with(&format!(":{reference}"))
                .then_some((flag, said))
        });
        match told {
            Some(("!", said)) => {
                let aside = String::from_utf8_lossy(&ended.stderr);
                let aside = aside
                    .lines()
                    .filter_map(|line| line.strip_prefix("remote:"));
                let aside = self
                    .peer
                    .words(aside.collect::<Vec<_>>().join(" ").as_bytes());
                let said = self.peer.words(said.as_bytes());
                Cas::Refused(match aside.is_empty() {
                    true => said,
                    false => format!("{said} ({aside})"),
                })
            }
            Some(_) if ended.status.success() => Cas::Done,
            _ => Cas::Unknown(self.failed(ended)),
        }
    }
}

/// A program's arguments can be seen by others, and one that begins with a dash is an option.
fn check(address: &str) -> Result<()> {
    let bad = |why: &str| {
        let message = format!("cannot give the remote's address to `git`: {why}");
        Error::new(ErrorKind::Url, message)
    };
    if address.starts_with('-') || address.chars().any(char::is_control) {
        return Err(bad("it begins with a dash or has control characters in it"));
    }
    let authority = address.split_once("://").map(|(_, rest)| rest);
    let authority = authority.and_then(|rest| rest.split('/').next()?.rsplit_once('@'));
    match authority.is_some_and(|(user, _)| user.contains(':')) {
        true => {
            Err(bad("there is a password in it").hint("let a credential helper of git give it"))
        }
        false => Ok(()),
    }
}

/// Copies what the user's repository says of ways to remotes.
fn take_over(folder: &std::path::Path, to: &Repository) -> std::result::Result<(), git2::Error> {
    let Ok(repository) = Repository::discover(folder) else {
        return Ok(());
    };
    let from = repository.config()?.open_level(ConfigLevel::Local)?;
    let mut to = to.config()?.open_level(ConfigLevel::Local)?;
    let mut entries = from.entries(None)?;
    while let Some(entry) = entries.next() {
        let entry = entry?;
        let (Ok(name), Ok(value)) = (entry.name(), entry.value()) else {
            continue;
        };
        if WAYS.iter().any(|way| name.starts_with(way)) {
            // No value is like this, so that one more is added.
            to.set_multivar(name, "^$.", value)?;
        }
    }
    Ok(())
}

/// The commit that must be here before this one, or this tag, can be pushed.
fn leads_to(object: &Object) -> Option<Oid> {
    match object.kind {
        Kind::Commit => parent_of(&object.data),
        Kind::Tag => target_of(&object.data).ok(),
        Kind::Tree | Kind::Blob => None,
    }
}

impl Remote for Git {
    fn name(&self) -> &str {
        &self.peer.name
    }

    fn until(&mut self, deadline: Instant) {
        self.deadline = Some(deadline);
    }

    fn tip(&mut self, reference: &str) -> Result<Option<Oid>> {
        let refs = self.refs(&[reference])?;
        let found = refs.into_iter().find(|(_, name)| name == reference);
        Ok(found.map(|(id, _)| id))
    }

    fn resolve(&mut self, name: &str) -> Result<Option<Oid>> {
        let refs = self.refs(&[name, &format!("{name}^{{}}")])?;
        let holds = |name: String| refs.iter().find(|(_, found)| *found == name);
        let found = meanings(name)
            .into_iter()
            .find_map(|name| holds(format!("{name}^{{}}")).or_else(|| holds(name)));
        Ok(found.map(|(id, _)| *id))
    }

    fn pack(&mut self, commit: Oid) -> Result<Vec<u8>> {
        self.ensure(&[commit])?;
        self.local.pack(commit)
    }

    fn read(&mut self, wants: &[Oid]) -> Result<Objects> {
        self.ensure(wants)?;
        self.local.read(wants)
    }

    fn since(&mut self, tip: Oid, known: Oid) -> Result<Objects> {
        // What is known hides what led to it, which must be here for that. One that the remote has
        // not hides nothing.
        let both = self.fetch(&[tip, known], SINCE_LIMIT);
        both.or_else(|_| self.fetch(&[tip], SINCE_LIMIT))?;
        self.local.since(tip, known)
    }

    fn line(&mut self, tip: Oid, depth: usize) -> Result<Objects> {
        self.fetch(&[tip], depth.max(1))?;
        self.local.line(tip, depth)
    }

    fn cas(&mut self, reference: &str, old: Option<Oid>, new: Oid, objects: &[New]) -> Result<Cas> {
        let leads_to = objects.iter().filter_map(|new| leads_to(&new.object));
        self.ensure(&old.into_iter().chain(leads_to).collect::<Vec<_>>())?;
        self.local.store(objects)?;
        let old = old.map_or(String::new(), |old| old.to_string());
        let lease = format!("--force-with-lease={reference}:{old}");
        let update = format!("{new}:{reference}");
        let mut arguments = vec!["push", "--porcelain", "--no-verify", &lease];
        for option in &self.push_options {
            arguments.extend(["--push-option", option]);
        }
        arguments.extend(["--", &self.address, &update]);
        match self.run(&arguments) {
            Ok(ended) => Ok(self.judge(&ended, reference)),
            Err(error) if error.kind() == ErrorKind::Deadline => Ok(Cas::Unknown(error)),
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_must_not_see_is_not_given() {
        for address in [
            "https://me:hunter2@host/a",
            "foo://:hunter2@host",
            "--upload-pack=x",
            "a\nb",
        ] {
            let error = check(address).expect_err(address);
            assert_eq!(error.kind(), ErrorKind::Url);
            assert!(!error.to_string().contains("hunter2"), "{error}");
        }
        for address in ["https://me@host/a:b@c", "helper::x", "git@host:a", "../a"] {
            assert!(check(address).is_ok(), "{address}");
        }
    }
}
