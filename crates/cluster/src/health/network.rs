//! Services, Ingresses, APIServices and claims of volumes.

use super::object::Object;
use super::{Health, Status};

/// gitops-engine: pkg/health/health_service.go
pub(super) fn service(object: Object<'_>) -> Health {
    match object.text("spec.type") {
        "LoadBalancer" => ingress(object),
        _ => Health::healthy(""),
    }
}

/// gitops-engine: pkg/health/health_ingress.go
pub(super) fn ingress(object: Object<'_>) -> Health {
    match object.items("status.loadBalancer.ingress").next() {
        Some(_) => Health::healthy(""),
        None => Health::progressing(""),
    }
}

/// gitops-engine: pkg/health/health_apiservice.go
pub(super) fn api_service(object: Object<'_>) -> Health {
    let Some(available) = object.condition("Available") else {
        return Health::progressing("Waiting to be processed");
    };
    let message = format!(
        "{}: {}",
        available.text("reason"),
        available.text("message")
    );
    match available.text("status") {
        "True" => Health::healthy(message),
        _ => Health::progressing(message),
    }
}

/// gitops-engine: pkg/health/health_pvc.go
pub(super) fn claim(object: Object<'_>) -> Health {
    let status = match object.text("status.phase") {
        "Lost" => Status::Degraded,
        "Pending" => Status::Progressing,
        "Bound" => Status::Healthy,
        _ => Status::Unknown,
    };
    Health::new(status, "")
}
