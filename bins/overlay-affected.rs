//! Say which overlays a change touches.

#[path = "overlay-build/commit.rs"]
mod commit;
#[path = "overlay-affected/paths.rs"]
mod paths;
#[path = "overlay-affected/range.rs"]
mod range;

use commit::Commit;
use range::Range;
use rayon::prelude::*;
use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use windlass_cli::{Common, Config, Context, Failure, Report};
use windlass_fault::{Location, Warning};
use windlass_gitsync::Snapshot;
use windlass_overlay::{Build, Builder, Error, Files as _, Options, Restriction, Survey};

/// Say which overlays a change touches
///
/// An overlay is a kustomization that no other one uses. It is touched if its build reads a file
/// that differs, in the earlier commit or in the later one: kustomizations, objects, patches, files
/// of generators, components, schemas, values of charts. Both are read from the object database; no
/// checkout is needed. One that cannot be built counts as touched. Where the base is not known, as
/// for a new branch, all are touched.
///
/// Outputs: overlays, any, removed, matrix; of `--annotate` and `--check` applications.
#[derive(Debug, clap::Parser)]
#[command(name = "overlay-affected")]
struct Args {
    #[command(flatten)]
    common: Common,
    /// Say this of the overlays in and below these folders alone
    #[arg(value_name = "DIR")]
    folders: Vec<PathBuf>,
    /// The commit before the push, or the one that a pull request is based on; zeros for none
    #[arg(long, value_name = "SHA", required_unless_present_any = ["why", "annotate", "check"])]
    base: Option<String>,
    /// The commit to look at
    #[arg(long, value_name = "REV", default_value = "HEAD")]
    head: String,
    /// Compare with the base itself and not with what both have in common, for a branch that may
    /// be rewritten
    #[arg(long)]
    direct: bool,
    /// Of those, only the overlays whose manifests differ
    #[arg(long)]
    rendered: bool,
    /// Count what an application's image is made of as read by its overlays, what windlass.yaml says
    /// is shared included
    #[arg(long)]
    sources: bool,
    /// Split the matrix into up to this many parts of several overlays
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u16).range(1..))]
    shards: Option<u16>,
    /// Print how an overlay leads to a file, and nothing else
    #[arg(long, num_args = 2, value_names = ["DIR", "FILE"])]
    why: Vec<PathBuf>,
    /// In these files, let the Application of Argo CD that comes first say in its annotation
    /// `argocd.argoproj.io/manifest-generate-paths` what its build reads, and nothing else
    #[arg(long, num_args = 1.., value_name = "FILE", conflicts_with_all = ["base", "why", "check"])]
    annotate: Vec<PathBuf>,
    /// Say which of these files `--annotate` would change, and end with status 1 if any
    #[arg(long, num_args = 1.., value_name = "FILE", conflicts_with_all = ["base", "why"])]
    check: Vec<PathBuf>,
}

impl AsRef<Common> for Args {
    fn as_ref(&self) -> &Common {
        &self.common
    }
}

#[derive(Debug, Default, serde::Serialize)]
struct Output {
    /// The overlays, by the paths of their folders in the repository.
    overlays: Vec<String>,
    /// Whether there is one.
    any: bool,
    /// Those of the earlier commit that are there no more.
    removed: Vec<String>,
    /// The overlays for a job's matrix: one each, or several in each part.
    matrix: Matrix,
    /// With `--why`: where each kustomization on the way names the next.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    way: Vec<Location>,
    /// The files whose annotation was set, or should be.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    applications: Vec<PathBuf>,
    #[serde(skip)]
    differs: bool,
    #[serde(skip)]
    warnings: Vec<Warning>,
}

#[derive(Debug, Default, serde::Serialize)]
struct Matrix {
    overlays: Vec<String>,
}

