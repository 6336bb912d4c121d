//! An object as the rules read it: what is absent is empty or zero, as in Go.

use windlass_yaml::{NodeId, Tree};

#[derive(Clone, Copy)]
pub(super) struct Object<'t> {
    tree: &'t Tree,
    node: NodeId,
}

impl<'t> Object<'t> {
    pub(super) fn new(tree: &'t Tree, node: NodeId) -> Self {
        Self { tree, node }
    }

    /// What stands at a path of keys with points between; nothing where it is absent or null.
    pub(super) fn at(self, path: &str) -> Option<Self> {
        let mut node = self.node;
        for key in path.split('.') {
            node = self.tree.get(node, key)?;
        }
        let is_null = self.tree.is_scalar(node)
            && self.tree.style(node) == windlass_yaml::Style::Plain
            && matches!(self.tree.text(node), "null" | "~" | "");
        (!is_null).then_some(Self { node, ..self })
    }

    pub(super) fn text(self, path: &str) -> &'t str {
        self.at(path)
            .map_or("", |found| found.tree.text(found.node))
    }

    pub(super) fn number(self, path: &str) -> i64 {
        self.maybe_number(path).unwrap_or_default()
    }

    pub(super) fn maybe_number(self, path: &str) -> Option<i64> {
        self.text(path).parse().ok()
    }

    pub(super) fn is_true(self, path: &str) -> bool {
        self.text(path) == "true"
    }

    pub(super) fn items(self, path: &str) -> impl Iterator<Item = Self> {
        let list = self.at(path);
        list.into_iter().flat_map(move |list| {
            let items = list.tree.items(list.node);
            items.map(move |node| Self { node, ..self })
        })
    }

    /// Group and version.
    pub(super) fn api(self) -> (&'t str, &'t str) {
        let api = self.text("apiVersion");
        api.split_once('/').unwrap_or(("", api))
    }

    pub(super) fn name(self) -> &'t str {
        self.text("metadata.name")
    }

    pub(super) fn annotation(self, name: &str) -> Option<&'t str> {
        let annotations = self.at("metadata.annotations")?;
        let value = annotations.tree.get(annotations.node, name)?;
        Some(self.tree.text(value))
    }

    /// Whether it is on its way out, and not a hook that Argo CD itself holds back
    /// (gitops-engine: pkg/sync/hook/hook.go).
    pub(super) fn is_being_deleted(self) -> bool {
        const HOOK: &str = "argocd.argoproj.io/hook-finalizer";
        let mut finalizers = self.items("metadata.finalizers");
        self.at("metadata.deletionTimestamp").is_some()
            && !finalizers.any(|finalizer| finalizer.tree.text(finalizer.node) == HOOK)
    }

    /// The condition of a type.
    pub(super) fn condition(self, kind: &str) -> Option<Self> {
        self.items("status.conditions")
            .find(|condition| condition.text("type") == kind)
    }
}
