//! A tree of files, and how it gets smaller: by one line and what stands below it at a time.

use proptest::strategy::ValueTree;
use std::collections::BTreeMap;
use std::fmt::{self, Display, Formatter, Write};
use std::path::Path;
use std::{fs, io};

/// Files by their paths; `root` is the folder that is built.
#[derive(Debug, Clone, Default)]
pub(crate) struct Files {
    pub(crate) files: BTreeMap<String, String>,
    pub(crate) root: String,
}

impl Files {
    pub(crate) fn write(&self, folder: &Path) -> io::Result<()> {
        for (path, text) in &self.files {
            let path = folder.join(path);
            fs::create_dir_all(path.parent().unwrap())?;
            fs::write(path, text)?;
        }
        Ok(())
    }
}

impl Display for Files {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for (path, text) in &self.files {
            let visible = text.replace('\r', "\\r").replace('\u{feff}', "\\ufeff");
            writeln!(f, "--- {path}\n{}", visible.trim_end_matches('\n'))?;
            if !text.ends_with('\n') {
                f.write_str("(no line break at the end)\n")?;
            }
        }
        f.write_char('\n')
    }
}

/// A tree that differs, and what was not yet tried to be left out.
pub(crate) struct Shrinking {
    now: Files,
    before: Option<Files>,
    /// The next thing to leave out: a file's path and a line of it.
    at: Option<(String, usize)>,
    /// Whether anything was left out since the start of this round.
    shrank: bool,
}

impl Shrinking {
    pub(crate) fn new(files: Files) -> Self {
        Self {
            now: files,
            before: None,
            at: None,
            shrank: false,
        }
    }

    /// The place behind `at`, in the last file first: bases stand before overlays.
    fn next_place(&self, at: &Option<(String, usize)>) -> Option<(String, usize)> {
        let lines = |path: &String| {
            self.now
                .files
                .get(path)
                .map_or(0, |text| text.lines().count())
        };
        if let Some((path, line)) = at
            && line + 1 < lines(path)
        {
            return Some((path.clone(), line + 1));
        }
        let mut paths = self.now.files.keys();
        let path = match at {
            Some((path, _)) => paths.find(|other| *other > path && lines(other) > 0),
            None => paths.find(|path| lines(path) > 0),
        };
        path.map(|path| (path.clone(), 0))
    }

    /// Leaves out a line and what stands below it; false where every object needs it.
    fn leave_out(&mut self, path: &str, line: usize) -> bool {
        let Some(text) = self.now.files.get_mut(path) else {
            return false;
        };
        let lines: Vec<&str> = text.split_inclusive('\n').collect();
        let has_kind = |next: &&str| next.trim_start().starts_with("kind:");
        let is_version = lines[line].trim_start().starts_with("apiVersion:");
        if is_version && lines.get(line + 1).is_some_and(has_kind) {
            return false;
        }
        let indent = |line: &str| line.len() - line.trim_start_matches([' ', '-']).len();
        let depth = indent(lines[line]);
        let below = lines[line + 1..]
            .iter()
            .take_while(|other| indent(other) > depth || other.trim().is_empty())
            .count();
        *text = [&lines[..line], &lines[line + 1 + below..]]
            .concat()
            .concat();
        if text.is_empty() {
            self.now.files.remove(path);
        }
        true
    }

    /// Leaves out the next thing; a round that brought something is followed by another.
    fn step(&mut self) -> bool {
        loop {
            let next = match self.next_place(&self.at) {
                None if self.shrank => {
                    self.shrank = false;
                    self.next_place(&None)
                }
                next => next,
            };
            let Some((path, line)) = next else {
                return false;
            };
            let before = self.now.clone();
            let is_smaller = self.leave_out(&path, line);
            self.at = Some((path, line));
            if is_smaller {
                self.before = Some(before);
                return true;
            }
        }
    }
}

impl ValueTree for Shrinking {
    type Value = Files;

    fn current(&self) -> Files {
        self.now.clone()
    }

    fn simplify(&mut self) -> bool {
        if self.before.take().is_some() {
            self.shrank = true;
            // What followed stands at the same place now.
            self.at = match self.at.take() {
                Some((path, line)) if line > 0 => Some((path, line - 1)),
                Some((path, _)) => self
                    .now
                    .files
                    .range(..path)
                    .next_back()
                    .map(|(path, text)| (path.clone(), text.lines().count())),
                None => None,
            };
        }
        self.step()
    }

    fn complicate(&mut self) -> bool {
        if let Some(before) = self.before.take() {
            self.now = before;
        }
        self.step()
    }
}
