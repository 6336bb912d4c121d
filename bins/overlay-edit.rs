//! Edit a kustomization file and nothing else in it.

#[path = "overlay-edit/words.rs"]
mod words;

use std::fmt;
use std::fs::{self, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::ExitCode;
use tempfile::NamedTempFile;
use windlass_cli::{Common, Context, Failure, Report};
use windlass_fault::Warning;
use windlass_overlay::{Altered, Disk, Edited, Options, edit};
use words::Words;

/// Edit a kustomization file and nothing else in it
///
/// Takes the words of `kustomize edit` and `kustomize create`. Only what an edit asks for changes:
/// comments, quotes, anchors, order, line breaks and everything else in the file stay, to the byte.
/// What is so already is left alone.
///
/// Several edits are joined by the word `then`, and all of them are made, or none:
///
///   overlay-edit -C prod set image web:v2 then add resource ingress.yaml
///
/// The flags of this command stand before the first edit.
///
/// Outputs: changed, paths, edits, diff.
#[derive(Debug, clap::Parser)]
#[command(name = "overlay-edit", verbatim_doc_comment)]
struct Args {
    #[command(flatten)]
    common: Common,
    /// Write nothing, and print what would change
    #[arg(long)]
    dry_run: bool,
    #[command(subcommand)]
    words: Words,
}

impl AsRef<Common> for Args {
    fn as_ref(&self) -> &Common {
        &self.common
    }
}

#[derive(Debug, serde::Serialize)]
struct Output {
    /// Whether the file was not so before.
    changed: bool,
    /// The files that changed.
    paths: Vec<String>,
    /// What each changed field was and is.
    edits: Vec<Line>,
    /// With --dry-run, the changed lines.
    diff: Option<String>,
    #[serde(skip)]
    warnings: Vec<Warning>,
}

#[derive(Debug, serde::Serialize)]
struct Line {
    field: String,
    before: Option<String>,
    after: Option<String>,
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let field = &self.field;
        match (self.before.as_deref(), self.after.as_deref()) {
            (Some(before), Some(after)) => {
                writeln!(f, "{field}: {} to {}", shown(before), shown(after))
            }
            (None, Some(after)) => writeln!(f, "{field}: {} added", shown(after)),
            (Some(before), None) => writeln!(f, "{field}: {} removed", shown(before)),
            (None, None) => Ok(()),
        }
    }
}

/// A value on one line.
fn shown(value: &str) -> String {
    match value.is_empty() || value.contains(char::is_control) {
        true => format!("{value:?}"),
        false => value.to_owned(),
    }
}

impl fmt::Display for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.edits {
            line.fmt(f)?;
        }
        match &self.diff {
            Some(diff) if self.changed => write!(f, "\n{diff}"),
            _ => Ok(()),
        }
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

fn run(args: Args, context: &Context) -> Result<Output, Failure> {
    let edits = words::edits(args.words)?;
    let folder = context.directory();
    let edited = edit(&Disk::default(), folder, &edits, &Options::default())?;
    let path = Path::new(&edited.path);
    if edited.changed() && !args.dry_run {
        write(path, &edited).map_err(|error| {
            let message = format!("cannot write `{}`: {error}", path.display());
            Failure::world(message, None)
        })?;
    }
    let diff = args.dry_run.then(|| diff(path, &edited)).transpose()?;
    Ok(Output {
        changed: edited.changed(),
        paths: Vec::from_iter(edited.changed().then(|| edited.path.clone())),
        edits: edited.altered.into_iter().map(line).collect(),
        diff,
        warnings: edited.warnings,
    })
}

fn line(altered: Altered) -> Line {
    Line {
        field: altered.field,
        before: altered.before,
        after: altered.after,
    }
}

/// Puts the new text in the place of the old one, in one step: whoever reads sees one of the two.
fn write(path: &Path, edited: &Edited) -> io::Result<()> {
    let Some(before) = &edited.before else {
        let file = beside(path, &edited.after, Permissions::from_mode(0o666))?;
        file.persist_noclobber(path)?;
        return Ok(());
    };
    // A link stays one.
    let path = path.canonicalize()?;
    let permissions = fs::metadata(&path)?.permissions();
    let file = beside(&path, &edited.after, permissions.clone())?;
    file.as_file().set_permissions(permissions)?;
    if fs::read(&path)? != before.as_bytes() {
        return Err(io::Error::other("somebody else changed it meanwhile"));
    }
    file.persist(&path)?;
    Ok(())
}

/// A file with this text in the same folder, and so on the same disk.
fn beside(path: &Path, text: &str, permissions: Permissions) -> io::Result<NamedTempFile> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new()
        .permissions(permissions)
        .tempfile_in(folder)?;
    file.write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    Ok(file)
}

/// The changed lines, as `diff -u` prints them.
fn diff(path: &Path, edited: &Edited) -> Result<String, Failure> {
    let before = edited.before.as_deref().unwrap_or_default();
    let patch = git2::Patch::from_buffers(
        before.as_bytes(),
        Some(path),
        edited.after.as_bytes(),
        Some(path),
        None,
    );
    let text =
        patch.and_then(|mut patch| Ok(patch.to_buf()?.as_str().unwrap_or_default().to_owned()));
    text.map_err(|error| Failure::input(format!("cannot compare the texts: {error}"), None))
}
