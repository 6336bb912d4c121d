//! Bring apps to a newer state of their template.

#[path = "scaffold/answers.rs"]
mod answers;
#[path = "app-update/base.rs"]
mod base;
#[path = "scaffold/site.rs"]
mod site;

use answers::{Answering, ask_here};
use base::Base;
use site::site;
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::process::ExitCode;
use windlass_cli::{Common, Context, Failure, Report};
use windlass_fault::Warning;
use windlass_scaffold::{Answers, Ask, Changes, Conflict, Record, Site, Template, update};

/// Bring apps to a newer state of their template
///
/// What the template changed since an app was made from it, or last brought up to date, is put into the app's files
/// and Applications; what was written there since stays. Files of YAML are merged as what they say, others line by
/// line. Where both sides changed the same, the app's YAML keeps its value, with a comment above it that says what
/// the template has, and other files get the usual conflict marks; the command then ends with status 1, as long as one is left. Sealed
/// secrets, and the tags and digests of images, are left alone. The earlier template is read from git's object
/// database. All files are written, or none.
///
/// Outputs: changed, apps, paths, conflicts.
#[derive(clap::Parser)]
#[command(name = "app-update")]
struct Args {
    #[command(flatten)]
    common: Common,
    /// The apps; all that were made from a template if none is named
    #[arg(value_name = "APP")]
    apps: Vec<String>,
    /// Read the earlier template from this revision, and not from the tree that the app's record names
    #[arg(long, value_name = "REV")]
    base: Option<String>,
    #[command(flatten)]
    answering: Answering,
    /// Write nothing, and end with status 1 if an app is behind its template
    #[arg(long)]
    check: bool,
    /// Write nothing, and print the changes as a diff
    #[arg(long)]
    dry_run: bool,
}

impl AsRef<Common> for Args {
    fn as_ref(&self) -> &Common {
        &self.common
    }
}

#[derive(Default, serde::Serialize)]
struct Output {
    /// Whether anything changes.
    changed: bool,
    /// The apps that change.
    apps: Vec<String>,
    /// The files that change, from the root of the repository.
    paths: Vec<String>,
    /// What both sides changed, in this or an earlier update, with its place.
    conflicts: Vec<String>,
    #[serde(skip)]
    diff: Option<String>,
    #[serde(skip)]
    differs: bool,
    #[serde(skip)]
    warnings: Vec<Warning>,
}

impl fmt::Display for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.diff {
            Some(diff) => f.write_str(diff),
            None => self.paths.iter().try_for_each(|path| writeln!(f, "{path}")),
        }
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

fn main() -> ExitCode {
    windlass_cli::main(run)
}

fn run(args: Args, context: &Context) -> Result<Output, Failure> {
    let given = args.answering.given(context)?;
    let config = context.config()?;
    let site = site(config, context)?;
    let names = match args.apps.is_empty() {
        true => apps(&site, context)?,
        false => args.apps,
    };
    let mut updater = Updater {
        base: Base::new(context, args.base),
        site: &site,
        templates: BTreeMap::new(),
        given,
        context,
        ask: args.answering.is_interactive() && !args.check,
    };
    let mut output = Output::default();
    let mut changes = Changes::default();
    for name in &names {
        let update = updater.update(name)?;
        if !update.changes.is_empty() {
            output.apps.push(name.clone());
        }
        changes.extend(update.changes);
        for conflict in update.conflicts.iter().chain(&update.unresolved) {
            output.warnings.push(warning(conflict));
            output.conflicts.push(conflict.to_string());
        }
    }
    changes.register(context.directory())?;
    if !args.check && !args.dry_run {
        changes.write(context.directory())?;
    }
    output.changed = !changes.is_empty();
    output.differs = !output.conflicts.is_empty() || (args.check && output.changed);
    output.paths = changes.paths().map(str::to_owned).collect();
    output.diff = args.dry_run.then(|| changes.diff());
    Ok(output)
}

fn warning(conflict: &Conflict) -> Warning {
    Warning::new(conflict.what.clone())
        .named("conflict")
        .at(conflict.place.clone())
}

/// The apps that have a record, in order.
fn apps(site: &Site, context: &Context) -> Result<Vec<String>, Failure> {
    let folder = context.path(&site.apps);
    let unreadable = |error: std::io::Error| {
        Failure::input(format!("cannot look into `{}`: {error}", site.apps), None)
    };
    let mut names = Vec::new();
    for entry in std::fs::read_dir(&folder).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        if let Ok(name) = entry.file_name().into_string()
            && entry.path().join(Record::FILE).is_file()
        {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

struct Updater<'a> {
    base: Base<'a>,
    site: &'a Site,
    /// The templates as they are now, by their folders.
    templates: BTreeMap<String, Template>,
    given: Answers,
    context: &'a Context,
    ask: bool,
}

impl Updater<'_> {
    fn update(&mut self, name: &str) -> Result<windlass_scaffold::Update, Failure> {
        let record = self.record(name)?;
        let place = record.template.clone();
        if !self.templates.contains_key(&place) {
            let template = Template::read(&self.context.path(&place), &place)?;
            self.templates.insert(place.clone(), template);
        }
        let new = &self.templates[&place];
        let old = match record.revision == new.revision() {
            true => None,
            false => Some(self.base.template(name, &record)?),
        };
        let mut ask = ask_here;
        let ask: Option<&mut Ask<'_>> = match self.ask {
            true => Some(&mut ask),
            false => None,
        };
        let templates = [old.as_ref().unwrap_or(new), new];
        let root = self.context.directory();
        Ok(update(
            name,
            templates,
            &record,
            &self.given,
            self.site,
            root,
            ask,
        )?)
    }

    fn record(&self, name: &str) -> Result<Record, Failure> {
        let path = PathBuf::from(&self.site.apps).join(name).join(Record::FILE);
        let shown = path.display().to_string();
        let text = std::fs::read_to_string(self.context.path(&path)).map_err(|error| {
            let hint = "only an app that `app-new` made knows its template";
            Failure::input(
                format!("cannot read `{shown}`: {error}"),
                Some(hint.to_owned()),
            )
        })?;
        Ok(Record::read(&shown, &text)?)
    }
}
