//! Workflows run in a sandbox, step by step.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use tempfile::TempDir;
use windlass_fault::{Blame, Fault, Secret};
use windlass_testkit::{Error, ErrorKind, Event, Host, Machine, Step, Workflow};

/// A repository with one workflow and the files beside it.
struct Repository {
    root: TempDir,
    steps: Vec<Step>,
}

impl Host for Repository {
    fn checkout(&mut self, workspace: &Path) -> Result<(), Error> {
        let source = self.root.path().join(".github");
        copy(&source, &workspace.join(".github"));
        Ok(())
    }

    fn skip(&mut self, script: &str) -> Option<String> {
        script.starts_with("make").then(|| "no python3".to_owned())
    }

    fn excuse(&mut self, script: &str, _: &BTreeMap<String, String>) -> Option<String> {
        script.starts_with("curl").then(|| "no network".to_owned())
    }

    fn job(&mut self, _: &str) {}

    fn begin(&mut self, _: &str, _: &str) {}

    fn end(&mut self, step: Step) {
        self.steps.push(step);
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &target),
            false => drop(fs::copy(entry.path(), target).unwrap()),
        }
    }
}

impl Repository {
    fn new(workflow: &str) -> Self {
        let repository = Self {
            root: TempDir::new().unwrap(),
            steps: Vec::new(),
        };
        repository.file(".github/workflows/main.yml", workflow);
        repository
    }

