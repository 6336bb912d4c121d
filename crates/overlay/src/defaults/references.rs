//! The fields that name other objects (`kustomize:
//! api/internal/konfig/builtinpluginconsts/namereference.go`).

use crate::fields::{FieldSpec, NameReference};
use crate::id::Gvk;
use std::borrow::Cow;

const fn to(
    group: &'static str,
    version: &'static str,
    kind: &'static str,
    fields: &'static [FieldSpec],
) -> NameReference {
    NameReference {
        gvk: Gvk::known(group, version, kind),
        fields: Cow::Borrowed(fields),
    }
}

const fn field(
    group: &'static str,
    version: &'static str,
    kind: &'static str,
    path: &'static str,
) -> FieldSpec {
    FieldSpec::known(Gvk::known(group, version, kind), path, false)
}

/// Per kind that is named, the fields that name it.
pub(crate) static NAME_REFERENCES: &[NameReference] = &[
    to("storage.k8s.io", "v1", "StorageClass", STORAGE_CLASS),
    to("", "v1", "ServiceAccount", SERVICE_ACCOUNT),
    to("rbac.authorization.k8s.io", "", "Role", ROLE),
    to("rbac.authorization.k8s.io", "", "ClusterRole", CLUSTER_ROLE),
    to("", "v1", "ConfigMap", CONFIG_MAP),
    to("", "v1", "Secret", SECRET),
    to("", "v1", "Service", SERVICE),
    to("scheduling.k8s.io", "v1", "PriorityClass", PRIORITY_CLASS),
    to("", "v1", "PersistentVolume", PERSISTENT_VOLUME),
    to("", "v1", "PersistentVolumeClaim", PERSISTENT_VOLUME_CLAIM),
    to("", "", "Deployment", DEPLOYMENT),
    to("", "", "StatefulSet", STATEFUL_SET),
    to("admissionregistration.k8s.io", "", "ValidatingAdmissionPolicy", VALIDATING_ADMISSION_POLICY),
    to("networking.k8s.io/v1", "v1", "IngressClass", INGRESS_CLASS),
    to("", "", "ReplicaSet", REPLICA_SET),
    to("", "", "ReplicationController", REPLICATION_CONTROLLER),
];

static DEPLOYMENT: &[FieldSpec] = &[
    field("", "", "HorizontalPodAutoscaler", "spec/scaleTargetRef/name"),
];

static REPLICATION_CONTROLLER: &[FieldSpec] = DEPLOYMENT;

static REPLICA_SET: &[FieldSpec] = DEPLOYMENT;

static STATEFUL_SET: &[FieldSpec] = DEPLOYMENT;

