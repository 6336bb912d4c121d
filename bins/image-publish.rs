//! Publish an image to a registry.

use std::fmt;
use std::process::ExitCode;
use windlass_cli::{Common, Context, Failure, Report};
use windlass_fault::Secret;
use windlass_registry::{
    Access, Credentials, LayoutImage, Notify, Publisher, Tag, TagPattern, Tags, Target,
};

/// Publish an image to a registry
///
/// Sends what the registry lacks, then gives the image its tags: first those that never move, last those that do. A tag
/// that never moves and exists with the same digest is fine; with another one nothing is sent. Publishing again what is
/// there sends nothing.
///
/// Credentials are those of REGISTRY_USERNAME and REGISTRY_PASSWORD, else those of `docker login` or `podman login`.
/// Plain http is spoken with this machine alone unless --plain-http is given.
///
/// Outputs: digest, image, tags, uploaded, skipped, mounted, bytes, requests.
#[derive(clap::Parser)]
#[command(name = "image-publish")]
struct Args {
    #[command(flatten)]
    common: Common,
    /// The folder with the image, as image-build writes it, and `:TAG` where it holds several
    #[arg(value_name = "LAYOUT")]
    layout: String,
    /// Where to: `registry/repository`, or `oci:PATH` for a layout folder in the place of a registry
    #[arg(value_name = "IMAGE")]
    image: String,
    /// A tag; several with spaces between
    #[arg(long, value_name = "TAGS", required = true)]
    tag: Vec<String>,
    /// Which tags never move: words with `*` and `?`, with spaces between
    #[arg(long, value_name = "PATTERNS")]
    immutable: Vec<String>,
    /// Speak http with a registry that is not this machine
    #[arg(long)]
    plain_http: bool,
}

impl AsRef<Common> for Args {
    fn as_ref(&self) -> &Common {
        &self.common
    }
}

#[derive(serde::Serialize)]
struct Output {
    /// The digest of the image.
    digest: String,
    /// The image without tag.
    image: String,
    /// The tags that it has now, among those that were asked for.
    tags: Vec<Tag>,
    /// Blobs that were sent.
    uploaded: u64,
    /// Blobs that were there.
    skipped: u64,
    /// Blobs that the registry took from another of its repositories.
    mounted: u64,
    /// Bytes of blobs that were sent.
    bytes: u64,
    /// Requests that were made.
    requests: u64,
}

impl fmt::Display for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}@{}", self.image, self.digest)
    }
}

impl Report for Output {}

fn main() -> ExitCode {
    windlass_cli::main(run)
}

fn run(args: Args, context: &Context) -> Result<Output, Failure> {
    let mut layout: LayoutImage = args.layout.parse()?;
    layout.path = context.path(&layout.path);
    let image: Target = args.image.parse()?;
    let target = match &image {
        Target::Layout(path) => Target::Layout(context.path(path)),
        Target::Registry(_) => image.clone(),
    };
    let tags = tags(&args.tag, &args.immutable)?;
    let publisher = Publisher::new(access(args.plain_http, context));
    let published = publisher.publish(&layout, &target, &tags)?;
    Ok(Output {
        digest: published.digest.to_string(),
        image: image.to_string(),
        tags: tags.fixed.into_iter().chain(tags.moving).collect(),
        uploaded: published.uploaded,
        skipped: published.skipped,
        mounted: published.mounted,
        bytes: published.bytes,
        requests: published.requests,
    })
}

fn tags(given: &[String], immutable: &[String]) -> Result<Tags, Failure> {
    let words = |texts: &[String]| -> Vec<String> {
        let words = texts.iter().flat_map(|text| text.split_whitespace());
        words.map(str::to_owned).collect()
    };
    let patterns: Vec<TagPattern> = words(immutable)
        .iter()
        .map(|word| TagPattern::new(word))
        .collect();
    let mut tags = Tags::default();
    for word in words(given) {
        let tag: Tag = word.parse()?;
        match patterns.iter().any(|pattern| pattern.matches(&tag)) {
            true => tags.fixed.push(tag),
            false => tags.moving.push(tag),
        }
    }
    match tags.fixed.is_empty() && tags.moving.is_empty() {
        true => Err(Failure::usage("--tag names no tag")),
        false => Ok(tags),
    }
}

fn access(plain_http: bool, context: &Context) -> Access {
    let login = context
        .env("REGISTRY_USERNAME")
        .zip(context.env("REGISTRY_PASSWORD"));
    let said = context.clone();
    Access {
        credentials: Credentials {
            login: login.map(|(name, password)| (name, Secret::new(password))),
            files: Credentials::usual_files(|name| context.env(name)),
            ..Credentials::default()
        },
        plain_http,
        notify: Notify::new(move |text| said.progress(text)),
        ..Access::default()
    }
}
