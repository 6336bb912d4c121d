//! Lists whose items merge by keys.
//!
//! Items that the patch names come first, in the patch's order, then the others of the object.
//! The odd cases (an item without its key, two items of one key) are those of kustomize, where
//! they follow from how it searches (`kustomize: kyaml/yaml/walk/associative_sequence.go`,
//! `kyaml/yaml/fns.go`, `ElementSetter`).

use super::strategic::{Merged, Merger};
use crate::error::{Error, ErrorKind, Result};
use crate::fields::is_null;
use crate::schema::Shape;
use std::collections::{HashMap, HashSet};
use windlass_yaml::{NodeId, Style, Tree};

/// How many items lists may have that must be searched anew for each item, because an item lacks
/// a key.
const MAX_SEARCHED: usize = 4096;

/// The values of an item's keys; empty where there is none.
type Values = Vec<String>;

/// Merges the items of `patch` into `list`, which may be one and the same; `keys` is empty where
/// the items are scalars.
pub(super) fn merge<'a>(
    merger: &mut Merger<'a>,
    list: NodeId,
    patch: Option<NodeId>,
    shape: Option<Shape<'a>>,
    keys: &[&str],
) -> Result<()> {
    let is_new = patch == Some(list);
    let targets: Vec<NodeId> = merger.tree.items(list).collect();
    let patches: Vec<NodeId> = match patch {
        Some(patch) if !is_new => merger.tree.items(patch).collect(),
        _ => Vec::new(),
    };
    if targets.is_empty() && patches.is_empty() {
        return Ok(());
    }
    let keys = if keys.is_empty() { &[""] } else { keys };
    let lists = Lists {
        shape,
        used: used_keys(merger.tree, keys, targets.iter().chain(&patches)),
        targets,
        patches,
        is_new,
    };
    let merged = match lists.regular_values(merger.tree, keys) {
        Some(values) => lists.merge_regular(merger, &values)?,
        None => lists.merge_searching(merger, keys)?,
    };
    let merged = each_once(merger.tree, merged);
    merger.tree.set_children(list, &merged);
    Ok(())
}

/// The items, of which one that stands in several places is copied for all but the first.
fn each_once(tree: &mut Tree, items: Vec<NodeId>) -> Vec<NodeId> {
    let mut seen = HashSet::new();
    let once = |item| match seen.insert(item) {
        true => item,
        false => tree.copy(item),
    };
    items.into_iter().map(once).collect()
}

/// Two lists on their way to become one.
struct Lists<'a, 'k> {
    targets: Vec<NodeId>,
    /// Items of the patch, where it is another list than the object's.
    patches: Vec<NodeId>,
    /// Whether the object's list is the patch's.
    is_new: bool,
    shape: Option<Shape<'a>>,
    /// The keys that any item has; all, where none has any.
    used: Vec<&'k str>,
}

/// The value that an item has for a key; the item's own text for the empty key.
fn value<'t>(tree: &'t Tree, item: NodeId, key: &str) -> Option<&'t str> {
    match key {
        "" => Some(tree.text(item)),
        key => tree.get(item, key).map(|id| tree.text(id)),
    }
}

fn is_empty(tree: &Tree, item: NodeId) -> bool {
    is_null(tree, item) || (tree.is_map(item) && tree.is_empty(item))
}

fn used_keys<'k, 'n>(
    tree: &Tree,
    keys: &[&'k str],
    items: impl Iterator<Item = &'n NodeId> + Clone,
) -> Vec<&'k str> {
    let is_used = |key: &&&str| {
        let mut items = items.clone();
        items.any(|&item| !listed_value(tree, item, key).is_empty())
    };
    let used: Vec<&str> = keys.iter().filter(is_used).copied().collect();
    if used.is_empty() { keys.to_vec() } else { used }
}

/// The value of a key as it identifies an item: null is none.
fn listed_value<'t>(tree: &'t Tree, item: NodeId, key: &str) -> &'t str {
    if key.is_empty() {
        return tree.text(item);
    }
    let found = tree.get(item, key).filter(|&id| !is_null(tree, id));
    found.map_or("", |id| tree.text(id))
}

