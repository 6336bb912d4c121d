//! Applications for the overlays that have none, and those that are there put right.

use super::overlays::Overlay;
use super::{Argo, Object};
use crate::app::APPLICATIONS;
use crate::change::{self, Changes};
use crate::files::File;
use crate::given::Answers;
use crate::record::Record;
use crate::site::Environment;
use crate::template::Template;
use crate::{Error, ErrorKind, register};
use windlass_yaml::{Content, Document, Step};

impl Argo {
    /// An Application for each overlay that has none, as `template` makes it, and in those that are
    /// there the right namespace, branch, project and finalizers, with nothing else changed.
    ///
    /// # Errors
    /// Those of [`Template::render`]; [`ErrorKind::Exists`] where a file of that name holds something
    /// else, [`ErrorKind::Register`] where one cannot be edited.
    pub fn make(&self, template: &Template) -> Result<Changes, Error> {
        let mut changes = Changes::default();
        let mut errors = Vec::new();
        for (overlay, environment) in self.known() {
            let made = match self.application_of(&overlay.path) {
                Some(application) => self.put_right(application, overlay, environment, template),
                None if self.is_in_set(overlay) => Ok(None),
                None => self
                    .new_application(overlay, environment, template)
                    .map(Some),
            };
            match made {
                Ok(Some((path, before, after))) => changes.add(&path, before, Some(after)),
                Ok(None) => {}
                Err(error) => errors.push(error),
            }
        }
        Error::all(errors)?;
        self.list(&mut changes)?;
        Ok(changes)
    }

    /// The overlays of environments that the repository has.
    pub(super) fn known(&self) -> impl Iterator<Item = (&Overlay, &Environment)> {
        self.overlays.iter().filter_map(|overlay| {
            let mut all = self.site.environments.iter();
            let found = all.find(|one| one.name == overlay.environment)?;
            Some((overlay, found))
        })
    }

    /// Lists all Applications in the kustomization of `argo/apps`, where there is one.
    pub(super) fn list(&self, changes: &mut Changes) -> Result<(), Error> {
        let sets = self.of_kind("ApplicationSet");
        let there = self.of_kind("Application").chain(sets);
        let there = there.map(|object| object.path.as_str());
        let there = there.filter(|path| path.starts_with(APPLICATIONS));
        let new = changes
            .paths()
            .filter(|path| !self.files.contains_key(*path));
        let mut paths: Vec<&str> = there.chain(new).collect();
        paths.dedup();
        if let Some((path, before, after)) = register::all(&self.root, &paths)? {
            changes.add(&path, Some(before), Some(after));
        }
        Ok(())
    }

    fn new_application(
        &self,
        overlay: &Overlay,
        environment: &Environment,
        template: &Template,
    ) -> Result<(String, Option<File>, File), Error> {
        let path = format!(
            "{APPLICATIONS}/{}-{}.yaml",
            overlay.app, overlay.environment
        );
        if self.files.contains_key(&path) {
            let message = format!(
                "cannot make an Application of `{}`: `{path}` holds something else",
                overlay.path
            );
            let error = Error::new(ErrorKind::Exists, message);
            return Err(error.with_hint("move that file, or point its Application to the overlay"));
        }
        let text = self.rendered(overlay, environment, template)?;
        Ok((path, None, plain(text)))
    }

    /// The Application that the template makes of an overlay, by the answers of its app.
    fn rendered(
        &self,
        overlay: &Overlay,
        environment: &Environment,
        template: &Template,
    ) -> Result<String, Error> {
        let answers = self.answers(&overlay.app, template)?;
        template.application(&overlay.app, &answers, environment, &self.site)
    }

    /// What the record of an app says, as far as the template asks for it.
    fn answers(&self, app: &str, template: &Template) -> Result<Answers, Error> {
        let path = format!("{}/{app}/{}", self.site.apps, Record::FILE);
        let Some(file) = change::read(&self.root, &path)? else {
            return Ok(Answers::new());
        };
        let record = Record::read(&path, &String::from_utf8_lossy(&file.bytes))?;
        Ok(template.still_asked(app, &record.answers, &self.site))
    }

    /// The finalizers of the template's Application; none where the template cannot tell.
    pub(super) fn wanted_finalizers(&self, overlay: &Overlay, template: &Template) -> Vec<String> {
        let known = self.known().find(|(other, _)| other.path == overlay.path);
        let rendered =
            known.and_then(|(_, environment)| self.rendered(overlay, environment, template).ok());
        let document = rendered.and_then(|text| Document::parse("", &text).ok());
        let path = [Step::Key("metadata"), Step::Key("finalizers")];
        match document.and_then(|document| document.content(&path)) {
            Some(Content::List(items)) => items
                .into_iter()
                .filter_map(|item| match item {
                    Content::Text(text) => Some(text),
                    _ => None,
                })
                .collect(),
            _ => Vec::new(),
        }
    }

    fn put_right(
        &self,
        application: &Object,
        overlay: &Overlay,
        environment: &Environment,
        template: &Template,
    ) -> Result<Option<(String, Option<File>, File)>, Error> {
        let path = &application.path;
        let has_project = self
            .text(application, &["spec", "project"])
            .is_some_and(|project| self.has_project(project));
        let Some(before) = self.files.get(path).filter(|_| application.is_first) else {
            return Ok(None);
        };
        let text = before.text(path)?;
        let finalizers = self.lacks_finalizers(application, overlay, template);
        let edit = || -> Result<String, windlass_yaml::Error> {
            let mut document = Document::parse(path, text)?;
            let [spec, source] = [Step::Key("spec"), Step::Key("source")];
            if document.content(&[spec, source]).is_some() {
                let revision = Step::Key("targetRevision");
                document.set(&[spec, source, revision], &environment.branch)?;
            }
            if let Some(namespace) = &overlay.namespace {
                let destination = [spec, Step::Key("destination"), Step::Key("namespace")];
                document.set(&destination, namespace)?;
            }
            if !has_project && self.has_project(&environment.name) {
                document.set(&[spec, Step::Key("project")], &environment.name)?;
            }
            for finalizer in &finalizers {
                let list = [Step::Key("metadata"), Step::Key("finalizers")];
                document.push(&list, &Content::from(finalizer.as_str()))?;
            }
            Ok(document.finish())
        };
        let after = edit().map_err(|source| {
            let message = format!("cannot put `{path}` right");
            Error::yaml(ErrorKind::Register, message, source)
        })?;
        let changed = (after != text).then(|| File {
            bytes: after.into_bytes(),
            executable: before.executable,
        });
        Ok(changed.map(|after| (path.clone(), Some(before.clone()), after)))
    }
}

pub(super) fn plain(text: String) -> File {
    File {
        bytes: text.into_bytes(),
        executable: false,
    }
}
