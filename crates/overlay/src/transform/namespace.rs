//! The namespace of objects, and of what refers to it.

use crate::error::{Error, ErrorKind, Result};
use crate::fields::{self, Create, FieldSpec, is_null};
use crate::id::Gvk;
use crate::resources::Resources;
use crate::schema::Schema;
use windlass_yaml::{Kind, NodeId, Spanned, Tree};

/// Which subjects of role bindings get the namespace too.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Subjects {
    /// Those named `default`.
    #[default]
    DefaultOnly,
    /// All service accounts.
    AllServiceAccounts,
    /// None.
    None,
}

/// What to set, and where.
#[derive(Debug)]
pub(crate) struct Namespace<'a> {
    pub(crate) name: &'a Spanned<String>,
    pub(crate) specs: &'a [FieldSpec],
    /// Whether a namespace that is there stays.
    pub(crate) unset_only: bool,
    pub(crate) subjects: Subjects,
}

/// Sets the namespace of every object that lives in one, and is not of a chart
/// (`kustomize: api/filters/namespace/namespace.go`).
pub(crate) fn set(
    resources: &mut Resources,
    tree: &mut Tree,
    schema: &Schema,
    namespace: &Namespace<'_>,
) -> Result<()> {
    if namespace.name.is_empty() {
        return Ok(());
    }
    for resource in resources.iter_mut().filter(|one| !one.is_of_chart) {
        resource.remember_id(tree, schema);
        namespace.set_in(resource.root, tree, schema)?;
    }
    resources.refuse_conflicts(tree, schema)
}

impl Namespace<'_> {
    /// Sets it in one object.
    pub(crate) fn set_in(&self, root: NodeId, tree: &mut Tree, schema: &Schema) -> Result<()> {
        let api_version = tree.text_at(root, &["apiVersion"]).unwrap_or("").to_owned();
        let kind = tree.text_at(root, &["kind"]).unwrap_or("").to_owned();
        if !schema.is_cluster_scoped(&api_version, &kind) {
            let metadata = FieldSpec::known(Gvk::default(), "metadata/namespace", true);
            self.visit(root, tree, &metadata)?;
        }
        if binds_roles(&kind) {
            self.set_subjects(root, tree)?;
        }
        for spec in self.specs {
            let elsewhere = match &*spec.path {
                "metadata/namespace" => true,
                "metadata/name" => api_version != "v1",
                "subjects/namespace" => binds_roles(&spec.gvk.kind),
                _ => false,
            };
            if !elsewhere && spec.gvk.selects(&api_version, &kind) {
                self.visit(root, tree, spec)?;
            }
        }
        Ok(())
    }

    fn visit(&self, root: NodeId, tree: &mut Tree, spec: &FieldSpec) -> Result<()> {
        fields::visit(tree, root, spec, Create::Scalar, &mut |tree, at| {
            self.write(tree, at)
        })
    }

    fn write(&self, tree: &mut Tree, at: NodeId) -> Result<()> {
        if tree.kind(at) != Kind::Scalar {
            let message = "the namespace cannot be set here: this is a map or a list";
            return Err(Error::new(ErrorKind::Field, message).at(tree.locate(tree.origin(at))));
        }
        if !self.unset_only || is_null(tree, at) || tree.text(at).is_empty() {
            let style = tree.style(at);
            tree.set_text(at, self.name, style);
            // A string by its tag, not by quotes: what is put in its place later has none either.
            tree.mark_string(at);
            tree.set_origin(at, self.name.origin);
        }
        Ok(())
    }

    fn set_subjects(&self, root: NodeId, tree: &mut Tree) -> Result<()> {
        let (field, wanted) = match self.subjects {
            Subjects::DefaultOnly => ("name", "default"),
            Subjects::AllServiceAccounts => ("kind", "ServiceAccount"),
            Subjects::None => return Ok(()),
        };
        let Some(subjects) = tree.get(root, "subjects") else {
            return Ok(());
        };
        let subjects: Vec<NodeId> = tree.items(subjects).collect();
        for subject in subjects {
            if tree.text_at(subject, &[field]) != Some(wanted) {
                continue;
            }
            let slot = match tree.get(subject, "namespace") {
                Some(slot) => slot,
                None => {
                    let made = tree.string("", tree.origin(subject));
                    tree.set(subject, "namespace", made)
                }
            };
            self.write(tree, slot)?;
        }
        Ok(())
    }
}

fn binds_roles(kind: &str) -> bool {
    matches!(kind, "RoleBinding" | "ClusterRoleBinding")
}
