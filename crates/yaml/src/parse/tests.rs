//! The short ways of reading and printing against the long ones.

use crate::{NodeId, Source, Tree};
use proptest::prelude::*;

/// What the first document is: all that is known of its nodes, and what it prints as.
#[derive(Debug, PartialEq)]
struct Outcome {
    nodes: Vec<String>,
    printed: Result<String, String>,
}

/// What is read of a text into a tree.
fn outcome(mut tree: Tree, text: &str) -> Result<Outcome, String> {
    let roots = tree.load(Source::new("f.yaml", text));
    let roots = roots.map_err(|error| format!("{error:?}"))?;
    let Some(&root) = roots.first() else {
        return Err("nothing".to_owned());
    };
    let mut nodes = Vec::new();
    describe(&tree, root, &mut nodes);
    let printed = print(&tree, root);
    Ok(Outcome { nodes, printed })
}

fn describe(tree: &Tree, id: NodeId, nodes: &mut Vec<String>) {
    nodes.push(format!(
        "{:?}",
        (
            (tree.kind(id), tree.style(id), tree.tag(id), tree.text(id)),
            (tree.key(id), tree.key_is_quoted(id), tree.key_tag(id)),
            (tree.origin(id), tree.key_origin(id), tree.in_flow(id)),
            tree.len(id),
        )
    ));
    for child in tree.children(id) {
        describe(tree, child, nodes);
    }
}

fn print(tree: &Tree, root: NodeId) -> Result<String, String> {
    let mut out = Vec::new();
    let printed = tree.emit(root, &mut out);
    printed.map_err(|error| format!("{error:?}"))?;
    Ok(String::from_utf8(out).unwrap())
}

const USUAL: &str = "\
apiVersion: v1
data:
  a: \"8080\"
  b: 'x: y'
  c: |
    one

      two
  d: |-
    one
    two
  e: a sentence that goes on for so long that no line of eighty columns can hold it,
    and so it is broken
  empty: {}
  enabled: true
  name: web-1
  none: []
  port: 80
items:
- - a
  - b
- key: |-
    a
    b
  value: /metrics
- a sentence that goes on for so long that no line of eighty columns holds the whole
  of it
kind: ConfigMap
";

#[test]
fn what_is_usual_is_copied() {
    let mut tree = Tree::new();
    let root = tree.load(Source::new("f.yaml", USUAL)).unwrap()[0];
    assert!(tree.is_as_printed(root));
    assert_eq!(print(&tree, root).as_deref(), Ok(USUAL));
    assert_eq!(outcome(Tree::new(), USUAL), outcome(Tree::careful(), USUAL));
}

#[test]
fn a_change_within_is_printed() {
    let mut tree = Tree::new();
    let root = tree.load(Source::new("f.yaml", USUAL)).unwrap()[0];
    let name = tree.lookup(root, &["data", "name"]).unwrap();
    tree.set_string(name, "web-2");
    let new = USUAL.replace("web-1", "web-2");
    assert_eq!(print(&tree, root), Ok(new));
}

#[test]
fn what_is_moved_stands_where_it_comes_to() {
    let mut tree = Tree::new();
    let root = tree.load(Source::new("f.yaml", USUAL)).unwrap()[0];
    let data = tree.get(root, "data").unwrap();
    let (inner, outer) = (tree.copy(data), tree.copy(data));
    tree.set(data, "more", inner);
    tree.set(root, "data-2", outer);
    let printed = print(&tree, root).unwrap();
    let block = USUAL.split("data:\n").nth(1).unwrap();
    let block = block.split("items:").next().unwrap();
    assert!(
        printed.contains(&format!("data-2:\n{block}items:")),
        "{printed}"
    );
    assert!(
        printed.contains("    c: |\n      one\n\n        two\n"),
        "{printed}"
    );
}

/// go-yaml counts columns from the last line break, whichever it is.
#[test]
fn other_line_breaks_leave_columns_as_they_are() {
    let words = "abcd ".repeat(12);
    for before in ["##\r", "#\u{85}", "\u{2028}", "\u{2029}", "\u{FEFF}"] {
        for items in [
            "image: b\n     name: b\n     workingDir: d\n".to_owned(),
            format!("image: aaaa {words}wx yz\n     name: 'b'\n"),
        ] {
            let text = format!("a:\n b:\n  c:\n   d:\n{before}   - {items}");
            assert_eq!(
                outcome(Tree::new(), &text),
                outcome(Tree::careful(), &text),
                "{text:?}"
            );
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]
    #[test]
    fn the_short_ways_lead_where_the_long_ones_do(
        edits in prop::collection::vec(
            (0..USUAL.len(), 0..4_usize, "[ \\n\\r\\t#:'\"|>\\-a-z0é,&!{}\u{85}]{0,3}"), 0..6
        ),
        long in "[a-z]{1,9}( {1,2}[a-z#:]{1,11}){0,20}", indent in "\n {0,4}",
    ) {
        let mut text = USUAL.replace("one", &long).replace("it,", &format!("it{indent}{long}"));
        for (at, len, with) in edits {
            let at = (0..=at.min(text.len())).rev().find(|&at| text.is_char_boundary(at));
            let at = at.unwrap_or(0);
            let end = (at + len..text.len()).find(|&at| text.is_char_boundary(at));
            text.replace_range(at..end.unwrap_or(text.len()), &with);
        }
        prop_assert_eq!(outcome(Tree::new(), &text), outcome(Tree::careful(), &text), "{}", text);
    }
}
