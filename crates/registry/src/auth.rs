//! Answering a registry's challenge (distribution: docs/spec/auth): Basic, or a Bearer token that
//! a token server gives for named scopes.

use crate::credentials::Login;
use crate::error::{Error, ErrorKind, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http_auth::{ChallengeParser, ChallengeRef};
use reqwest::Url;
use reqwest::header::{HeaderMap, HeaderValue, WWW_AUTHENTICATE};
use serde::Deserialize;
use std::time::{Duration, Instant};

/// What a registry wants to see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Challenge {
    Basic,
    Bearer { realm: Url, service: Option<String> },
}

impl Challenge {
    /// Reads the headers of a 401; a token is preferred to sending the password each time.
    pub(crate) fn read(headers: &HeaderMap, endpoint: &Url) -> Result<Self> {
        let lines = headers.get_all(WWW_AUTHENTICATE).iter();
        let texts: Vec<&str> = lines.filter_map(|line| line.to_str().ok()).collect();
        let challenges: Vec<ChallengeRef<'_>> = texts
            .iter()
            .flat_map(|text| ChallengeParser::new(text).filter_map(Result::ok))
            .collect();
        let named = |scheme: &str| {
            let mut found = challenges.iter();
            found.find(|challenge| challenge.scheme.eq_ignore_ascii_case(scheme))
        };
        if let Some(bearer) = named("bearer") {
            return Ok(Self::Bearer {
                realm: realm(bearer, endpoint)?,
                service: parameter(bearer, "service"),
            });
        }
        match named("basic") {
            Some(_) => Ok(Self::Basic),
            None => Err(Error::new(
                ErrorKind::Protocol,
                format!("`{}` asks for credentials of no known kind", host(endpoint)),
            )),
        }
    }
}

fn parameter(challenge: &ChallengeRef<'_>, name: &str) -> Option<String> {
    let mut parameters = challenge.params.iter();
    let (_, value) = parameters.find(|(key, _)| key.eq_ignore_ascii_case(name))?;
    Some(value.to_unescaped())
}

/// The token server. It gets the password, so it must be spoken to as safely as the registry:
/// by https, or on a plain registry's own host or this machine.
fn realm(challenge: &ChallengeRef<'_>, endpoint: &Url) -> Result<Url> {
    let text = parameter(challenge, "realm").unwrap_or_default();
    let wrong = |why: &str| {
        let message = format!("`{}` names a token server that is {why}", host(endpoint));
        Error::new(ErrorKind::Protocol, message)
    };
    let url = Url::parse(&text).map_err(|_| wrong("no URL"))?;
    let near = |name: &str| matches!(name, "localhost" | "127.0.0.1" | "[::1]");
    let plain_is_fine = endpoint.scheme() == "http"
        && (url.host() == endpoint.host() || url.host_str().is_some_and(near));
    match url.scheme() {
        "https" => Ok(url),
        "http" if plain_is_fine => Ok(url),
        _ => Err(wrong("less safe than itself").suggest("nothing was sent to it")),
    }
}

/// `host:port` for messages.
pub(crate) fn host(url: &Url) -> String {
    let name = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{name}:{port}"),
        None => name.to_owned(),
    }
}

/// The value of an `Authorization` header, and until when it holds.
#[derive(Debug, Clone)]
pub(crate) struct Authorization {
    pub(crate) value: HeaderValue,
    expires: Option<Instant>,
}

impl Authorization {
    pub(crate) fn basic(username: &str, password: &str) -> Self {
        let encoded = STANDARD.encode(format!("{username}:{password}"));
        Self::new(&format!("Basic {encoded}"), None).expect("base64 is made of header characters")
    }

    pub(crate) fn of_login(login: &Login) -> Option<Self> {
        match login {
            Login::Password(username, password) => Some(Self::basic(username, password.expose())),
            Login::Identity(_) => None,
        }
    }

    fn new(text: &str, expires: Option<Instant>) -> Option<Self> {
        let mut value = HeaderValue::from_str(text).ok()?;
        value.set_sensitive(true);
        Some(Self { value, expires })
    }

