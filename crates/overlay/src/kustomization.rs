//! The file model: every field of a kustomization, old spellings included.

use crate::build::Work;
use crate::error::{Error, ErrorKind, Result};
use crate::fields::{FieldSpec, is_null};
use crate::files::Folder;
use crate::generate::{self, Request, What};
use crate::id::Gvk;
use crate::order::Kinds;
use crate::read;
use crate::resource::Behavior;
use crate::select::Selector;
use crate::waiver;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::Arc;
use windlass_fault::{Location, Warning};
use windlass_yaml::{NodeId, Origin, Source, Spanned, Tree};

/// The names a kustomization file may have.
pub(crate) const FILE_NAMES: [&str; 3] =
    ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// The `apiVersion` and `kind` of a component.
pub(crate) const COMPONENT: (&str, &str) = ("kustomize.config.k8s.io/v1alpha1", "Component");

/// The `apiVersion` and `kind` of any other kustomization.
pub(crate) const KUSTOMIZATION: (&str, &str) = ("kustomize.config.k8s.io/v1beta1", "Kustomization");

/// A kustomization file (`kustomize: api/types/kustomization.go`).
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Kustomization {
    pub(crate) api_version: Spanned<String>,
    pub(crate) kind: Spanned<String>,
    metadata: Metadata,
    pub(crate) openapi: BTreeMap<String, Spanned<String>>,
    pub(crate) name_prefix: Spanned<String>,
    pub(crate) name_suffix: Spanned<String>,
    pub(crate) namespace: Spanned<String>,
    pub(crate) common_labels: Pairs,
    pub(crate) labels: Vec<Spanned<Labels>>,
    pub(crate) common_annotations: Pairs,
    pub(crate) patches_strategic_merge: Vec<Spanned<String>>,
    #[serde(rename = "patchesJson6902")]
    pub(crate) patches_json6902: Vec<Spanned<Patch>>,
    pub(crate) patches: Vec<Spanned<Patch>>,
    pub(crate) images: Vec<Spanned<Image>>,
    pub(crate) image_tags: Vec<Spanned<Image>>,
    pub(crate) replacements: Vec<Spanned<crate::replace::Replacement>>,
    pub(crate) replicas: Vec<Spanned<Replica>>,
    pub(crate) vars: Vec<Spanned<crate::replace::Variable>>,
    pub(crate) sort_options: Option<Spanned<SortOptions>>,
    pub(crate) resources: Vec<Spanned<String>>,
    pub(crate) components: Vec<Spanned<String>>,
    pub(crate) crds: Vec<Spanned<String>>,
    pub(crate) bases: Vec<Spanned<String>>,
    pub(crate) config_map_generator: Vec<Spanned<Generator>>,
    pub(crate) secret_generator: Vec<Spanned<Generator>>,
    pub(crate) helm_globals: Option<HelmGlobals>,
    pub(crate) helm_charts: Vec<Spanned<HelmChart>>,
    pub(crate) helm_chart_inflation_generator: Vec<Spanned<OldHelmChart>>,
    pub(crate) generator_options: Option<GeneratorOptions>,
    pub(crate) configurations: Vec<Spanned<String>>,
    pub(crate) generators: Vec<Spanned<String>>,
    pub(crate) transformers: Vec<Spanned<String>>,
    pub(crate) validators: Vec<Spanned<String>>,
    pub(crate) build_metadata: Vec<Spanned<String>>,
}

/// Keys and values, both texts.
pub(crate) type Pairs = BTreeMap<String, Spanned<String>>;

/// The metadata of a kustomization, which is read and not used.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Metadata {
    name: String,
    namespace: String,
    labels: Pairs,
    annotations: Pairs,
}

/// One entry of `labels`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Labels {
    pub(crate) pairs: Pairs,
    pub(crate) include_selectors: bool,
    pub(crate) include_templates: bool,
    /// Newer than kustomize 5.8.1, for which templates include those of volume claims.
    pub(crate) include_volume_claim_templates: Option<bool>,
    pub(crate) fields: Vec<Field>,
}

