//! The name and namespace under which the controller will see what is sealed.

use crate::flags::Args;
use crate::overlay::Overlay;
use std::path::Path;
use windlass_cli::{Context, Failure};
use windlass_seal::{Identity, Scope, SealedSecret, Secret};

/// Tells names and namespaces, from the files, the flags and the overlay.
pub(crate) struct Seen<'a> {
    args: &'a Args,
    overlay: Option<Overlay>,
}

impl<'a> Seen<'a> {
    pub(crate) fn new(args: &'a Args, context: &Context) -> Result<Self, Failure> {
        let overlay = args
            .overlay
            .as_ref()
            .map(|root| Overlay::build(&context.path(root)));
        Ok(Self {
            args,
            overlay: overlay.transpose()?,
        })
    }

    /// The scope that a Secret is to be sealed in.
    pub(crate) fn scope(&self, secret: &Secret) -> Result<Scope, Failure> {
        match (self.args.scope, secret.scope()) {
            (Some(given), Some(written)) if given != written => {
                let message = format!(
                    "`{}` is {written} by its annotations, and {given} by --scope",
                    secret.name
                );
                Err(Failure::input(
                    message,
                    Some("leave one of them out".to_owned()),
                ))
            }
            (given, written) => Ok(given.or(written).unwrap_or_default()),
        }
    }

    /// What a Secret becomes that is sealed for the first time.
    pub(crate) fn of_secret(&self, secret: &Secret) -> Result<Identity, Failure> {
        let written = secret.namespace.as_deref();
        let namespace = match (written, self.args.namespace.as_deref()) {
            (Some(written), Some(given)) if written != given => {
                let name = &secret.name;
                let message =
                    format!("`{name}` is in the namespace `{written}`, and -n says `{given}`");
                return Err(Failure::input(
                    message,
                    Some("leave one of them out".to_owned()),
                ));
            }
            (written, given) => written.or(given).map(str::to_owned),
        };
        self.made_of(Identity {
            name: secret.name.clone(),
            namespace,
        })
    }

    /// What a value becomes that is sealed alone.
    pub(crate) fn of_named(&self, name: Option<&str>, scope: Scope) -> Result<Identity, Failure> {
        if name.is_none() && scope == Scope::Strict {
            return Err(Failure::usage(
                "a value that is sealed strictly needs --name",
            ));
        }
        self.made_of(Identity {
            name: name.unwrap_or("any").to_owned(),
            namespace: self.args.namespace.clone(),
        })
    }

    fn made_of(&self, own: Identity) -> Result<Identity, Failure> {
        match &self.overlay {
            Some(overlay) => Ok(self.completed(overlay.of_new(&own)?, None)),
            None => Ok(own),
        }
    }

    /// What a SealedSecret is held to that is checked.
    pub(crate) fn of_checked(
        &self,
        path: Option<&Path>,
        sealed: &SealedSecret,
    ) -> Result<Identity, Failure> {
        let seen = match &self.overlay {
            Some(overlay) => overlay.of_sealed(path, sealed)?,
            None => sealed.own().clone(),
        };
        Ok(self.completed(seen, None))
    }

    /// What a SealedSecret can be opened as.
    pub(crate) fn of_sealed(
        &self,
        path: Option<&Path>,
        sealed: &SealedSecret,
    ) -> Result<Identity, Failure> {
        Ok(self.completed(self.meant(path, sealed)?, None))
    }

    /// What values are to be sealed for that go into a SealedSecret.
    pub(crate) fn of_merged(
        &self,
        path: Option<&Path>,
        sealed: &SealedSecret,
        secret: &Secret,
    ) -> Result<Identity, Failure> {
        if self.overlay.is_none() {
            // What an overlay makes of the namespace counts more than what the Secret says.
            sealed.check_identity(&Identity {
                name: sealed.sealed_for().name.clone(),
                namespace: secret.namespace.clone().or(self.args.namespace.clone()),
            })?;
        }
        Ok(self.completed(self.meant(path, sealed)?, secret.namespace.clone()))
    }

    fn meant(&self, path: Option<&Path>, sealed: &SealedSecret) -> Result<Identity, Failure> {
        match &self.overlay {
            Some(overlay) => overlay.of_sealed(path, sealed),
            None => Ok(sealed.sealed_for().clone()),
        }
    }

    /// The identity with a namespace, if there is any word of one.
    fn completed(&self, seen: Identity, other: Option<String>) -> Identity {
        Identity {
            namespace: seen.namespace.or(other).or(self.args.namespace.clone()),
            ..seen
        }
    }
}
