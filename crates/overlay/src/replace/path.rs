//! Field paths: names joined by dots, with items of lists chosen by index, value or `*`.

use crate::error::{Error, ErrorKind, Result};
use crate::fields::is_null;
use crate::pattern;
use std::fmt;
use windlass_fault::nearest;
use windlass_yaml::{Kind, NodeId, Origin, Tree};

/// A field path, split into its parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Path {
    written: String,
    parts: Vec<String>,
}

/// What a missing field is made as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Create {
    No,
    /// As what the value is, and where the path is written that asks for it.
    As(Kind, Origin),
}

/// A field that a path leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) node: NodeId,
    /// Whether it was made on the way.
    pub(super) is_new: bool,
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}

impl Path {
    /// Splits a path at its dots, but for those behind a `\` and those in brackets
    /// (`kustomize: kyaml/utils/pathsplitter.go`).
    pub(super) fn parse(path: &str) -> Self {
        let mut pieces = unescaped(path).into_iter();
        let mut parts = Vec::new();
        while let Some(mut part) = pieces.next() {
            if part.starts_with('[') && !part.ends_with(']') {
                for piece in pieces.by_ref() {
                    part.push('.');
                    part.push_str(&piece);
                    if piece.ends_with(']') {
                        break;
                    }
                }
                if !part.contains('=') {
                    part = part.trim_matches(['[', ']']).to_owned();
                }
            }
            parts.push(part);
        }
        Self {
            written: path.to_owned(),
            parts,
        }
    }

    /// The first names of the path, and the others.
    pub(super) fn split(&self, at: usize) -> (Self, Self) {
        let part = |parts: &[String]| Self {
            written: parts.join("."),
            parts: parts.to_vec(),
        };
        let (first, rest) = self.parts.split_at(at);
        (part(first), part(rest))
    }

    pub(super) fn len(&self) -> usize {
        self.parts.len()
    }

    /// `ports[0]` in the old spelling of variables means `ports.0`.
    pub(super) fn with_old_indexes(mut self) -> Self {
        let parts = std::mem::take(&mut self.parts);
        for part in parts {
            let index = part
                .strip_suffix(']')
                .and_then(|part| part.rsplit_once('['));
            match index.filter(|(_, at)| is_digits(at)) {
                Some((name, at)) => {
                    let name = Some(name).filter(|name| !name.is_empty());
                    self.parts.extend(name.map(str::to_owned));
                    self.parts.push(at.to_owned());
                }
                None => self.parts.push(part),
            }
        }
        self
    }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// The pieces between dots; one dot before the first changes nothing.
fn unescaped(path: &str) -> Vec<String> {
    let mut pieces: Vec<String> = Vec::new();
    for piece in path.strip_prefix('.').unwrap_or(path).split('.') {
        match pieces.last_mut() {
            Some(last) if last.ends_with('\\') => {
                last.pop();
                last.push('.');
                last.push_str(piece);
            }
            _ => pieces.push(piece.to_owned()),
        }
    }
    pieces
}

/// An index, as Go reads a number.
fn index(part: &str) -> Option<i64> {
    let digits = part.strip_prefix(['+', '-']).unwrap_or(part);
    is_digits(digits).then(|| part.parse().ok()).flatten()
}

/// `[name=value]`, in two.
fn choice(part: &str) -> Option<Result<(&str, &str)>> {
    let inner = part.strip_prefix('[')?.strip_suffix(']')?;
    Some(inner.split_once('=').ok_or_else(|| {
        let message = format!("`{part}` chooses no item of a list");
        Error::new(ErrorKind::Replacement, message).hint("write it as `[name=value]`".to_owned())
    }))
}

/// Finding the one field that a source or a variable names
/// (`kustomize: kyaml/yaml/fns.go`, `PathGetter`).
impl Path {
    pub(super) fn look_up(&self, tree: &Tree, root: NodeId) -> Result<Option<NodeId>> {
        let mut at = root;
        let parts = self.parts.iter().map(|part| part.trim());
        for part in parts.filter(|part| !part.is_empty()) {
            let Some(next) = self.step(tree, at, part)? else {
                return Ok(None);
            };
            at = next;
        }
        Ok(Some(at))
    }

