//! Edits in place: what changes, what stays, what is refused.

use crate::shown;
use insta::assert_snapshot;
use windlass_yaml::{Content, Document, Error, Step, Wrap};

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
    error: several items match, and which is meant is open
     --> k.yaml:3:3
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

/// What an edit makes of a text; the text stays where it is refused.
fn edited(
    text: &str,
    edit: impl FnOnce(&mut Document) -> Result<bool, Error>,
) -> Result<String, String> {
    let mut file = Document::parse("k.yaml", text).unwrap();
    match edit(&mut file) {
        Ok(changed) => {
            assert_eq!(changed, file.text() != text, "{}", file.text());
            Ok(file.finish())
        }
        Err(error) => {
            assert_eq!(file.text(), text);
            Err(shown(&error))
        }
    }
}

/// The 22 kinds of text that other editors of YAML were found to damage, each with all of the
/// text that is wanted afterwards.
#[test]
fn hostile_texts_change_in_one_place() {
    let cases = [
        (
            "comment",
            "# a\nimages: # b\n- name: web # c\n  # d\n  newTag: v1 # e\n# f\n",
        ),
        (
            "crlf",
            "images:\r\n- name: web\r\n  newTag: v1 # c\r\nz: 1\r\n",
        ),
        (
            "single quotes",
            "images:\n- name: 'web'\n  newTag: 'v1' # c\n",
        ),
        (
            "double quotes",
            "images:\n- name: \"web\"\n  newTag: \"v1\" # c\n",
        ),
        (
            "anchor",
            "images:\n- &web\n  name: web\n  newTag: &tag v1\n",
        ),
        ("explicit tag", "images:\n- name: web\n  newTag: !!str v1\n"),
        (
            "flow",
            "images: [{name: web, newTag: v1}, {name: b, newTag: x}]\n",
        ),
        (
            "flow over lines",
            "images: [\n  # first\n  {name: web, # c\n   newTag: v1 # d\n  },\n]\n",
        ),
        (
            "json",
            "{\n  \"images\": [\n    {\"name\": \"web\", \"newTag\": \"v1\"}\n  ]\n}\n",
        ),
        (
            "other items",
            "images:\n- name: web2\n  newTag: x\n- name: web\n  newTag: v1\n- name: aweb\n",
        ),
        (
            "name last",
            "images:\n- newTag: v1\n  digest: sha256:00\n  name: web\n",
        ),
        (
            "alias elsewhere",
            "x: &n web\nimages:\n- name: *n\n  newTag: v1\n",
        ),
        (
            "block scalar beside",
            "images:\n- name: web\n  newTag: v1\npatches:\n- patch: |-\n    newTag: x\n    name: web\n",
        ),
        (
            "byte order mark",
            "\u{FEFF}images:\n- name: web\n  newTag: v1\n",
        ),
        ("no final newline", "images:\n- name: web\n  newTag: v1"),
        (
            "not ascii before",
            "# \u{e4}\u{f6}\u{1f600}\nnamespace: \u{fc}\nimages:\n- name: web\n  newTag: v1 # \u{df}\n",
        ),
        (
            "two documents",
            "images:\n- name: web\n  newTag: v1\n---\nimages:\n- name: web\n  newTag: x\n",
        ),
        (
            "indented list",
            "images:\n    - name: web\n      newTag:   v1   \nz:\n    - 1\n",
        ),
        (
            "tabs and blanks",
            "images:\n- name: web\t# c\n  newTag: v1\t# d\n\n\n",
        ),
        (
            "document marks",
            "%YAML 1.1\n--- # a\nimages:\n- name: web\n  newTag: v1\n...\n",
        ),
    ];
    for (what, text) in cases {
        tag(text, "v2", &text.replace("v1", "v2"));
        let mut file = Document::parse("k.yaml", text).unwrap();
        assert_eq!(file.set(&steps(TAG), "v1").ok(), Some(false), "{what}");
    }
    let like_a_number = "images:\n- name: web\n  newTag: v1\n";
    tag(
        like_a_number,
        "12e45",
        &like_a_number.replace("v1", "\"12e45\""),
    );
    let empty = "images:\n- name: web\n  newTag:  # todo\n";
    tag(empty, "v2", "images:\n- name: web\n  newTag: v2  # todo\n");
}

