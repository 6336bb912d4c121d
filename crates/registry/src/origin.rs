//! Where the image that is published comes from, and its parts by digest.

use crate::archive::Archive;
use crate::digest::{Digest, Hashing};
use crate::error::{Error, ErrorKind, Result};
use crate::layout::{Layout, choose_entry, image_index};
use crate::memory::Memory;
use crate::reference::{LayoutImage, Repository, reference};
use crate::referrers::Referrer;
use crate::remote::{Access, Remote};
use crate::saved;
use crate::spec::{self, Blob, MANIFEST_LIMIT};
use oci_client::Reference;
use std::collections::BTreeSet;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::OnceLock;
use tempfile::TempDir;

/// Where an image comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ImageSource {
    /// `PATH[:TAG]` or `oci:PATH[:TAG]`: a layout folder, or a tar file, whichever is there.
    Local(LayoutImage),
    /// `docker://REFERENCE`: an image in a registry.
    Registry(Reference),
}

impl ImageSource {
    /// The path, where it is one, to be seen from another folder.
    pub fn path_mut(&mut self) -> Option<&mut PathBuf> {
        match self {
            Self::Local(image) => Some(&mut image.path),
            Self::Registry(_) => None,
        }
    }
}

impl FromStr for ImageSource {
    type Err = Error;

    /// Reads what skopeo's users write as well: `oci:`, `oci-archive:`, `docker-archive:` and
    /// `docker://`. Without one of them it is a path.
    fn from_str(text: &str) -> Result<Self> {
        if let Some(name) = text.strip_prefix("docker://") {
            return Ok(Self::Registry(reference(name)?));
        }
        let archive = ["oci-archive:", "docker-archive:"].iter();
        let plain = archive
            .filter_map(|scheme| text.strip_prefix(scheme))
            .next();
        Ok(Self::Local(plain.unwrap_or(text).parse()?))
    }
}

impl fmt::Display for ImageSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local(image) => write!(f, "{image}"),
            Self::Registry(reference) => write!(f, "docker://{reference}"),
        }
    }
}

impl From<LayoutImage> for ImageSource {
    fn from(image: LayoutImage) -> Self {
        Self::Local(image)
    }
}

/// A blob in a file of this machine: the whole of it, or a part of an archive.
#[derive(Debug, Clone)]
pub(crate) struct Stored {
    pub(crate) blob: Blob,
    pub(crate) path: PathBuf,
    /// Where it begins in an archive; none if it is the whole file.
    pub(crate) offset: Option<u64>,
    /// The folder or the archive, as messages name it.
    pub(crate) place: PathBuf,
}

impl Stored {
    /// The file, at the start of the blob.
    pub(crate) fn open(&self) -> Result<File> {
        let mut file = File::open(&self.path).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => {
                let (place, digest) = (self.place.display(), &self.blob.digest);
                Error::new(
                    ErrorKind::Layout,
                    format!("`{place}` lacks the blob `{digest}`"),
                )
            }
            _ => Error::read(&self.path, error),
        })?;
        let failed = |error| Error::read(&self.path, error);
        let data = file.metadata().map_err(failed)?;
        let fits = match self.offset {
            None => data.len() == self.blob.size,
            Some(offset) => offset
                .checked_add(self.blob.size)
                .is_some_and(|end| end <= data.len()),
        };
        if !data.is_file() || !fits {
            return Err(self.corrupt());
        }
        if let Some(offset) = self.offset {
            file.seek(SeekFrom::Start(offset)).map_err(failed)?;
        }
        Ok(file)
    }

    /// The bytes, at most `limit`, checked against their digest.
    pub(crate) fn read(&self, limit: u64) -> Result<Vec<u8>> {
        if self.blob.size > limit {
            let message = format!("`{}` is larger than {limit} bytes", self.path.display());
            return Err(Error::new(ErrorKind::Layout, message));
        }
        let mut bytes = Vec::new();
        self.open()?
            .take(self.blob.size)
            .read_to_end(&mut bytes)
            .map_err(|error| Error::read(&self.path, error))?;
        match Digest::of(&bytes) == self.blob.digest {
            true => Ok(bytes),
            false => Err(self.corrupt()),
        }
    }

    /// Reads all bytes to see whether they are the blob's.
    pub(crate) fn check(&self) -> Result<()> {
        let mut file = self.open()?.take(self.blob.size);
        let mut hashing = Hashing::new(io::sink());
        io::copy(&mut file, &mut hashing).map_err(|error| Error::read(&self.path, error))?;
        match hashing.hasher.finish().0 == self.blob.digest {
            true => Ok(()),
            false => Err(self.corrupt()),
        }
    }

    /// Copies the blob into a layout.
    pub(crate) fn copy(&self, into: &Layout) -> Result<()> {
        let mut file = self.open()?.take(self.blob.size);
        let mut writer = into.writer()?;
        let place = into.path(&self.blob.digest);
        io::copy(&mut file, &mut writer).map_err(|error| Error::write(&place, error))?;
        match writer.finish_as(&self.blob)? {
            true => Ok(()),
            false => Err(self.corrupt()),
        }
    }

    pub(crate) fn corrupt(&self) -> Error {
        let message = format!(
            "the blob `{}` in `{}` is not what its name says",
            self.blob.digest,
            self.place.display()
        );
        Error::new(ErrorKind::Layout, message).suggest("delete it and make it anew")
    }
}

