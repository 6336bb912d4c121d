//! The next version and the image tags of an application, from tags and commits.
//!
//! A repository holds many applications, each below a folder of its own and with versions of its
//! own, given by git tags as `shop/v1.4.0`. [`release()`] says what a pushed commit is called as
//! one of them, which tags its image gets and which environments run it; [`affected()`] says
//! which applications a push touches at all. Nothing is checked out and nothing is written: the
//! answers are functions of the commit, the tags and the arguments.
//!
//! Messages are read as [Conventional Commits 1.0.0](https://www.conventionalcommits.org/en/v1.0.0/),
//! versions as [SemVer 2.0.0](https://semver.org/spec/v2.0.0.html).
//!
//! ```no_run
//! use windlass_release::{Environment, Layout, Options, Push, Repository, release};
//!
//! let repository = Repository::open(".".as_ref())?;
//! let environments = [Environment {
//!     name: "prod".into(),
//!     branch: "main".into(),
//!     tag: None,
//! }];
//! let release = release(
//!     &repository,
//!     "HEAD",
//!     "shop",
//!     Push::Branch("main"),
//!     &environments,
//!     &Layout::default(),
//!     &Options::default(),
//! )?;
//! println!("{} as {}", release.version, release.tags.join(", "));
//! # Ok::<(), windlass_release::Error>(())
//! ```

mod affected;
mod apps;
mod bump;
mod changelog;
mod changes;
pub mod conventional;
mod error;
mod image;
mod line;
mod names;
mod next;
mod plan;
mod repository;
mod revert;
mod scope;
mod tree;
mod walk;

pub use affected::{EVERY_APP, Since, affected, affected_by_tag};
pub use bump::{Bump, Cause};
pub use changelog::changelog;
pub use error::{Error, ErrorKind, Result};
pub use image::{image_tag, image_version, sanitise};
pub use line::{Channel, Line};
pub use next::{Next, Options, next, tagged};
pub use plan::{Environment, Push, Release, release};
pub use repository::Repository;
pub use scope::{Layout, Shared};
pub use semver::Version;
