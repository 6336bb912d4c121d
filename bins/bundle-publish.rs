//! Publish rendered manifests as an artifact that Argo CD and Flux deploy.

#[path = "access/flags.rs"]
mod access;
#[path = "image-build/commit.rs"]
mod commit;
#[path = "access/given.rs"]
mod given;
#[path = "image-build/ignored.rs"]
mod ignored;
#[path = "access/login.rs"]
mod login;
#[path = "overlay-build/roots.rs"]
mod roots;

use commit::Commit;
use ignored::ignored;
use roots::{Roots, mirrored};
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use tempfile::TempDir;
use windlass_cli::{Common, Context, Failure, Report};
use windlass_fault::Warning;
use windlass_overlay::{Builder, Disk, Options};
use windlass_registry::{Bundle, Exclude, LayoutImage, Publisher, Tag, Tags, Target};

/// Publish rendered manifests as an artifact that Argo CD and Flux deploy
///
/// Builds kustomizations as overlay-build does, or takes a folder of files, and publishes them as an OCI artifact with
/// one layer, of a type that Argo CD (from 3.1 on) and Flux both take. One kustomization is in `manifests.yaml`; of
/// several each has its own folder, `DIR/manifests.yaml`, for `path` of an Application or a Kustomization.
///
/// The artifact names the commit at HEAD; its time is the commit's, or SOURCE_DATE_EPOCH. The same manifests of the same
/// commit give the same digest on every machine. A tag that never moves and exists with the same digest is fine; with
/// another one nothing is sent.
///
/// Credentials are those of REGISTRY_USERNAME and REGISTRY_PASSWORD, else those of `docker login` or `podman login`.
///
/// Outputs: digest, artifact, tags, sources, uploaded, bytes, requests.
#[derive(clap::Parser)]
#[command(name = "bundle-publish")]
struct Args {
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    roots: Roots,
    /// Publish the files of this folder, as they are, in the place of kustomizations; without .git and what git ignores,
    /// unless it ignores the folder itself
    #[arg(long, value_name = "DIR", conflicts_with_all = ["folders", "all", "strict"])]
    files: Option<PathBuf>,
    /// Where to: `registry/repository`, or `oci:PATH` for a layout folder in the place of a registry
    #[arg(long, value_name = "ARTIFACT")]
    to: String,
    /// A tag; several with spaces between
    #[arg(long, value_name = "TAGS", required = true)]
    tag: Vec<String>,
    /// Which tags never move: words with `*` and `?`, with spaces between
    #[arg(long, value_name = "PATTERNS")]
    immutable: Vec<String>,
    /// The branch that the artifact names beside its commit
    #[arg(long, value_name = "BRANCH")]
    branch: Option<String>,
    /// Treat what is odd in a kustomization as an error
    #[arg(long)]
    strict: bool,
    /// Use the media types of `flux push artifact`, which Argo CD refuses unless it is configured
    #[arg(long)]
    flux_media_types: bool,
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
struct Output {
    /// The digest of the artifact.
    digest: String,
    /// The artifact without tag.
    artifact: String,
    /// The tags that it has now, among those that were asked for.
    tags: Vec<Tag>,
    /// The kustomizations or the folder that it is made of.
    sources: Vec<String>,
    /// Blobs that were sent.
    uploaded: u64,
    /// Bytes of blobs that were sent.
    bytes: u64,
    /// Requests that were made.
    requests: u64,
    #[serde(skip)]
    warnings: Vec<Warning>,
}

impl fmt::Display for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}@{}", self.artifact, self.digest)
    }
}

impl Report for Output {
    fn warnings(&self) -> &[Warning] {
        &self.warnings
    }
}

fn main() -> ExitCode {
    windlass_cli::main(run)
}

