//! Requirements of Python.

use super::UNPINNED_REQUIREMENT;
use crate::finding::{Finding, Outcome, Severity};
use crate::{Options, waiver};
use windlass_fault::Location;

/// Looks at a requirements file: each line names one version and the hashes of its files
/// (pip: "Requirements File Format").
#[must_use]
pub fn requirements(path: &str, text: &str, options: &Options<'_>) -> Outcome {
    let severity = options.severity_of(UNPINNED_REQUIREMENT);
    let mut waivers = waiver::of_lines(path, text);
    let mut findings = Vec::new();
    for (start, line) in logical_lines(text) {
        if let Some(message) = complaint(&line).filter(|_| severity != Severity::Off) {
            let end = text[start..].find('\n').map_or(text.len(), |at| start + at);
            let finding = Finding {
                rule: UNPINNED_REQUIREMENT,
                severity,
                message,
                location: Some(Location::in_text(path, text, start, end)),
                hint: Some("`make lock` pins what requirements.in names".to_owned()),
                rendered: Vec::new(),
                fix: None,
            };
            findings.push((finding, None));
        }
    }
    waiver::take(&mut waivers, &mut findings);
    Outcome {
        findings: findings.into_iter().map(|(finding, _)| finding).collect(),
        waivers,
        ..Outcome::default()
    }
}

/// Lines without comments, joined where one ends in `\`, each with where it begins.
fn logical_lines(text: &str) -> Vec<(usize, String)> {
    let mut lines: Vec<(usize, String)> = Vec::new();
    let (mut start, mut goes_on) = (0, false);
    for whole in text.split_inclusive('\n') {
        let line = whole.trim_end();
        let line = line.split(" #").next().unwrap_or_default();
        let (line, more) = match line.strip_suffix('\\') {
            Some(line) => (line, true),
            None => (line, false),
        };
        let is_comment = line.trim_start().starts_with('#');
        match lines.last_mut().filter(|_| goes_on) {
            Some((_, joined)) => *joined = format!("{joined} {}", line.trim()),
            None if is_comment || line.trim().is_empty() => {}
            None => lines.push((start, line.trim().to_owned())),
        }
        goes_on = more && !is_comment;
        start += whole.len();
    }
    lines
}

/// What is wrong with a line.
fn complaint(line: &str) -> Option<String> {
    let is_local = line.starts_with(['.', '/']);
    if line.starts_with('-') || is_local {
        // An option such as `-r` or `--index-url`; but `-e` is whatever stands there.
        return line
            .starts_with("-e")
            .then(|| "an editable requirement is not pinned".to_owned());
    }
    let requirement = line.split(" --").next().unwrap_or(line);
    let (requirement, _) = requirement.split_once(';').unwrap_or((requirement, ""));
    let name = requirement
        .split(['=', '<', '>', '~', '!', '@', ' ', '['])
        .next();
    let name = name.unwrap_or_default().trim();
    let version = requirement
        .split_once("==")
        .map(|(_, version)| version.trim_start_matches('='));
    let is_exact = version.is_some_and(|version| {
        !version.trim().is_empty() && !version.contains(['*', ',', '<', '>'])
    });
    let is_address = requirement.contains(" @ ") && requirement.contains("#sha256=");
    if is_address {
        None
    } else if !is_exact {
        Some(format!("`{name}` can be any of several versions"))
    } else if !line.contains("--hash=") {
        Some(format!("`{name}` has no hash"))
    } else {
        None
    }
}
