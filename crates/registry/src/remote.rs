//! Talking to one repository of a registry: requests with the right credentials for the right
//! host, redirects, limits, and which failures may pass.

use crate::auth::{Authorization, Challenge, host};
use crate::body::Source;
use crate::credentials::{Credentials, Login};
use crate::error::{Error, ErrorKind, Result};
use crate::reference::Repository;
use crate::retry::{Notify, Progress, Retry, Trouble, retry_after};
use crate::spec::MANIFEST_TYPES;
use crate::tls::{self, Tls};
use reqwest::header::{
    ACCEPT, AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderName, LOCATION,
};
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode, Url};
use serde_json::Value;
use std::collections::BTreeSet;
use std::num::NonZeroU64;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

/// How registries are reached.
#[derive(Debug, Clone, Default)]
pub struct Access {
    /// Who to be.
    pub credentials: Credentials,
    /// Speak http with registries that are not this machine.
    pub plain_http: bool,
    /// Which authorities to trust and who to be in TLS.
    pub tls: Tls,
    /// Send blobs that are larger than this in pieces of so many bytes, for what stands in between
    /// and limits the size or the time of a request. A registry may ask for larger pieces.
    pub chunk: Option<NonZeroU64>,
    /// How long to go on against a registry that fails.
    pub retry: Retry,
    /// Where to say what takes long.
    pub notify: Notify,
    /// Where to say how much of the blobs has been sent.
    pub progress: Progress,
}

const CONNECT: Duration = Duration::from_secs(10);
const REDIRECTS: usize = 5;
/// Error bodies and token answers beyond this are cut off.
const ANSWER_LIMIT: u64 = 1 << 20;

/// A request that can be made again.
pub(crate) struct Call<'a> {
    pub(crate) method: Method,
    pub(crate) url: Url,
    /// `Content-Type` and body; without one a request has no body.
    pub(crate) body: Option<(&'a str, &'a Source)>,
    /// One more header.
    pub(crate) header: Option<(HeaderName, String)>,
}

impl Call<'_> {
    pub(crate) fn new(method: Method, url: Url) -> Self {
        Self {
            method,
            url,
            body: None,
            header: None,
        }
    }
}

/// A repository of a registry.
pub(crate) struct Remote {
    http: Clients,
    pub(crate) repository: Repository,
    credentials: Credentials,
    pub(crate) chunk: Option<NonZeroU64>,
    pub(crate) retry: Retry,
    pub(crate) notify: Notify,
    /// What tokens are asked for; what the work cannot do without comes first.
    scopes: Vec<String>,
    session: Mutex<Session>,
    requests: AtomicU64,
}

/// What is known of the registry's wishes. `turn` counts the credentials shown, so that of several
/// requests that are refused at once only one asks for new ones.
#[derive(Default)]
struct Session {
    turn: u64,
    challenge: Option<Challenge>,
    authorization: Option<Authorization>,
    login: Option<Login>,
}

/// Who to be in TLS towards whom: what a registry sends us to is another's, and may be anybody's.
struct Clients {
    endpoint: Url,
    /// With the client certificate.
    known: Client,
    /// Without; none where there is no certificate.
    unknown: Option<Client>,
}

impl Clients {
    fn new(tls: &Tls, endpoint: Url) -> Result<Self> {
        let unknown = tls.identity.is_some().then(|| client(&tls.anonymous()));
        Ok(Self {
            endpoint,
            known: client(tls)?,
            unknown: unknown.transpose()?,
        })
    }

    fn towards(&self, url: &Url) -> &Client {
        match &self.unknown {
            Some(unknown) if !same_origin(url, &self.endpoint) => unknown,
            _ => &self.known,
        }
    }
}

