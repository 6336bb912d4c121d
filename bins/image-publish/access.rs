//! How registries are reached: what the command line and the environment say.

use std::collections::BTreeSet;
use windlass_cli::{Context, Failure};
use windlass_fault::Secret;
use windlass_registry::{Access, Credentials, Notify, Target};

#[derive(clap::Args)]
pub(crate) struct Flags {
    /// Speak http with a registry that is not this machine
    #[arg(long)]
    plain_http: bool,
}

impl Flags {
    /// The access to the registries of these images.
    pub(crate) fn read(&self, images: &[Target], context: &Context) -> Result<Access, Failure> {
        let login = context
            .env("REGISTRY_USERNAME")
            .zip(context.env("REGISTRY_PASSWORD"));
        let registries: BTreeSet<&str> = images.iter().filter_map(registry).collect();
        if login.is_some() && registries.len() > 1 {
            return Err(Failure::usage(
                "REGISTRY_PASSWORD is for one registry, and the images go to several; log in with docker or podman",
            ));
        }
        let said = context.clone();
        Ok(Access {
            credentials: Credentials {
                login: login.map(|(name, password)| (name, Secret::new(password))),
                files: Credentials::usual_files(|name| context.env(name)),
                ..Credentials::default()
            },
            plain_http: self.plain_http,
            notify: Notify::new(move |text| said.progress(text)),
            ..Access::default()
        })
    }
}

fn registry(image: &Target) -> Option<&str> {
    match image {
        Target::Registry(repository) => Some(repository.registry()),
        Target::Layout(_) => None,
    }
}
