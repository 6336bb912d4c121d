//! What the environment and git's configuration say, as far as it matters here.

use crate::error::{Error, ErrorKind, Result};
use git2::{Config, ConfigLevel, Repository};
use std::path::{Path, PathBuf};

/// The most entries that `GIT_CONFIG_COUNT` may announce.
const MOST_GIVEN: usize = 1000;

/// Reads a variable of the environment.
type Lookup<'a> = dyn Fn(&str) -> Option<String> + 'a;

/// The variables of the environment and git's configuration (git: git-config), seen from a folder.
///
/// The configuration is that of the system, of the user and of the repository around the folder,
/// and above them what `GIT_CONFIG_COUNT` and its like give. `GIT_CONFIG_GLOBAL` stands in for the
/// user's file, and `GIT_CONFIG_NOSYSTEM` takes the system's away.
pub struct Settings<'a> {
    lookup: Box<Lookup<'a>>,
    /// Names and values of `GIT_CONFIG_KEY_0` and so on, in their order.
    given: Vec<(String, String)>,
    config: Config,
    /// What a path of the configuration is seen from.
    folder: PathBuf,
}

impl<'a> Settings<'a> {
    /// Reads the configuration; `lookup` reads a variable of the environment.
    ///
    /// # Errors
    /// [`ErrorKind::Local`] if a file of the configuration cannot be read, and
    /// [`ErrorKind::Value`] if the environment gives a part of it that makes no sense.
    pub fn read(folder: &Path, lookup: impl Fn(&str) -> Option<String> + 'a) -> Result<Self> {
        let given = given(&lookup)?;
        let config = files(folder, &lookup).map_err(|error| {
            Error::new(ErrorKind::Local, "cannot read git's configuration").source(error)
        })?;
        Ok(Self {
            lookup: Box::new(lookup),
            given,
            config,
            folder: folder.to_owned(),
        })
    }

    /// A variable of the environment.
    pub(crate) fn variable(&self, name: &str) -> Option<String> {
        (self.lookup)(name)
    }

    /// What the configuration says last of a name; nothing where that is empty.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        let given = self.given.iter().rev();
        let given = given
            .filter(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.clone())
            .next();
        given
            .or_else(|| self.config.get_string(name).ok())
            .filter(|value| !value.is_empty())
    }

    /// Whether every commit is to be signed: `commit.gpgSign`.
    ///
    /// # Errors
    /// [`ErrorKind::Value`] if that is neither yes nor no.
    pub fn signs_commits(&self) -> Result<bool> {
        self.flag("commit.gpgSign")
    }

    /// Whether a name stands for yes.
    pub(crate) fn flag(&self, name: &str) -> Result<bool> {
        let Some(text) = self.text(name) else {
            return Ok(false);
        };
        Config::parse_bool(text.as_str()).map_err(|_| {
            let message = format!("git's configuration has `{text}` for `{name}`");
            Error::new(ErrorKind::Value, message).hint("write `true` or `false`")
        })
    }

    /// A path of the configuration, with `~/` for the user's home.
    pub(crate) fn path(&self, text: &str) -> PathBuf {
        let home = text.strip_prefix("~/").zip(self.variable("HOME"));
        match home {
            Some((rest, home)) => Path::new(&home).join(rest),
            None => self.folder.join(text),
        }
    }
}

fn given(lookup: &Lookup<'_>) -> Result<Vec<(String, String)>> {
    let Some(count) = lookup("GIT_CONFIG_COUNT") else {
        return Ok(Vec::new());
    };
    let bad = |what: String| Error::new(ErrorKind::Value, what);
    let count = count.parse().ok().filter(|count| *count <= MOST_GIVEN);
    let count = count.ok_or_else(|| bad("`GIT_CONFIG_COUNT` is no number, or too large".into()))?;
    let pair = |n: usize| {
        let (key, value) = (
            format!("GIT_CONFIG_KEY_{n}"),
            format!("GIT_CONFIG_VALUE_{n}"),
        );
        let name = lookup(&key).ok_or_else(|| bad(format!("`{key}` is missing")))?;
        // An empty value is one, but an empty variable is as good as none.
        Ok((name, lookup(&value).unwrap_or_default()))
    };
    (0..count).map(pair).collect()
}