    fn file(&self, path: &str, text: &str) {
        let path = self.root.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn run(&mut self, event: &Event) -> Result<bool, Error> {
        let folder = TempDir::new().unwrap();
        let path = std::env::var("PATH").unwrap();
        let machine = Machine {
            environment: BTreeMap::from([("PATH".to_owned(), path)]),
            variables: BTreeMap::from([("TOOLS".to_owned(), "/opt/tools".to_owned())]),
            secrets: BTreeMap::from([("PASSWORD".to_owned(), Secret::new("hunter2"))]),
            repository: "example/platform".to_owned(),
            actor: "developer".to_owned(),
            server: "https://github.com".to_owned(),
            folder: folder.path().to_owned(),
        };
        Workflow::load(self.root.path(), "main.yml")?.run(event, &machine, self)
    }

    /// What each step was called, did and said.
    fn story(&self) -> String {
        let line = |step: &Step| {
            let mut line = format!("{}: {}", step.job, step.name);
            for (name, value) in &step.outputs {
                line.push_str(&format!(" {name}={value:?}"));
            }
            if let Some(why) = &step.skipped {
                line.push_str(&format!(" (skipped: {why})"));
            }
            line
        };
        self.steps.iter().map(line).collect::<Vec<_>>().join("\n")
    }
}

fn push() -> Event {
    Event::push(
        "refs/heads/main",
        &"0".repeat(40),
        &"1".repeat(40),
        "feat: more",
    )
}

fn story(workflow: &str) -> String {
    let mut repository = Repository::new(workflow);
    assert!(repository.run(&push()).unwrap());
    repository.story()
}

/// The error of a workflow, as its place, message and hint.
fn error(workflow: &str) -> String {
    shown(&Repository::new(workflow).run(&push()).unwrap_err())
}

fn shown(error: &Error) -> String {
    let place = error
        .location()
        .map_or(String::new(), |place| format!("{place}: "));
    let hint = error
        .hint()
        .map_or(String::new(), |hint| format!(" ({hint})"));
    format!("{place}{error}{hint}")
}

#[test]
fn values_travel_by_outputs_environment_and_path() {
    let told = story(
        r#"
on: push
env:
  GREETING: hello
  TOOL: ${{ github.actor }}
jobs:
  first:
    runs-on: ubuntu-24.04
    outputs:
      word: ${{ steps.say.outputs.word }}
      list: ${{ steps.say.outputs.list }}
    steps:
      - id: say
        run: |
          echo "word=$GREETING" >> "$GITHUB_OUTPUT"
          printf 'list<<END\n{"app":["web","api"]}\nEND\n' >> "$GITHUB_OUTPUT"
          echo 'echo "name=$0" >> "$GITHUB_OUTPUT"' > "$RUNNER_TEMP/tool"; chmod +x "$RUNNER_TEMP/tool"
          echo "$RUNNER_TEMP" >> "$GITHUB_PATH"
          echo "LATER=set" >> "$GITHUB_ENV"
      - name: Use ${{ env.LATER }} ${{ env.TOOL }}
        run: basename "$(command -v tool)"; echo "later=$LATER" >> "$GITHUB_OUTPUT"
  second:
    name: Second ${{ matrix.app }}
    needs: [first]
    runs-on: ubuntu-24.04
    strategy:
      matrix: ${{ fromJSON(needs.first.outputs.list) }}
    env:
      APP: ${{ matrix.app }}
    steps:
      - name: Say
        env:
          WORD: ${{ needs.first.outputs.word }}
          GREETING: overridden
        run: echo "said=$WORD $APP $GREETING $GITHUB_REF_NAME" >> "$GITHUB_OUTPUT"
"#,
    );
    insta::assert_snapshot!(told, @r#"
    first: Run echo "word=$GREETING" >> "$GITHUB_OUTPUT" word="hello" list="{\"app\":[\"web\",\"api\"]}"
    first: Use set developer later="set"
    Second web: Say said="hello web overridden main"
    Second api: Say said="hello api overridden main"
    "#);
}

#[test]
fn conditions_decide_steps_and_jobs() {
    let told = story(
        r#"
on: push
jobs:
  never:
    if: github.event_name == 'pull_request'
    runs-on: ubuntu-24.04
    steps:
      - run: exit 1
  after_never:
    needs: never
    runs-on: ubuntu-24.04
    steps:
      - run: exit 1
  now:
    runs-on: ubuntu-24.04
    steps:
      - id: ask
        run: echo "publish=false" >> "$GITHUB_OUTPUT"
      - name: Publish
        id: publish
        if: steps.ask.outputs.publish == 'true'
        run: exit 1
      - name: Say
        if: ${{ !steps.publish.outputs.digest }}
        run: 'true'
      - run: make test
      - run: curl nowhere && exit 1 || exit 7
"#,
    );
    insta::assert_snapshot!(told, @r#"
    now: Run echo "publish=false" >> "$GITHUB_OUTPUT" publish="false"
    now: Publish (skipped: its condition does not hold)
    now: Say
    now: Run make test (skipped: no python3)
    now: Run curl nowhere && exit 1 || exit 7 (skipped: no network)
    "#);
}

#[test]
fn actions_of_the_repository_are_run_and_others_named() {
    let workflow = r#"
on: push
defaults:
  run:
    shell: bash
    working-directory: .github
jobs:
  now:
    runs-on: ubuntu-24.04
    steps:
      - uses: actions/checkout@de0fac2e4500dabe0009e67214ff5f5447ce83dd
        with:
          fetch-depth: 0
      - run: basename "$PWD"; echo "here=$(basename "$PWD")" >> "$GITHUB_OUTPUT"
      - id: greet
        uses: ./.github/actions/greet
        env:
          TONE: warm
        with:
          name: ${{ github.actor }}
      - uses: owner/other@v1
        with:
          said: ${{ steps.greet.outputs.said }}
      - env:
          SAID: ${{ steps.greet.outputs.said }}
        run: echo "heard=$SAID" >> "$GITHUB_OUTPUT"
"#;
    let mut repository = Repository::new(workflow);
    repository.file(
        ".github/actions/greet/action.yml",
        r#"
name: greet
description: Say hello
inputs:
  name:
    description: Whom to greet
    required: true
  mark:
    description: What stands at the end
    default: '!'
outputs:
  said:
    description: What was said
    value: ${{ steps.say.outputs.said }}
runs:
  using: composite
  steps:
    - name: Say
      id: say
      shell: bash
      env:
        NAME: ${{ inputs.name }}${{ inputs.mark }}
      run: echo "said=hello $NAME $TONE" >> "$GITHUB_OUTPUT"
"#,
    );
    assert!(repository.run(&push()).unwrap());
    insta::assert_snapshot!(repository.story(), @r#"
    now: actions/checkout@de0fac2 (skipped: the sandbox checks the commit out by itself)
    now: Run basename "$PWD"; echo "here=$(basename "$PWD")" >> "$GITHUB_OUTPUT" here=".github"
    now: Say said="hello developer! warm"
    now: owner/other@v1 (skipped: an action of another repository)
    now: Run echo "heard=$SAID" >> "$GITHUB_OUTPUT" heard="hello developer! warm"
    "#);
}

#[test]
fn a_failing_step_stops_with_its_name_status_and_place() {
    let workflow = |script: &str| {
        format!(
            "on: push\njobs:\n  now:\n    name: Release\n    runs-on: x\n    steps:\n      - name: Publish\n        \
             env:\n          PASSWORD: ${{{{ secrets.PASSWORD }}}}\n        run: {script}\n      - run: touch after\n"
        )
    };
    let fails = |script: &str| {
        let mut repository = Repository::new(&workflow(script));
        let error = repository.run(&push()).unwrap_err();
        assert!(repository.steps.is_empty());
        error
    };
    let error = fails(r#"'echo "::error::no" >&2; echo "refused $PASSWORD" >&2; exit 3'"#);
    assert_eq!(
        (error.kind(), error.blame()),
        (ErrorKind::Step(3), Blame::World)
    );
    insta::assert_snapshot!(shown(&error), @".github/workflows/main.yml:7:9: step `Publish` of job `Release` ended with status 3");
    insta::assert_snapshot!(std::error::Error::source(&error).unwrap().to_string(), @r#"
    `echo "::error::no" >&2; echo "refused $PASSWORD" >&2; exit 3` said
    refused ***
    "#);
    assert_eq!(fails("exit 1").blame(), Blame::Input);
    assert_eq!(fails("exit 2").blame(), Blame::Input);
    assert_eq!(fails("no-such-command").kind(), ErrorKind::Step(127));
    assert_eq!(fails("kill -9 $$").kind(), ErrorKind::Step(137));
}

#[test]
fn a_pipe_fails_with_its_first_command_where_bash_is_asked_for() {
    let workflow = |shell: &str| {
        format!(
            "on: push\njobs:\n  now:\n    runs-on: x\n    steps:\n      - run: exit 4 | true\n{shell}"
        )
    };
    assert!(Repository::new(&workflow("")).run(&push()).unwrap());
    let error = Repository::new(&workflow("        shell: bash\n"))
        .run(&push())
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Step(4));
}

#[test]
fn triggers_decide_whether_it_starts() {
    let job = "jobs: {now: {runs-on: x, steps: [{run: 'true'}]}}";
    let starts = |on: &str, event: &Event| {
        Repository::new(&format!("on: {on}\n{job}\n"))
            .run(event)
            .unwrap()
    };
    let commit = "1".repeat(40);
    let branch = |name: &str| Event::push(&format!("refs/heads/{name}"), &commit, &commit, "");
    let tag = Event::push("refs/tags/web/v1.0.0", &commit, &commit, "");
    let pull = Event::pull_request(("develop", &commit), ("feature/x", &commit), &commit);
    let both = "{push: {branches: [main], tags: ['*/v*']}, pull_request: }";
    for (on, event, expected) in [
        (both, branch("main"), true),
        (both, branch("feature/x"), false),
        (both, tag.clone(), true),
        (both, pull.clone(), true),
        ("{push: {branches: [main]}}", tag.clone(), false),
        ("push", tag, true),
        ("[pull_request]", branch("main"), false),
        ("{pull_request: {branches: [main]}}", pull, false),
    ] {
        assert_eq!(starts(on, &event), expected, "{on} {event:?}");
    }
}

#[test]
fn a_step_cannot_leave_the_workspace() {
    let steps = "jobs: {now: {runs-on: x, steps: [{run: pwd, working-directory: ../..}]}}";
    insta::assert_snapshot!(error(&format!("on: push\n{steps}\n")), @".github/workflows/main.yml:2:64: the working directory `../..` is not in the workspace");
    let steps = "jobs: {now: {runs-on: x, steps: [{uses: ./../outside}]}}";
    insta::assert_snapshot!(error(&format!("on: push\n{steps}\n")), @".github/workflows/main.yml:2:34: cannot read `../outside/action.yml` (name a path inside the repository)");
}

#[test]
fn what_the_sandbox_does_not_know_is_an_error_with_its_place() {
    let job = |lines: &str| error(&format!("on: push\njobs:\n  now:\n    runs-on: x\n{lines}"));
    let step = |lines: &str| job(&format!("    steps:\n      - run: 'true'\n{lines}"));
    let told = [
        error("on: push\njobs: {}\nenvironment: x\n"),
        error("on: workflow_dispatch\njobs: {}\n"),
        error("on: {push: {paths: [a]}}\njobs: {}\n"),
        error("on: {push: {branches: ['!main']}}\njobs: {}\n"),
        error("on: push\njobs: {a: {needs: b, steps: []}, b: {needs: a, steps: []}}\n"),
        error("on: push\n"),
        error("on: [push\n"),
        job("    container: debian\n    steps: []\n"),
        job("    strategy: {matrix: {include: []}}\n    steps: []\n"),
        job("    strategy: {matrix: \"${{ github.actor }}\"}\n    steps: []\n"),
        job("    timeout-minutes: 9999\n    steps: []\n"),
        job("    steps:\n      - run: echo ${{ github.head_ref }}\n"),
        job("    steps:\n      - name: nothing\n"),
        job("    steps:\n      - uses: checkout\n"),
        step("        continue-on-error: true\n"),
        step("        shell: pwsh\n"),
        step("        env:\n          A: x ${{ hashFiles('a') }}\n"),
        step("        env:\n          A: ${{ env.B || github.actr }}\n"),
        step("        if: secrets.PASSWORD != ''\n"),
        step("        id: a\n      - run: x\n        id: a\n"),
    ];
    insta::assert_snapshot!(told.join("\n"), @"
    .github/workflows/main.yml:3:1: the sandbox knows no `environment` in a workflow
    .github/workflows/main.yml:1:5: the sandbox knows no event `workflow_dispatch`
    .github/workflows/main.yml:1:13: the sandbox knows no `paths` in `push`
    .github/workflows/main.yml:1:23: the sandbox cannot match the pattern `!main`
    job `a` needs `b`, and they never end (name jobs of this file that do not need one another in a circle)
    .github/workflows/main.yml:1:1: `jobs` is missing here
    .github/workflows/main.yml:1:5: cannot read `.github/workflows/main.yml`
    .github/workflows/main.yml:5:5: the sandbox knows no `container` in a job
    .github/workflows/main.yml:5:34: the sandbox knows no `include` of a matrix
    .github/workflows/main.yml:5:25: the matrix of job `now` is no object of lists
    .github/workflows/main.yml:5:22: give minutes, at most 360
    .github/workflows/main.yml:6:14: an expression in `run` lets its value be run as a command (give the value a name under `env:`, and use that in double quotes)
    .github/workflows/main.yml:6:9: a step has either `run` or `uses`
    .github/workflows/main.yml:6:15: an action is `./FOLDER` or `OWNER/NAME@VERSION`
    .github/workflows/main.yml:7:9: the sandbox knows no `continue-on-error` in a step
    .github/workflows/main.yml:7:16: the sandbox knows no shell `pwsh`
    .github/workflows/main.yml:8:20: the sandbox does not know the function `hashFiles` (it knows `startsWith` and `fromJSON`)
    .github/workflows/main.yml:8:27: the sandbox does not know `github.actr` (did you mean `github.actor`?)
    .github/workflows/main.yml:7:13: `secrets` cannot be used at this place
    .github/workflows/main.yml:8:9: two steps have the id `a`
    ");
}

#[test]
fn actions_are_held_to_their_inputs() {
    let told = |with: &str, runs: &str| {
        let uses = format!("{{uses: ./.github/greet, with: {with}}}");
        let steps = format!("[{{uses: actions/checkout@v6}}, {uses}]");
        let workflow = format!("on: push\njobs: {{now: {{runs-on: x, steps: {steps}}}}}\n");
        let mut repository = Repository::new(&workflow);
        let inputs = "inputs: {name: {description: x, required: true}}";
        let action = format!("name: greet\ndescription: x\n{inputs}\nruns: {runs}\n");
        repository.file(".github/greet/action.yml", &action);
        shown(&repository.run(&push()).unwrap_err())
    };
    let composite = |step: &str| format!("{{using: composite, steps: [{step}]}}");
    let told = [
        told("{}", &composite("")),
        told("{name: x, nmae: y}", &composite("")),
        told("{name: x}", "{using: node24, main: index.js}"),
        told(
            "{name: x}",
            &composite("{run: x, shell: bash, env: {A: '${{ secrets.PASSWORD }}'}}"),
        ),
        told(
            "{name: x}",
            &composite("{run: x, shell: bash, env: {A: '${{ inputs.nam }}'}}"),
        ),
        told(
            "{name: x}",
            &composite("{uses: ./.github/greet, with: {name: x}}"),
        ),
    ];
    insta::assert_snapshot!(told.join("\n"), @"
    .github/workflows/main.yml:2:63: the input `name` of the action is missing
    .github/workflows/main.yml:2:63: the action has no input `nmae`
    .github/greet/action.yml:4:23: the sandbox knows no `main` in `runs`
    .github/greet/action.yml:4:70: `secrets` cannot be used at this place
    .github/greet/action.yml:4:70: this action has no input `nam` (did you mean `inputs.name`?)
    .github/greet/action.yml:4:34: actions use one another more than 10 deep
    ");
}

#[test]
fn every_command_is_listed() {
    let repository = Repository::new(
        "on: push\njobs:\n  now:\n    runs-on: x\n    steps:\n      - run: |\n          one\n          two\n      - uses: ./.github/a\n",
    );
    repository.file(
        ".github/a/action.yml",
        "name: a\ndescription: a\nruns:\n  using: composite\n  steps:\n    - run: three\n      shell: bash\n",
    );
    let root = repository.root.path();
    let commands = Workflow::load(root, "main.yml")
        .unwrap()
        .commands(root)
        .unwrap();
    let told = commands
        .iter()
        .map(|command| format!("{} {:?}", command.location, command.script));
    insta::assert_snapshot!(told.collect::<Vec<_>>().join("\n"), @r#"
    .github/workflows/main.yml:6:9 "one\ntwo"
    .github/a/action.yml:6:7 "three"
    "#);
}
