//! What is printed for what is written: each outcome was recorded from kustomize 5.8.1.

use crate::shown;
use windlass_yaml::{Source, Tree};

/// kustomize ends with an error.
const REFUSED: &str = "refused";

/// What kustomize prints for `v: INPUT` inside a map.
fn printed(input: &str) -> Result<String, String> {
    let space = if input.is_empty() || input.starts_with('\n') {
        ""
    } else {
        " "
    };
    let text = format!("spec:\n  v:{space}{input}\n");
    let mut tree = Tree::new();
    let roots = tree
        .load(Source::new("in.yaml", text))
        .map_err(|e| shown(&e))?;
    let mut out = Vec::new();
    tree.emit(roots[0], &mut out).map_err(|e| shown(&e))?;
    let out = String::from_utf8(out).unwrap();
    let value = out.strip_prefix("spec:\n  v:").unwrap();
    let value = value.strip_prefix(' ').unwrap_or(value);
    Ok(value.strip_suffix('\n').unwrap_or(value).to_owned())
}

#[track_caller]
fn check(cases: &[(&str, &str)]) {
    for &(input, wanted) in cases {
        let got = printed(input);
        match wanted {
            REFUSED => assert!(got.is_err(), "{input:?} gives {got:?}"),
            _ => assert_eq!(got.as_deref(), Ok(wanted), "{input:?}"),
        }
    }
}

#[test]
fn words_of_yaml_1_1_are_strings_in_quotes() {
    check(&[
        ("true", "true"),
        ("True", "true"),
        ("TRUE", "true"),
        ("tRUE", "tRUE"),
        ("false", "false"),
        ("null", "null"),
        ("Null", "null"),
        ("NULL", "null"),
        ("~", "null"),
        ("nULL", "nULL"),
        ("yes", "\"yes\""),
        ("No", "\"No\""),
        ("ON", "\"ON\""),
        ("off", "\"off\""),
        ("y", "\"y\""),
        ("N", "\"N\""),
        ("yEs", "yEs"),
        ("\"yes\"", "\"yes\""),
        ("\"true\"", "\"true\""),
        ("\"~\"", "\"~\""),
        ("\"\"", "\"\""),
        ("'null'", "\"null\""),
    ]);
}

#[test]
fn integers() {
    check(&[
        ("0", "0"),
        ("-0", "0"),
        ("+0", "0"),
        ("007", "7"),
        ("0777", "511"),
        ("08", "8"),
        ("0o17", "15"),
        ("0O17", "15"),
        ("0o8", "0o8"),
        ("0x1F", "31"),
        ("-0x1f", "-31"),
        ("+0X1f", "31"),
        ("0xG", "0xG"),
        ("0x", "0x"),
        ("0b101", "5"),
        ("-0b11", "-3"),
        ("0b2", "0b2"),
        ("1_000", "1000"),
        ("1__0", "10"),
        ("1_", "1"),
        ("_1", "_1"),
        ("0_7", "7"),
        ("9223372036854775807", "9223372036854775807"),
        ("9223372036854775808", "9223372036854775808"),
        ("-9223372036854775808", "-9223372036854775808"),
        ("-9223372036854775809", "-9.223372036854776e+18"),
        ("18446744073709551615", "18446744073709551615"),
        ("18446744073709551616", "1.8446744073709552e+19"),
        ("0x10000000000000000", "0x10000000000000000"),
        ("\"0777\"", "\"0777\""),
        ("\"1_000\"", "\"1_000\""),
        ("\"0b1\"", "\"0b1\""),
        ("0b-1", "-1"),
        ("0o-7", "-7"),
        ("+18446744073709551615", "1.8446744073709552e+19"),
    ]);
}

