//! What nodes were before they were changed, kept once asked for.
//!
//! Nodes are only ever added, so the number of nodes at the begin of each step of a work tells in
//! which step a node was made. What a step changes of older nodes is noted before it is lost.

use super::{Kind, NodeId, Text, Tree};
use crate::source::Origin;
use std::collections::HashMap;

/// What a tree remembers.
#[derive(Clone, Default)]
pub(super) struct History {
    /// For each step the number of nodes that were there before it.
    begins: Vec<u32>,
    /// What nodes were until a step changed them, oldest first.
    past: HashMap<NodeId, Vec<Past>>,
    /// The nodes that older ones were copied to.
    copies: HashMap<NodeId, NodeId>,
}

#[derive(Clone, Copy)]
struct Past {
    /// The step that changed it.
    until: usize,
    kind: Kind,
    text: Text,
    origin: Origin,
}

/// What a node was at some time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Version<'t> {
    /// The step that made it so, from 0.
    pub step: usize,
    /// What it was.
    pub kind: Kind,
    /// Its text; empty for a collection.
    pub text: &'t str,
    /// Where that came from.
    pub origin: Origin,
}

/// Remembering.
impl Tree {
    /// Begins a step, and with the first one to remember what later steps change.
    ///
    /// ```
    /// use windlass_yaml::{Origin, Tree};
    /// let mut tree = Tree::new();
    /// tree.begin_step();
    /// let node = tree.string("old", Origin::NONE);
    /// tree.begin_step();
    /// tree.set_string(node, "new");
    /// let versions = tree.versions(node);
    /// assert_eq!((versions[0].step, versions[0].text), (0, "old"));
    /// assert_eq!((versions[1].step, versions[1].text), (1, "new"));
    /// ```
    pub fn begin_step(&mut self) {
        let nodes = u32::try_from(self.nodes.len()).unwrap_or(u32::MAX);
        self.history.get_or_insert_default().begins.push(nodes);
    }

    /// All that a node was since it was made, oldest first; the last one is what it is now.
    /// Nothing without a step.
    #[must_use]
    pub fn versions(&self, id: NodeId) -> Vec<Version<'_>> {
        let Some(history) = &self.history else {
            return Vec::new();
        };
        let mut versions: Vec<Version<'_>> = Vec::new();
        for id in history.sources_of(id) {
            let mut step = history.step_of(id);
            versions.retain(|version| version.step < step);
            for past in history.past.get(&id).into_iter().flatten() {
                versions.push(self.version(step, past));
                step = past.until;
            }
            versions.push(self.version(step, &self.past(id, step)));
        }
        versions.dedup_by(|new, old| {
            let step = old.step;
            Version { step, ..*new } == *old
        });
        versions
    }

    fn version(&self, step: usize, past: &Past) -> Version<'_> {
        Version {
            step,
            kind: past.kind,
            text: self.read(past.text),
            origin: past.origin,
        }
    }

    fn past(&self, id: NodeId, until: usize) -> Past {
        let node = self.node(id);
        Past {
            until,
            kind: node.kind,
            text: node.text,
            origin: node.origin,
        }
    }

    /// Notes what a node is before it is changed.
    pub(super) fn note(&mut self, id: NodeId) {
        let Some(until) = self.history.as_ref().and_then(|history| history.now(id)) else {
            return;
        };
        let past = self.past(id, until);
        if let Some(history) = &mut self.history {
            let known = history.past.entry(id).or_default();
            if known.last().is_none_or(|last| last.until < until) {
                known.push(past);
            }
        }
    }

    /// Notes that a new node takes the place of an older one, so that what that was counts among
    /// its versions. It is so noted of copies.
    pub fn succeed(&mut self, from: NodeId, to: NodeId) {
        if let Some(history) = &mut self.history
            && history.now(from).is_some()
        {
            history.copies.insert(to, from);
        }
    }
}

impl History {
    /// The nodes that a node is a copy of, the first one first, and itself.
    fn sources_of(&self, id: NodeId) -> Vec<NodeId> {
        let sources = std::iter::successors(Some(id), |id| self.copies.get(id).copied());
        let mut sources: Vec<NodeId> = sources.collect();
        sources.reverse();
        sources
    }

    fn step_of(&self, id: NodeId) -> usize {
        let begun = self.begins.partition_point(|&before| before <= id.0);
        begun.saturating_sub(1)
    }

    /// The present step, if the node is older.
    fn now(&self, id: NodeId) -> Option<usize> {
        let now = self.begins.len().checked_sub(1)?;
        (id.0 < self.begins[now]).then_some(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(tree: &Tree, id: NodeId) -> Vec<(usize, String)> {
        let versions = tree.versions(id);
        versions
            .iter()
            .map(|it| (it.step, it.text.to_owned()))
            .collect()
    }

    #[test]
    fn without_a_step_nothing_is_kept() {
        let mut tree = Tree::new();
        let node = tree.string("a", Origin::NONE);
        tree.set_string(node, "b");
        assert!(tree.versions(node).is_empty());
    }

    #[test]
    fn a_step_counts_once_however_often_it_changes_a_node() {
        let mut tree = Tree::new();
        tree.begin_step();
        let node = tree.string("a", Origin::NONE);
        tree.set_string(node, "b");
        tree.begin_step();
        tree.set_string(node, "c");
        tree.set_string(node, "d");
        tree.begin_step();
        tree.set_string(node, "e");
        tree.set_string(node, "d");
        assert_eq!(texts(&tree, node), [(0, "b".into()), (1, "d".into())]);
    }

    #[test]
    fn a_copy_was_what_its_source_was_until_then() {
        let mut tree = Tree::new();
        tree.begin_step();
        let node = tree.string("a", Origin::NONE);
        tree.begin_step();
        tree.set_string(node, "b");
        tree.begin_step();
        let copy = tree.copy(node);
        tree.begin_step();
        tree.set_string(node, "c");
        tree.set_string(copy, "d");
        let expected = [(0, "a".into()), (1, "b".into()), (3, "d".into())];
        assert_eq!(texts(&tree, copy), expected);
    }
}