#[test]
fn numbers_and_collections_are_put() {
    let three = Content::Plain("3".to_owned());
    let count = steps("replicas[name=web].count");
    let put = |text: &str| edited(text, |file| file.put(&count, &three)).unwrap();
    assert_eq!(
        put("replicas:\n- name: web\n  count: 5 # c\n"),
        "replicas:\n- name: web\n  count: 3 # c\n"
    );
    assert_eq!(
        put("replicas:\n- name: web\n  count: '3'\n"),
        "replicas:\n- name: web\n  count: 3\n"
    );
    assert_eq!(
        put("replicas: [{\"name\": \"web\", \"count\": 3}]\n"),
        "replicas: [{\"name\": \"web\", \"count\": 3}]\n"
    );
    assert_eq!(put("a: 1\n"), "a: 1\nreplicas:\n- name: web\n  count: 3\n");
    let map = Content::map([("a", "1".into()), ("b", Content::List(vec!["x".into()]))]);
    let put = |text: &str| edited(text, |file| file.put(&steps("m"), &map));
    assert_eq!(put("z: 1").unwrap(), "z: 1\nm:\n  a: \"1\"\n  b:\n  - x");
    assert_eq!(
        put("m: # c\n").unwrap(),
        "m: # c\n  a: \"1\"\n  b:\n  - x\n"
    );
    assert_eq!(put("{z: 1}\n").unwrap(), "{z: 1, m: {a: \"1\", b: [x]}}\n");
    let same = "m: {b: [x], a: '1'}\n";
    assert!(
        put(same)
            .unwrap_err()
            .contains("something else is here already")
    );
    let same = "m: {a: '1', b: [x]}\n";
    assert_eq!(put(same).unwrap(), same);
}

#[test]
fn items_are_pushed() {
    let patch = Content::map([
        ("patch", "a: 1\n\nb:\n  c: 2\n".into()),
        ("target", Content::map([("kind", "Deployment".into())])),
    ]);
    let push = |text: &str, item: &Content| {
        edited(text, |file| {
            file.push(&steps("patches"), item).map(|()| true)
        })
        .unwrap()
    };
    assert_eq!(
        push("patches:\n- path: x # c\n# end\n", &patch),
        "patches:\n- path: x # c\n- patch: |\n    a: 1\n\n    b:\n      c: 2\n  target:\n    kind: Deployment\n# end\n"
    );
    assert_eq!(
        push("patches: [x]\r\n", &patch),
        "patches: [x, {patch: \"a: 1\\n\\nb:\\n  c: 2\\n\", target: {kind: Deployment}}]\r\n"
    );
    let crlf = push("a: 1\r\n", &patch);
    assert_eq!(
        crlf,
        "a: 1\r\npatches:\r\n- patch: |\r\n    a: 1\r\n\r\n    b:\r\n      c: 2\r\n  target:\r\n    kind: Deployment\r\n"
    );
    assert_eq!(push("a:\n  - 1", &"x".into()), "a:\n  - 1\npatches:\n  - x");
    assert_eq!(push("patches: []\n", &"x".into()), "patches: [x]\n");
    assert_eq!(push("patches: # c\n", &"x".into()), "patches: # c\n- x\n");
    assert_eq!(push("", &"1.0".into()), "patches:\n- \"1.0\"\n");
    for odd in [
        " a\nb",
        "a \nb",
        "a\n\n",
        "\na\nb",
        "a\r\nb",
        "a\tb\nc",
        "\u{7f}\nb\n",
    ] {
        let text = push("z: 1\n", &odd.into());
        let file = Document::parse("k.yaml", &text).unwrap();
        assert_eq!(file.get(&steps("patches[0]")), Some(odd), "{text}");
    }
    let text = "patches: text\n";
    let refused = edited(text, |file| {
        file.push(&steps("patches"), &patch).map(|()| true)
    });
    assert!(refused.unwrap_err().contains("a list is expected here"));
}

#[test]
fn what_is_left_empty_goes_too() {
    let cases = [
        ("a: 1\nb:\n- x # c\n# end\n", "b[0]", "a: 1\n# end\n"),
        ("a: 1\nb:\n- c:\n    d: 1\n", "b[0].c.d", "a: 1\n"),
        ("a: 1\nb:\n- x\n- y\n", "b[0]", "a: 1\nb:\n- y\n"),
        ("{a: 1, b: [x]}\n", "b[0]", "{a: 1}\n"),
        ("b:\n- x # c\n# end\n", "b[0]", "b: [] # c\n# end\n"),
        ("b: {c: d}\n", "b.c", "b: {}\n"),
        ("b: # c\n  c: d\n", "b.c", "b: {}\n"),
        ("a: 1\n", "b[0]", "a: 1\n"),
    ];
    for (text, path, wanted) in cases {
        let pruned = edited(text, |file| file.prune(&steps(path)));
        assert_eq!(pruned.as_deref(), Ok(wanted), "{text:?}");
    }
}

