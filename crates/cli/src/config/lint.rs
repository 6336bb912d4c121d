//! The part of `windlass.yaml` that says what manifests are held to.

use super::checked;
use serde::Deserialize;
use std::collections::BTreeMap;

/// What manifests are held to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "camelCase")]
pub struct LintRules {
    /// The version of Kubernetes to check for, such as `1.33`.
    #[serde(deserialize_with = "checked::minor")]
    pub kubernetes: Option<String>,
    /// How bad what a rule finds is, where it is not what the rule says.
    #[serde(deserialize_with = "checked::rules")]
    pub rules: BTreeMap<String, Level>,
    /// Files with CustomResourceDefinitions that are not among the manifests.
    #[serde(deserialize_with = "checked::files")]
    pub crds: Vec<String>,
}

/// How bad something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Not reported.
    Off,
    /// Good to know.
    Info,
    /// Probably wrong.
    Warning,
    /// Wrong.
    Error,
}
