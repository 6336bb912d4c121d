//! The objects that are looked at.

use windlass_fault::Location;
use windlass_yaml::{FieldPath, NodeId, Origin, Tree};

/// One object.
#[derive(Debug, Clone, Copy)]
pub struct Manifest<'a> {
    pub(crate) tree: &'a Tree,
    pub(crate) root: NodeId,
}

impl<'a> Manifest<'a> {
    /// The object at a node, which knows where it and its fields come from.
    #[must_use]
    pub fn new(tree: &'a Tree, root: NodeId) -> Self {
        Self { tree, root }
    }

    /// The text of a field, empty where there is none.
    pub(crate) fn text(&self, path: &[&str]) -> &'a str {
        self.tree.text_at(self.root, path).unwrap_or_default()
    }

    pub(crate) fn get(&self, path: &[&str]) -> Option<NodeId> {
        self.tree.lookup(self.root, path)
    }

    /// Its `apiVersion`; empty where it has none.
    #[must_use]
    pub fn api_version(&self) -> &'a str {
        self.text(&["apiVersion"])
    }

    /// The group of its API; empty for the core.
    #[must_use]
    pub fn group(&self) -> &'a str {
        self.api_version()
            .split_once('/')
            .map_or("", |(group, _)| group)
    }

    /// The version of its API.
    pub(crate) fn version(&self) -> &'a str {
        let whole = self.api_version();
        whole.split_once('/').map_or(whole, |(_, version)| version)
    }

    /// Its `kind`.
    #[must_use]
    pub fn kind(&self) -> &'a str {
        self.text(&["kind"])
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &'a str {
        self.text(&["metadata", "name"])
    }

    /// Its namespace; empty where it has none.
    #[must_use]
    pub fn namespace(&self) -> &'a str {
        self.text(&["metadata", "namespace"])
    }

    /// `Kind/name`, as people name it.
    pub(crate) fn shown(&self) -> String {
        format!("{}/{}", self.kind(), self.name())
    }

    /// Whether the lines that it is written in may hold what nobody should see.
    pub(crate) fn is_secret(&self) -> bool {
        self.kind() == "Secret" && self.group().is_empty()
    }

    /// Where it begins, without the text of the line.
    pub(crate) fn place(&self) -> Option<Location> {
        let place = self.tree.locate(self.tree.origin(self.root))?;
        Some(Location {
            excerpt: None,
            ..place
        })
    }

    /// The nodes that lead to one of its nodes, itself first.
    pub(crate) fn way(&self, node: NodeId) -> Vec<NodeId> {
        let mut way = Vec::new();
        self.descend(self.root, node, &mut way);
        way
    }

    fn descend(&self, at: NodeId, node: NodeId, way: &mut Vec<NodeId>) -> bool {
        way.push(at);
        let found = at == node
            || self
                .tree
                .children(at)
                .any(|child| self.descend(child, node, way));
        if !found {
            way.pop();
        }
        found
    }

    /// The path of one of its nodes.
    pub(crate) fn path(&self, way: &[NodeId]) -> FieldPath {
        let steps = way.windows(2);
        steps.fold(FieldPath::default(), |path, step| {
            let index = self
                .tree
                .children(step[0])
                .position(|child| child == step[1]);
            path.child(self.tree, step[0], index.unwrap_or(0), step[1])
        })
    }

    /// Where the value or the key of the last node of a way was written; where nobody did, where
    /// what holds it was.
    pub(crate) fn locate(&self, way: &[NodeId], at_key: bool) -> Option<Location> {
        let origin = |(at, &node): (usize, &NodeId)| match at_key && at == 0 {
            true => self.tree.key_origin(node),
            false => self.tree.origin(node),
        };
        let mut origins = way.iter().rev().enumerate().map(origin);
        let place = self
            .tree
            .locate(origins.find(|&one| one != Origin::NONE)?)?;
        Some(match self.is_secret() {
            true => Location {
                excerpt: None,
                ..place
            },
            false => place,
        })
    }
}

/// Objects that are deployed together, among which references are looked for.
#[derive(Debug, Clone)]
pub struct Set<'a> {
    /// What reports call it: the folder of the kustomization.
    pub name: String,
    /// Its objects.
    pub manifests: Vec<Manifest<'a>>,
    /// Whether it is what users see, where an image must not change by itself.
    pub production: bool,
}

impl<'a> Set<'a> {
    /// The objects of a set that is not known to be production.
    pub fn new(name: impl Into<String>, manifests: impl IntoIterator<Item = Manifest<'a>>) -> Self {
        Self {
            name: name.into(),
            manifests: manifests.into_iter().collect(),
            production: false,
        }
    }
}
