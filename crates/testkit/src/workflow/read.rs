//! From a file's tree to the model.

use super::trigger::{Pattern, Push};
use super::{Action, Composite, Defaults, Env, Input, Job, Matrix, Step, Text, Triggers, Workflow};
use crate::{Error, ErrorKind};
use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;
use windlass_fault::{Fault as _, Location};
use windlass_yaml::{NodeId, Source, Tree};

/// The largest file that is read.
const LARGEST: u64 = 1 << 20;

/// How long a job may take where it says nothing, as on GitHub.
const TIMEOUT: Duration = Duration::from_secs(360 * 60);

/// The text of a file of the repository.
pub(super) fn file(root: &Path, path: &str) -> Result<String, Error> {
    let full = root.join(path);
    let failed = || Error::new(ErrorKind::Workflow, format!("cannot read `{path}`"));
    if path.split('/').any(|part| part == "..") {
        return Err(failed().hinted("name a path inside the repository".to_owned()));
    }
    let size = std::fs::metadata(&full)
        .map_err(|error| failed().caused(error))?
        .len();
    if size > LARGEST {
        return Err(failed().caused(format!("it has {size} bytes; at most {LARGEST} are read")));
    }
    std::fs::read_to_string(&full).map_err(|error| failed().caused(error))
}

/// Reads a workflow.
pub(super) fn workflow(path: &str, text: &str) -> Result<Workflow, Error> {
    let (reader, root) = Reader::parse(path, text)?;
    let known = [
        "name",
        "on",
        "permissions",
        "env",
        "defaults",
        "concurrency",
        "jobs",
    ];
    reader.fields(root, "a workflow", &known)?;
    let name = match reader.get(root, "name") {
        Some(name) => reader.plain(name)?,
        None => path.to_owned(),
    };
    let defaults = reader.defaults(root, &Defaults::default())?;
    let mut jobs = Vec::new();
    for (id, job) in reader.entries(reader.required(root, "jobs")?) {
        jobs.push(reader.job(id, job, &defaults)?);
    }
    Ok(Workflow {
        name,
        triggers: reader.triggers(reader.required(root, "on")?)?,
        env: reader.env(root, "env")?,
        jobs: reader.in_order(jobs)?,
        labels: reader.labels(root, &["concurrency"])?,
    })
}

/// Reads a composite action.
pub(super) fn composite(path: &str, text: &str) -> Result<Composite, Error> {
    let (reader, root) = Reader::parse(path, text)?;
    reader.fields(
        root,
        "an action",
        &["name", "description", "inputs", "outputs", "runs"],
    )?;
    let runs = reader.required(root, "runs")?;
    reader.fields(runs, "`runs`", &["using", "steps"])?;
    let using = reader.required(runs, "using")?;
    if reader.plain(using)? != "composite" {
        let message = "an action of this repository is `composite`";
        return Err(reader.error(using, message));
    }
    let mut outputs = Env::new();
    for (name, output) in reader.children(root, "outputs") {
        reader.fields(output, "an output", &["description", "value"])?;
        outputs.push((name, reader.text(reader.required(output, "value")?)?));
    }
    Ok(Composite {
        inputs: reader.inputs(root)?,
        outputs,
        steps: reader.steps(runs, &Defaults::default())?,
    })
}

struct Reader {
    tree: Tree,
}

/// The model's parts.
impl Reader {
    fn triggers(&self, on: NodeId) -> Result<Triggers, Error> {
        let mut triggers = Triggers::default();
        if !self.tree.is_map(on) {
            for event in self.words(on)? {
                match event.as_str() {
                    "push" => triggers.push = Some(Push::default()),
                    "pull_request" => triggers.pull_request = Some(Vec::new()),
                    _ => {
                        return Err(self.error(on, format!("the sandbox knows no event `{event}`")));
                    }
                }
            }
            return Ok(triggers);
        }
        self.fields(on, "`on`", &["push", "pull_request"])?;
        if let Some(push) = self.get(on, "push") {
            self.optional_fields(push, "`push`", &["branches", "tags"])?;
            triggers.push = Some(Push {
                branches: self.patterns(push, "branches")?,
                tags: self.patterns(push, "tags")?,
            });
        }
        if let Some(pull) = self.get(on, "pull_request") {
            self.optional_fields(pull, "`pull_request`", &["branches"])?;
            triggers.pull_request = Some(self.patterns(pull, "branches")?.unwrap_or_default());
        }
        Ok(triggers)
    }

