//! Edits that change the bytes asked for and no others.
//!
//! An edit replaces or inserts text at the spans of the tree, and the outcome is read again: it
//! must be what was there before with the one change made, or the edit fails and nothing changes.

mod content;
mod graft;
mod model;
mod shape;
mod text;
mod write;

pub use content::Content;
pub use shape::Wrap;

use crate::error::{Error, ErrorKind};
use crate::node::{Kind, NodeId, Tree};
use crate::parse;
use crate::source::Source;
use model::{Model, Place};
use std::ops::Range;
use std::sync::Arc;
use windlass_fault::Location;

/// One step of the way to a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step<'a> {
    /// The value of a key; made where it is missing.
    Key(&'a str),
    /// The item of a list that is a map with this key and value; added at the end where it is
    /// missing.
    Item(&'a str, &'a str),
    /// The item of a list at this place, from 0.
    Index(usize),
}

/// A YAML file that is edited in place: comments, quotes, anchors, order and line breaks stay.
///
/// ```
/// use windlass_yaml::{Document, Step};
/// let text = "images:\n- name: web # ours\n  newTag: '1.0'\n";
/// let mut file = Document::parse("kustomization.yaml", text)?;
/// let web = [Step::Key("images"), Step::Item("name", "web")];
/// assert!(file.set(&[web[0], web[1], Step::Key("newTag")], "1.10")?);
/// file.set(&[web[0], web[1], Step::Key("digest")], "sha256:1234")?;
/// assert_eq!(
///     file.finish(),
///     "images:\n- name: web # ours\n  newTag: '1.10'\n  digest: sha256:1234\n"
/// );
/// # Ok::<(), windlass_yaml::Error>(())
/// ```
#[derive(Debug)]
pub struct Document {
    source: Arc<Source>,
    tree: Tree,
    parsed: parse::Document,
}

/// A piece of text to put in the place of another.
struct Splice {
    range: Range<usize>,
    text: String,
}

/// What was found on the way to a value.
struct Found {
    /// The way, as far as it exists.
    places: Vec<Place>,
    /// The last node on it; none in a file without a document.
    node: Option<NodeId>,
    /// How many steps are left.
    left: usize,
}

impl Document {
    /// Reads a file; `path` is what messages call it. Only the first document can be edited.
    ///
    /// # Errors
    /// What is wrong with the text, with its place.
    pub fn parse(path: &str, text: &str) -> Result<Self, Error> {
        let source = Source::new(path, text);
        let mut tree = Tree::new();
        let parsed = tree.load_document(&source, &mut Vec::new())?;
        Ok(Self {
            source,
            tree,
            parsed,
        })
    }

    /// The text with the changes so far.
    #[must_use]
    pub fn text(&self) -> &str {
        self.source.text()
    }

