//! How commands write to a branch: what the command line, the environment and git's configuration
//! say of the remote, the commit and the time there is.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;
use windlass_cli::{Context, Failure};
use windlass_gitsync::{
    Access, Identity, Options, Remote, Role, Settings, Signature, address, open,
};

#[derive(clap::Args)]
pub(crate) struct Flags {
    /// Where to push: a remote's name or address
    #[arg(long, value_name = "REMOTE", default_value = "origin")]
    remote: String,
    /// Ask CI, in the commit's message, to skip it
    #[arg(long)]
    skip_ci: bool,
    /// What tells this change from an equal one that is made elsewhere [default: the id of the job]
    #[arg(long, value_name = "TEXT")]
    nonce: Option<String>,
    /// How many seconds to try
    #[arg(long, value_name = "SECONDS", default_value_t = 300)]
    deadline: u64,
    /// Do everything but the push
    #[arg(long)]
    dry_run: bool,
}

/// All that a write needs beside the branch and the edit.
pub(crate) struct Writing {
    pub(crate) remote: Box<dyn Remote>,
    pub(crate) signature: Signature,
    pub(crate) options: Options,
}

impl Flags {
    pub(crate) fn read(&self, context: &Context) -> Result<Writing, Failure> {
        let settings = Settings::read(context.directory(), |name| context.env(name))?;
        let access = Access::from_variables(context.directory(), |name| context.env(name));
        let identity = |role| Identity::from_settings(role, context.now(), &settings);
        Ok(Writing {
            remote: open(&address(context.directory(), &self.remote)?, &access)?,
            signature: Signature {
                author: identity(Role::Author)?,
                committer: identity(Role::Committer)?,
            },
            options: Options {
                deadline: Duration::from_secs(self.deadline),
                // Keys of a hasher are random, which spreads the waits of writers that race.
                seed: RandomState::new().hash_one(0),
                nonce: self.nonce.clone().unwrap_or_else(|| job(context)),
                skip_ci: self.skip_ci,
                dry_run: self.dry_run,
                ..Options::default()
            },
        })
    }
}

/// What GitHub's runners call this run of a job, or GitLab's; nothing elsewhere.
fn job(context: &Context) -> String {
    let names = [
        "GITHUB_RUN_ID",
        "GITHUB_RUN_ATTEMPT",
        "GITHUB_JOB",
        "CI_JOB_ID",
    ];
    let parts: Vec<String> = names.iter().filter_map(|name| context.env(name)).collect();
    parts.join(" ")
}
