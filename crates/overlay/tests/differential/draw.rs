//! Chance: numbers from proptest's generator, and texts filled from pools of words.

use crate::words;
use proptest::prelude::Rng;
use proptest::test_runner::TestRng;

/// The source of every decision about a tree.
pub(crate) struct Draw {
    rng: TestRng,
}

impl Draw {
    pub(crate) fn new(rng: TestRng) -> Self {
        Self { rng }
    }

    /// A number below `end`.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.rng.next_u32() as usize % end
    }

    /// True in `percent` of a hundred cases.
    pub(crate) fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    pub(crate) fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }

    /// One of the texts, as it is.
    pub(crate) fn text<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }

    /// One of the texts, filled.
    pub(crate) fn one(&mut self, of: &[&str]) -> String {
        let text = self.text(of);
        self.fill(text)
    }

    /// Each of the texts with the given chance, filled, one below the other.
    pub(crate) fn some(&mut self, percent: usize, of: &[&str]) -> String {
        let mut out = String::new();
        for text in of {
            if self.chance(percent) {
                out.push_str(&self.fill(text));
                out.push('\n');
            }
        }
        out
    }

    /// `texts` in another order.
    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for at in (1..items.len()).rev() {
            items.swap(at, self.below(at + 1));
        }
    }

    /// Puts words into a text: `<image>` becomes a word of that pool. What has several lines
    /// continues at the indentation of its line.
    pub(crate) fn fill(&mut self, text: &str) -> String {
        let mut out = String::new();
        for line in text.split_inclusive('\n') {
            let body = line.trim_end_matches('\n');
            let filled = self.fill_line(body);
            if body.is_empty() || !filled.trim().is_empty() {
                let indent = indent_of(body);
                out.push_str(&indented(&filled, indent));
                out.push_str(&line[body.len()..]);
            }
        }
        out.trim_end_matches('\n').to_owned()
    }

    fn fill_line(&mut self, line: &str) -> String {
        let mut out = String::new();
        let mut rest = line;
        while let Some((before, after)) = rest.split_once('<') {
            out.push_str(before);
            rest = after;
            let word = after.split_once('>').filter(|(word, _)| is_word(word));
            let pool = word.and_then(|(word, rest)| Some((words::pool(word)?, rest)));
            let Some((pool, after)) = pool else {
                out.push('<');
                continue;
            };
            let fits = |word: &&&str| !is_in_flow(&out) || is_one_line(word);
            let pool: Vec<&str> = pool.iter().filter(fits).copied().collect();
            out.push_str(&self.one(&pool));
            rest = after;
        }
        out + rest
    }
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')
}

/// Whether what follows stands within braces or brackets.
fn is_in_flow(before: &str) -> bool {
    let count = |c| before.matches(c).count();
    count('{') > count('}') || count('[') > count(']')
}

/// Whether a value may stand within braces.
fn is_one_line(value: &str) -> bool {
    let is_quoted = value.starts_with(['"', '\'', '{', '[']);
    !value.contains('\n')
        && (is_quoted
            || !value.contains([',', '{', '[', '}', ']', '#', '?', '%'])
                && !value.contains(": ")
                && !value.ends_with(':')
                && !value.starts_with([':', '-', '|', '>']))
}

/// Where what stands in a line starts: behind its spaces and its dashes.
fn indent_of(line: &str) -> usize {
    let mut at = line.len() - line.trim_start().len();
    while line[at..].starts_with("- ") {
        at += 2;
    }
    at
}

/// A text whose further lines stand `indent` to the right.
pub(crate) fn indented(text: &str, indent: usize) -> String {
    let pad = format!("\n{}", " ".repeat(indent));
    let out = text.trim_end_matches('\n').replace('\n', &pad);
    // No trailing spaces on empty lines.
    out.replace(&format!("{pad}\n"), "\n\n")
}

/// `key:` with a text of one or more lines below it.
pub(crate) fn below(key: &str, text: &str) -> String {
    match text.trim_end_matches('\n') {
        "" => format!("{key}: {{}}"),
        text => format!("{key}:\n  {}", indented(text, 2)),
    }
}

/// A text as an entry of a list.
pub(crate) fn item(text: &str) -> String {
    format!("- {}", indented(text, 2))
}

/// A map's text without the keys that stand in it already, and what is below them.
pub(crate) fn first_of_each(text: &str) -> String {
    let mut seen = Vec::new();
    let mut keep = true;
    let mut out = Vec::new();
    for line in text.lines() {
        if !line.is_empty() && !line.starts_with([' ', '-', '}']) {
            let key = line.split(':').next().unwrap();
            keep = !seen.contains(&key);
            seen.push(key);
        }
        if keep {
            out.push(line);
        }
    }
    out.join("\n").trim_end().to_owned()
}
