//! Which nodes stand in the source byte for byte as they are printed.
//!
//! Files that a program wrote, such as the definitions of custom resources, are so from end to
//! end, and what nobody changes of them can be copied. Here is the other side of `emit.rs` and
//! `print.rs`, for the forms that are usual; of any other a node is taken to stand differently.
//! A property test and fuzzing hold both to each other.

use super::{Key, Parser};
use crate::chars::column;
use crate::emit::LONGEST_WORD;
use crate::node::{Kind, NodeId, Style, Tree, without_break};
use crate::order;
use crate::print::{Printer, WIDTH};
use crate::resolve::{is_ambiguous_11, is_string, is_word};
use crate::scan::{Body, Scalar};
use std::ops::Range;

/// Whether the parts of a block collection that were seen stand as they are printed.
pub(super) struct AsPrinted {
    holds: bool,
    /// The column of the collection.
    column: usize,
    /// Where the next part must begin.
    next: usize,
    /// Where the key of the last entry stands.
    key: Range<usize>,
}

impl AsPrinted {
    /// Of a collection that begins at `start`, unless it cannot hold anyway.
    pub(super) fn new(start: usize, column: isize, may_hold: bool) -> Self {
        Self {
            holds: may_hold,
            column: column.max(0).cast_unsigned(),
            next: start,
            key: 0..0,
        }
    }

    /// Notes on the collection what was seen.
    pub(super) fn mark(&self, tree: &mut Tree, id: NodeId) {
        if self.holds {
            tree.mark_as_printed(id);
        }
    }
}

