//! Kinds and API versions that a cluster has, and what their schemas say of objects.

use super::{Check, DEPRECATED_API, REMOVED_API, Spot, UNCHECKED_KIND};
use crate::crd::Crds;
use crate::manifest::Manifest;
use crate::table::{Builtin, api_version};
use crate::version::Version;
use crate::walk;
use windlass_fault::nearest;

/// An API that versions of Kubernetes before the oldest that is known took away.
struct Gone {
    /// Group and version.
    old: &'static str,
    kinds: &'static [&'static str],
    /// The version that has no such API any more.
    since: u8,
    /// Group and version of what took its place; empty where nothing did.
    new: &'static str,
}

/// (Kubernetes: "Deprecated API Migration Guide".)
const GONE: &[Gone] = &[
    gone(
        "admissionregistration.k8s.io/v1beta1",
        &[
            "MutatingWebhookConfiguration",
            "ValidatingWebhookConfiguration",
        ],
        22,
        "admissionregistration.k8s.io/v1",
    ),
    gone(
        "apiextensions.k8s.io/v1beta1",
        &["CustomResourceDefinition"],
        22,
        "apiextensions.k8s.io/v1",
    ),
    gone(
        "apiregistration.k8s.io/v1beta1",
        &["APIService"],
        22,
        "apiregistration.k8s.io/v1",
    ),
    gone(
        "apps/v1beta1",
        &["Deployment", "StatefulSet"],
        16,
        "apps/v1",
    ),
    gone(
        "apps/v1beta2",
        &["DaemonSet", "Deployment", "ReplicaSet", "StatefulSet"],
        16,
        "apps/v1",
    ),
    gone(
        "autoscaling/v2beta1",
        &["HorizontalPodAutoscaler"],
        25,
        "autoscaling/v2",
    ),
    gone("batch/v1beta1", &["CronJob"], 25, "batch/v1"),
    gone(
        "certificates.k8s.io/v1beta1",
        &["CertificateSigningRequest"],
        22,
        "certificates.k8s.io/v1",
    ),
    gone(
        "coordination.k8s.io/v1beta1",
        &["Lease"],
        22,
        "coordination.k8s.io/v1",
    ),
    gone(
        "discovery.k8s.io/v1beta1",
        &["EndpointSlice"],
        25,
        "discovery.k8s.io/v1",
    ),
    gone("events.k8s.io/v1beta1", &["Event"], 25, "events.k8s.io/v1"),
    gone(
        "extensions/v1beta1",
        &["DaemonSet", "Deployment", "ReplicaSet"],
        16,
        "apps/v1",
    ),
    gone(
        "extensions/v1beta1",
        &["Ingress"],
        22,
        "networking.k8s.io/v1",
    ),
    gone(
        "extensions/v1beta1",
        &["NetworkPolicy"],
        16,
        "networking.k8s.io/v1",
    ),
    gone("extensions/v1beta1", &["PodSecurityPolicy"], 16, ""),
    gone(
        "networking.k8s.io/v1beta1",
        &["Ingress", "IngressClass"],
        22,
        "networking.k8s.io/v1",
    ),
    gone(
        "node.k8s.io/v1beta1",
        &["RuntimeClass"],
        25,
        "node.k8s.io/v1",
    ),
    gone("policy/v1beta1", &["PodDisruptionBudget"], 25, "policy/v1"),
    gone("policy/v1beta1", &["PodSecurityPolicy"], 25, ""),
    gone(
        "rbac.authorization.k8s.io/v1beta1",
        &["ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"],
        22,
        "rbac.authorization.k8s.io/v1",
    ),
    gone(
        "scheduling.k8s.io/v1beta1",
        &["PriorityClass"],
        22,
        "scheduling.k8s.io/v1",
    ),
    gone(
        "storage.k8s.io/v1beta1",
        &["CSIDriver", "CSINode", "StorageClass", "VolumeAttachment"],
        22,
        "storage.k8s.io/v1",
    ),
];

/// Those of which both versions are the same but for the name, as the guide says.
const SAME: &[(&str, &str)] = &[
    ("batch/v1beta1", "CronJob"),
    ("autoscaling/v2beta2", "HorizontalPodAutoscaler"),
    ("coordination.k8s.io/v1beta1", "Lease"),
    ("node.k8s.io/v1beta1", "RuntimeClass"),
    ("rbac.authorization.k8s.io/v1beta1", "ClusterRole"),
    ("rbac.authorization.k8s.io/v1beta1", "ClusterRoleBinding"),
    ("rbac.authorization.k8s.io/v1beta1", "Role"),
    ("rbac.authorization.k8s.io/v1beta1", "RoleBinding"),
    ("scheduling.k8s.io/v1beta1", "PriorityClass"),
    ("storage.k8s.io/v1beta1", "CSIStorageCapacity"),
];

const fn gone(
    old: &'static str,
    kinds: &'static [&'static str],
    since: u8,
    new: &'static str,
) -> Gone {
    Gone {
        old,
        kinds,
        since,
        new,
    }
}

pub(crate) fn check(check: &mut Check<'_, '_>) {
    let mut own = Crds::default();
    for manifest in &check.set.manifests {
        own.add(*manifest);
    }
    for manifest in &check.set.manifests {
        one(check, *manifest, &own);
    }
}

