//! Packs: the form in which objects travel (git: gitformat-pack).

mod delta;
mod read;
mod write;

pub(crate) use read::{Flaw, Limits, read};
pub(crate) use write::{Delta, write};

use crate::object::Kind;

const COMMIT: u8 = 1;
const TREE: u8 = 2;
const BLOB: u8 = 3;
const TAG: u8 = 4;
const OFS_DELTA: u8 = 6;
const REF_DELTA: u8 = 7;

/// The length of the checksum at the end.
const CHECKSUM: usize = 20;

fn number(kind: Kind) -> u8 {
    match kind {
        Kind::Commit => COMMIT,
        Kind::Tree => TREE,
        Kind::Blob => BLOB,
        Kind::Tag => TAG,
    }
}
