//! Schemas of custom resources, from the CustomResourceDefinitions that a repository holds.

use crate::manifest::Manifest;
use crate::schema::{Bounds, Field, Kind, Limits, Object, Others, Pattern, Schema};
use crate::table::Gvk;
use std::collections::HashMap;
use std::sync::Arc;
use windlass_yaml::{NodeId, Tree, Value};

/// The custom resources that are known, by their definitions.
///
/// ```
/// use windlass_lint::{Crds, Manifest};
/// use windlass_yaml::{Source, Tree};
/// let text = "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nspec:\n  \
///             group: example.org\n  names: {kind: Widget}\n  versions: [{name: v1}]\n";
/// let mut tree = Tree::new();
/// let roots = tree.load(Source::new("crd.yaml", text))?;
/// let mut crds = Crds::default();
/// crds.add(Manifest::new(&tree, roots[0]));
/// assert!(crds.knows("example.org/v1", "Widget"));
/// # Ok::<(), windlass_yaml::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Crds {
    known: HashMap<Gvk, Arc<Schema>>,
}

impl Crds {
    /// Adds the resources that a manifest defines, if it is a CustomResourceDefinition.
    pub fn add(&mut self, manifest: Manifest<'_>) {
        let is_one = manifest.group() == "apiextensions.k8s.io"
            && manifest.kind() == "CustomResourceDefinition";
        if is_one {
            self.define(manifest.tree, manifest.root);
        }
    }

    /// Adds those that another holds.
    pub fn extend(&mut self, other: Self) {
        self.known.extend(other.known);
    }

    /// Whether none is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// Whether a kind is known.
    #[must_use]
    pub fn knows(&self, api_version: &str, kind: &str) -> bool {
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        self.find(group, version, kind).is_some()
    }

    pub(crate) fn find(&self, group: &str, version: &str, kind: &str) -> Option<&Schema> {
        let schema = self
            .known
            .get(&(group.into(), version.into(), kind.into()))?;
        Some(schema)
    }

    /// The kinds that are known.
    pub(crate) fn kinds(&self) -> impl Iterator<Item = &Gvk> {
        self.known.keys()
    }

    fn define(&mut self, tree: &Tree, root: NodeId) {
        let text = |path: &[&str]| tree.text_at(root, path).unwrap_or_default();
        let (group, kind) = (text(&["spec", "group"]), text(&["spec", "names", "kind"]));
        let is_open = text(&["spec", "preserveUnknownFields"]) == "true";
        let Some(versions) = tree.lookup(root, &["spec", "versions"]) else {
            return;
        };
        for version in tree.items(versions) {
            let name = tree.text_at(version, &["name"]).unwrap_or_default();
            let schema = tree.lookup(version, &["schema", "openAPIV3Schema"]);
            let mut schema = schema.map_or_else(Schema::default, |node| Reader(tree).schema(node));
            schema.be_object(is_open || schema.kind == Kind::Any);
            let key = (group.into(), name.into(), kind.into());
            self.known.insert(key, Arc::new(schema));
        }
    }
}

impl Schema {
    /// Gives it what every object has.
    fn be_object(&mut self, is_open: bool) {
        let object = self.object.get_or_insert_default();
        let own = [
            ("apiVersion", Kind::Text, true),
            ("kind", Kind::Text, true),
            ("metadata", Kind::Metadata, false),
        ];
        for (name, kind, required) in own {
            object.fields.retain(|field| &*field.name != name);
            let schema = Schema {
                kind,
                ..Schema::default()
            };
            object.fields.push(Field {
                name: name.into(),
                required,
                schema,
            });
        }
        object.fields.sort_by(|a, b| a.name.cmp(&b.name));
        if is_open {
            object.others = Others::Anything;
        }
    }
}

/// Reads structural schemas (Kubernetes: "Extend the Kubernetes API with
/// CustomResourceDefinitions", "Specifying a structural schema").
struct Reader<'t>(&'t Tree);

