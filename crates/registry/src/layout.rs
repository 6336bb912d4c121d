//! OCI image layouts: a folder that holds images by digest and names them by tag
//! (OCI image specification, "Image Layout"). Safe against several writers.

use crate::digest::{Digest, Hashing};
use crate::error::{Error, ErrorKind, Result};
use crate::origin::Stored;
use crate::reference::Tag;
use crate::referrers::{self, Referrer};
use crate::spec::{self, Blob, MANIFEST_LIMIT};
use oci_client::annotations::ORG_OPENCONTAINERS_IMAGE_REF_NAME as REF_NAME;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::{NamedTempFile, TempDir};

/// A folder with an OCI image layout.
#[derive(Debug, Clone)]
pub struct Layout {
    root: PathBuf,
}

/// An image of a layout: its descriptor and the tag it goes by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The tag, where it has one.
    pub tag: Option<String>,
    /// The digest of its manifest or index.
    pub digest: Digest,
    pub(crate) blob: Blob,
}

/// The file that says that a folder is a layout.
const MARKER: &str = "oci-layout";
/// How the names of files begin that are being written.
const PART: &str = ".part-";
/// How the names of folders begin that are there while an image is built.
const SCRATCH: &str = ".build-";
/// Where a folder lists what refers to its images. `index.json` would be the place, but for tools that
/// take its only entry for the image.
const REFERRERS: &str = "referrers.json";
/// Bytes of all manifests that it lists, which are held at once.
const REFERRERS_LIMIT: u64 = 64 << 20;
/// Far above what a folder with a tag for every release of an application needs.
const INDEX_LIMIT: u64 = 16 << 20;
/// How long another one that publishes may hold the folder.
const LOCK_LIMIT: Duration = Duration::from_secs(600);
/// How long to wait between two looks whether it still does.
const STEP: Duration = Duration::from_millis(20);

