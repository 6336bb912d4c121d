//! A text of a workflow file that may hold expressions, with its place.

use crate::expression::{Problem, Scope, Template, text};
use crate::{Error, ErrorKind};
use serde_json::Value;
use std::ops::Range;
use std::sync::Arc;
use windlass_fault::Location;
use windlass_yaml::{NodeId, Source, Tree};

/// A text with expressions in it, and where it stands.
#[derive(Debug, Clone)]
pub(crate) struct Text {
    template: Template,
    place: Place,
}

/// Where a scalar stands in its file.
#[derive(Debug, Clone)]
struct Place {
    source: Arc<Source>,
    range: Range<usize>,
    /// The scalar's text, as the file means it.
    text: String,
}

impl Text {
    /// The text of a scalar.
    pub(crate) fn read(tree: &Tree, node: NodeId) -> Result<Self, Error> {
        Self::make(tree, node, Template::parse)
    }

    /// The condition that a scalar holds.
    pub(crate) fn read_condition(tree: &Tree, node: NodeId) -> Result<Self, Error> {
        Self::make(tree, node, Template::parse_condition)
    }

    fn make(
        tree: &Tree,
        node: NodeId,
        parse: impl Fn(&str) -> Result<Template, Problem>,
    ) -> Result<Self, Error> {
        let place = Place::of(tree, node);
        let template = parse(&place.text).map_err(|problem| place.error(problem))?;
        Ok(Self { template, place })
    }

    /// The text itself, where there is no expression in it.
    pub(crate) fn literal(&self) -> Option<&str> {
        self.template.literal()
    }

    /// Its value.
    pub(crate) fn evaluate(&self, scope: &Scope) -> Result<Value, Error> {
        let value = self.template.evaluate(scope);
        value.map_err(|problem| self.place.error(problem))
    }

    /// Its value as a text.
    pub(crate) fn render(&self, scope: &Scope) -> Result<String, Error> {
        self.evaluate(scope).map(|value| text(&value))
    }

    /// Where it stands.
    pub(crate) fn location(&self) -> Location {
        self.place.locate(0..self.place.text.len())
    }
}

impl Place {
    fn of(tree: &Tree, node: NodeId) -> Self {
        let origin = tree.origin(node);
        let source = origin.source().and_then(|id| tree.source(id)).cloned();
        Self {
            source: source.unwrap_or_else(|| Source::new("", "")),
            range: origin.range(),
            text: tree.text(node).to_owned(),
        }
    }

    fn error(&self, problem: Problem) -> Error {
        Error::new(ErrorKind::Expression, problem.message)
            .at(self.locate(problem.at))
            .hinted(problem.hint)
    }

    /// The place of some bytes of the text. A text that is folded or has escapes is not in the
    /// file as it is; there the place of the expression's beginning is close enough.
    fn locate(&self, at: Range<usize>) -> Location {
        let raw = self.source.text().get(self.range.clone()).unwrap_or("");
        let (start, end) = match raw.find(&self.text) {
            Some(found) => (found + at.start, found + at.end),
            None => {
                let before = self.text[..at.start].matches("${{").count();
                let nth = before.saturating_sub(usize::from(before > 0));
                let found = raw.match_indices("${{").nth(nth).map_or(0, |(at, _)| at);
                (found, found + 3)
            }
        };
        let offset = self.range.start;
        Location::in_text(
            self.source.path(),
            self.source.text(),
            offset + start,
            offset + end,
        )
    }
}
