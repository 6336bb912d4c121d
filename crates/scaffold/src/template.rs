//! A template: its files, its questions, and what it makes of the answers.

use crate::app::App;
use crate::ask::Answered;
use crate::files::{self, File, Files};
use crate::given::Answers;
use crate::language::{self, Values};
use crate::question::Question;
use crate::record::Record;
use crate::settings::{self, Settings, is_in};
use crate::site::{Environment, Site};
use crate::{Error, ErrorKind, revision};
use std::path::Path;
use windlass_yaml::{Source, Tree};

/// The end of the name of a file that is rendered.
const RENDERED: &str = ".jinja";

/// A folder with a `template.yaml`.
#[derive(Debug)]
pub struct Template {
    /// The folder as the user calls it.
    pub(crate) place: String,
    pub(crate) settings: Settings,
    files: Files,
    /// The text of the file that is rendered once for each environment.
    application: String,
    revision: String,
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
        let settings = Settings::read(place, &mut files)?;
        let named = files
            .remove(&settings.application)
            .expect("its settings were checked");
        let application = text(&format!("{place}/{}", settings.application), named)?;
        Ok(Self {
            place: place.to_owned(),
            settings,
            files,
            application,
            revision,
        })
    }

    /// The id of the git tree that holds the template.
    #[must_use]
    pub fn revision(&self) -> &str {
        &self.revision
    }

    /// What it asks for, in order.
    #[must_use]
    pub fn questions(&self) -> &[Question] {
        &self.settings.questions
    }

    /// The app `name` with these answers, and defaults for the others, checked as a whole and not
    /// yet written.
    ///
    /// # Errors
    /// All at once: [`ErrorKind::Name`], [`ErrorKind::Answer`], [`ErrorKind::Render`],
    /// [`ErrorKind::Overlay`] and [`ErrorKind::Forbidden`].
    pub fn render(&self, name: &str, answers: &Answers, site: &Site) -> Result<App, Error> {
        let Answered { answers, values } = self.answered(name, answers, site, None)?;
        let mut app = App::new(name, site);
        let mut errors = Vec::new();
        for (path, file) in &self.files {
            let added = self.file(path, file, &values).and_then(|made| {
                made.map_or(Ok(()), |(path, file)| app.add(&self.place, &path, file))
            });
            errors.extend(added.err());
        }
        for environment in &site.environments {
            match self.render_application(environment, &values) {
                Ok(file) => app.add_application(environment, file),
                Err(error) => errors.push(error),
            }
        }
        Error::all(errors)?;
        app.check_overlays(&self.place, &site.environments)?;
        let record = Record::new(&self.place, &self.revision, answers, site.clone());
        app.add(&self.place, Record::FILE, plain(record.to_yaml()))?;
        Ok(app)
    }

    /// The Application of an app in one environment.
    ///
    /// # Errors
    /// As [`Template::render`].
    pub fn application(
        &self,
        name: &str,
        answers: &Answers,
        environment: &Environment,
        site: &Site,
    ) -> Result<String, Error> {
        let answered = self.answered(name, answers, site, None)?;
        let file = self.render_application(environment, &answered.values)?;
        Ok(String::from_utf8(file.bytes).expect("what is rendered is text"))
    }

    /// A file of the template as it stands in the app, if it stands there at all.
    fn file(
        &self,
        path: &str,
        file: &File,
        values: &Values,
    ) -> Result<Option<(String, File)>, Error> {
        let place = format!("{}/{path}", self.place);
        for (at, when) in &self.settings.conditions {
            if is_in(path, at) && !self.is_met(when, values)? {
                return Ok(None);
            }
        }
        let target = language::render(&place, path, values)?;
        let Some(target) = target.strip_suffix(RENDERED) else {
            return Ok(Some((target, file.clone())));
        };
        let rendered = language::render(&place, &text(&place, file.clone())?, values)?;
        check_yaml(&place, target, &rendered)?;
        let file = File {
            bytes: rendered.into_bytes(),
            executable: file.executable,
        };
        Ok(Some((target.to_owned(), file)))
    }

    fn is_met(&self, when: &str, values: &Values) -> Result<bool, Error> {
        language::holds(when, values).map_err(|why| {
            let place = format!("{}/{}", self.place, settings::FILE);
            let message = format!("cannot tell whether `{when}` holds in `{place}`: {why}");
            Error::new(ErrorKind::Render, message)
        })
    }

    fn render_application(
        &self,
        environment: &Environment,
        values: &Values,
    ) -> Result<File, Error> {
        let place = format!("{}/{}", self.place, self.settings.application);
        let mut values = values.clone();
        values.insert("environment".to_owned(), environment.value());
        let rendered = language::render(&place, &self.application, &values)?;
        check_yaml(&place, "application.yaml", &rendered)?;
        Ok(plain(rendered))
    }
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