/// The files of the configuration, the strongest last.
fn files(folder: &Path, lookup: &Lookup<'_>) -> std::result::Result<Config, git2::Error> {
    let mut config = Config::new()?;
    let mut add = |file: Option<PathBuf>, level| match file.filter(|file| file.exists()) {
        Some(file) => config.add_file(&file, level, false),
        None => Ok(()),
    };
    if lookup("GIT_CONFIG_NOSYSTEM").is_none() {
        add(Config::find_system().ok(), ConfigLevel::System)?;
    }
    match lookup("GIT_CONFIG_GLOBAL") {
        Some(file) => add(Some(file.into()), ConfigLevel::Global)?,
        None => {
            add(Config::find_xdg().ok(), ConfigLevel::XDG)?;
            add(Config::find_global().ok(), ConfigLevel::Global)?;
        }
    }
    if let Ok(repository) = Repository::discover(folder) {
        let shared = repository.commondir().join("config");
        add(Some(shared), ConfigLevel::Local)?;
    }
    Ok(config)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_nearest_is_right() {
        let folder = tempfile::tempdir().unwrap();
        let repository = Repository::init(folder.path()).unwrap();
        let mut config = repository.config().unwrap();
        config.set_str("user.name", "of the repository").unwrap();
        config.set_str("user.email", "").unwrap();
        let global = folder.path().join("global");
        std::fs::write(
            &global,
            "[user]\nname = of the user\nsigningKey = k\n[commit]\ngpgSign\n",
        )
        .unwrap();
        let below = folder.path().join("a/b");
        std::fs::create_dir_all(&below).unwrap();
        let lookup = |name: &str| match name {
            "GIT_CONFIG_GLOBAL" => Some(global.display().to_string()),
            "GIT_CONFIG_COUNT" => Some("2".to_owned()),
            "GIT_CONFIG_KEY_0" => Some("gpg.format".to_owned()),
            "GIT_CONFIG_KEY_1" => Some("GPG.Format".to_owned()),
            "GIT_CONFIG_VALUE_0" => Some("openpgp".to_owned()),
            "GIT_CONFIG_VALUE_1" => Some("ssh".to_owned()),
            "GIT_CONFIG_NOSYSTEM" => Some("1".to_owned()),
            "HOME" => Some("/home/me".to_owned()),
            _ => None,
        };
        let settings = Settings::read(&below, lookup).unwrap();
        let text = |name| settings.text(name);
        assert_eq!(text("user.name").as_deref(), Some("of the repository"));
        assert_eq!(text("user.signingkey").as_deref(), Some("k"));
        assert_eq!(text("user.email"), None);
        assert_eq!(text("gpg.format").as_deref(), Some("ssh"));
        assert_eq!(settings.path("~/key"), Path::new("/home/me/key"));
        assert_eq!(settings.path("key"), below.join("key"));
    }

    #[test]
    fn what_makes_no_sense_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let read = |count: &'static str, value: &'static str| {
            Settings::read(folder.path(), move |name| match name {
                "GIT_CONFIG_COUNT" => Some(count.to_owned()),
                "GIT_CONFIG_KEY_0" => Some("commit.gpgSign".to_owned()),
                "GIT_CONFIG_VALUE_0" => Some(value.to_owned()),
                _ => None,
            })
        };
        let said = |count| read(count, "x").err().unwrap().to_string();
        insta::assert_snapshot!(said("many"), @"`GIT_CONFIG_COUNT` is no number, or too large");
        insta::assert_snapshot!(said("2"), @"`GIT_CONFIG_KEY_1` is missing");
        let flag = |value| read("1", value).unwrap().flag("commit.gpgsign");
        insta::assert_snapshot!(flag("perhaps").unwrap_err(), @"git's configuration has `perhaps` for `commit.gpgsign`");
        assert!(flag("yes").unwrap() && !flag("off").unwrap());
    }
}
