//! A repository's copy in a folder of its own, with a git remote: where a pipeline can be tried.
//!
//! Commits have fixed names and counted-up dates, so that the same input gives the same commits.

mod remote;

pub use remote::Remote;

use crate::{Error, ErrorKind, Event, NO_COMMIT};
use git2::build::{CheckoutBuilder, TreeUpdateBuilder};
use git2::{Commit, FileMode, IndexAddOption, Oid, Repository, Signature, Time, Tree};
use std::cell::Cell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Who makes the commits that the pipeline does not make.
pub const DEVELOPER: (&str, &str) = ("developer", "developer@example.com");

/// When the first commit is made, in seconds since 1970: 2026-01-05, 09:00.
const START: i64 = 1_767_603_600;

/// How many seconds lie between two commits.
const TICK: i64 = 60;

/// Where the commit of a pull request is kept here.
const PULL: &str = "refs/sandbox/pull";

/// References of a repository with their commits.
pub type References = BTreeMap<String, String>;

/// A git remote, and what a developer does with it.
pub struct Sandbox {
    folder: PathBuf,
    /// What the remote holds as last fetched, and where commits are made that need no files.
    repository: Repository,
    remote: Remote,
    start: Oid,
    clock: Cell<i64>,
}

/// A commit as a person reads it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct CommitLine {
    /// The branch that it is on; the first one in the order asked for.
    pub branch: String,
    /// The whole id.
    pub id: String,
    /// The author's name.
    pub author: String,
    /// The message's first line.
    pub subject: String,
}

impl Sandbox {
    /// Makes a sandbox in an empty folder: the named files and folders of `source`, without what
    /// git ignores there, as the first commit of every branch, and pushed to the remote.
    ///
    /// # Errors
    /// If the files cannot be read, or the remote has a branch already.
    pub fn new(
        folder: &Path,
        source: &Path,
        paths: &[&str],
        branches: &[&str],
        remote: Remote,
    ) -> Result<Self, Error> {
        let repository = Repository::init_bare(folder.join("mirror.git"))?;
        let mut sandbox = Self {
            folder: folder.to_owned(),
            repository,
            remote,
            start: Oid::ZERO_SHA1,
            clock: Cell::new(START),
        };
        sandbox.configure()?;
        sandbox.remote.prepare()?;
        let tree = sandbox.import(source, paths)?;
        sandbox.start = sandbox.record(tree, &[], "chore: start from the repository as it is")?;
        for branch in branches {
            sandbox.set_branch(branch, sandbox.start)?;
        }
        sandbox.push(
            &branches
                .iter()
                .map(|name| format!("refs/heads/{name}"))
                .collect::<Vec<_>>(),
        )?;
        Ok(sandbox)
    }

    /// The folder of everything.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The remote.
    #[must_use]
    pub fn remote(&self) -> &Remote {
        &self.remote
    }

    /// The next date, as git reads it from `GIT_AUTHOR_DATE`.
    pub fn tick(&self) -> String {
        format!("{} +0000", self.next_second())
    }

    fn next_second(&self) -> i64 {
        self.clock.set(self.clock.get() + TICK);
        self.clock.get()
    }

    /// Nothing of the user's own configuration has a say.
    fn configure(&self) -> Result<(), Error> {
        let mut config = self.repository.config()?;
        config.set_str("core.excludesfile", "")?;
        config.set_str("core.autocrlf", "false")?;
        Ok(())
    }

    /// The files as a tree of this repository.
    fn import(&self, source: &Path, paths: &[&str]) -> Result<Oid, Error> {
        let failed = |error: git2::Error| {
            let message = format!("cannot copy the files of `{}`", source.display());
            Error::new(ErrorKind::Files, message).caused(error)
        };
        // A second door to the same objects, which sees the source as its work tree.
        let door = Repository::open_bare(self.repository.path())?;
        door.set_workdir(source, false).map_err(failed)?;
        let mut index = door.index()?;
        index
            .add_all(paths, IndexAddOption::DISABLE_PATHSPEC_MATCH, None)
            .map_err(failed)?;
        Ok(index.write_tree_to(&self.repository)?)
    }

    fn record(&self, tree: Oid, parents: &[Oid], message: &str) -> Result<Oid, Error> {
        let date = Time::new(self.next_second(), 0);
        let signature = Signature::new(DEVELOPER.0, DEVELOPER.1, &date)?;
        let tree = self.repository.find_tree(tree)?;
        let parents = parents.iter().map(|id| self.repository.find_commit(*id));
        let parents: Vec<Commit<'_>> = parents.collect::<Result<_, _>>()?;
        let parents: Vec<&Commit<'_>> = parents.iter().collect();
        Ok(self
            .repository
            .commit(None, &signature, &signature, message, &tree, &parents)?)
    }

