//! Commit an edit to a branch of a git remote: no checkout, no rebase, no force push, and no lost
//! update however many write at once.
//!
//! An edit is a function of the branch's tip. [`sync`] reads the tip, lets the edit read and write
//! files, makes a commit and asks the remote to take it on the condition that the branch still
//! holds that tip; if another was faster the edit is made again on the new tip. Over HTTP and SSH
//! only the objects on the way to the edited files are transferred, so that the cost does not
//! grow with the repository.
//!
//! ```
//! use windlass_gitsync::{Access, Date, Identity, Options, Signature, open, sync};
//!
//! # let folder = tempfile::tempdir()?;
//! # let remote = git2::Repository::init_bare(folder.path())?;
//! # let who = git2::Signature::new("a", "a@example.com", &git2::Time::new(0, 0))?;
//! # let tree = remote.find_tree(remote.treebuilder(None)?.write()?)?;
//! # remote.commit(Some("refs/heads/main"), &who, &who, "first", &tree, &[])?;
//! # let address = folder.path().to_str().ok_or("a path")?;
//! let me = Identity::new("Deployer", "deployer@example.com", Date { seconds: 0, offset: 0 });
//! let signature = Signature { author: me.clone(), committer: me };
//! let mut remote = open(address, &Access::default())?;
//! let outcome = sync(&mut *remote, "main", &signature, &Options::default(), &mut |draft| {
//!     let count = draft.read("count")?.map_or(0, |text| text.len());
//!     draft.write("count", vec![b'x'; count + 1])?;
//!     Ok("Count one more".to_owned())
//! })?;
//! assert_eq!(outcome.paths, ["count"]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod cache;
mod database;
mod date;
mod draft;
mod error;
mod fetch;
mod ground;
mod history;
mod hold;
mod identity;
mod object;
mod overlay;
mod pace;
mod pack;
mod pin;
mod program;
mod promote;
mod remote;
mod rollback;
mod running;
mod settings;
mod sign;
mod snapshot;
mod sync;
mod tag;
mod tree;

pub use date::Date;
pub use draft::{Change, Draft};
pub use error::{Error, ErrorKind, Result};
pub use fetch::{Fetcher, Source};
pub use git2::Oid;
pub use history::{Back, Past, Point, look};
pub use identity::{DEFAULT_EMAIL, DEFAULT_NAME, Identity, Role};
pub use object::{Kind, Object};
pub use overlay::{PIN_TRAILER, Pinned};
pub use pin::{Digest, Pin, PinOptions, pin, pin_message};
pub use promote::{PromoteOptions, Promotion, Published, promote, promote_message};
pub use remote::{Access, Cas, New, Objects, Remote, address, open};
pub use rollback::{Released, Rollback, release, release_message, rollback, rollback_message};
pub use running::{Field, Running, Scope, running, soak};
pub use settings::Settings;
pub use sign::Signer;
pub use snapshot::{Listed, Snapshot};
pub use sync::{ID_TRAILER, Options, Outcome, Signature, sync};
pub use tag::{Tagged, create_tag};
