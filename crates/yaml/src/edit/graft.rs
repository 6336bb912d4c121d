//! Parts of another file, put in with the text that they have there.

use super::model::{Model, Place};
use super::{Document, Found, Splice, Step};
use crate::error::Error;
use crate::node::{NodeId, Style};
use crate::resolve::is_certain_string;

/// The text of an entry or item, from its key or dash on, as if it stood at the first column.
struct Part {
    /// The comments in the lines above it.
    remarks: Vec<String>,
    lines: Vec<String>,
    /// The comment behind it on its last line, with the blanks before.
    tail: String,
    /// What it is between brackets, where it fits on one line there.
    flow: Option<String>,
}

impl Document {
    /// Puts the value at the end of a way in `other` in the place of the one at the end of a way
    /// here; says whether that changed the text. Where both are texts, the quotes here stay.
    ///
    /// # Errors
    /// [`Edit`](crate::ErrorKind::Edit) if there is not one such value here and there, or if this
    /// cannot be done without changing something else.
    pub fn replace_from(
        &mut self,
        at: &[Step<'_>],
        other: &Self,
        from: &[Step<'_>],
    ) -> Result<bool, Error> {
        let (found, theirs) = (self.part_at(at)?, other.part_at(from)?);
        let (node, their_node) = (self.node_of(&found), other.node_of(&theirs));
        let value = Model::of(&other.tree, their_node);
        if Model::of(&self.tree, node) == value {
            return Ok(false);
        }
        if self.is_line(node) && other.is_line(their_node) && other.is_text(their_node) {
            return self.set(at, other.tree.text(their_node));
        }
        let part = other.part(&theirs)?;
        let way = self.way(&found.places);
        let [.., around, _] = way[..] else {
            return Err(self.refuse(node, "a whole document is not replaced"));
        };
        let start = self.part_start(around, node);
        let end = self.trimmed(self.part_end(around, node));
        let text = match (self.is_flow(&found, around), part.flow) {
            (true, Some(flow)) => flow,
            (true, None) => return Err(self.refuse(node, "this does not fit between brackets")),
            (false, _) => self.joined(&part.lines, self.column(start)),
        };
        let splice = Splice {
            range: start..end.max(start),
            text,
        };
        self.change(vec![splice], &found.places, |wanted| {
            wanted.replace(&found.places, value);
        })?;
        Ok(true)
    }

    /// Puts the entry or item at the end of a way in `other` into the collection at the end of a way
    /// here, behind the part number `behind`, from 0, or in front of all. Comments in the lines above
    /// it come along.
    ///
    /// # Errors
    /// As [`Document::replace_from`].
    pub fn insert_from(
        &mut self,
        into: &[Step<'_>],
        behind: Option<usize>,
        other: &Self,
        from: &[Step<'_>],
    ) -> Result<(), Error> {
        let (found, theirs) = (self.part_at(into)?, other.part_at(from)?);
        let around = self.node_of(&found);
        let part = other.part(&theirs)?;
        if self.tree.is_scalar(around) || self.parsed.aliases.contains_key(&around) {
            return Err(self.refuse(around, "nothing can be put in here"));
        }
        let siblings: Vec<NodeId> = self.tree.children(around).collect();
        let is_flow = self.tree.in_flow(around) || self.in_flow(&found.places);
        let sibling = behind.map_or_else(|| siblings.first(), |at| siblings.get(at));
        let splice = match (is_flow, sibling) {
            (true, sibling) => {
                let Some(flow) = part.flow else {
                    return Err(self.refuse(around, "this does not fit between brackets"));
                };
                self.between_brackets(around, sibling.copied(), behind.is_some(), &flow)
            }
            (false, Some(&sibling)) if behind.is_some() => self.behind(around, sibling, &part),
            (false, Some(&sibling)) => self.in_front(around, sibling, &part),
            (false, None) => return Err(self.refuse(around, "nothing stands here")),
        };
        let value = Model::of(&other.tree, other.node_of(&theirs));
        let at = behind.map_or(0, |at| at + 1);
        self.change(vec![splice], &found.places, |wanted| {
            wanted.insert(&found.places, at, theirs.places.last(), value);
        })
    }

    /// Puts a comment into the line above a part.
    ///
    /// # Errors
    /// As [`Document::replace_from`].
    pub fn remark(&mut self, at: &[Step<'_>], text: &str) -> Result<(), Error> {
        let found = self.part_at(at)?;
        let node = self.node_of(&found);
        let way = self.way(&found.places);
        let [.., around, _] = way[..] else {
            return Err(self.refuse(node, "a whole document has no line above"));
        };
        let line = self.line_start(self.part_start(around, node));
        let rest = &self.source.text()[line..];
        let indent = &rest[..rest.len() - rest.trim_start_matches(' ').len()];
        let newline = self.newline();
        let text: String = text.chars().filter(|c| !c.is_control()).collect();
        let splice = Splice {
            range: line..line,
            text: format!("{indent}# {text}{newline}"),
        };
        self.change(vec![splice], &found.places, |_| {})
    }

    /// What a way leads to, which must be there, once.
    fn part_at(&self, steps: &[Step<'_>]) -> Result<Found, Error> {
        let found = self.there(steps)?.filter(|found| found.node.is_some());
        found.ok_or_else(|| self.complain("there is no such part"))
    }

    fn node_of(&self, found: &Found) -> NodeId {
        found.node.expect("only what has a node is found")
    }

    /// Whether a node is a text within one line.
    fn is_line(&self, node: NodeId) -> bool {
        self.tree.is_scalar(node)
            && !self.tree.text(node).contains('\n')
            && !self.tree.origin(node).range().is_empty()
            && matches!(
                self.tree.style(node),
                Style::Plain | Style::Single | Style::Double
            )
    }

    fn is_text(&self, node: NodeId) -> bool {
        let tree = &self.tree;
        is_certain_string(
            tree.text(node),
            tree.style(node) != Style::Plain,
            tree.tag(node),
        ) && tree.tag(node).is_none()
    }

    fn is_flow(&self, found: &Found, around: NodeId) -> bool {
        self.tree.in_flow(around) || self.in_flow(&found.places)
    }

    /// The text of what a way leads to.
    fn part(&self, found: &Found) -> Result<Part, Error> {
        let node = self.node_of(found);
        let way = self.way(&found.places);
        let [.., around, _] = way[..] else {
            return Err(self.refuse(node, "a whole document is no part"));
        };
        let start = self.part_start(around, node);
        let end = self.trimmed(self.part_end(around, node)).max(start);
        let text = &self.source.text()[start..end];
        let item = matches!(found.places.last(), Some(Place::Index(_)));
        let dash = item && self.tree.in_flow(around);
        let mut lines = dedented(text, self.column(start));
        if dash {
            lines = indented(lines, 2);
            lines[0].replace_range(..2, "- ");
        }
        let tail = &self.source.text()[end..self.line_end(end)];
        let is_remark = tail.starts_with([' ', '\t']) && tail.trim_start().starts_with('#');
        let value = &self.source.text()[self.site(node).range()];
        let fits = !text.contains('\n') && (self.is_line(node) || self.tree.in_flow(node));
        let flow = fits.then(|| match found.places.last() {
            Some(Place::Key(_)) => text.to_owned(),
            _ => value.to_owned(),
        });
        Ok(Part {
            remarks: self.remarks_above(start),
            lines,
            tail: if is_remark { tail } else { "" }.to_owned(),
            flow,
        })
    }

    fn part_end(&self, around: NodeId, node: NodeId) -> usize {
        let end = self.site(node).range().end;
        end.max(self.key_end(around, node))
    }

    /// The comments in the lines right above a part, as far right as it.
    fn remarks_above(&self, start: usize) -> Vec<String> {
        let mut remarks = Vec::new();
        let mut line = self.line_start(start);
        while self.starts_line(start) && line > 0 {
            let above = self.line_start(line - 1);
            let text = self.source.text()[above..line].trim_end();
            let is_remark = text.trim_start().starts_with('#')
                && text.len() - text.trim_start().len() == self.column(start);
            if !is_remark {
                break;
            }
            remarks.push(text.trim_start().to_owned());
            line = above;
        }
        remarks.reverse();
        remarks
    }

    fn behind(&self, around: NodeId, sibling: NodeId, part: &Part) -> Splice {
        let column = self.column(self.part_start(around, sibling));
        let end = self.part_end(around, sibling);
        let newline = self.newline();
        let pad = " ".repeat(column);
        let text = self.joined(&part.all(), column);
        let ends_line = end > 0 && self.source.text().as_bytes()[end - 1] == b'\n';
        let (at, text) = match ends_line {
            true => (end, format!("{pad}{text}{newline}")),
            false => (self.line_end(end), format!("{newline}{pad}{text}")),
        };
        Splice {
            range: at..at,
            text,
        }
    }

    fn in_front(&self, around: NodeId, sibling: NodeId, part: &Part) -> Splice {
        let at = self.part_start(around, sibling);
        let column = self.column(at);
        // What shares its line with a dash has no line for comments.
        let lines = match self.starts_line(at) {
            true => part.all(),
            false => part.with_tail(),
        };
        let text = self.joined(&lines, column);
        Splice {
            range: at..at,
            text: format!("{text}{}{}", self.newline(), " ".repeat(column)),
        }
    }

    fn between_brackets(
        &self,
        around: NodeId,
        sibling: Option<NodeId>,
        behind: bool,
        text: &str,
    ) -> Splice {
        let (at, text) = match sibling {
            None => (self.tree.origin(around).range().start + 1, text.to_owned()),
            Some(sibling) if behind => (self.part_end(around, sibling), format!(", {text}")),
            Some(sibling) => (self.part_start(around, sibling), format!("{text}, ")),
        };
        Splice {
            range: at..at,
            text,
        }
    }

    /// The lines, all but the first moved to a column.
    fn joined(&self, lines: &[String], column: usize) -> String {
        let mut moved = indented(lines.to_vec(), column);
        if let Some(first) = moved.first_mut() {
            first.replace_range(..first.len().min(column), "");
        }
        moved.join(self.newline())
    }
}

impl Part {
    fn all(&self) -> Vec<String> {
        [self.remarks.clone(), self.with_tail()].concat()
    }

    fn with_tail(&self) -> Vec<String> {
        let mut lines = self.lines.clone();
        if let Some(last) = lines.last_mut() {
            last.push_str(&self.tail);
        }
        lines
    }
}

fn dedented(text: &str, column: usize) -> Vec<String> {
    let mut lines = text.lines();
    let first = lines.next().unwrap_or_default().to_owned();
    let rest = lines.map(|line| {
        let blank = line.len() - line.trim_start_matches(' ').len();
        line[blank.min(column)..].to_owned()
    });
    std::iter::once(first).chain(rest).collect()
}

fn indented(lines: Vec<String>, column: usize) -> Vec<String> {
    let pad = " ".repeat(column);
    lines
        .into_iter()
        .map(|line| match line.is_empty() {
            true => line,
            false => format!("{pad}{line}"),
        })
        .collect()
}
