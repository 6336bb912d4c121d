//! Scalars in quotes.

use super::{Body, Scalar, Scanner};
use crate::chars::{break_len, is_blank};
use crate::error::{Error, ErrorKind};
use crate::node::Style;

impl Scanner<'_> {
    /// A scalar in single or double quotes.
    pub(crate) fn quoted(&mut self) -> Result<Scalar, Error> {
        let start = self.pos;
        let quote = self.byte();
        self.key_ok = false;
        self.pos += 1;
        let style = if quote == b'"' {
            Style::Double
        } else {
            Style::Single
        };
        while QUOTED[usize::from(self.byte())] && !self.at_end() {
            self.pos += 1;
        }
        let simple =
            self.byte() == quote && !(quote == b'\'' && self.byte_at(self.pos + 1) == quote);
        let body = if simple {
            Body::Here(start + 1..self.pos)
        } else {
            self.quoted_rest(start, quote)?;
            Body::Decoded
        };
        self.pos += 1;
        Ok(Scalar {
            body,
            style,
            range: start..self.pos,
        })
    }

    /// The rest of a quoted scalar that does not stand in the source as it is.
    fn quoted_rest(&mut self, start: usize, quote: u8) -> Result<(), Error> {
        let mut out = std::mem::take(&mut self.decoded);
        out.clear();
        // Blanks go if a line break follows.
        self.pos = self.trim(start + 1);
        out.push_str(&self.text[start + 1..self.pos]);
        loop {
            if self.at_end() || self.at_mark() {
                let message = format!("the text in quotes has no closing `{}`", char::from(quote));
                return Err(self.fail(ErrorKind::Syntax, start..start + 1, message));
            }
            let byte = self.byte();
            if byte == quote && quote == b'\'' && self.byte_at(self.pos + 1) == quote {
                out.push('\'');
                self.pos += 2;
            } else if byte == quote {
                break;
            } else if byte == b'\\' && quote == b'"' {
                self.escape(&mut out)?;
            } else if is_blank(byte) || break_len(self.from(self.pos)) > 0 {
                self.quoted_blanks(&mut out, false);
            } else {
                let from = self.pos;
                self.pos += 1;
                while !self.text.is_char_boundary(self.pos) {
                    self.pos += 1;
                }
                out.push_str(&self.text[from..self.pos]);
            }
        }
        self.decoded = out;
        Ok(())
    }

    /// Blanks inside a line stay; around line breaks they go, and the breaks fold.
    fn quoted_blanks(&mut self, out: &mut String, escaped_break: bool) {
        let from = self.pos;
        let mut folds = escaped_break;
        loop {
            let len = break_len(self.from(self.pos));
            if len > 0 {
                self.take_break(len);
                folds = true;
            } else if is_blank(self.byte()) {
                self.pos += 1;
            } else {
                break;
            }
        }
        if !folds {
            out.push_str(&self.text[from..self.pos]);
            return;
        }
        let breaks = self.breaks(from);
        if escaped_break {
            let first = breaks.first.iter().map(|(range, _)| range);
            for range in first.chain(&breaks.rest) {
                self.push_break(range, out);
            }
        } else {
            self.fold(&breaks, out);
        }
    }

    /// A backslash and what it stands for.
    fn escape(&mut self, out: &mut String) -> Result<(), Error> {
        let break_len = break_len(self.from(self.pos + 1));
        if break_len > 0 {
            self.pos += 1;
            self.take_break(break_len);
            self.quoted_blanks(out, true);
            return Ok(());
        }
        let at = self.pos;
        let digits = match self.byte_at(at + 1) {
            b'x' => 2,
            b'u' => 4,
            b'U' => 8,
            letter => {
                let Some(c) = simple_escape(letter) else {
                    return Err(self.bad_escape(at, 2));
                };
                out.push(c);
                self.pos += 2;
                return Ok(());
            }
        };
        let code = self
            .bytes
            .get(at + 2..at + 2 + digits)
            .filter(|hex| hex.iter().all(u8::is_ascii_hexdigit))
            .and_then(|hex| std::str::from_utf8(hex).ok())
            .and_then(|hex| u32::from_str_radix(hex, 16).ok())
            .and_then(char::from_u32);
        let Some(c) = code else {
            return Err(self.bad_escape(at, 2 + digits));
        };
        out.push(c);
        self.pos += 2 + digits;
        Ok(())
    }

    fn bad_escape(&self, at: usize, len: usize) -> Error {
        self.fail(
            ErrorKind::Syntax,
            at..at + len,
            "unknown escape in a text in double quotes",
        )
        .with_hint("write `\\\\` for a backslash, or use single quotes")
    }
}

/// The characters with one letter; `\/` is none of them in go-yaml.
fn simple_escape(letter: u8) -> Option<char> {
    Some(match letter {
        b'0' => '\0',
        b'a' => '\x07',
        b'b' => '\x08',
        b't' | b'\t' => '\t',
        b'n' => '\n',
        b'v' => '\x0B',
        b'f' => '\x0C',
        b'r' => '\r',
        b'e' => '\x1B',
        b' ' => ' ',
        b'"' => '"',
        b'\'' => '\'',
        b'\\' => '\\',
        b'N' => '\u{85}',
        b'_' => '\u{A0}',
        b'L' => '\u{2028}',
        b'P' => '\u{2029}',
        _ => return None,
    })
}

/// Bytes that stand for themselves in quotes of both kinds, except the lead bytes of breaks.
static QUOTED: [bool; 256] = quoted_table();

const fn quoted_table() -> [bool; 256] {
    let mut table = [true; 256];
    let special = [0, b'\n', b'\r', b'\'', b'"', b'\\', 0xC2, 0xE2];
    let mut i = 0;
    while i < special.len() {
        table[special[i] as usize] = false;
        i += 1;
    }
    table
}
