//! A place in a user's file.

use serde::Serialize;
use std::fmt;

/// A place in a file, with the line itself where it is known.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Location {
    /// The path as the user wrote it.
    pub path: String,
    /// Line, from 1; 0 where only the file is known.
    pub line: u32,
    /// Column in characters, from 1; 0 where only the line is known.
    pub column: u32,
    /// The text of the line, without its line break.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub excerpt: Option<String>,
    /// How many characters from `column` on are meant.
    #[serde(skip)]
    pub width: u32,
}

impl Location {
    /// A whole file.
    #[must_use]
    pub fn file(path: impl Into<String>) -> Self {
        Self::at_line(path, 0, 0)
    }

    /// A line and a column, both from 1.
    #[must_use]
    pub fn at_line(path: impl Into<String>, line: u32, column: u32) -> Self {
        Self {
            path: path.into(),
            line,
            column,
            excerpt: None,
            width: 1,
        }
    }

    /// The place of bytes `start..end` of `text`. A range past the end means the end.
    #[must_use]
    pub fn in_text(path: impl Into<String>, text: &str, start: usize, end: usize) -> Self {
        let start = floor(text, start);
        let from = text[..start].rfind('\n').map_or(0, |at| at + 1);
        let to = text[start..].find('\n').map_or(text.len(), |at| start + at);
        let line = text.as_bytes()[..from]
            .iter()
            .filter(|&&b| b == b'\n')
            .count()
            + 1;
        let marked = &text[start..floor(text, end.clamp(start, to))];
        Self {
            path: path.into(),
            line: u32::try_from(line).unwrap_or(u32::MAX),
            column: count(&text[from..start]) + 1,
            excerpt: Some(masked(text[from..to].trim_end_matches('\r'))),
            width: count(marked).max(1),
        }
    }

    /// The same place in a file whose lines stand further right, by so many characters.
    #[must_use]
    pub fn indented(mut self, by: u32) -> Self {
        if by > 0 && self.column > 0 {
            self.column = self.column.saturating_add(by);
            let spaces = " ".repeat(by as usize);
            self.excerpt = self.excerpt.map(|line| spaces + &line);
        }
        self
    }

    /// The same place with the text of its line, of which `width` characters are meant.
    #[must_use]
    pub fn with_line(mut self, line: impl Into<String>, width: u32) -> Self {
        self.excerpt = Some(line.into());
        self.width = width.max(1);
        self
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path)?;
        if self.line > 0 {
            write!(f, ":{}", self.line)?;
        }
        if self.line > 0 && self.column > 0 {
            write!(f, ":{}", self.column)?;
        }
        Ok(())
    }
}

fn floor(text: &str, mut at: usize) -> usize {
    at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

fn count(text: &str) -> u32 {
    u32::try_from(text.chars().count()).unwrap_or(u32::MAX)
}

/// The line with the passwords of the addresses in it (`https://user:password@host`) made
/// unreadable, sign by sign, so that columns stay right.
fn masked(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = rest.find("://") {
        let (head, tail) = rest.split_at(at + 3);
        out.push_str(head);
        let ends = |c: char| c.is_whitespace() || "/?#\"'`".contains(c);
        let authority = &tail[..tail.find(ends).unwrap_or(tail.len())];
        let password = authority
            .rfind('@')
            .and_then(|end| Some((authority[..end].find(':')? + 1, end)));
        let (start, end) = password.unwrap_or((0, 0));
        out.push_str(&tail[..start]);
        out.extend(tail[start..end].chars().map(|_| '*'));
        rest = &tail[end..];
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_in_addresses_are_masked() {
        let text = "- https://me:sécret@host/a@b # http://x, ssh://git@h:22/p";
        let excerpt = Location::in_text("a", text, 0, 1).excerpt;
        let masked = "- https://me:******@host/a@b # http://x, ssh://git@h:22/p";
        assert_eq!(excerpt.as_deref(), Some(masked));
    }

    #[test]
    fn counts_characters_not_bytes() {
        let place = Location::in_text("f", "a: 1\né: über\n", 9, 14);
        assert_eq!((place.line, place.column, place.width), (2, 4, 4));
        assert_eq!(place.excerpt.as_deref(), Some("é: über"));
    }

    #[test]
    fn a_range_past_the_end_is_the_end() {
        let place = Location::in_text("f", "a\n", 90, 99);
        assert_eq!((place.line, place.column), (2, 1));
    }
}
