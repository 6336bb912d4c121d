//! A file with SealedSecrets that is changed in place: comments, order and the values that did not
//! change stay to the byte.

use crate::certificate::Certificate;
use crate::editor::Editor;
use crate::error::{Error, ErrorKind};
use crate::identity::Identity;
use crate::key::PrivateKey;
use crate::limits;
use crate::sealed::SealedSecret;
use crate::secret::Secret;
use crate::write::Sealing;
use windlass_yaml::{Document, Source, Tree};

/// A file with SealedSecrets, and what else stands in it.
#[derive(Debug)]
pub struct SealedFile {
    path: String,
    parts: Vec<Part>,
}

/// One document.
#[derive(Debug)]
struct Part {
    /// The document behind as many line breaks as stand before it in the file, so that each line
    /// has its number.
    document: Document,
    padding: usize,
    sealed: Option<SealedSecret>,
}

/// What became of the values of a SealedSecret, by their keys.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// Those that were sealed.
    pub sealed: Vec<String>,
    /// Those that a key showed to be the same, which stay to the byte.
    pub kept: Vec<String>,
    /// Those that went.
    pub removed: Vec<String>,
}

impl Changes {
    /// Whether anything changed.
    #[must_use]
    pub fn any(&self) -> bool {
        !self.sealed.is_empty() || !self.removed.is_empty()
    }
}

/// How a Secret goes into a SealedSecret that is there.
#[derive(Debug, Clone, Copy)]
pub struct Merging<'a> {
    /// What it is sealed for and with.
    pub sealing: Sealing<'a>,
    /// Private keys by which to see what did not change.
    pub keys: &'a [PrivateKey],
    /// Whether the Secret is all that there is to be: values that it does not have go.
    pub whole: bool,
}

impl SealedFile {
    /// Reads a file in YAML or JSON; `path` is what messages call it.
    ///
    /// # Errors
    /// If a document cannot be read, or is a SealedSecret that is none.
    pub fn parse(path: &str, bytes: &[u8]) -> Result<Self, Error> {
        let text = limits::text(path, bytes)?;
        let newline = match text.split_once('\n') {
            Some((first, _)) if first.ends_with('\r') => "\r\n",
            _ => "\n",
        };
        let starts = starts(text);
        limits::check_documents(path, starts.len())?;
        let mut parts = Vec::new();
        for (at, &start) in starts.iter().enumerate() {
            let end = starts.get(at + 1).copied().unwrap_or(text.len());
            let lines = text[..start].matches('\n').count();
            let padding = newline.repeat(lines);
            let part = format!("{padding}{}", &text[start..end]);
            parts.push(Part::read(path, part, padding.len())?);
        }
        Ok(Self {
            path: path.to_owned(),
            parts,
        })
    }

    /// Its SealedSecrets, in their order.
    pub fn sealed(&self) -> impl Iterator<Item = &SealedSecret> {
        self.parts.iter().filter_map(|part| part.sealed.as_ref())
    }

    /// The SealedSecret of this name; that of this namespace where several have the name.
    #[must_use]
    pub fn find(&self, name: &str, namespace: Option<&str>) -> Option<&SealedSecret> {
        let at = self.position(name, namespace)?;
        self.parts[at].sealed.as_ref()
    }

    fn position(&self, name: &str, namespace: Option<&str>) -> Option<usize> {
        let is_named = |part: &Part| part.sealed.as_ref().is_some_and(|it| it.own().name == name);
        let fits = |part: &Part| {
            let own = part
                .sealed
                .as_ref()
                .and_then(|it| it.own().namespace.as_deref());
            own.is_none() || namespace.is_none() || own == namespace
        };
        let mut named = (0..self.parts.len()).filter(|&at| is_named(&self.parts[at]));
        named.find(|&at| fits(&self.parts[at]))
    }

    /// The text with all changes.
    #[must_use]
    pub fn text(&self) -> String {
        self.parts
            .iter()
            .map(|part| &part.document.text()[part.padding..])
            .collect()
    }

    /// Adds documents at the end.
    #[must_use]
    pub fn text_with(&self, more: &str) -> String {
        let mut text = self.text();
        if !more.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        text.push_str(more);
        text
    }

    /// Seals the values of a Secret into the SealedSecret of its name.
    ///
    /// # Errors
    /// [`ErrorKind::Label`] and [`ErrorKind::Scope`] where what is there is sealed for something
    /// else, [`ErrorKind::Edit`] where more than the values would have to change. Nothing is
    /// changed then.
    pub fn merge(&mut self, secret: &Secret, how: &Merging<'_>) -> Result<Changes, Error> {
        let at = self.position(&secret.name, secret.namespace.as_deref());
        let Some(at) = at else {
            let message = format!(
                "there is no SealedSecret `{}` in `{}`",
                secret.name, self.path
            );
            return Err(Error::new(ErrorKind::SealedSecret, message).at(secret.location()));
        };
        self.parts[at].merge(&self.path, secret, how)
    }

