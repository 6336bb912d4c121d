//! Publishing an image of a layout: to a registry, or to a layout that stands for one.

use crate::body::Source;
use crate::digest::Digest;
use crate::error::{Error, ErrorKind, Result};
use crate::layout::{Entry, Layout, tag_taken};
use crate::push::{Arrival, Before};
use crate::reference::{Base, LayoutImage, Repository, Tag, Target};
use crate::remote::{Access, Remote};
use crate::spec::{Blob, MANIFEST_LIMIT, Manifest};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use oci_client::annotations::ORG_OPENCONTAINERS_IMAGE_BASE_NAME as BASE_NAME;
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The tags of an image.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tags {
    /// Given once and never moved.
    pub fixed: Vec<Tag>,
    /// Moved to each image that gets them, after the fixed ones.
    pub moving: Vec<Tag>,
}

/// What publishing did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// The digest of the manifest or index that the tags have.
    pub digest: Digest,
    /// Blobs that were sent.
    pub uploaded: u64,
    /// Blobs that were there.
    pub skipped: u64,
    /// Blobs that the registry took from another of its repositories.
    pub mounted: u64,
    /// Bytes of blobs that were sent, those of failed tries included.
    pub bytes: u64,
    /// Requests that were made; none for a layout.
    pub requests: u64,
}

/// Publishes images of layouts.
#[derive(Debug, Clone, Default)]
pub struct Publisher {
    access: Access,
}

/// Uploads at a time to one registry.
const AT_ONCE: usize = 3;
/// How deep indexes may be nested.
const DEPTH: usize = 4;
/// A config up to this size is sent without asking whether it is there.
const SMALL: u64 = 64 << 10;

impl Publisher {
    /// Publishes with this access to registries.
    #[must_use]
    pub fn new(access: Access) -> Self {
        Self { access }
    }

    /// Copies an image with everything it refers to, then gives it its tags: fixed ones first,
    /// moving ones last. Whatever is there already is left alone.
    ///
    /// # Errors
    /// [`ErrorKind::TagTaken`] if a fixed tag exists with another digest: nothing was sent then.
    /// Otherwise if the source is broken or the target refuses or cannot be reached; tags that
    /// come after the failure have not moved.
    pub fn publish(&self, source: &LayoutImage, target: &Target, tags: &Tags) -> Result<Published> {
        let layout = Layout::open(&source.path)?;
        let image = Image::read(&layout, &layout.resolve(source.tag.as_deref())?)?;
        match target {
            Target::Layout(path) => publish_to_layout(&layout, &image, path, tags),
            Target::Registry(repository) => {
                let runtime = runtime()?;
                runtime.block_on(self.publish_to_registry(&layout, &image, repository, tags))
            }
        }
    }

    async fn publish_to_registry(
        &self,
        layout: &Layout,
        image: &Image,
        repository: &Repository,
        tags: &Tags,
    ) -> Result<Published> {
        let sources = image.sources(repository);
        let remote = Remote::new(repository, "pull,push", &sources, &self.access)?;
        let fixed = check_fixed(&remote, image, &tags.fixed).await?;
        let mut there = fixed.len() < tags.fixed.len();
        there = there || remote.find(image.root.digest.as_str()).await?.is_some();
        let mut published = image.nothing_sent();
        if !there {
            published = push_content(&remote, layout, image).await?;
        }
        push_tags(&remote, image, &fixed, &tags.moving, there).await?;
        published.requests = remote.requests();
        Ok(published)
    }
}

async fn push_content(remote: &Remote, layout: &Layout, image: &Image) -> Result<Published> {
    let sent = Arc::new(AtomicU64::new(0));
    let pushes = image.blobs.values().map(|part| {
        let before = Before {
            new: part.config && part.blob.size <= SMALL,
            elsewhere: part.from(&remote.repository),
        };
        remote.push_blob(layout, &part.blob, before, &sent)
    });
    let arrivals: Vec<Arrival> = stream::iter(pushes)
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await?;
    for (blob, bytes) in image.children() {
        let body = Source::Bytes(bytes.clone());
        remote
            .put_manifest(blob.digest.as_str(), blob, &body)
            .await?;
    }
    let count = |arrival| arrivals.iter().filter(|&&a| a == arrival).count() as u64;
    Ok(Published {
        digest: image.root.digest.clone(),
        uploaded: count(Arrival::Uploaded),
        skipped: count(Arrival::Skipped),
        mounted: count(Arrival::Mounted),
        bytes: sent.load(Ordering::Relaxed),
        requests: 0,
    })
}

/// The fixed tags that are still to be given; an error if one is another image's.
async fn check_fixed<'a>(remote: &Remote, image: &Image, fixed: &'a [Tag]) -> Result<Vec<&'a Tag>> {
    let mut open = Vec::new();
    for tag in fixed {
        match remote.find(tag.as_str()).await? {
            Some(held) if held != image.root.digest => {
                let place = remote.repository.to_string();
                return Err(tag_taken(&place, tag, held.as_str(), &image.root.digest));
            }
            Some(_) => {}
            None => open.push(tag),
        }
    }
    Ok(open)
}

