//! The words of an edit, as kustomize has them.

use clap::error::ErrorKind;
use clap::{Args, Parser, Subcommand};
use windlass_cli::Failure;
use windlass_overlay::{
    Create, Edit, Generated, GeneratorKind, ImageChange, Pair, PairMap, PatchEntry, PathList,
    ReplicaCount, TextField,
};

/// Separates two edits.
const THEN: &str = "then";

/// One edit, and the words of those behind it.
#[derive(Debug, Clone, Subcommand)]
pub(crate) enum Words {
    /// Add to the kustomization file
    #[command(subcommand)]
    Add(Add),
    /// Set what the kustomization file says
    #[command(subcommand)]
    Set(Set),
    /// Remove from the kustomization file
    #[command(subcommand)]
    Remove(Remove),
    /// Rewrite old fields as their successors; the build must stay the same
    Fix {
        /// Rewrite `vars` as `replacements` too; overlays of this folder that use them are not
        /// looked at
        #[arg(long)]
        vars: bool,
        #[command(flatten)]
        then: Then,
    },
    /// Make a new kustomization file
    #[command(visible_alias = "init")]
    Create {
        #[command(flatten)]
        create: NewFile,
        #[command(flatten)]
        then: Then,
    },
}

#[derive(Debug, Clone, Args)]
pub(crate) struct Then {
    /// `then`, and the words of another edit
    #[arg(
        value_name = "then EDIT",
        trailing_var_arg = true,
        allow_hyphen_values = true
    )]
    rest: Vec<String>,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct Several {
    /// Paths, or patterns of paths
    #[arg(value_name = "PATH", required = true, value_terminator = THEN)]
    paths: Vec<String>,
    #[command(flatten)]
    then: Then,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct Pairs {
    /// Keys with their values
    #[arg(value_name = "KEY:VALUE", required = true, value_terminator = THEN)]
    pairs: Vec<Pair>,
    #[command(flatten)]
    then: Then,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct Keys {
    /// Keys, joined by commas
    #[arg(value_name = "KEY[,KEY]")]
    keys: String,
    /// Pass over what is not there
    #[arg(short, long)]
    ignore_non_existence: bool,
    #[command(flatten)]
    then: Then,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct BuildOptions {
    /// originAnnotations, transformerAnnotations, managedByLabel; joined by commas
    #[arg(value_name = "OPTION[,OPTION]")]
    options: String,
    #[command(flatten)]
    then: Then,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct Value {
    /// The value; an empty one takes the field out
    #[arg(value_name = "VALUE", allow_hyphen_values = true)]
    value: String,
    #[command(flatten)]
    then: Then,
}

#[derive(Debug, Clone, Subcommand)]
pub(crate) enum Add {
    /// Add annotations for all objects
    Annotation {
        /// Replace other values
        #[arg(short, long)]
        force: bool,
        #[command(flatten)]
        pairs: Pairs,
    },
    /// Add folders to the resources
    Base {
        /// Folders, joined by commas
        #[arg(value_name = "PATH[,PATH]")]
        paths: String,
        #[command(flatten)]
        then: Then,
    },
    /// Add options of the build
    Buildmetadata(BuildOptions),
    /// Add components
    Component(Several),
    /// Add data to a ConfigMap, which is added too if need be
    Configmap(#[command(flatten)] NewConfigMap),
    /// Add configurations of generators
    Generator(Several),
    /// Add labels for all objects
    Label {
        /// Replace other values
        #[arg(short, long)]
        force: bool,
        /// Leave selectors alone
        #[arg(long)]
        without_selector: bool,
        /// Label templates too
        #[arg(long, requires = "without_selector")]
        include_templates: bool,
        #[command(flatten)]
        pairs: Pairs,
    },
    /// Add a patch
    Patch(PatchWords),
    /// Add resources
    Resource {
        /// Take the words as they are: neither look for files nor expand patterns
        #[arg(long)]
        no_verify: bool,
        #[command(flatten)]
        several: Several,
    },
    /// Add data to a Secret, which is added too if need be
    Secret(#[command(flatten)] NewSecret),
    /// Add configurations of transformers
    Transformer(Several),
}

#[derive(Debug, Clone, Subcommand)]
pub(crate) enum Set {
    /// Set annotations for all objects
    Annotation(Pairs),
    /// Set the options of the build
    Buildmetadata(BuildOptions),
    /// Change literals of a ConfigMap, or its namespace
    Configmap(GeneratorWords),
    /// Set names, tags and digests of images
    ///
    /// What is not said stays. `*` says that something stays, and nothing behind a `:` or `@` that it goes. A tag
    /// beside a digest that is there needs a word on the digest, which would hide the tag.
    Image {
        /// NAME:TAG, NAME@DIGEST, NAME=NEWNAME:TAG@DIGEST
        #[arg(value_name = "IMAGE", required = true, value_terminator = THEN)]
        images: Vec<ImageChange>,
        #[command(flatten)]
        then: Then,
    },
    /// Set labels for all objects
    Label(Pairs),
    /// Set the prefix of all names
    Nameprefix(Value),
    /// Set the namespace of all objects
    Namespace(Value),
    /// Set the suffix of all names
    Namesuffix(Value),
    /// Set counts of replicas
    Replicas {
        /// The name of what is replicated, and how many there are
        #[arg(value_name = "NAME=COUNT", required = true, value_terminator = THEN)]
        counts: Vec<ReplicaCount>,
        #[command(flatten)]
        then: Then,
    },
    /// Change literals of a Secret, or its namespace
    Secret(GeneratorWords),
}

#[derive(Debug, Clone, Subcommand)]
pub(crate) enum Remove {
    /// Remove annotations
    Annotation(Keys),
    /// Remove options of the build
    Buildmetadata(BuildOptions),
    /// Remove components
    Component(Several),
    /// Remove ConfigMaps
    Configmap(Names),
    /// Remove labels
    Label(Keys),
    /// Remove the patches that are exactly this one
    Patch(PatchWords),
    /// Remove resources
    Resource(Several),
    /// Remove Secrets
    Secret(Names),
    /// Remove configurations of transformers
    Transformer(Several),
}

#[derive(Debug, Clone, Args)]
pub(crate) struct Sources {
    /// The name
    #[arg(value_name = "NAME")]
    name: String,
    /// The namespace
    #[arg(
        long,
        value_name = "NAMESPACE",
        default_value = "",
        hide_default_value = true
    )]
    namespace: String,
    /// A key and its value; may be given several times
    #[arg(long, value_name = "KEY=VALUE")]
    from_literal: Vec<String>,
    /// Files, by path or pattern of paths, with or without a key; joined by commas
    #[arg(long, value_name = "[KEY=]PATH", value_delimiter = ',')]
    from_file: Vec<String>,
    /// A file with a key and a value on each line
    #[arg(
        long,
        value_name = "PATH",
        default_value = "",
        hide_default_value = true
    )]
    from_env_file: String,
    /// Leave the hash out of the name
    #[arg(long = "disableNameSuffixHash", alias = "disable-name-suffix-hash")]
    disable_name_suffix_hash: bool,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct NewConfigMap {
    #[command(flatten)]
    sources: Sources,
    /// create, merge or replace
    #[arg(
        long,
        value_name = "BEHAVIOR",
        default_value = "",
        hide_default_value = true
    )]
    behavior: String,
    #[command(flatten)]
    then: Then,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct NewSecret {
    #[command(flatten)]
    sources: Sources,
    /// The type [default: Opaque for a new Secret]
    #[arg(long = "type", value_name = "TYPE")]
    secret_type: Option<String>,
    #[command(flatten)]
    then: Then,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct GeneratorWords {
    /// The name
    #[arg(value_name = "NAME")]
    name: String,
    /// The namespace that it has
    #[arg(
        long,
        value_name = "NAMESPACE",
        default_value = "",
        hide_default_value = true
    )]
    namespace: String,
    /// A key that is there, and its new value; may be given several times
    #[arg(long, value_name = "KEY=VALUE")]
    from_literal: Vec<String>,
    /// The namespace that it gets
    #[arg(
        long,
        value_name = "NAMESPACE",
        default_value = "",
        hide_default_value = true
    )]
    new_namespace: String,
    #[command(flatten)]
    then: Then,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct Names {
    /// Names, joined by commas
    #[arg(value_name = "NAME[,NAME]")]
    names: String,
    /// Their namespace
    #[arg(
        long,
        value_name = "NAMESPACE",
        default_value = "",
        hide_default_value = true
    )]
    namespace: String,
    #[command(flatten)]
    then: Then,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct PatchWords {
    /// The file that holds the patch
    #[arg(
        long,
        default_value = "",
        hide_default_value = true,
        conflicts_with = "patch"
    )]
    path: String,
    /// The patch itself
    #[arg(long, default_value = "", hide_default_value = true)]
    patch: String,
    /// The API group of its targets
    #[arg(long, default_value = "", hide_default_value = true)]
    group: String,
    /// The API version of its targets
    #[arg(long, default_value = "", hide_default_value = true)]
    version: String,
    /// The kind of its targets
    #[arg(long, default_value = "", hide_default_value = true)]
    kind: String,
    /// The name of its targets
    #[arg(long, default_value = "", hide_default_value = true)]
    name: String,
    /// The namespace of its targets
    #[arg(long, default_value = "", hide_default_value = true)]
    namespace: String,
    /// A selector of its targets, by annotations
    #[arg(long, default_value = "", hide_default_value = true)]
    annotation_selector: String,
    /// A selector of its targets, by labels
    #[arg(long, default_value = "", hide_default_value = true)]
    label_selector: String,
    #[command(flatten)]
    then: Then,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct NewFile {
    /// Resources, by path or pattern of paths; joined by commas
    #[arg(long, value_name = "PATH", value_delimiter = ',')]
    resources: Vec<String>,
    /// Look for files with objects in the folder
    #[arg(long)]
    autodetect: bool,
    /// Look in the folders below too
    #[arg(long)]
    recursive: bool,
    /// The namespace of all objects
    #[arg(long, default_value = "", hide_default_value = true)]
    namespace: String,
    /// The prefix of all names
    #[arg(
        long,
        default_value = "",
        hide_default_value = true,
        allow_hyphen_values = true
    )]
    nameprefix: String,
    /// The suffix of all names
    #[arg(
        long,
        default_value = "",
        hide_default_value = true,
        allow_hyphen_values = true
    )]
    namesuffix: String,
    /// Labels for all objects; joined by commas
    #[arg(long, value_name = "KEY:VALUE", value_delimiter = ',')]
    labels: Vec<Pair>,
    /// Annotations for all objects; joined by commas
    #[arg(long, value_name = "KEY:VALUE", value_delimiter = ',')]
    annotations: Vec<Pair>,
}

