//! The order of the objects in the output.

use crate::resource::Resource;
use windlass_yaml::Tree;

/// The kinds that come first (`kustomize: api/internal/builtins/SortOrderTransformer.go`).
const FIRST: &[&str] = &[
    "Namespace",
    "ResourceQuota",
    "StorageClass",
    "CustomResourceDefinition",
    "ServiceAccount",
    "PodSecurityPolicy",
    "Role",
    "ClusterRole",
    "RoleBinding",
    "ClusterRoleBinding",
    "ConfigMap",
    "Secret",
    "Endpoints",
    "Service",
    "LimitRange",
    "PriorityClass",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "Deployment",
    "StatefulSet",
    "CronJob",
    "PodDisruptionBudget",
];

/// The kinds that come last.
const LAST: &[&str] = &[
    "MutatingWebhookConfiguration",
    "ValidatingWebhookConfiguration",
];

/// The kinds that come first and last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Kinds {
    pub(crate) first: Vec<String>,
    pub(crate) last: Vec<String>,
}

impl Default for Kinds {
    fn default() -> Self {
        let owned = |kinds: &[&str]| kinds.iter().map(|&kind| kind.to_owned()).collect();
        Self {
            first: owned(FIRST),
            last: owned(LAST),
        }
    }
}

/// Sorts by kind, then by group, version, kind, namespace and name; what is missing stands behind
/// all letters.
pub(crate) fn sort(list: &mut [Resource], kinds: &Kinds, tree: &Tree) {
    list.sort_by_cached_key(|resource| {
        let kind = resource.kind(tree);
        let (group, version) = crate::id::split_api_version(resource.api_version(tree));
        let (group, version) = (or(group, "~G"), or(version, "~V"));
        let namespace = or(resource.namespace(tree), "~X");
        let name = or(resource.name(tree), "~N");
        let gvk = format!("{group}_{version}_{}", or(kind, "~K"));
        (rank(kind, kinds), gvk, format!("{namespace}|{name}"))
    });
}

fn or<'a>(text: &'a str, missing: &'a str) -> &'a str {
    if text.is_empty() { missing } else { text }
}

/// The place of a kind: negative in the first list, positive in the last.
fn rank(kind: &str, kinds: &Kinds) -> isize {
    let place = |list: &[String]| list.iter().rposition(|known| known == kind);
    let signed = |at: usize| isize::try_from(at).unwrap_or(isize::MAX);
    if let Some(at) = place(&kinds.last) {
        return signed(at) + 1;
    }
    match place(&kinds.first) {
        Some(at) => signed(at) - signed(kinds.first.len()),
        None => 0,
    }
}
