//! What holds for every update: of 300 tuples of a template, answers, a newer template and changes
//! made here, all drawn by chance.

use crate::{answers, plain, site};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use windlass_scaffold::{Answers, Files, Record, Template, Update, update};
use windlass_yaml::{Content, Document};

/// The ways that a value of the YAML file can have: plain keys, keys of a map, keys of named items,
/// and items that are texts.
const WAYS: [&str; 18] = [
    "a", "b", "c", "m.x", "m.y", "m.z", "n.p.v", "n.p.w", "n.q.v", "n.q.w", "n.r.v", "w.one",
    "w.two", "w.three", "d", "o.x", "o.y", "e",
];

type Values = BTreeMap<&'static str, u8>;

/// How a file is written; what it says does not depend on it.
#[derive(Debug, Clone, Copy)]
struct Form {
    lists: usize,
    reversed: bool,
    /// Whether a remark of one's own stands above each entry.
    remarks: bool,
}

fn values() -> impl Strategy<Value = Values> {
    vec(option::weighted(0.7, 0..3_u8), WAYS.len()).prop_map(|all| {
        let given = WAYS.into_iter().zip(all);
        given
            .filter_map(|(way, value)| Some((way, value?)))
            .collect()
    })
}

/// A change for each way: mostly none, else another value, or none.
fn changes() -> impl Strategy<Value = Vec<Option<Option<u8>>>> {
    vec(
        option::weighted(0.15, option::weighted(0.7, 3..6_u8)),
        WAYS.len(),
    )
}

fn changed(values: &Values, changes: &[Option<Option<u8>>]) -> Values {
    let mut values = values.clone();
    for (way, change) in WAYS.into_iter().zip(changes) {
        match change {
            None => {}
            Some(None) => drop(values.remove(way)),
            Some(Some(value)) => drop(values.insert(way, *value)),
        }
    }
    values
}

fn form() -> impl Strategy<Value = Form> {
    (0..3_usize, any::<bool>(), any::<bool>()).prop_map(|(lists, reversed, remarks)| Form {
        lists,
        reversed,
        remarks,
    })
}

/// The file that says these values.
fn written(values: &Values, form: Form) -> String {
    let mut groups: BTreeMap<&str, Vec<(&str, u8)>> = BTreeMap::new();
    for (&way, &value) in values {
        let (top, rest) = way.split_once('.').unwrap_or((way, ""));
        groups.entry(top).or_default().push((rest, value));
    }
    let mut parts = vec!["kind: Test\n".to_owned()];
    parts.extend(
        groups
            .into_iter()
            .map(|(top, inner)| group(top, &inner, form)),
    );
    if form.reversed {
        parts.reverse();
    }
    parts.concat()
}

fn group(top: &str, inner: &[(&str, u8)], form: Form) -> String {
    let remark = |pad: &str, way: &str| match form.remarks {
        true => format!("{pad}# mine {way}\n"),
        false => String::new(),
    };
    let pad = " ".repeat(form.lists);
    let mut out = String::new();
    let mut item = "";
    for (rest, value) in inner {
        let way = format!("{top}.{rest}");
        match (top, rest.split_once('.')) {
            ("n", Some((name, key))) => {
                if name != item {
                    out += &format!("{pad}- name: {name}\n");
                    item = name;
                }
                out += &remark(&format!("{pad}  "), &way);
                out += &format!("{pad}  {key}: {value}\n");
            }
            ("w", _) => out += &format!("{}{pad}- {rest}\n", remark(&pad, &way)),
            _ if rest.is_empty() => return format!("{}{top}: {value}\n", remark("", top)),
            _ => out += &format!("{}  {rest}: {value}\n", remark("  ", &way)),
        }
    }
    format!("{top}:\n{out}")
}

/// The values that a file says, by their ways.
fn said(text: &str) -> BTreeMap<String, String> {
    let content = Document::parse("f.yaml", text)
        .unwrap()
        .content(&[])
        .unwrap();
    let mut found = BTreeMap::new();
    flatten(&content, "", &mut found);
    found.remove("kind");
    found
}