    fn set_branch(&self, branch: &str, to: Oid) -> Result<(), Error> {
        self.repository
            .reference(&format!("refs/heads/{branch}"), to, true, "sandbox")?;
        Ok(())
    }

    /// Tags the first commit and pushes the tag.
    ///
    /// # Errors
    /// If the remote refuses.
    pub fn tag_start(&self, tag: &str) -> Result<(), Error> {
        let name = format!("refs/tags/{tag}");
        self.repository
            .reference(&name, self.start, false, "sandbox")?;
        self.push(&[name])
    }

    /// Commits one file on top of what the remote's branch holds, onto a branch of this name.
    ///
    /// # Errors
    /// If the branch is not there or the remote cannot be read.
    pub fn commit(
        &self,
        onto: &str,
        branch: &str,
        message: &str,
        path: &str,
        content: &str,
    ) -> Result<(), Error> {
        self.fetch()?;
        let parent = self.tip(onto)?;
        let blob = self.repository.blob(content.as_bytes())?;
        let tree = self.repository.find_commit(parent)?.tree()?;
        let mut update = TreeUpdateBuilder::new();
        update.upsert(path, blob, FileMode::Blob);
        let tree = update.create_updated(&self.repository, &tree)?;
        let commit = self.record(tree, &[parent], message)?;
        self.set_branch(branch, commit)
    }

    /// Merges the remote's branch `from` into its branch `into`, always with a merge commit, and
    /// leaves the result on the branch of that name here.
    ///
    /// # Errors
    /// If a branch is not there, or both changed the same lines.
    pub fn merge(&self, from: &str, into: &str) -> Result<(), Error> {
        self.fetch()?;
        let commit = self.join(self.tip(into)?, self.tip(from)?, from, into)?;
        self.set_branch(into, commit)
    }

    fn join(&self, ours: Oid, theirs: Oid, from: &str, into: &str) -> Result<Oid, Error> {
        let find = |id| self.repository.find_commit(id);
        let mut index = self
            .repository
            .merge_commits(&find(ours)?, &find(theirs)?, None)?;
        if index.has_conflicts() {
            let message = format!("`{from}` and `{into}` changed the same lines");
            return Err(Error::new(ErrorKind::Repository, message));
        }
        let tree = index.write_tree_to(&self.repository)?;
        self.record(
            tree,
            &[ours, theirs],
            &format!("Merge branch '{from}' into {into}"),
        )
    }

    /// Pushes references of this repository to the remote under the same names.
    ///
    /// # Errors
    /// If the remote cannot be reached or refuses.
    pub fn push(&self, references: &[String]) -> Result<(), Error> {
        let pairs = references.iter().map(|name| format!("{name}:{name}"));
        self.remote
            .push(&self.repository, &pairs.collect::<Vec<_>>())
    }

    /// Reads the remote's branches and tags.
    ///
    /// # Errors
    /// If the remote cannot be reached.
    pub fn fetch(&self) -> Result<(), Error> {
        self.remote.fetch(&self.repository, &[])
    }

    fn tip(&self, branch: &str) -> Result<Oid, Error> {
        let name = format!("refs/remotes/origin/{branch}");
        self.repository.refname_to_id(&name).map_err(|error| {
            let message = format!("the remote has no branch `{branch}`");
            Error::new(ErrorKind::Repository, message).caused(error)
        })
    }

    /// The event of a push that moved a reference of the remote; fetch first.
    ///
    /// # Errors
    /// If the commit is not there.
    pub fn pushed(
        &self,
        reference: &str,
        before: Option<&str>,
        after: &str,
    ) -> Result<Event, Error> {
        let commit = self
            .repository
            .find_object(Oid::from_str(after)?, None)?
            .peel_to_commit()?;
        let message = commit.message().unwrap_or_default().to_owned();
        let before = before.unwrap_or(NO_COMMIT);
        Ok(Event::push(
            reference,
            before,
            &commit.id().to_string(),
            &message,
        ))
    }

    /// The event of a push that made the remote's branch what it is, as last fetched.
    ///
    /// # Errors
    /// If the branch is not there.
    pub fn latest(&self, branch: &str) -> Result<Event, Error> {
        let tip = self.tip(branch)?.to_string();
        self.pushed(&format!("refs/heads/{branch}"), None, &tip)
    }

