//! Generators, transformers and validators that are configured by objects: in a file, in a
//! folder, or inline.

use crate::build::{Layer, Target, Work};
use crate::error::{Error, ErrorKind, Result};
use crate::fields::FieldSpec;
use crate::history::StepKind;
use crate::kustomization::{
    Field, Generator, HelmChart, HelmGlobals, Image, Pairs, Patch, PatchOptions, Replica,
};
use crate::provenance::{ConfiguredBy, Provenance};
use crate::read::{self, Fields};
use crate::resource::Resource;
use crate::resources::Resources;
use crate::select::{Matcher, Selector};
use crate::transform::labels::Pair;
use crate::transform::names::Affix;
use crate::transform::namespace::{Namespace, Subjects};
use crate::transform::{images, labels, names, namespace, replicas, values};
use crate::{function, generate, helm, patch, provenance, replace};
use serde::Deserialize;
use windlass_fault::nearest;
use windlass_yaml::{NodeId, Origin, Spanned, Tree};

/// The `apiVersion` of what kustomize itself can do.
pub(crate) const BUILTIN: &str = "builtin";

/// The fields that the configurations of transformers have; each kind reads its own.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Settings {
    metadata: Metadata,
    field_specs: Option<Vec<Field>>,
    annotations: Pairs,
    labels: Pairs,
    image_tag: Image,
    prefix: Spanned<String>,
    suffix: Spanned<String>,
    replica: Replica,
    replacements: Vec<Spanned<replace::Replacement>>,
    unset_only: bool,
    set_role_binding_subjects: String,
    path: Option<Spanned<String>>,
    patch: Option<Spanned<String>>,
    json_op: Option<Spanned<String>>,
    target: Option<Spanned<Selector>>,
    options: PatchOptions,
    paths: Vec<Spanned<String>>,
    patches: Option<Spanned<String>>,
    value: Spanned<String>,
    targets: Vec<AddTarget>,
    target_file_path: Option<Spanned<String>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Metadata {
    namespace: Spanned<String>,
}

/// Where a `ValueAddTransformer` puts its value.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct AddTarget {
    pub(crate) selector: Option<Selector>,
    pub(crate) field_path: String,
    pub(crate) file_path_position: usize,
}

/// Runs the generators that a kustomization names.
pub(crate) fn generate<'a>(
    target: &Target<'a>,
    layer: &mut Layer,
    work: &mut Work<'a>,
) -> Result<()> {
    for (configuration, entry) in configurations(&target.kustomization.generators, target, work)? {
        work.begin(StepKind::Generator, entry);
        let place = work.place(configuration.origin(&work.tree));
        let made = generated(&configuration, target, work);
        let made = made.map_err(|error| error.through(place));
        let mut made = made.map_err(|error| error.through(work.place(entry)))?;
        let by = configured_by(&configuration, work);
        for resource in &mut made {
            resource.provenance = resource.provenance.take().or_else(|| by.clone());
        }
        layer
            .resources
            .absorb_all(made, &mut work.tree, &work.schema)?;
    }
    Ok(())
}

/// Runs the transformers that a kustomization names.
pub(crate) fn transform<'a>(
    target: &Target<'a>,
    layer: &mut Layer,
    work: &mut Work<'a>,
) -> Result<()> {
    for (configuration, entry) in configurations(&target.kustomization.transformers, target, work)?
    {
        work.begin(StepKind::Transformer, entry);
        let done = run(&configuration, target, &mut layer.resources, work);
        done.map_err(|error| error.through(work.place(entry)))?;
        if let Some(by) = configured_by(&configuration, work) {
            provenance::record(layer.resources.iter_mut(), &by, &mut work.tree);
        }
        layer.resources.settle(&mut work.tree);
    }
    Ok(())
}

