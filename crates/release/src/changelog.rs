//! Release notes in the form of Keep a Changelog 1.1.0.

use crate::bump::Cause;
use crate::conventional::printable;
use crate::next::Next;
use std::fmt::Write;

/// The sections in their order.
const SECTIONS: [&str; 4] = ["Added", "Changed", "Fixed", "Security"];

/// The notes of a release: a heading with version and date, and below it what counted, newest
/// first, each under the heading its type belongs to. Empty where nothing is to be released.
#[must_use]
pub fn changelog(next: &Next) -> String {
    let Some(version) = &next.version else {
        return String::new();
    };
    let mut text = format!("## [{version}] - {}\n", next.date);
    for section in SECTIONS {
        let mut causes = next
            .causes
            .iter()
            .filter(|cause| section_of(cause) == section)
            .peekable();
        if causes.peek().is_none() {
            continue;
        }
        let _ = write!(text, "\n### {section}\n\n");
        for cause in causes {
            let _ = writeln!(text, "- {}", line(cause));
        }
    }
    text
}

fn section_of(cause: &Cause) -> &'static str {
    let kind = cause
        .conventional
        .as_ref()
        .map(|commit| commit.kind.as_str());
    match kind {
        Some("feat") => "Added",
        Some("fix") => "Fixed",
        Some("security") => "Security",
        _ => "Changed",
    }
}

fn line(cause: &Cause) -> String {
    let short = &cause.commit[..7.min(cause.commit.len())];
    let Some(commit) = &cause.conventional else {
        return format!("{} ({short})", cause.subject);
    };
    let breaking = if commit.breaking {
        "**Breaking:** "
    } else {
        ""
    };
    let scope = commit
        .scope
        .as_ref()
        .map_or(String::new(), |scope| format!("{scope}: "));
    let text = printable(&format!("{scope}{}", commit.description));
    format!("{breaking}{text} ({short})")
}
