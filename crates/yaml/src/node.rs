//! The tree: an arena of nodes that keep their source text, style and place.
//!
//! Nodes are slots named by [`NodeId`]. The children of a collection are a linked list, so an
//! entry can be added or taken out anywhere without moving another. A node has one parent at
//! most: what is to stand in two places is copied.

mod copy;
mod history;
mod mark;

pub use copy::Moved;
pub use history::Version;
pub(crate) use mark::{Copied, without_break};

use crate::resolve::{is_string, is_string_11};
use crate::source::{Origin, Source, SourceId};
use history::History;
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

/// The name of a node in its [`Tree`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(u32);

impl fmt::Debug for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.0)
    }
}

const NONE: u32 = u32::MAX;

/// Marks the `next` of the last child, which names the parent.
const UP: u32 = 1 << 31;

impl NodeId {
    fn some(at: u32) -> Option<Self> {
        (at != NONE).then_some(Self(at))
    }
}

/// What a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A text; [`Tree::resolve`] says what it means.
    Scalar,
    /// Key and value pairs, in the order of the file.
    Map,
    /// A list.
    Seq,
}

/// How a scalar was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Style {
    /// Without quotes: the text decides what it is.
    Plain,
    /// `'single quoted'`: a string.
    Single,
    /// `"double quoted"`: a string.
    Double,
    /// `|`: a string.
    Literal,
    /// `>`: a string.
    Folded,
}

impl Style {
    /// The style in which a text is a string (kyaml: yaml/compatibility.go, `IsYaml1_1NonString`).
    fn of_string(text: &str) -> Self {
        if text.contains('\n') {
            Self::Literal
        } else if !is_string_11(text) || !is_string(text) {
            Self::Double
        } else {
            Self::Plain
        }
    }
}

/// A text in one of the tree's buffers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Text {
    buffer: u32,
    start: u32,
    len: u32,
}

impl Text {
    pub(crate) fn len(self) -> u32 {
        self.len
    }

    const EMPTY: Self = Self {
        buffer: POOL,
        start: 0,
        len: 0,
    };
}

/// The buffer of texts that stand in no source as they are: decoded or made.
const POOL: u32 = 0;

const FLOW: u8 = 1;
const TAGGED: u8 = 2;
const KEY_QUOTED: u8 = 4;
const KEY_TAGGED: u8 = 8;
const UNTYPED: u8 = 16;
const AS_PRINTED: u8 = 32;

#[derive(Clone, Copy)]
struct Node {
    /// The text of a scalar.
    text: Text,
    /// The key, where the node is the value of a map's entry.
    key: Text,
    /// The next child of the same parent; for the last one the parent, with [`UP`]; [`NONE`]
    /// without a parent.
    next: u32,
    first: u32,
    last: u32,
    /// Where it came from.
    origin: Origin,
    kind: Kind,
    style: Style,
    flags: u8,
}

/// An arena of nodes together with the sources they came from.
///
/// ```
/// use windlass_yaml::{Origin, Tree};
/// let mut tree = Tree::new();
/// let map = tree.map(Origin::NONE);
/// let name = tree.string("web", Origin::NONE);
/// tree.set(map, "name", name);
/// assert_eq!(tree.get(map, "name").map(|id| tree.text(id)), Some("web"));
/// ```
#[derive(Clone, Default)]
pub struct Tree {
    nodes: Vec<Node>,
    pool: String,
    sources: Vec<Arc<Source>>,
    /// By the address of a source, which stays while the tree holds the source.
    source_ids: HashMap<usize, SourceId>,
    tags: HashMap<NodeId, Arc<str>>,
    key_tags: HashMap<NodeId, Arc<str>>,
    /// Where keys stand that are not in the source as they are.
    key_origins: HashMap<NodeId, Origin>,
    /// What nodes were, once that is asked for.
    history: Option<Box<History>>,
    /// Whether no short way is taken.
    careful: bool,
}

impl fmt::Debug for Tree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tree")
            .field("nodes", &self.nodes.len())
            .field("sources", &self.sources.len())
            .finish_non_exhaustive()
    }
}

