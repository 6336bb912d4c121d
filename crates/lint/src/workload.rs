//! What makes Pods, and the parts of a Pod.

use crate::manifest::Manifest;
use windlass_yaml::{NodeId, Tree};

/// The Pods that an object makes, or is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Workload<'a> {
    pub(crate) manifest: Manifest<'a>,
    /// The template, with metadata and spec; the object itself for a Pod.
    pub(crate) template: NodeId,
    /// The spec of the Pods.
    pub(crate) spec: NodeId,
}

/// A container of a Pod.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Container {
    pub(crate) node: NodeId,
    /// Whether it is one of the containers that make up the Pod's work.
    pub(crate) is_main: bool,
}

/// Where the template of a kind's Pods is.
fn template(manifest: Manifest<'_>) -> Option<&'static [&'static str]> {
    Some(match (manifest.group(), manifest.kind()) {
        ("", "Pod") => &[],
        ("apps", "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet")
        | ("batch", "Job")
        | ("", "ReplicationController")
        | ("argoproj.io", "Rollout") => &["spec", "template"],
        ("batch", "CronJob") => &["spec", "jobTemplate", "spec", "template"],
        _ => return None,
    })
}

impl<'a> Workload<'a> {
    pub(crate) fn of(manifest: Manifest<'a>) -> Option<Self> {
        let template = manifest.get(template(manifest)?)?;
        let spec = manifest.tree.get(template, "spec")?;
        Some(Self {
            manifest,
            template,
            spec,
        })
    }

    /// Whether its Pods run until they are taken away.
    pub(crate) fn is_lasting(&self) -> bool {
        !matches!(self.manifest.kind(), "Job" | "CronJob" | "Pod")
    }

    pub(crate) fn tree(&self) -> &'a Tree {
        self.manifest.tree
    }

    pub(crate) fn labels(&self) -> Option<NodeId> {
        self.tree().lookup(self.template, &["metadata", "labels"])
    }

    pub(crate) fn containers(&self) -> impl Iterator<Item = Container> + use<'a> {
        let (tree, spec) = (self.tree(), self.spec);
        let lists = [("initContainers", false), ("containers", true)];
        lists.into_iter().flat_map(move |(key, is_main)| {
            let list = tree.get(spec, key).into_iter();
            let items = list.flat_map(|list| tree.items(list));
            items.map(move |node| Container { node, is_main })
        })
    }

    /// The ports that its containers declare.
    pub(crate) fn ports(&self) -> impl Iterator<Item = NodeId> + use<'a> {
        let tree = self.tree();
        let lists = self
            .containers()
            .filter_map(|one| tree.get(one.node, "ports"));
        lists.flat_map(|list| tree.items(list))
    }
}

/// The text of a field, empty where there is none.
pub(crate) fn text<'t>(tree: &'t Tree, node: NodeId, path: &[&str]) -> &'t str {
    tree.text_at(node, path).unwrap_or_default()
}
