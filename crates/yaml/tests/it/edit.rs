//! Edits in place: what changes, what stays, what is refused.

use crate::shown;
use insta::assert_snapshot;
use windlass_yaml::{Document, Step};

/// `images[name=web].newTag` as steps.
fn steps(path: &str) -> Vec<Step<'_>> {
    path.split(['.', '['])
        .map(|step| match step.strip_suffix(']') {
            None => Step::Key(step),
            Some(inside) => match inside.split_once('=') {
                Some((key, value)) => Step::Item(key, value),
                None => Step::Index(inside.parse().unwrap()),
            },
        })
        .collect()
}

fn set(text: &str, path: &str, value: &str) -> Result<String, String> {
    let mut file = Document::parse("k.yaml", text).unwrap();
    match file.set(&steps(path), value) {
        Ok(changed) => {
            let after = file.finish();
            assert_eq!(changed, after != text, "{after}");
            let mut again = Document::parse("k.yaml", &after).unwrap();
            assert_eq!(again.get(&steps(path)), Some(value));
            assert_eq!(again.set(&steps(path), value).ok(), Some(false));
            Ok(after)
        }
        Err(error) => {
            assert_eq!(file.finish(), text);
            Err(shown(&error))
        }
    }
}

const TAG: &str = "images[name=web].newTag";

#[track_caller]
fn tag(text: &str, value: &str, after: &str) {
    assert_eq!(set(text, TAG, value).as_deref(), Ok(after));
}

#[test]
fn only_the_value_changes() {
    let cases = [
        ("images:\n- name: web\n  newTag: v1 # ours\n", "v2"),
        (
            "images:\n# first\n- newTag: v1   \n\n  # then\n  name: web\nz: 1\n",
            "v2",
        ),
        ("images:\n- name: web\n  newTag: 'v1' # ours\n", "it's"),
        ("images:\n- name: web\n  newTag: \"v1\"# ours\n", "v2"),
        ("images:\r\n- name: web\r\n  newTag: v1\r\nz: 1\r\n", "v2"),
        ("images:\n- name: web\n  newTag: v1", "v2"),
        ("\u{FEFF}images:\n- name: web\n  newTag: v1\n", "v2"),
        ("images:\n- name: web\n  newTag: &tag v1\n", "v2"),
        ("images:\n- name: web\n  newTag: !!str v1 # ours\n", "v2"),
        ("images: [{name: web, newTag: v1}] # ours\n", "v2"),
        (
            "images: [\n  {name: other, newTag: v1}, # x\n  {name: web, newTag: v1,}]\n",
            "v2",
        ),
        (
            "{\"images\": [{\"name\":\"web\",\"newTag\":\"v1\"}]}\n",
            "v2",
        ),
        (
            "images:\n- {name: other, newTag: v1}\n- {name: web, newTag: v1}\n",
            "v2",
        ),
        (
            "%YAML 1.1\n---\nimages:\n- name: web\n  newTag: v1\n---\nz: 1\n",
            "v2",
        ),
        ("é: ü\nimages:\n  - name: 'web'\n    newTag:     v1\n", "v2"),
        ("? images\n: - name: web\n    newTag: v1\n", "v2"),
    ];
    for (text, value) in cases {
        let quoted = value.replace('\'', "''");
        let at = text.rfind("v1").unwrap();
        let wanted = format!("{}{quoted}{}", &text[..at], &text[at + 2..]);
        tag(text, value, &wanted);
    }
}

