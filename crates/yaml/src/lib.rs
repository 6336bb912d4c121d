//! A YAML tree that knows where each node stands, and that reads, edits and prints as kustomize
//! does.
//!
//! A [`Source`] is a file. [`Tree::load`] makes nodes of its documents, which [`Tree::emit`] prints
//! as kustomize 5.8.1 would, to the byte; between the two, nodes are read and changed through
//! [`Tree`]. [`from_str`] and [`from_node`] make values of serde types. [`Document`] changes a file
//! in place, without touching anything else. Every [`Error`] has the line it is about.
//!
//! ```
//! use windlass_yaml::{Origin, Source, Tree};
//!
//! let text = "kind: Deployment\nspec: {replicas: 0o2, paused: no} # two\n";
//! let mut tree = Tree::new();
//! let roots = tree.load(Source::new("deployment.yaml", text))?;
//!
//! let replicas = tree.lookup(roots[0], &["spec", "replicas"]).unwrap();
//! let place = tree.locate(tree.origin(replicas)).unwrap();
//! assert_eq!(place.to_string(), "deployment.yaml:2:18");
//!
//! let name = tree.string("web", Origin::NONE);
//! tree.set(roots[0], "name", name);
//! let mut out = Vec::new();
//! tree.emit(roots[0], &mut out)?;
//! let wanted = "kind: Deployment\nname: web\nspec:\n  paused: \"no\"\n  replicas: 2\n";
//! assert_eq!(String::from_utf8(out).unwrap(), wanted);
//! # Ok::<(), windlass_yaml::Error>(())
//! ```
//!
//! # Limits
//! Files are UTF-8 and at most [`Source::MAX_BYTES`] long; collections nest 256 deep in a file
//! and 512 deep in a tree; what aliases stand for is at most 64 MiB, or 16 times the file. Beyond
//! any of these there is an error.
//!
//! # Where it differs from kustomize
//! Files in UTF-16 are refused. Where go-yaml's order of keys contradicts itself (`v1alpha1`, `v2`,
//! `v10`) kustomize prints any order; here it is always the same one. Text that go-yaml
//! leaves unread behind the end of a document is not scanned either, so nothing in it is an
//! error; a warning tells of it.

mod chars;
mod comment;
mod de;
mod documents;
mod edit;
mod emit;
mod error;
mod field_path;
mod json;
mod node;
mod number;
mod order;
mod parse;
mod print;
mod printed;
mod resolve;
mod scan;
mod source;
mod time;

pub use comment::Comment;
pub use de::{DeOptions, REPEATED_FIELD, Spanned, from_node, from_node_with, from_str};
pub use edit::{Content, Document, Step, Wrap};
pub use error::{Error, ErrorKind};
pub use field_path::{BadFieldPath, FieldPath};
pub use node::{Children, Kind, Moved, NodeId, Style, Tree, Version};
pub use print::fits_plain;
pub use printed::Printed;
pub use resolve::{Value, is_ambiguous_11, is_string_11};
pub use source::{Origin, Source, SourceId};
