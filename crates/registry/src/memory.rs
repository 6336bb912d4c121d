//! What was found out about files, kept for as long as they stay as they were.

use crate::digest::Digest;
use std::fs::{self, Metadata};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

/// A folder that remembers. Without one nothing is remembered, and a folder that cannot be read or
/// written is as good as none: everything in it can be found out again.
#[derive(Debug, Clone, Default)]
pub(crate) struct Memory(Option<PathBuf>);

impl Memory {
    pub(crate) fn new(folder: Option<&Path>) -> Self {
        Self(folder.map(|folder| folder.join("files")))
    }

    /// What was found out about `what` of a file that has not changed since.
    pub(crate) fn recall(&self, file: &Path, what: &str) -> Option<Vec<u8>> {
        let (place, state) = self.place(file, what)?;
        let kept = fs::read(place).ok()?;
        let value = kept.strip_prefix(state.as_bytes())?.strip_prefix(b"\n")?;
        Some(value.to_owned())
    }

    /// Keeps what was found out. `before` is the file as it was when the finding began: one that
    /// changed meanwhile is not remembered.
    pub(crate) fn remember(&self, file: &Path, before: &Metadata, what: &str, value: &[u8]) {
        let Some((place, state)) = self.place(file, what) else {
            return;
        };
        if state_of(before).is_none_or(|before| !state.ends_with(&before)) {
            return;
        }
        let Some(folder) = place.parent() else {
            return;
        };
        // A failure leaves everything to be found out again, which is no harm.
        let _ = fs::create_dir_all(folder).and_then(|()| {
            let mut kept = tempfile::NamedTempFile::new_in(folder)?;
            kept.write_all(&[state.as_bytes(), b"\n", value].concat())?;
            kept.persist(&place)?;
            Ok(())
        });
    }

    /// Forgets what was found out.
    pub(crate) fn forget(&self, file: &Path, what: &str) {
        if let Some((place, _)) = self.place(file, what) {
            let _ = fs::remove_file(place);
        }
    }

    /// The file that remembers, and the line it begins with while the other one is as it was.
    fn place(&self, file: &Path, what: &str) -> Option<(PathBuf, String)> {
        let folder = self.0.as_ref()?;
        let path = file.canonicalize().ok()?;
        let state = state_of(&path.metadata().ok()?)?;
        let name = format!("{} {what}", path.display());
        let place = folder.join(Digest::of(name.as_bytes()).hex());
        Some((place, format!("{} {state}", name.escape_debug())))
    }
}

/// Size, times and, where there is one, the inode: no write leaves all of them as they were. The
/// time of the last change of the inode cannot be set back, so `touch` does not deceive.
fn state_of(data: &Metadata) -> Option<String> {
    let modified = data.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
    let inode = inode(data);
    Some(format!("{} {} {inode}", data.len(), modified.as_nanos()))
}

#[cfg(unix)]
fn inode(data: &Metadata) -> String {
    use std::os::unix::fs::MetadataExt as _;
    let changed = (data.ctime(), data.ctime_nsec());
    format!("{} {} {}.{}", data.dev(), data.ino(), changed.0, changed.1)
}

#[cfg(not(unix))]
fn inode(_: &Metadata) -> String {
    String::new()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_changed_is_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("image.tar");
        let write = |text: &str| {
            fs::write(&file, text).unwrap();
            file.metadata().unwrap()
        };
        let memory = Memory::new(Some(&folder.path().join("cache")));
        let first = write("one");
        assert_eq!(memory.recall(&file, "digest"), None);
        memory.remember(&file, &first, "digest", b"found\nout");
        assert_eq!(memory.recall(&file, "digest").unwrap(), b"found\nout");
        assert_eq!(memory.recall(&file, "another"), None);
        let second = write("two");
        assert_eq!(memory.recall(&file, "digest"), None);
        // Found out of the first state, told after the second.
        memory.remember(&file, &first, "digest", b"late");
        assert_eq!(memory.recall(&file, "digest"), None);
        memory.remember(&file, &second, "digest", b"new");
        let handle = fs::File::options().write(true).open(&file).unwrap();
        std::thread::sleep(std::time::Duration::from_millis(20));
        fs::write(&file, "six").unwrap();
        handle.set_modified(second.modified().unwrap()).unwrap();
        assert_eq!(
            memory.recall(&file, "digest"),
            None,
            "its time was set back"
        );
        Memory::new(None).remember(&file, &second, "digest", b"new");
    }
}
