//! A case for each branch of each rule. What is expected was read in the rules of Argo CD.

use super::*;
use windlass_yaml::Source;

fn of(text: &str) -> Option<Health> {
    let mut tree = Tree::new();
    let root = tree.load(Source::new("object.yaml", text)).unwrap()[0];
    health(&tree, root)
}

/// `Status` or `Status: message`.
fn shown(text: &str) -> String {
    match of(text) {
        None => "none".to_owned(),
        Some(health) if health.message.is_empty() => health.status.to_string(),
        Some(health) => format!("{}: {}", health.status, health.message),
    }
}

fn check(head: &str, cases: &[(&str, &str)]) {
    for (rest, expected) in cases {
        assert_eq!(
            shown(&format!("{head}\n{rest}\n")),
            *expected,
            "{head} {rest}"
        );
    }
}

#[test]
fn deployments() {
    check(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, generation: 2}",
        &[
            ("spec: {paused: true}", "Suspended: Deployment is paused"),
            (
                "status: {observedGeneration: 1}",
                "Progressing: Waiting for rollout to finish: observed deployment generation less than desired generation",
            ),
            (
                "status: {observedGeneration: 2, conditions: [{type: Progressing, status: \"False\", reason: ProgressDeadlineExceeded}]}",
                "Degraded: Deployment \"web\" exceeded its progress deadline",
            ),
            (
                "spec: {replicas: 3}\nstatus: {observedGeneration: 2, updatedReplicas: 1}",
                "Progressing: Waiting for rollout to finish: 1 out of 3 new replicas have been updated...",
            ),
            (
                "spec: {replicas: 3}\nstatus: {observedGeneration: 2, updatedReplicas: 3, replicas: 5}",
                "Progressing: Waiting for rollout to finish: 2 old replicas are pending termination...",
            ),
            (
                "spec: {replicas: 3}\nstatus: {observedGeneration: 2, updatedReplicas: 3, replicas: 3, availableReplicas: 1}",
                "Progressing: Waiting for rollout to finish: 1 of 3 updated replicas are available...",
            ),
            (
                "spec: {replicas: 3}\nstatus: {observedGeneration: 3, updatedReplicas: 3, replicas: 3, availableReplicas: 3}",
                "Healthy",
            ),
            (
                "spec: {replicas: 0}\nstatus: {observedGeneration: 2}",
                "Healthy",
            ),
        ],
    );
    check(
        "apiVersion: apps/v1beta1\nkind: Deployment",
        &[("", "Unknown: unsupported Deployment version: apps/v1beta1")],
    );
}

#[test]
fn stateful_sets() {
    check(
        "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {generation: 2}",
        &[
            (
                "status: {}",
                "Progressing: Waiting for statefulset spec update to be observed...",
            ),
            (
                "status: {observedGeneration: 1}",
                "Progressing: Waiting for statefulset spec update to be observed...",
            ),
            (
                "spec: {replicas: 3}\nstatus: {observedGeneration: 2, readyReplicas: 1}",
                "Progressing: Waiting for 2 pods to be ready...",
            ),
            (
                "spec: {replicas: 3, updateStrategy: {type: RollingUpdate, rollingUpdate: {partition: 1}}}\nstatus: {observedGeneration: 2, readyReplicas: 3, updatedReplicas: 1}",
                "Progressing: Waiting for partitioned roll out to finish: 1 out of 2 new pods have been updated...",
            ),
            (
                "spec: {replicas: 3, updateStrategy: {type: RollingUpdate, rollingUpdate: {partition: 1}}}\nstatus: {observedGeneration: 2, readyReplicas: 3, updatedReplicas: 2}",
                "Healthy: partitioned roll out complete: 2 new pods have been updated...",
            ),
            (
                "spec: {replicas: 3, updateStrategy: {type: OnDelete}}\nstatus: {observedGeneration: 2, readyReplicas: 3, updateRevision: b, currentRevision: a}",
                "Healthy: statefulset has 3 ready pods",
            ),
            (
                "spec: {replicas: 3, updateStrategy: {type: RollingUpdate}}\nstatus: {observedGeneration: 2, readyReplicas: 3, updatedReplicas: 1, updateRevision: b, currentRevision: a}",
                "Progressing: waiting for statefulset rolling update to complete 1 pods at revision b...",
            ),
            (
                "spec: {replicas: 3}\nstatus: {observedGeneration: 2, readyReplicas: 3, currentReplicas: 3, updateRevision: a, currentRevision: a}",
                "Healthy: statefulset rolling update complete 3 pods at revision a...",
            ),
        ],
    );
}