static CONFIG_MAP: &[FieldSpec] = &[
    field("", "v1", "Pod", "spec/volumes/configMap/name"),
    field("", "v1", "Pod", "spec/containers/env/valueFrom/configMapKeyRef/name"),
    field("", "v1", "Pod", "spec/initContainers/env/valueFrom/configMapKeyRef/name"),
    field("", "v1", "Pod", "spec/containers/envFrom/configMapRef/name"),
    field("", "v1", "Pod", "spec/initContainers/envFrom/configMapRef/name"),
    field("", "v1", "Pod", "spec/volumes/projected/sources/configMap/name"),
    field("", "", "PodTemplate", "template/spec/volumes/configMap/name"),
    field("", "", "PodTemplate", "template/spec/containers/env/valueFrom/configMapKeyRef/name"),
    field("", "", "PodTemplate", "template/spec/initContainers/env/valueFrom/configMapKeyRef/name"),
    field("", "", "PodTemplate", "template/spec/containers/envFrom/configMapRef/name"),
    field("", "", "PodTemplate", "template/spec/initContainers/envFrom/configMapRef/name"),
    field("", "", "PodTemplate", "template/spec/volumes/projected/sources/configMap/name"),
    field("", "", "Deployment", "spec/template/spec/volumes/configMap/name"),
    field("", "", "Deployment", "spec/template/spec/containers/env/valueFrom/configMapKeyRef/name"),
    field("", "", "Deployment", "spec/template/spec/initContainers/env/valueFrom/configMapKeyRef/name"),
    field("", "", "Deployment", "spec/template/spec/containers/envFrom/configMapRef/name"),
    field("", "", "Deployment", "spec/template/spec/initContainers/envFrom/configMapRef/name"),
    field("", "", "Deployment", "spec/template/spec/volumes/projected/sources/configMap/name"),
    field("", "", "ReplicaSet", "spec/template/spec/volumes/configMap/name"),
    field("", "", "ReplicaSet", "spec/template/spec/containers/env/valueFrom/configMapKeyRef/name"),
    field("", "", "ReplicaSet", "spec/template/spec/initContainers/env/valueFrom/configMapKeyRef/name"),
    field("", "", "ReplicaSet", "spec/template/spec/containers/envFrom/configMapRef/name"),
    field("", "", "ReplicaSet", "spec/template/spec/initContainers/envFrom/configMapRef/name"),
    field("", "", "ReplicaSet", "spec/template/spec/volumes/projected/sources/configMap/name"),
    field("", "", "DaemonSet", "spec/template/spec/volumes/configMap/name"),
    field("", "", "DaemonSet", "spec/template/spec/containers/env/valueFrom/configMapKeyRef/name"),
    field("", "", "DaemonSet", "spec/template/spec/initContainers/env/valueFrom/configMapKeyRef/name"),
    field("", "", "DaemonSet", "spec/template/spec/containers/envFrom/configMapRef/name"),
    field("", "", "DaemonSet", "spec/template/spec/initContainers/envFrom/configMapRef/name"),
    field("", "", "DaemonSet", "spec/template/spec/volumes/projected/sources/configMap/name"),
    field("", "", "StatefulSet", "spec/template/spec/volumes/configMap/name"),
    field("", "", "StatefulSet", "spec/template/spec/containers/env/valueFrom/configMapKeyRef/name"),
    field("", "", "StatefulSet", "spec/template/spec/initContainers/env/valueFrom/configMapKeyRef/name"),
    field("", "", "StatefulSet", "spec/template/spec/containers/envFrom/configMapRef/name"),
    field("", "", "StatefulSet", "spec/template/spec/initContainers/envFrom/configMapRef/name"),
    field("", "", "StatefulSet", "spec/template/spec/volumes/projected/sources/configMap/name"),
    field("", "", "Job", "spec/template/spec/volumes/configMap/name"),
    field("", "", "Job", "spec/template/spec/containers/env/valueFrom/configMapKeyRef/name"),
    field("", "", "Job", "spec/template/spec/initContainers/env/valueFrom/configMapKeyRef/name"),
    field("", "", "Job", "spec/template/spec/containers/envFrom/configMapRef/name"),
    field("", "", "Job", "spec/template/spec/initContainers/envFrom/configMapRef/name"),
    field("", "", "Job", "spec/template/spec/volumes/projected/sources/configMap/name"),
    field("", "", "CronJob", "spec/jobTemplate/spec/template/spec/volumes/configMap/name"),
    field("", "", "CronJob", "spec/jobTemplate/spec/template/spec/volumes/projected/sources/configMap/name"),
    field("", "", "CronJob", "spec/jobTemplate/spec/template/spec/containers/env/valueFrom/configMapKeyRef/name"),
    field("", "", "CronJob", "spec/jobTemplate/spec/template/spec/initContainers/env/valueFrom/configMapKeyRef/name"),
    field("", "", "CronJob", "spec/jobTemplate/spec/template/spec/containers/envFrom/configMapRef/name"),
    field("", "", "CronJob", "spec/jobTemplate/spec/template/spec/initContainers/envFrom/configMapRef/name"),
    field("", "", "Node", "spec/configSource/configMap"),
    field("", "", "Role", "rules/resourceNames"),
    field("", "", "ClusterRole", "rules/resourceNames"),
    field("", "", "Ingress", "metadata/annotations/nginx.ingress.kubernetes.io\\/fastcgi-params-configmap"),
];

