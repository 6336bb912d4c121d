//! Kustomize-compatible overlay builder: a folder with a kustomization in, manifests out, byte for
//! byte what kustomize 5.8.1 prints.
//!
//! ```
//! use windlass_overlay::{Memory, Options, build};
//!
//! let files = Memory::from_iter([
//!     ("base/kustomization.yaml", "resources: [service.yaml]\n"),
//!     ("base/service.yaml", "apiVersion: v1\nkind: Service\nmetadata: {name: web}\n"),
//!     ("prod/kustomization.yaml", "resources: [../base]\nnamePrefix: prod-\n"),
//! ]);
//! let built = build(&files, "prod".as_ref(), &Options::default())?;
//! assert_eq!(
//!     built.to_yaml()?,
//!     "apiVersion: v1\nkind: Service\nmetadata:\n  name: prod-web\n"
//! );
//! let service = built.objects().next().expect("there is one");
//! let place = service.location().expect("it was read from a file");
//! assert_eq!(place.to_string(), "base/service.yaml:1:1");
//! # Ok::<(), windlass_overlay::Error>(())
//! ```
//!
//! A build goes through these phases. Each kustomization, its bases first: read objects
//! (`read`), add field specs (`config`, `crds`), generate (`generate`), add components, transform
//! (`transform`, `patch`, `replace`), collect variables. Then once at the root (`build`): hashes
//! (`hash`), name references (`refs`), variables, local objects dropped, order (`order`),
//! annotations (`provenance`).
//!
//! There is no global state: two builds may run at once. All objects of a build live in one
//! [`windlass_yaml::Tree`], where every node knows the file, line and column it came from.

mod build;
mod builder;
mod config;
mod crds;
mod defaults;
mod edit;
mod error;
mod fields;
mod files;
mod function;
mod generate;
mod hash;
mod helm;
mod history;
mod id;
mod kustomization;
mod object;
mod options;
mod order;
mod patch;
mod pattern;
mod plugin;
mod program;
mod provenance;
mod read;
mod refs;
mod remote;
mod replace;
mod resource;
mod resources;
mod schema;
mod select;
mod shared;
mod survey;
mod transform;
mod waiver;

pub use builder::Builder;
pub use edit::{
    Altered, Create, Edit, Edited, Generated, GeneratorKind, ImageChange, Pair, PairMap,
    PatchEntry, PathList, ReplicaCount, TextField, edit,
};
pub use error::{Error, ErrorKind};
pub use files::{Disk, Entry, Files, Found, Memory, Restriction};
pub use function::Functions;
pub use helm::Helm;
pub use history::{Change, StepKind};
pub use object::{Build, Object};
pub use options::{Options, Reorder};
pub use program::{Call, Outcome, Programs};
pub use remote::{Fetch, FetchError, LOCK, Repository, Wanted, without_password};
pub use survey::Survey;
pub use waiver::NAMES as WARNINGS;
pub use windlass_yaml::{BadFieldPath, FieldPath};

use std::path::Path;

/// Builds the kustomization in the folder `root` of `files`.
///
/// # Errors
/// If something is missing or wrong in what the kustomization leads to; in a strict build also
/// if something is odd.
pub fn build<'a>(
    files: &'a dyn Files,
    root: &Path,
    options: &'a Options<'a>,
) -> Result<Build, Error> {
    build::run(files, root, options, None).map(Build::new)
}
