//! A kustomization file while it is edited, and the record of what changed.

use super::{Altered, Edited, TextField};
use crate::error::{Error, ErrorKind, Result};
use crate::files::{Files, Folder, Record, Restriction};
use crate::kustomization::{self, Kustomization};
use crate::options::Options;
use crate::read::{self, malformed};
use std::path::Path;
use std::rc::Rc;
use windlass_fault::{Location, Warning};
use windlass_yaml::{Content, Document, Source, Step, Tree};

/// The file that is edited.
pub(super) struct Session<'a> {
    pub(super) files: &'a dyn Files,
    pub(super) options: &'a Options<'a>,
    pub(super) folder: Rc<Folder<'a>>,
    /// The name of the file in its folder.
    pub(super) file: &'static str,
    pub(super) document: Document,
    before: Option<String>,
    altered: Vec<Altered>,
    warnings: Vec<Warning>,
}

impl<'a> Session<'a> {
    /// Reads the kustomization file of a folder.
    pub(super) fn open(
        files: &'a dyn Files,
        folder: &Path,
        options: &'a Options<'a>,
    ) -> Result<Self> {
        let folder = Folder::start(files, folder, Restriction::RootOnly, options.fetch)?;
        let file = kustomization::find(&folder).map_err(|error| match error.kind() {
            ErrorKind::Read => error.hint("make one with `create`".to_owned()),
            _ => error,
        })?;
        let text = folder.read_text(file, &mut Record::default())?;
        Self::new(files, folder, options, file, Some(text))
    }

    /// A file with this text, or one that is to be made.
    pub(super) fn new(
        files: &'a dyn Files,
        folder: Rc<Folder<'a>>,
        options: &'a Options<'a>,
        file: &'static str,
        before: Option<String>,
    ) -> Result<Self> {
        let text = before.as_deref().unwrap_or_default();
        let document = Document::parse(&folder.shown(file), text).map_err(malformed)?;
        Ok(Self {
            files,
            options,
            folder,
            file,
            document,
            before,
            altered: Vec::new(),
            warnings: Vec::new(),
        })
    }

    /// What the file says, with the edits so far, and the tree that holds it.
    pub(super) fn read(&self) -> Result<(Tree, Kustomization)> {
        let mut tree = Tree::new();
        let source = Source::new(self.shown(), self.document.text());
        let Some(root) = read::settings(&mut tree, source)? else {
            return Ok((tree, Kustomization::default()));
        };
        if tree.is_null(root) {
            return Ok((tree, Kustomization::default()));
        }
        let kustomization = read::decode(&tree, root, read::Fields::Known)?;
        Ok((tree, kustomization))
    }

    /// [`Session::read`] where no place is asked for.
    pub(super) fn kustomization(&self) -> Result<Kustomization> {
        Ok(self.read()?.1)
    }

    pub(super) fn finish(self) -> Result<Edited> {
        // What was edited by its spelling must still be read as what it is.
        self.read()?;
        Ok(Edited {
            path: self.shown(),
            before: self.before,
            after: self.document.finish(),
            altered: self.altered,
            warnings: self.warnings,
        })
    }

    /// The file, as the user would write its path.
    pub(super) fn shown(&self) -> String {
        self.folder.shown(self.file)
    }

    /// An error about the file as a whole.
    pub(super) fn refuse(&self, message: impl Into<String>) -> Error {
        Error::new(ErrorKind::Edit, message).at(Location::file(self.shown()))
    }

    pub(super) fn warn(&mut self, message: String) {
        let place = Location::file(self.shown());
        self.warnings.push(Warning::new(message).at(place));
    }

    /// The warning that something to remove is not there.
    pub(super) fn warn_missing(&mut self, what: &str, name: &str) {
        self.warn(format!("there is no {what} `{name}`"));
    }
}

