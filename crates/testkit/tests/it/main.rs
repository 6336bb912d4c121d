//! What the crate does, seen from outside.
#![expect(clippy::disallowed_methods, reason = "steps need a PATH to find bash")]

mod sandbox;
mod workflow;
