//! Name and namespace.

use crate::error::Error;
use crate::scope::{Label, Scope};

/// The name and namespace under which something is sealed or opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The name.
    pub name: String,
    /// The namespace, where it is known.
    pub namespace: Option<String>,
}

impl Identity {
    /// What of it is bound to a value in a scope.
    ///
    /// # Errors
    /// As [`Label::new`].
    pub fn label(&self, scope: Scope) -> Result<Label, Error> {
        Label::new(scope, self.namespace.as_deref(), &self.name)
    }

    /// What of it the scope binds and the other one has not: a word for it, this and the other.
    /// What is not known does not differ.
    pub(crate) fn difference<'a>(
        &'a self,
        other: &'a Self,
        scope: Scope,
    ) -> Option<(&'static str, &'a str, &'a str)> {
        if scope == Scope::Strict && self.name != other.name {
            return Some(("name", &self.name, &other.name));
        }
        let (this, that) = self.namespace.as_deref().zip(other.namespace.as_deref())?;
        (scope != Scope::ClusterWide && this != that).then_some(("namespace", this, that))
    }
}