impl fmt::Display for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for step in &self.way {
            let line = step.excerpt.as_deref().unwrap_or_default().trim();
            writeln!(f, "{step}: {line}")?;
        }
        for file in &self.applications {
            writeln!(f, "{}", file.display())?;
        }
        self.overlays
            .iter()
            .try_for_each(|overlay| writeln!(f, "{overlay}"))
    }
}

impl Report for Output {
    fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    fn differs(&self) -> bool {
        self.differs
    }
}

fn main() -> std::process::ExitCode {
    windlass_cli::main(run)
}

fn run(args: Args, context: &Context) -> Result<Output, Failure> {
    let (annotate, check) = (&args.annotate, &args.check);
    if !(annotate.is_empty() && check.is_empty()) {
        return annotations(annotate, check, context);
    }
    // As git itself, which leaves it to `git fsck` whether objects are what they are called.
    git2::opts::strict_hash_verification(false);
    let new = Commit::of_revision(&args.head, context)?;
    let survey = Survey::new(&new, Path::new("/"))?;
    match (&args.why[..], &args.base) {
        ([overlay, file], _) => why(&survey, &new, &context.path(overlay), &context.path(file)),
        (_, base) => touched(
            &args,
            base.as_deref().unwrap_or_default(),
            survey,
            &new,
            context,
        ),
    }
}

fn annotations(
    annotate: &[PathBuf],
    check: &[PathBuf],
    context: &Context,
) -> Result<Output, Failure> {
    let is_check = annotate.is_empty();
    let files = if is_check { check } else { annotate };
    let annotated = paths::annotate(files, is_check, context)?;
    Ok(Output {
        differs: is_check && !annotated.differs.is_empty(),
        applications: annotated.differs,
        warnings: annotated.warnings,
        ..Output::default()
    })
}

fn touched(
    args: &Args,
    base: &str,
    survey: Survey,
    new: &Commit,
    context: &Context,
) -> Result<Output, Failure> {
    let range = Range::open(context.directory(), base, &args.head, args.direct)?;
    let mut output = Output::default();
    let touched = match range.base {
        None => survey.roots(),
        Some(base) => {
            let snapshot = Snapshot::open(context.directory(), &base.to_string())?;
            let head = Snapshot::open(context.directory(), &args.head)?;
            let changed = head.differences(&snapshot).map_err(|why| {
                let message = format!("cannot compare the two commits: {why}");
                Failure::input(message, Some("fetch the whole history".to_owned()))
            })?;
            let old = Commit::new(Arc::new(snapshot));
            let change = Change {
                before: survey.changed(&old, &changed),
                after: survey,
                changed: &changed,
            };
            let removed = change.before.removed(&change.after);
            output.removed = removed.iter().map(|path| plain(path)).collect();
            let mut touched = change.touched(&removed, &old, new, args.rendered);
            if args.sources {
                touched.extend(change.with_changed_sources(&context.config()?));
            }
            touched.into_iter().collect()
        }
    };
    let folders = args.folders.iter();
    let folders = folders.map(|folder| in_repository(&context.path(folder), new));
    let folders: Vec<PathBuf> = folders.collect::<Result<_, Failure>>()?;
    let is_asked = |path: &&PathBuf| {
        folders.is_empty() || folders.iter().any(|folder| path.starts_with(folder))
    };
    let touched = touched.iter().filter(is_asked);
    output.overlays = touched.map(|path| plain(path)).collect();
    output.any = !output.overlays.is_empty();
    output.matrix.overlays = match args.shards {
        None => output.overlays.clone(),
        Some(parts) => split(&output.overlays, usize::from(parts)),
    };
    Ok(output)
}

/// What differs between two commits.
struct Change<'a> {
    before: Survey,
    after: Survey,
    /// The files that do, sorted.
    changed: &'a [PathBuf],
}

