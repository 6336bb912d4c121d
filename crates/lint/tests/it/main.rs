//! What the crate does, seen from outside.
#![expect(clippy::unwrap_used, reason = "what cannot be set up is a failed test")]

mod cases;
mod hostile;
mod reports;
