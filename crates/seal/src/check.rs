//! Whether a controller will open a SealedSecret, as far as that can be known without it.

use crate::certificate::Certificate;
use crate::error::{Error, ErrorKind};
use crate::identity::Identity;
use crate::key::PrivateKey;
use crate::read::Plain;
use crate::scope::{Label, Scope};
use crate::sealed::{SealedSecret, SealedValue};
use windlass_fault::Warning;

/// What a SealedSecret is held to; the default is its own form alone.
#[derive(Debug, Clone, Copy, Default)]
pub struct Checks<'a> {
    /// The certificate that it should be sealed with.
    pub certificate: Option<&'a Certificate>,
    /// Keys, one of which must open each value.
    pub keys: &'a [PrivateKey],
    /// The present time, in seconds since 1970.
    pub now: u64,
    /// How many days old a certificate may be.
    pub max_age: Option<u64>,
}

impl SealedSecret {
    /// Checks it as the object `seen` that the controller will see. Without a key this is about
    /// form, and about what the file says of itself.
    ///
    /// # Errors
    /// Everything for which the controller could not open it, at once.
    pub fn check(&self, seen: &Identity, checks: &Checks<'_>) -> Result<Vec<Warning>, Error> {
        let mut errors: Vec<Error> = self.check_scope().err().into_iter().collect();
        errors.extend(self.check_identity(seen).err());
        if self.values.is_empty() && !self.template.has_data {
            let message = format!("the SealedSecret `{}` holds no value", self.own().name);
            errors.push(Error::new(ErrorKind::SealedSecret, message).at(self.location()));
        }
        let errors_before = errors.len();
        for value in &self.values {
            errors.extend(check_size(value, checks.certificate).err());
        }
        if errors.len() == errors_before && !checks.keys.is_empty() {
            let label = seen
                .label(self.scope)
                .map_err(|error| error.at(self.location()))?;
            let opened = self
                .values
                .iter()
                .map(|value| self.open(value, seen, &label, checks.keys));
            errors.extend(opened.filter_map(Result::err));
        }
        Error::all(errors)?;
        Ok(self.oddities(checks))
    }

    /// Refuses a template that asks for another scope than the object.
    fn check_scope(&self) -> Result<(), Error> {
        let Some(asked) = self.template_scope.filter(|&asked| asked != self.scope) else {
            return Ok(());
        };
        let message = format!(
            "`{}` is {} by its own annotations, and {asked} by those of its template",
            self.own().name,
            self.scope
        );
        Err(Error::new(ErrorKind::Scope, message)
            .at(self.location())
            .with_hint("the controller goes by those of the SealedSecret; make both alike"))
    }

    /// Refuses what is sealed for another name or namespace than `seen`, as far as the file tells
    /// what it is sealed for.
    ///
    /// # Errors
    /// [`ErrorKind::Label`].
    pub fn check_identity(&self, seen: &Identity) -> Result<(), Error> {
        let Some((field, sealed, used)) = self.sealed_for().difference(seen, self.scope) else {
            return Ok(());
        };
        let message =
            format!("what was sealed for the {field} `{sealed}` cannot be opened under `{used}`");
        Err(Error::new(ErrorKind::Label, message)
            .at(self.location())
            .with_hint(
                "name the overlay that it is for with --overlay, or seal it again for the final name \
                 and namespace",
            ))
    }

    /// Opens a value, or tells why not.
    pub(crate) fn open(
        &self,
        value: &SealedValue,
        seen: &Identity,
        label: &Label,
        keys: &[PrivateKey],
    ) -> Result<(Plain, usize), Error> {
        let blob = value.blob()?;
        let with = |label: &Label| {
            let mut opened = keys.iter().enumerate();
            opened.find_map(|(at, key)| Some((key.open(&blob, label)?, at)))
        };
        if let Some(opened) = with(label) {
            return Ok(opened);
        }
        let known = [seen, self.sealed_for(), self.own()];
        let labels = known
            .into_iter()
            .flat_map(|known| Scope::ALL.map(|scope| known.label(scope)));
        if let Some(other) = labels.flatten().find(|other| with(other).is_some()) {
            let message = format!(
                "`{}` is sealed for {}, and would be opened for {}",
                value.key,
                other.in_words(),
                label.in_words()
            );
            return Err(Error::new(ErrorKind::Label, message).at(value.place.clone()));
        }
        let sizes: Vec<usize> = keys.iter().map(PrivateKey::size).collect();
        let message = match sizes.contains(&blob.key_size()) {
            true => format!(
                "none of the keys opens `{}` for {}: it is sealed with another key, for another \
                 name, or it changed since",
                value.key,
                label.in_words()
            ),
            false => format!(
                "none of the keys opens `{}`: it is sealed with one of {} bits",
                value.key,
                blob.key_size() * 8
            ),
        };
        let error = Error::new(ErrorKind::Unopened, message).at(value.place.clone());
        let used = self
            .used
            .iter()
            .map(|used| format!("`{}`", used.fingerprint));
        let used: Vec<String> = used.collect();
        Err(match used.is_empty() {
            true => error,
            false => error.with_hint(format!("it was sealed with {}", used.join(" or "))),
        })
    }

    /// What works but is probably not meant.
    fn oddities(&self, checks: &Checks<'_>) -> Vec<Warning> {
        let mut warnings = Vec::new();
        if self.template_scope.is_none() && self.scope != Scope::Strict {
            let message = format!(
                "the template of `{}` does not say that it is {}",
                self.own().name,
                self.scope
            );
            warnings.push(Warning::new(message).hint("kubeseal goes by the template"));
        }
        let fingerprint = checks.certificate.map(Certificate::fingerprint);
        for used in &self.used {
            if fingerprint.is_some_and(|fingerprint| fingerprint != used.fingerprint) {
                let message = format!(
                    "`{}` is sealed with another certificate: {}",
                    self.own().name,
                    used.fingerprint
                );
                warnings.push(Warning::new(message).hint("seal it again with --re-encrypt"));
            }
            if let (Some(age), Some(most)) = (used.age(checks.now), checks.max_age)
                && age > most
            {
                let message = format!(
                    "`{}` is sealed with a certificate that is {age} days old",
                    self.own().name
                );
                warnings.push(
                    Warning::new(message).hint("seal it again with the controller's present one"),
                );
            }
        }
        let place = self.location();
        warnings
            .into_iter()
            .map(|warning| warning.at(place.clone()))
            .collect()
    }
}

/// Refuses a value that cannot have been sealed with the certificate.
fn check_size(value: &SealedValue, certificate: Option<&Certificate>) -> Result<(), Error> {
    let blob = value.blob()?;
    let wanted = certificate.map_or(blob.key_size(), Certificate::key_size);
    if blob.key_size() == wanted {
        return Ok(());
    }
    let message = format!(
        "`{}` is sealed with a key of {} bits, and the certificate's has {}",
        value.key,
        blob.key_size() * 8,
        wanted * 8
    );
    Err(Error::new(ErrorKind::Sealed, message).at(value.place.clone()))
}
