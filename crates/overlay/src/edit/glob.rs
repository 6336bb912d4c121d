//! Patterns of paths as Go has them (`path/filepath`): `*`, `?`, `[a-z]` and `\` within a name.

use crate::error::{Error, ErrorKind, Result};
use crate::files::{Folder, normalized};
use std::path::Path;

/// The paths that a pattern matches, in order; one without special characters matches itself
/// where it is there. Names that begin with a dot are meant only by a pattern that says so
/// (`kustomize: kyaml/filesys/fsondisk.go`).
pub(super) fn expand(folder: &Folder<'_>, pattern: &str) -> Result<Vec<String>> {
    check(pattern)?;
    let mut found = paths(folder, pattern);
    if !is_hidden(pattern) {
        found.retain(|path| !is_hidden(path));
    }
    Ok(found)
}

fn is_hidden(path: &str) -> bool {
    path.rsplit('/')
        .next()
        .is_some_and(|name| name.starts_with('.') && !matches!(name, "." | ".."))
}

fn is_pattern(text: &str) -> bool {
    text.contains(['*', '?', '[', '\\'])
}

fn paths(folder: &Folder<'_>, pattern: &str) -> Vec<String> {
    if !is_pattern(pattern) {
        let is_there = folder.is_file(pattern) || folder.is_dir(pattern);
        return Vec::from_iter(is_there.then(|| pattern.to_owned()));
    }
    let (above, name) = match pattern.rsplit_once('/') {
        Some(("", name)) => ("/", name),
        Some(parts) => parts,
        None => (".", pattern),
    };
    let folders = match is_pattern(above) {
        true => paths(folder, above),
        false => vec![above.to_owned()],
    };
    let matching = |above: &String| {
        let mut names: Vec<String> = folder
            .list(above)
            .into_iter()
            .map(|(name, _)| name)
            .collect();
        names.retain(|found| matches(name, found));
        names.sort();
        let path = |name: String| normalized(&Path::new(above).join(name));
        let paths = names.into_iter().map(path);
        paths
            .map(|path| path.to_string_lossy().into_owned())
            .collect::<Vec<_>>()
    };
    folders.iter().flat_map(matching).collect()
}

/// Refuses what is no pattern.
pub(super) fn check(pattern: &str) -> Result<()> {
    let pieces = pieces(pattern);
    match pieces {
        Some(_) => Ok(()),
        None => Err(Error::new(
            ErrorKind::Edit,
            format!("`{pattern}` is no pattern of paths"),
        )
        .hint("a `[` is closed by a `]`, and behind a `\\` stands a character".to_owned())),
    }
}

/// Whether a whole path matches; what is no pattern matches nothing.
pub(super) fn matches(pattern: &str, text: &str) -> bool {
    let Some(pieces) = pieces(pattern) else {
        return false;
    };
    let text: Vec<char> = text.chars().collect();
    // Which ends of the pattern so far can be reached: one bit for each place of the text.
    let mut reached = vec![false; text.len() + 1];
    reached[0] = true;
    for piece in &pieces {
        let mut next = vec![false; text.len() + 1];
        for at in 0..=text.len() {
            let stays = piece == &Piece::Any;
            if stays && (reached[at] || (at > 0 && next[at - 1] && text[at - 1] != '/')) {
                next[at] = true;
            }
            if !stays && at > 0 && reached[at - 1] && piece.takes(text[at - 1]) {
                next[at] = true;
            }
        }
        reached = next;
    }
    reached[text.len()]
}

/// A part of a pattern.
#[derive(Debug, PartialEq, Eq)]
enum Piece {
    /// Any number of characters but `/`.
    Any,
    /// One character but `/`.
    One,
    Char(char),
    /// One character in these ranges, or in none of them; never `/`.
    Class(bool, Vec<(char, char)>),
}

impl Piece {
    fn takes(&self, c: char) -> bool {
        match self {
            Self::Any | Self::One => c != '/',
            Self::Char(own) => *own == c,
            Self::Class(negated, ranges) => {
                c != '/' && ranges.iter().any(|&(low, high)| (low..=high).contains(&c)) != *negated
            }
        }
    }
}

fn pieces(pattern: &str) -> Option<Vec<Piece>> {
    let mut chars = pattern.chars().peekable();
    let mut out = Vec::new();
    while let Some(c) = chars.next() {
        out.push(match c {
            '*' => Piece::Any,
            '?' => Piece::One,
            '\\' => Piece::Char(chars.next()?),
            '[' => {
                let negated = chars.next_if_eq(&'^').is_some();
                let mut ranges = Vec::new();
                while ranges.is_empty() || chars.peek() != Some(&']') {
                    let low = class_char(&mut chars)?;
                    let high = match chars.next_if_eq(&'-') {
                        Some(_) => class_char(&mut chars)?,
                        None => low,
                    };
                    ranges.push((low, high));
                }
                chars.next();
                Piece::Class(negated, ranges)
            }
            other => Piece::Char(other),
        });
    }
    Some(out)
}

fn class_char(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Option<char> {
    match chars.next()? {
        '-' | ']' => None,
        '\\' => chars.next(),
        c => Some(c),
    }
}

#[cfg(test)]
mod tests {
    use super::matches;

    /// The table of Go's own test (`path/filepath/match_test.go`).
    #[test]
    fn patterns_match_as_in_go() {
        let yes = [
            ("abc", "abc"),
            ("*", "abc"),
            ("*c", "abc"),
            ("a*", "a"),
            ("a*", "abc"),
            ("a*/b", "abc/b"),
            ("a*b*c*d*e*/f", "axbxcxdxe/f"),
            ("a*b*c*d*e*/f", "axbxcxdxexxx/f"),
            ("a*b?c*x", "abxbbxdbxebxczzx"),
            ("ab[c]", "abc"),
            ("ab[b-d]", "abc"),
            ("ab[^e-g]", "abc"),
            ("a\\*b", "a*b"),
            ("a?b", "a\u{263a}b"),
            ("a[^a]b", "a\u{263a}b"),
            ("[a-\u{3b6}]*", "\u{3b1}"),
            ("[\\]a]", "]"),
            ("[\\-x]", "x"),
            ("[x\\-]", "-"),
            ("[a^]", "^"),
        ];
        for (pattern, text) in yes {
            assert!(matches(pattern, text), "{pattern} {text}");
        }
        let no = [
            ("a*", "ab/c"),
            ("a*/b", "a/c/b"),
            ("a*b*c*d*e*/f", "axbxcxdxe/xxx/f"),
            ("a*b*c*d*e*/f", "axbxcxdxexxx/fff"),
            ("a*b?c*x", "abxbbxdbxebxczzy"),
            ("ab[e-g]", "abc"),
            ("ab[^c]", "abc"),
            ("ab[^b-d]", "abc"),
            ("a\\*b", "ab"),
            ("a???b", "a\u{263a}b"),
            ("[a-\u{3b6}]*", "A"),
            ("a?b", "a/b"),
            ("a*b", "a/b"),
            ("[x\\-]", "z"),
            ("*x", "xxy"),
            ("[]a]", "]"),
            ("[-]", "-"),
            ("[x-]", "x"),
            ("[", "a"),
            ("a[", "a"),
            ("[^", "a"),
            ("[^bc", "a"),
            ("a\\", "a"),
        ];
        for (pattern, text) in no {
            assert!(!matches(pattern, text), "{pattern} {text}");
        }
    }

    #[test]
    fn a_hostile_pattern_takes_no_time() {
        let pattern = "*a".repeat(2_000);
        assert!(!matches(&pattern, &"a".repeat(1_999)));
    }
}