    fn patterns(&self, map: NodeId, key: &str) -> Result<Option<Vec<Pattern>>, Error> {
        let Some(node) = self.get(map, key) else {
            return Ok(None);
        };
        let made = self.words(node)?.into_iter().map(|word| {
            let wrong = || {
                self.error(
                    node,
                    format!("the sandbox cannot match the pattern `{word}`"),
                )
            };
            Pattern::new(&word).ok_or_else(wrong)
        });
        made.collect::<Result<_, _>>().map(Some)
    }

    fn job(&self, id: String, job: NodeId, defaults: &Defaults) -> Result<Job, Error> {
        let known = [
            "name",
            "needs",
            "if",
            "runs-on",
            "permissions",
            "env",
            "defaults",
            "outputs",
            "strategy",
            "concurrency",
            "timeout-minutes",
            "steps",
        ];
        self.fields(job, "a job", &known)?;
        let defaults = self.defaults(job, defaults)?;
        let needs = match self.get(job, "needs") {
            Some(needs) => self.words(needs)?,
            None => Vec::new(),
        };
        Ok(Job {
            id,
            name: self.optional(job, "name")?,
            needs,
            condition: self.condition(job)?,
            env: self.env(job, "env")?,
            outputs: self.env(job, "outputs")?,
            matrix: self.matrix(job)?,
            steps: self.steps(job, &defaults)?,
            timeout: self.timeout(job)?,
            labels: self.labels(job, &["runs-on", "concurrency"])?,
        })
    }

    /// The jobs so that each comes after those it needs.
    fn in_order(&self, mut jobs: Vec<Job>) -> Result<Vec<Job>, Error> {
        let mut ordered: Vec<Job> = Vec::new();
        while !jobs.is_empty() {
            let ready = |job: &Job| {
                let done = |need: &String| ordered.iter().any(|job| job.id == *need);
                job.needs.iter().all(done)
            };
            let Some(next) = jobs.iter().position(ready) else {
                let needs = jobs[0].needs.join("`, `");
                let message = format!("job `{}` needs `{needs}`, and they never end", jobs[0].id);
                let hint = "name jobs of this file that do not need one another in a circle";
                return Err(Error::new(ErrorKind::Workflow, message).hinted(hint.to_owned()));
            };
            ordered.push(jobs.remove(next));
        }
        Ok(ordered)
    }

    fn matrix(&self, job: NodeId) -> Result<Option<Matrix>, Error> {
        let Some(strategy) = self.get(job, "strategy") else {
            return Ok(None);
        };
        self.fields(
            strategy,
            "`strategy`",
            &["matrix", "fail-fast", "max-parallel"],
        )?;
        let Some(matrix) = self.get(strategy, "matrix") else {
            return Ok(None);
        };
        if self.tree.is_scalar(matrix) {
            return Ok(Some(Matrix::Expression(self.text(matrix)?)));
        }
        let mut lists = Vec::new();
        for (name, list) in self.entries(matrix) {
            if matches!(name.as_str(), "include" | "exclude") {
                return Err(self.error(list, format!("the sandbox knows no `{name}` of a matrix")));
            }
            let values: Result<Vec<_>, _> =
                self.tree.items(list).map(|item| self.text(item)).collect();
            lists.push((name, values?));
        }
        Ok(Some(Matrix::Lists(lists)))
    }

    /// What `defaults` says, and for the rest what was said before.
    fn defaults(&self, map: NodeId, before: &Defaults) -> Result<Defaults, Error> {
        let Some(defaults) = self.get(map, "defaults") else {
            return Ok(before.clone());
        };
        self.fields(defaults, "`defaults`", &["run"])?;
        let run = self.required(defaults, "run")?;
        self.fields(run, "`run`", &["shell", "working-directory"])?;
        Ok(Defaults {
            bash: self.shell(run)? || before.bash,
            directory: self
                .optional(run, "working-directory")?
                .or_else(|| before.directory.clone()),
        })
    }

    /// Whether `shell: bash` is said; another shell is not known.
    fn shell(&self, map: NodeId) -> Result<bool, Error> {
        let Some(shell) = self.get(map, "shell") else {
            return Ok(false);
        };
        match self.plain(shell)?.as_str() {
            "bash" => Ok(true),
            other => Err(self.error(shell, format!("the sandbox knows no shell `{other}`"))),
        }
    }

