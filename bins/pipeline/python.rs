//! The steps that need Python, on a machine that may not have it.

use crate::commands::is_on_path;
use std::collections::BTreeMap;

/// What is known of Python on this machine.
pub(crate) struct Python {
    /// The search path of the steps.
    path: String,
    state: State,
}

enum State {
    Unknown,
    /// A step has run well.
    Ready,
    /// Why steps cannot run.
    Missing(String),
}

impl Python {
    pub(crate) fn new(path: String) -> Self {
        Self {
            path,
            state: State::Unknown,
        }
    }

    /// Why a command cannot be run here, if so.
    pub(crate) fn skip(&mut self, command: &str) -> Option<String> {
        if !needs_python(command) {
            return None;
        }
        if let State::Unknown = self.state
            && let Some(missing) = self.missing()
        {
            self.state = State::Missing(missing);
        }
        match &self.state {
            State::Missing(why) => Some(why.clone()),
            State::Unknown | State::Ready => None,
        }
    }

    /// A command has run well.
    pub(crate) fn succeeded(&mut self, command: &str) {
        if needs_python(command) {
            self.state = State::Ready;
        }
    }

    /// Why the first of them failed, where it was for want of the package index.
    pub(crate) fn excuse(
        &mut self,
        command: &str,
        environment: &BTreeMap<String, String>,
    ) -> Option<String> {
        if !needs_python(command)
            || matches!(self.state, State::Ready)
            || index_answers(environment)
        {
            return None;
        }
        let why = "the Python package index cannot be reached".to_owned();
        self.state = State::Missing(why.clone());
        Some(why)
    }

    fn missing(&self) -> Option<String> {
        for program in ["make", "python3"] {
            if !is_on_path(program, &self.path) {
                return Some(format!("there is no {program} on this machine"));
            }
        }
        let venv = succeeds(
            &["python3", "-c", "import ensurepip, venv"],
            &[("PATH", &self.path)],
        );
        (!venv).then(|| "this machine's python3 cannot make virtual environments".to_owned())
    }
}

/// The applications' own targets are what sets Python up and uses it.
fn needs_python(command: &str) -> bool {
    command.split_whitespace().next() == Some("make")
}

/// Whether pip can ask the package index for something that every index has.
fn index_answers(environment: &BTreeMap<String, String>) -> bool {
    let environment: Vec<(&str, &str)> = environment
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let question = "exec \"$VENV/bin/python\" -m pip --retries 0 --timeout 10 index versions pip";
    succeeds(&["bash", "-c", question], &environment)
}

#[expect(
    clippy::disallowed_methods,
    reason = "python alone knows what it can do"
)]
fn succeeds(command: &[&str], environment: &[(&str, &str)]) -> bool {
    let output = std::process::Command::new(command[0])
        .args(&command[1..])
        .env_clear()
        .envs(environment.iter().copied())
        .output();
    output.is_ok_and(|output| output.status.success())
}
