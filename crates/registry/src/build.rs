//! Building an image: a base, a layer of dependencies, a layer of the source, a config.

use crate::base::BaseImage;
use crate::digest::Digest;
use crate::dockerfile::{Dockerfile, absolute};
use crate::error::{Error, ErrorKind, Result};
use crate::layer::Layer;
use crate::layout::Layout;
use crate::publish::runtime;
use crate::python::{self, DEFAULT_PYTHON, Fetcher, Material, PackageIndex, Requirement};
use crate::reference::{Base, Tag};
use crate::referrers::{self, Referrer};
use crate::remote::Access;
use crate::source::{self, Exclude};
use crate::spec::{self, Blob, Manifest, Platform};
use oci_client::annotations as names;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;
use windlass_fault::Warning;

/// How long another build may take that is under way in the same folder.
const OTHERS: Duration = Duration::from_secs(1800);

/// What to do about a requirements file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Dependencies {
    /// A layer of its wheels.
    #[default]
    Require,
    /// The same, but no layer and a warning where the package index cannot be reached.
    Auto,
    /// No layer.
    Skip,
}

/// What an image is made of. The digest depends on nothing else, and on neither machine nor day.
#[derive(Debug, Clone)]
pub struct Build {
    /// The folder that becomes the image's working folder.
    pub source: PathBuf,
    /// What of it stays out.
    pub exclude: Exclude,
    /// The hash-pinned requirements file; without one there is no layer of dependencies.
    pub requirements: Option<PathBuf>,
    /// What to do about it.
    pub dependencies: Dependencies,
    /// Where wheels come from.
    pub index: PackageIndex,
    /// `3.13`; where it is not given the base image's `PYTHON_VERSION` says it, else it is
    /// [`DEFAULT_PYTHON`].
    pub python: Option<String>,
    /// What the image stands on.
    pub base: Base,
    /// Entrypoint, environment and the like.
    pub dockerfile: Option<Dockerfile>,
    /// Values of the Dockerfile's `ARG`s.
    pub arguments: BTreeMap<String, String>,
    /// One image each; several are joined by an index.
    pub platforms: Vec<Platform>,
    /// The time of the commit, in seconds since 1970: the time of everything in the image.
    pub created: u64,
    /// The version of the application.
    pub version: Option<String>,
    /// The commit.
    pub revision: Option<String>,
    /// The URL of the repository.
    pub url: Option<String>,
    /// The tag of the image in the layout.
    pub tag: Option<Tag>,
    /// A folder for what the next build can use again: wheels, by their hashes.
    pub cache: Option<PathBuf>,
    /// How to reach the base image's registry; its retries are those of the package index too.
    pub access: Access,
}

impl Default for Build {
    /// The current folder on nothing for `linux/amd64`, made in 1970.
    fn default() -> Self {
        Self {
            source: PathBuf::from("."),
            exclude: Exclude::default(),
            requirements: None,
            dependencies: Dependencies::default(),
            index: PackageIndex::default(),
            python: None,
            base: Base::Scratch,
            dockerfile: None,
            arguments: BTreeMap::new(),
            platforms: vec![Platform::amd64()],
            created: 0,
            version: None,
            revision: None,
            url: None,
            tag: None,
            cache: None,
            access: Access::default(),
        }
    }
}

/// A built image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Built {
    /// The digest of its manifest, or of the index of several.
    pub digest: Digest,
    /// The digest that the base image had; none for `scratch`.
    pub base: Option<Digest>,
    /// Whether every image has its layer of dependencies, or needs none.
    pub dependencies: bool,
    /// Bytes that somebody who has nothing yet downloads, over all platforms.
    pub size: u64,
    /// What is odd.
    pub warnings: Vec<Warning>,
}

/// One platform's image while it is made.
struct Job<'a> {
    build: &'a Build,
    platform: &'a Platform,
    layout: &'a Layout,
    warnings: Vec<Warning>,
    dependencies: bool,
}

/// A finished image of one platform.
struct Part {
    manifest: Blob,
    blobs: Vec<Blob>,
    base: Option<Digest>,
    annotations: BTreeMap<String, String>,
    /// The bill of its wheels, and the blobs of that.
    bill: Option<(Referrer, Vec<Digest>)>,
}

