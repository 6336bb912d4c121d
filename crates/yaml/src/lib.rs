//! Spanned YAML tree that parses, edits and prints as kustomize does.

mod chars;
mod de;
mod documents;
mod edit;
mod emit;
mod error;
mod json;
mod node;
mod number;
mod order;
mod parse;
mod print;
mod resolve;
mod scan;
mod source;
mod time;

pub use de::{DeOptions, Spanned, from_node, from_node_with, from_str};
pub use edit::{Document, Step};
pub use error::{Error, ErrorKind};
pub use node::{Children, Kind, NodeId, Style, Tree};
pub use resolve::{Value, is_ambiguous_11, is_string_11};
pub use source::{Origin, Source, SourceId};
