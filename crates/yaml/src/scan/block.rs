//! Scalars that start with `|` or `>`.

use super::{Body, Scalar, Scanner};
use crate::chars::{break_len, is_blank};
use crate::error::Error;
use crate::node::Style;
use std::ops::Range;

impl Scanner<'_> {
    /// A scalar that starts with `|` or `>`.
    pub(crate) fn block(&mut self) -> Result<Scalar, Error> {
        let start = self.pos;
        let literal = self.byte() == b'|';
        self.pos += 1;
        let (chomp, digit) = self.block_header()?;
        self.key_ok = true;
        let mut indent = match digit {
            0 => 0,
            digit => self.indent.max(0) + digit,
        };
        let mut out = std::mem::take(&mut self.decoded);
        out.clear();
        let end = self.block_lines(literal, chomp, &mut indent, &mut out)?;
        self.decoded = out;
        Ok(Scalar {
            body: Body::Decoded,
            style: if literal {
                Style::Literal
            } else {
                Style::Folded
            },
            range: start..end,
        })
    }

    /// The chomping sign and the indentation digit behind `|` or `>`, in either order.
    fn block_header(&mut self) -> Result<(u8, isize), Error> {
        let mut chomp = 0;
        let mut digit = 0;
        for _ in 0..2 {
            match self.byte() {
                sign @ (b'+' | b'-') if chomp == 0 => chomp = sign,
                b'0' if digit == 0 => {
                    return Err(self.syntax("the indentation of a block text cannot be 0"));
                }
                number @ b'1'..=b'9' if digit == 0 => digit = isize::from(number - b'0'),
                _ => break,
            }
            self.pos += 1;
        }
        self.pos += self.blanks_from(self.pos);
        if self.byte() == b'#' {
            self.skip_line();
        }
        let len = break_len(self.from(self.pos));
        if len == 0 && !self.at_end() {
            return Err(self
                .syntax("a block text starts on the line after its `|` or `>`")
                .with_hint("quote the value if it is meant to start with `|` or `>`"));
        }
        self.take_break(len);
        Ok((chomp, digit))
    }

    /// The lines of a block scalar; returns where its text ends.
    fn block_lines(
        &mut self,
        literal: bool,
        chomp: u8,
        indent: &mut isize,
        out: &mut String,
    ) -> Result<usize, Error> {
        let mut end = self.pos;
        let mut leading: Option<Range<usize>> = None;
        let mut leading_blank = false;
        let mut trailing = self.block_breaks(indent)?;
        while self.column() == *indent && !self.at_end() {
            let blank = is_blank(self.byte());
            if let Some(first) = &leading {
                let folds = !literal && !leading_blank && !blank && self.bytes[first.start] != 0xE2;
                match (folds, trailing.is_empty()) {
                    (true, true) => out.push(' '),
                    (true, false) => {}
                    (false, _) => self.push_break(first, out),
                }
            }
            for range in &trailing {
                self.push_break(range, out);
            }
            leading_blank = blank;
            let from = self.pos;
            self.skip_line();
            out.push_str(&self.text[from..self.pos]);
            let at = self.pos;
            let len = break_len(self.from(at));
            self.take_break(len);
            end = self.pos;
            leading = (len > 0).then_some(at..at + len);
            trailing = self.block_breaks(indent)?;
        }
        if let Some(first) = leading.filter(|_| chomp != b'-') {
            self.push_break(&first, out);
        }
        if chomp == b'+' {
            for range in &trailing {
                self.push_break(range, out);
                end = range.end;
            }
            if !trailing.is_empty() && self.only_comments_follow() {
                out.push('\n');
            }
        }
        Ok(end)
    }

    /// Whether the document ends here but for comments. kustomize prints them with an empty line
    /// before them, which a block that keeps its empty lines then takes for its own.
    fn only_comments_follow(&self) -> bool {
        let rest = &self.text[self.pos..self.bytes.len()];
        let mut lines = rest.lines().filter(|line| !line.trim().is_empty());
        let first = lines.next();
        first.is_some_and(|line| line.starts_with('#'))
            && lines.all(|line| line.trim_start().starts_with('#'))
    }

    /// Goes over the indentation and the empty lines; finds the indentation where it is 0.
    fn block_breaks(&mut self, indent: &mut isize) -> Result<Vec<Range<usize>>, Error> {
        let mut breaks = Vec::new();
        let mut widest = 0;
        loop {
            while (*indent == 0 || self.column() < *indent) && self.byte() == b' ' {
                self.pos += 1;
            }
            widest = widest.max(self.column());
            if (*indent == 0 || self.column() < *indent) && self.byte() == b'\t' {
                return Err(self.tab());
            }
            let len = break_len(self.from(self.pos));
            if len == 0 {
                break;
            }
            breaks.push(self.pos..self.pos + len);
            self.take_break(len);
        }
        if *indent == 0 {
            *indent = widest.max(self.indent + 1).max(1);
        }
        Ok(breaks)
    }
}