/// The words behind a `then`, for a parser of their own.
#[derive(Debug, Parser)]
#[command(name = "overlay-edit", no_binary_name = true)]
struct More {
    #[command(subcommand)]
    words: Words,
}

/// All edits, in their order.
pub(crate) fn edits(words: Words) -> Result<Vec<Edit>, Failure> {
    let mut all = Vec::new();
    let mut next = Some(words);
    while let Some(words) = next {
        let (edit, then) = words.edit();
        all.push(edit);
        let rest = match then.rest.split_first() {
            // Behind a list of words the separator is no word of its own.
            Some((first, rest)) if first == THEN => rest,
            _ => &then.rest,
        };
        next = match rest {
            [] => None,
            rest => Some(more(rest)?),
        };
    }
    Ok(all)
}

fn more(words: &[String]) -> Result<Words, Failure> {
    let parsed = More::try_parse_from(words).map_err(|error| {
        let all = words.join(" ");
        Failure::usage(match error.kind() {
            ErrorKind::InvalidSubcommand => {
                format!("`{all}` is no edit; edits are joined by `{THEN}`")
            }
            ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand | ErrorKind::DisplayHelp => {
                format!("`{all}` is no whole edit")
            }
            _ => {
                let text = error.to_string();
                let first = text.lines().next().unwrap_or_default();
                format!("`{all}`: {}", first.trim_start_matches("error: "))
            }
        })
    });
    parsed.map(|more| more.words)
}

