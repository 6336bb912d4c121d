//! Labels and annotations: entries put into maps.

use crate::error::{Error, ErrorKind, Result};
use crate::fields::{self, Create, FieldSpec};
use crate::resource::Resource;
use windlass_yaml::{NodeId, Origin, Tree};

/// A key, a value, and where the user wrote them.
#[derive(Debug, Clone)]
pub(crate) struct Pair {
    pub(crate) key: String,
    pub(crate) value: String,
    pub(crate) origin: Origin,
}

/// Puts the pairs into each map that `specs` name
/// (`kustomize: api/filters/labels/labels.go` and `annotations/annotations.go`).
pub(crate) fn add<'r>(
    resources: impl Iterator<Item = &'r Resource>,
    tree: &mut Tree,
    pairs: &[Pair],
    specs: &[FieldSpec],
) -> Result<()> {
    if pairs.is_empty() {
        return Ok(());
    }
    for resource in resources {
        let api_version = resource.api_version(tree).to_owned();
        let kind = resource.kind(tree).to_owned();
        for spec in specs
            .iter()
            .filter(|spec| spec.gvk.selects(&api_version, &kind))
        {
            fields::visit(tree, resource.root, spec, Create::Map, &mut |tree, at| {
                pairs.iter().try_for_each(|pair| put(tree, at, pair, spec))
            })?;
        }
    }
    Ok(())
}

fn put(tree: &mut Tree, map: NodeId, pair: &Pair, spec: &FieldSpec) -> Result<()> {
    if !tree.is_map(map) {
        let message = format!(
            "`{}` cannot be set in `{}`: it is no map",
            pair.key, spec.path
        );
        return Err(Error::new(ErrorKind::Field, message).at(tree.locate(tree.origin(map))));
    }
    let value = tree.string(&pair.value, pair.origin);
    if tree.get(map, &pair.key).is_some() {
        tree.set(map, &pair.key, value);
    } else {
        // kustomize adds the key without quotes, so that one like `1` is refused in the output.
        let slot = tree.add(map, &pair.key, value);
        tree.set_key_form(slot, false, None);
    }
    Ok(())
}
