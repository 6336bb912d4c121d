//! Values of serde types from nodes.

use crate::{shown, shown_warning};
use insta::assert_snapshot;
use serde::Deserialize;
use std::collections::BTreeMap;
use windlass_yaml::{DeOptions, Source, Spanned, Tree, from_node_with, from_str};

#[derive(Debug, Default, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, default, rename_all = "camelCase")]
struct Kustomization {
    name_prefix: String,
    resources: Vec<Spanned<String>>,
    images: Vec<Image>,
    common_labels: BTreeMap<String, String>,
    options: Option<Options>,
    mode: Option<Mode>,
    ratio: f64,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Image {
    name: String,
    #[serde(default)]
    new_tag: String,
    #[serde(default)]
    count: u8,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Options {
    disable: bool,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase")]
enum Mode {
    Strict,
    Level(i64),
    Pair { a: bool },
}

fn read(text: &str, options: DeOptions) -> Result<(Kustomization, String), String> {
    let mut tree = Tree::new();
    let mut warnings = Vec::new();
    let source = Source::new("kustomization.yaml", text);
    let root = tree.load_first(&source, &mut warnings).unwrap().unwrap();
    let value = from_node_with(&tree, root, &options, &mut warnings);
    let warnings = warnings.iter().map(shown_warning).collect();
    value.map(|value| (value, warnings)).map_err(|e| shown(&e))
}

fn error(text: &str) -> String {
    read(text, DeOptions::KUSTOMIZE).unwrap_err()
}

#[test]
fn reads_what_go_reads() {
    let text = "namePrefix: a-\nRESOURCES: [x, 'y']\nimages:\n- name: web\n  newTag: \"1.0\"\n  \
                count: 3.0\ncommonlabels: {on: b, 1: c, \"yes\": d}\noptions: {disable: yes}\nratio: 2\n\
                mode: strict\n";
    let (value, warnings) = read(text, DeOptions::KUSTOMIZE).unwrap();
    assert_eq!(warnings, "");
    assert_eq!(value.name_prefix, "a-");
    assert_eq!(*value.resources[1], "y");
    assert_eq!(
        (value.images[0].new_tag.as_str(), value.images[0].count),
        ("1.0", 3)
    );
    let labels: Vec<&str> = value.common_labels.keys().map(String::as_str).collect();
    assert_eq!(labels, ["1", "true", "yes"]);
    assert_eq!(value.options, Some(Options { disable: true }));
    assert_eq!((value.ratio, value.mode), (2.0, Some(Mode::Strict)));
}

#[test]
fn variants_may_hold_something() {
    let mode = |text| read(text, DeOptions::default()).map(|(value, _)| value.mode.unwrap());
    assert_eq!(mode("mode: {level: -4}"), Ok(Mode::Level(-4)));
    assert_eq!(mode("mode: {pair: {a: true}}"), Ok(Mode::Pair { a: true }));
    assert_eq!(mode("mode: {strict: }"), Ok(Mode::Strict));
    assert_snapshot!(mode("mode: level").unwrap_err(), @r"
    error: `mode` must be a map, not the string `level`
     --> kustomization.yaml:1:7
      | mode: level
      |       ^^^^^
    ");
    assert_snapshot!(mode("mode: [level]").unwrap_err(), @r"
    error: `mode` must be one of its names, not a list
     --> kustomization.yaml:1:7
      | mode: [level]
      |       ^^^^^^^
    ");
    assert_snapshot!(mode("mode: {strict: 1}").unwrap_err(), @r"
    error: `strict` must be empty, not the number `1`
     --> kustomization.yaml:1:16
      | mode: {strict: 1}
      |                ^
    ");
    assert_snapshot!(mode("mode: stirct").unwrap_err(), @r"
    error: `mode` cannot be `stirct`
     --> kustomization.yaml:1:7
      | mode: stirct
      |       ^^^^^^
    hint: did you mean `strict`?
    ");
}

#[test]
fn nothing_is_a_default_to_go_and_an_error_else() {
    let (value, _) = read("namePrefix:\nimages: null\n", DeOptions::KUSTOMIZE).unwrap();
    assert_eq!(value, Kustomization::default());
    let error = read("namePrefix:\nimages: null\n", DeOptions::default()).unwrap_err();
    assert_snapshot!(error, @r"
    error: `namePrefix` is empty, but must be a string
     --> kustomization.yaml:1:1
      | namePrefix:
      | ^^^^^^^^^^
    error: `images` is empty, but must be a list
     --> kustomization.yaml:2:1
      | images: null
      | ^^^^^^
    ");
}

#[test]
fn a_key_that_stands_twice() {
    let text = "namePrefix: a\nresources: []\nnameprefix: b\n";
    let (value, warnings) = read(text, DeOptions::KUSTOMIZE).unwrap();
    assert_eq!(value.name_prefix, "b");
    assert_snapshot!(warnings, @r"
    warning: `namePrefix` is ignored, because it is given again: the one at kustomization.yaml:3:1 counts
     --> kustomization.yaml:1:1
      | namePrefix: a
      | ^^^^^^^^^^
    hint: take one of the two out
    ");
    let text = "namePrefix: a\nresources: []\nnamePrefix: b\n";
    assert_snapshot!(read(text, DeOptions::default()).unwrap_err(), @r"
    error: the key `namePrefix` is already defined at kustomization.yaml:1:1
     --> kustomization.yaml:3:1
      | namePrefix: b
      | ^^^^^^^^^^
    hint: take one of the two out
    ");
}

#[test]
fn every_bad_field_is_reported() {
    let text = "nameprefx: a\nresources:\n- a\n- 5\n- {b: c}\nimages:\n- nam: web\n- name: 1.10\n  newTag: yes\n\
                - name: x\n  newTag: 2.0\n  count: 300\nzzz: 1\noptions: {disable: maybe}\nratio: fast\n";
    assert_snapshot!(error(text), @r#"
    error: unknown field `nameprefx`
     --> kustomization.yaml:1:1
      | nameprefx: a
      | ^^^^^^^^^
    hint: did you mean `namePrefix`?
    error: this must be a string, not the number `5`
     --> kustomization.yaml:4:3
      | - 5
      |   ^
    hint: put it in quotes: `"5"`
    error: this must be a string, not a map
     --> kustomization.yaml:5:3
      | - {b: c}
      |   ^^^^^^
    error: unknown field `nam`
     --> kustomization.yaml:7:3
      | - nam: web
      |   ^^^
    hint: did you mean `name`?
    error: the field `name` is missing
     --> kustomization.yaml:7:3
      | - nam: web
      |   ^^^^^^^^
    error: `name` must be a string, not the number `1.10`
     --> kustomization.yaml:8:9
      | - name: 1.10
      |         ^^^^
    hint: put it in quotes: `"1.10"`
    error: `newTag` must be a string, not the boolean `yes`
     --> kustomization.yaml:9:11
      |   newTag: yes
      |           ^^^
    hint: put it in quotes: `"yes"`
    error: `newTag` must be a string, not the number `2.0`
     --> kustomization.yaml:11:11
      |   newTag: 2.0
      |           ^^^
    hint: put it in quotes: `"2.0"`
    error: `count` must be an integer from 0 to 255, not the number `300`
     --> kustomization.yaml:12:10
      |   count: 300
      |          ^^^
    error: unknown field `zzz`
     --> kustomization.yaml:13:1
      | zzz: 1
      | ^^^
    hint: the fields here are `namePrefix`, `resources`, `images`, `commonLabels`, `options`, `mode`, `ratio`
    error: `disable` must be `true` or `false`, not the string `maybe`
     --> kustomization.yaml:14:20
      | options: {disable: maybe}
      |                    ^^^^^
    error: `ratio` must be a number, not the string `fast`
     --> kustomization.yaml:15:8
      | ratio: fast
      |        ^^^^
    "#);
}

#[test]
fn a_missing_field_is_reported_at_its_map() {
    assert_snapshot!(error("images:\n- newTag: x\n- name: [a]\n"), @r"
    error: the field `name` is missing
     --> kustomization.yaml:2:3
      | - newTag: x
      |   ^^^^^^^^^
    error: `name` must be a string, not a list
     --> kustomization.yaml:3:9
      | - name: [a]
      |         ^^^
    ");
}

#[test]
fn a_file_of_another_kind() {
    assert_snapshot!(shown(&from_str::<Kustomization>("f.yaml", "just text\n").unwrap_err()), @r"
    error: this must be a map, not the string `just text`
     --> f.yaml:1:1
      | just text
      | ^^^^^^^^^
    ");
    assert_snapshot!(shown(&from_str::<Image>("f.yaml", "# nothing\n").unwrap_err()), @r"
    error: `f.yaml` is empty
     --> f.yaml
    ");
    assert_eq!(
        from_str::<Kustomization>("f.yaml", "").unwrap(),
        Kustomization::default()
    );
}

#[test]
fn a_value_of_any_shape() {
    let text = "a: [1, 18446744073709551615, 1.5, yes, true, ~]\nb: 2001-01-01\n? c\n: {d: e}\n";
    let value: serde_json::Value = from_str("f.yaml", text).unwrap();
    let wanted = serde_json::json!({
        "a": [1, u64::MAX, 1.5, "yes", true, null],
        "b": "2001-01-01T00:00:00Z",
        "c": {"d": "e"},
    });
    assert_eq!(value, wanted);
}
