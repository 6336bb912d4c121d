//! Commit messages as Conventional Commits 1.0.0 defines them.
//!
//! The numbers in comments are those of the specification's list.

use std::fmt;

/// A message that follows the specification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// The type, in lower case: types are not case sensitive (15).
    pub kind: String,
    /// What stands in the parentheses.
    pub scope: Option<String>,
    /// Whether `!` or a `BREAKING CHANGE` footer announces a breaking change (11).
    pub breaking: bool,
    /// The rest of the first line.
    pub description: String,
    /// What stands between the first line and the footers.
    pub body: String,
    /// The footers in their order.
    pub footers: Vec<Footer>,
}

/// `token: value` or `token #value` at the end of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Footer {
    /// The token as written; only `BREAKING CHANGE` holds a space.
    pub token: String,
    /// The value, over several lines and paragraphs where it is.
    pub value: String,
}

impl Footer {
    /// Whether the token is `token`, in any case.
    #[must_use]
    pub fn is(&self, token: &str) -> bool {
        self.token.eq_ignore_ascii_case(token)
    }

    fn is_breaking(&self) -> bool {
        matches!(self.token.as_str(), "BREAKING CHANGE" | "BREAKING-CHANGE")
    }
}

/// What keeps a message from being one of Conventional Commits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Malformed {
    /// The first line has no `type: `.
    Prefix,
    /// Nothing follows the colon and the space (5).
    Description,
    /// The body does not begin one blank line after the description (6).
    BlankLine,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Prefix => "it does not begin with a type, an optional scope and `: `",
            Self::Description => "it has no description after the colon",
            Self::BlankLine => "no blank line separates the first line from the body",
        })
    }
}

impl std::error::Error for Malformed {}

/// Reads a message.
///
/// # Errors
///
/// [`Malformed`] says what the specification misses.
///
/// ```
/// let commit = windlass_release::conventional::parse("feat(api)!: drop v1").unwrap();
/// assert_eq!((commit.kind.as_str(), commit.scope.as_deref()), ("feat", Some("api")));
/// assert!(commit.breaking);
/// ```
pub fn parse(message: &str) -> Result<Commit, Malformed> {
    let message = message.replace("\r\n", "\n");
    let (first, rest) = split(&message);
    let (kind, scope, bang, description) = header(first)?;
    if !rest.is_empty() && !rest.starts_with('\n') && !rest.trim().is_empty() {
        return Err(Malformed::BlankLine);
    }
    let (body, footers) = body(rest);
    Ok(Commit {
        kind: kind.to_lowercase(),
        scope: scope.map(str::to_owned),
        breaking: bang || footers.iter().any(Footer::is_breaking),
        description: description.to_owned(),
        body,
        footers,
    })
}

/// The footers of any message, whether its first line follows the specification or not.
pub(crate) fn footers(message: &str) -> Vec<Footer> {
    let message = message.replace("\r\n", "\n");
    body(split(&message).1).1
}

/// The first line of a message, without the space around it.
pub(crate) fn subject(message: &str) -> &str {
    split(message).0
}

/// A text of a message as it may be printed: without what a terminal or a job's log obeys.
pub(crate) fn printable(text: &str) -> String {
    text.replace(char::is_control, "\u{fffd}")
}

fn split(message: &str) -> (&str, &str) {
    let message = message.trim_start_matches('\n');
    let (first, rest) = message.split_once('\n').unwrap_or((message, ""));
    (first.trim_end(), rest)
}

type Header<'a> = (&'a str, Option<&'a str>, bool, &'a str);