impl Words {
    fn edit(self) -> (Edit, Then) {
        match self {
            Self::Add(add) => add.edit(),
            Self::Set(set) => set.edit(),
            Self::Remove(remove) => remove.edit(),
            Self::Fix { vars, then } => (Edit::Fix { vars }, then),
            Self::Create { create, then } => (Edit::Create(create.create()), then),
        }
    }
}

/// Words that are joined by commas.
fn split(words: &str) -> Vec<String> {
    words.split(',').map(str::to_owned).collect()
}

fn add_paths(list: PathList, several: Several, verify: bool) -> (Edit, Then) {
    let paths = several.paths;
    (
        Edit::AddPaths {
            list,
            paths,
            verify,
        },
        several.then,
    )
}

fn add_pairs(map: PairMap, pairs: Pairs, force: bool) -> (Edit, Then) {
    let then = pairs.then;
    let pairs = pairs.pairs;
    (Edit::AddPairs { map, pairs, force }, then)
}

impl Add {
    fn edit(self) -> (Edit, Then) {
        match self {
            Self::Annotation { force, pairs } => add_pairs(PairMap::Annotations, pairs, force),
            Self::Base { paths, then } => {
                let paths = split(&paths);
                add_paths(PathList::Resources, Several { paths, then }, true)
            }
            Self::Buildmetadata(words) => {
                (Edit::AddBuildMetadata(split(&words.options)), words.then)
            }
            Self::Component(several) => add_paths(PathList::Components, several, true),
            Self::Configmap(words) => {
                let kind = GeneratorKind::ConfigMap;
                let generated = words.sources.generated(kind, words.behavior, None);
                (Edit::AddGenerated(generated), words.then)
            }
            Self::Generator(several) => add_paths(PathList::Generators, several, true),
            Self::Label {
                force,
                without_selector,
                include_templates: templates,
                pairs,
            } => {
                let map = match without_selector {
                    true => PairMap::Labels { templates },
                    false => PairMap::CommonLabels,
                };
                add_pairs(map, pairs, force)
            }
            Self::Patch(words) => {
                let (patch, then) = words.patch();
                (Edit::AddPatch(patch), then)
            }
            Self::Resource { no_verify, several } => {
                add_paths(PathList::Resources, several, !no_verify)
            }
            Self::Secret(words) => {
                let kind = GeneratorKind::Secret;
                let generated = words
                    .sources
                    .generated(kind, String::new(), words.secret_type);
                (Edit::AddGenerated(generated), words.then)
            }
            Self::Transformer(several) => add_paths(PathList::Transformers, several, true),
        }
    }
}

