//! Names by which objects refer to each other.

use super::{Check, DANGLING_REFERENCE, MISSING_KEY, Spot};
use crate::manifest::{Manifest, Set};
use crate::workload::{Workload, text};
use std::collections::{HashMap, HashSet};
use windlass_fault::nearest;
use windlass_yaml::NodeId;

/// What every cluster has by itself.
const GIVEN: &[(&str, &str)] = &[
    ("ConfigMap", "kube-root-ca.crt"),
    ("ServiceAccount", "default"),
    ("Service", "kubernetes"),
];

/// The keys of a ConfigMap or Secret; nothing where they are not known.
type Keys<'a> = Option<HashSet<&'a str>>;

/// The objects of a set, by what refers to them.
struct Index<'a> {
    /// By kind, namespace and name.
    known: HashMap<(&'a str, &'a str, &'a str), Keys<'a>>,
}

impl<'a> Index<'a> {
    fn of(set: &Set<'a>) -> Self {
        let mut known = HashMap::new();
        for manifest in &set.manifests {
            let (name, namespace) = (manifest.name(), manifest.namespace());
            known.insert((manifest.kind(), namespace, name), keys_of(manifest));
        }
        // What others make counts where no object of the kind itself has the name.
        for manifest in &set.manifests {
            for (kind, name, keys) in makes(manifest) {
                known
                    .entry((kind, manifest.namespace(), name))
                    .or_insert(keys);
            }
        }
        Self { known }
    }
}

/// The keys in these fields of an object.
fn keys<'a>(manifest: &Manifest<'a>, fields: &[&[&str]]) -> Keys<'a> {
    let maps = fields.iter().filter_map(|path| manifest.get(path));
    let tree = manifest.tree;
    Some(
        maps.flat_map(|map| tree.entries(map))
            .map(|(key, _)| key)
            .collect(),
    )
}

fn keys_of<'a>(manifest: &Manifest<'a>) -> Keys<'a> {
    match (manifest.group(), manifest.kind()) {
        ("", "ConfigMap") => keys(manifest, &[&["data"], &["binaryData"]]),
        ("", "Secret") => keys(manifest, &[&["data"], &["stringData"]]),
        _ => None,
    }
}

/// The objects that an operator makes of an object.
fn makes<'a>(manifest: &Manifest<'a>) -> Vec<(&'static str, &'a str, Keys<'a>)> {
    let or = |path: &[&str], name: &'a str| match manifest.text(path) {
        "" => name,
        given => given,
    };
    let name = manifest.name();
    match (manifest.group(), manifest.kind()) {
        ("bitnami.com", "SealedSecret") => {
            let keys = keys(
                manifest,
                &[&["spec", "encryptedData"], &["spec", "template", "data"]],
            );
            vec![("Secret", name, keys)]
        }
        ("external-secrets.io", "ExternalSecret") => {
            vec![("Secret", or(&["spec", "target", "name"], name), None)]
        }
        ("cert-manager.io", "Certificate") => {
            vec![("Secret", manifest.text(&["spec", "secretName"]), None)]
        }
        ("apps", "StatefulSet") => {
            let tree = manifest.tree;
            let claims = manifest.get(&["spec", "volumeClaimTemplates"]).into_iter();
            let claims = claims.flat_map(|list| tree.items(list));
            let name = |claim| text(tree, claim, &["metadata", "name"]);
            claims
                .map(|claim| ("PersistentVolumeClaim", name(claim), None))
                .collect()
        }
        _ => Vec::new(),
    }
}

/// A name that stands for another object.
struct Reference<'a> {
    manifest: Manifest<'a>,
    kind: &'a str,
    /// The node with the name.
    node: NodeId,
    /// The node with the key that is read.
    key: Option<NodeId>,
}

pub(crate) fn check(check: &mut Check<'_, '_>) {
    let index = Index::of(check.set);
    for manifest in &check.set.manifests {
        for reference in references(*manifest) {
            follow(check, &index, &reference);
        }
    }
}

fn follow(check: &mut Check<'_, '_>, index: &Index<'_>, reference: &Reference<'_>) {
    let manifest = reference.manifest;
    let tree = manifest.tree;
    let (kind, name) = (reference.kind, tree.text(reference.node));
    if name.is_empty() || GIVEN.contains(&(kind, name)) {
        return;
    }
    let namespace = manifest.namespace();
    let Some(keys) = index.known.get(&(kind, namespace, name)) else {
        let same = index.known.keys();
        let same = same.filter(|known| known.0 == kind && known.1 == namespace);
        let near = nearest(name, same.map(|known| known.2));
        let hint = near.map(|near| format!("did you mean `{near}`?"));
        let message = format!("no {kind} `{name}` is deployed with it");
        let spot = Spot::Value(reference.node);
        check.report(DANGLING_REFERENCE, manifest, spot, message, hint);
        return;
    };
    if let (Some(node), Some(keys)) = (reference.key, keys) {
        let key = tree.text(node);
        if !keys.contains(key) {
            let near = nearest(key, keys.iter().copied());
            let hint = near.map(|near| format!("did you mean `{near}`?"));
            let message = format!("the {kind} `{name}` has no key `{key}`");
            check.report(MISSING_KEY, manifest, Spot::Value(node), message, hint);
        }
    }
}

