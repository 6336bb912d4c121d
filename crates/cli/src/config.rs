//! `windlass.yaml`, the repository's configuration. Every default fits the usual layout, so the
//! file may be absent.

use serde::Deserialize;
use std::fmt;
use std::path::Path;
use windlass_fault::{Blame, Fault, Location};

/// The name of the file, at the root of the repository.
const FILE: &str = "windlass.yaml";

/// The largest file that is read, in bytes.
const MAX_BYTES: u64 = 1 << 20;

/// What `windlass.yaml` says.
///
/// ```yaml
/// apps: apps
/// registry: docker.io/example
/// tagPrefix: "{app}/v"
/// environments:
///   - name: dev
///     branch: develop
///     tag: dev-latest
///   - name: prod
///     branch: main
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "camelCase")]
pub struct Config {
    /// The folder with a folder per application.
    #[serde(deserialize_with = "checked::folder")]
    pub apps: String,
    /// Where images go: an image is `<registry>/<app>`.
    #[serde(deserialize_with = "checked::registry")]
    pub registry: String,
    /// What a git tag of an application begins with; `{app}` stands for its name.
    #[serde(deserialize_with = "checked::prefix")]
    pub tag_prefix: String,
    /// The environments, in the order in which a change passes them.
    #[serde(deserialize_with = "checked::environments")]
    pub environments: Vec<Environment>,
}

/// An environment of every application: an overlay, and the branch that it deploys.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Environment {
    /// The name, which is the overlay's folder.
    #[serde(deserialize_with = "checked::name")]
    pub name: String,
    /// The branch whose pushes are deployed here, and which holds its pins.
    #[serde(deserialize_with = "checked::branch")]
    pub branch: String,
    /// The image tag that moves with each push; none where releases are deployed.
    #[serde(default, deserialize_with = "checked::tag")]
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

impl Config {
    /// Reads `windlass.yaml` in `folder`; the defaults where there is none.
    ///
    /// # Errors
    /// If the file cannot be read, or something in it is not known or not possible.
    pub fn load(folder: &Path) -> Result<Self, ConfigError> {
        let path = folder.join(FILE);
        let unreadable = |error| ConfigError::Unreadable(path.display().to_string(), error);
        match std::fs::metadata(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Self::default());
            }
            Err(error) => return Err(unreadable(error)),
            Ok(file) if file.len() > MAX_BYTES => {
                return Err(unreadable(std::io::ErrorKind::FileTooLarge.into()));
            }
            Ok(_) => {}
        }
        let text = std::fs::read_to_string(&path).map_err(unreadable)?;
        Self::parse(&text)
    }

    fn parse(text: &str) -> Result<Self, ConfigError> {
        if text
            .lines()
            .all(|line| line.trim().is_empty() || line.trim_start().starts_with('#'))
        {
            return Ok(Self::default());
        }
        windlass_yaml::from_str(FILE, text).map_err(ConfigError::Invalid)
    }
}

/// The values that a field can have. serde gives the message its place.
mod checked {
    use super::Environment;
    use serde::de::{Deserialize, Deserializer, Error};
    use std::collections::HashSet;

    fn text<'de, D: Deserializer<'de>>(
        de: D,
        wanted: &str,
        holds: fn(&str) -> bool,
    ) -> Result<String, D::Error> {
        let text = String::deserialize(de)?;
        if holds(&text) {
            return Ok(text);
        }
        Err(D::Error::custom(format!("`{text}` is not {wanted}")))
    }

    pub(super) fn folder<'de, D: Deserializer<'de>>(de: D) -> Result<String, D::Error> {
        text(de, "a folder of the repository", |text| {
            text.split('/')
                .all(|part| !matches!(part, "" | "." | "..") && plain(part, "._-"))
        })
    }

    pub(super) fn registry<'de, D: Deserializer<'de>>(de: D) -> Result<String, D::Error> {
        text(
            de,
            "a registry with a path, such as `docker.io/team`, or `oci:FOLDER`",
            |text| {
                let layout = text
                    .strip_prefix("oci:")
                    .is_some_and(|folder| !folder.is_empty());
                let parts = || text.split('/');
                layout || (parts().all(|part| plain(part, "._-:")) && parts().count() > 1)
            },
        )
    }

    pub(super) fn prefix<'de, D: Deserializer<'de>>(de: D) -> Result<String, D::Error> {
        text(de, "the beginning of a git tag", |text| {
            let text = text.replace("{app}", "app");
            !text.starts_with(['/', '-']) && !text.contains("//") && plain(&text, "._-/")
        })
    }

