//! What it takes to open a pull request for a commit that was pushed to a branch of its own.

use serde::Serialize;
use std::fmt;
use windlass_gitsync::{Options, Outcome};

/// What forges ask for.
#[derive(Serialize)]
pub(crate) struct Pull {
    /// The branch with the change.
    pub(crate) branch: String,
    /// The branch that it goes into.
    base: String,
    /// The first line of the commit's message.
    title: String,
    /// The rest of it. Its trailers are to be in the message of the merge too.
    body: String,
}

impl Pull {
    /// None if the commit goes to the branch itself, or there is nothing that it would change.
    pub(crate) fn of(outcome: &Outcome, base: &str, options: &Options) -> Option<Self> {
        let branch = options
            .push_to
            .as_ref()
            .filter(|_| !outcome.paths.is_empty())?;
        let (title, body) = outcome
            .message
            .split_once('\n')
            .unwrap_or((&outcome.message, ""));
        Some(Self {
            branch: branch.clone(),
            base: base.to_owned(),
            title: title.to_owned(),
            body: body.trim().to_owned(),
        })
    }
}

/// The last lines of a report: where the commit is, and what to do with it.
pub(crate) fn write(
    f: &mut fmt::Formatter<'_>,
    commit: Option<&str>,
    branch: &str,
    pull: Option<&Pull>,
) -> fmt::Result {
    if let Some(commit) = commit {
        writeln!(f, "commit {commit} on {branch}")?;
    }
    match pull {
        Some(Pull {
            branch,
            base,
            title,
            ..
        }) => {
            writeln!(f, "to merge {branch} into {base}: {title}")
        }
        None => Ok(()),
    }
}
