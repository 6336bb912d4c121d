//! The fields in which `$(NAME)` is replaced (`kustomize:
//! api/internal/konfig/builtinpluginconsts/varreference.go`).

use crate::fields::FieldSpec;
use crate::id::Gvk;

const fn field(kind: &'static str, path: &'static str) -> FieldSpec {
    FieldSpec::known(Gvk::known("", "", kind), path, false)
}

/// The fields that variables are replaced in.
pub(crate) static VARIABLES: &[FieldSpec] = &[
    field("Service", "spec/ports/port"),
    field("Service", "spec/ports/targetPort"),
    field("PersistentVolume", "spec/nfs/server"),
    field("Deployment", "spec/template/spec/containers/args"),
    field("Deployment", "spec/template/spec/containers/command"),
    field("Deployment", "spec/template/spec/containers/env/value"),
    field(
        "Deployment",
        "spec/template/spec/containers/volumeMounts/mountPath",
    ),
    field("Deployment", "spec/template/spec/initContainers/args"),
    field("Deployment", "spec/template/spec/initContainers/command"),
    field("Deployment", "spec/template/spec/initContainers/env/value"),
    field(
        "Deployment",
        "spec/template/spec/initContainers/volumeMounts/mountPath",
    ),
    field("Deployment", "spec/template/spec/volumes/nfs/server"),
    field("Deployment", "spec/template/metadata/annotations"),
    field("StatefulSet", "spec/template/spec/containers/args"),
    field("StatefulSet", "spec/template/spec/containers/command"),
    field("StatefulSet", "spec/template/spec/containers/env/value"),
    field(
        "StatefulSet",
        "spec/template/spec/containers/volumeMounts/mountPath",
    ),
    field("StatefulSet", "spec/template/spec/initContainers/args"),
    field("StatefulSet", "spec/template/spec/initContainers/command"),
    field("StatefulSet", "spec/template/spec/initContainers/env/value"),
    field(
        "StatefulSet",
        "spec/template/spec/initContainers/volumeMounts/mountPath",
    ),
    field("StatefulSet", "spec/volumeClaimTemplates/spec/nfs/server"),
    field(
        "CronJob",
        "spec/jobTemplate/spec/template/spec/containers/args",
    ),
    field(
        "CronJob",
        "spec/jobTemplate/spec/template/spec/containers/command",
    ),
    field(
        "CronJob",
        "spec/jobTemplate/spec/template/spec/containers/env/value",
    ),
    field(
        "CronJob",
        "spec/jobTemplate/spec/template/spec/containers/volumeMounts/mountPath",
    ),
    field(
        "CronJob",
        "spec/jobTemplate/spec/template/spec/initContainers/args",
    ),
    field(
        "CronJob",
        "spec/jobTemplate/spec/template/spec/initContainers/command",
    ),
    field(
        "CronJob",
        "spec/jobTemplate/spec/template/spec/initContainers/env/value",
    ),
    field(
        "CronJob",
        "spec/jobTemplate/spec/template/spec/initContainers/volumeMounts/mountPath",
    ),
    field(
        "CronJob",
        "spec/jobTemplate/spec/template/volumes/nfs/server",
    ),
    field("DaemonSet", "spec/template/spec/containers/args"),
    field("DaemonSet", "spec/template/spec/containers/command"),
    field("DaemonSet", "spec/template/spec/containers/env/value"),
    field(
        "DaemonSet",
        "spec/template/spec/containers/volumeMounts/mountPath",
    ),
    field("DaemonSet", "spec/template/spec/initContainers/args"),
    field("DaemonSet", "spec/template/spec/initContainers/command"),
    field("DaemonSet", "spec/template/spec/initContainers/env/value"),
    field(
        "DaemonSet",
        "spec/template/spec/initContainers/volumeMounts/mountPath",
    ),
    field("DaemonSet", "spec/template/spec/volumes/nfs/server"),
    field("Ingress", "spec/rules/host"),
    field("Ingress", "spec/tls/hosts"),
    field("Ingress", "spec/tls/secretName"),
    field("Job", "spec/template/spec/containers/args"),
    field("Job", "spec/template/spec/containers/command"),
    field("Job", "spec/template/spec/containers/env/value"),
    field(
        "Job",
        "spec/template/spec/containers/volumeMounts/mountPath",
    ),
    field("Job", "spec/template/spec/initContainers/args"),
    field("Job", "spec/template/spec/initContainers/command"),
    field("Job", "spec/template/spec/initContainers/env/value"),
    field(
        "Job",
        "spec/template/spec/initContainers/volumeMounts/mountPath",
    ),
    field("Job", "spec/template/spec/volumes/nfs/server"),
    field("Pod", "spec/containers/args"),
    field("Pod", "spec/containers/command"),
    field("Pod", "spec/containers/env/value"),
    field("Pod", "spec/containers/volumeMounts/mountPath"),
    field("Pod", "spec/initContainers/args"),
    field("Pod", "spec/initContainers/command"),
    field("Pod", "spec/initContainers/env/value"),
    field("Pod", "spec/initContainers/volumeMounts/mountPath"),
    field("Pod", "spec/volumes/nfs/server"),
    field("ReplicaSet", "spec/template/spec/containers/args"),
    field("ReplicaSet", "spec/template/spec/containers/command"),
    field("ReplicaSet", "spec/template/spec/containers/env/value"),
    field(
        "ReplicaSet",
        "spec/template/spec/containers/volumeMounts/mountPath",
    ),
    field("ReplicaSet", "spec/template/spec/initContainers/args"),
    field("ReplicaSet", "spec/template/spec/initContainers/command"),
    field("ReplicaSet", "spec/template/spec/initContainers/env/value"),
    field(
        "ReplicaSet",
        "spec/template/spec/initContainers/volumeMounts/mountPath",
    ),
    field("ReplicaSet", "spec/template/spec/volumes/nfs/server"),
    field("", "metadata/labels"),
    field("", "metadata/annotations"),
];