#[test]
fn a_value_that_is_no_string_without_quotes_gets_some() {
    let text = "images:\n- name: web\n  newTag: v1\n";
    for value in [
        "1.10",
        "20240101",
        "12e4567",
        "on",
        "0x1",
        "1_000",
        "12:30",
        "null",
        "~",
        "2024-01-01",
        "",
        " a",
        "a: b",
        "# a",
        "*a",
        "=",
        "<<",
        "1:30",
        "0o7",
        ".5",
        "yes",
        "- a",
        "a\tb",
        "é: 1",
    ] {
        let escaped = value.replace('\t', "\\t");
        let wanted = format!("images:\n- name: web\n  newTag: \"{escaped}\"\n");
        tag(text, value, &wanted);
        let text = text.replace("v1", "'v1'");
        let wanted = match value {
            "a\tb" => wanted,
            _ => wanted.replace('"', "'"),
        };
        tag(&text, value, &wanted);
    }
    for value in [
        "v1.2-3+4",
        "sha256:ab",
        "12e4567x",
        "a b",
        "日本",
        "1.2.3",
        "08x",
    ] {
        tag(
            text,
            value,
            &format!("images:\n- name: web\n  newTag: {value}\n"),
        );
    }
    let flow = "images: [{name: web, newTag: v1}]\n";
    tag(flow, "a,b", "images: [{name: web, newTag: \"a,b\"}]\n");
    tag(
        flow,
        "sha256:ab",
        "images: [{name: web, newTag: sha256:ab}]\n",
    );
}

#[test]
fn a_number_becomes_a_string() {
    let text = "images:\n- name: web\n  newTag: 1.10\n";
    tag(text, "1.10", "images:\n- name: web\n  newTag: \"1.10\"\n");
    tag(text, "v2", "images:\n- name: web\n  newTag: v2\n");
}

#[test]
fn a_missing_value_is_filled_in() {
    let cases = [
        (
            "images:\n- name: web\n  newTag:  # todo\n",
            "images:\n- name: web\n  newTag: v2  # todo\n",
        ),
        (
            "images:\n- name: web\n  newTag:",
            "images:\n- name: web\n  newTag: v2",
        ),
        (
            "images:\n- name: web\n  newTag: !!str\n",
            "images:\n- name: web\n  newTag: !!str v2\n",
        ),
        (
            "images:\n- name: web\n  newTag: null # x\n",
            "images:\n- name: web\n  newTag: v2 # x\n",
        ),
        (
            "images: [{name: web, newTag: }]\n",
            "images: [{name: web, newTag: v2 }]\n",
        ),
        (
            "images: [{name: web, newTag}]\n",
            "images: [{name: web, newTag: v2}]\n",
        ),
        (
            "images: [{newTag, name: web}]\n",
            "images: [{newTag: v2, name: web}]\n",
        ),
        (
            "images: [{name: web, \"newTag\":}]\n",
            "images: [{name: web, \"newTag\": v2}]\n",
        ),
        (
            "images:\n- name: web\n  newTag: |\n    v1\n",
            "images:\n- name: web\n  newTag: v2\n",
        ),
        (
            "images:\n- name: web\n  newTag: >- # c\n    v1\n    x\nz: 1\n",
            "images:\n- name: web\n  newTag: v2\nz: 1\n",
        ),
        (
            "images:\n- name: web\n  newTag: v1\n    x\nz: 1\n",
            "images:\n- name: web\n  newTag: v2\nz: 1\n",
        ),
    ];
    for (text, wanted) in cases {
        tag(text, "v2", wanted);
    }
}

#[test]
fn a_missing_entry_is_added() {
    let cases = [
        (
            "images:\n- name: web # c\n",
            "images:\n- name: web # c\n  newTag: v2\n",
        ),
        ("images:\n- name: web", "images:\n- name: web\n  newTag: v2"),
        (
            "images:\r\n  - name: web\r\nz: 1\r\n",
            "images:\r\n  - name: web\r\n    newTag: v2\r\nz: 1\r\n",
        ),
        (
            "images:\n-   digest: x\n    name: web\n# end\n",
            "images:\n-   digest: x\n    name: web\n    newTag: v2\n# end\n",
        ),
        (
            "images: [{name: web}]\n",
            "images: [{name: web, newTag: v2}]\n",
        ),
        (
            "images: [{name: web, digest: , }]\n",
            "images: [{name: web, digest: , newTag: v2 , }]\n",
        ),
        (
            "images: [{name: web, digest}]\n",
            "images: [{name: web, digest, newTag: v2}]\n",
        ),
        (
            "images: [{\"name\": \"web\"}]\n",
            "images: [{\"name\": \"web\", \"newTag\": \"v2\"}]\n",
        ),
        (
            "images:\n- {\n    name: web # c\n  }\n",
            "images:\n- {\n    name: web, newTag: v2 # c\n  }\n",
        ),
        (
            "images:\n- name: web\n  x: |\n    a\nz: 1\n",
            "images:\n- name: web\n  x: |\n    a\n  newTag: v2\nz: 1\n",
        ),
        (
            "images:\n- name: web\n  x:\n  - a # b\n  # c\nz: 1\n",
            "images:\n- name: web\n  x:\n  - a # b\n  newTag: v2\n  # c\nz: 1\n",
        ),
        (
            "? images\n: - name: web\n",
            "? images\n: - name: web\n    newTag: v2\n",
        ),
    ];
    for (text, wanted) in cases {
        tag(text, "v2", wanted);
    }
}

