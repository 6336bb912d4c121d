//! Images from a source folder to a registry, against the registry of `testkit`.
#![expect(clippy::unwrap_used, reason = "a failed preparation fails the test")]

mod build;
mod bundle;
mod errors;
mod faults;
mod indexes;
mod pieces;
mod publish;
mod referrers;
mod select;
mod sources;
mod support;
mod wheels;
