//! Line breaks inside of scalars, and how they fold.

use super::Scanner;
use crate::chars::{break_len, is_blank};
use crate::error::Error;
use std::ops::Range;

/// The line breaks between two lines of a scalar that spans several.
#[derive(Default)]
pub(super) struct Breaks {
    /// The first break, and whether it is an ordinary one.
    pub(super) first: Option<(Range<usize>, bool)>,
    /// How many come after it, and where.
    pub(super) rest: Vec<Range<usize>>,
}

impl Scanner<'_> {
    /// The breaks between `from` and here.
    pub(super) fn breaks(&self, from: usize) -> Breaks {
        let mut breaks = Breaks::default();
        let mut at = from;
        while at < self.pos {
            let len = break_len(self.from(at));
            if len == 0 {
                at += 1;
                continue;
            }
            let range = at..at + len;
            match breaks.first {
                None => breaks.first = Some((range, self.bytes[at] != 0xE2)),
                Some(_) => breaks.rest.push(range),
            }
            at += len;
        }
        breaks
    }

    /// Joins two lines: one break is a space, each further one a line break.
    pub(super) fn fold(&self, breaks: &Breaks, out: &mut String) {
        match &breaks.first {
            Some((_, true)) if breaks.rest.is_empty() => out.push(' '),
            Some((range, false)) => self.push_break(range, out),
            _ => {}
        }
        for range in &breaks.rest {
            self.push_break(range, out);
        }
    }

    /// A break as it counts in a value: LS and PS as they are, all others as a line feed.
    pub(super) fn push_break(&self, range: &Range<usize>, out: &mut String) {
        if self.bytes[range.start] == 0xE2 {
            out.push_str(&self.text[range.clone()]);
        } else {
            out.push('\n');
        }
    }

    /// The end of the word before this place, which began after `from`.
    pub(super) fn trim(&self, from: usize) -> usize {
        let blanks = self.bytes[from..self.pos]
            .iter()
            .rev()
            .take_while(|&&b| is_blank(b))
            .count();
        self.pos - blanks
    }

    /// The error that a tab stands where the indentation is.
    pub(crate) fn tab(&self) -> Error {
        self.syntax("a tab cannot be part of the indentation")
            .with_hint("indent with spaces")
    }
}
