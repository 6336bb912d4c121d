//! The field specs in force: the built-in ones and what `configurations` and `crds` add.
//!
//! kustomize merges these lists in an order of its own, which decides which of two overlapping
//! specs stays (`kustomize: api/internal/plugins/builtinconfig/transformerconfig.go`).

use crate::build::Work;
use crate::defaults;
use crate::error::{Error, ErrorKind, Result};
use crate::fields::{FieldSpec, NameReference, is_null};
use crate::id::Gvk;
use crate::kustomization::Field;
use crate::order;
use crate::read::{self, Fields};
use serde::Deserialize;
use std::borrow::Cow;
use std::sync::Arc;
use windlass_yaml::Source;

/// The fields that each transformer changes.
///
/// Every layer of a build adds to what its bases brought (`kustomize:
/// api/internal/accumulator/resaccumulator.go`, `MergeConfig`).
#[derive(Debug, Clone, Default)]
pub(crate) struct Config {
    pub(crate) name_prefix: Specs,
    pub(crate) name_suffix: Specs,
    pub(crate) namespace: Specs,
    /// Of `commonLabels`, and of `labels` with selectors.
    pub(crate) labels: Specs,
    /// Of every entry of `labels` besides.
    pub(crate) more_labels: Specs,
    pub(crate) template_labels: Specs,
    /// Of `labels` with `includeVolumeClaimTemplates`.
    pub(crate) claim_labels: Specs,
    pub(crate) annotations: Specs,
    pub(crate) images: Specs,
    pub(crate) replicas: Specs,
    pub(crate) variables: Specs,
    pub(crate) name_references: References,
}

/// A list of field specs, the built-in ones unless something was added.
pub(crate) type Specs = Cow<'static, [FieldSpec]>;

/// A list of name references, the built-in ones unless something was added.
pub(crate) type References = Cow<'static, [NameReference]>;

impl Config {
    /// The fields that kustomize changes by itself.
    pub(crate) fn built_in() -> Self {
        Self {
            name_prefix: Cow::Borrowed(defaults::NAMES),
            name_suffix: Cow::Borrowed(defaults::NAMES),
            namespace: Cow::Borrowed(defaults::NAMESPACE),
            labels: Cow::Borrowed(defaults::LABELS),
            more_labels: Cow::Borrowed(&[]),
            template_labels: Cow::Borrowed(defaults::TEMPLATE_LABELS),
            claim_labels: Cow::Borrowed(defaults::CLAIM_LABELS),
            annotations: Cow::Borrowed(defaults::ANNOTATIONS),
            images: Cow::Borrowed(defaults::IMAGES),
            replicas: Cow::Borrowed(defaults::REPLICAS),
            variables: Cow::Borrowed(defaults::VARIABLES),
            name_references: Cow::Borrowed(defaults::NAME_REFERENCES),
        }
    }

    /// Adds what `other` has more.
    pub(crate) fn merge(&mut self, other: &Self) -> Result<()> {
        let pairs = [
            (&mut self.name_prefix, &other.name_prefix),
            (&mut self.name_suffix, &other.name_suffix),
            (&mut self.namespace, &other.namespace),
            (&mut self.labels, &other.labels),
            (&mut self.more_labels, &other.more_labels),
            (&mut self.template_labels, &other.template_labels),
            (&mut self.claim_labels, &other.claim_labels),
            (&mut self.annotations, &other.annotations),
            (&mut self.images, &other.images),
            (&mut self.replicas, &other.replicas),
            (&mut self.variables, &other.variables),
        ];
        for (mine, theirs) in pairs {
            merge_specs(mine, theirs)?;
            sort_owned(mine, |spec| &spec.gvk);
        }
        merge_references(&mut self.name_references, &other.name_references)?;
        sort_owned(&mut self.name_references, |reference| &reference.gvk);
        Ok(())
    }
}

/// Sorts a list; the built-in ones are sorted already.
fn sort_owned<T: Clone>(list: &mut Cow<'static, [T]>, gvk: impl Fn(&T) -> &Gvk) {
    if let Cow::Owned(list) = list {
        order::sort_by_gvk(list, gvk);
    }
}

/// Adds the specs that are not there. A spec is there if one of the same field is, for the same
/// kinds or for fewer of them; with another `create` that is a conflict
/// (`kustomize: api/types/fieldspec.go`).
pub(crate) fn merge_specs(into: &mut Specs, more: &Specs) -> Result<()> {
    if into.is_empty() && matches!(more, Cow::Borrowed(_)) {
        more.clone_into(into);
    }
    if std::ptr::eq(into.as_ptr(), more.as_ptr()) {
        return Ok(());
    }
    more.iter().try_for_each(|spec| add_spec(into, spec))
}

fn add_spec(into: &mut Specs, spec: &FieldSpec) -> Result<()> {
    match into.iter().find(|known| known.stands_for(spec)) {
        None => into.to_mut().push(spec.clone()),
        Some(known) if known.create == spec.create => {}
        Some(_) => {
            let path = &spec.path;
            let message =
                format!("the field `{path}` is configured both with and without `create`");
            return Err(Error::new(ErrorKind::Config, message));
        }
    }
    Ok(())
}

