//! Hold manifests to schemas and to rules of good practice.

#[path = "overlay-build/commit.rs"]
mod commit;
#[path = "manifest-lint/fix.rs"]
mod fix;
#[path = "overlay-build/lock.rs"]
mod lock;
#[path = "overlay-build/remote.rs"]
mod remote;
#[path = "manifest-lint/run.rs"]
mod run;
#[path = "manifest-lint/sarif.rs"]
mod sarif;
#[path = "manifest-lint/settings.rs"]
mod settings;
#[path = "overlay-build/shared.rs"]
mod shared;
#[path = "manifest-lint/subjects.rs"]
mod subjects;

use commit::Commit;
use remote::RemoteArgs;
use settings::Chosen;
use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::path::PathBuf;
use windlass_cli::{Common, Context, Failure, Report};
use windlass_fault::Warning;
use windlass_lint::{Finding, RULES, Rule, Severity, Version};
use windlass_overlay::{Disk, Files};

/// Hold manifests to schemas and to rules of good practice
///
/// Builds every overlay in and below the folders and looks at what is deployed: fields and types
/// against the schemas of Kubernetes and of the CRDs in the repository, as strictly for the one as
/// for the other, then at images, containers, references between objects, secrets, Applications of
/// Argo CD, and at Python's requirements. Manifests outside of kustomizations are looked at folder
/// by folder. No network is used but for what overlays fetch.
///
/// A finding stands at the line that is to blame, in the base, the patch or the entry of the
/// overlay, once however many overlays show it. A comment `# windlass: waive RULE -- why` in that
/// line, above it or above its object says that it is meant. What is an error, a warning or off is
/// set under `lint.rules` in windlass.yaml.
///
/// Outputs: overlays, objects, errors, warnings, findings, fixed.
#[derive(Debug, clap::Parser)]
#[command(name = "manifest-lint")]
struct Args {
    #[command(flatten)]
    common: Common,
    /// Folders with overlays and manifests, or single files
    #[arg(value_name = "PATH", default_value = ".")]
    paths: Vec<PathBuf>,
    /// The version of Kubernetes to check for, by default the newest that is known
    #[arg(long, value_name = "VERSION")]
    kubernetes_version: Option<Version>,
    /// A file with CustomResourceDefinitions; those among the manifests are known by themselves
    #[arg(long, value_name = "FILE")]
    crds: Vec<PathBuf>,
    /// How bad what a rule finds is: `RULE=off`, `info`, `warning` or `error`
    #[arg(long = "rule", value_name = "RULE=SEVERITY")]
    rules: Vec<Chosen>,
    /// End with status 1 for warnings too
    #[arg(long)]
    strict: bool,
    /// Also look for changes since this commit that a cluster refuses, such as of selectors
    #[arg(long, value_name = "REVISION")]
    base: Option<String>,
    /// Look at this revision of the repository instead of the files that are checked out
    #[arg(long, value_name = "REVISION")]
    revision: Option<String>,
    /// Put right what has one certain cure, in the files
    #[arg(long, conflicts_with = "revision")]
    fix: bool,
    /// Write the findings to this file too, in SARIF 2.1.0, which GitHub shows as alerts
    #[arg(long, value_name = "FILE")]
    sarif: Option<PathBuf>,
    /// Say what a rule is for, and nothing else; without its name, list the rules
    #[arg(long, value_name = "RULE", num_args = 0..=1, default_missing_value = "")]
    explain: Option<String>,
    #[command(flatten)]
    remote: RemoteArgs,
}

impl AsRef<Common> for Args {
    fn as_ref(&self) -> &Common {
        &self.common
    }
}