#[test]
fn keys_are_renamed() {
    let rename = |text: &str| edited(text, |file| file.rename(&steps("bases"), "resources"));
    let cases = [
        ("a: 1\nbases: # c\n- x\n", "a: 1\nresources: # c\n- x\n"),
        ("{\"bases\": [\"x\"]}\n", "{\"resources\": [\"x\"]}\n"),
        ("'bases': &x [x]\nb: *x\n", "'resources': &x [x]\nb: *x\n"),
        ("a: 1\n", "a: 1\n"),
    ];
    for (text, wanted) in cases {
        assert_eq!(rename(text).as_deref(), Ok(wanted), "{text:?}");
    }
    assert_snapshot!(rename("bases: [a]\nresources: [b]\n").unwrap_err(), @r"
    error: the key `resources` is there already
     --> k.yaml:2:12
      | resources: [b]
      |            ^^^
    ");
}

#[test]
fn values_are_wrapped() {
    let cases = [
        ("p:\n- x.yaml # c\n- y\n", "p:\n- path: x.yaml # c\n- y\n"),
        ("p: [x, y]\n", "p: [{path: x}, y]\n"),
        ("p: [\"x\", \"y\"]\n", "p: [{\"path\": \"x\"}, \"y\"]\n"),
        (
            "p:\n  - |-\n    a: 1\n\n    b: 2\n  - y\n",
            "p:\n  - path: |-\n      a: 1\n\n      b: 2\n  - y\n",
        ),
        (
            "p:\r\n- >2\r\n   a\r\n  b\r\n",
            "p:\r\n- path: >2\r\n     a\r\n    b\r\n",
        ),
        ("p:\n- 'a\n  b'\n", "p:\n- path: 'a\n    b'\n"),
    ];
    for (text, wanted) in cases {
        let wrapped = edited(text, |file| file.wrap(&steps("p[0]"), Wrap::Map("path")));
        assert_eq!(wrapped.as_deref(), Ok(wanted), "{text:?}");
    }
    let before = [("sel", Content::Plain("true".to_owned()))];
    let cases = [
        (
            "l: # c\n  # d\n  a: b # e\n\n  c: |\n    x\nz: 1\n",
            "l: # c\n- sel: true\n  pairs:\n    # d\n    a: b # e\n\n    c: |\n      x\nz: 1\n",
        ),
        ("l: {a: b}\n", "l: [{sel: true, pairs: {a: b}}]\n"),
        ("l:\n   a: b", "l:\n- sel: true\n  pairs:\n    a: b"),
        (
            "z:\n  - 1\nl:\n  a: b\n",
            "z:\n  - 1\nl:\n  - sel: true\n    pairs:\n      a: b\n",
        ),
    ];
    for (text, wanted) in cases {
        let wrapped = edited(text, |file| {
            file.wrap(&steps("l"), Wrap::Item(&before, "pairs"))
        });
        assert_eq!(wrapped.as_deref(), Ok(wanted), "{text:?}");
    }
    let aliased = edited("p:\n- &x a\nq: *x\n", |file| {
        file.wrap(&steps("p[0]"), Wrap::Map("k"))
    });
    assert!(
        aliased
            .unwrap_err()
            .contains("without changing something else")
    );
}

#[test]
fn items_are_moved() {
    let cases = [
        (
            "a:\n- x # c\n\n# d\n- y\nz: 1\n",
            "b:\n- x # c\n\n# d\n- y\nz: 1\n",
        ),
        ("b:\n- 1\na:\n- x # c\n", "b:\n- 1\n- x # c\n"),
        (
            "a: # k\n- x # c\n# d\n- y\nb:\n  - 1\nz: 1\n",
            "b:\n  - 1\n  # k\n  - x # c\n  # d\n  - y\nz: 1\n",
        ),
        (
            "b:\n- 1\na:\n    - x:\n        |\n        t\n",
            "b:\n- 1\n- x:\n    |\n    t\n",
        ),
        ("a: [x, {k: 1}] # c\nb:\n- 1\n", "b:\n- 1\n- x\n- k: 1\n"),
        ("a: [x]\nb: []\n", "b: [x]\n"),
        ("b: 1\n", "b: 1\n"),
    ];
    for (text, wanted) in cases {
        let moved = edited(text, |file| file.move_items("a", "b"));
        assert_eq!(moved.as_deref(), Ok(wanted), "{text:?}");
    }
}
