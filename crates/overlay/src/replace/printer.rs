//! YAML printed as it was written, but for indentation and blank lines: what kustomize makes of a
//! YAML text in which it replaces a value (go-yaml v3, two columns, lists not indented).

use std::collections::HashSet;
use windlass_yaml::{Kind, NodeId, Style, Tree};

/// Prints a document that was read from `source`; `changed` are its scalars with another text
/// than they have there. Nothing where it has anchors, which are lost on the way.
pub(super) fn print(
    tree: &Tree,
    root: NodeId,
    source: &str,
    changed: &HashSet<NodeId>,
) -> Option<String> {
    let mut printer = Printer {
        tree,
        source,
        changed,
        out: String::new(),
        at: 0,
        levels: Vec::new(),
    };
    match tree.kind(root) {
        _ if is_flow(tree, root) => printer.value(root, 0)?,
        Kind::Map => printer.map(root, 0, false)?,
        Kind::Seq => printer.seq(root, 0, false)?,
        Kind::Scalar => printer.scalar(root, 0)?,
    }
    printer.comments(source.len());
    Some(printer.out.trim().to_owned())
}

struct Printer<'t> {
    tree: &'t Tree,
    source: &'t str,
    changed: &'t HashSet<NodeId>,
    out: String,
    /// How far the source is printed.
    at: usize,
    /// The columns of the open collections in the source and in the output. Those that were
    /// closed stay until the comments behind them are printed.
    levels: Vec<(usize, usize)>,
}

fn is_flow(tree: &Tree, node: NodeId) -> bool {
    !tree.is_scalar(node) && (tree.in_flow(node) || tree.is_empty(node))
}

