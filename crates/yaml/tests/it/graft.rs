//! Parts of one file put into another: with their comments, in the form of where they go.

use insta::assert_snapshot;
use windlass_yaml::{Document, Error, Step};

const THEIRS: &str = "\
kind: Kustomization
# What is built.
resources:
    - a.yaml
    # The job.
    - job.yaml  # nightly
labels:
- pairs:
    app: web
    # Who pays.
    team: shop
  includeTemplates: true
script: |
  one

  two
count: 3
word: 'x'
flow: {one: 1, two: [a, b]}
";

fn keys<'a>(path: &'a str) -> Vec<Step<'a>> {
    let step = |name: &'a str| match name.parse() {
        Ok(number) => Step::Index(number),
        Err(_) => Step::Key(name),
    };
    path.split('.')
        .filter(|name| !name.is_empty())
        .map(step)
        .collect()
}

fn edited(text: &str, edit: impl FnOnce(&mut Document, &Document) -> Result<(), Error>) -> String {
    let mut ours = Document::parse("k.yaml", text).unwrap();
    let theirs = Document::parse("new.yaml", THEIRS).unwrap();
    match edit(&mut ours, &theirs) {
        Ok(()) => ours.finish(),
        Err(error) => {
            assert_eq!(ours.finish(), text, "what is refused changes nothing");
            error.to_string()
        }
    }
}

fn insert(text: &str, into: &str, behind: Option<usize>, from: &str) -> String {
    edited(text, |ours, theirs| {
        ours.insert_from(&keys(into), behind, theirs, &keys(from))
    })
}

fn replace(text: &str, at: &str, from: &str) -> String {
    edited(text, |ours, theirs| {
        ours.replace_from(&keys(at), theirs, &keys(from)).map(drop)
    })
}

#[test]
fn an_entry_comes_with_its_comments() {
    assert_snapshot!(insert("kind: K\nx: 1 # why\n\n# end\n", "", Some(0), "resources"), @r"
    kind: K
    # What is built.
    resources:
        - a.yaml
        # The job.
        - job.yaml  # nightly
    x: 1 # why

    # end
    ");
    assert_snapshot!(insert("a:\n  - p:\n      app: x\n    q: 1", "a.0.p", Some(0), "labels.0.pairs.team"), @r"
    a:
      - p:
          app: x
          # Who pays.
          team: shop
        q: 1
    ");
    assert_snapshot!(insert("a:\n- b: 1\n", "a.0", None, "script"), @r"
    a:
    - script: |
        one

        two
      b: 1
    ");
}

#[test]
fn an_item_goes_where_it_is_told() {
    let ours = "resources:\n- x.yaml # ours\n- y.yaml\n";
    assert_snapshot!(insert(ours, "resources", Some(0), "resources.1"), @r"
    resources:
    - x.yaml # ours
    # The job.
    - job.yaml  # nightly
    - y.yaml
    ");
    assert_snapshot!(insert(ours, "resources", None, "flow.two.1"), @r"
    resources:
    - b
    - x.yaml # ours
    - y.yaml
    ");
    assert_snapshot!(insert("a:\n  - k: v\n", "a", Some(0), "labels.0"), @r"
    a:
      - k: v
      - pairs:
          app: web
          # Who pays.
          team: shop
        includeTemplates: true
    ");
    assert_snapshot!(insert("resources: [x.yaml]\n", "resources", Some(0), "resources.1"), @"resources: [x.yaml, job.yaml]");
    assert_snapshot!(insert("a: {b: 1}\n", "a", None, "count"), @"a: {count: 3, b: 1}");
    assert_snapshot!(insert("a: []\n", "a", None, "resources.0"), @"a: [a.yaml]");
}

#[test]
fn a_value_is_put_in_the_place_of_another() {
    assert_snapshot!(replace("word: \"y\" # ours\n", "word", "word"), @r#"word: "x" # ours"#);
    assert_snapshot!(replace("count: 2 # ours\r\nb: 1\r\n", "count", "count").replace('\r', "<CR>"), @r"
    count: 3 # ours<CR>
    b: 1<CR>
    ");
    assert_snapshot!(replace("a:\n  script: no\n  b: 1\n", "a.script", "script"), @r"
    a:
      script: |
        one

        two
      b: 1
    ");
    assert_snapshot!(replace("script: |\n  old\n  text\nb: 1\n", "script", "script"), @r"
    script: |
      one

      two
    b: 1
    ");
    assert_snapshot!(replace("- count:\n- b: 1\n", "0.count", "count"), @r"
    - count: 3
    - b: 1
    ");
    assert_snapshot!(replace("a: {flow: 1, b: 2}\n", "a.flow", "flow"), @"a: {flow: {one: 1, two: [a, b]}, b: 2}");
}

#[test]
fn what_cannot_be_said_there_is_refused() {
    let alias = "a: &a {b: 1}\nc: *a\n";
    assert_snapshot!(insert("a: {b: 1}\n", "a", None, "script"), @"this does not fit between brackets");
    assert_snapshot!(insert("a: b\n", "a", None, "count"), @"nothing can be put in here");
    assert_snapshot!(insert(alias, "a", Some(0), "count"), @"this cannot be edited without changing something else");
    assert_snapshot!(insert("a: {b: 1}\n", "a", Some(9), "count"), @"this cannot be edited without changing something else");
    assert_snapshot!(replace("a: 1\n", "gone", "count"), @"there is no such part");
    assert_snapshot!(replace("a: 1\n", "", "count"), @"a whole document is not replaced");
}

#[test]
fn a_remark_stands_in_the_line_above() {
    let remark =
        |text: &str, at: &str| edited(text, |ours, _| ours.remark(&keys(at), "look\nhere"));
    assert_snapshot!(remark("a:\n- b: 1\n  c: |\n    x\n  d: 2\n", "a.0.d"), @r"
    a:
    - b: 1
      c: |
        x
      # lookhere
      d: 2
    ");
    assert_snapshot!(remark("a:\n- b: 1\n", "a.0.b"), @r"
    a:
    # lookhere
    - b: 1
    ");
    assert_snapshot!(remark("a: {b: 1}\n", "a.b"), @r"
    # lookhere
    a: {b: 1}
    ");
}
