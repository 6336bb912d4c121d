//! The smallest parts: blanks, comments, scalars, anchors and tags.
//!
//! What is accepted follows go-yaml v3 (`scannerc.go`), which kustomize reads resources with;
//! it differs from the YAML specification in many small ways.

mod block;
mod fold;
mod plain;
mod quoted;
mod tag;

use crate::chars::{break_len, is_blank, is_blank_or_end};
use crate::error::{Error, ErrorKind};
use crate::node::Style;
use std::ops::Range;
use windlass_fault::Location;

/// Where the text of a scalar is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Body {
    /// In the source as it stands.
    Here(Range<usize>),
    /// In [`Scanner::decoded`], after escapes and folding.
    Decoded,
}

/// A scalar that was just scanned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Scalar {
    pub(crate) body: Body,
    pub(crate) style: Style,
    /// The whole of it, with quotes or block header.
    pub(crate) range: Range<usize>,
}

/// A place in one document of a source, and what is allowed there.
pub(crate) struct Scanner<'a> {
    path: &'a str,
    /// The whole source.
    pub(crate) text: &'a str,
    /// The source up to the end of the document.
    bytes: &'a [u8],
    pub(crate) pos: usize,
    /// Where the current line starts.
    line: usize,
    /// How many flow collections are open.
    pub(crate) flow: usize,
    /// The column of the innermost block collection, -1 outside.
    pub(crate) indent: isize,
    /// Whether a block collection or an implicit key may start here.
    pub(crate) key_ok: bool,
    /// The text of the last scalar that is [`Body::Decoded`].
    pub(crate) decoded: String,
}

impl<'a> Scanner<'a> {
    /// At the start of the document `range` of a text.
    pub(crate) fn new(path: &'a str, text: &'a str, range: Range<usize>) -> Self {
        let bytes = &text.as_bytes()[..range.end];
        let bom = bytes[range.start..].starts_with("\u{FEFF}".as_bytes());
        let pos = range.start + if bom { 3 } else { 0 };
        Self {
            path,
            text,
            bytes,
            pos,
            line: pos,
            flow: 0,
            indent: -1,
            key_ok: true,
            decoded: String::new(),
        }
    }

    /// The byte here; 0 at the end.
    pub(crate) fn byte(&self) -> u8 {
        self.byte_at(self.pos)
    }

    fn byte_at(&self, at: usize) -> u8 {
        self.bytes.get(at).copied().unwrap_or(0)
    }

