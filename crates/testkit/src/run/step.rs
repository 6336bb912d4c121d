//! Runs the steps of one variant of a job.

use super::{Run, Step as Report, files, render};
use crate::expression::{Scope, truthy};
use crate::process::{Ended, Script, output_files};
use crate::workflow::{Action, Composite, Env, Job, NESTING, Step, Text};
use crate::{Error, ErrorKind};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;
use windlass_fault::Fault as _;

/// One variant of a job while it runs.
pub(super) struct Variant<'a, 'run> {
    run: &'a mut Run<'run>,
    job: &'a Job,
    name: String,
    folder: PathBuf,
    workspace: PathBuf,
    /// `github`, `needs` and `matrix`.
    scope: Scope,
    /// Variables of the machine, the workflow, the job, and those that steps have set.
    env: BTreeMap<String, String>,
    /// Folders that steps have put in front of the path, the last one first.
    path: Vec<String>,
    steps: usize,
}

/// The steps of a job, or of a composite action in it.
#[derive(Default)]
struct Frame {
    /// The steps' outputs by id.
    steps: Map<String, Value>,
    /// The action's inputs; none in the job itself.
    inputs: Option<Value>,
    /// The variables of the steps around.
    env: BTreeMap<String, String>,
    depth: usize,
}

impl<'a, 'run> Variant<'a, 'run> {
    pub(super) fn new(
        run: &'a mut Run<'run>,
        job: &'a Job,
        name: String,
        folder: PathBuf,
        scope: &Scope,
    ) -> Result<Self, Error> {
        let workspace = folder.join("workspace");
        for folder in [&workspace, &folder.join("temp")] {
            std::fs::create_dir_all(folder).map_err(|error| files(folder, error))?;
        }
        let mut github = run.github.clone();
        github.insert("job".to_owned(), job.id.as_str().into());
        github.insert(
            "workspace".to_owned(),
            workspace.display().to_string().into(),
        );
        let scope = scope.clone().with("github", Value::Object(github.clone()));
        let mut env = run.env.clone();
        let secrets = run.secrets.clone();
        env.extend(render(&job.env, &scope.clone().with("secrets", secrets))?);
        Ok(Self {
            run,
            job,
            name,
            folder,
            workspace,
            scope,
            env,
            path: Vec::new(),
            steps: 0,
        })
    }

    pub(super) fn run(&mut self, steps: &[Step]) -> Result<Map<String, Value>, Error> {
        let mut frame = Frame::of(steps);
        self.all(steps, &mut frame)?;
        Ok(frame.steps)
    }

    /// The job's outputs after its steps.
    pub(super) fn outputs(&self, outputs: &Env, steps: Map<String, Value>) -> Result<Value, Error> {
        let frame = Frame {
            steps,
            ..Frame::default()
        };
        let scope = self.scope(&frame, &BTreeMap::new());
        Ok(json!(render(outputs, &scope)?))
    }

    fn all(&mut self, steps: &[Step], frame: &mut Frame) -> Result<(), Error> {
        for step in steps {
            let outputs = self.step(step, frame)?;
            if let Some(id) = &step.id {
                frame
                    .steps
                    .insert(id.clone(), json!({ "outputs": outputs }));
            }
        }
        Ok(())
    }

    /// What can be used in a step, with the step's own variables. A composite action sees no
    /// secrets: it is given what it needs.
    fn scope(&self, frame: &Frame, own: &BTreeMap<String, String>) -> Scope {
        let mut env = self.env.clone();
        env.extend(frame.with(own.clone()));
        let scope = self
            .scope
            .clone()
            .with("env", json!(env))
            .with("steps", Value::Object(frame.steps.clone()));
        match &frame.inputs {
            Some(inputs) => scope.with("inputs", inputs.clone()).without("needs"),
            None => scope.with("secrets", self.run.secrets.clone()),
        }
    }

    /// Runs a step and gives its outputs.
    fn step(&mut self, step: &Step, frame: &Frame) -> Result<BTreeMap<String, String>, Error> {
        let own = render(&step.env, &self.scope(frame, &BTreeMap::new()))?;
        let scope = self.scope(frame, &own);
        let name = title(step, &scope)?;
        if let Some(condition) = &step.condition
            && !truthy(&condition.evaluate(&scope.clone().without("secrets"))?)
        {
            self.skipped(name, command(step), "its condition does not hold");
            return Ok(BTreeMap::new());
        }
        match &step.action {
            Action::Script {
                text,
                bash,
                directory,
            } => {
                let directory = self.directory(directory.as_ref(), &scope)?;
                let task = Task {
                    step,
                    name,
                    env: frame.with(own),
                };
                self.script(task, text, *bash, &directory)
            }
            Action::Outside { reference, with } => {
                render(with, &scope)?;
                self.outside(name, reference)
            }
            Action::Local { path, with } => self.composite(
                step,
                path,
                render(with, &scope)?,
                frame.with(own),
                frame.depth,
            ),
        }
    }

