//! Promote what runs in one environment to the next.

#[path = "access/flags.rs"]
mod access;
#[path = "env/diff.rs"]
mod diff;
#[path = "env/environments.rs"]
mod environments;
#[path = "access/line.rs"]
mod line;
#[path = "access/login.rs"]
mod login;
#[path = "access/pull.rs"]
mod pull;
#[path = "env/registry.rs"]
mod registry;
#[path = "env/span.rs"]
mod span;
#[path = "access/writing.rs"]
mod writing;

use line::Line;
use pull::Pull;
use serde::Serialize;
use std::fmt;
use std::process::ExitCode;
use windlass_cli::{Common, Config, Context, Failure, Report};
use windlass_fault::Warning;
use windlass_gitsync::{
    Field, PromoteOptions, Promotion, look, promote, promote_message, running, soak, sync,
};

/// Promote what runs in one environment to the next
///
/// The images of all applications, or of those that are named, are read at the tip of the first environment's branch and
/// written into the overlays of the second, as one commit on its branch: newTag and digest, newName where the first has
/// one, and the fields that `promote.fields` in windlass.yaml and --field list. Nothing else changes. The change is shown
/// on stderr before it is pushed.
///
/// An image is refused if its registry does not have it, if it is an older version than the one in place, if it is held
/// by a comment `# windlass: hold`, or if it has not been in the first environment for as long as --soak says; how long
/// it has been there is told by the commits of that branch. If anything is refused nothing is promoted, and every refusal
/// is told.
///
/// With --push-to the commit goes to another branch, for a pull request; see `image-pin --help`. So does who makes the
/// commit, and where credentials come from. Those of registries are REGISTRY_USERNAME and REGISTRY_PASSWORD, else those
/// of `docker login` or `podman login`.
///
/// Outputs: changed, commit, branch, source, paths, promotions, diff, pull.
#[derive(clap::Parser)]
#[command(name = "env-promote")]
struct Args {
    #[command(flatten)]
    common: Common,
    /// The environment to promote from
    #[arg(value_name = "FROM")]
    from: String,
    /// The environment to promote to
    #[arg(value_name = "TO")]
    to: String,
    #[command(flatten)]
    which: environments::Flags,
    /// Promote this field of the overlays too, as in `replicas.[name=web].count`
    #[arg(long, value_name = "PATH")]
    field: Vec<String>,
    /// For how long an image must have been in the first environment
    #[arg(long, value_name = "TIME", value_parser = span::seconds, default_value = "0s")]
    soak: u64,
    /// Leave newName to the overlays that have it: each environment has its own registry
    #[arg(long)]
    keep_names: bool,
    /// Replace a version by an older one
    #[arg(long)]
    allow_downgrade: bool,
    /// Add images to overlays that have them not
    #[arg(long)]
    add: bool,
    /// Promote the applications of which nothing is refused; others still end it with status 1
    #[arg(long)]
    keep_going: bool,
    #[command(flatten)]
    registry: registry::Flags,
    #[command(flatten)]
    writing: writing::Flags,
}

impl AsRef<Common> for Args {
    fn as_ref(&self) -> &Common {
        &self.common
    }
}

#[derive(Serialize)]
struct Output {
    /// Whether the overlays did not say so before.
    changed: bool,
    /// The commit that promotes; none if nothing changed, or with --dry-run.
    commit: Option<String>,
    /// The branch.
    branch: String,
    /// The commit of the first environment's branch that was read.
    source: String,
    /// The files that changed.
    paths: Vec<String>,
    /// What each overlay was changed from and to.
    promotions: Vec<Line>,
    /// The change, as a unified diff.
    diff: String,
    /// What a pull request takes, with --push-to; none if the branch needs no change.
    pull: Option<Pull>,
    #[serde(skip)]
    warnings: Vec<Warning>,
    #[serde(skip)]
    failures: Vec<Failure>,
}

impl fmt::Display for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let changed = self.promotions.iter().filter(|it| it.before != it.after);
        for Line {
            app,
            environment,
            image,
            before,
            after,
        } in changed
        {
            let from = if before.is_empty() { "nothing" } else { before };
            writeln!(f, "{app} {environment}: {image} from {from} to {after}")?;
        }
        if self.paths.is_empty() {
            writeln!(f, "nothing to promote")?;
        }
        pull::write(f, self.commit.as_deref(), &self.branch, self.pull.as_ref())
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

fn main() -> ExitCode {
    windlass_cli::main(run)
}

fn run(args: Args, context: &Context) -> Result<Output, Failure> {
    if args.from == args.to {
        return Err(Failure::usage("an environment is not promoted to itself"));
    }
    let config = context.config()?;
    let from = environments::named(&config, &args.from)?;
    let to = environments::named(&config, &args.to)?;
    let scope = args.which.scope(&config);
    let fields = fields(&args, &config)?;
    let way = [&from.name[..], &to.name];
    let options = options(&args);
    let mut write = args.writing.read(context)?;
    let now = i64::try_from(context.now()).unwrap_or(i64::MAX);
    let (source, all) = look(&mut *write.remote, &write.options, &mut |past| {
        let tip = past.tip(&from.branch)?;
        let mut all = running(past, tip, &from.name, &scope, &fields)?;
        if options.soak > 0 {
            soak(past, tip, &mut all, now, options.soak)?;
        }
        Ok((tip, all))
    })?;
    let mut registries = args.registry.read(context);
    let mut published = |name: &str, reference: &str| registries.have(name, reference);
    let mut shown = diff::Shown::new(context, &args.common);
    let mut promotion = Promotion::default();
    let outcome = sync(
        &mut *write.remote,
        &to.branch,
        &write.signature,
        &write.options,
        &mut |draft| {
            promotion = promote(draft, way, &all, &scope, &options, &mut published)?;
            shown.show(draft)?;
            Ok(promote_message(way, &promotion.pinned))
        },
    )?;
    let pull = Pull::of(&outcome, &to.branch, &write.options);
    Ok(Output {
        changed: outcome.changed(),
        commit: outcome.commit.map(|commit| commit.to_string()),
        branch: pull
            .as_ref()
            .map_or(&to.branch, |pull| &pull.branch)
            .clone(),
        source: source.to_string(),
        paths: outcome.paths,
        warnings: warnings(&promotion, &to.name),
        failures: promotion.refused.into_iter().map(Failure::from).collect(),
        promotions: promotion.pinned.into_iter().map(Line::from).collect(),
        diff: shown.text,
        pull,
    })
}

fn options(args: &Args) -> PromoteOptions {
    PromoteOptions {
        soak: args.soak,
        add: args.add,
        allow_downgrade: args.allow_downgrade,
        keep_names: args.keep_names,
        keep_going: args.keep_going,
    }
}

fn fields(args: &Args, config: &Config) -> Result<Vec<Field>, Failure> {
    let all = config.promote.fields.iter().chain(&args.field);
    let fields: Result<Vec<Field>, _> = all.map(|text| text.parse()).collect();
    Ok(fields?)
}

fn warnings(promotion: &Promotion, environment: &str) -> Vec<Warning> {
    let apps = promotion.passed_over.iter();
    let said = apps.map(|app| Warning::new(format!("`{app}` has no overlay `{environment}`")));
    said.collect()
}
