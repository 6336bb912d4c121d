//! Who makes a commit or a tag, and when.

use crate::date::Date;
use crate::error::{Error, ErrorKind, Result};

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
    /// give; `lookup` reads a variable. What is not set is [`DEFAULT_NAME`], [`DEFAULT_EMAIL`]
    /// and `now`, in seconds since 1970.
    ///
    /// # Errors
    /// [`ErrorKind::Value`] if the date cannot be read.
    pub fn from_variables(
        role: Role,
        now: u64,
        lookup: impl Fn(&str) -> Option<String>,
    ) -> Result<Self> {
        let prefix = match role {
            Role::Author => "GIT_AUTHOR",
            Role::Committer => "GIT_COMMITTER",
        };
        let variable = |part: &str| lookup(&format!("{prefix}_{part}"));
        let date = match variable("DATE") {
            Some(text) => Date::parse(&text).ok_or_else(|| bad_date(prefix, &text))?,
            None => Date {
                seconds: i64::try_from(now).unwrap_or(i64::MAX),
                offset: 0,
            },
        };
        let name = variable("NAME").unwrap_or_default();
        Ok(Self::new(
            &name,
            &variable("EMAIL").unwrap_or_default(),
            date,
        ))
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
        write!(f, "{} <{}> {}", self.name, self.email, self.date)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_come_first_and_defaults_fill_up() {
        let lookup = |name: &str| match name {
            "GIT_AUTHOR_NAME" => Some("A <U>\nThor".to_owned()),
            "GIT_AUTHOR_DATE" => Some("@7 +0100".to_owned()),
            _ => None,
        };
        let author = Identity::from_variables(Role::Author, 9, lookup).unwrap();
        assert_eq!(
            author.to_string(),
            "A UThor <windlass@localhost.invalid> 7 +0100"
        );
        let committer = Identity::from_variables(Role::Committer, 9, lookup).unwrap();
        assert_eq!(
            committer.to_string(),
            "windlass <windlass@localhost.invalid> 9 +0000"
        );
    }

    #[test]
    fn a_date_that_is_none_is_named() {
        let lookup = |name: &str| (name == "GIT_AUTHOR_DATE").then(|| "soon".to_owned());
        let error = Identity::from_variables(Role::Author, 9, lookup).unwrap_err();
        insta::assert_snapshot!(error, @"cannot read the date `soon` of `GIT_AUTHOR_DATE`");
        assert_eq!(error.kind(), ErrorKind::Value);
    }
}
