//! Bringing an edit to a branch: read the tip, edit, commit, compare and set; on a lost race all
//! of it again.

use crate::draft::{Draft, Store};
use crate::error::{Error, ErrorKind, Result};
use crate::ground::{self, Beside, Ground};
use crate::identity::Identity;
use crate::object::{self, Kind, Object};
use crate::pace::{Next, Pace};
use crate::remote::{self, Cas, New, Remote};
use crate::sign::Signer;
use git2::Oid;
use std::time::{Duration, Instant};

/// The trailer that tells one intended change from another, so that a commit whose push was in
/// doubt is recognised.
pub const ID_TRAILER: &str = "Windlass-Id";

/// How an edit is brought to a branch.
#[derive(Debug, Clone)]
pub struct Options {
    /// How long to try in all.
    pub deadline: Duration,
    /// How long to wait after a first failure; each further one doubles it.
    pub pause: Duration,
    /// What decides how long to wait after a lost race. Writers of the same branch should have
    /// different ones.
    pub seed: u64,
    /// What tells this change from an equal one that is made at another time, such as the id of
    /// a job. Without it equal changes on equal files have equal ids and, with equal dates, are
    /// equal commits.
    pub nonce: String,
    /// Ask CI, at the end of the commit's first line, to skip it.
    pub skip_ci: bool,
    /// What signs the commit; nothing where it is not to be signed.
    pub signer: Option<Signer>,
    /// Push to this branch, so that it can be merged into the one that the edit is made on. It is
    /// made where it is not there, and moves forward; it holds the base and this change, and one
    /// with other changes or commits is refused.
    pub push_to: Option<String>,
    /// Do everything but the write.
    pub dry_run: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            deadline: Duration::from_secs(300),
            pause: Duration::from_millis(500),
            seed: 0,
            nonce: String::new(),
            skip_ci: false,
            signer: None,
            push_to: None,
            dry_run: false,
        }
    }
}

/// Who a commit is by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// Who wrote the change.
    pub author: Identity,
    /// Who recorded it.
    pub committer: Identity,
}

/// What came of an edit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The commit that holds the change; none if there was nothing to change, or with
    /// [`Options::dry_run`].
    pub commit: Option<Oid>,
    /// The tip that the edit was last made on.
    pub base: Oid,
    /// The paths that the edit changes, in order.
    pub paths: Vec<String>,
    /// The commit on the branch of [`Options::push_to`] that holds the change already.
    pub standing: Option<Oid>,
    /// The message of the commit, or of what would be one.
    pub message: String,
    /// How often the edit was made, counting the last.
    pub attempts: u32,
}

impl Outcome {
    /// Whether the edit differs from what was there.
    #[must_use]
    pub fn changed(&self) -> bool {
        !self.paths.is_empty() && self.standing.is_none()
    }
}

/// Makes an edit on a branch in one commit, whoever else writes to it at the same time.
///
/// The edit is a function of the branch's tip: it is called with the files there, writes what it
/// wants, and returns the commit's message. If the branch moves before the commit is taken, it is
/// called again with the new tip; nothing is merged, and no other commit is ever lost. An edit that
/// changes nothing makes no commit.
///
/// A push whose answer is lost is settled by looking at the branch: the commit is known by its
/// `Windlass-Id` trailer and is not made twice.
///
/// # Errors
/// What the edit returns; [`ErrorKind::BranchMissing`]; [`ErrorKind::Refused`] if the remote does
/// not want the commit; [`ErrorKind::Signing`]; [`ErrorKind::Deadline`]; [`ErrorKind::Doubtful`] if the remote fell silent
/// after it was sent; whatever reading from the remote may bring.
pub fn sync(
    remote: &mut dyn Remote,
    branch: &str,
    signature: &Signature,
    options: &Options,
    edit: &mut dyn FnMut(&mut Draft<'_, '_>) -> Result<String>,
) -> Result<Outcome> {
    if let Some(other) = &options.push_to {
        ground::check_name(other, branch)?;
    }
    let pace = Pace::new(options);
    remote.until(pace.deadline());
    let mut writer = Writer::new(remote, branch, signature, options, pace);
    loop {
        let started = Instant::now();
        let trouble = match writer.attempt(edit) {
            Ok(Step::Finished(outcome)) => return Ok(outcome),
            Ok(Step::NotTaken(trouble)) => trouble,
            Err(error) if error.is_transient() => error,
            Err(error) => return Err(writer.doubted(error)),
        };
        match writer.pace.after(&trouble, started) {
            Next::Again => {}
            Next::GiveUp => return writer.give_up(trouble),
            Next::Late => return Err(writer.late(trouble)),
        }
    }
}

/// How an attempt ended.
enum Step {
    Finished(Outcome),
    /// The remote did not take the commit, or it cannot be told: because another was faster, or
    /// for the reason given.
    NotTaken(Error),
}

/// A commit that was sent and not confirmed.
struct Sent {
    id: String,
    outcome: Outcome,
}

