//! Deployment, StatefulSet, DaemonSet, ReplicaSet and Job.

use super::object::Object;
use super::{Health, Status};

/// gitops-engine: pkg/health/health_deployment.go
pub(super) fn deployment(object: Object<'_>) -> Health {
    if object.is_true("spec.paused") {
        return Health::new(Status::Suspended, "Deployment is paused");
    }
    if object.number("metadata.generation") > object.number("status.observedGeneration") {
        return unobserved("deployment");
    }
    let reason = object
        .condition("Progressing")
        .map_or("", |condition| condition.text("reason"));
    let (replicas, updated) = (
        object.number("status.replicas"),
        object.number("status.updatedReplicas"),
    );
    let available = object.number("status.availableReplicas");
    let wanted = object.maybe_number("spec.replicas");
    if reason == "ProgressDeadlineExceeded" {
        let message = format!(
            "Deployment {:?} exceeded its progress deadline",
            object.name()
        );
        return Health::degraded(message);
    }
    let what = match wanted {
        Some(wanted) if updated < wanted => {
            format!("{updated} out of {wanted} new replicas have been updated")
        }
        _ if replicas > updated => format!(
            "{} old replicas are pending termination",
            replicas.saturating_sub(updated)
        ),
        _ if available < updated => {
            format!("{available} of {updated} updated replicas are available")
        }
        _ => return Health::healthy(""),
    };
    Health::progressing(format!("Waiting for rollout to finish: {what}..."))
}

/// gitops-engine: pkg/health/health_replicaset.go
pub(super) fn replica_set(object: Object<'_>) -> Health {
    if object.number("metadata.generation") > object.number("status.observedGeneration") {
        return unobserved("replica set");
    }
    let available = object.number("status.availableReplicas");
    let failure = object
        .condition("ReplicaFailure")
        .filter(|condition| condition.text("status") == "True");
    match (failure, object.maybe_number("spec.replicas")) {
        (Some(failure), _) => Health::degraded(failure.text("message")),
        (None, Some(wanted)) if available < wanted => Health::progressing(format!(
            "Waiting for rollout to finish: {available} out of {wanted} new replicas are available..."
        )),
        _ => Health::healthy(""),
    }
}

/// gitops-engine: pkg/health/health_daemonset.go
pub(super) fn daemon_set(object: Object<'_>) -> Health {
    if object.number("metadata.generation") > object.number("status.observedGeneration") {
        return unobserved("daemon set");
    }
    let wanted = object.number("status.desiredNumberScheduled");
    let updated = object.number("status.updatedNumberScheduled");
    let available = object.number("status.numberAvailable");
    if object.text("spec.updateStrategy.type") == "OnDelete" {
        return Health::healthy(format!(
            "daemon set {updated} out of {wanted} new pods have been updated"
        ));
    }
    let what = match () {
        () if updated < wanted => format!("{updated} out of {wanted} new pods have been updated"),
        () if available < wanted => format!("{available} of {wanted} updated pods are available"),
        () => return Health::healthy(""),
    };
    Health::progressing(format!(
        "Waiting for daemon set {:?} rollout to finish: {what}...",
        object.name()
    ))
}

/// gitops-engine: pkg/health/health_statefulset.go
pub(super) fn stateful_set(object: Object<'_>) -> Health {
    let observed = object.number("status.observedGeneration");
    if observed == 0 || object.number("metadata.generation") > observed {
        return Health::progressing("Waiting for statefulset spec update to be observed...");
    }
    let ready = object.number("status.readyReplicas");
    let updated = object.number("status.updatedReplicas");
    let wanted = object.maybe_number("spec.replicas");
    if let Some(wanted) = wanted.filter(|wanted| ready < *wanted) {
        let missing = wanted.saturating_sub(ready);
        return Health::progressing(format!("Waiting for {missing} pods to be ready..."));
    }
    match object.text("spec.updateStrategy.type") {
        "RollingUpdate" if object.at("spec.updateStrategy.rollingUpdate").is_some() => {
            let partition = object.maybe_number("spec.updateStrategy.rollingUpdate.partition");
            let due = wanted
                .zip(partition)
                .map(|(wanted, partition)| wanted.saturating_sub(partition));
            match due.filter(|due| updated < *due) {
                Some(due) => Health::progressing(format!(
                    "Waiting for partitioned roll out to finish: {updated} out of {due} new pods have been updated..."
                )),
                None => Health::healthy(format!(
                    "partitioned roll out complete: {updated} new pods have been updated..."
                )),
            }
        }
        "OnDelete" => Health::healthy(format!("statefulset has {ready} ready pods")),
        _ => rolled_out(object, updated),
    }
}

fn rolled_out(object: Object<'_>, updated: i64) -> Health {
    let (next, current) = (
        object.text("status.updateRevision"),
        object.text("status.currentRevision"),
    );
    match next == current {
        true => Health::healthy(format!(
            "statefulset rolling update complete {} pods at revision {current}...",
            object.number("status.currentReplicas")
        )),
        false => Health::progressing(format!(
            "waiting for statefulset rolling update to complete {updated} pods at revision {next}..."
        )),
    }
}

/// gitops-engine: pkg/health/health_job.go
pub(super) fn job(object: Object<'_>) -> Health {
    let condition = |kind| object.condition(kind);
    let message = |found: Object<'_>| found.text("message").to_owned();
    if let Some(failed) = condition("Failed") {
        return Health::degraded(message(failed));
    }
    match (condition("Suspended"), condition("Complete")) {
        // A Job that is suspended does not worsen its Application.
        (Some(suspended), _) if suspended.text("status") == "True" => Health {
            counts_as: Status::Healthy,
            ..Health::new(Status::Suspended, "")
        },
        (_, Some(found)) | (Some(found), None) => Health::healthy(message(found)),
        (None, None) => Health::progressing(""),
    }
}

fn unobserved(what: &str) -> Health {
    Health::progressing(format!(
        "Waiting for rollout to finish: observed {what} generation less than desired generation"
    ))
}
