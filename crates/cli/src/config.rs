//! `windlass.yaml`, the repository's configuration. Every default fits the usual layout, so the
//! file may be absent.

mod checked;
mod lint;
mod release;
#[cfg(test)]
mod schema;

pub use lint::{Level, LintRules};
pub use release::{Bump, Channel, ReleaseRules};

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
/// shared:
///   - path: libs/auth
///     apps: [shop, cart]
/// release:
///   types: {refactor: patch}
///   channels: {next: beta}
/// lint:
///   rules: {probes: off}
/// promote:
///   fields: ["replicas.[name=shop].count"]
/// ```
///
/// `windlass.schema.json`, at the root of this repository, says the same to editors.
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
    /// What goes into images from outside the applications' folders.
    #[serde(deserialize_with = "checked::shared")]
    pub shared: Vec<Shared>,
    /// How versions are counted.
    pub release: ReleaseRules,
    /// What manifests are held to.
    pub lint: LintRules,
    /// What is promoted beside images.
    pub promote: PromoteRules,
}

/// What goes from one environment to the next.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PromoteRules {
    /// Fields of the overlays that are promoted beside images, as paths in kustomize's form.
    #[serde(deserialize_with = "checked::fields")]
    pub fields: Vec<String>,
}

/// A file or folder outside the applications that goes into images.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shared {
    /// The path from the root of the repository.
    #[serde(deserialize_with = "checked::folder")]
    pub path: String,
    /// The applications that are made with it; every one where this is not said.
    #[serde(default, deserialize_with = "checked::apps")]
    pub apps: Option<Vec<String>>,
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
    /// The image tag that moves with each push, in which `{branch}` stands for the branch's name;
    /// none where releases are deployed.
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
            shared: Vec::new(),
            release: ReleaseRules::default(),
            lint: LintRules::default(),
            promote: PromoteRules::default(),
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
    fn shared_paths_are_for_all_or_for_some() {
        let text = "shared:\n- path: libs/log\n- {path: libs/auth, apps: [shop]}\n";
        let config = Config::parse(text).unwrap();
        assert_eq!(config.shared[0].apps, None);
        assert_eq!(config.shared[1].apps, Some(vec!["shop".to_owned()]));
        let text = "shared:\n- {path: libs/log, app: [shop]}\n- {path: ../log, apps: []}\n";
        insta::assert_snapshot!(refused(text), @"
        error: unknown field `app`
         --> windlass.yaml:2:20
          |
        2 | - {path: libs/log, app: [shop]}
          |                    ^^^
        hint: did you mean `apps`?

        error: `../log` is not a folder of the repository
         --> windlass.yaml:3:10
          |
        3 | - {path: ../log, apps: []}
          |          ^^^^^^

        error: no application is named: leave `apps` out for all
         --> windlass.yaml:3:24
          |
        3 | - {path: ../log, apps: []}
          |                        ^^
        ");
    }

    #[test]
    fn how_versions_are_counted() {
        let text = "release:\n  first: 1.0.0\n  types: {refactor: patch, perf: none}\n  \
                    channels: {next: beta}\n  strict: true\n  firstParent: true\n";
        let rules = Config::parse(text).unwrap().release;
        assert_eq!(rules.first, Some(semver::Version::new(1, 0, 0)));
        assert_eq!(rules.types["refactor"], Bump::Patch);
        assert_eq!(rules.types["perf"], Bump::None);
        assert_eq!(rules.channels["next"], Channel::Beta);
        assert!(rules.strict && rules.first_parent && !rules.squash_bodies && !rules.skip_marker);
        let text = "release:\n  first: v1\n  types: {Feat: minor, perf: pacth}\n  \
                    channels: {a b: rc, next: nightly}\n  stirct: true\n";
        insta::assert_snapshot!(refused(text), @"
        error: `v1` is not a plain version such as `0.1.0`
         --> windlass.yaml:2:10
          |
        2 |   first: v1
          |          ^^

        error: `Feat` is not a commit's type in lower case
         --> windlass.yaml:3:17
          |
        3 |   types: {Feat: minor, perf: pacth}
          |                 ^^^^^

        error: `perf` cannot be `pacth`
         --> windlass.yaml:3:30
          |
        3 |   types: {Feat: minor, perf: pacth}
          |                              ^^^^^
        hint: did you mean `patch`?

        error: `a b` is not the name of a branch
         --> windlass.yaml:4:19
          |
        4 |   channels: {a b: rc, next: nightly}
          |                   ^^

        error: `next` cannot be `nightly`
         --> windlass.yaml:4:29
          |
        4 |   channels: {a b: rc, next: nightly}
          |                             ^^^^^^^
        hint: it can be `alpha`, `beta`, `rc`

        error: unknown field `stirct`
         --> windlass.yaml:5:3
          |
        5 |   stirct: true
          |   ^^^^^^
        hint: did you mean `strict`?
        ");
    }

    #[test]
    fn what_manifests_are_held_to() {
        let text = "lint:\n  kubernetes: '1.33'\n  rules: {probes: off, resources: error}\n  \
                    crds: [platform/crds.yaml]\n";
        let rules = Config::parse(text).unwrap().lint;
        assert_eq!(rules.kubernetes.as_deref(), Some("1.33"));
        assert_eq!(rules.rules["probes"], Level::Off);
        assert_eq!(rules.crds, ["platform/crds.yaml"]);
        let text =
            "lint:\n  kubernetes: latest\n  rules: {probes: none, A b: off}\n  crds: [../x]\n";
        insta::assert_snapshot!(refused(text), @r#"
        error: `latest` is not a minor version such as `"1.33"`
         --> windlass.yaml:2:15
          |
        2 |   kubernetes: latest
          |               ^^^^^^

        error: `probes` cannot be `none`
         --> windlass.yaml:3:19
          |
        3 |   rules: {probes: none, A b: off}
          |                   ^^^^
        hint: it can be `off`, `info`, `warning`, `error`

        error: `A b` is not the name of a rule
         --> windlass.yaml:3:30
          |
        3 |   rules: {probes: none, A b: off}
          |                              ^^^

        error: `../x` is not a folder of the repository
         --> windlass.yaml:4:10
          |
        4 |   crds: [../x]
          |          ^^^^
        "#);
    }

    #[test]
    fn the_tag_of_an_environment_may_name_its_branch() {
        let one = |tag: &str| {
            let text = format!("environments:\n- {{name: a, branch: b, tag: \"{tag}\"}}\n");
            Config::parse(&text).map(|config| config.environments[0].tag.clone())
        };
        assert_eq!(
            one("{branch}-latest").unwrap().as_deref(),
            Some("{branch}-latest")
        );
        for tag in [
            "",
            "a b",
            "{app}",
            "a+b",
            "-a",
            ".{branch}",
            &"a".repeat(129),
        ] {
            assert!(one(tag).is_err(), "{tag}");
        }
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
