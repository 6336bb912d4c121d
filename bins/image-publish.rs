//! Publish images to a registry.

#[path = "access/flags.rs"]
mod access;
#[path = "access/given.rs"]
mod given;
#[path = "image-publish/jobs.rs"]
mod jobs;
#[path = "access/login.rs"]
mod login;

use std::collections::BTreeSet;
use std::fmt;
use std::num::NonZeroU64;
use std::path::PathBuf;
use std::process::ExitCode;
use windlass_cli::{Common, Context, Failure, Report};
use windlass_fault::Secret;
use windlass_registry::{Publication, Published, Publisher, Tag, Tags, Target};

/// Publish images to a registry
///
/// Sends what the registry lacks, then gives the image its tags: first those that never move, last those that do. A tag
/// that never moves and exists with the same digest is fine; with another one nothing is sent. Publishing again what is
/// there sends nothing. Of several sources, each of another platform, one index is made.
///
/// A SOURCE is a layout folder as image-build writes it, a tar file of a layout or of `docker save`, or
/// docker://REFERENCE for an image of a registry; `:TAG` after a path chooses one of several. IMAGE is
/// `registry/repository`, or `oci:PATH` for a layout folder in the place of a registry.
///
/// Credentials are those of REGISTRY_USERNAME and REGISTRY_PASSWORD, else those of `docker login` or `podman login`.
/// Plain http is spoken with this machine alone unless --plain-http is given. The system's authorities are trusted, and
/// those of --ca; REGISTRY_PASSWORD is shown to the registry of IMAGE alone.
///
/// Outputs: digest, image, tags, uploaded, skipped, mounted, bytes, saved, requests. With --list: images, a list of
/// them, and the sums.
#[derive(clap::Parser)]
#[command(
    name = "image-publish",
    override_usage = "image-publish [OPTIONS] --tag TAGS SOURCE… IMAGE\n       image-publish [OPTIONS] --list FILE"
)]
struct Args {
    #[command(flatten)]
    common: Common,
    /// What to publish, then where to
    #[arg(value_name = "IMAGES", num_args = 2.., required_unless_present = "list")]
    words: Vec<String>,
    /// A tag; several with spaces between
    #[arg(
        long,
        value_name = "TAGS",
        required_unless_present = "list",
        conflicts_with = "list"
    )]
    tag: Vec<String>,
    /// Publish what a file lists, all at once: each line `SOURCE… IMAGE --tag TAG…`; what several images have is sent
    /// once
    #[arg(long, value_name = "FILE", conflicts_with = "words")]
    list: Option<PathBuf>,
    /// Which tags never move: words with `*` and `?`, with spaces between
    #[arg(long, value_name = "PATTERNS")]
    immutable: Vec<String>,
    /// Where to keep what takes long to find out about files [default: windlass in the user's cache folder]
    #[arg(long, value_name = "DIR")]
    cache: Option<PathBuf>,
    /// Send what is larger in pieces of so many MiB, for proxies that limit a request
    #[arg(long, value_name = "MIB", value_parser = clap::value_parser!(u64).range(1..=1 << 20))]
    chunk: Option<u64>,
    /// Look at the registry and send nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    access: access::Flags,
}

impl AsRef<Common> for Args {
    fn as_ref(&self) -> &Common {
        &self.common
    }
}

#[derive(serde::Serialize)]
#[serde(untagged)]
enum Output {
    One(Image),
    Many(Many),
}

#[derive(serde::Serialize)]
struct Image {
    /// The digest of the image.
    digest: String,
    /// The image without tag.
    image: String,
    /// The tags that it has now, among those that were asked for.
    tags: Vec<Tag>,
    #[serde(flatten)]
    work: Work,
}

#[derive(serde::Serialize)]
struct Many {
    images: Vec<Image>,
    #[serde(flatten)]
    work: Work,
    #[serde(skip)]
    failures: Vec<Failure>,
}

