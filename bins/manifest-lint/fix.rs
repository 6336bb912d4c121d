//! Cures that are certain, put into the files.

use std::collections::BTreeMap;
use std::path::Path;
use windlass_cli::Failure;
use windlass_fault::Location;
use windlass_lint::{Finding, Fix};
use windlass_yaml::{Source, Tree};

/// Applies what fits, takes those findings out, and says how many there were.
pub(crate) fn apply(findings: &mut Vec<Finding>) -> Result<usize, Failure> {
    let mut by_file: BTreeMap<String, Vec<(Fix, Location)>> = BTreeMap::new();
    for finding in findings.iter() {
        if let (Some(fix), Some(place)) = (&finding.fix, &finding.location) {
            let fixes = by_file.entry(fix.path.clone()).or_default();
            fixes.push((fix.clone(), place.clone()));
        }
    }
    let mut done: Vec<Fix> = Vec::new();
    for (path, fixes) in by_file {
        done.extend(in_file(&path, fixes)?);
    }
    let before = findings.len();
    findings.retain(|finding| !finding.fix.as_ref().is_some_and(|fix| done.contains(fix)));
    Ok(before - findings.len())
}

fn in_file(path: &str, mut fixes: Vec<(Fix, Location)>) -> Result<Vec<Fix>, Failure> {
    // What was fetched, or is a part of another file, has no file of that name and text.
    let Ok(text) = std::fs::read_to_string(path) else {
        return Ok(Vec::new());
    };
    fixes.sort_by_key(|(fix, _)| std::cmp::Reverse(fix.start));
    fixes.dedup();
    let mut edited = text.clone();
    let mut done = Vec::new();
    for (fix, place) in fixes {
        let end = fix.start + fix.old.len();
        let there = Location::in_text(path, &text, fix.start, end);
        let is_there = (there.line, there.column) == (place.line, place.column);
        if is_there && text.get(fix.start..end) == Some(&fix.old) {
            edited.replace_range(fix.start..end, &fix.new);
            done.push(fix);
        }
    }
    let is_sound = Tree::new().load(Source::new(path, &*edited)).is_ok();
    if done.is_empty() || !is_sound {
        return Ok(Vec::new());
    }
    std::fs::write(Path::new(path), edited)
        .map_err(|why| Failure::world(format!("cannot write `{path}`: {why}"), None))?;
    Ok(done)
}