/// Making nodes.
impl Tree {
    /// An empty tree.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty tree that takes no short way in reading and printing, for tests to hold the short
    /// ways to: both come to the same, byte for byte.
    #[must_use]
    pub fn careful() -> Self {
        Self {
            careful: true,
            ..Self::default()
        }
    }

    /// Whether short ways may be taken in reading a source.
    pub(crate) fn has_short_ways(&self, source: SourceId) -> bool {
        let source = self.source(source);
        !self.careful && source.is_some_and(|source| source.has_plain_lines())
    }

    /// How many values a tree may have for [`Tree::check_size`].
    pub const MAX_NODES: usize = 1 << 23;

    /// How many bytes of text a tree may have made for [`Tree::check_size`].
    pub const MAX_TEXT: usize = 256 << 20;

    /// Room for `nodes` more nodes.
    pub fn reserve(&mut self, nodes: usize) {
        self.nodes.reserve(nodes);
    }

    /// Registers a source, so that nodes can name it as their origin.
    pub fn add_source(&mut self, source: Arc<Source>) -> SourceId {
        let next = SourceId::at(self.sources.len());
        let id = *self
            .source_ids
            .entry(Arc::as_ptr(&source).addr())
            .or_insert(next);
        if id == next {
            self.sources.push(source);
        }
        id
    }

    /// A registered source.
    #[must_use]
    pub fn source(&self, id: SourceId) -> Option<&Arc<Source>> {
        self.sources.get(id.index()?)
    }

    /// An empty map.
    pub fn map(&mut self, origin: Origin) -> NodeId {
        self.make(Kind::Map, Text::EMPTY, Style::Plain, origin)
    }

    /// An empty list.
    pub fn seq(&mut self, origin: Origin) -> NodeId {
        self.make(Kind::Seq, Text::EMPTY, Style::Plain, origin)
    }

    /// A string, whatever its text looks like, written as kustomize writes one that it makes: on
    /// several lines as a block, in quotes only where it must be.
    pub fn string(&mut self, text: &str, origin: Origin) -> NodeId {
        self.scalar(text, Style::of_string(text), origin)
    }

    /// A scalar as if written without quotes: `8080` is a number, `true` a boolean.
    pub fn plain(&mut self, text: &str, origin: Origin) -> NodeId {
        self.scalar(text, Style::Plain, origin)
    }

    /// A scalar in the given style.
    pub fn scalar(&mut self, text: &str, style: Style, origin: Origin) -> NodeId {
        let text = self.intern(text);
        self.make(Kind::Scalar, text, style, origin)
    }

    /// A scalar whose text is bytes `start..end` of a registered source, not copied.
    ///
    /// # Panics
    /// If the range does not lie in the source, or not on character boundaries.
    pub fn scalar_in(
        &mut self,
        source: SourceId,
        start: usize,
        end: usize,
        style: Style,
    ) -> NodeId {
        let text = self.slice(source, start, end);
        self.make(Kind::Scalar, text, style, Origin::new(source, start, end))
    }

    pub(crate) fn sources(&self) -> impl Iterator<Item = (SourceId, &Source)> {
        let sources = self.sources.iter().enumerate();
        sources.map(|(at, source)| (SourceId::at(at), &**source))
    }

    /// Where all scalars came from.
    pub(crate) fn scalars(&self) -> impl Iterator<Item = Origin> {
        let scalars = self.nodes.iter().filter(|node| node.kind == Kind::Scalar);
        scalars.map(|node| node.origin)
    }

    fn make(&mut self, kind: Kind, text: Text, style: Style, origin: Origin) -> NodeId {
        let id = u32::try_from(self.nodes.len()).unwrap_or(NONE);
        assert!(id < UP, "the tree is full");
        self.nodes.push(Node {
            text,
            key: Text::EMPTY,
            next: NONE,
            first: NONE,
            last: NONE,
            origin,
            kind,
            style,
            flags: 0,
        });
        NodeId(id)
    }

    fn intern(&mut self, text: &str) -> Text {
        let start = u32::try_from(self.pool.len()).expect("texts of a build stay below 4 GiB");
        self.pool.push_str(text);
        Text {
            buffer: POOL,
            start,
            len: u32::try_from(text.len()).expect("texts of a build stay below 4 GiB"),
        }
    }

