//! Rendered manifests as an artifact that both Argo CD and Flux deploy.
//!
//! Argo CD takes one layer of a few types (argo-cd: docs/user-guide/oci.md), Flux the first one of
//! any type, so that one layer with an image's type serves both. The config is an image's too,
//! which registries accept that know no artifacts.

use crate::digest::Digest;
use crate::error::{Error, ErrorKind, Result};
use crate::layer;
use crate::layout::Layout;
use crate::source::{self, Disk, Exclude};
use crate::spec::{self, Blob, Manifest};
use oci_client::annotations as names;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long another run may write to the folder.
const OTHERS: Duration = Duration::from_secs(60);
const FLUX_CONFIG: &str = "application/vnd.cncf.flux.config.v1+json";
const FLUX_LAYER: &str = "application/vnd.cncf.flux.content.v1.tar+gzip";

/// A folder of manifests to be deployed. The digest depends on nothing else than what is here.
#[derive(Debug, Clone)]
pub struct Bundle {
    /// The folder.
    pub folder: PathBuf,
    /// What of it stays out.
    pub exclude: Exclude,
    /// The time of the commit, in seconds since 1970.
    pub created: u64,
    /// The commit, as Flux shows it: `main@sha1:…`.
    pub revision: Option<String>,
    /// The URL of the repository.
    pub url: Option<String>,
    /// Write the types that `flux push artifact` writes, which Argo CD refuses unless told.
    pub flux_media_types: bool,
}

impl Bundle {
    /// Writes the artifact into a layout folder, which afterwards holds it alone.
    ///
    /// # Errors
    /// If a file cannot be read or written, or there is none.
    pub fn write(&self, output: &Path) -> Result<Digest> {
        let files = source::files(&self.folder, &self.exclude, "/")?;
        if files.is_empty() {
            let message = format!("`{}` holds no file to bundle", self.folder.display());
            return Err(Error::new(ErrorKind::Read, message));
        }
        let layout = Layout::create(output)?;
        let lock = layout.lock(OTHERS, || ())?;
        let mut layer = layer::write(&layout, &files, &mut Disk, false, self.created)?;
        let created = spec::timestamp(self.created)?;
        let config = spec::canonical(&json!({
            "architecture": "unknown", "os": "unknown", "config": {}, "created": created,
            "rootfs": {"type": "layers", "diff_ids": [layer.diff_id]},
        }));
        let (digest, size) = layout.put(&config)?;
        let mut config = Blob::new(spec::CONFIG, digest, size);
        if self.flux_media_types {
            config.media_type = FLUX_CONFIG.to_owned();
            layer.blob.media_type = FLUX_LAYER.to_owned();
        }
        let annotations = self.annotations(created);
        let (digest, size) = layout.put(&Manifest::image(
            &config,
            std::slice::from_ref(&layer.blob),
            &annotations,
        ))?;
        let root = Blob::new(spec::MANIFEST, digest.clone(), size);
        let keep = BTreeSet::from([digest.clone(), config.digest, layer.blob.digest]);
        layout.hold_only(&lock, &root, None, &keep)?;
        Ok(digest)
    }

    fn annotations(&self, created: String) -> BTreeMap<String, String> {
        let known = [
            (names::ORG_OPENCONTAINERS_IMAGE_CREATED, Some(created)),
            (
                names::ORG_OPENCONTAINERS_IMAGE_REVISION,
                self.revision.clone(),
            ),
            (names::ORG_OPENCONTAINERS_IMAGE_SOURCE, self.url.clone()),
        ];
        let known = known.into_iter();
        known
            .filter_map(|(name, value)| Some((name.to_owned(), value?)))
            .collect()
    }
}
