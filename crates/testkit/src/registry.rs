//! A registry in this process: the distribution API from memory, with passwords or tokens where
//! wanted, and faults by script.
//!
//! It is as strict as the specification where a client could be wrong without noticing: digests
//! are checked, a manifest needs its blobs, an upload session ends with its blob.

mod http;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{Answer, Request, parameters, read_body, read_head, request, write_answer};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, BufReader};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// How the registry wants to know its users.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum RegistryAuth {
    /// Anybody may do anything.
    #[default]
    Open,
    /// A user name and a password with each request.
    Basic(String, String),
    /// Tokens for named scopes, which the registry's own `/token` gives for this user name and
    /// password.
    Token(String, String),
    /// The same tokens for this identity token, asked for by POST.
    Identity(String),
}

/// How a registry behaves.
#[derive(Debug, Clone, Default)]
pub struct RegistryRules {
    /// How it wants to know its users.
    pub auth: RegistryAuth,
    /// What goes wrong, each at most once for each time it is listed.
    pub faults: Vec<RegistryFault>,
    /// How many requests a token is good for; none for all.
    pub token_uses: Option<u32>,
    /// Leave `Docker-Content-Digest` out of answers, as some registries do.
    pub no_digest_header: bool,
    /// Refuse to give a tag that exists to a manifest, as registries do that guard their tags.
    pub guards_tags: bool,
    /// How many tags are listed at once at most; none for as many as are asked for.
    pub tag_page: Option<usize>,
    /// List what refers to a manifest; without it the question has no place.
    pub referrers: bool,
}

/// Something that goes wrong at the next request of its kind.
#[derive(Debug, Clone)]
pub struct RegistryFault {
    /// `POST`, `HEAD` and so on.
    pub method: String,
    /// What the path has in it.
    pub path: String,
    /// What happens then.
    pub effect: RegistryEffect,
}

impl RegistryFault {
    /// A fault of requests with this method whose path has this in it.
    #[must_use]
    pub fn new(method: &str, path: &str, effect: RegistryEffect) -> Self {
        Self {
            method: method.to_owned(),
            path: path.to_owned(),
            effect,
        }
    }
}

/// What a fault does.
#[derive(Debug, Clone)]
pub enum RegistryEffect {
    /// Forget all tokens, then answer as if nothing were.
    ExpireTokens,
    /// Answer with this status and these headers, and do nothing.
    Status(u16, Vec<(String, String)>),
    /// Answer with this status and this JSON, and do nothing.
    Refuse(u16, Value),
    /// Read so many bytes of the body, then cut the connection.
    CutBody(usize),
    /// Do what is asked, then cut the connection instead of answering.
    LoseAnswer,
    /// Do what is asked, then answer with this header instead of the right one.
    Header(String, String),
    /// Send this instead of the body, with a length that fits.
    Body(Vec<u8>),
    /// Send half of the body, then cut the connection.
    HalfBody,
    /// Take the head of the request and then do nothing for so long, before the connection is cut.
    Stall(Duration),
    /// Do what is asked, then say that the body of the answer is so long.
    Length(usize),
}

/// A request as the registry saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegistryRequest {
    /// `PUT`.
    pub method: String,
    /// The path with its query.
    pub path: String,
    /// Whether it showed credentials; which is not kept.
    pub authorized: bool,
    /// Bytes of the body that were read.
    pub body: usize,
    /// The status of the answer; none if the connection was cut.
    pub status: Option<u16>,
}

/// A running registry, on a port of this machine that was free. It stops when it is dropped.
pub struct RegistryServer {
    address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    rules: RegistryRules,
    state: Mutex<State>,
}

/// A repository, and in it a digest or, of a manifest, a tag.
type Key = (String, String);

#[derive(Default)]
struct State {
    stopped: bool,
    faults: Vec<RegistryFault>,
    requests: Vec<RegistryRequest>,
    blobs: BTreeMap<Key, Arc<Vec<u8>>>,
    /// With their media types.
    manifests: BTreeMap<Key, (String, Arc<Vec<u8>>)>,
    /// What has come of each.
    uploads: BTreeMap<String, Vec<u8>>,
    next: u64,
    /// Tokens, their scopes, and how often they may still be shown.
    tokens: BTreeMap<String, (Vec<String>, u32)>,
}

