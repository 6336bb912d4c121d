//! Manifests held to the schemas of Kubernetes and of the CRDs beside them, and to rules of good
//! practice. What is found stands where it was written: in the base, the patch or the entry of the
//! overlay that a value came from.
//!
//! ```
//! use windlass_lint::{Manifest, Options, Outcome, Set, lint};
//! use windlass_yaml::{Source, Tree};
//!
//! let text = "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec:\n  port: 80\n";
//! let mut tree = Tree::new();
//! let roots = tree.load(Source::new("service.yaml", text))?;
//! let manifests = roots.into_iter().map(|root| Manifest::new(&tree, root));
//!
//! let options = Options::default();
//! let found = Outcome::join([lint(&Set::new("web", manifests), &options)], &options);
//! assert_eq!(found[0].rule, "undeclared-field");
//! assert_eq!(found[0].message, "`spec` cannot have a field `port`");
//! assert_eq!(found[0].hint.as_deref(), Some("did you mean `ports`?"));
//! assert_eq!(found[0].location.as_ref().unwrap().to_string(), "service.yaml:5:3");
//! # Ok::<(), windlass_yaml::Error>(())
//! ```
//!
//! [`lint`] looks at one [`Set`]: the objects of one overlay. [`Outcome::join`] makes one report of
//! many, in which what a shared base is to blame for stands once. [`compare`] looks for changes
//! that a cluster refuses, [`requirements`] at Python's requirements, [`applications`] at Argo CD's
//! Applications. [`RULES`] describes every rule.

mod crd;
mod finding;
mod manifest;
mod rules;
mod schema;
mod table;
mod version;
mod waiver;
mod walk;
mod workload;

pub use crd::Crds;
pub use finding::{Finding, Fix, Outcome, Rendered, Severity};
pub use manifest::{Manifest, Set};
pub use rules::{RULES, Rule, Site, applications, compare, lint, requirements};
pub use version::{UnknownVersion, Version};

use std::collections::BTreeMap;

/// What to hold manifests to.
#[derive(Debug)]
pub struct Options<'a> {
    /// The custom resources that are known beside those of a set itself.
    pub crds: Crds,
    /// How bad the findings of a rule are, where it is not what the rule says.
    pub severities: BTreeMap<String, Severity>,
    /// Names of warnings of others, which comments may waive too.
    pub names: &'a [&'a str],
    schemas: table::Builtin,
}

impl Options<'_> {
    /// Options for a version of Kubernetes.
    #[must_use]
    pub fn new(version: Version) -> Self {
        Self {
            crds: Crds::default(),
            severities: BTreeMap::new(),
            names: &[],
            schemas: table::Builtin::new(version),
        }
    }
}

impl Default for Options<'_> {
    fn default() -> Self {
        Self::new(Version::default())
    }
}
