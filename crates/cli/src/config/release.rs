//! The part of `windlass.yaml` that says how versions are counted.

use super::checked;
use semver::Version;
use serde::Deserialize;
use std::collections::BTreeMap;

/// How the versions of applications are counted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "camelCase")]
pub struct ReleaseRules {
    /// The first version of an application without any.
    #[serde(deserialize_with = "checked::version")]
    pub first: Option<Version>,
    /// How far a commit of a type moves a version, beside the usual types.
    #[serde(deserialize_with = "checked::types")]
    pub types: BTreeMap<String, Bump>,
    /// The branches that make pre-releases, with the channel of each.
    #[serde(deserialize_with = "checked::branches")]
    pub channels: BTreeMap<String, Channel>,
    /// Refuse commits that do not follow Conventional Commits.
    pub strict: bool,
    /// Look at merges from their first parent alone, and at the titles of their pull requests.
    pub first_parent: bool,
    /// Count the `* feat: …` lines that a forge writes into the message of a squashed branch.
    pub squash_bodies: bool,
    /// Leave out commits that say `[skip release]`.
    pub skip_marker: bool,
}

/// How far a version moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Bump {
    /// Not at all.
    None,
    /// To the next patch.
    Patch,
    /// To the next minor version.
    Minor,
    /// To the next major version.
    Major,
}

/// A channel of pre-releases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Channel {
    /// `1.2.0-alpha.1`
    Alpha,
    /// `1.2.0-beta.1`
    Beta,
    /// `1.2.0-rc.1`
    Rc,
}