    /// What stands at the end of a way, if anything does.
    #[must_use]
    pub fn content(&self, steps: &[Step<'_>]) -> Option<Content> {
        let found = self.find(steps).ok()?.pop()?;
        let node = found.node.filter(|_| found.left == 0)?;
        Some(Content::of(&self.tree, node))
    }

    /// The text of the scalar at the end of a way, if there is one.
    #[must_use]
    pub fn get(&self, steps: &[Step<'_>]) -> Option<&str> {
        let found = self.find(steps).ok()?.pop()?;
        let node = found.node.filter(|_| found.left == 0)?;
        self.tree.is_scalar(node).then(|| self.tree.text(node))
    }

    /// Makes a string of the scalar at the end of a way; says whether that changed the text.
    ///
    /// The quotes that are there stay. A value without quotes gets double ones if YAML 1.1 or
    /// 1.2 would read it as something else than a string. Where several items of a list match,
    /// all are changed, if they are alike.
    ///
    /// # Errors
    /// [`Edit`](ErrorKind::Edit) where that cannot be done without changing something else.
    pub fn set(&mut self, steps: &[Step<'_>], value: &str) -> Result<bool, Error> {
        self.put(steps, &value.into())
    }

    /// [`Document::set`] for more than a string. A collection is put only where there is none.
    ///
    /// # Errors
    /// As [`Document::set`].
    pub fn put(&mut self, steps: &[Step<'_>], value: &Content) -> Result<bool, Error> {
        let found = self.find(steps)?;
        self.check_alike(&found)?;
        let mut changed = false;
        for at in 0..found.len() {
            // Each change moves what comes after it.
            let found = self.find(steps)?.into_iter().nth(at);
            if let Some(found) = found {
                changed |= self.set_one(&found, &steps[steps.len() - found.left..], value)?;
            }
        }
        Ok(changed)
    }

    /// Adds an item at the end of the list that a way leads to, which is made where it is missing.
    ///
    /// # Errors
    /// As [`Document::set`].
    pub fn push(&mut self, steps: &[Step<'_>], item: &Content) -> Result<(), Error> {
        self.extend(steps, std::slice::from_ref(item))
    }

    /// [`Document::push`] for several items.
    ///
    /// # Errors
    /// As [`Document::set`].
    pub fn extend(&mut self, steps: &[Step<'_>], items: &[Content]) -> Result<(), Error> {
        if items.is_empty() {
            return Ok(());
        }
        let found = self.only(steps)?;
        let rest = &steps[steps.len() - found.left..];
        if let Some(node) = found.node.filter(|_| found.left == 0)
            && !self.tree.is_seq(node)
            && !self.tree.is_null(node)
        {
            return Err(self.refuse(node, "a list is expected here"));
        }
        let list = Content::List(items.to_vec());
        self.insert(&found, &list.behind(rest))
    }

    /// Removes the entry or item at the end of a way; says whether there was one.
    ///
    /// # Errors
    /// As [`Document::set`]. The only entry of a collection is not removed, and of several items
    /// that match none is.
    pub fn remove(&mut self, steps: &[Step<'_>]) -> Result<bool, Error> {
        match self.there(steps)? {
            Some(found) => self.cut(&found.places).map(|()| true),
            None => Ok(false),
        }
    }

    /// [`Document::remove`], and with it the collections that it leaves empty. One that is all
    /// there is in the file stays, empty.
    ///
    /// # Errors
    /// As [`Document::set`]. Of several items that match none is removed.
    pub fn prune(&mut self, steps: &[Step<'_>]) -> Result<bool, Error> {
        let Some(found) = self.there(steps)? else {
            return Ok(false);
        };
        let mut places = &found.places[..];
        while let [around @ .., _] = places
            && !around.is_empty()
            && self.parts_at(around) == 1
        {
            places = around;
        }
        match places {
            [_] if places.len() < found.places.len() && self.parts_at(&[]) == 1 => {
                self.empty(places)?;
            }
            _ => self.cut(places)?,
        }
        Ok(true)
    }

    /// The one thing that a way leads to, as far as it goes.
    fn only(&self, steps: &[Step<'_>]) -> Result<Found, Error> {
        let mut all = self.find(steps)?;
        match (all.pop(), all.pop()) {
            (Some(found), None) => Ok(found),
            (
                Some(Found {
                    node: Some(node), ..
                }),
                _,
            ) => Err(self.refuse(node, "several items match, and which is meant is open")),
            (Some(found), _) => Ok(found),
            (None, _) => Err(self.complain("nothing is there")),
        }
    }

    /// The one thing at the end of a way, if it is there.
    fn there(&self, steps: &[Step<'_>]) -> Result<Option<Found>, Error> {
        let mut all = self.find(steps)?;
        all.retain(|found| found.left == 0 && found.node.is_some());
        match all.len() {
            0 | 1 => Ok(all.pop()),
            _ => self.only(steps).map(Some),
        }
    }

    fn cut(&mut self, places: &[Place]) -> Result<(), Error> {
        let splice = self.removal(places)?;
        self.change(vec![splice], places, |wanted| wanted.remove(places))
    }

    /// Puts the pieces in, where that comes to what `wanted` is then.
    fn change(
        &mut self,
        splices: Vec<Splice>,
        places: &[Place],
        change: impl FnOnce(&mut Model),
    ) -> Result<(), Error> {
        let Some((root, node)) = self.parsed.root.zip(self.way(places).pop()) else {
            return Err(self.complain("nothing is there"));
        };
        let mut wanted = Model::of(&self.tree, root);
        change(&mut wanted);
        self.apply(splices, &wanted, Some(node))
    }

    /// The text with all changes.
    #[must_use]
    pub fn finish(self) -> String {
        self.source.text().to_owned()
    }

    fn set_one(
        &mut self,
        found: &Found,
        rest: &[Step<'_>],
        value: &Content,
    ) -> Result<bool, Error> {
        if let [.., Step::Item(..)] = rest {
            let message = "an item of a list has no text of its own";
            let node = found.node.or(self.parsed.root);
            return Err(match node {
                Some(node) => self.refuse(node, message),
                None => self.complain(message),
            });
        }
        let Some(node) = found.node.filter(|_| rest.is_empty()) else {
            self.insert(found, &value.behind(rest))?;
            return Ok(true);
        };
        let wanted = Model::new(value);
        if Model::of(&self.tree, node).says(&wanted) {
            return Ok(false);
        }
        if matches!(value, Content::Map(_) | Content::List(_)) {
            if !self.tree.is_null(node) {
                return Err(self.refuse(node, "something else is here already"));
            }
            self.insert(found, value)?;
        } else {
            let splice = self.replacement(found, node, value)?;
            let places = &found.places;
            self.change(vec![splice], places, |wanted| wanted.set(places, value))?;
        }
        Ok(true)
    }

    /// Adds what the content has to what a way leads to.
    fn insert(&mut self, found: &Found, content: &Content) -> Result<(), Error> {
        let places = &found.places;
        match found.node {
            Some(node) => {
                let splices = self.insertion(found, node, content)?;
                self.change(splices, places, |wanted| wanted.set(places, content))
            }
            None => {
                let splices = vec![self.at_file_end(content)];
                self.apply(splices, &Model::new(content), None)
            }
        }
    }

    /// Refuses to change several places that hold different values.
    fn check_alike(&self, all: &[Found]) -> Result<(), Error> {
        let value = |found: &Found| {
            let node = found.node.filter(|_| found.left == 0)?;
            Some(Model::of(&self.tree, node))
        };
        let Some(first) = all.first() else {
            return Ok(());
        };
        let other = all.iter().find(|found| value(found) != value(first));
        match other.and_then(|found| found.node) {
            Some(node) => Err(self
                .refuse(node, "several items match and hold different values")
                .with_hint("leave one of the items, or make them alike")),
            None => Ok(()),
        }
    }

    /// All nodes that a way leads to, or as far as it goes.
    fn find(&self, steps: &[Step<'_>]) -> Result<Vec<Found>, Error> {
        let mut all = Vec::new();
        self.walk(self.parsed.root, steps, Vec::new(), &mut all)?;
        Ok(all)
    }

    fn walk(
        &self,
        node: Option<NodeId>,
        steps: &[Step<'_>],
        places: Vec<Place>,
        all: &mut Vec<Found>,
    ) -> Result<(), Error> {
        let mut next = Vec::new();
        if let (Some(id), Some(step)) = (node, steps.first())
            && !self.tree.is_null(id)
        {
            next = self.matches(id, step)?;
        }
        for (place, child) in &next {
            let places = places.iter().chain([place]).cloned().collect();
            self.walk(Some(*child), &steps[1..], places, all)?;
        }
        if next.is_empty() {
            all.push(Found {
                places,
                node,
                left: steps.len(),
            });
        }
        Ok(())
    }

    /// Where one step leads from a node.
    fn matches(&self, id: NodeId, step: &Step<'_>) -> Result<Vec<(Place, NodeId)>, Error> {
        let tree = &self.tree;
        match (*step, tree.kind(id)) {
            (Step::Key(key), Kind::Map) => {
                let found = tree.entries(id).filter(|&(name, _)| name == key);
                let found: Vec<(Place, NodeId)> = found
                    .map(|(name, id)| (Place::Key(name.to_owned()), id))
                    .collect();
                match found[..] {
                    [] => self.check_spelling(id, key).map(|()| found),
                    [_] => Ok(found),
                    [(_, first), (_, second), ..] => Err(tree.duplicate(first, second)),
                }
            }
            (Step::Item(key, value), Kind::Seq) => Ok(tree
                .items(id)
                .enumerate()
                .filter(|&(_, item)| tree.is_map(item) && tree.text_at(item, &[key]) == Some(value))
                .map(|(at, item)| (Place::Index(at), item))
                .collect()),
            (Step::Index(at), Kind::Seq) => match tree.item(id, at) {
                Some(item) => Ok(vec![(Place::Index(at), item)]),
                None => Err(self.refuse(id, format!("this list has no item {at}"))),
            },
            (Step::Key(_), _) => Err(self.refuse(id, "a map is expected here")),
            (_, _) => Err(self.refuse(id, "a list is expected here")),
        }
    }

    /// Refuses to add a key that is there already but for its case: to some readers, kustomize
    /// among them, both would be the same.
    fn check_spelling(&self, map: NodeId, key: &str) -> Result<(), Error> {
        let mut entries = self.tree.entries(map);
        let other = entries.find(|(name, _)| name.eq_ignore_ascii_case(key));
        let Some((name, id)) = other else {
            return Ok(());
        };
        Err(self
            .complain(format!("`{key}` is spelt `{name}` here"))
            .at(self.tree.locate(self.tree.key_origin(id)))
            .with_hint(format!("spell it `{key}`")))
    }

    /// The error that an edit is not possible at a node.
    fn refuse(&self, node: NodeId, message: impl Into<String>) -> Error {
        self.complain(message).at(self.tree.locate(self.site(node)))
    }

    fn complain(&self, message: impl Into<String>) -> Error {
        Error::new(ErrorKind::Edit, message).at(Location::file(self.source.path()))
    }

    /// Puts the pieces in, if the outcome is what is wanted.
    fn apply(
        &mut self,
        mut splices: Vec<Splice>,
        wanted: &Model,
        node: Option<NodeId>,
    ) -> Result<(), Error> {
        let mut text = self.source.text().to_owned();
        splices.sort_by_key(|splice| std::cmp::Reverse((splice.range.start, splice.range.end)));
        for splice in splices {
            text.replace_range(splice.range, &splice.text);
        }
        let edited = Self::parse(self.source.path(), &text);
        let edited = edited.ok().filter(|edited| {
            let root = edited.parsed.root;
            root.is_some_and(|root| Model::of(&edited.tree, root) == *wanted)
        });
        match (edited, node) {
            (Some(edited), _) => {
                *self = edited;
                Ok(())
            }
            (None, Some(node)) => Err(self
                .refuse(
                    node,
                    "this cannot be edited without changing something else",
                )
                .with_hint("edit it by hand")),
            (None, None) => Err(self.complain("the file cannot be edited")),
        }
    }
}
