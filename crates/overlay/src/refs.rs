//! Name references: fields that name another object follow it when its name changes.
//!
//! Which fields these are is configuration; which object is meant is found by a sieve: it had the
//! name, it had the kind, the role reference fits, it lives where the referrer can reach it, and
//! its prefixes and suffixes are the referrer's (`kustomize: api/filters/nameref/nameref.go`).

use crate::build::{Layer, Work};
use crate::error::{Error, ErrorKind, Result};
use crate::fields::{Create, FieldSpec, NameReference, is_null, visit};
use crate::id::{Gvk, Id, NO_NAMESPACE};
use crate::resource::Resource;
use crate::resources::Resources;
use crate::schema::Schema;
use std::collections::{BTreeSet, HashMap, HashSet};
use windlass_yaml::{Kind, NodeId, Tree, Value};

/// Sets every field that names another object to the present name of that object.
pub(crate) fn fix(layer: &mut Layer, work: &mut Work<'_>) -> Result<()> {
    let (tree, schema) = (&mut work.tree, &work.schema);
    let index = Index::new(tree, schema, &layer.resources);
    let fields = by_kind(&layer.config.name_references, &index.kinds());
    let mut referred: Vec<(usize, Id)> = Vec::new();
    for at in 0..index.objects.len() {
        let specs = index.specs(at, &fields);
        if specs.is_empty() {
            continue;
        }
        let referrer = Referrer::new(tree, &index, at)?;
        for (target, spec) in specs {
            let search = Search {
                index: &index,
                referrer: &referrer,
                target,
                role: role_ref(tree, referrer.object.root, spec),
            };
            visit(
                tree,
                referrer.object.root,
                spec,
                Create::No,
                &mut |tree, node| search.update(tree, node, &mut referred),
            )?;
        }
    }
    for (at, referrer) in referred {
        if let Some(resource) = layer.resources.get_mut(at)
            && !resource.referrers.contains(&referrer)
        {
            resource.referrers.push(referrer);
        }
    }
    Ok(())
}

/// Fields that name objects of a kind, each with its place in the configuration.
type Fields<'c> = Vec<(usize, &'c Gvk, &'c FieldSpec)>;

/// The fields to look at, by the kind that has them; those of any kind under the empty one.
fn by_kind<'c>(
    references: &'c [NameReference],
    kinds: &BTreeSet<&str>,
) -> HashMap<&'c str, Fields<'c>> {
    let all = references
        .iter()
        .flat_map(|reference| reference.fields.iter().map(|spec| (&reference.gvk, spec)));
    let mut fields: HashMap<&str, Fields<'_>> = HashMap::new();
    let is_here = |kind: &str| kind.is_empty() || kinds.contains(kind);
    for (at, (gvk, spec)) in all.enumerate().filter(|(_, (_, it))| is_here(&it.gvk.kind)) {
        let kind = fields.entry(&spec.gvk.kind).or_default();
        kind.push((at, gvk, spec));
    }
    fields
}

/// What is known of an object while references are fixed.
struct Object {
    root: NodeId,
    id: Id,
    original: Id,
    previous: Vec<Id>,
    prefixes: Vec<String>,
    suffixes: Vec<String>,
}

impl Object {
    fn new(tree: &Tree, schema: &Schema, resource: &Resource) -> Self {
        Self {
            root: resource.root,
            id: resource.id(tree, schema),
            original: resource.original_id(tree, schema),
            previous: resource.previous_ids(tree, schema).collect(),
            prefixes: resource.prefixes.clone(),
            suffixes: resource.suffixes.clone(),
        }
    }

    fn had_kind(&self, gvk: &Gvk) -> bool {
        self.previous.iter().any(|id| selects(gvk, &id.gvk))
    }
}

fn selects(wanted: &Gvk, gvk: &Gvk) -> bool {
    let fits = |want: &str, have: &str| want.is_empty() || want == have;
    fits(&wanted.kind, &gvk.kind)
        && fits(&wanted.group, &gvk.group)
        && fits(&wanted.version, &gvk.version)
}

/// The objects, and which of them had a name.
struct Index {
    objects: Vec<Object>,
    by_old_name: HashMap<String, Vec<usize>>,
}

impl Index {
    fn new(tree: &Tree, schema: &Schema, resources: &Resources) -> Self {
        let objects: Vec<Object> = resources
            .iter()
            .map(|resource| Object::new(tree, schema, resource))
            .collect();
        let mut by_old_name: HashMap<String, Vec<usize>> = HashMap::new();
        for (at, object) in objects.iter().enumerate() {
            for id in &object.previous {
                let places = by_old_name.entry(id.name.clone()).or_default();
                if places.last() != Some(&at) {
                    places.push(at);
                }
            }
        }
        Self {
            objects,
            by_old_name,
        }
    }

    /// The kinds that objects were read with.
    fn kinds(&self) -> BTreeSet<&str> {
        let kinds = self.objects.iter().map(|object| &*object.original.gvk.kind);
        kinds.collect()
    }

