//! Anchors, aliases and merge keys.

use super::{MAX_DEPTH, Parser, is_merge_tag};
use crate::error::{Error, ErrorKind};
use crate::node::{Kind, NodeId, Tree};
use std::collections::HashMap;
use std::ops::Range;

/// The anchors of one document and what was made of them.
pub(super) struct Anchors<'a> {
    named: HashMap<&'a str, NodeId>,
    /// The collections that have an anchor and are still open.
    open: Vec<NodeId>,
    /// Where each copy's alias stands.
    pub(super) sites: HashMap<NodeId, Range<usize>>,
    /// How many aliases each anchored node has.
    pub(super) used: HashMap<NodeId, usize>,
    /// How many bytes of copies may still be made.
    budget: usize,
}

/// What a copy costs.
#[derive(Default)]
struct Size {
    bytes: usize,
    height: usize,
}

impl<'a> Anchors<'a> {
    /// For a document of `len` bytes. Copies may stand for 64 MiB, or 16 times the document,
    /// whichever is more: a file of aliases of aliases would else fill the memory.
    pub(super) fn new(len: usize) -> Self {
        const LEAST: usize = 64 << 20;
        Self {
            named: HashMap::new(),
            open: Vec::new(),
            sites: HashMap::new(),
            used: HashMap::new(),
            budget: LEAST.max(len.saturating_mul(16)),
        }
    }

    /// Names a node from now on.
    pub(super) fn open(&mut self, name: &'a str, id: NodeId) {
        self.named.insert(name, id);
        self.open.push(id);
    }

    /// The node is complete.
    pub(super) fn close(&mut self, id: NodeId) {
        if self.open.last() == Some(&id) {
            self.open.pop();
        }
    }
}

impl Parser<'_> {
    /// The alias here, as a copy of what it stands for.
    pub(super) fn alias(&mut self) -> Result<NodeId, Error> {
        let start = self.scan.pos;
        let name = self.scan.anchor()?;
        let range = start..self.scan.pos;
        let Some(&id) = self.anchors.named.get(name) else {
            return Err(self.unknown_anchor(name, range));
        };
        if self.anchors.open.contains(&id) {
            let message = format!("the value of the anchor `{name}` contains itself");
            return Err(self.scan.fail(ErrorKind::RecursiveAlias, range, message));
        }
        let size = measure(self.tree, id);
        if self.depth + size.height > MAX_DEPTH {
            let message =
                format!("with this alias collections are nested more than {MAX_DEPTH} deep");
            return Err(self.scan.fail(ErrorKind::TooDeep, range, message));
        }
        let Some(budget) = self.anchors.budget.checked_sub(size.bytes) else {
            let message = "with this alias the aliases of the file stand for too much text";
            return Err(self.scan.fail(ErrorKind::TooManyAliases, range, message));
        };
        self.anchors.budget = budget;
        *self.anchors.used.entry(id).or_default() += 1;
        let copy = self.tree.copy(id);
        self.anchors.sites.insert(copy, range);
        Ok(copy)
    }

    fn unknown_anchor(&self, name: &str, range: Range<usize>) -> Error {
        let known = self.anchors.named.keys().copied();
        let hint = match windlass_fault::nearest(name, known) {
            Some(near) => format!("did you mean `*{near}`?"),
            None => "quote the value if no alias is meant".to_owned(),
        };
        let message = format!("no anchor `&{name}` stands before this alias");
        self.scan
            .fail(ErrorKind::UnknownAnchor, range, message)
            .with_hint(hint)
    }

    /// Puts what `<<` names into its map: the map's own keys win, then the first named map.
    pub(super) fn merge(&mut self, map: NodeId) -> Result<(), Error> {
        let named: Vec<NodeId> = self
            .tree
            .entries(map)
            .filter(|&(key, _)| key == "<<")
            .map(|(_, id)| id)
            .collect();
        let merging: Vec<NodeId> = named
            .iter()
            .copied()
            .filter(|&id| self.is_merge_entry(id))
            .collect();
        // kustomize takes the first key `<<` out, even one in quotes, which merges nothing.
        self.tree.remove(map, named[0]);
        let Some(&value) = merging.first() else {
            return Ok(());
        };
        if let Some(&second) = merging.get(1) {
            let range = self.tree.key_origin(second).range();
            let message = "`<<` stands twice in one map";
            return Err(self
                .scan
                .fail(ErrorKind::Merge, range, message)
                .with_hint("merge several maps with one list: `<<: [*a, *b]`"));
        }
        if value != named[0] {
            self.tree.remove(map, value);
        }
        for source in self.merge_sources(value)? {
            self.merge_from(map, source);
        }
        Ok(())
    }

    fn is_merge_entry(&self, id: NodeId) -> bool {
        match self.tree.key_tag(id) {
            Some(tag) => is_merge_tag(tag),
            None => !self.tree.key_is_quoted(id),
        }
    }

    /// The maps that the value of `<<` names.
    fn merge_sources(&self, value: NodeId) -> Result<Vec<NodeId>, Error> {
        let is_alias = self.anchors.sites.contains_key(&value);
        match self.tree.kind(value) {
            Kind::Map => return Ok(vec![value]),
            Kind::Seq if !is_alias => {
                let items: Vec<NodeId> = self.tree.items(value).collect();
                if let Some(&wrong) = items.iter().find(|&&id| !self.tree.is_map(id)) {
                    return Err(self.not_mergeable(wrong));
                }
                return Ok(items);
            }
            Kind::Seq | Kind::Scalar => {}
        }
        Err(self.not_mergeable(value))
    }

    fn not_mergeable(&self, id: NodeId) -> Error {
        let range = match self.anchors.sites.get(&id) {
            Some(range) => range.clone(),
            None => self.tree.origin(id).range(),
        };
        let message = "`<<` merges a map or a list of maps, and this is none";
        self.scan.fail(ErrorKind::Merge, range, message)
    }

    /// Adds the entries of `source` that `map` lacks.
    fn merge_from(&mut self, map: NodeId, source: NodeId) {
        let entries: Vec<NodeId> = self.tree.children(source).collect();
        for id in entries {
            if self.tree.get(map, self.tree.key(id)).is_none() {
                self.tree.adopt(map, id);
            }
        }
    }
}

/// What a copy of the node costs.
fn measure(tree: &Tree, id: NodeId) -> Size {
    const NODE: usize = 48;
    let mut size = Size {
        bytes: NODE + tree.text(id).len() + tree.key(id).len(),
        height: usize::from(!tree.is_scalar(id)),
    };
    let mut below = 0;
    for child in tree.children(id) {
        let child = measure(tree, child);
        size.bytes = size.bytes.saturating_add(child.bytes);
        below = below.max(child.height);
    }
    size.height += below;
    size
}
