//! Marks on nodes that stand in their source byte for byte as they are printed.
//!
//! What is in a marked node is marked too. A change takes the mark from the node that is changed and
//! from all that it is part of, so that what is still marked can be copied from its source.

use super::{AS_PRINTED, NONE, NodeId, Tree, UP};
use crate::chars;
use crate::source::Source;
use std::ops::Range;
use std::sync::Arc;

/// A text of a source that is printed as it is.
#[derive(Clone, Copy)]
pub(crate) struct Copied<'t> {
    pub(crate) source: &'t Arc<Source>,
    pub(crate) start: usize,
    pub(crate) end: usize,
}

impl<'t> Copied<'t> {
    pub(crate) fn text(self) -> &'t str {
        &self.source.text()[self.start..self.end]
    }
}

impl Tree {
    /// Says that a node stands in its source byte for byte as it would be printed there, and all
    /// that is in it too. Any change to one of them takes that back.
    pub(crate) fn mark_as_printed(&mut self, id: NodeId) {
        self.node_mut(id).flags |= AS_PRINTED;
    }

    /// Whether [`Tree::mark_as_printed`] still holds.
    pub(crate) fn is_as_printed(&self, id: NodeId) -> bool {
        self.node(id).flags & AS_PRINTED != 0
    }

    /// The text of the source that a node would be printed as at a column of its line, where it
    /// is known to be what stands there; without a final line break.
    pub(crate) fn as_printed(&self, id: NodeId, column: usize) -> Option<Copied<'_>> {
        if !self.is_as_printed(id) {
            return None;
        }
        let origin = self.origin(id);
        let source = self.source(origin.source()?)?;
        let Range { start, end } = without_break(source.text(), origin.range());
        (chars::column(source.text(), start) == column).then_some(Copied { source, start, end })
    }

    /// Takes the marks from a node and all that it is part of, and from what stands behind them on
    /// the way: no node is passed twice, however many are changed. A node without a mark is part of
    /// none that has one.
    pub(super) fn touch(&mut self, id: NodeId) {
        let mut at = id;
        while self.is_as_printed(at) {
            let node = self.node_mut(at);
            node.flags &= !AS_PRINTED;
            if node.next == NONE {
                return;
            }
            at = NodeId(node.next & !UP);
        }
    }
}

/// A range of a text without the line break that it may end with: of a block text that is a part.
pub(crate) fn without_break(text: &str, range: Range<usize>) -> Range<usize> {
    let has_break = text.as_bytes()[..range.end].ends_with(b"\n");
    range.start..range.end - usize::from(has_break)
}