/// `type(scope)!: description` (1, 4, 5, 13).
fn header(line: &str) -> Result<Header<'_>, Malformed> {
    let end = line
        .find(|c: char| !(c.is_alphanumeric() || c == '-' || c == '_'))
        .ok_or(Malformed::Prefix)?;
    let (kind, rest) = line.split_at(end);
    let (scope, rest) = match rest.strip_prefix('(') {
        Some(inner) => {
            let (scope, rest) = inner.split_once(')').ok_or(Malformed::Prefix)?;
            (Some(scope), rest)
        }
        None => (None, rest),
    };
    let (bang, rest) = match rest.strip_prefix('!') {
        Some(rest) => (true, rest),
        None => (false, rest),
    };
    let no_scope = scope.is_some_and(|scope| scope.trim().is_empty() || scope.contains('('));
    if kind.is_empty() || no_scope {
        return Err(Malformed::Prefix);
    }
    if rest == ":" {
        return Err(Malformed::Description);
    }
    match rest.strip_prefix(": ").map(str::trim) {
        Some("") => Err(Malformed::Description),
        Some(description) => Ok((kind, scope, bang, description)),
        None => Err(Malformed::Prefix),
    }
}

/// Splits what follows the first line into the body and the footers (7 to 10).
///
/// The footers begin with the first paragraph whose first line is one, and go to the end: what
/// follows a footer without being one continues its value.
fn body(rest: &str) -> (String, Vec<Footer>) {
    let mut text = String::new();
    let mut footers: Vec<Footer> = Vec::new();
    let mut after_blank = false;
    for line in rest.lines() {
        let begins = (after_blank || !footers.is_empty())
            .then(|| footer(line))
            .flatten();
        let place = match (begins, footers.last_mut()) {
            (Some(footer), _) => {
                footers.push(footer);
                after_blank = false;
                continue;
            }
            (None, Some(last)) => &mut last.value,
            (None, None) => &mut text,
        };
        place.push('\n');
        place.push_str(line);
        after_blank = line.trim().is_empty();
    }
    for footer in &mut footers {
        footer.value.truncate(footer.value.trim_end().len());
    }
    (text.trim().to_owned(), footers)
}

/// A line that begins a footer: a word token, `: ` or ` #`, a value (8, 9, 12).
fn footer(line: &str) -> Option<Footer> {
    let (token, value) = match line.strip_prefix("BREAKING CHANGE: ") {
        Some(value) => ("BREAKING CHANGE", value),
        None => pair(line)?,
    };
    let value = value.trim();
    (!value.is_empty()).then(|| Footer {
        token: token.to_owned(),
        value: value.to_owned(),
    })
}

