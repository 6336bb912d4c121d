//! What `windlass.yaml` says of the repository's layout, for the crate that reads its history.

use windlass_cli::Config;
use windlass_release::{Layout, Shared};

pub(crate) fn layout(config: &Config) -> Layout {
    let shared = config.shared.iter().map(|shared| Shared {
        path: shared.path.clone(),
        apps: shared.apps.clone(),
    });
    Layout {
        apps: config.apps.clone(),
        tag_prefix: config.tag_prefix.clone(),
        shared: shared.collect(),
    }
}