fn merge_references(into: &mut References, more: &References) -> Result<()> {
    if into.is_empty() {
        more.clone_into(into);
    }
    if std::ptr::eq(into.as_ptr(), more.as_ptr()) {
        return Ok(());
    }
    for reference in more.iter() {
        match into.iter().position(|known| known.gvk == reference.gvk) {
            None => into.to_mut().push(reference.clone()),
            Some(at) if into[at] == *reference => {}
            Some(at) => merge_specs(&mut into.to_mut()[at].fields, &reference.fields)?,
        }
    }
    Ok(())
}

/// A file of `configurations`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
struct File {
    name_prefix: Vec<Field>,
    name_suffix: Vec<Field>,
    namespace: Vec<Field>,
    common_labels: Vec<Field>,
    labels: Vec<Field>,
    template_labels: Vec<Field>,
    volume_claim_template_labels: Vec<Field>,
    common_annotations: Vec<Field>,
    name_reference: Vec<Reference>,
    var_reference: Vec<Field>,
    images: Vec<Field>,
    replicas: Vec<Field>,
}

/// The fields that name objects of a kind.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
struct Reference {
    group: String,
    version: String,
    kind: String,
    field_specs: Vec<Field>,
}

/// What a file of `configurations` adds.
pub(crate) fn read(source: Arc<Source>, work: &mut Work<'_>) -> Result<Config> {
    let tree = &mut work.tree;
    let Some(root) = read::settings(tree, source)?.filter(|&root| !is_null(tree, root)) else {
        return Ok(Config::default());
    };
    let file: File = read::decode_with(tree, root, Fields::Known, &mut work.warnings)?;
    let specs = |fields: Vec<Field>| -> Specs { fields.into_iter().map(FieldSpec::from).collect() };
    let reference = |reference: Reference| NameReference {
        gvk: Gvk {
            group: reference.group.into(),
            version: reference.version.into(),
            kind: reference.kind.into(),
        },
        fields: specs(reference.field_specs),
    };
    Ok(Config {
        name_prefix: specs(file.name_prefix),
        name_suffix: specs(file.name_suffix),
        namespace: specs(file.namespace),
        labels: specs(file.common_labels),
        more_labels: specs(file.labels),
        template_labels: specs(file.template_labels),
        claim_labels: specs(file.volume_claim_template_labels),
        annotations: specs(file.common_annotations),
        images: specs(file.images),
        replicas: specs(file.replicas),
        variables: specs(file.var_reference),
        name_references: file.name_reference.into_iter().map(reference).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::Gvk;

    fn spec(kind: &'static str, create: bool) -> FieldSpec {
        FieldSpec::known(Gvk::known("", "", kind), "spec/image", create)
    }

    #[test]
    fn what_is_there_is_not_added_twice() {
        let mut config = Config::built_in();
        let before = config.images.len();
        let more = Config {
            images: Cow::Owned(vec![spec("App", true)]),
            ..Config::default()
        };
        config.merge(&more).unwrap();
        config.merge(&more).unwrap();
        assert_eq!(config.images.len(), before + 1);
    }

    #[test]
    fn a_spec_for_some_kinds_keeps_out_one_for_all() {
        let mut specs = Cow::Owned(vec![spec("App", true)]);
        merge_specs(
            &mut specs,
            &Cow::Owned(vec![spec("", true), spec("Web", true)]),
        )
        .unwrap();
        assert_eq!(*specs, [spec("App", true), spec("Web", true)]);
    }

    /// Merging takes the built-in lists as they are, which this makes right.
    #[test]
    fn the_built_in_lists_are_sorted_and_merge_to_themselves() {
        let owned = |specs: &Specs| Cow::Owned(specs.to_vec());
        let built_in = Config::built_in();
        for specs in [
            &built_in.name_prefix,
            &built_in.namespace,
            &built_in.labels,
            &built_in.template_labels,
            &built_in.claim_labels,
            &built_in.annotations,
            &built_in.images,
            &built_in.replicas,
            &built_in.variables,
        ] {
            let mut merged = Cow::Owned(Vec::new());
            merge_specs(&mut merged, &owned(specs)).unwrap();
            sort_owned(&mut merged, |spec| &spec.gvk);
            assert_eq!(merged, *specs);
        }
        let mut references: References = Cow::Owned(built_in.name_references.to_vec());
        sort_owned(&mut references, |reference| &reference.gvk);
        assert_eq!(references, built_in.name_references);
    }

    #[test]
    fn a_spec_that_is_created_and_not_created_is_refused() {
        let mut specs = Cow::Owned(vec![spec("App", true)]);
        let error = merge_specs(&mut specs, &Cow::Owned(vec![spec("App", false)])).unwrap_err();
        insta::assert_snapshot!(error, @"the field `spec/image` is configured both with and without `create`");
    }
}
