//! A template: its files, its questions, and what it makes of the answers.

use crate::app::App;
use crate::files::{self, File, Files};
use crate::language::{self, Values};
use crate::site::Site;
use crate::{Error, ErrorKind, name, revision};
use minijinja::Value;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;
use windlass_fault::{Location, nearest};
use windlass_yaml::{Source, Tree};

const SETTINGS: &str = "template.yaml";
/// The end of the name of a file that is rendered.
const RENDERED: &str = ".jinja";
/// Bytes of an answer.
const MAX_ANSWER: usize = 1_000;
/// What a template may name besides its questions.
const GIVEN: [&str; 6] = [
    "name",
    "apps",
    "registry",
    "repository",
    "environments",
    "environment",
];

/// A folder with a `template.yaml`.
#[derive(Debug)]
pub struct Template {
    /// The folder as the user calls it.
    place: String,
    settings: Settings,
    files: Files,
    /// The text of the file that is rendered once for each environment.
    application: String,
    revision: String,
}

/// What `template.yaml` says.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    #[serde(default)]
    questions: BTreeMap<String, Question>,
    application: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Question {
    help: Option<String>,
    default: Option<String>,
}

impl Template {
    /// Reads the folder `folder`, which errors call `place`.
    ///
    /// # Errors
    /// [`ErrorKind::Read`], and those of [`Template::new`].
    pub fn read(folder: &Path, place: &str) -> Result<Self, Error> {
        Self::new(place, files::read(folder)?)
    }

    /// The template that `files` make; errors call their folder `place`.
    ///
    /// # Errors
    /// [`ErrorKind::Settings`] for its `template.yaml`, [`ErrorKind::Forbidden`].
    pub fn new(place: &str, mut files: Files) -> Result<Self, Error> {
        let revision = revision::tree_id(&files);
        let settings = settings(place, files.remove(SETTINGS))?;
        let named = files.remove(&settings.application).ok_or_else(|| {
            let missing = &settings.application;
            let message = format!("cannot find `{missing}`, the `application` of the template");
            Error::new(ErrorKind::Settings, message)
                .at(Location::file(format!("{place}/{SETTINGS}")))
        })?;
        let application = text(&format!("{place}/{}", settings.application), named)?;
        Ok(Self {
            place: place.to_owned(),
            settings,
            files,
            application,
            revision,
        })
    }

    /// The app `name` with these answers, checked as a whole and not yet written.
    ///
    /// # Errors
    /// [`ErrorKind::Name`], [`ErrorKind::Answer`], [`ErrorKind::Render`], [`ErrorKind::Overlay`] and
    /// [`ErrorKind::Forbidden`].
    pub fn render(
        &self,
        name: &str,
        answers: &BTreeMap<String, String>,
        site: &Site,
    ) -> Result<App, Error> {
        name::check(name, &site.environments)?;
        let answers = self.answers(answers)?;
        let mut values = values(name, &answers, site);
        let mut app = App::new(name, site);
        for (path, file) in &self.files {
            let (path, file) = self.file(path, file, &values)?;
            app.add(&self.place, &path, file)?;
        }
        app.check_overlays(&self.place, &site.environments)?;
        app.add(&self.place, ".scaffold.yaml", self.record(&answers))?;
        for environment in &site.environments {
            values.insert("environment".to_owned(), environment.value());
            app.add_application(environment, self.render_application(&values)?);
        }
        Ok(app)
    }

    /// The answer to each question: the given one, else the default.
    fn answers(&self, given: &BTreeMap<String, String>) -> Result<BTreeMap<String, String>, Error> {
        let questions = &self.settings.questions;
        if let Some(unknown) = given.keys().find(|key| !questions.contains_key(*key)) {
            return Err(self.unasked(unknown));
        }
        let answer = |(name, question): (&String, &Question)| {
            let answer = given.get(name).or(question.default.as_ref());
            let answer = answer.ok_or_else(|| unanswered(name, question))?;
            if answer.len() > MAX_ANSWER || answer.chars().any(char::is_control) {
                let message = format!("cannot take the answer to `{name}`: it must be one line");
                return Err(Error::new(ErrorKind::Answer, message));
            }
            Ok((name.clone(), answer.clone()))
        };
        questions.iter().map(answer).collect()
    }

    fn unasked(&self, name: &str) -> Error {
        let questions = self.settings.questions.keys().map(String::as_str);
        let message = format!("`{}` does not ask for `{name}`", self.place);
        let error = Error::new(ErrorKind::Answer, message);
        match nearest(name, questions) {
            Some(near) => error.with_hint(format!("it asks for `{near}`")),
            None => error,
        }
    }