#[derive(Clone, Copy, Default, serde::Serialize)]
struct Work {
    /// Blobs that were sent.
    uploaded: u64,
    /// Blobs that were there.
    skipped: u64,
    /// Blobs that the registry took from another of its repositories.
    mounted: u64,
    /// Bytes of blobs that were sent.
    bytes: u64,
    /// Bytes of blobs that did not have to be sent.
    saved: u64,
    /// Requests that were made.
    requests: u64,
}

impl std::ops::AddAssign for Work {
    fn add_assign(&mut self, other: Self) {
        self.uploaded += other.uploaded;
        self.skipped += other.skipped;
        self.mounted += other.mounted;
        self.bytes += other.bytes;
        self.saved += other.saved;
        self.requests += other.requests;
    }
}

impl Image {
    fn new(publication: Publication, image: &Target, published: &Published) -> Self {
        let Tags { fixed, moving } = publication.tags;
        Self {
            digest: published.digest.to_string(),
            image: image.to_string(),
            tags: fixed.into_iter().chain(moving).collect(),
            work: Work {
                uploaded: published.uploaded,
                skipped: published.skipped,
                mounted: published.mounted,
                bytes: published.bytes,
                saved: published.saved,
                requests: published.requests,
            },
        }
    }
}

impl fmt::Display for Image {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}@{}", self.image, self.digest)
    }
}

impl fmt::Display for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::One(image) => image.fmt(f),
            Self::Many(many) => many.images.iter().try_for_each(|image| image.fmt(f)),
        }
    }
}

impl Report for Output {
    fn failures(&self) -> &[Failure] {
        match self {
            Self::One(_) => &[],
            Self::Many(many) => &many.failures,
        }
    }
}

fn main() -> ExitCode {
    windlass_cli::main(run)
}

fn run(args: Args, context: &Context) -> Result<Output, Failure> {
    let patterns = given::patterns(&args.immutable);
    let cache = args.cache.as_ref().map(|folder| context.path(folder));
    let jobs = match &args.list {
        Some(path) => jobs::list(path, &patterns, context)?,
        None => vec![jobs::job(
            &args.words,
            &given::words(&args.tag),
            &patterns,
            context,
        )?],
    };
    let (images, publications): (Vec<Target>, Vec<Publication>) = jobs.into_iter().unzip();
    let mut access = args.access.read(context);
    access.credentials.login = login(&images, context)?;
    access.chunk = args
        .chunk
        .and_then(|mebibytes| NonZeroU64::new(mebibytes << 20));
    let publisher = Publisher::new(access)
        .with_cache(&cache.unwrap_or_else(|| context.cache()))
        .with_dry_run(args.dry_run);
    let results = publisher.publish_all(&publications)?;
    let mut many = Many {
        images: Vec::new(),
        work: Work::default(),
        failures: Vec::new(),
    };
    for ((image, publication), result) in images.iter().zip(publications).zip(results) {
        match result {
            Ok(published) => {
                let image = Image::new(publication, image, &published);
                many.work += image.work;
                many.images.push(image);
            }
            Err(error) => many.failures.push(error.into()),
        }
    }
    match (args.list.is_some(), many.failures.pop()) {
        (false, Some(failure)) => Err(failure),
        (false, None) => Ok(Output::One(many.images.remove(0))),
        (true, failure) => {
            many.failures.extend(failure);
            Ok(Output::Many(many))
        }
    }
}

/// The user name and the password of the environment, which are for one registry.
fn login(images: &[Target], context: &Context) -> Result<Option<(String, Secret)>, Failure> {
    let Some(login) = login::login(context) else {
        return Ok(None);
    };
    let registries: BTreeSet<&str> = images
        .iter()
        .filter_map(|image| match image {
            Target::Registry(repository) => Some(repository.registry()),
            Target::Layout(_) => None,
        })
        .collect();
    match registries.len() > 1 {
        true => Err(Failure::usage(
            "REGISTRY_PASSWORD is for one registry, and the images go to several; log in with docker or podman",
        )),
        false => Ok(Some(login)),
    }
}
