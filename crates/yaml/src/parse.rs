//! One document of a source as nodes of a tree.
//!
//! One pass over the bytes, descending as the collections nest. Aliases are copied in where they
//! stand and `<<` is merged when its map closes, as kustomize does before anything else
//! (kyaml: yaml/rnode.go, `DeAnchor`).

mod alias;
mod as_printed;
mod block;
mod complain;
mod flow;
#[cfg(test)]
mod tests;
mod usual;

use crate::error::{Error, ErrorKind};
use crate::node::{Kind, NodeId, Style, Text, Tree};
use crate::scan::{Body, LONG_TAG, Scalar, Scanner};
use crate::source::{Origin, SourceId};
use alias::Anchors;
use std::collections::HashMap;
use std::ops::Range;

/// How deep collections may nest; real files stay below 60.
pub(crate) const MAX_DEPTH: usize = 256;

/// Reads one document.
pub(crate) struct Parser<'a> {
    scan: Scanner<'a>,
    tree: &'a mut Tree,
    source: SourceId,
    depth: usize,
    anchors: Anchors<'a>,
    handles: Vec<(String, String)>,
    /// Whether the short ways of `usual.rs` and `as_printed.rs` may be taken.
    short: bool,
}

/// What one document holds.
#[derive(Debug)]
pub(crate) struct Document {
    /// The root; none where there is nothing but blanks and comments.
    pub(crate) root: Option<NodeId>,
    /// Where text begins that go-yaml does not read, because the root is complete before it.
    pub(crate) unread: Option<Range<usize>>,
    /// The values written as aliases, and where the alias stands.
    pub(crate) aliases: HashMap<NodeId, Range<usize>>,
    /// The nodes that aliases were made from.
    pub(crate) anchored: HashMap<NodeId, usize>,
}

/// Anchor and tag of a node that is still to come.
#[derive(Default)]
struct Props<'a> {
    anchor: Option<&'a str>,
    tag: Option<String>,
    range: Option<Range<usize>>,
}

impl Props<'_> {
    /// The tag, unless it is `!`, which says no more than none at all.
    fn tag(&self) -> Option<&str> {
        self.tag.as_deref().filter(|&tag| tag != "!")
    }
}

/// The key of an entry that is still to be made.
struct Key {
    text: Text,
    quoted: bool,
    tag: Option<String>,
    range: Range<usize>,
}

impl<'a> Parser<'a> {
    pub(crate) fn new(
        tree: &'a mut Tree,
        source: SourceId,
        path: &'a str,
        text: &'a str,
        range: Range<usize>,
    ) -> Self {
        Self {
            anchors: Anchors::new(range.len()),
            scan: Scanner::new(path, text, range),
            short: tree.has_short_ways(source),
            tree,
            source,
            depth: 0,
            handles: Vec::new(),
        }
    }

    /// Reads the first document of the range.
    pub(crate) fn document(mut self) -> Result<Document, Error> {
        self.scan.skip();
        let has_directives = self.directives()?;
        let root = if self.at_document_start() {
            self.scan.pos += 3;
            self.scan.key_ok = false;
            let after = self.scan.pos;
            self.scan.skip();
            Some(self.block_node(false, after)?)
        } else if has_directives {
            return Err(self.scan.syntax("directives are followed by a line `---`"));
        } else if self.scan.at_end() {
            None
        } else if self.scan.at_mark() {
            return Err(self
                .scan
                .syntax("`...` ends a document, and there is none before it"));
        } else {
            Some(self.block_node(false, self.scan.pos)?)
        };
        self.scan.skip();
        while self.scan.at_mark() {
            self.scan.pos += 3;
            self.scan.skip();
        }
        let unread = !self.scan.at_end();
        Ok(Document {
            root,
            unread: unread.then(|| self.scan.pos..self.scan.pos + 1),
            aliases: self.anchors.sites,
            anchored: self.anchors.used,
        })
    }

    fn at_document_start(&self) -> bool {
        self.scan.at_mark() && self.scan.byte() == b'-'
    }

    /// `%YAML` and `%TAG` lines, which only a file that is read as a whole can begin with.
    fn directives(&mut self) -> Result<bool, Error> {
        let mut any = false;
        while self.scan.byte() == b'%' && self.scan.column() == 0 {
            any = true;
            if let Some(handle) = self.scan.directive()? {
                self.handles.push(handle);
            }
            self.scan.skip();
        }
        Ok(any)
    }

