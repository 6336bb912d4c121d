//! What is said of a text that is not YAML.

use super::Parser;
use super::block::Start;
use crate::chars::{break_len, is_blank_or_end};
use crate::error::{Error, ErrorKind};
use std::ops::Range;

impl Parser<'_> {
    pub(super) fn complex_key(&self, range: Range<usize>) -> Error {
        let message = "a key is a text, not a map or a list";
        self.scan
            .fail(ErrorKind::ComplexKey, range, message)
            .with_hint("quote the key if it is meant to start with `{` or `[`")
    }

    pub(super) fn alias_with_props(&self, range: Range<usize>) -> Error {
        let message = "an alias has neither anchor nor tag of its own";
        self.scan.fail(ErrorKind::Syntax, range, message)
    }

    pub(super) fn no_colon(&self, start: &Start) -> Error {
        let from = &self.scan.text[start.pos..];
        let line = (0..from.len())
            .find(|&at| break_len(&from.as_bytes()[at..]) > 0)
            .unwrap_or(from.len());
        let words = from[..line].trim_end();
        self.scan
            .fail(
                ErrorKind::Syntax,
                start.pos..start.pos + words.len(),
                "this line of a map has no `: ` behind its key",
            )
            .with_hint("write `key: value`, or indent the line if it continues the one above")
    }

    pub(super) fn misplaced_colon(&self, start: &Start) -> Error {
        let key = start.pos..self.scan.pos + 1;
        self.scan
            .fail(
                ErrorKind::Syntax,
                key,
                "a second `: ` on one line: a key cannot stand here",
            )
            .with_hint(
                "quote the value if the `: ` belongs to it, or put the key on a line of its own",
            )
    }

    pub(super) fn misplaced_dash(&self) -> Error {
        self.scan
            .syntax("a list item cannot start here")
            .with_hint("put the `- ` on a line of its own, below the key and not left of it")
    }

    pub(super) fn misplaced_question(&self) -> Error {
        self.scan
            .syntax("`? ` cannot stand behind something else on a line")
    }

    /// What does not fit a collection at `column`, the `parts` of which are above.
    pub(super) fn stray(&self, column: isize, parts: &str) -> Error {
        let here = self.scan.column();
        if self.scan.byte() == b':' && self.scan.ends_after_one() {
            return self
                .scan
                .syntax("a `: ` cannot stand here: its line goes on with the value above")
                .with_hint("check the indentation of this line and of the one above");
        }
        if !self.scan.key_ok {
            return self.behind_value();
        }
        if here == column {
            return self.scan.syntax("the next item of a list starts with `- `");
        }
        let message = format!("this line is indented by {here}, {parts} above it by {column}");
        self.scan
            .syntax(message)
            .with_hint("check the indentation of this line and of those above")
    }

    pub(super) fn behind_value(&self) -> Error {
        self.scan
            .syntax("something stands behind the end of the value")
            .with_hint("put the whole value in quotes; a quote in single quotes is written twice")
    }

    pub(super) fn no_content(&self) -> Error {
        match self.scan.byte() {
            b'\t' => self.scan.tab(),
            _ if self.scan.at_end() => self.scan.syntax("the file ends where a value is expected"),
            byte @ (b'%' | b'@' | b'`') => self
                .scan
                .syntax(format!("a value cannot start with `{}`", char::from(byte)))
                .with_hint("put the value in quotes"),
            b':' if self.scan.flow == 0 => self.scan.syntax("a key is missing before the `:`"),
            b'-' | b'?' | b':'
                if is_blank_or_end(&self.scan.text.as_bytes()[self.scan.pos + 1..]) =>
            {
                self.scan
                    .syntax("a block collection cannot stand inside `[]` or `{}`")
            }
            _ => self.scan.syntax("a value is expected here"),
        }
    }
}
