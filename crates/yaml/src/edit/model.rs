//! What a document says, without how it says it: to see that an edit changed nothing else.

use super::Step;
use crate::node::{Kind, NodeId, Style, Tree};
use crate::resolve::is_certain_string;

/// A step that leads to one node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    Key(String),
    Index(usize),
}

/// The content of a node.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Model {
    Scalar {
        text: String,
        /// Whether every reader takes it for a string.
        is_string: bool,
        tag: Option<String>,
    },
    Map(Vec<(String, Model)>),
    Seq(Vec<Model>),
}

impl Model {
    pub(super) fn of(tree: &Tree, id: NodeId) -> Self {
        match tree.kind(id) {
            Kind::Map => Self::Map(
                tree.entries(id)
                    .map(|(key, value)| (key.to_owned(), Self::of(tree, value)))
                    .collect(),
            ),
            Kind::Seq => Self::Seq(tree.items(id).map(|item| Self::of(tree, item)).collect()),
            Kind::Scalar => Self::Scalar {
                text: tree.text(id).to_owned(),
                is_string: is_certain_string(
                    tree.text(id),
                    tree.style(id) != Style::Plain,
                    tree.tag(id),
                ),
                tag: tree.tag(id).map(str::to_owned),
            },
        }
    }

    fn string(text: &str) -> Self {
        Self::Scalar {
            text: text.to_owned(),
            is_string: true,
            tag: None,
        }
    }

    /// What the steps make where nothing is.
    pub(super) fn build(steps: &[Step<'_>], value: &str) -> Self {
        let Some((step, rest)) = steps.split_first() else {
            return Self::string(value);
        };
        let inner = Self::build(rest, value);
        match *step {
            Step::Key(key) => Self::Map(vec![(key.to_owned(), inner)]),
            Step::Index(_) => Self::Seq(vec![inner]),
            Step::Item(key, name) => {
                let mut entries = vec![(key.to_owned(), Self::string(name))];
                if let Self::Map(more) = inner {
                    entries.extend(more);
                }
                Self::Seq(vec![Self::Map(entries)])
            }
        }
    }

    /// Puts what the steps make at a place.
    pub(super) fn set(&mut self, places: &[Place], steps: &[Step<'_>], value: &str) {
        let Some(target) = self.at(places) else {
            return;
        };
        let made = Self::build(steps, value);
        match (target, made) {
            (
                Self::Scalar {
                    text, is_string, ..
                },
                Self::Scalar { .. },
            ) => {
                value.clone_into(text);
                *is_string = true;
            }
            (Self::Map(entries), Self::Map(more)) => entries.extend(more),
            (Self::Seq(items), Self::Seq(more)) => items.extend(more),
            (target, made) => *target = made,
        }
    }

    /// Takes out what is at a place.
    pub(super) fn remove(&mut self, places: &[Place]) {
        let Some((last, before)) = places.split_last() else {
            return;
        };
        match (self.at(before), last) {
            (Some(Self::Map(entries)), Place::Key(key)) => entries.retain(|(name, _)| name != key),
            (Some(Self::Seq(items)), Place::Index(at)) if *at < items.len() => {
                items.remove(*at);
            }
            _ => {}
        }
    }

    fn at(&mut self, places: &[Place]) -> Option<&mut Self> {
        places
            .iter()
            .try_fold(self, |model, place| match (model, place) {
                (Self::Map(entries), Place::Key(key)) => entries
                    .iter_mut()
                    .find(|(name, _)| name == key)
                    .map(|(_, value)| value),
                (Self::Seq(items), Place::Index(at)) => items.get_mut(*at),
                _ => None,
            })
    }
}