    fn slice(&self, source: SourceId, start: usize, end: usize) -> Text {
        let at = source.index().expect("a registered source");
        assert!(
            self.sources[at].text().get(start..end).is_some(),
            "a range of the source"
        );
        let narrow = |n: usize| u32::try_from(n).expect("a source has at most 4 GiB");
        Text {
            buffer: narrow(at) + 1,
            start: narrow(start),
            len: narrow(end - start),
        }
    }

    pub(crate) fn read(&self, text: Text) -> &str {
        let buffer = match text.buffer {
            POOL => self.pool.as_str(),
            at => self.sources[at as usize - 1].text(),
        };
        &buffer[text.start as usize..(text.start + text.len) as usize]
    }

    fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0 as usize]
    }

    fn node_mut(&mut self, id: NodeId) -> &mut Node {
        &mut self.nodes[id.0 as usize]
    }
}

/// What the parser makes.
impl Tree {
    /// A text of a registered source.
    pub(crate) fn text_in(&self, source: SourceId, range: std::ops::Range<usize>) -> Text {
        self.slice(source, range.start, range.end)
    }

    /// A text that stands in no source.
    pub(crate) fn text_of(&mut self, text: &str) -> Text {
        self.intern(text)
    }

    /// The text of a scalar, to be shared.
    pub(crate) fn text_id(&self, id: NodeId) -> Text {
        self.node(id).text
    }

    pub(crate) fn leaf(&mut self, text: Text, style: Style, origin: Origin) -> NodeId {
        self.make(Kind::Scalar, text, style, origin)
    }

    /// Adds an entry with its key as it was written.
    pub(crate) fn attach(
        &mut self,
        map: NodeId,
        key: Text,
        origin: Origin,
        quoted: bool,
        tag: Option<&str>,
        value: NodeId,
    ) {
        if key.buffer == POOL {
            self.key_origins.insert(value, origin);
        }
        self.node_mut(value).key = key;
        self.key_form(value, quoted, tag);
        self.link(map, value);
    }

    /// Adds an entry that was part of another map, under the key it had there.
    pub(crate) fn adopt(&mut self, map: NodeId, entry: NodeId) {
        self.append(map, entry);
    }
}

/// Reading nodes.
impl Tree {
    /// What the node is.
    #[must_use]
    pub fn kind(&self, id: NodeId) -> Kind {
        self.node(id).kind
    }

    /// Whether it is a map.
    #[must_use]
    pub fn is_map(&self, id: NodeId) -> bool {
        self.kind(id) == Kind::Map
    }

    /// Whether it is a list.
    #[must_use]
    pub fn is_seq(&self, id: NodeId) -> bool {
        self.kind(id) == Kind::Seq
    }

    /// Whether it is a scalar.
    #[must_use]
    pub fn is_scalar(&self, id: NodeId) -> bool {
        self.kind(id) == Kind::Scalar
    }

    /// The text of a scalar after escapes and folding; empty for a collection.
    #[must_use]
    pub fn text(&self, id: NodeId) -> &str {
        self.read(self.node(id).text)
    }

    /// How a scalar was written.
    #[must_use]
    pub fn style(&self, id: NodeId) -> Style {
        self.node(id).style
    }

    /// Whether a collection was written in flow style, or a scalar inside one.
    #[must_use]
    pub fn in_flow(&self, id: NodeId) -> bool {
        self.node(id).flags & FLOW != 0
    }

    /// The explicit tag in its long form (`tag:yaml.org,2002:str`, `!custom`).
    #[must_use]
    pub fn tag(&self, id: NodeId) -> Option<&str> {
        (self.node(id).flags & TAGGED != 0).then(|| &*self.tags[&id])
    }

    /// The key of an entry's value.
    #[must_use]
    pub fn key(&self, id: NodeId) -> &str {
        self.read(self.node(id).key)
    }

    /// Whether the key was written in quotes or as a block, and so is a string.
    #[must_use]
    pub fn key_is_quoted(&self, id: NodeId) -> bool {
        self.node(id).flags & KEY_QUOTED != 0
    }

