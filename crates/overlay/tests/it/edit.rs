//! Edits of kustomizations in any form: the lines that were asked for change and no others, and
//! the build shows the change and no other.

use crate::errors::shown;
use insta::assert_snapshot;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::process::Command;
use windlass_overlay::{
    Edit, Edited, Error, Generated, GeneratorKind, Memory, Options, PairMap, PathList, TextField,
    build, edit,
};

const IMAGES: [&str; 4] = ["web", "api", "cache", "example.org:5000/team/db"];

/// The form of a kustomization, and what is in it.
#[derive(Debug, Clone)]
struct Form {
    crlf: bool,
    byte_order_mark: bool,
    ends_line: bool,
    marker: bool,
    /// How far lists stand right of their keys.
    offset: usize,
    /// How collections are written: 0 in lines, 1 items in brackets, 2 all in brackets.
    flow: u8,
    /// 0 without quotes, 1 in single ones, 2 in double ones.
    quotes: u8,
    /// Bit by bit, whether a comment stands somewhere.
    comments: u64,
    images: Vec<Image>,
    replicas: bool,
    labels: bool,
    namespace: bool,
    /// At which field the others begin.
    turn: usize,
}

#[derive(Debug, Clone)]
struct Image {
    has_new_name: bool,
    tag: Option<&'static str>,
    has_digest: bool,
    /// Whether the name stands last.
    name_last: bool,
}

fn image() -> impl Strategy<Value = Image> {
    let tags = vec![None, Some("v1"), Some("1.10"), Some("v1.2.3-rc.1")];
    let flags = (any::<bool>(), any::<bool>(), any::<bool>());
    (flags, prop::sample::select(tags)).prop_map(|((has_new_name, has_digest, name_last), tag)| {
        Image {
            has_new_name,
            tag,
            has_digest,
            name_last,
        }
    })
}

fn form() -> impl Strategy<Value = Form> {
    let bytes = (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>());
    let looks = (0usize..=4, 0u8..3, 0u8..3, any::<u64>());
    let parts = (any::<bool>(), any::<bool>(), any::<bool>(), 0usize..5);
    let images = prop::collection::vec(image(), 0..=4);
    (bytes, looks, parts, images).prop_map(|(bytes, looks, parts, images)| Form {
        crlf: bytes.0,
        byte_order_mark: bytes.1,
        ends_line: bytes.2,
        marker: bytes.3,
        offset: looks.0,
        flow: looks.1,
        quotes: looks.2,
        comments: looks.3,
        images,
        replicas: parts.0,
        labels: parts.1,
        namespace: parts.2,
        turn: parts.3,
    })
}

/// Writes a kustomization down.
struct Writer<'a> {
    form: &'a Form,
    lines: Vec<String>,
    said: u32,
}

impl Writer<'_> {
    fn comment(&mut self) -> String {
        self.said += 1;
        match self.form.comments >> (self.said % 64) & 1 {
            1 => format!(" # \u{e4} {}: [", self.said),
            _ => String::new(),
        }
    }

    fn text(&self, text: &str) -> String {
        let needs_quotes = text.parse::<f64>().is_ok();
        match self.form.quotes {
            0 if needs_quotes => format!("\"{text}\""),
            0 => text.to_owned(),
            1 => format!("'{text}'"),
            _ => format!("\"{text}\""),
        }
    }

    fn line(&mut self, line: String) {
        let comment = self.comment();
        self.lines.push(format!("{line}{comment}"));
        let above = self.comment();
        if !above.is_empty() {
            self.lines.push(above);
        }
    }

    fn list(&mut self, key: &str, items: &[Vec<(&str, String)>]) {
        let bracketed = |item: &Vec<(&str, String)>| {
            let entries: Vec<String> = item
                .iter()
                .map(|(key, value)| format!("{key}: {value}"))
                .collect();
            format!("{{{}}}", entries.join(", "))
        };
        if self.form.flow == 2 {
            let items: Vec<String> = items.iter().map(bracketed).collect();
            return self.line(format!("{key}: [{}]", items.join(", ")));
        }
        self.line(format!("{key}:"));
        let indent = " ".repeat(self.form.offset);
        for item in items {
            if self.form.flow == 1 {
                self.line(format!("{indent}- {}", bracketed(item)));
                continue;
            }
            for (at, (key, value)) in item.iter().enumerate() {
                let dash = if at == 0 { "-" } else { " " };
                self.line(format!("{indent}{dash} {key}: {value}"));
            }
        }
    }

    fn field(&mut self, at: usize) {
        let form = self.form;
        match at {
            0 => self.line("resources: [object.yaml]".to_owned()),
            1 if form.namespace => {
                let value = self.text("dev");
                self.line(format!("namespace: {value}"));
            }
            2 if form.labels => {
                let value = self.text("x");
                self.line("commonLabels:".to_owned());
                self.line(format!("   note: {value}"));
            }
            3 if form.replicas => {
                let item = vec![("name", self.text("shop")), ("count", "3".to_owned())];
                self.list("replicas", &[item]);
            }
            4 if !form.images.is_empty() => {
                let items = form
                    .images
                    .iter()
                    .zip(IMAGES)
                    .map(|(image, name)| self.image(image, name));
                let items: Vec<_> = items.collect();
                self.list("images", &items);
            }
            _ => {}
        }
    }

    fn image(&self, image: &Image, name: &str) -> Vec<(&'static str, String)> {
        let mut entries = Vec::new();
        if image.has_new_name {
            entries.push(("newName", self.text("example.org/new")));
        }
        entries.extend(image.tag.map(|tag| ("newTag", self.text(tag))));
        if image.has_digest {
            entries.push(("digest", self.text("sha256:00aa")));
        }
        let at = if image.name_last { entries.len() } else { 0 };
        entries.insert(at, ("name", self.text(name)));
        entries
    }
}

