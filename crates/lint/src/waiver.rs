//! Waivers: comments by which a user says that a finding is meant.
//!
//! `# windlass: waive latest-tag -- why` stands behind the line that a finding points at, on a line
//! of its own above it, or above the whole object. It may name several rules.

use crate::finding::{Finding, Severity, Waiver};
use crate::manifest::Set;
use crate::rules::{REASONLESS_WAIVER, RULES, UNUSED_WAIVER};
use crate::{Options, Rule};
use windlass_fault::{Location, nearest};
use windlass_yaml::Tree;

const MARK: &str = "# windlass: waive";

/// The waivers in all files that the objects of a set come from.
pub(crate) fn of_set(set: &Set<'_>) -> Vec<Waiver> {
    let mut trees: Vec<&Tree> = Vec::new();
    for manifest in &set.manifests {
        if !trees.iter().any(|tree| std::ptr::eq(*tree, manifest.tree)) {
            trees.push(manifest.tree);
        }
    }
    trees.into_iter().flat_map(of_tree).collect()
}

fn of_tree(tree: &Tree) -> Vec<Waiver> {
    let mut found = Vec::new();
    for comment in tree.comments(MARK) {
        if let Some(place) = tree.locate(comment.origin) {
            let line = place.line + tree.lines_to_subject(&comment);
            found.extend(named(comment.text, line, &place));
        }
    }
    found
}

/// The waivers in a file of lines, each for its own line or for the next that is no comment.
pub(crate) fn of_lines(path: &str, text: &str) -> Vec<Waiver> {
    let mut found: Vec<Waiver> = Vec::new();
    let mut start = 0;
    for (number, line) in (1..).zip(text.lines()) {
        if let Some((before, behind)) = line.split_once(MARK) {
            let place = Location::in_text(path, text, start + before.len(), start + line.len());
            let below = text[start..].lines().skip(1);
            let passed = below.take_while(|line| line.trim().is_empty() || line.starts_with('#'));
            let passed = match before.trim().is_empty() {
                true => u32::try_from(passed.count() + 1).unwrap_or(0),
                false => 0,
            };
            found.extend(named(behind, number + passed, &place));
        }
        start += line.len() + 1;
        start += usize::from(text.as_bytes().get(start - 1) == Some(&b'\r'));
    }
    found
}

/// A waiver for each name that a comment holds.
fn named(text: &str, line: u32, place: &Location) -> Vec<Waiver> {
    let (names, reason) = text.split_once("--").unwrap_or((text, ""));
    let names = names
        .split([',', ' ', '\t'])
        .filter(|name| !name.is_empty());
    let waiver = |name: &str| Waiver {
        name: name.to_owned(),
        line,
        place: place.clone(),
        has_reason: !reason.trim().is_empty(),
        used: false,
    };
    names.map(waiver).collect()
}

/// Takes out the findings that are waived where they stand, or where their object begins.
pub(crate) fn take(waivers: &mut [Waiver], findings: &mut Vec<(Finding, Option<Location>)>) {
    if waivers.is_empty() {
        return;
    }
    findings.retain(|(finding, object)| {
        let is_at = |waiver: &Waiver, place: &Option<Location>| {
            let place = place.as_ref();
            place.is_some_and(|at| at.line == waiver.line && at.path == waiver.place.path)
        };
        let mut waived = false;
        for waiver in waivers.iter_mut().filter(|one| one.name == finding.rule) {
            if is_at(waiver, &finding.location) || is_at(waiver, object) {
                waiver.used = true;
                waived = true;
            }
        }
        !waived
    });
}

impl Waiver {
    /// What is wrong with the waiver itself.
    pub(crate) fn complaint(self, options: &Options<'_>) -> Option<Finding> {
        let is_rule = RULES.iter().any(|rule| rule.name == self.name);
        if !is_rule && options.names.contains(&&*self.name) {
            return None;
        }
        let (rule, message, hint) = if !is_rule {
            let known = RULES.iter().map(|rule| rule.name);
            let near = nearest(&self.name, known.chain(options.names.iter().copied()));
            let hint = near.map_or_else(
                || "`manifest-lint --explain` lists the rules".to_owned(),
                |near| format!("did you mean `{near}`?"),
            );
            (
                UNUSED_WAIVER,
                format!("no rule is called `{}`", self.name),
                hint,
            )
        } else if !self.used {
            if options.severity_of(&self.name) == Severity::Off {
                return None;
            }
            let message = format!("there is no `{}` here to waive", self.name);
            (UNUSED_WAIVER, message, "take the comment out".to_owned())
        } else if !self.has_reason {
            let message = format!("it is not said why `{}` is waived", self.name);
            (
                REASONLESS_WAIVER,
                message,
                "write ` -- ` and the reason behind it".to_owned(),
            )
        } else {
            return None;
        };
        let severity = options.severity_of(rule);
        (severity != Severity::Off).then(|| Finding {
            rule,
            severity,
            message,
            location: Some(self.place),
            hint: Some(hint),
            rendered: Vec::new(),
            fix: None,
        })
    }
}

impl Options<'_> {
    /// How bad what a rule finds is.
    pub(crate) fn severity_of(&self, name: &str) -> Severity {
        let own = RULES.iter().find(|rule| rule.name == name);
        let own = own.map_or(Severity::Warning, |rule: &Rule| rule.severity);
        self.severities.get(name).copied().unwrap_or(own)
    }
}