    /// The explicit tag of the key.
    #[must_use]
    pub fn key_tag(&self, id: NodeId) -> Option<&str> {
        (self.node(id).flags & KEY_TAGGED != 0).then(|| &*self.key_tags[&id])
    }

    /// Where the node came from.
    #[must_use]
    pub fn origin(&self, id: NodeId) -> Origin {
        self.node(id).origin
    }

    /// Where the key of an entry stands; the value's origin where the key was made.
    #[must_use]
    pub fn key_origin(&self, id: NodeId) -> Origin {
        let key = self.node(id).key;
        if key.buffer == POOL {
            let known = self.key_origins.get(&id).copied();
            return known.unwrap_or_else(|| self.origin(id));
        }
        Origin::new(
            SourceId::at(key.buffer as usize - 1),
            key.start as usize,
            (key.start + key.len) as usize,
        )
    }

    /// The children of a collection, in order: values of a map, items of a list.
    #[must_use]
    pub fn children(&self, id: NodeId) -> Children<'_> {
        Children {
            tree: self,
            next: self.node(id).first,
        }
    }

    /// Keys and values of a map, in order; nothing for any other node.
    pub fn entries(&self, map: NodeId) -> impl Iterator<Item = (&str, NodeId)> {
        let first = if self.is_map(map) {
            self.node(map).first
        } else {
            NONE
        };
        Children {
            tree: self,
            next: first,
        }
        .map(|id| (self.key(id), id))
    }

    /// The items of a list, in order; nothing for any other node.
    #[must_use]
    pub fn items(&self, seq: NodeId) -> Children<'_> {
        let first = if self.is_seq(seq) {
            self.node(seq).first
        } else {
            NONE
        };
        Children {
            tree: self,
            next: first,
        }
    }

    /// How many children a collection has.
    #[must_use]
    pub fn len(&self, id: NodeId) -> usize {
        self.children(id).count()
    }

    /// Whether a collection has no child.
    #[must_use]
    pub fn is_empty(&self, id: NodeId) -> bool {
        self.node(id).first == NONE
    }

    /// The value of `key`, the first where the key stands twice.
    #[must_use]
    pub fn get(&self, map: NodeId, key: &str) -> Option<NodeId> {
        self.entries(map).find(|&(k, _)| k == key).map(|(_, id)| id)
    }

    /// The value at a path of keys.
    #[must_use]
    pub fn lookup(&self, map: NodeId, path: &[&str]) -> Option<NodeId> {
        path.iter().try_fold(map, |at, key| self.get(at, key))
    }

    /// The text of the scalar at a path of keys.
    #[must_use]
    pub fn text_at(&self, map: NodeId, path: &[&str]) -> Option<&str> {
        let id = self.lookup(map, path)?;
        self.is_scalar(id).then(|| self.text(id))
    }

    /// The item of a list at `index`, from 0.
    #[must_use]
    pub fn item(&self, seq: NodeId, index: usize) -> Option<NodeId> {
        self.items(seq).nth(index)
    }
}

/// Changing nodes.
impl Tree {
    /// Gives a scalar a new text and style, dropping its tag; its place and key stay.
    pub fn set_text(&mut self, id: NodeId, text: &str, style: Style) {
        self.note(id);
        self.touch(id);
        let text = self.intern(text);
        self.set_tag(id, None);
        let node = self.node_mut(id);
        node.flags &= !UNTYPED;
        node.text = text;
        node.style = style;
        node.kind = Kind::Scalar;
        node.first = NONE;
        node.last = NONE;
    }

    /// Gives a scalar a text as a string, whatever that looks like. One that is in quotes stays in
    /// quotes, any other is written as by [`Tree::string`].
    pub fn set_string(&mut self, id: NodeId, text: &str) {
        let style = match self.node(id).style {
            Style::Plain => Style::of_string(text),
            quoted => quoted,
        };
        self.set_text(id, text, style);
    }

    /// Gives a scalar a text as kustomize's setters without a tag do: in the style that it has,
    /// and what it is the text alone says, `12` a number. That holds for later texts too, see
    /// [`Tree::is_untyped`].
    pub fn set_untyped(&mut self, id: NodeId, text: &str) {
        let is_scalar = self.is_scalar(id);
        let style = if is_scalar {
            self.style(id)
        } else {
            Style::Plain
        };
        if !is_scalar || self.tag(id).is_some() || self.text(id) != text {
            self.set_text(id, text, style);
        }
        self.node_mut(id).flags |= UNTYPED;
    }