impl RegistryServer {
    /// Starts a registry.
    ///
    /// # Errors
    /// If no port of this machine can be had.
    pub fn start(rules: RegistryRules) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let address = listener.local_addr()?;
        let state = State {
            faults: rules.faults.clone(),
            ..State::default()
        };
        let shared = Arc::new(Shared {
            rules,
            state: Mutex::new(state),
        });
        let served = Arc::clone(&shared);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if served.state().stopped {
                    break;
                }
                let shared = Arc::clone(&served);
                // A connection that breaks is its client's affair.
                thread::spawn(move || drop(shared.serve(stream)));
            }
        });
        Ok(Self { address, shared })
    }

    /// `127.0.0.1:PORT`, as it stands before the name of an image.
    #[must_use]
    pub fn address(&self) -> String {
        self.address.to_string()
    }

    /// The requests so far, those to `/token` included.
    #[must_use]
    pub fn requests(&self) -> Vec<RegistryRequest> {
        self.shared.state().requests.clone()
    }

    /// Forgets the requests so far.
    pub fn forget_requests(&self) {
        self.shared.state().requests.clear();
    }

    /// The faults that have not happened.
    #[must_use]
    pub fn unhit(&self) -> usize {
        self.shared.state().faults.len()
    }

    /// The digest that a tag of a repository has.
    #[must_use]
    pub fn tag(&self, repository: &str, tag: &str) -> Option<String> {
        let key = (repository.to_owned(), tag.to_owned());
        let state = self.shared.state();
        state.manifests.get(&key).map(|(_, bytes)| digest(bytes))
    }

    /// Gives the manifest that one tag of a repository has these tags too.
    pub fn add_tags(&self, repository: &str, tag: &str, more: impl IntoIterator<Item = String>) {
        let mut state = self.shared.state();
        let key = |tag: &str| (repository.to_owned(), tag.to_owned());
        if let Some(kept) = state.manifests.get(&key(tag)).cloned() {
            let more = more.into_iter().map(|tag| (key(&tag), kept.clone()));
            state.manifests.extend(more);
        }
    }

    /// Stores a manifest under a tag, as another client would whose blobs are there.
    pub fn put_manifest(&self, repository: &str, tag: &str, media_type: &str, manifest: &Value) {
        let kept = (
            media_type.to_owned(),
            Arc::new(manifest.to_string().into_bytes()),
        );
        for name in [tag, &digest(&kept.1)] {
            let key = (repository.to_owned(), name.to_owned());
            self.shared.state().manifests.insert(key, kept.clone());
        }
    }

    /// The manifest that a repository has under a tag or a digest.
    #[must_use]
    pub fn manifest(&self, repository: &str, reference: &str) -> Option<Value> {
        let key = (repository.to_owned(), reference.to_owned());
        let state = self.shared.state();
        let (_, bytes) = state.manifests.get(&key)?;
        serde_json::from_slice(bytes).ok()
    }

    /// The bytes of a blob.
    #[must_use]
    pub fn blob(&self, repository: &str, digest: &str) -> Option<Vec<u8>> {
        let key = (repository.to_owned(), digest.to_owned());
        self.shared
            .state()
            .blobs
            .get(&key)
            .map(|bytes| bytes.to_vec())
    }
}

impl Drop for RegistryServer {
    fn drop(&mut self) {
        self.shared.state().stopped = true;
        // Wakes the listener, which then sees that it is to stop.
        drop(TcpStream::connect(self.address));
    }
}