impl Layout {
    /// Opens a layout that exists.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] if the folder is not there, [`ErrorKind::Layout`] if it is not a
    /// layout of version 1.
    pub fn open(root: &Path) -> Result<Self> {
        let layout = Self {
            root: root.to_owned(),
        };
        let marker = layout.marker();
        let text = match fs::read(&marker) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let message = format!("`{}` is not an OCI image layout", root.display());
                return Err(Error::new(ErrorKind::NotFound, message).suggest(
                    "a layout is a folder that holds a file `oci-layout`, as image-build writes it",
                ));
            }
            Err(error) => return Err(Error::read(&marker, error)),
        };
        let version = serde_json::from_slice::<Value>(&text).ok();
        match version
            .as_ref()
            .and_then(|v| v["imageLayoutVersion"].as_str())
        {
            Some(version) if version.starts_with("1.") => Ok(layout),
            _ => {
                let message = format!("`{}` names no known layout version", marker.display());
                Err(Error::new(ErrorKind::Layout, message))
            }
        }
    }

    /// Opens a layout, or makes one in a folder that is empty or not there.
    ///
    /// # Errors
    /// If the folder holds something else, or cannot be written.
    pub fn create(root: &Path) -> Result<Self> {
        if let Some(layout) = Self::find(root)? {
            return Ok(layout);
        }
        let layout = Self {
            root: root.to_owned(),
        };
        let blobs = layout.blobs();
        fs::create_dir_all(&blobs).map_err(|error| Error::write(&blobs, error))?;
        layout.mark()?;
        Ok(layout)
    }

    /// Opens a layout; nothing if the folder is empty or not there.
    pub(crate) fn find(root: &Path) -> Result<Option<Self>> {
        if root.join(MARKER).exists() {
            return Self::open(root).map(Some);
        }
        if fs::read_dir(root).is_ok_and(|entries| entries.flatten().any(|one| !is_ours(&one))) {
            let message = format!(
                "`{}` holds something else than an image layout",
                root.display()
            );
            return Err(
                Error::new(ErrorKind::Layout, message).suggest("name a new or empty folder")
            );
        }
        Ok(None)
    }

    /// Writes the marker, unless another one has done so meanwhile: whoever has locked that one
    /// must not find it replaced.
    fn mark(&self) -> Result<()> {
        let path = self.marker();
        let mut file = self.temporary()?;
        file.write_all(br#"{"imageLayoutVersion":"1.0.0"}"#)
            .map_err(|error| Error::write(&path, error))?;
        match file.persist_noclobber(&path) {
            Err(failed) if failed.error.kind() != io::ErrorKind::AlreadyExists => {
                Err(Error::write(&path, failed.error))
            }
            _ => Ok(()),
        }
    }

    /// The images of the layout, as its `index.json` lists them.
    ///
    /// # Errors
    /// If the list cannot be read.
    pub fn entries(&self) -> Result<Vec<Entry>> {
        entries(&self.index()?, &self.root.display().to_string())
    }

    /// The image with this tag; without a tag the only image there is.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] if there is none, or without a tag more than one.
    pub fn resolve(&self, tag: Option<&str>) -> Result<Entry> {
        choose_entry(&self.index()?, &self.root.display().to_string(), tag)
    }

    /// A blob as a whole, at most `limit` bytes, checked against its digest.
    pub(crate) fn read(&self, blob: &Blob, limit: u64) -> Result<Vec<u8>> {
        self.stored(blob).read(limit)
    }

    /// Where a blob is, if it is here.
    pub(crate) fn stored(&self, blob: &Blob) -> Stored {
        Stored {
            blob: blob.clone(),
            path: self.path(&blob.digest),
            offset: None,
            place: self.root.clone(),
        }
    }

    /// Whether a blob is here whole: its bytes are read and hashed.
    pub(crate) fn holds(&self, blob: &Blob) -> bool {
        let Ok(mut file) = self.stored(blob).open() else {
            return false;
        };
        let mut hashing = Hashing::new(io::sink());
        io::copy(&mut file, &mut hashing).is_ok() && hashing.hasher.finish().0 == blob.digest
    }

    pub(crate) fn path(&self, digest: &Digest) -> PathBuf {
        self.blobs().join(digest.hex())
    }

    /// Stores a small blob.
    pub(crate) fn put(&self, bytes: &[u8]) -> Result<(Digest, u64)> {
        let mut writer = self.writer()?;
        writer
            .write_all(bytes)
            .map_err(|error| Error::write(&self.root, error))?;
        writer.finish()
    }

    /// Starts a blob whose digest is known when it has been written.
    pub(crate) fn writer(&self) -> Result<BlobWriter> {
        let file = self.temporary()?;
        Ok(BlobWriter {
            layout: self.clone(),
            hashing: Hashing::new(file),
        })
    }

    /// Gives an image these tags, which move where they exist; first the ones that must not.
    ///
    /// # Errors
    /// [`ErrorKind::TagTaken`] if a tag of `fixed` exists with another digest; then none has moved.
    pub(crate) fn tag(&self, _: &Lock, blob: &Blob, fixed: &[Tag], moving: &[Tag]) -> Result<()> {
        let mut index = self.index()?;
        let entries = manifests(&mut index);
        check_fixed(entries, &self.root, blob, fixed)?;
        for tag in fixed.iter().chain(moving) {
            entries.retain(|entry| name_of(entry) != Some(tag.as_str()));
            entries.push(descriptor(blob, Some(tag.as_str())));
        }
        self.write_index(&index)
    }

    /// Whether tags may be given that never move: they are free, or this image's already.
    pub(crate) fn check_fixed(&self, blob: &Blob, fixed: &[Tag]) -> Result<()> {
        check_fixed(manifests(&mut self.index()?), &self.root, blob, fixed)
    }

    /// Makes this the only image of the folder and drops the blobs of the one before.
    ///
    /// # Errors
    /// [`ErrorKind::Layout`] if the folder holds several images: then it is no build's output.
    pub(crate) fn hold_only(
        &self,
        _: &Lock,
        blob: &Blob,
        tag: Option<&Tag>,
        keep: &BTreeSet<Digest>,
    ) -> Result<()> {
        let mut index = self.index()?;
        let entries = manifests(&mut index);
        if entries.len() > 1 {
            let message = format!("`{}` holds {} images", self.root.display(), entries.len());
            return Err(Error::new(ErrorKind::Layout, message).suggest(
                "build into a folder of its own; image-publish adds an image to this one",
            ));
        }
        *entries = vec![descriptor(blob, tag.map(Tag::as_str))];
        self.write_index(&index)?;
        self.forget_referrers()?;
        self.drop_all_but(keep)
    }

    /// Lists artifacts beside the images that they refer to.
    pub(crate) fn refer(&self, _: &Lock, referrers: &[Referrer]) -> Result<()> {
        if referrers.is_empty() {
            return Ok(());
        }
        let mut list = self.list(REFERRERS)?;
        for referrer in referrers {
            referrers::add(&mut list, referrer);
        }
        self.replace(REFERRERS, &spec::canonical(&list))
    }

    fn forget_referrers(&self) -> Result<()> {
        let path = self.root.join(REFERRERS);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(Error::write(&path, error))
            }
            _ => Ok(()),
        }
    }

    /// The artifacts that refer to images of the folder.
    pub(crate) fn referrers(&self) -> Result<Vec<Referrer>> {
        let list = self.list(REFERRERS)?;
        let list = list["manifests"].as_array().map_or(&[][..], Vec::as_slice);
        let blobs: Vec<Blob> = list.iter().map(Blob::from_json).collect::<Result<_>>()?;
        let sizes = blobs.iter().map(|blob| blob.size);
        if sizes.fold(0, u64::saturating_add) > REFERRERS_LIMIT {
            let message = format!(
                "what refers to the images of `{}` is too large",
                self.root.display()
            );
            return Err(Error::new(ErrorKind::Layout, message));
        }
        blobs
            .iter()
            .map(|blob| Referrer::read(self.read(blob, MANIFEST_LIMIT)?))
            .collect()
    }

    fn drop_all_but(&self, keep: &BTreeSet<Digest>) -> Result<()> {
        let blobs = self.blobs();
        let names: BTreeSet<&str> = keep.iter().map(Digest::hex).collect();
        let entries = fs::read_dir(&blobs).map_err(|error| Error::read(&blobs, error))?;
        for entry in entries.flatten() {
            let name = entry.file_name();
            if !name.to_str().is_some_and(|name| names.contains(name)) {
                fs::remove_file(entry.path())
                    .map_err(|error| Error::write(&entry.path(), error))?;
            }
        }
        Ok(())
    }

    /// A folder inside the layout for what is needed while building; gone when dropped.
    pub(crate) fn scratch(&self) -> Result<TempDir> {
        let made = tempfile::Builder::new()
            .prefix(SCRATCH)
            .tempdir_in(&self.root);
        made.map_err(|error| Error::write(&self.root, error))
    }

    fn blobs(&self) -> PathBuf {
        self.root.join("blobs").join("sha256")
    }

    fn marker(&self) -> PathBuf {
        self.root.join(MARKER)
    }

    fn index(&self) -> Result<Value> {
        self.list("index.json")
    }

    /// A file with an image index; an empty one where there is none.
    fn list(&self, name: &str) -> Result<Value> {
        let path = self.root.join(name);
        let mut bytes = Vec::new();
        match File::open(&path) {
            Ok(file) => file
                .take(INDEX_LIMIT)
                .read_to_end(&mut bytes)
                .map_err(|error| Error::read(&path, error))?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(spec::empty_index()),
            Err(error) => return Err(Error::read(&path, error)),
        };
        image_index(&bytes, &path.display().to_string())
    }

    fn write_index(&self, index: &Value) -> Result<()> {
        self.replace("index.json", &spec::canonical(index))
    }

    /// Writes a file of the folder so that a reader sees the old or the new one, whole.
    fn replace(&self, name: &str, bytes: &[u8]) -> Result<()> {
        let path = self.root.join(name);
        let mut file = self.temporary()?;
        file.write_all(bytes)
            .and_then(|()| file.as_file().sync_all())
            .map_err(|error| Error::write(&path, error))?;
        file.persist(&path)
            .map_err(|error| Error::write(&path, error.error))?;
        Ok(())
    }

    fn temporary(&self) -> Result<NamedTempFile> {
        let mut builder = tempfile::Builder::new();
        builder.prefix(PART);
        #[cfg(unix)]
        {
            // As any other file of the user, not closed to all others as temporary files are.
            use std::os::unix::fs::PermissionsExt;
            builder.permissions(fs::Permissions::from_mode(0o666));
        }
        let made = builder.tempfile_in(&self.root);
        made.map_err(|error| Error::write(&self.root, error))
    }

    /// Keeps other writers out, after waiting for the one that is there. `waiting` is called once
    /// if it comes to that.
    pub(crate) fn lock(&self, limit: Duration, waiting: impl FnOnce()) -> Result<Lock> {
        if let Some(lock) = self.try_lock(limit.is_zero())? {
            return Ok(lock);
        }
        waiting();
        let mut waited = Duration::ZERO;
        loop {
            std::thread::sleep(STEP);
            waited += STEP;
            if let Some(lock) = self.try_lock(waited >= limit)? {
                return Ok(lock);
            }
        }
    }

    /// The same for one of several things that are done at once on one thread.
    pub(crate) async fn lock_in_turn(&self) -> Result<Lock> {
        let mut waited = Duration::ZERO;
        loop {
            if let Some(lock) = self.try_lock(waited >= LOCK_LIMIT)? {
                return Ok(lock);
            }
            tokio::time::sleep(STEP).await;
            waited += STEP;
        }
    }

    /// The marker is locked because it is the one file that is never replaced. At the last try a
    /// folder that is taken is an error.
    fn try_lock(&self, last: bool) -> Result<Option<Lock>> {
        let path = self.marker();
        let opened = OpenOptions::new().read(true).open(&path);
        let file = opened.map_err(|error| Error::read(&path, error))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Lock { _file: file })),
            Err(fs::TryLockError::WouldBlock) if !last => Ok(None),
            Err(fs::TryLockError::WouldBlock) => {
                let message = format!("another run writes to `{}`", self.root.display());
                Err(Error::new(ErrorKind::Write, message).suggest("try again when it has ended"))
            }
            Err(error) => Err(Error::write(&path, error.into())),
        }
    }
}

