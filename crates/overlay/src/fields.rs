//! Field specs: which fields of which kinds a transformer changes, and the walk to them.

use crate::error::{Error, ErrorKind, Result};
use crate::id::Gvk;
use std::borrow::Cow;
use windlass_yaml::{Kind, NodeId, Style, Tree};

/// A field of the objects of a kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FieldSpec {
    /// The kinds it is for; an empty part stands for all.
    pub(crate) gvk: Gvk,
    /// Names joined by `/` (`\/` for a slash in a name); one that ends in `[]` is a list.
    pub(crate) path: Cow<'static, str>,
    /// Whether the field is made where it is missing.
    pub(crate) create: bool,
}

impl FieldSpec {
    /// For the tables of this crate.
    pub(crate) const fn known(gvk: Gvk, path: &'static str, create: bool) -> Self {
        Self {
            gvk,
            path: Cow::Borrowed(path),
            create,
        }
    }

    /// Whether kustomize takes it for `other` too: the same field, and no kind that `other` is not
    /// for (`kustomize: api/types/fieldspec.go`, `effectivelyEquals`).
    pub(crate) fn stands_for(&self, other: &Self) -> bool {
        let Gvk {
            group,
            version,
            kind,
        } = &other.gvk;
        let covers = |all: &str, one: &str| all.is_empty() || all == one;
        self.path == other.path
            && covers(group, &self.gvk.group)
            && covers(version, &self.gvk.version)
            && covers(kind, &self.gvk.kind)
    }
}

/// The fields that name objects of a kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NameReference {
    /// The kind that is named; an empty part stands for all.
    pub(crate) gvk: Gvk,
    /// The fields that name it.
    pub(crate) fields: Cow<'static, [FieldSpec]>,
}

/// What a missing field is made as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Create {
    /// Not at all.
    No,
    /// An empty scalar.
    Scalar,
    /// An empty map.
    Map,
    /// An empty list.
    Seq,
}

impl Create {
    fn make(self, tree: &mut Tree, parent: NodeId) -> Option<NodeId> {
        let origin = tree.origin(parent);
        match self {
            Self::No => None,
            Self::Scalar => {
                let made = tree.plain("", origin);
                tree.set_untyped(made, "");
                Some(made)
            }
            Self::Map => Some(tree.map(origin)),
            Self::Seq => Some(tree.seq(origin)),
        }
    }
}

/// Calls `change` with each node that `spec` names in the object at `root`, which must be of a
/// kind that the spec is for. Every list on the way is walked through; what is missing is made
/// only if the spec says so, and never inside a list that is not there
/// (`kustomize: api/filters/fieldspec/fieldspec.go`).
pub(crate) fn visit(
    tree: &mut Tree,
    root: NodeId,
    spec: &FieldSpec,
    create: Create,
    change: &mut dyn FnMut(&mut Tree, NodeId) -> Result<()>,
) -> Result<()> {
    let create = if spec.create { create } else { Create::No };
    let mut walk = Walk {
        spec,
        create,
        change,
    };
    walk.node(tree, root, Names::of(&spec.path))
}

struct Walk<'a> {
    spec: &'a FieldSpec,
    create: Create,
    change: &'a mut dyn FnMut(&mut Tree, NodeId) -> Result<()>,
}

impl Walk<'_> {
    fn node(&mut self, tree: &mut Tree, at: NodeId, path: Names<'_>) -> Result<()> {
        let mut rest = path;
        let Some(name) = rest.next() else {
            return (self.change)(tree, at);
        };
        if is_null(tree, at) {
            return Ok(());
        }
        match tree.kind(at) {
            Kind::Map => self.field(tree, at, &name, rest),
            Kind::Seq => {
                let items: Vec<NodeId> = tree.items(at).collect();
                items
                    .into_iter()
                    .try_for_each(|item| self.node(tree, item, path))
            }
            Kind::Scalar => Err(self.no_collection(tree, at)),
        }
    }

    fn field(&mut self, tree: &mut Tree, map: NodeId, name: &str, rest: Names<'_>) -> Result<()> {
        let (name, is_list) = match name.strip_suffix("[]") {
            Some(name) => (name, true),
            None => (name, false),
        };
        if name.is_empty() {
            return Err(self.empty_name(tree, map));
        }
        let make = match (self.create, rest.is_empty()) {
            (_, _) if is_list => Create::No,
            (Create::No, _) => Create::No,
            (create, true) => create,
            (_, false) => Create::Map,
        };
        let found = match tree.get(map, name) {
            Some(found) => found,
            None => match make.make(tree, map) {
                Some(made) => tree.set(map, name, made),
                None => return Ok(()),
            },
        };
        let fill = if is_list { Create::Seq } else { make };
        if is_null(tree, found)
            && let Some(made) = fill.make(tree, found)
        {
            tree.overwrite(found, made);
        }
        self.node(tree, found, rest)
    }

    fn no_collection(&self, tree: &Tree, at: NodeId) -> Error {
        let path = &self.spec.path;
        let message = format!("cannot set `{path}`: expected a map or a list here");
        Error::new(ErrorKind::Field, message).at(tree.locate(tree.origin(at)))
    }

    fn empty_name(&self, tree: &Tree, at: NodeId) -> Error {
        let message = format!("the field path `{}` has an empty name", self.spec.path);
        Error::new(ErrorKind::Config, message).at(tree.locate(tree.origin(at)))
    }
}

