//! The objects of a build in their order: add, absorb, look up, select.

use crate::error::{Error, ErrorKind, Result};
use crate::fields::is_null;
use crate::id::Id;
use crate::resource::{Behavior, Resource};
use crate::schema::Schema;
use crate::select::Matcher;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use windlass_yaml::{NodeId, Origin, Tree};

/// An ordered set of objects; no two have the same present id.
#[derive(Debug, Clone, Default)]
pub(crate) struct Resources {
    list: Vec<Resource>,
}

impl FromIterator<Resource> for Resources {
    fn from_iter<I: IntoIterator<Item = Resource>>(resources: I) -> Self {
        let list = resources.into_iter().collect();
        Self { list }
    }
}

/// Reading.
impl Resources {
    pub(crate) fn iter(&self) -> std::slice::Iter<'_, Resource> {
        self.list.iter()
    }

    pub(crate) fn iter_mut(&mut self) -> std::slice::IterMut<'_, Resource> {
        self.list.iter_mut()
    }

    pub(crate) fn get(&self, at: usize) -> Option<&Resource> {
        self.list.get(at)
    }

    pub(crate) fn get_mut(&mut self, at: usize) -> Option<&mut Resource> {
        self.list.get_mut(at)
    }

    /// The places of the objects that have, or once had, this id.
    pub(crate) fn with_any_id(&self, id: &Id, tree: &Tree, schema: &Schema) -> Vec<usize> {
        self.places(|resource| {
            resource.had_name(&id.name, tree)
                && !resource.is_empty(tree)
                && resource.was_ever(id, tree, schema)
        })
    }

    /// The places of the objects that are meant.
    pub(crate) fn select(&self, matcher: &Matcher, tree: &Tree, schema: &Schema) -> Vec<usize> {
        self.places(|resource| matcher.matches(resource, tree, schema))
    }

    fn places(&self, mut test: impl FnMut(&Resource) -> bool) -> Vec<usize> {
        let numbered = self.list.iter().enumerate();
        numbered
            .filter(|(_, resource)| test(resource))
            .map(|(at, _)| at)
            .collect()
    }
}

/// Changing.
impl Resources {
    /// Adds an object at the end, whatever its id.
    pub(crate) fn push(&mut self, resource: Resource) {
        self.list.push(resource);
    }

    /// Keeps the objects that pass the test.
    pub(crate) fn retain(&mut self, test: impl FnMut(&Resource) -> bool) {
        self.list.retain(test);
    }

    /// Lets go of what a transformer left empty, and makes shared values equal again.
    pub(crate) fn settle(&mut self, tree: &mut Tree) {
        self.list.retain(|resource| !resource.is_empty(tree));
        let shared = self
            .list
            .iter_mut()
            .flat_map(|resource| &mut resource.shared);
        shared.for_each(|shared| shared.settle(tree));
    }

    /// Takes all objects out.
    pub(crate) fn take(&mut self) -> Vec<Resource> {
        std::mem::take(&mut self.list)
    }

    /// Refuses two objects of one id.
    pub(crate) fn refuse_conflicts(&self, tree: &Tree, schema: &Schema) -> Result<()> {
        let mut seen: HashMap<Id, &Resource> = HashMap::with_capacity(self.list.len());
        for resource in &self.list {
            match seen.entry(resource.id(tree, schema)) {
                Entry::Vacant(free) => {
                    free.insert(resource);
                }
                Entry::Occupied(taken) => {
                    return Err(conflict(taken.key(), taken.get(), resource, tree));
                }
            }
        }
        Ok(())
    }

    /// Adds generated objects: each as its behavior says, which is to create a new one, or to
    /// merge into or replace the one that has, or had, its id
    /// (`kustomize: api/resmap/reswrangler.go`, `appendReplaceOrMerge`).
    pub(crate) fn absorb_all(
        &mut self,
        generated: impl IntoIterator<Item = Resource>,
        tree: &mut Tree,
        schema: &Schema,
    ) -> Result<()> {
        generated
            .into_iter()
            .try_for_each(|resource| self.absorb(resource, tree, schema))
    }

