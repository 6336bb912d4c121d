//! What windlass.yaml and the command line say of rules.

use crate::Args;
use std::path::PathBuf;
use std::str::FromStr;
use windlass_cli::{Config, Failure, Level};
use windlass_fault::nearest;
use windlass_lint::{Options, RULES, Rule, Severity};

/// A rule and how bad what it finds is.
#[derive(Debug, Clone)]
pub(crate) struct Chosen {
    rule: &'static str,
    severity: Severity,
}

impl FromStr for Chosen {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, severity) = text.split_once('=').ok_or("it must be `RULE=SEVERITY`")?;
        Ok(Self {
            rule: find(name)
                .map_err(|hint| format!("no rule is called `{name}`: {hint}"))?
                .name,
            severity: severity.parse().map_err(str::to_owned)?,
        })
    }
}

/// A rule by its name, or what may have been meant.
fn find(name: &str) -> Result<&'static Rule, String> {
    let found = RULES.iter().find(|rule| rule.name == name);
    found.ok_or_else(|| match nearest(name, RULES.iter().map(|rule| rule.name)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "`manifest-lint --explain` lists the rules".to_owned(),
    })
}

/// A rule that the user named.
pub(crate) fn rule(name: &str) -> Result<&'static Rule, Failure> {
    find(name).map_err(|hint| Failure::input(format!("no rule is called `{name}`"), Some(hint)))
}

/// What to hold manifests to, without CRDs.
pub(crate) fn options(args: &Args, config: &Config) -> Result<Options<'static>, Failure> {
    let version = match (args.kubernetes_version, &config.lint.kubernetes) {
        (Some(version), _) => version,
        (None, Some(text)) => text.parse().map_err(|why| {
            let message = format!("`lint.kubernetes` in windlass.yaml cannot be `{text}`: {why}");
            Failure::input(message, None)
        })?,
        (None, None) => Default::default(),
    };
    let mut options = Options::new(version);
    options.names = windlass_overlay::WARNINGS;
    for (name, level) in &config.lint.rules {
        let severity = match level {
            Level::Off => Severity::Off,
            Level::Info => Severity::Info,
            Level::Warning => Severity::Warning,
            Level::Error => Severity::Error,
        };
        options
            .severities
            .insert(rule(name)?.name.to_owned(), severity);
    }
    for chosen in &args.rules {
        let name = chosen.rule.to_owned();
        options.severities.insert(name, chosen.severity);
    }
    Ok(options)
}

/// The files with CRDs that the user names.
pub(crate) fn crds(args: &Args, config: &Config) -> Vec<PathBuf> {
    let configured = config.lint.crds.iter().map(PathBuf::from);
    args.crds.iter().cloned().chain(configured).collect()
}
