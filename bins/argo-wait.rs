//! Wait until a commit is live.

#[path = "argo-wait/history.rs"]
mod history;

use history::History;
use std::fmt::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;
use windlass_cli::{Board, Common, Context, Failure, Report};
use windlass_cluster::{Access, Apps, End, Options, Outcome, State, Wish, connect, wait};

/// Wait until a commit is live
///
/// Succeeds when each Application was compared with the commit, or with one that has it in its history, is synced, has
/// no operation under way, and is healthy, all at one time and for the time of --settle. What a list of its own does
/// not confirm at the end is not success.
///
/// Argo CD is asked to compare again for as long as it is at another commit, which needs the right to patch
/// Applications; without it Argo CD looks by itself every few minutes. Nothing else is written. A sync of the commit
/// that failed, a resource that stays Degraded, or an Application that nobody will sync end the waiting at once.
///
/// With --root the Applications that one deploys are waited for as well, and those that they deploy; of those that read
/// other repositories only that they are synced and healthy.
///
/// Whether a commit has another in its history is looked up in the repository of -C, then at the remote. The cluster is
/// that of the kubeconfig, or the one that this runs in; programs for credentials, proxies and impersonation are as in
/// kubectl.
///
/// Outputs: live, commit, apps, seconds.
#[derive(clap::Parser)]
#[command(name = "argo-wait")]
#[command(group(clap::ArgGroup::new("which").required(true).args(["app", "selector", "root"])))]
struct Args {
    #[command(flatten)]
    common: Common,
    /// The commit: 40 digits, or what the repository of -C knows it by
    #[arg(long, value_name = "COMMIT")]
    commit: String,
    /// An Application; several with spaces between, or several times
    #[arg(long, value_name = "NAME", num_args = 1..)]
    app: Vec<String>,
    /// All Applications with these labels
    #[arg(long, short = 'l', value_name = "LABELS")]
    selector: Option<String>,
    /// An Application, and those that it deploys
    #[arg(long, value_name = "NAME")]
    root: Option<String>,
    /// The namespace of the Applications
    #[arg(long, short, value_name = "NAMESPACE", default_value = "argocd")]
    namespace: String,
    /// The repository of the commit, as Argo CD reads it or otherwise [default: the remote origin of -C]
    #[arg(long, value_name = "URL")]
    repo: Option<String>,
    /// How long to wait for all of it, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 600)]
    timeout: u64,
    /// How long all must hold, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 5)]
    settle: u64,
    /// How long to bear Degraded, or OutOfSync with nobody to sync, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    grace: u64,
    /// Be content with OutOfSync where a sync of the commit succeeded
    #[arg(long)]
    allow_out_of_sync: bool,
    /// Be content with a revision that nothing is known of, if it was not there at the beginning
    #[arg(long)]
    accept_newer: bool,
    /// Be content with Suspended
    #[arg(long)]
    allow_suspended: bool,
    /// The context of the kubeconfig [default: the current one]
    #[arg(long, value_name = "NAME")]
    context: Option<String>,
    /// The kubeconfig [default: as kubectl finds it]
    #[arg(long, value_name = "FILE")]
    kubeconfig: Option<PathBuf>,
}

impl AsRef<Common> for Args {
    fn as_ref(&self) -> &Common {
        &self.common
    }
}

#[derive(serde::Serialize)]
struct Output {
    /// Whether all is live.
    live: bool,
    /// The commit.
    commit: String,
    /// How each Application stands.
    apps: Vec<App>,
    /// How long it took.
    seconds: u64,
    #[serde(skip)]
    failures: Vec<Failure>,
}

#[derive(serde::Serialize)]
struct App {
    name: String,
    /// `live`, `waiting` or `failed`.
    state: &'static str,
    what: String,
    resources: Vec<String>,
}

impl fmt::Display for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let live = self.apps.iter().filter(|app| app.state == "live");
        live.into_iter()
            .try_for_each(|app| writeln!(f, "{}: {}", app.name, app.what))
    }
}

impl Report for Output {
    fn failures(&self) -> &[Failure] {
        &self.failures
    }
}

fn main() -> ExitCode {
    windlass_cli::main(run)
}

fn run(args: Args, context: &Context) -> Result<Output, Failure> {
    let wish = wish(&args, context)?;
    let options = Options {
        timeout: Duration::from_secs(args.timeout),
        settle: Duration::from_secs(args.settle),
        grace: Duration::from_secs(args.grace),
        allow_out_of_sync: args.allow_out_of_sync,
        accept_newer: args.accept_newer,
        allow_suspended: args.allow_suspended,
    };
    let access = Access {
        kubeconfig: args.kubeconfig.as_ref().map(|path| context.path(path)),
        context: args.context.clone(),
    };
    let history = History::new(&wish.repository, context);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let runtime =
        runtime.map_err(|error| Failure::world(format!("cannot begin to wait: {error}"), None))?;
    let mut board = context.board();
    let outcome = runtime.block_on(async {
        let client = connect(&access).await?;
        wait(client, &wish, &options, &history, &mut |report| {
            tell(&mut board, report)
        })
        .await
    })?;
    drop(board);
    let output = Output::new(wish.commit, outcome);
    context.summarize(&output.summary())?;
    Ok(output)
}

