//! Entries of block maps as nearly all are written: a word, `:`, and then words on the same line
//! or a collection on the next.
//!
//! What this reads the rest of the parser would read to the same nodes, at several times the cost:
//! it has to ask at each step what else could stand there. Here anything unusual is left to it. A
//! property test and fuzzing hold both to each other.

use super::block::Start;
use super::{Key, Parser, Props};
use crate::chars::is_blank_or_end;
use crate::emit::LONGEST_WORD;
use crate::error::Error;
use crate::node::{NodeId, Style};
use crate::resolve::WORD;
use crate::scan::spaces;
use crate::source::Origin;

impl Parser<'_> {
    /// The key here, if it is a usual one; goes to its `:`.
    pub(super) fn usual_key(&mut self) -> Option<Key> {
        let start = self.scan.pos;
        let may_start = self.scan.key_ok && self.scan.column() == self.scan.indent;
        if !may_start || self.tree.is_careful() {
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
        match self.scan.from(start - 1) {
            [b' ', ..] => match self.usual_words(start) {
                Some(value) => Ok(value),
                None => self.block_value(false),
            },
            _ => self.usual_collection(start),
        }
    }

    /// Words to the end of the line, if the scalar ends there.
    fn usual_words(&mut self, start: usize) -> Option<NodeId> {
        let line = self.scan.from(start);
        if !line.first()?.is_ascii_alphanumeric() {
            return None;
        }
        let mut len = 0;
        loop {
            len += line[len..].iter().position(|&b| !INNER[usize::from(b)])?;
            match line[len] {
                b'\n' => break,
                b':' if !is_blank_or_end(&line[len + 1..]) => len += 1,
                b'#' if line[len - 1] != b' ' => len += 1,
                _ => return None,
            }
        }
        let (indent, next) = indentation(&line[len + 1..])?;
        if line[len - 1] == b' ' || indent.cast_signed() > self.scan.indent || next == b'#' {
            return None;
        }
        let end = start + len;
        let text = self.tree.text_in(self.source, start..end);
        let origin = Origin::new(self.source, start, end);
        let id = self.tree.leaf(text, Style::Plain, origin);
        let column = self.scan.column().cast_unsigned() + 2;
        if self.is_line_as_printed(&self.scan.text[start..end], || column) {
            self.tree.mark_as_printed(id);
        }
        self.scan.go_to_line(end + 1, indent);
        Some(id)
    }

    /// The collection that begins on the line at `start`, or whatever is there.
    fn usual_collection(&mut self, start: usize) -> Result<NodeId, Error> {
        let Some((indent, first)) = indentation(self.scan.from(start)) else {
            return self.block_value(false);
        };
        let column = indent.cast_signed();
        let rest = self.scan.from(start + indent);
        if column > self.scan.indent && usual_key(rest).is_some() {
            self.scan.go_to_line(start, indent);
            let start = Start {
                pos: start + indent,
                line: start,
                key_ok: true,
                column,
            };
            return self.block_map(Props::default(), &start, None);
        }
        if column >= self.scan.indent && first == b'-' && rest.get(1) == Some(&b' ') {
            self.scan.go_to_line(start, indent);
            return self.block_seq(Props::default());
        }
        self.block_value(false)
    }
}

/// The length of the word that is a key by what stands behind it.
fn usual_key(bytes: &[u8]) -> Option<usize> {
    let len = bytes.iter().position(|&b| !WORD[usize::from(b)])?;
    let is_key = matches!(bytes[len..], [b':', b' ' | b'\n', ..]);
    (is_key && len <= LONGEST_WORD && bytes[0].is_ascii_alphabetic()).then_some(len)
}

/// How many spaces a line begins with, and the first byte behind them, if it is one of a text.
fn indentation(line: &[u8]) -> Option<(usize, u8)> {
    let indent = spaces(line);
    (0x21..0x7F)
        .contains(line.get(indent)?)
        .then_some((indent, line[indent]))
}

/// Bytes of a scalar without quotes that mean nothing, whatever is around them.
static INNER: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = b' ';
    while byte < 0x7F {
        table[byte as usize] = !matches!(byte, b':' | b'#');
        byte += 1;
    }
    table
};