/// An opened source: gives the parts of one image by their digests.
pub(crate) enum Store {
    Layout(Layout),
    Archive(Archive),
    Saved(Box<Saved>),
    Registry(Box<Pulled>),
}

/// An image of an archive that is converted when its parts are needed.
pub(crate) struct Saved {
    image: LayoutImage,
    memory: Memory,
    /// The manifest, from this conversion or from one that is remembered.
    manifest: Vec<u8>,
    converted: OnceLock<(Layout, TempDir)>,
}

/// An image of a registry; what is sent elsewhere passes through a folder, so that it can be sent
/// again and is never sent unless it is what its digest says.
pub(crate) struct Pulled {
    remote: Remote,
    manifest: (Blob, Vec<u8>),
    layout: Layout,
    _folder: TempDir,
}

impl Store {
    /// Opens a source; the blob is the image's manifest or index.
    pub(crate) async fn open(
        source: &ImageSource,
        access: &dyn Fn(&str) -> Access,
        memory: &Memory,
    ) -> Result<(Self, Blob)> {
        match source {
            ImageSource::Registry(reference) => pull(reference, access).await,
            ImageSource::Local(image) if image.path.is_file() => open_archive(image, memory),
            ImageSource::Local(image) => {
                let layout = Layout::open(&image.path)?;
                let entry = layout.resolve(image.tag.as_deref())?;
                Ok((Self::Layout(layout), entry.blob))
            }
        }
    }

    /// The repository that has everything of the image.
    pub(crate) fn repository(&self) -> Option<&Repository> {
        match self {
            Self::Registry(pulled) => Some(&pulled.remote.repository),
            _ => None,
        }
    }

    /// What refers to its images, where it lists that.
    pub(crate) fn referrers(&self) -> Result<Vec<Referrer>> {
        match self {
            Self::Layout(layout) => layout.referrers(),
            _ => Ok(Vec::new()),
        }
    }

    /// A manifest, an index or a config: small, and read as a whole.
    pub(crate) async fn read(&self, blob: &Blob) -> Result<Vec<u8>> {
        match self {
            Self::Saved(saved) if Digest::of(&saved.manifest) == blob.digest => {
                Ok(saved.manifest.clone())
            }
            Self::Registry(pulled) if blob.is_manifest() => match &pulled.manifest {
                (root, bytes) if root.digest == blob.digest => Ok(bytes.clone()),
                _ => Ok(pulled.remote.manifest(blob.digest.as_str()).await?.1),
            },
            _ => self.stored(blob).await?.read(MANIFEST_LIMIT),
        }
    }

    /// Brings a blob to this machine where it is not.
    pub(crate) async fn stored(&self, blob: &Blob) -> Result<Stored> {
        match self {
            Self::Layout(layout) => Ok(layout.stored(blob)),
            Self::Archive(archive) => in_archive(archive, blob),
            Self::Saved(saved) => Ok(saved.converted()?.stored(blob)),
            Self::Registry(pulled) => {
                pulled.remote.fetch(blob, &pulled.layout).await?;
                Ok(pulled.layout.stored(blob))
            }
        }
    }

    /// Gives back the space of a blob that was brought here and is needed no more.
    pub(crate) fn done_with(&self, blob: &Blob) {
        if let Self::Registry(pulled) = self {
            // The folder goes at the end in any case.
            let _ = fs::remove_file(pulled.layout.path(&blob.digest));
        }
    }
}

