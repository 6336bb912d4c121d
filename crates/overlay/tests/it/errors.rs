//! What a user sees of each kind of error.

use std::fmt::Write;
use windlass_fault::Fault;
use windlass_overlay::{Error, ErrorKind, Memory, Options, build};

const OBJECT: (&str, &str) = ("a.yaml", "kind: A\nmetadata: {name: a}\nspec: {b: [1]}\n");

/// The error of a build of these files, which is of this kind.
fn error(kind: ErrorKind, root: &str, files: &[(&str, &str)]) -> String {
    let files: Memory = files.iter().copied().collect();
    let built = build(&files, root.as_ref(), &Options::default());
    let error = built.and_then(|build| build.to_yaml()).unwrap_err();
    assert_eq!(error.kind(), kind, "{error}");
    shown(&error)
}

/// A kustomization beside one object.
fn of_kustomization(kind: ErrorKind, text: &str) -> String {
    error(kind, "", &[("kustomization.yaml", text), OBJECT])
}

fn strict(text: &str) -> String {
    let files = Memory::from_iter([("kustomization.yaml", text), OBJECT]);
    let options = Options {
        strict: true,
        ..Options::default()
    };
    let error = build(&files, "".as_ref(), &options).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Strict);
    shown(&error)
}

pub(crate) fn shown(error: &Error) -> String {
    let mut out = error.to_string();
    if let Some(place) = error.location() {
        write!(out, "\n --> {place}").unwrap();
    }
    for step in error.trail() {
        write!(out, "\n in  {step}").unwrap();
    }
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        write!(out, "\n caused by: {cause}").unwrap();
        source = cause.source();
    }
    if let Some(hint) = error.hint() {
        write!(out, "\n hint: {hint}").unwrap();
    }
    for other in error.others() {
        write!(out, "\nalso: {other}").unwrap();
    }
    out
}

