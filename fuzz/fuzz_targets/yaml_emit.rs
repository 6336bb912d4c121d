//! What is printed reads back as the same values, and is printed again to the same bytes.
//!
//! But for what kustomize itself does not print so that it reads back: line breaks beyond ASCII,
//! which fold when they are read, the key `<<`, which then merges, and a text such as `0o+1`, which
//! is left without quotes and is a number then.
#![no_main]

use libfuzzer_sys::fuzz_target;
use windlass_yaml::{NodeId, Source, Tree};

fuzz_target!(|text: &str| {
    let (tree, roots) = read(text).unwrap_or_default();
    for root in roots {
        let mut printed = Vec::new();
        if tree.emit(root, &mut printed).is_err() {
            continue;
        }
        let printed = String::from_utf8(printed).expect("it is text");
        let misread = ["<<", "0o+", "0o-"];
        let is_misread = misread.iter().any(|text| printed.contains(text));
        if !(is_misread || has_other_breaks(&printed, &json(&tree, root))) {
            same_again(&tree, root, &printed);
        }
    }
});

/// Whether there is a line break beyond ASCII in what was printed, or in the values themselves.
fn has_other_breaks(printed: &str, values: &str) -> bool {
    let breaks = ['\u{85}', '\u{2028}', '\u{2029}'];
    let escaped = ["\\u2028", "\\u2029"];
    printed.contains(breaks)
        || values.contains(breaks)
        || escaped.iter().any(|text| values.contains(text))
}

fn read(text: &str) -> Option<(Tree, Vec<NodeId>)> {
    let mut tree = Tree::new();
    let roots = tree.load(Source::new("f.yaml", text)).ok()?;
    Some((tree, roots))
}

fn same_again(tree: &Tree, root: NodeId, printed: &str) {
    let (again, roots) = read(printed).expect("what was printed can be read");
    let [root_again] = roots[..] else {
        panic!("one document became {}:\n{printed}", roots.len());
    };
    let mut bytes = Vec::new();
    again
        .emit(root_again, &mut bytes)
        .expect("what was printed can be printed");
    assert_eq!(String::from_utf8_lossy(&bytes), printed);
    assert_eq!(json(&again, root_again), json(tree, root), "{printed}");
}

fn json(tree: &Tree, root: NodeId) -> String {
    let mut out = Vec::new();
    tree.write_json(root, &mut out, true)
        .expect("it was printed");
    // The sign of a zero is not printed.
    let text = String::from_utf8(out).expect("it is text");
    ["-0,", "-0]", "-0}"]
        .iter()
        .fold(text, |text, zero| text.replace(zero, &zero[1..]))
}
