//! The rules of versions and tags, on repositories made for each.
#![expect(clippy::unwrap_used, reason = "what cannot be set up is a failed test")]

mod affected;
mod errors;
mod plan;
mod properties;
mod repo;
mod rules;
