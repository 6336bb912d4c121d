//! The number of replicas.

use crate::error::{Error, ErrorKind, Result};
use crate::fields::{self, Create, FieldSpec};
use crate::resource::Resource;
use crate::resources::Resources;
use windlass_fault::nearest;
use windlass_yaml::{Kind, NodeId, Origin, Spanned, Style, Tree};

/// Sets the count of the objects that are, or were, called `name`
/// (`kustomize: api/internal/builtins/ReplicaCountTransformer.go`).
///
/// # Errors
/// If there is none of a kind that `specs` name.
pub(crate) fn set(
    resources: &Resources,
    tree: &mut Tree,
    name: &str,
    count: &Spanned<i64>,
    specs: &[FieldSpec],
    origin: Origin,
) -> Result<()> {
    let mut found = false;
    for spec in specs {
        for resource in resources
            .iter()
            .filter(|r| is_meant(r, name, spec, tree))
            .collect::<Vec<_>>()
        {
            found = true;
            fields::visit(
                tree,
                resource.root,
                spec,
                Create::Scalar,
                &mut |tree, at| write(tree, at, count),
            )?;
        }
    }
    if found {
        return Ok(());
    }
    let kinds: Vec<&str> = specs.iter().map(|spec| &*spec.gvk.kind).collect();
    let message = format!("no object named `{name}` is a {}", kinds.join(", "));
    let of_kind = |resource: &&Resource| {
        let (api_version, kind) = (resource.api_version(tree), resource.kind(tree));
        specs.iter().any(|spec| spec.gvk.selects(api_version, kind))
    };
    let near = nearest(
        name,
        resources.iter().filter(of_kind).map(|one| one.name(tree)),
    );
    Err(Error::new(ErrorKind::NoMatch, message)
        .at(tree.locate(origin))
        .hint(near.map(|near| format!("did you mean `{near}`?"))))
}

fn is_meant(resource: &Resource, name: &str, spec: &FieldSpec, tree: &Tree) -> bool {
    let api_version = resource.api_version(tree);
    let now = resource.name(tree) == name && spec.gvk.selects(api_version, resource.kind(tree));
    let mut past = resource.previous.iter();
    now || past.any(|past| past.name == name && spec.gvk.selects(api_version, &past.kind))
}

fn write(tree: &mut Tree, at: NodeId, count: &Spanned<i64>) -> Result<()> {
    if tree.kind(at) != Kind::Scalar {
        let message = "the number of replicas cannot be set here: this is a map or a list";
        return Err(Error::new(ErrorKind::Field, message).at(tree.locate(tree.origin(at))));
    }
    // What was in quotes stays in quotes, and is a text then.
    let style = if tree.is_scalar(at) {
        tree.style(at)
    } else {
        Style::Plain
    };
    tree.set_text(at, &count.value.to_string(), style);
    tree.set_origin(at, count.origin);
    Ok(())
}
