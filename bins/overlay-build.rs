//! Build the manifests of kustomizations, byte for byte as kustomize does.

#[path = "overlay-build/programs.rs"]
mod programs;

use programs::Machine;
use std::fmt;
use std::path::{Path, PathBuf};
use windlass_cli::{Common, Context, Failure, Report};
use windlass_fault::Warning;
use windlass_overlay::{Build, Disk, Functions, Helm, Options, Reorder, Restriction};

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
    #[command(flatten)]
    helm: HelmArgs,
    #[command(flatten)]
    functions: FunctionArgs,
}

/// Helm charts.
#[derive(Debug, clap::Args)]
struct HelmArgs {
    /// Inflate helm charts, which runs helm
    #[arg(long)]
    enable_helm: bool,
    /// The helm to run
    #[arg(long, default_value = "helm", value_name = "PROGRAM")]
    helm_command: String,
    /// The API versions that charts see, where they name none
    #[arg(long, value_delimiter = ',', value_name = "VERSIONS")]
    helm_api_versions: Vec<String>,
    /// The version of Kubernetes that charts see, where they name none
    #[arg(long, default_value = "", value_name = "VERSION")]
    helm_kube_version: String,
    /// Pass `--debug` to helm
    #[arg(long)]
    helm_debug: bool,
}

/// Functions.
#[derive(Debug, clap::Args)]
struct FunctionArgs {
    /// Run functions; those that are programs need `--enable-exec` besides
    #[arg(long)]
    enable_alpha_plugins: bool,
    /// Run functions that are programs
    #[arg(long)]
    enable_exec: bool,
    /// A variable for functions: `NAME=value`, or `NAME` for the value that it has
    #[arg(short, long, value_name = "VARIABLE")]
    env: Vec<String>,
    /// Has no effect: functions that are containers are not run
    #[arg(long)]
    as_current_user: bool,
    /// Has no effect: functions that are containers are not run
    #[arg(long)]
    network: bool,
    /// Has no effect: functions that are containers are not run
    #[arg(long, value_name = "NAME")]
    network_name: Option<String>,
    /// Has no effect: functions that are containers are not run
    #[arg(long, value_name = "MOUNT")]
    mount: Vec<String>,
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
    let machine = Machine::default();
    let variables = variables(&args.functions.env, context);
    let options = options(&args, &machine, &variables);
    let builds = args
        .roots
        .iter()
        .map(|root| windlass_overlay::build(&Disk::default(), &context.path(root), &options))
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

fn options<'a>(
    args: &'a Args,
    machine: &'a Machine,
    variables: &'a [(String, String)],
) -> Options<'a> {
    let runs_programs = args.functions.enable_alpha_plugins && args.functions.enable_exec;
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
        fetch: None,
        programs: Some(machine),
        helm: args.helm.enable_helm.then_some(Helm {
            command: &args.helm.helm_command,
            api_versions: &args.helm.helm_api_versions,
            kube_version: &args.helm.helm_kube_version,
            debug: args.helm.helm_debug,
        }),
        functions: runs_programs.then_some(Functions {
            environment: variables,
        }),
    }
}

/// The variables for functions; one without a value has the one of the environment.
fn variables(given: &[String], context: &Context) -> Vec<(String, String)> {
    let variable = |entry: &String| match entry.split_once('=') {
        Some((name, value)) => Some((name.to_owned(), value.to_owned())),
        None => Some((entry.clone(), context.env(entry)?)),
    };
    given.iter().filter_map(variable).collect()
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
