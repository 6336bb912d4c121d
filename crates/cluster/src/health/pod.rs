//! Pods (gitops-engine: pkg/health/health_pod.go).

use super::object::Object;
use super::{Health, Status};

pub(super) fn pod(object: Object<'_>) -> Health {
    let restarts = object.text("spec.restartPolicy") == "Always";
    let message = object.text("status.message");
    // A pod that ends may be a hook, whose trouble must not end a sync before it is over.
    if restarts && let Some(trouble) = waits_in_vain(object) {
        return Health::degraded(trouble);
    }
    match object.text("status.phase") {
        "Pending" => Health::progressing(message),
        "Succeeded" => Health::healthy(message),
        "Failed" if message.is_empty() => Health::degraded(first_failure(object)),
        "Failed" => Health::degraded(message),
        "Running" => running(object, message),
        _ => Health::new(Status::Unknown, message),
    }
}

fn running(object: Object<'_>, message: &str) -> Health {
    match object.text("spec.restartPolicy") {
        "Always" => {
            let ready = object
                .condition("Ready")
                .is_some_and(|ready| ready.text("status") == "True");
            let mut containers = object.items("status.containerStatuses");
            if ready {
                Health::healthy(message)
            } else if containers.any(|container| container.at("lastState.terminated").is_some()) {
                Health::degraded(message)
            } else {
                Health::progressing(message)
            }
        }
        "OnFailure" | "Never" => Health::progressing(message),
        _ => Health::new(Status::Unknown, message),
    }
}

/// What containers wait for that will not come.
fn waits_in_vain(object: Object<'_>) -> Option<String> {
    let waiting = object
        .items("status.containerStatuses")
        .filter_map(|container| container.at("state.waiting"));
    let in_vain = waiting.filter(|waiting| {
        let reason = waiting.text("reason");
        reason.starts_with("Err") || reason.ends_with("Error") || reason.ends_with("BackOff")
    });
    let messages: Vec<&str> = in_vain.map(|waiting| waiting.text("message")).collect();
    (!messages.is_empty()).then(|| messages.join(", "))
}

fn first_failure(object: Object<'_>) -> String {
    let containers = object
        .items("status.initContainerStatuses")
        .chain(object.items("status.containerStatuses"));
    let failure = |container: Object<'_>| {
        let ended = container.at("state.terminated")?;
        match (
            ended.text("message"),
            ended.text("reason"),
            ended.number("exitCode"),
        ) {
            ("", "OOMKilled", _) => Some("OOMKilled".to_owned()),
            ("", _, 0) => None,
            ("", _, code) => Some(format!(
                "container {:?} failed with exit code {code}",
                container.text("name")
            )),
            (message, ..) => Some(message.to_owned()),
        }
    };
    containers
        .map(failure)
        .find_map(|failure| failure)
        .unwrap_or_default()
}
