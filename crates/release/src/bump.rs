//! What a range of commits asks for: how far the version moves, and why.

use crate::changes::Change;
use crate::conventional::{self, Commit, Malformed, printable};
use crate::error::{Error, ErrorKind, Result, unreadable};
use crate::next::Options;
use crate::repository::Repository;
use crate::revert::{Reverts, reverted};
use crate::scope::Touch;
use git2::Oid;
use semver::Version;
use serde::Serialize;
use std::collections::HashSet;
use std::fmt;
use windlass_fault::Warning;

/// How far a version moves.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Bump {
    /// Not at all.
    #[default]
    None,
    /// `1.2.3` to `1.2.4`.
    Patch,
    /// `1.2.3` to `1.3.0`.
    Minor,
    /// `1.2.3` to `2.0.0`.
    Major,
}

impl fmt::Display for Bump {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "none",
            Self::Patch => "patch",
            Self::Minor => "minor",
            Self::Major => "major",
        })
    }
}

impl Bump {
    /// What this bump is for a version that is still below 1.0.0, where nothing is promised: a
    /// breaking change makes a minor version, and only `Release-As: 1.0.0` leads out.
    pub(crate) fn for_version(self, version: &Version) -> Self {
        if version.major == 0 {
            self.min(Self::Minor)
        } else {
            self
        }
    }

    /// The plain version after the core of `version`.
    pub(crate) fn apply(self, version: &Version) -> Result<Version> {
        let (major, minor, patch) = (version.major, version.minor, version.patch);
        let next = match self {
            Self::None => Some((major, minor, patch)),
            Self::Patch => patch.checked_add(1).map(|patch| (major, minor, patch)),
            Self::Minor => minor.checked_add(1).map(|minor| (major, minor, 0)),
            Self::Major => major.checked_add(1).map(|major| (major, 0, 0)),
        };
        let (major, minor, patch) = next.ok_or_else(|| {
            Error::new(
                ErrorKind::Overflow,
                format!(
                    "no {self} version can follow `{version}`: its number is the largest there is"
                ),
            )
            .hint("name the next version in a `Release-As` footer")
        })?;
        Ok(Version::new(major, minor, patch))
    }

    /// The bump that leads from one plain version to a higher one.
    pub(crate) fn between(from: &Version, to: &Version) -> Self {
        match (from.major == to.major, from.minor == to.minor) {
            (false, _) => Self::Major,
            (true, false) => Self::Minor,
            (true, true) => Self::Patch,
        }
    }
}

/// A commit that counts for a release.
#[derive(Debug, Clone)]
pub struct Cause {
    /// The whole commit hash.
    pub commit: String,
    /// How far it alone moves a version from 1.0.0 on.
    pub bump: Bump,
    /// The first line of its message.
    pub subject: String,
    /// The message, where it follows Conventional Commits.
    pub conventional: Option<Commit>,
}

/// What a range of commits comes to.
#[derive(Debug, Default)]
pub(crate) struct Weight {
    pub(crate) bump: Bump,
    /// What counts, newest first.
    pub(crate) causes: Vec<Cause>,
    /// The version that a `Release-As` footer demands.
    pub(crate) release_as: Option<Version>,
    pub(crate) warnings: Vec<Warning>,
}

/// What weighing needs besides the changes.
pub(crate) struct Weigher<'a> {
    pub(crate) repository: &'a Repository,
    pub(crate) options: &'a Options,
    pub(crate) app: &'a str,
    /// Where the history that counts begins.
    pub(crate) base: Option<Oid>,
    /// No other application is in the repository.
    pub(crate) alone: bool,
    /// The version is given, and the commits only tell of it.
    pub(crate) told: bool,
}

