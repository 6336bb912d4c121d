//! `windlass.yaml`, the repository's configuration. Every default fits the usual layout, so the
//! file may be absent.

use std::fmt;
use std::path::Path;
use windlass_fault::{Blame, Fault};

/// What `windlass.yaml` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// The folder with a folder per application.
    pub apps: String,
    /// Where images go: an image is `<registry>/<app>`.
    pub registry: String,
    /// What a git tag of an application begins with; `{app}` stands for its name.
    pub tag_prefix: String,
    /// The environments, in the order in which a change passes them.
    pub environments: Vec<Environment>,
}

/// An environment of every application: an overlay, and the branch that it deploys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Environment {
    /// The name, which is the overlay's folder.
    pub name: String,
    /// The branch whose pushes are deployed here, and which holds its pins.
    pub branch: String,
    /// The image tag that moves with each push; none where releases are deployed.
    pub tag: Option<String>,
}

impl Default for Config {
    fn default() -> Self {
        let environment = |name: &str, branch: &str, tag: Option<&str>| Environment {
            name: name.to_owned(),
            branch: branch.to_owned(),
            tag: tag.map(str::to_owned),
        };
        Self {
            apps: "apps".to_owned(),
            registry: "docker.io/example".to_owned(),
            tag_prefix: "{app}/v".to_owned(),
            environments: vec![
                environment("dev", "develop", Some("dev-latest")),
                environment("staging", "staging", Some("staging-latest")),
                environment("prod", "main", None),
            ],
        }
    }
}

/// What is wrong with `windlass.yaml`.
#[derive(Debug)]
pub struct ConfigError {
    message: String,
    source: Option<std::io::Error>,
}

impl Config {
    /// Reads `windlass.yaml` in `folder`; the defaults where there is none.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn load(folder: &Path) -> Result<Self, ConfigError> {
        let path = folder.join("windlass.yaml");
        match std::fs::read_to_string(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(ConfigError {
                message: format!("cannot read `{}`", path.display()),
                source: Some(error),
            }),
            Ok(_) => Ok(Self::default()),
        }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ConfigError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_ref().map(|e| e as _)
    }
}

impl Fault for ConfigError {
    fn blame(&self) -> Blame {
        Blame::Input
    }
}