pub(crate) fn client(tls: &Tls) -> Result<Client> {
    let built = tls
        .configure(Client::builder())?
        .user_agent(concat!("windlass/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(CONNECT)
        .build();
    built.map_err(|error| {
        Error::new(ErrorKind::Unreachable, "cannot set up TLS").because(error.without_url())
    })
}

impl Remote {
    /// `actions` are the rights needed here (`pull,push`); from `sources` blobs may be mounted.
    pub(crate) fn new(
        repository: &Repository,
        actions: &str,
        sources: &BTreeSet<String>,
        access: &Access,
    ) -> Result<Self> {
        let own = format!("repository:{}:{actions}", repository.name());
        let others = sources.iter().map(|name| format!("repository:{name}:pull"));
        Ok(Self {
            http: Clients::new(&access.tls, repository.endpoint(access.plain_http)?)?,
            repository: repository.clone(),
            credentials: access.credentials.clone(),
            chunk: access.chunk,
            retry: access.retry.clone(),
            notify: access.notify.clone(),
            scopes: std::iter::once(own).chain(others).collect(),
            session: Mutex::default(),
            requests: AtomicU64::new(0),
        })
    }

    /// How many requests were made, those to a token server included.
    pub(crate) fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    /// `{repository}/{path}` of the distribution API.
    pub(crate) fn url(&self, path: &str) -> Url {
        let mut url = self.http.endpoint.clone();
        url.set_path(&format!("/v2/{}/{path}", self.repository.name()));
        url
    }

    /// One request with whatever credentials its host may see. New ones are got once when they are
    /// refused. What comes back is neither a refusal of credentials nor something that may pass.
    pub(crate) async fn once(&self, call: &Call<'_>) -> Result<Response, Trouble> {
        let mut refused = false;
        loop {
            let (turn, authorization) = self.authorization().await?;
            let response = self.follow(call, authorization.as_ref()).await?;
            let ours = same_origin(response.url(), &self.http.endpoint);
            match response.status() {
                StatusCode::UNAUTHORIZED if ours && !refused => {
                    refused = true;
                    self.authenticate(turn, response.headers()).await?;
                }
                StatusCode::UNAUTHORIZED if self.session.lock().await.login.is_none() => {
                    return Err(self.no_credentials().into());
                }
                StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                    return Err(self.refuse(call, response).await.into());
                }
                status if may_pass(status) => {
                    let wait = retry_after(response.headers());
                    return Err(Trouble::Passing(self.refuse(call, response).await, wait));
                }
                _ => return Ok(response),
            }
        }
    }

    /// The credentials to show, renewed where they have run out.
    async fn authorization(&self) -> Result<(u64, Option<Authorization>), Trouble> {
        let mut session = self.session.lock().await;
        let over = |held: &Authorization| held.is_over(Instant::now());
        if session.authorization.as_ref().is_some_and(over)
            && let Some(challenge) = session.challenge.clone()
        {
            session.authorization = self.answer(&challenge, session.login.as_ref()).await?;
        }
        Ok((session.turn, session.authorization.clone()))
    }

    /// Takes up a challenge, unless another request has done so since `turn`.
    async fn authenticate(&self, turn: u64, headers: &HeaderMap) -> Result<(), Trouble> {
        let mut session = self.session.lock().await;
        if session.turn != turn {
            return Ok(());
        }
        let challenge = Challenge::read(headers, &self.http.endpoint)?;
        if turn == 0 {
            session.login = self.login().await?;
        }
        session.authorization = self.answer(&challenge, session.login.as_ref()).await?;
        session.challenge = Some(challenge);
        session.turn += 1;
        Ok(())
    }

    /// Asks files and helpers, which may block.
    async fn login(&self) -> Result<Option<Login>> {
        let (credentials, repository) = (self.credentials.clone(), self.repository.clone());
        tokio::task::spawn_blocking(move || credentials.find(&repository))
            .await
            .expect("looking for credentials does not panic")
    }

    async fn answer(
        &self,
        challenge: &Challenge,
        login: Option<&Login>,
    ) -> Result<Option<Authorization>, Trouble> {
        match challenge {
            Challenge::Basic => match login {
                Some(login) => Ok(Authorization::of_login(login)),
                None => Err(self.no_credentials().into()),
            },
            Challenge::Bearer { realm, service } => {
                let service = service.as_deref();
                let token = self.token(realm, service, login, &self.scopes).await?;
                // A token server may refuse all scopes for one of them; mounts are no necessity.
                match token {
                    None if self.scopes.len() > 1 => {
                        let token = self.token(realm, service, login, &self.scopes[..1]).await?;
                        token
                            .map(Some)
                            .ok_or_else(|| self.bad_credentials(login).into())
                    }
                    token => token
                        .map(Some)
                        .ok_or_else(|| self.bad_credentials(login).into()),
                }
            }
        }
    }

    /// A token from a token server; `None` if it refuses.
    async fn token(
        &self,
        realm: &Url,
        service: Option<&str>,
        login: Option<&Login>,
        scopes: &[String],
    ) -> Result<Option<Authorization>, Trouble> {
        let asked = Instant::now();
        let request = token_request(self.http.towards(realm), realm, service, login, scopes);
        self.count();
        let response = within(self.retry.silence, request)
            .await
            .map_err(|error| self.passing(error))?;
        match response.status() {
            StatusCode::OK => {}
            status if may_pass(status) => {
                let wait = retry_after(response.headers());
                let error = self.trouble(format!(
                    "the token server `{}` answers {status}",
                    host(realm)
                ));
                return Err(Trouble::Passing(error, wait));
            }
            _ => return Ok(None),
        }
        let body = read_limited(response, self.retry.silence, ANSWER_LIMIT)
            .await
            .map_err(|error| self.passing(error))?;
        match Authorization::from_token_answer(&body, asked) {
            Some(token) => Ok(Some(token)),
            None => {
                let message = format!("the token server `{}` answers without a token", host(realm));
                Err(Error::new(ErrorKind::Protocol, message).into())
            }
        }
    }

    /// Sends a request and follows redirects. Credentials go to the registry's own origin alone,
    /// and nothing goes from https to http.
    async fn follow(
        &self,
        call: &Call<'_>,
        authorization: Option<&Authorization>,
    ) -> Result<Response, Trouble> {
        let mut url = call.url.clone();
        for _ in 0..=REDIRECTS {
            let shown = authorization.filter(|_| same_origin(&url, &self.http.endpoint));
            let response = self.send(call, &url, shown).await?;
            if !redirects(call, response.status()) {
                return Ok(response);
            }
            let from = response.url().clone();
            url = self.location(&response, &from)?;
        }
        let message = format!("`{}` redirects without end", self.repository.registry());
        Err(Error::new(ErrorKind::Protocol, message).into())
    }

    /// Where the `Location` of an answer leads.
    pub(crate) fn location(&self, response: &Response, from: &Url) -> Result<Url> {
        let registry = self.repository.registry();
        let wrong =
            |what: &str| Error::new(ErrorKind::Protocol, format!("`{registry}` answers {what}"));
        let header = response
            .headers()
            .get(LOCATION)
            .and_then(|value| value.to_str().ok());
        let url = header.and_then(|text| from.join(text).ok());
        let url = url.ok_or_else(|| wrong("without a proper location"))?;
        match (from.scheme(), url.scheme()) {
            (_, "https") | ("http", "http") => Ok(url),
            _ => Err(wrong("with a location that is less safe than itself")),
        }
    }

    async fn send(
        &self,
        call: &Call<'_>,
        url: &Url,
        authorization: Option<&Authorization>,
    ) -> Result<Response, Trouble> {
        let mut request = self
            .http
            .towards(url)
            .request(call.method.clone(), url.clone());
        if let Some(authorization) = authorization {
            request = request.header(AUTHORIZATION, authorization.value.clone());
        }
        if let Some((name, value)) = &call.header {
            request = request.header(name, value);
        }
        if matches!(call.method, Method::GET | Method::HEAD) {
            request = request.header(ACCEPT, MANIFEST_TYPES.join(", "));
        }
        self.count();
        let Some((media_type, source)) = call.body else {
            let length = if call.method == Method::POST {
                Some("0")
            } else {
                None
            };
            let request = length
                .into_iter()
                .fold(request, |r, zero| r.header(CONTENT_LENGTH, zero));
            return within(self.retry.silence, request)
                .await
                .map_err(|error| self.passing(error));
        };
        let request = request.header(CONTENT_TYPE, media_type);
        let sent = source.send(request, 2 * self.retry.silence).await?;
        sent.map_err(|error| self.passing(error))
    }

    fn count(&self) {
        self.requests.fetch_add(1, Ordering::Relaxed);
    }

    /// A failure of the connection. URLs are left out: a location may carry a signature.
    pub(crate) fn passing(
        &self,
        error: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Trouble {
        let error = error.into();
        if let Some(hint) = tls::distrust(error.as_ref()) {
            let trouble = self.trouble("TLS fails".to_owned()).because(error);
            return Trouble::Fatal(trouble.suggest(hint));
        }
        Trouble::Passing(
            self.trouble("the connection fails".to_owned())
                .because(error),
            None,
        )
    }

    fn trouble(&self, why: String) -> Error {
        let message = format!("cannot reach `{}`: {why}", self.repository);
        Error::new(ErrorKind::Unreachable, message)
    }

    fn no_credentials(&self) -> Error {
        let message = format!("`{}` wants credentials and there are none", self.repository);
        Error::new(ErrorKind::Credentials, message).suggest(LOGIN)
    }

    fn bad_credentials(&self, login: Option<&Login>) -> Error {
        let message = match login {
            Some(_) => format!("`{}` refuses the credentials", self.repository),
            None => return self.no_credentials(),
        };
        Error::new(ErrorKind::Credentials, message).suggest(LOGIN)
    }

    /// The error for an answer that refuses, with what the registry says about it.
    pub(crate) async fn refuse(&self, call: &Call<'_>, response: Response) -> Error {
        let status = response.status();
        let what = format!(
            "{} {}",
            call.method,
            describe(&call.url, self.repository.name())
        );
        let body = read_limited(response, self.retry.silence, ANSWER_LIMIT)
            .await
            .unwrap_or_default();
        let said = reasons(&body);
        let place = &self.repository;
        let error = match status {
            StatusCode::UNAUTHORIZED => Error::new(
                ErrorKind::Credentials,
                format!("`{place}` refuses the credentials: {what}"),
            )
            .suggest(LOGIN),
            StatusCode::FORBIDDEN => Error::new(
                ErrorKind::Credentials,
                format!("`{place}` does not allow {what}"),
            )
            .suggest("use an account that may do this"),
            status if may_pass(status) => self.trouble(format!("it answers {status} to {what}")),
            status => Error::new(
                ErrorKind::Refused,
                format!("`{place}` answers {status} to {what}"),
            ),
        };
        match said {
            Some(said) => error.because(said),
            None => error,
        }
    }
}

const LOGIN: &str = "set REGISTRY_USERNAME and REGISTRY_PASSWORD, or log in with docker or podman";

/// `blobs/uploads` and the like: the request as messages name it, without what a query may hide.
fn describe(url: &Url, repository: &str) -> String {
    let path = url.path();
    let own = path.split_once(repository).map_or(path, |(_, rest)| rest);
    own.trim_matches('/').chars().take(100).collect()
}

/// The `code` and `message` of each of a registry's errors, on one line, without control
/// characters.
fn reasons(body: &[u8]) -> Option<String> {
    let answer: Value = serde_json::from_slice(body).ok()?;
    let errors = answer["errors"].as_array()?;
    let texts: Vec<String> = errors
        .iter()
        .take(5)
        .map(|error| {
            let text = |key: &str| error[key].as_str().unwrap_or_default();
            format!("{} {}", text("code"), text("message"))
        })
        .collect();
    let text: String = texts
        .join("; ")
        .chars()
        .filter(|c| !c.is_control())
        .take(500)
        .collect();
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

fn may_pass(status: StatusCode) -> bool {
    matches!(status.as_u16(), 408 | 429 | 500 | 502 | 503 | 504)
}

fn redirects(call: &Call<'_>, status: StatusCode) -> bool {
    let reading = matches!(call.method, Method::GET | Method::HEAD);
    matches!(status.as_u16(), 307 | 308) || (reading && matches!(status.as_u16(), 301..=303))
}

pub(crate) fn same_origin(one: &Url, other: &Url) -> bool {
    let origin = |url: &Url| {
        (
            url.scheme().to_owned(),
            url.host_str().map(str::to_owned),
            url.port_or_known_default(),
        )
    };
    origin(one) == origin(other)
}

/// Asks a token server for scopes: by GET with a password or anonymously, by POST with an identity
/// token (distribution: docs/spec/auth/token.md, oauth.md).
fn token_request(
    http: &Client,
    realm: &Url,
    service: Option<&str>,
    login: Option<&Login>,
    scopes: &[String],
) -> RequestBuilder {
    let service = service.map(|service| ("service", service));
    if let Some(Login::Identity(token)) = login {
        let joined = scopes.join(" ");
        let fields = [
            ("grant_type", "refresh_token"),
            ("client_id", "windlass"),
            ("refresh_token", token.expose()),
            ("scope", &joined),
        ];
        let mut form = Url::parse("form:").expect("a constant URL");
        form.query_pairs_mut()
            .extend_pairs(fields.into_iter().chain(service));
        let request = http.post(realm.clone());
        return request
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(form.query().unwrap_or_default().to_owned());
    }
    let mut url = realm.clone();
    let scopes = scopes.iter().map(|scope| ("scope", scope.as_str()));
    url.query_pairs_mut()
        .extend_pairs(service.into_iter().chain(scopes));
    let request = http.get(url);
    match login.and_then(Authorization::of_login) {
        Some(basic) => request.header(AUTHORIZATION, basic.value),
        None => request,
    }
}

/// Why an exchange failed, without the URL.
#[derive(Debug)]
pub(crate) enum Broken {
    Http(reqwest::Error),
    Silent(Duration),
    TooLong,
}

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Http(error) => error.fmt(f),
            Self::Silent(limit) => write!(f, "no answer within {} s", limit.as_secs_f32()),
            Self::TooLong => f.write_str("the answer is too long"),
        }
    }
}

