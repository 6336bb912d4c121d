//! One object: its node in the build's tree, and what the build knows of it beside the tree.

use crate::error::{Error, ErrorKind, Result};
use crate::fields::is_null;
use crate::id::{Gvk, Id, effective_namespace};
use crate::provenance::Provenance;
use crate::schema::Schema;
use crate::shared::Shared;
use windlass_yaml::{Moved, NodeId, Origin, Spanned, Tree};

/// What a generated object does to one that is already there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Behavior {
    #[default]
    Create,
    Merge,
    Replace,
}

/// A name that an object had before a transformer changed it.
///
/// Group and version are always the present ones: kustomize does not remember them
/// (`kustomize: api/internal/utils/annotations.go`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Previous {
    /// The effective namespace, never empty.
    pub(crate) namespace: String,
    pub(crate) name: String,
    pub(crate) kind: String,
}

/// One object of a build.
///
/// kustomize keeps most of these fields as annotations of the object; here they never touch it.
/// Where that shows (a patch may add below `metadata/annotations` because kustomize has put
/// something there) see [`Resource::is_marked`].
#[derive(Debug, Clone)]
pub(crate) struct Resource {
    pub(crate) root: NodeId,
    /// Earlier ids, oldest first.
    pub(crate) previous: Vec<Previous>,
    /// Prefixes and suffixes given, innermost first.
    pub(crate) prefixes: Vec<String>,
    pub(crate) suffixes: Vec<String>,
    /// Whether its name is to end in a hash of its content.
    pub(crate) needs_hash: bool,
    /// Whether a chart made it, which then has the namespace that helm gave it.
    pub(crate) is_of_chart: bool,
    /// Of a generated object: what it does to one that is there.
    pub(crate) behavior: Option<Behavior>,
    /// Of a patch: whether it may change what it is applied to.
    pub(crate) allow_name_change: bool,
    pub(crate) allow_kind_change: bool,
    /// The objects that refer to it, as they were when the reference was fixed.
    pub(crate) referrers: Vec<Id>,
    /// The variables that take their value from it.
    pub(crate) variables: Vec<String>,
    /// Values of it that kustomize holds once though they stand in several places.
    pub(crate) shared: Vec<Shared>,
    /// Where it came from, as `buildMetadata` prints it.
    pub(crate) provenance: Option<Provenance>,
    /// What changed it, as `buildMetadata` prints it.
    pub(crate) changes: Vec<Provenance>,
}

/// Making and reading.
impl Resource {
    /// An object that nothing is known of yet.
    pub(crate) fn new(root: NodeId) -> Self {
        Self {
            root,
            previous: Vec::new(),
            prefixes: Vec::new(),
            suffixes: Vec::new(),
            needs_hash: false,
            is_of_chart: false,
            behavior: None,
            allow_name_change: false,
            allow_kind_change: false,
            referrers: Vec::new(),
            variables: Vec::new(),
            shared: Vec::new(),
            provenance: None,
            changes: Vec::new(),
        }
    }

    /// A copy for a tree that has taken over the one that it lives in.
    pub(crate) fn moved(&self, moved: Moved) -> Self {
        let mut copy = self.clone();
        copy.root = moved.node(self.root);
        copy.shared
            .iter_mut()
            .for_each(|shared| shared.follow(moved));
        copy
    }

    pub(crate) fn api_version<'t>(&self, tree: &'t Tree) -> &'t str {
        tree.text_at(self.root, &["apiVersion"]).unwrap_or("")
    }

    pub(crate) fn kind<'t>(&self, tree: &'t Tree) -> &'t str {
        tree.text_at(self.root, &["kind"]).unwrap_or("")
    }

    pub(crate) fn name<'t>(&self, tree: &'t Tree) -> &'t str {
        self.metadata_text(tree, "name")
    }

    /// The namespace as written; empty where there is none.
    pub(crate) fn namespace<'t>(&self, tree: &'t Tree) -> &'t str {
        self.metadata_text(tree, "namespace")
    }

    fn metadata_text<'t>(&self, tree: &'t Tree, field: &str) -> &'t str {
        let value = tree.lookup(self.root, &["metadata", field]);
        value
            .filter(|&value| !is_null(tree, value))
            .map_or("", |value| tree.text(value))
    }

    /// One of its texts, with its place; empty where there is none.
    pub(crate) fn text(&self, tree: &Tree, path: &[&str]) -> Spanned<String> {
        let value = tree.lookup(self.root, path);
        match value.filter(|&value| !is_null(tree, value)) {
            Some(value) => Spanned::new(tree.text(value).to_owned(), tree.origin(value)),
            None => Spanned::default(),
        }
    }

    /// Where it begins in its file.
    pub(crate) fn origin(&self, tree: &Tree) -> Origin {
        tree.origin(self.root)
    }

    /// Whether nothing is left of it: a patch deleted it.
    pub(crate) fn is_empty(&self, tree: &Tree) -> bool {
        tree.is_empty(self.root)
    }

    /// The id it has now.
    pub(crate) fn id(&self, tree: &Tree, schema: &Schema) -> Id {
        let (api_version, kind) = (self.api_version(tree), self.kind(tree));
        Id {
            gvk: Gvk::new(api_version, kind),
            name: self.name(tree).to_owned(),
            namespace: self.namespace(tree).to_owned(),
            cluster_scoped: schema.is_cluster_scoped(api_version, kind),
        }
    }

    /// The ids it had, oldest first, without the present one.
    pub(crate) fn previous_ids(
        &self,
        tree: &Tree,
        schema: &Schema,
    ) -> impl DoubleEndedIterator<Item = Id> {
        let api_version = self.api_version(tree);
        self.previous.iter().map(move |previous| Id {
            gvk: Gvk::new(api_version, &previous.kind),
            name: previous.name.clone(),
            namespace: previous.namespace.clone(),
            cluster_scoped: schema.is_cluster_scoped(api_version, &previous.kind),
        })
    }

    /// The id it was read with.
    pub(crate) fn original_id(&self, tree: &Tree, schema: &Schema) -> Id {
        self.previous_ids(tree, schema)
            .next()
            .unwrap_or_else(|| self.id(tree, schema))
    }

    /// Whether it is, or was at any time, called `name`.
    pub(crate) fn had_name(&self, name: &str, tree: &Tree) -> bool {
        self.name(tree) == name || self.previous.iter().any(|past| past.name == name)
    }

    /// Whether `id` is its present id or was one of its earlier ones.
    pub(crate) fn was_ever(&self, id: &Id, tree: &Tree, schema: &Schema) -> bool {
        self.id(tree, schema) == *id || self.previous_ids(tree, schema).any(|past| past == *id)
    }

    /// Whether kustomize would keep any of its marks in the object's annotations, so that a
    /// patch finds a map there.
    pub(crate) fn is_marked(&self) -> bool {
        self.needs_hash
            || self.is_of_chart
            || self.behavior.is_some()
            || self.allow_name_change
            || self.allow_kind_change
            || !(self.previous.is_empty() && self.prefixes.is_empty() && self.suffixes.is_empty())
            || !self.referrers.is_empty()
            || self.provenance.is_some()
    }
}