/// The right to write to a layout, until it is dropped.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

/// A blob that is being written; it appears under its name when it is whole.
#[derive(Debug)]
pub(crate) struct BlobWriter {
    layout: Layout,
    hashing: Hashing<NamedTempFile>,
}

impl BlobWriter {
    /// Stores what was written under its digest.
    pub(crate) fn finish(self) -> Result<(Digest, u64)> {
        let (digest, size) = self.hashing.hasher.finish();
        let path = self.layout.path(&digest);
        self.hashing
            .inner
            .persist(&path)
            .map_err(|error| Error::write(&path, error.error))?;
        Ok((digest, size))
    }

    /// Stores what was written if it is the blob that was wanted.
    pub(crate) fn finish_as(self, wanted: &Blob) -> Result<bool> {
        let hasher = &self.hashing.hasher;
        let fits = hasher.size() == wanted.size && hasher.clone().finish().0 == wanted.digest;
        if fits {
            self.finish()?;
        }
        Ok(fits)
    }
}

impl Write for BlobWriter {
    /// Errors are this crate's own inside, so that they stay what they are through an archive.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.hashing.write(bytes);
        written
            .map_err(|error| io::Error::new(error.kind(), Error::write(&self.layout.root, error)))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.hashing.flush()
    }
}

/// The one message for a tag that must not move, wherever it is found.
pub(crate) fn tag_taken(place: &str, tag: &Tag, held: &str, digest: &Digest) -> Error {
    let message =
        format!("the tag `{tag}` of `{place}` is `{held}` and does not move to `{digest}`");
    Error::new(ErrorKind::TagTaken, message).suggest("publish under a new version")
}

