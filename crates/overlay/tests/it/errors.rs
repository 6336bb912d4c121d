//! What a user sees of each kind of error.

use windlass_cli::{Style, render_fault};
use windlass_overlay::{Edit, Error, ErrorKind, Memory, Options, build};

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

/// The error as every command prints it.
pub(crate) fn shown(error: &Error) -> String {
    let text = render_fault(error, Style::Text);
    anstream::adapter::strip_str(&text).to_string()
}

#[test]
fn read() {
    let text = "namePrefix: x-\nresources:\n- a.yaml\n- deploymnt.yaml\n";
    insta::assert_snapshot!(of_kustomization(ErrorKind::Read, text), @r"
    error: there is no file or folder `deploymnt.yaml`
     --> kustomization.yaml:4:3
      |
    4 | - deploymnt.yaml
      |   ^^^^^^^^^^^^^^
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
    error: there is no file or folder `base/gone.yaml`
     --> base/kustomization.yaml:1:13
      |
    1 | resources: [gone.yaml]
      |             ^^^^^^^^^
      in prod/kustomization.yaml:2:3
      in live/kustomization.yaml:2:3
    ");
}

/// The error of a new tag for an image.
fn of_edit(kind: ErrorKind, text: &str) -> String {
    let files = Memory::from_iter([("kustomization.yaml", text)]);
    let edits = [Edit::SetImages(vec!["web:v3".parse().unwrap()])];
    let edited = windlass_overlay::edit(&files, "".as_ref(), &edits, &Options::default());
    let error = edited.unwrap_err();
    assert_eq!(error.kind(), kind, "{error}");
    shown(&error)
}

#[test]
fn edit() {
    let text = "images:\n- name: web\n  newTag: v1\n- name: web\n  newTag: v2\n";
    insta::assert_snapshot!(of_edit(ErrorKind::Edit, text), @r"
    error: several items match and hold different values
     --> kustomization.yaml:5:11
      |
    5 |   newTag: v2
      |           ^^
    hint: leave one of the items, or make them alike
    ");
}

#[test]
fn restricted() {
    let files = [
        ("prod/kustomization.yaml", "resources: [../a.yaml]\n"),
        OBJECT,
    ];
    insta::assert_snapshot!(error(ErrorKind::Restricted, "prod", &files), @r"
    error: `a.yaml` is not in or below `prod`
     --> prod/kustomization.yaml:1:13
      |
    1 | resources: [../a.yaml]
      |             ^^^^^^^^^
    hint: move the file, or make its folder a base with a kustomization of its own
    ");
    let text = "resources: [.]\n";
    insta::assert_snapshot!(of_kustomization(ErrorKind::Restricted, text), @r"
    error: `.` leads back to ``, which the build came from
     --> kustomization.yaml:1:13
      |
    1 | resources: [.]
      |             ^
    ");
}

#[test]
fn malformed() {
    let files = [
        ("kustomization.yaml", "resources: [a.yaml]\n"),
        ("a.yaml", "kind: A\nmetadata: {name: a\n"),
    ];
    insta::assert_snapshot!(error(ErrorKind::Malformed, "", &files), @r"
    error: this has no closing `}`
     --> a.yaml:2:11
      |
    2 | metadata: {name: a
      |           ^
      in kustomization.yaml:1:13
    ");
}

#[test]
fn config() {
    let text = "nmePrefix: x\nresources: [a.yaml]\nnamespace: yes\nimages: {}\n";
    insta::assert_snapshot!(of_kustomization(ErrorKind::Config, text), @r#"
    error: unknown field `nmePrefix`
     --> kustomization.yaml:1:1
      |
    1 | nmePrefix: x
      | ^^^^^^^^^
    hint: did you mean `namePrefix`?

    error: `namespace` must be a string, not the boolean `yes`
     --> kustomization.yaml:3:12
      |
    3 | namespace: yes
      |            ^^^
    hint: put it in quotes: `"yes"`

    error: `images` must be a list, not a map
     --> kustomization.yaml:4:9
      |
    4 | images: {}
      |         ^^
    "#);
    insta::assert_snapshot!(of_kustomization(ErrorKind::Config, "kind: Kustomisation\nresources: []\n"), @r"
    error: `Kustomisation` is no kind of kustomization
     --> kustomization.yaml:1:7
      |
    1 | kind: Kustomisation
      |       ^^^^^^^^^^^^^
    hint: it is `Kustomization` or `Component`
    ");
    insta::assert_snapshot!(of_kustomization(ErrorKind::Config, "kind: Kustomization\n"), @r"
    error: `kustomization.yaml` is empty
     --> kustomization.yaml
    ");
}

#[test]
fn config_within_entries() {
    let text = "resources: [a.yaml]\nconfigMapGenerator:\n- name: b\n  literls: [a=b]\n\
        patches:\n- target: {kinds: A}\n  path: x\nreplacements:\n- source: {kind: A, optoins: {}}\n\
        images:\n- name: x\n  newtagg: y\nhelmCharts:\n- valuesInlin: {}\n";
    insta::assert_snapshot!(of_kustomization(ErrorKind::Config, text), @r"
    error: unknown field `literls`
     --> kustomization.yaml:4:3
      |
    4 |   literls: [a=b]
      |   ^^^^^^^
    hint: did you mean `literals`?

    error: unknown field `kinds`
     --> kustomization.yaml:6:12
      |
    6 | - target: {kinds: A}
      |            ^^^^^
    hint: did you mean `kind`?

    error: unknown field `optoins`
     --> kustomization.yaml:9:21
      |
    9 | - source: {kind: A, optoins: {}}
      |                     ^^^^^^^
    hint: did you mean `options`?

    error: unknown field `newtagg`
     --> kustomization.yaml:12:3
       |
    12 |   newtagg: y
       |   ^^^^^^^
    hint: did you mean `newTag`?

    error: unknown field `valuesInlin`
     --> kustomization.yaml:14:3
       |
    14 | - valuesInlin: {}
       |   ^^^^^^^^^^^
    hint: did you mean `valuesInline`?
    ");
}

#[test]
fn config_of_a_base() {
    let files = [
        (
            "base/kustomization.yaml",
            "resources: []\nconfigurations: [names.yaml]\n",
        ),
        (
            "base/names.yaml",
            "nameReference:\n- kind: A\n  fieldSpec: []\n",
        ),
        ("prod/kustomization.yaml", "resources:\n- ../base\n"),
    ];
    insta::assert_snapshot!(error(ErrorKind::Config, "prod", &files), @r"
    error: unknown field `fieldSpec`
     --> base/names.yaml:3:3
      |
    3 |   fieldSpec: []
      |   ^^^^^^^^^
      in base/kustomization.yaml:2:18
      in prod/kustomization.yaml:2:3
    hint: did you mean `fieldSpecs`?
    ");
    let files = [
        ("prod/kustomization.yaml", "sortOptions: {}\n"),
        ("prod/kustomization.yml", "sortOptions: {}\n"),
    ];
    insta::assert_snapshot!(error(ErrorKind::Config, "prod", &files), @r"
    error: `prod` holds two kustomization files: `kustomization.yaml` and `kustomization.yml`
     --> prod/kustomization.yml
    hint: keep one of them
    ");
}

#[test]
fn config_of_transformers() {
    let prefix = "apiVersion: builtin\nkind: PrefixTransfomer\nmetadata: {name: p}\n";
    let files = [
        (
            "kustomization.yaml",
            "resources: [a.yaml]\ntransformers: [prefix.yaml]\n",
        ),
        ("prefix.yaml", prefix),
        OBJECT,
    ];
    insta::assert_snapshot!(error(ErrorKind::Config, "", &files), @r"
    error: there is no built-in transformer `PrefixTransfomer`
     --> prefix.yaml:1:1
      |
    1 | apiVersion: builtin
      | ^^^^^^^^^^^^^^^^^^^
      in kustomization.yaml:2:16
    hint: did you mean `PrefixTransformer`?
    ");
    let text = "resources: [a.yaml]\npatches:\n- target: {kind: '('}\n  patch: '[]'\n";
    insta::assert_snapshot!(of_kustomization(ErrorKind::Config, text), @r"
    error: `(` is not a regular expression
     --> kustomization.yaml:3:11
      |
    3 | - target: {kind: '('}
      |           ^^^^^^^^^^^
      in kustomization.yaml:3:3
    caused by: unclosed group
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
    error: this `A` has no `metadata.name`
     --> a.yaml:3:1
      |
    3 | kind: A
      | ^^^^^^^
      in kustomization.yaml:1:13
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
    error: two objects have the id `A.[noVer].[noGrp]/a.[noNs]`
     --> b.yaml:2:1
      |
    2 | kind: A
      | ^^^^^^^
      in kustomization.yaml
    hint: the other one is at a.yaml:1:1
    ");
}

#[test]
fn no_match() {
    let text = "resources: [a.yaml]\nreplicas:\n- name: b\n  count: 2\n";
    insta::assert_snapshot!(of_kustomization(ErrorKind::NoMatch, text), @r"
    error: no object named `b` is a Deployment, StatefulSet, ReplicaSet, ReplicationController
     --> kustomization.yaml:3:3
      |
    3 | - name: b
      |   ^^^^^^^
    ");
    let text = "configMapGenerator:\n- name: b\n  behavior: merge\n";
    insta::assert_snapshot!(of_kustomization(ErrorKind::NoMatch, text), @r"
    error: nothing to merge into or replace: no object has the id `ConfigMap.v1.[noGrp]/b.[noNs]`
     --> kustomization.yaml:2:3
      |
    2 | - name: b
      |   ^^^^^^^
    ");
}

#[test]
fn generator() {
    let text = "configMapGenerator:\n- name: b\n  literals:\n  - no-value\n";
    insta::assert_snapshot!(of_kustomization(ErrorKind::Generator, text), @r"
    error: the literal `no-value` is not `key=value`
     --> kustomization.yaml:4:5
      |
    4 |   - no-value
      |     ^^^^^^^^
    ");
}

#[test]
fn patch() {
    let text = "resources: [a.yaml]\npatches:\n- target: {kind: A}\n  patch: |\n    - op: remove\n      path: /spec/none\n";
    insta::assert_snapshot!(of_kustomization(ErrorKind::Patch, text), @r"
    error: cannot remove `/spec/none`: there is no `none`
     --> kustomization.yaml:5:7
      |
    5 |     - op: remove
      |       ^^^^^^^^^^
      in kustomization.yaml:3:3
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
    error: `x` cannot be set in `metadata/labels`: it is no map
     --> a.yaml:4:11
      |
    4 |   labels: [b]
      |           ^^^
      in kustomization.yaml:3:3
    ");
}

#[test]
fn replacement() {
    let text = "resources: [a.yaml]\nreplacements:\n- source: {kind: A, fieldPath: spec.c}\n  targets:\n  - select: {kind: A}\n    fieldPaths: [spec.d]\n";
    insta::assert_snapshot!(of_kustomization(ErrorKind::Replacement, text), @r"
    error: the source of this replacement, `A.[noVer].[noGrp]/a.[noNs]`, has no `spec.c`
     --> kustomization.yaml:3:11
      |
    3 | - source: {kind: A, fieldPath: spec.c}
      |           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      in kustomization.yaml:3:3
    hint: did you mean `b`?
    ");
}

#[test]
fn replacement_without_object() {
    let text = "resources: [a.yaml]\nreplacements:\n- source: {kind: A, name: b}\n  targets:\n  - select: {kind: A}\n";
    insta::assert_snapshot!(of_kustomization(ErrorKind::Replacement, text), @r"
    error: no object matches the source of this replacement
     --> kustomization.yaml:3:11
      |
    3 | - source: {kind: A, name: b}
      |           ^^^^^^^^^^^^^^^^^^
      in kustomization.yaml:3:3
    hint: did you mean `a`?
    ");
    let text =
        "resources: [a.yaml]\nvars:\n- name: X\n  objref: {apiVersion: v1, kind: A, name: b}\n";
    insta::assert_snapshot!(of_kustomization(ErrorKind::Replacement, text), @r"
    error: the variable `X` takes its value from an object that is not there
     --> kustomization.yaml:3:3
      |
    3 | - name: X
      |   ^^^^^^^
    hint: check the `apiVersion`, `kind` and `name` of its `objref`
    ");
}

#[test]
fn schema_of_a_file() {
    let files = [
        (
            "kustomization.yaml",
            "resources: [a.yaml]\nopenapi: {path: b.json}\n",
        ),
        ("b.json", "{\"definitions\": 1"),
        OBJECT,
    ];
    insta::assert_snapshot!(error(ErrorKind::Schema, "", &files), @r"
    error: `b.json` is not an OpenAPI document
     --> b.json
      in kustomization.yaml:2:17
    caused by: EOF while parsing an object at line 1 column 17
    hint: it is a JSON or YAML file with `definitions`, as `kustomize openapi fetch` prints
    ");
}

#[test]
fn schema() {
    let text = "resources: [a.yaml]\nopenapi: {version: v1.0.0}\n";
    insta::assert_snapshot!(of_kustomization(ErrorKind::Schema, text), @r"
    error: the facts of Kubernetes `v1.0.0` are not built in
     --> kustomization.yaml:2:20
      |
    2 | openapi: {version: v1.0.0}
      |                    ^^^^^^
    hint: leave `version` out, or give the schema with `path`
    ");
}

#[test]
fn remote() {
    let text = "resources:\n- https://example.org/a.yaml\n";
    insta::assert_snapshot!(of_kustomization(ErrorKind::Remote, text), @r"
    error: the remote `https://example.org/a.yaml` was not fetched: this build stays on the machine
     --> kustomization.yaml:2:3
      |
    2 | - https://example.org/a.yaml
      |   ^^^^^^^^^^^^^^^^^^^^^^^^^^
    ");
}

#[test]
fn program() {
    let text = "helmCharts:\n- name: chart\n";
    insta::assert_snapshot!(of_kustomization(ErrorKind::Program, text), @r"
    error: the chart `chart` needs helm, which may not run
     --> kustomization.yaml:2:3
      |
    2 | - name: chart
      |   ^^^^^^^^^^^
    hint: allow it with `--enable-helm`
    ");
}

#[test]
fn function() {
    let function = "apiVersion: example.org/v1\nkind: Wish\nmetadata:\n  name: w\n  annotations:\n    config.kubernetes.io/function: |\n      container: {image: wish}\n";
    let files = [
        (
            "kustomization.yaml",
            "resources: [a.yaml]\ntransformers: [wish.yaml]\n",
        ),
        ("wish.yaml", function),
        OBJECT,
    ];
    insta::assert_snapshot!(error(ErrorKind::Program, "", &files), @r"
    error: the function `Wish` is a container, and containers are not run
     --> wish.yaml:1:1
      |
    1 | apiVersion: example.org/v1
      | ^^^^^^^^^^^^^^^^^^^^^^^^^^
      in kustomization.yaml:2:16
    hint: name its program in `exec.path` instead
    ");
}

#[test]
fn output() {
    let files = [
        ("kustomization.yaml", "resources: [a.yaml]\n"),
        ("a.yaml", "kind: A\nmetadata: {name: a}\nx: .inf\n"),
    ];
    insta::assert_snapshot!(error(ErrorKind::Output, "", &files), @r"
    error: `.inf` is not a number that JSON can hold
     --> a.yaml:3:4
      |
    3 | x: .inf
      |    ^^^^
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
    error: collections are nested more than 256 deep
     --> a.yaml:3:259
      |
    3 | [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[
      |                                                                                 ^
      in kustomization.yaml:1:13
    ");
}

#[test]
fn strict_build() {
    let text = "resources: [a.yaml]\nimages:\n- name: ngnix\n  newTag: '1'\nnamePrefix: a-\nnamePrefix: b-\n";
    insta::assert_snapshot!(strict(text), @r"
    error: `namePrefix` is ignored, because it is given again: the one at kustomization.yaml:6:1 counts [repeated-field]
     --> kustomization.yaml:5:1
      |
    5 | namePrefix: a-
      | ^^^^^^^^^^
    hint: take one of the two out

    error: no image is called `ngnix` [unused-image]
     --> kustomization.yaml:3:3
      |
    3 | - name: ngnix
      |   ^^^^^^^^^^^
    ");
}
