//! Layers that are the same bytes on every machine and every day.
//!
//! Entries stand in the order of their paths, belong to user and group 0 without names, have the
//! mode 0644 or 0755 and one time for all. The compressor is zlib-rs at level 6; both are part of
//! an image's digest, so neither changes without a line in the changelog.

use crate::digest::{Digest, Hashing};
use crate::error::{Error, ErrorKind, Result};
use crate::layout::{BlobWriter, Layout};
use crate::spec::{Blob, LAYER_GZIP};
use flate2::write::GzEncoder;
use flate2::{Compression, GzBuilder};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read};
use tar::{Builder, EntryType, Header};

const LEVEL: u32 = 6;
/// "Unknown" in the gzip header (RFC 1952, 2.3.1), as the machine must not show.
const NO_SYSTEM: u8 = 255;

/// A file of a layer: `S` says where its bytes are.
#[derive(Debug, Clone)]
pub(crate) struct LayerFile<S> {
    pub(crate) executable: bool,
    pub(crate) size: u64,
    pub(crate) source: S,
}

/// Files by their path in the image, without a leading slash.
pub(crate) type LayerFiles<S> = BTreeMap<String, LayerFile<S>>;

/// Gives the bytes of files.
pub(crate) trait Contents<S> {
    fn open<'a>(&'a mut self, path: &str, file: &'a LayerFile<S>) -> Result<Box<dyn Read + 'a>>;
}

/// A written layer.
#[derive(Debug, Clone)]
pub(crate) struct Layer {
    pub(crate) blob: Blob,
    /// The digest of the bytes before compression.
    pub(crate) diff_id: Digest,
}

/// Writes a layer. `based` says that there are layers below, whose folders are not touched.
pub(crate) fn write<S>(
    layout: &Layout,
    files: &LayerFiles<S>,
    contents: &mut dyn Contents<S>,
    based: bool,
    time: u64,
) -> Result<Layer> {
    let failed = |error| unwrap(error, "the end of a layer");
    let mut builder = Builder::new(Hashing::new(gzip(layout.writer()?)));
    for path in paths(files, based) {
        let added = match files.get(&path) {
            None => add_folder(&mut builder, &path, time),
            Some(file) => {
                let reader = contents.open(&path, file)?;
                add_file(&mut builder, &path, file, reader, time)
            }
        };
        added.map_err(|error| unwrap(error, &format!("`{path}`")))?;
    }
    let hashing = builder.into_inner().map_err(failed)?;
    let (diff_id, _) = hashing.hasher.finish();
    let writer: BlobWriter = hashing.inner.finish().map_err(failed)?;
    let (digest, size) = writer.finish()?;
    Ok(Layer {
        blob: Blob::new(LAYER_GZIP, digest, size),
        diff_id,
    })
}

/// The compressor of every layer that we make.
pub(crate) fn gzip(writer: BlobWriter) -> GzEncoder<BlobWriter> {
    GzBuilder::new()
        .mtime(0)
        .operating_system(NO_SYSTEM)
        .write(writer, Compression::new(LEVEL))
}

/// An error of ours that went through the archive, or else one of reading a file.
fn unwrap(error: io::Error, what: &str) -> Error {
    error.downcast::<Error>().unwrap_or_else(|error| {
        let message = format!("cannot put {what} into the image");
        Error::new(ErrorKind::Read, message).because(error)
    })
}

/// The files and the folders they are in, a folder before what is in it.
fn paths<S>(files: &LayerFiles<S>, based: bool) -> BTreeSet<String> {
    let mut paths: BTreeSet<String> = files.keys().cloned().collect();
    for path in files.keys() {
        let folders = path.match_indices('/').map(|(at, _)| &path[..at]);
        paths.extend(
            folders
                .filter(|folder| !(based && base_has(folder)))
                .map(str::to_owned),
        );
    }
    paths
}

/// Whether any base image has this folder. An entry for it would give it our mode, and would put a
/// folder in the place of a link (`/lib` to `/usr/lib`).
fn base_has(folder: &str) -> bool {
    const TOP: [&str; 22] = [
        "bin",
        "boot",
        "dev",
        "etc",
        "home",
        "lib",
        "lib32",
        "lib64",
        "libx32",
        "media",
        "mnt",
        "opt",
        "proc",
        "root",
        "run",
        "sbin",
        "srv",
        "sys",
        "tmp",
        "usr",
        "var",
        "usr/local",
    ];
    const USR: [&str; 8] = [
        "bin", "games", "include", "lib", "lib64", "sbin", "share", "src",
    ];
    let below = folder
        .strip_prefix("usr/")
        .map(|rest| rest.strip_prefix("local/").unwrap_or(rest));
    TOP.contains(&folder) || below.is_some_and(|rest| USR.contains(&rest))
}

type Tar = Builder<Hashing<GzEncoder<BlobWriter>>>;

fn add_folder(builder: &mut Tar, path: &str, time: u64) -> io::Result<()> {
    let mut header = header(EntryType::Directory, 0o755, 0, time);
    builder.append_data(&mut header, format!("{path}/"), io::empty())
}

