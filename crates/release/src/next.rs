//! The next version of an application at a commit.

use crate::bump::{Bump, Cause, Weigher, Weight};
use crate::changes::Reader;
use crate::error::{Error, ErrorKind, Result};
use crate::line::{Channel, Line};
use crate::names::TagNames;
use crate::repository::{Repository, Tag};
use crate::scope::{Layout, Scope};
use crate::walk::{Walk, is_in_history};
use git2::Oid;
use semver::Version;
use std::collections::{BTreeMap, HashSet};
use windlass_fault::Warning;

/// What may be decided otherwise than usual.
#[derive(Debug, Clone)]
pub struct Options {
    /// The first version of an application without any tag.
    pub first: Option<Version>,
    /// Makes a pre-release of this channel.
    pub channel: Option<Channel>,
    /// The channels of branches, with or without an environment.
    pub channels: BTreeMap<String, Channel>,
    /// The line that the branch keeps, as `1.2.x`.
    pub line: Option<Line>,
    /// The answer is no release but a forecast: releases of other branches count as made.
    pub forecast: bool,
    /// A message that does not follow Conventional Commits is an error.
    pub strict: bool,
    /// Looks at merges from their first parent alone, and at the title of their pull request.
    pub first_parent: bool,
    /// Reads the `* feat: …` lines which a forge puts into the message of a squashed branch.
    pub squash_bodies: bool,
    /// Leaves out commits that say `[skip release]`.
    pub skip_marker: bool,
    /// How far each type moves a version; one that is not named does not.
    pub types: BTreeMap<String, Bump>,
}

impl Default for Options {
    fn default() -> Self {
        let types = [
            ("feat", Bump::Minor),
            ("fix", Bump::Patch),
            ("perf", Bump::Patch),
            ("revert", Bump::Patch),
        ];
        Self {
            first: None,
            channel: None,
            channels: BTreeMap::new(),
            line: None,
            forecast: false,
            strict: false,
            first_parent: false,
            squash_bodies: false,
            skip_marker: false,
            types: types.map(|(name, bump)| (name.to_owned(), bump)).into(),
        }
    }
}

/// What a commit is called.
#[derive(Debug, Clone)]
pub struct Next {
    /// The application.
    pub app: String,
    /// The whole commit hash.
    pub commit: String,
    /// The date of the commit in UTC, as `2026-11-23`.
    pub date: String,
    /// Its version; none where nothing is to be released.
    pub version: Option<Version>,
    /// The git tag of that version.
    pub tag: Option<String>,
    /// Whether the commit carries that tag already.
    pub exists: bool,
    /// How far the version moves from `previous`.
    pub bump: Bump,
    /// The tag of the release before.
    pub previous: Option<String>,
    /// The commits that count, newest first.
    pub causes: Vec<Cause>,
    /// Which of `1.2`, `1` and `latest` this version is the highest stable one of.
    pub pointers: Vec<String>,
    /// What is odd about the history.
    pub warnings: Vec<Warning>,
}

/// Works out what the commit at `revision` is called as a release of `app`.
///
/// The answer is a function of the commit, the tags, the layout and the options. A commit that
/// carries a stable tag of the application already is that version, so that a second run says
/// what the first said.
///
/// # Errors
///
/// See [`ErrorKind`]: whenever the history does not tell, this is an error and not a guess.
pub fn next(
    repository: &Repository,
    revision: &str,
    app: &str,
    layout: &Layout,
    options: &Options,
) -> Result<Next> {
    let question = Question::new(repository, revision, app, layout, options)?;
    match question.given() {
        Some(tag) => question.named(tag),
        None => question.computed(),
    }
}

