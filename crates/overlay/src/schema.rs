//! What is known of kinds: their scope, and how the lists in their fields merge.
//!
//! The facts of Kubernetes 1.21.2 are compiled in; `openapi:` puts a document of the user's in
//! their place. A schema is a value that is passed on, so that two builds never share one.

mod builtin;

use crate::error::{Error, ErrorKind, Result};
use crate::read::malformed;
use builtin::Field;
use serde_json::Value;
use std::collections::HashMap;
use std::sync::Arc;
use windlass_fault::Location;

/// Whether objects of a kind live in a namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scope {
    Namespaced,
    Cluster,
}

/// What a build knows of the kinds of its objects.
#[derive(Debug, Clone, Default)]
pub(crate) struct Schema {
    custom: Option<Arc<Custom>>,
}

/// An OpenAPI document of the user's.
#[derive(Debug)]
struct Custom {
    definitions: serde_json::Map<String, Value>,
    /// The definition of an api version and kind.
    kinds: HashMap<(String, String), String>,
    scopes: HashMap<(String, String), Scope>,
    /// Whether the built-in facts stand behind those of the document.
    with_builtin: bool,
}

impl Schema {
    /// The schema of an OpenAPI document in JSON or YAML. It replaces the built-in facts, but for
    /// the scope of the built-in kinds; `with_builtin` keeps the others too, behind its own
    /// (`kustomize: kyaml/openapi/openapi.go`).
    pub(crate) fn parse(path: &str, text: &str, with_builtin: bool) -> Result<Self> {
        let document = read(path, text)?;
        let Value::Object(mut document) = document else {
            return Err(not_a_schema(path));
        };
        let definitions = match document.remove("definitions") {
            None | Some(Value::Null) => serde_json::Map::new(),
            Some(Value::Object(definitions)) => definitions,
            Some(_) => return Err(not_a_schema(path)),
        };
        let kinds = definitions
            .iter()
            .flat_map(|(name, definition)| {
                let kinds = definition.get(GVK).and_then(Value::as_array);
                kinds.into_iter().flatten().map(move |gvk| (gvk, name))
            })
            .filter_map(|(gvk, name)| Some((type_of(gvk)?, name.clone())))
            .collect();
        let scopes = document.get("paths").map(scopes).unwrap_or_default();
        let custom = Custom {
            definitions,
            kinds,
            scopes,
            with_builtin,
        };
        Ok(Self {
            custom: Some(Arc::new(custom)),
        })
    }

    /// Whether objects of this kind certainly live in no namespace; an unknown kind does not.
    pub(crate) fn is_cluster_scoped(&self, api_version: &str, kind: &str) -> bool {
        self.scope(api_version, kind) == Some(Scope::Cluster)
    }

    /// Whether the built-in facts say where objects of this kind live.
    pub(crate) fn is_builtin(api_version: &str, kind: &str) -> bool {
        builtin_kind(api_version, kind).is_some()
    }

    fn scope(&self, api_version: &str, kind: &str) -> Option<Scope> {
        if let Some((_, _, scope, _)) = builtin_kind(api_version, kind) {
            return Some(*scope);
        }
        let custom = self.custom.as_ref()?;
        let key = (api_version.to_owned(), kind.to_owned());
        custom.scopes.get(&key).copied()
    }

    /// What is known of the fields of objects of this kind.
    pub(crate) fn of(&self, api_version: &str, kind: &str) -> Option<Shape<'_>> {
        let Some(custom) = self.custom.as_deref() else {
            return builtin_shape(api_version, kind);
        };
        let key = (api_version.to_owned(), kind.to_owned());
        match custom.kinds.get(&key) {
            Some(name) => custom.definition(name),
            None if custom.with_builtin => builtin_shape(api_version, kind),
            None => None,
        }
    }
}

/// The extension that names the kinds of a definition.
const GVK: &str = "x-kubernetes-group-version-kind";

fn read(path: &str, text: &str) -> Result<Value> {
    if text.starts_with('{') {
        return serde_json::from_str(text).map_err(|error| not_a_schema(path).because(error));
    }
    windlass_yaml::from_str(path, text).map_err(malformed)
}

fn not_a_schema(path: &str) -> Error {
    Error::new(
        ErrorKind::Schema,
        format!("`{path}` is not an OpenAPI document"),
    )
    .at(Location::file(path))
    .hint(
        "it is a JSON or YAML file with `definitions`, as `kustomize openapi fetch` prints"
            .to_owned(),
    )
}

/// Api version and kind of an entry of the extension.
fn type_of(gvk: &Value) -> Option<(String, String)> {
    let text = |key: &str| gvk.get(key).and_then(Value::as_str);
    let version = text("version")?;
    let api_version = match text("group") {
        None | Some("") => version.to_owned(),
        Some(group) => format!("{group}/{version}"),
    };
    Some((api_version, text("kind")?.to_owned()))
}

