//! Build the manifests of kustomizations, byte for byte as kustomize does.

use std::fmt;
use std::path::{Path, PathBuf};
use windlass_cli::{Common, Context, Failure, Report};
use windlass_fault::Warning;
use windlass_overlay::{Build, Disk, Options, Reorder, Restriction};

/// Build the manifests of kustomizations
///
/// Prints what `kustomize build` prints for the folders, in which a kustomization file stands.
/// What kustomize passes in silence and is probably not meant, such as an image that matches
/// nothing, is a warning with its file and line; `--strict` makes it an error.
#[derive(Debug, clap::Parser)]
#[command(name = "overlay-build")]
struct Args {
    #[command(flatten)]
    common: Common,
    /// The folders with the kustomizations
    #[arg(value_name = "DIR", default_value = ".")]
    roots: Vec<PathBuf>,
    /// Write to this file, or one file per object into this folder
    #[arg(short, long, value_name = "PATH")]
    output: Option<PathBuf>,
    /// Treat what is odd as an error
    #[arg(long)]
    strict: bool,
    /// Which files a kustomization may name
    #[arg(long, value_enum, default_value_t, value_name = "WHICH")]
    load_restrictor: LoadRestrictor,
    /// The order of the objects, where the kustomization has no `sortOptions`
    #[arg(long, value_enum, default_value_t, value_name = "ORDER")]
    reorder: Order,
    /// Label every object with `app.kubernetes.io/managed-by`
    #[arg(long)]
    enable_managedby_label: bool,
}

impl AsRef<Common> for Args {
    fn as_ref(&self) -> &Common {
        &self.common
    }
}

#[derive(Debug, Clone, Copy, Default, clap::ValueEnum)]
#[value(rename_all = "PascalCase")]
enum LoadRestrictor {
    /// Those in or below its own folder
    #[default]
    LoadRestrictionsRootOnly,
    /// All
    LoadRestrictionsNone,
}

#[derive(Debug, Clone, Copy, Default, clap::ValueEnum)]
enum Order {
    /// By kind, namespaces first and webhooks last
    #[default]
    Legacy,
    /// As read
    None,
}

#[derive(Debug, serde::Serialize)]
struct Output {
    /// How many objects there are.
    objects: usize,
    /// The files that were written.
    written: Vec<PathBuf>,
    #[serde(skip)]
    manifests: String,
    #[serde(skip)]
    warnings: Vec<Warning>,
}

impl fmt::Display for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.manifests)
    }
}

impl Report for Output {
    fn warnings(&self) -> &[Warning] {
        &self.warnings
    }
}

fn main() -> std::process::ExitCode {
    windlass_cli::main(run)
}

fn run(args: Args, context: &Context) -> Result<Output, Failure> {
    let options = options(&args);
    let builds = args
        .roots
        .iter()
        .map(|root| windlass_overlay::build(&Disk, &context.path(root), &options))
        .collect::<Result<Vec<Build>, _>>()?;
    let mut output = Output {
        objects: builds.iter().map(|build| build.objects().len()).sum(),
        written: Vec::new(),
        manifests: String::new(),
        warnings: Vec::new(),
    };
    for build in &builds {
        output.warnings.extend_from_slice(build.warnings());
    }
    match args.output.map(|path| context.path(path)) {
        None => output.manifests = manifests(&builds)?,
        Some(path) if path.is_dir() => output.written = write_each(&builds, &path)?,
        Some(path) => {
            write(&path, &manifests(&builds)?)?;
            output.written.push(path);
        }
    }
    Ok(output)
}

fn options(args: &Args) -> Options<'static> {
    Options {
        restriction: match args.load_restrictor {
            LoadRestrictor::LoadRestrictionsRootOnly => Restriction::RootOnly,
            LoadRestrictor::LoadRestrictionsNone => Restriction::None,
        },
        reorder: match args.reorder {
            Order::Legacy => Reorder::Legacy,
            Order::None => Reorder::None,
        },
        strict: args.strict,
        managed_by_label: args.enable_managedby_label,
        ..Options::default()
    }
}

fn manifests(builds: &[Build]) -> Result<String, Failure> {
    let mut parts = Vec::with_capacity(builds.len());
    for build in builds {
        parts.push(build.to_yaml()?);
    }
    parts.retain(|part| !part.is_empty());
    Ok(parts.join("---\n"))
}

/// One file per object.
fn write_each(builds: &[Build], folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut written = Vec::new();
    for build in builds {
        for (object, name) in build.objects().zip(build.file_names()) {
            let path = folder.join(name);
            write(&path, &object.to_yaml()?)?;
            written.push(path);
        }
    }
    Ok(written)
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    std::fs::write(path, text)
        .map_err(|why| Failure::world(format!("cannot write `{}`: {why}", path.display()), None))
}