/// Runs the validators that a kustomization names; they may refuse, and change nothing but a
/// label that says they ran.
pub(crate) fn validate<'a>(
    target: &Target<'a>,
    layer: &mut Layer,
    work: &mut Work<'a>,
) -> Result<()> {
    for (configuration, entry) in configurations(&target.kustomization.validators, target, work)? {
        let before = printed(&layer.resources, work)?;
        let done = run(&configuration, target, &mut layer.resources, work);
        done.map_err(|error| error.through(work.place(entry)))?;
        for resource in layer.resources.iter() {
            forget_validation(resource, work);
        }
        if printed(&layer.resources, work)? != before {
            let kind = configuration.kind(&work.tree);
            let message = format!("the validator `{kind}` changes objects");
            let place = work.place(configuration.origin(&work.tree));
            return Err(Error::new(ErrorKind::Config, message)
                .at(place)
                .hint("name it under `transformers`".to_owned()));
        }
    }
    Ok(())
}

fn printed(resources: &Resources, work: &Work<'_>) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    for resource in resources.iter() {
        work.tree
            .emit(resource.root, &mut out)
            .map_err(read::malformed)?;
    }
    Ok(out)
}

fn forget_validation(resource: &Resource, work: &mut Work<'_>) {
    let tree = &mut work.tree;
    if let Some(labels) = tree.lookup(resource.root, &["metadata", "labels"]) {
        tree.remove_key(labels, "validated-by");
    }
}

/// The objects that the entries hold or lead to, inline ones first, each with its entry's place.
fn configurations<'a>(
    entries: &[Spanned<String>],
    target: &Target<'a>,
    work: &mut Work<'a>,
) -> Result<Vec<(Resource, Origin)>> {
    let mut layer = Layer::default();
    let mut origins = Vec::new();
    let mut paths = Vec::new();
    for entry in entries {
        // A path is a YAML scalar, and no object.
        let source = read::inline_source(&work.tree, entry);
        match read::objects(&mut work.tree, source) {
            Ok(found) => {
                for mut resource in found {
                    let file = target.provenance.join(target.file);
                    resource.provenance = work.tracks_provenance.then_some(file);
                    layer.resources.push(resource);
                    origins.push(entry.origin);
                }
            }
            Err(_) if !entry.value.contains('\n') => paths.push(entry),
            Err(error) => return Err(error),
        }
    }
    for path in paths {
        let added = work.add(target, path, &mut layer);
        added.map_err(|error| error.through(work.place(path.origin)))?;
        origins.resize(layer.resources.iter().len(), path.origin);
    }
    layer.resources.refuse_conflicts(&work.tree, &work.schema)?;
    Ok(layer.resources.take().into_iter().zip(origins).collect())
}

/// Who made or changed an object, for `buildMetadata`.
fn configured_by(configuration: &Resource, work: &Work<'_>) -> Option<Provenance> {
    let tree = &work.tree;
    let by = ConfiguredBy {
        api_version: configuration.api_version(tree).to_owned(),
        kind: configuration.kind(tree).to_owned(),
        name: configuration.name(tree).to_owned(),
        namespace: configuration.namespace(tree).to_owned(),
    };
    let at = configuration.provenance.clone()?;
    Some(at.configuring(by))
}

fn generated<'a>(
    configuration: &Resource,
    target: &Target<'a>,
    work: &mut Work<'a>,
) -> Result<Vec<Resource>> {
    let kind = configuration.kind(&work.tree).to_owned();
    match (configuration.api_version(&work.tree), &*kind) {
        (BUILTIN, "ConfigMapGenerator" | "SecretGenerator") => {
            let mut entry: Generator = decode(configuration, work)?;
            if entry.name.is_empty() {
                entry.name = configuration.text(&work.tree, &["metadata", "name"]);
            }
            if entry.namespace.is_empty() {
                entry.namespace = configuration.text(&work.tree, &["metadata", "namespace"]);
            }
            let origin = configuration.origin(&work.tree);
            let none = generate::Options::default();
            let request = entry.request(kind == "SecretGenerator", origin, &none, &work.tree)?;
            Ok(vec![work.generated(&request, target)?])
        }
        (BUILTIN, "IAMPolicyGenerator") => Ok(vec![service_account(configuration, work)?]),
        (BUILTIN, "HelmChartInflationGenerator") => {
            let chart: HelmChart = decode(configuration, work)?;
            let globals: HelmGlobals = decode(configuration, work)?;
            let origin = configuration.origin(&work.tree);
            helm::inflate(chart, &globals, origin, target, work)
        }
        (BUILTIN, other) => Err(unknown("generator", other, GENERATORS)),
        _ => {
            let made = function::run(configuration, &Resources::default(), target, work)?;
            function::take_options(made, &mut work.tree)
        }
    }
}