/// Lists in which every item has all keys in use.
impl<'a> Lists<'a, '_> {
    /// The key values of every item; nothing if an item lacks one.
    fn regular_values(&self, tree: &Tree, keys: &[&str]) -> Option<HashMap<NodeId, Values>> {
        let values_of = |&item: &NodeId| {
            let fits = match keys {
                [""] => tree.is_scalar(item) && !is_null(tree, item),
                _ => tree.is_map(item),
            };
            let unused = keys.iter().filter(|key| !self.used.contains(key));
            let mut strays = unused.filter(|key| value(tree, item, key).is_some());
            if !fits || strays.next().is_some() {
                return None;
            }
            let values = self.used.iter().map(|key| listed_value(tree, item, key));
            let values: Values = values.map(str::to_owned).collect();
            (!values.iter().any(String::is_empty)).then_some((item, values))
        };
        self.patches
            .iter()
            .chain(&self.targets)
            .map(values_of)
            .collect()
    }

    fn merge_regular(
        &self,
        merger: &mut Merger<'a>,
        values: &HashMap<NodeId, Values>,
    ) -> Result<Vec<NodeId>> {
        let mut made: Vec<Option<(&Values, NodeId)>> = Vec::new();
        let mut place: HashMap<&Values, Option<usize>> = HashMap::new();
        let targets = first_of_each(&self.targets, values);
        let patches = first_of_each(&self.patches, values);
        for item in self.patches.iter().chain(&self.targets) {
            let key = &values[item];
            if place.contains_key(key) {
                continue;
            }
            let target = targets.get(key).copied();
            let patch = if self.is_new {
                target
            } else {
                patches.get(key).copied()
            };
            let merged = merger.walk(target, patch, self.shape)?;
            let kept = kept(merger.tree, merged);
            place.insert(key, kept.map(|_| made.len()));
            made.extend(kept.map(|node| Some((key, node))));
        }
        // Each item of the object now takes the place of the one made of it.
        for &item in &self.targets {
            let key = &values[&item];
            match place[key] {
                None => {}
                Some(at) if self.used.len() == 1 => made[at] = Some((key, item)),
                Some(at) => {
                    made[at] = None;
                    place.insert(key, Some(made.len()));
                    made.push(Some((key, item)));
                }
            }
        }
        Ok(made.into_iter().flatten().map(|(_, node)| node).collect())
    }
}

fn first_of_each<'v>(
    items: &[NodeId],
    values: &'v HashMap<NodeId, Values>,
) -> HashMap<&'v Values, NodeId> {
    let mut first = HashMap::new();
    for item in items {
        first.entry(&values[item]).or_insert(*item);
    }
    first
}

/// The node of a merged item, unless nothing is left of it.
fn kept(tree: &Tree, merged: Merged) -> Option<NodeId> {
    match merged {
        Merged::Node(node) => Some(node).filter(|&node| !is_empty(tree, node)),
        Merged::Nothing | Merged::Null => None,
    }
}