    /// A file of the template as it stands in the app.
    fn file(&self, path: &str, file: &File, values: &Values) -> Result<(String, File), Error> {
        let place = format!("{}/{path}", self.place);
        let target = language::render(&place, path, values)?;
        let Some(target) = target.strip_suffix(RENDERED) else {
            return Ok((target, file.clone()));
        };
        let rendered = language::render(&place, &text(&place, file.clone())?, values)?;
        check_yaml(&place, target, &rendered)?;
        let file = File {
            bytes: rendered.into_bytes(),
            executable: file.executable,
        };
        Ok((target.to_owned(), file))
    }

    fn render_application(&self, values: &Values) -> Result<File, Error> {
        let place = format!("{}/{}", self.place, self.settings.application);
        let rendered = language::render(&place, &self.application, values)?;
        check_yaml(&place, "application.yaml", &rendered)?;
        Ok(plain(rendered))
    }

    /// What a later update must know: the template's state and the answers.
    fn record(&self, answers: &BTreeMap<String, String>) -> File {
        let quoted = |text: &str| serde_json::Value::from(text).to_string();
        let mut record = format!(
            "# Written by `app-new`: the template, its git tree, and the answers.\ntemplate: {}\nrevision: {}\n",
            quoted(&self.place),
            quoted(&self.revision),
        );
        if !answers.is_empty() {
            record.push_str("answers:\n");
        }
        for (name, answer) in answers {
            record.push_str(&format!("  {name}: {}\n", quoted(answer)));
        }
        plain(record)
    }
}

fn settings(place: &str, file: Option<File>) -> Result<Settings, Error> {
    let path = format!("{place}/{SETTINGS}");
    let Some(file) = file else {
        let message = format!("cannot find `{path}`, so `{place}` is no template");
        return Err(Error::new(ErrorKind::Settings, message));
    };
    let settings: Settings =
        windlass_yaml::from_str(&path, &text(&path, file)?).map_err(|source| {
            let message = format!("cannot take `{path}` as the settings of a template");
            Error::yaml(ErrorKind::Settings, message, source)
        })?;
    match settings.questions.keys().find(|name| !is_free(name)) {
        None => Ok(settings),
        Some(name) => {
            let message = format!("cannot ask for `{name}`: no question can have that name");
            Err(Error::new(ErrorKind::Settings, message)
                .at(Location::file(path))
                .with_hint(
                    "use a-z, 0-9 and `_`, and none of the names that a template has anyway",
                ))
        }
    }
}

fn is_free(name: &str) -> bool {
    let word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.bytes().all(word)
        && !GIVEN.contains(&name)
}

fn unanswered(name: &str, question: &Question) -> Error {
    let what = question.help.as_deref().unwrap_or("it has no default");
    Error::new(ErrorKind::Answer, format!("`{name}` has no answer"))
        .with_hint(format!("answer it with `--set {name}=…`: {what}"))
}

fn values(name: &str, answers: &BTreeMap<String, String>, site: &Site) -> Values {
    let environments = site
        .environments
        .iter()
        .map(|environment| (environment.name.as_str(), environment.value()));
    let given = [
        ("name", Value::from(name)),
        ("apps", Value::from(site.apps.as_str())),
        ("registry", Value::from(site.registry.as_str())),
        ("repository", Value::from(site.repository.as_str())),
        ("environments", Value::from_pairs(environments)),
    ];
    let answers = answers
        .iter()
        .map(|(name, answer)| (name.clone(), Value::from(answer.as_str())));
    given
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .chain(answers)
        .collect()
}

/// An answer with a colon or a quote in it can turn a manifest into something else than YAML.
fn check_yaml(place: &str, target: &str, text: &str) -> Result<(), Error> {
    if !target.ends_with(".yaml") && !target.ends_with(".yml") {
        return Ok(());
    }
    let rendered = Source::new(format!("{place} (rendered)"), text);
    let read = Tree::new().load(rendered);
    read.map(drop).map_err(|source| {
        let message = format!("cannot render `{place}`: what comes out is not YAML");
        Error::yaml(ErrorKind::Render, message, source)
    })
}

fn text(place: &str, file: File) -> Result<String, Error> {
    String::from_utf8(file.bytes).map_err(|_| {
        Error::new(
            ErrorKind::Render,
            format!("cannot render `{place}`: it is not UTF-8"),
        )
    })
}

fn plain(text: String) -> File {
    File {
        bytes: text.into_bytes(),
        executable: false,
    }
}
