//! A kustomization: its objects, its bases and components, and what it does to them.

use crate::draw::{Draw, indented};
use crate::objects::{Known, object};
use crate::tree::Files;
use crate::{fields, patches};
use std::fmt::Write;

/// Something that a kustomization does.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    field: &'static str,
    /// The value; an entry of a list starts with a dash. `<FILE>` is the name of `file`.
    value: String,
    file: Option<String>,
}

impl Entry {
    /// An entry of a list.
    pub(crate) fn listed(field: &'static str, value: &str) -> Self {
        Self {
            field,
            value: value.trim_end().to_owned(),
            file: None,
        }
    }

    /// The value of a field.
    pub(crate) fn single(field: &'static str, value: &str) -> Self {
        Self::listed(field, value)
    }

    pub(crate) fn with_file(mut self, text: String) -> Self {
        self.file = Some(text);
        self
    }

    fn is_listed(&self) -> bool {
        self.value.starts_with("- ")
    }
}

/// Makes a whole tree.
pub(crate) fn tree(draw: &mut Draw) -> Files {
    let mut files = Files {
        root: "overlay".to_owned(),
        ..Files::default()
    };
    let mut maker = Maker {
        draw,
        files: &mut files,
        folders: 0,
    };
    let depth = 1 + maker.draw.below(3);
    maker.layer("overlay", depth, false, &[]);
    files
}

struct Maker<'a> {
    draw: &'a mut Draw,
    files: &'a mut Files,
    folders: usize,
}