struct Writer<'a> {
    store: Store<'a>,
    reference: String,
    signature: &'a Signature,
    options: &'a Options,
    /// Commits that may have been taken.
    sent: Vec<Sent>,
    /// Whether the branch has not been looked at since a push without an answer.
    doubtful: bool,
    /// The tip as it was last seen.
    seen: Option<Oid>,
    pace: Pace,
    attempts: u32,
}

impl<'a> Writer<'a> {
    fn new(
        remote: &'a mut dyn Remote,
        branch: &str,
        signature: &'a Signature,
        options: &'a Options,
        pace: Pace,
    ) -> Self {
        Self {
            store: Store::new(remote),
            reference: format!("refs/heads/{branch}"),
            signature,
            options,
            sent: Vec::new(),
            doubtful: false,
            seen: None,
            pace,
            attempts: 0,
        }
    }

    fn attempt(
        &mut self,
        edit: &mut dyn FnMut(&mut Draft<'_, '_>) -> Result<String>,
    ) -> Result<Step> {
        let (tip, landed) = self.look()?;
        if let Some(outcome) = landed {
            return Ok(Step::Finished(outcome));
        }
        self.attempts += 1;
        let mut draft = Draft::new(&mut self.store, tip)?;
        let mut message = edit(&mut draft)?;
        if self.options.skip_ci {
            message = asking_to_skip(&message);
        }
        let mut outcome = Outcome {
            commit: None,
            base: tip,
            paths: draft.paths(),
            standing: None,
            message,
            attempts: self.attempts,
        };
        if !outcome.changed() {
            return Ok(Step::Finished(outcome));
        }
        let fingerprint = draft.fingerprint();
        let (tree, mut objects) = draft.build()?;
        let ground = match self.ground(tip, tree, &outcome.paths)? {
            Beside::Free(ground) => ground,
            Beside::Holds(commit) => return Ok(Step::Finished(self.holding(commit, outcome))),
        };
        if self.options.dry_run {
            return Ok(Step::Finished(outcome));
        }
        let id = self.identify(&fingerprint);
        let object = self.commit(tree, &ground.parents, &outcome.message, &id)?;
        let new = object.id();
        objects.push(New { object, base: None });
        outcome.commit = Some(new);
        let result = self
            .store
            .remote
            .cas(&ground.reference, ground.old, new, &objects)?;
        self.judge(result, id, outcome)
    }

    /// Where the commit goes.
    fn ground(&mut self, tip: Oid, tree: Oid, paths: &[String]) -> Result<Beside> {
        let Some(branch) = &self.options.push_to else {
            return Ok(Beside::Free(Ground::tip(&self.reference, tip)));
        };
        let beside = ground::beside(&mut self.store, branch, tip, tree, paths)?;
        self.doubtful = false;
        Ok(beside)
    }

    /// The outcome where a commit on another branch holds the change: it may be one of ours whose
    /// push was in doubt.
    fn holding(&self, commit: Oid, outcome: Outcome) -> Outcome {
        let ours = |sent: &&Sent| sent.outcome.commit == Some(commit);
        match self.sent.iter().find(ours) {
            Some(sent) => sent.outcome.clone(),
            None => Outcome {
                standing: Some(commit),
                ..outcome
            },
        }
    }

    /// The tip now, and the outcome if one of the commits sent before is in it.
    fn look(&mut self) -> Result<(Oid, Option<Outcome>)> {
        let tip = self
            .store
            .remote
            .tip(&self.reference)?
            .ok_or_else(|| remote::no_branch(&*self.store.remote, self.branch()))?;
        let landed = match self.seen {
            Some(seen) if seen != tip => {
                self.pace.moved();
                self.landed(tip, seen)?
            }
            _ => None,
        };
        self.seen = Some(tip);
        // What became of a push to another branch, that branch tells.
        self.doubtful &= self.options.push_to.is_some();
        Ok((tip, landed))
    }

    /// Searches what came to the branch for one of our commits. A server may have made another
    /// commit of it, so it is known by its trailer.
    fn landed(&mut self, tip: Oid, seen: Oid) -> Result<Option<Outcome>> {
        if self.sent.is_empty() {
            return Ok(None);
        }
        let commits = self.store.remote.since(tip, seen)?;
        let found = self.sent.iter().find_map(|sent| {
            let (id, _) = commits.iter().find(|(_, object)| {
                object.kind == Kind::Commit
                    && object::has_trailer(&object.data, ID_TRAILER, |id| id == sent.id)
            })?;
            let commit = Some(*id);
            Some(Outcome {
                commit,
                ..sent.outcome.clone()
            })
        });
        self.store.add(commits);
        Ok(found)
    }

    fn judge(&mut self, result: Cas, id: String, outcome: Outcome) -> Result<Step> {
        let trouble = match result {
            Cas::Done => return Ok(Step::Finished(outcome)),
            Cas::Moved => {
                self.pace.moved();
                self.refused("another writer holds it")
            }
            Cas::Refused(reason) => self.refused(&reason),
            Cas::Unknown(error) => {
                self.doubtful = true;
                error
            }
        };
        self.sent.push(Sent { id, outcome });
        Ok(Step::NotTaken(trouble))
    }

