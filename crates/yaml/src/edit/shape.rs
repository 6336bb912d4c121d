//! Edits that give what is there another shape: a new key, a map around it, another place.

use super::model::{Model, Place};
use super::write;
use super::{Content, Document, Found, Splice, Step};
use crate::error::Error;
use crate::node::NodeId;

/// What is put around a value.
#[derive(Debug, Clone, Copy)]
pub enum Wrap<'a> {
    /// A map that holds it under this key.
    Map(&'a str),
    /// A list with one map, which has these entries before the one that holds it.
    Item(&'a [(&'a str, Content)], &'a str),
}

impl Wrap<'_> {
    fn around(self, inner: Model) -> Model {
        match self {
            Self::Map(key) => Model::Map(vec![(key.to_owned(), inner)]),
            Self::Item(before, key) => {
                let entry = |(key, value): &(&str, Content)| ((*key).to_owned(), Model::new(value));
                let mut entries: Vec<_> = before.iter().map(entry).collect();
                entries.push((key.to_owned(), inner));
                Model::Seq(vec![Model::Map(entries)])
            }
        }
    }
}

impl Document {
    /// Gives the entry at the end of a way another key; says whether there is one.
    ///
    /// # Errors
    /// As [`Document::set`]; also where the other key is there already.
    pub fn rename(&mut self, steps: &[Step<'_>], key: &str) -> Result<bool, Error> {
        let Some((node, places)) = self.placed(steps)? else {
            return Ok(false);
        };
        let way = self.way(&places);
        if let [.., around, _] = way[..]
            && let Some(other) = self.tree.get(around, key)
        {
            return Err(self.refuse(other, format!("the key `{key}` is there already")));
        }
        let splice = Splice {
            range: self.tree.key_origin(node).range(),
            text: key.to_owned(),
        };
        self.change(vec![splice], &places, |wanted| wanted.rename(&places, key))?;
        Ok(true)
    }

    /// Puts a map, or a list with a map, around the value at the end of a way; says whether there
    /// is one. Its comments stay with it.
    ///
    /// # Errors
    /// As [`Document::set`].
    pub fn wrap(&mut self, steps: &[Step<'_>], wrap: Wrap<'_>) -> Result<bool, Error> {
        let Some((node, places)) = self.placed(steps)? else {
            return Ok(false);
        };
        let splices = match wrap {
            _ if self.tree.in_flow(node) || self.in_flow(&places) => self.flow_wrapping(node, wrap),
            Wrap::Map(key) => self.wrapping_in_map(node, key),
            Wrap::Item(before, key) => self.wrapping_in_item(node, &places, before, key),
        };
        self.change(splices, &places, |wanted| {
            if let Some(inner) = wanted.at(&places) {
                let taken = std::mem::replace(inner, Model::Seq(Vec::new()));
                *inner = wrap.around(taken);
            }
        })?;
        Ok(true)
    }

    /// Moves the items of one list to the end of another one, with their comments; the entry that
    /// held them goes. Says whether there were any. Where the other list is missing, the entry
    /// gets its key.
    ///
    /// # Errors
    /// As [`Document::set`].
    pub fn move_items(&mut self, from: &str, to: &str) -> Result<bool, Error> {
        let Some(source) = self.there(&[Step::Key(from)])? else {
            return Ok(false);
        };
        let target = self.there(&[Step::Key(to)])?;
        let Some(target) = target.filter(|found| self.holds_items(found)) else {
            if self.there(&[Step::Key(to)])?.is_some() {
                self.remove(&[Step::Key(to)])?;
            }
            return self.rename(&[Step::Key(from)], to);
        };
        let (Some(list), Some(end)) = (source.node, target.node) else {
            return Ok(false);
        };
        let moved = Content::of(&self.tree, list);
        let Content::List(items) = &moved else {
            return self.remove(&[Step::Key(from)]);
        };
        if self.tree.in_flow(list) || self.tree.in_flow(end) {
            for item in items {
                self.push(&[Step::Key(to)], item)?;
            }
            return self.remove(&[Step::Key(from)]);
        }
        let column = self.column(self.tree.origin(end).range().start);
        let lines = self.lines_of(list, column);
        let end = self.tree.origin(end).range().end;
        let splices = vec![self.below(end, 0, &lines), self.removal(&source.places)?];
        self.change(splices, &source.places, |wanted| {
            wanted.set(&target.places, &moved);
            wanted.remove(&source.places);
        })?;
        Ok(true)
    }

    fn holds_items(&self, found: &Found) -> bool {
        let node = found.node;
        node.is_some_and(|node| self.tree.is_seq(node) && !self.tree.is_empty(node))
    }

    /// The lines of a block list, its first item at this column, after the comment of its key.
    fn lines_of(&self, list: NodeId, column: usize) -> Vec<String> {
        let text = self.source.text();
        let range = self.tree.origin(list).range();
        let key = self.tree.key_origin(list).range().end;
        let beside = &text[key..self.line_end(key)];
        let comment = beside.find('#').map(|at| beside[at..].to_owned());
        let comment = comment.map(|comment| format!("{}{comment}", " ".repeat(column)));
        let body = &text[self.after_line(key)..self.trimmed(range.end)];
        let end = self.line_end(self.trimmed(range.end));
        let tail = &text[self.trimmed(range.end)..end];
        let was = self.column(range.start);
        let shift = |line: &str| shifted(line, was, column);
        let body = format!("{body}{tail}");
        comment.into_iter().chain(body.lines().map(shift)).collect()
    }

    fn placed(&self, steps: &[Step<'_>]) -> Result<Option<(NodeId, Vec<Place>)>, Error> {
        let found = self.there(steps)?;
        Ok(found.and_then(|found| Some((found.node?, found.places))))
    }

    fn flow_wrapping(&self, node: NodeId, wrap: Wrap<'_>) -> Vec<Splice> {
        let range = self.site(node).range();
        let mut form = self.form();
        form.json = self.is_json(node) || self.bytes().get(range.start) == Some(&b'"');
        let text = |text: &str| write::flow(&text.into(), form);
        let (before, after) = match wrap {
            Wrap::Map(key) => (format!("{{{}: ", text(key)), "}"),
            Wrap::Item(before, key) => {
                let before = write::flow_part(&Content::map(before.iter().cloned()), form);
                (format!("[{{{before}, {}: ", text(key)), "}]")
            }
        };
        vec![
            insertion(range.start, before),
            insertion(range.end, after.to_owned()),
        ]
    }

    /// `path: ` before a value, of which further lines move right.
    fn wrapping_in_map(&self, node: NodeId, key: &str) -> Vec<Splice> {
        let range = self.site(node).range();
        let mut splices = self.shifting(range.start, range.end, 2);
        splices.push(insertion(range.start, format!("{key}: ")));
        splices
    }

    /// An item before a block map, of which all lines move right.
    fn wrapping_in_item(
        &self,
        node: NodeId,
        places: &[Place],
        before: &[(&str, Content)],
        key: &str,
    ) -> Vec<Splice> {
        let way = self.way(places);
        let around = way[way.len().saturating_sub(2)];
        let range = self.tree.origin(node).range();
        let column = self.column(self.tree.origin(around).range().start) + self.form().list_offset;
        let was = self.column(range.start);
        let mut entries = before.to_vec();
        entries.push((key, Content::Plain(String::new())));
        let item = Content::List(vec![Content::map(entries)]);
        let lines = write::lines(&item, self.form());
        let lines: Vec<String> = lines
            .iter()
            .map(|line| line.trim_end().to_owned())
            .collect();
        let key_line = self.tree.key_origin(node).range().end;
        let mut splices = vec![self.below(key_line, column, &lines)];
        splices.extend(self.shifting(key_line, range.end, (column + 4).saturating_sub(was)));
        splices
    }

    /// Moves the lines right that begin between two places.
    fn shifting(&self, start: usize, end: usize, by: usize) -> Vec<Splice> {
        let end = self.trimmed(end);
        let text = &self.source.text()[start..end];
        let starts = text.match_indices('\n').map(|(at, _)| start + at + 1);
        let filled = starts.filter(|&at| at < end && !matches!(self.bytes()[at], b'\n' | b'\r'));
        filled.map(|at| insertion(at, " ".repeat(by))).collect()
    }

    /// The number of parts of the collection at a place.
    pub(super) fn parts_at(&self, places: &[Place]) -> usize {
        let node = self.way(places).pop();
        node.map_or(0, |node| self.tree.len(node))
    }

    /// Leaves nothing in a collection.
    pub(super) fn empty(&mut self, places: &[Place]) -> Result<(), Error> {
        let Some(node) = self.way(places).pop() else {
            return Ok(());
        };
        let (text, nothing) = match self.tree.is_map(node) {
            true => ("{}", Model::Map(Vec::new())),
            false => ("[]", Model::Seq(Vec::new())),
        };
        let range = self.tree.origin(node).range();
        let key = self.tree.key_origin(node).range().end;
        let colon = self.source.text()[key..]
            .find(':')
            .map_or(key, |at| key + at + 1);
        let splice = Splice {
            range: colon..self.trimmed(range.end),
            text: format!(" {text}"),
        };
        self.change(vec![splice], places, |wanted| {
            if let Some(model) = wanted.at(places) {
                *model = nothing;
            }
        })
    }
}

fn insertion(at: usize, text: String) -> Splice {
    Splice {
        range: at..at,
        text,
    }
}

/// A line of something that stood at one column and now stands at another one.
fn shifted(line: &str, from: usize, to: usize) -> String {
    let blanks = line.len() - line.trim_start_matches(' ').len();
    match line.trim().is_empty() {
        true => String::new(),
        false if to >= from => format!("{}{line}", " ".repeat(to - from)),
        false => line[blanks.min(from - to)..].to_owned(),
    }
}
