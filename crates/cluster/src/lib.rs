//! The state of Argo CD Applications and of what they deploy.
//!
//! [`wait()`] answers when a commit is live: compared, synced, healthy, and that at one time, in one
//! Application or in many. It reads the Kubernetes API alone, and needs no Argo CD API server.
//! [`health()`] says of one object what Argo CD would say of it.
//!
//! ```
//! use windlass_cluster::{Status, health};
//! use windlass_yaml::{Source, Tree};
//!
//! let text = "apiVersion: v1\nkind: PersistentVolumeClaim\nstatus: {phase: Bound}\n";
//! let mut tree = Tree::new();
//! let claim = tree.load(Source::new("claim.yaml", text))?[0];
//! assert_eq!(health(&tree, claim).map(|health| health.status), Some(Status::Healthy));
//! # Ok::<(), windlass_yaml::Error>(())
//! ```

mod application;
mod client;
mod error;
mod health;
mod wait;

pub use client::{Access, connect};
pub use error::{Error, ErrorKind, Result};
pub use health::{Health, Status, health};
pub use wait::{Ancestry, Apps, End, NoHistory, Options, Outcome, Report, State, Wish, wait};