impl Change<'_> {
    /// The roots but the `removed` ones whose builds read what differs; if they are `rendered` too,
    /// those that differ.
    fn touched(
        &self,
        removed: &[PathBuf],
        old: &Commit,
        new: &Commit,
        rendered: bool,
    ) -> BTreeSet<PathBuf> {
        let leading = |survey: &Survey| survey.leading_to(self.changed);
        let (mut maybe, after) = rayon::join(|| leading(&self.before), || leading(&self.after));
        maybe.retain(|root| removed.binary_search(root).is_err());
        maybe.extend(after);
        maybe.sort();
        maybe.dedup();
        let options = Options {
            restriction: Restriction::None,
            ..Options::default()
        };
        let (old, new) = (Builder::new(old, &options), Builder::new(new, &options));
        let is_touched = |root: &PathBuf| match (new.build(root), rendered) {
            (Ok(after), true) => !old.build(root).is_ok_and(|before| is_same(&before, &after)),
            (after, _) => self.is_read_by(&after) || self.is_read_by(&old.build(root)),
        };
        maybe.into_par_iter().filter(is_touched).collect()
    }

    fn is_read_by(&self, build: &Result<Build, Error>) -> bool {
        let Ok(build) = build else {
            return true;
        };
        build
            .read()
            .iter()
            .any(|path| self.changed.binary_search(path).is_ok())
    }

    /// The roots of applications whose image is made of something that differs.
    fn with_changed_sources(&self, config: &Config) -> Vec<PathBuf> {
        let apps = Path::new("/").join(&config.apps);
        let app_of = |path: &Path| {
            let inside = path.strip_prefix(&apps).ok()?;
            let mut parts = inside.components();
            let app = parts.next()?;
            let is_source = parts.next()?.as_os_str() != "k8s";
            is_source.then(|| apps.join(app))
        };
        let changed = || self.changed.iter();
        let mut touched: BTreeSet<PathBuf> = changed().filter_map(|path| app_of(path)).collect();
        for shared in &config.shared {
            let path = Path::new("/").join(&shared.path);
            if changed().any(|changed| changed.starts_with(&path)) {
                match &shared.apps {
                    Some(names) => touched.extend(names.iter().map(|name| apps.join(name))),
                    None => _ = touched.insert(apps.clone()),
                }
            }
        }
        let mut roots = self.after.roots();
        roots.retain(|root| touched.iter().any(|app| root.starts_with(app)));
        roots
    }
}

/// Whether two builds print the same. One that cannot be printed is like no other.
fn is_same(before: &Build, after: &Build) -> bool {
    matches!((before.to_yaml(), after.to_yaml()), (Ok(before), Ok(after)) if before == after)
}

fn why(survey: &Survey, files: &Commit, overlay: &Path, file: &Path) -> Result<Output, Failure> {
    let overlay_shown = overlay.display();
    let file_shown = file.display();
    let found = files.find(file).map(|found| found.path);
    let file = found.unwrap_or_else(|_| Path::new("/").join(file));
    let way = survey.way(files, overlay, &file);
    let mut way = way.ok_or_else(|| {
        let message = format!("`{overlay_shown}` does not lead to `{file_shown}`");
        Failure::input(message, None)
    })?;
    for step in &mut way {
        step.path = plain(Path::new(&step.path));
    }
    Ok(Output {
        way,
        ..Output::default()
    })
}

/// A folder of the user's, as a path in the repository.
fn in_repository(folder: &Path, files: &Commit) -> Result<PathBuf, Failure> {
    let found = files.find(folder).map_err(|why| {
        let message = format!("cannot look into `{}`: {why}", folder.display());
        Failure::input(message, None)
    })?;
    Ok(found.path)
}

/// A path in the repository as people write it.
fn plain(path: &Path) -> String {
    let path = path.strip_prefix("/").unwrap_or(path).display().to_string();
    if path.is_empty() {
        ".".to_owned()
    } else {
        path
    }
}

/// The overlays in up to `parts` parts of about the same size, each with its neighbours.
fn split(overlays: &[String], parts: usize) -> Vec<String> {
    let size = overlays.len().div_ceil(parts).max(1);
    overlays.chunks(size).map(|part| part.join(" ")).collect()
}