#[test]
fn numbers() {
    check(&[
        ("1.0", "1"),
        ("5.", "5"),
        (".5", "0.5"),
        ("-.5", "-0.5"),
        ("+.5", "0.5"),
        (".", "."),
        ("..", ".."),
        ("1e3", "1000"),
        ("1E3", "1000"),
        ("1e+3", "1000"),
        ("1e-3", "0.001"),
        ("1.e3", "1000"),
        (".e3", ".e3"),
        ("1e", "1e"),
        ("1e1_0", "10000000000"),
        (".1_0", "0.1"),
        ("._1", "._1"),
        (".5_", ".5_"),
        ("1.10", "1.1"),
        ("123456.5", "123456.5"),
        ("1234567.5", "1.2345675e+06"),
        ("100000.0", "100000"),
        ("1e20", "1e+20"),
        ("1e21", "1e+21"),
        ("1e22", "1e+22"),
        ("123e19", "1.23e+21"),
        ("-1e19", "-1e+19"),
        ("1e19", "10000000000000000000"),
        ("1e-5", "1e-05"),
        ("0.000001", "1e-06"),
        ("2.5e-8", "2.5e-08"),
        ("-0.0", "0"),
        ("1e308", "1e+308"),
        ("1e309", "1e309"),
        ("5e-324", "5e-324"),
        ("0x1p4", "0x1p4"),
        ("1.2.3", "1.2.3"),
        ("-.nan", "-.nan"),
        ("inf", "inf"),
        ("\".5\"", "\".5\""),
        ("\"1e3\"", "\"1e3\""),
        ("\"1e309\"", "1e309"),
        (".Inf", REFUSED),
        ("-.INF", REFUSED),
        (".nan", REFUSED),
    ]);
}

#[test]
fn times_become_strings_in_one_form() {
    check(&[
        ("2001-01-01", "\"2001-01-01T00:00:00Z\""),
        ("2001-1-1", "\"2001-01-01T00:00:00Z\""),
        ("2001-12-14T21:59:43Z", "\"2001-12-14T21:59:43Z\""),
        (
            "2001-12-14t21:59:43.10-05:00",
            "\"2001-12-14T21:59:43.1-05:00\"",
        ),
        ("2001-12-14 21:59:43", "\"2001-12-14T21:59:43Z\""),
        ("2001-12-14 21:59:43.5", "\"2001-12-14T21:59:43.5Z\""),
        ("2001-12-14T1:2:3Z", "\"2001-12-14T01:02:03Z\""),
        ("2001-12-14T21:59:43,5Z", "\"2001-12-14T21:59:43.5Z\""),
        (
            "2001-12-14T21:59:43.1234567891Z",
            "\"2001-12-14T21:59:43.123456789Z\"",
        ),
        ("2001-12-14T21:59:43+00:00", "\"2001-12-14T21:59:43Z\""),
        ("2001-13-45", "2001-13-45"),
        ("2001-02-30", "2001-02-30"),
        ("2000-02-29", "\"2000-02-29T00:00:00Z\""),
        ("2001-12-14T21:59", "2001-12-14T21:59"),
        ("\"2001-01-01\"", "\"2001-01-01\""),
        ("2001-12-14T21:59:43+24:00", REFUSED),
        ("1:30", "\"1:30\""),
        ("190:20:30", "\"190:20:30\""),
        ("-1:30", "\"-1:30\""),
        ("1:60", "1:60"),
        ("8080:80", "8080:80"),
        ("1:30.5", "\"1:30.5\""),
        (
            "[2001-12-14T21:59:43.10Z, 2001-01-01]",
            "\n  - \"2001-12-14T21:59:43.10Z\"\n  - \"2001-01-01T00:00:00Z\"",
        ),
    ]);
}

