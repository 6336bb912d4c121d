//! One string as go-yaml v2 prints it: the choice of quotes, escapes, and folding at column 80.

use crate::chars::{INNER, break_len};
use crate::node::Copied;
use crate::printed::{Printed, Shared};
use crate::resolve::is_ambiguous_11;

/// The column after which a line is broken at the next single space.
pub(crate) const WIDTH: usize = 80;

/// Printed with the place of its last line.
pub(crate) struct Printer<'a> {
    pub(crate) out: &'a mut Vec<u8>,
    /// Where long copied texts are noted instead.
    shared: Option<&'a mut Vec<Shared>>,
    /// Where the current line starts.
    line: usize,
    /// Whether nothing but indentation may be before this place on its line.
    pub(crate) fresh: bool,
}

/// Whether a text can stand without quotes as far as its characters go; what it then means is
/// another matter.
#[must_use]
pub fn fits_plain(text: &str) -> bool {
    Printer::fits_plain(text)
}

/// What can be done with a text.
#[derive(Debug, PartialEq, Eq)]
struct Analysis {
    plain: bool,
    single: bool,
    block: bool,
    block_but_for_tabs: bool,
    breaks: bool,
    /// Whether there is a line feed.
    newline: bool,
    /// Whether there are characters of more than one byte.
    wide: bool,
}

impl<'a> Printer<'a> {
    pub(crate) fn new(out: &'a mut Vec<u8>) -> Self {
        let line = out.len();
        Self {
            out,
            shared: None,
            line,
            fresh: true,
        }
    }

    pub(crate) fn sharing(out: &'a mut Printed) -> Self {
        Self {
            shared: Some(&mut out.shared),
            ..Self::new(&mut out.made)
        }
    }

    /// Ends the last line.
    pub(crate) fn finish(self) {
        if !self.fresh {
            self.out.push(b'\n');
        }
    }

    /// Starts a line with `indent` spaces, unless this one is still fresh.
    pub(crate) fn line(&mut self, indent: usize) {
        if !self.fresh {
            self.end_line();
        }
        self.pad(indent);
    }

    pub(crate) fn raw(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
        self.fresh = false;
    }

    /// Text of one or more lines that stands in a source as it is to be printed, and behind which
    /// the line ends.
    pub(crate) fn copy(&mut self, copied: Copied<'_>) {
        let text = copied.text();
        if let Some(shared) = self.shared.as_mut().filter(|_| text.len() >= Shared::LEAST) {
            let range = copied.start..copied.end;
            shared.push(Shared::new(self.out.len(), copied.source, range));
            self.fresh = false;
            return;
        }
        if let Some(at) = memchr::memrchr(b'\n', text.as_bytes()) {
            self.line = self.out.len() + at + 1;
        }
        self.raw(text);
    }

    /// How many bytes stand before this place on its line.
    pub(crate) fn width(&self) -> usize {
        self.out.len() - self.line
    }

    fn end_line(&mut self) {
        self.out.push(b'\n');
        self.line = self.out.len();
        self.fresh = true;
    }

    fn pad(&mut self, indent: usize) {
        self.out.resize(self.out.len() + indent, b' ');
    }

    /// How many characters stand before this place on its line.
    fn column(&self) -> usize {
        let line = &self.out[self.line..];
        line.iter().filter(|&&b| b & 0xC0 != 0x80).count()
    }

    /// Whether a key can stand before its `:` on one line.
    pub(crate) fn is_simple_key(key: &str) -> bool {
        const LONGEST: usize = 128;
        key.len() <= LONGEST && !(0..key.len()).any(|at| break_len_in_value(key, at) > 0)
    }

    /// Whether a text can stand without quotes, as far as its characters go.
    pub(crate) fn fits_plain(text: &str) -> bool {
        analyze(text).plain && !text.is_empty()
    }

    /// Whether a text can stand in single quotes on one line.
    pub(crate) fn fits_single(text: &str) -> bool {
        let analysis = analyze(text);
        analysis.single && !analysis.breaks
    }

    /// Whether go-yaml v3 prints a text as a block, which unlike v2 it does with tabs.
    pub(crate) fn allows_block(text: &str) -> bool {
        let analysis = analyze(text);
        analysis.block || analysis.block_but_for_tabs
    }

