//! The judge: the same tree through kustomize and through this crate.

use crate::tree::Files;
use std::path::Path;
use std::process::Command;
use windlass_overlay::{Disk, Options, build};

/// What a build says: manifests, or why it refuses.
type Answer = Result<String, String>;

/// How two builds of a tree ended.
#[derive(Debug)]
pub(crate) enum Verdict {
    Same,
    Refused,
    Differ(String),
}

/// Builds a tree with both.
pub(crate) fn judge(program: &Path, files: &Files) -> Verdict {
    let folder = tempfile::tempdir().unwrap();
    files.write(folder.path()).unwrap();
    let root = folder.path().join(&files.root);
    match (theirs(program, &root), ours(&root)) {
        (Ok(theirs), Ok(ours)) if theirs == ours => Verdict::Same,
        (Err(_), Err(_)) => Verdict::Refused,
        (Ok(theirs), Ok(ours)) => Verdict::Differ(lines_that_differ(&theirs, &ours)),
        (Err(theirs), Ok(_)) => Verdict::Differ(format!("kustomize refuses: {theirs}")),
        (Ok(_), Err(ours)) => Verdict::Differ(format!("we refuse: {ours}\n")),
    }
}

fn ours(root: &Path) -> Answer {
    let built =
        build(&Disk::default(), root, &Options::default()).map_err(|error| error.to_string())?;
    built.to_yaml().map_err(|error| error.to_string())
}

#[expect(clippy::disallowed_methods, reason = "kustomize is the oracle")]
fn theirs(program: &Path, root: &Path) -> Answer {
    let word = if program.ends_with("kubectl") {
        "kustomize"
    } else {
        "build"
    };
    let output = Command::new(program).arg(word).arg(root).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    match output.status.success() {
        true => Ok(text(output.stdout)),
        false => Err(text(output.stderr)),
    }
}

/// The first lines that are not the same.
fn lines_that_differ(theirs: &str, ours: &str) -> String {
    let (theirs, ours): (Vec<_>, Vec<_>) = (theirs.lines().collect(), ours.lines().collect());
    let pairs = theirs.iter().zip(&ours);
    let same = pairs.take_while(|(theirs, ours)| theirs == ours).count();
    let show = |name: &str, lines: &[&str]| {
        let lines = lines.iter().skip(same).take(4);
        lines
            .map(|line| format!("{name} {line}\n"))
            .collect::<String>()
    };
    let context = theirs[same.saturating_sub(3)..same].iter();
    let context: String = context.map(|line| format!("          {line}\n")).collect();
    context + &show("kustomize", &theirs) + &show("windlass ", &ours)
}
