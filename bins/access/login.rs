//! Who a command is to a registry, where the environment says so.

use windlass_cli::Context;
use windlass_fault::Secret;

/// The user name and the password of the environment.
pub(crate) fn login(context: &Context) -> Option<(String, Secret)> {
    let name = context.env("REGISTRY_USERNAME")?;
    Some((name, Secret::new(context.env("REGISTRY_PASSWORD")?)))
}