fn wish(args: &Args, context: &Context) -> Result<Wish, Failure> {
    let apps = match (&args.root, &args.selector) {
        (Some(root), _) => Apps::Root(root.clone()),
        (_, Some(labels)) => Apps::Selected(labels.clone()),
        _ => Apps::Named(
            args.app
                .iter()
                .flat_map(|word| word.split_whitespace())
                .map(str::to_owned)
                .collect(),
        ),
    };
    if apps == Apps::Named(Vec::new()) {
        return Err(Failure::usage("--app names no Application"));
    }
    let repository = match &args.repo {
        Some(address) => address.clone(),
        None => windlass_gitsync::address(context.directory(), "origin")
            .map_err(|error| Failure::usage(format!("{error}; name the repository with --repo")))?,
    };
    Ok(Wish {
        commit: history::commit(&args.commit, context)?,
        repository,
        apps,
        namespace: args.namespace.clone(),
    })
}

fn tell(board: &mut Board, report: windlass_cluster::Report<'_>) {
    match report {
        windlass_cluster::Report::Trouble(what) => board.say(what),
        windlass_cluster::Report::States(states) => {
            board.show(
                states
                    .iter()
                    .map(|(name, state)| (name.as_str(), what(state), !state.is_done())),
            );
        }
    }
}

fn what(state: &State) -> &str {
    match state {
        State::Waiting { what, .. } | State::Done { what } | State::Failed { what, .. } => what,
    }
}

impl Output {
    fn new(commit: String, outcome: Outcome) -> Self {
        let apps: Vec<App> = outcome.apps.into_iter().map(App::new).collect();
        let failures = match &outcome.end {
            End::Live => Vec::new(),
            End::Failed => apps
                .iter()
                .filter(|app| app.state == "failed")
                .map(App::failure)
                .collect(),
            End::Deadline(trouble) => vec![late(&apps, trouble.as_deref(), outcome.took)],
        };
        Self {
            live: outcome.end == End::Live,
            commit,
            apps,
            seconds: outcome.took.as_secs(),
            failures,
        }
    }

    /// The table of the job's page.
    fn summary(&self) -> String {
        let verdict = if self.live { "live" } else { "not live" };
        let mut text = format!(
            "### `{}` is {verdict}\n\n| Application | | |\n| --- | --- | --- |\n",
            self.commit
        );
        for app in &self.apps {
            let details = app
                .resources
                .iter()
                .map(|line| format!("<br>{}", cell(line)));
            let details: String = details.collect();
            let (name, what) = (cell(&app.name), cell(&app.what));
            writeln!(text, "| {name} | {} | {what}{details} |", app.state)
                .expect("writing to a string");
        }
        text.push('\n');
        text
    }
}

/// Text of the cluster in a cell of a table, where it can be nothing but text.
fn cell(text: &str) -> String {
    let mut cell = String::new();
    for c in text.chars() {
        match c {
            '|' | '<' | '>' | '&' | '[' | ']' | '!' | '\\' => {
                write!(cell, "&#{};", u32::from(c)).expect("writing to a string")
            }
            _ if c.is_control() => cell.push(' '),
            _ => cell.push(c),
        }
    }
    cell
}

impl App {
    fn new((name, state): (String, State)) -> Self {
        let what = what(&state).to_owned();
        let (state, resources) = match state {
            State::Done { .. } => ("live", Vec::new()),
            State::Waiting { .. } => ("waiting", Vec::new()),
            State::Failed { resources, .. } => ("failed", resources),
        };
        Self {
            name,
            state,
            what,
            resources,
        }
    }

    fn failure(&self) -> Failure {
        let lines = self.resources.iter().map(|line| format!("\n{line}"));
        let lines: String = lines.collect();
        Failure::input(
            format!("`{}` will not be live: {}{lines}", self.name, self.what),
            None,
        )
    }
}

fn late(apps: &[App], trouble: Option<&str>, took: Duration) -> Failure {
    let waiting = apps.iter().filter(|app| app.state != "live");
    let lines = waiting.map(|app| format!("\n`{}`: {}", app.name, app.what));
    let mut lines: String = lines.collect();
    if apps.is_empty() {
        lines.push_str("\nthere is no Application to wait for");
    }
    let mut hint = "wait longer with --timeout";
    if let Some(trouble) = trouble {
        lines = format!("{lines}\n{trouble}");
        hint = "see that the API server of the kubeconfig can be reached from here";
    }
    Failure::world(
        format!("not live after {} seconds{lines}", took.as_secs()),
        Some(hint.to_owned()),
    )
}