#[test]
fn a_missing_item_is_added_at_the_end() {
    let cases = [
        (
            "images:\n- name: a\n  newTag: x\n",
            "images:\n- name: a\n  newTag: x\n- name: web\n  newTag: v2\n",
        ),
        (
            "images:\n  - name: a # c\n\nz: 1\n",
            "images:\n  - name: a # c\n  - name: web\n    newTag: v2\n\nz: 1\n",
        ),
        (
            "images: [{name: a}]\n",
            "images: [{name: a}, {name: web, newTag: v2}]\n",
        ),
        (
            "images: [\n  {name: a},\n]\n",
            "images: [\n  {name: a}, {name: web, newTag: v2},\n]\n",
        ),
        ("images: []\n", "images: [{name: web, newTag: v2}]\n"),
        (
            "images: [{\"name\": \"a\"}]\n",
            "images: [{\"name\": \"a\"}, {\"name\": \"web\", \"newTag\": \"v2\"}]\n",
        ),
        (
            "images:\n- {name: a}",
            "images:\n- {name: a}\n- name: web\n  newTag: v2",
        ),
    ];
    for (text, wanted) in cases {
        tag(text, "v2", wanted);
    }
}

#[test]
fn a_missing_list_is_made() {
    let cases = [
        ("", "images:\n- name: web\n  newTag: v2\n"),
        (
            "# nothing\n",
            "# nothing\nimages:\n- name: web\n  newTag: v2\n",
        ),
        (
            "resources:\n- a\n",
            "resources:\n- a\nimages:\n- name: web\n  newTag: v2\n",
        ),
        (
            "resources:\n  - a",
            "resources:\n  - a\nimages:\n  - name: web\n    newTag: v2",
        ),
        (
            "resources: [a] # c\n# end\n",
            "resources: [a] # c\nimages:\n- name: web\n  newTag: v2\n# end\n",
        ),
        (
            "images:\nz: 1\n",
            "images:\n- name: web\n  newTag: v2\nz: 1\n",
        ),
        ("images: # c\n", "images: # c\n- name: web\n  newTag: v2\n"),
        (
            "a:\n  - b\nimages: null # c\n",
            "a:\n  - b\nimages: # c\n  - name: web\n    newTag: v2\n",
        ),
        ("images: ~", "images:\n- name: web\n  newTag: v2"),
        ("{}\n", "{images: [{name: web, newTag: v2}]}\n"),
        (
            "{\"a\": 1}\n",
            "{\"a\": 1, \"images\": [{\"name\": \"web\", \"newTag\": \"v2\"}]}\n",
        ),
        ("{images: }\n", "{images: [{name: web, newTag: v2}] }\n"),
        (
            "a: 1\n---\nb: 2\n",
            "a: 1\nimages:\n- name: web\n  newTag: v2\n---\nb: 2\n",
        ),
    ];
    for (text, wanted) in cases {
        tag(text, "v2", wanted);
    }
}

#[test]
fn an_alias_is_replaced_and_its_anchor_left_alone() {
    let text = "x: &t v1\nimages:\n- name: web\n  newTag: *t # c\n";
    tag(
        text,
        "v2",
        "x: &t v1\nimages:\n- name: web\n  newTag: v2 # c\n",
    );
    let text = "x: &t v1\nimages: [{name: web, newTag: *t }]\n";
    tag(text, "v2", "x: &t v1\nimages: [{name: web, newTag: v2 }]\n");
}