/// Reads a configuration. kustomize prints it first, which refuses what cannot be printed.
fn decode<T: serde::de::DeserializeOwned>(configuration: &Resource, work: &Work<'_>) -> Result<T> {
    let printed = work.tree.emit(configuration.root, &mut Vec::new());
    printed.map_err(read::malformed)?;
    read::decode(&work.tree, configuration.root, Fields::Any)
}

/// The generators that are built in.
const GENERATORS: &[&str] = &[
    "ConfigMapGenerator",
    "HelmChartInflationGenerator",
    "IAMPolicyGenerator",
    "SecretGenerator",
];

/// The transformers that are built in.
const TRANSFORMERS: &[&str] = &[
    "AnnotationsTransformer",
    "HashTransformer",
    "ImageTagTransformer",
    "LabelTransformer",
    "NamespaceTransformer",
    "PatchJson6902Transformer",
    "PatchStrategicMergeTransformer",
    "PatchTransformer",
    "PrefixSuffixTransformer",
    "PrefixTransformer",
    "ReplacementTransformer",
    "ReplicaCountTransformer",
    "SuffixTransformer",
    "ValueAddTransformer",
];

fn unknown(what: &str, kind: &str, known: &[&str]) -> Error {
    let message = format!("there is no built-in {what} `{kind}`");
    let near = nearest(kind, known.iter().copied());
    Error::new(ErrorKind::Config, message).hint(near.map(|near| format!("did you mean `{near}`?")))
}

/// A `ServiceAccount` bound to an account of Google's cloud
/// (`kustomize: api/internal/builtins/IAMPolicyGenerator.go`).
fn service_account(configuration: &Resource, work: &mut Work<'_>) -> Result<Resource> {
    #[derive(Default, Deserialize)]
    #[serde(default, rename_all = "camelCase")]
    struct Policy {
        cloud: String,
        kubernetes_service: Account,
        service_account: Account,
    }
    #[derive(Default, Deserialize)]
    #[serde(default, rename_all = "camelCase")]
    struct Account {
        name: Spanned<String>,
        namespace: Spanned<String>,
        project_id: String,
    }
    let policy: Policy = decode(configuration, work)?;
    if policy.cloud != "gke" {
        let message = format!("`{}` is no cloud of the IAMPolicyGenerator", policy.cloud);
        return Err(Error::new(ErrorKind::Generator, message).hint("it is `gke`".to_owned()));
    }
    let (kubernetes, google) = (&policy.kubernetes_service, &policy.service_account);
    let at = configuration.origin(&work.tree);
    let tree = &mut work.tree;
    let root = tree.map(at);
    let resource = Resource::new(root);
    let put = |tree: &mut Tree, map: NodeId, key: &str, value: &str| {
        let value = tree.string(value, at);
        tree.add(map, key, value);
    };
    put(tree, root, "apiVersion", "v1");
    put(tree, root, "kind", "ServiceAccount");
    resource.set_name(tree, &kubernetes.name)?;
    resource.set_namespace(tree, &kubernetes.namespace)?;
    let metadata = resource.metadata(tree)?;
    let annotations = tree.map(at);
    tree.add(metadata, "annotations", annotations);
    let account = format!(
        "{}@{}.iam.gserviceaccount.com",
        google.name.value, google.project_id
    );
    put(
        tree,
        annotations,
        "iam.gke.io/gcp-service-account",
        &account,
    );
    Ok(resource)
}

