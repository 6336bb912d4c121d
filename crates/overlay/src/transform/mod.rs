//! What changes objects: one function per transformer, in kustomize's order.

pub(crate) mod images;
pub(crate) mod labels;
pub(crate) mod names;
pub(crate) mod namespace;
pub(crate) mod replicas;
pub(crate) mod values;

use crate::build::{Layer, Target, Work};
use crate::config::{self, Config, Specs};
use crate::error::Result;
use crate::fields::FieldSpec;
use crate::history::StepKind;
use crate::id::Gvk;
use crate::kustomization::Labels;
use crate::{patch, provenance, replace, waiver};
use names::Affix;
use namespace::{Namespace, Subjects};
use std::borrow::Cow;
use windlass_yaml::Origin;

/// One layer at the time of its transformers.
pub(crate) struct Stage<'s, 'a> {
    pub(crate) layer: &'s mut Layer,
    pub(crate) target: &'s Target<'a>,
    pub(crate) work: &'s mut Work<'a>,
    /// Where the entry stands that is being carried out.
    entry: Origin,
}

/// A transformer of a kustomization's own fields.
type Step = fn(&mut Stage<'_, '_>) -> Result<()>;

/// The order of the fields (`kustomize: api/internal/target/kusttarget_configplugin.go`).
const ORDER: [Step; 12] = [
    patches_strategic_merge,
    patches,
    set_namespace,
    prefix,
    suffix,
    labels,
    common_labels,
    annotations,
    patches_json6902,
    replicas,
    images,
    replacements,
];

/// Runs the transformers of a kustomization's fields.
pub(crate) fn run<'a>(target: &Target<'a>, layer: &mut Layer, work: &mut Work<'a>) -> Result<()> {
    let mut stage = Stage {
        layer,
        target,
        work,
        entry: Origin::NONE,
    };
    for step in ORDER {
        let done = step(&mut stage);
        done.map_err(|error| error.through(stage.work.place(stage.entry)))?;
        stage.entry = Origin::NONE;
    }
    Ok(())
}

impl Stage<'_, '_> {
    /// Begins to carry out an entry.
    fn begin(&mut self, kind: StepKind, entry: Origin) {
        self.entry = entry;
        self.work.begin(kind, entry);
    }

    /// Notes that a transformer of this kind ran.
    fn ran(&mut self, kind: &str) {
        if let Some(by) = self.work.configured_by(self.target, kind) {
            provenance::record(self.layer.resources.iter_mut(), &by, &mut self.work.tree);
        }
        self.layer.resources.settle(&mut self.work.tree);
    }
}

fn patches_strategic_merge(stage: &mut Stage<'_, '_>) -> Result<()> {
    let patches = &stage.target.kustomization.patches_strategic_merge;
    if patches.is_empty() {
        return Ok(());
    }
    stage.begin(StepKind::Patch, patches[0].origin);
    patch::strategic_merge(
        patches,
        stage.target,
        &mut stage.layer.resources,
        stage.work,
    )?;
    stage.ran("PatchStrategicMergeTransformer");
    Ok(())
}

fn patches(stage: &mut Stage<'_, '_>) -> Result<()> {
    for entry in &stage.target.kustomization.patches {
        stage.begin(StepKind::Patch, entry.origin);
        patch::apply(entry, stage.target, &mut stage.layer.resources, stage.work)?;
        stage.ran("PatchTransformer");
    }
    Ok(())
}

fn set_namespace(stage: &mut Stage<'_, '_>) -> Result<()> {
    let namespace = &stage.target.kustomization.namespace;
    if namespace.value.is_empty() {
        return Ok(());
    }
    stage.begin(StepKind::Namespace, namespace.origin);
    let namespace = Namespace {
        name: namespace,
        specs: &stage.layer.config.namespace,
        unset_only: false,
        subjects: Subjects::default(),
    };
    let (tree, schema) = (&mut stage.work.tree, &stage.work.schema);
    namespace::set(&mut stage.layer.resources, tree, schema, &namespace)?;
    stage.ran("NamespaceTransformer");
    Ok(())
}

fn prefix(stage: &mut Stage<'_, '_>) -> Result<()> {
    let target = stage.target;
    stage.begin(StepKind::Prefix, target.kustomization.name_prefix.origin);
    let prefix = Affix::Prefix(&target.kustomization.name_prefix);
    affix(stage, prefix, "PrefixTransformer")
}

fn suffix(stage: &mut Stage<'_, '_>) -> Result<()> {
    let target = stage.target;
    stage.begin(StepKind::Suffix, target.kustomization.name_suffix.origin);
    let suffix = Affix::Suffix(&target.kustomization.name_suffix);
    affix(stage, suffix, "SuffixTransformer")
}

fn affix(stage: &mut Stage<'_, '_>, affix: Affix<'_>, transformer: &str) -> Result<()> {
    if affix.is_empty() {
        return Ok(());
    }
    let specs = match affix {
        Affix::Prefix(_) => &stage.layer.config.name_prefix,
        Affix::Suffix(_) => &stage.layer.config.name_suffix,
    };
    let (tree, schema) = (&mut stage.work.tree, &stage.work.schema);
    names::affix(&mut stage.layer.resources, tree, schema, affix, specs)?;
    stage.ran(transformer);
    Ok(())
}

