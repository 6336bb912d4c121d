//! The git remote of a sandbox: a bare repository beside it, or one behind a web server.

use super::References;
use crate::{Error, ErrorKind};
use git2::build::RepoBuilder;
use git2::{Cred, Direction, FetchOptions, PushOptions, RemoteCallbacks, Repository};
use std::cell::{Cell, RefCell};
use std::path::Path;
use windlass_fault::Secret;

/// Where a sandbox pushes to.
pub struct Remote {
    url: String,
    /// The password for the server, where the address has none.
    token: Option<Secret>,
    /// Whether the repository is the sandbox's own, and made by it.
    own: bool,
}

impl Remote {
    /// A bare repository in a folder, which is made.
    #[must_use]
    pub fn folder(folder: &Path) -> Self {
        Self {
            url: folder.display().to_string(),
            token: None,
            own: true,
        }
    }

    /// A repository that is there and has no branches: a folder, or an address of the form
    /// `http://[USER:PASSWORD@]HOST/PATH`.
    ///
    /// # Errors
    /// If the address is of another form.
    pub fn at(url: &str, token: Option<Secret>) -> Result<Self, Error> {
        if url.contains("://") && !url.starts_with("http://") {
            let scheme = url.split("://").next().unwrap_or_default();
            let message =
                format!("the sandbox cannot push to an address that begins with `{scheme}://`");
            let hint = "give a folder or an `http://` address of a repository for this purpose";
            return Err(Error::new(ErrorKind::Repository, message).hinted(hint.to_owned()));
        }
        Ok(Self {
            url: url.to_owned(),
            token,
            own: false,
        })
    }

    /// The address, credentials included.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The address without credentials.
    #[must_use]
    pub fn shown(&self) -> String {
        let Some((scheme, rest)) = self.url.split_once("://") else {
            return self.url.clone();
        };
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let host = authority.rsplit('@').next().unwrap_or_default();
        format!("{scheme}://{host}{path}")
    }

    /// Scheme, host and port of a server.
    #[must_use]
    pub fn server(&self) -> Option<String> {
        let shown = self.shown();
        let (scheme, rest) = shown.split_once("://")?;
        let host = rest.split('/').next()?;
        Some(format!("{scheme}://{host}"))
    }

    /// Makes the sandbox's own repository; another one must have no branches.
    pub(super) fn prepare(&self) -> Result<(), Error> {
        if self.own {
            let bare = Repository::init_bare(&self.url)?;
            bare.set_head("refs/heads/main")?;
            return Ok(());
        }
        match self
            .references()?
            .keys()
            .find(|name| name.starts_with("refs/heads/"))
        {
            None => Ok(()),
            Some(branch) => {
                let message = format!("the repository `{}` has `{branch}` already", self.shown());
                let hint = "give an empty repository: the sandbox pushes its own branches";
                Err(Error::new(ErrorKind::Repository, message).hinted(hint.to_owned()))
            }
        }
    }

    /// The branches and tags, with the commits or tag objects they name.
    ///
    /// # Errors
    /// If the remote cannot be reached.
    pub fn references(&self) -> Result<References, Error> {
        let mut remote = git2::Remote::create_detached(self.url.as_str())?;
        let connection = remote
            .connect_auth(Direction::Fetch, Some(self.callbacks()), None)
            .map_err(|error| self.failed("read", error))?;
        let heads = connection
            .list()
            .map_err(|error| self.failed("read", error))?;
        let known = |name: &str| name.starts_with("refs/heads/") || name.starts_with("refs/tags/");
        let heads = heads
            .iter()
            .filter(|head| known(head.name()) && !head.name().ends_with("^{}"));
        Ok(heads
            .map(|head| (head.name().to_owned(), head.oid().to_string()))
            .collect())
    }

    /// Fetches every branch and tag into a repository, and what else is asked for.
    pub(super) fn fetch(&self, into: &Repository, more: &[String]) -> Result<(), Error> {
        let mut options = FetchOptions::new();
        options.remote_callbacks(self.callbacks());
        let all = [
            "+refs/heads/*:refs/remotes/origin/*",
            "+refs/tags/*:refs/tags/*",
        ];
        let refspecs: Vec<&str> = all
            .into_iter()
            .chain(more.iter().map(String::as_str))
            .collect();
        let mut remote = into.remote_anonymous(&self.url)?;
        let fetched = remote.fetch(&refspecs, Some(&mut options), None);
        fetched.map_err(|error| self.failed("read", error))
    }

    /// Clones the repository into a folder, with the files of a branch.
    pub(super) fn clone_into(&self, folder: &Path, branch: &str) -> Result<(), Error> {
        let mut options = FetchOptions::new();
        options.remote_callbacks(self.callbacks());
        let mut builder = RepoBuilder::new();
        builder.fetch_options(options).branch(branch);
        let cloned = builder.clone(&self.url, folder);
        cloned
            .map(drop)
            .map_err(|error| self.failed("clone", error))
    }

    /// Pushes; a reference that the remote refuses is an error.
    pub(super) fn push(&self, from: &Repository, refspecs: &[String]) -> Result<(), Error> {
        let refused = RefCell::new(None);
        let mut callbacks = self.callbacks();
        callbacks.push_update_reference(|name, status| {
            if let Some(status) = status {
                *refused.borrow_mut() = Some(format!("`{name}`: {status}"));
            }
            Ok(())
        });
        let mut options = PushOptions::new();
        options.remote_callbacks(callbacks);
        let mut remote = from.remote_anonymous(&self.url)?;
        let pushed = remote.push(refspecs, Some(&mut options));
        drop(options);
        pushed.map_err(|error| self.failed("push to", error))?;
        match refused.into_inner() {
            None => Ok(()),
            Some(why) => {
                let message = format!("the repository `{}` refused {why}", self.shown());
                Err(Error::new(ErrorKind::Remote, message))
            }
        }
    }

    /// Gives the token once; a server that asks again has refused it.
    fn callbacks(&self) -> RemoteCallbacks<'_> {
        let asked = Cell::new(false);
        let mut callbacks = RemoteCallbacks::new();
        callbacks.credentials(move |_, _, _| match &self.token {
            Some(token) if !asked.replace(true) => {
                Cred::userpass_plaintext("x-access-token", token.expose())
            }
            _ => Err(git2::Error::from_str("it asks for a user and a password")),
        });
        callbacks
    }

    fn failed(&self, what: &str, error: git2::Error) -> Error {
        let message = format!("cannot {what} the repository `{}`", self.shown());
        Error::new(ErrorKind::Remote, message).caused(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_shown_without_credentials() {
        let shown = |url: &str| Remote::at(url, None).unwrap().shown();
        assert_eq!(
            shown("http://ci:p@ss@127.0.0.1:80/a.git"),
            "http://127.0.0.1:80/a.git"
        );
        assert_eq!(shown("http://127.0.0.1/a.git"), "http://127.0.0.1/a.git");
        assert_eq!(shown("/tmp/a@b"), "/tmp/a@b");
        let server = Remote::at("http://ci:p@127.0.0.1:80/a.git", None)
            .unwrap()
            .server();
        assert_eq!(server.as_deref(), Some("http://127.0.0.1:80"));
    }

    #[test]
    fn a_way_that_git2_does_not_know_is_refused() {
        let Err(error) = Remote::at("ssh://git@example.com/a", None) else {
            panic!("ssh is not known");
        };
        assert_eq!(error.kind(), ErrorKind::Repository);
    }
}