fn references(manifest: Manifest<'_>) -> Vec<Reference<'_>> {
    let mut found = Finder {
        manifest,
        found: Vec::new(),
    };
    if let Some(workload) = Workload::of(manifest) {
        found.pod(workload);
    }
    match (manifest.group(), manifest.kind()) {
        ("networking.k8s.io", "Ingress") => {
            for backend in backends(manifest) {
                found.name("Service", backend, &["service", "name"]);
            }
        }
        ("autoscaling", "HorizontalPodAutoscaler") => {
            if let Some(target) = manifest.get(&["spec", "scaleTargetRef"]) {
                found.name(text(manifest.tree, target, &["kind"]), target, &["name"]);
            }
        }
        ("rbac.authorization.k8s.io", "RoleBinding") => found.binding(),
        _ => {}
    }
    found.found
}

/// The backends of an Ingress.
pub(crate) fn backends(manifest: Manifest<'_>) -> Vec<NodeId> {
    let tree = manifest.tree;
    let rules = manifest.get(&["spec", "rules"]).into_iter();
    let rules = rules.flat_map(|rules| tree.items(rules));
    let paths = rules.filter_map(|rule| tree.lookup(rule, &["http", "paths"]));
    let paths = paths.flat_map(|paths| tree.items(paths));
    let backends = paths.filter_map(|path| tree.get(path, "backend"));
    backends
        .chain(manifest.get(&["spec", "defaultBackend"]))
        .collect()
}

struct Finder<'a> {
    manifest: Manifest<'a>,
    found: Vec<Reference<'a>>,
}

impl<'a> Finder<'a> {
    /// Notes the name in a field, unless the reference is optional.
    fn name(&mut self, kind: &'a str, node: NodeId, path: &[&str]) {
        self.with_key(kind, node, path, None);
    }

    fn with_key(&mut self, kind: &'a str, node: NodeId, path: &[&str], key: Option<NodeId>) {
        let tree = self.manifest.tree;
        let is_optional = text(tree, node, &["optional"]) == "true";
        if let Some(name) = tree.lookup(node, path).filter(|_| !is_optional) {
            self.found.push(Reference {
                manifest: self.manifest,
                kind,
                node: name,
                key,
            });
        }
    }

    /// The items of a list in a node.
    fn items(&self, node: NodeId, key: &str) -> impl Iterator<Item = NodeId> + use<'a> {
        let tree = self.manifest.tree;
        let list = tree.get(node, key).into_iter();
        list.flat_map(|list| tree.items(list))
    }

    fn pod(&mut self, workload: Workload<'a>) {
        let tree = self.manifest.tree;
        self.name("ServiceAccount", workload.spec, &["serviceAccountName"]);
        for container in workload.containers() {
            for from in self.items(container.node, "envFrom") {
                self.part("ConfigMap", from, "configMapRef", "name");
                self.part("Secret", from, "secretRef", "name");
            }
            for variable in self.items(container.node, "env") {
                if let Some(from) = tree.get(variable, "valueFrom") {
                    self.part("ConfigMap", from, "configMapKeyRef", "name");
                    self.part("Secret", from, "secretKeyRef", "name");
                }
            }
        }
        for volume in self.items(workload.spec, "volumes") {
            self.part("ConfigMap", volume, "configMap", "name");
            self.part("Secret", volume, "secret", "secretName");
            self.part(
                "PersistentVolumeClaim",
                volume,
                "persistentVolumeClaim",
                "claimName",
            );
            let Some(projected) = tree.get(volume, "projected") else {
                continue;
            };
            for source in self.items(projected, "sources") {
                self.part("ConfigMap", source, "configMap", "name");
                self.part("Secret", source, "secret", "name");
            }
        }
    }

    /// Notes the name in a part of a node, and the keys that are read.
    fn part(&mut self, kind: &'a str, node: NodeId, part: &str, name: &str) {
        let tree = self.manifest.tree;
        let Some(part) = tree.get(node, part) else {
            return;
        };
        let items = self
            .items(part, "items")
            .filter_map(|item| tree.get(item, "key"));
        let keys: Vec<NodeId> = tree.get(part, "key").into_iter().chain(items).collect();
        match keys.is_empty() {
            true => self.name(kind, part, &[name]),
            false => keys
                .into_iter()
                .for_each(|key| self.with_key(kind, part, &[name], Some(key))),
        }
    }

    fn binding(&mut self) {
        let (manifest, tree) = (self.manifest, self.manifest.tree);
        if let Some(role) = manifest.get(&["roleRef"])
            && text(tree, role, &["kind"]) == "Role"
        {
            self.name("Role", role, &["name"]);
        }
        for subject in self.items(manifest.root, "subjects") {
            let namespace = text(tree, subject, &["namespace"]);
            let is_here = namespace.is_empty() || namespace == manifest.namespace();
            if is_here && text(tree, subject, &["kind"]) == "ServiceAccount" {
                self.name("ServiceAccount", subject, &["name"]);
            }
        }
    }
}
