//! A question, and what can be its answer.

use crate::given::Given;
use crate::language::Values;
use crate::site::Site;
use crate::{Error, ErrorKind, language};
use minijinja::Value;
use regex::Regex;
use serde::Deserialize;
use std::collections::BTreeMap;
use windlass_fault::{Location, nearest};

/// Bytes of an answer.
const MAX_ANSWER: usize = 1_000;
/// Items of an answer that is a list.
const MAX_ITEMS: usize = 100;

/// What an answer must be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// One line.
    #[default]
    Text,
    /// Yes or no.
    Bool,
    /// A whole number.
    Integer,
    /// One of the question's choices.
    Choice,
    /// Any number of texts, with commas between them on a command line.
    List,
}

/// A question of a template.
#[derive(Debug)]
pub struct Question {
    pub(crate) name: String,
    pub(crate) help: Option<String>,
    pub(crate) kind: Kind,
    pub(crate) default: Option<Given>,
    /// As written, and ready for use.
    pub(crate) pattern: Option<(String, Regex)>,
    pub(crate) choices: Vec<String>,
    /// The condition under which it is asked.
    pub(crate) when: Option<String>,
    pub(crate) per_environment: bool,
    /// Where it stands in `template.yaml`.
    pub(crate) place: Location,
}

/// What a checked answer is to a template, and how it is kept.
pub(crate) struct Answer {
    pub(crate) value: Value,
    pub(crate) given: Given,
}

impl Question {
    /// Its name, by which templates have the answer.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it is about, if the template says so.
    #[must_use]
    pub fn help(&self) -> Option<&str> {
        self.help.as_deref()
    }

    /// What the answer must be.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// What the answer can be; empty where that is not limited.
    #[must_use]
    pub fn choices(&self) -> &[String] {
        &self.choices
    }

    /// Whether it is asked, after the answers in `values`.
    pub(crate) fn is_asked(&self, values: &Values) -> Result<bool, Error> {
        match &self.when {
            None => Ok(true),
            Some(when) => language::holds(when, values).map_err(|why| {
                let message = format!("cannot tell whether to ask for `{}`: {why}", self.name);
                Error::new(ErrorKind::Render, message).at(self.place.clone())
            }),
        }
    }

    /// The default after the answers in `values`, for an environment where they have one each.
    pub(crate) fn default(
        &self,
        environment: Option<&str>,
        values: &Values,
    ) -> Result<Option<Given>, Error> {
        let default = match (&self.default, environment) {
            (Some(Given::Each(each)), Some(environment)) => each.get(environment),
            (default, _) => default.as_ref(),
        };
        let text = |text: &String| {
            let rendered = language::render(&self.place.path, text, values);
            rendered.map_err(|error| error.at(self.place.clone()))
        };
        Ok(match default {
            None => None,
            Some(Given::One(one)) => Some(Given::One(text(one)?)),
            Some(Given::Many(many)) => Some(Given::Many(
                many.iter().map(text).collect::<Result<_, _>>()?,
            )),
            Some(Given::Each(_)) => None,
        })
    }

    /// Checks an answer for all environments, or for the only one that it is about.
    pub(crate) fn check(&self, given: &Given) -> Result<Answer, String> {
        match (self.kind, given) {
            (Kind::List, Given::Many(items)) => self.list(items),
            (Kind::List, Given::One(text)) => {
                let items = text.split(',').map(|item| item.trim().to_owned());
                self.list(&items.filter(|item| !item.is_empty()).collect::<Vec<_>>())
            }
            (_, Given::Many(_)) => Err("it is not a list".to_owned()),
            (_, Given::Each(_)) => Err("it is not asked for each environment".to_owned()),
            (_, Given::One(text)) => self.one(text),
        }
    }

    fn list(&self, items: &[String]) -> Result<Answer, String> {
        if items.len() > MAX_ITEMS {
            return Err(format!("it has more than {MAX_ITEMS} items"));
        }
        items.iter().try_for_each(|item| self.text(item))?;
        Ok(Answer {
            value: items
                .iter()
                .map(|item| Value::from(item.as_str()))
                .collect(),
            given: Given::Many(items.to_vec()),
        })
    }

    fn one(&self, text: &str) -> Result<Answer, String> {
        let value = match self.kind {
            Kind::Bool => Value::from(flag(text).ok_or("it must be `true` or `false`")?),
            Kind::Integer => {
                self.text(text)?;
                Value::from(
                    text.parse::<i64>()
                        .map_err(|_| "it must be a whole number")?,
                )
            }
            _ => {
                self.text(text)?;
                Value::from(text)
            }
        };
        Ok(Answer {
            given: Given::One(match self.kind {
                Kind::Bool => value.is_true().to_string(),
                Kind::Integer => value.to_string(),
                _ => text.to_owned(),
            }),
            value,
        })
    }

    fn text(&self, text: &str) -> Result<(), String> {
        if text.len() > MAX_ANSWER || text.chars().any(char::is_control) {
            return Err("it must be one line".to_owned());
        }
        if let Some((pattern, regex)) = &self.pattern
            && !regex.is_match(text)
        {
            return Err(format!("it must match `{pattern}`"));
        }
        if self.choices.is_empty() || self.choices.iter().any(|choice| choice == text) {
            return Ok(());
        }
        let choices = self.choices.join("`, `");
        Err(
            match nearest(text, self.choices.iter().map(String::as_str)) {
                Some(near) => format!("`{text}` is none of `{choices}`; did you mean `{near}`?"),
                None => format!("`{text}` is none of `{choices}`"),
            },
        )
    }
}

fn flag(text: &str) -> Option<bool> {
    match text {
        "true" | "yes" | "y" => Some(true),
        "false" | "no" | "n" => Some(false),
        _ => None,
    }
}

/// What a template has before anything is asked.
pub(crate) fn values(name: &str, site: &Site) -> Values {
    let environments: BTreeMap<&str, Value> = site
        .environments
        .iter()
        .map(|environment| (environment.name.as_str(), environment.value()))
        .collect();
    let given = [
        ("name", Value::from(name)),
        ("apps", Value::from(site.apps.as_str())),
        ("registry", Value::from(site.registry.as_str())),
        ("repository", Value::from(site.repository.as_str())),
        ("environments", Value::from_pairs(environments)),
    ];
    let owned = |(name, value): (&str, Value)| (name.to_owned(), value);
    given.into_iter().map(owned).collect()
}
