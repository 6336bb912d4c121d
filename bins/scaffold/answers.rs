//! Answers to a template's questions: by flags, from a file, or by who sits at the terminal.

use std::io::{self, BufRead, IsTerminal, Write};
use std::path::PathBuf;
use windlass_cli::{Context, Failure};
use windlass_scaffold::{Answers, Kind, Prompt, answers, set};

/// How questions are answered.
#[derive(Debug, clap::Args)]
pub(crate) struct Answering {
    /// The answer to a question of the template's template.yaml; QUESTION.ENVIRONMENT=ANSWER for one
    /// environment. May be given more than once
    #[arg(long, value_name = "QUESTION=ANSWER", value_parser = with_equals)]
    set: Vec<String>,
    /// A YAML file of answers by their questions; `--set` overrides it
    #[arg(long, value_name = "FILE")]
    answers: Option<PathBuf>,
    /// Do not ask on the terminal: what is not answered has its default
    #[arg(long)]
    no_input: bool,
}

fn with_equals(text: &str) -> Result<String, String> {
    match text.contains('=') {
        true => Ok(text.to_owned()),
        false => Err("it must be QUESTION=ANSWER".to_owned()),
    }
}

impl Answering {
    /// What flags and the file answer.
    pub(crate) fn given(&self, context: &Context) -> Result<Answers, Failure> {
        let mut given = Answers::new();
        for text in &self.set {
            set(&mut given, text).map_err(|error| Failure::usage(error.to_string()))?;
        }
        let Some(file) = &self.answers else {
            return Ok(given);
        };
        let shown = file.display().to_string();
        let text = std::fs::read_to_string(context.path(file))
            .map_err(|error| Failure::input(format!("cannot read `{shown}`: {error}"), None))?;
        let mut all = answers(&shown, &text)?;
        all.extend(given);
        Ok(all)
    }

    /// Whether somebody can be asked.
    pub(crate) fn is_interactive(&self) -> bool {
        !self.no_input && io::stdin().is_terminal() && io::stderr().is_terminal()
    }
}

/// Asks with a line for each question on `out`, and reads a line of `input`.
pub(crate) fn ask(
    prompt: &Prompt<'_>,
    mut input: impl BufRead,
    mut out: impl Write,
) -> io::Result<Option<String>> {
    let question = prompt.question;
    if let Some(problem) = prompt.problem {
        writeln!(out, "{problem}")?;
    } else if let Some(help) = question.help() {
        writeln!(out, "{help}")?;
    }
    write!(out, "{}", question.name())?;
    if let Some(environment) = prompt.environment {
        write!(out, " for {environment}")?;
    }
    match question.kind() {
        _ if !question.choices().is_empty() => write!(out, " ({})", question.choices().join(", "))?,
        Kind::Bool => write!(out, " (true, false)")?,
        Kind::List => write!(out, " (with commas between)")?,
        _ => {}
    }
    if let Some(default) = prompt.default {
        write!(out, " [{default}]")?;
    }
    write!(out, ": ")?;
    out.flush()?;
    let mut line = String::new();
    let read = input.read_line(&mut line)?;
    Ok((read > 0).then_some(line))
}

/// [`ask`] at the terminal.
pub(crate) fn ask_here(prompt: &Prompt<'_>) -> io::Result<Option<String>> {
    ask(prompt, io::stdin().lock(), io::stderr().lock())
}
