//! OCI images without a daemon: build them from a source folder and wheels, keep them in image
//! layouts, publish them to registries.
//!
//! ```
//! use windlass_registry::{Layout, Publisher, Tags, Target};
//! # let folder = tempfile::tempdir()?;
//! # let here = |name: &str| folder.path().join(name);
//! # std::fs::create_dir(here("src"))?;
//! # std::fs::write(here("src/server.py"), "print('hello')\n")?;
//! use windlass_registry::{Base, Build, Dependencies};
//!
//! let build = Build {
//!     source: here("src"),
//!     base: Base::Scratch,
//!     dependencies: Dependencies::Skip,
//!     created: 1_700_000_000,
//!     ..Build::default()
//! };
//! let built = build.run(&here("image"))?;
//!
//! let tags = Tags { fixed: vec!["v1.0.0".parse()?], moving: vec!["latest".parse()?] };
//! let target = Target::Layout(here("registry/app"));
//! let published = Publisher::default().publish(&here("image").to_str().unwrap().parse()?, &target, &tags)?;
//! assert_eq!(published.digest, built.digest);
//! assert_eq!(Layout::open(&here("registry/app"))?.resolve(Some("latest"))?.digest, built.digest);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod archive;
mod auth;
mod base;
mod body;
mod build;
mod bundle;
mod chunked;
mod credentials;
mod digest;
mod dockerfile;
mod error;
mod helper;
mod image;
mod layer;
mod layout;
mod memory;
mod origin;
mod policy;
mod publish;
mod pull;
mod push;
mod python;
mod reference;
mod referrers;
mod remote;
mod retry;
mod saved;
mod select;
mod shelf;
mod source;
mod spec;
mod tags;
mod tls;

pub use build::{Build, Built, Dependencies};
pub use bundle::Bundle;
pub use credentials::Credentials;
pub use digest::Digest;
pub use dockerfile::Dockerfile;
pub use error::{Error, ErrorKind, Result};
pub use layout::{Entry, Layout};
pub use oci_client::Reference;
pub use origin::ImageSource;
pub use policy::{Filter, Order, Policy, Range, Reason};
pub use publish::{Publication, Published, Publisher, Tags};
pub use python::{DEFAULT_PYTHON, PackageIndex};
pub use reference::{Base, LayoutImage, Repository, Tag, TagPattern, Target};
pub use remote::Access;
pub use retry::{Notify, Progress, Retry};
pub use select::{Chosen, Selection, Selector};
pub use source::Exclude;
pub use spec::Platform;
pub use tls::Tls;
