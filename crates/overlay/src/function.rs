//! Functions that are programs: they read a list of objects and print one
//! (`kustomize: kyaml/fn/runtime`).

/// How functions may run.
#[derive(Debug, Clone, Copy)]
pub struct Functions<'a> {
    /// The environment that they get besides that of the caller: `NAME=value`.
    pub environment: &'a [String],
}