impl Build {
    /// Builds into a layout folder, which afterwards holds this image alone. Of builds into one
    /// folder at the same time each waits for the one before; the last one's image stays.
    ///
    /// # Errors
    /// If a part cannot be got, read, understood or written; the image that the folder held stays.
    pub fn run(&self, output: &Path) -> Result<Built> {
        let layout = Layout::create(output)?;
        // Another build would drop the blobs that this one has made so far.
        let lock = layout.lock(OTHERS, || {
            self.access.notify.say(|| {
                format!(
                    "waiting for the other run that writes to `{}`",
                    output.display()
                )
            });
        })?;
        let mut parts = Vec::new();
        let mut warnings = Vec::new();
        let mut dependencies = true;
        for platform in self.sorted_platforms()? {
            let mut job = Job {
                build: self,
                platform,
                layout: &layout,
                warnings: Vec::new(),
                dependencies: true,
            };
            parts.push(job.run()?);
            dependencies &= job.dependencies;
            warnings.extend(
                job.warnings
                    .into_iter()
                    .filter(|new| !warnings.contains(new))
                    .collect::<Vec<_>>(),
            );
        }
        let root = self.root(&layout, &parts)?;
        let blobs: BTreeMap<&Digest, &Blob> = parts
            .iter()
            .flat_map(|part| part.blobs.iter().chain([&part.manifest]))
            .chain([&root])
            .map(|blob| (&blob.digest, blob))
            .collect();
        let mut keep: BTreeSet<Digest> = blobs.keys().map(|&digest| digest.clone()).collect();
        let bills = parts.iter().filter_map(|part| part.bill.as_ref());
        let (bills, materials): (Vec<Referrer>, Vec<Vec<Digest>>) = bills.cloned().unzip();
        keep.extend(materials.into_iter().flatten());
        layout.hold_only(&lock, &root, self.tag.as_ref(), &keep)?;
        layout.refer(&lock, &bills)?;
        Ok(Built {
            size: blobs.values().map(|blob| blob.size).sum(),
            base: parts.first().and_then(|part| part.base.clone()),
            digest: root.digest,
            dependencies,
            warnings,
        })
    }

    fn sorted_platforms(&self) -> Result<BTreeSet<&Platform>> {
        let platforms: BTreeSet<&Platform> = self.platforms.iter().collect();
        match platforms.is_empty() {
            true => Err(Error::new(
                ErrorKind::Platform,
                "no platform to build for is named",
            )),
            false => Ok(platforms),
        }
    }

    /// The one image, or the index of several.
    fn root(&self, layout: &Layout, parts: &[Part]) -> Result<Blob> {
        if let [part] = parts {
            return Ok(part.manifest.clone());
        }
        let manifests: Vec<Blob> = parts.iter().map(|part| part.manifest.clone()).collect();
        let annotations = parts
            .first()
            .map(|part| part.annotations.clone())
            .unwrap_or_default();
        let (digest, size) = layout.put(&Manifest::index(&manifests, &annotations))?;
        Ok(Blob::new(spec::INDEX, digest, size))
    }

    fn time(&self) -> Result<String> {
        spec::timestamp(self.created)
    }
}

