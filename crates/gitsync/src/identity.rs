//! Who makes a commit or a tag, and when.

use crate::date::Date;
use crate::error::{Error, ErrorKind, Result};
use crate::settings::Settings;

/// The name that stands in a commit where the environment gives none.
pub const DEFAULT_NAME: &str = "windlass";
/// The address beside [`DEFAULT_NAME`]; `invalid` is a domain that never exists (RFC 2606).
pub const DEFAULT_EMAIL: &str = "windlass@localhost.invalid";

/// A name, an address and a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    name: String,
    email: String,
    date: Date,
}

/// What an identity is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Who wrote the change.
    Author,
    /// Who recorded it; also the tagger of a tag.
    Committer,
}

impl Identity {
    /// An identity. Characters that would end the name or the address early are left out, as git does.
    #[must_use]
    pub fn new(name: &str, email: &str, date: Date) -> Self {
        let clean = |text: &str, default: &str| {
            let kept: String = text
                .chars()
                .filter(|c| !c.is_control() && !matches!(c, '<' | '>'))
                .collect();
            match kept.trim() {
                "" => default.to_owned(),
                kept => kept.to_owned(),
            }
        };
        Self {
            name: clean(name, DEFAULT_NAME),
            email: clean(email, DEFAULT_EMAIL),
            date,
        }
    }

    /// The identity that `GIT_AUTHOR_NAME`, `…_EMAIL` and `…_DATE`, or those of the committer,
    /// give, else git's configuration by `author.name` or `committer.name`, else by `user.name`.
    /// What is nowhere said is [`DEFAULT_NAME`], [`DEFAULT_EMAIL`] and `now`, in seconds since 1970.
    ///
    /// # Errors
    /// [`ErrorKind::Value`] if the date cannot be read.
    pub fn from_settings(role: Role, now: u64, settings: &Settings<'_>) -> Result<Self> {
        let (prefix, section) = match role {
            Role::Author => ("GIT_AUTHOR", "author"),
            Role::Committer => ("GIT_COMMITTER", "committer"),
        };
        let date = match settings.variable(&format!("{prefix}_DATE")) {
            Some(text) => Date::parse(&text).ok_or_else(|| bad_date(prefix, &text))?,
            None => Date {
                seconds: i64::try_from(now).unwrap_or(i64::MAX),
                offset: 0,
            },
        };
        let part = |variable: &str, key: &str| {
            settings
                .variable(&format!("{prefix}_{variable}"))
                .or_else(|| settings.text(&format!("{section}.{key}")))
                .or_else(|| settings.text(&format!("user.{key}")))
                .unwrap_or_default()
        };
        Ok(Self::new(
            &part("NAME", "name"),
            &part("EMAIL", "email"),
            date,
        ))
    }

    /// Name and address.
    pub(crate) fn who(&self) -> String {
        format!("{} <{}>", self.name, self.email)
    }
}

fn bad_date(prefix: &str, text: &str) -> Error {
    let message = format!("cannot read the date `{text}` of `{prefix}_DATE`");
    Error::new(ErrorKind::Value, message)
        .hint("write it like `2005-04-07T22:13:13+02:00` or `@1112911993 +0200`")
}

impl std::fmt::Display for Identity {
    /// As it stands in a commit: `name <address> seconds zone`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.who(), self.date)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An identity where this is the user's configuration, and these are the variables.
    fn identity(role: Role, config: &str, variables: &[(&str, &str)]) -> Result<Identity> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("config");
        std::fs::write(&file, config).unwrap();
        let lookup = |name: &str| match name {
            "GIT_CONFIG_GLOBAL" => Some(file.display().to_string()),
            "GIT_CONFIG_NOSYSTEM" => Some("1".to_owned()),
            name => variables
                .iter()
                .find(|(known, _)| *known == name)
                .map(|(_, value)| (*value).to_owned()),
        };
        Identity::from_settings(role, 9, &Settings::read(folder.path(), lookup).unwrap())
    }

    #[test]
    fn variables_come_first_then_the_configuration_and_defaults_fill_up() {
        let variables = [
            ("GIT_AUTHOR_NAME", "A <U>\nThor"),
            ("GIT_AUTHOR_DATE", "@7 +0100"),
        ];
        let config = "[user]\nname = me\nemail = me@example.com\n[committer]\nname = robot\n";
        let shown = |role, config| identity(role, config, &variables).unwrap().to_string();
        assert_eq!(
            shown(Role::Author, config),
            "A UThor <me@example.com> 7 +0100"
        );
        assert_eq!(
            shown(Role::Committer, config),
            "robot <me@example.com> 9 +0000"
        );
        assert_eq!(
            shown(Role::Committer, ""),
            "windlass <windlass@localhost.invalid> 9 +0000"
        );
    }

    #[test]
    fn a_date_that_is_none_is_named() {
        let error = identity(Role::Author, "", &[("GIT_AUTHOR_DATE", "soon")]).unwrap_err();
        insta::assert_snapshot!(error, @"cannot read the date `soon` of `GIT_AUTHOR_DATE`");
        assert_eq!(error.kind(), ErrorKind::Value);
    }
}
