//! A workflow file and the composite actions it uses, as GitHub reads them.
//!
//! What decides which commands run is read; what means something to GitHub's machines alone
//! (`permissions`, `concurrency`, `runs-on`) is checked for its form and its expressions. Any
//! other key is an error: a step must not mean one thing here and another there.
//! (GitHub: "Workflow syntax for GitHub Actions", "Metadata syntax for GitHub Actions".)

mod read;
mod text;
mod trigger;

pub(crate) use text::Text;
pub(crate) use trigger::Triggers;

use crate::{Error, Event};
use std::path::Path;
use std::time::Duration;
use windlass_fault::Location;

/// A workflow.
#[derive(Debug)]
pub struct Workflow {
    pub(crate) name: String,
    pub(crate) triggers: Triggers,
    pub(crate) env: Env,
    pub(crate) jobs: Vec<Job>,
    /// Texts that mean something to GitHub alone.
    pub(crate) labels: Vec<Text>,
}

/// Variables with their values, in the order of the file.
pub(crate) type Env = Vec<(String, Text)>;

/// What `defaults.run` says.
#[derive(Debug, Clone, Default)]
struct Defaults {
    bash: bool,
    directory: Option<Text>,
}

#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) id: String,
    pub(crate) name: Option<Text>,
    pub(crate) needs: Vec<String>,
    pub(crate) condition: Option<Text>,
    pub(crate) env: Env,
    pub(crate) outputs: Env,
    pub(crate) matrix: Option<Matrix>,
    pub(crate) steps: Vec<Step>,
    pub(crate) timeout: Duration,
    pub(crate) labels: Vec<Text>,
}

/// The variants of a job.
#[derive(Debug)]
pub(crate) enum Matrix {
    /// An expression that gives an object of lists.
    Expression(Text),
    /// Lists by name.
    Lists(Vec<(String, Vec<Text>)>),
}

#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) id: Option<String>,
    pub(crate) name: Option<Text>,
    pub(crate) condition: Option<Text>,
    pub(crate) env: Env,
    pub(crate) action: Action,
    /// Where the step stands.
    pub(crate) place: Location,
}

#[derive(Debug)]
pub(crate) enum Action {
    /// `run:`
    Script {
        text: String,
        /// Whether `shell: bash` was said, which asks for `-eo pipefail`.
        bash: bool,
        directory: Option<Text>,
    },
    /// `uses:` of an action of this repository.
    Local { path: String, with: Env },
    /// `uses:` of an action of another one.
    Outside { reference: String, with: Env },
}

/// A composite action.
#[derive(Debug)]
pub(crate) struct Composite {
    pub(crate) inputs: Vec<Input>,
    pub(crate) outputs: Env,
    pub(crate) steps: Vec<Step>,
}

#[derive(Debug)]
pub(crate) struct Input {
    pub(crate) name: String,
    pub(crate) required: bool,
    pub(crate) default: Option<String>,
}

/// A command that a workflow, or an action of this repository that it uses, runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// What `run:` says.
    pub script: String,
    /// Where its step stands.
    pub location: Location,
}

impl Workflow {
    /// Reads `.github/workflows/<file>` of the repository in `root`.
    ///
    /// # Errors
    /// If the file cannot be read, is malformed, or uses what the sandbox does not know.
    pub fn load(root: &Path, file: &str) -> Result<Self, Error> {
        let path = format!(".github/workflows/{file}");
        let text = read::file(root, &path)?;
        read::workflow(&path, &text)
    }

    /// Reads the text of a workflow file.
    ///
    /// # Errors
    /// If it is malformed, or uses what the sandbox does not know.
    pub fn parse(path: &str, text: &str) -> Result<Self, Error> {
        read::workflow(path, text)
    }

    /// Whether the event starts the workflow.
    #[must_use]
    pub fn starts_on(&self, event: &Event) -> bool {
        self.triggers.match_event(event)
    }

    /// Every command of the workflow and of the repository's own actions that it uses.
    ///
    /// # Errors
    /// If an action cannot be read.
    pub fn commands(&self, root: &Path) -> Result<Vec<Command>, Error> {
        let mut commands = Vec::new();
        for job in &self.jobs {
            collect(&job.steps, root, &mut commands, 0)?;
        }
        Ok(commands)
    }
}

/// How deep actions may use one another, as on GitHub.
pub(crate) const NESTING: usize = 10;

fn collect(
    steps: &[Step],
    root: &Path,
    commands: &mut Vec<Command>,
    depth: usize,
) -> Result<(), Error> {
    for step in steps {
        match &step.action {
            Action::Script { text, .. } => commands.push(Command {
                script: text.trim_end().to_owned(),
                location: step.place.clone(),
            }),
            Action::Local { path, .. } if depth < NESTING => {
                let action = Composite::load(root, path)?;
                collect(&action.steps, root, commands, depth + 1)?;
            }
            _ => {}
        }
    }
    Ok(())
}

impl Composite {
    /// Reads the action in a folder of the repository, given as `./folder`.
    pub(crate) fn load(root: &Path, path: &str) -> Result<Self, Error> {
        let path = format!(
            "{}/action.yml",
            path.trim_start_matches("./").trim_end_matches('/')
        );
        let text = read::file(root, &path)?;
        read::composite(&path, &text)
    }
}