/// The scope of each kind that a path of the document gets: namespaced if any names a namespace.
fn scopes(paths: &Value) -> HashMap<(String, String), Scope> {
    let mut scopes = HashMap::new();
    for (path, operations) in paths.as_object().into_iter().flatten() {
        let gvk = operations.get("get").and_then(|get| get.get(GVK));
        let Some(kind) = gvk.and_then(type_of) else {
            continue;
        };
        if path.contains("namespaces/{namespace}") {
            scopes.insert(kind, Scope::Namespaced);
        } else {
            scopes.entry(kind).or_insert(Scope::Cluster);
        }
    }
    scopes
}

fn builtin_kind(
    api_version: &str,
    kind: &str,
) -> Option<&'static (&'static str, &'static str, Scope, &'static str)> {
    let found =
        builtin::KINDS.binary_search_by(|entry| (entry.0, entry.1).cmp(&(api_version, kind)));
    Some(&builtin::KINDS[found.ok()?])
}

fn builtin_shape(api_version: &str, kind: &str) -> Option<Shape<'static>> {
    let (_, _, _, definition) = builtin_kind(api_version, kind)?;
    Some(Shape::Object(fields(definition)))
}

/// The deciding fields of a built-in definition; none for one that has none.
fn fields(definition: &str) -> &'static [(&'static str, Field)] {
    let found = builtin::DEFINITIONS.binary_search_by(|entry| entry.0.cmp(definition));
    found.map_or(&[], |at| builtin::DEFINITIONS[at].1)
}

/// What is known of a value.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Shape<'s> {
    /// An object of a built-in definition.
    Object(&'static [(&'static str, Field)]),
    /// A field of one.
    Field(Field),
    /// A value that a document describes.
    Described(Described<'s>),
}

/// A schema within a document.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Described<'s> {
    custom: &'s Custom,
    schema: &'s Value,
}

impl<'s> Shape<'s> {
    /// What is known of the value of a key.
    pub(crate) fn field(self, key: &str) -> Option<Self> {
        match self {
            Self::Object(fields) => {
                let found = fields.binary_search_by(|field| field.0.cmp(key)).ok()?;
                Some(match fields[found].1 {
                    Field::Object(definition) => Self::Object(self::fields(definition)),
                    list => Self::Field(list),
                })
            }
            Self::Field(_) => None,
            Self::Described(described) => described.field(key),
        }
    }

    /// What is known of the items of a list.
    pub(crate) fn item(self) -> Option<Self> {
        match self {
            Self::Field(Field::Merged(definition, _)) => Some(Self::Object(fields(definition))),
            Self::Field(_) => Some(Self::Object(&[])),
            Self::Object(_) => None,
            Self::Described(described) => described.item(),
        }
    }

    /// The keys that say which items of two lists are the same; none where the items are scalars
    /// that stand for themselves. Nothing where a list is taken as a whole.
    pub(crate) fn merge_keys(self) -> Option<Vec<&'s str>> {
        match self {
            Self::Field(Field::Merged(_, keys)) => Some(keys.to_vec()),
            Self::Field(Field::Set) => Some(Vec::new()),
            Self::Field(_) | Self::Object(_) => None,
            Self::Described(described) => described.merge_keys(),
        }
    }
}

/// How many references may lead from one to the next.
const MAX_HOPS: usize = 64;

impl Custom {
    fn definition(&self, name: &str) -> Option<Shape<'_>> {
        match self.definitions.get(name) {
            Some(schema) => Described {
                custom: self,
                schema,
            }
            .resolve(),
            None if self.with_builtin => Some(Shape::Object(fields(name))),
            None => None,
        }
    }
}

impl<'s> Described<'s> {
    fn at(self, schema: &'s Value) -> Option<Shape<'s>> {
        Self { schema, ..self }.resolve()
    }

    /// The schema that the references from here lead to.
    fn resolve(mut self) -> Option<Shape<'s>> {
        for _ in 0..MAX_HOPS {
            let Some(reference) = self.schema.get("$ref").and_then(Value::as_str) else {
                return Some(Shape::Described(self));
            };
            let path = reference.strip_prefix("#/definitions/")?;
            let (name, rest) = match path.split_once('/') {
                Some((name, rest)) => (name, Some(rest)),
                None => (path, None),
            };
            let Some(schema) = self.custom.definitions.get(name) else {
                return self.custom.definition(name);
            };
            self.schema = match rest {
                Some(rest) => schema.pointer(&format!("/{rest}"))?,
                None => schema,
            };
        }
        None
    }