impl Printer<'_> {
    fn map(&mut self, map: NodeId, indent: usize, mut inline: bool) -> Option<()> {
        for entry in self.tree.children(map) {
            let (key, start) = self.key(entry);
            self.open(start, indent)?;
            if !std::mem::take(&mut inline) {
                self.new_line(indent);
            }
            self.out.push_str(&key);
            self.out.push(':');
            self.at = start.map_or(self.at, |start| start + key.len());
            self.value(entry, indent)?;
        }
        Some(())
    }

    fn seq(&mut self, seq: NodeId, indent: usize, mut inline: bool) -> Option<()> {
        for item in self.tree.items(seq) {
            let start = self.start(item);
            let dash = start.and_then(|start| self.source.get(self.at..start)?.rfind('-'));
            self.open(dash.map(|dash| self.at + dash), indent)?;
            if !std::mem::take(&mut inline) {
                self.new_line(indent);
            }
            self.out.push('-');
            match self.tree.kind(item) {
                _ if is_flow(self.tree, item) => self.value(item, indent)?,
                Kind::Scalar => self.value(item, indent)?,
                Kind::Map => {
                    self.out.push(' ');
                    self.map(item, indent + 2, true)?;
                }
                Kind::Seq => {
                    self.out.push(' ');
                    self.seq(item, indent + 2, true)?;
                }
            }
        }
        Some(())
    }

    /// What stands behind a key or a dash.
    fn value(&mut self, node: NodeId, indent: usize) -> Option<()> {
        match self.tree.kind(node) {
            _ if is_flow(self.tree, node) => {
                let flow = self.flow(node);
                self.space();
                self.out.push_str(&flow);
                self.at = self.end(node).unwrap_or(self.at);
                Some(())
            }
            Kind::Scalar => self.scalar(node, indent),
            Kind::Map => self.map(node, indent + 2, false),
            Kind::Seq => self.seq(node, indent, false),
        }
    }

    fn scalar(&mut self, node: NodeId, indent: usize) -> Option<()> {
        let start = self.start(node);
        let gap = start.map_or(Some(""), |start| self.source.get(self.at..start))?;
        if gap.contains('&') {
            return None;
        }
        let text = match (self.tree.style(node), self.written(node)) {
            (Style::Literal | Style::Folded, _) => self.block(node, indent),
            (_, Some(written)) => written.to_owned(),
            _ => quoted(self.tree, node),
        };
        let tag = self
            .tree
            .tag(node)
            .and_then(|tag| tag.strip_prefix("tag:yaml.org,2002:"));
        let tag = tag.map(|tag| format!("!!{tag}"));
        for part in tag.iter().chain([&text]).filter(|part| !part.is_empty()) {
            self.space();
            self.out.push_str(part);
        }
        self.at = self.end(node).unwrap_or(self.at);
        Some(())
    }

    /// The text of a scalar as it stands in the source on one line, if it is still that.
    fn written(&self, node: NodeId) -> Option<&str> {
        let written = self.source.get(self.start(node)?..self.end(node)?)?;
        let is_kept = !self.changed.contains(&node) && !written.contains('\n');
        is_kept.then_some(written)
    }

    fn space(&mut self) {
        if !self.out.is_empty() {
            self.out.push(' ');
        }
    }

    fn new_line(&mut self, indent: usize) {
        if !self.out.is_empty() {
            self.out.push('\n');
        }
        self.out.push_str(&" ".repeat(indent));
    }

    /// A key as it is written, and where it starts.
    fn key(&self, entry: NodeId) -> (String, Option<usize>) {
        let key = self.tree.key(entry);
        let range = self.tree.key_origin(entry).range();
        let before = self
            .source
            .get(..range.start)
            .and_then(|before| before.chars().last());
        if self.source.get(range.clone()) != Some(key) || range.start < self.at {
            return (key.to_owned(), None);
        }
        match before.filter(|c| self.tree.key_is_quoted(entry) && matches!(c, '"' | '\'')) {
            Some(quote) => (format!("{quote}{key}{quote}"), Some(range.start - 1)),
            None => (key.to_owned(), Some(range.start)),
        }
    }

    /// Where a node of the source starts; nothing for one that was made.
    fn start(&self, node: NodeId) -> Option<usize> {
        Some(self.tree.origin(node).range().start).filter(|&start| start >= self.at)
    }

    fn end(&self, node: NodeId) -> Option<usize> {
        Some(self.tree.origin(node).range().end).filter(|&end| end >= self.at)
    }

    /// Prints the comments before an entry and notes its columns. An alias stands before what is
    /// printed already.
    fn open(&mut self, start: Option<usize>, indent: usize) -> Option<()> {
        let Some(start) = start else {
            return Some(());
        };
        let column = start - self.source[..start].rfind('\n').map_or(0, |at| at + 1);
        let shallower = self.levels.iter().position(|level| level.1 > indent);
        let closed = shallower.map_or(Vec::new(), |at| self.levels.split_off(at));
        if self.levels.last().is_none_or(|level| level.1 != indent) {
            self.levels.push((column, indent));
        }
        let open = self.levels.len();
        self.levels.extend(closed);
        self.comments(start);
        self.levels.truncate(open);
        Some(())
    }

    /// Prints the comments up to a place in the source.
    fn comments(&mut self, to: usize) {
        let Some(gap) = self.source.get(self.at..to) else {
            return;
        };
        let mut lines = gap.split('\n');
        let is_head = self.at == 0;
        if !is_head && let Some(comment) = lines.next().and_then(comment) {
            self.out.push(' ');
            self.out.push_str(comment);
        }
        let mut lines = lines.peekable();
        while let Some(line) = lines.next() {
            if let Some(comment) = comment(line) {
                let column = line.len() - line.trim_start().len();
                let level = self.levels.iter().rfind(|level| level.0 <= column);
                self.new_line(level.map_or(0, |level| level.1));
                self.out.push_str(comment);
            } else if is_head && lines.peek().is_some() && !self.out.ends_with('\n') {
                // A comment with a blank line behind it is the document's.
                self.out.push('\n');
            }
        }
        self.at = to;
    }

    /// A flow collection on one line.
    fn flow(&self, node: NodeId) -> String {
        let tree = self.tree;
        let item = |node| match tree.kind(node) {
            Kind::Scalar => match self.written(node) {
                Some(written) => written.to_owned(),
                None => quoted(tree, node),
            },
            _ => self.flow(node),
        };
        match tree.kind(node) {
            Kind::Map => {
                let entries = tree.children(node).map(|entry| {
                    let (key, _) = self.key(entry);
                    format!("{key}: {}", item(entry)).trim_end().to_owned()
                });
                format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
            }
            _ => format!(
                "[{}]",
                tree.items(node).map(item).collect::<Vec<_>>().join(", ")
            ),
        }
    }

    /// A block text: its header as written, its lines indented anew.
    fn block(&self, node: NodeId, indent: usize) -> String {
        let range = self.tree.origin(node).range();
        let written = self.source.get(range).unwrap_or_default();
        let header = written.lines().next().unwrap_or("|").trim_end();
        let text = self.tree.text(node);
        let body = text.strip_suffix('\n').unwrap_or(text);
        let mut out = header.to_owned();
        let is_folded = self.tree.style(node) == Style::Folded;
        let mut before = None;
        for line in body.split('\n') {
            let continues =
                before.is_some_and(|before: &str| !before.starts_with(' ') && !before.is_empty());
            if is_folded && continues && !line.is_empty() {
                out.push('\n');
            }
            out.push('\n');
            if !line.is_empty() {
                out.push_str(&" ".repeat(indent + 2));
                out.push_str(line);
            }
            before = Some(line);
        }
        out
    }
}

fn comment(line: &str) -> Option<&str> {
    let at = line.find('#')?;
    Some(line[at..].trim_end())
}

/// A scalar in the style that it has, on one line.
fn quoted(tree: &Tree, node: NodeId) -> String {
    let text = tree.text(node);
    match tree.style(node) {
        Style::Double => format!("{text:?}"),
        Style::Single => format!("'{}'", text.replace('\'', "''")),
        _ if is_plain(text) => text.to_owned(),
        _ => format!("'{}'", text.replace('\'', "''")),
    }
}

/// Whether a text can stand without quotes.
fn is_plain(text: &str) -> bool {
    let starts = text.starts_with(|c: char| "-?:,[]{}#&*!|>'\"%@` ".contains(c));
    let is_number = text.len() > 1 && text.starts_with('-') && !text.starts_with("- ");
    (!starts || is_number)
        && !text.ends_with([' ', ':'])
        && !text.contains(": ")
        && !text.contains(" #")
}
