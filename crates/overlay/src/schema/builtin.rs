//! The facts of Kubernetes 1.21.2: kinds with their scope, and of their fields those that decide
//! how a patch merges. A field that neither is a merged list nor leads to one is left out.
//!
//! Admission policies are younger; of them only the scope is known, as in kustomize after 5.8.1.

use super::Scope::{self, Cluster, Namespaced};

/// What a field holds.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Field {
    /// An object of a definition.
    Object(&'static str),
    /// A list whose items, objects of a definition, merge by keys.
    Merged(&'static str, &'static [&'static str]),
    /// A list of scalars that merge by their text.
    Set,
}

use Field::{Merged, Object, Set};

/// The definition of the metadata of every object.
const META: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";

/// The definition of a kind that has nothing to merge but its metadata.
const PLAIN: &str = "";

/// The definition of what has nothing to merge.
const LEAF: &str = "leaf";

/// Api version, kind, scope and definition of every kind, sorted.
#[rustfmt::skip]
pub(super) const KINDS: &[(&str, &str, Scope, &str)] = &[
    ("admissionregistration.k8s.io/v1", "MutatingWebhookConfiguration", Cluster, "io.k8s.api.admissionregistration.v1.MutatingWebhookConfiguration"),
    ("admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicy", Cluster, LEAF),
    ("admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicyBinding", Cluster, LEAF),
    ("admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration", Cluster, "io.k8s.api.admissionregistration.v1.ValidatingWebhookConfiguration"),
    ("admissionregistration.k8s.io/v1beta1", "MutatingWebhookConfiguration", Cluster, "io.k8s.api.admissionregistration.v1beta1.MutatingWebhookConfiguration"),
    ("admissionregistration.k8s.io/v1beta1", "ValidatingWebhookConfiguration", Cluster, "io.k8s.api.admissionregistration.v1beta1.ValidatingWebhookConfiguration"),
    ("apiextensions.k8s.io/v1", "CustomResourceDefinition", Cluster, PLAIN),
    ("apiextensions.k8s.io/v1beta1", "CustomResourceDefinition", Cluster, PLAIN),
    ("apiregistration.k8s.io/v1", "APIService", Cluster, "io.k8s.kube-aggregator.pkg.apis.apiregistration.v1.APIService"),
    ("apiregistration.k8s.io/v1beta1", "APIService", Cluster, "io.k8s.kube-aggregator.pkg.apis.apiregistration.v1beta1.APIService"),
    ("apps/v1", "ControllerRevision", Namespaced, PLAIN),
    ("apps/v1", "DaemonSet", Namespaced, "io.k8s.api.apps.v1.DaemonSet"),
    ("apps/v1", "Deployment", Namespaced, "io.k8s.api.apps.v1.Deployment"),
    ("apps/v1", "ReplicaSet", Namespaced, "io.k8s.api.apps.v1.ReplicaSet"),
    ("apps/v1", "StatefulSet", Namespaced, "io.k8s.api.apps.v1.StatefulSet"),
    ("autoscaling/v1", "HorizontalPodAutoscaler", Namespaced, PLAIN),
    ("autoscaling/v2beta1", "HorizontalPodAutoscaler", Namespaced, PLAIN),
    ("autoscaling/v2beta2", "HorizontalPodAutoscaler", Namespaced, PLAIN),
    ("batch/v1", "CronJob", Namespaced, "io.k8s.api.batch.v1.CronJob"),
    ("batch/v1", "Job", Namespaced, "io.k8s.api.batch.v1.Job"),
    ("batch/v1beta1", "CronJob", Namespaced, "io.k8s.api.batch.v1beta1.CronJob"),
    ("certificates.k8s.io/v1", "CertificateSigningRequest", Cluster, PLAIN),
    ("certificates.k8s.io/v1beta1", "CertificateSigningRequest", Cluster, PLAIN),
    ("coordination.k8s.io/v1", "Lease", Namespaced, PLAIN),
    ("coordination.k8s.io/v1beta1", "Lease", Namespaced, PLAIN),
    ("discovery.k8s.io/v1", "EndpointSlice", Namespaced, PLAIN),
    ("discovery.k8s.io/v1beta1", "EndpointSlice", Namespaced, PLAIN),
    ("events.k8s.io/v1", "Event", Namespaced, PLAIN),
    ("events.k8s.io/v1beta1", "Event", Namespaced, PLAIN),
    ("extensions/v1beta1", "Ingress", Namespaced, PLAIN),
    ("flowcontrol.apiserver.k8s.io/v1beta1", "FlowSchema", Cluster, PLAIN),
    ("flowcontrol.apiserver.k8s.io/v1beta1", "PriorityLevelConfiguration", Cluster, PLAIN),
    ("networking.k8s.io/v1", "Ingress", Namespaced, PLAIN),
    ("networking.k8s.io/v1", "IngressClass", Cluster, PLAIN),
    ("networking.k8s.io/v1", "NetworkPolicy", Namespaced, PLAIN),
    ("networking.k8s.io/v1beta1", "Ingress", Namespaced, PLAIN),
    ("networking.k8s.io/v1beta1", "IngressClass", Cluster, PLAIN),
    ("node.k8s.io/v1", "RuntimeClass", Cluster, PLAIN),
    ("node.k8s.io/v1beta1", "RuntimeClass", Cluster, PLAIN),
    ("policy/v1", "PodDisruptionBudget", Namespaced, "io.k8s.api.policy.v1.PodDisruptionBudget"),
    ("policy/v1beta1", "PodDisruptionBudget", Namespaced, "io.k8s.api.policy.v1beta1.PodDisruptionBudget"),
    ("policy/v1beta1", "PodSecurityPolicy", Cluster, PLAIN),
    ("rbac.authorization.k8s.io/v1", "ClusterRole", Cluster, PLAIN),
    ("rbac.authorization.k8s.io/v1", "ClusterRoleBinding", Cluster, PLAIN),
    ("rbac.authorization.k8s.io/v1", "Role", Namespaced, PLAIN),
    ("rbac.authorization.k8s.io/v1", "RoleBinding", Namespaced, PLAIN),
    ("rbac.authorization.k8s.io/v1beta1", "ClusterRole", Cluster, PLAIN),
    ("rbac.authorization.k8s.io/v1beta1", "ClusterRoleBinding", Cluster, PLAIN),
    ("rbac.authorization.k8s.io/v1beta1", "Role", Namespaced, PLAIN),
    ("rbac.authorization.k8s.io/v1beta1", "RoleBinding", Namespaced, PLAIN),
    ("scheduling.k8s.io/v1", "PriorityClass", Cluster, PLAIN),
    ("scheduling.k8s.io/v1beta1", "PriorityClass", Cluster, PLAIN),
    ("storage.k8s.io/v1", "CSIDriver", Cluster, PLAIN),
    ("storage.k8s.io/v1", "CSINode", Cluster, "io.k8s.api.storage.v1.CSINode"),
    ("storage.k8s.io/v1", "StorageClass", Cluster, PLAIN),
    ("storage.k8s.io/v1", "VolumeAttachment", Cluster, PLAIN),
    ("storage.k8s.io/v1beta1", "CSIDriver", Cluster, PLAIN),
    ("storage.k8s.io/v1beta1", "CSINode", Cluster, "io.k8s.api.storage.v1beta1.CSINode"),
    ("storage.k8s.io/v1beta1", "CSIStorageCapacity", Namespaced, PLAIN),
    ("storage.k8s.io/v1beta1", "StorageClass", Cluster, PLAIN),
    ("storage.k8s.io/v1beta1", "VolumeAttachment", Cluster, PLAIN),
    ("v1", "ComponentStatus", Cluster, "io.k8s.api.core.v1.ComponentStatus"),
    ("v1", "ConfigMap", Namespaced, PLAIN),
    ("v1", "Endpoints", Namespaced, PLAIN),
    ("v1", "Event", Namespaced, PLAIN),
    ("v1", "LimitRange", Namespaced, PLAIN),
    ("v1", "Namespace", Cluster, "io.k8s.api.core.v1.Namespace"),
    ("v1", "Node", Cluster, "io.k8s.api.core.v1.Node"),
    ("v1", "PersistentVolume", Cluster, PLAIN),
    ("v1", "PersistentVolumeClaim", Namespaced, "io.k8s.api.core.v1.PersistentVolumeClaim"),
    ("v1", "Pod", Namespaced, "io.k8s.api.core.v1.Pod"),
    ("v1", "PodTemplate", Namespaced, "io.k8s.api.core.v1.PodTemplate"),
    ("v1", "ReplicationController", Namespaced, "io.k8s.api.core.v1.ReplicationController"),
    ("v1", "ResourceQuota", Namespaced, PLAIN),
    ("v1", "Secret", Namespaced, PLAIN),
    ("v1", "Service", Namespaced, "io.k8s.api.core.v1.Service"),
    ("v1", "ServiceAccount", Namespaced, "io.k8s.api.core.v1.ServiceAccount"),
];

/// The deciding fields of every definition, sorted.
#[rustfmt::skip]
pub(super) const DEFINITIONS: &[(&str, &[(&str, Field)])] = &[
    (PLAIN, &[("metadata", Object(META))]),
    ("io.k8s.api.admissionregistration.v1.MutatingWebhookConfiguration", &[
        ("metadata", Object(META)),
        ("webhooks", Merged(LEAF, &["name"])),
    ]),
    ("io.k8s.api.admissionregistration.v1.ValidatingWebhookConfiguration", &[
        ("metadata", Object(META)),
        ("webhooks", Merged(LEAF, &["name"])),
    ]),
    ("io.k8s.api.admissionregistration.v1beta1.MutatingWebhookConfiguration", &[
        ("metadata", Object(META)),
        ("webhooks", Merged(LEAF, &["name"])),
    ]),
    ("io.k8s.api.admissionregistration.v1beta1.ValidatingWebhookConfiguration", &[
        ("metadata", Object(META)),
        ("webhooks", Merged(LEAF, &["name"])),
    ]),
    ("io.k8s.api.apps.v1.DaemonSet", &[
        ("metadata", Object(META)),
        ("spec", Object("io.k8s.api.apps.v1.DaemonSetSpec")),
        ("status", Object("io.k8s.api.apps.v1.DaemonSetStatus")),
    ]),
    ("io.k8s.api.apps.v1.DaemonSetSpec", &[("template", Object("io.k8s.api.core.v1.PodTemplateSpec"))]),
    ("io.k8s.api.apps.v1.DaemonSetStatus", &[("conditions", Merged(LEAF, &["type"]))]),
    ("io.k8s.api.apps.v1.Deployment", &[
        ("metadata", Object(META)),
        ("spec", Object("io.k8s.api.apps.v1.DeploymentSpec")),
        ("status", Object("io.k8s.api.apps.v1.DeploymentStatus")),
    ]),
    ("io.k8s.api.apps.v1.DeploymentSpec", &[("template", Object("io.k8s.api.core.v1.PodTemplateSpec"))]),
    ("io.k8s.api.apps.v1.DeploymentStatus", &[("conditions", Merged(LEAF, &["type"]))]),
    ("io.k8s.api.apps.v1.ReplicaSet", &[
        ("metadata", Object(META)),
        ("spec", Object("io.k8s.api.apps.v1.ReplicaSetSpec")),
        ("status", Object("io.k8s.api.apps.v1.ReplicaSetStatus")),
    ]),
    ("io.k8s.api.apps.v1.ReplicaSetSpec", &[("template", Object("io.k8s.api.core.v1.PodTemplateSpec"))]),
    ("io.k8s.api.apps.v1.ReplicaSetStatus", &[("conditions", Merged(LEAF, &["type"]))]),
    ("io.k8s.api.apps.v1.StatefulSet", &[
        ("metadata", Object(META)),
        ("spec", Object("io.k8s.api.apps.v1.StatefulSetSpec")),
        ("status", Object("io.k8s.api.apps.v1.StatefulSetStatus")),
    ]),
    ("io.k8s.api.apps.v1.StatefulSetSpec", &[("template", Object("io.k8s.api.core.v1.PodTemplateSpec"))]),
    ("io.k8s.api.apps.v1.StatefulSetStatus", &[("conditions", Merged(LEAF, &["type"]))]),
    ("io.k8s.api.batch.v1.CronJob", &[
        ("metadata", Object(META)),
        ("spec", Object("io.k8s.api.batch.v1.CronJobSpec")),
    ]),
    ("io.k8s.api.batch.v1.CronJobSpec", &[("jobTemplate", Object("io.k8s.api.batch.v1.JobTemplateSpec"))]),
    ("io.k8s.api.batch.v1.Job", &[
        ("metadata", Object(META)),
        ("spec", Object("io.k8s.api.batch.v1.JobSpec")),
        ("status", Object("io.k8s.api.batch.v1.JobStatus")),
    ]),
    ("io.k8s.api.batch.v1.JobSpec", &[("template", Object("io.k8s.api.core.v1.PodTemplateSpec"))]),
    ("io.k8s.api.batch.v1.JobStatus", &[("conditions", Merged(LEAF, &["type"]))]),
    ("io.k8s.api.batch.v1.JobTemplateSpec", &[
        ("metadata", Object(META)),
        ("spec", Object("io.k8s.api.batch.v1.JobSpec")),
    ]),
    ("io.k8s.api.batch.v1beta1.CronJob", &[
        ("metadata", Object(META)),
        ("spec", Object("io.k8s.api.batch.v1beta1.CronJobSpec")),
    ]),
    ("io.k8s.api.batch.v1beta1.CronJobSpec", &[("jobTemplate", Object("io.k8s.api.batch.v1beta1.JobTemplateSpec"))]),
    ("io.k8s.api.batch.v1beta1.JobTemplateSpec", &[
        ("metadata", Object(META)),
        ("spec", Object("io.k8s.api.batch.v1.JobSpec")),
    ]),
    ("io.k8s.api.core.v1.ComponentStatus", &[
        ("conditions", Merged(LEAF, &["type"])),
        ("metadata", Object(META)),
    ]),
    ("io.k8s.api.core.v1.Container", &[
        ("env", Merged(LEAF, &["name"])),
        ("ports", Merged(LEAF, &["containerPort", "protocol"])),
        ("volumeDevices", Merged(LEAF, &["devicePath"])),
        ("volumeMounts", Merged(LEAF, &["mountPath"])),
    ]),
    ("io.k8s.api.core.v1.EphemeralContainer", &[
        ("env", Merged(LEAF, &["name"])),
        ("volumeDevices", Merged(LEAF, &["devicePath"])),
        ("volumeMounts", Merged(LEAF, &["mountPath"])),
    ]),
    ("io.k8s.api.core.v1.EphemeralVolumeSource", &[("volumeClaimTemplate", Object(PLAIN))]),
    ("io.k8s.api.core.v1.Namespace", &[
        ("metadata", Object(META)),
        ("status", Object("io.k8s.api.core.v1.NamespaceStatus")),
    ]),
    ("io.k8s.api.core.v1.NamespaceStatus", &[("conditions", Merged(LEAF, &["type"]))]),
    ("io.k8s.api.core.v1.Node", &[
        ("metadata", Object(META)),
        ("spec", Object("io.k8s.api.core.v1.NodeSpec")),
        ("status", Object("io.k8s.api.core.v1.NodeStatus")),
    ]),
    ("io.k8s.api.core.v1.NodeSpec", &[("podCIDRs", Set)]),
    ("io.k8s.api.core.v1.NodeStatus", &[
        ("addresses", Merged(LEAF, &["type"])),
        ("conditions", Merged(LEAF, &["type"])),
    ]),
    ("io.k8s.api.core.v1.PersistentVolumeClaim", &[
        ("metadata", Object(META)),
        ("status", Object("io.k8s.api.core.v1.PersistentVolumeClaimStatus")),
    ]),
    ("io.k8s.api.core.v1.PersistentVolumeClaimStatus", &[("conditions", Merged(LEAF, &["type"]))]),
    ("io.k8s.api.core.v1.Pod", &[
        ("metadata", Object(META)),
        ("spec", Object("io.k8s.api.core.v1.PodSpec")),
        ("status", Object("io.k8s.api.core.v1.PodStatus")),
    ]),
    ("io.k8s.api.core.v1.PodSpec", &[
        ("containers", Merged("io.k8s.api.core.v1.Container", &["name"])),
        ("ephemeralContainers", Merged("io.k8s.api.core.v1.EphemeralContainer", &["name"])),
        ("hostAliases", Merged(LEAF, &["ip"])),
        ("imagePullSecrets", Merged(LEAF, &["name"])),
        ("initContainers", Merged("io.k8s.api.core.v1.Container", &["name"])),
        ("topologySpreadConstraints", Merged(LEAF, &["topologyKey", "whenUnsatisfiable"])),
        ("volumes", Merged("io.k8s.api.core.v1.Volume", &["name"])),
    ]),
    ("io.k8s.api.core.v1.PodStatus", &[
        ("conditions", Merged(LEAF, &["type"])),
        ("podIPs", Merged(LEAF, &["ip"])),
    ]),
    ("io.k8s.api.core.v1.PodTemplate", &[
        ("metadata", Object(META)),
        ("template", Object("io.k8s.api.core.v1.PodTemplateSpec")),
    ]),
    ("io.k8s.api.core.v1.PodTemplateSpec", &[
        ("metadata", Object(META)),
        ("spec", Object("io.k8s.api.core.v1.PodSpec")),
    ]),
    ("io.k8s.api.core.v1.ReplicationController", &[
        ("metadata", Object(META)),
        ("spec", Object("io.k8s.api.core.v1.ReplicationControllerSpec")),
        ("status", Object("io.k8s.api.core.v1.ReplicationControllerStatus")),
    ]),
    ("io.k8s.api.core.v1.ReplicationControllerSpec", &[("template", Object("io.k8s.api.core.v1.PodTemplateSpec"))]),
    ("io.k8s.api.core.v1.ReplicationControllerStatus", &[("conditions", Merged(LEAF, &["type"]))]),
    ("io.k8s.api.core.v1.Service", &[
        ("metadata", Object(META)),
        ("spec", Object("io.k8s.api.core.v1.ServiceSpec")),
        ("status", Object("io.k8s.api.core.v1.ServiceStatus")),
    ]),
    ("io.k8s.api.core.v1.ServiceAccount", &[
        ("metadata", Object(META)),
        ("secrets", Merged(LEAF, &["name"])),
    ]),
    ("io.k8s.api.core.v1.ServiceSpec", &[("ports", Merged(LEAF, &["port", "protocol"]))]),
    ("io.k8s.api.core.v1.ServiceStatus", &[("conditions", Merged(LEAF, &["type"]))]),
    ("io.k8s.api.core.v1.Volume", &[("ephemeral", Object("io.k8s.api.core.v1.EphemeralVolumeSource"))]),
    ("io.k8s.api.policy.v1.PodDisruptionBudget", &[
        ("metadata", Object(META)),
        ("status", Object("io.k8s.api.policy.v1.PodDisruptionBudgetStatus")),
    ]),
    ("io.k8s.api.policy.v1.PodDisruptionBudgetStatus", &[("conditions", Merged(LEAF, &["type"]))]),
    ("io.k8s.api.policy.v1beta1.PodDisruptionBudget", &[
        ("metadata", Object(META)),
        ("status", Object("io.k8s.api.policy.v1beta1.PodDisruptionBudgetStatus")),
    ]),
    ("io.k8s.api.policy.v1beta1.PodDisruptionBudgetStatus", &[("conditions", Merged(LEAF, &["type"]))]),
    ("io.k8s.api.storage.v1.CSINode", &[
        ("metadata", Object(META)),
        ("spec", Object("io.k8s.api.storage.v1.CSINodeSpec")),
    ]),
    ("io.k8s.api.storage.v1.CSINodeSpec", &[("drivers", Merged(LEAF, &["name"]))]),
    ("io.k8s.api.storage.v1beta1.CSINode", &[
        ("metadata", Object(META)),
        ("spec", Object("io.k8s.api.storage.v1beta1.CSINodeSpec")),
    ]),
    ("io.k8s.api.storage.v1beta1.CSINodeSpec", &[("drivers", Merged(LEAF, &["name"]))]),
    (META, &[
        ("finalizers", Set),
        ("ownerReferences", Merged(LEAF, &["uid"])),
    ]),
    ("io.k8s.kube-aggregator.pkg.apis.apiregistration.v1.APIService", &[
        ("metadata", Object(META)),
        ("status", Object("io.k8s.kube-aggregator.pkg.apis.apiregistration.v1.APIServiceStatus")),
    ]),
    ("io.k8s.kube-aggregator.pkg.apis.apiregistration.v1.APIServiceStatus", &[("conditions", Merged(LEAF, &["type"]))]),
    ("io.k8s.kube-aggregator.pkg.apis.apiregistration.v1beta1.APIService", &[
        ("metadata", Object(META)),
        ("status", Object("io.k8s.kube-aggregator.pkg.apis.apiregistration.v1beta1.APIServiceStatus")),
    ]),
    ("io.k8s.kube-aggregator.pkg.apis.apiregistration.v1beta1.APIServiceStatus", &[("conditions", Merged(LEAF, &["type"]))]),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_are_sorted() {
        assert!(KINDS.is_sorted_by(|a, b| (a.0, a.1) < (b.0, b.1)));
        assert!(DEFINITIONS.is_sorted_by(|a, b| a.0 < b.0));
        for (name, fields) in DEFINITIONS {
            assert!(fields.is_sorted_by(|a, b| a.0 < b.0), "{name}");
        }
    }

    #[test]
    fn every_name_leads_to_a_definition() {
        let known = |name: &str| name == LEAF || DEFINITIONS.iter().any(|d| d.0 == name);
        for (_, kind, _, definition) in KINDS {
            assert!(known(definition), "{kind}");
        }
        for (_, field) in DEFINITIONS.iter().flat_map(|d| d.1) {
            if let Object(name) | Merged(name, _) = field {
                assert!(known(name), "{name}");
            }
        }
    }
}
