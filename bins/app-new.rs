//! Make a new app.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::process::ExitCode;
use windlass_cli::{Common, Config, Context, Failure, Report};
use windlass_scaffold::{Environment, Site, Template, repository};

/// The Application that tells where the repository is.
const ROOT_APP: &str = "argo/root-app.yaml";

/// Make a new app from the repository's template
///
/// Writes the app's folder and, for each environment of windlass.yaml, an Argo CD Application in argo/apps/.
/// Everything is checked before anything is written, and nothing that exists is changed: where something stands
/// in the way, or a step fails, the repository stays as it was. No secret is made up; the app's README shows how
/// to seal one.
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
    /// The answer to a question of the template's template.yaml; may be given more than once
    #[arg(long, value_name = "QUESTION=ANSWER", value_parser = answer)]
    set: Vec<(String, String)>,
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
    let answers = answers(args.set)?;
    let config = context.config()?;
    let place = match args.template {
        Some(folder) => folder,
        None => PathBuf::from(&config.apps).join(".template"),
    };
    let template = Template::read(&context.path(&place), &place.to_string_lossy())?;
    let app = template.render(&args.name, &answers, &site(config, context)?)?;
    if !args.dry_run {
        app.write(context.directory())?;
    }
    Ok(Output {
        app: app.name().to_owned(),
        paths: app.files().keys().cloned().collect(),
    })
}

fn answer(text: &str) -> Result<(String, String), String> {
    let (question, answer) = text.split_once('=').ok_or("it must be QUESTION=ANSWER")?;
    Ok((question.to_owned(), answer.to_owned()))
}

fn answers(given: Vec<(String, String)>) -> Result<BTreeMap<String, String>, Failure> {
    let mut answers = BTreeMap::new();
    for (question, answer) in given {
        if answers.insert(question.clone(), answer).is_some() {
            return Err(Failure::usage(format!("`{question}` is answered twice")));
        }
    }
    Ok(answers)
}

fn site(config: Config, context: &Context) -> Result<Site, Failure> {
    let root_app = std::fs::read_to_string(context.path(ROOT_APP)).map_err(|error| {
        let hint = "Argo CD's root Application tells where the repository is";
        Failure::input(
            format!("cannot read `{ROOT_APP}`: {error}"),
            Some(hint.into()),
        )
    })?;
    let environments = config.environments.into_iter().map(|given| Environment {
        name: given.name,
        branch: given.branch,
        tag: given.tag,
    });
    Ok(Site {
        environments: environments.collect(),
        repository: repository(ROOT_APP, &root_app)?,
        apps: config.apps,
        registry: config.registry,
    })
}