    /// The sign behind `|` that keeps as many final line breaks as the text has.
    pub(crate) fn chomping(text: &str) -> &'static str {
        let mut tail = text.chars().rev().map(is_break_char);
        match (tail.next(), tail.next()) {
            (Some(true), Some(false)) => "",
            (Some(true), _) => "+",
            _ => "-",
        }
    }

    /// A string; `indent` is that of its further lines, `simple` that of a key on one line.
    pub(crate) fn string(&mut self, text: &str, indent: usize, simple: bool) {
        let analysis = analyze(text);
        let folds = !simple;
        if analysis.newline {
            if analysis.block && !simple {
                return self.literal(text, indent, analysis.wide);
            }
            return self.double(text, indent, folds);
        }
        let wants_plain = !is_ambiguous_11(text);
        if wants_plain && analysis.plain && !text.is_empty() && !(simple && analysis.breaks) {
            return self.plain(text, indent, folds);
        }
        if wants_plain && analysis.single && !(simple && analysis.breaks) {
            return self.single(text, indent, folds);
        }
        self.double(text, indent, folds);
    }

    fn plain(&mut self, text: &str, indent: usize, folds: bool) {
        self.fresh = false;
        if !folds || self.width() + text.len() <= WIDTH {
            self.out.extend_from_slice(text.as_bytes());
            return;
        }
        let bytes = text.as_bytes();
        let width = |bytes: &[u8]| bytes.iter().filter(|&&b| b & 0xC0 != 0x80).count();
        let mut column = self.column();
        let mut from = 0;
        for at in memchr::memchr_iter(b' ', bytes) {
            self.out.extend_from_slice(&bytes[from..at]);
            column += width(&bytes[from..at]);
            from = at;
            let is_alone = !bytes[..at].ends_with(b" ") && bytes.get(at + 1) != Some(&b' ');
            if column > WIDTH && is_alone {
                column = self.fold(indent);
                from += 1;
            }
        }
        self.out.extend_from_slice(&bytes[from..]);
    }

    /// Breaks the line and returns the new column.
    fn fold(&mut self, indent: usize) -> usize {
        self.end_line();
        self.pad(indent);
        self.fresh = false;
        indent
    }

    pub(crate) fn single(&mut self, text: &str, indent: usize, folds: bool) {
        self.raw("'");
        let bytes = text.as_bytes();
        let mut column = self.column();
        let mut after_space = false;
        let mut after_break = false;
        for (at, c) in text.char_indices() {
            let next = bytes.get(at + 1);
            let breaks = c == ' ' && folds && !after_space && column > WIDTH && at > 0;
            if breaks && next.is_some() && next != Some(&b' ') {
                column = self.fold(indent);
            } else {
                if after_break && c != ' ' && !is_wide_break(c) {
                    self.pad(indent);
                    column += indent;
                }
                let doubled = if c == '\'' { "'" } else { "" };
                self.push_str(doubled);
                self.push(c);
                column = if is_wide_break(c) {
                    0
                } else {
                    column + 1 + doubled.len()
                };
            }
            after_break = is_wide_break(c);
            after_space = c == ' ';
        }
        self.raw("'");
    }

    pub(crate) fn double(&mut self, text: &str, indent: usize, folds: bool) {
        self.raw("\"");
        let bytes = text.as_bytes();
        // go-yaml looks for the mark at the start of the text whichever character it is at.
        let marked = text.starts_with('\u{FEFF}');
        let mut column = self.column();
        let mut after_space = false;
        for (at, c) in text.char_indices() {
            let from = self.out.len();
            if marked || must_escape(c) {
                self.escape(c);
                column += self.out.len() - from;
            } else if c == ' '
                && folds
                && !after_space
                && column > WIDTH
                && at > 0
                && at + 1 < bytes.len()
            {
                column = self.fold(indent);
                if bytes[at + 1] == b' ' {
                    self.raw("\\");
                    column += 1;
                }
            } else {
                self.push(c);
                column += 1;
            }
            after_space = c == ' ' && !marked;
        }
        self.raw("\"");
    }

    fn escape(&mut self, c: char) {
        let short = match c {
            '\0' => '0',
            '\x07' => 'a',
            '\x08' => 'b',
            '\t' => 't',
            '\n' => 'n',
            '\x0B' => 'v',
            '\x0C' => 'f',
            '\r' => 'r',
            '\x1B' => 'e',
            '"' | '\\' => c,
            '\u{85}' => 'N',
            '\u{A0}' => '_',
            '\u{2028}' => 'L',
            '\u{2029}' => 'P',
            _ => {
                let code = u32::from(c);
                let long = match code {
                    0..=0xFF => format!("\\x{code:02X}"),
                    0x100..=0xFFFF => format!("\\u{code:04X}"),
                    _ => format!("\\U{code:08X}"),
                };
                return self.push_str(&long);
            }
        };
        self.push('\\');
        self.push(short);
    }

    fn literal(&mut self, text: &str, indent: usize, wide: bool) {
        self.raw("|");
        let breaks_at = |at: usize| break_len_in_value(text, at) > 0;
        if text.starts_with(' ') || breaks_at(0) {
            self.raw("2");
        }
        self.raw(Self::chomping(text));
        self.end_line();
        if wide {
            return self.wide_lines(text, indent);
        }
        for line in text.split_inclusive('\n') {
            let words = line.strip_suffix('\n').unwrap_or(line);
            if !words.is_empty() {
                self.pad(indent);
                self.raw(words);
            }
            if words.len() < line.len() {
                self.end_line();
            }
        }
    }

    /// Lines that may hold breaks of more than one byte, which end a line without a line feed.
    fn wide_lines(&mut self, text: &str, indent: usize) {
        for c in text.chars() {
            if c == '\n' {
                self.end_line();
                continue;
            }
            if self.fresh && !is_wide_break(c) {
                self.pad(indent);
            }
            self.push(c);
            self.fresh = is_wide_break(c);
        }
    }

    fn push(&mut self, c: char) {
        let mut buffer = [0; 4];
        self.push_str(c.encode_utf8(&mut buffer));
    }

    fn push_str(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }
}

