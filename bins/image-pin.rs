//! Pin an image in the overlays of an application.

#[path = "access/writing.rs"]
mod writing;

use std::fmt;
use std::process::ExitCode;
use windlass_cli::{Common, Context, Failure, Report};
use windlass_gitsync::{Digest, Outcome, Pin, PinOptions, Pinned, pin, pin_message, sync};

/// Pin an image by tag and digest in the overlays of an application
///
/// The pins become one commit on a branch of the remote. Nothing is checked out: the overlays are read at the branch's
/// tip, and the commit is taken only if the branch still holds that tip; if another was faster, all of it is done again
/// on the new tip. Only newTag and digest of the image change, to the byte. What is pinned already is left alone, and
/// where nothing changes there is no commit.
///
/// Author, committer and their dates are those of GIT_AUTHOR_NAME, GIT_AUTHOR_EMAIL, GIT_AUTHOR_DATE and
/// GIT_COMMITTER_NAME and so on, or else git's configuration gives them. Credentials come from the remote's address, from GITHUB_TOKEN for the server of
/// GITHUB_SERVER_URL, or from git's credential helpers; ssh keys are ssh's business.
///
/// Outputs: changed, commit, branch, paths, pins.
#[derive(clap::Parser)]
#[command(name = "image-pin")]
struct Args {
    #[command(flatten)]
    common: Common,
    /// The application
    #[arg(long, value_name = "APP")]
    app: String,
    /// Which environment gets which tag; several in one word or several times
    #[arg(long, value_name = "ENV=TAG", required = true)]
    pin: Vec<String>,
    /// The digest of the image
    #[arg(long, value_name = "DIGEST")]
    digest: String,
    /// The branch that holds the overlays
    #[arg(long, value_name = "BRANCH")]
    branch: String,
    /// The image's name in the overlays [default: the application's, or the only one]
    #[arg(long, value_name = "NAME")]
    image: Option<String>,
    /// Refuse if the image has another tag than this
    #[arg(long, value_name = "TAG")]
    expect: Option<String>,
    /// Replace a version by an older one
    #[arg(long)]
    allow_downgrade: bool,
    /// Add the image to overlays that have it not
    #[arg(long)]
    add: bool,
    #[command(flatten)]
    writing: writing::Flags,
}

impl AsRef<Common> for Args {
    fn as_ref(&self) -> &Common {
        &self.common
    }
}

#[derive(serde::Serialize)]
struct Output {
    /// Whether the overlays were not pinned so before.
    changed: bool,
    /// The commit that pins; none if nothing changed, or with --dry-run.
    commit: Option<String>,
    /// The branch.
    branch: String,
    /// The files that changed.
    paths: Vec<String>,
    /// What each overlay was pinned from and to.
    pins: Vec<Line>,
}

#[derive(serde::Serialize)]
struct Line {
    environment: String,
    image: String,
    before: String,
    after: String,
}

impl fmt::Display for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Line {
            environment,
            image,
            before,
            after,
        } in &self.pins
        {
            match before {
                before if before == after => {
                    writeln!(f, "{environment}: {image} is at {after} already")?
                }
                before if before.is_empty() => writeln!(f, "{environment}: {image} to {after}")?,
                before => writeln!(f, "{environment}: {image} from {before} to {after}")?,
            }
        }
        match &self.commit {
            Some(commit) => writeln!(f, "commit {commit} on {}", self.branch),
            None => Ok(()),
        }
    }
}

impl Report for Output {}

fn main() -> ExitCode {
    windlass_cli::main(run)
}

fn run(args: Args, context: &Context) -> Result<Output, Failure> {
    let digest: Digest = args.digest.parse()?;
    let words = args.pin.iter().flat_map(|words| words.split_whitespace());
    let pins: Vec<Pin> = words.map(str::parse).collect::<Result<_, _>>()?;
    if pins.is_empty() {
        return Err(Failure::usage("there is nothing to pin: `--pin` is empty"));
    }
    let pinning = PinOptions {
        apps: context.config()?.apps,
        image: args.image.clone(),
        expect: args.expect.clone(),
        add: args.add,
        allow_downgrade: args.allow_downgrade,
    };
    let mut to = args.writing.read(context)?;
    let mut pinned = Vec::new();
    let outcome = sync(
        &mut *to.remote,
        &args.branch,
        &to.signature,
        &to.options,
        &mut |draft| {
            pinned = pin(draft, &args.app, &pins, &digest, &pinning)?;
            Ok(pin_message(&args.app, &pinned))
        },
    )?;
    if outcome.attempts > 1 {
        context.detail(format_args!("landed with attempt {}", outcome.attempts));
    }
    Ok(output(args, outcome, pinned))
}

fn output(args: Args, outcome: Outcome, pinned: Vec<Pinned>) -> Output {
    Output {
        changed: outcome.changed(),
        commit: outcome.commit.map(|commit| commit.to_string()),
        branch: args.branch,
        paths: outcome.paths,
        pins: pinned
            .into_iter()
            .map(|pinned| Line {
                environment: pinned.environment,
                image: pinned.image,
                before: pinned.before,
                after: pinned.after,
            })
            .collect(),
    }
}