    fn step(&self, tree: &Tree, at: NodeId, part: &str) -> Result<Option<NodeId>> {
        if let Some(index) = index(part) {
            self.check(tree, at, Kind::Seq)?;
            let index = usize::try_from(index).map_err(|_| self.negative(tree, at))?;
            return Ok(tree.items(at).nth(index));
        }
        if part == "-" {
            self.check(tree, at, Kind::Seq)?;
            return Ok(tree.items(at).last());
        }
        if let Some(choice) = choice(part) {
            let (name, wanted) = choice?;
            self.check(tree, at, Kind::Seq)?;
            let value = |item| match name {
                "" => Some(tree.text(item)),
                name => tree.get(item, name).map(|id| tree.text(id)),
            };
            return Ok(tree.items(at).find(|&item| value(item) == Some(wanted)));
        }
        self.check(tree, at, Kind::Map)?;
        Ok(tree.get(at, part))
    }

    /// Refuses to go on from a node of another kind; null is of any.
    fn check(&self, tree: &Tree, at: NodeId, kind: Kind) -> Result<()> {
        if tree.kind(at) == kind || is_null(tree, at) {
            return Ok(());
        }
        let name = |kind| match kind {
            Kind::Map => "a map",
            Kind::Seq => "a list",
            Kind::Scalar => "a scalar",
        };
        let (wanted, found) = (name(kind), name(tree.kind(at)));
        let message = format!("cannot follow `{self}`: this is {found}, not {wanted}");
        Err(Error::new(ErrorKind::Replacement, message).at(tree.locate(tree.origin(at))))
    }

    /// The path leads into a text, which kustomize reads as YAML, and there is none.
    fn ends_early(&self, tree: &Tree, at: NodeId) -> Error {
        let message = format!("cannot follow `{self}`: there is nothing here");
        Error::new(ErrorKind::Replacement, message).at(tree.locate(tree.origin(at)))
    }

    fn negative(&self, tree: &Tree, at: NodeId) -> Error {
        let message = format!("cannot follow `{self}`: an index is not negative");
        Error::new(ErrorKind::Replacement, message).at(tree.locate(tree.origin(at)))
    }
}

/// Finding all fields that a target names (`kustomize: kyaml/yaml/match.go`, `PathMatcher`).
impl Path {
    /// The fields, made where `create` says so and they are missing.
    pub(super) fn find(&self, tree: &mut Tree, root: NodeId, create: Create) -> Result<Vec<Found>> {
        let mut search = Search {
            path: self,
            create,
            found: Vec::new(),
        };
        let root = Found {
            node: root,
            is_new: false,
        };
        search.follow(tree, root, &self.parts)?;
        Ok(search.found)
    }
}

fn is_empty_text(tree: &Tree, node: NodeId) -> bool {
    tree.is_scalar(node) && tree.text(node).is_empty()
}

struct Search<'p> {
    path: &'p Path,
    create: Create,
    found: Vec<Found>,
}

