//! The crate against repositories in folders and behind an in-process server.
#![expect(clippy::unwrap_used, reason = "what cannot be set up is a failed test")]

mod beside;
mod conformance;
mod faults;
mod fetch;
mod history;
mod hostile;
mod interleaving;
mod killed;
mod pin;
mod promote;
mod race;
mod sign;
mod snapshot;
mod world;
