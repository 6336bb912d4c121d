//! Where in the text an edit goes.

use super::model::Place;
use super::write::{self, Form};
use super::{Content, Document, Found, Splice};
use crate::chars::{break_len, is_blank};
use crate::error::Error;
use crate::node::{Kind, NodeId, Style};
use crate::source::Origin;
use std::ops::Range;

impl Document {
    /// Where a node stands: for an alias that itself, not what it stands for.
    pub(super) fn site(&self, node: NodeId) -> Origin {
        let origin = self.tree.origin(node);
        match (self.parsed.aliases.get(&node), origin.source()) {
            (Some(range), Some(source)) => Origin::new(source, range.start, range.end),
            _ => origin,
        }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        self.source.text().as_bytes()
    }

    /// The nodes on the way to a place, from the root on.
    pub(super) fn way(&self, places: &[Place]) -> Vec<NodeId> {
        let step = |at: &mut Option<NodeId>, place: &Place| {
            let node = (*at)?;
            *at = match place {
                Place::Key(key) => self.tree.get(node, key),
                Place::Index(index) => self.tree.item(node, *index),
            };
            *at
        };
        let below = places.iter().scan(self.parsed.root, step);
        self.parsed.root.into_iter().chain(below).collect()
    }

    /// Whether what stands at a place is inside brackets.
    pub(super) fn in_flow(&self, places: &[Place]) -> bool {
        let way = self.way(places);
        let around = &way[..way.len().saturating_sub(1)];
        around.iter().any(|&node| self.tree.in_flow(node))
    }

    /// The value in the place of the scalar that is there.
    pub(super) fn replacement(
        &self,
        found: &Found,
        node: NodeId,
        value: &Content,
    ) -> Result<Splice, Error> {
        let flow = self.in_flow(&found.places);
        let written = |style| match value {
            Content::Text(text) => write::scalar(text, style, flow),
            plain => write::flow(plain, self.form()),
        };
        if let Some(range) = self.parsed.aliases.get(&node) {
            return Ok(self.spaced(range.clone(), written(Style::Plain)));
        }
        if !self.tree.is_scalar(node) {
            return Err(self.refuse(node, "a text is expected here"));
        }
        if self.parsed.anchored.contains_key(&node) {
            return Err(self
                .refuse(node, "aliases elsewhere in the file stand for this value")
                .with_hint("write the value out where the aliases are"));
        }
        let range = self.tree.origin(node).range();
        if range.is_empty() {
            return Ok(self.filling(range.start, written(Style::Plain)));
        }
        let text = written(self.tree.style(node));
        Ok(Splice {
            range: range.start..self.trimmed(range.end),
            text,
        })
    }

    /// A text where nothing stands behind a `:` or a `-`.
    fn filling(&self, at: usize, text: String) -> Splice {
        let has_indicator = at > 0 && matches!(self.bytes()[at - 1], b':' | b'-');
        let lead = if has_indicator || at == 0 { " " } else { ": " };
        let lead = if self.follows_props(at) { " " } else { lead };
        self.spaced(at..at, format!("{lead}{text}"))
    }

    /// Whether an anchor or a tag ends here.
    fn follows_props(&self, at: usize) -> bool {
        let before = &self.source.text()[..at];
        let word = before.rsplit([' ', '\t', '\n']).next().unwrap_or("");
        word.starts_with(['&', '!'])
    }

    /// A splice that is kept apart from a word behind it.
    fn spaced(&self, range: Range<usize>, text: String) -> Splice {
        let next = self.bytes().get(range.end);
        let joins = next.is_some_and(|&b| !is_blank(b) && break_len(&[b]) == 0)
            && !matches!(next, Some(b',' | b']' | b'}'));
        let tail = if joins { " " } else { "" };
        Splice {
            range,
            text: format!("{text}{tail}"),
        }
    }

    /// The end of what stands before `end`, without the line breaks of a block text.
    pub(super) fn trimmed(&self, end: usize) -> usize {
        let text = &self.source.text()[..end];
        text.trim_end_matches(['\n', '\r']).len()
    }

