//! Errors and warnings as a person or a GitHub job reads them.

use std::fmt::Write;
use windlass_fault::{Fault, Location, Warning};

/// The form of what is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// For a terminal.
    Text,
    /// The same, with a workflow command in front that marks the line in a GitHub job
    /// (GitHub: "Workflow commands for GitHub Actions").
    Annotation,
}

const RED: anstyle::Style = anstyle::AnsiColor::Red.on_default().bold();
const YELLOW: anstyle::Style = anstyle::AnsiColor::Yellow.on_default().bold();
const BLUE: anstyle::Style = anstyle::AnsiColor::Blue.on_default().bold();
const CYAN: anstyle::Style = anstyle::AnsiColor::Cyan.on_default().bold();

/// An error with its place, causes and hint, and the errors found beside it.
///
/// Colour codes are in the text; printing through `anstream` drops them where they do not belong.
#[must_use]
pub fn render_fault(fault: &dyn Fault, style: Style) -> String {
    let mut out = String::new();
    render_one(&mut out, fault, style);
    for other in fault.others() {
        out.push('\n');
        render_one(&mut out, other, style);
    }
    out
}

fn render_one(out: &mut String, fault: &dyn Fault, style: Style) {
    let place = fault.location();
    let message = fault.to_string();
    annotate(out, style, "error", &message, place.as_ref());
    head(out, RED, "error", &message);
    if let Some(place) = &place {
        excerpt(out, place, RED);
    }
    for step in fault.trail() {
        line(out, BLUE, "  in", &step.to_string());
    }
    let mut cause = fault.source();
    while let Some(error) = cause {
        head(out, RED, "caused by", &error.to_string());
        cause = error.source();
    }
    if let Some(hint) = fault.hint() {
        head(out, CYAN, "hint", &hint);
    }
}

/// A warning with its place and hint.
#[must_use]
pub fn render_warning(warning: &Warning, style: Style) -> String {
    let mut out = String::new();
    let (message, place) = (warning.to_string(), warning.location.as_ref());
    annotate(&mut out, style, "warning", &message, place);
    head(&mut out, YELLOW, "warning", &message);
    if let Some(place) = &warning.location {
        excerpt(&mut out, place, YELLOW);
    }
    if let Some(hint) = &warning.hint {
        head(&mut out, CYAN, "hint", hint);
    }
    out
}

fn head(out: &mut String, colour: anstyle::Style, word: &str, text: &str) {
    line(out, colour, &format!("{word}:"), text);
}

fn line(out: &mut String, colour: anstyle::Style, word: &str, text: &str) {
    let space = if text.is_empty() { "" } else { " " };
    writeln!(out, "{colour}{word}{colour:#}{space}{text}").expect("writing to a string");
}

/// The line of the file, with a caret under what is meant.
fn excerpt(out: &mut String, place: &Location, colour: anstyle::Style) {
    line(out, BLUE, " -->", &place.to_string());
    let Some(text) = &place.excerpt else { return };
    let number = place.line.to_string();
    let gutter = " ".repeat(number.len());
    let (before, shown) = window(text, place.column.saturating_sub(1) as usize);
    let caret =
        "^".repeat((place.width as usize).min(shown.chars().count().saturating_sub(before).max(1)));
    // Tabs keep their width, so that the caret stands right under any tab stop.
    let pad: String = shown
        .chars()
        .take(before)
        .map(|c| if c == '\t' { '\t' } else { ' ' })
        .collect();
    line(out, BLUE, &format!("{gutter} |"), "");
    line(out, BLUE, &format!("{number} |"), &shown);
    line(
        out,
        BLUE,
        &format!("{gutter} |"),
        &format!("{pad}{colour}{caret}{colour:#}"),
    );
}

/// At most 160 characters of a line around `at`, and where `at` stands in them.
fn window(text: &str, at: usize) -> (usize, String) {
    const WIDTH: usize = 160;
    let skip = at.saturating_sub(WIDTH / 2);
    let shown: String = text
        .chars()
        .skip(skip)
        .take(WIDTH)
        .map(|c| {
            if c.is_control() && c != '\t' {
                '\u{fffd}'
            } else {
                c
            }
        })
        .collect();
    (at - skip, shown)
}

fn annotate(out: &mut String, style: Style, level: &str, message: &str, place: Option<&Location>) {
    if style != Style::Annotation {
        return;
    }
    let mut properties = Vec::new();
    if let Some(place) = place {
        properties.push(format!("file={}", escape(&place.path, true)));
        if place.line > 0 {
            properties.push(format!("line={}", place.line));
        }
        if place.column > 0 {
            properties.push(format!("col={}", place.column));
        }
    }
    let space = if properties.is_empty() { "" } else { " " };
    writeln!(
        out,
        "::{level}{space}{}::{}",
        properties.join(","),
        escape(message, false)
    )
    .expect("writing to a string");
}

/// The escapes of workflow commands (actions/toolkit: packages/core/src/command.ts).
fn escape(text: &str, property: bool) -> String {
    let mut text = text
        .replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A");
    if property {
        text = text.replace(':', "%3A").replace(',', "%2C");
    }
    text
}