/// The release that a version tag pushed by hand makes of the commit at `revision`.
///
/// # Errors
///
/// [`ErrorKind::TagName`] for a tag that is not of this application, [`ErrorKind::TagElsewhere`]
/// for one that points at another commit, and those of [`next`].
pub fn tagged(
    repository: &Repository,
    revision: &str,
    app: &str,
    tag: &str,
    layout: &Layout,
    options: &Options,
) -> Result<Next> {
    let question = Question::new(repository, revision, app, layout, options)?;
    let Some(version) = question.names.parse(tag) else {
        return Err(question.not_ours(tag));
    };
    let found = question.tags.iter().find(|found| found.name == tag);
    match found {
        Some(found) if found.commit == Some(question.head) => question.named(found),
        found => {
            let place = match found.and_then(|found| found.commit) {
                Some(commit) => format!("points at {commit:.12}"),
                None => "is not in this repository".to_owned(),
            };
            let head = question.head;
            Err(Error::new(
                ErrorKind::TagElsewhere,
                format!("cannot release {head:.12} as `{version}`: tag `{tag}` {place}"),
            )
            .hint(format!(
                "check the tag out: `git fetch --tags && git checkout {tag}`"
            )))
        }
    }
}

struct Question<'a> {
    repository: &'a Repository,
    options: &'a Options,
    app: &'a str,
    head: Oid,
    date: String,
    alone: bool,
    names: TagNames,
    /// Highest version first.
    tags: Vec<Tag>,
    scope: Scope,
}

impl<'a> Question<'a> {
    fn new(
        repository: &'a Repository,
        revision: &str,
        app: &'a str,
        layout: &Layout,
        options: &'a Options,
    ) -> Result<Self> {
        let head = repository.commit(revision)?;
        let apps = repository.apps_at(head, layout)?;
        if !apps.has(app)? {
            return Err(layout.unknown("", app, &apps)?);
        }
        layout.check(&apps)?;
        let alone = apps.all().take(2).collect::<Result<Vec<_>>>()?.len() == 1;
        let names = TagNames::new(&layout.tag_prefix, app, alone);
        Ok(Self {
            repository,
            options,
            app,
            head,
            date: repository.date(head)?,
            alone,
            tags: repository.tags(&names)?,
            names,
            scope: Scope::new(layout, app, &apps.names()?),
        })
    }

    /// The tag that the commit carries and that answers the question: a stable one, or one of
    /// the channel that is asked for.
    fn given(&self) -> Option<&Tag> {
        self.tags.iter().find(|tag| {
            tag.commit == Some(self.head)
                && (tag.version.pre.is_empty()
                    || self
                        .options
                        .channel
                        .is_some_and(|channel| channel.holds(&tag.version)))
        })
    }

    fn stable(&self) -> impl Iterator<Item = &Tag> {
        self.tags.iter().filter(|tag| tag.version.pre.is_empty())
    }

    /// The answer where a tag on the commit gives the version.
    fn named(&self, tag: &Tag) -> Result<Next> {
        let lower = |other: &&Tag| {
            other.version.cmp_precedence(&tag.version).is_lt() && other.commit != tag.commit
        };
        let previous = self.highest(self.stable().filter(lower))?;
        let weight = self.weigh(previous, true)?;
        let bump = match previous {
            Some(previous) => Bump::between(&previous.version, &tag.version),
            None => weight.bump.for_version(&tag.version),
        };
        Ok(self.answer(
            Some((tag.version.clone(), tag.name.clone(), true)),
            bump,
            previous,
            weight,
        ))
    }

    fn computed(&self) -> Result<Next> {
        let base = self.base()?;
        let mut weight = self.weigh(base, false)?;
        let demanded = weight.release_as.is_some();
        let stable = self.core(base, &weight)?;
        let before = self.highest_pre(base)?;
        let core = match stable {
            Some(stable) if !demanded => Some(promoted(stable, before)),
            stable => stable,
        };
        let version = match (self.options.channel, core) {
            (Some(channel), Some(core)) => self.pre_release(channel, core, before, &mut weight)?,
            (_, core) => core,
        };
        let Some(version) = version else {
            return Ok(self.answer(None, Bump::None, base, weight));
        };
        if base.is_none() && self.options.first.is_none() && !demanded {
            self.check_first()?;
        }
        self.check(&version, base, before, &weight)?;
        let core = Version::new(version.major, version.minor, version.patch);
        let bump = base.map_or(weight.bump.for_version(&core), |base| {
            Bump::between(&base.version, &core)
        });
        let name = self.names.name(&version);
        Ok(self.answer(Some((version, name, false)), bump, base, weight))
    }

    /// The release to count from.
    fn base(&self) -> Result<Option<&Tag>> {
        let found = self.highest(self.stable())?;
        if !self.options.forecast {
            return Ok(found);
        }
        Ok(self.stable().find(|tag| tag.commit.is_some()).or(found))
    }

