//! The image that a build stands on: its layers brought into the layout, its config to go on from.

use crate::digest::Digest;
use crate::error::{Error, ErrorKind, Result};
use crate::layout::Layout;
use crate::publish::runtime;
use crate::reference::{Base, LayoutImage, Repository};
use crate::remote::{Access, Remote};
use crate::spec::{self, Blob, MANIFEST_LIMIT, Manifest, Platform};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use oci_client::Reference;
use oci_client::manifest as oci;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// What a build starts from, for one platform.
pub(crate) struct BaseImage {
    /// The name without digest; none for `scratch`, nor for a layout: a path is of one machine.
    pub(crate) name: Option<String>,
    /// The digest that the name had, of an index where it is one; none for `scratch`.
    pub(crate) digest: Option<Digest>,
    /// The config as it is, with fields that we do not know.
    pub(crate) config: Value,
    /// The layers, which are in the layout.
    pub(crate) layers: Vec<Blob>,
}

/// Downloads at a time.
const AT_ONCE: usize = 3;

impl BaseImage {
    /// Brings the base for a platform into `into`.
    pub(crate) fn bring(
        base: &Base,
        platform: &Platform,
        access: &Access,
        into: &Layout,
    ) -> Result<Self> {
        let image = match base {
            Base::Scratch => Self {
                name: None,
                digest: None,
                config: json!({"architecture": platform.architecture, "os": platform.os}),
                layers: Vec::new(),
            },
            Base::Layout(image) => from_layout(image, platform, into)?,
            Base::Registry(reference) => {
                runtime()?.block_on(from_registry(reference, platform, access, into))?
            }
        };
        image.check(base, platform)
    }

    /// What later steps rely on.
    fn check(self, base: &Base, platform: &Platform) -> Result<Self> {
        let text = |key: &str| self.config[key].as_str().unwrap_or_default();
        let own = format!("{}/{}", text("os"), text("architecture"));
        if own != format!("{}/{}", platform.os, platform.architecture) {
            return Err(unfit(base, platform, &format!("it is for `{own}`")));
        }
        let differences = self.config["rootfs"]["diff_ids"]
            .as_array()
            .map_or(0, Vec::len);
        if differences != self.layers.len() {
            let count = self.layers.len();
            let message =
                format!("the base image `{base}` has {count} layers and {differences} diff ids");
            return Err(Error::new(ErrorKind::Layout, message));
        }
        Ok(self)
    }
}

fn from_layout(image: &LayoutImage, platform: &Platform, into: &Layout) -> Result<BaseImage> {
    let layout = Layout::open(&image.path)?;
    let entry = layout.resolve(image.tag.as_deref())?;
    let base = Base::Layout(image.clone());
    let mut bytes = layout.read(&entry.blob, MANIFEST_LIMIT)?;
    if let Manifest::Index(children) = Manifest::parse(&bytes, entry.digest.as_str())? {
        let child = choose(&children, &base, platform)?;
        bytes = layout.read(child, MANIFEST_LIMIT)?;
    }
    let (config, layers) = parts(&bytes, &base)?;
    let config = layout.read(&config, MANIFEST_LIMIT)?;
    for layer in &layers {
        if !into.holds(layer) {
            layout.stored(layer).copy(into)?;
        }
    }
    finish(&base, entry.digest, &config, layers)
}

async fn from_registry(
    reference: &Reference,
    platform: &Platform,
    access: &Access,
    into: &Layout,
) -> Result<BaseImage> {
    let repository = Repository::of(reference);
    let remote = Remote::new(&repository, "pull", &BTreeSet::new(), access)?;
    let wanted = reference.digest().or(reference.tag()).unwrap_or("latest");
    let (top, mut bytes) = remote.manifest(wanted).await?;
    let base = Base::Registry(reference.clone());
    if let Manifest::Index(children) = Manifest::parse(&bytes, top.digest.as_str())? {
        let child = choose(&children, &base, platform)?;
        (_, bytes) = remote.manifest(child.digest.as_str()).await?;
    }
    let (config, layers) = parts(&bytes, &base)?;
    let all: BTreeSet<&Digest> = layers
        .iter()
        .chain([&config])
        .map(|blob| &blob.digest)
        .collect();
    let missing = layers.iter().chain([&config]);
    let missing = missing.filter(|blob| !into.holds(blob)).count();
    access
        .notify
        .say(|| format!("getting {missing} of {} blobs of `{reference}`", all.len()));
    stream::iter(
        layers
            .iter()
            .chain([&config])
            .map(|blob| remote.fetch(blob, into)),
    )
    .buffer_unordered(AT_ONCE)
    .try_collect::<()>()
    .await?;
    let config = into.read(&config, MANIFEST_LIMIT)?;
    finish(&base, top.digest, &config, layers)
}

fn choose<'a>(children: &'a [Blob], base: &Base, platform: &Platform) -> Result<&'a Blob> {
    let mut fitting = children.iter();
    let serves = |blob: &&Blob| blob.platform.as_ref().is_some_and(|p| p.serves(platform));
    fitting.find(serves).ok_or_else(|| {
        let mut there: Vec<String> = children
            .iter()
            .filter_map(|blob| Some(format!("`{}`", blob.platform.as_ref()?)))
            .collect();
        there.dedup();
        unfit(
            base,
            platform,
            &format!("it is there for {}", there.join(", ")),
        )
    })
}

fn unfit(base: &Base, platform: &Platform, there: &str) -> Error {
    let message = format!("the base image `{base}` is not for `{platform}`");
    Error::new(ErrorKind::Platform, message).suggest(there)
}

/// Config and layers of a manifest, the layers under OCI's names of their types.
fn parts(manifest: &[u8], base: &Base) -> Result<(Blob, Vec<Blob>)> {
    let name = base.to_string();
    let Manifest::Image {
        config, mut layers, ..
    } = Manifest::parse(manifest, &name)?
    else {
        let message = format!("the base image `{name}` is an index in an index");
        return Err(Error::new(ErrorKind::Layout, message));
    };
    for layer in &mut layers {
        layer.media_type = match layer.media_type.as_str() {
            spec::LAYER_GZIP | "application/vnd.docker.image.rootfs.diff.tar.gzip" => {
                spec::LAYER_GZIP.to_owned()
            }
            oci::IMAGE_LAYER_MEDIA_TYPE => continue,
            "application/vnd.oci.image.layer.v1.tar+zstd" => continue,
            other => {
                let message = format!("the base image `{name}` has a layer of the type `{other}`");
                return Err(Error::new(ErrorKind::Layout, message));
            }
        };
    }
    Ok((config, layers))
}

fn finish(base: &Base, digest: Digest, config: &[u8], layers: Vec<Blob>) -> Result<BaseImage> {
    let config = serde_json::from_slice(config).map_err(|error| {
        let message = format!("the config of the base image `{base}` is not JSON");
        Error::new(ErrorKind::Layout, message).because(error)
    })?;
    Ok(BaseImage {
        name: match base {
            Base::Registry(reference) => Some(name(reference)),
            _ => None,
        },
        digest: Some(digest),
        config,
        layers,
    })
}

fn name(reference: &Reference) -> String {
    let repository = Repository::of(reference);
    match reference.tag() {
        Some(tag) => format!("{repository}:{tag}"),
        None => repository.to_string(),
    }
}
