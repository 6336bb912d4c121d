//! Fetching commits and files for reading, through a cache.

use crate::cache::{self, Cache};
use crate::error::{Error, ErrorKind, Result};
use crate::pace::{Next, Pace};
use crate::remote::{self, Access, Remote, Url};
use crate::snapshot::Snapshot;
use crate::sync::Options;
use git2::Oid;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How many submodules deep a submodule may be.
const MAX_DEPTH: usize = 8;

/// Where commits are fetched from, and how.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Source {
    /// The address of the repository, as [`open`](crate::open()) reads it.
    pub url: String,
    /// How long one fetch may take.
    pub timeout: Duration,
    /// Whether submodules may be fetched too; each is when something in it is looked for.
    pub submodules: bool,
}

/// Fetches commits and files, and keeps what it fetched in a folder. Any number of them may use
/// the same folder at once, in this program and others.
#[derive(Debug, Clone)]
pub struct Fetcher {
    cache: Cache,
    access: Access,
    offline: bool,
}

impl Fetcher {
    /// One that keeps what it fetches in `folder`, and stays within it if it is `offline`.
    #[must_use]
    pub fn new(folder: &Path, access: Access, offline: bool) -> Self {
        let cache = Cache::new(folder);
        Self {
            cache,
            access,
            offline,
        }
    }

    /// The commit that a name stands for at a repository: a branch, a tag, a full ref or commit,
    /// or `HEAD` where it is empty. Offline it is the commit that it stood for last.
    ///
    /// # Errors
    /// [`ErrorKind::Revision`] if there is none, [`ErrorKind::Offline`], and what asking the
    /// remote may bring.
    pub fn resolve(&self, source: &Source, name: &str) -> Result<Oid> {
        if let Some(id) = crate::object::parse_id(name) {
            return Ok(id);
        }
        if name.chars().any(|c| c.is_control() || c == ' ') {
            let message = "a branch or tag has neither spaces nor control characters";
            return Err(Error::new(ErrorKind::Revision, message));
        }
        let name = if name.is_empty() { "HEAD" } else { name };
        let key = format!("{}\0{name}", source.url);
        if self.offline {
            let last = self.cache.last(&key);
            let last = last.and_then(|id| crate::object::parse_id(&id));
            return last.ok_or_else(|| not_kept(&format!("`{name}` of the repository")));
        }
        let (found, shown) = self.online(source, |remote| {
            Ok((remote.resolve(name)?, remote.name().to_owned()))
        })?;
        let found = found.ok_or_else(|| {
            let message = format!("`{shown}` has no branch or tag `{name}`");
            let error = Error::new(ErrorKind::Revision, message);
            match name.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                true => error.hint("a commit is named by all 40 digits of its id"),
                false => error,
            }
        })?;
        self.cache.remember(&key, &found.to_string())?;
        Ok(found)
    }

    /// The files of a commit, from the cache if they are there.
    ///
    /// # Errors
    /// [`ErrorKind::Offline`], and what fetching may bring.
    pub fn snapshot(&self, source: &Source, commit: Oid) -> Result<Snapshot> {
        self.snapshot_below(source, commit, 0)
    }

    fn snapshot_below(&self, source: &Source, commit: Oid, depth: usize) -> Result<Snapshot> {
        let snapshot = match self.cache.commit(commit) {
            Some(kept) => kept,
            None if self.offline => return Err(not_kept(&format!("commit {commit}"))),
            None => {
                let pack = self.online(source, |remote| remote.pack(commit))?;
                self.cache.keep_commit(commit, &pack)?
            }
        };
        if !source.submodules || depth >= MAX_DEPTH {
            return Ok(snapshot);
        }
        let (fetcher, source) = (self.clone(), source.clone());
        Ok(
            snapshot.with_submodules(Box::new(move |above, path, commit| {
                let url = address_of(above, path, &source.url)?;
                let source = Source {
                    url,
                    ..source.clone()
                };
                let module = fetcher.snapshot_below(&source, commit, depth + 1);
                module.map(Arc::new).map_err(io::Error::other)
            })),
        )
    }

    /// The file of a web server, and its hash. Offline it is what was there last.
    ///
    /// # Errors
    /// [`ErrorKind::FileMissing`], [`ErrorKind::Offline`], and what asking may bring.
    pub fn file(&self, url: &str, timeout: Duration) -> Result<(Vec<u8>, String)> {
        if self.offline {
            let hash = self.cache.last(url);
            let kept = hash.and_then(|hash| Some((self.cache.file(&hash)?, hash)));
            return kept.ok_or_else(|| not_kept("the file"));
        }
        let content = patiently(&within(timeout), |deadline| {
            remote::get(url, &self.access, deadline)
        })?;
        let hash = cache::hash(&content);
        self.cache.keep_file(&content)?;
        self.cache.remember(url, &hash)?;
        Ok((content, hash))
    }

    /// A file by its hash (SHA-256 in hexadecimal), if it is in the cache.
    #[must_use]
    pub fn kept(&self, hash: &str) -> Option<Vec<u8>> {
        // A name that is no hash must not become a path.
        let is_hash = hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_hash.then(|| self.cache.file(hash)).flatten()
    }

    fn online<R>(
        &self,
        source: &Source,
        mut ask: impl FnMut(&mut dyn Remote) -> Result<R>,
    ) -> Result<R> {
        let mut remote = remote::open(&source.url, &self.access)?;
        patiently(&within(source.timeout), |deadline| {
            remote.until(deadline);
            ask(&mut *remote)
        })
    }
}

