//! Variables: `$(NAME)` in certain fields stands for a value of an object.

use super::path::Path;
use super::type_of;
use crate::build::{Layer, Work};
use crate::error::{Error, ErrorKind, Result};
use crate::fields::{Create, is_null, visit};
use crate::id::{Gvk, Id};
use crate::patch::float_text;
use crate::read::malformed;
use crate::resources::Resources;
use crate::waiver;
use serde::Deserialize;
use std::collections::{BTreeMap, HashMap};
use windlass_fault::Warning;
use windlass_yaml::{Kind, NodeId, Spanned, Style, Tree};

/// One entry of `vars` (`kustomize: api/types/var.go`).
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Variable {
    pub(crate) name: String,
    pub(crate) objref: ObjectRef,
    pub(crate) fieldref: FieldRef,
}

/// The object that the value is taken from.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ObjectRef {
    api_version: String,
    group: String,
    version: String,
    kind: String,
    pub(crate) name: String,
    pub(crate) namespace: String,
}

/// The field that the value is taken from.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct FieldRef {
    pub(crate) field_path: String,
}

impl ObjectRef {
    pub(crate) fn gvk(&self) -> Gvk {
        let (group, version) = match self.api_version.split('/').collect::<Vec<_>>()[..] {
            [""] => (&*self.group, &*self.version),
            [version] => (&*self.group, version),
            [group, version] => (group, version),
            _ => (&*self.group, &*self.version),
        };
        Gvk {
            group: group.to_owned().into(),
            version: version.to_owned().into(),
            kind: self.kind.clone().into(),
        }
    }
}

/// Adds the variables of a kustomization, noting which object each takes its value from
/// (`kustomize: api/internal/accumulator/resaccumulator.go`, `MergeVars`).
pub(crate) fn add_variables(
    layer: &mut Layer,
    variables: &[Spanned<Variable>],
    work: &mut Work<'_>,
) -> Result<()> {
    for variable in variables {
        let found = find(variable, &layer.resources, work);
        if let [_, _, ..] = found[..] {
            let message = format!(
                "the variable `{}` could take its value from {} objects",
                variable.name,
                found.len()
            );
            return Err(Error::new(ErrorKind::Replacement, message)
                .at(work.place(variable.origin()))
                .hint("name the `namespace` of the object".to_owned()));
        }
        let resource = found.first().and_then(|&at| layer.resources.get_mut(at));
        if let Some(resource) = resource {
            resource.variables.push(variable.name.clone());
        }
    }
    merge_variables(&mut layer.variables, variables.to_vec(), &work.tree)
}

/// The objects that a variable may mean: without a namespace those of every one.
fn find(variable: &Variable, resources: &Resources, work: &Work<'_>) -> Vec<usize> {
    let wanted = &variable.objref;
    let gvk = wanted.gvk();
    let is_meant = |id: &Id| {
        let is_there = || {
            let namespace = crate::id::effective_namespace(&wanted.namespace, id.cluster_scoped);
            id.effective_namespace() == namespace
        };
        id.name == wanted.name && id.gvk == gvk && (wanted.namespace.is_empty() || is_there())
    };
    let (tree, schema) = (&work.tree, &work.schema);
    let numbered = resources.iter().enumerate();
    numbered
        .filter(|(_, resource)| {
            resource.had_name(&wanted.name, tree)
                && (is_meant(&resource.id(tree, schema))
                    || resource.previous_ids(tree, schema).any(|id| is_meant(&id)))
        })
        .map(|(at, _)| at)
        .collect()
}

/// Adds variables to others; no two may have one name.
pub(crate) fn merge_variables(
    into: &mut Vec<Spanned<Variable>>,
    more: Vec<Spanned<Variable>>,
    tree: &Tree,
) -> Result<()> {
    for variable in more {
        let name = &variable.name;
        if let Some(first) = into.iter().find(|known| known.name == *name) {
            let message = format!("the variable `{name}` is defined twice");
            let first = tree.locate(first.origin());
            return Err(Error::new(ErrorKind::Conflict, message)
                .at(tree.locate(variable.origin()))
                .hint(first.map(|place| format!("the first definition is at {place}"))));
        }
        into.push(variable);
    }
    Ok(())
}

/// The value of a variable.
#[derive(Debug, Clone, PartialEq)]
enum Value {
    Text(String),
    Int(i64),
    Float(f64),
    Bool(bool),
    /// A map or a list, which cannot stand in a text.
    Collection,
}

impl Value {
    fn text(&self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text.clone()),
            Self::Int(value) => Some(value.to_string()),
            Self::Float(value) => Some(float_text(*value)),
            Self::Bool(value) => Some(value.to_string()),
            Self::Collection => None,
        }
    }
}

/// Replaces every variable in the fields that may hold them.
pub(crate) fn resolve_variables(layer: &mut Layer, work: &mut Work<'_>) -> Result<()> {
    if layer.variables.is_empty() {
        return Ok(());
    }
    let mut values = Values::read(layer, &work.tree)?;
    for spec in layer.config.variables.iter() {
        for resource in layer.resources.iter() {
            let tree = &mut work.tree;
            if spec
                .gvk
                .selects(resource.api_version(tree), resource.kind(tree))
            {
                visit(tree, resource.root, spec, Create::No, &mut |tree, node| {
                    values.replace_in(tree, node)
                })?;
            }
        }
    }
    for variable in &layer.variables {
        if !values.used.contains_key(&variable.name) {
            let message = format!("the variable `{}` is not used", variable.name);
            work.warnings.push(
                Warning::new(message)
                    .named(waiver::UNUSED_VARIABLE)
                    .at(work.tree.locate(variable.origin())),
            );
        }
    }
    Ok(())
}