/// A line break of more than one byte, which cannot be folded.
fn is_wide_break(c: char) -> bool {
    matches!(c, '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// The length of a break in a value, where `\r\n` counts as two.
fn break_len_in_value(text: &str, at: usize) -> usize {
    let bytes = &text.as_bytes()[at..];
    match bytes.first() {
        Some(b'\r') => 1,
        _ => break_len(bytes),
    }
}

/// Whether go-yaml prints the character as it is; it knows none above U+FFFD.
fn is_printable(c: char) -> bool {
    matches!(c, '\n' | ' '..='~' | '\u{A0}'..='\u{FFFD}') && c != '\u{FEFF}'
}

fn must_escape(c: char) -> bool {
    !is_printable(c) || matches!(c, '"' | '\\' | '\n') || is_wide_break(c)
}

/// What is in a text, with a look at the bytes that may mean something.
fn seen(text: &str) -> Seen {
    let bytes = text.as_bytes();
    let mut seen = Seen {
        indicators: starts_like_mark(bytes),
        ..Seen::default()
    };
    let mut look = (!bytes.is_empty()).then_some(0);
    while let Some(at) = look {
        seen.note(text, at);
        let mut from = at + 1;
        // A space matters behind a break alone.
        if bytes.get(from) == Some(&b' ') {
            seen.note(text, from);
            from += 1;
        }
        let mut rest = bytes.get(from..).unwrap_or_default().iter();
        let len = rest.position(|&b| !INNER[usize::from(b)]);
        look = len.map(|len| from + len);
    }
    seen
}

fn analyze(text: &str) -> Analysis {
    let Seen {
        indicators,
        special,
        tabs,
        breaks,
        newline,
        wide,
        break_space,
        space_break,
    } = seen(text);
    let edge = |c: Option<char>| c.is_some_and(|c| c == ' ' || is_break_char(c));
    let edges = edge(text.chars().next()) || edge(text.chars().next_back());
    let block = !(special || space_break || text.is_empty() || text.ends_with(' '));
    Analysis {
        plain: !(indicators || special || tabs || breaks || edges || break_space || space_break),
        single: !(special || tabs || break_space || space_break),
        block: block && !tabs,
        block_but_for_tabs: block && tabs,
        breaks,
        newline,
        wide,
    }
}

/// What was seen in a text.
#[derive(Debug, Default, PartialEq, Eq)]
struct Seen {
    indicators: bool,
    special: bool,
    tabs: bool,
    breaks: bool,
    newline: bool,
    wide: bool,
    break_space: bool,
    space_break: bool,
}

impl Seen {
    /// Takes note of a character that is the first one or not [`INNER`].
    fn note(&mut self, text: &str, at: usize) {
        let bytes = text.as_bytes();
        let before = at.checked_sub(1).map(|before| bytes[before]);
        match bytes[at] {
            b' ' => self.break_space |= before.is_some() && ends_with_break(&text[..at]),
            b'\n' | b'\r' => {
                self.newline |= bytes[at] == b'\n';
                self.special |= bytes[at] == b'\r';
                self.note_break(before);
            }
            b'\t' => self.tabs = true,
            b':' => self.indicators |= is_before_blank(bytes, at),
            b'?' | b'-' => self.indicators |= at == 0 && is_before_blank(bytes, at),
            b'#' => self.indicators |= at == 0 || ends_with_blank(&text[..at]),
            0..=0x1F | 0x7F => self.special = true,
            0x80.. => {
                self.wide = true;
                let c = text.get(at..).and_then(|rest| rest.chars().next());
                if let Some(c) = c {
                    self.special |= !is_printable(c);
                    if is_wide_break(c) {
                        self.note_break(before);
                    }
                }
            }
            _ => self.indicators |= at == 0 && INDICATORS.contains(&bytes[0]),
        }
    }

    fn note_break(&mut self, before: Option<u8>) {
        self.breaks = true;
        self.space_break |= before == Some(b' ');
    }
}

/// What a text without quotes cannot start with.
const INDICATORS: &[u8] = b",[]{}&*!|>'\"%@`";

fn is_before_blank(bytes: &[u8], at: usize) -> bool {
    matches!(bytes.get(at + 1), None | Some(b' ' | b'\t'))
}

fn ends_with_break(text: &str) -> bool {
    text.chars().next_back().is_some_and(is_break_char)
}

fn ends_with_blank(text: &str) -> bool {
    text.chars().next_back().is_some_and(is_blank_or_break)
}

/// Whether the text starts as a document mark does.
fn starts_like_mark(bytes: &[u8]) -> bool {
    bytes.starts_with(b"---") || bytes.starts_with(b"...")
}

fn is_break_char(c: char) -> bool {
    matches!(c, '\n' | '\r') || is_wide_break(c)
}

fn is_blank_or_break(c: char) -> bool {
    matches!(c, ' ' | '\t') || is_break_char(c)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resolve::{is_ambiguous, is_word};
    use proptest::prelude::*;

    /// [`analyze`] with a look at every byte.
    fn seen_at_every_byte(text: &str) -> Seen {
        let mut seen = Seen {
            indicators: starts_like_mark(text.as_bytes()),
            ..Seen::default()
        };
        (0..text.len()).for_each(|at| seen.note(text, at));
        seen
    }

    /// [`Printer::plain`] byte by byte.
    fn folded(text: &str, indent: usize) -> String {
        let (mut out, mut column, mut after_space) = (String::new(), 0, false);
        for (at, c) in text.char_indices() {
            let next = text.as_bytes().get(at + 1);
            if c == ' ' && !after_space && column > WIDTH && next != Some(&b' ') {
                out.push('\n');
                out.push_str(&" ".repeat(indent));
                column = indent;
            } else {
                out.push(c);
                column += 1;
            }
            after_space = c == ' ';
        }
        out
    }

    proptest! {
        #[test]
        fn a_quick_look_sees_what_a_thorough_one_does(
            text in "([a-z ]{0,4}[ -~\\n\\t\u{85}\u{2028}\u{A0}\u{FEFF}é😀]{0,3}){0,5}"
        ) {
            prop_assert_eq!(seen_at_every_byte(&text), seen(&text));
            let text = text.trim_start_matches(|c: char| c.is_ascii_alphabetic());
            prop_assert_eq!(seen_at_every_byte(text), seen(text));
        }

        #[test]
        fn texts_fold_where_they_would_byte_by_byte(
            text in "([a-zé日#.]{1,12} {1,2}){0,40}", indent in 0..9_usize
        ) {
            let mut out = Vec::new();
            Printer::new(&mut out).plain(&text, indent, true);
            prop_assert_eq!(String::from_utf8(out).unwrap(), folded(&text, indent));
        }

        #[test]
        fn a_word_needs_no_quotes(text in "[A-Za-z0-9._/-]{1,12}") {
            if is_word(&text) {
                prop_assert!(Printer::fits_plain(&text) && !is_ambiguous(&text), "{}", text);
            }
        }
    }

    #[test]
    fn a_break_at_the_start_is_seen_before_a_space() {
        for text in ["\n a", "\r a", " \na", "\u{2028} a"] {
            assert_eq!(seen_at_every_byte(text), seen(text), "{text:?}");
        }
    }

    #[test]
    fn words_that_mean_something_are_no_words() {
        for text in [
            "false", "FALSE", "Null", "yes", "off", ".inf", "+.Inf", "0x1F_F", "1e100000",
        ] {
            assert!(!is_word(text), "{text}");
        }
    }
}