/// Whether an entry of a folder is of a layout, or of one that is being made.
fn is_ours(entry: &fs::DirEntry) -> bool {
    let name = entry.file_name();
    let name = name.to_string_lossy();
    matches!(&*name, "blobs" | "index.json" | "oci-layout" | REFERRERS)
        || name.starts_with(PART)
        || name.starts_with(SCRATCH)
}

/// The list of images of a layout; `name` is how messages call the file.
pub(crate) fn image_index(bytes: &[u8], name: &str) -> Result<Value> {
    let broken = || format!("`{name}` is not an image index");
    let index: Value = serde_json::from_slice(bytes)
        .map_err(|error| Error::new(ErrorKind::Layout, broken()).because(error))?;
    match index["manifests"].is_array() {
        true => Ok(index),
        false => Err(Error::new(ErrorKind::Layout, broken())),
    }
}

fn entries(index: &Value, place: &str) -> Result<Vec<Entry>> {
    let entries = index["manifests"].as_array().map_or(&[][..], Vec::as_slice);
    entries.iter().map(|value| entry(value, place)).collect()
}

fn entry(value: &Value, place: &str) -> Result<Entry> {
    let blob = Blob::from_json(value).map_err(|error| {
        let message = format!("an image of `{place}` is badly described");
        Error::new(ErrorKind::Layout, message).because(error)
    })?;
    Ok(Entry {
        tag: name_of(value).map(str::to_owned),
        digest: blob.digest.clone(),
        blob,
    })
}

