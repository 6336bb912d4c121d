//! Kustomize-compatible overlay builder.

#![expect(dead_code, reason = "the builder that uses these types follows")]

mod config;
mod defaults;
mod error;
mod fields;
mod files;
mod generate;
mod hash;
mod id;
mod order;
mod pattern;
mod provenance;
mod resource;
mod resources;
mod schema;
mod select;
mod transform;

pub use error::{Error, ErrorKind};
pub use files::{Disk, Files, Found, Memory, Restriction};
