//! Block collections: structure by indentation.

use super::as_printed::AsPrinted;
use super::{Key, Parser, Props};
use crate::error::Error;
use crate::node::{Kind, NodeId};
use crate::scan::Scalar;
use std::ops::Range;

/// What a line starts with and what may be the key of an entry.
pub(super) enum Item {
    Scalar(Scalar),
    /// An alias, a collection or nothing at all, and where it stands.
    Node(NodeId, Range<usize>),
}

/// Where something began and whether it may be an implicit key.
pub(super) struct Start {
    pub(super) pos: usize,
    pub(super) line: usize,
    pub(super) key_ok: bool,
    pub(super) column: isize,
}

impl<'a> Parser<'a> {
    pub(super) fn start(&self) -> Start {
        Start {
            pos: self.scan.pos,
            line: self.scan.line(),
            key_ok: self.scan.key_ok,
            column: self.scan.column(),
        }
    }

    /// A node inside the block collection at `scan.indent`, or nothing, which then stands at
    /// `after`. `indentless` says that a list may stand at the column of the collection itself.
    pub(super) fn block_node(&mut self, indentless: bool, after: usize) -> Result<NodeId, Error> {
        let mut props = Props::default();
        let mut after = after;
        loop {
            if self.block_node_is_empty(indentless) {
                return Ok(self.empty(props, after));
            }
            let start = self.start();
            let run = self.props(true)?;
            let Some(range) = &run.range else {
                return self.block_content(props, run, &start);
            };
            after = range.end;
            if self.scan.line() == start.line && !self.scan.at_end() {
                return self.block_content(props, run, &start);
            }
            props = self.join(props, run)?;
        }
    }

    fn block_node_is_empty(&self, indentless: bool) -> bool {
        let column = self.scan.column();
        // A block text may start at the column of the collection that it is part of.
        let may_start = (indentless && self.at_dash()) || matches!(self.scan.byte(), b'|' | b'>');
        self.scan.at_end()
            || self.scan.at_mark()
            || column < self.scan.indent
            || (column == self.scan.indent && !may_start)
    }

    fn at_dash(&self) -> bool {
        self.scan.byte() == b'-' && self.scan.ends_after_one()
    }

    /// A node with what belongs to it from earlier lines (`outer`) and from this line (`run`).
    fn block_content(
        &mut self,
        outer: Props<'a>,
        run: Props<'a>,
        start: &Start,
    ) -> Result<NodeId, Error> {
        let indicator = self.scan.ends_after_one();
        match self.scan.byte() {
            b'-' if indicator => {
                if !self.scan.key_ok {
                    return Err(self.misplaced_dash());
                }
                self.block_seq(outer)
            }
            b'?' if indicator => self.block_map(outer, start, None),
            b':' if indicator => {
                if run.range.is_none() || !start.key_ok {
                    return Err(self.misplaced_colon(start));
                }
                let key = self.empty(run, self.scan.pos);
                let key = self.key_of_node(key, start.pos..self.scan.pos)?;
                self.block_map(outer, start, Some(key))
            }
            b'|' | b'>' => {
                let props = self.join(outer, run)?;
                let scalar = self.scan.block()?;
                Ok(self.scalar(&scalar, props))
            }
            _ => self.block_item(outer, run, start),
        }
    }

    /// A scalar, an alias or a flow collection; or a map, if that is its first key.
    fn block_item(
        &mut self,
        outer: Props<'a>,
        run: Props<'a>,
        start: &Start,
    ) -> Result<NodeId, Error> {
        let collection = matches!(self.scan.byte(), b'[' | b'{');
        if collection {
            let props = self.join(outer, run)?;
            let id = self.flow_collection(props)?;
            self.scan.skip();
            if self.at_key_end(start) {
                return Err(self.complex_key(start.pos..self.end_of(id)));
            }
            return Ok(id);
        }
        let item = self.item(&run)?;
        self.scan.skip();
        if self.at_key_end(start) {
            if !start.key_ok {
                return Err(self.misplaced_colon(start));
            }
            let key = self.key(item, run)?;
            return self.block_map(outer, start, Some(key));
        }
        let props = self.join(outer, run)?;
        Ok(match item {
            Item::Scalar(scalar) => self.scalar(&scalar, props),
            Item::Node(id, _) if props.range.is_none() => id,
            Item::Node(_, range) => return Err(self.alias_with_props(range)),
        })
    }

    /// Whether the `:` here makes a key of what began at `start`.
    fn at_key_end(&self, start: &Start) -> bool {
        self.scan.byte() == b':'
            && self.scan.ends_after_one()
            && self.scan.ends_key(start.pos, start.line)
    }

    /// A scalar or an alias; `props` are those that stand before it.
    pub(super) fn item(&mut self, props: &Props<'a>) -> Result<Item, Error> {
        Ok(match self.scan.byte() {
            b'*' => {
                let at = self.scan.pos;
                let id = self.alias()?;
                let range = at..self.scan.pos;
                if props.range.is_some() {
                    return Err(self.alias_with_props(range));
                }
                Item::Node(id, range)
            }
            b'\'' | b'"' => Item::Scalar(self.scan.quoted()?),
            _ if self.starts_plain() => Item::Scalar(self.scan.plain()?),
            _ => return Err(self.no_content()),
        })
    }

    /// Whether a plain scalar may start here.
    fn starts_plain(&self) -> bool {
        match self.scan.byte() {
            _ if self.scan.at_end() || self.scan.at_mark() => false,
            b'-' => !self.scan.ends_after_one(),
            b'?' | b':' => self.scan.flow == 0 && !self.scan.ends_after_one(),
            b' ' | b'\t' | b'\n' | b'\r' => false,
            b',' | b'[' | b']' | b'{' | b'}' | b'#' | b'&' | b'*' | b'!' | b'|' | b'>' | b'\''
            | b'"' | b'%' | b'@' | b'`' => false,
            _ => true,
        }
    }

