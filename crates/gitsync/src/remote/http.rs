//! Git's protocol over HTTP (git: gitprotocol-http).

use super::Access;
use super::credentials::{self, Credentials, Helper};
use super::peer::Peer;
use super::smart::{Service, Transport};
use super::url::{Origin, Url};
use crate::error::{Error, ErrorKind, Result};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use ureq::http::{Response, StatusCode};
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::{Agent, Body, Proxy};
use windlass_fault::Secret;

/// How many times the first request may be sent elsewhere on the same host.
const REDIRECTS: usize = 4;

/// How much of an unread answer is read for the sake of the connection.
const DRAIN: u64 = 64 << 10;

/// A repository behind a web server.
///
/// Credentials are sent to the origin (scheme, host, port) of the remote's own address, and
/// nowhere else: a redirect away from it is an error.
pub(crate) struct Http {
    agent: Agent,
    origin: Origin,
    path: String,
    peer: Peer,
    user: Option<String>,
    credentials: Option<Credentials>,
    /// Whether git's helpers may be asked, and have not been.
    may_ask: bool,
    /// Whether the credentials are from a helper that wants to know if they were taken.
    from_helper: bool,
    folder: Option<PathBuf>,
    deadline: Option<Instant>,
}

impl Http {
    pub(crate) fn new(
        origin: Origin,
        path: String,
        user: Option<String>,
        password: Option<Secret>,
        access: &Access,
    ) -> Result<Self> {
        let own = user
            .clone()
            .zip(password)
            .map(|(user, password)| Credentials { user, password });
        let token = access
            .token
            .as_ref()
            .filter(|(server, _)| Origin::of(server).as_ref() == Some(&origin))
            .map(|(_, token)| Credentials {
                user: "x-access-token".to_owned(),
                password: token.clone(),
            });
        let name = format!("{}{path}", origin.address());
        let mut http = Self {
            agent: agent(access)?,
            origin,
            path,
            peer: Peer {
                name,
                secrets: Vec::new(),
            },
            user,
            credentials: None,
            may_ask: access.helpers,
            from_helper: false,
            folder: access.folder.clone(),
            deadline: None,
        };
        http.identify(own.or(token));
        Ok(http)
    }

    /// Takes on credentials, which from now on are not shown in any form in which they are sent.
    fn identify(&mut self, credentials: Option<Credentials>) {
        if let Some(given) = &credentials {
            self.peer.secrets.push(given.password.clone());
            self.peer.secrets.push(basic(given));
        }
        self.credentials = credentials;
    }

    /// Sends a request and gives the answer, if it is one of the service's.
    fn send(&mut self, service: Service, message: Option<&[u8]>) -> Result<Response<Body>> {
        let mut redirects = 0;
        loop {
            let response = self.send_once(service, message)?;
            match response.status() {
                StatusCode::OK => {
                    self.tell(Helper::Approve);
                    return Ok(response);
                }
                StatusCode::UNAUTHORIZED if self.ask() => {}
                StatusCode::UNAUTHORIZED => {
                    self.tell(Helper::Reject);
                    return Err(self.unauthorized());
                }
                status if status.is_redirection() && message.is_none() && redirects < REDIRECTS => {
                    redirects += 1;
                    self.follow(&response, service)?;
                }
                _ => return Err(self.failed(response)),
            }
        }
    }

    fn send_once(&self, service: Service, message: Option<&[u8]>) -> Result<Response<Body>> {
        let base = format!("{}{}", self.origin.address(), self.path);
        let service_name = service.name();
        let time = self.time_left()?;
        let result = match message {
            None => {
                let url = format!("{base}/info/refs?service={service_name}");
                let mut request = self.agent.get(url);
                request = self.header(request, service);
                request.config().timeout_global(Some(time)).build().call()
            }
            Some(message) => {
                let mut request = self.agent.post(format!("{base}/{service_name}"));
                request = self.header(request, service);
                request
                    .header(
                        "Content-Type",
                        format!("application/x-{service_name}-request"),
                    )
                    .header("Accept", format!("application/x-{service_name}-result"))
                    .config()
                    .timeout_global(Some(time))
                    .build()
                    .send(message)
            }
        };
        result.map_err(|error| self.peer.unreachable().source(error))
    }

