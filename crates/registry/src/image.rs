//! An image that is to be published: its manifests and blobs, from one source or joined from
//! several.

use crate::digest::Digest;
use crate::error::{Error, ErrorKind, Result};
use crate::memory::Memory;
use crate::origin::{ImageSource, Store};
use crate::reference::{Base, Repository};
use crate::referrers::Referrer;
use crate::remote::Access;
use crate::spec::{self, Blob, Manifest, Platform};
use oci_client::annotations::ORG_OPENCONTAINERS_IMAGE_BASE_NAME as BASE_NAME;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// How deep indexes may be nested.
const DEPTH: usize = 4;
/// How many manifests indexes may name, one as often as it is named: far above those of any index.
const NAMED: usize = 10_000;
/// Bytes of all manifests, which are held at once.
const HELD: usize = 32 << 20;

/// Everything that an image consists of.
pub(crate) struct Image {
    pub(crate) root: Blob,
    stores: Vec<Store>,
    /// Children before their parents; the root is the last one.
    manifests: Vec<(Blob, Vec<u8>)>,
    /// How many manifests were named so far, and the bytes of those that were read.
    named: usize,
    held: usize,
    pub(crate) blobs: BTreeMap<Digest, Part>,
    /// The blob that is least likely to be anywhere: the last layer.
    newest: Option<Digest>,
    /// What refers to its manifests.
    pub(crate) referrers: Vec<Referrer>,
}

/// A blob of an image.
pub(crate) struct Part {
    pub(crate) blob: Blob,
    pub(crate) config: bool,
    /// A repository that probably has it: of the base image, or where the image comes from.
    holder: Option<Repository>,
    store: usize,
}

impl Part {
    /// The name of a repository of the target's registry that probably has the blob.
    pub(crate) fn elsewhere(&self, target: &Repository) -> Option<&str> {
        let holder = self.holder.as_ref()?;
        let near = holder.registry() == target.registry() && holder.name() != target.name();
        near.then(|| holder.name())
    }
}

/// One source of several.
struct Child {
    platform: Platform,
    blob: Blob,
    annotations: BTreeMap<String, String>,
}

impl Image {
    /// Opens an image; several sources are joined by an index. `access` is that to a registry.
    pub(crate) async fn open(
        sources: &[ImageSource],
        access: &dyn Fn(&str) -> Access,
        memory: &Memory,
    ) -> Result<Self> {
        let mut stores = Vec::new();
        let mut roots = Vec::new();
        for source in sources {
            let (store, root) = Store::open(source, access, memory).await?;
            stores.push(store);
            roots.push(root);
        }
        let root = roots
            .first()
            .cloned()
            .ok_or_else(|| Error::new(ErrorKind::Reference, "no image to publish is named"))?;
        let mut image = Self {
            root,
            stores,
            manifests: Vec::new(),
            named: 0,
            held: 0,
            blobs: BTreeMap::new(),
            newest: None,
            referrers: Vec::new(),
        };
        for (store, root) in roots.iter().enumerate() {
            image.add(store, root, DEPTH).await?;
            image.add_referrers(store)?;
        }
        if sources.len() > 1 {
            image.join(&roots).await?;
        }
        Ok(image)
    }

    async fn add(&mut self, store: usize, blob: &Blob, depth: usize) -> Result<()> {
        self.named += 1;
        if depth == 0 || self.named > NAMED {
            let message =
                "an image index refers to too many images, or to indexes that are nested too deep";
            return Err(Error::new(ErrorKind::Layout, message));
        }
        // Its children would be read as often as all indexes above it name it, multiplied.
        if self.knows(&blob.digest) {
            return Ok(());
        }
        let bytes = self.stores[store].read(blob).await?;
        self.held += bytes.len();
        if self.held > HELD {
            let message = "the manifests of an image index are too large together";
            return Err(Error::new(ErrorKind::Layout, message));
        }
        match Manifest::parse(&bytes, blob.digest.as_str())? {
            Manifest::Index(children) => {
                for child in &children {
                    Box::pin(self.add(store, child, depth - 1)).await?;
                }
            }
            Manifest::Image {
                config,
                layers,
                annotations,
            } => {
                let base = base_repository(&annotations);
                self.newest = layers
                    .last()
                    .map(|layer| layer.digest.clone())
                    .or(self.newest.take());
                self.add_part(store, config, true, None);
                for layer in layers.into_iter().filter(|layer| !layer.is_foreign()) {
                    self.add_part(store, layer, false, base.clone());
                }
            }
        }
        self.manifests.push((blob.clone(), bytes));
        Ok(())
    }

    fn knows(&self, digest: &Digest) -> bool {
        let mut manifests = self.manifests.iter();
        manifests.any(|(known, _)| known.digest == *digest)
    }

    /// What a layout knows to refer to the manifests read so far.
    fn add_referrers(&mut self, store: usize) -> Result<()> {
        for referrer in self.stores[store].referrers()? {
            if !self.knows(&referrer.subject) {
                continue;
            }
            for (blob, config) in referrer.parts()? {
                self.add_part(store, blob, config, None);
            }
            self.referrers.push(referrer);
        }
        Ok(())
    }

    /// The blobs of something that refers to the image.
    pub(crate) fn parts_of(&self, referrer: &Referrer) -> Result<Vec<&Part>> {
        let parts = referrer.parts()?.into_iter();
        Ok(parts
            .filter_map(|(blob, _)| self.blobs.get(&blob.digest))
            .collect())
    }

    fn add_part(&mut self, store: usize, blob: Blob, config: bool, base: Option<Repository>) {
        let holder = self.stores[store].repository().cloned().or(base);
        let part = Part {
            config,
            holder,
            store,
            blob,
        };
        self.blobs.entry(part.blob.digest.clone()).or_insert(part);
    }

