//! Say which applications a push touches.

mod layout;

use layout::layout;
use std::fmt;
use std::process::ExitCode;
use windlass_cli::{Common, Context, Failure, Report};
use windlass_release::{Repository, Since, affected, affected_by_tag};

/// Say which applications a push touches
///
/// An application is a folder below `apps` with a `Dockerfile` or a folder `k8s`. It is touched if a file of it
/// or a path that it shares changes; a change of windlass.yaml, of a workflow or of an action touches all of them. Where the base is not known,
/// as for a new branch, all are touched. With a version tag it is the one that the tag belongs to.
///
/// Outputs: apps, any, matrix.
#[derive(clap::Parser)]
#[command(name = "app-affected")]
struct Args {
    #[command(flatten)]
    common: Common,
    /// The commit before the push, or the one that a pull request is based on; zeros for none
    #[arg(long, value_name = "SHA", required_unless_present = "tag")]
    base: Option<String>,
    /// The commit to look at
    #[arg(long, value_name = "REV", default_value = "HEAD")]
    head: String,
    /// The version tag that was pushed; empty for none
    #[arg(long, value_name = "TAG")]
    tag: Option<String>,
    /// Compare with the base itself and not with what both have in common, for a branch that may be rewritten
    #[arg(long)]
    direct: bool,
}

impl AsRef<Common> for Args {
    fn as_ref(&self) -> &Common {
        &self.common
    }
}

#[derive(serde::Serialize)]
struct Output {
    /// The applications.
    apps: Vec<String>,
    /// Whether there is one.
    any: bool,
    /// The same for a job's matrix.
    matrix: Matrix,
}

#[derive(serde::Serialize)]
struct Matrix {
    app: Vec<String>,
}

impl fmt::Display for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.apps.iter().try_for_each(|app| writeln!(f, "{app}"))
    }
}

impl Report for Output {}

fn main() -> ExitCode {
    windlass_cli::main(run)
}

fn run(args: Args, context: &Context) -> Result<Output, Failure> {
    let layout = layout(&context.config()?);
    let repository = Repository::open(context.directory())?;
    let base = args.base.as_deref().unwrap_or_default();
    let since = if args.direct {
        Since::Exactly(base)
    } else {
        Since::Common(base)
    };
    let apps = match args.tag.as_deref() {
        Some(tag) if !tag.is_empty() => affected_by_tag(&repository, tag, &args.head, &layout)?,
        _ => affected(&repository, since, &args.head, &layout)?,
    };
    Ok(Output {
        any: !apps.is_empty(),
        matrix: Matrix { app: apps.clone() },
        apps,
    })
}
