//! Edits of a kustomization file: what `kustomize edit` does, with every byte that is not asked
//! for left as it is.
//!
//! An edit works out what has to change and leaves the writing to [`windlass_yaml::Document`],
//! which reads its outcome again. Files are read, never written: what the file should hold
//! afterwards is the result.

mod create;
mod fix;
mod generators;
mod glob;
mod images;
mod lists;
mod pairs;
mod patches;
mod proof;
mod session;
mod variables;

pub use create::Create;
pub use generators::{Generated, GeneratorKind};
pub use images::{ImageChange, ReplicaCount};
pub use lists::PathList;
pub use pairs::{Pair, PairMap};
pub use patches::PatchEntry;

use crate::error::Result;
use crate::files::Files;
use crate::options::Options;
use session::Session;
use std::path::Path;
use windlass_fault::Warning;

/// One edit of a kustomization, as `kustomize edit` and `kustomize create` have them.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Edit {
    /// Writes a new kustomization file; only as the first edit.
    Create(Create),
    /// Adds files and folders to a list. Those that are there already are left alone.
    AddPaths {
        /// The list.
        list: PathList,
        /// Paths, addresses and patterns of paths.
        paths: Vec<String>,
        /// Whether what a path names has to be there. Without that, patterns are not expanded.
        verify: bool,
    },
    /// Takes entries out of a list.
    RemovePaths {
        /// The list.
        list: PathList,
        /// Patterns of the entries.
        patterns: Vec<String>,
    },
    /// Adds labels or annotations for all objects.
    AddPairs {
        /// Where they go.
        map: PairMap,
        /// The new ones.
        pairs: Vec<Pair>,
        /// Whether one that is there with another value gets the new value.
        force: bool,
    },
    /// Takes labels or annotations out.
    RemovePairs {
        /// Where they are.
        map: PairMap,
        /// Their keys.
        keys: Vec<String>,
        /// Whether a key that is not there is passed over.
        ignore_missing: bool,
    },
    /// Adds options to `buildMetadata`.
    AddBuildMetadata(Vec<String>),
    /// Makes these the options of `buildMetadata`.
    SetBuildMetadata(Vec<String>),
    /// Takes options out of `buildMetadata`.
    RemoveBuildMetadata(Vec<String>),
    /// Adds a patch.
    AddPatch(PatchEntry),
    /// Takes out the patches that are exactly this one.
    RemovePatch(PatchEntry),
    /// Sets names, tags and digests of images; what is not said stays.
    SetImages(Vec<ImageChange>),
    /// Sets counts of replicas.
    SetReplicas(Vec<ReplicaCount>),
    /// Sets a field of the file itself; an empty value takes it out.
    SetField {
        /// The field.
        field: TextField,
        /// Its value.
        value: String,
    },
    /// Adds data to a generator, which is added too where there is none of that name.
    AddGenerated(Generated),
    /// Changes literals and the namespace of a generator.
    SetGenerated {
        /// Its kind.
        kind: GeneratorKind,
        /// Its name.
        name: String,
        /// Its namespace; empty is `default`.
        namespace: String,
        /// `key=value` with keys that are there.
        literals: Vec<String>,
        /// The namespace that it gets; empty leaves it.
        new_namespace: String,
    },
    /// Takes generators out.
    RemoveGenerated {
        /// Their kind.
        kind: GeneratorKind,
        /// Their names.
        names: Vec<String>,
        /// Their namespace; empty is `default`.
        namespace: String,
    },
    /// Rewrites old fields as their successors.
    Fix {
        /// Whether `vars` become `replacements` too.
        vars: bool,
    },
}

/// A field that holds one text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextField {
    /// `namespace`.
    Namespace,
    /// `namePrefix`.
    NamePrefix,
    /// `nameSuffix`.
    NameSuffix,
}

/// A field that an edit changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Altered {
    /// The way to it, such as `images[name=web].newTag`.
    pub field: String,
    /// What stood there; nothing where it is new.
    pub before: Option<String>,
    /// What stands there now; nothing where it is gone.
    pub after: Option<String>,
}

/// What edits come to.
#[derive(Debug, Clone)]
pub struct Edited {
    /// The kustomization file, as the user would write its path.
    pub path: String,
    /// What it holds; nothing where it is to be made.
    pub before: Option<String>,
    /// What it should hold.
    pub after: String,
    /// What changes, in the order of the edits.
    pub altered: Vec<Altered>,
    /// What was asked for and made no difference, and is probably a mistake.
    pub warnings: Vec<Warning>,
}

impl Edited {
    /// Whether there is anything to write.
    #[must_use]
    pub fn changed(&self) -> bool {
        self.before.as_ref() != Some(&self.after)
    }
}

/// Works out what edits make of the kustomization file in a folder: all of them, or none where one
/// fails. The options are those of the builds that [`Edit::Fix`] is held to.
///
/// ```
/// use windlass_overlay::{Edit, Memory, Options, edit};
///
/// let text = "images:\n- name: web # ours\n  newName: example.org/web\n  newTag: v1\n";
/// let files = Memory::from_iter([("kustomization.yaml", text)]);
/// let tag = Edit::SetImages(vec!["web:v2".parse()?]);
/// let edited = edit(&files, "".as_ref(), &[tag], &Options::default())?;
/// assert_eq!(edited.after, text.replace("v1", "v2"));
/// assert_eq!(edited.altered[0].field, "images[name=web].newTag");
/// # Ok::<(), windlass_overlay::Error>(())
/// ```
///
/// # Errors
/// If there is no kustomization file, if it cannot be read, or an edit cannot be made without
/// changing something else.
pub fn edit(
    files: &dyn Files,
    folder: &Path,
    edits: &[Edit],
    options: &Options<'_>,
) -> Result<Edited> {
    let mut session = match edits {
        [Edit::Create(_), ..] => create::start(files, folder, options)?,
        _ => Session::open(files, folder, options)?,
    };
    for edit in edits {
        make(edit, &mut session)?;
    }
    session.finish()
}

fn make(edit: &Edit, session: &mut Session<'_>) -> Result<()> {
    match edit {
        Edit::Create(create) => create::write(create, session),
        Edit::AddPaths {
            list,
            paths,
            verify,
        } => lists::add(*list, paths, *verify, session),
        Edit::RemovePaths { list, patterns } => lists::remove(*list, patterns, session),
        Edit::AddPairs { map, pairs, force } => pairs::add(*map, pairs, *force, session),
        Edit::RemovePairs {
            map,
            keys,
            ignore_missing,
        } => pairs::remove(*map, keys, *ignore_missing, session),
        Edit::AddBuildMetadata(options) => lists::add_build_metadata(options, session),
        Edit::SetBuildMetadata(options) => lists::set_build_metadata(options, session),
        Edit::RemoveBuildMetadata(options) => lists::remove_build_metadata(options, session),
        Edit::AddPatch(patch) => patches::add(patch, session),
        Edit::RemovePatch(patch) => patches::remove(patch, session),
        Edit::SetImages(changes) => images::set(changes, session),
        Edit::SetReplicas(counts) => images::set_replicas(counts, session),
        Edit::SetField { field, value } => session.set_field(*field, value),
        Edit::AddGenerated(generated) => generators::add(generated, session),
        Edit::SetGenerated {
            kind,
            name,
            namespace,
            literals,
            new_namespace,
        } => generators::set(*kind, name, namespace, literals, new_namespace, session),
        Edit::RemoveGenerated {
            kind,
            names,
            namespace,
        } => generators::remove(*kind, names, namespace, session),
        Edit::Fix { vars } => fix::fix(*vars, session),
    }
}
