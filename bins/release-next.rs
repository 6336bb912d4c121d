//! Say what a commit is called as a release of an application.

mod layout;

use layout::layout;
use std::fmt;
use std::process::ExitCode;
use windlass_cli::{self as cli, Common, Config, Context, Failure, Report};
use windlass_fault::Warning;
use windlass_gitsync::{self as gitsync, Access, Identity, Oid, Role, Settings, Tagged};
use windlass_release::{
    Bump, Cause, Channel, Environment, Options, Push, Release, Repository, Version, changelog,
    release,
};

/// How many commits an output names; a step's outputs are limited in size.
const NAMED: usize = 100;

/// How many bytes of release notes a git tag holds; every clone gets all tags.
const HELD: usize = 64 << 10;

/// Say what a commit is called as a release of an application
///
/// The version follows from the application's tags in the history of the commit and from the commits since the last of
/// them that touch it: Conventional Commits decide, and what goes into the image is at least a patch. A branch whose
/// environments have image tags of their own gets no version: its image is named after the commit. Nothing to release
/// is no error. The commit must be checked out with its whole history. windlass.yaml may say what is shared between
/// applications, how far types of commits move a version, and which branches make pre-releases.
///
/// Outputs: app, branch, released, publish, version, next, bump, tag, previous, image, tags, immutable, pins, created,
/// commits, changelog.
#[derive(clap::Parser)]
#[command(name = "release-next")]
#[command(group = clap::ArgGroup::new("push").args(["branch", "tag"]).multiple(true).required(true))]
struct Args {
    #[command(flatten)]
    common: Common,
    /// The application
    #[arg(long, value_name = "APP")]
    app: String,
    /// The branch that was pushed; with a tag, the one of the environment to release to
    #[arg(long, value_name = "BRANCH")]
    branch: Option<String>,
    /// The version tag that was pushed; empty for none
    #[arg(long, value_name = "TAG")]
    tag: Option<String>,
    /// The commit to name
    #[arg(long, value_name = "REV", default_value = "HEAD")]
    head: String,
    /// Where images go [default: as windlass.yaml says]
    #[arg(long, env = "WINDLASS_REGISTRY", value_name = "REGISTRY")]
    registry: Option<String>,
    /// Make the git tag of a release and push it, unless there is one
    #[arg(long)]
    create: bool,
    /// With --create, push nothing
    #[arg(long)]
    dry_run: bool,
    /// Refuse if the version is another one; empty for none
    #[arg(long, value_name = "VERSION")]
    expect: Option<String>,
    /// Where to push the tag: a remote's name or address
    #[arg(long, value_name = "REMOTE", default_value = "origin")]
    remote: String,
    /// Let the git program push the tag, by whatever way it knows
    #[arg(long)]
    via_git: bool,
    /// Make a pre-release of this channel: alpha, beta or rc
    #[arg(long, value_name = "CHANNEL")]
    channel: Option<Channel>,
    /// The version of an application that had none [default: 0.1.0]
    #[arg(long, value_name = "VERSION")]
    first: Option<Version>,
    /// Refuse commits that do not follow Conventional Commits
    #[arg(long)]
    strict: bool,
    /// Look at merges from their first parent alone, and at the titles of their pull requests
    #[arg(long)]
    first_parent: bool,
    /// Count the `* feat: …` lines that a forge writes into the message of a squashed branch
    #[arg(long)]
    squash_bodies: bool,
    /// Leave out commits that say `[skip release]`
    #[arg(long)]
    skip_marker: bool,
    /// Print the release notes, in the form of Keep a Changelog; the git tag holds them too, up to 64 KiB
    #[arg(long)]
    changelog: bool,
}

impl AsRef<Common> for Args {
    fn as_ref(&self) -> &Common {
        &self.common
    }
}

#[derive(serde::Serialize)]
struct Output {
    /// The application.
    app: String,
    /// The branch whose environments run it, where pins go.
    branch: String,
    /// Whether the commit is a release.
    released: bool,
    /// Whether to build and publish an image of it.
    publish: bool,
    /// What the image calls itself: the version of a release, or the commit.
    version: String,
    /// The version that a release of the commit has or would have.
    next: Option<String>,
    /// How far that is from the release before.
    bump: Bump,
    /// The git tag of the release.
    tag: Option<String>,
    /// The git tag of the release before.
    previous: Option<String>,
    /// The image without a tag.
    image: String,
    /// The image's tags, those that never move first.
    tags: Vec<String>,
    /// Those that never move.
    immutable: Vec<String>,
    /// Which environment gets which tag, as ENV=TAG.
    pins: Vec<String>,
    /// Whether the git tag was made by this run.
    created: bool,
    /// The newest commits that count.
    commits: Vec<Commit>,
    /// The release notes, with --changelog.
    changelog: Option<String>,
    #[serde(skip)]
    warnings: Vec<Warning>,
}

#[derive(serde::Serialize)]
struct Commit {
    commit: String,
    bump: Bump,
    subject: String,
}

impl fmt::Display for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.changelog {
            Some(notes) => f.write_str(notes),
            None => writeln!(f, "{}", self.version),
        }
    }
}

impl Report for Output {
    fn warnings(&self) -> &[Warning] {
        &self.warnings
    }
}

fn main() -> ExitCode {
    windlass_cli::main(run)
}

fn run(args: Args, context: &Context) -> Result<Output, Failure> {
    let config = context.config()?;
    let registry = given(&args.registry).unwrap_or(&config.registry).to_owned();
    let release = work_out(&args, &config, context)?;
    for cause in &release.next.causes {
        context.detail(format_args!(
            "{} {:.12} {}",
            cause.bump, cause.commit, cause.subject
        ));
    }
    if let Some(expected) = given(&args.expect) {
        release.expect(expected)?;
    }
    let notes = changelog(&release.next);
    let created = args.create && create(&args, &release, &notes, context)?;
    let image = format!("{}/{}", registry.trim_end_matches('/'), args.app);
    Ok(output(
        release,
        image,
        created,
        args.changelog.then_some(notes),
    ))
}