#[test]
fn read() {
    let text = "namePrefix: x-\nresources:\n- a.yaml\n- deploymnt.yaml\n";
    insta::assert_snapshot!(of_kustomization(ErrorKind::Read, text), @r"
    there is no file or folder `deploymnt.yaml`
     --> kustomization.yaml:4:3
    ");
}

#[test]
fn read_below_a_base() {
    let files = [
        ("base/kustomization.yaml", "resources: [gone.yaml]\n"),
        ("prod/kustomization.yaml", "resources:\n- ../base\n"),
        ("live/kustomization.yaml", "resources:\n- ../prod\n"),
    ];
    insta::assert_snapshot!(error(ErrorKind::Read, "live", &files), @r"
    there is no file or folder `base/gone.yaml`
     --> base/kustomization.yaml:1:13
     in  prod/kustomization.yaml:2:3
     in  live/kustomization.yaml:2:3
    ");
}

#[test]
fn restricted() {
    let files = [
        ("prod/kustomization.yaml", "resources: [../a.yaml]\n"),
        OBJECT,
    ];
    insta::assert_snapshot!(error(ErrorKind::Restricted, "prod", &files), @r"
    `a.yaml` is not in or below `prod`
     --> prod/kustomization.yaml:1:13
     hint: move the file, or make its folder a base with a kustomization of its own
    ");
    let text = "resources: [.]\n";
    insta::assert_snapshot!(of_kustomization(ErrorKind::Restricted, text), @r"
    `.` leads back to ``, which the build came from
     --> kustomization.yaml:1:13
    ");
}

#[test]
fn malformed() {
    let files = [
        ("kustomization.yaml", "resources: [a.yaml]\n"),
        ("a.yaml", "kind: A\nmetadata: {name: a\n"),
    ];
    insta::assert_snapshot!(error(ErrorKind::Malformed, "", &files), @r"
    this has no closing `}`
     --> a.yaml:2:11
     in  kustomization.yaml:1:13
    ");
}

#[test]
fn config() {
    let text = "nmePrefix: x\nresources: [a.yaml]\nnamespace: yes\nimages: {}\n";
    insta::assert_snapshot!(of_kustomization(ErrorKind::Config, text), @r"
    unknown field `nmePrefix`
     --> kustomization.yaml:1:1
     hint: did you mean `namePrefix`?
    also: `namespace` must be a string, not the boolean `yes`
    also: `images` must be a list, not a map
    ");
    insta::assert_snapshot!(of_kustomization(ErrorKind::Config, "kind: Kustomisation\nresources: []\n"), @r"
    `Kustomisation` is no kind of kustomization
     --> kustomization.yaml:1:7
     hint: it is `Kustomization` or `Component`
    ");
    insta::assert_snapshot!(of_kustomization(ErrorKind::Config, "kind: Kustomization\n"), @r"
    `kustomization.yaml` is empty
     --> kustomization.yaml
    ");
}

#[test]
fn object() {
    let files = [
        ("kustomization.yaml", "resources: [a.yaml]\n"),
        (
            "a.yaml",
            "# nothing\n---\nkind: A\nmetadata: {generateName: a-}\n",
        ),
    ];
    insta::assert_snapshot!(error(ErrorKind::Object, "", &files), @r"
    this `A` has no `metadata.name`
     --> a.yaml:3:1
     in  kustomization.yaml:1:13
    ");
}

#[test]
fn conflict() {
    let files = [
        ("kustomization.yaml", "resources: [a.yaml, b.yaml]\n"),
        ("b.yaml", "\nkind: A\nmetadata: {name: a}\n"),
        OBJECT,
    ];
    insta::assert_snapshot!(error(ErrorKind::Conflict, "", &files), @r"
    two objects have the id `A.[noVer].[noGrp]/a.[noNs]`
     --> b.yaml:2:1
     hint: the other one is at a.yaml:1:1
    ");
}

#[test]
fn no_match() {
    let text = "resources: [a.yaml]\nreplicas:\n- name: b\n  count: 2\n";
    insta::assert_snapshot!(of_kustomization(ErrorKind::NoMatch, text), @r"
    no object named `b` is a Deployment, StatefulSet, ReplicaSet, ReplicationController
     --> kustomization.yaml:3:3
    ");
    let text = "configMapGenerator:\n- name: b\n  behavior: merge\n";
    insta::assert_snapshot!(of_kustomization(ErrorKind::NoMatch, text), @r"
    nothing to merge into or replace: no object has the id `ConfigMap.v1.[noGrp]/b.[noNs]`
     --> kustomization.yaml:2:3
    ");
}

#[test]
fn generator() {
    let text = "configMapGenerator:\n- name: b\n  literals:\n  - no-value\n";
    insta::assert_snapshot!(of_kustomization(ErrorKind::Generator, text), @r"
    the literal `no-value` is not `key=value`
     --> kustomization.yaml:4:5
    ");
}

#[test]
fn patch() {
    let text = "resources: [a.yaml]\npatches:\n- target: {kind: A}\n  patch: |\n    - op: remove\n      path: /spec/none\n";
    insta::assert_snapshot!(of_kustomization(ErrorKind::Patch, text), @r"
    cannot remove `/spec/none`: there is no `none`
     --> kustomization.yaml:5:3
     in  kustomization.yaml:3:3
     hint: what is patched is at a.yaml:3:7
    ");
}

#[test]
fn field() {
    let files = [
        (
            "kustomization.yaml",
            "resources: [a.yaml]\nlabels:\n- pairs: {x: z}\n",
        ),
        ("a.yaml", "kind: A\nmetadata:\n  name: a\n  labels: [b]\n"),
    ];
    insta::assert_snapshot!(error(ErrorKind::Field, "", &files), @r"
    `x` cannot be set in `metadata/labels`: it is no map
     --> a.yaml:4:11
    ");
}

#[test]
fn replacement() {
    let text = "resources: [a.yaml]\nreplacements:\n- source: {kind: A, fieldPath: spec.c}\n  targets:\n  - select: {kind: A}\n    fieldPaths: [spec.d]\n";
    insta::assert_snapshot!(of_kustomization(ErrorKind::Replacement, text), @r"
    the source of this replacement, `A.[noVer].[noGrp]/a.[noNs]`, has no `spec.c`
     --> kustomization.yaml:3:11
     hint: did you mean `b`?
    ");
}

#[test]
fn schema() {
    let text = "resources: [a.yaml]\nopenapi: {version: v1.0.0}\n";
    insta::assert_snapshot!(of_kustomization(ErrorKind::Schema, text), @r"
    the facts of Kubernetes `v1.0.0` are not built in
     --> kustomization.yaml:2:20
     hint: leave `version` out, or give the schema with `path`
    ");
}

#[test]
fn remote() {
    let text = "resources:\n- https://example.org/a.yaml\n";
    insta::assert_snapshot!(of_kustomization(ErrorKind::Remote, text), @r"
    the remote `https://example.org/a.yaml` was not fetched: this build stays on the machine
     --> kustomization.yaml:2:3
    ");
}

#[test]
fn program() {
    let text = "helmCharts:\n- name: chart\n";
    insta::assert_snapshot!(of_kustomization(ErrorKind::Program, text), @r"
    the chart `chart` needs helm, which may not run
     --> kustomization.yaml:2:3
     hint: allow it with `--enable-helm`
    ");
}

#[test]
fn output() {
    let files = [
        ("kustomization.yaml", "resources: [a.yaml]\n"),
        ("a.yaml", "kind: A\nmetadata: {name: a}\nx: .inf\n"),
    ];
    insta::assert_snapshot!(error(ErrorKind::Output, "", &files), @r"
    `.inf` is not a number that JSON can hold
     --> a.yaml:3:4
     hint: quote it if it is meant as a text
    ");
}

#[test]
fn limit() {
    let deep = format!("kind: A\nmetadata: {{name: a}}\nx: {}\n", "[".repeat(1000));
    let files = [
        ("kustomization.yaml", "resources: [a.yaml]\n"),
        ("a.yaml", &deep),
    ];
    insta::assert_snapshot!(error(ErrorKind::Limit, "", &files), @r"
    collections are nested more than 256 deep
     --> a.yaml:3:259
     in  kustomization.yaml:1:13
    ");
}

#[test]
fn strict_build() {
    let text = "resources: [a.yaml]\nimages:\n- name: ngnix\n  newTag: '1'\nnamePrefix: a-\nnamePrefix: b-\n";
    insta::assert_snapshot!(strict(text), @r"
    `namePrefix` is ignored, because it is given again: the one at kustomization.yaml:6:1 counts
     --> kustomization.yaml:5:1
     hint: take one of the two out
    also: no image is called `ngnix`
    ");
}
