//! Spanned YAML tree that parses, edits and prints as kustomize does.

mod node;
mod source;

pub use node::{Children, Kind, NodeId, Style, Tree};
pub use source::{Origin, Source, SourceId};