fn add_file<S>(
    builder: &mut Tar,
    path: &str,
    file: &LayerFile<S>,
    reader: Box<dyn Read + '_>,
    time: u64,
) -> io::Result<()> {
    let mode = if file.executable { 0o755 } else { 0o644 };
    let mut header = header(EntryType::Regular, mode, file.size, time);
    let exact = Exact {
        reader,
        left: file.size,
    };
    builder.append_data(&mut header, path, exact)
}

fn header(kind: EntryType, mode: u32, size: u64, time: u64) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_size(size);
    header.set_mtime(time);
    header.set_uid(0);
    header.set_gid(0);
    header
}

/// Fails where a file is not as long as its header says: the archive would be broken.
struct Exact<R> {
    reader: R,
    left: u64,
}

impl<R: Read> Read for Exact<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(buffer)?;
        let changed = || io::Error::other("the file changed while it was read");
        self.left = self.left.checked_sub(read as u64).ok_or_else(changed)?;
        match read == 0 && !buffer.is_empty() && self.left > 0 {
            true => Err(changed()),
            false => Ok(read),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Texts;

    impl Contents<&'static str> for Texts {
        fn open<'a>(
            &'a mut self,
            _: &str,
            file: &'a LayerFile<&'static str>,
        ) -> Result<Box<dyn Read + 'a>> {
            Ok(Box::new(file.source.as_bytes()))
        }
    }

    fn text(source: &'static str, executable: bool) -> LayerFile<&'static str> {
        LayerFile {
            executable,
            size: source.len() as u64,
            source,
        }
    }

    fn written(files: LayerFiles<&'static str>, based: bool) -> (Layer, Vec<u8>) {
        let folder = tempfile::tempdir().unwrap();
        let layout = Layout::create(&folder.path().join("image")).unwrap();
        let layer = write(&layout, &files, &mut Texts, based, 1_700_000_000).unwrap();
        let bytes = layout.read(&layer.blob, 1 << 20).unwrap();
        (layer, bytes)
    }

    fn entries(gzip: &[u8]) -> Vec<String> {
        let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(gzip));
        let entries = archive.entries().unwrap().map(|entry| {
            let entry = entry.unwrap();
            let (header, path) = (entry.header(), entry.path().unwrap().display().to_string());
            let owner = (header.uid().unwrap(), header.gid().unwrap());
            let name = (header.username().unwrap(), header.groupname().unwrap());
            assert_eq!((owner, name), ((0, 0), (Some(""), Some(""))));
            assert_eq!(header.mtime().unwrap(), 1_700_000_000);
            format!("{:o} {path}", header.mode().unwrap())
        });
        entries.collect()
    }

    #[test]
    fn entries_are_sorted_and_plain() {
        let long = format!("srv/app/{}/x.py", "long-name".repeat(14));
        let files = || {
            LayerFiles::from([
                ("srv/app/run".to_owned(), text("#!", true)),
                ("srv/app-2".to_owned(), text("", false)),
                (long.clone(), text("x", false)),
            ])
        };
        let (layer, bytes) = written(files(), true);
        let folder = long.strip_suffix("x.py").unwrap();
        let expected = [
            "755 srv/app/".to_owned(),
            "644 srv/app-2".to_owned(),
            format!("755 {folder}"),
            format!("644 {long}"),
            "755 srv/app/run".to_owned(),
        ];
        assert_eq!(entries(&bytes), expected);
        assert_eq!(written(files(), true).0.blob, layer.blob);
        assert_eq!(entries(&written(files(), false).1)[0], "755 srv/");
        // RFC 1952: magic, deflate, no flags, no time, no extra flags, unknown system.
        assert_eq!(bytes[..10], [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]);
    }

    /// These bytes are part of every digest: a compressor that makes others is a change for all who
    /// compare digests, and belongs into the changelog.
    #[test]
    fn the_compressor_makes_the_bytes_it_always_made() {
        let lines: String = (0..4000)
            .map(|n| format!("line {}\n", n * n % 977))
            .collect();
        let files = LayerFiles::from([("a".to_owned(), text(lines.leak(), false))]);
        let (layer, _) = written(files, true);
        assert_eq!(
            layer.blob.digest.hex(),
            "eae70080a5536c3962fbbf3a58db121b16f57d8f6a1566f36856469bf1c79e46"
        );
    }

    #[test]
    fn a_file_that_changes_is_an_error() {
        for size in [1, 3] {
            let mut file = text("ab", false);
            file.size = size;
            let folder = tempfile::tempdir().unwrap();
            let layout = Layout::create(&folder.path().join("image")).unwrap();
            let files = LayerFiles::from([("a".to_owned(), file)]);
            let error = write(&layout, &files, &mut Texts, true, 0).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Read);
        }
    }

    #[test]
    fn folders_of_the_base_are_left_alone() {
        for (folder, theirs) in [
            ("usr", true),
            ("tmp", true),
            ("lib", true),
            ("usr/local", true),
            ("usr/local/lib", true),
            ("usr/lib", true),
            ("usr/local/lib/python3.13", false),
            ("app", false),
            ("srv/app", false),
        ] {
            assert_eq!(base_has(folder), theirs, "{folder}");
        }
    }
}