impl Maker<'_> {
    /// Makes the kustomization in `folder`; returns the objects that it holds.
    fn layer(
        &mut self,
        folder: &str,
        depth: usize,
        component: bool,
        above: &[Known],
    ) -> Vec<Known> {
        let mut known = Vec::new();
        let mut entries = Vec::new();
        if depth > 1 && !component {
            let bases = if self.draw.chance(15) { 2 } else { 1 };
            for _ in 0..bases {
                let base = self.folder("base");
                let more = self.layer(&base, depth - 1, false, &known);
                known.extend(more);
                let field = if self.draw.chance(5) {
                    "bases"
                } else {
                    "resources"
                };
                entries.push(Entry::listed(field, &format!("- ../{base}")));
            }
        }
        let least = usize::from(known.is_empty() && !component);
        let count = least + self.draw.below(if least == 1 { 4 } else { 2 });
        let others: Vec<Known> = above.iter().chain(&known).cloned().collect();
        entries.extend(self.objects(folder, count, &others, &mut known));
        if depth > 1 && !component && self.draw.chance(25) {
            let name = self.folder("component");
            let more = self.layer(&name, 1, true, &known);
            known.extend(more);
            entries.push(Entry::listed("components", &format!("- ../{name}")));
        }
        let mut all: Vec<Known> = known.clone();
        if component {
            all.extend(above.iter().cloned());
        }
        if !all.is_empty() {
            entries.extend(self.changes(&mut known, &all));
        }
        self.write(folder, component, entries);
        known
    }

    fn folder(&mut self, what: &str) -> String {
        self.folders += 1;
        format!("{what}{}", self.folders)
    }

    fn objects(
        &mut self,
        folder: &str,
        count: usize,
        others: &[Known],
        known: &mut Vec<Known>,
    ) -> Vec<Entry> {
        let mut texts: Vec<String> = Vec::new();
        for _ in 0..count {
            let (one, text) = object(self.draw);
            let is_same = |other: &Known| other.kind == one.kind && other.name == one.name;
            let is_there = known.iter().chain(others).any(is_same);
            if !is_there || self.draw.chance(2) {
                known.push(one);
                texts.push(text);
            }
        }
        let mut entries = Vec::new();
        while !texts.is_empty() {
            let many = 1 + self.draw.below(texts.len());
            let rest = texts.split_off(many);
            let text = self.dress(&texts);
            let name = format!("objects{}.yaml", entries.len());
            self.files.files.insert(format!("{folder}/{name}"), text);
            entries.push(Entry::listed("resources", &format!("- {name}")));
            texts = rest;
        }
        entries
    }

    /// Objects as the text of a file, with comments and other things that do not matter.
    fn dress(&mut self, objects: &[String]) -> String {
        let draw = &mut *self.draw;
        if draw.chance(3) {
            let items: String = objects
                .iter()
                .map(|text| format!("- {}\n", indented(text, 2)))
                .collect();
            return format!("apiVersion: v1\nkind: List\nmetadata: {{}}\nitems:\n{items}");
        }
        let mut text = objects.concat();
        if objects.len() > 1 {
            text = objects.join(draw.text(&[
                "---\n",
                "--- # next\n",
                "---\n# a comment\n",
                "...\n---\n",
            ]));
        }
        if draw.chance(25) {
            text = comment(draw, &text);
        }
        match draw.below(60) {
            0 => text.replace('\n', "\r\n"),
            1 => format!("\u{feff}{text}"),
            2 if draw.chance(10) => format!("%YAML 1.1\n---\n{text}"),
            3 => format!("---\n{text}---\n"),
            4 => text.trim_end().to_owned(),
            5 => format!("# head\n\n{text}\n# foot\n"),
            6 => format!("{text}---\n# nothing\n"),
            7 => format!("{text}\n...\n"),
            _ => text,
        }
    }

    /// What the kustomization does to the objects that it knows.
    fn changes(&mut self, known: &mut [Known], all: &[Known]) -> Vec<Entry> {
        let count = self.draw.below(4);
        let mut entries = Vec::new();
        for _ in 0..count {
            match self.draw.chance(35) {
                true => entries.push(patches::entry(self.draw, all)),
                false => entries.extend(fields::entry(self.draw, all)),
            }
        }
        // A field that stands twice is another test.
        let mut singles = Vec::new();
        entries.retain(|entry| {
            let is_new = entry.is_listed() || !singles.contains(&entry.field);
            singles.push(entry.field);
            is_new
        });
        self.rename(known, &entries);
        entries
    }

    /// The names that later layers see; now and then they keep to the old ones.
    fn rename(&mut self, known: &mut [Known], entries: &[Entry]) {
        let value = |field: &str| {
            let entry = entries.iter().find(|entry| entry.field == field);
            entry.map(|entry| entry.value.trim_matches('"').to_owned())
        };
        let (prefix, suffix) = (value("namePrefix"), value("nameSuffix"));
        let namespace = value("namespace");
        if self.draw.chance(30) {
            return;
        }
        for one in known {
            if let Some(namespace) = &namespace
                && !one.namespace.is_empty()
            {
                one.namespace.clone_from(namespace);
            }
            if !matches!(
                one.kind,
                "Namespace" | "CustomResourceDefinition" | "APIService"
            ) {
                one.name = prefix.clone().unwrap_or_default()
                    + &one.name
                    + suffix.as_deref().unwrap_or_default();
            }
        }
    }

    fn write(&mut self, folder: &str, component: bool, entries: Vec<Entry>) {
        let mut fields: Vec<(&'static str, String)> = Vec::new();
        for (at, entry) in entries.into_iter().enumerate() {
            let name = format!("file{at}.yaml");
            let value = entry.value.replace("<FILE>", &name);
            let is_listed = value.starts_with("- ");
            if let Some(text) = entry.file {
                self.files.files.insert(format!("{folder}/{name}"), text);
            }
            match fields.iter_mut().find(|(field, _)| *field == entry.field) {
                Some((_, values)) if is_listed => {
                    let _ = write!(values, "\n{value}");
                }
                _ => fields.push((entry.field, value)),
            }
        }
        self.draw.shuffle(&mut fields);
        let mut text = String::new();
        if component {
            text.push_str("apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n");
        } else if self.draw.chance(20) {
            text.push_str("apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n");
        }
        for (field, value) in fields {
            let gap = if value.starts_with("- ") { '\n' } else { ' ' };
            let _ = writeln!(text, "{field}:{gap}{value}");
        }
        self.files
            .files
            .insert(format!("{folder}/kustomization.yaml"), text);
    }
}

/// Puts comments between and behind lines, but not behind a key without a value: where a patch
/// gives it one, kustomize makes a text of it that it cannot read again.
fn comment(draw: &mut Draw, text: &str) -> String {
    let indent = |line: &str| line.len() - line.trim_start_matches([' ', '-']).len();
    let mut out = String::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let pad = line.len() - line.trim_start().len();
        let has_value = lines.peek().is_some_and(|next| indent(next) > indent(line));
        match draw.below(12) {
            0 => {
                let _ = write!(out, "{}# before\n{line}\n", " ".repeat(pad));
            }
            1 if has_value || !line.ends_with(':') => {
                let _ = writeln!(out, "{line} # behind");
            }
            2 => {
                let _ = writeln!(out, "{line}\n");
            }
            _ => {
                let _ = writeln!(out, "{line}");
            }
        }
    }
    out
}