    /// New entries or items in a collection, or a new collection where nothing is.
    pub(super) fn insertion(
        &self,
        found: &Found,
        node: NodeId,
        content: &Content,
    ) -> Result<Vec<Splice>, Error> {
        if self.parsed.aliases.contains_key(&node) {
            return Err(self
                .refuse(node, "an alias stands here for what is to be changed")
                .with_hint("write the value out instead of the alias"));
        }
        match self.tree.kind(node) {
            Kind::Scalar => Ok(self.new_collection(found, node, content)),
            _ if self.tree.in_flow(node) || self.in_flow(&found.places) => {
                Ok(vec![self.flow_insertion(node, content)])
            }
            _ => {
                let column = self.column(self.tree.origin(node).range().start);
                let end = self.tree.origin(node).range().end;
                let lines = write::lines(content, self.form());
                Ok(vec![self.below(end, column, &lines)])
            }
        }
    }

    /// Lines below the one where `end` is.
    pub(super) fn below(&self, end: usize, column: usize, lines: &[String]) -> Splice {
        let newline = self.newline();
        let indent = " ".repeat(column);
        let starts_line = end == 0 || self.bytes()[end - 1] == b'\n';
        let at = if starts_line { end } else { self.line_end(end) };
        let write = |line: &String| {
            let indent = if line.is_empty() { "" } else { &indent };
            match starts_line {
                true => format!("{indent}{line}{newline}"),
                false => format!("{newline}{indent}{line}"),
            }
        };
        let text = lines.iter().map(write).collect();
        Splice {
            range: at..at,
            text,
        }
    }

    /// A new entry or item before the closing bracket.
    fn flow_insertion(&self, node: NodeId, content: &Content) -> Splice {
        let range = self.tree.origin(node).range();
        let form = Form {
            json: self.is_json(node),
            ..self.form()
        };
        let part = write::flow_part(content, form);
        let Some(last) = self.tree.children(node).last() else {
            return Splice {
                range: range.start + 1..range.start + 1,
                text: part,
            };
        };
        let end = self.site(last).range().end;
        let after_colon = self.bytes()[end - 1] == b':' && self.site(last).range().is_empty();
        let comma = if after_colon { " , " } else { ", " };
        Splice {
            range: end..end,
            text: format!("{comma}{part}"),
        }
    }

    /// Whether keys are in double quotes there.
    pub(super) fn is_json(&self, node: NodeId) -> bool {
        let first = self.tree.children(node).next();
        match (self.tree.kind(node), first) {
            (Kind::Map, Some(entry)) => {
                let start = self.tree.key_origin(entry).range().start;
                self.tree.key_is_quoted(entry)
                    && (self.bytes()[start] == b'"'
                        || self.bytes()[start.saturating_sub(1)] == b'"')
            }
            (Kind::Seq, Some(item)) => self.is_json(item),
            _ => false,
        }
    }

    /// A collection in the place of nothing, or of `null`.
    fn new_collection(&self, found: &Found, node: NodeId, content: &Content) -> Vec<Splice> {
        let range = self.tree.origin(node).range();
        if found.places.is_empty() {
            return vec![self.at_file_end(content)];
        }
        let in_map = matches!(found.places.last(), Some(Place::Key(_)));
        if self.in_flow(&found.places) || !in_map {
            let text = write::flow(content, self.form());
            return vec![if range.is_empty() {
                self.filling(range.start, text)
            } else {
                self.spaced(range, text)
            }];
        }
        let way = self.way(&found.places);
        let around = way[way.len().saturating_sub(2)];
        let column = self.column(self.tree.origin(around).range().start);
        let offset = match content {
            Content::List(_) => self.form().list_offset,
            _ => 2,
        };
        let lines = write::lines(content, self.form());
        let mut splices = vec![self.below(range.end, column + offset, &lines)];
        if !range.is_empty() {
            let blanks = self.bytes()[..range.start].iter().rev();
            let blanks = blanks.take_while(|&&b| is_blank(b)).count();
            splices.push(Splice {
                range: range.start - blanks..range.end,
                text: String::new(),
            });
        }
        splices
    }

    /// The first lines of a document that has none, at the end of the file.
    pub(super) fn at_file_end(&self, content: &Content) -> Splice {
        let text = self.source.text();
        let newline = self.newline();
        let mut new = String::new();
        if !text.is_empty() && !text.ends_with('\n') {
            new.push_str(newline);
        }
        for line in write::lines(content, self.form()) {
            new.push_str(&line);
            new.push_str(newline);
        }
        Splice {
            range: text.len()..text.len(),
            text: new,
        }
    }