    fn absorb(&mut self, mut new: Resource, tree: &mut Tree, schema: &Schema) -> Result<()> {
        let id = new.id(tree, schema);
        let place = tree.locate(new.origin(tree));
        let refuse = |kind, message: String| Err(Error::new(kind, message).at(place.clone()));
        let matches = self.with_any_id(&id, tree, schema);
        let behavior = new.behavior.unwrap_or_default();
        let at = match (&matches[..], behavior) {
            ([], Behavior::Create) => {
                self.list.push(new);
                return Ok(());
            }
            ([], _) => {
                let message =
                    format!("nothing to merge into or replace: no object has the id `{id}`");
                return refuse(ErrorKind::NoMatch, message);
            }
            (&[_], Behavior::Create) => {
                let message = format!(
                    "an object with the id `{id}` exists; say `behavior: merge` or `replace`"
                );
                return refuse(ErrorKind::Conflict, message);
            }
            (&[at], _) => at,
            _ => {
                let message = format!("several objects could be meant by the id `{id}`");
                return refuse(ErrorKind::Conflict, message);
            }
        };
        let old = self.list[at].clone();
        take_over(&mut new, &old, tree)?;
        if behavior == Behavior::Merge {
            for field in ["data", "binaryData"] {
                let from = tree.get(old.root, field);
                merge_texts(tree, from, new.root, field, meant);
            }
            if old.provenance.is_some() {
                new.provenance = old.provenance;
            }
        }
        self.list[at] = new;
        Ok(())
    }
}

fn conflict(id: &Id, first: &Resource, second: &Resource, tree: &Tree) -> Error {
    let message = format!("two objects have the id `{id}`");
    let other = tree.locate(first.origin(tree));
    Error::new(ErrorKind::Conflict, message)
        .at(tree.locate(second.origin(tree)))
        .hint(other.map(|place| format!("the other one is at {place}")))
}

/// Gives `new` the name, namespace and history of `old`, and the labels and annotations of both
/// (`kustomize: api/resource/resource.go`, `CopyMergeMetaDataFieldsFrom`).
fn take_over(new: &mut Resource, old: &Resource, tree: &mut Tree) -> Result<()> {
    let metadata = new.metadata(tree)?;
    for field in ["labels", "annotations"] {
        let from = tree.lookup(old.root, &["metadata", field]);
        merge_texts(tree, from, metadata, field, written);
    }
    for path in [["metadata", "name"], ["metadata", "namespace"]] {
        if let (Some(old), Some(new)) = (tree.lookup(old.root, &path), tree.lookup(new.root, &path))
        {
            tree.succeed(old, new);
        }
    }
    new.set_name(tree, &old.text(tree, &["metadata", "name"]))?;
    new.set_namespace(tree, &old.text(tree, &["metadata", "namespace"]))?;
    *new = Resource {
        root: new.root,
        needs_hash: old.needs_hash && new.needs_hash,
        provenance: new.provenance.clone(),
        shared: Vec::new(),
        ..old.clone()
    };
    Ok(())
}

/// Puts below `parent`'s map `field` what stands in `from` and is not there, all as texts. A map
/// that stays empty is taken out.
fn merge_texts(
    tree: &mut Tree,
    from: Option<NodeId>,
    parent: NodeId,
    field: &str,
    text_of: fn(&Tree, NodeId) -> String,
) {
    let to = match tree.get(parent, field).filter(|&to| tree.is_map(to)) {
        Some(to) => to,
        None => {
            let made = tree.map(Origin::NONE);
            tree.set(parent, field, made)
        }
    };
    let old = from.filter(|&from| tree.is_map(from));
    let old: Vec<NodeId> = old
        .into_iter()
        .flat_map(|from| tree.children(from))
        .collect();
    let mut values: Vec<NodeId> = tree.children(to).collect();
    for entry in old {
        let key = tree.key(entry).to_owned();
        match tree.get(to, &key) {
            Some(new) => tree.succeed(entry, new),
            None => {
                let copy = tree.copy(entry);
                values.push(tree.add(to, &key, copy));
            }
        }
    }
    for &value in &values {
        let made = tree.string(&text_of(tree, value), tree.origin(value));
        tree.overwrite(value, made);
    }
    if values.is_empty() {
        tree.remove(parent, to);
    }
}

/// The text as written, also of a null.
fn written(tree: &Tree, value: NodeId) -> String {
    tree.text(value).to_owned()
}

/// The text, which a null has not.
fn meant(tree: &Tree, value: NodeId) -> String {
    match is_null(tree, value) {
        true => String::new(),
        false => written(tree, value),
    }
}
