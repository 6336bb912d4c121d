//! What holds for any tree.

use proptest::prelude::*;
use serde_json::Value;
use windlass_yaml::{Document, NodeId, Origin, Source, Step, Tree, from_str};

/// A string: words, things that look like other types, and any characters.
fn text() -> impl Strategy<Value = String> {
    let odd = vec![
        "yes",
        "1.0",
        "~",
        "",
        " a",
        "a: b",
        "- a",
        "0777",
        "2001-01-01",
        "1:30",
        "#",
        "a #b",
        "a\nb",
        "a\n\nb\n",
        "\n",
        " a\nb",
        "a \nb",
        "a\tb",
        "\"",
        "'",
        "😀",
        "\u{A0}",
        "<<",
    ];
    prop_oneof![
        "[a-z]{1,8}( [a-z]{1,8}){0,20}",
        prop::sample::select(odd).prop_map(str::to_owned),
        "[ -~\n]{0,30}",
        "[^\\p{Cc}\u{2028}\u{2029}\u{FFFE}\u{FFFF}]{0,12}",
    ]
}

/// A key: any string but `<<`, which kustomize prints without quotes and then merges.
fn key() -> impl Strategy<Value = String> {
    text().prop_filter("a merge key", |key| key != "<<")
}

/// A value as JSON has it.
fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<i32>().prop_map(|n| Value::from(f64::from(n) / 8.0)),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 60, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(key(), inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

fn build(tree: &mut Tree, value: &Value) -> NodeId {
    match value {
        Value::String(text) => tree.string(text, Origin::NONE),
        Value::Array(items) => {
            let seq = tree.seq(Origin::NONE);
            for item in items {
                let item = build(tree, item);
                tree.push(seq, item);
            }
            seq
        }
        Value::Object(entries) => {
            let map = tree.map(Origin::NONE);
            for (key, value) in entries {
                let value = build(tree, value);
                tree.add(map, key, value);
            }
            map
        }
        other => tree.plain(&other.to_string(), Origin::NONE),
    }
}

fn emit(tree: &Tree, id: NodeId) -> String {
    let mut out = Vec::new();
    tree.emit(id, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// The printed form of the first document of a text.
fn reprint(text: &str) -> String {
    let mut tree = Tree::new();
    let root = tree.load_first(&Source::new("f.yaml", text), &mut Vec::new());
    emit(&tree, root.unwrap().unwrap())
}

/// The same with each number as floating point, as far as it is not an integer.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a == b || a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len()
                && a.iter()
                    .all(|(key, a)| b.get(key).is_some_and(|b| same(a, b)))
        }
        _ => a == b,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn what_is_printed_reads_back(value in value()) {
        let mut tree = Tree::new();
        let root = build(&mut tree, &value);
        let printed = emit(&tree, root);
        prop_assert_eq!(&reprint(&printed), &printed);
        let read: Value = from_str("f.yaml", &printed).unwrap();
        prop_assert!(same(&read, &value), "{}", printed);
    }

    /// serde_yaml, which is built on another parser, reads the same.
    #[test]
    fn another_reader_agrees(value in value()) {
        let mut tree = Tree::new();
        let root = build(&mut tree, &value);
        let printed = emit(&tree, root);
        let read: Value = serde_yaml::from_str(&printed).unwrap();
        prop_assert!(same(&read, &value), "{}", printed);
    }

    /// What serde_yaml prints reads the same here.
    #[test]
    fn another_printer_is_understood(value in value()) {
        let printed = serde_yaml::to_string(&value).unwrap();
        // A date in quotes is a string to both, but serde_yaml leaves the quotes out.
        prop_assume!(!printed.contains("2001-01-01"));
        let read: Value = from_str("f.yaml", &printed).unwrap();
        prop_assert!(same(&read, &value), "{}", printed);
    }

    #[test]
    fn json_is_what_serde_json_reads(value in value()) {
        let mut tree = Tree::new();
        let root = build(&mut tree, &value);
        for html in [true, false] {
            let mut json = Vec::new();
            tree.write_json(root, &mut json, html).unwrap();
            let read: Value = serde_json::from_slice(&json).unwrap();
            prop_assert!(same(&read, &value));
            prop_assert_eq!(json.contains(&b'<') && html, false);
        }
    }

    #[test]
    fn copies_print_alike(value in value()) {
        let mut tree = Tree::new();
        let root = build(&mut tree, &value);
        let copy = tree.copy(root);
        let mut other = Tree::new();
        let graft = other.graft(&tree, copy);
        prop_assert_eq!(emit(&tree, copy), emit(&tree, root));
        prop_assert_eq!(emit(&other, graft), emit(&tree, root));
        for _ in 0..2 {
            let moved = other.absorb(&tree);
            prop_assert_eq!(emit(&other, moved.node(root)), emit(&tree, root));
            let place = other.locate(moved.origin(tree.origin(root)));
            prop_assert_eq!(place, tree.locate(tree.origin(root)));
        }
    }

    #[test]
    fn an_edit_changes_its_bytes_alone(
        entries in prop::collection::vec((text(), text()), 1..5),
        flow in any::<bool>(),
        at in any::<prop::sample::Index>(),
        new in text(),
    ) {
        let mut tree = Tree::new();
        let root = tree.map(Origin::NONE);
        for (n, (a, b)) in entries.iter().enumerate() {
            let value = tree.string(&format!("{a}{b}"), Origin::NONE);
            tree.add(root, &format!("k{n}"), value);
        }
        let text = match flow {
            false => format!("# head\n{}# tail\n", emit(&tree, root)),
            true => {
                let mut json = Vec::new();
                tree.write_json(root, &mut json, false).unwrap();
                format!("{} # tail\n", String::from_utf8(json).unwrap())
            }
        };
        let key = format!("k{}", at.index(entries.len()));
        let mut file = Document::parse("f.yaml", &text).unwrap();
        let place = tree_place(&text, &key);
        file.set(&[Step::Key(&key)], &new).unwrap();
        prop_assert_eq!(file.get(&[Step::Key(&key)]), Some(new.as_str()));
        let after = file.finish();
        prop_assert_eq!(&after[..place.start], &text[..place.start]);
        let tail = text[place.end..].trim_start_matches('\n');
        prop_assert!(after.ends_with(tail));
    }
}

/// The bytes of a value.
fn tree_place(text: &str, key: &str) -> std::ops::Range<usize> {
    let mut tree = Tree::new();
    let root = tree.load_first(&Source::new("f.yaml", text), &mut Vec::new());
    let id = tree.get(root.unwrap().unwrap(), key).unwrap();
    tree.origin(id).range()
}