#[test]
fn daemon_sets() {
    check(
        "apiVersion: apps/v1\nkind: DaemonSet\nmetadata: {name: agent, generation: 2}",
        &[
            (
                "status: {observedGeneration: 1}",
                "Progressing: Waiting for rollout to finish: observed daemon set generation less than desired generation",
            ),
            (
                "spec: {updateStrategy: {type: OnDelete}}\nstatus: {observedGeneration: 2, desiredNumberScheduled: 3, updatedNumberScheduled: 1}",
                "Healthy: daemon set 1 out of 3 new pods have been updated",
            ),
            (
                "status: {observedGeneration: 2, desiredNumberScheduled: 3, updatedNumberScheduled: 1}",
                "Progressing: Waiting for daemon set \"agent\" rollout to finish: 1 out of 3 new pods have been updated...",
            ),
            (
                "status: {observedGeneration: 2, desiredNumberScheduled: 3, updatedNumberScheduled: 3, numberAvailable: 2}",
                "Progressing: Waiting for daemon set \"agent\" rollout to finish: 2 of 3 updated pods are available...",
            ),
            (
                "status: {observedGeneration: 2, desiredNumberScheduled: 3, updatedNumberScheduled: 3, numberAvailable: 3}",
                "Healthy",
            ),
        ],
    );
}

#[test]
fn replica_sets() {
    check(
        "apiVersion: apps/v1\nkind: ReplicaSet\nmetadata: {generation: 2}\nspec: {replicas: 2}",
        &[
            (
                "status: {observedGeneration: 1}",
                "Progressing: Waiting for rollout to finish: observed replica set generation less than desired generation",
            ),
            (
                "status: {observedGeneration: 2, conditions: [{type: ReplicaFailure, status: \"True\", message: quota}]}",
                "Degraded: quota",
            ),
            (
                "status: {observedGeneration: 2, availableReplicas: 1, conditions: [{type: ReplicaFailure, status: \"False\"}]}",
                "Progressing: Waiting for rollout to finish: 1 out of 2 new replicas are available...",
            ),
            (
                "status: {observedGeneration: 2, availableReplicas: 2}",
                "Healthy",
            ),
        ],
    );
}

#[test]
fn jobs() {
    check(
        "apiVersion: batch/v1\nkind: Job",
        &[
            ("status: {active: 1}", "Progressing"),
            (
                "status: {conditions: [{type: Complete, status: \"True\", message: done}]}",
                "Healthy: done",
            ),
            (
                "status: {conditions: [{type: Failed, status: \"True\", message: no}]}",
                "Degraded: no",
            ),
            (
                "status: {conditions: [{type: Suspended, status: \"True\", message: later}]}",
                "Suspended",
            ),
            (
                "status: {conditions: [{type: Suspended, status: \"False\", message: on}]}",
                "Healthy: on",
            ),
        ],
    );
    let suspended = "apiVersion: batch/v1\nkind: Job\nstatus: {conditions: [{type: Suspended, status: \"True\"}]}";
    assert_eq!(of(suspended).unwrap().counts_as, Status::Healthy);
    check(
        "apiVersion: batch/v1beta1\nkind: Job",
        &[("", "Unknown: unsupported Job version: batch/v1beta1")],
    );
}

#[test]
fn pods() {
    check(
        "apiVersion: v1\nkind: Pod\nspec: {restartPolicy: Always}",
        &[
            (
                "status: {phase: Pending, containerStatuses: [{state: {waiting: {reason: ImagePullBackOff, message: a}}}, {state: {waiting: {reason: ErrImagePull, message: b}}}, {state: {waiting: {reason: ContainerCreating, message: c}}}]}",
                "Degraded: a, b",
            ),
            (
                "status: {phase: Pending, containerStatuses: [{state: {waiting: {reason: CreateContainerConfigError, message: a}}}]}",
                "Degraded: a",
            ),
            (
                "status: {phase: Pending, message: soon}",
                "Progressing: soon",
            ),
            (
                "status: {phase: Running, conditions: [{type: Ready, status: \"True\"}]}",
                "Healthy",
            ),
            (
                "status: {phase: Running, containerStatuses: [{lastState: {terminated: {exitCode: 1}}}]}",
                "Degraded",
            ),
            ("status: {phase: Running}", "Progressing"),
            ("status: {phase: Succeeded}", "Healthy"),
            ("status: {}", "Unknown"),
        ],
    );
    check(
        "apiVersion: v1\nkind: Pod\nspec: {restartPolicy: Never}",
        &[
            (
                "status: {phase: Pending, containerStatuses: [{state: {waiting: {reason: ImagePullBackOff}}}]}",
                "Progressing",
            ),
            (
                "status: {phase: Running, conditions: [{type: Ready, status: \"True\"}]}",
                "Progressing",
            ),
            (
                "status: {phase: Failed, message: evicted}",
                "Degraded: evicted",
            ),
            (
                "status: {phase: Failed, initContainerStatuses: [{state: {terminated: {exitCode: 0}}}], containerStatuses: [{name: web, state: {terminated: {exitCode: 2}}}]}",
                "Degraded: container \"web\" failed with exit code 2",
            ),
            (
                "status: {phase: Failed, containerStatuses: [{state: {terminated: {exitCode: 137, reason: OOMKilled}}}]}",
                "Degraded: OOMKilled",
            ),
            (
                "status: {phase: Failed, containerStatuses: [{state: {terminated: {exitCode: 1, message: panic}}}]}",
                "Degraded: panic",
            ),
            ("status: {phase: Failed}", "Degraded"),
        ],
    );
}