/// Changing.
impl Resource {
    /// Remembers the present id before it is changed.
    pub(crate) fn remember_id(&mut self, tree: &Tree, schema: &Schema) {
        let (api_version, kind) = (self.api_version(tree), self.kind(tree));
        let cluster_scoped = schema.is_cluster_scoped(api_version, kind);
        let namespace = effective_namespace(self.namespace(tree), cluster_scoped).to_owned();
        self.previous.push(Previous {
            namespace,
            name: self.name(tree).to_owned(),
            kind: kind.to_owned(),
        });
    }

    /// Forgets what kustomize notes in the object's annotations: earlier ids, prefixes, suffixes,
    /// whether it needs a hash, where it came from.
    pub(crate) fn forget(&mut self) {
        self.previous.clear();
        self.prefixes.clear();
        self.suffixes.clear();
        self.referrers.clear();
        self.needs_hash = false;
        self.is_of_chart = false;
        self.behavior = None;
        self.forget_provenance();
    }

    /// Forgets where it came from and what changed it.
    pub(crate) fn forget_provenance(&mut self) {
        self.provenance = None;
        self.changes.clear();
    }

    /// Sets the kind, keeping its place in the map.
    pub(crate) fn set_kind(&self, tree: &mut Tree, kind: &Spanned<String>) {
        set_untyped(tree, self.root, "kind", kind);
    }

    /// Sets the name, keeping its place in the map.
    pub(crate) fn set_name(&self, tree: &mut Tree, name: &Spanned<String>) -> Result<()> {
        let metadata = self.metadata(tree)?;
        set_untyped(tree, metadata, "name", name);
        Ok(())
    }

    /// Sets the namespace, or takes it away where it is empty.
    pub(crate) fn set_namespace(&self, tree: &mut Tree, namespace: &Spanned<String>) -> Result<()> {
        let metadata = self.metadata(tree)?;
        if namespace.is_empty() {
            tree.remove_key(metadata, "namespace");
        } else {
            set_untyped(tree, metadata, "namespace", namespace);
        }
        Ok(())
    }

    /// The node of `metadata`, made where there is none.
    pub(crate) fn metadata(&self, tree: &mut Tree) -> Result<NodeId> {
        match tree.get(self.root, "metadata") {
            Some(metadata) if tree.is_map(metadata) => Ok(metadata),
            Some(metadata) if !tree.text(metadata).is_empty() || tree.is_seq(metadata) => {
                let kind = self.kind(tree);
                let message = format!("`metadata` of a `{kind}` is not a map");
                Err(Error::new(ErrorKind::Object, message).at(tree.locate(tree.origin(metadata))))
            }
            _ => {
                let made = tree.map(tree.origin(self.root));
                Ok(tree.set(self.root, "metadata", made))
            }
        }
    }
}

/// Sets the text of an entry, or makes one as a string; one that is there gets whatever type the
/// text says (`kustomize: kyaml/yaml/fns.go`, `FieldSetter` with a value without a tag).
pub(crate) fn set_untyped(tree: &mut Tree, map: NodeId, key: &str, text: &Spanned<String>) {
    let slot = match tree.get(map, key) {
        Some(slot) => {
            tree.set_untyped(slot, text);
            slot
        }
        None => {
            let value = tree.string(text, tree.origin(map));
            tree.set(map, key, value)
        }
    };
    if text.origin != Origin::NONE {
        tree.set_origin(slot, text.origin);
    }
}