/// Lists with an item that lacks a key: each step searches as kustomize's does.
impl<'a> Lists<'a, '_> {
    fn merge_searching(mut self, merger: &mut Merger<'a>, keys: &[&str]) -> Result<Vec<NodeId>> {
        self.check_size(merger.tree)?;
        let mut made: Vec<NodeId> = Vec::new();
        for values in self.all_values(merger.tree, keys) {
            let values = self.of_used_keys(keys, values);
            let search = Search::new(&self.used, &values);
            let target = search.find(merger.tree, &self.targets);
            let patch = match self.is_new {
                true => target,
                false => search.find(merger.tree, &self.patches),
            };
            let merged = merger.walk(target, patch, self.shape)?;
            let Some(node) = kept(merger.tree, merged) else {
                search.delete(merger.tree, &mut self.targets)?;
                continue;
            };
            search.complete(merger.tree, node);
            search.set(merger.tree, &mut made, node)?;
        }
        for &item in &self.targets {
            self.append(merger.tree, &mut made, item)?;
        }
        Ok(made)
    }

    fn check_size(&self, tree: &Tree) -> Result<()> {
        if self.targets.len() + self.patches.len() <= MAX_SEARCHED {
            return Ok(());
        }
        let keys = self.used.join("` and `");
        let message =
            format!("cannot merge a list of more than {MAX_SEARCHED} items: not all have `{keys}`");
        let first = self.patches.first().or(self.targets.first());
        let place = first.and_then(|&item| tree.locate(tree.origin(item)));
        Err(Error::new(ErrorKind::Limit, message).at(place))
    }

    /// The key values of all items, each once, those of the patch first; values that lack a part
    /// are made one with those that have it.
    fn all_values(&self, tree: &Tree, keys: &[&str]) -> Vec<Values> {
        let mut seen = HashSet::new();
        let items = self.patches.iter().chain(&self.targets);
        let mut all: Vec<Values> = items
            .map(|&item| {
                keys.iter()
                    .map(|key| listed_value(tree, item, key).to_owned())
                    .collect()
            })
            .filter(|values: &Values| seen.insert(values.clone()))
            .collect();
        if keys.len() > 1 {
            for i in 0..all.len() {
                let one = all[i].clone();
                for j in 0..all.len() {
                    if let Some(both) = unite(&one, &all[j]) {
                        all[i].clone_from(&both);
                        all[j] = both;
                    }
                }
            }
        }
        all
    }

    fn of_used_keys(&self, keys: &[&str], values: Values) -> Values {
        let pairs = keys.iter().zip(values);
        pairs
            .filter(|(key, _)| self.used.contains(key))
            .map(|(_, value)| value)
            .collect()
    }

    /// Puts an item of the object into the merged list.
    fn append(&self, tree: &Tree, made: &mut Vec<NodeId>, item: NodeId) -> Result<()> {
        let mut values = Vec::new();
        for key in &self.used {
            if !key.is_empty() && !is_null(tree, item) && !tree.is_map(item) {
                return Err(not_a_map(tree, item));
            }
            match value(tree, item, key) {
                Some(value) => values.push(value.to_owned()),
                None => made.push(item),
            }
        }
        let search = Search::new(&self.used, &values);
        if self.used.len() > 1 {
            search.delete(tree, made)?;
        }
        search.set(tree, made, item)
    }
}

/// The values that two have in common, where each part is equal or missing in one of them.
fn unite(a: &Values, b: &Values) -> Option<Values> {
    let has_common = a.iter().zip(b).any(|(a, b)| a == b);
    let fits = a
        .iter()
        .zip(b)
        .all(|(a, b)| a == b || a.is_empty() || b.is_empty());
    let pick = |(a, b): (&String, &String)| if a.is_empty() { b.clone() } else { a.clone() };
    (has_common && fits).then(|| a.iter().zip(b).map(pick).collect())
}

/// Keys and the values that an item must have for them; there may be fewer values than keys.
struct Search<'s> {
    keys: &'s [&'s str],
    values: &'s [String],
}

impl<'s> Search<'s> {
    fn new(keys: &'s [&'s str], values: &'s [String]) -> Self {
        Self { keys, values }
    }

    /// The first item that has all values that are not empty.
    fn find(&self, tree: &Tree, items: &[NodeId]) -> Option<NodeId> {
        let is_blank = self.values.iter().all(String::is_empty);
        let mut wanted = self.keys.iter().zip(self.values);
        let wanted: Vec<_> = wanted
            .by_ref()
            .filter(|(_, v)| is_blank || !v.is_empty())
            .collect();
        let fits = |&&item: &&NodeId| {
            wanted
                .iter()
                .all(|(key, v)| value(tree, item, key) == Some(v))
        };
        items.iter().find(fits).copied()
    }

    /// Takes the items out that have the values, and those that are empty.
    fn delete(&self, tree: &Tree, items: &mut Vec<NodeId>) -> Result<()> {
        self.exchange(tree, items, None)
    }

    /// Puts `node` in the place of the items that have the values, or at the end.
    fn set(&self, tree: &Tree, items: &mut Vec<NodeId>, node: NodeId) -> Result<()> {
        self.exchange(tree, items, Some(node))
    }

    fn exchange(&self, tree: &Tree, items: &mut Vec<NodeId>, node: Option<NodeId>) -> Result<()> {
        let wants_map =
            self.keys.first() != Some(&"") && self.values.first().is_some_and(|v| !v.is_empty());
        let mut kept = Vec::with_capacity(items.len() + 1);
        let mut is_found = false;
        for &item in items.iter().filter(|&&item| !is_empty(tree, item)) {
            if wants_map && !tree.is_map(item) {
                kept.push(item);
            } else if self.has_values(tree, item)? {
                is_found = true;
                kept.extend(node);
            } else if !self.values.is_empty() {
                kept.push(item);
            }
        }
        if !is_found {
            kept.extend(node.filter(|&node| !is_null(tree, node)));
        }
        *items = kept;
        Ok(())
    }

    /// Whether an item has the values: an empty one stands for any, a key without a value for
    /// what its predecessor found.
    fn has_values(&self, tree: &Tree, item: NodeId) -> Result<bool> {
        let mut has = false;
        for (at, key) in self.keys.iter().enumerate() {
            if !key.is_empty() && !tree.is_map(item) {
                return Err(not_a_map(tree, item));
            }
            if let Some(wanted) = self.values.get(at) {
                let found = value(tree, item, key);
                has = found
                    .is_some_and(|found| found == wanted || (wanted.is_empty() && !key.is_empty()));
            }
            if !has {
                return Ok(false);
            }
        }
        Ok(has)
    }

    /// Gives an item the keys that it lacks.
    fn complete(&self, tree: &mut Tree, item: NodeId) {
        for (key, text) in self.keys.iter().zip(self.values) {
            if tree.is_map(item) && tree.get(item, key).is_none() && !text.is_empty() {
                let origin = tree.origin(item);
                let made = tree.scalar(text, Style::Plain, origin);
                tree.add(item, key, made);
            }
        }
    }
}