/// Runs one transformer.
fn run<'a>(
    configuration: &Resource,
    target: &Target<'a>,
    resources: &mut Resources,
    work: &mut Work<'a>,
) -> Result<()> {
    let place = work.place(configuration.origin(&work.tree));
    let kind = configuration.kind(&work.tree).to_owned();
    if configuration.api_version(&work.tree) != BUILTIN {
        let printed = function::run(configuration, resources, target, work);
        let replaced = printed.and_then(|printed| function::replace(resources, printed, work));
        return replaced.map_err(|error| error.through(place));
    }
    let settings: Settings = decode(configuration, work)?;
    let origin = configuration.origin(&work.tree);
    let mut plugin = Plugin {
        settings,
        origin,
        target,
        resources,
        work,
    };
    plugin.run(&kind).map_err(|error| error.through(place))
}

/// A built-in transformer that is configured by an object.
struct Plugin<'p, 'a> {
    settings: Settings,
    origin: Origin,
    target: &'p Target<'a>,
    resources: &'p mut Resources,
    work: &'p mut Work<'a>,
}

impl Plugin<'_, '_> {
    fn run(&mut self, kind: &str) -> Result<()> {
        match kind {
            "AnnotationsTransformer" => self.put(&labels::pairs(&self.settings.annotations)),
            "LabelTransformer" => self.put(&labels::pairs(&self.settings.labels)),
            "HashTransformer" => self.work.add_hashes(self.resources),
            "ImageTagTransformer" => self.image(),
            "NamespaceTransformer" => self.namespace(),
            "PatchJson6902Transformer" => self.json6902(),
            "PatchStrategicMergeTransformer" => self.strategic_merge(),
            "PatchTransformer" => self.patch(),
            "PrefixTransformer" => self.affix(true, false),
            "SuffixTransformer" => self.affix(false, true),
            "PrefixSuffixTransformer" => self.affix(true, true),
            "ReplacementTransformer" => {
                let replacements = std::mem::take(&mut self.settings.replacements);
                replace::apply(&replacements, self.target, self.resources, self.work)
            }
            "ReplicaCountTransformer" => self.replicas(),
            "ValueAddTransformer" => self.add_value(),
            other => Err(unknown("transformer", other, TRANSFORMERS)),
        }
    }

    fn specs(&self) -> Vec<FieldSpec> {
        let specs = self.settings.field_specs.iter().flatten();
        specs.cloned().map(FieldSpec::from).collect()
    }

    fn put(&mut self, pairs: &[Pair]) -> Result<()> {
        let specs = self.specs();
        labels::add(
            self.resources.iter_mut(),
            &mut self.work.tree,
            pairs,
            &specs,
        )
    }

    fn image(&mut self) -> Result<()> {
        let (image, specs) = (&self.settings.image_tag, self.specs());
        images::update(self.resources, &mut self.work.tree, image, &specs).map(|_| ())
    }

    fn namespace(&mut self) -> Result<()> {
        let subjects = match &*self.settings.set_role_binding_subjects {
            "" | "defaultOnly" => Subjects::DefaultOnly,
            "allServiceAccounts" => Subjects::AllServiceAccounts,
            "none" => Subjects::None,
            other => {
                let message = format!("`{other}` is no value of `setRoleBindingSubjects`");
                let hint = "it is `defaultOnly`, `allServiceAccounts` or `none`".to_owned();
                return Err(Error::new(ErrorKind::Config, message).hint(hint));
            }
        };
        let namespace = Namespace {
            name: &self.settings.metadata.namespace,
            specs: &self.specs(),
            unset_only: self.settings.unset_only,
            subjects,
        };
        let (tree, schema) = (&mut self.work.tree, &self.work.schema);
        namespace::set(self.resources, tree, schema, &namespace)
    }

