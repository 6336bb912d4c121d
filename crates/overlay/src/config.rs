//! The field specs in force: the built-in ones and what `configurations` and `crds` add.

use crate::defaults;
use crate::error::{Error, ErrorKind, Result};
use crate::fields::{FieldSpec, NameReference};
use std::borrow::Cow;

/// The fields that each transformer changes.
///
/// Every layer of a build adds to what its bases brought (`kustomize:
/// api/internal/accumulator/resaccumulator.go`, `MergeConfig`).
#[derive(Debug, Clone)]
pub(crate) struct Config {
    pub(crate) name_prefix: Specs,
    pub(crate) name_suffix: Specs,
    pub(crate) namespace: Specs,
    pub(crate) labels: Specs,
    pub(crate) template_labels: Specs,
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

impl Default for Config {
    fn default() -> Self {
        Self {
            name_prefix: Cow::Borrowed(defaults::NAMES),
            name_suffix: Cow::Borrowed(defaults::NAMES),
            namespace: Cow::Borrowed(defaults::NAMESPACE),
            labels: Cow::Borrowed(defaults::LABELS),
            template_labels: Cow::Borrowed(defaults::TEMPLATE_LABELS),
            annotations: Cow::Borrowed(defaults::ANNOTATIONS),
            images: Cow::Borrowed(defaults::IMAGES),
            replicas: Cow::Borrowed(defaults::REPLICAS),
            variables: Cow::Borrowed(defaults::VARIABLES),
            name_references: Cow::Borrowed(defaults::NAME_REFERENCES),
        }
    }
}

impl Config {
    /// Adds what `other` has more.
    pub(crate) fn merge(&mut self, other: &Self) -> Result<()> {
        merge_specs(&mut self.name_prefix, &other.name_prefix)?;
        merge_specs(&mut self.name_suffix, &other.name_suffix)?;
        merge_specs(&mut self.namespace, &other.namespace)?;
        merge_specs(&mut self.labels, &other.labels)?;
        merge_specs(&mut self.template_labels, &other.template_labels)?;
        merge_specs(&mut self.annotations, &other.annotations)?;
        merge_specs(&mut self.images, &other.images)?;
        merge_specs(&mut self.replicas, &other.replicas)?;
        merge_specs(&mut self.variables, &other.variables)?;
        merge_references(&mut self.name_references, &other.name_references)
    }
}

/// Adds the specs that are not there; one that is there with another `create` is a conflict.
pub(crate) fn merge_specs(into: &mut Specs, more: &Specs) -> Result<()> {
    if std::ptr::eq(into.as_ptr(), more.as_ptr()) {
        return Ok(());
    }
    more.iter().try_for_each(|spec| add_spec(into, spec))
}

fn add_spec(into: &mut Specs, spec: &FieldSpec) -> Result<()> {
    match into.iter().find(|known| known.is_like(spec)) {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::Gvk;

    fn spec(kind: &'static str, create: bool) -> FieldSpec {
        FieldSpec::known(Gvk::known("", "", kind), "spec/image", create)
    }

    #[test]
    fn what_is_there_is_not_added_twice() {
        let mut config = Config::default();
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
    fn a_spec_that_is_created_and_not_created_is_refused() {
        let mut specs = Cow::Owned(vec![spec("App", true)]);
        let error = merge_specs(&mut specs, &Cow::Owned(vec![spec("App", false)])).unwrap_err();
        insta::assert_snapshot!(error, @"the field `spec/image` is configured both with and without `create`");
    }
}