    /// Reads a token server's answer. `None` if it holds no token.
    pub(crate) fn from_token_answer(body: &[u8], now: Instant) -> Option<Self> {
        #[derive(Deserialize)]
        struct Answer {
            token: Option<String>,
            access_token: Option<String>,
            expires_in: Option<u32>,
        }
        let answer: Answer = serde_json::from_slice(body).ok()?;
        let token = answer.token.or(answer.access_token)?;
        // The specification's default is 60 s. Ask for the next one a little before the end.
        let lasts = answer.expires_in.unwrap_or(60);
        let early = (lasts / 2).min(30);
        let expires = now + Duration::from_secs((lasts - early).into());
        Self::new(&format!("Bearer {token}"), Some(expires))
    }

    pub(crate) fn is_over(&self, now: Instant) -> bool {
        self.expires.is_some_and(|expires| expires <= now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn challenge(endpoint: &str, lines: &[&str]) -> Result<Challenge> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(WWW_AUTHENTICATE, line.parse().unwrap());
        }
        Challenge::read(&headers, &Url::parse(endpoint).unwrap())
    }

    #[test]
    fn a_token_is_preferred_and_quotes_are_read() {
        let hub = r#"Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:a,b:pull""#;
        let expected = Challenge::Bearer {
            realm: Url::parse("https://auth.docker.io/token").unwrap(),
            service: Some("registry.docker.io".into()),
        };
        let endpoint = "https://registry-1.docker.io/v2/";
        assert_eq!(challenge(endpoint, &[hub]).unwrap(), expected);
        assert_eq!(
            challenge(endpoint, &[r#"Basic realm="x""#, hub]).unwrap(),
            expected
        );
        assert_eq!(
            challenge(endpoint, &[r#"basic realm="x""#]).unwrap(),
            Challenge::Basic
        );
        for other in [&[][..], &["Digest realm=x"], &["\"\""]] {
            assert_eq!(
                challenge(endpoint, other).unwrap_err().kind(),
                ErrorKind::Protocol
            );
        }
    }

    #[test]
    fn a_token_server_is_as_safe_as_the_registry() {
        for (endpoint, realm, fine) in [
            (
                "https://registry.example/v2/",
                "https://auth.example/token",
                true,
            ),
            (
                "https://registry.example/v2/",
                "http://registry.example/token",
                false,
            ),
            (
                "https://registry.example/v2/",
                "http://localhost/token",
                false,
            ),
            (
                "http://registry.example/v2/",
                "http://registry.example:81/token",
                true,
            ),
            (
                "http://registry.example/v2/",
                "http://auth.example/token",
                false,
            ),
            (
                "http://localhost:5000/v2/",
                "http://127.0.0.1:5001/token",
                true,
            ),
            ("http://localhost:5000/v2/", "ftp://localhost/token", false),
            ("http://localhost:5000/v2/", "/token", false),
        ] {
            let line = format!(r#"Bearer realm="{realm}""#);
            assert_eq!(
                challenge(endpoint, &[&line]).is_ok(),
                fine,
                "{endpoint} {realm}"
            );
        }
    }

    #[test]
    fn tokens_are_renewed_before_they_end_and_are_never_shown() {
        let now = Instant::now();
        let at = |seconds| now + Duration::from_secs(seconds);
        for (body, over) in [
            (r#"{"token":"hunter2"}"#, 30),
            (r#"{"access_token":"hunter2","expires_in":300}"#, 270),
            (r#"{"token":"hunter2","expires_in":10}"#, 5),
        ] {
            let token = Authorization::from_token_answer(body.as_bytes(), now).unwrap();
            assert!(
                !token.is_over(at(over - 1)) && token.is_over(at(over)),
                "{body}"
            );
            assert!(!format!("{token:?}").contains("hunter2"));
        }
        for body in ["{}", "", r#"{"token":"a\nb"}"#] {
            assert!(Authorization::from_token_answer(body.as_bytes(), now).is_none());
        }
    }
}