    /// The key that an item is.
    pub(super) fn key(&mut self, item: Item, props: Props<'a>) -> Result<Key, Error> {
        match item {
            Item::Scalar(scalar) => Ok(self.key_of_scalar(&scalar, props)),
            Item::Node(id, range) => self.key_of_node(id, range),
        }
    }

    /// A list at the column here, which for an indentless one is that of the map around it.
    pub(super) fn block_seq(&mut self, props: Props<'a>) -> Result<NodeId, Error> {
        let column = self.scan.column();
        let outer = self.scan.indent;
        let at = self.scan.pos;
        let is_bare = self.short && props.range.is_none();
        let mut printed = AsPrinted::new(at, column, is_bare);
        let seq = self.open(Kind::Seq, props, at..at + 1, false)?;
        self.scan.indent = column;
        let mut end = at + 1;
        while self.scan.column() == column && self.at_dash() {
            if !self.scan.key_ok {
                return Err(self.misplaced_dash());
            }
            let dash = self.scan.pos;
            end = dash + 1;
            let item = match self.usual_item()? {
                Some(item) => item,
                None => {
                    self.scan.pos = end;
                    self.scan.key_ok = true;
                    self.scan.skip();
                    self.block_node(false, end)?
                }
            };
            end = end.max(self.end_of(item));
            self.see_item(&mut printed, dash, item);
            self.tree.push(seq, item);
            self.scan.skip();
        }
        self.scan.indent = outer;
        self.close(seq, end);
        printed.mark(self.tree, seq);
        let indentless = column == outer;
        if indentless || self.block_ends(column) {
            return Ok(seq);
        }
        Err(self.stray(column, "the list items"))
    }

    /// Whether the block collection at `column` ends here.
    fn block_ends(&self, column: isize) -> bool {
        self.scan.at_end() || self.scan.at_mark() || self.scan.column() < column
    }

    /// A map at the column of `start`, whose first key may have been read, up to its `:`.
    pub(super) fn block_map(
        &mut self,
        props: Props<'a>,
        start: &Start,
        first: Option<Key>,
    ) -> Result<NodeId, Error> {
        let outer = self.scan.indent;
        let is_bare = self.short && props.range.is_none();
        let mut printed = AsPrinted::new(start.pos, start.column, is_bare);
        let map = self.open(Kind::Map, props, start.pos..start.pos + 1, false)?;
        self.scan.indent = start.column;
        let mut key = first;
        let mut merges = false;
        let end = loop {
            let (key, value) = match key.take() {
                Some(key) => (key, self.block_value(false)?),
                None if self.scan.byte() == b'?' && self.scan.ends_after_one() => {
                    self.explicit_entry()?
                }
                None => match self.usual_key() {
                    Some(key) => (key, self.usual_value()?),
                    None => (self.implicit_key()?, self.block_value(false)?),
                },
            };
            let end = key.range.end.max(self.end_of(value));
            merges |= self.is_merge(&key);
            self.see_entry(&mut printed, &key, value);
            self.enter(map, key, value);
            self.scan.skip();
            if self.block_ends(start.column) {
                break end;
            }
            if self.scan.column() > start.column {
                return Err(self.stray(start.column, "the keys"));
            }
        };
        self.scan.indent = outer;
        self.close(map, end);
        printed.mark(self.tree, map);
        if merges {
            self.merge(map)?;
        }
        Ok(map)
    }

    /// The `:` here and the value behind it.
    pub(super) fn block_value(&mut self, explicit: bool) -> Result<NodeId, Error> {
        self.scan.pos += 1;
        self.scan.key_ok = explicit;
        let after = self.scan.pos;
        if explicit {
            self.scan.comment_after_indicator();
        }
        self.scan.skip();
        self.block_node(true, after)
    }

    /// `? key` and `: value`.
    fn explicit_entry(&mut self) -> Result<(Key, NodeId), Error> {
        let start = self.scan.pos;
        if !self.scan.key_ok {
            return Err(self.misplaced_question());
        }
        self.scan.pos += 1;
        self.scan.key_ok = true;
        self.scan.comment_after_indicator();
        self.scan.skip();
        let key = self.block_node(true, start + 1)?;
        let range = self.tree.origin(key).range();
        let key = self.key_of_node(key, range)?;
        self.scan.skip();
        let has_value = self.scan.key_ok
            && self.scan.column() == self.scan.indent
            && self.scan.byte() == b':'
            && self.scan.ends_after_one();
        let value = if has_value {
            self.block_value(true)?
        } else {
            self.empty(Props::default(), key.range.end)
        };
        Ok((key, value))
    }

    /// A key at the column of its map, up to its `:`.
    fn implicit_key(&mut self) -> Result<Key, Error> {
        let start = self.start();
        if self.at_dash() {
            return Err(self.misplaced_dash());
        }
        if !start.key_ok {
            return Err(self.behind_value());
        }
        let run = self.props(true)?;
        if self.scan.line() != start.line || self.scan.at_end() {
            return Err(self.no_colon(&start));
        }
        if self.scan.byte() == b':' && self.scan.ends_after_one() && run.range.is_some() {
            let key = self.empty(run, self.scan.pos);
            return self.key_of_node(key, start.pos..self.scan.pos);
        }
        let item = match self.scan.byte() {
            b'[' | b'{' => return Err(self.complex_key(start.pos..start.pos + 1)),
            _ => self.item(&run)?,
        };
        self.scan.skip();
        if !self.at_key_end(&start) {
            return Err(self.no_colon(&start));
        }
        self.key(item, run)
    }
}
