//! From an address to a remote.

use super::Remote;
use super::git::Git;
use super::http::Http;
use super::local::Local;
use super::smart::Smart;
use super::ssh::Ssh;
use super::url::Url;
use crate::error::{Error, ErrorKind, Result, printable};
use git2::{ErrorCode, Repository};
use std::path::{Path, PathBuf};
use windlass_fault::Secret;

/// What may be used on the way to a remote. By default nothing but what its address says.
#[derive(Debug, Clone, Default)]
pub struct Access {
    /// A token, and the address of the only server that it is for (`https://github.com`).
    pub token: Option<(String, Secret)>,
    /// Whether git's credential helpers may be asked where a server wants credentials.
    pub helpers: bool,
    /// The folder that relative addresses, and git's own configuration, are seen from.
    pub folder: Option<PathBuf>,
    /// What to run instead of `ssh`, in the form of `GIT_SSH_COMMAND`.
    pub ssh_command: Option<String>,
    /// Whether to go through the proxy that `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` name.
    pub proxy: bool,
    /// A file with the certificates, in PEM, of the only authorities to trust; by default those of
    /// the system.
    pub authorities: Option<PathBuf>,
    /// What is said to the server, and to its hooks, beside each push (git: `git push -o`).
    pub push_options: Vec<String>,
    /// Whether the `git` program is to reach the remote, whatever the address; it then uses its own
    /// credentials, and knows every protocol that it has a helper for.
    pub via_git: bool,
}

impl Access {
    /// What the environment allows, as git and GitHub's runners name it: `GITHUB_TOKEN` for
    /// `GITHUB_SERVER_URL`, `GIT_SSH_COMMAND`, `GIT_SSL_CAINFO`, the proxies, and git's own
    /// credential helpers. `lookup` reads a variable; `folder` is where the user works.
    #[must_use]
    pub fn from_variables(folder: &Path, lookup: impl Fn(&str) -> Option<String>) -> Self {
        let token = lookup("GITHUB_TOKEN").map(Secret::new);
        Self {
            token: lookup("GITHUB_SERVER_URL").zip(token),
            helpers: true,
            folder: Some(folder.to_owned()),
            ssh_command: lookup("GIT_SSH_COMMAND"),
            proxy: true,
            authorities: lookup("GIT_SSL_CAINFO").map(PathBuf::from),
            push_options: Vec::new(),
            via_git: false,
        }
    }
}

/// Opens a remote by its address, which with [`Access::via_git`] is whatever git knows: `https://…`, `ssh://…`, `user@host:path`, `file://…` or a
/// folder. A server is not asked before something is wanted of it.
///
/// # Errors
/// [`ErrorKind::Url`] if the address cannot be understood, [`ErrorKind::Value`] if a push option
/// cannot be sent, [`ErrorKind::RepositoryMissing`] or
/// [`ErrorKind::Local`] if a folder holds no usable repository.
pub fn open(remote: &str, access: &Access) -> Result<Box<dyn Remote>> {
    check_options(&access.push_options)?;
    if access.via_git {
        return Ok(Box::new(Git::open(remote, access)?));
    }
    match Url::parse(remote)? {
        Url::Folder(_) if !access.push_options.is_empty() => Err(Error::new(
            ErrorKind::Unsupported,
            format!("`{remote}` is a folder, where nobody takes push options"),
        )),
        Url::Folder(path) => {
            let here = access.folder.as_deref().unwrap_or(Path::new(""));
            Ok(Box::new(Local::open(&here.join(path), remote)?))
        }
        Url::Http {
            origin,
            path,
            user,
            password,
        } => {
            let http = Http::new(origin, path, user, password, access)?;
            Ok(Box::new(Smart::new(http, access)))
        }
        Url::Ssh(address) => Ok(Box::new(Smart::new(Ssh::new(address, access), access))),
    }
}

/// An option is one line of text, and one packet.
fn check_options(options: &[String]) -> Result<()> {
    let bad = |option: &&String| {
        option.is_empty() || option.len() > 4096 || option.chars().any(char::is_control)
    };
    match options.iter().find(bad) {
        None => Ok(()),
        Some(option) => {
            let option = printable(option.as_bytes());
            let message = format!("`{option}` cannot be a push option");
            Err(Error::new(ErrorKind::Value, message)
                .hint("write one line of at most 4096 bytes, such as `ci.skip`"))
        }
    }
}

/// The address behind `remote`: that of the remote of this name in the repository around
/// `folder`, or else `remote` itself.
///
/// # Errors
/// [`ErrorKind::Url`] if `remote` is a bare word and no remote of the repository.
pub fn address(folder: &Path, remote: &str) -> Result<String> {
    if remote.contains(['/', ':']) {
        return Ok(remote.to_owned());
    }
    let missing = |what: String| {
        Error::new(ErrorKind::Url, what).hint("name the remote's address with `--remote`")
    };
    let repository = Repository::discover(folder).map_err(|error| match error.code() {
        ErrorCode::NotFound => {
            let folder = folder.display();
            missing(format!(
                "cannot look up the remote `{remote}`: `{folder}` is in no git repository"
            ))
        }
        _ => Error::new(
            ErrorKind::Local,
            format!("cannot open `{}`", folder.display()),
        )
        .source(error),
    })?;
    let found = repository.find_remote(remote);
    let url = found.as_ref().ok().and_then(|found| found.url().ok());
    url.map(str::to_owned)
        .ok_or_else(|| missing(format!("the repository has no remote `{remote}`")))
}
