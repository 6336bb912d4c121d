//! The smallest parts: blanks, comments, scalars, anchors and tags.
//!
//! What is accepted follows go-yaml v3 (`scannerc.go`), which kustomize reads resources with;
//! it differs from the YAML specification in many small ways.

use crate::chars::{break_len, is_blank, is_blank_or_end, is_word};
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

/// The line breaks between two lines of a scalar that spans several.
#[derive(Default)]
struct Breaks {
    /// The first break, and whether it is an ordinary one.
    first: Option<(Range<usize>, bool)>,
    /// How many come after it, and where.
    rest: Vec<Range<usize>>,
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

    fn from(&self, at: usize) -> &'a [u8] {
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

    /// Goes to the next token, over blanks, comments and line breaks.
    pub(crate) fn skip(&mut self) {
        loop {
            let tabs = self.flow > 0 || !self.key_ok;
            while self.byte() == b' ' || (tabs && self.byte() == b'\t') {
                self.pos += 1;
            }
            if self.byte() == b'#' {
                self.comments();
            }
            let len = break_len(self.from(self.pos));
            if len == 0 {
                return;
            }
            self.take_break(len);
            self.key_ok |= self.flow == 0;
        }
    }

    /// Goes over a comment and those that follow it, between which go-yaml lets tabs stand.
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

/// Plain scalars.
impl Scanner<'_> {
    /// A scalar without quotes.
    pub(crate) fn plain(&mut self) -> Result<Scalar, Error> {
        let start = self.pos;
        self.key_ok = false;
        let mut end = self.plain_line();
        if !self.plain_goes_on(start)? {
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
            if !self.plain_goes_on(start)? {
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
                Plain::Word => self.pos += 1,
                Plain::Flow if self.flow == 0 => self.pos += 1,
                Plain::Colon if !self.ends_after_one() => self.pos += 1,
                Plain::Wide if break_len(self.from(self.pos)) == 0 => self.pos += 1,
                Plain::Blank => {
                    end = end.max(self.trim(end));
                    self.pos += self.blanks_from(self.pos);
                    if self.byte() == b'#' {
                        return end;
                    }
                    continue;
                }
                _ => return end.max(self.trim(end)),
            }
        }
    }

    /// The end of the word before this place, which began after `from`.
    fn trim(&self, from: usize) -> usize {
        let blanks = self.bytes[from..self.pos]
            .iter()
            .rev()
            .take_while(|&&b| is_blank(b))
            .count();
        self.pos - blanks
    }

