//! Where objects came from and what changed them, as `buildMetadata` prints it.

use crate::error::Result;
use crate::files::normalized;
use crate::patch::to_texts;
use crate::remote::{self, Address};
use crate::resource::Resource;
use std::path::Path;
use windlass_yaml::{NodeId, Origin, Spanned, Style, Tree};

/// The annotation that says where an object came from.
const ORIGIN: &str = "config.kubernetes.io/origin";

/// The annotation that says what changed an object.
const CHANGES: &str = "alpha.config.kubernetes.io/transformations";

/// Annotations of kustomize's own that never reach the output.
const INTERNAL: &[&str] = &[
    "internal.config.kubernetes.io/previousKinds",
    "internal.config.kubernetes.io/previousNames",
    "internal.config.kubernetes.io/previousNamespaces",
    "internal.config.kubernetes.io/prefixes",
    "internal.config.kubernetes.io/suffixes",
    "internal.config.kubernetes.io/allowNameChange",
    "internal.config.kubernetes.io/allowKindChange",
    "internal.config.kubernetes.io/refBy",
    "internal.config.kubernetes.io/generatorBehavior",
    "internal.config.kubernetes.io/needsHashSuffix",
    "internal.config.kubernetes.io/path",
    "internal.config.kubernetes.io/index",
    "internal.config.kubernetes.io/seqindent",
    "internal.config.kubernetes.io/id",
    "internal.config.kubernetes.io/annotations-migration-resource-id",
    "config.kubernetes.io/path",
    "config.kubernetes.io/index",
    "config.k8s.io/id",
];

/// A place in the terms of `buildMetadata`: a file of this build or of a repository, or the
/// configuration of a generator or transformer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Provenance {
    /// The file, relative to the root of the build or of the repository.
    pub(crate) path: String,
    /// The repository, where it came from one.
    pub(crate) repo: String,
    /// The branch, tag or commit of the repository.
    pub(crate) reference: String,
    /// The file that configures the generator or transformer.
    pub(crate) configured_in: String,
    /// Api version, kind, name and namespace of its configuration.
    pub(crate) configured_by: Option<ConfiguredBy>,
}

/// The configuration of a generator or transformer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ConfiguredBy {
    pub(crate) api_version: String,
    pub(crate) kind: String,
    pub(crate) name: String,
    pub(crate) namespace: String,
}

impl Provenance {
    /// The place of `path` as seen from here (`kustomize: api/resource/origin.go`, `Append`).
    pub(crate) fn join(&self, path: &str) -> Self {
        if let Some(address) = Address::parse(path) {
            return Self::of_repository(&address);
        }
        let joined = normalized(&Path::new(&self.path).join(path));
        Self {
            path: joined.to_string_lossy().into_owned(),
            ..self.clone()
        }
    }

    /// The root of a repository goes by the name that kustomize has for it before it is cloned.
    fn of_repository(address: &Address) -> Self {
        let path = match address.path.to_string_lossy() {
            path if path.is_empty() => "notCloned".to_owned(),
            path => path.into_owned(),
        };
        Self {
            path,
            repo: remote::without_password(&address.repository.url),
            reference: address.repository.reference.clone(),
            ..Self::default()
        }
    }

    /// This file as the one that configures a generator or transformer.
    pub(crate) fn configuring(self, by: ConfiguredBy) -> Self {
        Self {
            path: String::new(),
            configured_in: self.path,
            configured_by: Some(by),
            ..self
        }
    }

    /// The lines of the annotation.
    fn lines(&self) -> Vec<String> {
        let fields = [
            ("path", &self.path),
            ("repo", &self.repo),
            ("ref", &self.reference),
            ("configuredIn", &self.configured_in),
        ];
        let mut lines = given(&fields, "");
        if let Some(by) = &self.configured_by {
            let fields = [
                ("apiVersion", &by.api_version),
                ("kind", &by.kind),
                ("name", &by.name),
                ("namespace", &by.namespace),
            ];
            lines.push("configuredBy:".to_owned());
            lines.extend(given(&fields, "  "));
        }
        lines
    }
}

