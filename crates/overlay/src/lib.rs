//! Kustomize-compatible overlay builder.

#![expect(dead_code, reason = "the builder that uses these types follows")]

mod error;
mod fields;
mod id;
mod pattern;
mod provenance;
mod resource;
mod resources;
mod schema;
mod select;

pub use error::{Error, ErrorKind};
