//! Publishing images: to registries, or to layouts that stand for one.

use crate::body::{Sent, Source};
use crate::digest::Digest;
use crate::error::{Error, ErrorKind, Result};
use crate::image::{Image, Part};
use crate::layout::{Layout, tag_taken};
use crate::memory::Memory;
use crate::origin::ImageSource;
use crate::push::{Arrival, Before};
use crate::reference::{LayoutImage, Repository, Tag, TagPattern, Target};
use crate::remote::{Access, Remote};
use crate::shelf::{Shelf, Shelves};
use futures_util::{StreamExt as _, stream};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The tags of an image.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tags {
    /// Given once and never moved.
    pub fixed: Vec<Tag>,
    /// Moved to each image that gets them, after the fixed ones.
    pub moving: Vec<Tag>,
}

impl Tags {
    /// Tells tags that never move, which a pattern fits, from those that do.
    ///
    /// # Errors
    /// If a word is no tag.
    pub fn sort<'a>(
        words: impl IntoIterator<Item = &'a str>,
        immutable: &[TagPattern],
    ) -> Result<Self> {
        let mut tags = Self::default();
        for word in words {
            let tag: Tag = word.parse()?;
            match immutable.iter().any(|pattern| pattern.matches(&tag)) {
                true => tags.fixed.push(tag),
                false => tags.moving.push(tag),
            }
        }
        Ok(tags)
    }
}

/// An image, where it goes, and how it is called there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Publication {
    /// Where it comes from. Several images, of a platform each, go as one index.
    pub sources: Vec<ImageSource>,
    /// Where it goes.
    pub target: Target,
    /// Its tags.
    pub tags: Tags,
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
    /// Bytes of blobs that did not have to be sent.
    pub saved: u64,
    /// Requests that were made; none for a layout. Those to the registry that an image comes from
    /// are not counted.
    pub requests: u64,
}

/// Publishes images.
#[derive(Debug, Clone, Default)]
pub struct Publisher {
    access: Access,
    cache: Option<PathBuf>,
    dry_run: bool,
}

/// Images at a time.
const AT_ONCE: usize = 8;
/// A config up to this size is sent without asking whether it is there.
const SMALL: u64 = 64 << 10;

impl Publisher {
    /// Publishes with this access to registries.
    #[must_use]
    pub fn new(access: Access) -> Self {
        Self {
            access,
            cache: None,
            dry_run: false,
        }
    }

    /// Keeps in this folder what takes long to find out about files that do not change.
    #[must_use]
    pub fn with_cache(mut self, folder: &Path) -> Self {
        self.cache = Some(folder.to_owned());
        self
    }

    /// Whether to look at the targets alone and to write nothing: what is published then says what
    /// would be sent, what refers to the image left out and nothing mounted.
    #[must_use]
    pub fn with_dry_run(mut self, dry_run: bool) -> Self {
        self.dry_run = dry_run;
        self
    }

    /// Copies an image of a layout with everything it refers to, then gives it its tags: fixed
    /// ones first, moving ones last. Whatever is there already is left alone.
    ///
    /// # Errors
    /// [`ErrorKind::TagTaken`] if a fixed tag exists with another digest: nothing was sent then,
    /// unless another run gave it meanwhile.
    /// Otherwise if the source is broken or the target refuses or cannot be reached; tags that
    /// come after the failure have not moved.
    pub fn publish(&self, source: &LayoutImage, target: &Target, tags: &Tags) -> Result<Published> {
        let publication = Publication {
            sources: vec![source.clone().into()],
            target: target.clone(),
            tags: tags.clone(),
        };
        self.publish_all(&[publication])?.swap_remove(0)
    }

    /// Publishes several images at once, as [`publish`](Self::publish) does one. A blob that
    /// several have goes to a registry once; its other repositories take it from the first. The
    /// results stand in the order of the images; one that fails keeps no other back.
    ///
    /// # Errors
    /// If nothing can be done at all.
    pub fn publish_all(&self, publications: &[Publication]) -> Result<Vec<Result<Published>>> {
        let shelves = Shelves::default();
        let runs = publications
            .iter()
            .map(|publication| self.publish_one(publication, publications, &shelves));
        Ok(runtime()?.block_on(stream::iter(runs).buffered(AT_ONCE).collect()))
    }