    fn affix(&mut self, prefix: bool, suffix: bool) -> Result<()> {
        if self.settings.field_specs.is_none() {
            let hint = "list the fields to change, such as `- path: metadata/name`".to_owned();
            return Err(Error::new(ErrorKind::Config, "`fieldSpecs` are missing").hint(hint));
        }
        let specs = self.specs();
        let (tree, schema) = (&mut self.work.tree, &self.work.schema);
        if prefix {
            let affix = Affix::Prefix(&self.settings.prefix);
            names::affix(self.resources, tree, schema, affix, &specs)?;
        }
        if suffix {
            let affix = Affix::Suffix(&self.settings.suffix);
            names::affix(self.resources, tree, schema, affix, &specs)?;
        }
        Ok(())
    }

    fn replicas(&mut self) -> Result<()> {
        let Replica { name, count } = &self.settings.replica;
        let (specs, tree) = (self.specs(), &mut self.work.tree);
        replicas::set(self.resources, tree, name, count, &specs, self.origin)
    }

    /// Puts one value into the fields of several objects
    /// (`kustomize: api/internal/builtins/ValueAddTransformer.go`).
    fn add_value(&mut self) -> Result<()> {
        let value = match self.settings.value.trim() {
            "" => Spanned::new(self.target.folder.name(), self.origin),
            value => Spanned::new(value.to_owned(), self.settings.value.origin),
        };
        let mut targets = std::mem::take(&mut self.settings.targets);
        if let Some(path) = self.settings.target_file_path.take() {
            #[derive(Deserialize)]
            struct File {
                targets: Vec<AddTarget>,
            }
            let source = self.work.read_named(self.target, &path)?;
            if let Some(root) = read::settings(&mut self.work.tree, source)? {
                let file: File = read::decode(&self.work.tree, root, Fields::Any)?;
                targets.extend(file.targets);
            }
        }
        if targets.is_empty() || targets.iter().any(|target| target.field_path.is_empty()) {
            let message = "a ValueAddTransformer needs `targets`, each with a `fieldPath`";
            return Err(Error::new(ErrorKind::Config, message));
        }
        targets
            .iter()
            .try_for_each(|target| self.add_value_to(target, &value))
    }

    fn add_value_to(&mut self, target: &AddTarget, value: &Spanned<String>) -> Result<()> {
        let Work { tree, schema, .. } = &mut *self.work;
        let matcher = Matcher::new(&target.selector.clone().unwrap_or_default())?;
        for at in self.resources.select(&matcher, tree, schema) {
            let Some(resource) = self.resources.get(at) else {
                continue;
            };
            if target.field_path == "metadata/namespace" {
                let namespace = Namespace {
                    name: value,
                    specs: &[],
                    unset_only: false,
                    subjects: Subjects::DefaultOnly,
                };
                namespace.set_in(resource.root, tree, schema)?;
                continue;
            }
            let (path, position) = (&target.field_path, target.file_path_position);
            values::add(tree, resource.root, path, value, position)?;
        }
        Ok(())
    }

    fn patch(&mut self) -> Result<()> {
        let entry = Patch {
            path: self.settings.path.take(),
            patch: self.settings.patch.take(),
            target: self.settings.target.take(),
            options: self.settings.options,
        };
        let entry = Spanned::new(entry, self.origin);
        patch::apply(&entry, self.target, self.resources, self.work)
    }

    fn json6902(&mut self) -> Result<()> {
        let entry = Patch {
            path: self.settings.path.take(),
            patch: self.settings.json_op.take(),
            target: self.settings.target.take(),
            options: PatchOptions::default(),
        };
        let entry = Spanned::new(entry, self.origin);
        patch::json6902(&entry, self.target, self.resources, self.work)
    }

    fn strategic_merge(&mut self) -> Result<()> {
        let mut patches = std::mem::take(&mut self.settings.paths);
        patches.extend(self.settings.patches.take());
        patch::strategic_merge(&patches, self.target, self.resources, self.work)
    }
}
