//! The text of new values, in the form of what is around them.

use super::Step;
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

/// How a new collection is written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Form {
    /// How far lists stand right of their key.
    pub(super) list_offset: usize,
    /// Whether all texts are in double quotes.
    pub(super) json: bool,
}

/// What the steps make, line by line, in block style.
pub(super) fn lines(steps: &[Step<'_>], value: &str, form: Form) -> Vec<String> {
    let Some((step, rest)) = steps.split_first() else {
        return vec![scalar(value, Style::Plain, false)];
    };
    let below = lines(rest, value, form);
    let (first, below, offset) = match *step {
        Step::Key(key) => {
            let key = scalar(key, Style::Plain, false);
            match rest.first() {
                None => return vec![format!("{key}: {}", below.concat())],
                Some(Step::Key(_)) => (format!("{key}:"), below, 2),
                Some(_) => (format!("{key}:"), below, form.list_offset),
            }
        }
        Step::Item(key, name) => {
            let key = scalar(key, Style::Plain, false);
            let name = scalar(name, Style::Plain, false);
            (format!("- {key}: {name}"), below, 2)
        }
        Step::Index(_) => (format!("- {}", below.concat()), Vec::new(), 0),
    };
    let indent = " ".repeat(offset);
    let below = below.into_iter().map(|line| format!("{indent}{line}"));
    std::iter::once(first).chain(below).collect()
}

/// What the steps make in flow style: an entry of a map or an item of a list.
pub(super) fn flow_part(steps: &[Step<'_>], value: &str, form: Form) -> String {
    let style = if form.json {
        Style::Double
    } else {
        Style::Plain
    };
    let text = |text| scalar(text, style, true);
    match steps.split_first() {
        None | Some((Step::Index(_), _)) => text(value),
        Some((Step::Key(key), rest)) => {
            format!("{}: {}", text(key), flow_whole(rest, value, form))
        }
        Some((Step::Item(key, name), rest)) => {
            let more = match rest {
                [] => String::new(),
                _ => format!(", {}", flow_part(rest, value, form)),
            };
            format!("{{{}: {}{more}}}", text(key), text(name))
        }
    }
}

/// The same with the brackets of the collection around it.
pub(super) fn flow_whole(steps: &[Step<'_>], value: &str, form: Form) -> String {
    let part = flow_part(steps, value, form);
    match steps.first() {
        None => part,
        Some(Step::Key(_)) => format!("{{{part}}}"),
        Some(_) => format!("[{part}]"),
    }
}
