//! The address of a remote, in the forms that git knows (git: "GIT URLS").

use crate::error::{Error, ErrorKind, Result, printable};
use std::path::PathBuf;
use windlass_fault::Secret;

/// Where a remote is, and the credentials that its address carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Url {
    /// A folder of this machine.
    Folder(PathBuf),
    /// A server that speaks HTTP.
    Http {
        origin: Origin,
        /// From the first `/`, without one at the end, percent-encoded as given.
        path: String,
        user: Option<String>,
        password: Option<Secret>,
    },
    /// A server that is reached by the `ssh` program.
    Ssh(SshAddress),
}

/// A repository behind the `ssh` program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SshAddress {
    pub(crate) user: Option<String>,
    pub(crate) host: String,
    pub(crate) port: Option<u16>,
    pub(crate) path: String,
}

/// Whom credentials are for: scheme, host and port together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Origin {
    pub(crate) secure: bool,
    pub(crate) host: String,
    pub(crate) port: u16,
}

impl Origin {
    pub(crate) fn scheme(&self) -> &'static str {
        if self.secure { "https" } else { "http" }
    }

    /// Host and port as they stand in an address.
    pub(crate) fn authority(&self) -> String {
        match self.port == default_port(self.secure) {
            true => self.host.clone(),
            false => format!("{}:{}", self.host, self.port),
        }
    }

    /// The address of the server.
    pub(crate) fn address(&self) -> String {
        format!("{}://{}", self.scheme(), self.authority())
    }

    /// The origin of an address, if it is one of HTTP.
    pub(crate) fn of(address: &str) -> Option<Self> {
        match Url::parse(address) {
            Ok(Url::Http { origin, .. }) => Some(origin),
            _ => None,
        }
    }
}

fn default_port(secure: bool) -> u16 {
    if secure { 443 } else { 80 }
}

impl Url {
    /// Reads `https://…`, `http://…`, `ssh://…`, `user@host:path`, `file://…` or a path.
    ///
    /// An error never shows the text itself, because it may hold a password.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        if text.is_empty() || text.chars().any(char::is_control) {
            return Err(bad("it is empty or has control characters in it"));
        }
        let scheme = text.split_once("://");
        let scheme = scheme.map(|(scheme, rest)| (scheme.to_ascii_lowercase(), rest));
        match scheme.as_ref().map(|(scheme, rest)| (&**scheme, *rest)) {
            Some(("https", rest)) => http(true, rest),
            Some(("http", rest)) => http(false, rest),
            Some(("ssh" | "git+ssh" | "ssh+git", rest)) => ssh(rest),
            Some(("file", rest)) => file(rest),
            Some((scheme, _)) => Err(bad(&format!(
                "`{}` is no scheme that is known here",
                printable(scheme.as_bytes())
            ))
            .hint("where the git program knows it, let it push with `--via-git`")),
            None => scp(text),
        }
    }
}

fn bad(why: &str) -> Error {
    Error::new(
        ErrorKind::Url,
        format!("cannot read the remote's address: {why}"),
    )
    .hint("write it like `https://host/group/repository.git`, `git@host:group/repository.git` or a folder")
}

fn http(secure: bool, rest: &str) -> Result<Url> {
    let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    if path.contains(['?', '#', ' ', '\\']) || !path.is_ascii() {
        return Err(bad("its path has characters that must be encoded"));
    }
    let (user, host, port) = split_authority(authority)?;
    let (user, password) = match user.split_once(':') {
        Some((user, password)) => (user, Some(Secret::new(decoded(password)?))),
        None => (user, None),
    };
    let user = Some(decoded(user)?).filter(|user| !user.is_empty());
    let port = port.unwrap_or(default_port(secure));
    let host = host.to_ascii_lowercase();
    Ok(Url::Http {
        origin: Origin { secure, host, port },
        path: path.trim_end_matches('/').to_owned(),
        user,
        password,
    })
}

fn ssh(rest: &str) -> Result<Url> {
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let (user, host, port) = split_authority(authority)?;
    let path = decoded(path)?;
    // `/~name/…` is the home folder of a user there.
    let path = path
        .strip_prefix('/')
        .filter(|path| path.starts_with('~'))
        .unwrap_or(&path);
    ssh_parts(user, host, port, path)
}

fn scp(text: &str) -> Result<Url> {
    let colon = text.find(':');
    let slash = text.find('/').unwrap_or(text.len());
    match colon.filter(|&colon| colon < slash) {
        Some(colon) if text[colon..].starts_with("::") => {
            Err(bad("it asks for a transport of its own"))
        }
        Some(colon) => {
            let (user, host) = text[..colon]
                .rsplit_once('@')
                .unwrap_or(("", &text[..colon]));
            ssh_parts(user, host, None, &text[colon + 1..])
        }
        None => Ok(Url::Folder(text.into())),
    }
}