fn field(field: TextField, words: Value) -> (Edit, Then) {
    let value = words.value;
    (Edit::SetField { field, value }, words.then)
}

impl Set {
    fn edit(self) -> (Edit, Then) {
        match self {
            Self::Annotation(pairs) => add_pairs(PairMap::Annotations, pairs, true),
            Self::Buildmetadata(words) => {
                (Edit::SetBuildMetadata(split(&words.options)), words.then)
            }
            Self::Configmap(words) => words.set(GeneratorKind::ConfigMap),
            Self::Image { images, then } => (Edit::SetImages(images), then),
            Self::Label(pairs) => add_pairs(PairMap::CommonLabels, pairs, true),
            Self::Nameprefix(words) => field(TextField::NamePrefix, words),
            Self::Namespace(words) => field(TextField::Namespace, words),
            Self::Namesuffix(words) => field(TextField::NameSuffix, words),
            Self::Replicas { counts, then } => (Edit::SetReplicas(counts), then),
            Self::Secret(words) => words.set(GeneratorKind::Secret),
        }
    }
}

fn remove_paths(list: PathList, several: Several) -> (Edit, Then) {
    let patterns = several.paths;
    (Edit::RemovePaths { list, patterns }, several.then)
}

impl Remove {
    fn edit(self) -> (Edit, Then) {
        match self {
            Self::Annotation(keys) => keys.remove(PairMap::Annotations),
            Self::Buildmetadata(words) => {
                (Edit::RemoveBuildMetadata(split(&words.options)), words.then)
            }
            Self::Component(several) => remove_paths(PathList::Components, several),
            Self::Configmap(names) => names.remove(GeneratorKind::ConfigMap),
            Self::Label(keys) => keys.remove(PairMap::CommonLabels),
            Self::Patch(words) => {
                let (patch, then) = words.patch();
                (Edit::RemovePatch(patch), then)
            }
            Self::Resource(several) => remove_paths(PathList::Resources, several),
            Self::Secret(names) => names.remove(GeneratorKind::Secret),
            Self::Transformer(several) => remove_paths(PathList::Transformers, several),
        }
    }
}

impl Keys {
    fn remove(self, map: PairMap) -> (Edit, Then) {
        let edit = Edit::RemovePairs {
            map,
            keys: split(&self.keys),
            ignore_missing: self.ignore_non_existence,
        };
        (edit, self.then)
    }
}

impl Names {
    fn remove(self, kind: GeneratorKind) -> (Edit, Then) {
        let edit = Edit::RemoveGenerated {
            kind,
            names: split(&self.names),
            namespace: self.namespace,
        };
        (edit, self.then)
    }
}

impl GeneratorWords {
    fn set(self, kind: GeneratorKind) -> (Edit, Then) {
        let edit = Edit::SetGenerated {
            kind,
            name: self.name,
            namespace: self.namespace,
            literals: self.from_literal,
            new_namespace: self.new_namespace,
        };
        (edit, self.then)
    }
}

impl Sources {
    fn generated(
        self,
        kind: GeneratorKind,
        behavior: String,
        secret_type: Option<String>,
    ) -> Generated {
        Generated {
            kind,
            name: self.name,
            namespace: self.namespace,
            behavior,
            literals: self.from_literal,
            files: self.from_file,
            env_file: self.from_env_file,
            secret_type,
            disable_name_suffix_hash: self.disable_name_suffix_hash,
        }
    }
}

impl PatchWords {
    fn patch(self) -> (PatchEntry, Then) {
        let patch = PatchEntry {
            path: self.path,
            patch: self.patch,
            group: self.group,
            version: self.version,
            kind: self.kind,
            name: self.name,
            namespace: self.namespace,
            annotation_selector: self.annotation_selector,
            label_selector: self.label_selector,
        };
        (patch, self.then)
    }
}

impl NewFile {
    fn create(self) -> Create {
        Create {
            resources: self.resources,
            autodetect: self.autodetect,
            recursive: self.recursive,
            namespace: self.namespace,
            name_prefix: self.nameprefix,
            name_suffix: self.namesuffix,
            labels: self.labels,
            annotations: self.annotations,
        }
    }
}