    /// An action of another repository is not run. What checking out would do, the host does.
    fn outside(
        &mut self,
        name: String,
        reference: &str,
    ) -> Result<BTreeMap<String, String>, Error> {
        let why = match reference.starts_with("actions/checkout@") {
            true => {
                self.run.host.checkout(&self.workspace)?;
                "the sandbox checks the commit out by itself"
            }
            false => "an action of another repository",
        };
        self.skipped(name, None, why);
        Ok(BTreeMap::new())
    }

    fn composite(
        &mut self,
        step: &Step,
        path: &str,
        with: BTreeMap<String, String>,
        env: BTreeMap<String, String>,
        depth: usize,
    ) -> Result<BTreeMap<String, String>, Error> {
        let failed = |message| Error::new(ErrorKind::Workflow, message).at(step.place.clone());
        if depth >= NESTING {
            return Err(failed(format!(
                "actions use one another more than {NESTING} deep"
            )));
        }
        let action =
            Composite::load(&self.workspace, path).map_err(|error| match error.location() {
                Some(_) => error,
                None => error.at(step.place.clone()),
            })?;
        let inputs = inputs(&action, with).map_err(failed)?;
        let mut inner = Frame {
            inputs: Some(json!(inputs)),
            env,
            depth: depth + 1,
            ..Frame::of(&action.steps)
        };
        self.all(&action.steps, &mut inner)?;
        render(&action.outputs, &self.scope(&inner, &BTreeMap::new()))
    }

    fn script(
        &mut self,
        task: Task<'_>,
        text: &str,
        strict: bool,
        directory: &Path,
    ) -> Result<BTreeMap<String, String>, Error> {
        let command = text.trim_end();
        if let Some(why) = self.run.host.skip(command) {
            self.skipped(task.name, Some(command.to_owned()), &why);
            return Ok(BTreeMap::new());
        }
        self.run.host.begin(&task.name, command);
        let mut environment = self.environment();
        environment.extend(task.env.clone());
        self.steps += 1;
        let folder = self.folder.join(format!("step-{}", self.steps));
        std::fs::create_dir(&folder).map_err(|error| files(&folder, error))?;
        environment.extend(output_files(&folder)?);
        let script = Script {
            text,
            strict,
            directory,
            environment: &environment,
            folder: &folder,
            limit: self.job.timeout,
        };
        let ended = script.run()?;
        if ended.status != 0 {
            return self.failed(task, command, &ended, &environment);
        }
        self.env.extend(script.pairs("env")?);
        for folder in script.path()? {
            self.path.insert(0, folder);
        }
        let outputs = script.pairs("output")?;
        self.end(
            task.name,
            Some(command.to_owned()),
            None,
            &outputs,
            ended.time,
        );
        Ok(outputs.into_iter().collect())
    }

    fn failed(
        &mut self,
        task: Task<'_>,
        command: &str,
        ended: &Ended,
        environment: &BTreeMap<String, String>,
    ) -> Result<BTreeMap<String, String>, Error> {
        if let Some(why) = self.run.host.excuse(command, environment) {
            self.end(
                task.name,
                Some(command.to_owned()),
                Some(why),
                &[],
                ended.time,
            );
            return Ok(BTreeMap::new());
        }
        let (name, status) = (task.name, ended.status);
        let message = format!(
            "step `{name}` of job `{}` ended with status {status}",
            self.name
        );
        let error = Error::new(ErrorKind::Step(status), message).at(task.step.place.clone());
        Err(match ended.log.trim() {
            "" => error,
            log => error.caused(format!("`{command}` said\n{}", self.mask(log))),
        })
    }

    fn skipped(&mut self, name: String, command: Option<String>, why: &str) {
        self.end(name, command, Some(why.to_owned()), &[], Duration::ZERO);
    }

    fn end(
        &mut self,
        name: String,
        command: Option<String>,
        skipped: Option<String>,
        outputs: &[(String, String)],
        time: Duration,
    ) {
        let outputs = outputs
            .iter()
            .map(|(key, value)| (key.clone(), self.mask(value)))
            .collect();
        self.run.host.end(Report {
            job: self.name.clone(),
            name,
            command,
            skipped,
            outputs,
            time,
        });
    }

