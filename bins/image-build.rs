//! Build an application's image without a daemon.

#[path = "access/flags.rs"]
mod access;
#[path = "image-build/commit.rs"]
mod commit;
#[path = "image-build/ignored.rs"]
mod ignored;

use commit::Commit;
use ignored::ignored;
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::process::ExitCode;
use windlass_cli::{Common, Context, Failure, Report};
use windlass_fault::Warning;
use windlass_registry::{Base, Build, Dependencies, Dockerfile, PackageIndex, Platform, Tag};

/// Build an application's image without a daemon
///
/// The image is the base, a layer of the wheels that src/requirements.txt pins by hash, and a layer of src at the
/// working folder. Base, user, environment, ports, entrypoint, command and working folder are those of the last stage
/// of the application's Dockerfile; the build arguments VERSION and APP_VERSION are the version. The same commit gives
/// the same bytes on every machine and every day. Files that git ignores stay out.
///
/// The result is an OCI image layout. A bill of the wheels (CycloneDX) lies beside the image in it, listed in
/// `referrers.json`; image-publish attaches it to the image. Outputs: digest, output, base, dependencies, size.
#[derive(clap::Parser)]
#[command(name = "image-build")]
struct Args {
    #[command(flatten)]
    common: Common,
    /// The application
    #[arg(long, value_name = "APP")]
    app: String,
    /// The folder for the image; what image was in it is replaced
    #[arg(long, value_name = "DIR")]
    output: PathBuf,
    /// The version that the image names itself by, and its tag in the folder
    #[arg(long, value_name = "VERSION")]
    version: Option<String>,
    /// The base image: a name, `oci:PATH[:TAG]` or `scratch` [default: as the Dockerfile says]
    #[arg(long, env = "WINDLASS_BASE", value_name = "REF")]
    base: Option<String>,
    /// A platform to build for; several with commas between
    #[arg(
        long,
        value_name = "OS/ARCH",
        value_delimiter = ',',
        default_value = "linux/amd64"
    )]
    platform: Vec<String>,
    /// The Python to choose wheels for [default: the base image's]
    #[arg(long, value_name = "X.Y")]
    python: Option<String>,
    /// The package index: an https: or file: URL [default: the public one]
    #[arg(
        long,
        env = "PIP_INDEX_URL",
        hide_env_values = true,
        value_name = "URL"
    )]
    index_url: Option<String>,
    /// What to do about dependencies; `auto` leaves them out where the package index cannot be reached
    #[arg(
        long,
        env = "WINDLASS_DEPENDENCIES",
        value_name = "WHEN",
        default_value = "require"
    )]
    dependencies: When,
    /// Where to keep wheels for the next build [default: windlass in the user's cache folder]
    #[arg(long, value_name = "DIR")]
    cache: Option<PathBuf>,
    #[command(flatten)]
    access: access::Flags,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum When {
    Auto,
    Require,
    Skip,
}

impl AsRef<Common> for Args {
    fn as_ref(&self) -> &Common {
        &self.common
    }
}

#[derive(serde::Serialize)]
struct Output {
    /// The digest of the image, or of the index of several platforms.
    digest: String,
    /// The folder with the image.
    output: String,
    /// The base image with its digest.
    base: String,
    /// Whether the image holds its dependencies.
    dependencies: bool,
    /// Bytes of all layers, configs and manifests.
    size: u64,
    #[serde(skip)]
    warnings: Vec<Warning>,
}

impl fmt::Display for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.digest)
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
    let apps = context.config()?.apps;
    let app = format!("{apps}/{}", args.app);
    if args.app.contains(['/', '\\']) || !context.path(&app).is_dir() {
        let hint = format!("an application is a folder in `{apps}`");
        return Err(Failure::input(
            format!("there is no application `{}`", args.app),
            Some(hint),
        ));
    }
    let source = context.path(format!("{app}/src"));
    let commit = Commit::read(context, Some(&source))?;
    let dockerfile = dockerfile(context, &format!("{app}/Dockerfile"))?;
    let base = base(args.base.as_deref(), dockerfile.as_ref(), context)?;
    let requirements = source.join("requirements.txt");
    let build = Build {
        exclude: ignored(context, &source),
        requirements: requirements.exists().then_some(requirements),
        dependencies: match args.dependencies {
            When::Auto => Dependencies::Auto,
            When::Require => Dependencies::Require,
            When::Skip => Dependencies::Skip,
        },
        index: match &args.index_url {
            Some(url) => url.parse()?,
            None => PackageIndex::default(),
        },
        source,
        python: args.python,
        base: base.clone(),
        dockerfile,
        arguments: arguments(args.version.as_deref()),
        platforms: args
            .platform
            .iter()
            .map(|text| text.parse())
            .collect::<Result<Vec<Platform>, _>>()?,
        created: commit.time,
        tag: args.version.as_deref().map(tag).transpose()?,
        cache: Some(match &args.cache {
            Some(folder) => context.path(folder),
            None => context.cache(),
        }),
        version: args.version,
        revision: Some(commit.id),
        url: commit.url,
        access: args.access.read(context),
    };
    let built = build.run(&context.path(&args.output))?;
    Ok(Output {
        base: match &built.base {
            Some(digest) => format!(
                "{}@{digest}",
                base.to_string().split('@').next().unwrap_or_default()
            ),
            None => base.to_string(),
        },
        digest: built.digest.to_string(),
        output: args.output.display().to_string(),
        dependencies: built.dependencies,
        size: built.size,
        warnings: commit.warning.into_iter().chain(built.warnings).collect(),
    })
}

fn dockerfile(context: &Context, path: &str) -> Result<Option<Dockerfile>, Failure> {
    match std::fs::read_to_string(context.path(path)) {
        Ok(text) => Ok(Some(Dockerfile::parse(path, &text)?)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Failure::input(
            format!("cannot read `{path}`: {error}"),
            None,
        )),
    }
}

fn base(
    given: Option<&str>,
    dockerfile: Option<&Dockerfile>,
    context: &Context,
) -> Result<Base, Failure> {
    let mut base = match (given, dockerfile) {
        (Some(text), _) => text.parse()?,
        (None, Some(dockerfile)) => dockerfile.base().clone(),
        (None, None) => {
            return Err(Failure::usage(
                "the application has no Dockerfile; name its base image by --base",
            ));
        }
    };
    if let Base::Layout(image) = &mut base {
        image.path = context.path(&image.path);
    }
    Ok(base)
}

/// The tag in the layout; a version's `+` is what no tag can have.
fn tag(version: &str) -> Result<Tag, Failure> {
    Ok(version.replace('+', "_").parse()?)
}

fn arguments(version: Option<&str>) -> BTreeMap<String, String> {
    let names = ["VERSION", "APP_VERSION"].into_iter();
    names
        .filter_map(|name| Some((name.to_owned(), version?.to_owned())))
        .collect()
}