fn one(check: &mut Check<'_, '_>, manifest: Manifest<'_>, own: &Crds) {
    let (tree, root) = (manifest.tree, manifest.root);
    let options = check.options;
    let (builtin, crds) = (&options.schemas, &options.crds);
    let (group, version, kind) = (manifest.group(), manifest.version(), manifest.kind());
    if let Some(schema) = builtin.find(group, version, kind) {
        for problem in walk::check(tree, root, schema, builtin) {
            check.problem(manifest, problem);
        }
        deprecated(check, manifest);
        return;
    }
    let defined = own.find(group, version, kind);
    if let Some(schema) = defined.or_else(|| crds.find(group, version, kind)) {
        for problem in walk::check(tree, root, schema, builtin) {
            check.problem(manifest, problem);
        }
        return;
    }
    if !removed(check, manifest) {
        unknown(check, manifest, own);
    }
}

/// Where the API version of an object was written; the object itself where it has none.
fn spot(manifest: Manifest<'_>) -> Spot {
    Spot::Value(manifest.get(&["apiVersion"]).unwrap_or(manifest.root))
}

/// An API that is there, but not in the newest version that is known.
fn deprecated(check: &mut Check<'_, '_>, manifest: Manifest<'_>) {
    let builtin = &check.options.schemas;
    let (group, version, kind) = (manifest.group(), manifest.version(), manifest.kind());
    let Some((_, last)) = builtin.span(group, version, kind) else {
        return;
    };
    if last == Version::NEWEST {
        return;
    }
    let shown = manifest.api_version();
    let message = format!(
        "`{kind}` of `{shown}` is not there any more from Kubernetes 1.{} on",
        last.0 + 1
    );
    replace(
        check,
        DEPRECATED_API,
        manifest,
        message,
        newest(builtin, group, kind),
    );
}

/// An API that is not there; says whether it is one that other versions have or had.
fn removed(check: &mut Check<'_, '_>, manifest: Manifest<'_>) -> bool {
    let builtin = &check.options.schemas;
    let (group, version, kind) = (manifest.group(), manifest.version(), manifest.kind());
    let (shown, target) = (manifest.api_version(), builtin.version);
    let known = builtin.span(group, version, kind);
    let is_it = |gone: &&Gone| gone.old == shown && gone.kinds.contains(&kind);
    let (message, new) = match (known, GONE.iter().find(is_it)) {
        (Some((_, last)), _) if last < target => (
            format!(
                "`{kind}` of `{shown}` is gone since Kubernetes 1.{}",
                last.0 + 1
            ),
            newest(builtin, group, kind),
        ),
        (Some((first, _)), _) => (
            format!(
                "`{kind}` of `{shown}` is there from Kubernetes {first} on, and not in {target}"
            ),
            newest(builtin, group, kind),
        ),
        (None, Some(gone)) => (
            format!(
                "`{kind}` of `{shown}` is gone since Kubernetes 1.{}",
                gone.since
            ),
            gone.new.to_owned(),
        ),
        (None, None) => return false,
    };
    replace(check, REMOVED_API, manifest, message, new);
    true
}

/// Reports an API with what to use in its place, and puts that in where nothing else changes.
fn replace(
    check: &mut Check<'_, '_>,
    rule: &'static str,
    manifest: Manifest<'_>,
    message: String,
    new: String,
) {
    let hint = match &*new {
        "" => "nothing took its place: take the object out".to_owned(),
        new => format!("use `{new}`"),
    };
    check.report(rule, manifest, spot(manifest), message, Some(hint));
    let old = (manifest.api_version(), manifest.kind());
    if let (true, Some(node)) = (
        SAME.contains(&old) && !new.is_empty(),
        manifest.get(&["apiVersion"]),
    ) {
        check.fix(manifest, node, old.0, new);
    }
}

/// The best API version in which the target version has a kind: one that is final, else the last
/// by name. Empty where there is none.
fn newest(builtin: &Builtin, group: &str, kind: &str) -> String {
    let versions = builtin.kinds();
    let versions = versions.filter(|(g, _, k)| (&**g, &**k) == (group, kind));
    let rank = |version: &&str| {
        (
            !version.contains("alpha"),
            !version.contains("beta"),
            version.to_string(),
        )
    };
    let best = versions.map(|(_, version, _)| &**version).max_by_key(rank);
    best.map_or_else(String::new, |version| api_version(group, version))
}

fn unknown(check: &mut Check<'_, '_>, manifest: Manifest<'_>, own: &Crds) {
    check.unknown(manifest);
    let (kind, shown) = (manifest.kind(), manifest.api_version());
    let options = check.options;
    let known = options
        .schemas
        .kinds()
        .chain(own.kinds())
        .chain(options.crds.kinds());
    let known: Vec<(String, &str)> = known
        .map(|(group, version, kind)| (api_version(group, version), &**kind))
        .collect();
    let same_group = known.iter().filter(|(version, _)| version == shown);
    let near = nearest(kind, same_group.map(|(_, kind)| *kind));
    let near = near.map(|near| format!("did you mean `{near}`?"));
    let elsewhere = || {
        let (version, _) = known.iter().find(|(_, other)| *other == kind)?;
        Some(format!("there is a `{kind}` of `{version}`"))
    };
    let hint = near.or_else(elsewhere);
    let mut groups = options.schemas.kinds().map(|(group, ..)| &**group);
    if groups.any(|group| group == manifest.group()) {
        let message = format!(
            "Kubernetes {} has no `{kind}` of `{shown}`",
            options.schemas.version
        );
        check.report(REMOVED_API, manifest, spot(manifest), message, hint);
        return;
    }
    let hint = hint.unwrap_or_else(|| "give its CustomResourceDefinition with `--crds`".to_owned());
    let message = format!("no schema is known for `{kind}` of `{shown}`: it was not checked");
    check.report(
        UNCHECKED_KIND,
        manifest,
        spot(manifest),
        message,
        Some(hint),
    );
}