impl std::error::Error for Broken {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Http(error) => error.source(),
            _ => None,
        }
    }
}

impl From<reqwest::Error> for Broken {
    fn from(error: reqwest::Error) -> Self {
        Self::Http(error.without_url())
    }
}

/// The head of the answer, within a time.
pub(crate) async fn within(limit: Duration, request: RequestBuilder) -> Result<Response, Broken> {
    match tokio::time::timeout(limit, request.send()).await {
        Ok(answer) => Ok(answer?),
        Err(_) => Err(Broken::Silent(limit)),
    }
}

/// The next piece of a body; `None` at its end.
pub(crate) async fn piece(
    response: &mut Response,
    silence: Duration,
) -> Result<Option<impl AsRef<[u8]> + use<>>, Broken> {
    match tokio::time::timeout(silence, response.chunk()).await {
        Ok(piece) => Ok(piece?),
        Err(_) => Err(Broken::Silent(silence)),
    }
}

/// A whole body of at most `limit` bytes.
pub(crate) async fn read_limited(
    mut response: Response,
    silence: Duration,
    limit: u64,
) -> Result<Vec<u8>, Broken> {
    let mut body = Vec::new();
    while let Some(piece) = piece(&mut response, silence).await? {
        body.extend_from_slice(piece.as_ref());
        if body.len() as u64 > limit {
            return Err(Broken::TooLong);
        }
    }
    Ok(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_certificate_is_for_the_origin_of_the_registry_alone() {
        let anybody = || client(&Tls::default()).unwrap();
        let clients = Clients {
            endpoint: "https://registry.example".parse().unwrap(),
            known: anybody(),
            unknown: Some(anybody()),
        };
        for (url, ours) in [
            ("https://registry.example/v2/app/tags/list", true),
            ("https://registry.example:443/token", true),
            ("https://registry.example:8443/token", false),
            ("http://registry.example/v2/", false),
            ("https://blobs.example/app", false),
        ] {
            let client = clients.towards(&url.parse().unwrap());
            assert_eq!(std::ptr::eq(client, &clients.known), ours, "{url}");
        }
        let plain = Clients::new(&Tls::default(), clients.endpoint).unwrap();
        assert!(plain.unknown.is_none());
    }
}