/// The names of a path, or of what is left of it: it is split at each `/` that has no `\` before.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Names<'p>(Option<&'p str>);

impl<'p> Names<'p> {
    pub(crate) fn of(path: &'p str) -> Self {
        Self(Some(path.strip_prefix('/').unwrap_or(path)))
    }

    fn is_empty(self) -> bool {
        self.0.is_none()
    }
}

impl<'p> Iterator for Names<'p> {
    type Item = Cow<'p, str>;

    fn next(&mut self) -> Option<Self::Item> {
        let path = self.0?;
        let bytes = path.as_bytes();
        let is_end = |&at: &usize| bytes[at] == b'/' && (at == 0 || bytes[at - 1] != b'\\');
        let end = (0..bytes.len()).find(is_end);
        let name = &path[..end.unwrap_or(path.len())];
        self.0 = end.map(|end| &path[end + 1..]);
        Some(match name.contains('\\') {
            true => Cow::Owned(name.replace("\\/", "/")),
            false => Cow::Borrowed(name),
        })
    }
}

/// Whether a node is YAML's null; kustomize asks for the tag, which what it set itself has not.
pub(crate) fn is_null(tree: &Tree, id: NodeId) -> bool {
    match tree.tag(id) {
        Some(tag) => tag == "tag:yaml.org,2002:null",
        None => {
            tree.is_scalar(id)
                && !tree.is_untyped(id)
                && tree.style(id) == Style::Plain
                && matches!(tree.text(id), "" | "~" | "null" | "Null" | "NULL")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use windlass_yaml::Origin;

    fn spec(path: &'static str, create: bool) -> FieldSpec {
        FieldSpec::known(Gvk::default(), path, create)
    }

    fn count(tree: &mut Tree, root: NodeId, spec: &FieldSpec) -> usize {
        let mut seen = 0;
        visit(tree, root, spec, Create::Map, &mut |_, _| {
            seen += 1;
            Ok(())
        })
        .unwrap();
        seen
    }

    #[test]
    fn missing_fields_are_made_only_on_request_and_never_in_lists() {
        let mut tree = Tree::new();
        let root = tree.map(Origin::NONE);
        assert_eq!(count(&mut tree, root, &spec("metadata/labels", false)), 0);
        assert_eq!(count(&mut tree, root, &spec("metadata/labels", true)), 1);
        assert!(tree.lookup(root, &["metadata", "labels"]).is_some());
        assert_eq!(count(&mut tree, root, &spec("rules[]/labels", true)), 0);
        assert!(tree.get(root, "rules").is_none());
    }

    #[test]
    fn lists_are_walked_through() {
        let mut tree = Tree::new();
        let root = tree.map(Origin::NONE);
        let list = tree.seq(Origin::NONE);
        tree.add(root, "items", list);
        for _ in 0..3 {
            let item = tree.map(Origin::NONE);
            tree.push(list, item);
        }
        assert_eq!(count(&mut tree, root, &spec("items/name", true)), 3);
    }

    #[test]
    fn a_slash_may_stand_in_a_name() {
        assert_eq!(
            Names::of(r"/metadata/annotations/a\/b/\c//\\/").collect::<Vec<_>>(),
            ["metadata", "annotations", "a/b", r"\c", "", r"\/"]
        );
    }
}