fn written(form: &Form) -> String {
    let mut writer = Writer {
        form,
        lines: Vec::new(),
        said: 0,
    };
    if form.marker {
        writer.line("---".to_owned());
    }
    for at in 0..5 {
        writer.field((at + form.turn) % 5);
    }
    let newline = if form.crlf { "\r\n" } else { "\n" };
    let mark = if form.byte_order_mark { "\u{FEFF}" } else { "" };
    let end = if form.ends_line { newline } else { "" };
    format!("{mark}{}{end}", writer.lines.join(newline))
}

/// An edit, and what it means for the content of the file.
fn asked(form: &Form, what: u8, value: &str, content: &mut Value) -> Edit {
    match what % 5 {
        0 => {
            let at = form.images.len() / 2;
            let name = IMAGES[at % 4];
            let digest = form.images.get(at).is_some_and(|image| image.has_digest);
            let end = if digest { "@sha256:11bb" } else { "" };
            let images = list(content, "images");
            let entry = entry(images, name);
            entry["newTag"] = json!(value);
            if digest {
                entry["digest"] = json!("sha256:11bb");
            }
            Edit::SetImages(vec![format!("{name}:{value}{end}").parse().unwrap()])
        }
        1 => {
            entry(list(content, "replicas"), "shop")["count"] = json!(7);
            Edit::SetReplicas(vec!["shop=7".parse().unwrap()])
        }
        2 => {
            content["namespace"] = json!(value);
            Edit::SetField {
                field: TextField::Namespace,
                value: value.to_owned(),
            }
        }
        3 => {
            list(content, "resources").push(json!("more.yaml"));
            Edit::AddPaths {
                list: PathList::Resources,
                paths: vec!["m*.yaml".to_owned()],
                verify: true,
            }
        }
        _ => {
            content["commonLabels"]["team"] = json!(value);
            Edit::AddPairs {
                map: PairMap::CommonLabels,
                pairs: vec![format!("team:{value}").parse().unwrap()],
                force: false,
            }
        }
    }
}

fn list<'a>(content: &'a mut Value, field: &str) -> &'a mut Vec<Value> {
    let map = content.as_object_mut().unwrap();
    let list = map.entry(field).or_insert_with(|| json!([]));
    list.as_array_mut().unwrap()
}

fn entry<'a>(list: &'a mut Vec<Value>, name: &str) -> &'a mut Value {
    let at = list.iter().position(|item| item["name"] == name);
    let at = at.unwrap_or_else(|| {
        list.push(json!({ "name": name }));
        list.len() - 1
    });
    &mut list[at]
}

fn files(kustomization: &str) -> Memory {
    let containers: String = IMAGES
        .iter()
        .map(|name| format!("      - {{name: {}, image: '{name}:old'}}\n", &name[..3]))
        .collect();
    let object = format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: shop}}\nspec:\n  template:\n    spec:\n      containers:\n{containers}"
    );
    let more = "apiVersion: v1\nkind: Service\nmetadata: {name: more}\n";
    Memory::from_iter([
        ("kustomization.yaml", kustomization),
        ("object.yaml", &object),
        ("more.yaml", more),
    ])
}

