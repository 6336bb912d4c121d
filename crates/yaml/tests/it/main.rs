//! What the crate promises, seen from outside.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod de;
mod edit;
mod emit;
mod errors;
mod graft;
mod hostile;
mod properties;
mod tree;

use std::fmt::Write;
use windlass_fault::{Fault, Location, Warning};

/// An error as a command shows it.
fn shown(error: &dyn Fault) -> String {
    let mut out = format!("error: {error}\n");
    place(&mut out, error.location());
    if let Some(hint) = error.hint() {
        writeln!(out, "hint: {hint}").unwrap();
    }
    for other in error.others() {
        out += &shown(other);
    }
    out
}

fn shown_warning(warning: &Warning) -> String {
    let mut out = format!("warning: {}\n", warning.message);
    place(&mut out, warning.location.clone());
    if let Some(hint) = &warning.hint {
        writeln!(out, "hint: {hint}").unwrap();
    }
    out
}

fn place(out: &mut String, location: Option<Location>) {
    let Some(location) = location else { return };
    writeln!(out, " --> {location}").unwrap();
    if let Some(line) = &location.excerpt {
        let before = usize::try_from(location.column).unwrap() - 1;
        let width = usize::try_from(location.width).unwrap();
        let line = line.replace(char::is_control, "\u{FFFD}");
        writeln!(out, "  | {line}").unwrap();
        writeln!(out, "  | {}{}", " ".repeat(before), "^".repeat(width)).unwrap();
    }
}
