//! Prefixes and suffixes of names.

use crate::error::{Error, ErrorKind, Result};
use crate::fields::{self, Create, FieldSpec};
use crate::id::Id;
use crate::read;
use crate::resource::Resource;
use crate::resources::Resources;
use crate::schema::Schema;
use windlass_yaml::{Kind, Origin, Spanned, Tree};

/// What is put before and behind names.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Affix<'a> {
    Prefix(&'a Spanned<String>),
    Suffix(&'a Spanned<String>),
}

impl Affix<'_> {
    pub(crate) fn is_empty(self) -> bool {
        let (Self::Prefix(text) | Self::Suffix(text)) = self;
        text.is_empty()
    }

    fn on(self, name: &str) -> String {
        match self {
            Self::Prefix(prefix) => format!("{}{name}", prefix.value),
            Self::Suffix(suffix) => format!("{name}{}", suffix.value),
        }
    }

    fn origin(self) -> Origin {
        let (Self::Prefix(text) | Self::Suffix(text)) = self;
        text.origin
    }
}

/// Puts a prefix or suffix on the fields that `specs` name, and remembers the names that were
/// (`kustomize: api/internal/builtins/PrefixTransformer.go`).
pub(crate) fn affix(
    resources: &mut Resources,
    tree: &mut Tree,
    schema: &Schema,
    affix: Affix<'_>,
    specs: &[FieldSpec],
) -> Result<()> {
    if affix.is_empty() {
        return Ok(());
    }
    for resource in resources.iter_mut() {
        // A name that was taken away is not to come back as an affix alone.
        read::refuse_nameless(tree, resource)?;
        let first = resource.original_id(tree, schema);
        if !keeps_its_name(&first) {
            rename(resource, &first, tree, schema, affix, specs)?;
            tree.check_size().map_err(read::malformed)?;
        }
    }
    Ok(())
}

/// Whether kustomize never renames this kind: its name means something to the cluster.
fn keeps_its_name(id: &Id) -> bool {
    match &*id.gvk.kind {
        "CustomResourceDefinition" | "Namespace" => true,
        "APIService" => id.gvk.group == "apiregistration.k8s.io",
        _ => false,
    }
}

fn rename(
    resource: &mut Resource,
    first: &Id,
    tree: &mut Tree,
    schema: &Schema,
    affix: Affix<'_>,
    specs: &[FieldSpec],
) -> Result<()> {
    for spec in specs {
        if !spec.gvk.selects(&first.gvk.api_version(), &first.gvk.kind) {
            continue;
        }
        if spec.path == "metadata/name" {
            match affix {
                Affix::Prefix(text) => resource.prefixes.push(text.value.clone()),
                Affix::Suffix(text) => resource.suffixes.push(text.value.clone()),
            }
            resource.remember_id(tree, schema);
        }
        fields::visit(
            tree,
            resource.root,
            spec,
            Create::Scalar,
            &mut |tree, at| {
                if tree.kind(at) != Kind::Scalar {
                    let message =
                        format!("`{}` cannot be renamed: it is a map or a list", spec.path);
                    let place = tree.locate(tree.origin(at));
                    return Err(Error::new(ErrorKind::Field, message).at(place));
                }
                let name = affix.on(tree.text(at));
                tree.set_untyped(at, &name);
                tree.set_origin(at, affix.origin());
                Ok(())
            },
        )?;
    }
    Ok(())
}
