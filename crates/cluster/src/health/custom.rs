//! Kinds for which Argo CD's rules are written in Lua.

use super::object::Object;
use super::{Health, Status};

/// argo-cd: resource_customizations/bitnami.com/SealedSecret/health.lua
pub(super) fn sealed_secret(object: Object<'_>) -> Health {
    let conditions = object
        .items("status.conditions")
        .filter(|condition| condition.text("type") == "Synced");
    let decided = conditions.map(|condition| (condition.text("status"), condition.text("message")));
    for (status, message) in decided {
        match status {
            "False" => return Health::degraded(message),
            "True" => return Health::healthy(message),
            _ => {}
        }
    }
    Health::progressing("Waiting for Sealed Secret to be decrypted")
}

/// argo-cd: resource_customizations/batch/CronJob/health.lua
pub(super) fn cron_job(object: Object<'_>) -> Health {
    if object.is_true("spec.suspend") {
        return Health::new(Status::Suspended, "CronJob is Suspended");
    }
    if object.at("status").is_none() {
        return Health::progressing("Waiting for CronJob");
    }
    let (scheduled, successful) = (
        object.text("status.lastScheduleTime"),
        object.text("status.lastSuccessfulTime"),
    );
    if scheduled.is_empty() {
        Health::healthy("CronJob has not been scheduled yet")
    } else if successful.is_empty() {
        Health::healthy("The Cronjob never completed successfully. It may not be healthy")
    } else if object.items("status.active").next().is_some() {
        Health::healthy("The job is running. Its last execution may not have been successful")
    } else if successful < scheduled {
        Health::degraded("CronJob has not completed its last execution successfully")
    } else {
        Health::healthy("CronJob has completed its last execution successfully")
    }
}

/// argo-cd: docs/operator-manual/health.md. Argo CD has no rule of its own for Applications; this is
/// the one that its documentation has users write.
pub(super) fn application(object: Object<'_>) -> Health {
    let message = object.text("status.health.message");
    let status = match object.text("status.health.status") {
        "Healthy" => Status::Healthy,
        "Suspended" => Status::Suspended,
        "Missing" => Status::Missing,
        "Degraded" => Status::Degraded,
        "Unknown" => Status::Unknown,
        _ => Status::Progressing,
    };
    Health::new(status, message)
}