#[test]
fn networks_and_volumes() {
    check(
        "apiVersion: v1\nkind: Service",
        &[
            ("spec: {type: ClusterIP}", "Healthy"),
            ("spec: {type: LoadBalancer}", "Progressing"),
            (
                "spec: {type: LoadBalancer}\nstatus: {loadBalancer: {ingress: []}}",
                "Progressing",
            ),
            (
                "spec: {type: LoadBalancer}\nstatus: {loadBalancer: {ingress: [{ip: 10.0.0.1}]}}",
                "Healthy",
            ),
        ],
    );
    for api in ["networking.k8s.io/v1", "extensions/v1beta1"] {
        check(
            &format!("apiVersion: {api}\nkind: Ingress"),
            &[
                ("status: {loadBalancer: {}}", "Progressing"),
                (
                    "status: {loadBalancer: {ingress: [{hostname: a}]}}",
                    "Healthy",
                ),
            ],
        );
    }
    check(
        "apiVersion: apiregistration.k8s.io/v1\nkind: APIService",
        &[
            ("", "Progressing: Waiting to be processed"),
            (
                "status: {conditions: [{type: Available, status: \"True\", reason: Passed, message: ok}]}",
                "Healthy: Passed: ok",
            ),
            (
                "status: {conditions: [{type: Available, status: \"False\", reason: Failed, message: no}]}",
                "Progressing: Failed: no",
            ),
        ],
    );
    check(
        "apiVersion: v1\nkind: PersistentVolumeClaim",
        &[
            ("status: {phase: Bound}", "Healthy"),
            ("status: {phase: Pending}", "Progressing"),
            ("status: {phase: Lost}", "Degraded"),
            ("", "Unknown"),
        ],
    );
}