    fn header<B>(
        &self,
        request: ureq::RequestBuilder<B>,
        service: Service,
    ) -> ureq::RequestBuilder<B> {
        let mut request = request;
        if service == Service::UploadPack {
            request = request.header("Git-Protocol", "version=2");
        }
        match &self.credentials {
            None => request,
            Some(given) => {
                let value = format!("Basic {}", basic(given).expose());
                request.header("Authorization", value)
            }
        }
    }

    fn time_left(&self) -> Result<Duration> {
        let Some(deadline) = self.deadline else {
            return Ok(Duration::from_secs(60));
        };
        let left = deadline.saturating_duration_since(Instant::now());
        match left.is_zero() {
            false => Ok(left),
            true => {
                let message = format!("no time is left to ask `{}`", self.peer.name);
                Err(Error::new(ErrorKind::Deadline, message))
            }
        }
    }

    /// Asks git's helpers once; true if there is something new to try.
    fn ask(&mut self) -> bool {
        if !std::mem::take(&mut self.may_ask) {
            return false;
        }
        let filled = credentials::fill(&self.origin, self.user.as_deref(), self.folder.as_ref());
        self.from_helper = filled.is_some();
        if filled.is_some() {
            self.identify(filled);
        }
        self.from_helper
    }

    fn tell(&mut self, helper: Helper) {
        if let (true, Some(given)) = (std::mem::take(&mut self.from_helper), &self.credentials) {
            credentials::tell(helper, &self.origin, given, self.folder.as_ref());
        }
    }

    /// Takes the address that the server names for the first request, and all later ones, if it
    /// is on the same host and no less safe (git: `http.followRedirects=initial`).
    fn follow(&mut self, response: &Response<Body>, service: Service) -> Result<()> {
        let tail = format!("/info/refs?service={}", service.name());
        let target = self.location(response);
        match target.strip_suffix(&tail).map(Url::parse) {
            Some(Ok(Url::Http { origin, path, .. })) if self.may_follow(&origin) => {
                self.origin = origin;
                self.path = path;
                Ok(())
            }
            _ => Err(self.redirected(&target)),
        }
    }

    /// Where a redirect leads to, as a full address.
    fn location(&self, response: &Response<Body>) -> String {
        let location = response.headers().get("Location");
        match location.and_then(|value| value.to_str().ok()) {
            Some(path) if path.starts_with('/') && !path.starts_with("//") => {
                format!("{}{path}", self.origin.address())
            }
            other => other.unwrap_or_default().to_owned(),
        }
    }

    /// The same origin, or the usual step from port 80 to TLS.
    fn may_follow(&self, to: &Origin) -> bool {
        let upgrade = !self.origin.secure && self.origin.port == 80 && to.secure && to.port == 443;
        *to == self.origin || (upgrade && to.host == self.origin.host)
    }

    fn redirected(&self, target: &str) -> Error {
        let to = target.split(['?', '#']).next().and_then(Origin::of);
        let to = to.map_or("another address".to_owned(), |origin| {
            format!("`{}`", origin.address())
        });
        let message = format!("`{}` sends the request on to {to}", self.peer.name);
        Error::new(ErrorKind::Redirected, message)
            .hint("name the remote by its new address, if you trust it")
    }

    fn unauthorized(&self) -> Error {
        let (message, hint) = match &self.credentials {
            Some(given) => (
                format!(
                    "`{}` does not accept the credentials of `{}`",
                    self.peer.name, given.user
                ),
                "check that the token or password is valid and may write to the repository",
            ),
            None => (
                format!(
                    "`{}` asks for credentials, and there are none",
                    self.peer.name
                ),
                "set GITHUB_TOKEN if it is a GitHub server, or configure a credential helper of git",
            ),
        };
        Error::new(ErrorKind::Unauthorized, message).hint(hint)
    }