static SECRET: &[FieldSpec] = &[
    field("", "v1", "Pod", "spec/volumes/secret/secretName"),
    field("", "v1", "Pod", "spec/containers/env/valueFrom/secretKeyRef/name"),
    field("", "v1", "Pod", "spec/initContainers/env/valueFrom/secretKeyRef/name"),
    field("", "v1", "Pod", "spec/containers/envFrom/secretRef/name"),
    field("", "v1", "Pod", "spec/initContainers/envFrom/secretRef/name"),
    field("", "v1", "Pod", "spec/imagePullSecrets/name"),
    field("", "v1", "Pod", "spec/volumes/projected/sources/secret/name"),
    field("", "", "PodTemplate", "template/spec/volumes/secret/secretName"),
    field("", "", "PodTemplate", "template/spec/containers/env/valueFrom/secretKeyRef/name"),
    field("", "", "PodTemplate", "template/spec/initContainers/env/valueFrom/secretKeyRef/name"),
    field("", "", "PodTemplate", "template/spec/containers/envFrom/secretRef/name"),
    field("", "", "PodTemplate", "template/spec/initContainers/envFrom/secretRef/name"),
    field("", "", "PodTemplate", "template/spec/imagePullSecrets/name"),
    field("", "", "PodTemplate", "template/spec/volumes/projected/sources/secret/name"),
    field("", "", "Deployment", "spec/template/spec/volumes/secret/secretName"),
    field("", "", "Deployment", "spec/template/spec/containers/env/valueFrom/secretKeyRef/name"),
    field("", "", "Deployment", "spec/template/spec/initContainers/env/valueFrom/secretKeyRef/name"),
    field("", "", "Deployment", "spec/template/spec/containers/envFrom/secretRef/name"),
    field("", "", "Deployment", "spec/template/spec/initContainers/envFrom/secretRef/name"),
    field("", "", "Deployment", "spec/template/spec/imagePullSecrets/name"),
    field("", "", "Deployment", "spec/template/spec/volumes/projected/sources/secret/name"),
    field("", "", "ReplicaSet", "spec/template/spec/volumes/secret/secretName"),
    field("", "", "ReplicaSet", "spec/template/spec/containers/env/valueFrom/secretKeyRef/name"),
    field("", "", "ReplicaSet", "spec/template/spec/initContainers/env/valueFrom/secretKeyRef/name"),
    field("", "", "ReplicaSet", "spec/template/spec/containers/envFrom/secretRef/name"),
    field("", "", "ReplicaSet", "spec/template/spec/initContainers/envFrom/secretRef/name"),
    field("", "", "ReplicaSet", "spec/template/spec/imagePullSecrets/name"),
    field("", "", "ReplicaSet", "spec/template/spec/volumes/projected/sources/secret/name"),
    field("", "", "DaemonSet", "spec/template/spec/volumes/secret/secretName"),
    field("", "", "DaemonSet", "spec/template/spec/containers/env/valueFrom/secretKeyRef/name"),
    field("", "", "DaemonSet", "spec/template/spec/initContainers/env/valueFrom/secretKeyRef/name"),
    field("", "", "DaemonSet", "spec/template/spec/containers/envFrom/secretRef/name"),
    field("", "", "DaemonSet", "spec/template/spec/initContainers/envFrom/secretRef/name"),
    field("", "", "DaemonSet", "spec/template/spec/imagePullSecrets/name"),
    field("", "", "DaemonSet", "spec/template/spec/volumes/projected/sources/secret/name"),
    field("", "", "StatefulSet", "spec/template/spec/volumes/secret/secretName"),
    field("", "", "StatefulSet", "spec/template/spec/containers/env/valueFrom/secretKeyRef/name"),
    field("", "", "StatefulSet", "spec/template/spec/initContainers/env/valueFrom/secretKeyRef/name"),
    field("", "", "StatefulSet", "spec/template/spec/containers/envFrom/secretRef/name"),
    field("", "", "StatefulSet", "spec/template/spec/initContainers/envFrom/secretRef/name"),
    field("", "", "StatefulSet", "spec/template/spec/imagePullSecrets/name"),
    field("", "", "StatefulSet", "spec/template/spec/volumes/projected/sources/secret/name"),
    field("", "", "Job", "spec/template/spec/volumes/secret/secretName"),
    field("", "", "Job", "spec/template/spec/containers/env/valueFrom/secretKeyRef/name"),
    field("", "", "Job", "spec/template/spec/initContainers/env/valueFrom/secretKeyRef/name"),
    field("", "", "Job", "spec/template/spec/containers/envFrom/secretRef/name"),
    field("", "", "Job", "spec/template/spec/initContainers/envFrom/secretRef/name"),
    field("", "", "Job", "spec/template/spec/imagePullSecrets/name"),
    field("", "", "Job", "spec/template/spec/volumes/projected/sources/secret/name"),
    field("", "", "CronJob", "spec/jobTemplate/spec/template/spec/volumes/secret/secretName"),
    field("", "", "CronJob", "spec/jobTemplate/spec/template/spec/volumes/projected/sources/secret/name"),
    field("", "", "CronJob", "spec/jobTemplate/spec/template/spec/containers/env/valueFrom/secretKeyRef/name"),
    field("", "", "CronJob", "spec/jobTemplate/spec/template/spec/initContainers/env/valueFrom/secretKeyRef/name"),
    field("", "", "CronJob", "spec/jobTemplate/spec/template/spec/containers/envFrom/secretRef/name"),
    field("", "", "CronJob", "spec/jobTemplate/spec/template/spec/initContainers/envFrom/secretRef/name"),
    field("", "", "CronJob", "spec/jobTemplate/spec/template/spec/imagePullSecrets/name"),
    field("", "", "Ingress", "spec/tls/secretName"),
    field("", "", "Ingress", "metadata/annotations/ingress.kubernetes.io\\/auth-secret"),
    field("", "", "Ingress", "metadata/annotations/nginx.ingress.kubernetes.io\\/auth-secret"),
    field("", "", "Ingress", "metadata/annotations/nginx.ingress.kubernetes.io\\/auth-tls-secret"),
    field("", "", "ServiceAccount", "imagePullSecrets/name"),
    field("", "", "StorageClass", "parameters/secretName"),
    field("", "", "StorageClass", "parameters/adminSecretName"),
    field("", "", "StorageClass", "parameters/userSecretName"),
    field("", "", "StorageClass", "parameters/secretRef"),
    field("", "", "Role", "rules/resourceNames"),
    field("", "", "ClusterRole", "rules/resourceNames"),
    field("serving.knative.dev", "v1", "Service", "spec/template/spec/containers/env/valueFrom/secretKeyRef/name"),
    field("", "", "PersistentVolume", "spec/azureFile/secretName"),
];