impl Parser<'_> {
    /// Looks at an entry of a block map.
    pub(super) fn see_entry(&self, printed: &mut AsPrinted, key: &Key, value: NodeId) {
        printed.holds = printed.holds
            && key.range.start == printed.next
            && self.is_key_as_printed(key, &printed.key)
            && self.is_value_as_printed(value, key.range.end + 1, printed.column);
        if printed.holds {
            printed.key = key.range.clone();
            self.next(printed, value);
        }
    }

    /// Looks at an item of a block list whose dash stands at `dash`.
    pub(super) fn see_item(&self, printed: &mut AsPrinted, dash: usize, item: NodeId) {
        printed.holds = printed.holds
            && dash == printed.next
            && self.tree.is_as_printed(item)
            && self.scan.text.as_bytes()[dash + 1] == b' '
            && self.tree.origin(item).range().start == dash + 2;
        if printed.holds {
            self.next(printed, item);
        }
    }

    /// Says where the part behind `last` must begin: on the next line. That nothing but spaces is
    /// before it there its column tells, which is that of the collection.
    fn next(&self, printed: &mut AsPrinted, last: NodeId) {
        let text = self.scan.text;
        let end = without_break(text, self.tree.origin(last).range()).end;
        let breaks = text.as_bytes().get(end) == Some(&b'\n');
        printed.next = if breaks { end + 1 + printed.column } else { 0 };
    }

    fn is_key_as_printed(&self, key: &Key, before: &Range<usize>) -> bool {
        let (text, range) = (self.scan.text, &key.range);
        let [before, word] = [before, range].map(|range| &text[range.clone()]);
        !key.quoted
            && key.tag.is_none()
            && range.len() <= LONGEST_WORD
            && text.as_bytes().get(range.end) == Some(&b':')
            && is_word(word)
            && (before.is_empty() || order::is_before(before, word))
    }

    /// Whether a value stands as it is printed behind the `:` that ends at `after`.
    fn is_value_as_printed(&self, value: NodeId, after: usize, column: usize) -> bool {
        if !self.tree.is_as_printed(value) {
            return false;
        }
        let start = self.tree.origin(value).range().start;
        let behind = &self.scan.text.as_bytes()[after..];
        match self.tree.kind(value) {
            _ if self.tree.is_empty(value) => start == after + 1 && behind[0] == b' ',
            Kind::Seq => start == after + 1 + column && behind[0] == b'\n',
            // With a line between, the map could only stand less deep, and so behind an empty one.
            _ => start == after + 3 + column && behind.starts_with(b"\n "),
        }
    }

    /// Whether a scalar in a block collection, without anchor and tag, stands as it is printed.
    pub(super) fn is_as_printed(&self, scalar: &Scalar) -> bool {
        let text = &self.scan.text[scalar.range.clone()];
        match (scalar.style, &scalar.body) {
            (Style::Plain, Body::Here(_)) => {
                self.is_line_as_printed(text, || column(self.scan.text, scalar.range.start))
            }
            (Style::Plain, Body::Decoded) => self.is_fold_as_printed(&scalar.range),
            (Style::Literal, _) => self.is_block_as_printed(text),
            (Style::Double, Body::Here(_)) => {
                let inner = &text[1..text.len() - 1];
                is_printable(inner.as_bytes()) && is_ambiguous_11(inner) && !inner.contains(' ')
            }
            (Style::Single, Body::Here(_)) => {
                let inner = &text[1..text.len() - 1];
                is_printable(inner.as_bytes())
                    && !is_ambiguous_11(inner)
                    && !Printer::fits_plain(inner)
                    && Printer::fits_single(inner)
                    && column(self.scan.text, scalar.range.start) + text.len() <= WIDTH
            }
            _ => false,
        }
    }

    /// Whether a text without quotes, read from one line, is printed as it is at a column.
    pub(super) fn is_line_as_printed(&self, text: &str, column: impl FnOnce() -> usize) -> bool {
        if is_word(text) || matches!(text, "true" | "false") || is_small_number(text) {
            return true;
        }
        let is_text = || is_sentence(text) || is_plain_string(text);
        let stays_on_line = || {
            let room = WIDTH.saturating_sub(column());
            text.len() <= room || !text[room..].contains(' ')
        };
        is_printable(text.as_bytes()) && is_text() && stays_on_line()
    }

    /// Whether a text without quotes is broken where it is when it is printed.
    pub(super) fn is_fold_as_printed(&self, range: &Range<usize>) -> bool {
        let text = &self.scan.text[range.clone()];
        let mut column = column(self.scan.text, range.start);
        if !is_sentence(text) || !self.scan.text[range.start - column..range.start].is_ascii() {
            return false;
        }
        let Ok(indent) = usize::try_from(self.scan.indent + 2) else {
            return false;
        };
        let mut lines = text.split('\n');
        let mut words = lines.next().unwrap_or_default();
        loop {
            let last_space = memchr::memrchr(b' ', words.as_bytes());
            if !is_printable(words.as_bytes()) || last_space.is_some_and(|at| column + at > WIDTH) {
                return false;
            }
            let Some(line) = lines.next() else {
                return true;
            };
            if column + words.len() <= WIDTH || words.ends_with(' ') {
                return false;
            }
            let Some(next) = indented(line, indent) else {
                return false;
            };
            (words, column) = (next, indent);
        }
    }

    /// Whether a text behind `|` stands as it is printed.
    pub(super) fn is_block_as_printed(&self, text: &str) -> bool {
        let Ok(indent) = usize::try_from(self.scan.indent + 2) else {
            return false;
        };
        let Some((header, lines)) = text.split_once('\n') else {
            return false;
        };
        let bytes = lines.as_bytes();
        let first_break = memchr::memchr(b'\n', bytes);
        let has_lines = first_break.is_some_and(|at| at + 1 < bytes.len());
        let ends_as_said = match header {
            "|" => true,
            "|-" => has_lines,
            _ => false,
        };
        ends_as_said
            && self.scan.indent >= 0
            && bytes.ends_with(b"\n")
            && indented(lines, indent).is_some_and(|text| !text.starts_with('\n'))
            && bytes
                .iter()
                .fold(true, |fine, &b| fine & (is_shown(b) | (b == b'\n')))
            && memchr::memmem::find(bytes, b" \n").is_none()
    }
}

/// What stands behind so many spaces; nothing where there are fewer, or more.
fn indented(line: &str, indent: usize) -> Option<&str> {
    let (spaces, words) = line.split_at_checked(indent)?;
    let is_there = spaces.bytes().all(|b| b == b' ') && !words.is_empty();
    (is_there && !words.starts_with(' ')).then_some(words)
}

fn is_shown(byte: u8) -> bool {
    (0x20..0x7F).contains(&byte)
}

/// Whether a text holds nothing but what ASCII can show.
pub(super) fn is_printable(text: &[u8]) -> bool {
    text.iter().fold(true, |fine, &b| fine & is_shown(b))
}

/// An integer that every reader takes for the same one, and prints as it is.
fn is_small_number(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() <= 15
        && bytes.iter().all(u8::is_ascii_digit)
        && (bytes.len() == 1 || bytes.first().is_some_and(|&b| b != b'0'))
}

/// Whether a text that was read without quotes is several words, of which the first begins with a
/// letter: nothing such means something else than a string.
fn is_sentence(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic()) && text.contains([' ', '\n'])
}

/// Whether a text is printed without quotes, and is a string without them.
fn is_plain_string(text: &str) -> bool {
    Printer::fits_plain(text) && !is_ambiguous_11(text) && is_string(text)
}
