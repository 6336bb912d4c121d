//! Runs the jobs of a workflow for an event.

mod step;

use crate::expression::{Scope, truthy};
use crate::workflow::{Env, Job, Matrix};
use crate::{Error, ErrorKind, Event, Workflow};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;
use windlass_fault::Secret;

/// The machine that steps run on.
#[derive(Debug, Clone)]
pub struct Machine {
    /// The environment of every step.
    pub environment: BTreeMap<String, String>,
    /// Variables that the machine gives to every job: in the environment, and in the `env`
    /// context too.
    pub variables: BTreeMap<String, String>,
    /// The `secrets` context.
    pub secrets: BTreeMap<String, Secret>,
    /// `owner/name`.
    pub repository: String,
    /// Who pushed.
    pub actor: String,
    /// Where the repository's server answers.
    pub server: String,
    /// An empty folder for the jobs' folders.
    pub folder: PathBuf,
}

/// What a run asks and tells the one who started it.
pub trait Host {
    /// Puts the event's commit into a folder, as `actions/checkout` does.
    ///
    /// # Errors
    /// If that cannot be done.
    fn checkout(&mut self, workspace: &Path) -> Result<(), Error>;

    /// Why a script is not run at all, if so.
    fn skip(&mut self, script: &str) -> Option<String> {
        let _ = script;
        None
    }

    /// Why a script that failed counts as not run, if so.
    fn excuse(&mut self, script: &str, environment: &BTreeMap<String, String>) -> Option<String> {
        let _ = (script, environment);
        None
    }

    /// A job starts.
    fn job(&mut self, name: &str);

    /// A script is about to run, for the step of this name.
    fn begin(&mut self, step: &str, script: &str);

    /// A step ended well, or was not run; then it may not have begun.
    fn end(&mut self, step: Step);
}

/// A step that ended well, or was not run.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// The name of its job.
    pub job: String,
    /// Its name.
    pub name: String,
    /// The script, where it has one.
    pub command: Option<String>,
    /// Why it was not run, if so.
    pub skipped: Option<String>,
    /// What it told the steps after it.
    pub outputs: Vec<(String, String)>,
    /// How long it took.
    pub time: Duration,
}

/// How many variants a matrix may have, as on GitHub.
const VARIANTS: usize = 256;

impl Workflow {
    /// Runs the workflow for an event; `false` where the event does not start it.
    ///
    /// # Errors
    /// The first step that fails, or the first thing in the file that the sandbox does not know.
    pub fn run(
        &self,
        event: &Event,
        machine: &Machine,
        host: &mut dyn Host,
    ) -> Result<bool, Error> {
        if !self.starts_on(event) {
            return Ok(false);
        }
        let mut run = Run::new(self, event, machine, host)?;
        for job in &self.jobs {
            run.job(job)?;
        }
        Ok(true)
    }
}

/// One run of a workflow.
struct Run<'a> {
    machine: &'a Machine,
    host: &'a mut dyn Host,
    github: Map<String, Value>,
    secrets: Value,
    /// Variables of the machine and the workflow.
    env: BTreeMap<String, String>,
    /// The outputs of the jobs that have run, by id.
    done: Map<String, Value>,
    /// How many job folders were made.
    folders: usize,
}

impl<'a> Run<'a> {
    fn new(
        workflow: &'a Workflow,
        event: &Event,
        machine: &'a Machine,
        host: &'a mut dyn Host,
    ) -> Result<Self, Error> {
        let owner = machine.repository.split('/').next().unwrap_or_default();
        let mut github: Map<String, Value> = event
            .context()
            .into_iter()
            .map(|(key, value)| (key.to_owned(), value))
            .collect();
        for (key, value) in [
            ("actor", machine.actor.as_str()),
            ("triggering_actor", machine.actor.as_str()),
            ("repository", machine.repository.as_str()),
            ("repository_owner", owner),
            ("server_url", machine.server.as_str()),
            ("workflow", workflow.name.as_str()),
            ("run_id", "1"),
            ("run_number", "1"),
            ("run_attempt", "1"),
        ] {
            github.insert(key.to_owned(), value.into());
        }
        let event_file = machine.folder.join("event.json");
        std::fs::write(&event_file, event.payload().to_string())
            .map_err(|error| files(&event_file, error))?;
        github.insert(
            "event_path".to_owned(),
            event_file.display().to_string().into(),
        );
        github.insert("event".to_owned(), event.payload().clone());
        let secrets = machine.secrets.iter();
        let secrets = secrets
            .map(|(name, secret)| (name.clone(), secret.expose().into()))
            .collect();
        let mut run = Self {
            machine,
            host,
            github,
            secrets: Value::Object(secrets),
            env: machine.variables.clone(),
            done: Map::new(),
            folders: 0,
        };
        run.env.extend(render(
            &workflow.env,
            &run.scope().with("secrets", run.secrets.clone()),
        )?);
        for label in &workflow.labels {
            label.render(&run.scope())?;
        }
        Ok(run)
    }

