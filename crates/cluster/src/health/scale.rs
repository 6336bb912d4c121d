//! HorizontalPodAutoscalers (gitops-engine: pkg/health/health_hpa.go).

use super::object::Object;
use super::{Health, Status};
use windlass_yaml::{Source, Tree};

const DEGRADED: [(&str, &str); 4] = [
    ("AbleToScale", "FailedGetScale"),
    ("AbleToScale", "FailedUpdateScale"),
    ("ScalingActive", "FailedGetResourceMetric"),
    ("ScalingActive", "InvalidSelector"),
];

pub(super) fn autoscaler(object: Object<'_>) -> Health {
    match object.api().1 {
        "v1" => first_version(object),
        _ => decide(object.items("status.conditions")),
    }
}

/// The first version has its conditions in an annotation, as JSON.
fn first_version(object: Object<'_>) -> Health {
    let Some(text) = object.annotation("autoscaling.alpha.kubernetes.io/conditions") else {
        return waiting();
    };
    let mut tree = Tree::new();
    // As a field of a map, so that the list can be read as any other.
    let text = format!("{{\"conditions\": {text}\n}}");
    match tree.load(Source::new("conditions", text)) {
        Ok(roots) => match roots.first() {
            Some(root) => decide(Object::new(&tree, *root).items("conditions")),
            None => waiting(),
        },
        Err(error) => Health::new(
            Status::Unknown,
            format!("failed to convert conditions annotation to typed: {error}"),
        ),
    }
}

fn decide<'t>(conditions: impl Iterator<Item = Object<'t>>) -> Health {
    for condition in conditions {
        let (kind, message) = (condition.text("type"), condition.text("message"));
        if DEGRADED.contains(&(kind, condition.text("reason"))) {
            return Health::degraded(message);
        }
        if matches!(kind, "AbleToScale" | "ScalingLimited") && condition.text("status") == "True" {
            return Health::healthy(message);
        }
    }
    waiting()
}

fn waiting() -> Health {
    Health::progressing("Waiting to Autoscale")
}
