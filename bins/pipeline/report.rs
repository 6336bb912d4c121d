//! What the command says at its end.

use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use windlass_cli::Report;
use windlass_fault::Warning;
use windlass_testkit::{CommitLine, Step};

/// The result of a tour through the environments.
#[derive(Serialize)]
pub(crate) struct Output {
    pub(crate) steps: Vec<StepLine>,
    pub(crate) environments: Vec<Running>,
    pub(crate) commits: Vec<CommitLine>,
    /// The rendered manifests of the last environment.
    pub(crate) manifests: String,
    /// What the images were built on.
    pub(crate) base: String,
    /// The sandbox, where it was kept.
    pub(crate) folder: Option<PathBuf>,
    #[serde(skip)]
    pub(crate) title: String,
    #[serde(skip)]
    pub(crate) warnings: Vec<Warning>,
}

/// A step of a run.
#[derive(Serialize)]
pub(crate) struct StepLine {
    /// What was pushed.
    pub(crate) reference: String,
    pub(crate) job: String,
    pub(crate) name: String,
    pub(crate) command: Option<String>,
    /// Why it was not run, if so.
    pub(crate) skipped: Option<String>,
    pub(crate) outputs: BTreeMap<String, String>,
    pub(crate) seconds: f64,
}

impl StepLine {
    pub(crate) fn new(reference: &str, step: Step) -> Self {
        Self {
            reference: reference.to_owned(),
            job: step.job,
            name: step.name,
            command: step.command,
            skipped: step.skipped,
            outputs: step.outputs.into_iter().collect(),
            seconds: step.time.as_secs_f64(),
        }
    }
}

/// What an environment runs of an application.
#[derive(Serialize)]
pub(crate) struct Running {
    pub(crate) environment: String,
    pub(crate) app: String,
    pub(crate) branch: String,
    pub(crate) tag: String,
    pub(crate) digest: Option<String>,
}

impl fmt::Display for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "# What each environment runs")?;
        for running in &self.environments {
            let Running {
                environment,
                app,
                tag,
                ..
            } = running;
            writeln!(f, "# {environment:<8} {app} {tag}")?;
            writeln!(
                f,
                "# {:<8} {}",
                "",
                running.digest.as_deref().unwrap_or("no digest yet")
            )?;
        }
        writeln!(f, "#\n# Commits")?;
        for commit in &self.commits {
            let CommitLine {
                branch,
                id,
                author,
                subject,
            } = commit;
            writeln!(f, "# {branch:<8} {:.7} {author:<20} {subject}", id)?;
        }
        writeln!(f, "#\n# {}", self.title)?;
        f.write_str(&self.manifests)
    }
}

impl Report for Output {
    fn warnings(&self) -> &[Warning] {
        &self.warnings
    }
}
