//! `pipeline`: the whole workflow in a sandbox, and how it stops. No Python, git or network.

use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

/// A machine with bash and the programs that a test puts there, and nothing else.
pub(crate) struct Machine {
    folder: TempDir,
}

impl Machine {
    pub(crate) fn new() -> Self {
        let folder = TempDir::new().unwrap();
        fs::create_dir(folder.path().join("bin")).unwrap();
        let machine = Self { folder };
        let path = std::env::var("PATH").unwrap();
        let bash = std::env::split_paths(&path).map(|folder| folder.join("bash"));
        let bash = bash.into_iter().find(|bash| bash.is_file()).unwrap();
        std::os::unix::fs::symlink(bash, machine.bin().join("bash")).unwrap();
        machine
    }

    pub(crate) fn bin(&self) -> PathBuf {
        self.folder.path().join("bin")
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Puts a script there, which stands in for a program.
    pub(crate) fn stand_in(&self, name: &str, script: &str) {
        use std::os::unix::fs::PermissionsExt;
        let path = self.bin().join(name);
        let bash = self.bin().join("bash");
        fs::write(&path, format!("#!{}\n{script}\n", bash.display())).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn pipeline(&self, arguments: &[&str]) -> Output {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        Command::new(env!("CARGO_BIN_EXE_pipeline"))
            .args(arguments)
            .current_dir(root)
            .env_clear()
            .env("PATH", self.bin())
            .env("HOME", self.folder.path())
            .env("TMPDIR", self.folder.path())
            .env("PIP_INDEX_URL", "https://127.0.0.1:1/simple")
            .output()
            .unwrap()
    }

    /// The report of a run that ends well.
    pub(crate) fn report(&self, arguments: &[&str]) -> Value {
        let output = self.pipeline(&[arguments, &["--format", "json"]].concat());
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{errors}");
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// A repository with nothing in it.
    fn empty_remote(&self) -> git2::Repository {
        git2::Repository::init_bare(self.path("remote.git")).unwrap()
    }
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

/// Tag and digest of each environment.
fn running(report: &Value) -> BTreeMap<String, (String, String)> {
    let environments = report["environments"].as_array().unwrap().iter();
    environments
        .map(|one| {
            (
                text(one, "environment").to_owned(),
                (text(one, "tag").to_owned(), text(one, "digest").to_owned()),
            )
        })
        .collect()
}

#[test]
fn a_change_reaches_production() {
    let machine = Machine::new();
    let report = machine.report(&["--keep", "--quiet"]);

    let running = running(&report);
    let tags: Vec<(&str, &str)> = running
        .iter()
        .map(|(name, (tag, _))| (name.as_str(), tag.as_str()))
        .collect();
    assert_eq!(
        tags,
        [
            ("dev", "dev-latest"),
            ("prod", "v1.1.0"),
            ("staging", "staging-latest")
        ]
    );

    let layout = Path::new(text(&report, "folder")).join("registry/example-app");
    let index: Value =
        serde_json::from_slice(&fs::read(layout.join("index.json")).unwrap()).unwrap();
    for (environment, (tag, digest)) in &running {
        let manifests = index["manifests"].as_array().unwrap();
        let named = manifests.iter().find(|manifest| {
            manifest["annotations"]["org.opencontainers.image.ref.name"] == tag.as_str()
        });
        assert_eq!(text(named.unwrap(), "digest"), digest, "{environment}");
        let blob = layout.join("blobs").join(digest.replace(':', "/"));
        assert!(blob.is_file(), "{}", blob.display());
    }

    let pins: Vec<(&str, &str)> = report["commits"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|commit| text(commit, "author") == "github-actions[bot]")
        .map(|commit| (text(commit, "branch"), text(commit, "subject")))
        .collect();
    let branches: Vec<&str> = pins.iter().map(|(branch, _)| *branch).collect();
    assert_eq!(branches, ["develop", "staging", "main"], "{pins:?}");

    let prod = &running["prod"].1;
    assert!(text(&report, "manifests").contains(&format!("example-app:v1.1.0@{prod}\n")));
    let skipped: Vec<&str> = report["steps"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|step| text(step, "command").starts_with("make"))
        .map(|step| text(step, "skipped"))
        .collect();
    assert_eq!(skipped, ["there is no make on this machine"; 9]);
}

#[test]
fn the_same_input_gives_the_same_images_and_commits() {
    let [one, two] = [Machine::new(), Machine::new()].map(|machine| machine.report(&[]));
    assert_eq!(running(&one), running(&two));
    assert!(
        running(&one)
            .values()
            .all(|(_, digest)| digest.starts_with("sha256:"))
    );
    assert_eq!(one["commits"], two["commits"]);
}

/// Status and what is said of a run that fails, and the authors of the commits on develop.
fn failure(machine: &Machine, arguments: &[&str]) -> (Option<i32>, String, Vec<String>) {
    let remote = machine.empty_remote();
    let path = remote.path().to_str().unwrap();
    let output = machine.pipeline(&[arguments, &["--remote", path]].concat());
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.stdout.is_empty());
    fs::write(remote.path().join("config"), "[core]\n\tbare = true\n").unwrap();
    let mut walk = remote.revwalk().unwrap();
    walk.push_ref("refs/heads/develop").unwrap();
    let author = |id| {
        remote
            .find_commit(id)
            .unwrap()
            .author()
            .name()
            .unwrap()
            .to_owned()
    };
    let authors = walk.map(|id| author(id.unwrap())).collect();
    (output.status.code(), said, authors)
}

#[test]
fn a_failing_test_of_the_application_stops_before_anything_is_built() {
    let machine = Machine::new();
    machine.stand_in("python3", "");
    machine.stand_in("make", "echo \"1 $1 done\"; [ \"$1\" != test ]");
    let (status, said, authors) = failure(&machine, &[]);
    assert_eq!(status, Some(1), "{said}");
    let end = said.split_once("error: ").unwrap().1;
    insta::assert_snapshot!(end, @"
    step `Test` of job `Release example-app` ended with status 1
     --> .github/actions/check-app/action.yml:21:7
       |
    21 |     - name: Test
       |       ^^^^^^^^^^
    caused by: `make test` said
      | 1 test done
    ");
    assert!(!said.contains("image-build"));
    assert_eq!(authors, ["developer", "developer"]);
}

#[test]
fn a_registry_that_is_away_stops_before_the_pin() {
    let machine = Machine::new();
    let (status, said, authors) = failure(&machine, &["--registry", "127.0.0.1:1"]);
    assert_eq!(status, Some(3), "{said}");
    assert!(
        said.contains(
            "error: step `Publish the image` of job `Release example-app` ended with status 3"
        ),
        "{said}"
    );
    assert_eq!(authors, ["developer", "developer"]);
}

#[test]
fn a_remote_that_is_gone_leaves_nothing_pinned() {
    let machine = Machine::new();
    machine.stand_in("python3", "");
    // While the application's tests run, the remote stops being a repository.
    let config = machine.path("remote.git/config");
    machine.stand_in(
        "make",
        &format!("[ \"$1\" != test ] || echo [ > '{}'", config.display()),
    );
    let (status, said, authors) = failure(&machine, &[]);
    assert_eq!(status, Some(3), "{said}");
    let step = "error: step `Pin the image` of job `Release example-app` ended with status 3";
    assert!(said.contains(step), "{said}");
    assert_eq!(authors, ["developer", "developer"]);
}

#[test]
fn the_command_line_is_checked() {
    let machine = Machine::new();
    for (arguments, status, says) in [
        (
            ["--app", "exampel-app"],
            1,
            "hint: did you mean `example-app`?",
        ),
        (
            ["--scenario", "release"],
            2,
            "possible values: feature, new-app, dependency, hotfix",
        ),
        (
            ["--remote", "ssh://git@127.0.0.1/x"],
            1,
            "cannot push to an address that begins with `ssh://`",
        ),
        (
            ["--scenario", "feature"],
            3,
            "needs the git program\nhint: install git",
        ),
        (
            ["-C", "crates"],
            1,
            "there is no `.github/workflows/main.yml`",
        ),
    ] {
        let output = machine.pipeline(&arguments);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains(says), "{arguments:?}: {said}");
        assert_eq!(output.status.code(), Some(status), "{arguments:?}: {said}");
    }
}
