//! The text of new values, in the form of what is around them.

use super::Content;
use crate::node::Style;
use crate::print::Printer;
use crate::resolve::is_ambiguous;

/// A scalar in the style that is wanted, or in double quotes where that is not possible.
pub(super) fn scalar(text: &str, style: Style, flow: bool) -> String {
    let mut out = Vec::new();
    let mut printer = Printer::new(&mut out);
    match style {
        Style::Single if Printer::fits_single(text) => printer.single(text, 0, false),
        Style::Plain | Style::Literal | Style::Folded if fits_plain(text, flow) => {
            printer.raw(text);
        }
        _ => printer.double(text, 0, false),
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Whether every reader takes the text without quotes for the string that it is.
fn fits_plain(text: &str, flow: bool) -> bool {
    let special = matches!(text, "=" | "<<");
    let breaks_flow = |c| matches!(c, ',' | '[' | ']' | '{' | '}' | '?');
    let ends_key = text.ends_with(':') || text.starts_with(':');
    !special
        && !is_ambiguous(text)
        && Printer::fits_plain(text)
        && !(flow && (ends_key || text.contains(breaks_flow)))
}

/// Whether a text of several lines can stand as a block of them.
fn fits_block(text: &str) -> bool {
    let ends_blank = |line: &str| line.ends_with([' ', '\t']);
    text.trim_end_matches('\n').contains('\n')
        && !text.starts_with([' ', '\n', '\t'])
        && !text.lines().any(ends_blank)
        && text
            .chars()
            .all(|c| c == '\n' || c == '\t' || !c.is_control())
}

/// How a new collection is written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Form {
    /// How far lists stand right of their key.
    pub(super) list_offset: usize,
    /// Whether all texts are in double quotes.
    pub(super) json: bool,
}

/// A value in block style: what stands on the line of its key, and the lines below it.
fn block(content: &Content, form: Form) -> (String, Vec<String>) {
    let (offset, below) = match content {
        Content::Plain(text) => return (text.clone(), Vec::new()),
        Content::Text(text) if fits_block(text) => {
            let head = format!("|{}", Printer::chomping(text));
            let kept = text.strip_suffix('\n').unwrap_or(text);
            return (head, indented(kept.split('\n').map(str::to_owned), 2));
        }
        Content::Text(text) => return (scalar(text, Style::Plain, false), Vec::new()),
        Content::Map(entries) if entries.is_empty() => return ("{}".to_owned(), Vec::new()),
        Content::List(items) if items.is_empty() => return ("[]".to_owned(), Vec::new()),
        Content::Map(_) => (2, lines(content, form)),
        Content::List(_) => (form.list_offset, lines(content, form)),
    };
    (String::new(), indented(below, offset))
}

fn indented(lines: impl IntoIterator<Item = String>, by: usize) -> Vec<String> {
    let indent = " ".repeat(by);
    let indent = |line: String| match line.is_empty() {
        true => line,
        false => format!("{indent}{line}"),
    };
    lines.into_iter().map(indent).collect()
}

/// A document in block style, line by line.
pub(super) fn lines(content: &Content, form: Form) -> Vec<String> {
    match content {
        Content::Map(entries) if !entries.is_empty() => {
            let entries = entries.iter();
            let entry = entries.flat_map(|(key, value)| entry(key, value, form));
            entry.collect()
        }
        Content::List(items) if !items.is_empty() => {
            items.iter().flat_map(|value| item(value, form)).collect()
        }
        _ => {
            let (head, below) = block(content, form);
            std::iter::once(head).chain(below).collect()
        }
    }
}

fn entry(key: &str, value: &Content, form: Form) -> Vec<String> {
    let key = scalar(key, Style::Plain, false);
    let (head, below) = block(value, form);
    let first = match head.is_empty() {
        true => format!("{key}:"),
        false => format!("{key}: {head}"),
    };
    std::iter::once(first).chain(below).collect()
}

fn item(value: &Content, form: Form) -> Vec<String> {
    let mut inside = match value {
        Content::Map(_) | Content::List(_) => indented(lines(value, form), 2),
        _ => {
            let (head, below) = block(value, form);
            std::iter::once(format!("  {head}")).chain(below).collect()
        }
    };
    if let Some(first) = inside.first_mut() {
        first.replace_range(..1, "-");
    }
    inside
}

/// What stands between the brackets of a collection in flow style, or a scalar there.
pub(super) fn flow_part(content: &Content, form: Form) -> String {
    let style = if form.json {
        Style::Double
    } else {
        Style::Plain
    };
    let text = |text: &str| scalar(text, style, true);
    match content {
        Content::Plain(plain) => plain.clone(),
        Content::Text(value) => text(value),
        Content::Map(entries) => {
            let entries = entries.iter();
            let parts = entries.map(|(key, value)| format!("{}: {}", text(key), flow(value, form)));
            parts.collect::<Vec<_>>().join(", ")
        }
        Content::List(items) => {
            let parts = items.iter().map(|item| flow(item, form));
            parts.collect::<Vec<_>>().join(", ")
        }
    }
}

/// A value in flow style.
pub(super) fn flow(content: &Content, form: Form) -> String {
    let part = flow_part(content, form);
    match content {
        Content::Map(_) => format!("{{{part}}}"),
        Content::List(_) => format!("[{part}]"),
        Content::Text(_) | Content::Plain(_) => part,
    }
}
