//! What was found, and how what several sets have in common is reported once.

use crate::crd::Crds;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use windlass_fault::{Blame, Fault, Location};

/// How bad something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Not reported.
    Off,
    /// Good to know; never fails a run.
    Info,
    /// Probably wrong; fails a strict run.
    Warning,
    /// Wrong.
    Error,
}

impl Severity {
    /// The word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

impl std::str::FromStr for Severity {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let all = [Self::Off, Self::Info, Self::Warning, Self::Error];
        let found = all.into_iter().find(|severity| severity.word() == text);
        found.ok_or("it can be `off`, `info`, `warning` or `error`")
    }
}

/// A place in the output in which a finding shows.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Rendered {
    /// The name of the set.
    pub set: String,
    /// Kind and name of the object.
    pub object: String,
    /// The path of the field; empty for the object as a whole.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub field: String,
}

impl fmt::Display for Rendered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.set, self.object)?;
        match self.field.is_empty() {
            true => Ok(()),
            false => write!(f, " {}", self.field),
        }
    }
}

/// A cure that changes nothing but what is found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fix {
    /// The file, as it is shown.
    pub path: String,
    /// Where in the file the text begins that goes, in bytes.
    pub start: usize,
    /// What goes.
    pub old: String,
    /// What comes in its place.
    pub new: String,
}

/// Something that a rule found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The name of the rule.
    pub rule: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong, in the form of an error message.
    pub message: String,
    /// The line that says so, in a file of the user's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<Location>,
    /// One thing to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// Where it shows in what is deployed.
    pub rendered: Vec<Rendered>,
    /// The cure, if it is certain.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fix: Option<Fix>,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} [{}]", self.message, self.rule)?;
        match &self.rendered[..] {
            [] => Ok(()),
            [one] => write!(f, "\n{one}"),
            [one, others @ ..] => write!(f, "\n{one}, and {} more", others.len()),
        }
    }
}

impl std::error::Error for Finding {}

impl Fault for Finding {
    fn blame(&self) -> Blame {
        Blame::Input
    }

    fn location(&self) -> Option<Location> {
        self.location.clone()
    }

    fn hint(&self) -> Option<String> {
        self.hint.clone()
    }
}

/// A comment by which a user says that a finding is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Waiver {
    /// The rule.
    pub(crate) name: String,
    /// The line that is meant.
    pub(crate) line: u32,
    /// Where the comment stands.
    pub(crate) place: Location,
    pub(crate) has_reason: bool,
    pub(crate) used: bool,
}

/// What was found in one set.
#[derive(Debug, Default)]
pub struct Outcome {
    pub(crate) findings: Vec<Finding>,
    pub(crate) waivers: Vec<Waiver>,
    /// Api version and kind of what was not checked for want of a schema.
    pub(crate) unknown: Vec<(String, String)>,
}

/// By what findings of several sets are the same.
type Same = (&'static str, String, u32, u32, String);

impl Outcome {
    /// Whether something could not be checked that these define.
    #[must_use]
    pub fn misses(&self, crds: &Crds) -> bool {
        let mut unknown = self.unknown.iter();
        unknown.any(|(api_version, kind)| crds.knows(api_version, kind))
    }

    /// The findings of several sets: what comes from one line stands once, however many sets show
    /// it, and a waiver that none of them needed is a finding itself. Sorted by place.
    #[must_use]
    pub fn join(
        outcomes: impl IntoIterator<Item = Self>,
        options: &crate::Options<'_>,
    ) -> Vec<Finding> {
        let mut all: BTreeMap<Same, Finding> = BTreeMap::new();
        let mut waivers: HashMap<(String, u32, String), Waiver> = HashMap::new();
        for outcome in outcomes {
            for waiver in outcome.waivers {
                let key = (waiver.place.path.clone(), waiver.line, waiver.name.clone());
                let used = waiver.used;
                waivers.entry(key).or_insert(waiver).used |= used;
            }
            for finding in outcome.findings {
                match all.entry(finding.same()) {
                    std::collections::btree_map::Entry::Occupied(mut known) => {
                        known.get_mut().rendered.extend(finding.rendered);
                    }
                    std::collections::btree_map::Entry::Vacant(free) => _ = free.insert(finding),
                }
            }
        }
        let complaints = waivers.into_values();
        let complaints = complaints.filter_map(|waiver| waiver.complaint(options));
        let mut findings: Vec<Finding> = all.into_values().chain(complaints).collect();
        for finding in &mut findings {
            finding.rendered.sort();
            finding.rendered.dedup();
        }
        findings.sort_by_key(|finding| {
            let (rule, path, line, column, message) = finding.same();
            (path, line, column, rule, message)
        });
        findings
    }
}

impl Finding {
    fn same(&self) -> Same {
        let place = self.location.as_ref();
        let path = place.map_or_else(String::new, |place| place.path.clone());
        let (line, column) = place.map_or((0, 0), |place| (place.line, place.column));
        (self.rule, path, line, column, self.message.clone())
    }
}
