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
    disarmed(out, style)
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
        line(out, BLUE, "  in", &harmless(&step.to_string()));
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
    disarmed(out, style)
}

/// Text as it can be shown: names and messages of archives, registries and servers may be in it,
/// which are not to move the cursor or to pass for lines of ours.
pub(crate) fn harmless(text: &str) -> String {
    visible(text).replace('\n', "\n  | ")
}

fn visible(text: &str) -> String {
    let shown = |c: char| match c {
        '\n' | '\t' => c,
        _ if c.is_control() => '\u{fffd}',
        _ => c,
    };
    text.chars().map(shown).collect()
}

/// A GitHub runner takes `##[` for a workflow command wherever it stands in a line.
pub(crate) fn disarmed(text: String, style: Style) -> String {
    match style {
        Style::Text => text,
        Style::Annotation => text.replace("##[", "#\u{fffd}["),
    }
}

fn head(out: &mut String, colour: anstyle::Style, word: &str, text: &str) {
    line(out, colour, &format!("{word}:"), &harmless(text));
}

fn line(out: &mut String, colour: anstyle::Style, word: &str, text: &str) {
    let space = if text.is_empty() { "" } else { " " };
    writeln!(out, "{colour}{word}{colour:#}{space}{text}").expect("writing to a string");
}

/// The line of the file, with a caret under what is meant.
fn excerpt(out: &mut String, place: &Location, colour: anstyle::Style) {
    line(out, BLUE, " -->", &harmless(&place.to_string()));
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
    let shown: String = text.chars().skip(skip).take(WIDTH).collect();
    (at - skip, visible(&shown).replace('\n', "\u{fffd}"))
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
    let mut text = visible(text).replace('%', "%25").replace('\n', "%0A");
    if property {
        text = text.replace(':', "%3A").replace(',', "%2C");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_wrote_cannot_pass_for_lines_of_ours() {
        let text = "no `\u{1b}[31mA\r\u{9b}B\nerror: forged\n  ::stop-commands::x ##[add-mask]a`";
        let warning = Warning::new(text)
            .at(Location::at_line("a\n::b", 1, 1).with_line("x: \u{7}##[c]", 1))
            .hint(text);
        let shown = |style| {
            let text = render_warning(&warning, style);
            anstream::adapter::strip_str(&text).to_string()
        };
        let message =
            "no `\u{fffd}[31mA\u{fffd}\u{fffd}B\n  | error: forged\n  |   ::stop-commands::x";
        let rest = " --> a\n  | ::b:1:1\n  |\n1 | x: \u{fffd}";
        assert_eq!(
            shown(Style::Text),
            format!(
                "warning: {message} ##[add-mask]a`\n{rest}##[c]\n  | ^\nhint: {message} ##[add-mask]a`\n"
            )
        );
        let annotated = render_warning(&warning, Style::Annotation);
        let commands: Vec<&str> = annotated
            .lines()
            .filter(|line| line.trim_start().starts_with("::") || line.contains("##["))
            .collect();
        let line = "::warning file=a%0A%3A%3Ab,line=1,col=1::no `\u{fffd}[31mA\u{fffd}\u{fffd}B\
                    %0Aerror: forged%0A  ::stop-commands::x #\u{fffd}[add-mask]a`";
        assert_eq!(commands, [line]);
        assert!(!annotated.contains(['\r', '\u{9b}']));
    }
}