struct Values {
    values: BTreeMap<String, Value>,
    used: HashMap<String, ()>,
}

impl Values {
    fn read(layer: &Layer, tree: &Tree) -> Result<Self> {
        let mut values = BTreeMap::new();
        for variable in &layer.variables {
            let value = read(variable, &layer.resources, tree);
            let value = value.map_err(|error| error.at(tree.locate(variable.origin())))?;
            values.insert(variable.name.clone(), value);
        }
        Ok(Self {
            values,
            used: HashMap::new(),
        })
    }

    /// Replaces the variables in a text, in the values of a map or in the items of a list.
    fn replace_in(&mut self, tree: &mut Tree, node: NodeId) -> Result<()> {
        if is_null(tree, node) {
            return Ok(());
        }
        if tree.kind(node) == Kind::Scalar {
            return self.replace_text(tree, node).map(|_| ());
        }
        let is_list = tree.is_seq(node);
        let children: Vec<NodeId> = tree.children(node).collect();
        for child in children {
            if !self.replace_text(tree, child)? && is_list {
                let message = "variables are replaced in lists of strings, and this is none";
                let place = tree.locate(tree.origin(child));
                return Err(Error::new(ErrorKind::Replacement, message).at(place));
            }
        }
        Ok(())
    }

    /// Replaces the variables in a string; false where it is something else.
    fn replace_text(&mut self, tree: &mut Tree, node: NodeId) -> Result<bool> {
        let is_text = tree.is_scalar(node) && (tree.is_untyped(node) || is_string(tree, node)?);
        if !is_text {
            return Ok(false);
        }
        match self.expand(tree.text(node))? {
            Value::Text(text) => {
                tree.set_style(node, Style::Plain);
                tree.set_string(node, &text);
            }
            Value::Float(value) => tree.set_text(node, &format!("{value}"), Style::Plain),
            other => tree.set_text(node, &other.text().unwrap_or_default(), Style::Plain),
        }
        tree.check_size().map_err(malformed)?;
        Ok(true)
    }

    /// The text with its variables replaced. One that is the whole text keeps its type; `$$` is
    /// `$`; an unknown variable stays (`kustomize: api/filters/refvar/expand.go`).
    fn expand(&mut self, text: &str) -> Result<Value> {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find('$') {
            out.push_str(&rest[..at]);
            rest = &rest[at + 1..];
            if let Some(escaped) = rest.strip_prefix('$') {
                out.push('$');
                rest = escaped;
                continue;
            }
            let name = rest
                .strip_prefix('(')
                .and_then(|inner| inner.split_once(')'));
            let Some((name, behind)) = name else {
                out.push('$');
                continue;
            };
            let value = self.value(name);
            if text.len() == name.len() + 3
                && let Some(value) = value
            {
                return Ok(value);
            }
            if out.len() > Tree::MAX_TEXT {
                let message = "with its variables replaced this text has no end";
                return Err(Error::new(ErrorKind::Limit, message));
            }
            match value.and_then(|value| value.text()) {
                Some(value) => out.push_str(&value),
                None => out.push_str(&format!("$({name})")),
            }
            rest = behind;
        }
        out.push_str(rest);
        Ok(Value::Text(out))
    }

    fn value(&mut self, name: &str) -> Option<Value> {
        let value = self.values.get(name)?.clone();
        if value == Value::Collection {
            return None;
        }
        self.used.insert(name.to_owned(), ());
        Some(value)
    }
}

/// Whether a scalar is a string; a timestamp is none.
fn is_string(tree: &Tree, node: NodeId) -> Result<bool> {
    Ok(match tree.style(node) {
        Style::Plain => {
            tree.tag(node).is_some_and(|tag| tag.ends_with(":str"))
                || (tree.tag(node).is_none() && type_of(tree, node)? == "str")
        }
        _ => matches!(
            tree.resolve(node).map_err(malformed)?,
            windlass_yaml::Value::Str(_)
        ),
    })
}

/// The value of a variable, from the object that was found for it.
fn read(variable: &Variable, resources: &Resources, tree: &Tree) -> Result<Value> {
    let name = &variable.name;
    let refuse = |message: String| Error::new(ErrorKind::Replacement, message);
    let mut resources = resources.iter();
    let Some(resource) = resources.find(|resource| resource.variables.contains(name)) else {
        let message =
            format!("the variable `{name}` takes its value from an object that is not there");
        return Err(refuse(message)
            .hint("check the `apiVersion`, `kind` and `name` of its `objref`".to_owned()));
    };
    let path = match &*variable.fieldref.field_path {
        "" => super::DEFAULT_PATH,
        path => path,
    };
    let found = Path::parse(path)
        .with_old_indexes()
        .look_up(tree, resource.root)?;
    let missing = || {
        let message =
            format!("the variable `{name}` takes its value from `{path}`, which is not there");
        refuse(message).hint(super::path::hint(tree, resource.root, path))
    };
    value_of(tree, found.ok_or_else(missing)?)?.ok_or_else(missing)
}

/// The value of a node; nothing where Go cannot read what YAML takes for a number.
fn value_of(tree: &Tree, node: NodeId) -> Result<Option<Value>> {
    if !tree.is_scalar(node) {
        return Ok(Some(Value::Collection));
    }
    let text = tree.text(node);
    let is_plain = tree.style(node) == Style::Plain && tree.tag(node).is_none();
    let kind = if is_plain {
        type_of(tree, node)?
    } else {
        "str"
    };
    Ok(match kind {
        "int" => text.parse().ok().map(Value::Int),
        "float" => text.parse().ok().map(Value::Float),
        "bool" => text.to_ascii_lowercase().parse().ok().map(Value::Bool),
        _ => Some(Value::Text(text.to_owned())),
    })
}