    /// Seals every value anew that was sealed with another key than that of the certificate;
    /// `seen` are what the SealedSecrets are opened as, in their order.
    ///
    /// # Errors
    /// [`ErrorKind::Unopened`] and [`ErrorKind::Label`] where a value cannot be opened.
    pub fn reseal(
        &mut self,
        certificate: &Certificate,
        keys: &[PrivateKey],
        seen: &[Identity],
    ) -> Result<Vec<Changes>, Error> {
        let sealed = self.parts.iter_mut().filter(|part| part.sealed.is_some());
        sealed
            .zip(seen)
            .map(|(part, seen)| part.reseal(&self.path, certificate, keys, seen))
            .collect()
    }
}

/// Where the documents of a text begin.
fn starts(text: &str) -> Vec<usize> {
    let breaks = text.match_indices("\n---").map(|(at, _)| at + 1);
    let is_line = |&at: &usize| {
        let rest = &text[at + 3..];
        rest.is_empty() || rest.starts_with([' ', '\t', '\r', '\n'])
    };
    std::iter::once(0).chain(breaks.filter(is_line)).collect()
}

impl Part {
    fn read(path: &str, text: String, padding: usize) -> Result<Self, Error> {
        // What is given for a sealed file may be a plain one.
        let unreadable = |error| Error::blind_yaml(path, &error);
        let document = Document::parse(path, &text).map_err(unreadable)?;
        let mut tree = Tree::new();
        let source = Source::new(path, text);
        let root = tree
            .load_first(&source, &mut Vec::new())
            .map_err(unreadable)?;
        let sealed = match root {
            Some(root) => SealedSecret::of(&tree, root)?,
            None => None,
        };
        Ok(Self {
            document,
            padding,
            sealed,
        })
    }

    fn merge(&mut self, path: &str, secret: &Secret, how: &Merging<'_>) -> Result<Changes, Error> {
        let Some(sealed) = &self.sealed else {
            return Ok(Changes::default());
        };
        let Sealing {
            certificate,
            identity,
            scope,
        } = how.sealing;
        if sealed.scope != scope || secret.scope.is_some_and(|asked| asked != sealed.scope) {
            let asked = secret.scope.unwrap_or(scope);
            let message = format!("`{}` is sealed {}, not {asked}", secret.name, sealed.scope);
            return Err(Error::new(ErrorKind::Scope, message)
                .at(sealed.location())
                .with_hint("to change the scope, seal all values into a new file"));
        }
        sealed.check_identity(identity)?;
        let label = identity
            .label(scope)
            .map_err(|error| error.at(sealed.location()))?;
        let same = |key: &str, plain: &[u8]| {
            let blob = sealed.value(key).and_then(|value| value.blob().ok());
            let mut opened = how
                .keys
                .iter()
                .filter_map(|it| it.open(blob.as_ref()?, &label));
            opened.any(|value| **value == *plain)
        };
        let mut changes = Changes::default();
        let mut edits = Vec::new();
        for (key, plain) in &secret.values {
            if same(key, plain) {
                changes.kept.push(key.clone());
            } else {
                edits.push((key.clone(), certificate.seal(plain, &label)?));
                changes.sealed.push(key.clone());
            }
        }
        let others = sealed
            .keys()
            .filter(|key| !secret.keys().any(|known| known == *key));
        let others: Vec<String> = others.map(str::to_owned).collect();
        let new = match changes.kept.is_empty() && (how.whole || others.is_empty()) {
            true => Vec::new(),
            false => sealed.used.clone(),
        };
        let recorded = !sealed.used.is_empty() || how.whole && changes.kept.is_empty();
        let mut editor = Editor::new(path, &self.document)?;
        editor.values(&edits)?;
        if how.whole {
            editor.remove(&others)?;
            changes.removed = others;
            editor.kind(&sealed.template, secret)?;
        }
        editor.template("labels", &sealed.template.labels, &secret.labels)?;
        editor.template(
            "annotations",
            &sealed.template.annotations,
            &secret.annotations,
        )?;
        if recorded && !edits.is_empty() {
            editor.record(new, certificate)?;
        }
        *self = Self::read(path, editor.finish(), self.padding)?;
        Ok(changes)
    }

    fn reseal(
        &mut self,
        path: &str,
        certificate: &Certificate,
        keys: &[PrivateKey],
        seen: &Identity,
    ) -> Result<Changes, Error> {
        let Some(sealed) = &self.sealed else {
            return Ok(Changes::default());
        };
        let label = seen
            .label(sealed.scope)
            .map_err(|error| error.at(sealed.location()))?;
        let mut changes = Changes::default();
        let mut edits = Vec::new();
        let mut errors = Vec::new();
        for value in &sealed.values {
            match sealed.open(value, seen, &label, keys) {
                Ok((_, with)) if keys[with].fingerprint() == certificate.fingerprint() => {
                    changes.kept.push(value.key.clone());
                }
                Ok((plain, _)) => {
                    edits.push((value.key.clone(), certificate.seal(&plain, &label)?));
                    changes.sealed.push(value.key.clone());
                }
                Err(error) => errors.push(error),
            }
        }
        Error::all(errors)?;
        if !edits.is_empty() {
            let mut editor = Editor::new(path, &self.document)?;
            editor.values(&edits)?;
            editor.record(Vec::new(), certificate)?;
            *self = Self::read(path, editor.finish(), self.padding)?;
        }
        Ok(changes)
    }
}