    /// Opens a collection.
    fn open(
        &mut self,
        kind: Kind,
        props: Props<'a>,
        range: Range<usize>,
        flow: bool,
    ) -> Result<NodeId, Error> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            let message = format!("collections are nested more than {MAX_DEPTH} deep");
            return Err(self.scan.fail(ErrorKind::TooDeep, range, message));
        }
        let origin = Origin::new(self.source, range.start, range.end);
        let id = match kind {
            Kind::Seq => self.tree.seq(origin),
            Kind::Map | Kind::Scalar => self.tree.map(origin),
        };
        self.tree.set_flow(id, flow);
        self.tree.set_tag(id, props.tag());
        if let Some(name) = props.anchor {
            self.anchors.open(name, id);
        }
        Ok(id)
    }

    /// Closes a collection that ends before `end`.
    fn close(&mut self, id: NodeId, end: usize) {
        self.depth -= 1;
        self.anchors.close(id);
        let start = self.tree.origin(id).range().start;
        self.tree
            .set_origin(id, Origin::new(self.source, start, end));
    }

    /// Where the last part of a block collection ends.
    fn end_of(&self, id: NodeId) -> usize {
        self.tree.origin(id).range().end
    }

    /// The text of a scalar, kept where it stands if it can be.
    fn text(&mut self, scalar: &Scalar) -> Text {
        match &scalar.body {
            Body::Here(range) => self.tree.text_in(self.source, range.clone()),
            Body::Decoded => self.tree.text_of(&self.scan.decoded),
        }
    }

    /// The node of a scalar.
    fn scalar(&mut self, scalar: &Scalar, props: Props<'a>) -> NodeId {
        let text = self.text(scalar);
        let origin = Origin::new(self.source, scalar.range.start, scalar.range.end);
        let id = self.tree.leaf(text, scalar.style, origin);
        let is_bare = props.range.is_none() && self.scan.flow == 0 && self.short;
        self.finish_scalar(id, props);
        if is_bare && self.is_as_printed(scalar) {
            self.tree.mark_as_printed(id);
        }
        id
    }

    /// The node of a value that is not there, whose place would be `at`.
    fn empty(&mut self, props: Props<'a>, at: usize) -> NodeId {
        let text = self.tree.text_in(self.source, at..at);
        let id = self
            .tree
            .leaf(text, Style::Plain, Origin::new(self.source, at, at));
        self.finish_scalar(id, props);
        id
    }

    fn finish_scalar(&mut self, id: NodeId, props: Props<'a>) {
        if self.scan.flow > 0 {
            self.tree.set_flow(id, true);
        }
        self.tree.set_tag(id, props.tag());
        if let Some(name) = props.anchor {
            self.anchors.open(name, id);
            self.anchors.close(id);
        }
    }

    /// Anchor and tag, in either order; with `one_line` those on this line alone.
    fn props(&mut self, one_line: bool) -> Result<Props<'a>, Error> {
        let mut props = Props::default();
        let line = self.scan.line();
        loop {
            let start = self.scan.pos;
            match self.scan.byte() {
                b'&' if props.anchor.is_none() => props.anchor = Some(self.scan.anchor()?),
                b'!' if props.tag.is_none() => {
                    props.tag = Some(self.scan.tag(&self.handles)?);
                }
                b'&' | b'!' => {
                    return Err(self
                        .scan
                        .syntax("a value has one anchor and one tag at most"));
                }
                _ => break,
            }
            let from = props.range.map_or(start, |range| range.start);
            props.range = Some(from..self.scan.pos);
            self.scan.skip();
            if one_line && (self.scan.line() != line || self.scan.at_end()) {
                break;
            }
        }
        Ok(props)
    }

    /// Both properties as those of one node.
    fn join(&self, first: Props<'a>, second: Props<'a>) -> Result<Props<'a>, Error> {
        let twice = (first.anchor.is_some() && second.anchor.is_some())
            || (first.tag.is_some() && second.tag.is_some());
        if let (true, Some(range)) = (twice, &second.range) {
            let message = "a value has one anchor and one tag at most";
            return Err(self.scan.fail(ErrorKind::Syntax, range.clone(), message));
        }
        Ok(Props {
            anchor: first.anchor.or(second.anchor),
            tag: first.tag.or(second.tag),
            range: first.range.or(second.range),
        })
    }

    /// The key that a scalar is.
    fn key_of_scalar(&mut self, scalar: &Scalar, props: Props<'a>) -> Key {
        let text = self.text(scalar);
        if let Some(name) = props.anchor {
            let origin = Origin::new(self.source, scalar.range.start, scalar.range.end);
            let id = self.tree.leaf(text, scalar.style, origin);
            self.tree.set_tag(id, props.tag());
            self.anchors.open(name, id);
            self.anchors.close(id);
        }
        Key {
            text,
            quoted: scalar.style != Style::Plain,
            tag: props.tag().map(str::to_owned),
            range: scalar.range.clone(),
        }
    }

    /// The key that a node is, which must be a scalar.
    fn key_of_node(&mut self, id: NodeId, range: Range<usize>) -> Result<Key, Error> {
        if !self.tree.is_scalar(id) {
            return Err(self.complex_key(range));
        }
        let empty = self.tree.text(id).is_empty();
        Ok(Key {
            text: self.tree.text_id(id),
            // go-yaml prints an empty key in quotes, and so makes it a string.
            quoted: self.tree.style(id) != Style::Plain || empty,
            tag: self.tree.tag(id).map(str::to_owned),
            range,
        })
    }

    /// Adds an entry.
    fn enter(&mut self, map: NodeId, key: Key, value: NodeId) {
        let origin = Origin::new(self.source, key.range.start, key.range.end);
        self.tree
            .attach(map, key.text, origin, key.quoted, key.tag.as_deref(), value);
    }

    /// Whether the key is one that [`Parser::merge`] looks at.
    fn is_merge(&self, key: &Key) -> bool {
        key.text.len() == 2 && self.tree.read(key.text) == "<<"
    }
}

/// The tag of a merge key.
pub(crate) fn is_merge_tag(tag: &str) -> bool {
    tag.strip_prefix(LONG_TAG) == Some("merge")
}
