//! Any text, read in every way that a file is read; what is found lies in the file.
#![no_main]

use libfuzzer_sys::fuzz_target;
use windlass_yaml::{Document, NodeId, Source, Step, Tree, from_str};

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
    if let Ok(roots) = tree.load(source) {
        roots.into_iter().for_each(|root| visit(&tree, root));
    }
});

/// Looks at a node and everything below it.
fn visit(tree: &Tree, id: NodeId) {
    let origin = tree.origin(id);
    let source = origin.source().and_then(|id| tree.source(id));
    let source = source.expect("what was read has a source");
    assert!(source.text().get(origin.range()).is_some(), "{origin:?}");
    let _ = (tree.resolve(id), tree.tag(id), tree.key_tag(id));
    tree.children(id).for_each(|child| visit(tree, child));
}