/// What begins with a dash would be taken for an option by the program that gets it.
fn ssh_parts(user: &str, host: &str, port: Option<u16>, path: &str) -> Result<Url> {
    let (user, host) = (user.split(':').next().unwrap_or_default(), host.to_owned());
    if [user, &host, path].iter().any(|part| part.starts_with('-')) {
        return Err(bad("a part of it begins with a dash"));
    }
    if host.is_empty() || path.is_empty() || path == "/" {
        return Err(bad("it names no host or no repository"));
    }
    Ok(Url::Ssh(SshAddress {
        user: Some(user.to_owned()).filter(|user| !user.is_empty()),
        host,
        port,
        path: path.to_owned(),
    }))
}

fn file(rest: &str) -> Result<Url> {
    let path = rest.strip_prefix("localhost").unwrap_or(rest);
    match path.starts_with('/') {
        true => Ok(Url::Folder(decoded(path)?.into())),
        false => Err(bad("`file://` is followed by a full path")),
    }
}

/// What stands before `@`, the host and the port.
fn split_authority(authority: &str) -> Result<(&str, &str, Option<u16>)> {
    let (user, host) = authority.rsplit_once('@').unwrap_or(("", authority));
    let (host, port) = match host.rfind(':').filter(|&at| !host[at..].contains(']')) {
        Some(at) => (&host[..at], &host[at + 1..]),
        None => (host, ""),
    };
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-._[]:".contains(c);
    if host.is_empty() || !host.chars().all(allowed) {
        return Err(bad("it names no host that can be"));
    }
    let port = match port {
        "" => None,
        port => Some(port.parse().map_err(|_| bad("its port is no number"))?),
    };
    Ok((user, host, port))
}

fn decoded(text: &str) -> Result<String> {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digit = |at: usize| char::from(*tail.get(at)?).to_digit(16);
        let value = digit(0).zip(digit(1)).map(|(high, low)| high * 16 + low);
        let value = value.and_then(|value| u8::try_from(value).ok());
        bytes.push(value.ok_or_else(|| bad("a `%` in it is not followed by two digits"))?);
        rest = &tail[2..];
    }
    match String::from_utf8(bytes) {
        Ok(text) if !text.chars().any(char::is_control) => Ok(text),
        _ => Err(bad("what is percent-encoded in it is no text")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        match Url::parse(text) {
            Ok(Url::Folder(path)) => format!("folder {}", path.display()),
            Ok(Url::Http {
                origin,
                path,
                user,
                password,
            }) => {
                let password = password.map(|secret| secret.expose().to_owned());
                format!(
                    "{} {} {path} {user:?} {password:?}",
                    origin.scheme(),
                    origin.authority()
                )
            }
            Ok(Url::Ssh(SshAddress {
                user,
                host,
                port,
                path,
            })) => format!("ssh {user:?} {host} {port:?} {path}"),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn the_forms_of_git() {
        let cases = [
            ("https://Host/a/b.git/", "https host /a/b.git None None"),
            ("https://host:443/a", "https host /a None None"),
            ("http://host:8080/a", "http host:8080 /a None None"),
            ("https://[::1]:81/a", "https [::1]:81 /a None None"),
            (
                "https://u:p%40s@host/a",
                r#"https host /a Some("u") Some("p@s")"#,
            ),
            ("https://u@host/a", r#"https host /a Some("u") None"#),
            (
                "git@host:group/a.git",
                r#"ssh Some("git") host None group/a.git"#,
            ),
            ("host:a", "ssh None host None a"),
            (
                "ssh://git@host:22/group/a",
                r#"ssh Some("git") host Some(22) /group/a"#,
            ),
            ("ssh://host/~me/a", "ssh None host None ~me/a"),
            ("../a.git", "folder ../a.git"),
            ("/srv/a:b", "folder /srv/a:b"),
            ("./a:b", "folder ./a:b"),
            ("file:///srv/a%20b", "folder /srv/a b"),
        ];
        for (text, expected) in cases {
            assert_eq!(shown(text), expected, "{text}");
        }
    }

    #[test]
    fn what_cannot_be_an_address_is_refused_without_being_shown() {
        for text in [
            "",
            "https://",
            "https://u:hunter2@/a",
            "https://u:hunter2%zz@host/a",
            "https://u:hunter2%0a@host/a",
            "https://u:hunter2@host:port/a",
            "https://u:hunter2@host/a?b",
            "https://u:hunter2@ho st/a",
            "-oProxyCommand=x:a",
            "ssh://-oProxyCommand=x/a",
            "git@host:-a",
            "ssh://host",
            "ftp://host/a",
            "ext::sh -c true",
            "file://a/b",
            "a\nb",
        ] {
            let error = Url::parse(text).expect_err(text);
            assert_eq!(error.kind(), ErrorKind::Url, "{text}");
            assert!(!error.to_string().contains("hunter2"), "{error}");
        }
    }
}
