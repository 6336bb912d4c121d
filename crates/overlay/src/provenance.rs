//! Where objects came from and what changed them, as `buildMetadata` prints it.

/// A place in the terms of `buildMetadata`: a file of this build or of a repository, or the
/// configuration of a generator or transformer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Provenance {
    /// The file, relative to the root of the build or of the repository.
    pub(crate) path: String,
    /// The repository, where it came from one.
    pub(crate) repo: String,
    /// The branch, tag or commit of the repository.
    pub(crate) reference: String,
    /// The file that configures the generator or transformer.
    pub(crate) configured_in: String,
    /// Api version, kind, name and namespace of its configuration.
    pub(crate) configured_by: Option<ConfiguredBy>,
}

/// The configuration of a generator or transformer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ConfiguredBy {
    pub(crate) api_version: String,
    pub(crate) kind: String,
    pub(crate) name: String,
    pub(crate) namespace: String,
}
