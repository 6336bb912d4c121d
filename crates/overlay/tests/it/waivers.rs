//! What is odd, and the comments that say it is meant.

use std::fmt::Write;
use windlass_cli::{Style, render_warning};
use windlass_overlay::{Memory, Options, build};

const OBJECT: (&str, &str) = ("a.yaml", "kind: A\nmetadata: {name: a}\n");

/// What a user sees of the warnings of a build of these files.
fn warnings(files: &[(&str, &str)]) -> String {
    let files: Memory = files.iter().copied().collect();
    let built = build(&files, "".as_ref(), &Options::default()).unwrap();
    built.warnings().iter().fold(String::new(), |mut out, one| {
        let text = render_warning(one, Style::Text);
        write!(out, "{}", anstream::adapter::strip_str(&text)).unwrap();
        out
    })
}

fn of_kustomization(text: &str) -> String {
    warnings(&[("kustomization.yaml", text), OBJECT])
}

#[test]
fn each_warning_has_a_name_to_waive_it_by() {
    let text = "\
resources: [a.yaml]
namePrefix: a-
namePrefix: b-
images:
- name: ngnix
patches:
- target: {kind: B}
  patch: '[{\"op\": \"remove\", \"path\": \"/x\"}]'
replacements:
- source: {kind: A}
  targets:
  - select: {kind: B}
- path: more.yaml
configMapGenerator:
- name: m
  literals: ['a b=c']
openapi: {pth: x}
vars:
- name: X
  objref: {kind: A, name: a}
";
    let more = "source: {kind: A}\ntargets: [{select: {kind: A}, fieldPath: []}]\n";
    let files = [("kustomization.yaml", text), ("more.yaml", more), OBJECT];
    insta::assert_snapshot!(warnings(&files), @r"
    warning: `namePrefix` is ignored, because it is given again: the one at kustomization.yaml:3:1 counts [repeated-field]
     --> kustomization.yaml:2:1
      |
    2 | namePrefix: a-
      | ^^^^^^^^^^
    hint: take one of the two out
    warning: `openapi` has no `pth`: it is passed over [unknown-field]
     --> kustomization.yaml:17:16
       |
    17 | openapi: {pth: x}
       |                ^
    warning: `a b` cannot be a key of `m` [invalid-key]
     --> kustomization.yaml:16:14
       |
    16 |   literals: ['a b=c']
       |              ^^^^^^^
    hint: a key has letters, digits, `-`, `_` and `.`, and does not begin with `..`
    warning: this patch changes nothing: no object matches its target [unused-patch]
     --> kustomization.yaml:7:3
      |
    7 | - target: {kind: B}
      |   ^^^^^^^^^^^^^^^^^
    warning: no image is called `ngnix` [unused-image]
     --> kustomization.yaml:5:3
      |
    5 | - name: ngnix
      |   ^^^^^^^^^^^
    warning: unknown field `fieldPath` [unknown-field]
     --> more.yaml:2:31
      |
    2 | targets: [{select: {kind: A}, fieldPath: []}]
      |                               ^^^^^^^^^
    hint: did you mean `fieldPaths`?
    warning: this replacement changes nothing: no object matches its target [unused-replacement]
     --> kustomization.yaml:12:5
       |
    12 |   - select: {kind: B}
       |     ^^^^^^^^^^^^^^^^^
    warning: the variable `X` is not used [unused-variable]
     --> kustomization.yaml:19:3
       |
    19 | - name: X
       |   ^^^^^^^
    warning: `vars` is deprecated [deprecated-field]
     --> kustomization.yaml:18:1
       |
    18 | vars:
       | ^^^^
    hint: use `replacements`
    ");
}

#[test]
fn a_comment_at_its_place_waives_a_warning() {
    let text = "\
resources: [a.yaml]
images:
- name: ngnix # windlass: waive unused-image
# windlass: waive unused-image -- a team adds it later
# and it stands here already

- name: redis
vars: # windlass: waive deprecated-field
# windlass: waive unused-variable, unused-image
- name: X
  objref: {kind: A, name: a}
";
    insta::assert_snapshot!(of_kustomization(text), @r"
    warning: there is no `unused-image` here to waive [unused-waiver]
     --> kustomization.yaml:9:1
      |
    9 | # windlass: waive unused-variable, unused-image
      | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    hint: take the comment out
    ");
}

#[test]
fn a_waiver_that_waives_nothing_is_a_warning() {
    let text = "\
resources: [a.yaml]
namePrefix: b- # windlass: waive unused-image
# windlass: waive unusd-image
nameSuffix: '# windlass: waive unused-image'
";
    insta::assert_snapshot!(of_kustomization(text), @r"
    warning: there is no `unused-image` here to waive [unused-waiver]
     --> kustomization.yaml:2:16
      |
    2 | namePrefix: b- # windlass: waive unused-image
      |                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    hint: take the comment out
    warning: no warning is called `unusd-image` [unused-waiver]
     --> kustomization.yaml:3:1
      |
    3 | # windlass: waive unusd-image
      | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    hint: did you mean `unused-image`?
    ");
}

#[test]
fn patches_are_waived_where_the_kustomization_names_them() {
    let base = "resources: [a.yaml]\npatches:\n# windlass: waive unused-patch\n- target: {kind: B}\n  patch: |\n    # windlass: waive unused-patch\n    - {op: remove, path: /x}\n";
    let files = [
        ("kustomization.yaml", "resources: [one, two]\n"),
        (
            "one/kustomization.yaml",
            "resources: [../base]\nnamePrefix: one-\n",
        ),
        (
            "two/kustomization.yaml",
            "resources: [../base]\nnamePrefix: two-\n",
        ),
        ("base/kustomization.yaml", base),
        ("base/a.yaml", "kind: A\nmetadata: {name: a}\n"),
    ];
    insta::assert_snapshot!(warnings(&files), @r"
    warning: there is no `unused-patch` here to waive [unused-waiver]
     --> base/kustomization.yaml:6:5
      |
    6 |     # windlass: waive unused-patch
      |     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    hint: take the comment out
    ");
}

#[test]
fn strict_builds_refuse_what_is_not_waived() {
    let build = |text: &str| {
        let files = Memory::from_iter([("kustomization.yaml", text), OBJECT]);
        let options = Options {
            strict: true,
            ..Options::default()
        };
        build(&files, "".as_ref(), &options)
            .map(|_| ())
            .map_err(|error| crate::errors::shown(&error))
    };
    assert_eq!(
        build("resources: [a.yaml]\nimages:\n- name: x # windlass: waive unused-image\n"),
        Ok(())
    );
    let unused = build("resources: [a.yaml] # windlass: waive unused-image\n");
    insta::assert_snapshot!(unused.unwrap_err(), @r"
    error: there is no `unused-image` here to waive [unused-waiver]
     --> kustomization.yaml:1:21
      |
    1 | resources: [a.yaml] # windlass: waive unused-image
      |                     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    hint: take the comment out
    ");
}