/// A field spec.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Field {
    pub(crate) group: String,
    pub(crate) version: String,
    pub(crate) kind: String,
    pub(crate) path: String,
    pub(crate) create: bool,
}

/// One entry of `patches` or `patchesJson6902`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Patch {
    pub(crate) path: Option<Spanned<String>>,
    pub(crate) patch: Option<Spanned<String>>,
    pub(crate) target: Option<Spanned<Selector>>,
    pub(crate) options: PatchOptions,
}

/// What a patch may do besides.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct PatchOptions {
    pub(crate) allow_name_change: bool,
    pub(crate) allow_kind_change: bool,
}

/// One entry of `images`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Image {
    pub(crate) name: String,
    pub(crate) new_name: Spanned<String>,
    pub(crate) tag_suffix: Spanned<String>,
    pub(crate) new_tag: Spanned<String>,
    pub(crate) digest: Spanned<String>,
}

/// One entry of `replicas`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Replica {
    pub(crate) name: String,
    pub(crate) count: Spanned<i64>,
}

/// The order of the output.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct SortOptions {
    pub(crate) order: String,
    pub(crate) legacy_sort_options: Option<LegacySortOptions>,
}

/// The kinds that come first and last.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct LegacySortOptions {
    pub(crate) order_first: Vec<String>,
    pub(crate) order_last: Vec<String>,
}

/// One entry of `configMapGenerator` or `secretGenerator`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Generator {
    pub(crate) namespace: Spanned<String>,
    pub(crate) name: Spanned<String>,
    pub(crate) behavior: Spanned<String>,
    pub(crate) literals: Vec<Spanned<String>>,
    pub(crate) files: Vec<Spanned<String>>,
    pub(crate) envs: Vec<Spanned<String>>,
    pub(crate) env: Spanned<String>,
    pub(crate) options: Option<GeneratorOptions>,
    /// Of a Secret alone.
    pub(crate) r#type: Spanned<String>,
}

/// What generated objects have besides their data.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct GeneratorOptions {
    pub(crate) labels: Pairs,
    pub(crate) annotations: Pairs,
    pub(crate) disable_name_suffix_hash: bool,
    pub(crate) immutable: Spanned<bool>,
}

/// What all charts share.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct HelmGlobals {
    pub(crate) chart_home: String,
    pub(crate) config_home: String,
}

/// One entry of `helmCharts`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct HelmChart {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) repo: String,
    pub(crate) release_name: String,
    pub(crate) namespace: String,
    pub(crate) additional_values_files: Vec<String>,
    pub(crate) values_file: String,
    pub(crate) values_inline: serde_json::Map<String, serde_json::Value>,
    pub(crate) values_merge: String,
    #[serde(rename = "includeCRDs")]
    pub(crate) include_crds: bool,
    pub(crate) skip_hooks: bool,
    pub(crate) api_versions: Vec<String>,
    pub(crate) kube_version: String,
    pub(crate) name_template: String,
    pub(crate) skip_tests: bool,
    pub(crate) debug: bool,
    pub(crate) devel: bool,
}

/// One entry of `helmChartInflationGenerator`, the former spelling of [`HelmChart`].
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct OldHelmChart {
    pub(crate) chart_name: String,
    pub(crate) chart_version: String,
    pub(crate) chart_repo_url: String,
    pub(crate) chart_home: String,
    chart_repo_name: String,
    helm_bin: String,
    pub(crate) helm_home: String,
    pub(crate) values: String,
    pub(crate) values_local: serde_json::Map<String, serde_json::Value>,
    pub(crate) values_merge: String,
    pub(crate) release_name: String,
    release_namespace: String,
    extra_args: Vec<String>,
}

/// Looking it up and reading it.
impl Kustomization {
    /// Whether it is a component.
    pub(crate) fn is_component(&self) -> bool {
        self.kind.value == COMPONENT.1
    }