impl Reader<'_> {
    fn text(&self, node: NodeId, key: &str) -> &str {
        self.0.text_at(node, &[key]).unwrap_or_default()
    }

    fn is_set(&self, node: NodeId, key: &str) -> bool {
        self.text(node, key) == "true"
    }

    fn schema(&self, node: NodeId) -> Schema {
        let is_mixed = self.is_set(node, "x-kubernetes-int-or-string");
        let kind = match self.text(node, "type") {
            _ if is_mixed => Kind::IntOrString,
            "string" if self.text(node, "format") == "byte" => Kind::Bytes,
            "string" => Kind::Text,
            "integer" if self.text(node, "format") == "int32" => Kind::Integer(32),
            "integer" => Kind::Integer(64),
            "number" => Kind::Number,
            "boolean" => Kind::Boolean,
            "array" => Kind::List,
            "object" => Kind::Map,
            _ => Kind::Any,
        };
        let items = self.0.get(node, "items").map(|items| self.schema(items));
        let mut schema = Schema {
            kind,
            nullable: self.is_set(node, "nullable") || self.0.get(node, "default").is_some(),
            choices: Vec::new(),
            object: self.object(node, kind).map(Box::new),
            items: items.map(Box::new),
            limits: self.limits(node, is_mixed).map(Box::new),
        };
        if self.is_set(node, "x-kubernetes-embedded-resource") {
            schema.be_object(false);
        }
        schema
    }

    /// What it says of maps. Where it does not say that a value is one, as below `anyOf`, it says
    /// nothing of the fields that it does not name.
    fn object(&self, node: NodeId, kind: Kind) -> Option<Object> {
        let tree = self.0;
        let properties = tree.get(node, "properties");
        let required = tree.get(node, "required");
        if kind != Kind::Map && properties.is_none() && required.is_none() {
            return None;
        }
        let required: Vec<&str> = required
            .map(|list| tree.items(list).map(|item| tree.text(item)).collect())
            .unwrap_or_default();
        let named = properties.into_iter().flat_map(|map| tree.entries(map));
        let mut fields: Vec<Field> = named
            .map(|(name, inner)| Field {
                name: name.into(),
                required: required.contains(&name),
                schema: self.schema(inner),
            })
            .collect();
        // Below `anyOf` and its like a field may be asked for that is declared elsewhere.
        for name in required {
            if !fields.iter().any(|field| &*field.name == name) {
                fields.push(Field {
                    name: name.into(),
                    required: true,
                    schema: Schema {
                        nullable: true,
                        ..Schema::default()
                    },
                });
            }
        }
        fields.sort_by(|a, b| a.name.cmp(&b.name));
        fields.dedup_by(|a, b| a.name == b.name);
        let others = self.others(node, kind);
        Some(Object { fields, others })
    }

    fn others(&self, node: NodeId, kind: Kind) -> Others {
        let tree = self.0;
        if kind != Kind::Map || self.is_set(node, "x-kubernetes-preserve-unknown-fields") {
            return Others::Anything;
        }
        match tree.get(node, "additionalProperties") {
            Some(inner) if tree.is_map(inner) => Others::Each(self.schema(inner)),
            Some(inner) if tree.text(inner) == "true" => Others::Anything,
            // The API server drops what is not declared, also where nothing is.
            _ => Others::Refused,
        }
    }

    fn limits(&self, node: NodeId, is_mixed: bool) -> Option<Limits> {
        let tree = self.0;
        let list = |key: &str| {
            let list = tree
                .get(node, key)
                .filter(|_| !(is_mixed && key == "anyOf"));
            let items = list.into_iter().flat_map(|list| tree.items(list));
            items.map(|item| self.schema(item)).collect::<Vec<_>>()
        };
        let values = tree.get(node, "enum");
        let values = values.into_iter().flat_map(|list| tree.items(list));
        let pattern = Some(self.text(node, "pattern")).filter(|text| !text.is_empty());
        let limits = Limits {
            values: values.filter_map(|value| json(tree, value)).collect(),
            pattern: pattern.map(Pattern::new),
            length: self.bounds(node, "minLength", "maxLength"),
            items: self.bounds(node, "minItems", "maxItems"),
            fields: self.bounds(node, "minProperties", "maxProperties"),
            number: Bounds {
                least: self.number(node, "minimum"),
                most: self.number(node, "maximum"),
            },
            exclusive: (
                self.is_set(node, "exclusiveMinimum"),
                self.is_set(node, "exclusiveMaximum"),
            ),
            all_of: list("allOf"),
            any_of: list("anyOf"),
            one_of: list("oneOf"),
            not: tree.get(node, "not").map(|inner| self.schema(inner)),
        };
        limits.says_something().then_some(limits)
    }

    fn bounds(&self, node: NodeId, least: &str, most: &str) -> Bounds<u64> {
        let number = |key: &str| self.text(node, key).parse().ok();
        Bounds {
            least: number(least),
            most: number(most),
        }
    }

    fn number(&self, node: NodeId, key: &str) -> Option<f64> {
        let value = self.0.get(node, key)?;
        number(&self.0.resolve(value).ok()?)
    }
}

impl Limits {
    fn says_something(&self) -> bool {
        let lists = [&self.all_of, &self.any_of, &self.one_of];
        let bounds = [&self.length, &self.items, &self.fields];
        !self.values.is_empty()
            || self.pattern.is_some()
            || self.not.is_some()
            || self.number.least.is_some()
            || self.number.most.is_some()
            || lists.iter().any(|list| !list.is_empty())
            || bounds.iter().any(|b| b.least.is_some() || b.most.is_some())
    }
}

/// A value as JSON, by which two are compared.
pub(crate) fn json(tree: &Tree, node: NodeId) -> Option<String> {
    let mut out = Vec::new();
    tree.write_json(node, &mut out, false).ok()?;
    String::from_utf8(out).ok()
}

#[expect(clippy::cast_precision_loss, reason = "bounds of schemas are small")]
pub(crate) fn number(value: &Value<'_>) -> Option<f64> {
    match value {
        Value::Int(value) => Some(*value as f64),
        Value::Uint(value) => Some(*value as f64),
        Value::Float(value) => Some(*value),
        _ => None,
    }
}
