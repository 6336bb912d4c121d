//! A tour through the environments: pushes, and the workflow for each of them.

mod result;

use crate::Args;
use crate::commands::is_on_path;
use crate::console::Console;
use crate::machine::{dates, machine};
use crate::python::Python;
use crate::report::StepLine;
use crate::scenario::Scenario;
use std::path::{Path, PathBuf};
use windlass_cli::{Config, Context, Environment, Failure};
use windlass_fault::Secret;
use windlass_testkit::{Event, Machine, References, Remote, Sandbox, Shell, Workflow};

const WORKFLOW: &str = ".github/workflows/main.yml";

/// A sandbox with the commands, and what has happened in it.
pub(crate) struct Tour<'a> {
    context: &'a Context,
    config: Config,
    sandbox: Sandbox,
    app: String,
    base: String,
    bins: PathBuf,
    machine: Machine,
    python: Python,
    steps: Vec<StepLine>,
    runs: usize,
}

impl<'a> Tour<'a> {
    /// Makes the sandbox in an empty folder.
    pub(crate) fn start(
        context: &'a Context,
        args: &Args,
        folder: &Path,
        bins: PathBuf,
    ) -> Result<Self, Failure> {
        let config = context.config()?;
        if config.environments.is_empty() {
            let message = "`windlass.yaml` names no environment for a change to reach";
            return Err(Failure::input(message, None));
        }
        let source = context.directory();
        if !source.join(WORKFLOW).is_file() {
            let message = format!("there is no `{WORKFLOW}` in `{}`", source.display());
            let hint = "run it in the repository's folder, or name that with -C";
            return Err(Failure::input(message, Some(hint.to_owned())));
        }
        let remote = match &args.remote {
            Some(url) => Remote::at(url, context.env("GITHUB_TOKEN").map(Secret::new))?,
            None => Remote::folder(&folder.join("remote.git")),
        };
        let machine = machine(context, args, folder, &bins, &remote)?;
        let copied = [
            config.apps.as_str(),
            "argo",
            ".github",
            ".gitignore",
            "windlass.yaml",
        ];
        let sandbox = Sandbox::new(folder, source, &copied, &branches(&config), remote)?;
        sandbox.fetch()?;
        let mut tour = Self {
            python: Python::new(machine.environment.get("PATH").cloned().unwrap_or_default()),
            app: String::new(),
            base: args.base.clone(),
            context,
            config,
            sandbox,
            bins,
            machine,
            steps: Vec::new(),
            runs: 0,
        };
        tour.app = tour.choose(args.app.as_deref())?;
        tour.tag_present_releases()?;
        Ok(tour)
    }

    /// The application that was asked for, or the first one.
    fn choose(&self, asked: Option<&str>) -> Result<String, Failure> {
        let apps = self.apps(&self.first().branch);
        let chosen = match asked {
            Some(name) => apps.iter().find(|app| *app == name),
            None => apps.first(),
        };
        chosen.cloned().ok_or_else(|| {
            let asked = asked.unwrap_or("*");
            let message = format!("there is no application `{}/{asked}`", self.config.apps);
            let near = windlass_fault::nearest(asked, apps.iter().map(String::as_str));
            Failure::input(message, near.map(|near| format!("did you mean `{near}`?")))
        })
    }

    /// The environment that a change reaches first.
    fn first(&self) -> &Environment {
        self.config
            .environments
            .first()
            .expect("checked at the start")
    }

    /// The environment that a change reaches last.
    fn last(&self) -> &Environment {
        self.config
            .environments
            .last()
            .expect("checked at the start")
    }

    fn apps(&self, branch: &str) -> Vec<String> {
        let names = self.sandbox.list(branch, &self.config.apps);
        names
            .into_iter()
            .filter(|name| !name.starts_with('.'))
            .collect()
    }

    /// What production runs was released once: its version is a tag.
    fn tag_present_releases(&self) -> Result<(), Failure> {
        let released = self
            .config
            .environments
            .iter()
            .filter(|one| one.tag.is_none());
        for environment in released {
            for app in self.apps(&environment.branch) {
                let pin = self.running(environment, &app);
                if let Some(version) = pin.as_ref().and_then(|pin| pin.tag.strip_prefix('v')) {
                    let prefix = self.config.tag_prefix.replace("{app}", &app);
                    self.sandbox.tag_start(&format!("{prefix}{version}"))?;
                }
            }
        }
        Ok(())
    }

    /// A `feat:` change on the first environment's branch, merged from branch to branch.
    pub(crate) fn carry_a_change(&mut self) -> Result<(), Failure> {
        let app = self.app.clone();
        let branches: Vec<String> = branches(&self.config)
            .into_iter()
            .map(str::to_owned)
            .collect();
        let message = format!("feat({app}): serve a message of the day");
        let path = format!("{}/{app}/src/static/motd.txt", self.config.apps);
        self.sandbox
            .commit(&branches[0], &branches[0], &message, &path, "Fair winds.\n")?;
        self.push(&branches[0])?;
        for pair in branches.windows(2) {
            self.sandbox.merge(&pair[0], &pair[1])?;
            self.push(&pair[1])?;
        }
        Ok(())
    }