fn run(args: Args, context: &Context) -> Result<Output, Failure> {
    let artifact: Target = args.to.parse()?;
    let tags = tags(&args)?;
    let work = TempDir::new()
        .map_err(|why| Failure::world(format!("cannot make a temporary folder: {why}"), None))?;
    let mut rendered = Rendered::default();
    let (folder, exclude) = match &args.files {
        Some(folder) => {
            rendered.sources.push(folder.display().to_string());
            let folder = context.path(folder);
            let exclude = ignored(context, &folder);
            (folder, exclude)
        }
        None => {
            let folder = work.path().join("manifests");
            rendered = render(&args, &folder, context)?;
            (folder, Exclude::default())
        }
    };
    let commit = commit(&args, context)?;
    let bundle = Bundle {
        folder,
        exclude,
        created: time(&commit, context)?,
        revision: Some(match &args.branch {
            Some(branch) => format!("{branch}@sha1:{}", commit.id),
            None => format!("sha1:{}", commit.id),
        }),
        url: commit.url,
        flux_media_types: args.flux_media_types,
    };
    let layout = LayoutImage {
        path: work.path().join("artifact"),
        tag: None,
    };
    let digest = bundle.write(&layout.path)?;
    let mut output = Output {
        digest: digest.to_string(),
        artifact: artifact.to_string(),
        tags: tags.fixed.iter().chain(&tags.moving).cloned().collect(),
        sources: rendered.sources,
        uploaded: 0,
        bytes: 0,
        requests: 0,
        warnings: commit
            .warning
            .into_iter()
            .chain(rendered.warnings)
            .collect(),
    };
    let published =
        publisher(&args, context).publish(&layout, &target(artifact, context), &tags)?;
    output.uploaded = published.uploaded;
    output.bytes = published.bytes;
    output.requests = published.requests;
    Ok(output)
}

fn tags(args: &Args) -> Result<Tags, Failure> {
    let words = given::words(&args.tag);
    let patterns = given::patterns(&args.immutable);
    match words.is_empty() {
        true => Err(Failure::usage("--tag names no tag")),
        false => Ok(Tags::sort(words.iter().map(String::as_str), &patterns)?),
    }
}

fn target(artifact: Target, context: &Context) -> Target {
    match artifact {
        Target::Layout(path) => Target::Layout(context.path(path)),
        registry => registry,
    }
}

fn publisher(args: &Args, context: &Context) -> Publisher {
    let mut access = args.access.read(context);
    access.credentials.login = login::login(context);
    Publisher::new(access).with_dry_run(args.dry_run)
}

/// The commit that is named; of kustomizations it is looked whether they are as it has them.
fn commit(args: &Args, context: &Context) -> Result<Commit, Failure> {
    let apps = context.path(context.config()?.apps);
    Commit::read(context, args.files.is_none().then_some(apps.as_path()))
}

fn time(commit: &Commit, context: &Context) -> Result<u64, Failure> {
    match context.env("SOURCE_DATE_EPOCH") {
        None => Ok(commit.time),
        Some(text) => text.parse().map_err(|_| {
            Failure::input(
                format!("SOURCE_DATE_EPOCH is `{text}`, which is no number of seconds"),
                None,
            )
        }),
    }
}

/// What was rendered.
#[derive(Default)]
struct Rendered {
    sources: Vec<String>,
    warnings: Vec<Warning>,
}

fn render(args: &Args, folder: &Path, context: &Context) -> Result<Rendered, Failure> {
    let disk = Disk::default();
    let options = Options {
        strict: args.strict,
        ..Options::default()
    };
    let builder = Builder::new(&disk, &options);
    let mut rendered = Rendered::default();
    for root in args.roots.find(&disk, context)? {
        let built = builder.build(&context.path(&root))?;
        let place = match args.roots.is_one() {
            true => folder.to_owned(),
            false => folder.join(mirrored(&root)?.with_extension("")),
        };
        write(&place, &built.to_yaml()?)?;
        rendered.warnings.extend_from_slice(built.warnings());
        rendered.sources.push(root.display().to_string());
    }
    Ok(rendered)
}

fn write(folder: &Path, manifests: &str) -> Result<(), Failure> {
    let path = folder.join("manifests.yaml");
    std::fs::create_dir_all(folder)
        .and_then(|()| std::fs::write(&path, manifests))
        .map_err(|why| Failure::world(format!("cannot write `{}`: {why}", path.display()), None))
}