    /// Whether a scalar was last set by [`Tree::set_untyped`], so that it keeps to no type when
    /// its text changes.
    #[must_use]
    pub fn is_untyped(&self, id: NodeId) -> bool {
        self.node(id).flags & (UNTYPED | TAGGED) == UNTYPED
    }

    /// Says that a plain scalar is a string, as a tag that nobody wrote.
    pub fn mark_string(&mut self, id: NodeId) {
        self.set_tag(id, Some("tag:yaml.org,2002:str"));
        self.node_mut(id).flags |= UNTYPED;
    }

    /// Whether [`Tree::mark_string`] made it a string.
    #[must_use]
    pub fn is_marked_string(&self, id: NodeId) -> bool {
        self.node(id).flags & (UNTYPED | TAGGED) == UNTYPED | TAGGED
    }

    /// Says how a scalar is written; its text stays.
    pub fn set_style(&mut self, id: NodeId, style: Style) {
        self.touch(id);
        let node = self.node_mut(id);
        node.style = style;
        node.flags &= !UNTYPED;
    }

    /// Sets or removes the explicit tag.
    pub fn set_tag(&mut self, id: NodeId, tag: Option<&str>) {
        self.touch(id);
        match tag {
            Some(tag) => {
                self.tags.insert(id, tag.into());
                self.node_mut(id).flags |= TAGGED;
            }
            None if self.node(id).flags & TAGGED != 0 => {
                self.tags.remove(&id);
                self.node_mut(id).flags &= !TAGGED;
            }
            None => {}
        }
    }

    /// Sets where the node came from.
    pub fn set_origin(&mut self, id: NodeId, origin: Origin) {
        self.note(id);
        self.touch(id);
        self.node_mut(id).origin = origin;
    }

    /// Marks a node as written in flow style.
    pub fn set_flow(&mut self, id: NodeId, flow: bool) {
        self.touch(id);
        let node = self.node_mut(id);
        node.flags = if flow {
            node.flags | FLOW
        } else {
            node.flags & !FLOW
        };
    }

    /// Renames the entry whose value `id` is.
    pub fn set_key(&mut self, id: NodeId, key: &str) {
        self.touch(id);
        let key = self.intern(key);
        self.key_origins.remove(&id);
        let node = self.node_mut(id);
        node.key = key;
        node.flags |= KEY_QUOTED;
        node.flags &= !KEY_TAGGED;
    }

    /// Sets the value of `key`: in the place of the present one, else at the end.
    /// `value` is used up; the answer is the slot that now holds it.
    pub fn set(&mut self, map: NodeId, key: &str, value: NodeId) -> NodeId {
        match self.get(map, key) {
            Some(slot) => self.overwrite(slot, value),
            None => self.add(map, key, value),
        }
    }

    /// Adds an entry at the end without looking whether the key is there.
    pub fn add(&mut self, map: NodeId, key: &str, value: NodeId) -> NodeId {
        self.set_key(value, key);
        self.append(map, value);
        value
    }

    /// Adds an entry whose key stands in a source; `quoted` says how it was written.
    ///
    /// # Panics
    /// If the range does not lie in the source, or not on character boundaries.
    pub fn add_in(
        &mut self,
        map: NodeId,
        key: (SourceId, usize, usize),
        quoted: bool,
        value: NodeId,
    ) {
        self.touch(value);
        let text = self.slice(key.0, key.1, key.2);
        let node = self.node_mut(value);
        node.key = text;
        node.flags = if quoted {
            node.flags | KEY_QUOTED
        } else {
            node.flags & !KEY_QUOTED
        };
        self.append(map, value);
    }

    /// Says how the key of an entry was written: quoted or not, and its explicit tag.
    pub fn set_key_form(&mut self, id: NodeId, quoted: bool, tag: Option<&str>) {
        self.touch(id);
        self.key_form(id, quoted, tag);
    }