    async fn publish_one(
        &self,
        publication: &Publication,
        all: &[Publication],
        shelves: &Shelves,
    ) -> Result<Published> {
        let memory = Memory::new(self.cache.as_deref());
        let access = |registry: &str| self.access_to(registry, &publication.target);
        let image = Image::open(&publication.sources, &access, &memory).await?;
        match &publication.target {
            Target::Layout(path) if self.dry_run => {
                compare_with_layout(&image, path, &publication.tags)
            }
            Target::Layout(path) => publish_to_layout(&image, path, &publication.tags).await,
            Target::Registry(repository) => {
                let mut holders = image.holders(repository);
                holders.extend(neighbours(repository, all));
                let actions = if self.dry_run { "pull" } else { "pull,push" };
                let job = Job {
                    remote: Remote::new(repository, actions, &holders, &self.access)?,
                    shelf: shelves.of(repository.registry()),
                    image: &image,
                    sent: Sent::new(&self.access.progress),
                };
                match self.dry_run {
                    true => job.compare(&publication.tags).await,
                    false => job.run(&publication.tags).await,
                }
            }
        }
    }

    /// How a source's registry is reached: the given password is for the target's alone.
    fn access_to(&self, registry: &str, target: &Target) -> Access {
        let mut access = self.access.clone();
        match target {
            Target::Registry(target) if target.registry() == registry => {}
            _ => access.credentials.login = None,
        }
        access
    }
}

/// The other repositories of a registry that a run publishes to: what one gets another can mount.
fn neighbours(own: &Repository, all: &[Publication]) -> BTreeSet<String> {
    let targets = all
        .iter()
        .filter_map(|publication| match &publication.target {
            Target::Registry(other) if other.registry() == own.registry() => Some(other.name()),
            _ => None,
        });
    targets
        .filter(|name| *name != own.name())
        .map(str::to_owned)
        .collect()
}

/// An image on its way into a repository.
struct Job<'a> {
    remote: Remote,
    shelf: Arc<Shelf>,
    image: &'a Image,
    /// Bytes of blobs, those of failed tries included.
    sent: Arc<Sent>,
}

impl Job<'_> {
    async fn run(&self, tags: &Tags) -> Result<Published> {
        let name = self.remote.repository.name();
        let _turns = self.shelf.turns(name, &tags.fixed).await;
        let fixed = self.check_fixed(&tags.fixed).await?;
        let mut there = fixed.len() < tags.fixed.len();
        let mut known = None;
        if !there && let Some(newest) = self.image.newest() {
            let has = self.remote.has(&newest.blob).await?;
            known = Some((&newest.blob.digest, has));
            there = has
                && self
                    .remote
                    .find(self.image.root.digest.as_str())
                    .await?
                    .is_some();
        }
        let mut published = nothing_sent(self.image);
        match there {
            true => self.push_missing_referrers(&mut published).await?,
            false => self.push_content(known, &mut published).await?,
        }
        self.push_tags(&fixed, &tags.moving, there).await?;
        published.requests = self.remote.requests();
        Ok(published)
    }

    /// What a run would send.
    async fn compare(&self, tags: &Tags) -> Result<Published> {
        self.check_fixed(&tags.fixed).await?;
        let asked = self.image.blobs.values().map(async |part| {
            let there = self.remote.has(&part.blob).await?;
            Ok::<_, Error>((!there).then_some(part))
        });
        let mut asked = stream::iter(asked).buffer_unordered(AT_ONCE);
        let mut published = nothing_sent(self.image);
        while let Some(missing) = asked.next().await {
            published.would_send(missing?);
        }
        published.requests = self.remote.requests();
        Ok(published)
    }

    /// The fixed tags that are still to be given; an error if one is another image's.
    async fn check_fixed<'a>(&self, fixed: &'a [Tag]) -> Result<Vec<&'a Tag>> {
        let digest = &self.image.root.digest;
        let mut open = Vec::new();
        for tag in fixed {
            match self.remote.find(tag.as_str()).await? {
                Some(held) if held != *digest => {
                    let place = self.remote.repository.to_string();
                    return Err(tag_taken(&place, tag, held.as_str(), digest));
                }
                Some(_) => {}
                None => open.push(tag),
            }
        }
        Ok(open)
    }

    async fn push_content(
        &self,
        known: Option<(&Digest, bool)>,
        published: &mut Published,
    ) -> Result<()> {
        let parts = self.image.blobs.values().map(async |part| {
            let there =
                known.and_then(|(digest, has)| (*digest == part.blob.digest).then_some(has));
            Ok::<_, Error>((part, self.push_part(part, there).await?))
        });
        let mut arrivals = stream::iter(parts).buffer_unordered(AT_ONCE);
        while let Some(arrived) = arrivals.next().await {
            let (part, arrival) = arrived?;
            published.count(part, arrival);
        }
        drop(arrivals);
        published.bytes = self.sent.bytes();
        for (blob, bytes) in self.image.children_of_root() {
            let body = Source::Bytes(bytes.clone());
            self.remote
                .put_manifest(blob.digest.as_str(), blob, &body)
                .await?;
        }
        // Before the tags, so that an image that is there has all that belongs to it.
        for referrer in &self.image.referrers {
            self.remote.attach(referrer).await?;
        }
        Ok(())
    }

    /// An image may have been published without what refers to it.
    async fn push_missing_referrers(&self, published: &mut Published) -> Result<()> {
        for referrer in &self.image.referrers {
            let digest = referrer.blob.digest.as_str();
            if self.remote.find(digest).await?.is_some() {
                continue;
            }
            for part in self.image.parts_of(referrer)? {
                let arrival = self.push_part(part, None).await?;
                published.count(part, arrival);
            }
            self.remote.attach(referrer).await?;
        }
        published.bytes = self.sent.bytes();
        Ok(())
    }

    /// `there` says whether the blob is in the repository, where that is known.
    async fn push_part(&self, part: &Part, there: Option<bool>) -> Result<Arrival> {
        let own = &self.remote.repository;
        let store = self.image.store(part);
        self.shelf
            .put(&part.blob.digest, own.name(), async |holder| {
                if there == Some(true) || holder == Some(own.name()) {
                    return Ok(Arrival::Skipped);
                }
                let before = Before {
                    new: there == Some(false) || part.config && part.blob.size <= SMALL,
                    elsewhere: holder.or_else(|| part.elsewhere(own)),
                };
                let arrival = self
                    .remote
                    .push_blob(store, &part.blob, before, &self.sent)
                    .await;
                store.done_with(&part.blob);
                arrival
            })
            .await
    }

    /// Stores the manifest under each tag. `there` says that it was in the repository before, so
    /// that a moving tag may be right already.
    async fn push_tags(&self, fixed: &[&Tag], moving: &[Tag], there: bool) -> Result<()> {
        let (remote, root) = (&self.remote, &self.image.root);
        let body = Source::Bytes(self.image.root_bytes().to_vec());
        if fixed.is_empty() && moving.is_empty() && !there {
            return remote.put_manifest(root.digest.as_str(), root, &body).await;
        }
        for tag in fixed {
            remote.fix_tag(tag, root, &body).await?;
        }
        for tag in moving {
            let right = there && remote.find(tag.as_str()).await?.as_ref() == Some(&root.digest);
            if !right {
                remote.move_tag(tag, root, &body).await?;
            }
        }
        Ok(())
    }
}