    /// The event of a pull request of the remote's branch `head` into its branch `base`; the
    /// commit that joins them is pushed to where GitHub puts it.
    ///
    /// # Errors
    /// If a branch is not there, or both changed the same lines.
    pub fn pull_request(&self, head: &str, base: &str) -> Result<Event, Error> {
        let (ours, theirs) = (self.tip(base)?, self.tip(head)?);
        let merge = self.join(ours, theirs, head, base)?;
        let (base_id, head_id) = (ours.to_string(), theirs.to_string());
        let event = Event::pull_request((base, &base_id), (head, &head_id), &merge.to_string());
        self.repository.reference(PULL, merge, true, "sandbox")?;
        self.remote.push(
            &self.repository,
            &[format!("+{PULL}:{}", event.reference())],
        )?;
        Ok(event)
    }

    /// The first line of a commit's message.
    ///
    /// # Errors
    /// If the commit is not there.
    pub fn subject(&self, commit: &str) -> Result<String, Error> {
        let commit = self.repository.find_commit(Oid::from_str(commit)?)?;
        Ok(commit.summary()?.unwrap_or_default().to_owned())
    }

    /// Puts the commit of an event into a folder, as a clone with the remote as its `origin`.
    ///
    /// # Errors
    /// If the remote cannot be read or the files not be written.
    pub fn check_out(&self, event: &Event, folder: &Path) -> Result<(), Error> {
        let clone = Repository::init(folder)?;
        clone.remote("origin", self.remote.url())?;
        let own = format!("+{0}:{0}", event.reference());
        let heads = event.reference().starts_with("refs/heads/");
        self.remote.fetch(
            &clone,
            if heads {
                &[]
            } else {
                std::slice::from_ref(&own)
            },
        )?;
        let commit = Oid::from_str(event.commit())?;
        match heads {
            true => {
                clone.reference(event.reference(), commit, true, "checkout")?;
                clone.set_head(event.reference())?;
            }
            false => clone.set_head_detached(commit)?,
        }
        clone.checkout_head(Some(CheckoutBuilder::new().force()))?;
        Ok(())
    }

    /// Clones the remote for a developer, and gives the clone's folder.
    ///
    /// # Errors
    /// If the branch is not there or the files cannot be written.
    pub fn clone_for_developer(&self, branch: &str) -> Result<PathBuf, Error> {
        let folder = self.folder.join("developer");
        self.remote.clone_into(&folder, branch)?;
        Ok(folder)
    }

    /// A file in a commit, or at the tip of the remote's branch as last fetched.
    #[must_use]
    pub fn read(&self, at: &str, path: &str) -> Option<String> {
        let tree = self.tree(at)?;
        let entry = tree.get_path(Path::new(path)).ok()?;
        let blob = self.repository.find_blob(entry.id()).ok()?;
        String::from_utf8(blob.content().to_vec()).ok()
    }

    /// The names in a folder of a commit, or at the tip of the remote's branch as last fetched.
    #[must_use]
    pub fn list(&self, at: &str, path: &str) -> Vec<String> {
        let entry = self
            .tree(at)
            .and_then(|tree| tree.get_path(Path::new(path)).ok());
        let folder = entry.and_then(|entry| self.repository.find_tree(entry.id()).ok());
        let names = folder.iter().flat_map(|folder| folder.iter());
        names
            .filter_map(|entry| entry.name().ok().map(str::to_owned))
            .collect()
    }

    fn tree(&self, at: &str) -> Option<Tree<'_>> {
        let tip = self.tip(at).or_else(|_| Oid::from_str(at)).ok()?;
        self.repository.find_commit(tip).ok()?.tree().ok()
    }

    /// The commits of the remote's branches since the sandbox was made, as last fetched: oldest
    /// first, each once.
    ///
    /// # Errors
    /// If the history cannot be read.
    pub fn commits(&self, branches: &[&str]) -> Result<Vec<CommitLine>, Error> {
        let mut lines: Vec<CommitLine> = Vec::new();
        for branch in branches {
            let mut walk = self.repository.revwalk()?;
            walk.set_sorting(git2::Sort::TOPOLOGICAL | git2::Sort::REVERSE)?;
            walk.push(self.tip(branch)?)?;
            walk.hide(self.start)?;
            for id in walk {
                let commit = self.repository.find_commit(id?)?;
                let id = commit.id().to_string();
                if !lines.iter().any(|line| line.id == id) {
                    lines.push(CommitLine {
                        branch: (*branch).to_owned(),
                        id,
                        author: commit.author().name().unwrap_or_default().to_owned(),
                        subject: commit
                            .summary()
                            .ok()
                            .flatten()
                            .unwrap_or_default()
                            .to_owned(),
                    });
                }
            }
        }
        Ok(lines)
    }
}

impl From<git2::Error> for Error {
    fn from(error: git2::Error) -> Self {
        Self::new(
            ErrorKind::Repository,
            "the sandbox's repository cannot be worked with",
        )
        .caused(error)
    }
}
