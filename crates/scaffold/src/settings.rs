//! `template.yaml`: what a template asks for, and which of its files are left out when.

use crate::files::{File, Files};
use crate::given::Given;
use crate::question::{Kind, Question};
use crate::{Error, ErrorKind, language};
use regex::Regex;
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use std::collections::BTreeSet;
use std::fmt;
use windlass_fault::{Location, nearest};
use windlass_yaml::{DeOptions, Origin, Source, Spanned, Tree};

/// The name of the file.
pub(crate) const FILE: &str = "template.yaml";
/// The most questions.
const MAX_QUESTIONS: usize = 100;
/// What a template may name besides its questions.
const GIVEN: [&str; 6] = [
    "name",
    "apps",
    "registry",
    "repository",
    "environments",
    "environment",
];

/// What `template.yaml` says, checked.
#[derive(Debug)]
pub(crate) struct Settings {
    /// In the order in which they are asked.
    pub(crate) questions: Vec<Question>,
    /// The file that is rendered once for each environment.
    pub(crate) application: String,
    /// Files and folders of the template that are not always there, and the condition.
    pub(crate) conditions: Vec<(String, String)>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    #[serde(default)]
    questions: Questions,
    application: Spanned<String>,
    #[serde(default)]
    files: Vec<RawFiles>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFiles {
    path: Spanned<String>,
    when: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct RawQuestion {
    help: Option<String>,
    #[serde(default, rename = "type")]
    kind: Kind,
    default: Option<Given>,
    pattern: Option<Spanned<String>>,
    choices: Option<Spanned<Vec<String>>>,
    when: Option<Spanned<String>>,
    #[serde(default)]
    per_environment: bool,
}

/// A map whose order counts.
#[derive(Default)]
struct Questions(Vec<(String, Spanned<RawQuestion>)>);

impl<'de> Deserialize<'de> for Questions {
    fn deserialize<D: Deserializer<'de>>(de: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Questions;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("questions by their names")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Questions, A::Error> {
                let mut questions = Vec::new();
                while let Some(question) = map.next_entry()? {
                    questions.push(question);
                }
                Ok(Questions(questions))
            }
        }
        de.deserialize_map(InOrder)
    }
}

impl Settings {
    /// Reads the settings among `files`; errors call the template's folder `folder`.
    pub(crate) fn read(folder: &str, files: &mut Files) -> Result<Self, Error> {
        let path = format!("{folder}/{FILE}");
        let Some(file) = files.remove(FILE) else {
            let message = format!("cannot find `{path}`, so `{folder}` is no template");
            return Err(Error::new(ErrorKind::Settings, message));
        };
        let mut tree = Tree::new();
        let raw = raw(&path, &mut tree, file).map_err(|source| {
            let message = format!("cannot take `{path}` as the settings of a template");
            Error::yaml(ErrorKind::Settings, message, source)
        })?;
        let mut reader = Reader {
            path,
            tree,
            files,
            errors: Vec::new(),
        };
        let settings = reader.settings(raw);
        Error::all(reader.errors)?;
        Ok(settings)
    }
}

fn raw(path: &str, tree: &mut Tree, file: File) -> Result<Raw, windlass_yaml::Error> {
    let source = Source::from_bytes(path, file.bytes)?;
    match tree.load_first(&source, &mut Vec::new())? {
        Some(root) => windlass_yaml::from_node(tree, root, &DeOptions::default()),
        // An empty file lacks the same fields as an empty map.
        None => windlass_yaml::from_str(path, "{}"),
    }
}

/// Checks what was read; all that is wrong is told at once.
struct Reader<'f> {
    path: String,
    tree: Tree,
    files: &'f Files,
    errors: Vec<Error>,
}

