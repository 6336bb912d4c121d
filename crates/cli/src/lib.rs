//! What every windlass command shares: arguments, exit codes, reports, the rendering of errors,
//! and the repository's configuration.
//!
//! A command is one function from arguments to a report:
//!
//! ```no_run
//! use windlass_cli::{Common, Context, Failure, Report};
//!
//! /// Say hello
//! #[derive(clap::Parser)]
//! struct Args {
//!     #[command(flatten)]
//!     common: Common,
//! }
//! impl AsRef<Common> for Args {
//!     fn as_ref(&self) -> &Common {
//!         &self.common
//!     }
//! }
//! #[derive(serde::Serialize)]
//! struct Greeting {
//!     text: String,
//! }
//! impl std::fmt::Display for Greeting {
//!     fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
//!         writeln!(f, "{}", self.text)
//!     }
//! }
//! impl Report for Greeting {}
//!
//! fn run(_: Args, _: &Context) -> Result<Greeting, Failure> {
//!     Ok(Greeting { text: "hello".into() })
//! }
//! fn main() -> std::process::ExitCode {
//!     windlass_cli::main(run)
//! }
//! ```

mod board;
mod config;
mod context;
mod failure;
mod meter;
mod outputs;
mod render;

pub use board::Board;
pub use config::{
    Bump, Channel, Config, ConfigError, Environment, Level, LintRules, PromoteRules, ReleaseRules,
    Shared,
};
pub use context::Context;
pub use failure::Failure;
pub use meter::Meter;
pub use render::{Style, render_fault, render_warning};

use clap::{CommandFactory, Parser};
use serde::Serialize;
use std::ffi::OsString;
use std::fmt;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use windlass_fault::Warning;

/// Arguments that every command takes.
#[derive(Debug, Clone, clap::Args)]
pub struct Common {
    /// Run as if started in this folder
    #[arg(short = 'C', long, value_name = "DIR")]
    pub directory: Option<PathBuf>,
    /// How to print the result
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub format: Format,
    /// Say more on stderr about what is done
    #[arg(short, long, conflicts_with = "quiet")]
    pub verbose: bool,
    /// Say nothing on stderr but errors
    #[arg(short, long)]
    pub quiet: bool,
}

/// How a result is printed on stdout.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For people and pipes
    #[default]
    Text,
    /// One JSON object
    Json,
}

/// What a command has to say: `Display` is stdout in text form, `Serialize` its named outputs.
pub trait Report: Serialize + fmt::Display {
    /// Whether `Display` writes colour codes, which are for terminals alone.
    fn has_colours(&self) -> bool {
        false
    }

    /// What works but is probably not meant. Printed on stderr.
    fn warnings(&self) -> &[Warning] {
        &[]
    }

    /// What failed while the rest went well. Printed on stderr; the command then ends with status
    /// 1 if the input is at fault for any of it, else with 3.
    fn failures(&self) -> &[Failure] {
        &[]
    }

    /// Whether a check found a difference; the command then ends with status 1.
    fn differs(&self) -> bool {
        false
    }
}

const EXIT_CODES: &str = "\
Exit codes:
  0  done, or nothing to do
  1  the input is at fault
  2  the command line is at fault
  3  the network, a registry, a server or a deadline is; trying again may help";

/// Parses the command line, runs the command and prints what it says.
pub fn main<A, R>(run: impl FnOnce(A, &Context) -> Result<R, Failure>) -> ExitCode
where
    A: Parser + CommandFactory + AsRef<Common>,
    R: Report,
{
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let command = A::command().after_long_help(EXIT_CODES);
    if let Some(code) = describe(&command, &arguments) {
        return code;
    }
    let args = match command
        .try_get_matches_from(&arguments)
        .and_then(|mut matches| A::from_arg_matches_mut(&mut matches))
    {
        Ok(args) => args,
        Err(error) => return usage(&error),
    };
    let context = Context::new(args.as_ref());
    let format = args.as_ref().format;
    match run(args, &context) {
        Ok(report) => finish(&report, format, &context),
        Err(failure) => {
            failure.print(&context);
            ExitCode::from(failure.code())
        }
    }
}

/// Answers `--completions SHELL` and `--man`, made from the command's own definition.
fn describe(command: &clap::Command, arguments: &[OsString]) -> Option<ExitCode> {
    let mut command = command.clone();
    let name = command.get_name().to_owned();
    let mut page = Vec::new();
    match (arguments.get(1)?.to_str()?, arguments.get(2)) {
        ("--completions", Some(shell)) => {
            let Ok(shell) = shell.to_str()?.parse::<clap_complete::Shell>() else {
                let known = "bash, elvish, fish, powershell, zsh";
                let error = format!("no completions for that shell; there are {known}");
                return Some(usage(
                    &command.error(clap::error::ErrorKind::InvalidValue, error),
                ));
            };
            clap_complete::generate(shell, &mut command, name, &mut page);
        }
        ("--man", None) => clap_mangen::Man::new(command).render(&mut page).ok()?,
        _ => return None,
    }
    Some(write_stdout(|out| out.write_all(&page)))
}

fn usage(error: &clap::Error) -> ExitCode {
    // A closed stream leaves nobody to tell.
    let _ = error.print();
    ExitCode::from(if error.use_stderr() { 2 } else { 0 })
}

fn finish<R: Report>(report: &R, format: Format, context: &Context) -> ExitCode {
    for warning in report.warnings() {
        context.warn(warning);
    }
    if let Err(failure) = outputs::append(report, context) {
        failure.print(context);
        return ExitCode::from(failure.code());
    }
    let written = write_stdout(|out| match format {
        Format::Text if report.has_colours() => {
            out.write_all(coloured(&report.to_string()).as_bytes())
        }
        Format::Text => write!(out, "{report}"),
        Format::Json => out.write_all(json(report).as_bytes()),
    });
    for failure in report.failures() {
        failure.print(context);
    }
    let codes = report.failures().iter().map(Failure::code);
    match codes.chain(report.differs().then_some(1)).min() {
        Some(code) => ExitCode::from(code),
        None => written,
    }
}

/// The text as stdout can show it.
fn coloured(text: &str) -> String {
    match anstream::stdout().current_choice() {
        anstream::ColorChoice::Never => anstream::adapter::strip_str(text).to_string(),
        _ => text.to_owned(),
    }
}

fn json<R: Report>(report: &R) -> String {
    let mut text =
        serde_json::to_string_pretty(report).expect("a report has string keys and finite numbers");
    text.push('\n');
    text
}

/// A reader that has seen enough (`| head`) is no error; a full disk is. What is long goes out as it
/// is, without a copy.
fn write_stdout(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> ExitCode {
    let mut out = io::BufWriter::with_capacity(1 << 16, io::stdout().lock());
    match write(&mut out).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            anstream::eprintln!("error: cannot write the result: {error}");
            ExitCode::from(3)
        }
        _ => ExitCode::SUCCESS,
    }
}