fn work_out(args: &Args, config: &Config, context: &Context) -> Result<Release, Failure> {
    let push = match (given(&args.tag), given(&args.branch)) {
        (Some(tag), branch) => Push::Tag(tag, branch),
        (None, Some(branch)) => Push::Branch(branch),
        (None, None) => return Err(Failure::usage("give a branch or a tag")),
    };
    let environments: Vec<_> = config
        .environments
        .iter()
        .map(|environment| Environment {
            name: environment.name.clone(),
            branch: environment.branch.clone(),
            tag: environment.tag.clone(),
        })
        .collect();
    let (layout, options) = (layout(config), options(args, config));
    // A long history is read as git reads it: without hashing every object again, and once.
    git2::opts::strict_hash_verification(false);
    git2::opts::enable_caching(false);
    let repository = Repository::open(context.directory())?;
    let (head, app) = (&args.head, &args.app);
    Ok(release(
        &repository,
        head,
        app,
        push,
        &environments,
        &layout,
        &options,
    )?)
}

/// What is asked for beside what `windlass.yaml` says.
fn options(args: &Args, config: &Config) -> Options {
    let rules = &config.release;
    let mut options = Options {
        first: args.first.clone().or_else(|| rules.first.clone()),
        channel: args.channel,
        strict: args.strict || rules.strict,
        first_parent: args.first_parent || rules.first_parent,
        squash_bodies: args.squash_bodies || rules.squash_bodies,
        skip_marker: args.skip_marker || rules.skip_marker,
        ..Options::default()
    };
    for (name, how_far) in &rules.types {
        options.types.insert(name.clone(), bump(*how_far));
    }
    for (branch, name) in &rules.channels {
        options.channels.insert(branch.clone(), channel(*name));
    }
    options
}

fn bump(named: cli::Bump) -> Bump {
    match named {
        cli::Bump::None => Bump::None,
        cli::Bump::Patch => Bump::Patch,
        cli::Bump::Minor => Bump::Minor,
        cli::Bump::Major => Bump::Major,
    }
}

fn channel(named: cli::Channel) -> Channel {
    match named {
        cli::Channel::Alpha => Channel::Alpha,
        cli::Channel::Beta => Channel::Beta,
        cli::Channel::Rc => Channel::Rc,
    }
}

/// Makes the git tag on the remote. The remote takes it only if it has none of that name, so that
/// of two runs one wins and the other hears of it.
fn create(args: &Args, release: &Release, notes: &str, context: &Context) -> Result<bool, Failure> {
    let (Some(tag), true, false) = (&release.next.tag, release.released, release.next.exists)
    else {
        return Ok(false);
    };
    let commit = &release.next.commit;
    let target: Oid = commit.parse().expect("a commit's hash is one");
    let access = Access {
        via_git: args.via_git,
        ..Access::from_variables(context.directory(), |name| context.env(name))
    };
    let address = gitsync::address(context.directory(), &args.remote)?;
    let mut remote = gitsync::open(&address, &access)?;
    let settings = Settings::read(context.directory(), |name| context.env(name))?;
    let tagger = Identity::from_settings(Role::Committer, context.now(), &settings)?;
    let options = gitsync::Options {
        dry_run: args.dry_run,
        ..gitsync::Options::default()
    };
    let message = format!("{} {}\n\n{}", args.app, release.version, held(notes));
    match gitsync::create_tag(&mut *remote, tag, target, &message, &tagger, &options)? {
        Tagged::Created(_) => Ok(true),
        Tagged::Exists { target: found, .. } if found == target => Ok(false),
        Tagged::Exists { target: found, .. } => Err(Failure::input(
            format!(
                "cannot release {commit:.12} as `{}`: `{tag}` of the remote is at {found:.12}",
                release.version
            ),
            Some("another run was faster: fetch its tags and run the whole pipeline again".into()),
        )),
    }
}

/// What the git tag holds of the notes: whole lines, and a word about the others.
fn held(notes: &str) -> String {
    if notes.len() <= HELD {
        return notes.to_owned();
    }
    let mut length = 0;
    let fits = |line: &&str| {
        length += line.len();
        length <= HELD
    };
    let kept: String = notes.split_inclusive('\n').take_while(fits).collect();
    format!("{kept}\nThe rest is too long for a tag; see release-next --changelog.\n")
}

fn output(release: Release, image: String, created: bool, notes: Option<String>) -> Output {
    let next = release.next;
    let pins = release.pins.iter();
    Output {
        app: next.app,
        branch: release.branch,
        released: release.released,
        publish: release.publish,
        version: release.version,
        next: next.version.map(|version| version.to_string()),
        bump: next.bump,
        tag: next.tag.filter(|_| release.released),
        previous: next.previous,
        image,
        tags: release.tags,
        immutable: release.immutable,
        pins: pins
            .map(|(environment, tag)| format!("{environment}={tag}"))
            .collect(),
        created,
        commits: next.causes.into_iter().take(NAMED).map(commit).collect(),
        changelog: notes,
        warnings: next.warnings,
    }
}

fn commit(cause: Cause) -> Commit {
    Commit {
        commit: cause.commit,
        bump: cause.bump,
        subject: cause.subject,
    }
}

/// A value that is there: a workflow passes what it has not as an empty word.
fn given(value: &Option<String>) -> Option<&str> {
    value.as_deref().filter(|value| !value.is_empty())
}
