//! The machine that the workflow's steps run on.

use crate::Args;
use std::collections::BTreeMap;
use std::path::Path;
use windlass_cli::{Context, Failure};
use windlass_fault::Secret;
use windlass_testkit::{DEVELOPER, Machine, Remote, Sandbox};

/// The next date for the commits that git and the commands make.
pub(crate) fn dates(sandbox: &Sandbox) -> BTreeMap<String, String> {
    let date = sandbox.tick();
    let names = ["GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"];
    names
        .into_iter()
        .map(|name| (name.to_owned(), date.clone()))
        .collect()
}

/// How variables begin that speak of another job or repository.
const FOREIGN: &[&str] = &[
    "GIT_",
    "GITHUB_",
    "INPUT_",
    "REGISTRY_",
    "RUNNER_",
    "WINDLASS_",
];

/// The machine that steps run on: this one, with the commands first in its path, and without
/// what the environment says of another job or repository.
pub(crate) fn machine(
    context: &Context,
    args: &Args,
    folder: &Path,
    bins: &Path,
    remote: &Remote,
) -> Result<Machine, Failure> {
    let git_config = folder.join("gitconfig");
    let (name, email) = DEVELOPER;
    let text =
        format!("[user]\n\tname = {name}\n\temail = {email}\n[init]\n\tdefaultBranch = main\n");
    std::fs::write(&git_config, text)
        .map_err(|error| Failure::world(format!("cannot write to the sandbox: {error}"), None))?;
    let shown = |path: &Path| path.display().to_string();
    let foreign = |name: &str| FOREIGN.iter().any(|prefix| name.starts_with(prefix));
    let mut environment: BTreeMap<String, String> = context
        .variables()
        .filter(|(name, _)| !foreign(name))
        .collect();
    let path = environment.remove("PATH").unwrap_or_default();
    for (name, value) in [
        ("PATH", format!("{}:{path}", shown(bins))),
        ("GIT_CONFIG_GLOBAL", shown(&git_config)),
        ("GIT_CONFIG_NOSYSTEM", "1".to_owned()),
        ("VENV", shown(&folder.join("venv"))),
    ] {
        environment.insert(name.to_owned(), value);
    }
    let layout = || format!("oci:{}", shown(&folder.join("registry")));
    let registry = args.registry.clone().unwrap_or_else(layout);
    let variables = [
        ("WINDLASS_HOME", shown(bins)),
        ("WINDLASS_REGISTRY", registry),
        ("WINDLASS_BASE", args.base.clone()),
        ("WINDLASS_DEPENDENCIES", "auto".to_owned()),
    ];
    let secret = |name: &str| Some((name.to_owned(), Secret::new(context.env(name)?)));
    let secrets = ["GITHUB_TOKEN", "REGISTRY_USERNAME", "REGISTRY_PASSWORD"];
    Ok(Machine {
        environment,
        variables: variables
            .map(|(name, value)| (name.to_owned(), value))
            .into(),
        secrets: secrets.into_iter().filter_map(secret).collect(),
        repository: "example/platform".to_owned(),
        actor: DEVELOPER.0.to_owned(),
        server: remote
            .server()
            .unwrap_or_else(|| "https://github.com".to_owned()),
        folder: folder.to_owned(),
    })
}
