//! `manifest-lint`: what it looks at, what it prints and writes, and how it ends.

use insta::assert_snapshot;
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use tempfile::TempDir;
use windlass_lint::RULES;
use windlass_overlay::{Memory, Options, WARNINGS, build};

const POD: &str = "\
apiVersion: v1
kind: Pod
metadata: {name: p}
spec:
  securityContext: {runAsNonRoot: true}
  containers:
  - name: c
    image: example.org/c
    # the port it listens on
    env: [{name: PORT, value: 8080}]
    resources: {requests: {cpu: 1m, memory: 1Mi}, limits: {memory: 1Mi}}
    securityContext: {allowPrivilegeEscalation: false}
";

/// A base with a mistake, and two overlays of which one tags the image.
const FILES: &[(&str, &str)] = &[
    ("web/base/kustomization.yaml", "resources: [pod.yaml]\n"),
    ("web/base/pod.yaml", POD),
    (
        "web/dev/kustomization.yaml",
        "resources: [../base]\nnamePrefix: dev-\n",
    ),
    (
        "web/prod/kustomization.yaml",
        "resources: [../base]\nnamePrefix: prod-\nimages:\n- name: example.org/c\n  newTag: stable\n",
    ),
];

fn repository(files: &[(&str, &str)]) -> TempDir {
    let folder = TempDir::new().unwrap();
    for (path, text) in files {
        write(folder.path(), path, text);
    }
    folder
}