    /// What the two generator fields ask for, ConfigMaps first.
    pub(crate) fn requests(&self, tree: &Tree) -> Result<Vec<Request>> {
        let all = self.generator_options.clone().unwrap_or_default().into();
        let config_maps = self.config_map_generator.iter().map(|entry| (entry, false));
        let secrets = self.secret_generator.iter().map(|entry| (entry, true));
        let entries = config_maps.chain(secrets);
        entries
            .map(|(entry, is_secret)| entry.value.request(is_secret, entry.origin, &all, tree))
            .collect()
    }

    /// The files that hold resources: `resources`, then `bases`.
    pub(crate) fn bases(&self) -> impl Iterator<Item = &Spanned<String>> {
        self.resources.iter().chain(&self.bases)
    }

    /// The entries of `images`, then of `imageTags`.
    pub(crate) fn images(&self) -> impl Iterator<Item = &Spanned<Image>> {
        self.images.iter().chain(&self.image_tags)
    }
}

impl From<GeneratorOptions> for generate::Options {
    fn from(options: GeneratorOptions) -> Self {
        Self {
            labels: options.labels,
            annotations: options.annotations,
            disable_name_suffix_hash: options.disable_name_suffix_hash,
            immutable: options.immutable,
        }
    }
}

impl From<Field> for FieldSpec {
    fn from(field: Field) -> Self {
        Self {
            gvk: Gvk {
                group: field.group.into(),
                version: field.version.into(),
                kind: field.kind.into(),
            },
            path: field.path.into(),
            create: field.create,
        }
    }
}

impl SortOptions {
    /// The kinds to sort by; nothing for the order of reading
    /// (`kustomize: api/internal/builtins/SortOrderTransformer.go`).
    pub(crate) fn kinds(&self) -> Result<Option<Kinds>> {
        let refuse = |message: &str| Err(Error::new(ErrorKind::Config, message));
        match (&*self.order, &self.legacy_sort_options) {
            ("fifo", None) => Ok(None),
            ("fifo", Some(_)) => refuse("`legacySortOptions` need the order `legacy`, not `fifo`"),
            ("legacy", None) => Ok(Some(Kinds::default())),
            ("legacy", Some(options)) => Ok(Some(Kinds {
                first: options.order_first.clone(),
                last: options.order_last.clone(),
            })),
            _ => refuse("the order of `sortOptions` is `fifo` or `legacy`"),
        }
    }
}

