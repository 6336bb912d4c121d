//! How the fields of the output came about: the steps of a build, and what each of them changed.
//!
//! The tree remembers what its nodes were (see [`windlass_yaml::Tree::begin_step`]); here stands
//! what the steps were. Nothing is kept unless [`Options::history`](crate::Options) asks for it.

use crate::build::Work;
use std::fmt;
use windlass_fault::Location;
use windlass_yaml::{Kind, NodeId, Origin, Tree};

/// What a step of a build does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StepKind {
    /// Reads objects from a file.
    Read,
    /// Makes a ConfigMap or Secret, or merges one into another.
    Generator,
    /// Inflates a chart.
    Chart,
    /// Applies a patch of either form.
    Patch,
    /// Sets the namespace.
    Namespace,
    /// Puts a prefix before names.
    Prefix,
    /// Puts a suffix behind names.
    Suffix,
    /// Adds labels.
    Labels,
    /// Adds annotations.
    Annotations,
    /// Sets the number of replicas.
    Replicas,
    /// Changes an image.
    Images,
    /// Copies a value from one object into others.
    Replacement,
    /// Runs a transformer that an object configures.
    Transformer,
    /// Ends the name of a generated object in a hash of its content.
    Hash,
    /// Lets a reference follow the name that it means.
    Reference,
    /// Puts in the values of variables.
    Variable,
    /// Finishes the object for the output, `buildMetadata` included.
    Finish,
}

impl StepKind {
    /// The word for it: the field of a kustomization where there is one.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Read => "resources",
            Self::Generator => "generator",
            Self::Chart => "helmCharts",
            Self::Patch => "patch",
            Self::Namespace => "namespace",
            Self::Prefix => "namePrefix",
            Self::Suffix => "nameSuffix",
            Self::Labels => "labels",
            Self::Annotations => "commonAnnotations",
            Self::Replicas => "replicas",
            Self::Images => "images",
            Self::Replacement => "replacement",
            Self::Transformer => "transformer",
            Self::Hash => "name hash",
            Self::Reference => "name reference",
            Self::Variable => "vars",
            Self::Finish => "buildMetadata",
        }
    }
}

impl fmt::Display for StepKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// One step of a build.
#[derive(Debug, Clone, Copy)]
struct Step {
    kind: StepKind,
    /// The entry of a kustomization that asks for it.
    entry: Origin,
}

/// The steps of a build, in their order.
#[derive(Debug, Default)]
pub(crate) struct History {
    steps: Vec<Step>,
}

impl Work<'_> {
    /// Begins a step, which an entry of a kustomization asks for.
    pub(crate) fn begin(&mut self, kind: StepKind, entry: Origin) {
        if self.options.history {
            self.tree.begin_step();
            self.history.steps.push(Step { kind, entry });
        }
    }
}

/// One thing that happened to a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// What was done.
    pub kind: StepKind,
    /// The entry of a kustomization that asks for it, where there is one.
    pub entry: Option<Location>,
    /// Where the value was written that the field got by it.
    pub place: Option<Location>,
    /// The value before; nothing where the field was made.
    pub before: Option<String>,
    /// The value after.
    pub after: String,
}

impl History {
    /// All that happened to a node, oldest first.
    pub(crate) fn of(&self, tree: &Tree, node: NodeId) -> Vec<Change> {
        let mut before = None;
        let mut changes = Vec::new();
        for version in tree.versions(node) {
            let Some(step) = self.steps.get(version.step) else {
                continue;
            };
            let after = as_read(version.kind, version.text);
            changes.push(Change {
                kind: step.kind,
                entry: tree.locate(step.entry),
                place: tree.locate(version.origin),
                before: before.replace(after.clone()),
                after,
            });
        }
        changes
    }
}

/// A value as a person reads it.
pub(crate) fn shown(tree: &Tree, node: NodeId) -> String {
    as_read(tree.kind(node), tree.text(node))
}

fn as_read(kind: Kind, text: &str) -> String {
    match kind {
        Kind::Scalar => text.to_owned(),
        Kind::Map => "{…}".to_owned(),
        Kind::Seq => "[…]".to_owned(),
    }
}
