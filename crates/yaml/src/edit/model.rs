//! What a document says, without how it says it: to see that an edit changed nothing else.

use super::Content;
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

    /// Whether it is what the other one is, explicit tags aside: `!!str 5` is the string `5`.
    pub(super) fn says(&self, other: &Self) -> bool {
        match (self, other) {
            (
                Self::Scalar {
                    text, is_string, ..
                },
                Self::Scalar {
                    text: other,
                    is_string: other_is_string,
                    ..
                },
            ) => text == other && is_string == other_is_string,
            _ => self == other,
        }
    }

    /// What new content is read as.
    pub(super) fn new(content: &Content) -> Self {
        match content {
            Content::Text(text) => Self::Scalar {
                text: text.clone(),
                is_string: true,
                tag: None,
            },
            Content::Plain(text) => Self::Scalar {
                text: text.clone(),
                is_string: false,
                tag: None,
            },
            Content::Map(entries) => {
                let entries = entries.iter();
                Self::Map(
                    entries
                        .map(|(key, value)| (key.clone(), Self::new(value)))
                        .collect(),
                )
            }
            Content::List(items) => Self::Seq(items.iter().map(Self::new).collect()),
        }
    }

    /// Puts new content at a place: entries and items are added to those that are there.
    pub(super) fn set(&mut self, places: &[Place], content: &Content) {
        let Some(target) = self.at(places) else {
            return;
        };
        match (target, Self::new(content)) {
            (
                Self::Scalar {
                    text, is_string, ..
                },
                Self::Scalar {
                    text: new,
                    is_string: is_new_string,
                    ..
                },
            ) => {
                *text = new;
                *is_string = is_new_string;
            }
            (Self::Map(entries), Self::Map(more)) => entries.extend(more),
            (Self::Seq(items), Self::Seq(more)) => items.extend(more),
            (target, made) => *target = made,
        }
    }

    /// Gives the entry at a place another key.
    pub(super) fn rename(&mut self, places: &[Place], key: &str) {
        if let [around @ .., Place::Key(old)] = places
            && let Some(Self::Map(entries)) = self.at(around)
        {
            for (name, _) in entries.iter_mut().filter(|(name, _)| name == old) {
                key.clone_into(name);
            }
        }
    }

    /// Puts another content in a place.
    pub(super) fn replace(&mut self, places: &[Place], with: Self) {
        if let Some(target) = self.at(places) {
            *target = with;
        }
    }

    /// Puts a part into the collection at a place, as its part number `at`.
    pub(super) fn insert(
        &mut self,
        places: &[Place],
        at: usize,
        part: Option<&Place>,
        value: Self,
    ) {
        match (self.at(places), part) {
            (Some(Self::Map(entries)), Some(Place::Key(key))) if at <= entries.len() => {
                entries.insert(at, (key.clone(), value));
            }
            (Some(Self::Seq(items)), Some(Place::Index(_))) if at <= items.len() => {
                items.insert(at, value);
            }
            _ => {}
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

    pub(super) fn at(&mut self, places: &[Place]) -> Option<&mut Self> {
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
