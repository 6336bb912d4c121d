//! `overlay-build` with programs: what helm and functions are asked to do, and what becomes of
//! their answers.
//!
//! A case is a folder of `tests/programs`: `input/` with the kustomization, `args` with more
//! flags, `answers` with the version that helm says it is, and what kustomize made of it:
//! `expected.calls` with all that the programs were asked, and `expected.yaml` unless it refused.
//! The programs are scripts that stand in. With `KUSTOMIZE=path` the cases are also put to that
//! program, and `KUSTOMIZE_RECORD=1` writes down what happens.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// What allows functions; kubectl has not all of it.
const FUNCTIONS: [&str; 2] = ["--enable-alpha-plugins", "--enable-exec"];

/// What a case led to.
#[derive(Debug, PartialEq, Eq)]
struct Answer {
    calls: String,
    /// Nothing where it was refused.
    manifests: Option<String>,
}

struct Case(PathBuf);

impl Case {
    fn all() -> Vec<Self> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/programs");
        let entries = fs::read_dir(folder).unwrap();
        let mut folders: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
        folders.retain(|path| path.is_dir());
        folders.sort();
        folders.into_iter().map(Self).collect()
    }

    fn is_of_function(&self) -> bool {
        self.0
            .file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with("function_"))
    }

    fn stand_in(&self, name: &str) -> PathBuf {
        self.0.parent().unwrap().join(name)
    }

    fn text(&self, name: &str) -> Option<String> {
        fs::read_to_string(self.0.join(name)).ok()
    }

    /// What a program makes of a copy of the case.
    fn run(&self, program: &str, word: Option<&str>) -> Answer {
        let folder = TempDir::new().unwrap();
        let root = folder.path().canonicalize().unwrap();
        copy(&self.0.join("input"), &root.join("in"));
        fs::copy(self.stand_in("function"), root.join("in/function")).unwrap();
        fs::create_dir(root.join("tmp")).unwrap();
        let output = Command::new(program)
            .args(word)
            .args(
                self.is_of_function()
                    .then_some(FUNCTIONS)
                    .into_iter()
                    .flatten(),
            )
            .args(["--enable-helm", "--helm-command"])
            .arg(self.stand_in("helm"))
            .args(self.text("args").unwrap_or_default().split_whitespace())
            .arg(root.join("in"))
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", &root)
            .env("TMPDIR", root.join("tmp"))
            .env("CALLS", root.join("calls"))
            .env("ANSWERS", self.text("answers").unwrap_or_default().trim())
            .output()
            .unwrap();
        let calls = fs::read_to_string(root.join("calls")).unwrap_or_default();
        let manifests = String::from_utf8(output.stdout).unwrap();
        Answer {
            calls: stable(&calls, root.to_str().unwrap()),
            manifests: output.status.success().then_some(manifests),
        }
    }

    fn ours(&self) -> Answer {
        self.run(env!("CARGO_BIN_EXE_overlay-build"), None)
    }

    fn recorded(&self) -> Answer {
        Answer {
            calls: self.text("expected.calls").unwrap(),
            manifests: self.text("expected.yaml"),
        }
    }

    fn record(&self, answer: &Answer) {
        fs::write(self.0.join("expected.calls"), &answer.calls).unwrap();
        let manifests = self.0.join("expected.yaml");
        match &answer.manifests {
            Some(text) => fs::write(manifests, text).unwrap(),
            None => drop(fs::remove_file(manifests)),
        }
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let to = to.join(path.file_name().unwrap());
        match path.is_dir() {
            true => copy(&path, &to),
            false => drop(fs::copy(&path, &to).unwrap()),
        }
    }
}

/// The calls without what differs each time: where the case lies, and names of scratch folders.
fn stable(calls: &str, root: &str) -> String {
    let scratch = format!("{root}/tmp/");
    let mut parts = calls.split(&scratch);
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let rest = part.find(['/', '\n']).map_or("", |at| &part[at..]);
        out.push_str("SCRATCH");
        out.push_str(rest);
    }
    out.replace(&format!("{root}/in"), "ROOT")
}

#[test]
fn programs_are_asked_what_kustomize_asks_them() {
    let mut wrong = Vec::new();
    for case in Case::all() {
        let (ours, recorded) = (case.ours(), case.recorded());
        if ours != recorded {
            wrong.push(format!(
                "== {}\n-- recorded {recorded:#?}\n-- ours {ours:#?}",
                case.0.display()
            ));
        }
    }
    assert!(
        wrong.is_empty(),
        "{}",
        wrong.join("\n").replace("\\n", "\n")
    );
}

#[test]
fn kustomize_still_asks_programs_what_is_recorded() {
    let Some(kustomize) = std::env::var_os("KUSTOMIZE") else {
        return;
    };
    let program = kustomize.to_str().unwrap();
    let word = if program.ends_with("kubectl") {
        "kustomize"
    } else {
        "build"
    };
    let help = Command::new(program)
        .args([word, "--help"])
        .output()
        .unwrap();
    let has_functions = String::from_utf8_lossy(&help.stdout).contains(FUNCTIONS[1]);
    let mut cases = Case::all();
    cases.retain(|case| has_functions || !case.is_of_function());
    for case in cases {
        let theirs = case.run(program, Some(word));
        if std::env::var_os("KUSTOMIZE_RECORD").is_some() {
            case.record(&theirs);
        }
        assert_eq!(theirs, case.recorded(), "{}", case.0.display());
    }
}