impl Weigher<'_> {
    pub(crate) fn weigh(&self, changes: &[Change]) -> Result<Weight> {
        let reverts = Reverts::read(self.repository, changes)?;
        let mut weight = Weight::default();
        let mut demands = Vec::new();
        for (at, change) in changes.iter().enumerate() {
            if !reverts.stands(at) || self.is_skipped(change) {
                continue;
            }
            demands.extend(self.demand(change));
            if change.touch == Touch::Nothing {
                continue;
            }
            let cause = self.cause(change, reverts.is_settled(at), &mut weight.warnings)?;
            if cause.bump > Bump::None {
                weight.bump = weight.bump.max(cause.bump);
                weight.causes.push(cause);
            }
        }
        if !self.told {
            weight.release_as = self.latest(&demands)?;
        }
        Ok(weight)
    }

    /// The pipeline's own pins. A squashed branch may carry their trailer along with real work,
    /// so that only a commit which leaves the image alone is taken for one.
    fn is_skipped(&self, change: &Change) -> bool {
        let asked = self.options.skip_marker
            && ["[skip release]", "[release skip]"]
                .iter()
                .any(|marker| change.message.contains(marker));
        let pin = || {
            let footers = conventional::footers(&change.message);
            footers.iter().any(|footer| footer.is("Windlass-Pin"))
        };
        asked || (change.touch != Touch::Image && pin())
    }

    /// `settled` is a revert of what is in the range too, so that nothing is left of either.
    fn cause(&self, change: &Change, settled: bool, warnings: &mut Vec<Warning>) -> Result<Cause> {
        let message = self.title(change);
        let parsed = conventional::parse(&message);
        if let Err(malformed) = &parsed {
            self.malformed(change, &message, *malformed, warnings)?;
        }
        let conventional = parsed.ok();
        let least = match change.touch {
            Touch::Image if !settled => Bump::Patch,
            _ => Bump::None,
        };
        let bump = match &conventional {
            _ if settled || change.merge => least,
            Some(commit) => least.max(self.bump_of(commit, &message)),
            None if !reverted(&message).is_empty() => least.max(self.of_type("revert")),
            None => least,
        };
        Ok(Cause {
            commit: change.id.to_string(),
            bump,
            subject: printable(conventional::subject(&message)),
            conventional: conventional.filter(|_| !change.merge),
        })
    }

    fn bump_of(&self, commit: &Commit, message: &str) -> Bump {
        if commit.breaking {
            return Bump::Major;
        }
        let mut bump = self.of_type(&commit.kind);
        if self.options.squash_bodies {
            for line in message.lines().filter_map(|line| line.strip_prefix("* ")) {
                if let Ok(inner) = conventional::parse(line) {
                    let inner = if inner.breaking {
                        Bump::Major
                    } else {
                        self.of_type(&inner.kind)
                    };
                    bump = bump.max(inner);
                }
            }
        }
        bump
    }

    fn of_type(&self, kind: &str) -> Bump {
        self.options.types.get(kind).copied().unwrap_or_default()
    }

    /// The message, or for a merged pull request in a first-parent walk its title, which forges
    /// put below a line of their own.
    fn title(&self, change: &Change) -> String {
        let first = conventional::subject(&change.message);
        let forge = first.starts_with("Merge pull request ") || first.starts_with("Merge branch ");
        if !(self.options.first_parent && forge) {
            return change.message.clone();
        }
        let rest = change
            .message
            .split_once('\n')
            .map_or("", |(_, rest)| rest.trim_start());
        if rest.is_empty() {
            &change.message
        } else {
            rest
        }
        .to_owned()
    }

    /// A message that git itself writes is no mistake; any other is one in strict mode, and worth
    /// a word where it is a near miss.
    fn malformed(
        &self,
        change: &Change,
        message: &str,
        malformed: Malformed,
        warnings: &mut Vec<Warning>,
    ) -> Result<()> {
        let subject = conventional::subject(message);
        let git = ["fixup! ", "squash! ", "amend! ", "Merge "];
        let git = git.iter().any(|word| subject.starts_with(word));
        if change.merge || git || !reverted(message).is_empty() {
            return Ok(());
        }
        let subject = printable(subject);
        let what = format!(
            "commit {:.12} `{subject}` does not follow Conventional Commits: {malformed}",
            change.id
        );
        if self.options.strict && !self.told {
            return Err(Error::new(ErrorKind::Message, what)
                .hint("reword it, or leave strict mode: it then counts by what it changes"));
        }
        if malformed != Malformed::Prefix {
            warnings.push(Warning::new(what).hint("it counts by what it changes, not by its type"));
        }
        Ok(())
    }

    /// What a commit demands. One that changes no file speaks for the application that its scope
    /// names, or for the only one.
    fn demand(&self, change: &Change) -> Option<Demand> {
        let footers = conventional::footers(&change.message);
        let footer = footers.into_iter().find(|footer| footer.is("Release-As"))?;
        let scope = || conventional::parse(&change.message).ok()?.scope;
        let speaks =
            change.touch != Touch::Nothing || scope().map_or(self.alone, |scope| scope == self.app);
        speaks.then_some(Demand {
            commit: change.id,
            value: footer.value,
        })
    }

    /// The demand that no later one follows; the highest where several stand side by side.
    fn latest(&self, demands: &[Demand]) -> Result<Option<Version>> {
        let followed = self.followed(demands)?;
        let mut highest: Option<Version> = None;
        for demand in demands
            .iter()
            .filter(|demand| !followed.contains(&demand.commit))
        {
            let version = demand.version()?;
            highest = Some(highest.map_or(version.clone(), |highest| highest.max(version)));
        }
        Ok(highest)
    }

    /// The demands that are in the history of another.
    fn followed(&self, demands: &[Demand]) -> Result<HashSet<Oid>> {
        let mut followed = HashSet::new();
        if demands.len() < 2 {
            return Ok(followed);
        }
        let cannot = |source| unreadable("the history of `Release-As`", source);
        let wanted: HashSet<Oid> = demands.iter().map(|demand| demand.commit).collect();
        let mut walk = self.repository.git.revwalk().map_err(cannot)?;
        for &demand in &wanted {
            for parent in self.repository.find(demand)?.parent_ids() {
                walk.push(parent).map_err(cannot)?;
            }
        }
        if let Some(base) = self.base {
            walk.hide(base).map_err(cannot)?;
        }
        for id in walk {
            followed.extend(wanted.get(&id.map_err(cannot)?));
        }
        Ok(followed)
    }
}

/// A `Release-As` footer.
struct Demand {
    commit: Oid,
    value: String,
}

impl Demand {
    fn version(&self) -> Result<Version> {
        let text = self.value.strip_prefix('v').unwrap_or(&self.value);
        let plain = |version: &Version| version.pre.is_empty() && version.build.is_empty();
        Version::parse(text).ok().filter(plain).ok_or_else(|| {
            Error::new(
                ErrorKind::ReleaseAs,
                format!(
                    "commit {:.12} asks for `Release-As: {}`, which is no plain version",
                    self.commit,
                    printable(&self.value)
                ),
            )
            .hint("give a plain version, as in `Release-As: 1.0.0`, in a later commit")
        })
    }
}