    /// The environment of a step, without its own variables.
    fn environment(&self) -> BTreeMap<String, String> {
        let machine = self.run.machine;
        let mut environment = machine.environment.clone();
        environment.extend(self.env.clone());
        let inherited = environment.remove("PATH").unwrap_or_default();
        let folders = self.path.iter().chain([&inherited]);
        let folders: Vec<&str> = folders
            .map(String::as_str)
            .filter(|at| !at.is_empty())
            .collect();
        environment.insert("PATH".to_owned(), folders.join(":"));
        let temp = self.folder.join("temp").display().to_string();
        for (name, value) in [
            ("CI", "true"),
            ("GITHUB_ACTIONS", "true"),
            ("GITHUB_JOB", &self.job.id),
            ("GITHUB_WORKSPACE", &self.workspace.display().to_string()),
            ("RUNNER_OS", "Linux"),
            ("RUNNER_TEMP", &temp),
        ] {
            environment.insert(name.to_owned(), value.to_owned());
        }
        for (name, value) in &self.run.github {
            if let Value::String(value) = value {
                environment.insert(format!("GITHUB_{}", name.to_uppercase()), value.clone());
            }
        }
        environment
    }

    fn directory(&self, directory: Option<&Text>, scope: &Scope) -> Result<PathBuf, Error> {
        let Some(directory) = directory else {
            return Ok(self.workspace.clone());
        };
        let path = self.workspace.join(directory.render(scope)?);
        let inside = std::fs::canonicalize(&path).is_ok_and(|real| {
            std::fs::canonicalize(&self.workspace).is_ok_and(|root| real.starts_with(root))
        });
        match inside {
            true => Ok(path),
            false => {
                let shown = directory.render(scope)?;
                let message = format!("the working directory `{shown}` is not in the workspace");
                Err(Error::new(ErrorKind::Workflow, message).at(directory.location()))
            }
        }
    }

    fn mask(&self, text: &str) -> String {
        let secrets = self.run.machine.secrets.values();
        secrets.fold(text.to_owned(), |text, secret| secret.redact(&text))
    }
}

/// A step that is about to run, with its variables and those of the steps around it.
struct Task<'s> {
    step: &'s Step,
    name: String,
    env: BTreeMap<String, String>,
}

impl Frame {
    /// The variables of the steps around and of a step itself.
    fn with(&self, own: BTreeMap<String, String>) -> BTreeMap<String, String> {
        let mut env = self.env.clone();
        env.extend(own);
        env
    }

    /// Every id is known from the start: a step may ask for one that was not run.
    fn of(steps: &[Step]) -> Self {
        let ids = steps.iter().filter_map(|step| step.id.clone());
        Self {
            steps: ids.map(|id| (id, json!({"outputs": {}}))).collect(),
            ..Self::default()
        }
    }
}

/// The inputs of an action: what `with` gives, else the defaults.
fn inputs(
    action: &Composite,
    mut with: BTreeMap<String, String>,
) -> Result<BTreeMap<String, String>, String> {
    let mut inputs = BTreeMap::new();
    for input in &action.inputs {
        let given = with.remove(&input.name).filter(|value| !value.is_empty());
        let value = given.or_else(|| input.default.clone());
        if value.is_none() && input.required {
            return Err(format!(
                "the input `{}` of the action is missing",
                input.name
            ));
        }
        inputs.insert(input.name.clone(), value.unwrap_or_default());
    }
    match with.keys().next() {
        Some(name) => Err(format!("the action has no input `{name}`")),
        None => Ok(inputs),
    }
}

fn title(step: &Step, scope: &Scope) -> Result<String, Error> {
    if let Some(name) = &step.name {
        return name.render(scope);
    }
    Ok(match &step.action {
        Action::Script { text, .. } => format!("Run {}", text.lines().next().unwrap_or_default()),
        Action::Local { path, .. } => path.clone(),
        Action::Outside { reference, .. } => short(reference),
    })
}

/// A reference with a commit's whole id cut to what a person compares.
fn short(reference: &str) -> String {
    match reference.split_once('@') {
        Some((name, version)) if version.len() == 40 => format!("{name}@{}", &version[..7]),
        _ => reference.to_owned(),
    }
}

fn command(step: &Step) -> Option<String> {
    match &step.action {
        Action::Script { text, .. } => Some(text.trim_end().to_owned()),
        _ => None,
    }
}