    fn field(self, key: &str) -> Option<Shape<'s>> {
        let own = self.schema.get("properties").and_then(|all| all.get(key));
        let others = || {
            self.schema
                .get("additionalProperties")
                .filter(|s| s.is_object())
        };
        self.at(own.or_else(others)?)
    }

    fn item(self) -> Option<Shape<'s>> {
        let is_list = self.schema.get("type").and_then(Value::as_str) == Some("array");
        self.at(self.schema.get("items").filter(|_| is_list)?)
    }

    fn merge_keys(self) -> Option<Vec<&'s str>> {
        let text = |key: &str| self.schema.get(key).and_then(Value::as_str);
        let strategies = text("x-kubernetes-patch-strategy")?;
        if !strategies.split(',').any(|strategy| strategy == "merge") {
            return None;
        }
        let list = self.schema.get("x-kubernetes-list-map-keys");
        match list.and_then(Value::as_array) {
            Some(keys) => Some(keys.iter().filter_map(Value::as_str).collect()),
            None => Some(text("x-kubernetes-patch-merge-key").into_iter().collect()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(schema: &Schema, api_version: &str, kind: &str, path: &str) -> Option<Vec<String>> {
        let mut shape = schema.of(api_version, kind)?;
        for name in path.split('.') {
            shape = match name {
                "[]" => shape.item()?,
                name => shape.field(name)?,
            };
        }
        let keys = shape.merge_keys()?;
        Some(keys.into_iter().map(str::to_owned).collect())
    }

    #[test]
    fn built_in_lists_merge_by_their_keys() {
        let schema = Schema::default();
        let deployment = |path: &str| keys(&schema, "apps/v1", "Deployment", path);
        let containers = "spec.template.spec.containers";
        assert_eq!(deployment(containers).unwrap(), ["name"]);
        let ports = deployment(&format!("{containers}.[].ports")).unwrap();
        assert_eq!(ports, ["containerPort", "protocol"]);
        assert_eq!(deployment(&format!("{containers}.[].args")), None);
        assert_eq!(deployment("metadata.finalizers").unwrap(), [""; 0]);
        assert_eq!(
            keys(&schema, "v1", "Service", "spec.ports").unwrap(),
            ["port", "protocol"]
        );
        assert_eq!(
            keys(&schema, "example.com/v1", "Deployment", "spec.template"),
            None
        );
    }

    #[test]
    fn scope_is_known_of_built_in_kinds_alone() {
        let schema = Schema::default();
        assert!(schema.is_cluster_scoped("v1", "Namespace"));
        assert!(!schema.is_cluster_scoped("v1", "ConfigMap"));
        assert!(!schema.is_cluster_scoped("example.com/v1", "Namespace"));
    }

    const DOCUMENT: &str = r##"{
      "definitions": {
        "v1.Farm": {
          "x-kubernetes-group-version-kind": [{"group": "example.com", "kind": "Farm", "version": "v1"}],
          "properties": {"spec": {"$ref": "#/definitions/v1.FarmSpec"}, "loop": {"$ref": "#/definitions/v1.Loop"}}
        },
        "v1.Loop": {"$ref": "#/definitions/v1.Loop"},
        "v1.FarmSpec": {"properties": {
          "fields": {"type": "array", "items": {}, "x-kubernetes-patch-strategy": "merge", "x-kubernetes-patch-merge-key": "id"},
          "template": {"$ref": "#/definitions/io.k8s.api.core.v1.PodTemplateSpec"}
        }}
      },
      "paths": {"/apis/example.com/v1/farms": {"get": {
        "x-kubernetes-group-version-kind": {"group": "example.com", "kind": "Farm", "version": "v1"}
      }}}
    }"##;

    #[test]
    fn a_document_replaces_the_built_in_facts_or_stands_before_them() {
        let containers = "spec.template.spec.containers";
        for with_builtin in [false, true] {
            let schema = Schema::parse("o.json", DOCUMENT, with_builtin).unwrap();
            let farm = |path: &str| keys(&schema, "example.com/v1", "Farm", path);
            assert_eq!(farm("spec.fields").unwrap(), ["id"]);
            assert_eq!(farm("loop"), None);
            assert_eq!(farm(containers).is_some(), with_builtin);
            let deployment = keys(&schema, "apps/v1", "Deployment", containers);
            assert_eq!(deployment.is_some(), with_builtin);
            assert!(schema.is_cluster_scoped("example.com/v1", "Farm"));
            assert!(schema.is_cluster_scoped("v1", "Namespace"));
        }
    }

    #[test]
    fn what_is_no_document_is_refused() {
        let error = Schema::parse("o.json", r#"{"definitions": 1}"#, false).unwrap_err();
        insta::assert_snapshot!(error, @"`o.json` is not an OpenAPI document");
        assert_eq!(error.kind(), ErrorKind::Schema);
    }
}
