//! Scalars without quotes.

use super::{Body, Scalar, Scanner};
use crate::chars::{break_len, is_blank};
use crate::error::Error;
use crate::node::Style;
use std::ops::Range;

impl Scanner<'_> {
    /// A scalar without quotes.
    pub(crate) fn plain(&mut self) -> Result<Scalar, Error> {
        let start = self.pos;
        self.key_ok = false;
        let mut end = self.plain_line();
        if !self.plain_goes_on()? {
            return Ok(plain(Body::Here(start..end), start..end));
        }
        let mut decoded = std::mem::take(&mut self.decoded);
        decoded.clear();
        decoded.push_str(&self.text[start..end]);
        loop {
            let breaks = self.breaks(end);
            self.fold(&breaks, &mut decoded);
            let from = self.pos;
            end = self.plain_line();
            decoded.push_str(&self.text[from..end]);
            self.key_ok = false;
            if !self.plain_goes_on()? {
                break;
            }
        }
        self.decoded = decoded;
        Ok(plain(Body::Decoded, start..end))
    }

    /// Goes to the end of the words on this line and returns where the last one ends.
    fn plain_line(&mut self) -> usize {
        let mut end = self.pos;
        loop {
            let byte = self.byte();
            match PLAIN[usize::from(byte)] {
                Plain::Word => {
                    let is_word = |&&b: &&u8| PLAIN[usize::from(b)] == Plain::Word;
                    self.pos += self.from(self.pos).iter().take_while(is_word).count();
                }
                Plain::Flow if self.flow == 0 => self.pos += 1,
                Plain::Colon if !self.ends_after_one() => self.pos += 1,
                Plain::Wide if break_len(self.from(self.pos)) == 0 => self.pos += 1,
                Plain::Blank => {
                    end = end.max(self.trim(end));
                    self.pos += self.blanks_from(self.pos);
                    if self.byte() == b'#' {
                        return end;
                    }
                }
                _ => return end.max(self.trim(end)),
            }
        }
    }

    /// After the words of a line: goes to the next line with words if the scalar goes on there.
    fn plain_goes_on(&mut self) -> Result<bool, Error> {
        if break_len(self.from(self.pos)) == 0 {
            return Ok(false);
        }
        loop {
            let len = break_len(self.from(self.pos));
            if len > 0 {
                self.take_break(len);
                self.spaces();
            } else if self.byte() == b'\t' && self.column() <= self.indent {
                return Err(self.tab());
            } else if is_blank(self.byte()) {
                self.pos += 1;
            } else {
                break;
            }
        }
        let outside = self.flow == 0 && self.column() <= self.indent;
        let stops = outside
            || self.at_end()
            || self.at_mark()
            || self.byte() == b'#'
            || (self.byte() == b':' && self.ends_after_one())
            || (self.flow > 0 && matches!(PLAIN[usize::from(self.byte())], Plain::Flow));
        self.key_ok = stops;
        Ok(!stops)
    }
}

fn plain(body: Body, range: Range<usize>) -> Scalar {
    Scalar {
        body,
        style: Style::Plain,
        range,
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Plain {
    /// Part of a word.
    Word,
    Blank,
    Break,
    Colon,
    /// An indicator in flow collections.
    Flow,
    /// May start a break of several bytes.
    Wide,
}

static PLAIN: [Plain; 256] = plain_table();

const fn plain_table() -> [Plain; 256] {
    let mut table = [Plain::Word; 256];
    table[0] = Plain::Break;
    table[b'\n' as usize] = Plain::Break;
    table[b'\r' as usize] = Plain::Break;
    table[b' ' as usize] = Plain::Blank;
    table[b'\t' as usize] = Plain::Blank;
    table[b':' as usize] = Plain::Colon;
    table[0xC2] = Plain::Wide;
    table[0xE2] = Plain::Wide;
    let flow = b",?[]{}";
    let mut i = 0;
    while i < flow.len() {
        table[flow[i] as usize] = Plain::Flow;
        i += 1;
    }
    table
}