fn digest(bytes: &[u8]) -> String {
    let mut text = String::from("sha256:");
    for byte in Sha256::digest(bytes) {
        write!(text, "{byte:02x}").expect("writing to a string");
    }
    text
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Serves one connection until its client closes it.
    fn serve(&self, stream: TcpStream) -> io::Result<()> {
        stream.set_read_timeout(Some(Duration::from_secs(60)))?;
        let mut reader = BufReader::new(stream.try_clone()?);
        while let Some((method, path, headers)) = read_head(&mut reader)? {
            let fault = self.fault(&method, &path);
            if let Some(RegistryEffect::ExpireTokens) = fault {
                self.state().tokens.clear();
            }
            if let Some(RegistryEffect::Stall(time)) = &fault {
                self.note(&method, &path, &headers);
                thread::sleep(*time);
                return stream.shutdown(Shutdown::Both);
            }
            let cut = match &fault {
                Some(RegistryEffect::CutBody(bytes)) => Some(*bytes),
                _ => None,
            };
            let body = read_body(&mut reader, &headers, cut)?;
            let mut seen = RegistryRequest {
                method: method.clone(),
                path: path.clone(),
                authorized: headers.contains_key("authorization"),
                body: body.len(),
                status: None,
            };
            let request = request(method, &path, headers, body);
            let answer = match &fault {
                Some(RegistryEffect::CutBody(_)) => None,
                Some(RegistryEffect::Status(status, headers)) => Some(Answer {
                    status: *status,
                    headers: headers.clone(),
                    body: Vec::new(),
                }),
                Some(RegistryEffect::Refuse(status, body)) => Some(Answer::json(*status, body)),
                _ => Some(self.answer(&request)),
            };
            let answer = answer.map(|answer| distort(answer, fault.as_ref()));
            let lost = matches!(fault, Some(RegistryEffect::LoseAnswer));
            seen.status = answer
                .as_ref()
                .filter(|_| !lost)
                .map(|answer| answer.status);
            self.state().requests.push(seen);
            let Some(answer) = answer.filter(|_| !lost) else {
                return stream.shutdown(Shutdown::Both);
            };
            let half = matches!(fault, Some(RegistryEffect::HalfBody));
            let length = match &fault {
                Some(RegistryEffect::Length(length)) => *length,
                _ => answer.body.len(),
            };
            write_answer(&stream, &request.method, &answer, (length, half))?;
            if half || length != answer.body.len() {
                return stream.shutdown(Shutdown::Both);
            }
        }
        Ok(())
    }

    /// Keeps a request that gets no answer.
    fn note(&self, method: &str, path: &str, headers: &BTreeMap<String, String>) {
        self.state().requests.push(RegistryRequest {
            method: method.to_owned(),
            path: path.to_owned(),
            authorized: headers.contains_key("authorization"),
            body: 0,
            status: None,
        });
    }

    fn fault(&self, method: &str, path: &str) -> Option<RegistryEffect> {
        let mut state = self.state();
        let hit = state
            .faults
            .iter()
            .position(|fault| fault.method == method && path.contains(&fault.path))?;
        Some(state.faults.remove(hit).effect)
    }

    fn answer(&self, request: &Request) -> Answer {
        if request.path == "/token" {
            return self.token(request);
        }
        let Some(rest) = request.path.strip_prefix("/v2/") else {
            return Answer::error(404, "NOT_FOUND");
        };
        let place = ["/blobs/", "/manifests/", "/tags/", "/referrers/"]
            .iter()
            .find_map(|part| {
                let (repository, rest) = rest.split_once(part)?;
                Some((repository, *part, rest))
            });
        let repository = place.map_or("", |(repository, ..)| repository);
        if let Some(refusal) = self.unauthorized(request, repository) {
            return refusal;
        }
        let mut state = self.state();
        if self.rules.guards_tags && state.would_move(request, place) {
            return Answer::error(400, "TAG_INVALID");
        }
        let mut answer = match place {
            None => Answer::json(200, &json!({})),
            Some((repository, "/blobs/", rest)) => match rest.strip_prefix("uploads/") {
                Some(session) => state.upload(request, repository, session),
                None => state.give_blob(request, repository, rest),
            },
            Some((repository, "/manifests/", reference)) => {
                state.manifest(request, repository, reference)
            }
            Some((_, "/referrers/", _)) if !self.rules.referrers => Answer::error(404, "NOT_FOUND"),
            Some((repository, "/referrers/", subject)) => state.list_referrers(repository, subject),
            Some((repository, ..)) => state.list_tags(request, repository, self.rules.tag_page),
        };
        if self.rules.no_digest_header {
            answer
                .headers
                .retain(|(name, _)| name != "Docker-Content-Digest");
        }
        answer
    }

    /// The refusal, if the request does not show what its action needs.
    fn unauthorized(&self, request: &Request, repository: &str) -> Option<Answer> {
        let shown = request
            .headers
            .get("authorization")
            .map(String::as_str)
            .unwrap_or_default();
        let refuse = |challenge: String| {
            Some(Answer::error(401, "UNAUTHORIZED").with("WWW-Authenticate", challenge))
        };
        match &self.rules.auth {
            RegistryAuth::Open => None,
            RegistryAuth::Basic(name, password) => match shown == basic(name, password) {
                true => None,
                false => refuse("Basic realm=\"testkit\"".to_owned()),
            },
            RegistryAuth::Token(..) | RegistryAuth::Identity(_) => {
                let action = if matches!(request.method.as_str(), "GET" | "HEAD") {
                    "pull"
                } else {
                    "push"
                };
                let token = shown.strip_prefix("Bearer ").unwrap_or_default();
                if self.state().spend(token, repository, action) {
                    return None;
                }
                let host = request
                    .headers
                    .get("host")
                    .map(String::as_str)
                    .unwrap_or_default();
                refuse(format!(
                    "Bearer realm=\"http://{host}/token\",service=\"testkit\",scope=\"repository:{repository}:{action}\""
                ))
            }
        }
    }

    /// A token for the scopes that are asked, if the password or the identity token is right.
    fn token(&self, request: &Request) -> Answer {
        let body = String::from_utf8_lossy(&request.body);
        let form = parameters(&body);
        let field = |name: &str| Some(form.get(name)?.first()?.as_str());
        let shown = request.headers.get("authorization");
        let (right, scopes) = match &self.rules.auth {
            RegistryAuth::Token(name, password) => {
                let right = shown.is_some_and(|shown| *shown == basic(name, password));
                let scopes = request.query.get("scope").cloned();
                (right && request.method == "GET", scopes.unwrap_or_default())
            }
            RegistryAuth::Identity(token) => {
                let right = field("grant_type") == Some("refresh_token")
                    && field("refresh_token") == Some(token)
                    && field("service") == Some("testkit");
                let scopes = field("scope").unwrap_or_default().split(' ');
                let scopes = scopes.map(str::to_owned).collect();
                (right && request.method == "POST", scopes)
            }
            _ => return Answer::error(404, "NOT_FOUND"),
        };
        if !right {
            return Answer::error(401, "UNAUTHORIZED");
        }
        let mut state = self.state();
        state.next += 1;
        let token = format!("token-{}", state.next);
        let uses = self.rules.token_uses.unwrap_or(u32::MAX);
        state.tokens.insert(token.clone(), (scopes, uses));
        Answer::json(200, &json!({"token": token, "expires_in": 300}))
    }
}