/// The name of the kustomization file of a folder.
pub(crate) fn find(folder: &Folder<'_>) -> Result<&'static str> {
    let found: Vec<&str> = FILE_NAMES
        .into_iter()
        .filter(|name| folder.is_file(name))
        .collect();
    let shown = folder.shown_root();
    match found[..] {
        [only] => Ok(only),
        [] => {
            let message = format!("`{shown}` holds no kustomization file");
            let hint = format!(
                "it is called one of {}",
                FILE_NAMES.map(|name| format!("`{name}`")).join(", ")
            );
            Err(Error::new(ErrorKind::Read, message).hint(hint))
        }
        [first, second, ..] => {
            let message =
                format!("`{shown}` holds two kustomization files: `{first}` and `{second}`");
            Err(Error::new(ErrorKind::Config, message)
                .at(Location::file(folder.shown(second)))
                .hint("keep one of them".to_owned()))
        }
    }
}

/// Reads a kustomization file, with what is odd in it as warnings.
pub(crate) fn read(source: Arc<Source>, work: &mut Work<'_>) -> Result<Kustomization> {
    let path = source.path().to_owned();
    let Some(root) = read::settings(&mut work.tree, source)? else {
        return Err(is_empty(&path));
    };
    if !says_something(&work.tree, root) {
        return Err(is_empty(&path).at(work.place(work.tree.origin(root))));
    }
    let known = read::Fields::Known;
    let kustomization = read::decode_with(&work.tree, root, known, &mut work.warnings)?;
    check_type(&kustomization, &work.tree, root)?;
    warn_of_old_spellings(work, root);
    Ok(kustomization)
}

fn is_empty(path: &str) -> Error {
    Error::new(ErrorKind::Config, format!("`{path}` is empty")).at(Location::file(path))
}

/// Whether any field but the type has a value.
fn says_something(tree: &Tree, root: NodeId) -> bool {
    !tree.is_map(root)
        || tree.entries(root).any(|(key, value)| {
            let is_type =
                key.eq_ignore_ascii_case("apiVersion") || key.eq_ignore_ascii_case("kind");
            let is_nothing =
                is_null(tree, value) || (tree.is_scalar(value) && tree.text(value).is_empty());
            !is_type && !is_nothing
        })
}

fn check_type(kustomization: &Kustomization, tree: &Tree, root: NodeId) -> Result<()> {
    let (version, kind) = (&kustomization.api_version, &kustomization.kind);
    let wanted = match &*kind.value {
        "" | "Kustomization" => KUSTOMIZATION,
        "Component" => COMPONENT,
        other => {
            let message = format!("`{other}` is no kind of kustomization");
            let hint = "it is `Kustomization` or `Component`".to_owned();
            return Err(Error::new(ErrorKind::Config, message)
                .at(tree.locate(kind.origin))
                .hint(hint));
        }
    };
    if version.value.is_empty() || version.value == wanted.0 {
        return Ok(());
    }
    let message = format!("`{}` is no version of `{}`", version.value, wanted.1);
    Err(Error::new(ErrorKind::Config, message)
        .at(tree
            .locate(version.origin)
            .or_else(|| tree.locate(tree.origin(root))))
        .hint(format!("it is `{}`", wanted.0)))
}

/// Fields that kustomize takes and would rather not.
const OLD: [(&str, &str); 7] = [
    ("bases", "resources"),
    ("commonLabels", "labels"),
    ("helmChartInflationGenerator", "helmCharts"),
    ("imageTags", "images"),
    ("patchesJson6902", "patches"),
    ("patchesStrategicMerge", "patches"),
    ("vars", "replacements"),
];

fn warn_of_old_spellings(work: &mut Work<'_>, root: NodeId) {
    for (old, new) in OLD {
        let is_old = |&(key, value): &(&str, NodeId)| {
            key.eq_ignore_ascii_case(old) && !is_null(&work.tree, value)
        };
        let Some((_, value)) = work.tree.entries(root).find(is_old) else {
            continue;
        };
        let place = work.place(work.tree.key_origin(value));
        let warning = Warning::new(format!("`{old}` is deprecated")).at(place);
        let warning = warning.named(waiver::DEPRECATED_FIELD);
        work.deprecations.push(warning.hint(format!("use `{new}`")));
    }
}

impl Generator {
    /// What it asks for, with the options of all generators besides its own.
    pub(crate) fn request(
        &self,
        is_secret: bool,
        origin: Origin,
        all: &generate::Options,
        tree: &Tree,
    ) -> Result<Request> {
        let what = match is_secret {
            true => What::Secret(self.r#type.clone()),
            false if self.r#type.is_empty() => What::ConfigMap,
            false => {
                let error = Error::new(ErrorKind::Config, "a ConfigMap has no `type`");
                return Err(error.at(tree.locate(origin)));
            }
        };
        let behavior = match &*self.behavior.value {
            "merge" => Behavior::Merge,
            "replace" => Behavior::Replace,
            _ => Behavior::Create,
        };
        let env = Some(&self.env).filter(|env| !env.value.is_empty());
        Ok(Request {
            what,
            name: self.name.clone(),
            namespace: self.namespace.clone(),
            behavior,
            literals: self.literals.clone(),
            files: self.files.clone(),
            envs: self.envs.iter().chain(env).cloned().collect(),
            options: generate::Options::from(self.options.clone().unwrap_or_default()).with(all),
            origin,
        })
    }
}