/// The image of an index with this tag; without a tag the only image there is.
pub(crate) fn choose_entry(index: &Value, place: &str, tag: Option<&str>) -> Result<Entry> {
    let mut entries = entries(index, place)?;
    entries.retain(|entry| tag.is_none() || entry.tag.as_deref() == tag);
    let digests: BTreeSet<&Digest> = entries.iter().map(|entry| &entry.digest).collect();
    let message = match (tag, digests.len()) {
        (_, 1) => return Ok(entries.swap_remove(0)),
        (Some(tag), 0) => format!("`{place}` has no image with the tag `{tag}`"),
        (None, 0) => format!("`{place}` has no image"),
        (Some(tag), count) => format!("`{place}` has {count} images with the tag `{tag}`"),
        (None, count) => format!("`{place}` has {count} images"),
    };
    let error = Error::new(ErrorKind::NotFound, message);
    Err(
        match (tag, entries.iter().find_map(|entry| entry.tag.as_ref())) {
            (None, Some(known)) => error.suggest(format!("name one as `{place}:{known}`")),
            _ => error,
        },
    )
}

fn manifests(index: &mut Value) -> &mut Vec<Value> {
    index["manifests"]
        .as_array_mut()
        .expect("`index` checked that it is a list")
}

fn check_fixed(entries: &[Value], root: &Path, blob: &Blob, fixed: &[Tag]) -> Result<()> {
    for tag in fixed {
        let mut named = entries
            .iter()
            .filter(|entry| name_of(entry) == Some(tag.as_str()));
        match named.next().and_then(|entry| entry["digest"].as_str()) {
            Some(held) if held != blob.digest.as_str() => {
                let place = format!("oci:{}", root.display());
                return Err(tag_taken(&place, tag, held, &blob.digest));
            }
            _ => {}
        }
    }
    Ok(())
}

fn name_of(entry: &Value) -> Option<&str> {
    entry["annotations"][REF_NAME].as_str()
}