    /// What makes this change known again: a hash of all that tells it from another.
    fn identify(&self, fingerprint: &str) -> String {
        let text = format!(
            "refs/heads/{}\n{}\n{fingerprint}",
            self.target(),
            self.options.nonce
        );
        Object::new(Kind::Blob, text.into_bytes()).id().to_string()
    }

    fn commit(&self, tree: Oid, parents: &[Oid], message: &str, id: &str) -> Result<Object> {
        let Signature { author, committer } = self.signature;
        let message = with_trailer(message, id);
        let parents: String = parents.iter().map(|id| format!("parent {id}\n")).collect();
        let text =
            format!("tree {tree}\n{parents}author {author}\ncommitter {committer}\n\n{message}");
        let data = match &self.options.signer {
            Some(signer) => signer.sign(text.as_bytes(), self.pace.deadline())?,
            None => text.into_bytes(),
        };
        Ok(Object::new(Kind::Commit, data))
    }

    /// Looks one last time, then hands the trouble on.
    fn give_up(mut self, trouble: Error) -> Result<Outcome> {
        match self.look() {
            Ok((_, Some(outcome))) => Ok(outcome),
            Ok((_, None)) => Err(trouble),
            Err(_) => Err(self.doubted(trouble)),
        }
    }

    /// The error that stands at the end while the fate of a push is unknown.
    fn doubted(&self, error: Error) -> Error {
        let commit = self.sent.last().and_then(|sent| sent.outcome.commit);
        match commit.filter(|_| self.doubtful) {
            None => error,
            Some(commit) => {
                let (name, branch) = (self.store.remote.name(), self.target());
                let message =
                    format!("cannot tell whether `{name}` took commit {commit} to `{branch}`");
                Error::new(ErrorKind::Doubtful, message)
                    .source(error)
                    .hint("run it again: what has landed is not written twice")
            }
        }
    }

    fn late(&self, trouble: Error) -> Error {
        if self.doubtful {
            return self.doubted(trouble);
        }
        let (name, branch) = (self.store.remote.name(), self.target());
        let seconds = self.options.deadline.as_secs();
        let message =
            format!("could not write to `{branch}` of `{name}` in the {seconds} s that were given");
        Error::new(ErrorKind::Deadline, message).source(trouble)
    }

    fn refused(&self, reason: &str) -> Error {
        let (name, branch) = (self.store.remote.name(), self.target());
        let message = format!("`{name}` does not take the commit to `{branch}`: {reason}");
        Error::new(ErrorKind::Refused, message)
            .hint("check the branch's protection rules and the hooks of the repository")
    }

    /// The branch that the edit is made on.
    fn branch(&self) -> &str {
        &self.reference["refs/heads/".len()..]
    }

    /// The branch that the commit goes to.
    fn target(&self) -> &str {
        match &self.options.push_to {
            Some(branch) => branch,
            None => self.branch(),
        }
    }
}

/// The message with what GitHub, GitLab and others take in its first line for a wish to be left alone.
fn asking_to_skip(message: &str) -> String {
    let (subject, rest) = message.split_at(message.find('\n').unwrap_or(message.len()));
    format!("{} [skip ci]{rest}", subject.trim_end())
}

/// The message with the id as a trailer, in the last paragraph if that has trailers already.
fn with_trailer(message: &str, id: &str) -> String {
    let message = message.trim_end();
    let last = message.rsplit_once("\n\n").map_or("", |(_, last)| last);
    let is_trailer = |line: &str| {
        line.split_once(": ")
            .is_some_and(|(name, _)| name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'))
    };
    let trailers = !last.is_empty() && last.lines().all(is_trailer);
    let gap = if trailers { "\n" } else { "\n\n" };
    format!("{message}{gap}{ID_TRAILER}: {id}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ci_is_asked_in_the_first_line() {
        assert_eq!(asking_to_skip("Subject"), "Subject [skip ci]");
        assert_eq!(
            asking_to_skip("Subject\n\nmore\n"),
            "Subject [skip ci]\n\nmore\n"
        );
    }

    #[test]
    fn the_id_joins_the_trailers() {
        assert_eq!(with_trailer("Subject", "1"), "Subject\n\nWindlass-Id: 1\n");
        assert_eq!(
            with_trailer("Fix: it\n", "1"),
            "Fix: it\n\nWindlass-Id: 1\n"
        );
        assert_eq!(
            with_trailer("Subject\n\nWindlass-Pin: a dev\n", "1"),
            "Subject\n\nWindlass-Pin: a dev\nWindlass-Id: 1\n"
        );
        assert_eq!(
            with_trailer("Subject\n\nSome text: with words\nand more", "1"),
            "Subject\n\nSome text: with words\nand more\n\nWindlass-Id: 1\n"
        );
    }
}
