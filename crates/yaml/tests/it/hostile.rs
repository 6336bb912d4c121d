//! Input made to do harm: an error within bounded time and memory, never a panic.

use proptest::prelude::*;
use std::time::{Duration, Instant};
use windlass_yaml::{Document, ErrorKind, Origin, Source, Step, Style, Tree, from_str};

/// Does with the bytes all that can be done with a file.
fn exercise(bytes: &[u8]) -> Result<(), ErrorKind> {
    let source = Source::from_bytes("f.yaml", bytes.to_vec()).map_err(|e| e.kind())?;
    let text = source.text().to_owned();
    let _ = from_str::<serde_json::Value>("f.yaml", &text);
    if let Ok(mut file) = Document::parse("f.yaml", &text) {
        let _ = file.set(&[Step::Key("a"), Step::Item("b", "c"), Step::Key("d")], "1");
        let _ = file.remove(&[Step::Key("v")]);
        let _ = file.set(&[Step::Key("v")], "x");
    }
    let mut tree = Tree::new();
    let roots = tree.load(source).map_err(|e| e.kind())?;
    for root in roots {
        tree.write_json(root, &mut Vec::new(), true)
            .and_then(|()| tree.emit(root, &mut Vec::new()))
            .map_err(|e| e.kind())?;
    }
    Ok(())
}

#[test]
fn deep_nesting() {
    let start = Instant::now();
    for part in ["[", "{a: ", "- ", "? ", "{? "] {
        let text = part.repeat(100_000);
        assert!(exercise(text.as_bytes()).is_err(), "{part}");
    }
    let stairs: String = (0..2_000)
        .map(|depth| format!("{}a:\n", " ".repeat(depth)))
        .collect();
    assert_eq!(exercise(stairs.as_bytes()), Err(ErrorKind::TooDeep));
    assert!(start.elapsed() < Duration::from_secs(20));
}

#[test]
fn aliases_of_long_texts() {
    let text = format!(
        "a: &a {}\nb: [{}]\n",
        "x".repeat(1 << 20),
        "*a, ".repeat(1_000)
    );
    assert_eq!(exercise(text.as_bytes()), Err(ErrorKind::TooManyAliases));
}

#[test]
fn many_keys_in_the_worst_order() {
    let keys: String = (0..20_000).rev().map(|n| format!("k{n}: a\n")).collect();
    assert_eq!(exercise(keys.as_bytes()), Ok(()));
    let twice = format!("{keys}k0: b\n");
    assert_eq!(exercise(twice.as_bytes()), Err(ErrorKind::DuplicateKey));
}

#[test]
fn trees_that_grow_without_end() {
    let mut tree = Tree::new();
    let mut map = tree.map(Origin::NONE);
    while tree.check_size().is_ok() {
        let around = tree.map(Origin::NONE);
        let copy = tree.copy(map);
        tree.add(around, "a", map);
        tree.add(around, "b", copy);
        map = around;
    }
    assert_eq!(tree.check_size().unwrap_err().kind(), ErrorKind::TooLarge);
    let mut tree = Tree::new();
    for _ in 0..=Tree::MAX_TEXT >> 20 {
        assert!(tree.check_size().is_ok());
        tree.scalar(&"x".repeat(1 << 20), Style::Plain, Origin::NONE);
    }
    assert_eq!(tree.check_size().unwrap_err().kind(), ErrorKind::TooLarge);
}

#[test]
fn merges_of_merges() {
    let mut text = "a0: &a0 {k: v}\n".to_owned();
    for level in 1..200 {
        text += &format!("a{level}: &a{level} {{<<: *a{}, k{level}: v}}\n", level - 1);
    }
    assert_eq!(exercise(text.as_bytes()), Ok(()));
}

#[test]
fn odd_bytes() {
    let cases: [&[u8]; 8] = [
        b"\xFF\xFEa\0:\0",
        b"a: \xC0\x80\n",
        b"a: \xED\xA0\x80\n",
        b"a\0b",
        b"\x1B[31m",
        b"\xEF\xBB\xBF\xEF\xBB\xBFa: b",
        b"\x7FELF\x02\x01\x01\0\0\0",
        b"PK\x03\x04",
    ];
    for bytes in cases {
        let _ = exercise(bytes);
    }
    assert_eq!(exercise(cases[0]), Err(ErrorKind::Encoding));
    assert_eq!(exercise(cases[3]), Err(ErrorKind::ControlCharacter));
}

/// Parts that YAML gives a meaning.
fn part() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::sample::select(vec![
            "a",
            "b",
            "v",
            ": ",
            ":",
            "- ",
            "-",
            "? ",
            "\n",
            "\n  ",
            "\n    ",
            " ",
            "\t",
            "[",
            "]",
            "{",
            "}",
            ",",
            "'",
            "\"",
            "|\n",
            ">+\n",
            "|2-\n",
            "#",
            " # c\n",
            "&x ",
            "*x",
            "!!str ",
            "!e ",
            "<<: ",
            "1",
            "~",
            "\r\n",
            "\r",
            "\u{85}",
            "\u{2028}",
            "\u{FEFF}",
            "é",
            "😀",
            "\\",
            "\\x41",
            "---\n",
            "...\n",
            "\n---\n",
            "%",
            "2001-01-01",
        ])
        .prop_map(str::to_owned),
        "\\PC{0,3}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn anything_made_of_yaml(parts in prop::collection::vec(part(), 0..40)) {
        let _ = exercise(parts.concat().as_bytes());
    }

    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
        let _ = exercise(&bytes);
    }
}
