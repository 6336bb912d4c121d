//! Pin images in the overlays of applications.

#[path = "access/line.rs"]
mod line;
#[path = "access/pull.rs"]
mod pull;
#[path = "access/writing.rs"]
mod writing;

use line::Line;
use pull::Pull;
use std::fmt;
use std::io::Read;
use std::process::ExitCode;
use windlass_cli::{Common, Context, Failure, Report};
use windlass_gitsync::{Digest, Outcome, Pin, PinOptions, Pinned, pin, pin_message, sync};

/// The longest list of pins that is read, in bytes.
const LIST_LIMIT: u64 = 1 << 20;

/// Pin images by tag and digest in the overlays of applications
///
/// The pins become one commit on a branch of the remote. Nothing is checked out: the overlays are read at the branch's
/// tip, and the commit is taken only if the branch still holds that tip; if another was faster, all of it is done again
/// on the new tip. Only newTag and digest of the image change, to the byte. What is pinned already is left alone, and
/// where nothing changes there is no commit. If one pin is refused none is made, and every refusal is told. An image
/// with a comment `# windlass: hold` in its entry or above it is not pinned.
///
/// With --push-to the commit goes to another branch, for a pull request into the branch, and the output `pull` has what
/// that takes: branch, base, title and body. The branch holds the base and these pins alone. It is made or moves
/// forward; one that holds anything else is refused.
///
/// Author, committer and their dates are those of GIT_AUTHOR_NAME, GIT_AUTHOR_EMAIL, GIT_AUTHOR_DATE and
/// GIT_COMMITTER_NAME and so on, or else git's configuration gives them. Credentials come from the remote's address, from GITHUB_TOKEN for the server of
/// GITHUB_SERVER_URL, or from git's credential helpers; ssh keys are ssh's business.
///
/// Outputs: changed, commit, branch, paths, pins, pull.
#[derive(clap::Parser)]
#[command(name = "image-pin")]
struct Args {
    #[command(flatten)]
    common: Common,
    /// The application of --pin
    #[arg(long, value_name = "APP", requires = "pin")]
    app: Option<String>,
    /// Which environment of --app gets which tag; several in one word or several times
    #[arg(long, value_name = "ENV=TAG", required_unless_present = "edit", requires_all = ["app", "digest"])]
    pin: Vec<String>,
    /// The digest of the image of --pin
    #[arg(long, value_name = "DIGEST", requires = "pin")]
    digest: Option<String>,
    /// The image of --pin in the overlays [default: that of the application's name, or the only one]
    #[arg(long, value_name = "NAME", requires = "pin")]
    image: Option<String>,
    /// Pin this image of any application; several in one word or several times, or `-` to read them from stdin
    #[arg(long, value_name = "APP/ENV[/IMAGE]=TAG[@DIGEST]")]
    edit: Vec<String>,
    /// The branch that holds the overlays
    #[arg(long, value_name = "BRANCH")]
    branch: String,
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
    /// What a pull request takes, with --push-to; none if the branch needs no change.
    pull: Option<Pull>,
}

impl fmt::Display for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let first = self.pins.first().map(|pin| &pin.app);
        let several = self.pins.iter().any(|pin| Some(&pin.app) != first);
        for Line {
            app,
            environment,
            image,
            before,
            after,
        } in &self.pins
        {
            if several {
                write!(f, "{app} ")?;
            }
            match before {
                before if before == after => {
                    writeln!(f, "{environment}: {image} is at {after} already")?
                }
                before if before.is_empty() => writeln!(f, "{environment}: {image} to {after}")?,
                before => writeln!(f, "{environment}: {image} from {before} to {after}")?,
            }
        }
        pull::write(f, self.commit.as_deref(), &self.branch, self.pull.as_ref())
    }
}

impl Report for Output {}

fn main() -> ExitCode {
    windlass_cli::main(run)
}

fn run(args: Args, context: &Context) -> Result<Output, Failure> {
    let pins = pins(&args)?;
    let options = PinOptions {
        apps: context.config()?.apps,
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
            pinned = pin(draft, &pins, &options)?;
            Ok(pin_message(&pinned))
        },
    )?;
    if outcome.attempts > 1 {
        context.detail(format_args!("landed with attempt {}", outcome.attempts));
    }
    let pull = Pull::of(&outcome, &args.branch, &to.options);
    Ok(output(args, outcome, pinned, pull))
}

/// What is to be pinned, in the order of the command line.
fn pins(args: &Args) -> Result<Vec<Pin>, Failure> {
    let mut pins = Vec::new();
    let short = args.app.as_ref().zip(args.digest.as_ref());
    if let Some((app, digest)) = short {
        let digest: Digest = digest.parse()?;
        for word in words(&args.pin) {
            let mut pin = Pin::of(app, word)?;
            (pin.image, pin.digest) = (args.image.clone(), Some(digest.clone()));
            pins.push(pin);
        }
    }
    for text in &args.edit {
        let read = if text == "-" { stdin()? } else { text.clone() };
        for word in words(std::slice::from_ref(&read)) {
            pins.push(word.parse()?);
        }
    }
    match pins.is_empty() {
        false => Ok(pins),
        true => Err(Failure::usage(
            "there is nothing to pin: no word in `--pin` or `--edit`",
        )),
    }
}

fn words(texts: &[String]) -> impl Iterator<Item = &str> {
    texts.iter().flat_map(|text| text.split_whitespace())
}

/// The list on stdin, without its comments.
fn stdin() -> Result<String, Failure> {
    let mut text = String::new();
    let read = std::io::stdin()
        .take(LIST_LIMIT + 1)
        .read_to_string(&mut text);
    read.map_err(|error| Failure::input(format!("cannot read the pins on stdin: {error}"), None))?;
    if text.len() as u64 > LIST_LIMIT {
        return Err(Failure::input(
            "the list on stdin is longer than 1 MiB",
            None,
        ));
    }
    let lines = text
        .lines()
        .filter(|line| !line.trim_start().starts_with('#'));
    Ok(lines.collect::<Vec<_>>().join("\n"))
}

fn output(args: Args, outcome: Outcome, pinned: Vec<Pinned>, pull: Option<Pull>) -> Output {
    Output {
        changed: outcome.changed(),
        commit: outcome.commit.map(|commit| commit.to_string()),
        branch: pull
            .as_ref()
            .map_or(args.branch, |pull| pull.branch.clone()),
        paths: outcome.paths,
        pins: pinned.into_iter().map(Line::from).collect(),
        pull,
    }
}