#[test]
fn autoscalers() {
    for api in ["autoscaling/v2", "autoscaling/v2beta2"] {
        check(
            &format!("apiVersion: {api}\nkind: HorizontalPodAutoscaler"),
            &[
                ("", "Progressing: Waiting to Autoscale"),
                (
                    "status: {conditions: [{type: AbleToScale, status: \"True\", reason: SucceededGetScale, message: ok}]}",
                    "Healthy: ok",
                ),
                (
                    "status: {conditions: [{type: AbleToScale, status: \"False\", reason: FailedGetScale, message: no}]}",
                    "Degraded: no",
                ),
                (
                    "status: {conditions: [{type: ScalingActive, status: \"False\", reason: FailedGetResourceMetric, message: no}, {type: AbleToScale, status: \"True\"}]}",
                    "Degraded: no",
                ),
                (
                    "status: {conditions: [{type: ScalingActive, status: \"False\", reason: ScalingDisabled}, {type: ScalingLimited, status: \"True\", message: few}]}",
                    "Healthy: few",
                ),
            ],
        );
    }
    let annotated = |conditions: &str| {
        format!(
            "metadata: {{annotations: {{autoscaling.alpha.kubernetes.io/conditions: '{conditions}'}}}}"
        )
    };
    check(
        "apiVersion: autoscaling/v1\nkind: HorizontalPodAutoscaler",
        &[
            ("", "Progressing: Waiting to Autoscale"),
            (&annotated("[]"), "Progressing: Waiting to Autoscale"),
            (
                &annotated(r#"[{"type":"AbleToScale","status":"True","message":"ok"}]"#),
                "Healthy: ok",
            ),
            (
                &annotated(
                    r#"[{"type":"AbleToScale","status":"False","reason":"FailedUpdateScale","message":"no"}]"#,
                ),
                "Degraded: no",
            ),
        ],
    );
    let broken = shown(&format!(
        "apiVersion: autoscaling/v1\nkind: HorizontalPodAutoscaler\n{}",
        annotated("[{")
    ));
    assert!(broken.starts_with("Unknown: failed to convert"), "{broken}");
    check(
        "apiVersion: autoscaling/v3\nkind: HorizontalPodAutoscaler",
        &[(
            "",
            "Unknown: unsupported HorizontalPodAutoscaler version: autoscaling/v3",
        )],
    );
}

#[test]
fn kinds_whose_rules_are_customizations() {
    check(
        "apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret",
        &[
            ("", "Progressing: Waiting for Sealed Secret to be decrypted"),
            (
                "status: {conditions: [{type: Synced, status: \"True\"}]}",
                "Healthy",
            ),
            (
                "status: {conditions: [{type: Synced, status: \"False\", message: no key could decrypt secret}]}",
                "Degraded: no key could decrypt secret",
            ),
            (
                "status: {conditions: [{type: Synced, status: Unknown}]}",
                "Progressing: Waiting for Sealed Secret to be decrypted",
            ),
        ],
    );
    check(
        "apiVersion: batch/v1\nkind: CronJob\nspec: {suspend: false}",
        &[
            ("", "Progressing: Waiting for CronJob"),
            ("status: {}", "Healthy: CronJob has not been scheduled yet"),
            (
                "status: {lastScheduleTime: \"2026-01-01T00:00:00Z\"}",
                "Healthy: The Cronjob never completed successfully. It may not be healthy",
            ),
            (
                "status: {lastScheduleTime: \"2026-01-02T00:00:00Z\", lastSuccessfulTime: \"2026-01-01T00:00:00Z\", active: [{name: a}]}",
                "Healthy: The job is running. Its last execution may not have been successful",
            ),
            (
                "status: {lastScheduleTime: \"2026-01-02T00:00:00Z\", lastSuccessfulTime: \"2026-01-01T00:00:00Z\"}",
                "Degraded: CronJob has not completed its last execution successfully",
            ),
            (
                "status: {lastScheduleTime: \"2026-01-02T00:00:00Z\", lastSuccessfulTime: \"2026-01-02T00:01:00Z\"}",
                "Healthy: CronJob has completed its last execution successfully",
            ),
        ],
    );
    check(
        "apiVersion: batch/v1\nkind: CronJob",
        &[("spec: {suspend: true}", "Suspended: CronJob is Suspended")],
    );
    check(
        "apiVersion: argoproj.io/v1alpha1\nkind: Application",
        &[
            ("", "Progressing"),
            (
                "status: {health: {status: Degraded, message: web}}",
                "Degraded: web",
            ),
            ("status: {health: {status: Healthy}}", "Healthy"),
            ("status: {health: {status: Suspended}}", "Suspended"),
            ("status: {health: {status: Missing}}", "Missing"),
            ("status: {health: {status: Unknown}}", "Unknown"),
        ],
    );
}

#[test]
fn whatever_the_kind() {
    let claim = "apiVersion: v1\nkind: PersistentVolumeClaim\nstatus: {phase: Bound}";
    let metadata = |fields: &str| shown(&format!("{claim}\nmetadata: {{{fields}}}"));
    let deleted = "deletionTimestamp: \"2026-01-01T00:00:00Z\"";
    assert_eq!(metadata(deleted), "Progressing: Pending deletion");
    assert_eq!(metadata("deletionTimestamp: null"), "Healthy");
    let hook = format!("{deleted}, finalizers: [argocd.argoproj.io/hook-finalizer]");
    assert_eq!(metadata(&hook), "Healthy");
    let ignored = "annotations: {argocd.argoproj.io/ignore-healthcheck: \"true\"}";
    assert_eq!(metadata(ignored), "none");
    assert_eq!(
        metadata("annotations: {argocd.argoproj.io/ignore-healthcheck: \"false\"}"),
        "Healthy"
    );
    assert_eq!(shown("apiVersion: v1\nkind: ConfigMap"), "none");
    assert_eq!(
        shown("apiVersion: example.com/v1\nkind: Deployment"),
        "none"
    );
    assert_eq!(shown("[a, b]"), "none");
    assert_eq!(shown("kind: {a: b}"), "none");
}

#[test]
fn the_best_comes_first() {
    let order = [
        Status::Healthy,
        Status::Suspended,
        Status::Progressing,
        Status::Missing,
        Status::Degraded,
        Status::Unknown,
    ];
    assert!(order.is_sorted());
}