    /// Makes an index of the images, one for each platform, with the annotations that all have and
    /// with what is listed beside them.
    async fn join(&mut self, roots: &[Blob]) -> Result<()> {
        let mut children: BTreeMap<Platform, Child> = BTreeMap::new();
        let mut beside = Vec::new();
        for (store, root) in roots.iter().enumerate() {
            beside.extend(self.attestations(root)?);
            for child in self.children(store, root).await? {
                let platform = child.platform.clone();
                if children.insert(platform.clone(), child).is_some() {
                    let message = format!("two of the images are for `{platform}`");
                    return Err(Error::new(ErrorKind::Platform, message)
                        .suggest("name one image for each platform"));
                }
            }
        }
        let mut kept = BTreeSet::new();
        let mut descriptors = Vec::new();
        for child in children.values() {
            kept.insert(child.blob.digest.clone());
            descriptors.push(child.blob.to_json());
        }
        for (blob, descriptor) in beside {
            kept.insert(blob.digest);
            descriptors.push(descriptor);
        }
        let mut all = children.into_values().map(|child| child.annotations);
        let first = all.next().unwrap_or_default();
        let common = all.fold(first, |mut common, other| {
            common.retain(|key, value| other.get(key) == Some(value));
            common
        });
        let bytes = Manifest::index_of(&descriptors, &common);
        self.root = Blob::new(spec::INDEX, Digest::of(&bytes), bytes.len() as u64);
        // What joined them before is no part of the result.
        self.manifests
            .retain(|(blob, _)| kept.contains(&blob.digest));
        self.manifests.push((self.root.clone(), bytes));
        Ok(())
    }

    /// What a source lists beside its images, with the descriptors as they are: annotations say
    /// which image each is about.
    fn attestations(&self, root: &Blob) -> Result<Vec<(Blob, Value)>> {
        let index: Value = serde_json::from_slice(self.manifest(root)).unwrap_or_default();
        let list = index["manifests"].as_array().map_or(&[][..], Vec::as_slice);
        let mut found = Vec::new();
        for descriptor in list {
            let blob = Blob::from_json(descriptor)?;
            if !blob.is_attestation() {
                continue;
            }
            match Manifest::parse(self.manifest(&blob), blob.digest.as_str())? {
                Manifest::Image { .. } => found.push((blob, descriptor.clone())),
                Manifest::Index(_) => return Err(nested()),
            }
        }
        Ok(found)
    }

    /// The images of a source with their platforms.
    async fn children(&self, store: usize, root: &Blob) -> Result<Vec<Child>> {
        let blobs = match Manifest::parse(self.manifest(root), root.digest.as_str())? {
            Manifest::Index(blobs) => blobs,
            Manifest::Image { .. } => vec![root.clone()],
        };
        let mut children = Vec::new();
        for mut blob in blobs.into_iter().filter(|blob| !blob.is_attestation()) {
            let parsed = Manifest::parse(self.manifest(&blob), blob.digest.as_str())?;
            let Manifest::Image {
                config,
                annotations,
                ..
            } = parsed
            else {
                return Err(nested());
            };
            let platform = match blob.platform.take() {
                Some(platform) => platform,
                None => self.platform(store, &config).await?,
            };
            blob.platform = Some(platform.clone());
            children.push(Child {
                platform,
                blob,
                annotations,
            });
        }
        Ok(children)
    }

    /// The platform that a config names.
    async fn platform(&self, store: usize, config: &Blob) -> Result<Platform> {
        let bytes = self.stores[store].read(config).await?;
        let value: Option<Value> = serde_json::from_slice(&bytes).ok();
        value.as_ref().and_then(Platform::from_json).ok_or_else(|| {
            let message = format!("the config `{}` names no platform", config.digest);
            Error::new(ErrorKind::Platform, message)
        })
    }

    fn manifest(&self, blob: &Blob) -> &[u8] {
        let mut manifests = self.manifests.iter();
        let found = manifests.find(|(known, _)| known.digest == blob.digest);
        found.map_or(&[], |(_, bytes)| bytes)
    }

    pub(crate) fn store(&self, part: &Part) -> &Store {
        &self.stores[part.store]
    }

    /// The blob that is asked for first: without it a registry cannot have the image.
    pub(crate) fn newest(&self) -> Option<&Part> {
        let newest = self
            .newest
            .as_ref()
            .and_then(|digest| self.blobs.get(digest));
        newest.or_else(|| self.blobs.values().next())
    }

    /// The repositories of the target's registry that blobs may be mounted from.
    pub(crate) fn holders(&self, target: &Repository) -> BTreeSet<String> {
        let names = self
            .blobs
            .values()
            .filter_map(|part| part.elsewhere(target));
        names.map(str::to_owned).collect()
    }

    /// All manifests, children before their parents, and the root last.
    pub(crate) fn manifests(&self) -> &[(Blob, Vec<u8>)] {
        &self.manifests
    }

    pub(crate) fn children_of_root(&self) -> &[(Blob, Vec<u8>)] {
        self.manifests
            .split_last()
            .map_or(&[], |(_, children)| children)
    }

    pub(crate) fn root_bytes(&self) -> &[u8] {
        self.manifests.last().map_or(&[], |(_, bytes)| bytes)
    }
}

fn nested() -> Error {
    let message = "an index in an index cannot be joined with other images";
    Error::new(ErrorKind::Layout, message)
}

fn base_repository(annotations: &BTreeMap<String, String>) -> Option<Repository> {
    match annotations.get(BASE_NAME)?.parse().ok()? {
        Base::Registry(reference) => Some(Repository::of(&reference)),
        _ => None,
    }
}
