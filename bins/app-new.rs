//! Make a new app.

#[path = "scaffold/answers.rs"]
mod answers;
#[path = "scaffold/site.rs"]
mod site;

use answers::{Answering, ask_here};
use site::site;
use std::fmt;
use std::path::PathBuf;
use std::process::ExitCode;
use windlass_cli::{Common, Context, Failure, Report};
use windlass_scaffold::Template;

/// Make a new app from the repository's template
///
/// Writes the app's folder and, for each environment of windlass.yaml, an Argo CD Application in argo/apps/, which is
/// listed in the kustomization there, if there is one. Everything is checked before anything is written, and no file
/// that exists is replaced: where something stands in the way, or a step fails, the repository stays as it was. What
/// is not answered is asked for on a terminal; elsewhere it has its default. No secret is made up; the app's README
/// shows how to seal one.
#[derive(clap::Parser)]
#[command(name = "app-new")]
struct Args {
    #[command(flatten)]
    common: Common,
    /// The app's name, which becomes that of its folder, image and Kubernetes objects
    name: String,
    /// The folder with the template [default: .template in the folder of the apps]
    #[arg(long, value_name = "DIR")]
    template: Option<PathBuf>,
    #[command(flatten)]
    answering: Answering,
    /// Write nothing, only say what would be written
    #[arg(long)]
    dry_run: bool,
}

impl AsRef<Common> for Args {
    fn as_ref(&self) -> &Common {
        &self.common
    }
}

#[derive(serde::Serialize)]
struct Output {
    /// The app's name.
    app: String,
    /// The files of the app, from the root of the repository.
    paths: Vec<String>,
}

impl fmt::Display for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.paths.iter().try_for_each(|path| writeln!(f, "{path}"))
    }
}

impl Report for Output {}

fn main() -> ExitCode {
    windlass_cli::main(run)
}

fn run(args: Args, context: &Context) -> Result<Output, Failure> {
    let mut answers = args.answering.given(context)?;
    let config = context.config()?;
    let place = match args.template {
        Some(folder) => folder,
        None => PathBuf::from(&config.apps).join(".template"),
    };
    let template = Template::read(&context.path(&place), &place.to_string_lossy())?;
    let site = site(config, context)?;
    if args.answering.is_interactive() {
        answers = template.ask(&args.name, &answers, &site, &mut ask_here)?;
    }
    let mut app = template.render(&args.name, &answers, &site)?;
    let registered = app.register(context.directory())?.map(str::to_owned);
    if !args.dry_run {
        app.write(context.directory())?;
    }
    Ok(Output {
        app: app.name().to_owned(),
        paths: app.files().keys().cloned().chain(registered).collect(),
    })
}