impl Job<'_> {
    fn run(&mut self) -> Result<Part> {
        let (build, platform) = (self.build, self.platform);
        let base = BaseImage::bring(&build.base, platform, &build.access, self.layout)?;
        let based = !base.layers.is_empty();
        let mut config = base.config.clone();
        let settings = self.settings(&mut config)?;
        let workdir = settings
            .get("WorkingDir")
            .and_then(Value::as_str)
            .and_then(absolute);
        let workdir = workdir.unwrap_or_else(|| "/".to_owned());
        let mut layers = Vec::new();
        let mut materials = Vec::new();
        if let Some((layer, wheels)) = self.dependency_layer(&settings, based)? {
            layers.push((layer, "dependencies"));
            materials = wheels;
        }
        let time = build.created;
        let source = source::layer(
            &build.source,
            &build.exclude,
            &workdir,
            self.layout,
            based,
            time,
        )?;
        layers.push((source, "source"));
        let annotations = self.annotations(&base)?;
        self.extend_config(&mut config, settings, &layers, &annotations)?;
        let (digest, size) = self.layout.put(&spec::canonical(&config))?;
        let config = Blob::new(spec::CONFIG, digest, size);
        let own = layers.into_iter().map(|(layer, _)| layer.blob);
        let blobs: Vec<Blob> = base.layers.into_iter().chain(own).collect();
        let (digest, size) = self
            .layout
            .put(&Manifest::image(&config, &blobs, &annotations))?;
        let mut manifest = Blob::new(spec::MANIFEST, digest, size);
        manifest.platform = Some(platform.clone());
        Ok(Part {
            blobs: blobs.into_iter().chain([config]).collect(),
            bill: self.bill(&materials, &manifest)?,
            base: base.digest,
            annotations,
            manifest,
        })
    }

    /// What the base's config says of running it, with the Dockerfile's metadata applied.
    fn settings(&mut self, config: &mut Value) -> Result<Map<String, Value>> {
        let mut settings = config["config"].as_object().cloned().unwrap_or_default();
        if let Some(dockerfile) = &self.build.dockerfile {
            let warnings = dockerfile.apply(&mut settings, &self.build.arguments)?;
            self.warnings.extend(warnings);
        }
        Ok(settings)
    }

    fn dependency_layer(
        &mut self,
        settings: &Map<String, Value>,
        based: bool,
    ) -> Result<Option<(Layer, Vec<Material>)>> {
        let Some(path) = &self.build.requirements else {
            return Ok(None);
        };
        if self.build.dependencies == Dependencies::Skip {
            self.dependencies = false;
            return Ok(None);
        }
        let found = variable(settings, "PYTHON_VERSION");
        let python = self
            .build
            .python
            .clone()
            .or(found)
            .unwrap_or_else(|| DEFAULT_PYTHON.to_owned());
        let target = python::Target::new(&python, self.platform)?;
        let requirements = Requirement::read(path, &target)?;
        if requirements.is_empty() {
            return Ok(None);
        }
        let folder = self.layout.scratch()?;
        let mut retry = self.build.access.retry.clone();
        if self.build.dependencies == Dependencies::Auto {
            // Who can do without does not wait long.
            retry.attempts = retry.attempts.min(2);
        }
        let fetcher = Fetcher {
            index: &self.build.index,
            target: &target,
            tls: &self.build.access.tls,
            retry: &retry,
            notify: &self.build.access.notify,
            folder: folder.path(),
            cache: self.build.cache.as_deref(),
        };
        let fetched = match runtime()?.block_on(fetcher.fetch(requirements)) {
            Err(error)
                if error.kind() == ErrorKind::Index
                    && self.build.dependencies == Dependencies::Auto =>
            {
                let message = format!("the image has no layer of dependencies: {error}");
                self.warnings.push(Warning::new(message));
                self.dependencies = false;
                return Ok(None);
            }
            fetched => fetched?,
        };
        python::install(&fetched, &target, self.layout, based, self.build.created).map(Some)
    }

    /// The bill of the wheels in an image, where there are any, and what else must be kept for it.
    fn bill(
        &self,
        materials: &[Material],
        manifest: &Blob,
    ) -> Result<Option<(Referrer, Vec<Digest>)>> {
        if materials.is_empty() {
            return Ok(None);
        }
        let (image, version) = (manifest.digest.as_str(), self.build.version.as_deref());
        let created = self.build.time()?;
        let text = python::bill(materials, image, version, &created);
        let (digest, size) = self.layout.put(&text)?;
        let document = Blob::new(python::BILL, digest.clone(), size);
        let (nothing, _) = self.layout.put(referrers::NOTHING)?;
        let referrer = Referrer::new(manifest, &document, &created)?;
        let (own, _) = self.layout.put(&referrer.bytes)?;
        Ok(Some((referrer, vec![digest, nothing, own])))
    }

    fn annotations(&self, base: &BaseImage) -> Result<BTreeMap<String, String>> {
        let build = self.build;
        let base_digest = base.digest.as_ref().map(Digest::to_string);
        let known = [
            (names::ORG_OPENCONTAINERS_IMAGE_CREATED, Some(build.time()?)),
            (
                names::ORG_OPENCONTAINERS_IMAGE_VERSION,
                build.version.clone(),
            ),
            (
                names::ORG_OPENCONTAINERS_IMAGE_REVISION,
                build.revision.clone(),
            ),
            (names::ORG_OPENCONTAINERS_IMAGE_SOURCE, build.url.clone()),
            (names::ORG_OPENCONTAINERS_IMAGE_BASE_NAME, base.name.clone()),
            (names::ORG_OPENCONTAINERS_IMAGE_BASE_DIGEST, base_digest),
        ];
        let known = known.into_iter();
        Ok(known
            .filter_map(|(name, value)| Some((name.to_owned(), value?)))
            .collect())
    }

    /// Goes on from the base's config and keeps what it has that we do not know.
    fn extend_config(
        &self,
        config: &mut Value,
        mut settings: Map<String, Value>,
        layers: &[(Layer, &str)],
        annotations: &BTreeMap<String, String>,
    ) -> Result<()> {
        let time = self.build.time()?;
        let labels = settings.entry("Labels").or_insert_with(|| json!({}));
        match labels.as_object_mut() {
            Some(labels) => labels.extend(
                annotations
                    .iter()
                    .map(|(name, value)| (name.clone(), json!(value))),
            ),
            None => *labels = json!(annotations),
        }
        config["config"] = Value::Object(settings);
        config["created"] = json!(time);
        config["rootfs"]["type"] = json!("layers");
        if let Some(variant) = &self.platform.variant {
            config["variant"] = json!(variant);
        }
        for (layer, what) in layers {
            let line = json!({"created": time, "created_by": format!("image-build: {what}")});
            append(&mut config["history"], line);
            append(&mut config["rootfs"]["diff_ids"], json!(layer.diff_id));
        }
        Ok(())
    }
}

fn append(list: &mut Value, item: Value) {
    match list {
        Value::Array(items) => items.push(item),
        other => *other = json!([item]),
    }
}

fn variable(settings: &Map<String, Value>, name: &str) -> Option<String> {
    let lines = settings.get("Env")?.as_array()?.iter();
    let mut pairs = lines.filter_map(|line| line.as_str()?.split_once('='));
    pairs
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value.to_owned())
}