fn write(folder: &Path, path: &str, text: &str) {
    let path = folder.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn run_in(folder: &Path, words: &[&str], environment: &[(&str, &str)]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_manifest-lint"))
        .args(words)
        .current_dir(folder)
        .env_clear()
        .envs(environment.iter().copied())
        .output()
        .unwrap()
}

/// Exit status, stdout and stderr.
fn lint(folder: &TempDir, words: &[&str]) -> (i32, String, String) {
    let output = run_in(folder.path(), words, &[]);
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (
        output.status.code().unwrap(),
        text(output.stdout),
        text(output.stderr),
    )
}

/// Rule and place of each finding.
fn found(folder: &TempDir, words: &[&str]) -> Vec<String> {
    let (_, json, complaint) = lint(folder, &[&["--format", "json"], words].concat());
    let report: Value = serde_json::from_str(&json).unwrap_or_else(|_| panic!("{complaint}"));
    let findings = report["findings"].as_array().unwrap();
    let shown = findings.iter().map(|one| {
        let (place, rule) = (&one["location"], one["rule"].as_str().unwrap());
        let path = place["path"].as_str().unwrap();
        format!("{path}:{}:{} {rule}", place["line"], place["column"])
    });
    shown.collect()
}

#[test]
fn what_overlays_share_is_told_once_at_the_line_to_blame() {
    let folder = repository(FILES);
    let (status, told, complaint) = lint(&folder, &[]);
    assert_eq!((status, told.as_str()), (1, ""));
    assert_snapshot!(complaint, @"
    error: the image `example.org/c` has no tag, which means `latest` [latest-tag]
      | web/dev: Pod/dev-p spec.containers[name=c].image
     --> web/base/pod.yaml:8:12
      |
    8 |     image: example.org/c
      |            ^^^^^^^^^^^^^
    hint: name a version in the overlay's `images:`
    error: `value` is an integer, where a string is expected [wrong-type]
      | web/dev: Pod/dev-p spec.containers[name=c].env[name=PORT].value, and 1 more
     --> web/base/pod.yaml:10:31
       |
    10 |     env: [{name: PORT, value: 8080}]
       |                               ^^^^
    hint: put it in quotes
    error: the tag `stable` of an image in production can move [moving-tag]
      | web/prod: Pod/prod-p spec.containers[name=c].image
     --> web/prod/kustomization.yaml:5:11
      |
    5 |   newTag: stable
      |           ^^^^^^
    hint: name a full version, or the digest besides
    ");
    assert_eq!(
        lint(
            &folder,
            &[
                "web/base/pod.yaml",
                "--rule",
                "latest-tag=off",
                "--rule",
                "wrong-type=off"
            ]
        )
        .0,
        0
    );
}

#[test]
fn warnings_fail_a_strict_run_alone() {
    let folder = repository(FILES);
    let words = [
        "--rule",
        "latest-tag=warning",
        "--rule",
        "moving-tag=info",
        "--rule",
        "wrong-type=off",
    ];
    let (status, told, _) = lint(&folder, &words);
    assert_eq!(status, 0);
    assert_snapshot!(told, @"
    web/prod/kustomization.yaml:5:11: the tag `stable` of an image in production can move [moving-tag]
    ");
    assert_eq!(lint(&folder, &[&words[..], &["--strict"]].concat()).0, 1);
    write(
        folder.path(),
        "windlass.yaml",
        "lint:\n  rules: {latest-tag: off, moving-tag: off, wrong-type: off}\n",
    );
    assert_eq!(
        lint(&folder, &["--strict"]),
        (0, String::new(), String::new())
    );
}

#[test]
fn a_job_gets_annotations() {
    let folder = repository(FILES);
    let words = ["--rule", "moving-tag=warning"];
    let output = run_in(folder.path(), &words, &[("GITHUB_ACTIONS", "true")]);
    let text = String::from_utf8(output.stderr).unwrap();
    let lines: Vec<&str> = text.lines().filter(|line| line.starts_with("::")).collect();
    assert_snapshot!(lines.join("\n"), @"
    ::warning file=web/prod/kustomization.yaml,line=5,col=11::the tag `stable` of an image in production can move [moving-tag]%0Aweb/prod: Pod/prod-p spec.containers[name=c].image
    ::error file=web/base/pod.yaml,line=8,col=12::the image `example.org/c` has no tag, which means `latest` [latest-tag]%0Aweb/dev: Pod/dev-p spec.containers[name=c].image
    ::error file=web/base/pod.yaml,line=10,col=31::`value` is an integer, where a string is expected [wrong-type]%0Aweb/dev: Pod/dev-p spec.containers[name=c].env[name=PORT].value, and 1 more
    ");
}

#[test]
fn sarif_has_each_finding_with_its_rule_and_place() {
    let folder = repository(FILES);
    assert_eq!(lint(&folder, &["--sarif", "out.sarif"]).0, 1);
    let text = fs::read_to_string(folder.path().join("out.sarif")).unwrap();
    let log: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(log["version"], "2.1.0");
    let run = &log["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    assert_eq!(rules.len(), RULES.len());
    let results = run["results"].as_array().unwrap();
    assert_eq!(results.len(), 3);
    for result in results {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[index]["id"], result["ruleId"]);
        assert!(result["message"]["text"].is_string());
    }
    let wrong = results
        .iter()
        .find(|one| one["ruleId"] == "wrong-type")
        .unwrap();
    let location = &wrong["locations"][0];
    assert_eq!(
        location["physicalLocation"]["artifactLocation"]["uri"],
        "web/base/pod.yaml"
    );
    assert_eq!(location["physicalLocation"]["region"]["startLine"], 10);
    assert_eq!(
        location["logicalLocations"][1]["fullyQualifiedName"],
        "web/prod: Pod/prod-p spec.containers[name=c].env[name=PORT].value"
    );
}

#[test]
fn fixes_change_what_they_mean_and_nothing_else() {
    let classes = "# ours\napiVersion: \"scheduling.k8s.io/v1\" # new\nkind: PriorityClass\nmetadata: {name: a}\nvalue: 1\n---\n\
                   apiVersion: scheduling.k8s.io/v1beta1   # old\nkind: PriorityClass\nmetadata: {name: b}\nvalue: 2\n";
    let folder = repository(&[FILES, &[("ours/all.yaml", classes)]].concat());
    let read = |path: &str| fs::read_to_string(folder.path().join(path)).unwrap();
    let (_, json, _) = lint(&folder, &["--fix", "--format", "json"]);
    let report: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(report["fixed"], 2);
    assert_eq!(read("web/base/pod.yaml"), POD.replace("8080", "\"8080\""));
    assert_eq!(read("ours/all.yaml"), classes.replace("v1beta1", "v1"));
    let (_, json, _) = lint(&folder, &["--fix", "--format", "json"]);
    let again: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(again["fixed"], 0);
    assert_eq!(again["findings"].as_array().unwrap().len(), 2);
}

#[test]
fn resources_are_checked_whichever_overlay_defines_them() {
    let crd = "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: widgets.example.org}\n\
               spec:\n  group: example.org\n  names: {kind: Widget, plural: widgets}\n  scope: Namespaced\n  versions:\n  \
               - name: v1\n    served: true\n    storage: true\n    schema:\n      openAPIV3Schema:\n        type: object\n        \
               properties: {spec: {type: object, properties: {size: {type: integer}}}}\n";
    let widget = "apiVersion: example.org/v1\nkind: Widget\nmetadata: {name: w}\nspec: {sise: 1}\n";
    let folder = repository(&[
        ("a/kustomization.yaml", "resources: [widget.yaml]\n"),
        ("a/widget.yaml", widget),
        ("loose/widget.yaml", widget),
        ("z/kustomization.yaml", "resources: [crd.yaml]\n"),
        ("z/crd.yaml", crd),
    ]);
    let both = [
        "a/widget.yaml:4:8 undeclared-field",
        "loose/widget.yaml:4:8 undeclared-field",
    ];
    assert_eq!(found(&folder, &[]), both);
    assert_eq!(
        found(&folder, &["a"]),
        ["a/widget.yaml:1:13 unchecked-kind"]
    );
    assert_eq!(found(&folder, &["a", "--crds", "z/crd.yaml"]), both[..1]);
    write(
        folder.path(),
        "windlass.yaml",
        "lint: {crds: [z/crd.yaml]}\n",
    );
    assert_eq!(found(&folder, &["a"]), both[..1]);
}

#[test]
fn a_changed_selector_is_found_against_the_base() {
    let deployment = |label: &str| {
        format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: w}}\nspec:\n  selector: {{matchLabels: {{app: {label}}}}}\n  \
             template: {{metadata: {{labels: {{app: {label}}}}}, spec: {{containers: []}}}}\n"
        )
    };
    let folder = repository(&[
        ("w/kustomization.yaml", "resources: [w.yaml]\n"),
        ("w/w.yaml", &deployment("old")),
    ]);
    let git = git2::Repository::init(folder.path()).unwrap();
    let mut index = git.index().unwrap();
    index
        .add_all(["."], git2::IndexAddOption::DEFAULT, None)
        .unwrap();
    let tree = git.find_tree(index.write_tree().unwrap()).unwrap();
    let who = git2::Signature::new("a", "a@example.com", &git2::Time::new(0, 0)).unwrap();
    git.commit(Some("HEAD"), &who, &who, "old", &tree, &[])
        .unwrap();
    assert_eq!(found(&folder, &["--base", "HEAD"]), [""; 0]);
    write(folder.path(), "w/w.yaml", &deployment("new"));
    assert_eq!(
        found(&folder, &["--base", "HEAD"]),
        ["w/w.yaml:5:3 changed-immutable"]
    );
    assert_eq!(found(&folder, &["--revision", "HEAD"]), [""; 0]);
}

#[test]
fn applications_are_held_to_the_overlays() {
    let application = |name: &str, environment: &str| {
        format!(
            "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{name: {name}}}\nspec:\n  source:\n    \
             repoURL: https://example.org/own.git\n    path: web/{environment}\n  destination: {{namespace: shop}}\n"
        )
    };
    let mut files = FILES.to_vec();
    files[3].1 = "resources: [../base]\nnamespace: shop-prod\n";
    let (dev, prod) = (application("web", "dev"), application("web", "prod"));
    let lost = application("lost", "preprod");
    files.extend([
        ("argo/dev.yaml", &*dev),
        ("argo/prod.yaml", &*prod),
        ("argo/lost.yaml", &*lost),
    ]);
    let folder = repository(&files);
    let mut found = found(&folder, &["argo", "web"]);
    found.retain(|one| one.ends_with("argo-application"));
    assert_eq!(
        found,
        [
            "argo/lost.yaml:7:11 argo-application",
            "argo/prod.yaml:3:18 argo-application",
            "argo/prod.yaml:8:28 argo-application",
        ]
    );
}

#[test]
fn rules_explain_themselves() {
    let folder = repository(&[]);
    let (status, told, _) = lint(&folder, &["--explain", "latest-tag"]);
    assert_eq!(status, 0);
    assert_snapshot!(told, @"
    latest-tag (error): images have a tag, and not `latest`

    Without a tag an image is `latest`: what runs depends on when a node last pulled
    it, and there is nothing to go back to. Name a version in the overlay's
    `images:`, or a digest.
    ");
    let (status, told, _) = lint(&folder, &["--explain"]);
    assert_eq!((status, told.lines().count()), (0, RULES.len()));
    let (status, _, complaint) = lint(&folder, &["--explain", "latst-tag"]);
    assert_eq!(status, 1);
    assert_snapshot!(complaint, @"
    error: no rule is called `latst-tag`
    hint: did you mean `latest-tag`?
    ");
    assert_eq!(lint(&folder, &["--rule", "latest-tag=never"]).0, 2);
    assert_eq!(lint(&folder, &["--kubernetes-version", "1.24"]).0, 2);
    assert_eq!(lint(&folder, &["none"]).0, 1);
    write(
        folder.path(),
        "windlass.yaml",
        "lint: {rules: {latst-tag: off}}\n",
    );
    assert_eq!(lint(&folder, &[]).0, 1);
}

#[test]
fn a_file_that_cannot_be_read_keeps_nothing_else_from_being_looked_at() {
    let folder = repository(
        &[
            FILES,
            &[("broken/kustomization.yaml", "resources: [none.yaml]\n")],
        ]
        .concat(),
    );
    let (status, json, complaint) = lint(&folder, &["--format", "json"]);
    assert_eq!(status, 1);
    assert!(
        complaint.contains("broken/kustomization.yaml:1:13"),
        "{complaint}"
    );
    let report: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(
        (&report["overlays"], &report["errors"]),
        (&2.into(), &3.into())
    );
}

/// Both read the waivers of all files, and each leaves those that are for the other.
#[test]
fn builds_leave_the_waivers_of_rules_alone() {
    for rule in RULES {
        assert!(!WARNINGS.contains(&rule.name), "{}", rule.name);
        let text = format!(
            "resources: [] # windlass: waive {} -- why\nnamePrefix: a-\n",
            rule.name
        );
        let files = Memory::from_iter([("kustomization.yaml", text.as_str())]);
        let built = build(&files, "".as_ref(), &Options::default()).unwrap();
        assert_eq!(built.warnings(), [], "{}", rule.name);
    }
    let mut files = FILES.to_vec();
    files[3].1 =
        "resources: [../base]\nimages:\n- name: none # windlass: waive unused-image -- later\n";
    let folder = repository(&files);
    assert!(!found(&folder, &[]).iter().any(|one| one.contains("waiver")));
}

#[test]
fn the_example_and_a_new_application_are_clean() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let own = [
        "--strict",
        "apps",
        "argo/apps",
        "argo/projects",
        "argo/root-app.yaml",
    ];
    let output = run_in(&root, &own, &[]);
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert_eq!(output.status.code(), Some(0));

    let folder = repository(&[]);
    copy(
        &root.join("apps/.template"),
        &folder.path().join("apps/.template"),
    );
    copy(&root.join("argo"), &folder.path().join("argo"));
    let made = Command::new(env!("CARGO_BIN_EXE_app-new"))
        .args(["shop"])
        .current_dir(folder.path())
        .env_clear()
        .output()
        .unwrap();
    assert!(
        made.status.success(),
        "{}",
        String::from_utf8_lossy(&made.stderr)
    );
    let shop = ["argo/apps/shop-dev.yaml", "argo/apps/shop-prod.yaml"];
    let words = [&["--strict", "apps/shop", "argo/projects"], &shop[..]].concat();
    let (status, _, complaint) = lint(&folder, &words);
    assert_eq!((status, complaint.as_str()), (0, ""));
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &to),
            false => drop(fs::copy(entry.path(), to).unwrap()),
        }
    }
}