impl Reader<'_> {
    fn settings(&mut self, raw: Raw) -> Settings {
        if raw.questions.0.len() > MAX_QUESTIONS {
            self.refuse(format!("more than {MAX_QUESTIONS} questions"), Origin::NONE);
        }
        if !self.files.contains_key(&*raw.application) {
            let missing = &*raw.application;
            let message = format!("cannot find `{missing}`, the `application` of the template");
            self.refuse(message, raw.application.origin);
        }
        let mut asked = BTreeSet::new();
        let mut questions = Vec::new();
        for (name, question) in raw.questions.0 {
            let question = self.question(name, question, &asked);
            asked.insert(question.name.clone());
            questions.push(question);
        }
        let conditions = raw.files.into_iter().map(|files| self.condition(files));
        Settings {
            conditions: conditions.collect(),
            questions,
            application: raw.application.value,
        }
    }

    fn question(
        &mut self,
        name: String,
        raw: Spanned<RawQuestion>,
        asked: &BTreeSet<String>,
    ) -> Question {
        if !is_free(&name) {
            let message = format!("cannot ask for `{name}`: no question can have that name");
            let hint = "use a-z, 0-9 and `_`, and none of the names that a template has anyway";
            self.refuse(message, raw.origin).hint(hint);
        } else if asked.contains(&name) {
            self.refuse(format!("`{name}` is asked twice"), raw.origin);
        }
        let origin = raw.origin;
        let raw = raw.into_inner();
        if let Some(when) = &raw.when {
            self.expression(when);
        }
        let has_choices = raw
            .choices
            .as_ref()
            .is_some_and(|choices| !choices.is_empty());
        match raw.kind {
            Kind::Choice if !has_choices => {
                self.refuse(format!("`{name}` has no `choices`"), origin);
            }
            Kind::Bool | Kind::Integer if has_choices => {
                let message = format!("`{name}` has `choices`, which are for texts");
                self.refuse(message, origin).hint("make it `type: choice`");
            }
            _ => {}
        }
        let pattern = raw.pattern.and_then(|pattern| self.pattern(&pattern));
        Question {
            name,
            help: raw.help,
            kind: raw.kind,
            default: raw.default,
            pattern,
            choices: raw.choices.map(Spanned::into_inner).unwrap_or_default(),
            when: raw.when.map(Spanned::into_inner),
            per_environment: raw.per_environment,
            place: self.place(origin),
        }
    }

    /// A pattern is for the whole answer.
    fn pattern(&mut self, pattern: &Spanned<String>) -> Option<(String, Regex)> {
        let whole = format!("^(?:{})$", pattern.value);
        match regex::RegexBuilder::new(&whole).size_limit(1 << 18).build() {
            Ok(regex) => Some((pattern.value.clone(), regex)),
            Err(_) => {
                let message = format!("`{}` is no regular expression", pattern.value);
                self.refuse(message, pattern.origin);
                None
            }
        }
    }

    fn condition(&mut self, raw: RawFiles) -> (String, String) {
        let path = raw.path.trim_end_matches('/').to_owned();
        if !self.files.keys().any(|file| is_in(file, &path)) {
            let known = self.files.keys().map(String::as_str);
            let hint = nearest(&path, known).map(|near| format!("there is `{near}`"));
            let refused = self.refuse(format!("the template has no `{path}`"), raw.path.origin);
            if let Some(hint) = hint {
                refused.hint(hint);
            }
        }
        self.expression(&raw.when);
        (path, raw.when.into_inner())
    }

    fn expression(&mut self, expression: &Spanned<String>) {
        if let Err(why) = language::check_expression(expression) {
            let message = format!("cannot take `{}` as a condition: {why}", expression.value);
            self.refuse(message, expression.origin);
        }
    }

    fn place(&self, origin: Origin) -> Location {
        let known = self.tree.locate(origin);
        known.unwrap_or_else(|| Location::file(&self.path))
    }

    fn refuse(&mut self, message: String, origin: Origin) -> &mut Error {
        let error = Error::new(ErrorKind::Settings, message).at(self.place(origin));
        self.errors.push(error);
        self.errors.last_mut().expect("one was put there")
    }
}

/// Whether a file is `path`, or stands below it.
pub(crate) fn is_in(file: &str, path: &str) -> bool {
    file.strip_prefix(path)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn is_free(name: &str) -> bool {
    let word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.bytes().all(word)
        && !GIVEN.contains(&name)
}
