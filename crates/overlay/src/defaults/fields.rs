//! The fields that labels, annotations, images and the other transformers change by themselves
//! (`kustomize: api/internal/konfig/builtinpluginconsts`).

use crate::fields::FieldSpec;
use crate::id::Gvk;

const fn field(
    group: &'static str,
    version: &'static str,
    kind: &'static str,
    path: &'static str,
    create: bool,
) -> FieldSpec {
    FieldSpec::known(Gvk::known(group, version, kind), path, create)
}

/// Prefixes and suffixes.
pub(crate) static NAMES: &[FieldSpec] = &[field("", "", "", "metadata/name", false)];

/// The namespace, besides `metadata/namespace` and the subjects of role bindings.
pub(crate) static NAMESPACE: &[FieldSpec] = &[
    field("", "", "Namespace", "metadata/name", true),
    field("apiextensions.k8s.io", "", "CustomResourceDefinition", "spec/conversion/webhook/clientConfig/service/namespace", false),
    field("apiregistration.k8s.io", "", "APIService", "spec/service/namespace", true),
];

/// `commonLabels`, and `labels` with `includeSelectors`.
pub(crate) static LABELS: &[FieldSpec] = &[
    field("", "v1", "Service", "spec/selector", true),
    field("apps", "", "Deployment", "spec/template/spec/affinity/podAffinity/preferredDuringSchedulingIgnoredDuringExecution/podAffinityTerm/labelSelector/matchLabels", false),
    field("apps", "", "Deployment", "spec/template/spec/affinity/podAffinity/requiredDuringSchedulingIgnoredDuringExecution/labelSelector/matchLabels", false),
    field("apps", "", "Deployment", "spec/template/spec/affinity/podAntiAffinity/preferredDuringSchedulingIgnoredDuringExecution/podAffinityTerm/labelSelector/matchLabels", false),
    field("apps", "", "Deployment", "spec/template/spec/affinity/podAntiAffinity/requiredDuringSchedulingIgnoredDuringExecution/labelSelector/matchLabels", false),
    field("apps", "", "Deployment", "spec/template/spec/topologySpreadConstraints/labelSelector/matchLabels", false),
    field("", "", "Deployment", "spec/selector/matchLabels", true),
    field("", "", "Deployment", "spec/template/metadata/labels", true),
    field("apps", "", "StatefulSet", "spec/selector/matchLabels", true),
    field("apps", "", "StatefulSet", "spec/template/spec/affinity/podAffinity/preferredDuringSchedulingIgnoredDuringExecution/podAffinityTerm/labelSelector/matchLabels", false),
    field("apps", "", "StatefulSet", "spec/template/spec/affinity/podAffinity/requiredDuringSchedulingIgnoredDuringExecution/labelSelector/matchLabels", false),
    field("apps", "", "StatefulSet", "spec/template/spec/affinity/podAntiAffinity/preferredDuringSchedulingIgnoredDuringExecution/podAffinityTerm/labelSelector/matchLabels", false),
    field("apps", "", "StatefulSet", "spec/template/spec/affinity/podAntiAffinity/requiredDuringSchedulingIgnoredDuringExecution/labelSelector/matchLabels", false),
    field("apps", "", "StatefulSet", "spec/template/spec/topologySpreadConstraints/labelSelector/matchLabels", false),
    field("apps", "", "StatefulSet", "spec/template/metadata/labels", true),
    field("apps", "", "StatefulSet", "spec/volumeClaimTemplates[]/metadata/labels", true),
    field("batch", "", "CronJob", "spec/jobTemplate/spec/selector/matchLabels", false),
    field("batch", "", "CronJob", "spec/jobTemplate/metadata/labels", true),
    field("batch", "", "CronJob", "spec/jobTemplate/spec/template/metadata/labels", true),
    field("policy", "", "PodDisruptionBudget", "spec/selector/matchLabels", false),
    field("batch", "", "Job", "spec/selector/matchLabels", false),
    field("batch", "", "Job", "spec/template/metadata/labels", true),
    field("networking.k8s.io", "", "NetworkPolicy", "spec/podSelector/matchLabels", false),
    field("networking.k8s.io", "", "NetworkPolicy", "spec/ingress/from/podSelector/matchLabels", false),
    field("networking.k8s.io", "", "NetworkPolicy", "spec/egress/to/podSelector/matchLabels", false),
    field("", "v1", "ReplicationController", "spec/selector", true),
    field("", "v1", "ReplicationController", "spec/template/metadata/labels", true),
    field("", "", "DaemonSet", "spec/selector/matchLabels", true),
    field("", "", "DaemonSet", "spec/template/metadata/labels", true),
    field("", "", "ReplicaSet", "spec/selector/matchLabels", true),
    field("", "", "ReplicaSet", "spec/template/metadata/labels", true),
    field("", "", "", "metadata/labels", true),
];

/// `labels` with `includeTemplates`.
pub(crate) static TEMPLATE_LABELS: &[FieldSpec] = &[
    field("", "", "Deployment", "spec/template/metadata/labels", true),
    field("apps", "", "StatefulSet", "spec/template/metadata/labels", true),
    field("apps", "", "StatefulSet", "spec/volumeClaimTemplates[]/metadata/labels", true),
    field("batch", "", "CronJob", "spec/jobTemplate/metadata/labels", true),
    field("batch", "", "CronJob", "spec/jobTemplate/spec/template/metadata/labels", true),
    field("batch", "", "Job", "spec/template/metadata/labels", true),
    field("", "v1", "ReplicationController", "spec/template/metadata/labels", true),
    field("", "", "DaemonSet", "spec/template/metadata/labels", true),
    field("", "", "ReplicaSet", "spec/template/metadata/labels", true),
    field("", "", "", "metadata/labels", true),
];

/// `labels` with `includeVolumeClaimTemplates`.
pub(crate) static CLAIM_LABELS: &[FieldSpec] = &[
    field("apps", "", "StatefulSet", "spec/volumeClaimTemplates[]/metadata/labels", true),
];

/// `commonAnnotations`.
pub(crate) static ANNOTATIONS: &[FieldSpec] = &[
    field("", "", "Deployment", "spec/template/metadata/annotations", true),
    field("", "", "StatefulSet", "spec/template/metadata/annotations", true),
    field("batch", "", "CronJob", "spec/jobTemplate/metadata/annotations", true),
    field("batch", "", "CronJob", "spec/jobTemplate/spec/template/metadata/annotations", true),
    field("batch", "", "Job", "spec/template/metadata/annotations", true),
    field("", "v1", "ReplicationController", "spec/template/metadata/annotations", true),
    field("", "", "DaemonSet", "spec/template/metadata/annotations", true),
    field("", "", "ReplicaSet", "spec/template/metadata/annotations", true),
    field("", "", "", "metadata/annotations", true),
];

/// `images`.
pub(crate) static IMAGES: &[FieldSpec] = &[
    field("", "", "", "spec/containers[]/image", true),
    field("", "", "", "spec/initContainers[]/image", true),
    field("", "", "", "spec/volumes[]/image/reference", true),
    field("", "", "", "spec/template/spec/containers[]/image", true),
    field("", "", "", "spec/template/spec/initContainers[]/image", true),
    field("", "", "", "spec/template/spec/volumes[]/image/reference", true),
];

/// `replicas`.
pub(crate) static REPLICAS: &[FieldSpec] = &[
    field("", "", "Deployment", "spec/replicas", true),
    field("", "", "StatefulSet", "spec/replicas", true),
    field("", "", "ReplicaSet", "spec/replicas", true),
    field("", "", "ReplicationController", "spec/replicas", true),
];