fn given(fields: &[(&str, &String)], indent: &str) -> Vec<String> {
    let given = fields.iter().filter(|(_, value)| !value.is_empty());
    given
        .map(|(key, value)| format!("{indent}{key}: {}", quoted(value)))
        .collect()
}

/// A text as YAML prints it.
fn quoted(text: &str) -> String {
    let mut tree = Tree::new();
    let node = tree.string(text, Origin::NONE);
    let mut out = Vec::new();
    match tree.emit(node, &mut out) {
        Ok(()) => String::from_utf8_lossy(&out).trim_end().to_owned(),
        Err(_) => text.to_owned(),
    }
}

/// Records that a generator or transformer ran over all objects: one that has no origin yet was
/// made by it. kustomize sets all annotations anew, as texts
/// (`kustomize: api/resmap/reswrangler.go`, `AddTransformerAnnotation`).
pub(crate) fn record<'r>(
    resources: impl Iterator<Item = &'r mut Resource>,
    by: &Provenance,
    tree: &mut Tree,
) {
    for resource in resources {
        to_texts(tree, resource.root, "annotations");
        match &resource.provenance {
            None => resource.provenance = Some(by.clone()),
            Some(_) => resource.changes.push(by.clone()),
        }
    }
}

/// Makes the annotations of the output: the user's, all as strings, and what `buildMetadata`
/// asks for.
pub(crate) fn finish(
    resources: &mut [Resource],
    metadata: &[Spanned<String>],
    tree: &mut Tree,
) -> Result<()> {
    let asks = |what: &str| {
        let mut entries = metadata.iter();
        entries
            .find(|entry| entry.value == what)
            .map(|entry| entry.origin)
    };
    let (origins, changes) = (asks("originAnnotations"), asks("transformerAnnotations"));
    for resource in resources {
        let metadata = resource.metadata(tree)?;
        let annotations = normalized_annotations(tree, metadata);
        if let Some(entry) = origins
            && let Some(provenance) = &resource.provenance
        {
            let text = format!("{}\n", provenance.lines().join("\n"));
            put(tree, annotations, ORIGIN, &text, entry);
        }
        if let Some(entry) = changes
            && !resource.changes.is_empty()
        {
            let item = |change: &Provenance| format!("- {}\n", change.lines().join("\n  "));
            let text: String = resource.changes.iter().map(item).collect();
            put(tree, annotations, CHANGES, &text, entry);
        }
        if tree.is_empty(annotations) {
            tree.remove(metadata, annotations);
        }
    }
    Ok(())
}

fn put(tree: &mut Tree, map: NodeId, key: &str, text: &str, origin: Origin) {
    let value = tree.string(text, origin);
    tree.set(map, key, value);
}

/// The map of the annotations with texts only; kustomize turns what is no text into one.
fn normalized_annotations(tree: &mut Tree, metadata: NodeId) -> NodeId {
    let map = match tree.get(metadata, "annotations") {
        Some(map) if tree.is_map(map) => map,
        _ => {
            let made = tree.map(Origin::NONE);
            tree.set(metadata, "annotations", made)
        }
    };
    let entries: Vec<NodeId> = tree.children(map).collect();
    for entry in entries {
        let key = tree.key(entry);
        if INTERNAL.contains(&key) || key == ORIGIN || key == CHANGES {
            tree.remove(map, entry);
        } else {
            let text = tree.text(entry).to_owned();
            let style = if text.contains('\n') {
                Style::Literal
            } else {
                Style::Double
            };
            tree.set_text(entry, &text, style);
        }
    }
    map
}

impl Resource {
    /// Whether it is for the build alone and stays out of the output.
    pub(crate) fn is_local(&self, tree: &Tree) -> bool {
        let path = [
            "metadata",
            "annotations",
            "config.kubernetes.io/local-config",
        ];
        let mark = tree.lookup(self.root, &path);
        mark.is_some_and(|mark| tree.text(mark) != "false")
    }
}