    /// What to cut so that an entry or item goes.
    pub(super) fn removal(&self, places: &[Place]) -> Result<Splice, Error> {
        let way = self.way(places);
        let [.., around, node] = way[..] else {
            return Err(self.complain("a whole document is not removed"));
        };
        let siblings: Vec<NodeId> = self.tree.children(around).collect();
        let at = siblings.iter().position(|&id| id == node).unwrap_or(0);
        if siblings.len() == 1 {
            return Err(self
                .refuse(node, "the only part of a collection is not removed")
                .with_hint("remove the collection"));
        }
        let flow = self.tree.in_flow(around) || self.in_flow(&places[..places.len() - 1]);
        let start = self.part_start(around, node);
        let end = self.site(node).range().end.max(self.key_end(around, node));
        let next = siblings.get(at + 1).map(|&id| self.part_start(around, id));
        let range = match (flow, next) {
            (true, Some(next)) => start..next,
            (true, None) => {
                let before = siblings[at - 1];
                self.site(before)
                    .range()
                    .end
                    .max(self.key_end(around, before))..end
            }
            (false, _) if self.starts_line(start) => self.line_start(start)..self.after_line(end),
            (false, Some(next)) => start..next,
            (false, None) => return Err(self.refuse(node, "this cannot be removed")),
        };
        Ok(Splice {
            range,
            text: String::new(),
        })
    }

    /// Where an entry's key or an item's dash stands.
    pub(super) fn part_start(&self, around: NodeId, part: NodeId) -> usize {
        if self.tree.is_map(around) {
            let key = self.tree.key_origin(part).range().start;
            let quoted = self.tree.key_is_quoted(part) && key > 0;
            let inside = quoted && matches!(self.bytes()[key - 1], b'"' | b'\'');
            return if inside { key - 1 } else { key };
        }
        let start = self.site(part).range().start;
        if self.tree.in_flow(around) {
            return start;
        }
        self.source.text()[..start].rfind("- ").unwrap_or(start)
    }

    pub(super) fn key_end(&self, around: NodeId, part: NodeId) -> usize {
        if self.tree.is_map(around) {
            self.tree.key_origin(part).range().end
        } else {
            0
        }
    }

    /// How far lists of this file stand right of their keys.
    pub(super) fn form(&self) -> Form {
        let tree = &self.tree;
        let root = self.parsed.root.filter(|&root| tree.is_map(root));
        let lists = root.into_iter().flat_map(|root| tree.entries(root));
        let list = lists
            .map(|(_, id)| id)
            .find(|&id| tree.is_seq(id) && !tree.in_flow(id));
        let column = |id| self.column(self.site(id).range().start);
        let list_offset = list.map_or(0, |list| {
            column(list).saturating_sub(root.map_or(0, column))
        });
        Form {
            list_offset,
            json: false,
        }
    }

    /// The line break that the file uses.
    pub(super) fn newline(&self) -> &'static str {
        match self.source.text().split_once('\n') {
            Some((first, _)) if first.ends_with('\r') => "\r\n",
            _ => "\n",
        }
    }

    /// Where the line starts, behind the mark of the byte order that a file may begin with.
    pub(super) fn line_start(&self, at: usize) -> usize {
        let text = self.source.text();
        match text[..at].rfind('\n') {
            Some(before) => before + 1,
            None if text.starts_with('\u{FEFF}') => 3,
            None => 0,
        }
    }

    /// Where the line ends, before its line break.
    pub(super) fn line_end(&self, at: usize) -> usize {
        let text = self.source.text();
        let end = text[at..].find('\n').map_or(text.len(), |len| at + len);
        if text[..end].ends_with('\r') && end > at {
            end - 1
        } else {
            end
        }
    }

    /// Where the line after this one starts; here, if this is the start of one.
    pub(super) fn after_line(&self, at: usize) -> usize {
        if at > 0 && self.bytes()[at - 1] == b'\n' {
            return at;
        }
        let text = self.source.text();
        text[at..].find('\n').map_or(text.len(), |len| at + len + 1)
    }

    /// Whether nothing but blanks stands before this on its line.
    pub(super) fn starts_line(&self, at: usize) -> bool {
        self.bytes()[self.line_start(at)..at]
            .iter()
            .all(|&b| is_blank(b))
    }

    pub(super) fn column(&self, at: usize) -> usize {
        at - self.line_start(at)
    }
}
