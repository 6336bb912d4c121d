//! Trees as JSON, as Go's `encoding/json` writes them, and what that does to a string.

use crate::emit::MAX_DEPTH;
use crate::error::Error;
use crate::node::{Kind, NodeId, Tree};
use crate::resolve::Value;
use std::borrow::Cow;

impl Tree {
    /// Writes a node as JSON without blanks, keys in the order of their bytes. With
    /// `html_escape`, `<`, `>` and `&` are escaped, as Go does unless told otherwise.
    ///
    /// # Errors
    /// As [`Tree::emit`].
    pub fn write_json(
        &self,
        id: NodeId,
        out: &mut Vec<u8>,
        html_escape: bool,
    ) -> Result<(), Error> {
        let mut writer = Writer {
            tree: self,
            out,
            html_escape,
            depth: 0,
        };
        writer.node(id, false)
    }
}

struct Writer<'a> {
    tree: &'a Tree,
    out: &'a mut Vec<u8>,
    html_escape: bool,
    depth: usize,
}

impl Writer<'_> {
    fn node(&mut self, id: NodeId, flow: bool) -> Result<(), Error> {
        let tree = self.tree;
        let flow = flow || (!tree.is_scalar(id) && tree.in_flow(id));
        match tree.kind(id) {
            Kind::Map => self.map(id, flow),
            Kind::Seq => self.seq(id, flow),
            Kind::Scalar => self.scalar(id, flow),
        }
    }

    fn map(&mut self, id: NodeId, flow: bool) -> Result<(), Error> {
        self.deeper(id)?;
        let mut entries: Vec<(&str, NodeId)> = self.tree.entries(id).collect();
        entries.sort_by(|a, b| a.0.cmp(b.0));
        if let Some(pair) = entries.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            return Err(self.tree.duplicate(pair[0].1, pair[1].1));
        }
        self.tree.check_keys(&entries, flow, self.depth == 1)?;
        self.out.push(b'{');
        for (at, &(key, value)) in entries.iter().enumerate() {
            if at > 0 {
                self.out.push(b',');
            }
            self.string(key);
            self.out.push(b':');
            self.node(value, flow)?;
        }
        self.out.push(b'}');
        self.depth -= 1;
        Ok(())
    }

    fn seq(&mut self, id: NodeId, flow: bool) -> Result<(), Error> {
        self.deeper(id)?;
        self.out.push(b'[');
        for (at, item) in self.tree.items(id).enumerate() {
            if at > 0 {
                self.out.push(b',');
            }
            self.node(item, flow)?;
        }
        self.out.push(b']');
        self.depth -= 1;
        Ok(())
    }

    fn deeper(&mut self, id: NodeId) -> Result<(), Error> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.tree.too_deep(id));
        }
        Ok(())
    }

    fn scalar(&mut self, id: NodeId, flow: bool) -> Result<(), Error> {
        let text = match self.tree.printed(id, flow)? {
            Value::Str(text) => {
                self.string(&text);
                return Ok(());
            }
            Value::Null | Value::Map | Value::Seq => "null".to_owned(),
            Value::Bool(value) => value.to_string(),
            Value::Int(value) => value.to_string(),
            Value::Uint(value) => value.to_string(),
            Value::Float(value) => self.tree.float(id, value)?,
        };
        self.out.extend_from_slice(text.as_bytes());
        Ok(())
    }

    fn string(&mut self, text: &str) {
        self.out.push(b'"');
        let mut from = 0;
        for (at, c) in text.char_indices() {
            if let Some(escape) = escape(c, self.html_escape) {
                self.out.extend_from_slice(&text.as_bytes()[from..at]);
                self.out.extend_from_slice(escape.as_bytes());
                from = at + c.len_utf8();
            }
        }
        self.out.extend_from_slice(&text.as_bytes()[from..]);
        self.out.push(b'"');
    }
}

fn escape(c: char, html: bool) -> Option<Cow<'static, str>> {
    Some(Cow::Borrowed(match c {
        '"' => "\\\"",
        '\\' => "\\\\",
        '\n' => "\\n",
        '\r' => "\\r",
        '\t' => "\\t",
        '\x08' => "\\b",
        '\x0C' => "\\f",
        '\u{2028}' => "\\u2028",
        '\u{2029}' => "\\u2029",
        '<' if html => "\\u003c",
        '>' if html => "\\u003e",
        '&' if html => "\\u0026",
        '\0'..='\x1F' => return Some(Cow::Owned(format!("\\u{:04x}", u32::from(c)))),
        _ => return None,
    }))
}

/// How many characters a string has as JSON, quotes included.
pub(crate) fn encoded_len(text: &str) -> usize {
    let len = |c| escape(c, true).map_or(1, |escape| escape.len());
    2 + text.chars().map(len).sum::<usize>()
}

/// Whether go-yaml refuses to read the character as it stands in JSON.
pub(crate) fn is_refused(c: char) -> bool {
    matches!(c, '\x7F'..='\u{84}' | '\u{86}'..='\u{9F}' | '\u{FFFE}' | '\u{FFFF}')
}

/// The text with each U+0085 read as a line break in a quoted text: blanks around it go, one is
/// a space, and each further one a line feed.
pub(crate) fn without_next_line(text: &str) -> Cow<'_, str> {
    if !text.contains('\u{85}') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\u{85}') {
        let (before, after) = rest.split_at(at);
        let words = after.trim_start_matches([' ', '\u{85}']);
        let breaks = after[..after.len() - words.len()].matches('\u{85}').count();
        out.push_str(before.trim_end_matches(' '));
        match breaks {
            1 => out.push(' '),
            _ => out.extend(std::iter::repeat_n('\n', breaks - 1)),
        }
        rest = words;
    }
    out.push_str(rest);
    Cow::Owned(out)
}
