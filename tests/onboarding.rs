//! ONBOARDING.md, followed word by word: the commands of its fifth step, as they stand there. make
//! and git are stand-ins; `tests/real/onboarding` has the real ones.

use crate::pipeline::Machine;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The commands between two headings, one block after the other.
fn commands(from: &str, to: &str) -> String {
    let text = include_str!("../ONBOARDING.md");
    let section = text.split(from).nth(1).unwrap().split(to).next().unwrap();
    let blocks = section.split("```sh\n").skip(1);
    let blocks = blocks.map(|block| block.split("```").next().unwrap());
    blocks.collect::<Vec<_>>().join("\n")
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &to.join(entry.file_name())),
            false => drop(fs::copy(entry.path(), to.join(entry.file_name())).unwrap()),
        }
    }
}

#[test]
fn a_new_app_is_made_built_and_deployed_without_an_edit_by_hand() {
    let machine = Machine::new();
    let repository = machine.path("repository");
    for folder in ["apps/.template", "argo"] {
        copy(&root().join(folder), &repository.join(folder));
    }
    // Every Application has its overlay, as in the repository itself.
    copy(
        &root().join("apps/example-app/k8s"),
        &repository.join("apps/example-app/k8s"),
    );
    for command in ["app-new", "overlay-build", "argo-apps", "manifest-lint"] {
        let program = match command {
            "app-new" => env!("CARGO_BIN_EXE_app-new"),
            "overlay-build" => env!("CARGO_BIN_EXE_overlay-build"),
            "manifest-lint" => env!("CARGO_BIN_EXE_manifest-lint"),
            _ => env!("CARGO_BIN_EXE_argo-apps"),
        };
        std::os::unix::fs::symlink(program, machine.bin().join(command)).unwrap();
    }
    let calls = machine.path("calls");
    for program in ["make", "git"] {
        machine.stand_in(
            program,
            &format!("echo \"{program} $*\" >> {}", calls.display()),
        );
    }
    let script = commands("## 5. Make your own", "## 6. Ship it");
    assert!(script.contains("app-new shop"), "{script}");
    let output = Command::new(machine.bin().join("bash"))
        .args(["-euo", "pipefail", "-c", &script])
        .current_dir(&repository)
        .env_clear()
        .env("PATH", machine.bin())
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), &*said), (Some(0), ""));
    assert_eq!(
        fs::read_to_string(calls).unwrap(),
        "git switch -c feature/shop develop\nmake -C apps/shop setup test lint\n"
    );
    for environment in ["dev", "staging", "prod"] {
        assert!(
            repository
                .join(format!("argo/apps/shop-{environment}.yaml"))
                .is_file()
        );
    }
}
