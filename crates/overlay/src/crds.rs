//! The field specs that the schemas of `crds` give.

use crate::config::Config;
use crate::error::{Error, ErrorKind, Result};
use crate::fields::{FieldSpec, NameReference};
use crate::id::Gvk;
use serde_json::Value;
use std::sync::Arc;
use windlass_fault::Location;
use windlass_yaml::{Source, Tree};

/// How many fields are looked at: definitions that refer to each other multiply.
const MAX_FIELDS: usize = 100_000;

/// What the OpenAPI definitions of a file say of annotations, selectors, names and references
/// (`kustomize: api/internal/accumulator/loadconfigfromcrds.go`).
pub(crate) fn read(source: Arc<Source>, tree: &mut Tree) -> Result<Config> {
    let path = source.path().to_owned();
    let definitions = definitions(source, tree)?;
    let refuse = || {
        let message = format!("`{path}` is no map of OpenAPI definitions");
        Error::new(ErrorKind::Schema, message).at(Location::file(&*path))
    };
    let definitions = definitions.as_object().ok_or_else(refuse)?;
    let mut config = Config::default();
    for (name, definition) in definitions {
        if !is_object(definition) {
            continue;
        }
        if name.split('.').count() < 3 {
            let message = format!("the definition `{name}` is not called `group.version.kind`");
            return Err(Error::new(ErrorKind::Schema, message).at(Location::file(&*path)));
        }
        let kind = name.rsplit('.').next().unwrap_or(name);
        let mut walk = Walk {
            definitions,
            gvk: Gvk::new("", kind),
            config: Config::default(),
            within: Vec::new(),
            fields: 0,
        };
        walk.definition(name, &mut Vec::new());
        if walk.fields > MAX_FIELDS {
            let message = format!("the definitions of `{path}` have more than {MAX_FIELDS} fields");
            return Err(Error::new(ErrorKind::Limit, message).at(Location::file(&*path)));
        }
        config.merge(&walk.config)?;
    }
    Ok(config)
}

fn definitions(source: Arc<Source>, tree: &mut Tree) -> Result<Value> {
    match crate::read::settings(tree, source)? {
        Some(root) => crate::read::decode(tree, root, crate::read::Fields::Any),
        None => Ok(Value::Null),
    }
}

fn properties(definition: &Value) -> Option<&serde_json::Map<String, Value>> {
    definition.get("Schema")?.get("properties")?.as_object()
}

fn is_object(definition: &Value) -> bool {
    let has = |field| properties(definition).is_some_and(|fields| fields.contains_key(field));
    has("kind") && has("apiVersion") && has("metadata")
}

struct Walk<'a> {
    definitions: &'a serde_json::Map<String, Value>,
    gvk: Gvk,
    config: Config,
    /// The definitions on the way, none of which is entered again.
    within: Vec<&'a str>,
    /// How many fields were looked at.
    fields: usize,
}

impl<'a> Walk<'a> {
    fn definition(&mut self, name: &'a str, path: &mut Vec<String>) {
        if self.within.contains(&name) || self.fields > MAX_FIELDS {
            return;
        }
        self.within.push(name);
        let fields = self.definitions.get(name).and_then(properties);
        for (field, schema) in fields.into_iter().flatten() {
            self.fields += 1;
            path.push(field.clone());
            self.field(schema, path);
            if let Some(name) = schema.get("$ref").and_then(Value::as_str) {
                self.definition(name, path);
            }
            path.pop();
        }
        self.within.pop();
    }

    fn field(&mut self, schema: &Value, path: &[String]) {
        let text = |key: &str| schema.get(key).and_then(Value::as_str);
        let spec = self.spec(path);
        if text("x-kubernetes-annotation").is_some() {
            self.config.annotations.to_mut().push(spec.clone());
        }
        if text("x-kubernetes-label-selector").is_some() {
            self.config.labels.to_mut().push(spec.clone());
        }
        if text("x-kubernetes-identity").is_some() {
            self.config.name_prefix.to_mut().push(spec);
        }
        let version = text("x-kubernetes-object-ref-api-version");
        let kind = text("x-kubernetes-object-ref-kind");
        if let (Some(version), Some(kind)) = (version, kind) {
            let name = text("x-kubernetes-object-ref-name-key").unwrap_or("name");
            let mut path = path.to_vec();
            path.push(name.to_owned());
            let reference = NameReference {
                gvk: Gvk {
                    group: "".into(),
                    version: version.to_owned().into(),
                    kind: kind.to_owned().into(),
                },
                fields: vec![self.spec(&path)].into(),
            };
            self.config.name_references.to_mut().push(reference);
        }
    }

    fn spec(&self, path: &[String]) -> FieldSpec {
        FieldSpec {
            gvk: self.gvk.clone(),
            path: path.join("/").into(),
            create: false,
        }
    }
}