/// Tries again what may succeed a moment later, until the time is up.
pub(crate) fn patiently<R>(
    options: &Options,
    mut ask: impl FnMut(Instant) -> Result<R>,
) -> Result<R> {
    let mut pace = Pace::new(options);
    loop {
        let started = Instant::now();
        match ask(pace.deadline()) {
            Err(error) if error.is_transient() => match pace.after(&error, started) {
                Next::Again => {}
                Next::GiveUp | Next::Late => return Err(error),
            },
            result => return result,
        }
    }
}

fn within(deadline: Duration) -> Options {
    Options {
        deadline,
        ..Options::default()
    }
}

fn not_kept(what: &str) -> Error {
    let message = format!("{what} is not in the cache, and nothing is fetched offline");
    Error::new(ErrorKind::Offline, message).hint("run it once without `--offline`")
}

/// The address of a submodule, from the file that lists them. One that is relative is seen from
/// the repository around it; a folder of this machine is none, as with git.
fn address_of(above: &Snapshot, path: &str, from: &str) -> io::Result<String> {
    // Finding it must not lead to submodules again.
    let listed = above.file_in_root(".gitmodules", 1 << 20);
    let listed = listed.unwrap_or_default();
    let refuse = |why: &str| {
        let message = format!("the submodule `{path}` {why}");
        Err(io::Error::new(io::ErrorKind::InvalidData, message))
    };
    let Some(url) = listed_address(&String::from_utf8_lossy(&listed), path) else {
        return refuse("is not listed in `.gitmodules`");
    };
    if url.starts_with("./") || url.starts_with("../") {
        return Ok(relative(from, &url));
    }
    match Url::parse(&url) {
        Ok(Url::Http { .. } | Url::Ssh(_)) => Ok(url),
        Ok(Url::Folder(_)) => refuse("is a folder of this machine"),
        Err(_) => refuse("has an address that cannot be read"),
    }
}

/// The `url` of the section that has this `path` (git: gitmodules).
fn listed_address(text: &str, path: &str) -> Option<String> {
    let mut sections: Vec<Vec<(&str, &str)>> = Vec::new();
    for line in text.lines().map(str::trim) {
        if line.starts_with('[') {
            sections.push(Vec::new());
        } else if let (Some(section), Some((key, value))) =
            (sections.last_mut(), line.split_once('='))
        {
            section.push((key.trim(), value.trim().trim_matches('"')));
        }
    }
    let value = |section: &[(&str, &str)], name: &str| {
        let found = section.iter().rev().find(|(key, _)| *key == name);
        found.map(|(_, value)| (*value).to_owned())
    };
    let section = sections
        .iter()
        .find(|section| value(section, "path").as_deref() == Some(path))?;
    value(section, "url")
}

fn relative(from: &str, url: &str) -> String {
    let mut base = from.trim_end_matches('/').to_owned();
    let mut rest = url;
    loop {
        if let Some(tail) = rest.strip_prefix("./") {
            rest = tail;
        } else if let Some(tail) = rest.strip_prefix("../") {
            rest = tail;
            let end = base.rfind('/').or_else(|| base.rfind(':').map(|at| at + 1));
            base.truncate(end.unwrap_or(0));
        } else {
            let slash = if base.ends_with(':') { "" } else { "/" };
            return format!("{base}{slash}{rest}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_submodules() {
        let text = "[submodule \"one\"]\n\tpath = libs/one\n\turl = ../one.git\n\
                    # a comment\n[submodule \"two\"]\n\turl = \"https://h/two\"\n\tpath=two\n";
        assert_eq!(
            listed_address(text, "two").as_deref(),
            Some("https://h/two")
        );
        assert_eq!(
            listed_address(text, "libs/one").as_deref(),
            Some("../one.git")
        );
        assert_eq!(listed_address(text, "one"), None);
        let cases = [
            ("https://h/o/r.git", "../one.git", "https://h/o/one.git"),
            ("https://h/o/r/", "../../x/y", "https://h/x/y"),
            ("git@h:o/r", "../one", "git@h:o/one"),
            ("git@h:r", "../one", "git@h:one"),
            ("https://h/o/r", "./one", "https://h/o/r/one"),
        ];
        for (from, url, expected) in cases {
            assert_eq!(relative(from, url), expected, "{from} {url}");
        }
    }
}