    /// The highest of some tags, given from high to low, that is in the history of the commit.
    fn highest<'t>(&self, tags: impl Iterator<Item = &'t Tag>) -> Result<Option<&'t Tag>> {
        let tags: Vec<_> = tags.collect();
        // Nearly always it is one of the first; a walk of everything pays for many only.
        for (at, tag) in tags.iter().enumerate() {
            if at == 8 {
                return self.highest_by_walk(&tags[at..]);
            }
            let Some(commit) = tag.commit else { continue };
            if is_in_history(self.repository, commit, self.head)? {
                return Ok(Some(tag));
            }
        }
        Ok(None)
    }

    fn highest_by_walk<'t>(&self, tags: &[&'t Tag]) -> Result<Option<&'t Tag>> {
        let mut wanted: HashSet<Oid> = tags.iter().filter_map(|tag| tag.commit).collect();
        let mut found = HashSet::new();
        let mut walk = Walk::new(self.repository, self.head, None, false)?;
        while !wanted.is_empty()
            && let Some((id, _)) = walk.next()?
        {
            if wanted.remove(&id) {
                found.insert(id);
            }
        }
        let in_history = |tag: &&&Tag| tag.commit.is_some_and(|commit| found.contains(&commit));
        Ok(tags.iter().find(in_history).copied())
    }

    fn weigh(&self, base: Option<&Tag>, told: bool) -> Result<Weight> {
        let base = base.and_then(|base| base.commit);
        let walk = Walk::new(self.repository, self.head, base, self.options.first_parent)?;
        let changes = Reader::new(self.repository, &self.scope).changes(walk)?;
        let weigher = Weigher {
            repository: self.repository,
            options: self.options,
            app: self.app,
            base,
            alone: self.alone,
            told,
        };
        weigher.weigh(&changes)
    }

    /// The stable version that the changes since the last one lead to.
    fn core(&self, base: Option<&Tag>, weight: &Weight) -> Result<Option<Version>> {
        if let Some(version) = &weight.release_as {
            return Ok(Some(version.clone()));
        }
        if weight.bump == Bump::None {
            return Ok(None);
        }
        let Some(base) = base else {
            let first = self.options.first.clone();
            return Ok(Some(first.unwrap_or(Version::new(0, 1, 0))));
        };
        weight
            .bump
            .for_version(&base.version)
            .apply(&base.version)
            .map(Some)
    }

    /// The highest pre-release in the history that is above the last stable version.
    fn highest_pre(&self, base: Option<&Tag>) -> Result<Option<&Tag>> {
        let above = |tag: &&Tag| {
            let above = |base: &Tag| tag.version.cmp_precedence(&base.version).is_gt();
            !tag.version.pre.is_empty() && base.is_none_or(above)
        };
        self.highest(self.tags.iter().filter(above))
    }

    /// The next number of a channel. Nothing is to be released where nothing came after the
    /// last pre-release of that channel.
    fn pre_release(
        &self,
        channel: Channel,
        core: Version,
        before: Option<&Tag>,
        weight: &mut Weight,
    ) -> Result<Option<Version>> {
        let same_core = |version: &Version| {
            (version.major, version.minor, version.patch) == (core.major, core.minor, core.patch)
        };
        if let Some(before) = before
            && same_core(&before.version)
            && channel.holds(&before.version)
        {
            let since = self.weigh(Some(before), false)?;
            if since.bump == Bump::None && since.release_as.is_none() {
                weight.causes.clear();
                return Ok(None);
            }
        }
        let numbers = self.tags.iter().filter(|tag| same_core(&tag.version));
        let last = numbers.filter_map(|tag| channel.number(&tag.version)).max();
        channel.version(&core, last).map(Some)
    }

    /// What must hold of a version that is to be given.
    fn check(
        &self,
        version: &Version,
        base: Option<&Tag>,
        before: Option<&Tag>,
        weight: &Weight,
    ) -> Result<()> {
        if let Some(base) = base
            && version.cmp_precedence(&base.version).is_le()
        {
            return Err(Error::new(
                ErrorKind::ReleaseAs,
                format!(
                    "cannot release `{version}` after `{}`: it is not higher",
                    base.name
                ),
            )
            .hint("name a higher version in the `Release-As` footer of a later commit"));
        }
        if let Some(before) = before
            && version.cmp_precedence(&before.version).is_le()
        {
            return Err(Error::new(
                ErrorKind::Order,
                format!(
                    "cannot release `{version}`: it sorts below `{}`, which came before",
                    before.name
                ),
            )
            .hint("release on the same or a later channel: alpha, beta, rc, none"));
        }
        if let Some(line) = self.options.line
            && !line.holds(version)
        {
            return Err(self.outside(line, version, weight));
        }
        let same = |tag: &&Tag| tag.version.cmp_precedence(version).is_eq();
        match self.tags.iter().find(same) {
            Some(tag) => Err(taken(tag, version)),
            None => Ok(()),
        }
    }

    /// An application without a tag in its history must be one that never had a release.
    fn check_first(&self) -> Result<()> {
        if let Some(tag) = self.stable().next() {
            return Err(Error::new(
                ErrorKind::UnreachableTag,
                format!(
                    "no release of `{}` is in the history of {:.12}, but `{}` exists",
                    self.app, self.head, tag.name
                ),
            )
            .hint("merge the branch that was released, or fetch the whole history"));
        }
        let Some((tag, version)) = self.repository.foreign_tag(&self.names)? else {
            return Ok(());
        };
        Err(Error::new(
            ErrorKind::ForeignTag,
            format!(
                "`{}` has no tag of the form `{}`, but the repository has `{tag}`",
                self.app,
                self.names.form()
            ),
        )
        .hint(format!(
            "if that was its last release, `git tag {} {tag}`; if it had none, name its first version with `--first`",
            self.names.name(&version)
        )))
    }

    fn not_ours(&self, tag: &str) -> Error {
        let error = Error::new(
            ErrorKind::TagName,
            format!("tag `{tag}` gives no version of `{}`", self.app),
        );
        match self.names.guess(tag) {
            Some(version) => error.hint(format!("name it `{}`", self.names.name(&version))),
            None => error.hint(format!("its tags have the form `{}`", self.names.form())),
        }
    }

    fn outside(&self, line: Line, version: &Version, weight: &Weight) -> Error {
        let cause = weight.causes.iter().max_by_key(|cause| cause.bump);
        let cause = cause.map_or(String::new(), |cause| {
            format!(": {:.12} `{}` asks for it", cause.commit, cause.subject)
        });
        Error::new(
            ErrorKind::Line,
            format!("cannot release `{version}` from the line `{line}`{cause}"),
        )
        .hint("keep this branch to fixes, or release from another")
    }

    fn answer(
        &self,
        given: Option<(Version, String, bool)>,
        bump: Bump,
        previous: Option<&Tag>,
        weight: Weight,
    ) -> Next {
        let pointers = given.as_ref().map_or(Vec::new(), |(version, ..)| {
            let stable = self.stable().map(|tag| &tag.version);
            crate::image::pointers(version, stable)
        });
        let (version, tag, exists) = match given {
            Some((version, tag, exists)) => (Some(version), Some(tag), exists),
            None => (None, None, false),
        };
        Next {
            app: self.app.to_owned(),
            commit: self.head.to_string(),
            date: self.date.clone(),
            version,
            tag,
            exists,
            bump,
            previous: previous.map(|tag| tag.name.clone()),
            causes: weight.causes,
            pointers,
            warnings: weight.warnings,
        }
    }
}

/// The stable version, or the core of a pre-release that went further already.
fn promoted(stable: Version, before: Option<&Tag>) -> Version {
    let before = before.map(|tag| &tag.version);
    let core = before.map(|before| Version::new(before.major, before.minor, before.patch));
    core.map_or(stable.clone(), |core| core.max(stable))
}

fn taken(tag: &Tag, version: &Version) -> Error {
    let place = match tag.commit {
        Some(commit) => format!("`{}` is at {commit:.12}, outside this history", tag.name),
        None => format!("`{}` exists", tag.name),
    };
    Error::new(
        ErrorKind::TagTaken,
        format!("cannot release `{version}`: {place}"),
    )
    .hint("merge that release, or name a free version in a `Release-As` footer")
}
