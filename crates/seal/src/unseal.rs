//! SealedSecrets opened again, for those who have the private keys: recovery.

use crate::error::{Error, ErrorKind};
use crate::identity::Identity;
use crate::key::PrivateKey;
use crate::scope::{CLUSTER_WIDE, NAMESPACE_WIDE};
use crate::sealed::SealedSecret;
use crate::secret::Secret;

impl SealedSecret {
    /// Opens all values, as the object `seen` that the controller sees.
    ///
    /// # Errors
    /// [`ErrorKind::Unopened`] and [`ErrorKind::Label`] where one cannot be opened, and
    /// [`ErrorKind::SealedSecret`] where the template makes values, which Go alone can.
    pub fn unseal(&self, seen: &Identity, keys: &[PrivateKey]) -> Result<Secret, Error> {
        if self.template.has_data {
            let message = format!(
                "the template of `{}` makes values, which is not done here",
                self.own().name
            );
            return Err(Error::new(ErrorKind::SealedSecret, message)
                .at(self.location())
                .with_hint("take `template.data` out to get the values that it is made of"));
        }
        let label = seen
            .label(self.scope)
            .map_err(|error| error.at(self.location()))?;
        let mut values = Vec::new();
        let mut errors = Vec::new();
        for value in &self.values {
            match self.open(value, seen, &label, keys) {
                Ok((plain, _)) => values.push((value.key.clone(), plain)),
                Err(error) => errors.push(error),
            }
        }
        Error::all(errors)?;
        let mut annotations = self.template.annotations.clone();
        annotations.retain(|(key, _)| ![CLUSTER_WIDE, NAMESPACE_WIDE].contains(&&**key));
        let mark = self
            .scope
            .annotation()
            .map(|name| (name.to_owned(), "true".to_owned()));
        annotations.extend(mark);
        Ok(Secret {
            name: seen.name.clone(),
            namespace: seen.namespace.clone(),
            kind: self.template.kind.clone(),
            immutable: self.template.immutable,
            labels: self.template.labels.clone(),
            annotations,
            scope: None,
            values,
            place: self.location(),
        })
    }
}
