//! What a user sees of each kind of error.

use crate::shown;
use insta::assert_snapshot;
use windlass_fault::{Blame, Fault};
use windlass_yaml::{Document, Error, ErrorKind, Origin, Source, Step, Tree, from_str};

/// The error of loading or printing a text.
fn error(text: &str) -> Error {
    let mut tree = Tree::new();
    let roots = match tree.load(Source::new("app.yaml", text)) {
        Err(error) => return error,
        Ok(roots) => roots,
    };
    let mut out = Vec::new();
    let printed = roots.iter().try_for_each(|&root| tree.emit(root, &mut out));
    printed.unwrap_err()
}

fn see(kind: ErrorKind, text: &str) -> String {
    let error = error(text);
    assert_eq!((error.kind(), error.blame()), (kind, Blame::Input));
    shown(&error)
}

fn syntax(text: &str) -> String {
    see(ErrorKind::Syntax, text)
}

#[test]
fn of_files() {
    let large = Source::from_bytes("app.yaml", vec![0; Source::MAX_BYTES + 1]).unwrap_err();
    assert_eq!(large.kind(), ErrorKind::TooLarge);
    assert_snapshot!(shown(&large), @r"
    error: `app.yaml` is larger than 256 MiB
     --> app.yaml
    ");
    let latin = Source::from_bytes("app.yaml", b"a: 1\nb: caf\xE9\n".to_vec()).unwrap_err();
    assert_eq!(latin.kind(), ErrorKind::Encoding);
    assert_snapshot!(shown(&latin), @r"
    error: `app.yaml` is not UTF-8 text
     --> app.yaml:2:7
      | b: caf�
      |       ^
    ");
    assert_snapshot!(see(ErrorKind::ControlCharacter, "a: b\u{1}c\n"), @r"
    error: the control character U+0001 is not allowed
     --> app.yaml:1:5
      | a: b�c
      |     ^
    ");
    assert_snapshot!(see(ErrorKind::ControlCharacter, "a: b\n\0"), @r"
    error: the control character U+0000 is not allowed
     --> app.yaml:2:1
      | �
      | ^
    ");
    assert_snapshot!(see(ErrorKind::Separator, "a: b\n----\nc: d\n"), @r"
    error: `----` does not separate two documents
     --> app.yaml:2:1
      | ----
      | ^^^^
    hint: write `---` on a line of its own
    ");
}

#[test]
fn of_keys_and_values() {
    assert_snapshot!(syntax("image: nginx: 1.2\n"), @r"
    error: a second `: ` on one line: a key cannot stand here
     --> app.yaml:1:8
      | image: nginx: 1.2
      |        ^^^^^^
    hint: quote the value if the `: ` belongs to it, or put the key on a line of its own
    ");
    assert_snapshot!(syntax("a: 1\nnginx\nb: 2\n"), @r"
    error: this line of a map has no `: ` behind its key
     --> app.yaml:2:1
      | nginx
      | ^^^^^
    hint: write `key: value`, or indent the line if it continues the one above
    ");
    assert_snapshot!(syntax("a: 1\n  b: 2\n"), @r"
    error: a `: ` cannot stand here: its line goes on with the value above
     --> app.yaml:2:4
      |   b: 2
      |    ^
    hint: check the indentation of this line and of the one above
    ");
    assert_snapshot!(syntax("a: \"x\"\n   b: 2\n"), @r"
    error: this line is indented by 3, the keys above it by 0
     --> app.yaml:2:4
      |    b: 2
      |    ^
    hint: check the indentation of this line and of those above
    ");
    assert_snapshot!(syntax("a:\n  b: 2\n c: 3\n"), @r"
    error: this line is indented by 1, the keys above it by 0
     --> app.yaml:3:2
      |  c: 3
      |  ^
    hint: check the indentation of this line and of those above
    ");
    assert_snapshot!(syntax("a: 1\n: 2\n"), @r"
    error: a key is missing before the `:`
     --> app.yaml:2:1
      | : 2
      | ^
    ");
    assert_snapshot!(syntax("a: b ? c : d\n? e\n"), @r"
    error: a second `: ` on one line: a key cannot stand here
     --> app.yaml:1:4
      | a: b ? c : d
      |    ^^^^^^^
    hint: quote the value if the `: ` belongs to it, or put the key on a line of its own
    ");
    assert_snapshot!(syntax("a: @b\n"), @r"
    error: a value cannot start with `@`
     --> app.yaml:1:4
      | a: @b
      |    ^
    hint: put the value in quotes
    ");
    assert_snapshot!(syntax("a: %b\n"), @r"
    error: a value cannot start with `%`
     --> app.yaml:1:4
      | a: %b
      |    ^
    hint: put the value in quotes
    ");
}

#[test]
fn of_lists() {
    assert_snapshot!(syntax("a: - b\n"), @r"
    error: a list item cannot start here
     --> app.yaml:1:4
      | a: - b
      |    ^
    hint: put the `- ` on a line of its own, below the key and not left of it
    ");
    assert_snapshot!(syntax("a: 1\n- b\n"), @r"
    error: a list item cannot start here
     --> app.yaml:2:1
      | - b
      | ^
    hint: put the `- ` on a line of its own, below the key and not left of it
    ");
    assert_snapshot!(syntax("- a\nb: c\n"), @r"
    error: the next item of a list starts with `- `
     --> app.yaml:2:1
      | b: c
      | ^
    ");
    assert_snapshot!(syntax("a:\n  - b\n - c\n"), @r"
    error: this line is indented by 1, the keys above it by 0
     --> app.yaml:3:2
      |  - c
      |  ^
    hint: check the indentation of this line and of those above
    ");
}

#[test]
fn of_tabs() {
    assert_snapshot!(syntax("a:\n\tb: c\n"), @r"
    error: a tab cannot be part of the indentation
     --> app.yaml:2:1
      | �b: c
      | ^
    hint: indent with spaces
    ");
    assert_snapshot!(syntax("a: b\n\tc\n"), @r"
    error: a tab cannot be part of the indentation
     --> app.yaml:2:1
      | �c
      | ^
    hint: indent with spaces
    ");
    assert_snapshot!(syntax("a: |\n\tb\n"), @r"
    error: a tab cannot be part of the indentation
     --> app.yaml:2:1
      | �b
      | ^
    hint: indent with spaces
    ");
}

#[test]
fn of_brackets_and_quotes() {
    assert_snapshot!(syntax("a: [b, c\nd: e\n"), @r"
    error: `,` or `]` is expected here
     --> app.yaml:2:2
      | d: e
      |  ^
    ");
    assert_snapshot!(syntax("a: {b: c\n"), @r"
    error: this has no closing `}`
     --> app.yaml:1:4
      | a: {b: c
      |    ^
    ");
    assert_snapshot!(syntax("a: [b, , c]\n"), @r"
    error: a value is expected here
     --> app.yaml:1:8
      | a: [b, , c]
      |        ^
    ");
    assert_snapshot!(syntax("a: [b] c\n"), @r"
    error: something stands behind the end of the value
     --> app.yaml:1:8
      | a: [b] c
      |        ^
    hint: put the whole value in quotes; a quote in single quotes is written twice
    ");
    assert_snapshot!(syntax("a: [- b]\n"), @r"
    error: a block collection cannot stand inside `[]` or `{}`
     --> app.yaml:1:5
      | a: [- b]
      |     ^
    ");
    assert_snapshot!(syntax("a: [? ]\n"), @r"
    error: a key is missing
     --> app.yaml:1:5
      | a: [? ]
      |     ^
    ");
    assert_snapshot!(syntax("a: 'it's'\n"), @r"
    error: something stands behind the end of the value
     --> app.yaml:1:8
      | a: 'it's'
      |        ^
    hint: put the whole value in quotes; a quote in single quotes is written twice
    ");
    assert_snapshot!(syntax("a: \"b\n"), @r#"
    error: the text in quotes has no closing `"`
     --> app.yaml:1:4
      | a: "b
      |    ^
    "#);
    assert_snapshot!(syntax("a: \"C:\\dir\"\n"), @r#"
    error: unknown escape in a text in double quotes
     --> app.yaml:1:7
      | a: "C:\dir"
      |       ^^
    hint: write `\\` for a backslash, or use single quotes
    "#);
    assert_snapshot!(syntax("a: \"\\ud83d\\ude00\"\n"), @r#"
    error: unknown escape in a text in double quotes
     --> app.yaml:1:5
      | a: "\ud83d\ude00"
      |     ^^^^^^
    hint: write `\\` for a backslash, or use single quotes
    "#);
}

#[test]
fn of_blocks_tags_and_marks() {
    assert_snapshot!(syntax("a: |x\n"), @r"
    error: a block text starts on the line after its `|` or `>`
     --> app.yaml:1:5
      | a: |x
      |     ^
    hint: quote the value if it is meant to start with `|` or `>`
    ");
    assert_snapshot!(syntax("a: |0\n  b\n"), @r"
    error: the indentation of a block text cannot be 0
     --> app.yaml:1:5
      | a: |0
      |     ^
    ");
    assert_snapshot!(syntax("a: !<b c\n"), @r"
    error: this is not a tag
     --> app.yaml:1:4
      | a: !<b c
      |    ^^^^
    hint: quote the value if it is meant to start with `!`
    ");
    assert_snapshot!(syntax("a: !e!b c\n"), @r"
    error: the tag handle `!e!` is not declared
     --> app.yaml:1:4
      | a: !e!b c
      |    ^^^^
    ");
    assert_snapshot!(syntax("a: !x !y c\n"), @r"
    error: a value has one anchor and one tag at most
     --> app.yaml:1:7
      | a: !x !y c
      |       ^
    ");
    assert_snapshot!(syntax("a: &x &y c\n"), @r"
    error: a value has one anchor and one tag at most
     --> app.yaml:1:7
      | a: &x &y c
      |       ^
    ");
    assert_snapshot!(syntax("a: &y 1\nb: &x *y\n"), @r"
    error: an alias has neither anchor nor tag of its own
     --> app.yaml:2:7
      | b: &x *y
      |       ^^
    ");
    assert_snapshot!(syntax("a: &\n"), @r"
    error: the name of an anchor is made of letters, digits, `-` and `_`
     --> app.yaml:1:4
      | a: &
      |    ^
    hint: quote the value if it is meant to start with `&`
    ");
    assert_snapshot!(syntax("...\na: b\n"), @r"
    error: `...` ends a document, and there is none before it
     --> app.yaml:1:1
      | ...
      | ^
    ");
    assert_snapshot!(syntax("%YAML 1.2\na: b\n"), @r"
    error: only the directives `%YAML 1.1` and `%TAG` are known
     --> app.yaml:1:1
      | %YAML 1.2
      | ^^^^^^^^^
    ");
    assert_snapshot!(syntax("%YAML 1.1\na: b\n"), @r"
    error: directives are followed by a line `---`
     --> app.yaml:2:1
      | a: b
      | ^
    ");
}

#[test]
fn of_aliases() {
    assert_snapshot!(see(ErrorKind::UnknownAnchor, "a: &base 1\nb: *bsae\n"), @r"
    error: no anchor `&bsae` stands before this alias
     --> app.yaml:2:4
      | b: *bsae
      |    ^^^^^
    hint: did you mean `*base`?
    ");
    assert_snapshot!(syntax("host: *.example.com\n"), @r"
    error: the name of an alias is made of letters, digits, `-` and `_`
     --> app.yaml:1:7
      | host: *.example.com
      |       ^^
    hint: quote the value if it is meant to start with `*`
    ");
    assert_snapshot!(see(ErrorKind::RecursiveAlias, "a: &x\n  b: *x\n"), @r"
    error: the value of the anchor `x` contains itself
     --> app.yaml:2:6
      |   b: *x
      |      ^^
    ");
    assert_snapshot!(see(ErrorKind::Merge, "a: &x 1\nb:\n  <<: *x\n"), @r"
    error: `<<` merges a map or a list of maps, and this is none
     --> app.yaml:3:7
      |   <<: *x
      |       ^^
    ");
    assert_snapshot!(see(ErrorKind::Merge, "b:\n  <<: [1]\n"), @r"
    error: `<<` merges a map or a list of maps, and this is none
     --> app.yaml:2:8
      |   <<: [1]
      |        ^
    ");
    assert_snapshot!(see(ErrorKind::Merge, "a: &x {}\nb:\n  <<: *x\n  <<: *x\n"), @r"
    error: `<<` stands twice in one map
     --> app.yaml:4:3
      |   <<: *x
      |   ^^
    hint: merge several maps with one list: `<<: [*a, *b]`
    ");
}

#[test]
fn of_keys_that_cannot_be_printed() {
    assert_snapshot!(see(ErrorKind::ComplexKey, "? {a: b}\n: c\n"), @r"
    error: a key is a text, not a map or a list
     --> app.yaml:1:3
      | ? {a: b}
      |   ^^^^^^
    hint: quote the key if it is meant to start with `{` or `[`
    ");
    assert_snapshot!(see(ErrorKind::ComplexKey, "a: {[b]: c}\n"), @r"
    error: a key is a text, not a map or a list
     --> app.yaml:1:5
      | a: {[b]: c}
      |     ^^^
    hint: quote the key if it is meant to start with `{` or `[`
    ");
    assert_snapshot!(see(ErrorKind::ComplexKey, "a:\n  {{b}}: c\n"), @r"
    error: a key is a text, not a map or a list
     --> app.yaml:2:4
      |   {{b}}: c
      |    ^^^
    hint: quote the key if it is meant to start with `{` or `[`
    ");
    assert_snapshot!(see(ErrorKind::NonStringKey, "a:\n  8080: b\n"), @r#"
    error: the key `8080` is not a string
     --> app.yaml:2:3
      |   8080: b
      |   ^^^^
    hint: put it in quotes: `"8080"`
    "#);
    assert_snapshot!(see(ErrorKind::NonStringKey, "a:\n  !!int 1: b\n"), @r#"
    error: the key `1` is not a string
     --> app.yaml:2:9
      |   !!int 1: b
      |         ^
    hint: put it in quotes: `"1"`
    "#);
    assert_snapshot!(see(ErrorKind::DuplicateKey, "a:\n  b: 1\n  c: 2\n  \"b\": 3\n"), @r#"
    error: the key `b` is already defined at app.yaml:2:3
     --> app.yaml:4:4
      |   "b": 3
      |    ^
    hint: take one of the two out
    "#);
    let long = format!("a:\n  ? {}\n  : b\n", "k".repeat(1023));
    assert_eq!(error(&long).kind(), ErrorKind::LongKey);
    assert_snapshot!(error(&long), @"a key of 1023 characters is too long");
}

#[test]
fn of_values_that_cannot_be_printed() {
    assert_snapshot!(see(ErrorKind::Number, "a: [1, .inf]\n"), @r"
    error: `.inf` is not a number that JSON can hold
     --> app.yaml:1:8
      | a: [1, .inf]
      |        ^^^^
    hint: quote it if it is meant as a text
    ");
    assert_snapshot!(see(ErrorKind::Number, "a: 2001-01-01T00:00:00+24:00\n"), @r"
    error: the timestamp `2001-01-01T00:00:00+24:00` has a time zone of a day or more
     --> app.yaml:1:4
      | a: 2001-01-01T00:00:00+24:00
      |    ^^^^^^^^^^^^^^^^^^^^^^^^^
    hint: quote it
    ");
    assert_snapshot!(see(ErrorKind::Tag, "a: !!int x\n"), @r"
    error: `x` does not fit its tag `!!int`
     --> app.yaml:1:10
      | a: !!int x
      |          ^
    ");
    assert_snapshot!(see(ErrorKind::Tag, "a: !!binary '***'\n"), @r"
    error: this is not base64, as its tag `!!binary` says
     --> app.yaml:1:13
      | a: !!binary '***'
      |             ^^^^^
    ");
    assert_snapshot!(see(ErrorKind::Unprintable, "a: \"x\\x7F\"\n"), @r#"
    error: the control character U+007F cannot be printed
     --> app.yaml:1:4
      | a: "x\x7F"
      |    ^^^^^^^
    "#);
    assert_snapshot!(see(ErrorKind::Unprintable, "a: |2\n  \tb\n"), @r"
    error: a block text that starts with a tab cannot be printed
     --> app.yaml:1:4
      | a: |2
      |    ^^
    hint: put it in double quotes, with `\t` for the tab
    ");
    assert_snapshot!(see(ErrorKind::Unprintable, "{a: b, \"c\\x85\": d}\n"), @r#"
    error: the control character U+0085 cannot be printed
     --> app.yaml:1:8
      | {a: b, "c\x85": d}
      |        ^^^^^^^
    "#);
}

#[test]
fn of_depth() {
    let deep = error(&format!("a: {}\n", "[".repeat(300)));
    assert_eq!(deep.kind(), ErrorKind::TooDeep);
    assert_eq!(deep.location().map(|place| place.column), Some(259));
    assert_snapshot!(deep, @"collections are nested more than 256 deep");
    let nest = |depth| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    let alias = error(&format!("a: &x {}\nb: [[*x]]\n", nest(254)));
    assert_eq!(alias.kind(), ErrorKind::TooDeep);
    assert_snapshot!(alias, @"with this alias collections are nested more than 256 deep");
    let mut tree = Tree::new();
    let mut node = tree.seq(Origin::NONE);
    for _ in 0..513 {
        let around = tree.seq(Origin::NONE);
        tree.push(around, node);
        node = around;
    }
    let made = tree.emit(node, &mut Vec::new()).unwrap_err();
    assert_eq!(made.kind(), ErrorKind::TooDeep);
    assert_eq!(
        tree.check_depth(node, 0).unwrap_err().to_string(),
        made.to_string()
    );
    assert_snapshot!(made, @"collections are nested more than 512 deep");
}

#[test]
fn of_aliases_that_multiply() {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..20 {
        let below = format!("*a{}, ", level - 1).repeat(10);
        text += &format!("a{level}: &a{level} [{below}]\n");
    }
    assert_snapshot!(see(ErrorKind::TooManyAliases, &text), @r"
    error: with this alias the aliases of the file stand for too much text
     --> app.yaml:7:10
      | a6: &a6 [*a5, *a5, *a5, *a5, *a5, *a5, *a5, *a5, *a5, *a5, ]
      |          ^^^
    ");
}

#[test]
fn of_values_and_edits() {
    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct One {
        #[serde(rename = "a")]
        _a: char,
    }
    let see = |kind, text| {
        let error = from_str::<One>("f.yaml", text).unwrap_err();
        assert_eq!(error.kind(), kind);
        shown(&error)
    };
    assert_snapshot!(see(ErrorKind::Type, "a: [b]"), @r"
    error: `a` must be a character, not a list
     --> f.yaml:1:4
      | a: [b]
      |    ^^^
    ");
    assert_snapshot!(see(ErrorKind::Value, "a: bc"), @r"
    error: `a` must be a character, not the string `bc`
     --> f.yaml:1:4
      | a: bc
      |    ^^
    ");
    assert_snapshot!(see(ErrorKind::UnknownField, "a: b\nb: c"), @r"
    error: unknown field `b`
     --> f.yaml:2:1
      | b: c
      | ^
    hint: did you mean `a`?
    ");
    assert_snapshot!(see(ErrorKind::MissingField, "{}"), @r"
    error: the field `a` is missing
     --> f.yaml:1:1
      | {}
      | ^^
    ");
    let mut file = Document::parse("f.yaml", "a: [b]").unwrap();
    let refused = file.set(&[Step::Key("a")], "c").unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Edit);
    assert_snapshot!(shown(&refused), @r"
    error: a text is expected here
     --> f.yaml:1:4
      | a: [b]
      |    ^^^
    ");
}
