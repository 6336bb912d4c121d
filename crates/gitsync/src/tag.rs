//! Annotated tags: made once, never moved.

use crate::error::{Error, ErrorKind, Result};
use crate::identity::Identity;
use crate::object::{self, Kind, Object};
use crate::pace::{Next, Pace};
use crate::remote::{Cas, New, Remote};
use crate::sync::Options;
use git2::Oid;
use std::time::Instant;

/// What came of making a tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tagged {
    /// The tag is new; this is its object.
    Created(Oid),
    /// A tag of that name was there. It stays as it is.
    Exists {
        /// What the ref holds.
        tag: Oid,
        /// The object that it stands for: `tag` itself if it is not annotated.
        target: Oid,
    },
}

/// Makes an annotated tag on a commit that the remote has, unless there is one of that name. To
/// call it again after an error is safe: what was made is then found.
///
/// # Errors
/// [`ErrorKind::Refused`] if the remote does not want it; [`ErrorKind::Deadline`]; whatever
/// reading from the remote may bring.
pub fn create_tag(
    remote: &mut dyn Remote,
    name: &str,
    target: Oid,
    message: &str,
    tagger: &Identity,
    options: &Options,
) -> Result<Tagged> {
    let pace = Pace::new(options);
    remote.until(pace.deadline());
    let text = format!(
        "object {target}\ntype commit\ntag {name}\ntagger {tagger}\n\n{}\n",
        message.trim_end()
    );
    let tag = Object::new(Kind::Tag, text.into_bytes());
    let mut maker = Maker {
        remote,
        name,
        id: tag.id(),
        objects: [New {
            object: tag,
            base: None,
        }],
        dry_run: options.dry_run,
        sent: false,
        pace,
    };
    loop {
        let started = Instant::now();
        let trouble = match maker.attempt() {
            Ok(Step::Finished(tagged)) => return Ok(tagged),
            Ok(Step::NotTaken(trouble)) => trouble,
            Err(error) if error.is_transient() => error,
            Err(error) => return Err(error),
        };
        match maker.pace.after(&trouble, started) {
            Next::Again => {}
            Next::GiveUp => return Err(trouble),
            Next::Late => return Err(maker.late(trouble)),
        }
    }
}

enum Step {
    Finished(Tagged),
    NotTaken(Error),
}

struct Maker<'a> {
    remote: &'a mut dyn Remote,
    name: &'a str,
    id: Oid,
    objects: [New; 1],
    dry_run: bool,
    /// Whether the tag may have been taken.
    sent: bool,
    pace: Pace,
}

impl Maker<'_> {
    fn attempt(&mut self) -> Result<Step> {
        let reference = format!("refs/tags/{}", self.name);
        match self.remote.tip(&reference)? {
            Some(found) if found == self.id && self.sent => self.created(),
            Some(found) => Ok(Step::Finished(exists(self.remote, found)?)),
            None if self.dry_run => self.created(),
            None => {
                self.sent = true;
                match self.remote.cas(&reference, None, self.id, &self.objects)? {
                    Cas::Done => self.created(),
                    Cas::Moved => {
                        self.pace.moved();
                        Ok(self.refused("another writer holds it"))
                    }
                    Cas::Refused(reason) => Ok(self.refused(&reason)),
                    Cas::Unknown(error) => Ok(Step::NotTaken(error)),
                }
            }
        }
    }

    fn created(&self) -> Result<Step> {
        Ok(Step::Finished(Tagged::Created(self.id)))
    }

    fn refused(&self, reason: &str) -> Step {
        let (remote, name) = (self.remote.name(), self.name);
        let message = format!("`{remote}` does not take the tag `{name}`: {reason}");
        let error = Error::new(ErrorKind::Refused, message)
            .hint("check the repository's rules for tags and its hooks");
        Step::NotTaken(error)
    }

    fn late(&self, trouble: Error) -> Error {
        let (remote, name) = (self.remote.name(), self.name);
        let message = format!("could not make the tag `{name}` on `{remote}` in the time given");
        Error::new(ErrorKind::Deadline, message).source(trouble)
    }
}

fn exists(remote: &mut dyn Remote, tag: Oid) -> Result<Tagged> {
    let objects = remote.read(&[tag])?;
    let target = match objects.get(&tag) {
        Some(object) if object.kind == Kind::Tag => object::target_of(&object.data)?,
        _ => tag,
    };
    Ok(Tagged::Exists { tag, target })
}