    fn key_form(&mut self, id: NodeId, quoted: bool, tag: Option<&str>) {
        if let Some(tag) = tag {
            self.key_tags.insert(id, tag.into());
        }
        let node = self.node_mut(id);
        node.flags &= !(KEY_QUOTED | KEY_TAGGED);
        node.flags |= if quoted { KEY_QUOTED } else { 0 };
        node.flags |= if tag.is_some() { KEY_TAGGED } else { 0 };
    }

    /// Adds an item at the end of a list.
    pub fn push(&mut self, seq: NodeId, item: NodeId) {
        self.append(seq, item);
    }

    fn append(&mut self, parent: NodeId, child: NodeId) {
        self.touch(parent);
        self.link(parent, child);
    }

    /// [`Tree::append`] where nothing is changed, but made.
    fn link(&mut self, parent: NodeId, child: NodeId) {
        self.node_mut(child).next = parent.0 | UP;
        match NodeId::some(self.node(parent).last) {
            Some(last) => self.node_mut(last).next = child.0,
            None => self.node_mut(parent).first = child.0,
        }
        self.node_mut(parent).last = child.0;
    }

    /// Puts `child` before `sibling`, which must be a child of `parent`.
    pub fn insert_before(&mut self, parent: NodeId, sibling: NodeId, child: NodeId) {
        self.touch(parent);
        self.node_mut(child).next = sibling.0;
        match self.before(parent, sibling) {
            Some(before) => self.node_mut(before).next = child.0,
            None => self.node_mut(parent).first = child.0,
        }
    }

    /// Takes a child out of its parent; it may be put elsewhere afterwards.
    pub fn remove(&mut self, parent: NodeId, child: NodeId) {
        self.touch(parent);
        let next = self.node(child).next;
        let is_last = next & UP != 0;
        let before = self.before(parent, child);
        match before {
            Some(before) => self.node_mut(before).next = next,
            None => self.node_mut(parent).first = if is_last { NONE } else { next },
        }
        if is_last {
            self.node_mut(parent).last = before.map_or(NONE, |id| id.0);
        }
        self.node_mut(child).next = NONE;
    }

    /// Takes the entry of `key` out and returns its value.
    pub fn remove_key(&mut self, map: NodeId, key: &str) -> Option<NodeId> {
        let id = self.get(map, key)?;
        self.remove(map, id);
        Some(id)
    }

    fn before(&self, parent: NodeId, child: NodeId) -> Option<NodeId> {
        self.children(parent).take_while(|&id| id != child).last()
    }

    /// Makes `children` the children of a collection, in this order.
    pub fn set_children(&mut self, parent: NodeId, children: &[NodeId]) {
        self.touch(parent);
        let node = self.node_mut(parent);
        node.first = NONE;
        node.last = NONE;
        for &child in children {
            self.append(parent, child);
        }
    }

    /// Puts the content of `from` (kind, text, tag, children, origin) into the slot `id`, whose
    /// key and place stay. `from` is used up.
    pub fn overwrite(&mut self, id: NodeId, from: NodeId) -> NodeId {
        if id == from {
            return id;
        }
        self.note(id);
        self.touch(id);
        let tag = self.tag(from).map(str::to_owned);
        self.set_tag(from, None);
        let kept = *self.node(id);
        let taken = *self.node(from);
        *self.node_mut(id) = Node {
            key: kept.key,
            next: kept.next,
            flags: (kept.flags & (KEY_QUOTED | KEY_TAGGED | TAGGED))
                | (taken.flags & (FLOW | UNTYPED)),
            ..taken
        };
        if let Some(last) = NodeId::some(taken.last) {
            self.node_mut(last).next = id.0 | UP;
        }
        self.set_tag(id, tag.as_deref());
        id
    }
}

/// The children of a collection.
#[derive(Clone)]
pub struct Children<'a> {
    tree: &'a Tree,
    next: u32,
}

impl Iterator for Children<'_> {
    type Item = NodeId;

    fn next(&mut self) -> Option<NodeId> {
        if self.next & UP != 0 {
            return None;
        }
        let id = NodeId(self.next);
        self.next = self.tree.node(id).next;
        Some(id)
    }
}
