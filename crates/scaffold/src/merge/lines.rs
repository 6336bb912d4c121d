//! Files of any text, merged line by line.

use super::Conflict;
use diffy::{ConflictStyle, MergeOptions};
use windlass_fault::Location;

/// What the line above a conflict begins with; the marks of `git merge` and `diff3 -m`.
const MARK: &str = "<<<<<<< ours";

/// The merged text, with marks around what is in conflict.
pub(super) fn merge(path: &str, [base, ours, theirs]: [&str; 3]) -> (String, Vec<Conflict>) {
    let merged = MergeOptions::new()
        .set_conflict_style(ConflictStyle::Merge)
        .merge(base, ours, theirs);
    let text = match merged {
        Ok(text) => return (text, Vec::new()),
        Err(text) => text,
    };
    let mut at = 0;
    let mut conflicts = Vec::new();
    for line in text.split_inclusive('\n') {
        if is_mark(line) {
            conflicts.push(Conflict {
                place: Location::in_text(path, &text, at, at + MARK.len()),
                what: "the template changed these lines otherwise".to_owned(),
            });
        }
        at += line.len();
    }
    if conflicts.is_empty() {
        conflicts.push(Conflict {
            place: Location::file(path),
            what: "the template changed this file otherwise".to_owned(),
        });
    }
    (text, conflicts)
}

/// Whether a line begins a conflict.
pub(super) fn is_mark(line: &str) -> bool {
    line.trim_end() == MARK
}

/// The merged text, if nothing is in conflict.
pub(super) fn clean([base, ours, theirs]: [&str; 3]) -> Option<String> {
    MergeOptions::new().merge(base, ours, theirs).ok()
}
