//! Git objects as they are stored: commits, trees, blobs and tags by kind and bytes.

use crate::error::{Error, ErrorKind, Result};
use git2::{ObjectType, Oid};

/// The kind of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A commit.
    Commit,
    /// A folder.
    Tree,
    /// The content of a file.
    Blob,
    /// An annotated tag.
    Tag,
}

/// An object: its kind and its bytes, without header and uncompressed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// What it is.
    pub kind: Kind,
    /// Its content.
    pub data: Vec<u8>,
}

impl Object {
    pub(crate) fn new(kind: Kind, data: Vec<u8>) -> Self {
        Self { kind, data }
    }

    /// The object's name: git's hash over kind, length and bytes.
    #[must_use]
    pub fn id(&self) -> Oid {
        Oid::hash_object(self.kind.into(), &self.data).expect("hashing memory cannot fail")
    }
}

impl From<Kind> for ObjectType {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Commit => Self::Commit,
            Kind::Tree => Self::Tree,
            Kind::Blob => Self::Blob,
            Kind::Tag => Self::Tag,
        }
    }
}

impl Kind {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Commit => "commit",
            Self::Tree => "tree",
            Self::Blob => "blob",
            Self::Tag => "tag",
        }
    }

    pub(crate) fn of(kind: ObjectType) -> Option<Self> {
        match kind {
            ObjectType::Commit => Some(Self::Commit),
            ObjectType::Tree => Some(Self::Tree),
            ObjectType::Blob => Some(Self::Blob),
            ObjectType::Tag => Some(Self::Tag),
            ObjectType::Any => None,
        }
    }
}

/// The tree that a commit holds.
pub(crate) fn tree_of(commit: &[u8]) -> Result<Oid> {
    header(commit, "tree")
}

/// What an annotated tag points at.
pub(crate) fn target_of(tag: &[u8]) -> Result<Oid> {
    header(tag, "object")
}

/// The object name in the first line of a commit or tag.
fn header(data: &[u8], name: &str) -> Result<Oid> {
    let line = data.split(|&b| b == b'\n').next().unwrap_or_default();
    std::str::from_utf8(line)
        .ok()
        .and_then(|line| line.strip_prefix(name)?.strip_prefix(' '))
        .and_then(parse_id)
        .ok_or_else(|| {
            let message = format!("cannot read an object of the remote: it has no `{name}` line");
            Error::new(ErrorKind::Protocol, message)
        })
}

/// The first parent of a commit; none if it has none, or is no commit.
pub(crate) fn parent_of(commit: &[u8]) -> Option<Oid> {
    parents_of(commit).next()
}

/// The parents of a commit, in their order.
pub(crate) fn parents_of(commit: &[u8]) -> impl Iterator<Item = Oid> {
    head_lines(commit, "parent").filter_map(parse_id)
}

/// When a commit was recorded, in seconds since 1970; none if it does not say.
pub(crate) fn time_of(commit: &[u8]) -> Option<i64> {
    let committer = head_lines(commit, "committer").next()?;
    committer.rsplit(' ').nth(1)?.parse().ok()
}

/// The lines of a commit's head that begin with a word, without the word.
fn head_lines<'c>(commit: &'c [u8], word: &str) -> impl Iterator<Item = &'c str> {
    let lines = commit.split(|&b| b == b'\n');
    let head = lines.take_while(|line| !line.is_empty());
    head.filter_map(move |line| {
        let rest = line.strip_prefix(word.as_bytes())?.strip_prefix(b" ")?;
        // A name may be in any encoding; what counts here stands behind it.
        let start = rest.iter().rposition(|b| *b == b'>').unwrap_or(0);
        std::str::from_utf8(&rest[start..]).ok()
    })
}

/// A full object name in hexadecimal. `Oid::from_str` would take a shortened one.
pub(crate) fn parse_id(text: &str) -> Option<Oid> {
    (text.len() == 40)
        .then(|| Oid::from_str(text).ok())
        .flatten()
}

/// Whether the last paragraph of a commit's message has a trailer of this name, and of a value that
/// fits.
pub(crate) fn has_trailer(commit: &[u8], name: &str, fits: impl Fn(&str) -> bool) -> bool {
    let text = String::from_utf8_lossy(commit);
    let message = text.split_once("\n\n").map_or("", |(_, message)| message);
    let last = message.trim_end().rsplit("\n\n").next().unwrap_or_default();
    let value = |line: &str| Some(line.strip_prefix(name)?.strip_prefix(": ")?.to_owned());
    last.lines().filter_map(value).any(|value| fits(&value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_git() {
        // `git hash-object -t blob /dev/null` and `-t tree /dev/null`.
        let blob = Object {
            kind: Kind::Blob,
            data: Vec::new(),
        };
        let tree = Object {
            kind: Kind::Tree,
            data: Vec::new(),
        };
        assert_eq!(
            blob.id().to_string(),
            "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"
        );
        assert_eq!(
            tree.id().to_string(),
            "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
        );
    }

    #[test]
    fn a_trailer_counts_in_the_last_paragraph_alone() {
        let commit = b"tree x\n\nSubject\n\nWindlass-Id: 1\n\nWindlass-Id: 2\nOther: 3\n";
        assert!(has_trailer(commit, "Windlass-Id", |id| id == "2"));
        assert!(!has_trailer(commit, "Windlass-Id", |id| id == "1"));
        assert!(!has_trailer(commit, "Windlass-I", |_| true));
    }

    #[test]
    fn the_head_of_a_commit_is_read_whatever_its_names_are_written_in() {
        let commit = b"tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\n\
                       parent e69de29bb2d1d6434b8b29ae775ad8c2e48c5391\n\
                       parent 4b825dc642cb6eb9a060e54bf8d69288fbee4904\n\
                       author A <a> 1 +0000\ncommitter J\xf6rg <> x> 1700000000 -0130\n\n\
                       committer B <b> 5 +0000\n";
        assert_eq!(time_of(commit), Some(1_700_000_000));
        let parent = parent_of(commit).map(|id| id.to_string());
        assert_eq!(
            parent.as_deref(),
            Some("e69de29bb2d1d6434b8b29ae775ad8c2e48c5391")
        );
        assert_eq!(parent_of(b"tree x\n\nparent y\n"), None);
        assert_eq!(time_of(b"committer A <a> soon +0000\n\n"), None);
    }

    #[test]
    fn a_shortened_or_missing_name_is_refused() {
        assert!(tree_of(b"tree 4b825dc6\n").is_err());
        assert!(tree_of(b"").is_err());
        let full = b"tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\nparent";
        assert_eq!(
            tree_of(full).unwrap().to_string(),
            "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
        );
    }
}
