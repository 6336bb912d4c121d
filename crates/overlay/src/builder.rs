//! Several builds of the same files: what two of them stand on is built once.

use crate::build::{self, Base};
use crate::error::Result;
use crate::files::{Files, Folder};
use crate::object::Build;
use crate::options::Options;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

/// Builds any number of kustomizations, also several at once. A base that two of them name is
/// read and built once; the result is that of [`build`](crate::build()).
///
/// Files are taken to stay as they are while it lives.
///
/// ```
/// use windlass_overlay::{Builder, Memory, Options};
///
/// let files = Memory::from_iter([
///     ("base/kustomization.yaml", "resources: [service.yaml]\n"),
///     ("base/service.yaml", "kind: Service\nmetadata: {name: web}\n"),
///     ("dev/kustomization.yaml", "resources: [../base]\nnamePrefix: dev-\n"),
///     ("prod/kustomization.yaml", "resources: [../base]\nnamePrefix: prod-\n"),
/// ]);
/// let options = Options::default();
/// let builder = Builder::new(&files, &options);
/// for environment in ["dev", "prod"] {
///     let built = builder.build(environment.as_ref())?;
///     let service = built.objects().next().expect("there is one");
///     assert_eq!(service.name(), format!("{environment}-web"));
/// }
/// # Ok::<(), windlass_overlay::Error>(())
/// ```
pub struct Builder<'a> {
    files: &'a dyn Files,
    options: &'a Options<'a>,
    bases: Bases,
}

impl<'a> Builder<'a> {
    /// A builder that has built nothing yet.
    #[must_use]
    pub fn new(files: &'a dyn Files, options: &'a Options<'a>) -> Self {
        Self {
            files,
            options,
            bases: Bases::default(),
        }
    }

    /// Builds the kustomization in the folder `root`.
    ///
    /// # Errors
    /// As [`build`](crate::build()).
    pub fn build(&self, root: &Path) -> Result<Build> {
        build::run(self.files, root, self.options, Some(&self.bases)).map(Build::new)
    }
}

impl std::fmt::Debug for Builder<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Builder")
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

/// What is known of a base that was built before.
#[derive(Clone)]
pub(crate) enum Known {
    /// It can be taken over.
    Apart(Arc<Base>),
    /// It changes the schema of a build, and so is built within each.
    InPlace,
}

/// The bases that were built so far.
#[derive(Default)]
pub(crate) struct Bases {
    /// By folder, and by how the folder is shown: errors and warnings name files that way.
    done: RwLock<HashMap<(PathBuf, String), Known>>,
}

impl Bases {
    pub(crate) fn get(&self, folder: &Folder<'_>) -> Option<Known> {
        let done = self.done.read().unwrap_or_else(PoisonError::into_inner);
        done.get(&key(folder)).cloned()
    }

    pub(crate) fn put(&self, folder: &Folder<'_>, known: Known) {
        let mut done = self.done.write().unwrap_or_else(PoisonError::into_inner);
        done.insert(key(folder), known);
    }
}

fn key(folder: &Folder<'_>) -> (PathBuf, String) {
    (folder.root().to_owned(), folder.shown_root())
}