impl Published {
    /// Corrects a blob that was counted as skipped.
    fn count(&mut self, part: &Part, arrival: Arrival) {
        match arrival {
            Arrival::Skipped => return,
            Arrival::Uploaded => {
                self.uploaded += 1;
                self.saved -= part.blob.size;
            }
            Arrival::Mounted => self.mounted += 1,
        }
        self.skipped -= 1;
    }

    fn would_send<'a>(&mut self, parts: impl IntoIterator<Item = &'a Part>) {
        for part in parts {
            self.count(part, Arrival::Uploaded);
            self.bytes += part.blob.size;
        }
    }
}

fn nothing_sent(image: &Image) -> Published {
    let sizes = image.blobs.values().map(|part| part.blob.size);
    Published {
        digest: image.root.digest.clone(),
        uploaded: 0,
        skipped: image.blobs.len() as u64,
        mounted: 0,
        bytes: 0,
        saved: sizes.fold(0, u64::saturating_add),
        requests: 0,
    }
}

fn compare_with_layout(image: &Image, path: &Path, tags: &Tags) -> Result<Published> {
    let to = Layout::find(path)?;
    if let Some(to) = &to {
        to.check_fixed(&image.root, &tags.fixed)?;
    }
    let holds = |part: &&Part| to.as_ref().is_some_and(|to| to.holds(&part.blob));
    let missing = image.blobs.values().filter(|part| !holds(part));
    let mut published = nothing_sent(image);
    published.would_send(missing);
    Ok(published)
}

async fn publish_to_layout(image: &Image, path: &Path, tags: &Tags) -> Result<Published> {
    let to = Layout::create(path)?;
    // Blobs without an image are what a build drops.
    let lock = to.lock_in_turn().await?;
    let mut published = nothing_sent(image);
    to.check_fixed(&image.root, &tags.fixed)?;
    for part in image.blobs.values() {
        if !to.holds(&part.blob) {
            let store = image.store(part);
            store.stored(&part.blob).await?.copy(&to)?;
            store.done_with(&part.blob);
            published.count(part, Arrival::Uploaded);
            published.bytes += part.blob.size;
        }
    }
    for (blob, bytes) in image.manifests() {
        if !to.holds(blob) {
            to.put(bytes)?;
        }
    }
    for referrer in &image.referrers {
        to.put(&referrer.bytes)?;
    }
    to.refer(&lock, &image.referrers)?;
    to.tag(&lock, &image.root, &tags.fixed, &tags.moving)?;
    Ok(published)
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
