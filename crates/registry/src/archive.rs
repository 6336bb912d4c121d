//! Tar files with images: the files of one by name, where their bytes are, without unpacking.
//!
//! Nothing of an archive ever becomes a path of this machine: names are looked up among the
//! archive's own, and what they hold is checked against its digest as everything else is.

use crate::error::{Error, ErrorKind, Result};
use crate::spec::MANIFEST_LIMIT;
use flate2::read::MultiGzDecoder;
use std::cell::Cell;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom, Take};
use std::path::{Path, PathBuf};
use tar::EntryType;
use tempfile::NamedTempFile;

/// Far above the number of blobs of any image.
const FILES: usize = 100_000;
/// Bytes of the names of all files.
const NAMES: usize = 64 << 20;
/// Bytes of the headers of one file, long names and attributes included.
const HEADERS: usize = 1 << 20;
/// How many links may lead from one name to the next.
const LINKS: usize = 8;
/// What a compressed archive may become at most: layers of text reach a tenth of this.
const RATIO: u64 = 200;
const SMALL: u64 = 64 << 20;

/// A tar file whose entries are known.
pub(crate) struct Archive {
    /// As the user names it.
    pub(crate) name: PathBuf,
    place: Place,
    files: BTreeMap<String, Extent>,
    links: BTreeMap<String, String>,
}

/// The bytes of a file of an archive.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Extent {
    pub(crate) offset: u64,
    pub(crate) size: u64,
}

/// Where the archive lies: as it was given, or unpacked for as long as it is needed.
enum Place {
    Given(PathBuf),
    Unpacked(NamedTempFile),
}

impl Archive {
    /// Opens a tar file, which may be compressed by gzip, and reads where its files are.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let opened = File::open(path).map_err(|error| Error::read(path, error))?;
        let place = match starts_with(&opened, &GZIP) {
            Ok(true) => Place::Unpacked(unpack(path, opened)?),
            Ok(false) => Place::Given(path.to_owned()),
            Err(error) => return Err(Error::read(path, error)),
        };
        let mut archive = Self {
            name: path.to_owned(),
            place,
            files: BTreeMap::new(),
            links: BTreeMap::new(),
        };
        archive.scan()?;
        Ok(archive)
    }

    /// The file whose bytes the extents are of.
    pub(crate) fn path(&self) -> &Path {
        match &self.place {
            Place::Given(path) => path,
            Place::Unpacked(file) => file.path(),
        }
    }

    /// Where a file is; links inside of the archive are followed.
    pub(crate) fn find(&self, name: &str) -> Option<Extent> {
        let mut name = plain(name)?;
        for _ in 0..LINKS {
            match self.files.get(&name) {
                Some(extent) => return Some(*extent),
                None => name = self.links.get(&name)?.clone(),
            }
        }
        None
    }

    /// The bytes of a file.
    pub(crate) fn reader(&self, extent: Extent) -> Result<Take<BufReader<File>>> {
        let path = self.path();
        let mut file = File::open(path).map_err(|error| Error::read(path, error))?;
        file.seek(SeekFrom::Start(extent.offset))
            .map_err(|error| Error::read(path, error))?;
        Ok(BufReader::new(file).take(extent.size))
    }

    /// A small file as a whole; `None` if there is none.
    pub(crate) fn read(&self, name: &str) -> Result<Option<Vec<u8>>> {
        let Some(extent) = self.find(name) else {
            return Ok(None);
        };
        if extent.size > MANIFEST_LIMIT {
            return Err(self.broken(&format!("`{}` is too large", name.escape_debug())));
        }
        let mut bytes = Vec::new();
        self.reader(extent)?
            .read_to_end(&mut bytes)
            .map_err(|error| Error::read(&self.name, error))?;
        Ok(Some(bytes))
    }

    pub(crate) fn broken(&self, why: &str) -> Error {
        let message = format!(
            "the archive `{}` holds no image: {why}",
            self.name.display()
        );
        Error::new(ErrorKind::Layout, message)
    }

    fn scan(&mut self) -> Result<()> {
        let path = self.path().to_owned();
        let file = File::open(&path).map_err(|error| Error::read(&path, error))?;
        let length = file
            .metadata()
            .map_err(|error| Error::read(&path, error))?
            .len();
        let name = self.name.display().to_string();
        let failed = |error: io::Error| {
            let message = format!("`{name}` is not a tar file");
            Error::new(ErrorKind::Layout, message).because(error)
        };
        let left = Cell::new(0);
        let reader = Sparing {
            inner: BufReader::new(file),
            left: &left,
        };
        let mut tar = tar::Archive::new(reader);
        let mut entries = tar.entries_with_seek().map_err(failed)?;
        let (mut count, mut names) = (0, 0);
        loop {
            left.set(HEADERS);
            let Some(entry) = entries.next() else {
                return Ok(());
            };
            let entry = entry.map_err(failed)?;
            count += 1;
            names += entry.path_bytes().len() + entry.link_name_bytes().map_or(0, |to| to.len());
            if count > FILES || names > NAMES {
                return Err(self.broken("it has too many files"));
            }
            let Some(name) = entry.path().ok().and_then(|path| plain(path.to_str()?)) else {
                continue;
            };
            match entry.header().entry_type() {
                EntryType::Regular | EntryType::Continuous => {
                    let extent = Extent {
                        offset: entry.raw_file_position(),
                        size: entry.size(),
                    };
                    self.add_file(name, extent, length)?;
                }
                kind @ (EntryType::Symlink | EntryType::Link) => {
                    let to = entry.link_name().map_err(failed)?;
                    let to = to.and_then(|to| target(&name, to.to_str()?, kind));
                    self.add_link(name, to)?;
                }
                _ => {}
            }
        }
    }

    fn add_file(&mut self, name: String, extent: Extent, length: u64) -> Result<()> {
        let end = extent.offset.checked_add(extent.size);
        if end.is_none_or(|end| end > length) {
            let name = name.escape_debug();
            return Err(self.broken(&format!("it ends in the middle of `{name}`")));
        }
        self.only_once(&name)?;
        self.files.insert(name, extent);
        Ok(())
    }

    /// A link that leads out of the archive is passed over.
    fn add_link(&mut self, name: String, to: Option<String>) -> Result<()> {
        if let Some(to) = to {
            self.only_once(&name)?;
            self.links.insert(name, to);
        }
        Ok(())
    }

    fn only_once(&self, name: &str) -> Result<()> {
        match self.files.contains_key(name) || self.links.contains_key(name) {
            true => Err(self.broken(&format!("`{}` is in it twice", name.escape_debug()))),
            false => Ok(()),
        }
    }
}