impl State {
    fn spend(&mut self, token: &str, repository: &str, action: &str) -> bool {
        let Some((scopes, uses)) = self.tokens.get_mut(token) else {
            return false;
        };
        let allowed = scopes.iter().any(|scope| {
            let actions = scope.strip_prefix(&format!("repository:{repository}:"));
            actions.is_some_and(|actions| actions.split(',').any(|known| known == action))
        });
        let left = *uses > 0;
        *uses = uses.saturating_sub(1);
        allowed && left
    }

    fn give_blob(&self, request: &Request, repository: &str, wanted: &str) -> Answer {
        let key = (repository.to_owned(), wanted.to_owned());
        match (request.method.as_str(), self.blobs.get(&key)) {
            ("HEAD" | "GET", Some(bytes)) => Answer::new(200)
                .with("Content-Type", "application/octet-stream")
                .with("Docker-Content-Digest", wanted)
                .body(bytes.to_vec()),
            ("HEAD" | "GET", None) => Answer::error(404, "BLOB_UNKNOWN"),
            _ => Answer::error(405, "UNSUPPORTED"),
        }
    }

    fn upload(&mut self, request: &Request, repository: &str, session: &str) -> Answer {
        let parameter = |name: &str| request.query.get(name).and_then(|values| values.first());
        match (request.method.as_str(), self.uploads.get_mut(session)) {
            ("POST", _) if session.is_empty() => {
                if let (Some(mount), Some(from)) = (parameter("mount"), parameter("from"))
                    && let Some(bytes) = self.blobs.get(&(from.clone(), mount.clone())).cloned()
                {
                    return self.keep(repository, bytes);
                }
                self.next += 1;
                let session = format!("session-{}", self.next);
                self.uploads.insert(session.clone(), Vec::new());
                Answer::new(202).with("Location", upload_url(repository, &session))
            }
            ("PATCH", Some(bytes)) => {
                let range = request.headers.get("content-range");
                let start = range.and_then(|range| range.split_once('-')?.0.parse().ok());
                if start != Some(bytes.len()) {
                    return Answer::error(416, "BLOB_UPLOAD_INVALID");
                }
                bytes.extend_from_slice(&request.body);
                stand(202, bytes).with("Location", upload_url(repository, session))
            }
            ("GET", Some(bytes)) => {
                stand(204, bytes).with("Location", upload_url(repository, session))
            }
            ("PUT", Some(bytes)) => {
                let mut bytes = std::mem::take(bytes);
                self.uploads.remove(session);
                bytes.extend_from_slice(&request.body);
                match parameter("digest") == Some(&digest(&bytes)) {
                    true => self.keep(repository, Arc::new(bytes)),
                    false => Answer::error(400, "DIGEST_INVALID"),
                }
            }
            ("DELETE", Some(_)) => {
                self.uploads.remove(session);
                Answer::new(204)
            }
            (_, None) => Answer::error(404, "BLOB_UPLOAD_UNKNOWN"),
            _ => Answer::error(405, "UNSUPPORTED"),
        }
    }

