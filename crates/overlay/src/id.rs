//! The id of an object: group, version, kind, namespace and name.

use std::borrow::Cow;
use std::fmt;

/// The namespace an object without one is in.
pub(crate) const DEFAULT_NAMESPACE: &str = "default";

/// What stands for the namespace of objects that can have none.
pub(crate) const NO_NAMESPACE: &str = "_non_namespaceable_";

/// Group, version and kind; an empty one is not given.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(crate) struct Gvk {
    pub(crate) group: Cow<'static, str>,
    pub(crate) version: Cow<'static, str>,
    pub(crate) kind: Cow<'static, str>,
}

impl Gvk {
    pub(crate) fn new(api_version: &str, kind: &str) -> Self {
        let (group, version) = split_api_version(api_version);
        Self {
            group: Cow::Owned(group.to_owned()),
            version: Cow::Owned(version.to_owned()),
            kind: Cow::Owned(kind.to_owned()),
        }
    }

    /// For the tables of this crate.
    pub(crate) const fn known(
        group: &'static str,
        version: &'static str,
        kind: &'static str,
    ) -> Self {
        Self {
            group: Cow::Borrowed(group),
            version: Cow::Borrowed(version),
            kind: Cow::Borrowed(kind),
        }
    }

    /// `group/version`, or the version alone.
    pub(crate) fn api_version(&self) -> String {
        if self.group.is_empty() {
            self.version.to_string()
        } else {
            format!("{}/{}", self.group, self.version)
        }
    }

    /// Whether every part that `self` gives is the one of `api_version` and `kind`.
    pub(crate) fn selects(&self, api_version: &str, kind: &str) -> bool {
        let fits = |want: &str, have: &str| want.is_empty() || want == have;
        let fits_api = || {
            let (group, version) = split_api_version(api_version);
            fits(&self.group, group) && fits(&self.version, version)
        };
        fits(&self.kind, kind) && fits_api()
    }
}

impl fmt::Display for Gvk {
    /// `Kind.version.group`, as kustomize names it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let or = |text: &str, else_: &str| match text {
            "" => else_.to_owned(),
            text => text.to_owned(),
        };
        let kind = or(&self.kind, "[noKind]");
        let version = or(&self.version, "[noVer]");
        write!(f, "{kind}.{version}.{}", or(&self.group, "[noGrp]"))
    }
}

/// The id of an object, now or at an earlier time.
///
/// Two ids are equal where kustomize takes them for one object: no namespace is the same as
/// `default`, and objects that live in no namespace are compared without it
/// (`kustomize: kyaml/resid/resid.go`).
#[derive(Debug, Clone)]
pub(crate) struct Id {
    pub(crate) gvk: Gvk,
    pub(crate) name: String,
    /// As written; may be empty.
    pub(crate) namespace: String,
    /// Whether the kind certainly lives in no namespace.
    pub(crate) cluster_scoped: bool,
}

impl Id {
    /// The namespace for comparing: never empty.
    pub(crate) fn effective_namespace(&self) -> &str {
        effective_namespace(&self.namespace, self.cluster_scoped)
    }

    pub(crate) fn same_namespace(&self, other: &Self) -> bool {
        self.effective_namespace() == other.effective_namespace()
    }
}

impl PartialEq for Id {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.gvk == other.gvk && self.same_namespace(other)
    }
}

impl Eq for Id {}

impl std::hash::Hash for Id {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.name.hash(state);
        self.gvk.hash(state);
        self.effective_namespace().hash(state);
    }
}

impl fmt::Display for Id {
    /// `Deployment.v1.apps/web.shop`, as kustomize names it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let or = |text: &str, else_: &str| match text {
            "" => else_.to_owned(),
            text => text.to_owned(),
        };
        let name = or(&self.name, "[noName]");
        write!(f, "{}/{name}.{}", self.gvk, or(&self.namespace, "[noNs]"))
    }
}

/// The namespace for comparing: never empty.
pub(crate) fn effective_namespace(namespace: &str, cluster_scoped: bool) -> &str {
    match namespace {
        _ if cluster_scoped => NO_NAMESPACE,
        "" => DEFAULT_NAMESPACE,
        namespace => namespace,
    }
}

/// Group and version of an `apiVersion`.
pub(crate) fn split_api_version(api_version: &str) -> (&str, &str) {
    api_version.split_once('/').unwrap_or(("", api_version))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(namespace: &str, cluster_scoped: bool) -> Id {
        Id {
            gvk: Gvk::new("apps/v1", "Deployment"),
            name: "web".into(),
            namespace: namespace.into(),
            cluster_scoped,
        }
    }

    #[test]
    fn no_namespace_is_the_default_one() {
        assert_eq!(id("", false), id("default", false));
        assert_ne!(id("", false), id("shop", false));
        assert_eq!(id("", true), id("shop", true));
    }

    #[test]
    fn prints_as_kustomize_does() {
        assert_eq!(id("", false).to_string(), "Deployment.v1.apps/web.[noNs]");
    }
}