    /// The fields of the object at `at` that may name others, as they are configured.
    fn specs<'c>(
        &self,
        at: usize,
        fields: &HashMap<&str, Fields<'c>>,
    ) -> Vec<(&'c Gvk, &'c FieldSpec)> {
        let gvk = &self.objects[at].original.gvk;
        let of = |kind: &str| fields.get(kind).into_iter().flatten();
        let mut specs: Fields<'c> = of(&gvk.kind)
            .chain(of(""))
            .filter(|(_, _, spec)| selects(&spec.gvk, gvk))
            .copied()
            .collect();
        specs.sort_by_key(|(at, _, _)| *at);
        specs
            .into_iter()
            .map(|(_, target, spec)| (target, spec))
            .collect()
    }
}

/// The object whose fields name others.
struct Referrer<'i> {
    object: &'i Object,
    /// The namespaces of the service accounts that a role binding names.
    reach: HashSet<String>,
}

impl<'i> Referrer<'i> {
    fn new(tree: &Tree, index: &'i Index, at: usize) -> Result<Self> {
        let object = &index.objects[at];
        let reach = match &*object.id.gvk.kind {
            "RoleBinding" if !object.id.cluster_scoped => account_namespaces(tree, object)?,
            _ => HashSet::new(),
        };
        Ok(Self { object, reach })
    }

    /// Whether the object could be named at all (`kustomize: api/resmap/reswrangler.go`,
    /// `SubsetThatCouldBeReferencedByResource`).
    fn reaches(&self, other: &Object) -> bool {
        let own = &self.object.id;
        own.cluster_scoped
            || other.id.cluster_scoped
            || own.same_namespace(&other.id)
            || self.reach.contains(&other.id.namespace)
    }

    /// Whether it is where names of this object are looked up: service accounts are named from
    /// everywhere.
    fn sees(&self, other: &Object) -> bool {
        let own = &self.object.id;
        own.cluster_scoped
            || other.id.cluster_scoped
            || other.id.gvk.kind == "ServiceAccount"
            || own.same_namespace(&other.id)
    }
}

/// The namespaces of the service accounts among the subjects.
fn account_namespaces(tree: &Tree, object: &Object) -> Result<HashSet<String>> {
    let Some(subjects) = tree.get(object.root, "subjects") else {
        return Ok(HashSet::new());
    };
    let mut namespaces = HashSet::new();
    for subject in tree.items(subjects) {
        let Some(namespace) = tree.get(subject, "namespace") else {
            continue;
        };
        if tree.text_at(subject, &["kind"]) != Some("ServiceAccount") {
            continue;
        }
        let is_text = matches!(tree.resolve(namespace), Ok(Value::Str(_)));
        if !is_text {
            let message = format!(
                "a subject of `{}` has a namespace that is no text",
                object.id
            );
            return Err(Error::new(ErrorKind::Object, message)
                .at(tree.locate(tree.key_origin(namespace)))
                .hint("write the namespace, or leave the key out".to_owned()));
        }
        namespaces.insert(tree.text(namespace).to_owned());
    }
    Ok(namespaces)
}

/// Group and kind that a role reference names; nothing where the field is none.
fn role_ref(tree: &Tree, root: NodeId, spec: &FieldSpec) -> Option<Gvk> {
    if !spec.path.ends_with("roleRef/name") {
        return None;
    }
    let text = |key| tree.text_at(root, &["roleRef", key]);
    Some(Gvk {
        group: text("apiGroup")?.to_owned().into(),
        version: "".into(),
        kind: text("kind")?.to_owned().into(),
    })
}

/// The search for what one field names.
struct Search<'s> {
    index: &'s Index,
    referrer: &'s Referrer<'s>,
    target: &'s Gvk,
    role: Option<Gvk>,
}