/// Reads no more than what is left: the headers of an entry are held as a whole, and say
/// themselves how long they are.
struct Sparing<'a> {
    inner: BufReader<File>,
    left: &'a Cell<usize>,
}

impl Read for Sparing<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = buffer.len().min(self.left.get());
        if length == 0 && !buffer.is_empty() {
            return Err(io::Error::other("the headers of a file are too large"));
        }
        let read = self.inner.read(&mut buffer[..length])?;
        self.left.set(self.left.get() - read);
        Ok(read)
    }
}

impl Seek for Sparing<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.inner.seek(to)
    }
}

pub(crate) const GZIP: [u8; 2] = [0x1f, 0x8b];

/// Whether a file begins with these bytes; it is read from its start again.
fn starts_with(mut file: &File, magic: &[u8]) -> io::Result<bool> {
    let mut start = Vec::new();
    file.take(magic.len() as u64).read_to_end(&mut start)?;
    file.rewind()?;
    Ok(start == magic)
}

fn unpack(path: &Path, file: File) -> Result<NamedTempFile> {
    let packed = file
        .metadata()
        .map_err(|error| Error::read(path, error))?
        .len();
    let limit = packed.saturating_mul(RATIO).saturating_add(SMALL);
    let mut unpacked = NamedTempFile::new().map_err(|error| Error::write(path, error))?;
    let mut reader = MultiGzDecoder::new(BufReader::new(file)).take(limit + 1);
    let size = io::copy(&mut reader, &mut unpacked).map_err(|error| Error::read(path, error))?;
    if size > limit {
        let message = format!("`{}` becomes too large when it is unpacked", path.display());
        return Err(Error::new(ErrorKind::Layout, message));
    }
    Ok(unpacked)
}

/// `a/b` of `./a//b`. A name that leads out of the archive is none.
fn plain(name: &str) -> Option<String> {
    let mut parts: Vec<&str> = Vec::new();
    for part in name.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    (!parts.is_empty()).then(|| parts.join("/"))
}

