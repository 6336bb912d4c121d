//! Run the repository's workflow in a sandbox.

#[path = "pipeline/commands.rs"]
mod commands;
#[path = "pipeline/console.rs"]
mod console;
#[path = "pipeline/machine.rs"]
mod machine;
#[path = "pipeline/python.rs"]
mod python;
#[path = "pipeline/report.rs"]
mod report;
#[path = "pipeline/scenario.rs"]
mod scenario;
#[path = "pipeline/tour.rs"]
mod tour;

use report::Output;
use scenario::Scenario;
use tour::Tour;
use windlass_cli::{Common, Context, Failure};

/// Run the repository's workflow in a sandbox
///
/// Copies the applications, the Argo CD definitions and the workflow into a temporary folder,
/// beside a git remote and an image registry of its own, and runs the very steps of
/// `.github/workflows/main.yml` there: a change is pushed to the branch of the first environment,
/// and merged from branch to branch until it is released. Each step is shown with its command,
/// its outputs and its time; the result says what each environment runs now.
///
/// Steps that use an action of another repository are named and not run. Where Python, make or
/// the package index is missing, the `make` steps are reported as skipped.
///
/// Outputs: steps, environments, commits, manifests, base, folder.
#[derive(clap::Parser)]
#[command(name = "pipeline")]
struct Args {
    #[command(flatten)]
    common: Common,
    /// Type the lines of a common task as README.md has them, instead of the default change
    ///
    /// They stand in the block after `<!-- scenario: NAME -->`. The workflow runs for every branch
    /// and tag that a line pushes; a branch that no environment deploys becomes a pull request.
    #[arg(long, value_enum, value_name = "NAME")]
    scenario: Option<Scenario>,
    /// The application to change [default: the first in the folder of applications]
    #[arg(long, value_name = "NAME")]
    app: Option<String>,
    /// Push images to this registry instead of a folder
    ///
    /// A registry on this machine is spoken to by plain HTTP. Credentials come by
    /// REGISTRY_USERNAME and REGISTRY_PASSWORD.
    #[arg(long, value_name = "HOST:PORT")]
    registry: Option<String>,
    /// Push commits to this empty repository instead of one in the sandbox
    ///
    /// A folder or an `http://` address, with user and password in it or a token in GITHUB_TOKEN.
    #[arg(long, value_name = "URL")]
    remote: Option<String>,
    /// Build images on top of this one; one made from `scratch` is not meant to run
    #[arg(long, value_name = "IMAGE", default_value = "scratch")]
    base: String,
    /// Keep the sandbox and say where it is
    #[arg(long)]
    keep: bool,
}

impl AsRef<Common> for Args {
    fn as_ref(&self) -> &Common {
        &self.common
    }
}

fn main() -> std::process::ExitCode {
    windlass_cli::main(run)
}

fn run(args: Args, context: &Context) -> Result<Output, Failure> {
    let bins = commands::prepare(context)?;
    let folder = tempfile::Builder::new()
        .prefix("windlass-")
        .tempdir()
        .map_err(|error| {
            Failure::world(format!("cannot make a temporary folder: {error}"), None)
        })?;
    // Dropping it removes the sandbox, so it is held to the end.
    let (path, temporary) = match args.keep {
        true => (folder.keep(), None),
        false => (folder.path().to_owned(), Some(folder)),
    };
    if args.keep {
        context.progress(format_args!("sandbox in {}", path.display()));
    }
    let mut tour = Tour::start(context, &args, &path, bins)?;
    match args.scenario {
        Some(scenario) => tour.type_scenario(scenario)?,
        None => tour.carry_a_change()?,
    }
    let output = tour.finish(args.keep.then_some(path));
    drop(temporary);
    output
}
