//! A run of the workflow as it is seen on a terminal.

use crate::python::Python;
use crate::report::StepLine;
use std::collections::BTreeMap;
use std::path::Path;
use windlass_cli::Context;
use windlass_testkit::{Error, Event, Host, Sandbox, Step};

/// Shows steps as they run, and keeps them for the report.
pub(crate) struct Console<'a> {
    pub(crate) context: &'a Context,
    pub(crate) sandbox: &'a Sandbox,
    pub(crate) event: &'a Event,
    pub(crate) python: &'a mut Python,
    pub(crate) steps: &'a mut Vec<StepLine>,
    /// Whether the step that ends next was seen to begin.
    pub(crate) begun: bool,
}

impl Host for Console<'_> {
    fn checkout(&mut self, workspace: &Path) -> Result<(), Error> {
        self.sandbox.check_out(self.event, workspace)
    }

    fn skip(&mut self, script: &str) -> Option<String> {
        self.python.skip(script)
    }

    fn excuse(&mut self, script: &str, environment: &BTreeMap<String, String>) -> Option<String> {
        self.python.excuse(script, environment)
    }

    fn job(&mut self, name: &str) {
        self.context.progress(format_args!("\n  {name}"));
    }

    fn begin(&mut self, step: &str, script: &str) {
        self.begun = true;
        self.context.progress(format_args!("    {step}"));
        for line in script.lines() {
            self.context.progress(format_args!("      $ {line}"));
        }
    }

    fn end(&mut self, step: Step) {
        let begun = std::mem::take(&mut self.begun);
        for (name, value) in step.outputs.iter().filter(|(_, value)| !value.is_empty()) {
            self.context
                .progress(format_args!("      {name:<12} {}", one_line(value)));
        }
        match &step.skipped {
            Some(why) if begun => self.context.progress(format_args!("      skipped: {why}")),
            Some(why) => self
                .context
                .progress(format_args!("    {}: skipped, {why}", step.name)),
            None => {
                self.context
                    .progress(format_args!("      ok, {:.2} s", step.time.as_secs_f64()));
                self.python
                    .succeeded(step.command.as_deref().unwrap_or_default());
            }
        }
        self.steps.push(StepLine::new(self.event.reference(), step));
    }
}

/// The start of a value, as much as a line holds.
fn one_line(value: &str) -> String {
    const WIDTH: usize = 78;
    let first = value.lines().next().unwrap_or_default();
    let short: String = first.chars().take(WIDTH).collect();
    match short.len() < value.trim_end().len() {
        true => format!("{short} …"),
        false => short,
    }
}