/// Stores the manifest under each tag. `there` says that it was in the repository before, so that
/// a moving tag may be right already.
async fn push_tags(
    remote: &Remote,
    image: &Image,
    fixed: &[&Tag],
    moving: &[Tag],
    there: bool,
) -> Result<()> {
    let body = Source::Bytes(image.root_bytes().to_vec());
    let digest = &image.root.digest;
    if fixed.is_empty() && moving.is_empty() && !there {
        return remote
            .put_manifest(digest.as_str(), &image.root, &body)
            .await;
    }
    for tag in fixed {
        remote.put_tag(tag, &image.root, &body).await?;
    }
    for tag in moving {
        let right = there && remote.find(tag.as_str()).await?.as_ref() == Some(digest);
        if !right {
            remote.put_tag(tag, &image.root, &body).await?;
        }
    }
    Ok(())
}

fn publish_to_layout(
    from: &Layout,
    image: &Image,
    path: &std::path::Path,
    tags: &Tags,
) -> Result<Published> {
    let to = Layout::create(path)?;
    let mut published = image.nothing_sent();
    let entries = to.entries()?;
    for tag in &tags.fixed {
        let held = entries
            .iter()
            .find(|entry| entry.tag.as_deref() == Some(tag.as_str()));
        if let Some(held) = held.filter(|held| held.digest != image.root.digest) {
            let place = format!("oci:{}", path.display());
            return Err(tag_taken(
                &place,
                tag,
                held.digest.as_str(),
                &image.root.digest,
            ));
        }
    }
    for part in image.blobs.values() {
        if !to.holds(&part.blob) {
            copy(from, &to, &part.blob)?;
            published.skipped -= 1;
            published.uploaded += 1;
            published.bytes += part.blob.size;
        }
    }
    for (blob, bytes) in &image.manifests {
        if !to.holds(blob) {
            to.put(bytes)?;
        }
    }
    to.tag(&image.root, &tags.fixed, &tags.moving)?;
    Ok(published)
}

pub(crate) fn copy(from: &Layout, to: &Layout, blob: &Blob) -> Result<()> {
    let mut file = from.open_blob(blob)?;
    let mut writer = to.writer()?;
    let place = to.path(&blob.digest);
    io::copy(&mut file, &mut writer).map_err(|error| Error::write(&place, error))?;
    match writer.finish_as(blob)? {
        true => Ok(()),
        false => Err(from.corrupt(&blob.digest)),
    }
}

/// A runtime for one piece of work on the calling thread.
pub(crate) fn runtime() -> Result<tokio::runtime::Runtime> {
    let built = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    built.map_err(|error| {
        Error::new(ErrorKind::Unreachable, "cannot use the network").because(error)
    })
}

/// Everything that an image consists of.
struct Image {
    root: Blob,
    /// Children before their parents; the root is the last one.
    manifests: Vec<(Blob, Vec<u8>)>,
    blobs: BTreeMap<Digest, Part>,
}

struct Part {
    blob: Blob,
    config: bool,
    /// The repository of the base image, which probably has it.
    base: Option<Repository>,
}

impl Part {
    fn from(&self, target: &Repository) -> Option<&str> {
        let base = self.base.as_ref()?;
        let elsewhere = base.registry() == target.registry() && base.name() != target.name();
        elsewhere.then(|| base.name())
    }
}

impl Image {
    fn read(layout: &Layout, entry: &Entry) -> Result<Self> {
        let mut image = Self {
            root: entry.blob.clone(),
            manifests: Vec::new(),
            blobs: BTreeMap::new(),
        };
        image.add(layout, &entry.blob, DEPTH)?;
        Ok(image)
    }

    fn add(&mut self, layout: &Layout, blob: &Blob, depth: usize) -> Result<()> {
        if depth == 0 {
            let message = "an image index refers to indexes that are nested too deep";
            return Err(Error::new(ErrorKind::Layout, message));
        }
        let bytes = layout.read(blob, MANIFEST_LIMIT)?;
        match Manifest::parse(&bytes, blob.digest.as_str())? {
            Manifest::Index(children) => {
                for child in &children {
                    self.add(layout, child, depth - 1)?;
                }
            }
            Manifest::Image {
                config,
                layers,
                annotations,
            } => {
                let base = base_repository(&annotations);
                self.add_part(config, true, None);
                for layer in layers {
                    self.add_part(layer, false, base.clone());
                }
            }
        }
        if !self
            .manifests
            .iter()
            .any(|(known, _)| known.digest == blob.digest)
        {
            self.manifests.push((blob.clone(), bytes));
        }
        Ok(())
    }

    fn add_part(&mut self, blob: Blob, config: bool, base: Option<Repository>) {
        let digest = blob.digest.clone();
        let part = Part { blob, config, base };
        self.blobs.entry(digest).or_insert(part);
    }

    /// The repositories of the target's registry that layers may be mounted from.
    fn sources(&self, target: &Repository) -> BTreeSet<String> {
        let names = self.blobs.values().filter_map(|part| part.from(target));
        names.map(str::to_owned).collect()
    }

    fn children(&self) -> &[(Blob, Vec<u8>)] {
        self.manifests
            .split_last()
            .map_or(&[], |(_, children)| children)
    }

    fn root_bytes(&self) -> &[u8] {
        self.manifests.last().map_or(&[], |(_, bytes)| bytes)
    }

    fn nothing_sent(&self) -> Published {
        Published {
            digest: self.root.digest.clone(),
            uploaded: 0,
            skipped: self.blobs.len() as u64,
            mounted: 0,
            bytes: 0,
            requests: 0,
        }
    }
}

fn base_repository(annotations: &BTreeMap<String, String>) -> Option<Repository> {
    match annotations.get(BASE_NAME)?.parse().ok()? {
        Base::Registry(reference) => Some(Repository::of(&reference)),
        _ => None,
    }
}