    fn timeout(&self, job: NodeId) -> Result<Duration, Error> {
        let Some(node) = self.get(job, "timeout-minutes") else {
            return Ok(TIMEOUT);
        };
        let minutes = self
            .plain(node)?
            .parse::<u64>()
            .ok()
            .filter(|minutes| *minutes <= 360);
        let minutes = minutes.ok_or_else(|| self.error(node, "give minutes, at most 360"))?;
        Ok(Duration::from_secs(minutes * 60))
    }

    fn inputs(&self, root: NodeId) -> Result<Vec<Input>, Error> {
        let mut inputs = Vec::new();
        for (name, input) in self.children(root, "inputs") {
            self.fields(input, "an input", &["description", "required", "default"])?;
            inputs.push(Input {
                name,
                required: self.tree.text_at(input, &["required"]) == Some("true"),
                default: self.tree.text_at(input, &["default"]).map(str::to_owned),
            });
        }
        Ok(inputs)
    }

    fn steps(&self, map: NodeId, defaults: &Defaults) -> Result<Vec<Step>, Error> {
        let node = self.required(map, "steps")?;
        let steps = self.tree.items(node).map(|step| self.step(step, defaults));
        let steps: Vec<Step> = steps.collect::<Result<_, _>>()?;
        let mut seen = BTreeSet::new();
        for step in &steps {
            if let Some(id) = step.id.as_deref().filter(|id| !seen.insert(*id)) {
                let message = format!("two steps have the id `{id}`");
                return Err(Error::new(ErrorKind::Workflow, message).at(step.place.clone()));
            }
        }
        Ok(steps)
    }

    fn step(&self, step: NodeId, defaults: &Defaults) -> Result<Step, Error> {
        let known = [
            "id",
            "name",
            "if",
            "uses",
            "with",
            "run",
            "env",
            "shell",
            "working-directory",
        ];
        self.fields(step, "a step", &known)?;
        let action = match (self.get(step, "run"), self.get(step, "uses")) {
            (Some(run), None) => self.script(step, run, defaults)?,
            (None, Some(uses)) => self.uses(step, uses)?,
            _ => return Err(self.error(step, "a step has either `run` or `uses`")),
        };
        Ok(Step {
            id: self.get(step, "id").map(|id| self.plain(id)).transpose()?,
            name: self.optional(step, "name")?,
            condition: self.condition(step)?,
            env: self.env(step, "env")?,
            action,
            place: self.place(step),
        })
    }

    fn script(&self, step: NodeId, run: NodeId, defaults: &Defaults) -> Result<Action, Error> {
        let text = self.tree.text(run).to_owned();
        if text.contains("${{") {
            let hint = "give the value a name under `env:`, and use that in double quotes";
            let message = "an expression in `run` lets its value be run as a command";
            return Err(self.error(run, message).hinted(hint.to_owned()));
        }
        if self.get(step, "with").is_some() {
            return Err(self.error(step, "a step with `run` takes no `with`"));
        }
        let directory = self.optional(step, "working-directory")?;
        Ok(Action::Script {
            text,
            bash: self.shell(step)? || defaults.bash,
            directory: directory.or_else(|| defaults.directory.clone()),
        })
    }

    fn uses(&self, step: NodeId, uses: NodeId) -> Result<Action, Error> {
        let reference = self.plain(uses)?;
        let with = self.env(step, "with")?;
        for key in ["shell", "working-directory"] {
            if let Some(node) = self.get(step, key) {
                return Err(self.error(node, format!("a step with `uses` takes no `{key}`")));
            }
        }
        if reference.starts_with("./") {
            return Ok(Action::Local {
                path: reference,
                with,
            });
        }
        match reference.contains('/') && reference.contains('@') {
            true => Ok(Action::Outside { reference, with }),
            false => Err(self.error(uses, "an action is `./FOLDER` or `OWNER/NAME@VERSION`")),
        }
    }

    /// The expressions of what means something to GitHub alone.
    fn labels(&self, map: NodeId, keys: &[&str]) -> Result<Vec<Text>, Error> {
        let mut labels = Vec::new();
        for node in keys.iter().filter_map(|key| self.get(map, key)) {
            if self.tree.is_map(node) {
                self.fields(node, "`concurrency`", &["group", "cancel-in-progress"])?;
            }
            let scalars = self
                .tree
                .children(node)
                .chain([node])
                .filter(|&at| self.tree.is_scalar(at));
            for scalar in scalars {
                labels.push(self.text(scalar)?);
            }
        }
        Ok(labels)
    }
}

