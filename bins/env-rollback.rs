//! Turn the images of an environment back to what they were.

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
#[path = "env/when.rs"]
mod when;
#[path = "access/writing.rs"]
mod writing;

use line::Line;
use pull::Pull;
use serde::Serialize;
use std::fmt;
use std::process::ExitCode;
use windlass_cli::{Common, Context, Environment, Failure, Report};
use windlass_fault::Warning;
use windlass_gitsync::{
    Oid, Outcome, Released, Rollback, Scope, look, release, release_message, rollback,
    rollback_message, running, sync,
};

/// Turn the images of an environment back to what they were
///
/// The images of all applications, or of those that are named, are set to what the environment's overlays said at a
/// commit or a moment, as a new commit on the environment's branch. Nothing is reverted, and nothing else in the overlays
/// changes. An image that changes is held by a comment `# windlass: hold -- why`, which image-pin and env-promote
/// respect, so that the next run of the pipeline does not undo it. A rollback may follow a rollback; --release takes the
/// holds out again.
///
/// The commit is one that was the branch's tip once. The moment is a time (`2026-11-20T12:00:00Z`, or a day, which stands
/// for its first moment, in UTC where no zone is said) or an age (`2h`, `3d`); the branch is then turned back to what it
/// held at that moment, by the times in its commits. Every image is looked for in its registry first. The change is shown
/// on stderr before it is pushed.
///
/// With --push-to the commit goes to another branch, for a pull request; see `image-pin --help`. So does who makes the
/// commit, and where credentials come from. Those of registries are REGISTRY_USERNAME and REGISTRY_PASSWORD, else those
/// of `docker login` or `podman login`.
///
/// Outputs: changed, commit, branch, to, paths, rollbacks, released, diff, pull.
#[derive(clap::Parser)]
#[command(name = "env-rollback")]
#[command(group = clap::ArgGroup::new("what").required(true))]
struct Args {
    #[command(flatten)]
    common: Common,
    /// The environment
    #[arg(value_name = "ENV")]
    environment: String,
    /// What to go back to: a commit, a time, a day, or an age
    #[arg(long, value_name = "WHEN", group = "what")]
    to: Option<when::When>,
    /// Let the images go that are held, and leave them as they are
    #[arg(long, group = "what")]
    release: bool,
    /// The reason, for the comment
    #[arg(long, value_name = "TEXT", conflicts_with = "release")]
    why: Option<String>,
    #[command(flatten)]
    which: environments::Flags,
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
    /// The new commit; none if nothing changed, or with --dry-run.
    commit: Option<String>,
    /// The branch.
    branch: String,
    /// The commit that was gone back to; none with --release.
    to: Option<String>,
    /// The files that changed.
    paths: Vec<String>,
    /// What each image was set from and to.
    rollbacks: Vec<Line>,
    /// The images that were let go.
    released: Vec<Free>,
    /// The change, as a unified diff.
    diff: String,
    /// What a pull request takes, with --push-to; none if the branch needs no change.
    pull: Option<Pull>,
    #[serde(skip)]
    warnings: Vec<Warning>,
}

#[derive(Serialize)]
struct Free {
    app: String,
    environment: String,
    image: String,
    why: String,
}

impl From<Released> for Free {
    fn from(released: Released) -> Self {
        Self {
            app: released.app,
            environment: released.environment,
            image: released.image,
            why: released.why,
        }
    }
}

impl fmt::Display for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Line {
            app,
            environment,
            image,
            before,
            after,
        } in self.rollbacks.iter().filter(|it| it.before != it.after)
        {
            writeln!(
                f,
                "{app} {environment}: {image} from {before} back to {after}, held"
            )?;
        }
        for Free {
            app,
            environment,
            image,
            ..
        } in &self.released
        {
            writeln!(f, "{app} {environment}: {image} is free")?;
        }
        if self.paths.is_empty() {
            let what = if self.to.is_some() {
                "turn back"
            } else {
                "let go"
            };
            writeln!(f, "nothing to {what}")?;
        }
        pull::write(f, self.commit.as_deref(), &self.branch, self.pull.as_ref())
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

