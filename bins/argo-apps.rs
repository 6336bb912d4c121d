//! Keep the Argo CD Applications of a repository in step with its overlays.

#[path = "scaffold/site.rs"]
mod site;

use site::site;
use std::fmt;
use std::path::PathBuf;
use std::process::ExitCode;
use windlass_cli::{Common, Context, Failure, Report};
use windlass_fault::Warning;
use windlass_scaffold::{Argo, Changes, Finding, Template};

/// Keep the Argo CD Applications of a repository in step with its overlays
///
/// Makes an Application in argo/apps/ for each overlay that has none, as the template of apps says. In those that are
/// there it puts namespace, branch, project and finalizers right, and changes nothing else; where argo/apps/ has a
/// kustomization, it lists them. `--check` writes nothing and names, each with its line, what does not agree: overlays
/// without an Application and of unknown environments, missing folders and projects, wrong names, namespaces and
/// branches, missing finalizers, names that stand twice, and files that the kustomization does not list.
///
/// Outputs: changed, paths, findings.
#[derive(clap::Parser)]
#[command(name = "argo-apps")]
struct Args {
    #[command(flatten)]
    common: Common,
    /// The folder with the template [default: .template in the folder of the apps]
    #[arg(long, value_name = "DIR")]
    template: Option<PathBuf>,
    /// Make one ApplicationSet, argo/apps/overlays.yaml, for all overlays that have no Application of their own
    #[arg(long)]
    application_set: bool,
    /// Write nothing, say what does not agree, and end with status 1 if anything
    #[arg(long, conflicts_with_all = ["application_set", "dry_run"])]
    check: bool,
    /// Write nothing, and print the changes as a diff
    #[arg(long)]
    dry_run: bool,
}

impl AsRef<Common> for Args {
    fn as_ref(&self) -> &Common {
        &self.common
    }
}

#[derive(Default, serde::Serialize)]
struct Output {
    /// Whether anything changes.
    changed: bool,
    /// The files that change, from the root of the repository.
    paths: Vec<String>,
    /// What does not agree.
    findings: Vec<Warning>,
    #[serde(skip)]
    diff: Option<String>,
}

impl fmt::Display for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.diff {
            Some(diff) => f.write_str(diff),
            None => self.paths.iter().try_for_each(|path| writeln!(f, "{path}")),
        }
    }
}

impl Report for Output {
    fn warnings(&self) -> &[Warning] {
        &self.findings
    }

    fn differs(&self) -> bool {
        !self.findings.is_empty()
    }
}

fn main() -> ExitCode {
    windlass_cli::main(run)
}

fn run(args: Args, context: &Context) -> Result<Output, Failure> {
    let config = context.config()?;
    let place = match args.template {
        Some(folder) => folder,
        None => PathBuf::from(&config.apps).join(".template"),
    };
    let template = Template::read(&context.path(&place), &place.to_string_lossy())?;
    let argo = Argo::read(context.directory(), &site(config, context)?)?;
    if args.check {
        let findings = argo.check(&template);
        return Ok(Output {
            findings: findings.iter().map(Finding::warning).cloned().collect(),
            ..Output::default()
        });
    }
    let changes: Changes = match args.application_set {
        true => argo.make_set(&template)?,
        false => argo.make(&template)?,
    };
    if !args.dry_run {
        changes.write(context.directory())?;
    }
    Ok(Output {
        changed: !changes.is_empty(),
        paths: changes.paths().map(str::to_owned).collect(),
        diff: args.dry_run.then(|| changes.diff()),
        findings: Vec::new(),
    })
}
