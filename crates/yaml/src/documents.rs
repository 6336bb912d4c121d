//! A file as the documents that kustomize makes of it.

use crate::chars::first_forbidden;
use crate::error::{Error, ErrorKind};
use crate::node::{Kind, NodeId, Tree};
use crate::parse::{Document, Parser};
use crate::source::{Source, check_size};
use std::ops::Range;
use std::sync::Arc;
use windlass_fault::{Location, Warning};

impl Tree {
    /// Reads a source and returns the roots of its documents, without those that are null, an
    /// empty map or an empty list.
    ///
    /// Documents are split at lines that start with `---` before anything else is looked at, so
    /// that even one inside a block text splits; of each part only the first document is read
    /// (kyaml: kio/byteio_reader.go). [`Tree::load_with`] also tells of text that goes unread.
    ///
    /// # Errors
    /// The first thing in the source that kustomize refuses, with its place.
    pub fn load(&mut self, source: Arc<Source>) -> Result<Vec<NodeId>, Error> {
        self.load_with(source, &mut Vec::new())
    }

    /// [`Tree::load`], adding a warning for each text that is in the file but not read.
    ///
    /// # Errors
    /// As [`Tree::load`].
    pub fn load_with(
        &mut self,
        source: Arc<Source>,
        warnings: &mut Vec<Warning>,
    ) -> Result<Vec<NodeId>, Error> {
        check(&source)?;
        let source = source.with_plain_breaks();
        let id = self.add_source(Arc::clone(&source));
        self.reserve(source.text().len() / 24);
        let mut roots = Vec::new();
        for range in split(&source)? {
            let parser = Parser::new(self, id, source.path(), source.text(), range);
            let document = parser.document()?;
            warnings.extend(unread(&source, &document));
            roots.extend(document.root.filter(|&root| !self.is_nothing(root)));
        }
        Ok(roots)
    }

    /// Reads the first document of a source and returns its root, or nothing where there is
    /// nothing but blanks and comments: how configuration and kustomize's own files are read.
    ///
    /// # Errors
    /// The first thing that is wrong, with its place.
    pub fn load_first(
        &mut self,
        source: &Arc<Source>,
        warnings: &mut Vec<Warning>,
    ) -> Result<Option<NodeId>, Error> {
        Ok(self.load_document(source, warnings)?.root)
    }

    /// The first document with all that is known of it.
    pub(crate) fn load_document(
        &mut self,
        source: &Arc<Source>,
        warnings: &mut Vec<Warning>,
    ) -> Result<Document, Error> {
        check(source)?;
        let id = self.add_source(Arc::clone(source));
        let range = 0..source.text().len();
        let parser = Parser::new(self, id, source.path(), source.text(), range);
        let document = parser.document()?;
        warnings.extend(unread(source, &document));
        Ok(document)
    }

    fn is_nothing(&self, root: NodeId) -> bool {
        match self.kind(root) {
            Kind::Scalar => self.is_null(root),
            Kind::Map | Kind::Seq => self.is_empty(root),
        }
    }
}

/// Refuses what cannot be part of a YAML file.
fn check(source: &Source) -> Result<(), Error> {
    check_size(source.path(), source.text().len())?;
    let Some(at) = first_forbidden(source.text()) else {
        return Ok(());
    };
    let c = source.text()[at..].chars().next().unwrap_or_default();
    let message = format!(
        "the control character U+{:04X} is not allowed",
        u32::from(c)
    );
    let place = Location::in_text(source.path(), source.text(), at, at + c.len_utf8());
    Err(Error::new(ErrorKind::ControlCharacter, message).at(place))
}

/// The parts between lines that start with `---`, each with its final line break.
fn split(source: &Source) -> Result<Vec<Range<usize>>, Error> {
    let text = source.text();
    let mut parts = Vec::new();
    let mut start = 0;
    while let Some(found) = memchr::memmem::find(&text.as_bytes()[start..], b"\n---") {
        let at = start + found;
        let Some(len) = text[at + 1..].find('\n') else {
            break;
        };
        let line = &text[at + 1..at + 1 + len];
        let rest = line[3..].trim();
        if !rest.is_empty() && !rest.starts_with('#') {
            let message = format!("`{}` does not separate two documents", line.trim());
            let place = Location::in_text(source.path(), text, at + 1, at + 1 + len);
            return Err(Error::new(ErrorKind::Separator, message)
                .at(place)
                .with_hint("write `---` on a line of its own"));
        }
        parts.push(start..at + 1);
        start = at + 1 + len + 1;
    }
    parts.push(start..text.len());
    Ok(parts)
}

/// A warning for text behind the first document.
fn unread(source: &Source, document: &Document) -> Option<Warning> {
    let range = document.unread.clone()?;
    let place = Location::in_text(source.path(), source.text(), range.start, range.end);
    Some(
        Warning::new("the text from here on is not read: the document ends before it")
            .at(place)
            .hint("check the indentation, or separate documents with a line `---`"),
    )
}