/// Changes, which are recorded.
impl Session<'_> {
    pub(super) fn set(&mut self, steps: &[Step<'_>], value: &str) -> Result<()> {
        self.put(steps, &value.into())
    }

    pub(super) fn put(&mut self, steps: &[Step<'_>], value: &Content) -> Result<()> {
        let before = self.document.content(steps);
        if self.document.put(steps, value).map_err(malformed)? {
            self.note(way(steps), before.as_ref(), Some(value));
        }
        Ok(())
    }

    pub(super) fn push(&mut self, steps: &[Step<'_>], item: &Content) -> Result<()> {
        self.extend(steps, std::slice::from_ref(item))
    }

    pub(super) fn extend(&mut self, steps: &[Step<'_>], items: &[Content]) -> Result<()> {
        self.document.extend(steps, items).map_err(malformed)?;
        for item in items {
            self.note(way(steps), None, Some(item));
        }
        Ok(())
    }

    /// Removes an entry, and the collections that it leaves empty.
    pub(super) fn prune(&mut self, steps: &[Step<'_>]) -> Result<()> {
        let before = self.document.content(steps);
        if self.document.prune(steps).map_err(malformed)? {
            // The number of an item means nothing once it is gone.
            let named = match steps {
                [around @ .., Step::Index(_)] => around,
                _ => steps,
            };
            self.note(way(named), before.as_ref(), None);
        }
        Ok(())
    }

    /// Gives an entry of the file another key; the items of a list go to the one of that key.
    pub(super) fn rename(&mut self, from: &str, to: &str) -> Result<()> {
        self.reshape(from, to, |_| Ok(()))
    }

    /// [`Session::rename`] for what is given another shape first.
    pub(super) fn reshape(
        &mut self,
        from: &str,
        to: &str,
        reshape: impl FnOnce(&mut Document) -> Result<(), windlass_yaml::Error>,
    ) -> Result<()> {
        let old = self.document.content(&[Step::Key(from)]);
        reshape(&mut self.document).map_err(malformed)?;
        let new = self.document.content(&[Step::Key(from)]);
        if self.document.move_items(from, to).map_err(malformed)? {
            self.note(from.to_owned(), old.as_ref(), None);
            self.note(to.to_owned(), None, new.as_ref());
        }
        Ok(())
    }

    /// Sets a field of the file itself; an empty value takes it out.
    pub(super) fn set_field(&mut self, field: TextField, value: &str) -> Result<()> {
        // A file that cannot be read as a kustomization is not edited.
        self.read()?;
        let field = match field {
            TextField::Namespace => "namespace",
            TextField::NamePrefix => "namePrefix",
            TextField::NameSuffix => "nameSuffix",
        };
        match value.is_empty() {
            true => self.prune(&[Step::Key(field)]),
            false => self.set(&[Step::Key(field)], value),
        }
    }

    pub(super) fn note(
        &mut self,
        field: String,
        before: Option<&Content>,
        after: Option<&Content>,
    ) {
        self.altered.push(Altered {
            field,
            before: before.map(shown),
            after: after.map(shown),
        });
    }
}

/// The way to a field as a user would write it.
fn way(steps: &[Step<'_>]) -> String {
    let mut out = String::new();
    for step in steps {
        match step {
            Step::Key(key) if out.is_empty() => out.push_str(key),
            Step::Key(key) => out.extend([".", key]),
            Step::Item(key, value) => out.extend(["[", key, "=", value, "]"]),
            Step::Index(at) => out.extend(["[", &at.to_string(), "]"]),
        }
    }
    out
}

/// A value on one line, for people.
fn shown(content: &Content) -> String {
    match content {
        Content::Text(text) | Content::Plain(text) => text.clone(),
        Content::List(items) => {
            let items: Vec<String> = items.iter().map(shown).collect();
            format!("[{}]", items.join(", "))
        }
        Content::Map(entries) => {
            let entry = |(key, value): &(String, Content)| format!("{key}: {}", shown(value));
            let entries: Vec<String> = entries.iter().map(entry).collect();
            format!("{{{}}}", entries.join(", "))
        }
    }
}