    pub(super) fn name<'de, D: Deserializer<'de>>(de: D) -> Result<String, D::Error> {
        text(de, "a name of lower-case letters, digits and `-`", |text| {
            plain(text, "-") && !text.starts_with('-') && text == text.to_lowercase()
        })
    }

    pub(super) fn branch<'de, D: Deserializer<'de>>(de: D) -> Result<String, D::Error> {
        text(de, "the name of a branch", |text| {
            let parts = || text.split('/');
            parts().all(|part| plain(part, "._-+@#") && !part.starts_with('.'))
                && !text.starts_with('-')
        })
    }

    pub(super) fn tag<'de, D: Deserializer<'de>>(de: D) -> Result<Option<String>, D::Error> {
        let wanted = "an image tag: 128 letters, digits, `.`, `_` and `-` at most";
        let holds =
            |text: &str| text.len() <= 128 && plain(text, "._-") && !text.starts_with(['.', '-']);
        text(de, wanted, holds).map(Some)
    }

    pub(super) fn environments<'de, D>(de: D) -> Result<Vec<Environment>, D::Error>
    where
        D: Deserializer<'de>,
    {
        let environments = Vec::<Environment>::deserialize(de)?;
        let mut seen = HashSet::new();
        match environments.iter().find(|one| !seen.insert(&one.name)) {
            Some(twice) => Err(D::Error::custom(format!(
                "environment `{}` stands twice",
                twice.name
            ))),
            None => Ok(environments),
        }
    }

    /// Whether a text is not empty and holds ASCII letters, digits and `others` alone.
    fn plain(text: &str, others: &str) -> bool {
        !text.is_empty()
            && text
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || others.contains(c))
    }
}

/// Why `windlass.yaml` does not serve.
#[derive(Debug)]
pub enum ConfigError {
    /// It is there and cannot be read.
    Unreadable(String, std::io::Error),
    /// Something in it is not known or not possible.
    Invalid(windlass_yaml::Error),
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(path, _) => write!(f, "cannot read `{path}`"),
            Self::Invalid(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for ConfigError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Unreadable(_, error) => Some(error),
            Self::Invalid(_) => None,
        }
    }
}

impl Fault for ConfigError {
    fn blame(&self) -> Blame {
        Blame::Input
    }

    fn location(&self) -> Option<Location> {
        match self {
            Self::Unreadable(..) => None,
            Self::Invalid(error) => error.location(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Unreadable(..) => None,
            Self::Invalid(error) => error.hint(),
        }
    }

    fn others(&self) -> Vec<&dyn Fault> {
        match self {
            Self::Unreadable(..) => Vec::new(),
            Self::Invalid(error) => error.others(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Style, render_fault};

    fn refused(text: &str) -> String {
        let error = Config::parse(text).expect_err("the text is refused");
        anstream::adapter::strip_str(&render_fault(&error, Style::Text)).to_string()
    }

    #[test]
    fn what_is_not_said_is_the_default() {
        let config = Config::parse("registry: localhost:5000/team\n").unwrap();
        let expected = Config {
            registry: "localhost:5000/team".to_owned(),
            ..Config::default()
        };
        assert_eq!(config, expected);
        assert_eq!(Config::parse("# nothing yet\n").unwrap(), Config::default());
    }

    #[test]
    fn environments_are_a_list() {
        let text = "environments:\n- name: live\n  branch: release/live\n";
        let config = Config::parse(text).unwrap();
        assert_eq!(config.environments.len(), 1);
        assert_eq!(config.environments[0].tag, None);
    }

    #[test]
    fn every_bad_field_is_reported_at_its_place() {
        let text = "app: apps\nregistry: docker.io\nenvironments:\n- name: dev\n  branch: a b\n";
        insta::assert_snapshot!(refused(text), @r"
        error: unknown field `app`
         --> windlass.yaml:1:1
          |
        1 | app: apps
          | ^^^
        hint: did you mean `apps`?

        error: `docker.io` is not a registry with a path, such as `docker.io/team`, or `oci:FOLDER`
         --> windlass.yaml:2:11
          |
        2 | registry: docker.io
          |           ^^^^^^^^^

        error: `a b` is not the name of a branch
         --> windlass.yaml:5:11
          |
        5 |   branch: a b
          |           ^^^
        ");
    }

    #[test]
    fn an_environment_stands_once() {
        let text = "environments:\n- {name: dev, branch: a}\n- {name: dev, branch: b}\n";
        insta::assert_snapshot!(refused(text), @r"
        error: environment `dev` stands twice
         --> windlass.yaml:2:1
          |
        2 | - {name: dev, branch: a}
          | ^^^^^^^^^^^^^^^^^^^^^^^^
        ");
    }
}
