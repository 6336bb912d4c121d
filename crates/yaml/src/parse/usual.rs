//! Entries of block maps and items of block lists as nearly all are written: a word and `:`, or a
//! dash, and then words, a block text or a collection.
//!
//! What this reads the rest of the parser would read to the same nodes, at several times the cost:
//! it has to ask at each step what else could stand there. Here anything unusual is left to it. A
//! property test and fuzzing hold both to each other.

use super::as_printed::is_printable;
use super::{Key, Parser, Props};
use crate::chars::{INNER, is_blank_or_end};
use crate::emit::LONGEST_WORD;
use crate::error::Error;
use crate::node::{NodeId, Style, Text};
use crate::resolve::WORD;
use crate::scan::spaces;
use crate::source::Origin;
use std::ops::Range;

impl Parser<'_> {
    /// The key here, if it is a usual one; goes to its `:`.
    pub(super) fn usual_key(&mut self) -> Option<Key> {
        let start = self.scan.pos;
        let may_start = self.scan.key_ok && self.scan.column() == self.scan.indent;
        if !may_start || !self.short {
            return None;
        }
        let end = start + usual_key(self.scan.from(start))?;
        self.scan.pos = end;
        Some(Key {
            text: self.tree.text_in(self.source, start..end),
            quoted: false,
            tag: None,
            range: start..end,
        })
    }

    /// The value behind the `:` here of a usual key; goes to what follows it.
    pub(super) fn usual_value(&mut self) -> Result<NodeId, Error> {
        let start = self.scan.pos + 2;
        let value = match self.scan.from(start - 1) {
            [b' ', b'|', ..] => self.usual_block(start),
            [b' ', ..] => self.usual_words(start),
            _ => return self.usual_collection(start),
        };
        value.map_or_else(|| self.block_value(false), Ok)
    }

    /// The item of a list behind the dash here, if it is a usual one; goes to what follows it.
    pub(super) fn usual_item(&mut self) -> Result<Option<NodeId>, Error> {
        let start = self.scan.pos + 2;
        if !self.short || self.scan.from(start - 1).first() != Some(&b' ') {
            return Ok(None);
        }
        if usual_key(self.scan.from(start)).is_none() {
            return Ok(self.usual_words(start));
        }
        self.scan.pos = start;
        self.usual_map().map(Some)
    }

    /// Words to the end of the line, and on further lines that stand deeper.
    fn usual_words(&mut self, start: usize) -> Option<NodeId> {
        let column = self.scan.column().cast_unsigned() + 2;
        if !self.scan.from(start).first()?.is_ascii_alphanumeric() {
            return None;
        }
        let (mut end, mut next) = self.words(start)?;
        let mut folded = String::new();
        while next.indent.cast_signed() > self.scan.indent {
            if folded.is_empty() {
                folded.push_str(&self.scan.text[start..end]);
            }
            folded.push(' ');
            let from = end + 1 + next.indent;
            (end, next) = self.words(from)?;
            folded.push_str(&self.scan.text[from..end]);
        }
        if next.byte == b'#' {
            return None;
        }
        let (text, is_as_printed) = if folded.is_empty() {
            let words = &self.scan.text[start..end];
            let is_as_printed = self.is_line_as_printed(words, || column);
            (self.tree.text_in(self.source, start..end), is_as_printed)
        } else {
            let is_as_printed = self.is_fold_as_printed(&(start..end));
            (self.tree.text_of(&folded), is_as_printed)
        };
        let id = self.usual_scalar(text, Style::Plain, start..end, is_as_printed);
        self.scan.go_to_line(end + 1, next.indent);
        Some(id)
    }

    /// Where the words of a line end, and how the next line begins.
    fn words(&self, start: usize) -> Option<(usize, Next)> {
        let line = self.scan.from(start);
        let mut len = 0;
        loop {
            len += line[len..].iter().position(|&b| !INNER[usize::from(b)])?;
            match line[len] {
                b'\n' => break,
                b':' if !is_blank_or_end(&line[len + 1..]) => len += 1,
                b'#' if len > 0 && line[len - 1] != b' ' => len += 1,
                _ => return None,
            }
        }
        let ends_well = len > 0 && line[len - 1] != b' ';
        let next = Next::of(&line[len + 1..])?;
        ends_well.then_some((start + len, next))
    }

    /// A text behind a `|` that nothing stands behind but a `-`.
    fn usual_block(&mut self, start: usize) -> Option<NodeId> {
        let header = match self.scan.from(start) {
            [_, b'\n', ..] => 2,
            [_, b'-', b'\n', ..] => 3,
            _ => return None,
        };
        let bytes = self.scan.from(start + header);
        let indent = Next::of(bytes)?.indent;
        if indent.cast_signed() <= self.scan.indent {
            return None;
        }
        let mut text = String::new();
        let mut at = 0;
        let (next, end) = loop {
            let len = memchr::memchr(b'\n', &bytes[at..])?;
            let line = &bytes[at..at + len];
            let spaces = spaces(line);
            if spaces < indent && !line.is_empty() {
                break (spaces, start + header + at);
            }
            if line.len() > indent && !is_printable(line) {
                return None;
            }
            let from = start + header + at;
            let range = from + indent.min(len)..from + len + 1;
            text.push_str(self.scan.text.get(range)?);
            at += len + 1;
        };
        if text.ends_with("\n\n") || !(0x21..0x7F).contains(&self.scan.text.as_bytes()[end + next])
        {
            return None;
        }
        if header == 3 {
            text.pop();
        }
        let is_as_printed = self.is_block_as_printed(&self.scan.text[start..end]);
        let text = self.tree.text_of(&text);
        let id = self.usual_scalar(text, Style::Literal, start..end, is_as_printed);
        self.scan.go_to_line(end, next);
        Some(id)
    }

    fn usual_scalar(
        &mut self,
        text: Text,
        style: Style,
        range: Range<usize>,
        is_as_printed: bool,
    ) -> NodeId {
        let origin = Origin::new(self.source, range.start, range.end);
        let id = self.tree.leaf(text, style, origin);
        if is_as_printed {
            self.tree.mark_as_printed(id);
        }
        id
    }

    /// The collection that begins on the line at `start`, or whatever is there.
    fn usual_collection(&mut self, start: usize) -> Result<NodeId, Error> {
        let Some(Next { indent, byte }) = Next::of(self.scan.from(start)) else {
            return self.block_value(false);
        };
        let column = indent.cast_signed();
        let rest = self.scan.from(start + indent);
        if column > self.scan.indent && usual_key(rest).is_some() {
            self.scan.go_to_line(start, indent);
            return self.usual_map();
        }
        if column >= self.scan.indent && byte == b'-' && rest.get(1) == Some(&b' ') {
            self.scan.go_to_line(start, indent);
            return self.block_seq(Props::default());
        }
        self.block_value(false)
    }

    /// The map whose first key, a usual one, is here.
    fn usual_map(&mut self) -> Result<NodeId, Error> {
        self.scan.key_ok = true;
        let start = self.start();
        self.block_map(Props::default(), &start, None)
    }
}

/// How a line with something on it begins.
struct Next {
    /// How many spaces it begins with.
    indent: usize,
    /// The first byte behind them.
    byte: u8,
}

impl Next {
    /// Nothing of a line that is empty, or begins with what a text does not.
    fn of(line: &[u8]) -> Option<Self> {
        let indent = spaces(line);
        let byte = *line.get(indent)?;
        (0x21..0x7F)
            .contains(&byte)
            .then_some(Self { indent, byte })
    }
}

/// The length of the word that is a key by what stands behind it.
fn usual_key(bytes: &[u8]) -> Option<usize> {
    let len = bytes.iter().position(|&b| !WORD[usize::from(b)])?;
    let is_key = matches!(bytes[len..], [b':', b' ' | b'\n', ..]);
    (is_key && len <= LONGEST_WORD && bytes[0].is_ascii_alphabetic()).then_some(len)
}
