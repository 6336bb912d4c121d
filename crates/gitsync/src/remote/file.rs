//! A file of a web server.

use super::Access;
use super::credentials::Credentials;
use super::http::{agent, basic};
use super::peer::Peer;
use super::url::{Origin, Url};
use crate::error::{Error, ErrorKind, Result};
use std::io::Read;
use std::time::{Duration, Instant};
use ureq::http::{Response, StatusCode};
use ureq::{Agent, Body};
use windlass_fault::Secret;

/// How many times a request may be sent on, as in Go's client.
const REDIRECTS: usize = 10;

/// The largest file that is taken, in bytes.
const MAX_SIZE: u64 = 64 << 20;

/// Where a file is.
struct Place {
    origin: Origin,
    /// From the first `/`, with the query.
    path: String,
    credentials: Option<Credentials>,
}

/// The content of the file behind an address of HTTP. Credentials in the address are sent to its
/// own origin alone, and a step from TLS to plain text is refused.
pub(crate) fn get(url: &str, access: &Access, deadline: Instant) -> Result<Vec<u8>> {
    let mut place = Place::of(url)?;
    let own = (place.origin.clone(), place.credentials.take());
    let agent = agent(access)?;
    for _ in 0..=REDIRECTS {
        place.credentials = match place.origin == own.0 {
            true => own.1.clone(),
            false => None,
        };
        let response = place.ask(&agent, deadline)?;
        match response.status() {
            status if status.is_success() => return place.content(response),
            StatusCode::NOT_MODIFIED => return Err(place.failed(&response)),
            status if status.is_redirection() => place = place.next(&response)?,
            _ => return Err(place.failed(&response)),
        }
    }
    let message = format!("`{}` sends the request on without end", place.name());
    Err(Error::new(ErrorKind::Redirected, message))
}

impl Place {
    fn of(url: &str) -> Result<Self> {
        let url = url.split('#').next().unwrap_or_default();
        let authority = url.find("://").map_or(0, |at| at + 3);
        let start = url[authority..].find(['/', '?']);
        let start = start.map_or(url.len(), |at| authority + at);
        let (address, path) = url.split_at(start);
        let slash = if path.starts_with('/') { "" } else { "/" };
        match Url::parse(address)? {
            Url::Http {
                origin,
                user,
                password,
                ..
            } => Ok(Self {
                origin,
                path: format!("{slash}{}", encoded(path)),
                credentials: user.map(|user| Credentials {
                    user,
                    password: password.unwrap_or_else(|| Secret::new("")),
                }),
            }),
            _ => Err(Error::new(ErrorKind::Url, "this is no address of a file")),
        }
    }

    /// The address without what may be secret in it.
    fn name(&self) -> String {
        let path = self.path.split('?').next().unwrap_or_default();
        format!("{}{path}", self.origin.address())
    }

    fn peer(&self) -> Peer {
        Peer {
            name: self.name(),
            secrets: Vec::new(),
        }
    }

    fn ask(&self, agent: &Agent, deadline: Instant) -> Result<Response<Body>> {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            let message = format!("no time is left to ask `{}`", self.name());
            return Err(Error::new(ErrorKind::Deadline, message));
        }
        let url = format!("{}{}", self.origin.address(), self.path);
        let mut request = agent.get(url);
        if let Some(given) = &self.credentials {
            let value = format!("Basic {}", basic(given).expose());
            request = request.header("Authorization", value);
        }
        let request = request.config().timeout_global(Some(left)).build();
        request
            .call()
            .map_err(|error| self.peer().unreachable().source(error))
    }

    fn content(&self, response: Response<Body>) -> Result<Vec<u8>> {
        let mut content = Vec::new();
        let body = response.into_body().into_reader();
        let read = body.take(MAX_SIZE + 1).read_to_end(&mut content);
        read.map_err(|error| {
            let message = format!("the answer of `{}` broke off", self.name());
            Error::new(ErrorKind::Unreachable, message).source(error)
        })?;
        match content.len() as u64 > MAX_SIZE {
            true => Err(self.peer().too_large(64 << 20)),
            false => Ok(content),
        }
    }

    /// Where a redirect leads.
    fn next(&self, response: &Response<Body>) -> Result<Self> {
        let location = response.headers().get("Location");
        let location = location.and_then(|value| value.to_str().ok());
        let location = location.unwrap_or_default();
        let next = match location {
            path if path.starts_with("//") => Self::of(&format!("{}:{path}", self.origin.scheme())),
            path if path.starts_with('/') => Ok(Self {
                origin: self.origin.clone(),
                path: encoded(path),
                credentials: None,
            }),
            path if path.contains("://") => Self::of(path),
            path => {
                let here = self.path.split('?').next().unwrap_or_default();
                let folder = here.rfind('/').map_or("/", |at| &here[..=at]);
                Ok(Self {
                    origin: self.origin.clone(),
                    path: encoded(&format!("{folder}{path}")),
                    credentials: None,
                })
            }
        };
        let refused = |to: &str| {
            let message = format!("`{}` sends the request on to {to}", self.name());
            Error::new(ErrorKind::Redirected, message)
        };
        let next = next.map_err(|_| refused("what is no address of a file"))?;
        match self.origin.secure && !next.origin.secure {
            true => Err(refused(&format!(
                "`{}`, without TLS",
                next.origin.address()
            ))),
            false => Ok(next),
        }
    }

    fn failed(&self, response: &Response<Body>) -> Error {
        let name = self.name();
        let status = response.status().as_u16();
        let wait = response.headers().get("Retry-After");
        let wait = wait.and_then(|value| value.to_str().ok()?.parse().ok());
        match status {
            401 => Error::new(
                ErrorKind::Unauthorized,
                format!("`{name}` asks for other credentials, or any"),
            ),
            403 => Error::new(ErrorKind::Forbidden, format!("`{name}` does not allow it")),
            404 | 410 => Error::new(
                ErrorKind::FileMissing,
                format!("there is no file at `{name}`"),
            ),
            429 | 500.. => {
                let message = format!("`{name}` cannot answer now (HTTP {status})");
                Error::new(ErrorKind::Busy, message).retry_after(wait.map(Duration::from_secs))
            }
            _ => self.peer().odd(&format!("HTTP {status}")),
        }
    }
}

/// A path with what may not stand in a request written as its code.
fn encoded(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'!'..=b'~' if !b"\"<>\\^`{|}".contains(&byte) => out.push(char::from(byte)),
            byte => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_files() {
        let cases = [
            ("https://h/a/b.yaml", "https://h /a/b.yaml"),
            ("https://h/a/?raw=1#top", "https://h /a/?raw=1"),
            ("HTTP://H:81?x", "http://h:81 /?x"),
            ("https://h/a b/é", "https://h /a%20b/%C3%A9"),
            ("https://h/a%20b", "https://h /a%20b"),
        ];
        for (url, expected) in cases {
            let place = Place::of(url).unwrap();
            let shown = format!("{} {}", place.origin.address(), place.path);
            assert_eq!(shown, expected, "{url}");
        }
        for url in ["file:///etc/passwd", "/etc/passwd", "https://", "git@h:a"] {
            assert!(Place::of(url).is_err(), "{url}");
        }
    }
}