fn flatten(content: &Content, way: &str, found: &mut BTreeMap<String, String>) {
    let below = |key: &str| match way {
        "" => key.to_owned(),
        way => format!("{way}.{key}"),
    };
    match content {
        Content::Map(entries) => {
            for (key, value) in entries.iter().filter(|(key, _)| key != "name") {
                flatten(value, &below(key), found);
            }
        }
        Content::List(items) => {
            for item in items {
                match item {
                    Content::Map(entries) => {
                        let name = entries.iter().find(|(key, _)| key == "name").unwrap();
                        let Content::Text(name) = &name.1 else {
                            panic!("{name:?}")
                        };
                        flatten(item, &below(name), found);
                    }
                    Content::Text(word) => drop(found.insert(below(word), String::new())),
                    _ => panic!("{item:?}"),
                }
            }
        }
        Content::Text(text) | Content::Plain(text) => {
            drop(found.insert(way.to_owned(), text.clone()))
        }
    }
}

/// What a way has, as `said` tells it: a word is there or not.
fn at(values: &Values, way: &str) -> Option<String> {
    let value = values.get(way)?;
    Some(if way.starts_with("w.") {
        String::new()
    } else {
        value.to_string()
    })
}

/// Lines of a text file: each is unlike any other, so that it is known where it came from.
fn lines(changes: &[u8], side: &str) -> (String, BTreeSet<String>) {
    let mut text = String::new();
    let mut new = BTreeSet::new();
    for (at, change) in changes.iter().enumerate() {
        if *change != 1 {
            text += &format!("line {at}\n");
        }
        if *change == 2 {
            text += &format!("{side} {at}\n");
            new.insert(format!("{side} {at}"));
        }
    }
    (text, new)
}

#[derive(Debug, Clone)]
struct Case {
    base: Values,
    ours: Values,
    theirs: Values,
    our_form: Form,
    their_form: Form,
    our_lines: Vec<u8>,
    their_lines: Vec<u8>,
    port: u16,
    metrics: bool,
    pin: u8,
    removed: bool,
}

fn case() -> impl Strategy<Value = Case> {
    let edits = || vec(prop_oneof![8 => Just(0_u8), 1 => Just(1), 1 => Just(2)], 24);
    let values = (values(), changes(), changes(), form(), form());
    let rest = (
        edits(),
        edits(),
        1..9999_u16,
        any::<bool>(),
        0..9_u8,
        prop::bool::weighted(0.1),
    );
    (values, rest).prop_map(|((base, ours, theirs, our_form, mut their_form), rest)| {
        let (our_lines, their_lines, port, metrics, pin, removed) = rest;
        their_form.remarks = false;
        Case {
            ours: changed(&base, &ours),
            theirs: changed(&base, &theirs),
            base,
            our_form,
            their_form,
            our_lines,
            their_lines,
            port,
            metrics,
            pin,
            removed,
        }
    })
}

const DEV: &str = "k8s/overlays/dev/kustomization.yaml";

fn template(values: &str, text: &str, version: u8) -> Template {
    let overlay =
        format!("namePrefix: v{version}-\nimages:\n- name: shop\n  newTag: v{version}.0.0\n");
    let settings = "application: app.jinja\nquestions:\n  metrics: {type: bool}\n  port: {type: integer, when: metrics}\nfiles:\n- {path: monitor.yaml.jinja, when: metrics}\n";
    Template::new(
        "t",
        Files::from([
            plain("template.yaml", settings),
            plain("app.jinja", "name: {{ name }}\n"),
            plain(
                "monitor.yaml.jinja",
                &format!("port: {{{{ port }}}}\nversion: {version}\n"),
            ),
            plain("f.yaml", values),
            plain("f.txt", text),
            plain("k8s/overlays/dev/kustomization.yaml", &overlay),
            plain("k8s/overlays/prod/kustomization.yaml", "resources: []\n"),
        ]),
    )
    .unwrap()
}

fn plan(root: &Path, old: &Template, new: &Template) -> Update {
    let text = fs::read_to_string(root.join("apps/shop/.scaffold.yaml")).unwrap();
    let record = Record::read("r", &text).unwrap();
    let was = if record.revision == old.revision() {
        old
    } else {
        new
    };
    update(
        "shop",
        [was, new],
        &record,
        &Answers::new(),
        &site(),
        root,
        None,
    )
    .unwrap()
}

