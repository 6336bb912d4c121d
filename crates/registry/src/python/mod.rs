//! Python's side of an image: pinned requirements become a layer of unpacked wheels, for a target
//! that need not be the machine that builds.

mod bill;
mod index;
mod install;
mod marker;
mod requirements;
mod tags;
mod version;
mod wheel;

pub(crate) use bill::{BILL, Material, bill};
pub(crate) use index::Fetcher;
pub use index::PackageIndex;
pub(crate) use install::install;
pub(crate) use requirements::Requirement;

use crate::error::{Error, ErrorKind, Result};
use crate::spec::Platform;

/// The Python that wheels are chosen for where the base image does not say which it has.
pub const DEFAULT_PYTHON: &str = "3.13";

/// The newest glibc that a chosen wheel may need: that of Debian 12, the oldest Debian that the
/// official Python images are still built on.
const GLIBC: (u32, u32) = (2, 36);

/// Where wheels are installed: an interpreter under `/usr/local`, as in the official images.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    /// `3.13.1`, as exactly as it is known.
    pub(crate) full: String,
    pub(crate) minor: u32,
    /// As `uname -m` says it.
    pub(crate) machine: &'static str,
    pub(crate) platform: Platform,
}

impl Target {
    /// The target for a version of Python (`3.13` or `3.13.1`) on a platform.
    pub(crate) fn new(python: &str, platform: &Platform) -> Result<Self> {
        let numbers: Vec<Option<u32>> = python.split('.').map(|n| n.parse().ok()).collect();
        let (minor, full) = match numbers[..] {
            [Some(3), Some(minor)] => (minor, format!("{python}.0")),
            [Some(3), Some(minor), Some(_)] => (minor, python.to_owned()),
            _ => {
                let message = format!("`{}` is not a version of Python 3", python.escape_debug());
                return Err(Error::new(ErrorKind::Platform, message).suggest("write it as `3.13`"));
            }
        };
        let machine = match (platform.os.as_str(), platform.architecture.as_str()) {
            ("linux", "amd64") => "x86_64",
            ("linux", "arm64") => "aarch64",
            _ => {
                let message = format!("cannot choose wheels for `{platform}`");
                return Err(Error::new(ErrorKind::Platform, message)
                    .suggest("wheels are chosen for `linux/amd64` and `linux/arm64`"));
            }
        };
        Ok(Self {
            full,
            minor,
            machine,
            platform: platform.clone(),
        })
    }

    fn short(&self) -> String {
        format!("3.{}", self.minor)
    }

    /// For messages: `Python 3.13 on linux/amd64`.
    pub(crate) fn describe(&self) -> String {
        format!("Python {} on {}", self.short(), self.platform)
    }

    fn interpreter(&self) -> String {
        format!("/usr/local/bin/python{}", self.short())
    }

    fn packages(&self) -> String {
        format!("usr/local/lib/python{}/site-packages", self.short())
    }
}

/// A project's name as indexes spell it (PyPA: "Name normalization").
fn normal(name: &str) -> String {
    let mut out = String::new();
    for c in name.chars() {
        match c {
            '-' | '_' | '.' if out.ends_with('-') => {}
            '-' | '_' | '.' => out.push('-'),
            c => out.push(c.to_ascii_lowercase()),
        }
    }
    out
}

/// Whether a text is a project's name (PyPA: "Names and normalization").
fn is_name(text: &str) -> bool {
    let ends = |c: char| c.is_ascii_alphanumeric();
    text.starts_with(ends)
        && text.ends_with(ends)
        && text
            .chars()
            .all(|c| ends(c) || matches!(c, '-' | '_' | '.'))
}
