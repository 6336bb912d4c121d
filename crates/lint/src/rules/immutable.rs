//! Changes that a cluster refuses.

use super::{CHANGED_IMMUTABLE, Check, Spot};
use crate::Options;
use crate::crd::json;
use crate::finding::Outcome;
use crate::manifest::{Manifest, Set};
use std::collections::HashMap;

/// Group, kind, and the fields that stay as they are first made
/// (Kubernetes: pkg/apis/*/validation, `ValidateImmutableField`).
const FIELDS: &[(&str, &str, &[&[&str]])] = &[
    ("apps", "DaemonSet", &[&["spec", "selector"]]),
    ("apps", "Deployment", &[&["spec", "selector"]]),
    ("apps", "ReplicaSet", &[&["spec", "selector"]]),
    (
        "apps",
        "StatefulSet",
        &[
            &["spec", "selector"],
            &["spec", "serviceName"],
            &["spec", "podManagementPolicy"],
            &["spec", "volumeClaimTemplates"],
        ],
    ),
    (
        "batch",
        "Job",
        &[
            &["spec", "selector"],
            &["spec", "completionMode"],
            &["spec", "template"],
        ],
    ),
    (
        "",
        "PersistentVolumeClaim",
        &[
            &["spec", "accessModes"],
            &["spec", "selector"],
            &["spec", "storageClassName"],
            &["spec", "volumeMode"],
        ],
    ),
    ("", "Secret", &[&["type"]]),
    (
        "rbac.authorization.k8s.io",
        "ClusterRoleBinding",
        &[&["roleRef"]],
    ),
    ("rbac.authorization.k8s.io", "RoleBinding", &[&["roleRef"]]),
    (
        "storage.k8s.io",
        "StorageClass",
        &[
            &["parameters"],
            &["provisioner"],
            &["reclaimPolicy"],
            &["volumeBindingMode"],
        ],
    ),
];

/// What else stays in an object that says `immutable: true`.
const SEALED: &[&[&str]] = &[&["data"], &["binaryData"], &["stringData"]];

/// Looks for fields of the objects that differ from those before and cannot be changed.
#[must_use]
pub fn compare(before: &Set<'_>, set: &Set<'_>, options: &Options<'_>) -> Outcome {
    let mut check = Check::new(set, options);
    let key = |one: &Manifest<'_>| {
        let texts = [one.group(), one.kind(), one.namespace(), one.name()];
        texts.map(str::to_owned)
    };
    let known: HashMap<[String; 4], Manifest<'_>> = before
        .manifests
        .iter()
        .map(|one| (key(one), *one))
        .collect();
    for manifest in &set.manifests {
        if let Some(old) = known.get(&key(manifest)) {
            one(&mut check, *old, *manifest);
        }
    }
    check.finish()
}

fn one(check: &mut Check<'_, '_>, old: Manifest<'_>, new: Manifest<'_>) {
    let own = FIELDS
        .iter()
        .find(|(group, kind, _)| (new.group(), new.kind()) == (*group, *kind));
    let own = own.map_or(&[][..], |(_, _, fields)| fields);
    let is_sealed = old.text(&["immutable"]) == "true";
    let sealed = if is_sealed { SEALED } else { &[] };
    for path in own.iter().chain(sealed) {
        let value = |one: &Manifest<'_>| one.get(path).and_then(|node| json(one.tree, node));
        let (before, now) = (value(&old), value(&new));
        // What is left out gets a default, which may well be what stands there.
        let is_default = before.is_none() || now.is_none();
        if before == now || (is_default && path.last() != Some(&"selector")) {
            continue;
        }
        let kept = (1..=path.len()).rev().find_map(|to| new.get(&path[..to]));
        let node = kept.unwrap_or(new.root);
        let field = path.join(".");
        let message = format!("`{field}` of a {} cannot be changed", new.kind());
        let hint = "take the change back, or rename the object".to_owned();
        check.report(CHANGED_IMMUTABLE, new, Spot::Key(node), message, Some(hint));
    }
}
