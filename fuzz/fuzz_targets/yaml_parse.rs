//! Any text, read in every way that a file is read; what is found lies in the file. The short ways
//! of reading and printing come to what the long ones do.
#![no_main]

use libfuzzer_sys::fuzz_target;
use windlass_yaml::{Document, NodeId, Printed, Source, Step, Tree, from_str};

fuzz_target!(|bytes: &[u8]| {
    let Ok(source) = Source::from_bytes("f.yaml", bytes.to_vec()) else {
        return;
    };
    let text = source.text().to_owned();
    let _ = from_str::<serde_json::Value>("f.yaml", &text);
    if let Ok(mut file) = Document::parse("f.yaml", &text) {
        let _ = file.set(&[Step::Key("a"), Step::Item("b", "c"), Step::Key("d")], "1");
        let _ = file.remove(&[Step::Key("v")]);
        let _ = file.set(&[Step::Key("v"), Step::Index(0)], "x");
    }
    let mut tree = Tree::new();
    let mut careful = Tree::careful();
    match (tree.load(source.clone()), careful.load(source)) {
        (Ok(roots), Ok(same)) => {
            assert_eq!(roots.len(), same.len());
            for (root, same) in roots.into_iter().zip(same) {
                visit(&tree, root);
                assert_same(&tree, root, &careful, same);
                assert_eq!(print(&tree, root), print(&careful, same));
            }
        }
        (Err(error), Err(same)) => assert_eq!(format!("{error:?}"), format!("{same:?}")),
        (one, other) => panic!("{one:?} by short ways, {other:?} by long ones"),
    }
});

fn print(tree: &Tree, root: NodeId) -> Result<String, String> {
    let mut out = Printed::new();
    let printed = tree.print(root, &mut out);
    printed.map_err(|error| format!("{error:?}"))?;
    Ok(out.to_string())
}

/// Holds a node and everything below it to its like in another tree.
fn assert_same(tree: &Tree, id: NodeId, other: &Tree, same: NodeId) {
    let value = |tree: &Tree, id| (tree.kind(id), tree.style(id), tree.origin(id));
    assert_eq!(value(tree, id), value(other, same));
    assert_eq!(tree.text(id), other.text(same));
    assert_eq!(
        (tree.tag(id), tree.key_tag(id)),
        (other.tag(same), other.key_tag(same))
    );
    let key = |tree: &Tree, id| {
        (
            tree.key_origin(id),
            tree.key_is_quoted(id),
            tree.in_flow(id),
        )
    };
    assert_eq!(key(tree, id), key(other, same));
    assert_eq!(tree.key(id), other.key(same));
    assert_eq!(tree.len(id), other.len(same));
    for (child, same) in tree.children(id).zip(other.children(same)) {
        assert_same(tree, child, other, same);
    }
}

/// Looks at a node and everything below it.
fn visit(tree: &Tree, id: NodeId) {
    let origin = tree.origin(id);
    let source = origin.source().and_then(|id| tree.source(id));
    let source = source.expect("what was read has a source");
    assert!(source.text().get(origin.range()).is_some(), "{origin:?}");
    let _ = (tree.resolve(id), tree.tag(id), tree.key_tag(id));
    tree.children(id).for_each(|child| visit(tree, child));
}
