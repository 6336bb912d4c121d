//! Asking registries whether they have an image, before an environment is told to run it.

use crate::{access, login};
use std::collections::HashMap;
use windlass_cli::Context;
use windlass_gitsync::{Error, Result};
use windlass_registry::{Selector, Target};

#[derive(clap::Args)]
#[group(skip)]
pub(crate) struct Flags {
    /// Do not ask the registry whether it has the images
    #[arg(long)]
    no_registry_check: bool,
    #[command(flatten)]
    access: access::Flags,
}

impl Flags {
    pub(crate) fn read(&self, context: &Context) -> Registries {
        let selector = (!self.no_registry_check).then(|| {
            let mut access = self.access.read(context);
            access.credentials.login = login::login(context);
            Selector::new(access)
        });
        Registries {
            selector,
            known: HashMap::new(),
        }
    }
}

/// The registries of images. Each image is asked for once.
pub(crate) struct Registries {
    selector: Option<Selector>,
    known: HashMap<(String, String), bool>,
}

impl Registries {
    /// Whether a tag or digest is there, by the image's name.
    pub(crate) fn have(&mut self, name: &str, reference: &str) -> Result<bool> {
        let Some(selector) = &self.selector else {
            return Ok(true);
        };
        let key = (name.to_owned(), reference.to_owned());
        if let Some(known) = self.known.get(&key) {
            return Ok(*known);
        }
        let place: Target = name.parse().map_err(Error::edit)?;
        let found = selector.find(&place, reference).map_err(Error::edit)?;
        self.known.insert(key, found.is_some());
        Ok(found.is_some())
    }
}