    pub(crate) fn from(&self, at: usize) -> &'a [u8] {
        self.bytes.get(at..).unwrap_or(&[])
    }

    /// Whether the byte after this one ends a word.
    pub(crate) fn ends_after_one(&self) -> bool {
        is_blank_or_end(self.from(self.pos + 1))
    }

    pub(crate) fn at_end(&self) -> bool {
        self.pos >= self.bytes.len()
    }

    pub(crate) fn column(&self) -> isize {
        (self.pos - self.line).cast_signed()
    }

    /// A name for the current line, to see whether two places share one.
    pub(crate) fn line(&self) -> usize {
        self.line
    }

    /// Whether `---` or `...` stands here as a mark of its own.
    pub(crate) fn at_mark(&self) -> bool {
        self.column() == 0
            && matches!(
                self.from(self.pos),
                [b'-', b'-', b'-', ..] | [b'.', b'.', b'.', ..]
            )
            && is_blank_or_end(self.from(self.pos + 3))
    }

    /// An error at a range of the text.
    pub(crate) fn fail(
        &self,
        kind: ErrorKind,
        range: Range<usize>,
        message: impl Into<String>,
    ) -> Error {
        let place = Location::in_text(self.path, self.text, range.start, range.end);
        Error::new(kind, message).at(place)
    }

    /// A syntax error at the character here.
    pub(crate) fn syntax(&self, message: impl Into<String>) -> Error {
        self.fail(ErrorKind::Syntax, self.pos..self.pos + 1, message)
    }

    fn take_break(&mut self, len: usize) {
        self.pos += len;
        self.line = self.pos;
    }

    /// Goes to the first word of a line, which begins at `line`.
    pub(crate) fn go_to_line(&mut self, line: usize, indent: usize) {
        self.line = line;
        self.pos = line + indent;
        self.key_ok = true;
    }

    /// Goes to the next token, over blanks, comments and line breaks.
    pub(crate) fn skip(&mut self) {
        if self.byte().is_ascii_alphanumeric() {
            return;
        }
        loop {
            let tabs = self.flow > 0 || !self.key_ok;
            self.spaces();
            while tabs && self.byte() == b'\t' {
                self.pos += 1;
                self.spaces();
            }
            if self.byte() == b'#' {
                match self.bytes[self.line..self.pos].iter().all(|&b| is_blank(b)) {
                    true => self.comments(),
                    false => self.skip_line(),
                }
            }
            let len = break_len(self.from(self.pos));
            if len == 0 {
                return;
            }
            self.take_break(len);
            self.key_ok |= self.flow == 0;
        }
    }

    fn spaces(&mut self) {
        self.pos += spaces(self.from(self.pos));
    }

    /// Goes over a comment on a line of its own and those that follow it, between which go-yaml
    /// lets tabs stand.
    fn comments(&mut self) {
        const REACH: usize = 512;
        loop {
            self.skip_line();
            let mut at = self.pos;
            let mut line = self.line;
            while at < self.pos + REACH {
                let len = break_len(self.from(at));
                if len > 0 {
                    at += len;
                    line = at;
                } else if is_blank(self.byte_at(at)) {
                    at += 1;
                } else {
                    break;
                }
            }
            if self.byte_at(at) != b'#' {
                return;
            }
            self.pos = at;
            self.line = line;
            self.key_ok |= self.flow == 0;
        }
    }

    fn skip_line(&mut self) {
        loop {
            while !MAY_BREAK[usize::from(self.byte())] {
                self.pos += 1;
            }
            if self.at_end() || break_len(self.from(self.pos)) > 0 {
                return;
            }
            self.pos += 1;
        }
    }

    /// Goes over a comment behind `?` or `:`, where a tab may stand before the `#` alone.
    pub(crate) fn comment_after_indicator(&mut self) {
        let blanks = self.blanks_from(self.pos);
        if self.byte_at(self.pos + blanks) == b'#' {
            self.skip_line();
        }
    }

    fn blanks_from(&self, at: usize) -> usize {
        self.from(at).iter().take_while(|&&b| is_blank(b)).count()
    }

    /// Whether an implicit key that began at `start` on line `line` may end with the `:` here.
    pub(crate) fn ends_key(&self, start: usize, line: usize) -> bool {
        const LIMIT: usize = 1024;
        self.line == line
            && (self.pos - start <= LIMIT || self.text[start..self.pos].chars().count() <= LIMIT)
    }
}

/// How many spaces there are at the start, counted eight at a time: half of a deeply nested file is
/// indentation.
pub(crate) fn spaces(bytes: &[u8]) -> usize {
    const ALL: u64 = u64::from_le_bytes([b' '; 8]);
    let mut len = 0;
    while let Some(eight) = bytes[len..].first_chunk() {
        let others = u64::from_le_bytes(*eight) ^ ALL;
        if others != 0 {
            return len + others.trailing_zeros() as usize / 8;
        }
        len += 8;
    }
    len + bytes[len..].iter().take_while(|&&b| b == b' ').count()
}

/// Bytes that line breaks start with, and the end.
static MAY_BREAK: [bool; 256] = {
    let mut table = [false; 256];
    table[0] = true;
    table[b'\n' as usize] = true;
    table[b'\r' as usize] = true;
    table[0xC2] = true;
    table[0xE2] = true;
    table
};

/// What `!!` stands for.
pub(crate) const LONG_TAG: &str = "tag:yaml.org,2002:";