static SERVICE: &[FieldSpec] = &[
    field("apps", "", "StatefulSet", "spec/serviceName"),
    field("", "", "Ingress", "spec/rules/http/paths/backend/serviceName"),
    field("", "", "Ingress", "spec/backend/serviceName"),
    field("", "", "Ingress", "spec/rules/http/paths/backend/service/name"),
    field("", "", "Ingress", "spec/defaultBackend/service/name"),
    field("apiregistration.k8s.io", "", "APIService", "spec/service/name"),
    field("admissionregistration.k8s.io", "", "ValidatingWebhookConfiguration", "webhooks/clientConfig/service"),
    field("admissionregistration.k8s.io", "", "MutatingWebhookConfiguration", "webhooks/clientConfig/service"),
];

static ROLE: &[FieldSpec] = &[
    field("rbac.authorization.k8s.io", "", "RoleBinding", "roleRef/name"),
];

static CLUSTER_ROLE: &[FieldSpec] = &[
    field("rbac.authorization.k8s.io", "", "RoleBinding", "roleRef/name"),
    field("rbac.authorization.k8s.io", "", "ClusterRoleBinding", "roleRef/name"),
];

static SERVICE_ACCOUNT: &[FieldSpec] = &[
    field("rbac.authorization.k8s.io", "", "RoleBinding", "subjects"),
    field("rbac.authorization.k8s.io", "", "ClusterRoleBinding", "subjects"),
    field("", "", "Pod", "spec/serviceAccountName"),
    field("", "", "StatefulSet", "spec/template/spec/serviceAccountName"),
    field("", "", "Deployment", "spec/template/spec/serviceAccountName"),
    field("", "", "ReplicationController", "spec/template/spec/serviceAccountName"),
    field("", "", "CronJob", "spec/jobTemplate/spec/template/spec/serviceAccountName"),
    field("", "", "Job", "spec/template/spec/serviceAccountName"),
    field("", "", "DaemonSet", "spec/template/spec/serviceAccountName"),
];

static PERSISTENT_VOLUME_CLAIM: &[FieldSpec] = &[
    field("", "", "Pod", "spec/volumes/persistentVolumeClaim/claimName"),
    field("", "", "StatefulSet", "spec/template/spec/volumes/persistentVolumeClaim/claimName"),
    field("", "", "Deployment", "spec/template/spec/volumes/persistentVolumeClaim/claimName"),
    field("", "", "ReplicationController", "spec/template/spec/volumes/persistentVolumeClaim/claimName"),
    field("", "", "CronJob", "spec/jobTemplate/spec/template/spec/volumes/persistentVolumeClaim/claimName"),
    field("", "", "Job", "spec/template/spec/volumes/persistentVolumeClaim/claimName"),
    field("", "", "DaemonSet", "spec/template/spec/volumes/persistentVolumeClaim/claimName"),
];

static PERSISTENT_VOLUME: &[FieldSpec] = &[
    field("", "", "PersistentVolumeClaim", "spec/volumeName"),
    field("", "", "ClusterRole", "rules/resourceNames"),
];

static STORAGE_CLASS: &[FieldSpec] = &[
    field("", "", "PersistentVolume", "spec/storageClassName"),
    field("", "", "PersistentVolumeClaim", "spec/storageClassName"),
    field("", "", "StatefulSet", "spec/volumeClaimTemplates/spec/storageClassName"),
];

static PRIORITY_CLASS: &[FieldSpec] = &[
    field("", "", "Pod", "spec/priorityClassName"),
    field("", "", "StatefulSet", "spec/template/spec/priorityClassName"),
    field("", "", "Deployment", "spec/template/spec/priorityClassName"),
    field("", "", "ReplicationController", "spec/template/spec/priorityClassName"),
    field("", "", "CronJob", "spec/jobTemplate/spec/template/spec/priorityClassName"),
    field("", "", "Job", "spec/template/spec/priorityClassName"),
    field("", "", "DaemonSet", "spec/template/spec/priorityClassName"),
];

static INGRESS_CLASS: &[FieldSpec] = &[field("", "", "Ingress", "spec/ingressClassName")];

static VALIDATING_ADMISSION_POLICY: &[FieldSpec] = &[
    field("admissionregistration.k8s.io", "", "ValidatingAdmissionPolicyBinding", "spec/policyName"),
];
