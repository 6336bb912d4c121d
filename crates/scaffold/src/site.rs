//! The repository that an app is made for, as far as a template may know it.

use crate::{Error, ErrorKind};
use minijinja::Value;
use serde::{Deserialize, Serialize};

/// What is the same for every app of a repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Site {
    /// The folder with a folder per app, from the root of the repository.
    pub apps: String,
    /// Where images go: an image is `<registry>/<app>`.
    pub registry: String,
    /// The address from which Argo CD reads the repository.
    pub repository: String,
    /// The environments, in the order in which a change passes them.
    pub environments: Vec<Environment>,
}

/// An environment that every app has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Environment {
    /// The name, which is the overlay's folder.
    pub name: String,
    /// The branch that is deployed there.
    pub branch: String,
    /// The image tag that moves with each push; none where releases are deployed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
}

impl Environment {
    /// What a template sees of it.
    pub(crate) fn value(&self) -> Value {
        Value::from_pairs([
            ("name", Value::from(self.name.as_str())),
            ("branch", Value::from(self.branch.as_str())),
            ("tag", Value::from(self.tag.as_deref())),
        ])
    }
}

#[derive(Deserialize)]
struct RootApp {
    spec: Spec,
}

#[derive(Deserialize)]
struct Spec {
    source: Source,
}

#[derive(Deserialize)]
struct Source {
    #[serde(rename = "repoURL")]
    repo_url: String,
}

/// The address of the repository: the root Application, whose text is `text` in the file `place`,
/// is read from there too.
///
/// # Errors
/// [`ErrorKind::Repository`] if it does not say.
pub fn repository(place: &str, text: &str) -> Result<String, Error> {
    let root: RootApp = windlass_yaml::from_str(place, text).map_err(|source| {
        let message = format!("cannot tell the repository's address from `{place}`");
        Error::yaml(ErrorKind::Repository, message, source)
    })?;
    Ok(root.spec.source.repo_url)
}
