//! What a value is sealed for: the name and namespace under which alone the controller opens it.

use crate::error::{Error, ErrorKind};
use std::fmt;
use std::str::FromStr;

/// The annotation of the scope that opens under every name in every namespace.
pub const CLUSTER_WIDE: &str = "sealedsecrets.bitnami.com/cluster-wide";
/// The annotation of the scope that opens under every name in one namespace.
pub const NAMESPACE_WIDE: &str = "sealedsecrets.bitnami.com/namespace-wide";

/// How far a sealed value may be moved.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Scope {
    /// It opens under its own name in its own namespace.
    #[default]
    Strict,
    /// It opens under every name in its own namespace.
    NamespaceWide,
    /// It opens everywhere.
    ClusterWide,
}

impl Scope {
    /// All of them, the narrowest first.
    pub const ALL: [Self; 3] = [Self::Strict, Self::NamespaceWide, Self::ClusterWide];

    /// The scope that annotations ask for: those that are `true` to the letter count, and
    /// cluster-wide wins (sealed-secrets: sealedsecret_expansion.go, `SecretScope`).
    pub fn of_annotations<'a>(get: impl Fn(&str) -> Option<&'a str>) -> Self {
        if get(CLUSTER_WIDE) == Some("true") {
            Self::ClusterWide
        } else if get(NAMESPACE_WIDE) == Some("true") {
            Self::NamespaceWide
        } else {
            Self::Strict
        }
    }

    /// The annotation that asks for it; strict needs none.
    #[must_use]
    pub fn annotation(self) -> Option<&'static str> {
        match self {
            Self::Strict => None,
            Self::NamespaceWide => Some(NAMESPACE_WIDE),
            Self::ClusterWide => Some(CLUSTER_WIDE),
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Strict => "strict",
            Self::NamespaceWide => "namespace-wide",
            Self::ClusterWide => "cluster-wide",
        })
    }
}

impl FromStr for Scope {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let found = Self::ALL
            .into_iter()
            .find(|scope| scope.to_string() == text);
        found.ok_or_else(|| {
            let message = format!("`{text}` is no scope");
            Error::new(ErrorKind::Scope, message)
                .with_hint("it is `strict`, `namespace-wide` or `cluster-wide`")
        })
    }
}

/// Scope, namespace and name in the form that is bound to a sealed value: nothing for
/// cluster-wide, the namespace for namespace-wide, `namespace/name` for strict.
///
/// ```
/// use windlass_seal::{Label, Scope};
/// let label = Label::new(Scope::Strict, Some("shop-dev"), "dev-shop-secret")?;
/// assert_eq!(label.to_string(), "shop-dev/dev-shop-secret");
/// # Ok::<(), windlass_seal::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Label(String);

impl Label {
    /// The label of an object with this name in this namespace.
    ///
    /// # Errors
    /// [`ErrorKind::Namespace`] where the scope needs a namespace and there is none.
    pub fn new(scope: Scope, namespace: Option<&str>, name: &str) -> Result<Self, Error> {
        if scope == Scope::ClusterWide {
            return Ok(Self(String::new()));
        }
        let Some(namespace) = namespace.filter(|namespace| !namespace.is_empty()) else {
            let message =
                format!("the namespace of `{name}`, which {scope} scope needs, is not known");
            return Err(Error::new(ErrorKind::Namespace, message)
                .with_hint("give it with -n, or the overlay that sets it with --overlay"));
        };
        Ok(Self(match scope {
            Scope::Strict => format!("{namespace}/{name}"),
            _ => namespace.to_owned(),
        }))
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// The label in words: `name in namespace`.
    #[must_use]
    pub fn in_words(&self) -> String {
        match self.0.split_once('/') {
            Some((namespace, name)) => format!("`{name}` in `{namespace}`"),
            None if self.0.is_empty() => "every name in every namespace".to_owned(),
            None => format!("every name in `{}`", self.0),
        }
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_true_to_the_letter_widens_and_the_wider_one_wins() {
        let scope = |pairs: &[(&str, &'static str)]| {
            Scope::of_annotations(|key| {
                let mut pairs = pairs.iter();
                pairs
                    .find(|(name, _)| *name == key)
                    .map(|&(_, value)| value)
            })
        };
        assert_eq!(scope(&[]), Scope::Strict);
        assert_eq!(
            scope(&[(CLUSTER_WIDE, "True"), (NAMESPACE_WIDE, "1")]),
            Scope::Strict
        );
        assert_eq!(scope(&[(NAMESPACE_WIDE, "true")]), Scope::NamespaceWide);
        let both = [(NAMESPACE_WIDE, "true"), (CLUSTER_WIDE, "true")];
        assert_eq!(scope(&both), Scope::ClusterWide);
    }

    #[test]
    fn labels_hold_what_their_scope_binds() {
        let label = |scope| Label::new(scope, Some("ns"), "n").map(|label| label.to_string());
        assert_eq!(label(Scope::Strict).unwrap(), "ns/n");
        assert_eq!(label(Scope::NamespaceWide).unwrap(), "ns");
        assert_eq!(label(Scope::ClusterWide).unwrap(), "");
        assert_eq!(
            Label::new(Scope::ClusterWide, None, "n")
                .unwrap()
                .to_string(),
            ""
        );
        let missing = Label::new(Scope::NamespaceWide, Some(""), "n").unwrap_err();
        assert_eq!(missing.kind(), ErrorKind::Namespace);
    }
}
