//! Selecting a tag: which ones there are, when their images were made, and what a policy makes of
//! it.

use crate::digest::Digest;
use crate::error::{ErrorKind, Result};
use crate::layout::Layout;
use crate::policy::{Filter, Key, Policy, Reason};
use crate::publish::runtime;
use crate::reference::{Tag, Target};
use crate::remote::{Access, Remote};
use crate::spec::{Blob, MANIFEST_LIMIT, Manifest};
use chrono::{DateTime, FixedOffset};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use oci_client::annotations::ORG_OPENCONTAINERS_IMAGE_CREATED as CREATED;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Selects among the tags of a repository or a layout.
#[derive(Debug, Clone, Default)]
pub struct Selector {
    access: Access,
}

/// What a policy selected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection {
    /// The newest tag; none if none is eligible.
    pub chosen: Option<Chosen>,
    /// Every other tag, and why it is not the one. Empty for [`Policy::Tag`], which looks at no
    /// other.
    pub lost: BTreeMap<Tag, Reason>,
}

/// A tag and what it names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chosen {
    /// The tag.
    pub tag: Tag,
    /// The digest that it has now.
    pub digest: Digest,
}

/// Images that are looked into at a time.
const AT_ONCE: usize = 4;
/// Images that are looked into at most, at up to four requests each.
const LOOKS: usize = 2_000;

impl Selector {
    /// Reads registries with this access.
    #[must_use]
    pub fn new(access: Access) -> Self {
        Self { access }
    }

    /// Selects a tag by a policy among those that the filter lets through.
    ///
    /// # Errors
    /// If the place cannot be read. [`ErrorKind::Policy`] if the newest build is to be found among
    /// more than 2,000 tags.
    pub fn select(&self, place: &Target, policy: &Policy, filter: &Filter) -> Result<Selection> {
        let place = Place::open(place, &self.access)?;
        runtime()?.block_on(place.select(policy, filter))
    }

    /// The digest of the image that a tag or a digest names in a repository or a layout; none if it
    /// is not there.
    ///
    /// # Errors
    /// If the place cannot be read; [`ErrorKind::Reference`] if the text is neither.
    pub fn find(&self, place: &Target, reference: &str) -> Result<Option<Digest>> {
        let wanted = match reference.contains(':') {
            true => Wanted::Digest(Digest::parse(reference)?),
            false => Wanted::Tag(reference.parse()?),
        };
        let place = Place::open(place, &self.access)?;
        runtime()?.block_on(place.find(&wanted))
    }
}

/// What names an image.
enum Wanted {
    Tag(Tag),
    Digest(Digest),
}

/// Where images are.
enum Place {
    Layout(Layout),
    Registry(Box<Remote>),
}

impl Place {
    fn open(place: &Target, access: &Access) -> Result<Self> {
        Ok(match place {
            Target::Layout(path) => Self::Layout(Layout::open(path)?),
            Target::Registry(repository) => {
                let none = BTreeSet::new();
                Self::Registry(Box::new(Remote::new(repository, "pull", &none, access)?))
            }
        })
    }

    async fn select(&self, policy: &Policy, filter: &Filter) -> Result<Selection> {
        let mut lost = BTreeMap::new();
        let winner = match policy {
            Policy::Tag(tag) => Some(tag.clone()),
            policy => {
                let candidates = filter.sort(self.tags().await?);
                lost = candidates.lost;
                let keys = self.keys(policy, candidates.keyed, &mut lost).await?;
                policy.decide(keys, &mut lost)
            }
        };
        let chosen = match winner {
            Some(tag) => self
                .digest(&tag)
                .await?
                .map(|digest| Chosen { tag, digest }),
            None => None,
        };
        Ok(Selection { chosen, lost })
    }

    /// What is compared of each tag.
    async fn keys(
        &self,
        policy: &Policy,
        texts: BTreeMap<Tag, String>,
        lost: &mut BTreeMap<Tag, Reason>,
    ) -> Result<BTreeMap<Tag, Key>> {
        let found: Vec<(Tag, Result<Key, Reason>)> = match policy {
            Policy::NewestBuild => self.times(texts.into_keys().collect()).await?,
            policy => texts
                .into_iter()
                .map(|(tag, text)| (tag, policy.key(&text)))
                .collect(),
        };
        let mut keys = BTreeMap::new();
        for (tag, key) in found {
            match key {
                Ok(key) => drop(keys.insert(tag, key)),
                Err(reason) => drop(lost.insert(tag, reason)),
            }
        }
        Ok(keys)
    }

