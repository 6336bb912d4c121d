//! How several things stand that are waited for, a line each.

use crate::Context;
use crate::render::{Style, disarmed, harmless};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::IsTerminal as _;

/// How many lines are shown at once on a terminal.
const LINES: usize = 20;

/// How long a line is on a terminal, in characters.
const WIDTH: usize = 100;

/// Says on stderr how things stand: on a terminal with lines that are written over, elsewhere with a
/// line for each change.
#[derive(Debug)]
pub struct Board {
    is_quiet: bool,
    is_live: bool,
    style: Style,
    said: BTreeMap<String, String>,
    /// How many lines stand on the terminal.
    standing: usize,
}

impl Context {
    /// A board on which nothing stands yet.
    #[must_use]
    pub fn board(&self) -> Board {
        Board {
            is_quiet: self.is_quiet(),
            is_live: std::io::stderr().is_terminal(),
            style: self.style(),
            said: BTreeMap::new(),
            standing: 0,
        }
    }
}

impl Board {
    /// How all things stand now, by name; whether each still has to be waited for.
    pub fn show<'a>(&mut self, lines: impl Iterator<Item = (&'a str, &'a str, bool)> + Clone) {
        if self.is_quiet {
            return;
        }
        let text = match self.is_live {
            true => self.redraw(lines),
            false => self.changes(lines),
        };
        if !text.is_empty() {
            anstream::eprint!("{}", disarmed(text, self.style));
        }
    }

    /// Says something that is to stay.
    pub fn say(&mut self, what: &str) {
        if !self.is_quiet {
            let text = format!("{}{}\n", self.erased(), harmless(what));
            anstream::eprint!("{}", disarmed(text, self.style));
        }
    }

    fn changes<'a>(&mut self, lines: impl Iterator<Item = (&'a str, &'a str, bool)>) -> String {
        let mut text = String::new();
        for (name, what, _) in lines {
            if self.said.get(name).map(String::as_str) != Some(what) {
                self.said.insert(name.to_owned(), what.to_owned());
                let line = harmless(&format!("{name}: {what}"));
                writeln!(text, "{line}").expect("writing to a string");
            }
        }
        text
    }

    fn redraw<'a>(
        &mut self,
        lines: impl Iterator<Item = (&'a str, &'a str, bool)> + Clone,
    ) -> String {
        if self.changes(lines.clone()).is_empty() {
            return String::new();
        }
        let mut text = self.erased();
        let done = lines.clone().filter(|(.., waits)| !waits).count();
        let waiting = lines.filter(|(.., waits)| *waits);
        for (count, (name, what, _)) in waiting.enumerate() {
            if count == LINES {
                writeln!(text, "...").expect("writing to a string");
                self.standing += 1;
                break;
            }
            let line = harmless(&format!("{name}: {what}")).replace('\n', " ");
            let line: String = line.chars().take(WIDTH).collect();
            writeln!(text, "{line}").expect("writing to a string");
            self.standing += 1;
        }
        if done > 0 {
            writeln!(text, "{done} done").expect("writing to a string");
            self.standing += 1;
        }
        text
    }

    /// What takes away the lines that stand.
    fn erased(&mut self) -> String {
        match std::mem::take(&mut self.standing) {
            0 => String::new(),
            lines => format!("\x1b[{lines}A\r\x1b[J"),
        }
    }
}

impl Drop for Board {
    fn drop(&mut self) {
        let text = self.erased();
        if !text.is_empty() {
            anstream::eprint!("{text}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn board(is_live: bool) -> Board {
        Board {
            is_quiet: false,
            is_live,
            style: Style::Text,
            said: BTreeMap::new(),
            standing: 0,
        }
    }

    #[test]
    fn elsewhere_each_change_is_a_line() {
        let mut board = board(false);
        let mut changes =
            |what: &str| board.changes([("shop", what, true), ("cart", "b", false)].into_iter());
        assert_eq!(changes("a"), "shop: a\ncart: b\n");
        assert_eq!(changes("a"), "");
        assert_eq!(
            changes("c\n::error::d\u{1b}"),
            "shop: c\n  | ::error::d\u{fffd}\n"
        );
    }

    #[test]
    fn on_a_terminal_lines_are_written_over() {
        let mut board = board(true);
        let mut drawn =
            |what: &str| board.redraw([("shop", what, true), ("cart", "b", false)].into_iter());
        assert_eq!(drawn("a"), "shop: a\n1 done\n");
        assert_eq!(drawn("a"), "");
        assert_eq!(drawn("c\nd"), "\u{1b}[2A\r\u{1b}[Jshop: c   | d\n1 done\n");
        let many: Vec<String> = (0..30).map(|count| count.to_string()).collect();
        let text = board.redraw(many.iter().map(|name| (name.as_str(), "x", true)));
        assert_eq!(text.lines().count(), LINES + 1);
        assert_eq!(board.standing, LINES + 1);
        board.standing = 0;
    }
}
