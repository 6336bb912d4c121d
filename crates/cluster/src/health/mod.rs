//! What Argo CD says of an object's health, as pure functions on its nodes.
//!
//! The rules are those of Argo CD 3.x (gitops-engine/pkg/health), and of its customizations for
//! CronJob, SealedSecret and Application (resource_customizations). An object of a kind without a
//! rule has no health and does not count.

mod custom;
mod network;
mod object;
mod pod;
mod scale;
mod workload;

use object::Object;
use std::fmt;
use windlass_yaml::{NodeId, Tree};

/// How healthy an object is, the best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// As it should be.
    Healthy,
    /// Told to pause.
    Suspended,
    /// Not as it should be, but on the way there.
    Progressing,
    /// Not there.
    Missing,
    /// It failed, or did not get there in time.
    Degraded,
    /// It cannot be told.
    Unknown,
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// The health of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// How healthy it is.
    pub status: Status,
    /// Why, in the words of Argo CD; may be empty.
    pub message: String,
    /// What it counts as in the health of its Application: a Job may be suspended for good.
    pub counts_as: Status,
}

impl Health {
    fn new(status: Status, message: impl Into<String>) -> Self {
        Self {
            status,
            message: message.into(),
            counts_as: status,
        }
    }

    fn healthy(message: impl Into<String>) -> Self {
        Self::new(Status::Healthy, message)
    }

    fn progressing(message: impl Into<String>) -> Self {
        Self::new(Status::Progressing, message)
    }

    fn degraded(message: impl Into<String>) -> Self {
        Self::new(Status::Degraded, message)
    }
}

type Rule = fn(Object<'_>) -> Health;

/// Group, kind, and the rule; the versions that a rule is for stand with the rule where not all are.
const RULES: &[(&str, &str, Rule)] = &[
    ("", "PersistentVolumeClaim", network::claim),
    ("", "Pod", pod::pod),
    ("", "Service", network::service),
    ("apiregistration.k8s.io", "APIService", network::api_service),
    ("apps", "DaemonSet", workload::daemon_set),
    ("apps", "Deployment", workload::deployment),
    ("apps", "ReplicaSet", workload::replica_set),
    ("apps", "StatefulSet", workload::stateful_set),
    ("argoproj.io", "Application", custom::application),
    ("autoscaling", "HorizontalPodAutoscaler", scale::autoscaler),
    ("batch", "CronJob", custom::cron_job),
    ("batch", "Job", workload::job),
    ("bitnami.com", "SealedSecret", custom::sealed_secret),
    ("extensions", "Ingress", network::ingress),
    ("networking.k8s.io", "Ingress", network::ingress),
];

/// The versions of groups whose rules read the fields of one version only; another is Unknown.
const VERSIONS: &[(&str, &[&str])] = &[
    ("", &["v1"]),
    ("apiregistration.k8s.io", &["v1", "v1beta1"]),
    ("apps", &["v1"]),
    ("autoscaling", &["v1", "v2", "v2beta1", "v2beta2"]),
];

/// The health of an object as it is in the cluster; nothing for a kind that has none, and for an
/// object whose annotation takes it out.
#[must_use]
pub fn health(tree: &Tree, object: NodeId) -> Option<Health> {
    let object = Object::new(tree, object);
    if object.annotation("argocd.argoproj.io/ignore-healthcheck") == Some("true") {
        return None;
    }
    if object.is_being_deleted() {
        return Some(Health::progressing("Pending deletion"));
    }
    let (group, version) = object.api();
    let kind = object.text("kind");
    let (.., rule) = RULES
        .iter()
        .find(|rule| rule.0 == group && rule.1 == kind)?;
    let versions = VERSIONS.iter().find(|known| known.0 == group);
    let is_known = versions.is_none_or(|(_, known)| known.contains(&version));
    // Of batch, a Job is read in one version and a CronJob in any.
    let is_known = is_known && (kind != "Job" || version == "v1");
    Some(match is_known {
        true => rule(object),
        false => Health::new(
            Status::Unknown,
            format!("unsupported {kind} version: {}", object.text("apiVersion")),
        ),
    })
}

#[cfg(test)]
mod tests;