#[derive(Debug, Default, serde::Serialize)]
struct Output {
    /// How many overlays were looked at.
    overlays: usize,
    /// How many objects.
    objects: usize,
    /// How many findings are errors.
    errors: usize,
    /// How many are warnings, those of the builds included.
    warnings: usize,
    findings: Vec<Finding>,
    /// How many findings were put right in the files.
    fixed: usize,
    #[serde(skip)]
    text: String,
    #[serde(skip)]
    shown: Vec<Warning>,
    #[serde(skip)]
    failures: Vec<Failure>,
    #[serde(skip)]
    strict: bool,
}

impl fmt::Display for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Report for Output {
    fn warnings(&self) -> &[Warning] {
        &self.shown
    }

    fn failures(&self) -> &[Failure] {
        &self.failures
    }

    fn differs(&self) -> bool {
        self.strict && self.warnings > 0
    }
}

fn main() -> std::process::ExitCode {
    windlass_cli::main(run)
}

fn run(args: Args, context: &Context) -> Result<Output, Failure> {
    if let Some(name) = &args.explain {
        let text = explain(name)?;
        return Ok(Output {
            text,
            ..Output::default()
        });
    }
    let files: Box<dyn Files> = match &args.revision {
        Some(revision) => Box::new(Commit::of_revision(revision, context)?),
        None => Box::new(Disk::default()),
    };
    let found = run::all(&args, &*files, context)?;
    let mut output = Output {
        overlays: found.overlays,
        objects: found.objects,
        failures: found.failures,
        strict: args.strict,
        findings: found.findings,
        ..Output::default()
    };
    if args.fix {
        output.fixed = fix::apply(&mut output.findings)?;
    }
    if let Some(path) = &args.sarif {
        sarif::write(&context.path(path), &output.findings)?;
    }
    output.tell(found.warnings);
    Ok(output)
}

impl Output {
    /// Sorts the findings by where they are said.
    fn tell(&mut self, warnings: Vec<Warning>) {
        self.shown = warnings;
        let mut notes: BTreeMap<&str, (&Finding, usize)> = BTreeMap::new();
        for finding in &self.findings {
            match finding.severity {
                Severity::Off => {}
                Severity::Info => notes.entry(&finding.message).or_insert((finding, 0)).1 += 1,
                Severity::Warning => {
                    let warning = Warning::new(finding.to_string()).at(finding.location.clone());
                    self.shown.push(match &finding.hint {
                        Some(hint) => warning.hint(hint),
                        None => warning,
                    });
                }
                Severity::Error => {
                    self.errors += 1;
                    self.failures.push(finding.clone().into());
                }
            }
        }
        self.warnings = self.shown.len();
        let notes = notes.into_values();
        self.text = notes.map(|(finding, count)| line(finding, count)).collect();
    }
}

/// What is good to know, in one line, however often it was found.
fn line(finding: &Finding, count: usize) -> String {
    let mut line = String::new();
    if let Some(place) = &finding.location {
        // Writing to a string does not fail.
        let _ = write!(line, "{place}: ");
    }
    let _ = write!(line, "{} [{}]", finding.message, finding.rule);
    if count > 1 {
        let _ = write!(line, ", and {} more", count - 1);
    }
    line.push('\n');
    line
}

fn explain(name: &str) -> Result<String, Failure> {
    if name.is_empty() {
        let line = |rule: &Rule| {
            let severity = rule.severity.word();
            format!("{:<22} {severity:<8} {}\n", rule.name, rule.summary)
        };
        return Ok(RULES.iter().map(line).collect());
    }
    let rule = settings::rule(name)?;
    let (name, severity) = (rule.name, rule.severity.word());
    let (summary, explanation) = (rule.summary, rule.explanation);
    Ok(format!(
        "{name} ({severity}): {summary}\n\n{}\n",
        folded(explanation)
    ))
}

/// A text in lines of up to 80 characters.
fn folded(text: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines
            .last_mut()
            .filter(|line| line.chars().count() + word.chars().count() < 80)
        {
            Some(line) => *line = format!("{line} {word}"),
            None => lines.push(word.to_owned()),
        }
    }
    lines.join("\n")
}
