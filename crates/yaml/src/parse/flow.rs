//! Flow collections: `[a, b]` and `{a: b}`.

use super::block::{Item, Start};
use super::{Key, Parser, Props};
use crate::error::{Error, ErrorKind};
use crate::node::{Kind, NodeId};

impl<'a> Parser<'a> {
    /// A list or a map in brackets, whichever starts here.
    pub(super) fn flow_collection(&mut self, props: Props<'a>) -> Result<NodeId, Error> {
        let at = self.scan.pos;
        let is_bare = props.range.is_none() && self.scan.flow == 0 && self.short;
        let is_map = self.scan.byte() == b'{';
        let (kind, closing) = if is_map {
            (Kind::Map, b'}')
        } else {
            (Kind::Seq, b']')
        };
        let id = self.open(kind, props, at..at + 1, true)?;
        self.scan.flow += 1;
        self.scan.pos += 1;
        self.scan.key_ok = true;
        let mut merges = false;
        let mut first = true;
        while self.next_entry(at, closing, first)? {
            first = false;
            if is_map {
                let (key, value) = self.flow_entry(closing)?;
                merges |= self.is_merge(&key);
                self.enter(id, key, value);
            } else {
                let item = self.flow_item()?;
                self.tree.push(id, item);
            }
        }
        self.scan.pos += 1;
        self.scan.flow -= 1;
        self.scan.key_ok = false;
        self.close(id, self.scan.pos);
        if is_bare && self.scan.pos == at + 2 {
            self.tree.mark_as_printed(id);
        }
        if merges {
            self.merge(id)?;
        }
        Ok(id)
    }

    /// Goes to the next entry; false at the end of the collection that began at `start`.
    fn next_entry(&mut self, start: usize, closing: u8, first: bool) -> Result<bool, Error> {
        self.scan.skip();
        if self.scan.at_end() || self.scan.at_mark() {
            return Err(self.unclosed(start, closing));
        }
        if !first && self.scan.byte() == b',' {
            self.scan.pos += 1;
            self.scan.key_ok = true;
            self.scan.skip();
        } else if !first && self.scan.byte() != closing {
            let message = format!("`,` or `{}` is expected here", char::from(closing));
            return Err(self.scan.syntax(message));
        }
        if self.scan.at_end() || self.scan.at_mark() {
            return Err(self.unclosed(start, closing));
        }
        Ok(self.scan.byte() != closing)
    }

    fn unclosed(&self, start: usize, closing: u8) -> Error {
        let message = format!("this has no closing `{}`", char::from(closing));
        self.scan.fail(ErrorKind::Syntax, start..start + 1, message)
    }

    /// An entry of a map.
    fn flow_entry(&mut self, closing: u8) -> Result<(Key, NodeId), Error> {
        if self.scan.byte() == b'?' {
            return self.explicit_flow_entry(closing);
        }
        let start = self.start();
        let (item, props) = self.flow_part()?;
        let end = self.scan.pos;
        self.scan.skip();
        let has_value = self.at_flow_key_end(&start);
        let key = self.key(item, props)?;
        let value = if has_value {
            self.flow_value(closing)?
        } else {
            self.empty(Props::default(), end)
        };
        Ok((key, value))
    }

    /// `? key : value`, of which either part may be missing.
    fn explicit_flow_entry(&mut self, closing: u8) -> Result<(Key, NodeId), Error> {
        let at = self.scan.pos;
        self.scan.pos += 1;
        self.scan.key_ok = false;
        self.scan.skip();
        let byte = self.scan.byte();
        let key = if byte == b':' || byte == b',' || byte == closing {
            let key = self.empty(Props::default(), at + 1);
            self.key_of_node(key, at..at + 1)?
        } else {
            let (item, props) = self.flow_part()?;
            self.key(item, props)?
        };
        let end = self.scan.pos;
        self.scan.skip();
        let value = if self.scan.byte() == b':' {
            self.flow_value(closing)?
        } else {
            self.empty(Props::default(), end)
        };
        Ok((key, value))
    }

    /// Whether the `:` here makes a key of what began at `start`.
    fn at_flow_key_end(&self, start: &Start) -> bool {
        self.scan.byte() == b':' && start.key_ok && self.scan.ends_key(start.pos, start.line)
    }

    /// The `:` here and the value behind it.
    fn flow_value(&mut self, closing: u8) -> Result<NodeId, Error> {
        self.scan.pos += 1;
        self.scan.key_ok = false;
        let after = self.scan.pos;
        self.scan.skip();
        if self.scan.byte() == b',' || self.scan.byte() == closing {
            return Ok(self.empty(Props::default(), after));
        }
        self.flow_node()
    }

    fn flow_node(&mut self) -> Result<NodeId, Error> {
        let (item, props) = self.flow_part()?;
        Ok(match item {
            Item::Scalar(scalar) => self.scalar(&scalar, props),
            Item::Node(id, _) => id,
        })
    }

    /// An item of a list, which may be a single `key: value`.
    fn flow_item(&mut self) -> Result<NodeId, Error> {
        let at = self.scan.pos;
        if self.scan.byte() == b'?' {
            let (key, value) = self.explicit_flow_entry(b']')?;
            // Of such an empty key go-yaml loses the token behind it, and fails.
            if key.range.end == at + 1 {
                return Err(self
                    .scan
                    .fail(ErrorKind::Syntax, at..at + 1, "a key is missing"));
            }
            return self.pair(at, key, value);
        }
        let start = self.start();
        let (item, props) = self.flow_part()?;
        self.scan.skip();
        if self.at_flow_key_end(&start) {
            let key = self.key(item, props)?;
            let value = self.flow_value(b']')?;
            return self.pair(at, key, value);
        }
        Ok(match item {
            Item::Scalar(scalar) => self.scalar(&scalar, props),
            Item::Node(id, _) => id,
        })
    }

    /// A map of one entry.
    fn pair(&mut self, at: usize, key: Key, value: NodeId) -> Result<NodeId, Error> {
        let end = key.range.end.max(self.end_of(value));
        let map = self.open(Kind::Map, Props::default(), at..end, true)?;
        let merges = self.is_merge(&key);
        self.enter(map, key, value);
        self.close(map, end);
        if merges {
            self.merge(map)?;
        }
        Ok(map)
    }

    /// A scalar, an alias, a collection, or nothing behind an anchor or a tag.
    fn flow_part(&mut self) -> Result<(Item, Props<'a>), Error> {
        let at = self.scan.pos;
        let props = self.props(false)?;
        let byte = self.scan.byte();
        if byte == b'[' || byte == b'{' {
            let id = self.flow_collection(props)?;
            return Ok((Item::Node(id, at..self.scan.pos), Props::default()));
        }
        if let (Some(range), b':' | b',' | b']' | b'}' | b'?') = (&props.range, byte) {
            let range = range.clone();
            let id = self.empty(props, range.end);
            return Ok((Item::Node(id, range), Props::default()));
        }
        let item = self.item(&props)?;
        Ok((item, props))
    }
}
