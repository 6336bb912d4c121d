//! Waiting until a commit is live: synced and healthy in every Application that is asked for.
//!
//! [`Set`] decides and does nothing else: Applications and times go in, and what is to be asked of
//! the controller comes out. [`wait`] feeds it from a cluster.

mod coverage;
mod facts;
mod feed;
mod repository;
mod run;
mod set;
mod track;

pub use coverage::{Ancestry, NoHistory};
pub use run::{End, Outcome, Report, wait};
pub use track::State;

use std::time::Duration;

/// What is to be live.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// The whole name of the commit, 40 hexadecimal digits in lower case.
    pub commit: String,
    /// The address of the repository that it is of, in whatever form.
    pub repository: String,
    /// Where.
    pub apps: Apps,
    /// The namespace of the Applications.
    pub namespace: String,
}

/// Which Applications are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Apps {
    /// Those of these names. One that does not exist yet is waited for.
    Named(Vec<String>),
    /// Those that a label selector matches, at any moment; at least one.
    Selected(String),
    /// One, and once that is synced those that it deploys, and those that they deploy.
    Root(String),
}

/// How long to wait, and for how much.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// The time for all of it.
    pub timeout: Duration,
    /// How long all must hold for an Application to count.
    pub settle: Duration,
    /// How long an Application may be Degraded, or out of sync with nobody to sync it, before that
    /// is a failure.
    pub grace: Duration,
    /// Take an Application for synced that is OutOfSync, where a sync of the commit succeeded.
    pub allow_out_of_sync: bool,
    /// Take a revision of which it is not known whether it is newer for newer, where it was not
    /// there at the beginning.
    pub accept_newer: bool,
    /// Take Suspended for healthy.
    pub allow_suspended: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(600),
            settle: Duration::from_secs(5),
            grace: Duration::from_secs(30),
            allow_out_of_sync: false,
            accept_newer: false,
            allow_suspended: false,
        }
    }
}