#[test]
fn quotes_only_where_needed() {
    check(&[
        ("'a: b'", "'a: b'"),
        ("'a:'", "'a:'"),
        ("'a #b'", "'a #b'"),
        ("a#b", "a#b"),
        ("'# a'", "'# a'"),
        ("'- a'", "'- a'"),
        ("-a", "-a"),
        ("'? a'", "'? a'"),
        ("?a", "?a"),
        ("'-'", "'-'"),
        ("'[a'", "'[a'"),
        ("a]b", "a]b"),
        ("'{{ a }}'", "'{{ a }}'"),
        ("'&a'", "'&a'"),
        ("'*a'", "'*a'"),
        ("'!a'", "'!a'"),
        ("'|'", "'|'"),
        ("'>'", "'>'"),
        ("\"'\"", "''''"),
        ("'\"a\"'", "'\"a\"'"),
        ("\"it's\"", "it's"),
        ("'%a'", "'%a'"),
        ("'@a'", "'@a'"),
        ("'`a'", "'`a'"),
        ("' a'", "' a'"),
        ("'a '", "'a '"),
        ("'a  b'", "a  b"),
        ("'---'", "'---'"),
        ("'--- a'", "'--- a'"),
        ("'...x'", "'...x'"),
        ("'--a'", "--a"),
        ("'='", "="),
        ("'<<'", "<<"),
        ("'<a> & b'", "<a> & b"),
        ("'a\\nb'", "a\\nb"),
        ("'\\'", "\\"),
        ("', a'", "', a'"),
        ("'null '", "'null '"),
        ("'1 000'", "1 000"),
        ("\"a\\tb\"", "\"a\\tb\""),
        ("\"\\ta\"", "\"\\ta\""),
        ("\"a\\rb\"", "\"a\\rb\""),
        ("\"\\0\\a\\b\\e\\x01\"", "\"\\0\\a\\b\\e\\x01\""),
        ("\"\\xA0\\u200b\\uE000\\ufffd\"", "\u{A0}\u{200B}\u{E000}�"),
        ("é日本", "é日本"),
        ("😀", "\"\\U0001F600\""),
        ("\"\\uFEFFx\"", "\"\\uFEFF\\x78\""),
        ("\"x\\uFEFF\"", "\"x\\uFEFF\""),
        ("\"a\\x85b\"", "a b"),
        ("\"a \\x85\\x85 b\"", "|-\n    a\n    b"),
        ("\"a\\Lb\"", "'a\u{2028}    b'"),
        ("\"\\x7f\"", REFUSED),
        ("\"\\x84\"", REFUSED),
        ("\"\\uFFFE\"", REFUSED),
        ("'~x'", "~x"),
        ("+a", "+a"),
    ]);
}

#[test]
fn lines_are_kept_in_blocks() {
    check(&[
        ("\"a\\nb\"", "|-\n    a\n    b"),
        ("\"a\\n\"", "|\n    a"),
        ("\"a\\n\\n\"", "|+\n    a\n"),
        ("\"\\n\"", "|2+\n"),
        ("\"\\na\"", "|2-\n\n    a"),
        ("\" a\\nb\"", "|2-\n     a\n    b"),
        ("\"a \\nb\"", "\"a \\nb\""),
        ("\"a\\n b\"", "|-\n    a\n     b"),
        ("\"a\\n  \\nb\"", "\"a\\n  \\nb\""),
        ("\"a\\tb\\n\"", "\"a\\tb\\n\""),
        ("\"a\\r\\nb\"", "\"a\\r\\nb\""),
        ("\"#a\\n- b\\n---\\n\"", "|\n    #a\n    - b\n    ---"),
        ("\"a\\n😀\"", "\"a\\n\\U0001F600\""),
        ("\"é\\nb\\n\"", "|\n    é\n    b"),
        ("\"a\\nb \"", "\"a\\nb \""),
        ("\"a\\L\\n\"", "|+\n    a\u{2028}"),
        ("\"a\\n\\L\"", "|+\n    a\n\u{2028}"),
        ("|\n    a\n    b", "|\n    a\n    b"),
        ("|-\n    a", "a"),
        ("|+\n    a\n\n", "|+\n    a\n\n"),
        ("|2\n     a\n    b", "|2\n     a\n    b"),
        ("|\n\n    a", "|2\n\n    a"),
        ("|\n    a\n   \n    b", "|\n    a\n\n    b"),
        (">\n    a\n    b\n\n    c", "|\n    a b\n    c"),
        (">-\n    a\n      b\n    c", "|-\n    a\n\n      b\n    c"),
        (">+\n    a\n\n", "|+\n    a\n\n\n"),
        (">2\n      a\n    b\n\n    c", "|2\n      a\n    b c"),
        (">\n    a\tb\n    c", "\"a\\tb c\\n\""),
        ("|\n    \ta", REFUSED),
        ("a\n    b\n\n    c", "|-\n    a b\n    c"),
        ("'a\n\n    b'", "|-\n    a\n    b"),
        ("\"a \\\n    b\\\n    c\"", "a bc"),
    ]);
}