fn descriptor(blob: &Blob, tag: Option<&str>) -> Value {
    let mut value = blob.to_json();
    if let Some(tag) = tag {
        value["annotations"] = json!({ REF_NAME: tag });
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout() -> (TempDir, Layout) {
        let folder = tempfile::tempdir().unwrap();
        let layout = Layout::create(&folder.path().join("image")).unwrap();
        (folder, layout)
    }

    fn image(layout: &Layout, text: &str) -> Blob {
        let (digest, size) = layout.put(text.as_bytes()).unwrap();
        Blob::new(spec::MANIFEST, digest, size)
    }

    fn locked(layout: &Layout) -> Lock {
        layout.lock(LOCK_LIMIT, || ()).unwrap()
    }

    fn tag(name: &str) -> Tag {
        name.parse().unwrap()
    }

    #[test]
    fn an_immutable_tag_stays_and_a_mutable_one_moves() {
        let (_folder, layout) = layout();
        let (one, two) = (image(&layout, "one"), image(&layout, "two"));
        layout
            .tag(&locked(&layout), &one, &[tag("v1")], &[tag("latest")])
            .unwrap();
        layout
            .tag(&locked(&layout), &one, &[tag("v1")], &[])
            .unwrap();
        let error = layout
            .tag(&locked(&layout), &two, &[tag("v1")], &[tag("latest")])
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TagTaken);
        assert_eq!(layout.resolve(Some("latest")).unwrap().digest, one.digest);
        layout
            .tag(&locked(&layout), &two, &[tag("v2")], &[tag("latest")])
            .unwrap();
        assert_eq!(layout.resolve(Some("v1")).unwrap().digest, one.digest);
        assert_eq!(layout.resolve(Some("latest")).unwrap().digest, two.digest);
    }

    #[test]
    fn writers_at_the_same_time_lose_nothing() {
        let (_folder, layout) = layout();
        std::thread::scope(|scope| {
            for writer in 0..8 {
                let layout = &layout;
                scope.spawn(move || {
                    for turn in 0..5 {
                        let name = format!("v{writer}.{turn}");
                        layout
                            .tag(&locked(layout), &image(layout, &name), &[tag(&name)], &[])
                            .unwrap();
                    }
                });
            }
        });
        let entries = layout.entries().unwrap();
        assert_eq!(entries.len(), 40);
        for entry in entries {
            assert_eq!(Digest::of(entry.tag.unwrap().as_bytes()), entry.digest);
        }
    }

    #[test]
    fn a_folder_is_made_once_however_many_make_it() {
        for _ in 0..20 {
            let folder = tempfile::tempdir().unwrap();
            let root = folder.path().join("image");
            let held = std::sync::atomic::AtomicU32::new(0);
            std::thread::scope(|scope| {
                for _ in 0..4 {
                    scope.spawn(|| {
                        let layout = Layout::create(&root).unwrap();
                        let _lock = locked(&layout);
                        let others = held.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                        assert_eq!(others, 0, "two have the lock");
                        std::thread::sleep(Duration::from_millis(1));
                        held.fetch_sub(1, std::sync::atomic::Ordering::SeqCst);
                    });
                }
            });
        }
    }

    #[test]
    fn one_that_waits_too_long_gives_up() {
        let (_folder, layout) = layout();
        let lock = locked(&layout);
        let mut waited = false;
        let limit = Duration::from_millis(50);
        let error = layout.lock(limit, || waited = true).unwrap_err();
        assert_eq!((error.kind(), waited), (ErrorKind::Write, true));
        drop(lock);
        layout
            .lock(Duration::ZERO, || panic!("it is free"))
            .unwrap();
    }

    #[test]
    fn what_another_tool_wrote_of_other_images_stays() {
        let (_folder, layout) = layout();
        let kept = json!({
            "mediaType": spec::MANIFEST, "digest": Digest::of(b"x"), "size": 1,
            "platform": {"os": "linux", "architecture": "riscv64"}, "data": "eA==",
            "annotations": {"org.example": "kept"},
        });
        let index = json!({"schemaVersion": 2, "manifests": [kept], "annotations": {"a": "b"}});
        layout.write_index(&index).unwrap();
        layout
            .tag(
                &locked(&layout),
                &image(&layout, "one"),
                &[],
                &[tag("latest")],
            )
            .unwrap();
        let after = layout.index().unwrap();
        assert_eq!(after["manifests"][0], kept);
        assert_eq!(after["annotations"], json!({"a": "b"}));
    }

    #[test]
    fn a_build_replaces_the_build_before_and_nothing_else() {
        let (_folder, layout) = layout();
        let one = image(&layout, "one");
        layout
            .hold_only(
                &locked(&layout),
                &one,
                None,
                &BTreeSet::from([one.digest.clone()]),
            )
            .unwrap();
        let two = image(&layout, "two");
        let keep = BTreeSet::from([two.digest.clone()]);
        layout
            .hold_only(&locked(&layout), &two, Some(&tag("v2")), &keep)
            .unwrap();
        assert_eq!(layout.entries().unwrap().len(), 1);
        assert!(!layout.holds(&one) && layout.holds(&two));
        layout
            .tag(
                &locked(&layout),
                &image(&layout, "three"),
                &[],
                &[tag("v3")],
            )
            .unwrap();
        assert_eq!(
            layout
                .hold_only(&locked(&layout), &two, None, &keep)
                .unwrap_err()
                .kind(),
            ErrorKind::Layout
        );
    }

    #[test]
    fn a_changed_blob_is_noticed() {
        let (_folder, layout) = layout();
        let blob = image(&layout, "one");
        assert_eq!(layout.read(&blob, 9).unwrap(), b"one");
        fs::write(layout.path(&blob.digest), "two").unwrap();
        assert!(!layout.holds(&blob));
        assert_eq!(layout.read(&blob, 9).unwrap_err().kind(), ErrorKind::Layout);
        assert_eq!(layout.read(&blob, 2).unwrap_err().kind(), ErrorKind::Layout);
    }

    #[test]
    fn only_a_new_or_empty_folder_becomes_a_layout() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("thesis.txt"), "years of work").unwrap();
        assert_eq!(
            Layout::create(folder.path()).unwrap_err().kind(),
            ErrorKind::Layout
        );
        assert_eq!(
            Layout::open(folder.path()).unwrap_err().kind(),
            ErrorKind::NotFound
        );
        fs::write(
            folder.path().join("oci-layout"),
            r#"{"imageLayoutVersion":"2.0.0"}"#,
        )
        .unwrap();
        assert_eq!(
            Layout::open(folder.path()).unwrap_err().kind(),
            ErrorKind::Layout
        );
    }
}
