//! The repository's own workflow files: every command of them is run, and none can be fed one.

use crate::pipeline::Machine;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use windlass_testkit::{Error, Event, Host, Machine as Runner, Remote, Sandbox, Step, Workflow};

/// What is run on GitHub alone, and why.
const ELSEWHERE: &[(&str, &str)] = &[(
    "cargo install --locked --path bins --root \"$HOME/.windlass\"",
    "the sandbox has the commands of this build in WINDLASS_HOME",
)];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_owned()
}

#[test]
fn every_command_of_the_workflow_is_run() {
    let machine = Machine::new();
    machine.stand_in("python3", "");
    machine.stand_in("make", "");
    let report = machine.report(&[]);
    let pushed = report["steps"].as_array().unwrap().iter();
    let mut run: BTreeSet<String> = pushed
        .filter(|step| step["skipped"].is_null())
        .filter_map(|step| step["command"].as_str().map(str::to_owned))
        .collect();
    run.extend(ran(&pull_request(&machine, "developer")));
    run.extend(ELSEWHERE.iter().map(|(command, _)| (*command).to_owned()));

    let workflow = Workflow::load(&root(), "main.yml").unwrap();
    let written = workflow.commands(&root()).unwrap();
    let written: BTreeSet<String> = written.into_iter().map(|command| command.script).collect();
    assert_eq!(run, written);
}

#[test]
fn a_pull_request_is_built_and_checked_and_publishes_nothing() {
    let machine = Machine::new();
    machine.stand_in("python3", "");
    machine.stand_in("make", "");
    let steps = pull_request(&machine, "developer");
    let ran = ran(&steps);
    let programs: BTreeSet<&str> = ran
        .iter()
        .filter_map(|command| command.split_whitespace().next())
        .collect();
    let expected = [
        "app-affected",
        "echo",
        "image-build",
        "make",
        "manifest-lint",
        "overlay-build",
        "release-next",
    ];
    assert_eq!(programs, expected.into());
    assert!(!ran.iter().any(|command| command.contains("--create")));
}

#[test]
fn a_pre_release_of_no_environment_is_published_and_not_pinned() {
    let machine = Machine::new();
    machine.stand_in("python3", "");
    machine.stand_in("make", "");
    let folder = machine.path("channel");
    fs::create_dir(&folder).unwrap();
    let remote = Remote::folder(&folder.join("remote.git"));
    let copied = ["apps", ".github"];
    let sandbox = Sandbox::new(&folder, &root(), &copied, &["staging"], remote).unwrap();
    sandbox.tag_start("example-app/v1.0.0").unwrap();
    let config = "environments: [{name: prod, branch: main}]\nrelease: {channels: {staging: rc}}\n";
    let file = "apps/example-app/src/more.txt";
    for (message, path, text) in [
        ("chore: make pre-releases", "windlass.yaml", config),
        ("feat(example-app): more", file, "more\n"),
    ] {
        sandbox
            .commit("staging", "staging", message, path, text)
            .unwrap();
        sandbox.push(&["refs/heads/staging".to_owned()]).unwrap();
    }
    sandbox.fetch().unwrap();
    let event = sandbox.latest("staging").unwrap();
    let runner = runner(&machine, &folder, "developer");
    let mut host = Checks {
        sandbox: &sandbox,
        event: &event,
        steps: Vec::new(),
    };
    let workflow = Workflow::load(&root(), "main.yml").unwrap();
    assert!(workflow.run(&event, &runner, &mut host).unwrap());

    let ran = ran(&host.steps);
    assert!(
        ran.iter()
            .any(|command| command.starts_with("image-publish"))
    );
    assert!(!ran.iter().any(|command| command.starts_with("image-pin")));
    let index = fs::read_to_string(folder.join("registry/example-app/index.json")).unwrap();
    assert!(index.contains("\"v1.1.0-rc.1\""), "{index}");
    let tags = sandbox.remote().references().unwrap();
    assert!(tags.contains_key("refs/tags/example-app/v1.1.0-rc.1"));
}

#[test]
fn what_the_bot_pushes_starts_nothing() {
    let machine = Machine::new();
    assert_eq!(
        ran(&pull_request(&machine, "github-actions[bot]")),
        Vec::<String>::new()
    );
}