    async fn times(&self, tags: Vec<Tag>) -> Result<Vec<(Tag, Result<Key, Reason>)>> {
        if tags.len() > LOOKS {
            let message = format!("{} images are too many to look into each", tags.len());
            return Err(crate::Error::new(ErrorKind::Policy, message)
                .suggest("leave fewer of them by a pattern"));
        }
        stream::iter(tags)
            .map(async |tag| {
                let time = self.created(&tag).await?;
                Ok((tag, time.map(Key::Time).ok_or(Reason::Undated)))
            })
            .buffer_unordered(AT_ONCE)
            .try_collect()
            .await
    }

    /// When the image of a tag was made; `None` if it does not say, or is no image any more.
    async fn created(&self, tag: &Tag) -> Result<Option<DateTime<FixedOffset>>> {
        match self.look(tag).await {
            Err(error) if matches!(error.kind(), ErrorKind::Layout | ErrorKind::NotFound) => {
                Ok(None)
            }
            looked => looked,
        }
    }

    /// What the index says, else the first image of it, else that image's config.
    async fn look(&self, tag: &Tag) -> Result<Option<DateTime<FixedOffset>>> {
        let mut bytes = self.tagged(tag).await?;
        for _ in 0..2 {
            if let Some(time) = field(&bytes, &["annotations", CREATED]) {
                return Ok(Some(time));
            }
            match Manifest::parse(&bytes, tag.as_str())? {
                Manifest::Index(children) => match first_image(children) {
                    Some(child) => bytes = self.manifest(&child).await?,
                    None => return Ok(None),
                },
                Manifest::Image { config, .. } => {
                    let config = self.config(&config).await?;
                    return Ok(field(&config, &["created"]));
                }
            }
        }
        Ok(None)
    }

    async fn tags(&self) -> Result<BTreeSet<Tag>> {
        match self {
            Self::Registry(remote) => remote.tags().await,
            Self::Layout(layout) => {
                let entries = layout.entries()?.into_iter();
                Ok(entries.filter_map(|e| e.tag?.parse().ok()).collect())
            }
        }
    }

    async fn find(&self, wanted: &Wanted) -> Result<Option<Digest>> {
        match (self, wanted) {
            (_, Wanted::Tag(tag)) => self.digest(tag).await,
            (Self::Registry(remote), Wanted::Digest(digest)) => remote.find(digest.as_str()).await,
            (Self::Layout(layout), Wanted::Digest(digest)) => {
                let is_there = layout.path(digest).is_file();
                Ok(is_there.then(|| digest.clone()))
            }
        }
    }

    async fn digest(&self, tag: &Tag) -> Result<Option<Digest>> {
        match self {
            Self::Registry(remote) => remote.find(tag.as_str()).await,
            Self::Layout(layout) => match layout.resolve(Some(tag.as_str())) {
                Ok(entry) => Ok(Some(entry.digest)),
                Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
                Err(error) => Err(error),
            },
        }
    }

    async fn tagged(&self, tag: &Tag) -> Result<Vec<u8>> {
        match self {
            Self::Registry(remote) => Ok(remote.manifest(tag.as_str()).await?.1),
            Self::Layout(layout) => {
                let entry = layout.resolve(Some(tag.as_str()))?;
                layout.read(&entry.blob, MANIFEST_LIMIT)
            }
        }
    }

    async fn manifest(&self, blob: &Blob) -> Result<Vec<u8>> {
        match self {
            Self::Registry(remote) => Ok(remote.manifest(blob.digest.as_str()).await?.1),
            Self::Layout(layout) => layout.read(blob, MANIFEST_LIMIT),
        }
    }

    async fn config(&self, blob: &Blob) -> Result<Vec<u8>> {
        match self {
            Self::Registry(remote) => remote.small_blob(blob, MANIFEST_LIMIT).await,
            Self::Layout(layout) => layout.read(blob, MANIFEST_LIMIT),
        }
    }
}

/// The first that is for a machine: attestations are listed beside images, for an unknown one.
fn first_image(children: Vec<Blob>) -> Option<Blob> {
    children.into_iter().find(|blob| !blob.is_attestation())
}

/// The time that a document has in a field.
fn field(document: &[u8], path: &[&str]) -> Option<DateTime<FixedOffset>> {
    let document: Value = serde_json::from_slice(document).ok()?;
    let value = path.iter().fold(&document, |value, key| &value[*key]);
    DateTime::parse_from_rfc3339(value.as_str()?).ok()
}