fn pair(line: &str) -> Option<(&str, &str)> {
    let end = line.find(|c: char| !(c.is_ascii_alphanumeric() || c == '-'))?;
    let (token, rest) = line.split_at(end);
    let number = || {
        rest.strip_prefix(" #")
            .filter(|_| token != "BREAKING-CHANGE")
    };
    let value = rest.strip_prefix(": ").or_else(number)?;
    (!token.is_empty()).then_some((token, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// type, scope, breaking, description
    type Row = (
        &'static str,
        Option<(&'static str, Option<&'static str>, bool, &'static str)>,
    );

    const HEADERS: &[Row] = &[
        ("feat: x", Some(("feat", None, false, "x"))),
        ("FEAT(Api): X", Some(("feat", Some("Api"), false, "X"))),
        ("fix(a b, c)!: x", Some(("fix", Some("a b, c"), true, "x"))),
        ("chore!: drop it", Some(("chore", None, true, "drop it"))),
        ("fix-it_2:   x  ", Some(("fix-it_2", None, false, "x"))),
        ("fix: a: b (c)!", Some(("fix", None, false, "a: b (c)!"))),
        ("feat:x", None),
        ("feat : x", None),
        ("feat (a): x", None),
        ("feat(): x", None),
        ("feat(a)(b): x", None),
        ("feat(a: x", None),
        ("feat!(a): x", None),
        ("feat! : x", None),
        ("feat!!: x", None),
        (": x", None),
        ("(a): x", None),
        ("feat: ", None),
        ("feat:", None),
        ("feat", None),
        ("", None),
        ("chore undo feat: x", None),
        ("Update feat: x", None),
        ("\n\n", None),
    ];

    #[test]
    fn the_first_line() {
        for (message, expected) in HEADERS {
            let commit = parse(message).ok();
            let got = commit.as_ref().map(|commit| {
                let scope = commit.scope.as_deref();
                (
                    commit.kind.as_str(),
                    scope,
                    commit.breaking,
                    commit.description.as_str(),
                )
            });
            assert_eq!(got, *expected, "{message:?}");
        }
    }

    #[test]
    fn a_break_is_announced_by_a_footer_in_upper_case() {
        for (message, breaking) in [
            ("fix: x\n\nBREAKING CHANGE: y", true),
            ("fix: x\r\n\r\nBREAKING CHANGE: y\r\n", true),
            ("fix: x\n\nBREAKING-CHANGE: y", true),
            ("fix: x\n\nbody\n\nBREAKING CHANGE: y", true),
            ("fix: x\n\nbody\n\nRefs #1\nBREAKING CHANGE: y", true),
            (
                "fix: x\n\nReviewed-by: z\nwho says\n\nBREAKING CHANGE: y",
                true,
            ),
            ("fix: x\n\nBREAKING CHANGE: y\n\nand how to migrate", true),
            ("fix: x\n\nbreaking change: y", false),
            ("fix: x\n\nBreaking-Change: y", false),
            ("fix: x\n\nBREAKING CHANGE y", false),
            ("fix: x\n\nBREAKING CHANGE:y", false),
            ("fix: x\n\nBREAKING CHANGE: ", false),
            ("fix: x\n\nBREAKING CHANGE #1", false),
            ("fix: x\n\nBREAKING-CHANGE #1", false),
            ("fix: x\n\nthis is no BREAKING CHANGE: it is small", false),
            ("fix: x\n\nbody\nBREAKING CHANGE: inside a paragraph", false),
            ("fix: x\n\n* BREAKING CHANGE: in a list", false),
            ("fix: x BREAKING CHANGE: y", false),
        ] {
            assert_eq!(parse(message).unwrap().breaking, breaking, "{message:?}");
        }
    }

    #[test]
    fn footers_hold_lines_and_paragraphs() {
        let commit = parse(
            "fix(lang): x\n\nbody one\n\nbody: two words\n\nNo token: here\n\n\
             Reviewed-by: Z\n  and Y\n\nstill Y\nRefs #12, #13\n\nSigned-off-by: A <a@b>\n",
        )
        .unwrap();
        assert_eq!(commit.body, "body one");
        let got: Vec<_> = commit
            .footers
            .iter()
            .map(|footer| (footer.token.as_str(), footer.value.as_str()))
            .collect();
        assert_eq!(
            got,
            [
                ("body", "two words\n\nNo token: here"),
                ("Reviewed-by", "Z\n  and Y\n\nstill Y"),
                ("Refs", "12, #13"),
                ("Signed-off-by", "A <a@b>"),
            ]
        );
    }

    #[test]
    fn the_body_follows_a_blank_line() {
        assert_eq!(parse("feat: x\nmore"), Err(Malformed::BlankLine));
        assert_eq!(parse("feat: x\n\nmore\n").unwrap().body, "more");
        assert_eq!(parse("feat: x\n").unwrap().body, "");
    }

    proptest::proptest! {
        #[test]
        fn any_message_is_read(message in "(feat|fix)?(\\(.{0,3}\\))?!?:? ?(.|\\PC){0,5}((\n|\r\n){1,2}(BREAKING CHANGE|[a-z-]{1,3})?(: | #)?.{0,4}){0,4}") {
            let footers = footers(&message);
            if let Ok(commit) = parse(&message) {
                proptest::prop_assert_eq!(&commit.footers, &footers);
                proptest::prop_assert!(!commit.description.is_empty());
            }
            for footer in footers {
                proptest::prop_assert!(!footer.token.is_empty() && !footer.value.is_empty());
            }
        }
    }
}
