//! What a pushed branch or tag makes of a commit: which image tags, in which environments.

use crate::error::{Error, ErrorKind, Result};
use crate::image::{checked, commit_tag, image_tag, sanitise};
use crate::line::Line;
use crate::next::{Next, Options, next, tagged};
use crate::repository::Repository;
use crate::scope::Layout;

/// An environment and the branch it is deployed from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Environment {
    /// Its name, which is that of its overlay.
    pub name: String,
    /// Its branch.
    pub branch: String,
    /// The image tag that follows the branch, in which `{branch}` stands for the branch's name;
    /// none where the environment gets releases only.
    pub tag: Option<String>,
}

/// What was pushed.
#[derive(Debug, Clone, Copy)]
pub enum Push<'a> {
    /// A branch.
    Branch(&'a str),
    /// A version tag, and the branch of the environment to release to if there are several.
    Tag(&'a str, Option<&'a str>),
}

/// What becomes of a commit.
#[derive(Debug, Clone)]
pub struct Release {
    /// What it is called as a release, or would be where it is none.
    pub next: Next,
    /// The branch whose environments run it.
    pub branch: String,
    /// Whether it is a release.
    pub released: bool,
    /// Whether an image of it is to be published.
    pub publish: bool,
    /// What the image calls itself: the version, or the commit's tag where there is none.
    pub version: String,
    /// The image tags, those that never move first.
    pub tags: Vec<String>,
    /// Those of `tags` that never move.
    pub immutable: Vec<String>,
    /// Which environment runs which tag.
    pub pins: Vec<(String, String)>,
}

impl Release {
    /// Holds the version against one that was worked out before.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Expectation`] where they differ.
    pub fn expect(&self, version: &str) -> Result<()> {
        if self.version == version {
            return Ok(());
        }
        let (app, found) = (&self.next.app, &self.version);
        Err(Error::new(
            ErrorKind::Expectation,
            format!("`{app}` was to be `{version}`, but this commit is `{found}`"),
        )
        .hint("run the whole pipeline again: a release came in between"))
    }
}

/// Works out what becomes of the commit at `revision` when it is pushed.
///
/// An environment with a tag of its own gets every commit of its branch; one without gets
/// releases. Any other image is named after its commit alone and says so of itself, so that the
/// same commit gives the same image on every branch and at every time.
///
/// # Errors
///
/// Those of [`next()`]; [`ErrorKind::ImageTag`] for an environment whose tag a registry would
/// refuse; [`ErrorKind::Branch`] for a tag that would release to two branches.
pub fn release(
    repository: &Repository,
    revision: &str,
    app: &str,
    push: Push<'_>,
    environments: &[Environment],
    layout: &Layout,
    options: &Options,
) -> Result<Release> {
    match push {
        Push::Branch(branch) => {
            let here: Vec<_> = environments
                .iter()
                .filter(|here| here.branch == branch)
                .collect();
            let channel = options.channel.filter(|_| !here.is_empty());
            let channel = channel.or(options.channels.get(branch).copied());
            let releases = channel.is_some() || here.iter().any(|here| here.tag.is_none());
            let options = Options {
                forecast: options.forecast || !releases,
                line: Line::of_branch(branch).filter(|_| releases),
                channel,
                ..options.clone()
            };
            let next = next(repository, revision, app, layout, &options)?;
            Plan { here, branch }.release(next, releases)
        }
        Push::Tag(tag, branch) => {
            let next = tagged(repository, revision, app, tag, layout, options)?;
            let here = environments.iter().filter(|here| here.tag.is_none());
            let here: Vec<_> = here
                .filter(|here| branch.is_none_or(|branch| here.branch == branch))
                .collect();
            let branch = single_branch(tag, &here)?;
            Plan { here, branch }.release(next, true)
        }
    }
}

struct Plan<'a> {
    here: Vec<&'a Environment>,
    branch: &'a str,
}

impl Plan<'_> {
    fn release(&self, next: Next, releases: bool) -> Result<Release> {
        let version = next.version.as_ref().filter(|_| releases);
        let immutable = match version {
            Some(version) => image_tag(version)?,
            None => commit_tag(&next.commit),
        };
        let mut moving = Vec::new();
        let mut pins = Vec::new();
        for environment in &self.here {
            let tag = match &environment.tag {
                Some(tag) => {
                    let tag = checked(tag.replace("{branch}", &sanitise(self.branch)))?;
                    moving.push(tag.clone());
                    Some(tag)
                }
                None => version
                    .filter(|version| version.pre.is_empty())
                    .map(|_| immutable.clone()),
            };
            pins.extend(tag.map(|tag| (environment.name.clone(), tag)));
        }
        let publish = version.is_some() || !moving.is_empty();
        if version.is_some() {
            moving.extend(next.pointers.iter().cloned());
        }
        let mut tags = Vec::new();
        for tag in std::iter::once(immutable.clone())
            .chain(moving)
            .filter(|_| publish)
        {
            if !tags.contains(&tag) {
                tags.push(tag);
            }
        }
        Ok(Release {
            branch: self.branch.to_owned(),
            released: version.is_some(),
            publish,
            version: version.map_or_else(|| commit_tag(&next.commit), ToString::to_string),
            immutable: publish.then_some(immutable).into_iter().collect(),
            tags,
            pins,
            next,
        })
    }
}

fn single_branch<'a>(tag: &str, here: &[&'a Environment]) -> Result<&'a str> {
    let Some(first) = here.first() else {
        return Ok("");
    };
    match here.iter().find(|other| other.branch != first.branch) {
        None => Ok(&first.branch),
        Some(other) => Err(Error::new(
            ErrorKind::Branch,
            format!(
                "tag `{tag}` would release to `{}` on `{}` and to `{}` on `{}`",
                first.name, first.branch, other.name, other.branch
            ),
        )
        .hint("name one of the branches with `--branch`")),
    }
}