    fn scope(&self) -> Scope {
        Scope::default().with("github", Value::Object(self.github.clone()))
    }

    /// Runs every variant of a job, unless a job it needs was not run or its condition fails.
    fn job(&mut self, job: &Job) -> Result<(), Error> {
        if !job.needs.iter().all(|need| self.done.contains_key(need)) {
            return Ok(());
        }
        let needs = self.done.iter().filter(|(id, _)| job.needs.contains(id));
        let needs: Map<_, _> = needs
            .map(|(id, value)| (id.clone(), value.clone()))
            .collect();
        let scope = self.scope().with("needs", Value::Object(needs));
        if let Some(condition) = &job.condition
            && !truthy(&condition.evaluate(&scope)?)
        {
            return Ok(());
        }
        let mut outputs = Value::Null;
        for matrix in variants(job, &scope)? {
            let scope = scope.clone().with("matrix", Value::Object(matrix));
            outputs = self.variant(job, &scope)?;
        }
        self.done
            .insert(job.id.clone(), json!({ "outputs": outputs }));
        Ok(())
    }

    fn variant(&mut self, job: &Job, scope: &Scope) -> Result<Value, Error> {
        for label in &job.labels {
            label.render(scope)?;
        }
        let name = match &job.name {
            Some(name) => name.render(scope)?,
            None => job.id.clone(),
        };
        self.host.job(&name);
        let folder = self.machine.folder.join(format!("job-{}", self.folders));
        self.folders += 1;
        let mut variant = step::Variant::new(self, job, name, folder, scope)?;
        let steps = variant.run(&job.steps)?;
        variant.outputs(&job.outputs, steps)
    }
}

/// The objects that `matrix` stands for, one a variant; one empty one where there is no matrix.
fn variants(job: &Job, scope: &Scope) -> Result<Vec<Map<String, Value>>, Error> {
    let (lists, place) = match &job.matrix {
        None => return Ok(vec![Map::new()]),
        Some(Matrix::Expression(text)) => (text.evaluate(scope)?, Some(text.location())),
        Some(Matrix::Lists(lists)) => {
            let mut object = Map::new();
            for (name, items) in lists {
                let items: Result<Vec<_>, _> =
                    items.iter().map(|item| item.evaluate(scope)).collect();
                object.insert(name.clone(), items?.into());
            }
            (Value::Object(object), None)
        }
    };
    let wrong = || {
        let message = format!("the matrix of job `{}` is no object of lists", job.id);
        let error = Error::new(ErrorKind::Workflow, message);
        match &place {
            Some(place) => error.at(place.clone()),
            None => error,
        }
    };
    let mut variants = vec![Map::new()];
    for (name, list) in lists.as_object().ok_or_else(wrong)? {
        let list = list.as_array().ok_or_else(wrong)?;
        let widen = |variant: Map<String, Value>| {
            let one = move |item: &Value| {
                let mut variant = variant.clone();
                variant.insert(name.clone(), item.clone());
                variant
            };
            list.iter().map(one).collect::<Vec<_>>()
        };
        variants = variants
            .into_iter()
            .flat_map(widen)
            .take(VARIANTS + 1)
            .collect();
    }
    match variants.len() <= VARIANTS {
        true => Ok(variants),
        false => Err(wrong().hinted(format!("a matrix has at most {VARIANTS} variants"))),
    }
}

/// Variables with their values.
fn render(env: &Env, scope: &Scope) -> Result<BTreeMap<String, String>, Error> {
    env.iter()
        .map(|(name, value)| Ok((name.clone(), value.render(scope)?)))
        .collect()
}

fn files(path: &Path, error: std::io::Error) -> Error {
    Error::new(
        ErrorKind::Files,
        format!("cannot write `{}`", path.display()),
    )
    .caused(error)
}
