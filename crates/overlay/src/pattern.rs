//! Regular expressions as kustomize's users write them: Go's syntax, matched in linear time.

use crate::error::{Error, ErrorKind, Result};
use regex::{Regex, RegexBuilder};

/// The memory one compiled expression may take.
const SIZE_LIMIT: usize = 1 << 20;

/// Compiles a Go expression.
pub(crate) fn compile(pattern: &str) -> Result<Regex> {
    compile_around(pattern, pattern)
}

/// Compiles an expression that was made around what the user `wrote`, of which errors speak.
pub(crate) fn compile_around(wrote: &str, pattern: &str) -> Result<Regex> {
    let translated = from_go(pattern);
    RegexBuilder::new(&translated)
        .size_limit(SIZE_LIMIT)
        .build()
        .map_err(|source| {
            let message = format!("`{wrote}` is not a regular expression");
            let why = source.to_string();
            let why = why.lines().last().unwrap_or_default();
            Error::new(ErrorKind::Config, message).because(why.trim_start_matches("error: "))
        })
}

/// An expression that must match the whole text.
#[derive(Debug)]
pub(crate) enum Whole {
    Plain(Plain),
    Expression(Regex),
}

impl Whole {
    pub(crate) fn matches(&self, text: &str) -> bool {
        match self {
            Self::Plain(plain) => plain.strip_from(text) == Some(""),
            Self::Expression(expression) => expression.is_match(text),
        }
    }
}

/// Compiles a Go expression that must match the whole text; an empty one matches any text
/// (`kustomize: api/types/selector.go`).
pub(crate) fn anchored(pattern: &str) -> Result<Option<Whole>> {
    match Plain::new(pattern) {
        _ if pattern.is_empty() => Ok(None),
        Some(plain) => Ok(Some(Whole::Plain(plain))),
        None => {
            let expression = compile_around(pattern, &format!("^(?:{pattern})$"))?;
            Ok(Some(Whole::Expression(expression)))
        }
    }
}

/// An expression of characters that stand for themselves, and dots, as most names are. It is
/// compared as it is, which takes a thousandth of what compiling it would.
#[derive(Debug)]
pub(crate) struct Plain(String);

impl Plain {
    /// Nothing if any character means something else.
    pub(crate) fn new(pattern: &str) -> Option<Self> {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "/-_:@,.".contains(c);
        pattern
            .chars()
            .all(is_plain)
            .then(|| Self(pattern.to_owned()))
    }

    /// The rest of a text whose beginning matches.
    pub(crate) fn strip_from<'t>(&self, text: &'t str) -> Option<&'t str> {
        let mut rest = text.chars();
        for wanted in self.0.chars() {
            let c = rest.next()?;
            if c != wanted && (wanted != '.' || c == '\n') {
                return None;
            }
        }
        Some(rest.as_str())
    }
}

/// The same expression in the syntax of the `regex` crate, where the two differ: `\d`, `\w`,
/// `\s` and `\b` know ASCII alone, `\Q…\E` quotes, and a class has no sets inside it.
fn from_go(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len() + 8);
    let mut rest = pattern;
    let mut in_class = false;
    while let Some(c) = rest.chars().next() {
        let step = match c {
            '\\' => escape(rest, in_class, &mut out),
            '[' if in_class => bracket_in_class(rest, &mut out),
            '[' => {
                in_class = true;
                open_class(rest, &mut out)
            }
            ']' => {
                in_class = false;
                push(&mut out, "]", 1)
            }
            '&' | '~' | '-' if in_class && rest[1..].starts_with(c) => {
                out.push('\\');
                push(&mut out, &rest[..1], 1)
            }
            c => push(&mut out, &rest[..c.len_utf8()], c.len_utf8()),
        };
        rest = &rest[step..];
    }
    out
}

fn push(out: &mut String, text: &str, step: usize) -> usize {
    out.push_str(text);
    step
}

/// A class opens; `]` directly after it is a member.
fn open_class(rest: &str, out: &mut String) -> usize {
    let open = if rest.starts_with("[^") { "[^" } else { "[" };
    out.push_str(open);
    if rest[open.len()..].starts_with(']') {
        out.push_str("\\]");
        return open.len() + 1;
    }
    open.len()
}

/// `[` inside a class: the name of a class, or itself.
fn bracket_in_class(rest: &str, out: &mut String) -> usize {
    match rest.starts_with("[:").then(|| rest.find(":]")).flatten() {
        Some(end) => push(out, &rest[..end + 2], end + 2),
        None => push(out, "\\[", 1),
    }
}

fn escape(rest: &str, in_class: bool, out: &mut String) -> usize {
    let Some(c) = rest[1..].chars().next() else {
        return push(out, "\\", 1);
    };
    let class = match c {
        'd' => "0-9",
        'w' => "0-9A-Za-z_",
        's' => "\\t\\n\\x0C\\r ",
        'D' => "^0-9",
        'W' => "^0-9A-Za-z_",
        'S' => "^\\t\\n\\x0C\\r ",
        'b' | 'B' if !in_class => {
            out.push_str("(?-u:\\");
            out.push(c);
            out.push(')');
            return 2;
        }
        'Q' if !in_class => return quoted(&rest[2..], out) + 2,
        c => return push(out, &rest[..1 + c.len_utf8()], 1 + c.len_utf8()),
    };
    if in_class && !class.starts_with('^') {
        return push(out, class, 2);
    }
    out.push('[');
    out.push_str(class);
    out.push(']');
    2
}

fn quoted(rest: &str, out: &mut String) -> usize {
    let end = rest.find("\\E").unwrap_or(rest.len());
    out.push_str(&regex::escape(&rest[..end]));
    (end + 2).min(rest.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, text: &str) -> bool {
        anchored(pattern)
            .unwrap()
            .is_none_or(|whole| whole.matches(text))
    }

    #[test]
    fn the_whole_text_must_match() {
        assert!(matches("web", "web"));
        assert!(!matches("web", "web-2"));
        assert!(matches("web|api", "api"));
        assert!(matches("", "anything"));
    }

    #[test]
    fn classes_are_those_of_go() {
        assert!(!matches(r"\d", "٣"));
        assert!(matches(r"[\d_]+", "1_2"));
        assert!(matches(r"[^\D]+", "12"));
        assert!(matches(r"[a[]+", "a["));
        assert!(matches(r"[[:alpha:]]+", "ab"));
        assert!(matches(r"\Qa.b\E.", "a.bc"));
        assert!(!matches(r"\Qa.b\E.", "axbc"));
        assert!(matches(r"[]a]+", "]a"));
    }

    proptest::proptest! {
        #[test]
        fn plain_expressions_match_as_compiled_ones(
            pattern in "[ab./é-]{0,4}",
            text in "[ab./é\n-]{0,4}",
        ) {
            if let Some(plain) = Plain::new(&pattern) {
                let compiled = compile(&format!("^(?:{pattern})$")).unwrap();
                let is_match = plain.strip_from(&text) == Some("");
                proptest::prop_assert_eq!(is_match, compiled.is_match(&text));
            }
        }
    }

    #[test]
    fn what_grows_without_bound_is_refused() {
        let error = compile("((a{900}){900}){900}").unwrap_err();
        insta::assert_snapshot!(error, @"`((a{900}){900}){900}` is not a regular expression");
    }
}
