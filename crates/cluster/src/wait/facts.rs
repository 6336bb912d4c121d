//! What an Application says that the waiting depends on, made once for each of its versions.

use super::coverage::{Cover, Coverage, is_commit, short};
use super::repository;
use crate::application::{Application, agree, items, text};
use serde_json::Value;

/// Conditions that mean that no manifests could be made or compared.
const BROKEN: [&str; 3] = ["ComparisonError", "InvalidSpecError", "UnknownError"];

/// How many resources are named at most.
const MOST_NAMED: usize = 5;

#[derive(Debug, Clone)]
pub(crate) struct Facts {
    pub(crate) is_deleted: bool,
    pub(crate) awaits_refresh: bool,
    /// Whether any source is of the repository that is asked for.
    pub(crate) is_ours: bool,
    /// What one of those sources is pinned to, if the commit is not in it.
    pub(crate) pinned: Option<String>,
    /// Whether the status is about the specification as it is.
    pub(crate) is_compared: bool,
    /// The revisions that were compared last, of the sources that are ours.
    pub(crate) revisions: Vec<String>,
    pub(crate) cover: Option<Cover>,
    pub(crate) hydration: Hydration,
    pub(crate) operation: Operation,
    /// A sync of the commit that failed and is not tried again.
    pub(crate) sync_error: Option<String>,
    /// Why nothing could be compared.
    pub(crate) broken: Option<String>,
    pub(crate) sync: String,
    /// Why it will stay out of sync.
    pub(crate) blocked: Option<&'static str>,
    /// When the last comparison began.
    pub(crate) reconciled: String,
    /// When the last operation ended.
    pub(crate) finished: String,
    pub(crate) health: String,
    pub(crate) health_message: String,
    /// Resources that are out of sync or, where the status has it, not healthy.
    pub(crate) resources: Vec<String>,
    /// The Applications among its resources.
    pub(crate) children: Vec<String>,
}