fn labels(stage: &mut Stage<'_, '_>) -> Result<()> {
    for entry in &stage.target.kustomization.labels {
        stage.begin(StepKind::Labels, entry.origin);
        let specs = label_specs(entry, &stage.layer.config)?;
        let pairs = labels::pairs(&entry.pairs);
        labels::add(
            stage.layer.resources.iter_mut(),
            &mut stage.work.tree,
            &pairs,
            &specs,
        )?;
        stage.ran("LabelTransformer");
    }
    Ok(())
}

/// The fields that an entry of `labels` is for.
fn label_specs(entry: &Labels, config: &Config) -> Result<Specs> {
    let own = entry.fields.iter().cloned().map(FieldSpec::from).collect();
    let mut specs: Specs = Cow::Owned(own);
    config::merge_specs(&mut specs, &config.more_labels)?;
    if entry.include_selectors {
        config::merge_specs(&mut specs, &config.labels)?;
        return Ok(specs);
    }
    if entry.include_templates {
        let of_claims = |spec: &FieldSpec| config.claim_labels.contains(spec);
        let mut templates = config.template_labels.clone();
        if entry.include_volume_claim_templates.is_some() {
            templates.to_mut().retain(|spec| !of_claims(spec));
        }
        config::merge_specs(&mut specs, &templates)?;
    }
    if entry.include_volume_claim_templates == Some(true) {
        config::merge_specs(&mut specs, &config.claim_labels)?;
    }
    let metadata = FieldSpec::known(Gvk::default(), "metadata/labels", true);
    config::merge_specs(&mut specs, &Cow::Owned(vec![metadata]))?;
    Ok(specs)
}

fn common_labels(stage: &mut Stage<'_, '_>) -> Result<()> {
    let kustomization = &stage.target.kustomization;
    let pairs = labels::pairs(&kustomization.common_labels);
    // Behind `labels` kustomize runs this one too, with nothing to do.
    if pairs.is_empty() && kustomization.labels.is_empty() {
        return Ok(());
    }
    stage.begin(
        StepKind::Labels,
        pairs.first().map_or(Origin::NONE, |pair| pair.origin),
    );
    let specs = &stage.layer.config.labels;
    labels::add(
        stage.layer.resources.iter_mut(),
        &mut stage.work.tree,
        &pairs,
        specs,
    )?;
    stage.ran("LabelTransformer");
    Ok(())
}

fn annotations(stage: &mut Stage<'_, '_>) -> Result<()> {
    let pairs = labels::pairs(&stage.target.kustomization.common_annotations);
    if pairs.is_empty() {
        return Ok(());
    }
    stage.begin(
        StepKind::Annotations,
        pairs.first().map_or(Origin::NONE, |pair| pair.origin),
    );
    let specs = &stage.layer.config.annotations;
    labels::add(
        stage.layer.resources.iter_mut(),
        &mut stage.work.tree,
        &pairs,
        specs,
    )?;
    stage.ran("AnnotationsTransformer");
    Ok(())
}

fn patches_json6902(stage: &mut Stage<'_, '_>) -> Result<()> {
    for entry in &stage.target.kustomization.patches_json6902 {
        stage.begin(StepKind::Patch, entry.origin);
        patch::json6902(entry, stage.target, &mut stage.layer.resources, stage.work)?;
        stage.ran("PatchJson6902Transformer");
    }
    Ok(())
}

fn replicas(stage: &mut Stage<'_, '_>) -> Result<()> {
    for entry in &stage.target.kustomization.replicas {
        let (replica, origin) = (&entry.value, entry.origin);
        stage.begin(StepKind::Replicas, origin);
        let specs = &stage.layer.config.replicas;
        let (resources, tree) = (&stage.layer.resources, &mut stage.work.tree);
        replicas::set(
            resources,
            tree,
            &replica.name,
            &replica.count,
            specs,
            origin,
        )?;
        stage.ran("ReplicaCountTransformer");
    }
    Ok(())
}

fn images(stage: &mut Stage<'_, '_>) -> Result<()> {
    for entry in stage.target.kustomization.images() {
        stage.begin(StepKind::Images, entry.origin);
        let specs = &stage.layer.config.images;
        let (resources, tree) = (&stage.layer.resources, &mut stage.work.tree);
        let matched = images::update(resources, tree, &entry.value, specs)?;
        if matched == 0 {
            let message = format!("no image is called `{}`", entry.value.name);
            stage.work.warn(waiver::UNUSED_IMAGE, message, entry.origin);
        }
        stage.ran("ImageTagTransformer");
    }
    Ok(())
}

fn replacements(stage: &mut Stage<'_, '_>) -> Result<()> {
    let replacements = &stage.target.kustomization.replacements;
    if replacements.is_empty() {
        return Ok(());
    }
    replace::apply(
        replacements,
        stage.target,
        &mut stage.layer.resources,
        stage.work,
    )?;
    stage.ran("ReplacementTransformer");
    Ok(())
}
