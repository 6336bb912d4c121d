//! The cases: what kustomize says to each of them, and what we say.
//!
//! A case is a folder: `input/` with the kustomization (or `input/overlay/`, where there is a
//! base beside it), `args` with flags of kustomize's, and what kustomize answered: either
//! `expected.yaml` or `expected.err`. With `KUSTOMIZE=path` the cases are also put to that
//! program, and `KUSTOMIZE_RECORD=1` writes down what it answers.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use windlass_fault::Fault;
use windlass_overlay::{Build, Builder, Disk, Error, Options, Reorder, Restriction, build};

struct Case {
    folder: PathBuf,
    args: Vec<String>,
}

impl Case {
    fn all() -> Vec<Self> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
        let entries = fs::read_dir(folder).unwrap();
        let folders = entries.map(|entry| entry.unwrap().path());
        let mut folders: Vec<PathBuf> = folders.filter(|path| path.is_dir()).collect();
        folders.sort();
        let of = |folder: PathBuf| {
            let args = fs::read_to_string(folder.join("args")).unwrap_or_default();
            let args = args.split_whitespace().map(str::to_owned).collect();
            Self { folder, args }
        };
        folders.into_iter().map(of).collect()
    }

    fn name(&self) -> &str {
        self.folder.file_name().and_then(OsStr::to_str).unwrap()
    }

    fn root(&self) -> PathBuf {
        let input = self.folder.join("input");
        match input.join("overlay").is_dir() {
            true => input.join("overlay"),
            false => input,
        }
    }

    fn options(&self) -> Options<'static> {
        let has = |value: &str| self.args.iter().any(|arg| arg == value);
        Options {
            restriction: match has("LoadRestrictionsNone") {
                true => Restriction::None,
                false => Restriction::RootOnly,
            },
            reorder: match has("--reorder=none") {
                true => Reorder::None,
                false => Reorder::Legacy,
            },
            managed_by_label: has("--enable-managedby-label"),
            ..Options::default()
        }
    }

    fn expected(&self) -> Option<String> {
        fs::read_to_string(self.folder.join("expected.yaml")).ok()
    }

    /// What we say: the manifests, or the error.
    fn ours(&self) -> Result<String, String> {
        let options = self.options();
        let built =
            build(&Disk::default(), &self.root(), &options).map_err(|error| error.to_string())?;
        built.to_yaml().map_err(|error| error.to_string())
    }

    /// What kustomize says.
    #[expect(clippy::disallowed_methods, reason = "kustomize is the oracle")]
    fn theirs(&self, program: &Path) -> Result<String, String> {
        let is_kubectl = program.ends_with("kubectl");
        let output = Command::new(program)
            .arg(if is_kubectl { "kustomize" } else { "build" })
            .args(&self.args)
            .arg(self.root())
            .output()
            .unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        match output.status.success() {
            true => Ok(text(output.stdout)),
            false => {
                let folder = format!("{}/", self.folder.display());
                Err(stable(&text(output.stderr).replace(&folder, "")))
            }
        }
    }

    fn record(&self, answer: &Result<String, String>) {
        let (yes, no) = (
            self.folder.join("expected.yaml"),
            self.folder.join("expected.err"),
        );
        let _ = (fs::remove_file(&yes), fs::remove_file(&no));
        match answer {
            Ok(manifests) => fs::write(yes, manifests),
            Err(message) => fs::write(no, message),
        }
        .unwrap();
    }
}

/// The message without what differs each time: where things are in memory, and the stack of a
/// panic.
fn stable(message: &str) -> String {
    let message = message.split("\n\ngoroutine ").next().unwrap_or_default();
    let mut parts = message.trim_end().split("0x");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        out.push_str("0x0");
        out.push_str(part.trim_start_matches(|c: char| c.is_ascii_hexdigit()));
    }
    out + "\n"
}

#[expect(
    clippy::disallowed_methods,
    reason = "the oracle is named by the environment"
)]
fn variable(name: &str) -> Option<PathBuf> {
    std::env::var_os(name).map(PathBuf::from)
}

/// What there is to see of a build.
fn seen(built: Result<Build, Error>) -> String {
    match built {
        Ok(built) => format!(
            "{:?}\n{:?}\n{:?}",
            built.to_yaml(),
            built.warnings(),
            built.read()
        ),
        Err(error) => format!("{error:?}"),
    }
}

#[test]
fn bases_that_builds_share_change_nothing() {
    let disk = Disk::default();
    for case in Case::all() {
        let options = case.options();
        let alone = seen(build(&disk, &case.root(), &options));
        let builder = Builder::new(&disk, &options);
        for _ in 0..2 {
            assert_eq!(seen(builder.build(&case.root())), alone, "{}", case.name());
        }
    }
}

#[test]
fn every_case_is_what_kustomize_recorded() {
    let mut failed = Vec::new();
    for case in Case::all() {
        let ours = case.ours();
        match (case.expected(), &ours) {
            (Some(expected), Ok(ours)) if expected == *ours => {}
            (None, Err(_)) => assert!(case.folder.join("expected.err").exists()),
            (expected, _) => failed.push(format!(
                "== {}\n-- expected\n{}\n-- got\n{}",
                case.name(),
                expected.as_deref().unwrap_or("an error"),
                ours.unwrap_or_else(|error| error),
            )),
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
fn what_is_refused_points_at_a_place() {
    for case in Case::all() {
        let error = build(&Disk::default(), &case.root(), &case.options()).err();
        // Where there is no file there is no place in one.
        if let Some(error) = error.filter(|_| case.name() != "no_kustomization_file") {
            assert!(error.location().is_some(), "{}: {error}", case.name());
        }
    }
}

#[test]
fn kustomize_still_says_what_is_recorded() {
    let Some(program) = variable("KUSTOMIZE") else {
        return;
    };
    for case in Case::all() {
        let theirs = case.theirs(&program);
        if variable("KUSTOMIZE_RECORD").is_some() {
            case.record(&theirs);
        }
        assert_eq!(theirs.ok(), case.expected(), "{}", case.name());
    }
}
