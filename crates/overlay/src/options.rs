//! What a caller may choose.

use crate::files::Restriction;
use crate::function::Functions;
use crate::helm::Helm;
use crate::program::Programs;
use crate::remote::Fetch;

/// How to build; the default is what `kustomize build` does without a flag.
#[derive(Clone, Copy, Default)]
pub struct Options<'a> {
    /// Which files may be read.
    pub restriction: Restriction,
    /// The order of the output, where the kustomization has no `sortOptions`.
    pub reorder: Reorder,
    /// Whether a warning is an error.
    pub strict: bool,
    /// Whether to keep what changed each field, for
    /// [`Object::changes_of`](crate::Object::changes_of).
    pub history: bool,
    /// Whether every object gets the label `app.kubernetes.io/managed-by`.
    pub managed_by_label: bool,
    /// Who fetches remote bases and files; without one they are an error.
    pub fetch: Option<&'a dyn Fetch>,
    /// Who runs other programs; without one no program runs, whatever the other options say.
    pub programs: Option<&'a dyn Programs>,
    /// How to inflate helm charts; without it a chart is an error.
    pub helm: Option<Helm<'a>>,
    /// Whether functions that are programs may run, and with which environment.
    pub functions: Option<Functions<'a>>,
}

impl std::fmt::Debug for Options<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Options")
            .field("restriction", &self.restriction)
            .field("reorder", &self.reorder)
            .field("strict", &self.strict)
            .field("history", &self.history)
            .field("managed_by_label", &self.managed_by_label)
            .field("fetch", &self.fetch.is_some())
            .field("programs", &self.programs.is_some())
            .field("helm", &self.helm)
            .field("functions", &self.functions)
            .finish()
    }
}

/// The order of the output.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Reorder {
    /// By kind: namespaces first, webhooks last.
    #[default]
    Legacy,
    /// As read.
    None,
}