#[test]
fn no_command_holds_an_expression() {
    for path in files() {
        let text = fs::read_to_string(&path).unwrap();
        // A line that belongs to a `run:` is that line, or a deeper one below it.
        let mut below = None;
        for line in text.lines().filter(|line| !line.trim().is_empty()) {
            let depth = line.len() - line.trim_start_matches([' ', '-']).len();
            let is_run = line[depth..].starts_with("run:");
            below = if is_run {
                Some(depth)
            } else {
                below.filter(|start| depth > *start)
            };
            assert!(
                below.is_none() || !line.contains("${{"),
                "{}: {line}",
                path.display()
            );
        }
    }
}

#[test]
fn actions_of_others_are_pinned_to_a_commit_with_its_version() {
    let mut pins = BTreeMap::new();
    for path in files() {
        let text = fs::read_to_string(&path).unwrap();
        let uses = text.lines().filter_map(|line| line.split_once("uses: "));
        for (_, reference) in uses.filter(|(_, reference)| !reference.starts_with("./")) {
            let (action, version) = reference.split_once('@').unwrap();
            let (commit, version) = version.split_once(" # v").expect(reference);
            assert!(
                commit.len() == 40 && commit.chars().all(|c| c.is_ascii_hexdigit()),
                "{reference}"
            );
            assert!(version.split('.').count() == 3, "{reference}");
            assert_eq!(
                *pins
                    .entry(action.to_owned())
                    .or_insert(reference.to_owned()),
                reference
            );
        }
    }
    assert!(!pins.is_empty());
}

fn files() -> Vec<PathBuf> {
    let github = root().join(".github");
    let workflows = fs::read_dir(github.join("workflows")).unwrap();
    let actions = fs::read_dir(github.join("actions")).unwrap();
    let actions = actions.map(|entry| entry.unwrap().path().join("action.yml"));
    workflows
        .map(|entry| entry.unwrap().path())
        .chain(actions)
        .collect()
}

/// The steps of a pull request that changes the example app.
fn pull_request(machine: &Machine, actor: &str) -> Vec<Step> {
    let folder = machine.path(actor);
    fs::create_dir(&folder).unwrap();
    let remote = Remote::folder(&folder.join("remote.git"));
    let branches = ["develop", "main"];
    let sandbox = Sandbox::new(&folder, &root(), &["apps", ".github"], &branches, remote).unwrap();
    let message = "feat(example-app): more";
    sandbox
        .commit(
            "develop",
            "feature",
            message,
            "apps/example-app/src/more.txt",
            "more\n",
        )
        .unwrap();
    sandbox.push(&["refs/heads/feature".to_owned()]).unwrap();
    sandbox.fetch().unwrap();
    let event = sandbox.pull_request("feature", "develop").unwrap();
    let runner = runner(machine, &folder, actor);
    let mut host = Checks {
        sandbox: &sandbox,
        event: &event,
        steps: Vec::new(),
    };
    let workflow = Workflow::load(&root(), "main.yml").unwrap();
    assert!(workflow.run(&event, &runner, &mut host).unwrap());
    host.steps
}

/// A machine with the commands, whose registry is a folder.
fn runner(machine: &Machine, folder: &Path, actor: &str) -> Runner {
    let commands = Path::new(env!("CARGO_BIN_EXE_pipeline")).parent().unwrap();
    let path = format!("{}:{}", commands.display(), machine.bin().display());
    let registry = format!("oci:{}", folder.join("registry").display());
    let variables = [
        ("WINDLASS_HOME", commands.to_str().unwrap()),
        ("WINDLASS_REGISTRY", &registry),
        ("WINDLASS_BASE", "scratch"),
        ("WINDLASS_DEPENDENCIES", "skip"),
    ];
    Runner {
        environment: BTreeMap::from([("PATH".to_owned(), path)]),
        variables: variables
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
        secrets: BTreeMap::new(),
        repository: "example/platform".to_owned(),
        actor: actor.to_owned(),
        server: "https://github.com".to_owned(),
        folder: folder.to_owned(),
    }
}

/// The scripts that were run.
fn ran(steps: &[Step]) -> Vec<String> {
    let ran = steps.iter().filter(|step| step.skipped.is_none());
    ran.filter_map(|step| step.command.clone()).collect()
}

struct Checks<'a> {
    sandbox: &'a Sandbox,
    event: &'a Event,
    steps: Vec<Step>,
}

impl Host for Checks<'_> {
    fn checkout(&mut self, workspace: &Path) -> Result<(), Error> {
        self.sandbox.check_out(self.event, workspace)
    }

    fn job(&mut self, _: &str) {}

    fn begin(&mut self, _: &str, _: &str) {}

    fn end(&mut self, step: Step) {
        self.steps.push(step);
    }
}