fn manifests(kustomization: &str) -> String {
    let built = build(&files(kustomization), "".as_ref(), &Options::default()).unwrap();
    built.to_yaml().unwrap()
}

/// The lines that one text has and the other has not.
fn only_in<'a>(text: &'a str, other: &'a str) -> Vec<&'a str> {
    let mut others: Vec<&str> = other.lines().collect();
    let is_gone = |line: &&str| match others.iter().position(|other| other == line) {
        Some(at) => {
            others.swap_remove(at);
            false
        }
        None => true,
    };
    text.lines().filter(is_gone).collect()
}

fn comment(line: &str) -> &str {
    line.find(" # ").map_or("", |at| &line[at..])
}

/// What kustomize builds, if the environment names it.
#[expect(clippy::disallowed_methods, reason = "kustomize is the oracle")]
fn theirs(kustomization: &str) -> Option<String> {
    let program = std::env::var_os("KUSTOMIZE")?;
    let folder = tempfile::tempdir().unwrap();
    let files = files(kustomization);
    for name in ["kustomization.yaml", "object.yaml", "more.yaml"] {
        let content = windlass_overlay::Files::read(&files, name.as_ref(), 1 << 20).unwrap();
        std::fs::write(folder.path().join(name), content).unwrap();
    }
    let is_kubectl = std::path::Path::new(&program).ends_with("kubectl");
    let word = if is_kubectl { "kustomize" } else { "build" };
    let output = Command::new(program)
        .arg(word)
        .arg(folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{kustomization}\n{said}");
    Some(String::from_utf8(output.stdout).unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn an_edit_changes_what_it_names(
        form in form(),
        what in 0u8..5,
        value in prop::sample::select(vec!["v2", "1.10", "20240101", "true", "12e4", "0x1", "on"]),
        sample in 0u8..50,
    ) {
        let before = written(&form);
        let mut content: Value = windlass_yaml::from_str("k.yaml", &before).unwrap();
        let edits = [asked(&form, what, value, &mut content)];
        let options = Options::default();
        let edited = edit(&files(&before), "".as_ref(), &edits, &options).unwrap();
        let after = &edited.after;

        let read: Value = windlass_yaml::from_str("k.yaml", after).unwrap();
        prop_assert_eq!(&read, &content, "{}", after);
        // The asked lines alone: of a tag and a digest that are there two, with what is beside
        // them; of a list that is not there three.
        let (gone, new) = (only_in(&before, after), only_in(after, &before));
        let asks_for_two = before.contains("digest") && what == 0;
        prop_assert!(gone.len() <= 1 + usize::from(asks_for_two), "{before}\n{after}");
        prop_assert!(new.len() <= gone.len() + 3, "{before}\n{after}");
        for line in gone {
            prop_assert!(new.iter().any(|new| new.ends_with(comment(line))), "{before}\n{after}");
        }
        let breaks = |text: &str| (text.matches("\r\n").count(), text.matches('\n').count());
        let (pairs, all) = breaks(after);
        // A file of one line without an end does not say how it ends lines.
        let crlf = form.crlf && before.contains('\n');
        prop_assert_eq!(pairs, if crlf { all } else { 0 });
        prop_assert_eq!(after.starts_with('\u{FEFF}'), form.byte_order_mark);
        prop_assert_eq!(after.ends_with('\n'), form.ends_line);

        let again = edit(&files(after), "".as_ref(), &edits, &options).unwrap();
        prop_assert!(!again.changed() && again.altered.is_empty(), "{}", again.after);

        let built = manifests(after);
        prop_assert_eq!(&built, &manifests(&content.to_string()));
        if sample == 0 && let Some(theirs) = theirs(after) {
            prop_assert_eq!(built, theirs);
        }
    }
}

fn edited(text: &str, edits: &[Edit]) -> Result<Edited, Error> {
    edit(&files(text), "".as_ref(), edits, &Options::default())
}

fn refused(text: &str, one: Edit) -> String {
    shown(&edited(text, &[one]).unwrap_err())
}

#[test]
fn a_file_that_cannot_be_read_is_not_edited() {
    let namespace = || Edit::SetField {
        field: TextField::Namespace,
        value: "prod".to_owned(),
    };
    assert_snapshot!(refused("nameSpace: x\nresource: []\n", namespace()), @r"
    error: unknown field `resource`
     --> kustomization.yaml:2:1
      |
    2 | resource: []
      | ^^^^^^^^
    hint: did you mean `resources`?
    ");
    assert_snapshot!(refused("a: [\n", namespace()), @r"
    error: this has no closing `]`
     --> kustomization.yaml:1:4
      |
    1 | a: [
      |    ^
    ");
    assert_snapshot!(refused("Namespace: x\n", namespace()), @r"
    error: `namespace` is spelt `Namespace` here
     --> kustomization.yaml:1:1
      |
    1 | Namespace: x
      | ^^^^^^^^^
    hint: spell it `namespace`
    ");
    assert_snapshot!(refused("namespace: x\nnamespace: z\n", namespace()), @r"
    error: the key `namespace` is already defined at kustomization.yaml:1:1
     --> kustomization.yaml:2:1
      |
    2 | namespace: z
      | ^^^^^^^^^
    hint: take one of the two out
    ");
}

#[test]
fn components_are_removed() {
    let components = Edit::RemovePaths {
        list: PathList::Components,
        patterns: vec!["../a*".to_owned()],
    };
    let text = "namespace: x\ncomponents:\n- ../apple\n- ../bread # c\n- ../a/b\n";
    let after = edited(text, &[components]).unwrap().after;
    assert_eq!(after, text.replace("- ../apple\n", ""));
}

#[test]
fn fix_is_refused_where_the_build_would_change() {
    // Strategic patches come first, whatever field stands first; as entries of one list they
    // come in its order.
    let text = "resources: [object.yaml]\npatches:\n- patch: |-\n    apiVersion: apps/v1\n    kind: Deployment\n    metadata: {name: shop}\n    spec: {replicas: 1}\npatchesStrategicMerge:\n- |-\n  apiVersion: apps/v1\n  kind: Deployment\n  metadata: {name: shop}\n  spec: {replicas: 2}\n";
    assert_snapshot!(refused(text, Edit::Fix { vars: false }), @r"
    error: the build would not be the same: `spec.replicas` of the Deployment `shop` would be `2`, not `1`
     --> kustomization.yaml
    hint: make this change by hand
    ");
}

#[test]
fn variables_that_no_replacement_can_follow_are_refused() {
    let generated = "resources: [object.yaml]\nconfigMapGenerator:\n- name: c\n  literals: [a=b]\nvars:\n- name: OLD\n  objref: {apiVersion: v1, kind: ConfigMap, name: c}\npatches:\n- patch: |-\n    apiVersion: apps/v1\n    kind: Deployment\n    metadata: {name: shop}\n    spec: {template: {spec: {containers: [{name: web, args: [$(OLD)]}]}}}\n";
    assert_snapshot!(refused(generated, Edit::Fix { vars: true }), @r"
    error: the build would not be the same: `spec.template.spec.containers[name=web].args[0]` of the Deployment `shop` would be `c`, not `c-4h2mbtbbt6`
     --> kustomization.yaml
    hint: make this change by hand
    ");
}

#[test]
fn a_generator_that_cannot_work_is_not_written() {
    let settings = |literals: &[&str], files: &[&str]| {
        Edit::AddGenerated(Generated {
            kind: GeneratorKind::ConfigMap,
            name: "settings".to_owned(),
            namespace: String::new(),
            behavior: String::new(),
            literals: literals.iter().map(|&text| text.to_owned()).collect(),
            files: files.iter().map(|&text| text.to_owned()).collect(),
            env_file: String::new(),
            secret_type: None,
            disable_name_suffix_hash: false,
        })
    };
    assert_snapshot!(refused("namespace: x\n", settings(&["a"], &[])), @r"
    error: the literal `a` is not `key=value`
     --> kustomization.yaml:5:5
      |
    5 |   - a
      |     ^
    ");
    assert_snapshot!(refused("namespace: x\n", settings(&[], &["a=*.yaml"])), @r"error: `a=*.yaml` matches 3 files, not one");
    assert_snapshot!(refused("namespace: x\n", settings(&[], &["objcet.yaml"])), @r"
    error: there is no file or folder `objcet.yaml`
    hint: did you mean `object.yaml`?
    ");
    assert_snapshot!(refused("namespace: x\n", settings(&["a=1", "a=2"], &[])), @r"
    error: `settings` gets the key `a` twice
     --> kustomization.yaml:6:5
      |
    6 |   - a=2
      |     ^^^
    ");
}