/// The tree's parts.
impl Reader {
    fn parse(path: &str, text: &str) -> Result<(Self, NodeId), Error> {
        let failed = || Error::new(ErrorKind::Workflow, format!("cannot read `{path}`"));
        let mut tree = Tree::new();
        let roots = tree.load(Source::new(path, text)).map_err(|error| {
            let failed = failed();
            match error.location() {
                Some(place) => failed.at(place).caused(error),
                None => failed.caused(error),
            }
        })?;
        match roots.as_slice() {
            [root] => Ok((Self { tree }, *root)),
            _ => Err(failed().caused("it has to be one document")),
        }
    }

    /// Holds a map to the keys that are known.
    fn fields(&self, map: NodeId, what: &str, known: &[&str]) -> Result<(), Error> {
        if !self.tree.is_map(map) {
            return Err(self.error(map, format!("{what} is a map")));
        }
        let mut seen = BTreeSet::new();
        for (key, value) in self.tree.entries(map) {
            let place = self.tree.locate(self.tree.key_origin(value));
            let error = |message| match place.clone() {
                Some(place) => Error::new(ErrorKind::Workflow, message).at(place),
                None => Error::new(ErrorKind::Workflow, message),
            };
            if !known.contains(&key) {
                let near = windlass_fault::nearest(key, known.iter().copied());
                let hint = near.map(|near| format!("did you mean `{near}`?"));
                return Err(error(format!("the sandbox knows no `{key}` in {what}")).hinted(hint));
            }
            if !seen.insert(key) {
                return Err(error(format!("`{key}` stands twice in {what}")));
            }
        }
        Ok(())
    }

    /// The same for a map that may be left empty.
    fn optional_fields(&self, map: NodeId, what: &str, known: &[&str]) -> Result<(), Error> {
        match self.is_empty(map) {
            true => Ok(()),
            false => self.fields(map, what, known),
        }
    }

    fn is_empty(&self, node: NodeId) -> bool {
        self.tree.is_scalar(node) && matches!(self.tree.text(node), "" | "~" | "null")
    }

    fn get(&self, map: NodeId, key: &str) -> Option<NodeId> {
        self.tree.get(map, key)
    }

    fn required(&self, map: NodeId, key: &str) -> Result<NodeId, Error> {
        self.get(map, key)
            .ok_or_else(|| self.error(map, format!("`{key}` is missing here")))
    }

    fn entries(&self, map: NodeId) -> impl Iterator<Item = (String, NodeId)> {
        self.tree
            .entries(map)
            .map(|(key, value)| (key.to_owned(), value))
    }

    fn children(&self, map: NodeId, key: &str) -> Vec<(String, NodeId)> {
        self.get(map, key)
            .map_or(Vec::new(), |map| self.entries(map).collect())
    }

    fn env(&self, map: NodeId, key: &str) -> Result<Env, Error> {
        let children = self.children(map, key).into_iter();
        children
            .map(|(name, value)| Ok((name, self.text(value)?)))
            .collect()
    }

    fn text(&self, node: NodeId) -> Result<Text, Error> {
        match self.tree.is_scalar(node) {
            true => Text::read(&self.tree, node),
            false => Err(self.error(node, "a text was expected here")),
        }
    }

    fn optional(&self, map: NodeId, key: &str) -> Result<Option<Text>, Error> {
        self.get(map, key).map(|node| self.text(node)).transpose()
    }

    fn condition(&self, map: NodeId) -> Result<Option<Text>, Error> {
        let condition = self.get(map, "if");
        condition
            .map(|node| Text::read_condition(&self.tree, node))
            .transpose()
    }

    /// A text that may hold no expression.
    fn plain(&self, node: NodeId) -> Result<String, Error> {
        let text = self.text(node)?;
        let literal = text.literal().map(str::to_owned);
        literal.ok_or_else(|| self.error(node, "an expression cannot be used here"))
    }

    /// A text, or a list of them.
    fn words(&self, node: NodeId) -> Result<Vec<String>, Error> {
        match self.tree.is_seq(node) {
            true => self.tree.items(node).map(|item| self.plain(item)).collect(),
            false => self.plain(node).map(|word| vec![word]),
        }
    }

    fn place(&self, node: NodeId) -> Location {
        let place = self.tree.locate(self.tree.origin(node));
        place.unwrap_or_else(|| Location::file(""))
    }

    fn error(&self, node: NodeId, message: impl Into<String>) -> Error {
        Error::new(ErrorKind::Workflow, message).at(self.place(node))
    }
}