impl Search<'_> {
    fn update(&self, tree: &mut Tree, node: NodeId, referred: &mut Vec<(usize, Id)>) -> Result<()> {
        if is_null(tree, node) {
            return Ok(());
        }
        match tree.kind(node) {
            Kind::Scalar => self.update_scalar(tree, node, referred),
            Kind::Map => self.update_map(tree, node, referred),
            Kind::Seq => {
                let items: Vec<NodeId> = tree.items(node).collect();
                items
                    .into_iter()
                    .try_for_each(|item| match tree.kind(item) {
                        _ if is_null(tree, item) => Ok(()),
                        Kind::Scalar => self.update_scalar(tree, item, referred),
                        Kind::Map => self.update_map(tree, item, referred),
                        Kind::Seq => Err(no_name(tree, item, "a list in a list names nothing")),
                    })
            }
        }
    }

    fn update_scalar(
        &self,
        tree: &mut Tree,
        node: NodeId,
        referred: &mut Vec<(usize, Id)>,
    ) -> Result<()> {
        let same = |a: &Id, b: &Id| a.name == b.name;
        let Some(found) = self.find(tree, node, tree.text(node), None, same)? else {
            return Ok(());
        };
        referred.push((found, self.referrer.object.id.clone()));
        let object = &self.index.objects[found];
        set_text(tree, node, &object.id.name, object.root, "name");
        Ok(())
    }

    /// A map with `name` and perhaps `namespace`, both of which follow.
    fn update_map(
        &self,
        tree: &mut Tree,
        node: NodeId,
        referred: &mut Vec<(usize, Id)>,
    ) -> Result<()> {
        let Some(name) = tree.get(node, "name") else {
            return Err(no_name(tree, node, "this map has no `name`"));
        };
        let namespace = tree.get(node, "namespace");
        let within = namespace.map(|id| tree.text(id));
        let same = |a: &Id, b: &Id| a.name == b.name && a.namespace == b.namespace;
        let Some(found) = self.find(tree, name, tree.text(name), within, same)? else {
            return Ok(());
        };
        referred.push((found, self.referrer.object.id.clone()));
        let Object { root, id, .. } = &self.index.objects[found];
        set_text(tree, name, &id.name, *root, "name");
        match namespace {
            _ if id.namespace.is_empty() => {}
            Some(namespace) => set_text(tree, namespace, &id.namespace, *root, "namespace"),
            None => {
                let from = tree.lookup(*root, &["metadata", "namespace"]);
                let made = tree.string(&id.namespace, tree.origin(from.unwrap_or(node)));
                tree.add(node, "namespace", made);
            }
        }
        Ok(())
    }

    /// The object that `name` means, in `namespace` if one is given.
    fn find(
        &self,
        tree: &Tree,
        node: NodeId,
        name: &str,
        namespace: Option<&str>,
        are_same: impl Fn(&Id, &Id) -> bool,
    ) -> Result<Option<usize>> {
        let objects = &self.index.objects;
        let named = self.index.by_old_name.get(name).into_iter().flatten();
        let mut found: Vec<usize> = named
            .copied()
            .filter(|&at| self.referrer.reaches(&objects[at]))
            .collect();
        if let Some(namespace) = namespace {
            self.keep_namespace(&mut found, namespace);
        }
        found.retain(|&at| self.fits(&objects[at]));
        for allow_none in [true, false] {
            if found.len() <= 1 {
                break;
            }
            found.retain(|&at| self.has_same_affixes(&objects[at], allow_none));
        }
        let Some((&first, others)) = found.split_first() else {
            return Ok(None);
        };
        if others
            .iter()
            .all(|&at| are_same(&objects[first].id, &objects[at].id))
        {
            return Ok(Some(first));
        }
        Err(self.ambiguous(tree, node, name, &found))
    }

    /// Keeps the objects of a namespace: that were in it first, or if there is none such among
    /// all that can be reached, that are in it now.
    fn keep_namespace(&self, found: &mut Vec<usize>, namespace: &str) {
        let is_in = |id: &Id| id.effective_namespace() == namespace && namespace != NO_NAMESPACE;
        let mut all = self.index.objects.iter();
        let was_used = all.any(|object| self.referrer.reaches(object) && is_in(&object.original));
        found.retain(|&at| {
            let object = &self.index.objects[at];
            is_in(if was_used {
                &object.original
            } else {
                &object.id
            })
        });
    }

    fn fits(&self, object: &Object) -> bool {
        object.had_kind(self.target)
            && self.role.as_ref().is_none_or(|role| object.had_kind(role))
            && self.referrer.sees(object)
    }

    /// Whether the prefixes and the suffixes given to the two end alike.
    fn has_same_affixes(&self, object: &Object, allow_none: bool) -> bool {
        let own = self.referrer.object;
        let same = |a: &[String], b: &[String]| {
            let none = a.is_empty() || b.is_empty();
            let alike = if none {
                a.len() == b.len()
            } else {
                a.ends_with(b) || b.ends_with(a)
            };
            alike || (none && allow_none)
        };
        same(&own.prefixes, &object.prefixes) && same(&own.suffixes, &object.suffixes)
    }

    fn ambiguous(&self, tree: &Tree, node: NodeId, name: &str, found: &[usize]) -> Error {
        let ids = found
            .iter()
            .map(|&at| format!("`{}`", self.index.objects[at].id));
        let ids: Vec<String> = ids.collect();
        let message = format!("the name `{name}` could mean {}", ids.join(", "));
        Error::new(ErrorKind::Conflict, message)
            .at(tree.locate(tree.origin(node)))
            .hint("give the objects different names where they are defined".to_owned())
    }
}

/// Gives a scalar another text in the style that it has: that of a field of the metadata of the
/// object at `from`, whose place it gets too.
fn set_text(tree: &mut Tree, node: NodeId, text: &str, from: NodeId, field: &str) {
    if tree.text(node) == text || text.is_empty() {
        return;
    }
    tree.set_untyped(node, text);
    if let Some(from) = tree.lookup(from, &["metadata", field]) {
        tree.set_origin(node, tree.origin(from));
    }
}

fn no_name(tree: &Tree, node: NodeId, message: &str) -> Error {
    Error::new(ErrorKind::Config, message).at(tree.locate(tree.origin(node)))
}
