//! The commands as a user runs them: flags, exit codes, outputs. What a command works out is
//! tested in its crate.
#![expect(clippy::disallowed_methods, reason = "these tests start the commands")]
#![expect(clippy::unwrap_used, reason = "what cannot be set up is a failed test")]

mod app_affected;
mod app_new;
mod app_update;
mod argo_apps;
mod argo_wait;
mod bundle_publish;
mod env_promote;
mod env_rollback;
mod graph;
mod image_build;
mod image_pin;
mod image_publish;
mod image_select;
mod manifest_lint;
mod manifests;
mod onboarding;
mod overlay_affected;
mod overlay_build;
mod overlay_edit;
mod overlay_explain;
mod overlay_programs;
mod overlay_remote;
mod pipeline;
mod release_next;
mod rendered;
mod secret_seal;
mod workflow;