fn not_a_map(tree: &Tree, item: NodeId) -> Error {
    Error::new(
        ErrorKind::Patch,
        "cannot merge a list: this item is not a map",
    )
    .at(tree.locate(tree.origin(item)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::Schema;
    use proptest::prelude::*;
    use windlass_yaml::Source;

    /// Lists whose items all have the keys in use; some items are deleted by a directive.
    fn items(keys: &'static [&'static str]) -> impl Strategy<Value = Vec<String>> {
        let value = proptest::collection::vec(0..3u8, keys.len());
        let item = (value, any::<bool>(), 0..9u8).prop_map(move |(values, delete, field)| {
            let pairs = keys
                .iter()
                .zip(values)
                .map(|(key, value)| format!("{key}: v{value}"));
            let delete = if delete { ", $patch: delete" } else { "" };
            let pairs: Vec<String> = pairs.collect();
            format!("{{{}, field: {field}{delete}}}", pairs.join(", "))
        });
        proptest::collection::vec(item, 0..6)
    }

    fn merged(keys: &[&str], object: &[String], patch: &[String], search: bool) -> String {
        let mut tree = Tree::new();
        let object: Vec<String> = object
            .iter()
            .map(|item| item.replace(", $patch: delete", ""))
            .collect();
        let text = format!("[[{}], [{}]]", object.join(", "), patch.join(", "));
        let root = tree.load(Source::new("lists.yaml", text)).unwrap()[0];
        let lists: Vec<NodeId> = tree.items(root).collect();
        let targets: Vec<NodeId> = tree.items(lists[0]).collect();
        let patches: Vec<NodeId> = tree.items(lists[1]).collect();
        let lists = Lists {
            shape: None,
            used: used_keys(&tree, keys, targets.iter().chain(&patches)),
            targets,
            patches,
            is_new: false,
        };
        let values = lists.regular_values(&tree, keys).unwrap();
        let schema = Schema::default();
        let mut merger = Merger::new(&mut tree, &schema);
        let all = match search {
            true => lists.merge_searching(&mut merger, keys).unwrap(),
            false => lists.merge_regular(&mut merger, &values).unwrap(),
        };
        let list = tree.seq(windlass_yaml::Origin::NONE);
        tree.set_children(list, &all);
        let mut out = Vec::new();
        tree.emit(list, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    proptest! {
        #[test]
        fn looking_up_and_searching_give_the_same(
            object in items(&["name"]), patch in items(&["name"]),
            object2 in items(&["port", "protocol"]), patch2 in items(&["port", "protocol"]),
        ) {
            let both = |keys: &[&str], object: &[String], patch: &[String]| {
                (merged(keys, object, patch, true), merged(keys, object, patch, false))
            };
            let (searched, looked_up) = both(&["name"], &object, &patch);
            prop_assert_eq!(searched, looked_up);
            let (searched, looked_up) = both(&["port", "protocol"], &object2, &patch2);
            prop_assert_eq!(searched, looked_up);
        }
    }
}