/// What was done to the overlays.
#[derive(Default)]
struct Done {
    to: Option<Oid>,
    rollback: Rollback,
    released: Vec<Released>,
}

fn run(args: Args, context: &Context) -> Result<Output, Failure> {
    let config = context.config()?;
    let environment = environments::named(&config, &args.environment)?;
    let scope = args.which.scope(&config);
    let mut write = args.writing.read(context)?;
    let mut shown = diff::Shown::new(context, &args.common);
    let (outcome, done) = match args.to.clone() {
        Some(when) => turn_back(
            &args,
            context,
            when,
            environment,
            &scope,
            &mut write,
            &mut shown,
        )?,
        None => let_go(environment, &scope, &mut write, &mut shown)?,
    };
    let pull = Pull::of(&outcome, &environment.branch, &write.options);
    let branch = pull
        .as_ref()
        .map_or(&environment.branch, |pull| &pull.branch);
    Ok(Output {
        changed: outcome.changed(),
        commit: outcome.commit.map(|commit| commit.to_string()),
        branch: branch.clone(),
        to: done.to.map(|commit| commit.to_string()),
        paths: outcome.paths,
        warnings: done
            .rollback
            .passed_over
            .iter()
            .map(|said| Warning::new(said.clone()))
            .collect(),
        rollbacks: done.rollback.pinned.into_iter().map(Line::from).collect(),
        released: done.released.into_iter().map(Free::from).collect(),
        diff: shown.text,
        pull,
    })
}

fn turn_back(
    args: &Args,
    context: &Context,
    when: when::When,
    environment: &Environment,
    scope: &Scope,
    write: &mut writing::Writing,
    shown: &mut diff::Shown<'_>,
) -> Result<(Outcome, Done), Failure> {
    let back = when.back(context.now());
    let (to, then) = look(&mut *write.remote, &write.options, &mut |past| {
        let tip = past.tip(&environment.branch)?;
        let to = past.back(tip, &back)?.last().map_or(tip, |point| point.id);
        // What had no overlay then is told of, and no reason to fail.
        let all = Scope {
            apps: Vec::new(),
            ..scope.clone()
        };
        Ok((to, running(past, to, &environment.name, &all, &[])?))
    })?;
    let short: String = to.to_string().chars().take(12).collect();
    let why = args
        .why
        .as_ref()
        .map_or(String::new(), |why| format!(": {why}"));
    let why = format!("rolled back to {short}{why}");
    let mut registries = args.registry.read(context);
    let mut published = |name: &str, reference: &str| registries.have(name, reference);
    let mut made = Rollback::default();
    let outcome = sync(
        &mut *write.remote,
        &environment.branch,
        &write.signature,
        &write.options,
        &mut |draft| {
            made = rollback(draft, &environment.name, &then, scope, &why, &mut published)?;
            shown.show(draft)?;
            Ok(rollback_message(to, &made.pinned))
        },
    )?;
    let done = Done {
        to: Some(to),
        rollback: made,
        ..Done::default()
    };
    Ok((outcome, done))
}

fn let_go(
    environment: &Environment,
    scope: &Scope,
    write: &mut writing::Writing,
    shown: &mut diff::Shown<'_>,
) -> Result<(Outcome, Done), Failure> {
    let mut released = Vec::new();
    let outcome = sync(
        &mut *write.remote,
        &environment.branch,
        &write.signature,
        &write.options,
        &mut |draft| {
            released = release(draft, &environment.name, scope)?;
            shown.show(draft)?;
            Ok(release_message(&released))
        },
    )?;
    let done = Done {
        released,
        ..Done::default()
    };
    Ok((outcome, done))
}