    fn push(&mut self, branch: &str) -> Result<(), Failure> {
        let before = self.sandbox.remote().references()?;
        self.sandbox.push(&[format!("refs/heads/{branch}")])?;
        self.run_moved(&before)
    }

    /// Types the lines of a common task into a shell in the developer's clone.
    pub(crate) fn type_scenario(&mut self, scenario: Scenario) -> Result<(), Failure> {
        let mut environment = self.machine.environment.clone();
        let path = environment.get("PATH").cloned().unwrap_or_default();
        if !is_on_path("git", &path) {
            let message = format!("the task `{}` needs the git program", scenario.name());
            return Err(Failure::world(message, Some("install git".to_owned())));
        }
        let readme = std::fs::read_to_string(self.context.path("README.md"))
            .map_err(|error| Failure::input(format!("cannot read `README.md`: {error}"), None))?;
        let lines = scenario.lines(&readme)?;
        let clone = self.sandbox.clone_for_developer(&self.last().branch)?;
        environment.insert("GIT_MERGE_AUTOEDIT".to_owned(), "no".to_owned());
        let logs = self.sandbox.folder().join("lines");
        let mut shell = Shell::new(clone, logs, environment);
        for line in lines {
            self.context.progress(format_args!("\n$ {line}"));
            if let Some(why) = self.python.skip(&line) {
                self.context.progress(format_args!("skipped: {why}"));
                continue;
            }
            let before = self.sandbox.remote().references()?;
            shell.environment.extend(dates(&self.sandbox));
            let printed = shell.type_line(&line)?;
            if !printed.is_empty() {
                self.context.progress(printed);
            }
            self.run_moved(&before)?;
        }
        Ok(())
    }

    /// Runs the workflow for each branch and tag that has moved.
    fn run_moved(&mut self, before: &References) -> Result<(), Failure> {
        let after = self.sandbox.remote().references()?;
        self.sandbox.fetch()?;
        for (reference, commit) in moved(before, &after) {
            let before = before.get(&reference).map(String::as_str);
            let event = self.sandbox.pushed(&reference, before, &commit)?;
            self.run(&event)?;
        }
        Ok(())
    }

    fn run(&mut self, event: &Event) -> Result<(), Failure> {
        let workflow = self.workflow(event)?;
        if workflow.starts_on(event) {
            return self.run_workflow(&workflow, event);
        }
        let Some(branch) = event.reference().strip_prefix("refs/heads/") else {
            self.context
                .progress(format_args!("\n{} starts nothing", event.reference()));
            return Ok(());
        };
        let base = self.first().branch.clone();
        let pull = self.sandbox.pull_request(branch, &base)?;
        self.run_workflow(&workflow, &pull)
    }

    fn workflow(&self, event: &Event) -> Result<Workflow, Failure> {
        let text = self.sandbox.read(event.commit(), WORKFLOW).ok_or_else(|| {
            Failure::input(
                format!("there is no `{WORKFLOW}` in `{}`", event.reference()),
                None,
            )
        })?;
        Ok(Workflow::parse(WORKFLOW, &text)?)
    }

    fn run_workflow(&mut self, workflow: &Workflow, event: &Event) -> Result<(), Failure> {
        self.runs += 1;
        let name = event.reference().replace('/', "-");
        self.machine.folder = self
            .sandbox
            .folder()
            .join(format!("run-{}-{name}", self.runs));
        std::fs::create_dir_all(&self.machine.folder).map_err(|error| {
            Failure::world(
                format!("cannot make a folder of the sandbox: {error}"),
                None,
            )
        })?;
        self.machine.variables.extend(dates(&self.sandbox));
        let subject = self.sandbox.subject(event.commit())?;
        let what = if event.base().is_some() {
            "pull request"
        } else {
            "push"
        };
        self.context
            .progress(format_args!("\n{what} {}: {subject}", event.short_name()));
        let before = self.sandbox.remote().references()?;
        let mut console = Console {
            context: self.context,
            sandbox: &self.sandbox,
            event,
            python: &mut self.python,
            steps: &mut self.steps,
            begun: false,
        };
        workflow.run(event, &self.machine, &mut console)?;
        let after = self.sandbox.remote().references()?;
        for (reference, commit) in moved(&before, &after) {
            self.context.progress(format_args!(
                "\n  moved {reference} to {commit:.7}: pushed by the run itself, which starts no other"
            ));
        }
        Ok(self.sandbox.fetch()?)
    }
}

/// The branches of the environments, each once.
fn branches(config: &Config) -> Vec<&str> {
    let mut branches: Vec<&str> = Vec::new();
    for environment in &config.environments {
        if !branches.contains(&environment.branch.as_str()) {
            branches.push(&environment.branch);
        }
    }
    branches
}

/// What is at another commit than before, or new.
fn moved(before: &References, after: &References) -> Vec<(String, String)> {
    let other = after
        .iter()
        .filter(|(reference, commit)| before.get(*reference) != Some(*commit));
    other
        .map(|(reference, commit)| (reference.clone(), commit.clone()))
        .collect()
}
