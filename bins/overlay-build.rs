//! Build the manifests of kustomizations, byte for byte as kustomize does.

#[path = "overlay-build/commit.rs"]
mod commit;
#[path = "overlay-build/lock.rs"]
mod lock;
#[path = "overlay-build/programs.rs"]
mod programs;
#[path = "overlay-build/remote.rs"]
mod remote;
#[path = "overlay-build/roots.rs"]
mod roots;
#[path = "overlay-build/shared.rs"]
mod shared;

use commit::Commit;
use programs::Machine;
use rayon::prelude::*;
use remote::{RemoteArgs, Remotes};
use roots::{Roots, mirrored};
use std::fmt;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use windlass_cli::{Common, Context, Failure, Report};
use windlass_fault::Warning;
use windlass_overlay::{
    Build, Builder, Disk, Files, Functions, Helm, Object, Options, Reorder, Restriction,
};
use windlass_yaml::Printed;

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
    #[command(flatten)]
    roots: Roots,
    /// Build this many at once; as many as there are processors if not given
    #[arg(short, long, value_name = "NUMBER")]
    jobs: Option<usize>,
    /// Write to this file, or one file per object into this folder; of several roots, one file per
    /// root into this folder
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
    /// Build this revision of the repository instead of the files that are checked out; any form
    /// that git knows: `HEAD~1`, a branch, a tag, a commit
    #[arg(long, value_name = "REVISION", conflicts_with_all = ["enable_helm", "enable_exec"])]
    revision: Option<String>,
    #[command(flatten)]
    remote: RemoteArgs,
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
    #[arg(long, value_name = "VERSION")]
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

#[derive(Debug, Default, serde::Serialize)]
struct Output {
    /// How many kustomizations were built.
    roots: usize,
    /// How many could not be built.
    failed: usize,
    /// How many objects there are.
    objects: usize,
    /// The files that were written.
    written: Vec<PathBuf>,
    #[serde(skip)]
    manifests: Printed,
    #[serde(skip)]
    warnings: Vec<Warning>,
    #[serde(skip)]
    failures: Vec<Failure>,
}

impl fmt::Display for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.manifests.fmt(f)
    }
}

impl Report for Output {
    fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    fn failures(&self) -> &[Failure] {
        &self.failures
    }
}

fn main() -> std::process::ExitCode {
    windlass_cli::main(run)
}

fn run(args: Args, context: &Context) -> Result<Output, Failure> {
    let machine = Machine::default();
    let variables = variables(&args.functions.env, context);
    let files: Box<dyn Files> = match &args.revision {
        Some(revision) => Box::new(Commit::of_revision(revision, context)?),
        None => Box::new(Disk::default()),
    };
    let remotes = Remotes::new(&args.remote, &*files, context);
    let options = Options {
        fetch: Some(&remotes),
        ..options(&args, &machine, &variables)
    };
    let output = build(&args, &*files, &options, context)?;
    remotes.finish()?;
    Ok(output)
}

/// Builds all roots, and writes what they make.
fn build(
    args: &Args,
    files: &dyn Files,
    options: &Options<'_>,
    context: &Context,
) -> Result<Output, Failure> {
    let roots = args.roots.find(files, context)?;
    let form = Form::new(args, &roots, context)?;
    let builder = Builder::new(files, options);
    let meter = context.meter("built", roots.len());
    let build = |root: &PathBuf| {
        let built = builder.build(&context.path(root)).map_err(Failure::from);
        let made = built.and_then(|built| form.make(root, &built));
        meter.step();
        made
    };
    if let [root] = &roots[..] {
        let made = build(root)?;
        return Output::default().with(Ok(made));
    }
    let threads = rayon::ThreadPoolBuilder::new().num_threads(args.jobs.unwrap_or(0));
    let threads = threads.build().map_err(|why| {
        let message = format!("cannot start the threads of `--jobs`: {why}");
        Failure::world(message, None)
    })?;
    let made: Vec<_> = threads.install(|| roots.par_iter().map(build).collect());
    drop(meter);
    made.into_iter().try_fold(Output::default(), Output::with)
}

/// What a root makes.
struct Made {
    objects: usize,
    warnings: Vec<Warning>,
    /// The manifests, each part with the file it is for; none for stdout.
    parts: Vec<(Option<PathBuf>, Printed)>,
}

/// Where the manifests go.
enum Form {
    Stdout,
    /// All into one file.
    File(PathBuf),
    /// A file per object into the folder.
    Objects(PathBuf),
    /// A file per root into the folder.
    Roots(PathBuf),
}

impl Form {
    fn new(args: &Args, roots: &[PathBuf], context: &Context) -> Result<Self, Failure> {
        let Some(path) = &args.output else {
            return Ok(Self::Stdout);
        };
        let path = context.path(path);
        match (args.roots.is_one(), path.is_dir()) {
            (true, true) => Ok(Self::Objects(path)),
            (true, false) => Ok(Self::File(path)),
            (false, false) if path.exists() => {
                let path = path.display();
                let message =
                    format!("`{path}` is no folder, which `--output` of several roots is");
                Err(Failure::usage(message))
            }
            (false, _) => {
                // Nothing is written unless all have a place.
                roots.iter().try_for_each(|root| mirrored(root).map(drop))?;
                Ok(Self::Roots(path))
            }
        }
    }

    fn make(&self, root: &Path, built: &Build) -> Result<Made, Failure> {
        let parts = match self {
            Self::Stdout => vec![(None, built.print()?)],
            Self::File(path) => vec![(Some(path.clone()), built.print()?)],
            Self::Roots(folder) => vec![(Some(folder.join(mirrored(root)?)), built.print()?)],
            Self::Objects(folder) => {
                let named = built.objects().zip(built.file_names()?);
                let part = |(object, name): (Object<'_>, String)| {
                    Ok((Some(folder.join(name)), object.print()?))
                };
                named.map(part).collect::<Result<_, Failure>>()?
            }
        };
        Ok(Made {
            objects: built.objects().len(),
            warnings: built.warnings().to_vec(),
            parts,
        })
    }
}

impl Output {
    /// The output with what one root more made, written where it is for a file.
    fn with(mut self, made: Result<Made, Failure>) -> Result<Self, Failure> {
        let made = match made {
            Ok(made) => made,
            Err(failure) => {
                self.failed += 1;
                self.failures.push(failure);
                return Ok(self);
            }
        };
        self.roots += 1;
        self.objects += made.objects;
        for warning in made.warnings {
            // Roots that share a base share what is odd in it.
            if !self.warnings.contains(&warning) {
                self.warnings.push(warning);
            }
        }
        for (path, text) in made.parts {
            match path {
                Some(path) => {
                    write(&path, &text)?;
                    self.written.push(path);
                }
                None => self.print(text),
            }
        }
        Ok(self)
    }

    fn print(&mut self, manifests: Printed) {
        if self.manifests.is_empty() {
            self.manifests = manifests;
        } else if !manifests.is_empty() {
            self.manifests.push_str("---\n");
            self.manifests.append(manifests);
        }
    }
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
        history: false,
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

fn write(path: &Path, text: &Printed) -> Result<(), Failure> {
    let folder = path.parent().unwrap_or(Path::new(""));
    std::fs::create_dir_all(folder)
        .and_then(|()| {
            let mut file = std::io::BufWriter::new(std::fs::File::create(path)?);
            write!(file, "{text}")?;
            file.flush()
        })
        .map_err(|why| Failure::world(format!("cannot write `{}`: {why}", path.display()), None))
}