    /// The error behind a status that is no success.
    fn failed(&self, mut response: Response<Body>) -> Error {
        let status = response.status();
        let name = &self.peer.name;
        let wait = response
            .headers()
            .get("Retry-After")
            .and_then(|value| value.to_str().ok()?.parse().ok());
        let mut said = Vec::new();
        // What cannot be read is not quoted.
        let _ = response
            .body_mut()
            .as_reader()
            .take(2048)
            .read_to_end(&mut said);
        let error = match status.as_u16() {
            403 => Error::new(ErrorKind::Forbidden, format!("`{name}` does not allow it"))
                .hint("check that the token or user may write to the repository"),
            404 | 410 => {
                let message = format!("there is no git repository at `{name}`");
                let hint =
                    "check the address; a server may also answer so when credentials are missing";
                Error::new(ErrorKind::RepositoryMissing, message).hint(hint)
            }
            429 | 500.. => {
                let message = format!("`{name}` cannot answer now (HTTP {})", status.as_u16());
                Error::new(ErrorKind::Busy, message).retry_after(wait.map(Duration::from_secs))
            }
            300..400 => return self.redirected(&self.location(&response)),
            code => self.peer.odd(&format!("HTTP {code}")),
        };
        let plain = response.body().mime_type() == Some("text/plain");
        match self.peer.words(&said) {
            said if plain && !said.is_empty() => error.source(said),
            _ => error,
        }
    }
}

/// User and password in the form of HTTP's Basic scheme (RFC 7617).
pub(crate) fn basic(given: &Credentials) -> Secret {
    let pair = format!("{}:{}", given.user, given.password.expose());
    Secret::new(STANDARD.encode(pair))
}

impl Transport for Http {
    const STREAM: bool = false;
    const NO_VERSION_2: &str =
        "the web server must run git 2.18 or newer and hand it the `Git-Protocol` header";

    fn peer(&self) -> &Peer {
        &self.peer
    }

    fn until(&mut self, deadline: Instant) {
        self.deadline = Some(deadline);
    }

    fn greeting(&mut self, service: Service) -> Result<Box<dyn Read + '_>> {
        let response = self.send(service, None)?;
        let expected = format!("application/x-{}-advertisement", service.name());
        match response.body().mime_type() == Some(&expected) {
            true => Ok(Box::new(Drained::new(response))),
            false => Err(self
                .peer
                .odd("it is not from a git server")
                .hint("check that the address is that of a repository, not of a web page")),
        }
    }

    fn ask(&mut self, service: Service, message: &[u8]) -> Result<Box<dyn Read + '_>> {
        let response = self.send(service, Some(message))?;
        Ok(Box::new(Drained::new(response)))
    }
}

pub(crate) fn agent(access: &Access) -> Result<Agent> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let roots = match &access.authorities {
        Some(path) => authorities(path)?,
        None => RootCerts::PlatformVerifier,
    };
    let tls = TlsConfig::builder()
        .unversioned_rustls_crypto_provider(provider)
        .root_certs(roots)
        .build();
    let proxy = access.proxy.then(Proxy::try_from_env).flatten();
    let config = Agent::config_builder()
        .tls_config(tls)
        .proxy(proxy)
        .user_agent(super::smart::AGENT)
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .timeout_connect(Some(Duration::from_secs(20)))
        .timeout_per_read(Some(Duration::from_secs(60)))
        .build();
    Ok(config.new_agent())
}

fn authorities(path: &Path) -> Result<RootCerts> {
    let bad = || {
        let path = path.display();
        Error::new(
            ErrorKind::Value,
            format!("cannot read certificates from `{path}`"),
        )
    };
    let pem = std::fs::read(path).map_err(|error| bad().source(error))?;
    let certificates: Vec<Certificate<'static>> = parse_pem(&pem)
        .filter_map(|item| match item {
            Ok(PemItem::Certificate(certificate)) => Some(certificate),
            _ => None,
        })
        .collect();
    match certificates.is_empty() {
        true => Err(bad()),
        false => Ok(RootCerts::new_with_certs(&certificates)),
    }
}

/// An answer whose rest is read at the end, if it is short, so that the connection can be used
/// again.
struct Drained(ureq::BodyReader<'static>);

impl Drained {
    fn new(response: Response<Body>) -> Self {
        Self(response.into_body().into_reader())
    }
}

impl Read for Drained {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl Drop for Drained {
    fn drop(&mut self) {
        // A connection that cannot be used again is closed.
        let _ = io::copy(&mut (&mut self.0).take(DRAIN), &mut io::sink());
    }
}