fn check(case: &Case) -> Result<(), TestCaseError> {
    let plain_form = Form {
        lists: 0,
        reversed: false,
        remarks: false,
    };
    let (base_text, _) = lines(&[0; 24], "base");
    let ((our_text, our_new), (their_text, their_new)) = (
        lines(&case.our_lines, "ours"),
        lines(&case.their_lines, "theirs"),
    );
    let old = template(&written(&case.base, plain_form), &base_text, 1);
    let new = template(&written(&case.theirs, case.their_form), &their_text, 2);
    let root = tempfile::tempdir().unwrap();
    let root = root.path();
    for folder in ["apps", "argo/apps"] {
        fs::create_dir_all(root.join(folder)).unwrap();
    }
    let port = case.port.to_string();
    let mut given = vec![("metrics", "false")];
    if case.metrics {
        given = vec![("metrics", "true"), ("port", port.as_str())];
    }
    old.render("shop", &answers(&given), &site())
        .unwrap()
        .write(root)
        .unwrap();
    let path = |name: &str| root.join("apps/shop").join(name);
    fs::write(path("f.yaml"), written(&case.ours, case.our_form)).unwrap();
    match case.removed {
        true => fs::remove_file(path("f.txt")).unwrap(),
        false => fs::write(path("f.txt"), &our_text).unwrap(),
    }
    let pin = format!("newTag: v1.{}.7\n  digest: sha256:1234", case.pin);
    let overlay = fs::read_to_string(path(DEV))
        .unwrap()
        .replace("newTag: v1.0.0", &pin);
    fs::write(path(DEV), &overlay).unwrap();

    let first = plan(root, &old, &new);
    let same = plan(root, &old, &new);
    prop_assert_eq!(&first.changes, &same.changes);
    prop_assert_eq!(&first.conflicts, &same.conflicts);
    first.changes.write(root).unwrap();
    let again = plan(root, &old, &new);
    prop_assert!(
        again.changes.is_empty() && again.conflicts.is_empty(),
        "{}",
        again.changes.diff()
    );

    let conflicts = |name: &str| {
        let path = format!("apps/shop/{name}");
        first
            .conflicts
            .iter()
            .filter(|conflict| conflict.place.path == path)
            .count()
    };
    let result = fs::read_to_string(path("f.yaml")).unwrap();
    yaml_is_lossless(case, &result, conflicts("f.yaml"))?;
    prop_assert_eq!(
        fs::read_to_string(path(DEV)).unwrap(),
        overlay.replace("v1-", "v2-")
    );
    let monitor = fs::read_to_string(path("monitor.yaml")).ok();
    prop_assert_eq!(
        monitor,
        case.metrics.then(|| format!("port: {port}\nversion: 2\n"))
    );
    if case.removed {
        prop_assert!(!path("f.txt").exists());
        prop_assert_eq!(conflicts("f.txt") > 0, their_text != base_text);
        return Ok(());
    }
    let result = fs::read_to_string(path("f.txt")).unwrap();
    let result: Vec<&str> = result.lines().collect();
    for line in our_new.iter().chain(&their_new) {
        prop_assert!(
            result.contains(&line.as_str()),
            "{} is lost: {:?}",
            line,
            result
        );
    }
    if conflicts("f.txt") == 0 {
        for at in 0..24 {
            let kept = case.our_lines[at] != 1 && case.their_lines[at] != 1;
            let line = format!("line {at}");
            prop_assert_eq!(result.contains(&line.as_str()), kept, "{}", line);
        }
    }
    Ok(())
}

/// Way by way: what one side did not change is as the other has it.
fn yaml_is_lossless(case: &Case, text: &str, conflicts: usize) -> Result<(), TestCaseError> {
    let result = said(text);
    for way in WAYS {
        let [base, ours, theirs] = [&case.base, &case.ours, &case.theirs].map(|all| at(all, way));
        let now = result.get(way).cloned();
        let told = || format!("{way} in\n{text}");
        if base == theirs {
            prop_assert_eq!(&now, &ours, "{}", told());
            let remark = format!("# mine {way}\n");
            if case.our_form.remarks && ours.is_some() {
                prop_assert!(text.contains(&remark), "{}", told());
            }
        } else if conflicts == 0 {
            prop_assert!(
                ours == base || ours == theirs,
                "no conflict is told of {}",
                told()
            );
            prop_assert_eq!(&now, &theirs, "{}", told());
        } else {
            prop_assert!(now == ours || now == theirs, "{}", told());
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn nothing_is_lost_and_a_second_time_changes_nothing(case in case()) {
        check(&case)?;
    }
}