/// What has become of rendered manifests on their way to the branch that is synced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Hydration {
    /// There is no such way, or the commit has come through it.
    Done,
    Waiting,
    Failed(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Operation {
    None,
    Running(String),
    Failed(String, Vec<String>),
    Succeeded,
    /// It ended in whatever way, with a revision that does not matter here.
    Other,
}

impl Facts {
    pub(crate) fn read(app: &Application, repository: &str, coverage: &mut Coverage<'_>) -> Self {
        let ours = Ours::find(app, repository);
        let hydration = hydration(app, app.status("/sync"), coverage);
        let revisions = ours.revisions(app.status("/sync"));
        let reached = cover(&revisions, coverage);
        let mut facts = Self {
            is_deleted: app.is_deleted(),
            awaits_refresh: app.awaits_refresh(),
            is_ours: !ours.is_empty(),
            pinned: ours.pinned(app, coverage),
            is_compared: is_compared(app),
            cover: reached,
            hydration,
            operation: operation(app, &ours, coverage),
            sync_error: None,
            broken: broken(app),
            sync: text(app.status("/sync"), "/status").to_owned(),
            blocked: None,
            reconciled: text(app.status("/reconciledAt"), "").to_owned(),
            finished: text(app.status("/operationState/finishedAt"), "").to_owned(),
            health: text(app.status("/health"), "/status").to_owned(),
            health_message: text(app.status("/health"), "/message").to_owned(),
            resources: resources(app),
            children: children(app),
            revisions,
        };
        facts.sync_error = sync_error(app, &facts.revisions, coverage);
        facts.blocked = blocked(app, &facts.operation);
        facts
    }
}

/// With a hydrator the commit is that of the dry source; what is synced is another one, made of it.
/// Coverage is told which, so that everything else may ask for that one.
fn hydration(app: &Application, synced: &Value, coverage: &mut Coverage<'_>) -> Hydration {
    if app.spec("/sourceHydrator").is_null() {
        return Hydration::Done;
    }
    let last = app.status("/sourceHydrator/lastSuccessfulOperation");
    let current = app.status("/sourceHydrator/currentOperation");
    let (dry, hydrated) = (text(last, "/drySHA"), text(last, "/hydratedSHA"));
    if !hydrated.is_empty() {
        coverage.learn(hydrated, dry);
    }
    if text(current, "/phase") == "Failed" && coverage.of(text(current, "/drySHA")).is_ours() {
        Hydration::Failed(text(current, "/message").to_owned())
    } else if hydrated.is_empty() || text(synced, "/revision") != hydrated {
        Hydration::Waiting
    } else {
        Hydration::Done
    }
}

/// Which sources are of the repository.
struct Ours {
    /// Their places in the list of sources.
    places: Vec<usize>,
    has_one_source: bool,
}

impl Ours {
    fn find(app: &Application, repository: &str) -> Self {
        let is_ours = |source: &Value| {
            let address = text(source, "/repoURL");
            text(source, "/chart").is_empty()
                && !address.starts_with("oci://")
                && repository::plain(address) == repository
        };
        let sources = sources(app);
        let places = sources.iter().enumerate();
        Self {
            places: places
                .filter(|(_, source)| is_ours(source))
                .map(|(place, _)| place)
                .collect(),
            has_one_source: app.has_one_source(),
        }
    }

    fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// What `revision` or `revisions` of a part of the status say of our sources; nothing where
    /// one of them is missing.
    fn revisions(&self, value: &Value) -> Vec<String> {
        if self.has_one_source {
            let revision = text(value, "/revision");
            let is_known = !revision.is_empty() && !self.is_empty();
            return if is_known {
                vec![revision.to_owned()]
            } else {
                Vec::new()
            };
        }
        let all = items(value, "/revisions");
        let revision = |place: &usize| Some(all.get(*place)?.as_str()?.to_owned());
        let found: Option<Vec<String>> = self.places.iter().map(revision).collect();
        found.unwrap_or_default()
    }

    fn pinned(&self, app: &Application, coverage: &mut Coverage<'_>) -> Option<String> {
        let sources = sources(app);
        let targets = self.places.iter().filter_map(|place| sources.get(*place));
        targets
            .map(|source| text(source, "/targetRevision"))
            .find(|target| is_commit(target) && !coverage.of(target).is_ours())
            .map(str::to_owned)
    }
}

fn sources(app: &Application) -> &[Value] {
    let dry = app.spec("/sourceHydrator/drySource");
    match dry.is_null() {
        true => Application::sources(app.spec("")),
        false => std::slice::from_ref(dry),
    }
}

/// How the revision that knows the commit least stands to it.
fn cover(revisions: &[String], coverage: &mut Coverage<'_>) -> Option<Cover> {
    revisions.iter().map(|revision| coverage.of(revision)).max()
}

fn is_compared(app: &Application) -> bool {
    let compared = app.status("/sync/comparedTo");
    let place = |value: &Value| {
        ["/namespace", "/name", "/server"].map(|field| text(value, field).to_owned())
    };
    let here = place(app.spec("/destination"));
    let there = place(compared.pointer("/destination").unwrap_or(&Value::Null));
    // Of name and server the controller may have found one by the other.
    let is_same_place = here[0] == there[0]
        && (1..3).all(|field| {
            here[field].is_empty() || there[field].is_empty() || here[field] == there[field]
        });
    is_same_place && are_same_sources(app, compared)
}

fn are_same_sources(app: &Application, compared: &Value) -> bool {
    let sources = Application::sources(compared);
    let hydrator = app.spec("/sourceHydrator");
    if hydrator.is_null() {
        let wanted = Application::sources(app.spec(""));
        return wanted.len() == sources.len()
            && wanted
                .iter()
                .zip(sources)
                .all(|(one, other)| agree(one, other));
    }
    let [source] = sources else { return false };
    text(source, "/path") == text(hydrator, "/syncSource/path")
        && text(source, "/targetRevision") == text(hydrator, "/syncSource/targetBranch")
}

fn operation(app: &Application, ours: &Ours, coverage: &mut Coverage<'_>) -> Operation {
    let state = app.status("/operationState");
    let message = text(state, "/message");
    let retries = state.pointer("/retryCount").and_then(Value::as_u64);
    let phase = text(state, "/phase");
    if !app.operation().is_null() || matches!(phase, "Running" | "Terminating") {
        let retry = retries.map_or(String::new(), |count| format!(", retry {count}"));
        let colon = if message.is_empty() { "" } else { ": " };
        return Operation::Running(format!("a sync is running{retry}{colon}{message}"));
    }
    if phase.is_empty() {
        return Operation::None;
    }
    let mut revisions = ours.revisions(state.pointer("/syncResult").unwrap_or(&Value::Null));
    if revisions.is_empty() {
        revisions = ours.revisions(state.pointer("/operation/sync").unwrap_or(&Value::Null));
    }
    let synced = ours.revisions(app.status("/sync"));
    let is_ours = cover(&revisions, coverage).is_some_and(Cover::is_ours);
    // Something newer was compared since: what became of the older one does not matter any more.
    let is_past = revisions != synced && cover(&synced, coverage).is_some_and(Cover::is_ours);
    match phase {
        _ if !is_ours || is_past => Operation::Other,
        "Succeeded" => Operation::Succeeded,
        "Failed" | "Error" => Operation::Failed(
            format!("the sync of `{}` failed: {message}", short(&revisions[0])),
            failed_resources(state),
        ),
        _ => Operation::Other,
    }
}

fn failed_resources(state: &Value) -> Vec<String> {
    let all = items(state, "/syncResult/resources").iter();
    let failed = all.filter(|resource| {
        text(resource, "/status") == "SyncFailed"
            || matches!(text(resource, "/hookPhase"), "Failed" | "Error")
    });
    let shown =
        failed.map(|resource| format!("{}: {}", name(resource), text(resource, "/message")));
    shown.take(MOST_NAMED).collect()
}

/// "Failed last sync attempt to REVISION": the controller does not try that one again
/// (argo-cd: controller/appcontroller.go, `autoSync`).
fn sync_error(app: &Application, synced: &[String], coverage: &mut Coverage<'_>) -> Option<String> {
    let conditions = items(app.status("/conditions"), "").iter();
    let messages = conditions.filter(|condition| text(condition, "/type") == "SyncError");
    messages
        .map(|condition| text(condition, "/message"))
        .find_map(|message| {
            let rest = message.strip_prefix("Failed last sync attempt to ")?;
            let mut commits = rest
                .split(|c: char| !c.is_ascii_hexdigit())
                .filter(|word| is_commit(word));
            let is_ours = commits.any(|commit| {
                let is_past = cover(synced, coverage).is_some_and(Cover::is_ours)
                    && !synced.iter().any(|revision| revision == commit);
                coverage.of(commit).is_ours() && !is_past
            });
            is_ours.then(|| message.to_owned())
        })
}

fn broken(app: &Application) -> Option<String> {
    let conditions = items(app.status("/conditions"), "").iter();
    let shown = |condition: &Value| {
        let kind = text(condition, "/type");
        let is_broken = BROKEN.contains(&kind);
        is_broken.then(|| format!("{kind}: {}", text(condition, "/message")))
    };
    conditions.filter_map(shown).next()
}

/// Why nothing will bring it in sync, as far as the Application itself says.
fn blocked(app: &Application, operation: &Operation) -> Option<&'static str> {
    let automated = app.spec("/syncPolicy/automated");
    let is_on = |field: &str| automated.pointer(field) == Some(&Value::Bool(true));
    let pruned = |resource: &Value| resource.get("requiresPruning") == Some(&Value::Bool(true));
    let all = items(app.status("/resources"), "");
    let mut unsynced = all
        .iter()
        .filter(|resource| text(resource, "/status") == "OutOfSync");
    if automated.is_null() || automated.pointer("/enabled") == Some(&Value::Bool(false)) {
        Some("its automated sync is off, so somebody has to sync it")
    } else if !all.is_empty() && all.iter().all(pruned) && !is_on("/allowEmpty") {
        Some("a sync would remove all that it has, and `allowEmpty` is off")
    } else if unsynced.clone().next().is_some() && unsynced.all(pruned) && !is_on("/prune") {
        Some("only what is to be removed is left, and `prune` is off")
    } else if *operation == Operation::Succeeded && !is_on("/selfHeal") {
        Some("something changed it after its sync, and `selfHeal` is off")
    } else {
        None
    }
}

fn resources(app: &Application) -> Vec<String> {
    let all = items(app.status("/resources"), "").iter();
    let shown = all.filter_map(|resource| {
        let health = text(resource, "/health/status");
        let state = match text(resource, "/status") {
            "Synced" | "" if matches!(health, "" | "Healthy") => return None,
            "Synced" | "" => health,
            sync => sync,
        };
        let message = text(resource, "/health/message");
        let colon = if message.is_empty() { "" } else { ": " };
        Some(format!("{} is {state}{colon}{message}", name(resource)))
    });
    shown.take(MOST_NAMED).collect()
}

fn children(app: &Application) -> Vec<String> {
    let all = items(app.status("/resources"), "").iter();
    let apps = all.filter(|resource| {
        text(resource, "/group") == "argoproj.io" && text(resource, "/kind") == "Application"
    });
    apps.map(|resource| text(resource, "/name").to_owned())
        .collect()
}

/// `Deployment shop/web`.
fn name(resource: &Value) -> String {
    let (kind, name) = (text(resource, "/kind"), text(resource, "/name"));
    match text(resource, "/namespace") {
        "" => format!("{kind} {name}"),
        namespace => format!("{kind} {namespace}/{name}"),
    }
}