    /// After the words of a line: goes to the next line with words if the scalar goes on there.
    fn plain_goes_on(&mut self, start: usize) -> Result<bool, Error> {
        if break_len(self.from(self.pos)) == 0 {
            return Ok(false);
        }
        loop {
            let len = break_len(self.from(self.pos));
            if len > 0 {
                self.take_break(len);
            } else if self.byte() == b'\t' && self.column() <= self.indent {
                return Err(self.tab(start));
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

    fn tab(&self, _start: usize) -> Error {
        self.syntax("a tab cannot be part of the indentation")
            .with_hint("indent with spaces")
    }

    /// The breaks between `from` and here.
    fn breaks(&self, from: usize) -> Breaks {
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
    fn fold(&self, breaks: &Breaks, out: &mut String) {
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
    fn push_break(&self, range: &Range<usize>, out: &mut String) {
        if self.bytes[range.start] == 0xE2 {
            out.push_str(&self.text[range.clone()]);
        } else {
            out.push('\n');
        }
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

/// Quoted scalars.
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

/// Block scalars.
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
        }
        Ok(end)
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
                return Err(self.tab(self.pos));
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

/// Anchors, aliases and tags.
impl<'a> Scanner<'a> {
    /// The name behind `&` or `*`.
    pub(crate) fn anchor(&mut self) -> Result<&'a str, Error> {
        let start = self.pos;
        self.key_ok = false;
        self.pos += 1;
        let len = self
            .from(self.pos)
            .iter()
            .take_while(|&&b| is_word(b))
            .count();
        let name = &self.text[self.pos..self.pos + len];
        self.pos += len;
        let closed = is_blank_or_end(self.from(self.pos))
            || matches!(
                self.byte(),
                b'?' | b':' | b',' | b']' | b'}' | b'%' | b'@' | b'`'
            );
        if len == 0 || !closed {
            let sign = char::from(self.bytes[start]);
            let what = if sign == '&' { "anchor" } else { "alias" };
            let message = format!("the name of an {what} is made of letters, digits, `-` and `_`");
            return Err(self
                .fail(ErrorKind::Syntax, start..self.pos + 1, message)
                .with_hint(format!(
                    "quote the value if it is meant to start with `{sign}`"
                )));
        }
        Ok(name)
    }

    /// A line that starts with `%`; the handle and the prefix that a `%TAG` declares.
    pub(crate) fn directive(&mut self) -> Result<Option<(String, String)>, Error> {
        let start = self.pos;
        self.key_ok = false;
        self.skip_line();
        let line = &self.text[start..self.pos];
        let words = line.split(" #").next().unwrap_or(line);
        let words: Vec<&str> = words.split_whitespace().collect();
        match words[..] {
            ["%YAML", "1.1"] => Ok(None),
            ["%TAG", handle, prefix] if handle.starts_with('!') && handle.ends_with('!') => {
                Ok(Some((handle.to_owned(), prefix.to_owned())))
            }
            _ => Err(self.fail(
                ErrorKind::Syntax,
                start..self.pos,
                "only the directives `%YAML 1.1` and `%TAG` are known",
            )),
        }
    }

    /// A tag in its long form; nothing for `!`, which says no more than that there is none.
    pub(crate) fn tag(&mut self, handles: &[(String, String)]) -> Result<String, Error> {
        let start = self.pos;
        self.key_ok = false;
        let tag = if self.byte_at(start + 1) == b'<' {
            self.pos += 2;
            let tag = self.tag_uri(start, false)?;
            if self.byte() != b'>' {
                return Err(self.bad_tag(start));
            }
            self.pos += 1;
            tag
        } else {
            self.short_tag(start, handles)?
        };
        if !is_blank_or_end(self.from(self.pos)) {
            return Err(self.bad_tag(start));
        }
        Ok(tag)
    }

    fn short_tag(&mut self, start: usize, handles: &[(String, String)]) -> Result<String, Error> {
        let len = self
            .from(start + 1)
            .iter()
            .take_while(|&&b| is_word(b))
            .count();
        if self.byte_at(start + 1 + len) != b'!' {
            self.pos = start + 1;
            let rest = self.tag_uri(start, true)?;
            return Ok(format!("!{rest}"));
        }
        let handle = &self.text[start..start + len + 2];
        self.pos = start + len + 2;
        let suffix = self.tag_uri(start, false)?;
        let prefix = match handles.iter().find(|(name, _)| name == handle) {
            Some((_, prefix)) => prefix.as_str(),
            None if handle == "!!" => LONG_TAG,
            None => {
                let message = format!("the tag handle `{handle}` is not declared");
                return Err(self.fail(ErrorKind::Syntax, start..self.pos, message));
            }
        };
        Ok(format!("{prefix}{suffix}"))
    }

    fn tag_uri(&mut self, start: usize, may_be_empty: bool) -> Result<String, Error> {
        let mut uri = Vec::new();
        let from = self.pos;
        loop {
            match self.byte() {
                b'%' => {
                    let hex = self.text.get(self.pos + 1..self.pos + 3);
                    let octet = hex
                        .filter(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit()))
                        .and_then(|hex| u8::from_str_radix(hex, 16).ok());
                    let Some(octet) = octet else {
                        return Err(self.bad_tag(start));
                    };
                    uri.push(octet);
                    self.pos += 3;
                }
                byte if is_word(byte) || b";/?:@&=+$,.!~*'()[]".contains(&byte) => {
                    uri.push(byte);
                    self.pos += 1;
                }
                _ => break,
            }
        }
        if self.pos == from && !may_be_empty {
            return Err(self.bad_tag(start));
        }
        String::from_utf8(uri).map_err(|_| self.bad_tag(start))
    }

    fn bad_tag(&self, start: usize) -> Error {
        self.fail(ErrorKind::Syntax, start..self.pos + 1, "this is not a tag")
            .with_hint("quote the value if it is meant to start with `!`")
    }
}

/// What `!!` stands for.
pub(crate) const LONG_TAG: &str = "tag:yaml.org,2002:";
