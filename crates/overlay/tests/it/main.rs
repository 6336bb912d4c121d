//! What the crate does, seen from outside.

mod cases;
mod errors;
mod hostile;
mod library;
mod programs;
