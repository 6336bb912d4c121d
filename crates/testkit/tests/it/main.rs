//! What the crate does, seen from outside.
#![expect(clippy::disallowed_methods, reason = "steps need a PATH to find bash")]
#![expect(clippy::unwrap_used, reason = "what cannot be set up is a failed test")]

mod sandbox;
mod workflow;