    fn keep(&mut self, repository: &str, bytes: Arc<Vec<u8>>) -> Answer {
        let digest = digest(&bytes);
        self.blobs
            .insert((repository.to_owned(), digest.clone()), bytes);
        Answer::new(201)
            .with("Location", format!("/v2/{repository}/blobs/{digest}"))
            .with("Docker-Content-Digest", digest)
    }

    fn manifest(&mut self, request: &Request, repository: &str, reference: &str) -> Answer {
        let key = (repository.to_owned(), reference.to_owned());
        match (request.method.as_str(), self.manifests.get(&key)) {
            ("HEAD" | "GET", Some((media_type, bytes))) => Answer::new(200)
                .with("Content-Type", media_type)
                .with("Docker-Content-Digest", digest(bytes))
                .body(bytes.to_vec()),
            ("HEAD" | "GET", None) => Answer::error(404, "MANIFEST_UNKNOWN"),
            ("PUT", _) => self.put_manifest(request, repository, reference),
            _ => Answer::error(405, "UNSUPPORTED"),
        }
    }

    fn put_manifest(&mut self, request: &Request, repository: &str, reference: &str) -> Answer {
        let Ok(manifest) = serde_json::from_slice::<Value>(&request.body) else {
            return Answer::error(400, "MANIFEST_INVALID");
        };
        let found = digest(&request.body);
        if reference.starts_with("sha256:") && reference != found {
            return Answer::error(400, "DIGEST_INVALID");
        }
        let list = |key: &str| manifest[key].as_array().cloned().unwrap_or_default();
        let known = |value: &Value| {
            (
                repository.to_owned(),
                value["digest"].as_str().unwrap_or_default().to_owned(),
            )
        };
        let blobs = list("layers").into_iter().chain(
            manifest["config"]
                .is_object()
                .then(|| manifest["config"].clone()),
        );
        let missing = blobs
            .map(|blob| known(&blob))
            .any(|key| !self.blobs.contains_key(&key))
            || list("manifests")
                .iter()
                .any(|child| !self.manifests.contains_key(&known(child)));
        if missing {
            return Answer::error(400, "MANIFEST_BLOB_UNKNOWN");
        }
        let media_type = request
            .headers
            .get("content-type")
            .cloned()
            .unwrap_or_default();
        let kept = (media_type, Arc::new(request.body.clone()));
        for name in [reference, &found] {
            self.manifests
                .insert((repository.to_owned(), name.to_owned()), kept.clone());
        }
        Answer::new(201)
            .with("Location", format!("/v2/{repository}/manifests/{found}"))
            .with("Docker-Content-Digest", found)
    }

