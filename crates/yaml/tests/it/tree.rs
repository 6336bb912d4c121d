//! Trees from files: documents, structure, places and warnings.

use crate::shown_warning;
use insta::assert_snapshot;
use windlass_yaml::{Kind, Source, Style, Tree, Value, is_ambiguous_11};

/// The documents of a text as JSON, one a line.
fn documents(text: &str) -> String {
    let mut tree = Tree::new();
    let roots = tree.load(Source::new("f.yaml", text)).unwrap();
    let mut out = Vec::new();
    for root in roots {
        tree.write_json(root, &mut out, false).unwrap();
        out.push(b'\n');
    }
    String::from_utf8(out).unwrap()
}

/// Outcomes recorded from kustomize.
#[test]
fn documents_are_split_at_lines() {
    let cases = [
        ("", ""),
        ("# nothing\n", ""),
        (
            "---\n# nothing\n---\n~\n--- # c\nnull\n---\n{}\n---\n[]\n",
            "",
        ),
        ("a: 1\n---\nb: 2\n", "{\"a\":1}\n{\"b\":2}\n"),
        (
            "---\n---\na: 1\n---   \n\n---\nb: 2\n---",
            "{\"a\":1}\n{\"b\":2}\n",
        ),
        ("a: |\n  x\n---\nb: 2\n", "{\"a\":\"x\\n\"}\n{\"b\":2}\n"),
        ("a: 1\r\n---\r\nb: 2\r\n", "{\"a\":1}\n{\"b\":2}\n"),
        ("a: 1\n...\nb: 2\n---\nc: 3\n", "{\"a\":1}\n{\"c\":3}\n"),
        ("--- {a: 1}\nb: 2\n", "{\"a\":1}\n"),
        (
            "\u{FEFF}a: 1\n---\n\u{FEFF}b: 2\n",
            "{\"a\":1}\n{\"b\":2}\n",
        ),
        ("  a: 1\nb: 2\n", "{\"a\":1}\n"),
    ];
    for (text, wanted) in cases {
        assert_eq!(documents(text), wanted, "{text:?}");
    }
}