#[test]
fn lines_break_after_column_80() {
    check(&[
        (
            "lorem ipsum dolor sit amet consectetur adipiscing elit sed do eiusmod tempor incididunt ut labore",
            "lorem ipsum dolor sit amet consectetur adipiscing elit sed do eiusmod tempor\n    incididunt ut labore",
        ),
        (
            "\"lorem ipsum dolor sit amet consectetur adipiscing elit sed do eiusmod tempor incididunt ut labore \"",
            "'lorem ipsum dolor sit amet consectetur adipiscing elit sed do eiusmod tempor\n    incididunt ut labore '",
        ),
        (
            "'lorem ipsum dolor sit amet consectetur adipiscing elit sed do eiusmod tempor incididunt ut labore: '",
            "'lorem ipsum dolor sit amet consectetur adipiscing elit sed do eiusmod tempor\n    incididunt ut labore: '",
        ),
        (
            "\"lorem ipsum dolor sit amet consectetur adipiscing elit sed do eiusmod tempor incididunt ut labore\\t\"",
            "\"lorem ipsum dolor sit amet consectetur adipiscing elit sed do eiusmod tempor\n    incididunt ut labore\\t\"",
        ),
        (
            "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx yyyyyyy z",
            "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx yyyyyyy\n    z",
        ),
        (
            "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx yyyyyyyy z",
            "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx yyyyyyyy\n    z",
        ),
        (
            "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx  y z",
            "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx  y\n    z",
        ),
        (
            "'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx: y'",
            "'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx:\n    y'",
        ),
        (
            "\"\\txxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx  y z\"",
            "\"\\txxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n    \\ y z\"",
        ),
        (
            "\"\\txxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx y\"",
            "\"\\txxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n    y\"",
        ),
        (
            "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
            "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        ),
        (
            "\"éééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééé b c\"",
            "éééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééé\n    b c",
        ),
        (
            "'lorem ipsum dolor sit amet consectetur adipiscing elit sed do eiusmod tempor incididunt ut labore it''s lorem ipsum dolor sit amet consectetur adipiscing elit sed do eiusmod tempor incididunt ut labore: '",
            "'lorem ipsum dolor sit amet consectetur adipiscing elit sed do eiusmod tempor\n    incididunt ut labore it''s lorem ipsum dolor sit amet consectetur adipiscing elit\n    sed do eiusmod tempor incididunt ut labore: '",
        ),
    ]);
}

#[test]
fn collections_are_blocks() {
    check(&[
        ("", "null"),
        ("[]", "[]"),
        ("{}", "{}"),
        (
            "[[], {}, [a], {b: c}, [[d]]]",
            "\n  - []\n  - {}\n  - - a\n  - b: c\n  - - - d",
        ),
        ("[a, ~, \"\", ]", "\n  - a\n  - null\n  - \"\""),
        ("{a, b: , c: ~}", "\n    a: \"\"\n    b: \"\"\n    c: null"),
        (
            "{a: 1, b: [x, {y: z}]}",
            "\n    a: 1\n    b:\n    - x\n    - \"y\": z",
        ),
        ("[a: b, ? c : d]", "\n  - a: b\n  - c: d"),
        ("{\"a\":1,\"b\":\"c\"}", "\n    a: 1\n    b: c"),
        ("[a:b, http://x/y]", "\n  - a:b\n  - http://x/y"),
        ("{? a, ? b : c}", "\n    a: \"\"\n    b: c"),
        (
            "\n  - - a\n    - b: c\n      d: e\n  -\n    - f\n  - {}",
            "\n  - - a\n    - b: c\n      d: e\n  - - f\n  - {}",
        ),
        ("\n    c: d", "\n    c: d"),
        ("{a: !!str}", REFUSED),
    ]);
}

#[test]
fn tags_decide_and_go() {
    check(&[
        ("!!str 1", "\"1\""),
        ("!!str", "\"\""),
        ("!!int \"1\"", "1"),
        ("!!int a", REFUSED),
        ("!!float 1", "1"),
        ("!!float 18446744073709551615", REFUSED),
        ("!!bool \"true\"", "true"),
        ("!!bool yes", REFUSED),
        ("!!null \"\"", "null"),
        ("!!null a", REFUSED),
        ("!!timestamp \"2001-01-01\"", "\"2001-01-01T00:00:00Z\""),
        ("!!timestamp a", REFUSED),
        ("!!binary aGk=", "hi"),
        ("!!binary gIE=", "��"),
        ("!!binary \"4oI=\"", "��"),
        ("!!binary a", REFUSED),
        ("!foo 1", "\"1\""),
        ("!foo {a: b}", "\n    a: b"),
        ("! 1", "1"),
        ("!<tag:yaml.org,2002:str> 1", "\"1\""),
        ("!e!a 1", REFUSED),
        ("[!!str , a]", "\n  - \"\"\n  - a"),
        ("!!set {a, b}", "\n    a: \"\"\n    b: \"\""),
        ("!!str [a]", "\n  - a"),
    ]);
}

#[test]
fn aliases_are_written_out() {
    check(&[
        (
            "{a: &x {k: 1, l: 2}, b: *x}",
            "\n    a:\n      k: 1\n      l: 2\n    b:\n      k: 1\n      l: 2",
        ),
        (
            "\n    a: &x {k: 1, l: 2}\n    b: {<<: *x, k: 3}",
            "\n    a:\n      k: 1\n      l: 2\n    b:\n      k: 3\n      l: 2",
        ),
        (
            "\n    a: &x {k: 1}\n    c: &y {k: 2, m: 3}\n    b: {<<: [*x, *y]}\n    d: {<<: [*y, {k: 4, n: 5}]}",
            "\n    a:\n      k: 1\n    b:\n      k: 1\n      m: 3\n    c:\n      k: 2\n      m: 3\n    d:\n      k: 2\n      m: 3\n      \"n\": 5",
        ),
        (
            "\n    a: &x {k: 1}\n    b: {\"<<\": *x, c: d}",
            "\n    a:\n      k: 1\n    b:\n      c: d",
        ),
        (
            "{a: &x 1, b: &x 2, c: *x}",
            "\n    a: 1\n    b: 2\n    c: 2",
        ),
        ("{a: &x 1, b: {<<: *x}}", REFUSED),
        ("{a: &x [{k: 1}], b: {<<: *x}}", REFUSED),
        ("{b: {<<: [[{a: 1}]]}}", REFUSED),
        ("{b: {<<: }}", REFUSED),
        (
            "\n    a: &x {k: 1}\n    b:\n      <<: *x\n      <<: *x",
            REFUSED,
        ),
        ("*x", REFUSED),
        ("{&k a: b, c: *k, *k : d}", REFUSED),
        ("{&k a: b, d: {*k : e}}", "\n    a: b\n    d:\n      a: e"),
    ]);
}

#[test]
fn keys_are_strings_in_natural_order() {
    check(&[
        ("{1: a}", REFUSED),
        ("{\"1\": a}", "\n    \"1\": a"),
        ("{true: a}", REFUSED),
        ("{yes: a, on: b}", "\n    \"on\": b\n    \"yes\": a"),
        ("{null: a}", REFUSED),
        ("{\"\": a}", "\n    \"\": a"),
        ("{? : a}", "\n    \"\": a"),
        ("{? {a: b} : c}", REFUSED),
        ("{[a]: b}", REFUSED),
        ("{1:30: a}", "\n    \"1:30\": a"),
        ("{a: 1, a: 2}", REFUSED),
        ("{\"a\": 1, a: 2}", REFUSED),
        ("{2001-01-01: a}", REFUSED),
        (
            "{a b: c, \"d: e\": f, \"g\\nh\": i}",
            "\n    a b: c\n    'd: e': f\n    ? |-\n      g\n      h\n    : i",
        ),
        (
            "{\"kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk\": a, \"lllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllll\": {b: [c]}}",
            "\n    kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk: a\n    ? lllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllll\n    : b:\n      - c",
        ),
        (
            "{\"ééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééé\": |}",
            REFUSED,
        ),
        (
            "{\"kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk\": a}",
            "\n    ? kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk\n    : a",
        ),
        (
            "{\"kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk\": a}",
            REFUSED,
        ),
        ("{\"\\x85\": a}", REFUSED),
        (
            "{a10: 1, a2: 1, A: 1, _: 1, \"10\": 1, \"9\": 1, a-b: 1, ab: 1, a: 1, é: 1, a_b: 1, a.b: 1}",
            "\n    _: 1\n    \"9\": 1\n    \"10\": 1\n    A: 1\n    a: 1\n    a-b: 1\n    a.b: 1\n    a_b: 1\n    a2: 1\n    a10: 1\n    ab: 1\n    é: 1",
        ),
    ]);
}
