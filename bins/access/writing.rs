//! How commands write to a branch: what the command line, the environment and git's configuration
//! say of the remote, the commit and the time there is.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;
use windlass_cli::{Context, Failure};
use windlass_gitsync::{
    Access, Identity, Options, Remote, Role, Settings, Signature, Signer, address, open,
};

#[derive(clap::Args)]
#[group(skip)]
pub(crate) struct Flags {
    /// Where to push: a remote's name or address
    #[arg(long, value_name = "REMOTE", default_value = "origin")]
    remote: String,
    /// Let the git program reach the remote, by whatever way it knows; all of the branch's files are then fetched
    #[arg(long)]
    via_git: bool,
    /// Sign the commit, as git's configuration says or with this key [default: as commit.gpgSign says]
    #[arg(long, value_name = "KEY", num_args = 0..=1, require_equals = true)]
    sign: Option<Option<String>>,
    /// Do not sign the commit
    #[arg(long, conflicts_with = "sign")]
    no_sign: bool,
    /// Push to this branch instead, for a pull request
    #[arg(long, value_name = "BRANCH")]
    push_to: Option<String>,
    /// Ask CI, in the commit's message, to skip it
    #[arg(long)]
    skip_ci: bool,
    /// What to tell the server's hooks beside the push; may be given more than once
    #[arg(long, value_name = "OPTION")]
    push_option: Vec<String>,
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
        let access = Access {
            push_options: self.push_option.clone(),
            via_git: self.via_git,
            ..Access::from_variables(context.directory(), |name| context.env(name))
        };
        let identity = |role| Identity::from_settings(role, context.now(), &settings);
        let committer = identity(Role::Committer)?;
        Ok(Writing {
            remote: open(&address(context.directory(), &self.remote)?, &access)?,
            signature: Signature {
                author: identity(Role::Author)?,
                committer: committer.clone(),
            },
            options: Options {
                deadline: Duration::from_secs(self.deadline),
                // Keys of a hasher are random, which spreads the waits of writers that race.
                seed: RandomState::new().hash_one(0),
                nonce: self.nonce.clone().unwrap_or_else(|| job(context)),
                skip_ci: self.skip_ci,
                signer: self.signer(&settings, &committer)?,
                push_to: self.push_to.clone(),
                dry_run: self.dry_run,
                ..Options::default()
            },
        })
    }

    fn signer(
        &self,
        settings: &Settings<'_>,
        committer: &Identity,
    ) -> Result<Option<Signer>, Failure> {
        let wanted = self.sign.is_some() || settings.signs_commits()?;
        if self.no_sign || !wanted {
            return Ok(None);
        }
        let key = self.sign.as_ref().and_then(Option::as_deref);
        Ok(Some(Signer::from_settings(settings, key, committer)?))
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