impl Search<'_> {
    fn follow(&mut self, tree: &mut Tree, at: Found, parts: &[String]) -> Result<()> {
        let Some((part, rest)) = parts.split_first() else {
            self.found.push(at);
            return Ok(());
        };
        if let Create::As(_, origin) = self.create
            && part != "*"
            && is_null(tree, at.node)
        {
            // kustomize puts what it makes below the null, where nothing of it is printed.
            let node = tree.plain("", origin);
            self.found.push(Found { node, is_new: true });
            return Ok(());
        }
        match index(part) {
            Some(index) if index >= 0 => return self.follow_index(tree, at, index, rest),
            _ => {}
        }
        if let Some(choice) = choice(part) {
            let (name, wanted) = choice?;
            return self.follow_choice(tree, at, (name, wanted), rest);
        }
        if part == "*" {
            self.path.check(tree, at.node, Kind::Seq)?;
            let items: Vec<NodeId> = tree.items(at.node).collect();
            let mut items = items.into_iter();
            return items.try_for_each(|node| self.follow(tree, old(node), rest));
        }
        self.path.check(tree, at.node, Kind::Map)?;
        match tree.get(at.node, part) {
            Some(node) if !rest.is_empty() && is_empty_text(tree, node) => {
                Err(self.path.ends_early(tree, node))
            }
            Some(node) => self.follow(tree, old(node), rest),
            None if tree.is_map(at.node) => match self.make(tree, rest) {
                Some(made) => {
                    tree.add(at.node, part, made.node);
                    self.follow(tree, made, rest)
                }
                None => Ok(()),
            },
            None => Ok(()),
        }
    }

    fn follow_index(
        &mut self,
        tree: &mut Tree,
        at: Found,
        index: i64,
        rest: &[String],
    ) -> Result<()> {
        self.path.check(tree, at.node, Kind::Seq)?;
        let len = tree.items(at.node).count();
        let index = usize::try_from(index).unwrap_or(usize::MAX);
        if let Some(node) = tree.items(at.node).nth(index) {
            return self.follow(tree, old(node), rest);
        }
        if index == len
            && tree.is_seq(at.node)
            && let Some(made) = self.make(tree, rest)
        {
            tree.push(at.node, made.node);
            return self.follow(tree, made, rest);
        }
        let message = format!("cannot follow `{}`: the list has {len} items", self.path);
        Err(Error::new(ErrorKind::Replacement, message).at(tree.locate(tree.origin(at.node))))
    }

    fn follow_choice(
        &mut self,
        tree: &mut Tree,
        at: Found,
        (name, wanted): (&str, &str),
        rest: &[String],
    ) -> Result<()> {
        self.path.check(tree, at.node, Kind::Seq)?;
        let pattern = pattern::compile(wanted)?;
        let before = self.found.len();
        let items: Vec<NodeId> = tree.items(at.node).collect();
        for item in items {
            let value = if name.is_empty() {
                Some(item)
            } else {
                tree.get(item, name)
            };
            if value.is_some_and(|value| pattern.is_match(&printed(tree, value))) {
                // What follows the choice of a scalar is not looked at.
                let rest = if name.is_empty() { &[] } else { rest };
                self.follow(tree, old(item), rest)?;
            }
        }
        match self.create {
            Create::As(_, origin) if self.found.len() == before && tree.is_seq(at.node) => {
                self.make_choice(tree, at.node, (name, wanted), rest, origin)
            }
            _ => Ok(()),
        }
    }

    fn make_choice(
        &mut self,
        tree: &mut Tree,
        list: NodeId,
        (name, wanted): (&str, &str),
        rest: &[String],
        origin: Origin,
    ) -> Result<()> {
        let value = tree.plain("", origin);
        tree.set_untyped(value, wanted);
        if name.is_empty() {
            tree.push(list, value);
            self.found.push(Found {
                node: value,
                is_new: true,
            });
            return Ok(());
        }
        let item = tree.map(origin);
        tree.add(item, name, value);
        tree.push(list, item);
        self.follow(tree, old(item), rest)
    }

    /// A node for a missing field: a collection where there is more to come.
    fn make(&self, tree: &mut Tree, rest: &[String]) -> Option<Found> {
        let Create::As(kind, origin) = self.create else {
            return None;
        };
        let kind = match rest.first() {
            None => kind,
            Some(next) if index(next).is_some_and(|at| at >= 0) => Kind::Seq,
            Some(next) if next.starts_with('[') && next.ends_with(']') => Kind::Seq,
            Some(_) => Kind::Map,
        };
        let node = match kind {
            Kind::Map => tree.map(origin),
            Kind::Seq => tree.seq(origin),
            Kind::Scalar => tree.plain("", origin),
        };
        Some(Found { node, is_new: true })
    }
}

fn old(node: NodeId) -> Found {
    Found {
        node,
        is_new: false,
    }
}

/// A scalar as it is printed, with its quotes: that is what an expression is matched with.
fn printed(tree: &Tree, node: NodeId) -> String {
    use windlass_yaml::Style;
    let text = tree.text(node);
    match tree.style(node) {
        Style::Double => format!("{text:?}"),
        Style::Single => format!("'{}'", text.replace('\'', "''")),
        _ => text.trim().to_owned(),
    }
}

/// The name that was probably meant where a path leads to nothing.
pub(super) fn hint(tree: &Tree, root: NodeId, path: &str) -> Option<String> {
    let path = Path::parse(path);
    let mut at = root;
    for part in &path.parts {
        match path.step(tree, at, part) {
            Ok(Some(next)) => at = next,
            _ => {
                let known = nearest(part, tree.entries(at).map(|(key, _)| key))?;
                return Some(format!("did you mean `{known}`?"));
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(path: &str) -> Vec<String> {
        Path::parse(path).parts
    }

    #[test]
    fn dots_in_brackets_and_behind_backslashes_do_not_split() {
        assert_eq!(parts("spec.a"), ["spec", "a"]);
        assert_eq!(
            parts(r"metadata.annotations.a\.b/c"),
            ["metadata", "annotations", "a.b/c"]
        );
        assert_eq!(
            parts("metadata.annotations.[a.b/c]"),
            ["metadata", "annotations", "a.b/c"]
        );
        assert_eq!(parts("spec.[name=a.b].x"), ["spec", "[name=a.b]", "x"]);
        assert_eq!(parts("a.[b"), ["a", "b"]);
    }

    #[test]
    fn old_indexes_become_parts() {
        let path = Path::parse("spec.ports[0].port").with_old_indexes();
        assert_eq!(path.parts, ["spec", "ports", "0", "port"]);
    }
}
