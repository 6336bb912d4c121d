//! The named outputs of a step, for the steps after it.

use crate::{Context, Failure, Report};
use serde_json::Value;
use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::Write as _;

/// Appends every field of the report to the file that `$GITHUB_OUTPUT` names, if it names one.
pub(crate) fn append<R: Report>(report: &R, context: &Context) -> Result<(), Failure> {
    let Some(path) = context.env("GITHUB_OUTPUT") else {
        return Ok(());
    };
    let value = serde_json::to_value(report).expect("a report has string keys and finite numbers");
    write(&path, &render(&value)).map_err(|error| {
        Failure::world(
            format!("cannot write the outputs to `{path}`: {error}"),
            None,
        )
    })
}

impl Context {
    /// Puts Markdown onto the page of the job, where `$GITHUB_STEP_SUMMARY` names a file for that.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn summarize(&self, markdown: &str) -> Result<(), Failure> {
        let Some(path) = self.env("GITHUB_STEP_SUMMARY") else {
            return Ok(());
        };
        write(&path, markdown).map_err(|error| {
            Failure::world(
                format!("cannot write the summary to `{path}`: {error}"),
                None,
            )
        })
    }
}

fn write(path: &str, text: &str) -> std::io::Result<()> {
    let mut file = OpenOptions::new().append(true).create(true).open(path)?;
    file.write_all(text.as_bytes())
}

/// One `key=value` line a field; a value of several lines in the form with a delimiter.
fn render(report: &Value) -> String {
    let mut lines = String::new();
    for (key, value) in report.as_object().into_iter().flatten() {
        let text = plain(value);
        let written = if text.contains(['\n', '\r']) {
            let end = delimiter(&text);
            writeln!(lines, "{key}<<{end}\n{text}\n{end}")
        } else {
            writeln!(lines, "{key}={text}")
        };
        written.expect("writing to a string");
    }
    lines
}

/// Strings as they are, lists of words with spaces between, everything else as compact JSON.
fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) => words(items).unwrap_or_else(|| value.to_string()),
        _ => value.to_string(),
    }
}

fn words(items: &[Value]) -> Option<String> {
    let words: Option<Vec<&str>> = items
        .iter()
        .map(|item| {
            item.as_str()
                .filter(|word| !word.contains(char::is_whitespace))
        })
        .collect();
    words.map(|words| words.join(" "))
}

/// A line that does not stand in the text, so that the text cannot end its own value early.
fn delimiter(text: &str) -> String {
    let mut end = String::from("EOF");
    while text.lines().any(|line| line == end) {
        end.push('_');
    }
    end
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn fields_become_lines() {
        let report = json!({
            "changed": true, "tag": "v1.2.3", "tags": ["v1.2.3", "1.2"], "matrix": {"app": ["a"]},
            "none": null, "spaced": ["a b"], "note": "one\nEOF",
        });
        insta::assert_snapshot!(render(&report), @r#"
        changed=true
        matrix={"app":["a"]}
        none=
        note<<EOF_
        one
        EOF
        EOF_
        spaced=["a b"]
        tag=v1.2.3
        tags=v1.2.3 1.2
        "#);
    }
}