async fn pull(reference: &Reference, access: &dyn Fn(&str) -> Access) -> Result<(Store, Blob)> {
    let repository = Repository::of(reference);
    let remote = Remote::new(
        &repository,
        "pull",
        &BTreeSet::new(),
        &access(repository.registry()),
    )?;
    let wanted = reference.digest().or(reference.tag()).unwrap_or("latest");
    let (blob, bytes) = remote.manifest(wanted).await?;
    let folder = temporary()?;
    let pulled = Pulled {
        remote,
        manifest: (blob.clone(), bytes),
        layout: Layout::create(folder.path())?,
        _folder: folder,
    };
    Ok((Store::Registry(Box::new(pulled)), blob))
}

fn temporary() -> Result<TempDir> {
    TempDir::new().map_err(|error| {
        Error::new(ErrorKind::Write, "cannot make a temporary folder").because(error)
    })
}

fn open_archive(image: &LayoutImage, memory: &Memory) -> Result<(Store, Blob)> {
    if let Some(manifest) = memory.recall(&image.path, &Saved::key(image)) {
        return Ok(Saved::of(image, memory, manifest));
    }
    let archive = Archive::open(&image.path)?;
    if let Some(index) = archive.read("index.json")? {
        let place = image.path.display().to_string();
        let index = image_index(&index, &format!("index.json` of `{place}"))?;
        let entry = choose_entry(&index, &place, image.tag.as_deref())?;
        return Ok((Store::Archive(archive), entry.blob));
    }
    if !saved::is_saved(&archive) {
        return Err(archive
            .broken("it has neither an `index.json` nor a `manifest.json`")
            .suggest("write it with `docker save` or `skopeo copy`"));
    }
    let before = fs::metadata(&image.path).map_err(|error| Error::read(&image.path, error))?;
    let (layout, folder, blob) = convert(&archive, image)?;
    let manifest = layout.read(&blob, MANIFEST_LIMIT)?;
    memory.remember(&image.path, &before, &Saved::key(image), &manifest);
    let (store, blob) = Saved::of(image, memory, manifest);
    if let Store::Saved(saved) = &store {
        let _ = saved.converted.set((layout, folder));
    }
    Ok((store, blob))
}

fn convert(archive: &Archive, image: &LayoutImage) -> Result<(Layout, TempDir, Blob)> {
    let folder = temporary()?;
    let layout = Layout::create(folder.path())?;
    let blob = saved::convert(archive, image.tag.as_deref(), &layout)?;
    Ok((layout, folder, blob))
}

fn in_archive(archive: &Archive, blob: &Blob) -> Result<Stored> {
    let name = format!("blobs/sha256/{}", blob.digest.hex());
    let extent = archive
        .find(&name)
        .ok_or_else(|| archive.broken(&format!("it lacks the blob `{}`", blob.digest)))?;
    let stored = Stored {
        blob: blob.clone(),
        path: archive.path().to_owned(),
        offset: Some(extent.offset),
        place: archive.name.clone(),
    };
    match extent.size == blob.size {
        true => Ok(stored),
        false => Err(stored.corrupt()),
    }
}

impl Saved {
    /// What is remembered of an archive. The compressor's bytes may change with a version.
    fn key(image: &LayoutImage) -> String {
        let tag: &str = image.tag.as_deref().unwrap_or_default();
        format!("manifest {tag} {}", env!("CARGO_PKG_VERSION"))
    }

    fn of(image: &LayoutImage, memory: &Memory, manifest: Vec<u8>) -> (Store, Blob) {
        let blob = Blob::new(spec::MANIFEST, Digest::of(&manifest), manifest.len() as u64);
        let saved = Self {
            image: image.clone(),
            memory: memory.clone(),
            manifest,
            converted: OnceLock::new(),
        };
        (Store::Saved(Box::new(saved)), blob)
    }

    /// The converted image, made now if only its manifest was remembered.
    fn converted(&self) -> Result<&Layout> {
        if self.converted.get().is_none() {
            let archive = Archive::open(&self.image.path)?;
            let (layout, folder, blob) = convert(&archive, &self.image)?;
            if blob.digest != Digest::of(&self.manifest) {
                self.memory
                    .forget(&self.image.path, &Self::key(&self.image));
                let message = "it is another image than before while its file looks the same";
                return Err(archive.broken(message).suggest("run this again"));
            }
            let _ = self.converted.set((layout, folder));
        }
        let (layout, _) = self.converted.get().expect("it was set above");
        Ok(layout)
    }
}