    fn would_move(&self, request: &Request, place: Option<(&str, &str, &str)>) -> bool {
        let Some((repository, "/manifests/", tag)) = place else {
            return false;
        };
        let key = (repository.to_owned(), tag.to_owned());
        request.method == "PUT" && !tag.contains(':') && self.manifests.contains_key(&key)
    }

    /// The index of the manifests whose subject this is.
    fn list_referrers(&self, repository: &str, subject: &str) -> Answer {
        let by_digest = |(known, name): &Key| known == repository && name.contains(':');
        let all = self.manifests.iter().filter(|(key, _)| by_digest(key));
        let referrers = all.filter_map(|((_, name), (media_type, bytes))| {
            let manifest: Value = serde_json::from_slice(bytes).ok()?;
            (manifest["subject"]["digest"] == subject).then(|| {
                json!({
                    "mediaType": media_type, "digest": name, "size": bytes.len(),
                    "artifactType": manifest["artifactType"], "annotations": manifest["annotations"],
                })
            })
        });
        let referrers: Vec<Value> = referrers.collect();
        let media_type = "application/vnd.oci.image.index.v1+json";
        let index = json!({"schemaVersion": 2, "mediaType": media_type, "manifests": referrers});
        Answer::new(200)
            .with("Content-Type", media_type)
            .body(index.to_string().into_bytes())
    }

    /// A page of tags after `last`, and where the next one is.
    fn list_tags(&self, request: &Request, repository: &str, page: Option<usize>) -> Answer {
        let parameter = |name: &str| request.query.get(name)?.first().cloned();
        let last = parameter("last").unwrap_or_default();
        let asked = parameter("n").and_then(|n| n.parse().ok());
        let count: usize = asked.unwrap_or(usize::MAX).min(page.unwrap_or(usize::MAX));
        let mut known = self.manifests.keys();
        if !known.any(|(known, _)| known == repository) {
            return Answer::error(404, "NAME_UNKNOWN");
        }
        let is_tag = |(known, name): &&Key| known == repository && !name.contains(':');
        let names = self.manifests.keys().filter(is_tag).map(|(_, name)| name);
        let mut left = names.filter(|name| **name > last).peekable();
        let tags: Vec<&String> = left.by_ref().take(count).collect();
        let answer = Answer::json(200, &json!({"name": repository, "tags": tags}));
        match (left.peek(), tags.last()) {
            (Some(_), Some(last)) => answer.with(
                "Link",
                format!("</v2/{repository}/tags/list?last={last}&n={count}>; rel=\"next\""),
            ),
            _ => answer,
        }
    }
}

fn upload_url(repository: &str, session: &str) -> String {
    format!("/v2/{repository}/blobs/uploads/{session}?state=1")
}

/// Says how far an upload has come; one byte and none look the same, as in docker-registry.
fn stand(status: u16, bytes: &[u8]) -> Answer {
    let last = bytes.len().saturating_sub(1);
    Answer::new(status).with("Range", format!("0-{last}"))
}

fn basic(name: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{name}:{password}")))
}

fn distort(mut answer: Answer, fault: Option<&RegistryEffect>) -> Answer {
    match fault {
        Some(RegistryEffect::Header(name, value)) => {
            answer.headers.retain(|(known, _)| known != name);
            answer.with(name, value)
        }
        Some(RegistryEffect::Body(body)) => {
            answer.body = body.clone();
            answer
        }
        _ => answer,
    }
}
