//! Labels and annotations: entries put into maps.

use crate::error::{Error, ErrorKind, Result};
use crate::fields::{self, Create, FieldSpec};
use crate::kustomization::Pairs;
use crate::read::malformed;
use crate::resource::Resource;
use crate::shared::Shared;
use std::borrow::Cow;
use windlass_yaml::{NodeId, Origin, Spanned, Tree};

/// A key, a value, and where the user wrote them.
#[derive(Debug, Clone)]
pub(crate) struct Pair {
    pub(crate) key: String,
    pub(crate) value: String,
    pub(crate) origin: Origin,
}

/// The entries of a field, with their places.
pub(crate) fn pairs(map: &Pairs) -> Vec<Pair> {
    let pair = |(key, value): (&String, &Spanned<String>)| Pair {
        key: key.clone(),
        value: value.value.clone(),
        origin: value.origin,
    };
    map.iter().map(pair).collect()
}

/// Puts the pairs into each map that `specs` name
/// (`kustomize: api/filters/labels/labels.go` and `annotations/annotations.go`).
pub(crate) fn add<'r>(
    resources: impl Iterator<Item = &'r mut Resource>,
    tree: &mut Tree,
    pairs: &[Pair],
    specs: &[FieldSpec],
) -> Result<()> {
    for resource in resources {
        for pair in pairs {
            let places = add_one(resource, tree, pair, specs)?;
            resource.shared.extend(Shared::new(places, tree));
        }
        tree.check_size().map_err(malformed)?;
    }
    Ok(())
}

/// Puts one pair into each map, and answers where it was added.
fn add_one(
    resource: &Resource,
    tree: &mut Tree,
    pair: &Pair,
    specs: &[FieldSpec],
) -> Result<Vec<NodeId>> {
    let api_version = resource.api_version(tree).to_owned();
    let kind = resource.kind(tree).to_owned();
    let mut places = Vec::new();
    for spec in specs {
        if spec.gvk.selects(&api_version, &kind) {
            let spec = &as_found(spec, resource);
            fields::visit(tree, resource.root, spec, Create::Map, &mut |tree, at| {
                places.extend(put(tree, at, pair, spec)?);
                Ok(())
            })?;
        }
    }
    Ok(places)
}

/// The spec as kustomize finds the object: its marks make the map of the annotations.
fn as_found<'s>(spec: &'s FieldSpec, resource: &Resource) -> Cow<'s, FieldSpec> {
    match spec.path == "metadata/annotations" && resource.is_marked() {
        true => Cow::Owned(FieldSpec {
            create: true,
            ..spec.clone()
        }),
        false => Cow::Borrowed(spec),
    }
}

/// Puts a pair into a map, and answers where, unless the key was there.
fn put(tree: &mut Tree, map: NodeId, pair: &Pair, spec: &FieldSpec) -> Result<Option<NodeId>> {
    if !tree.is_map(map) {
        let (key, path) = (&pair.key, &spec.path);
        let message = format!("`{key}` cannot be set in `{path}`: it is no map");
        return Err(Error::new(ErrorKind::Field, message).at(tree.locate(tree.origin(map))));
    }
    let value = tree.string(&pair.value, pair.origin);
    if tree.get(map, &pair.key).is_some() {
        tree.set(map, &pair.key, value);
        return Ok(None);
    }
    // kustomize adds the key without quotes, so that one like `1` is refused in the output.
    let slot = tree.add(map, &pair.key, value);
    tree.set_key_form(slot, false, None);
    Ok(Some(slot))
}
