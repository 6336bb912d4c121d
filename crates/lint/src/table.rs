//! The schemas of Kubernetes 1.25 to 1.37, read from the table that is compiled in: 17 KB, made of
//! Kubernetes' OpenAPI document (Apache License 2.0) by `schemas/make.py`, which describes its form.

use crate::schema::{Field, Kind, Object, Others, Schema};
use crate::version::Version;
use flate2::read::ZlibDecoder;
use std::collections::HashMap;
use std::io::Read;

static PACKED: &[u8] = include_bytes!("../schemas/kubernetes.z");

/// Group, version and kind.
pub(crate) type Gvk = (Box<str>, Box<str>, Box<str>);

/// The schemas of one version of Kubernetes.
#[derive(Debug)]
pub(crate) struct Builtin {
    pub(crate) version: Version,
    definitions: Vec<Schema>,
    /// The kinds of this version, by their definitions.
    kinds: HashMap<Gvk, usize>,
    /// Every kind of the table, with the versions that have it.
    known: HashMap<Gvk, (Version, Version)>,
    metadata: usize,
}

impl Builtin {
    pub(crate) fn new(version: Version) -> Self {
        let mut text = String::new();
        // What is compiled in is sound, as a test sees to; half of it would be half a linter.
        let read = ZlibDecoder::new(PACKED).read_to_string(&mut text);
        read.expect("the table unpacks");
        let mut built = Self {
            version,
            definitions: Vec::new(),
            kinds: HashMap::new(),
            known: HashMap::new(),
            metadata: 0,
        };
        for definition in text.split("\n@").skip(1) {
            built.define(definition);
        }
        built.metadata = built.find_metadata();
        built
    }

    /// Where the schema of an object's metadata is: where that of a Pod is.
    fn find_metadata(&self) -> usize {
        let pod = self
            .find("", "v1", "Pod")
            .and_then(|pod| pod.object.as_ref());
        match pod.and_then(|pod| pod.field("metadata")) {
            Some(Field {
                schema:
                    Schema {
                        kind: Kind::Definition(number),
                        ..
                    },
                ..
            }) => *number,
            _ => unreachable!("a Pod has metadata"),
        }
    }

    /// Adds a definition: its first line, and a line for each field.
    fn define(&mut self, text: &str) {
        let mut lines = text.lines();
        let mut head = lines.next().unwrap_or_default().split(' ');
        let span = span(&mut head).unwrap_or((Version::OLDEST, Version::NEWEST));
        let gvk = head.next().and_then(gvk);
        let is_here = (span.0..=span.1).contains(&self.version);
        if let Some(gvk) = &gvk {
            self.known.insert(gvk.clone(), span);
            if is_here {
                self.kinds.insert(gvk.clone(), self.definitions.len());
            }
        }
        let mut schema = Schema::default();
        if is_here {
            schema = definition(lines, self.version);
            if let Some((group, version, kind)) = gvk {
                schema.only("apiVersion", &api_version(&group, &version));
                schema.only("kind", &kind);
            }
        }
        self.definitions.push(schema);
    }

    /// The schema of a kind in this version of Kubernetes.
    pub(crate) fn find(&self, group: &str, version: &str, kind: &str) -> Option<&Schema> {
        let number = self
            .kinds
            .get(&(group.into(), version.into(), kind.into()))?;
        self.definitions.get(*number)
    }

    /// The versions of Kubernetes that have a kind, if any of those that are known does.
    pub(crate) fn span(
        &self,
        group: &str,
        version: &str,
        kind: &str,
    ) -> Option<(Version, Version)> {
        self.known
            .get(&(group.into(), version.into(), kind.into()))
            .copied()
    }

    /// The kinds of a group, with the API versions that this version of Kubernetes has them in.
    pub(crate) fn kinds(&self) -> impl Iterator<Item = &Gvk> {
        self.kinds.keys()
    }

    /// A schema, or the one that it stands for.
    pub(crate) fn resolved<'s>(&'s self, schema: &'s Schema) -> &'s Schema {
        match schema.kind {
            Kind::Definition(number) => self.definitions.get(number).unwrap_or(schema),
            Kind::Metadata => self.definitions.get(self.metadata).unwrap_or(schema),
            _ => schema,
        }
    }
}

impl Schema {
    /// Lets a field be one string alone.
    fn only(&mut self, name: &str, text: &str) {
        let fields = self.object.iter_mut().flat_map(|object| &mut object.fields);
        for field in fields.filter(|field| &*field.name == name) {
            field.schema.choices = vec![text.into()];
        }
    }
}