/// What a link means: a symbolic one from its own folder, a hard one from the archive's root.
fn target(name: &str, to: &str, kind: EntryType) -> Option<String> {
    let folder = match kind {
        EntryType::Symlink => name.rsplit_once('/').map_or("", |(folder, _)| folder),
        _ => "",
    };
    plain(&format!("{folder}/{to}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tar::{Builder, Header};

    /// Writes a tar file of (name, kind, content or target of a link).
    fn tar_of(entries: &[(&str, EntryType, &str)]) -> Vec<u8> {
        let mut builder = Builder::new(Vec::new());
        for (name, kind, text) in entries {
            let mut header = Header::new_gnu();
            // Set as bytes: the library refuses the names that a hostile archive has.
            header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
            header.set_entry_type(*kind);
            header.set_mode(0o644);
            let body = match kind {
                EntryType::Regular => text.as_bytes(),
                _ => {
                    header.as_old_mut().linkname[..text.len()].copy_from_slice(text.as_bytes());
                    &[]
                }
            };
            header.set_size(body.len() as u64);
            header.set_cksum();
            builder.append(&header, body).unwrap();
        }
        builder.into_inner().unwrap()
    }

    fn open(bytes: &[u8]) -> Result<Archive> {
        let file = NamedTempFile::new().unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        let archive = Archive::open(file.path());
        // The file must outlive the archive.
        let _ = file.keep();
        archive
    }

    #[test]
    fn names_are_the_archives_own() {
        use EntryType::{Link, Regular, Symlink};
        let archive = open(&tar_of(&[
            ("./a/layer.tar", Regular, "one"),
            ("b/layer.tar", Symlink, "../a/layer.tar"),
            ("c", Link, "b/layer.tar"),
            ("up", Symlink, "../../etc/passwd"),
            ("root", Symlink, "/etc/passwd"),
            ("round", Symlink, "about"),
            ("about", Symlink, "round"),
            ("../../etc/passwd", Regular, "evil"),
            ("/etc/shadow", Regular, "inside"),
        ]))
        .unwrap();
        let text = |name: &str| {
            let bytes = archive.read(name).unwrap();
            bytes.map(|bytes| String::from_utf8(bytes).unwrap())
        };
        for name in ["a/layer.tar", "./a/layer.tar", "b/layer.tar", "c", "x/../c"] {
            assert_eq!(text(name).as_deref(), Some("one"), "{name}");
        }
        for name in [
            "up",
            "root",
            "round",
            "../../etc/passwd",
            "etc/passwd",
            "",
            "a",
        ] {
            assert_eq!(text(name), None, "{name}");
        }
        assert_eq!(text("etc/shadow").as_deref(), Some("inside"));
    }

    #[test]
    fn a_broken_archive_is_refused() {
        use EntryType::{Regular, Symlink};
        let whole = tar_of(&[("a", Regular, &"x".repeat(2000))]);
        for (name, bytes) in [
            ("cut", whole[..1500].to_vec()),
            ("no tar", vec![b'x'; 2000]),
            (
                "twice",
                tar_of(&[("a", Regular, "1"), ("./a", Regular, "2")]),
            ),
            (
                "file and link",
                tar_of(&[("a", Regular, "1"), ("a", Symlink, "b")]),
            ),
            ("gzip that ends early", GZIP.to_vec()),
        ] {
            assert!(open(&bytes).is_err(), "{name}");
        }
        assert!(open(&whole).unwrap().find("a").is_some());
    }

    #[test]
    fn long_headers_are_read_within_bounds() {
        use EntryType::{GNULongLink, GNULongName, Regular, XGlobalHeader, XHeader};
        let with = |kind: EntryType, size: usize| {
            let mut builder = Builder::new(Vec::new());
            let mut header = Header::new_gnu();
            header.set_entry_type(kind);
            header.set_size(size as u64);
            header.set_cksum();
            builder.append(&header, &vec![b'x'; size][..]).unwrap();
            let mut bytes = builder.into_inner().unwrap();
            bytes.truncate(bytes.len() - 1024);
            bytes.extend(tar_of(&[("a", Regular, "1")]));
            open(&bytes)
        };
        for kind in [GNULongName, GNULongLink, XHeader] {
            let error = with(kind, 2 << 20).err().unwrap();
            assert_eq!(error.kind(), ErrorKind::Layout, "{kind:?}");
        }
        // Nobody reads these: they are passed over as the content of files is.
        assert!(with(XGlobalHeader, 2 << 20).unwrap().find("a").is_some());
        let name = "x".repeat(100_000);
        assert!(with(GNULongName, 100_000).unwrap().find(&name).is_some());
    }

    #[test]
    fn entries_that_are_no_files_count_too() {
        let folders = vec![("a", EntryType::Directory, ""); FILES];
        assert!(open(&tar_of(&folders)).is_ok());
        let more = vec![("a", EntryType::Directory, ""); FILES + 1];
        assert_eq!(
            open(&tar_of(&more)).err().unwrap().kind(),
            ErrorKind::Layout
        );
    }

    #[test]
    fn a_compressed_archive_is_unpacked_within_bounds() {
        use std::io::Write as _;
        let gzip = |bytes: &[u8]| {
            let mut encoder =
                flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
            encoder.write_all(bytes).unwrap();
            encoder.finish().unwrap()
        };
        let packed = gzip(&tar_of(&[("a", EntryType::Regular, "one")]));
        assert_eq!(open(&packed).unwrap().read("a").unwrap().unwrap(), b"one");
        let bomb = gzip(&vec![0; 90 << 20]);
        assert_eq!(open(&bomb).err().unwrap().kind(), ErrorKind::Layout);
    }
}
