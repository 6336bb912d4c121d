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
    pub(crate) fn of_secret(&self, secret: &Secret, scope: Scope) -> Result<Identity, Failure> {
        let own = Identity {
            name: secret.name.clone(),
            namespace: self.namespace(secret.namespace.as_deref(), &secret.name)?,
        };
        self.in_overlay(own, scope)
    }

    /// What a value becomes that is sealed alone.
    pub(crate) fn of_named(&self, name: Option<&str>, scope: Scope) -> Result<Identity, Failure> {
        if name.is_none() && scope == Scope::Strict {
            return Err(Failure::usage(
                "a value that is sealed strictly needs --name",
            ));
        }
        let own = Identity {
            name: name.unwrap_or("any").to_owned(),
            namespace: self.args.namespace.clone(),
        };
        self.in_overlay(own, scope)
    }

    fn in_overlay(&self, own: Identity, scope: Scope) -> Result<Identity, Failure> {
        let seen = match &self.overlay {
            Some(overlay) => self.completed(overlay.of_new(&own)?),
            None => own,
        };
        self.with_namespace(seen, scope)
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
        Ok(self.completed(seen))
    }

    /// What a SealedSecret can be opened as.
    pub(crate) fn of_sealed(
        &self,
        path: Option<&Path>,
        sealed: &SealedSecret,
    ) -> Result<Identity, Failure> {
        let seen = match &self.overlay {
            Some(overlay) => overlay.of_sealed(path, sealed)?,
            None => sealed.sealed_for().clone(),
        };
        self.with_namespace(self.completed(seen), sealed.scope())
    }

    /// What values are to be sealed for that go into a SealedSecret.
    pub(crate) fn of_merged(
        &self,
        path: Option<&Path>,
        sealed: &SealedSecret,
        secret: &Secret,
    ) -> Result<Identity, Failure> {
        if self.overlay.is_none() {
            // The overlay's word counts more than that of the Secret.
            sealed.check_identity(&Identity {
                name: sealed.sealed_for().name.clone(),
                namespace: secret.namespace.clone().or(self.args.namespace.clone()),
            })?;
        }
        let mut seen = self.of_sealed(path, sealed);
        if let (Err(_), Some(namespace)) = (&seen, &secret.namespace) {
            seen = Ok(Identity {
                namespace: Some(namespace.clone()),
                ..sealed.sealed_for().clone()
            });
        }
        seen
    }

    /// The namespace that is written down, or given; not both and different.
    fn namespace(&self, written: Option<&str>, name: &str) -> Result<Option<String>, Failure> {
        match (written, self.args.namespace.as_deref()) {
            (Some(written), Some(given)) if written != given => {
                let message =
                    format!("`{name}` is in the namespace `{written}`, and -n says `{given}`");
                Err(Failure::input(
                    message,
                    Some("leave one of them out".to_owned()),
                ))
            }
            (written, given) => Ok(written.or(given).map(str::to_owned)),
        }
    }

    fn completed(&self, seen: Identity) -> Identity {
        Identity {
            namespace: seen.namespace.or(self.args.namespace.clone()),
            ..seen
        }
    }

    fn with_namespace(&self, seen: Identity, scope: Scope) -> Result<Identity, Failure> {
        if seen.namespace.is_some() || scope == Scope::ClusterWide {
            return Ok(seen);
        }
        let message = format!(
            "the namespace of `{}`, which {scope} scope needs, is not known",
            seen.name
        );
        let hint = "give it with -n, or the overlay that sets it with --overlay";
        Err(Failure::input(message, Some(hint.to_owned())))
    }
}
