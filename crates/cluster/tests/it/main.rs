//! Waiting, against an API server in this process that speaks without a socket and whose clock is
//! the test's.
#![expect(clippy::unwrap_used, reason = "what cannot be set up is a failed test")]

mod faults;
mod many;
mod model;
mod play;
mod roots;
mod server;
mod timelines;