#[test]
fn a_value_that_aliases_stand_for_is_refused() {
    let text = "images:\n- name: web\n  newTag: &t v1\nx: *t\n";
    assert_snapshot!(set(text, TAG, "v2").unwrap_err(), @r"
    error: aliases elsewhere in the file stand for this value
     --> k.yaml:3:14
      |   newTag: &t v1
      |              ^^
    hint: write the value out where the aliases are
    ");
    let text = "x: &i\n- name: web\n  newTag: v1\nimages: *i\n";
    assert_snapshot!(set(text, TAG, "v2").unwrap_err(), @r"
    error: this cannot be edited without changing something else
     --> k.yaml:3:11
      |   newTag: v1
      |           ^^
    hint: edit it by hand
    ");
    let text = "x: &i [{name: other}]\nimages: *i\n";
    assert_snapshot!(set(text, TAG, "v2").unwrap_err(), @r"
    error: an alias stands here for what is to be changed
     --> k.yaml:2:9
      | images: *i
      |         ^^
    hint: write the value out instead of the alias
    ");
    let text = "x: &i {newTag: v1}\nimages:\n- name: web\n  <<: *i\n";
    assert_snapshot!(set(text, TAG, "v2").unwrap_err(), @r"
    error: this cannot be edited without changing something else
     --> k.yaml:1:16
      | x: &i {newTag: v1}
      |                ^^
    hint: edit it by hand
    ");
}

#[test]
fn items_that_match_are_changed_together_if_they_are_alike() {
    let text = "images:\n- name: web\n  newTag: v1\n- name: web\n  newTag: 'v1'\n";
    tag(
        text,
        "v2",
        "images:\n- name: web\n  newTag: v2\n- name: web\n  newTag: 'v2'\n",
    );
    let text = "images:\n- name: web\n- name: web\n";
    tag(
        text,
        "v2",
        "images:\n- name: web\n  newTag: v2\n- name: web\n  newTag: v2\n",
    );
    let text = "images:\n- name: web\n  newTag: v1\n- name: web\n  newTag: v3\n";
    assert_snapshot!(set(text, TAG, "v2").unwrap_err(), @r"
    error: several items match and hold different values
     --> k.yaml:5:11
      |   newTag: v3
      |           ^^
    hint: leave one of the items, or make them alike
    ");
}

#[test]
fn what_does_not_fit_is_refused() {
    assert_snapshot!(set("images: {web: v1}\n", TAG, "v2").unwrap_err(), @r"
    error: a list is expected here
     --> k.yaml:1:9
      | images: {web: v1}
      |         ^^^^^^^^^
    ");
    assert_snapshot!(set("images:\n- name: web\n  newTag: [a]\n", TAG, "v2").unwrap_err(), @r"
    error: a text is expected here
     --> k.yaml:3:11
      |   newTag: [a]
      |           ^^^
    ");
    assert_snapshot!(set("images: text\n", TAG, "v2").unwrap_err(), @r"
    error: a list is expected here
     --> k.yaml:1:9
      | images: text
      |         ^^^^
    ");
    assert_snapshot!(set("images: []\nimages: []\n", TAG, "v2").unwrap_err(), @r"
    error: the key `images` is already defined at k.yaml:1:1
     --> k.yaml:2:1
      | images: []
      | ^^^^^^
    hint: take one of the two out
    ");
    assert_snapshot!(set("a: [b]\n", "a[3]", "v2").unwrap_err(), @r"
    error: this list has no item 3
     --> k.yaml:1:4
      | a: [b]
      |    ^^^
    ");
    assert_snapshot!(set("Images: []\n", TAG, "v2").unwrap_err(), @r"
    error: `images` is spelt `Images` here
     --> k.yaml:1:1
      | Images: []
      | ^^^^^^
    hint: spell it `images`
    ");
    assert_snapshot!(set("a: []\n", "a[name=b]", "v2").unwrap_err(), @r"
    error: an item of a list has no text of its own
     --> k.yaml:1:4
      | a: []
      |    ^^
    ");
    assert_snapshot!(set("a: |\n  b", "c", "v2").unwrap_err(), @r"
    error: this cannot be edited without changing something else
     --> k.yaml:1:1
      | a: |
      | ^^^^
    hint: edit it by hand
    ");
    assert_snapshot!(set("a: !!int 5\n", "a", "v2").unwrap_err(), @r"
    error: this cannot be edited without changing something else
     --> k.yaml:1:10
      | a: !!int 5
      |          ^
    hint: edit it by hand
    ");
}

#[test]
fn several_edits_one_after_the_other() {
    let text = "# ours\nresources:\n- a\n";
    let mut file = Document::parse("k.yaml", text).unwrap();
    assert_eq!(file.set(&steps(TAG), "1.2").ok(), Some(true));
    assert_eq!(
        file.set(&steps("images[name=web].digest"), "sha256:ab")
            .ok(),
        Some(true)
    );
    assert_eq!(
        file.set(&steps("images[name=api].newTag"), "v1").ok(),
        Some(true)
    );
    assert_eq!(file.set(&steps("resources[0]"), "b").ok(), Some(true));
    assert_eq!(
        file.remove(&steps("images[name=web].digest")).ok(),
        Some(true)
    );
    assert_eq!(
        file.remove(&steps("images[name=web].digest")).ok(),
        Some(false)
    );
    let wanted = "# ours\nresources:\n- b\nimages:\n- name: web\n  newTag: \"1.2\"\n- name: api\n  newTag: v1\n";
    assert_eq!(file.finish(), wanted);
}

fn remove(text: &str, path: &str) -> Result<String, String> {
    let mut file = Document::parse("k.yaml", text).unwrap();
    match file.remove(&steps(path)) {
        Ok(removed) => {
            let after = file.finish();
            assert_eq!(removed, after != text);
            Ok(after)
        }
        Err(error) => Err(shown(&error)),
    }
}

#[test]
fn removes_entries_and_items() {
    let cases = [
        ("a: 1 # c\nb: 2\n", "a", "b: 2\n"),
        ("a: 1\nb: 2 # c\n# d\n", "b", "a: 1\n# d\n"),
        ("a: 1\nb:\n  c: |\n    x\n\nd: 2\n", "b", "a: 1\n\nd: 2\n"),
        ("a:\n- x: 1\n  y: 2\n", "a[0].x", "a:\n- y: 2\n"),
        ("a:\n- x: 1\n  y: 2\n", "a[0].y", "a:\n- x: 1\n"),
        ("a:\r\n- x\r\n- y\r\n", "a[0]", "a:\r\n- y\r\n"),
        ("a:\n- x\n- y # c\nz: 1\n", "a[1]", "a:\n- x\nz: 1\n"),
        ("a: [x, y, z]\n", "a[1]", "a: [x, z]\n"),
        ("a: [x, y, 'z' ]\n", "a[2]", "a: [x, y ]\n"),
        ("{\"a\": 1, \"b\": 2}\n", "a", "{\"b\": 2}\n"),
        ("{\"a\": 1, \"b\": 2}\n", "b", "{\"a\": 1}\n"),
        ("{a, b: , c}\n", "b", "{a, c}\n"),
        ("'a': 1\nb: 2\n", "a", "b: 2\n"),
        ("a: 1\nb: 2", "b", "a: 1\n"),
        ("a: 1\n", "b", "a: 1\n"),
    ];
    for (text, path, wanted) in cases {
        assert_eq!(remove(text, path).as_deref(), Ok(wanted), "{text:?}");
    }
}

#[test]
fn refuses_to_remove_what_leaves_something_else() {
    assert_snapshot!(remove("a: [b]\n", "a[0]").unwrap_err(), @r"
    error: the only part of a collection is not removed
     --> k.yaml:1:5
      | a: [b]
      |     ^
    hint: remove the collection
    ");
    assert_snapshot!(remove("a:\n- n: b\n- n: b\n", "a[n=b]").unwrap_err(), @r"
    error: several items match, and which to remove is open
     --> k.yaml:2:3
      | - n: b
      |   ^^^^
    ");
    assert_snapshot!(remove("a: &x 1\nb: *x\n", "a").unwrap_err(), @r"
    error: this cannot be edited without changing something else
     --> k.yaml:1:7
      | a: &x 1
      |       ^
    hint: edit it by hand
    ");
}
