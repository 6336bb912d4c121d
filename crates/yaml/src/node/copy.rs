//! Deep copies, of trees of any depth: patches can nest what no file may.

use super::{NONE, Node, NodeId, POOL, Text, Tree, UP};
use crate::emit::MAX_DEPTH;
use crate::error::{Error, ErrorKind};
use crate::source::{Origin, SourceId};
use std::sync::Arc;

/// Where the nodes of a tree are after another has taken them over with [`Tree::absorb`].
#[derive(Debug, Clone, Copy)]
pub struct Moved {
    nodes: u32,
    sources: u32,
    pool: u32,
}

impl Moved {
    /// The new name of a node.
    #[must_use]
    pub fn node(self, id: NodeId) -> NodeId {
        NodeId(id.0 + self.nodes)
    }

    /// The new form of an origin.
    #[must_use]
    pub fn origin(self, origin: Origin) -> Origin {
        origin.shifted(self.sources)
    }

    fn link(self, at: u32) -> u32 {
        if at == NONE { NONE } else { at + self.nodes }
    }

    fn text(self, text: Text) -> Text {
        match text.buffer {
            POOL => Text {
                start: text.start + self.pool,
                ..text
            },
            at => Text {
                buffer: at + self.sources,
                ..text
            },
        }
    }
}

fn narrow(n: usize) -> u32 {
    u32::try_from(n).expect("texts and nodes of a build stay below 4 GiB")
}

impl Tree {
    /// A deep copy that belongs to nothing yet.
    pub fn copy(&mut self, id: NodeId) -> NodeId {
        let made = self.copy_one(id);
        let mut open = vec![(id, made)];
        while let Some((from, to)) = open.pop() {
            let mut next = self.node(from).first;
            while next & UP == 0 {
                let child = NodeId(next);
                next = self.node(child).next;
                let copy = self.copy_one(child);
                self.link(to, copy);
                open.push((child, copy));
            }
        }
        made
    }

    fn copy_one(&mut self, id: NodeId) -> NodeId {
        let made = self.put(*self.node(id));
        self.succeed(id, made);
        if let Some(tag) = self.tags.get(&id) {
            self.tags.insert(made, Arc::clone(tag));
        }
        if let Some(tag) = self.key_tags.get(&id) {
            self.key_tags.insert(made, Arc::clone(tag));
        }
        if let Some(&origin) = self.key_origins.get(&id) {
            self.key_origins.insert(made, origin);
        }
        made
    }

    /// A node with the content of another, but neither parent nor children.
    fn put(&mut self, node: Node) -> NodeId {
        let made = self.make(node.kind, node.text, node.style, node.origin);
        *self.node_mut(made) = Node {
            next: NONE,
            first: NONE,
            last: NONE,
            ..node
        };
        made
    }

    /// Takes over all nodes of another tree at once, which is faster than copying each. The answer
    /// says where they are now.
    pub fn absorb(&mut self, other: &Self) -> Moved {
        let moved = Moved {
            nodes: narrow(self.nodes.len()),
            sources: narrow(self.sources.len()),
            pool: narrow(self.pool.len()),
        };
        narrow(self.nodes.len() + other.nodes.len());
        narrow(self.pool.len() + other.pool.len());
        for source in &other.sources {
            let id = SourceId::at(self.sources.len());
            self.source_ids
                .entry(Arc::as_ptr(source).addr())
                .or_insert(id);
            self.sources.push(Arc::clone(source));
        }
        self.pool.push_str(&other.pool);
        self.nodes.extend(other.nodes.iter().map(|node| Node {
            text: moved.text(node.text),
            key: moved.text(node.key),
            next: moved.link(node.next),
            first: moved.link(node.first),
            last: moved.link(node.last),
            origin: moved.origin(node.origin),
            ..*node
        }));
        let tag = |(id, tag): (&NodeId, &Arc<str>)| (moved.node(*id), Arc::clone(tag));
        self.tags.extend(other.tags.iter().map(tag));
        self.key_tags.extend(other.key_tags.iter().map(tag));
        let key_origin =
            |(id, origin): (&NodeId, &Origin)| (moved.node(*id), moved.origin(*origin));
        self.key_origins
            .extend(other.key_origins.iter().map(key_origin));
        moved
    }

    /// A deep copy of a node of another tree.
    pub fn graft(&mut self, other: &Self, id: NodeId) -> NodeId {
        let sources: Vec<SourceId> = other
            .sources
            .iter()
            .map(|source| self.add_source(Arc::clone(source)))
            .collect();
        let made = self.graft_one(other, id, &sources);
        let mut open = vec![(id, made)];
        while let Some((from, to)) = open.pop() {
            for child in other.children(from) {
                let copy = self.graft_one(other, child, &sources);
                self.link(to, copy);
                open.push((child, copy));
            }
        }
        made
    }

    fn graft_one(&mut self, other: &Self, id: NodeId, sources: &[SourceId]) -> NodeId {
        let from = *other.node(id);
        let text = self.graft_text(other, from.text, sources);
        let key = self.graft_text(other, from.key, sources);
        let origin = from.origin.moved(sources);
        let made = self.put(Node {
            text,
            key,
            origin,
            ..from
        });
        if let Some(tag) = other.tags.get(&id) {
            self.tags.insert(made, Arc::clone(tag));
        }
        if let Some(tag) = other.key_tags.get(&id) {
            self.key_tags.insert(made, Arc::clone(tag));
        }
        if let Some(origin) = other.key_origins.get(&id) {
            self.key_origins.insert(made, origin.moved(sources));
        }
        made
    }

    fn graft_text(&mut self, other: &Self, text: Text, sources: &[SourceId]) -> Text {
        match text.buffer {
            POOL if text.len == 0 => Text::EMPTY,
            POOL => self.intern(other.read(text)),
            at => Text {
                buffer: sources[at as usize - 1].buffer(),
                ..text
            },
        }
    }

    /// Refuses a node that, with `above` collections around it, is nested deeper than can be
    /// printed. No file is, but patches can put one value into another again and again.
    ///
    /// # Errors
    /// [`TooDeep`](ErrorKind::TooDeep), with the place of the innermost collection.
    pub fn check_depth(&self, id: NodeId, above: usize) -> Result<(), Error> {
        let mut open = vec![(id, above)];
        while let Some((id, depth)) = open.pop() {
            if self.is_scalar(id) {
                continue;
            }
            if depth >= MAX_DEPTH {
                return Err(self.too_deep(id));
            }
            open.extend(self.children(id).map(|child| (child, depth + 1)));
        }
        Ok(())
    }

    /// Refuses a tree that has grown beyond measure: copies of copies double it each time.
    ///
    /// # Errors
    /// [`TooLarge`](ErrorKind::TooLarge) above [`Tree::MAX_NODES`] values, and where the texts that
    /// were made are longer than [`Tree::MAX_TEXT`].
    pub fn check_size(&self) -> Result<(), Error> {
        let (nodes, text) = (Self::MAX_NODES, Self::MAX_TEXT >> 20);
        let message = match () {
            () if self.nodes.len() > nodes => format!("there are more than {nodes} values"),
            () if self.pool.len() > Self::MAX_TEXT => {
                format!("there are more than {text} MiB of text")
            }
            () => return Ok(()),
        };
        Err(Error::new(ErrorKind::TooLarge, message))
    }

    pub(crate) fn too_deep(&self, id: NodeId) -> Error {
        let message = format!("collections are nested more than {MAX_DEPTH} deep");
        Error::new(ErrorKind::TooDeep, message).at(self.locate(self.origin(id)))
    }
}
