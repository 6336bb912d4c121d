//! `.scaffold.yaml`: what an app was made from, for a later update.

use crate::given::{Answers, Given};
use crate::site::Site;
use crate::{Error, ErrorKind};
use serde::Deserialize;
use std::fmt::Write;

/// What an app was made from.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// The folder of the template, as the user called it.
    pub template: String,
    /// The id of the git tree that held it.
    pub revision: String,
    /// All answers.
    #[serde(default)]
    pub answers: Answers,
    /// The repository as it was; not in records of the first version.
    #[serde(default)]
    pub site: Option<Site>,
}

impl Record {
    /// The name of the file in the app's folder.
    pub const FILE: &'static str = ".scaffold.yaml";

    pub(crate) fn new(template: &str, revision: &str, answers: Answers, site: Site) -> Self {
        Self {
            template: template.to_owned(),
            revision: revision.to_owned(),
            answers,
            site: Some(site),
        }
    }

    /// Reads the text of a record; errors call it `place`.
    ///
    /// # Errors
    /// [`ErrorKind::Record`].
    pub fn read(place: &str, text: &str) -> Result<Self, Error> {
        windlass_yaml::from_str(place, text).map_err(|source| {
            let message = format!("cannot tell from `{place}` what the app was made from");
            Error::yaml(ErrorKind::Record, message, source)
        })
    }

    /// The text of the file.
    #[must_use]
    pub fn to_yaml(&self) -> String {
        let mut out = String::from(
            "# Kept by `app-new` and `app-update`: the template, its git tree, the answers, and the\n\
             # repository as it was then.\n",
        );
        line(&mut out, 0, "template", &quoted(&self.template));
        line(&mut out, 0, "revision", &quoted(&self.revision));
        if !self.answers.is_empty() {
            out.push_str("answers:\n");
        }
        for (name, given) in &self.answers {
            answer(&mut out, 1, name, given);
        }
        if let Some(site) = &self.site {
            out.push_str("site:\n");
            line(&mut out, 1, "apps", &quoted(&site.apps));
            line(&mut out, 1, "registry", &quoted(&site.registry));
            line(&mut out, 1, "repository", &quoted(&site.repository));
            out.push_str("  environments:\n");
            for environment in &site.environments {
                line(&mut out, 2, "- name", &quoted(&environment.name));
                line(&mut out, 3, "branch", &quoted(&environment.branch));
                if let Some(tag) = &environment.tag {
                    line(&mut out, 3, "tag", &quoted(tag));
                }
            }
        }
        out
    }
}

fn answer(out: &mut String, depth: usize, name: &str, given: &Given) {
    match given {
        Given::One(text) => line(out, depth, name, &quoted(text)),
        Given::Many(items) => {
            let items: Vec<String> = items.iter().map(|item| quoted(item)).collect();
            line(out, depth, name, &format!("[{}]", items.join(", ")));
        }
        Given::Each(each) => {
            line(out, depth, name, "");
            for (environment, given) in each {
                answer(out, depth + 1, environment, given);
            }
        }
    }
}

fn line(out: &mut String, depth: usize, name: &str, value: &str) {
    let space = if value.is_empty() { "" } else { " " };
    writeln!(out, "{:1$}{name}:{space}{value}", "", depth * 2).expect("a String takes all");
}

/// In the quotes of JSON, which are YAML's too.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
