//! What a template may know of the repository.

use windlass_cli::{Config, Context, Failure};
use windlass_scaffold::{Environment, Site, repository};

/// The Application that tells where the repository is.
const ROOT_APP: &str = "argo/root-app.yaml";

pub(crate) fn site(config: Config, context: &Context) -> Result<Site, Failure> {
    let root_app = std::fs::read_to_string(context.path(ROOT_APP)).map_err(|error| {
        let hint = "Argo CD's root Application tells where the repository is";
        Failure::input(
            format!("cannot read `{ROOT_APP}`: {error}"),
            Some(hint.into()),
        )
    })?;
    let environments = config.environments.into_iter().map(|given| Environment {
        name: given.name,
        branch: given.branch,
        tag: given.tag,
    });
    Ok(Site {
        environments: environments.collect(),
        repository: repository(ROOT_APP, &root_app)?,
        apps: config.apps,
        registry: config.registry,
    })
}
