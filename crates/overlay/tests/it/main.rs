//! What the crate does, seen from outside.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod builder;
mod cases;
mod compatibility;
mod edit;
mod errors;
mod hostile;
mod library;
mod origins;
mod programs;
mod remote;
mod waivers;