#[test]
fn text_that_is_not_read_is_told_of() {
    let mut tree = Tree::new();
    let mut warnings = Vec::new();
    let text = "  a: 1\nb: 2\n---\nc: 3\n...\nd: 4\n---\ne: 5\n...\n# end\n";
    tree.load_with(Source::new("f.yaml", text), &mut warnings)
        .unwrap();
    let warnings: String = warnings.iter().map(shown_warning).collect();
    assert_snapshot!(warnings, @r"
    warning: the text from here on is not read: the document ends before it
     --> f.yaml:2:1
      | b: 2
      | ^
    hint: check the indentation, or separate documents with a line `---`
    warning: the text from here on is not read: the document ends before it
     --> f.yaml:6:1
      | d: 4
      | ^
    hint: check the indentation, or separate documents with a line `---`
    ");
}

#[test]
fn nodes_know_their_place() {
    let text =
        "a: &x 'b c'\nd:\n- e: \"\\t\"\n  \"f\\x67\": >-\n    h\n    i\n- {j: , k: [*x]}\nl:\n";
    let mut tree = Tree::new();
    let source = Source::new("f.yaml", text);
    let root = tree.load_first(&source, &mut Vec::new()).unwrap().unwrap();
    let mut seen = Vec::new();
    let mut open = vec![root];
    while let Some(id) = open.pop() {
        let key = &text[tree.key_origin(id).range()];
        seen.push(format!("{key} = {:?}", &text[tree.origin(id).range()]));
        let mut children: Vec<_> = tree.children(id).collect();
        children.reverse();
        open.extend(children);
    }
    assert_snapshot!(seen[1..].join("\n"), @r#"
    a = "'b c'"
    d = "- e: \"\\t\"\n  \"f\\x67\": >-\n    h\n    i\n- {j: , k: [*x]}"
    e: "\t"
      "f\x67": >-
        h
        i
     = "e: \"\\t\"\n  \"f\\x67\": >-\n    h\n    i\n"
    e = "\"\\t\""
    "f\x67" = ">-\n    h\n    i\n"
    {j: , k: [*x]} = "{j: , k: [*x]}"
    j = ""
    k = "[*x]"
    a = "'b c'"
    l = ""
    "#);
}

#[test]
fn nodes_know_how_they_were_written() {
    let text =
        "a: b\nc: 'd'\ne: \"f\"\ng: |\n  h\ni: >\n  j\nk: {l: m}\n!n o: !p q\n\"r\": !!str 1\n";
    let mut tree = Tree::new();
    let roots = tree.load(Source::new("f.yaml", text)).unwrap();
    let get = |key| tree.get(roots[0], key).unwrap();
    let style = |key| tree.style(get(key));
    assert_eq!(style("a"), Style::Plain);
    assert_eq!(style("c"), Style::Single);
    assert_eq!(style("e"), Style::Double);
    assert_eq!((style("g"), tree.text(get("g"))), (Style::Literal, "h\n"));
    assert_eq!(style("i"), Style::Folded);
    assert_eq!(tree.kind(get("k")), Kind::Map);
    assert!(tree.in_flow(get("k")) && !tree.in_flow(roots[0]));
    assert_eq!(
        (tree.tag(get("o")), tree.key_tag(get("o"))),
        (Some("!p"), Some("!n"))
    );
    assert!(tree.key_is_quoted(get("r")) && !tree.key_is_quoted(get("a")));
    assert_eq!(tree.tag(get("r")), Some("tag:yaml.org,2002:str"));
    assert_eq!(tree.resolve(get("r")).unwrap(), Value::Str("1".into()));
}

#[test]
fn values_by_both_versions() {
    let text = "[1, -1, 18446744073709551615, 1.5, true, yes, ~, 'x', {}, [], 2001-01-01]";
    let mut tree = Tree::new();
    let roots = tree.load(Source::new("f.yaml", text)).unwrap();
    let values: Vec<Value<'_>> = tree
        .items(roots[0])
        .map(|id| tree.resolve(id).unwrap())
        .collect();
    let wanted = [
        Value::Int(1),
        Value::Int(-1),
        Value::Uint(u64::MAX),
        Value::Float(1.5),
        Value::Bool(true),
        Value::Str("yes".into()),
        Value::Null,
        Value::Str("x".into()),
        Value::Map,
        Value::Seq,
        Value::Str("2001-01-01T00:00:00Z".into()),
    ];
    assert_eq!(values, wanted);
    let ambiguous = [
        "yes",
        "off",
        "y",
        "1_0",
        "1:30",
        "0o7",
        "2001-01-01",
        "",
        ".5",
        "0b1",
    ];
    assert!(ambiguous.into_iter().all(is_ambiguous_11));
    let strings = ["yEs", "1:60", "a", "1.2.3", "0x", "08x", "v1", "=", "<<"];
    assert!(!strings.into_iter().any(is_ambiguous_11));
}

#[test]
fn directives_may_begin_a_file_that_is_read_as_a_whole() {
    let text = "%TAG !e! tag:yaml.org,2002:\n%YAML 1.1 # c\n---\na: !e!str 1\n";
    let mut tree = Tree::new();
    let root = tree.load_first(&Source::new("f.yaml", text), &mut Vec::new());
    let value = tree.get(root.unwrap().unwrap(), "a").unwrap();
    assert_eq!(tree.resolve(value).unwrap(), Value::Str("1".into()));
}

#[test]
fn json_as_go_writes_it() {
    let text = "b: \"<\\u2028\\b\\x01\\x7F\"\na: [1.0, 1e21, 1e-7, -0, 0777]\nA: é😀\n";
    let mut tree = Tree::new();
    let roots = tree.load(Source::new("f.yaml", text)).unwrap();
    let json = |html| {
        let mut out = Vec::new();
        tree.write_json(roots[0], &mut out, html).unwrap();
        String::from_utf8(out).unwrap()
    };
    let numbers = "[1,1e+21,1e-7,0,511]";
    let (a, b) = (r"\u003c\u2028\b\u0001", r"<\u2028\b\u0001");
    assert_eq!(
        json(true),
        format!("{{\"A\":\"é😀\",\"a\":{numbers},\"b\":\"{a}\u{7F}\"}}")
    );
    assert_eq!(
        json(false),
        format!("{{\"A\":\"é😀\",\"a\":{numbers},\"b\":\"{b}\u{7F}\"}}")
    );
}