/// Group and version as manifests write them.
pub(crate) fn api_version(group: &str, version: &str) -> String {
    match group {
        "" => version.to_owned(),
        _ => format!("{group}/{version}"),
    }
}

fn gvk(text: &str) -> Option<Gvk> {
    let mut parts = text.split('/').map(Box::from);
    Some((parts.next()?, parts.next()?, parts.next()?))
}

/// Two versions, the first and the last.
fn span<'t>(words: &mut impl Iterator<Item = &'t str>) -> Option<(Version, Version)> {
    let mut version = || words.next()?.parse().ok().map(Version);
    Some((version()?, version()?))
}

fn definition<'t>(lines: impl Iterator<Item = &'t str>, version: Version) -> Schema {
    let mut fields = Vec::new();
    for line in lines {
        let (line, required) = match line.strip_prefix('+') {
            Some(line) => (line, true),
            None => (line, false),
        };
        let (name, kind, rest) = match line.strip_prefix('=') {
            Some(kind) => ("", kind, ""),
            None => {
                let (name, rest) = line.split_once(' ').unwrap_or((line, "*"));
                let (kind, rest) = rest.split_once(' ').unwrap_or((rest, ""));
                (name, kind, rest)
            }
        };
        let span = span(&mut rest.split(' '));
        if span.is_some_and(|(first, last)| !(first..=last).contains(&version)) {
            continue;
        }
        let schema = parse(kind);
        if name.is_empty() {
            return schema;
        }
        fields.push(Field {
            name: name.into(),
            required,
            schema,
        });
    }
    Schema {
        kind: Kind::Map,
        nullable: true,
        object: Some(Box::new(Object {
            fields,
            others: Others::Refused,
        })),
        ..Schema::default()
    }
}

fn parse(text: &str) -> Schema {
    let (text, nullable) = match text.strip_prefix('!') {
        Some(text) => (text, false),
        None => (text, true),
    };
    let (text, choices) = text.split_once('(').unwrap_or((text, ""));
    let choices = choices.split('|').filter(|choice| !choice.is_empty());
    let mut schema = Schema {
        nullable,
        choices: choices.map(Box::from).collect(),
        ..Schema::default()
    };
    let (mark, inner) = text.split_at(text.len().min(1));
    schema.kind = match mark {
        "s" | "t" => Kind::Text,
        "B" => Kind::Bytes,
        "i" => Kind::Integer(32),
        "l" => Kind::Integer(64),
        "n" => Kind::Number,
        "b" => Kind::Boolean,
        "q" => Kind::Quantity,
        "x" => Kind::IntOrString,
        "o" => Kind::Map,
        "#" => inner.parse().map_or(Kind::Any, Kind::Definition),
        "[" => {
            schema.items = Some(Box::new(parse(inner)));
            Kind::List
        }
        "{" => {
            let others = Others::Each(parse(inner));
            let fields = Vec::new();
            schema.object = Some(Box::new(Object { fields, others }));
            Kind::Map
        }
        _ => Kind::Any,
    };
    schema
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_version_is_read_and_refers_to_what_there_is() {
        for minor in Version::OLDEST.0..=Version::NEWEST.0 {
            let built = Builtin::new(Version(minor));
            assert!(built.find("apps", "v1", "Deployment").is_some());
            let mut open: Vec<&Schema> = built.definitions.iter().collect();
            while let Some(schema) = open.pop() {
                if let Kind::Definition(number) = schema.kind {
                    assert!(number < built.definitions.len());
                }
                open.extend(schema.items.as_deref());
                if let Some(object) = &schema.object {
                    assert!(object.fields.is_sorted_by(|a, b| a.name < b.name));
                    open.extend(object.fields.iter().map(|field| &field.schema));
                }
            }
        }
    }

    #[test]
    fn fields_and_kinds_come_and_go_with_versions() {
        let has = |minor, kind: (&str, &str, &str), field: &str| {
            let built = Builtin::new(Version(minor));
            let object = built.find(kind.0, kind.1, kind.2)?.object.as_ref()?;
            Some(object.field(field).is_some())
        };
        let autoscaler = ("autoscaling", "v2beta2", "HorizontalPodAutoscaler");
        assert_eq!(has(25, autoscaler, "spec"), Some(true));
        assert_eq!(has(26, autoscaler, "spec"), None);
        assert_eq!(has(37, ("", "v1", "Service"), "spec"), Some(true));
        assert_eq!(has(37, ("", "v1", "Service"), "sepc"), Some(false));
    }
}
