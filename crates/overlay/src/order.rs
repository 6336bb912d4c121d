//! The order of the objects in the output.

use crate::id::Gvk;
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
        let namespace = or(resource.namespace(tree), "~X");
        let name = or(resource.name(tree), "~N");
        // The namespaces of the core group stand before those of others.
        let is_core = kind == "Namespace" && group.is_empty();
        let gvk = gvk_text(group, version, kind);
        (
            rank(kind, kinds),
            !is_core,
            gvk,
            format!("{namespace}|{name}"),
        )
    });
}

/// Sorts field specs, and what names objects, by the kind that they are for
/// (`kustomize: kyaml/resid/gvk.go`, `IsLessThan`).
pub(crate) fn sort_by_gvk<T>(list: &mut [T], gvk: impl Fn(&T) -> &Gvk) {
    list.sort_by_cached_key(|item| {
        let Gvk {
            group,
            version,
            kind,
        } = gvk(item);
        let place = place(kind, FIRST, LAST);
        (place, gvk_text(group, version, kind))
    });
}

fn gvk_text(group: &str, version: &str, kind: &str) -> String {
    let (group, version) = (or(group, "~G"), or(version, "~V"));
    format!("{group}_{version}_{}", or(kind, "~K"))
}

fn or<'a>(text: &'a str, missing: &'a str) -> &'a str {
    if text.is_empty() { missing } else { text }
}

fn rank(kind: &str, kinds: &Kinds) -> isize {
    place(kind, &kinds.first, &kinds.last)
}

/// The place of a kind: negative in the first list, positive in the last.
fn place<T: AsRef<str>>(kind: &str, first: &[T], last: &[T]) -> isize {
    let find = |list: &[T]| list.iter().rposition(|known| known.as_ref() == kind);
    let signed = |at: usize| isize::try_from(at).unwrap_or(isize::MAX);
    match (find(last), find(first)) {
        (Some(at), _) => signed(at) + 1,
        (None, Some(at)) => signed(at) - signed(first.len()),
        (None, None) => 0,
    }
}
