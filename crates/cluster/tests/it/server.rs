//! An API server for Applications: list in pages, watch with bookmarks and 410 Gone, merge patch,
//! answers that fail by script, connections that are cut.

use bytes::Bytes;
use futures_util::stream;
use http::{Method, Request, Response};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full, StreamBody};
use kube::client::Body;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

type Answer = Response<UnsyncBoxBody<Bytes, io::Error>>;

/// How many events are kept for watches that come back.
const MOST_KEPT: usize = 100;

/// What a request is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verb {
    List,
    Watch,
    Patch,
}

/// What goes wrong with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// An answer with this status.
    Code(u16),
    /// The connection breaks before an answer.
    Cut,
    /// No answer ever comes.
    Silence,
    /// A watch says at once that its version is gone.
    Gone,
}

#[derive(Clone, Default)]
pub(crate) struct Server(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
    apps: BTreeMap<String, Value>,
    version: u64,
    /// Versions up to this one are forgotten.
    forgotten: u64,
    log: Vec<(u64, Value)>,
    watches: Vec<Watch>,
    faults: Vec<(Verb, Fault)>,
    asked: BTreeMap<&'static str, usize>,
    most_watches: usize,
    is_down: bool,
    answers_refresh: bool,
}

struct Watch {
    query: String,
    lines: UnboundedSender<io::Result<Bytes>>,
}

impl Server {
    /// A client whose requests come here.
    pub(crate) fn client(&self) -> kube::Client {
        let server = self.clone();
        let service = tower::service_fn(move |request| server.clone().serve(request));
        kube::Client::new(service, "argocd")
    }

    fn with<T>(&self, change: impl FnOnce(&mut Inner) -> T) -> T {
        change(&mut self.0.lock().unwrap())
    }

    /// Creates an Application or puts another in its place.
    pub(crate) fn put(&self, name: &str, app: &Value) {
        self.with(|inner| inner.put(name, app.clone()));
    }

    /// Changes parts of an Application; null removes.
    pub(crate) fn merge(&self, name: &str, change: &Value) {
        self.with(|inner| inner.merge(name, change));
    }

    pub(crate) fn remove(&self, name: &str) {
        self.with(|inner| {
            let app = inner.apps.remove(name).unwrap();
            inner.tell("DELETED", app);
        });
    }

    /// Something goes wrong with the next request of this kind that has nothing to go wrong yet.
    pub(crate) fn fail(&self, verb: Verb, fault: Fault) {
        self.with(|inner| inner.faults.push((verb, fault)));
    }

    /// Breaks every watch that is open; what changed meanwhile is not told.
    pub(crate) fn cut(&self) {
        self.with(|inner| {
            for watch in inner.watches.drain(..) {
                let cut = io::Error::new(io::ErrorKind::ConnectionReset, "connection reset");
                let _ = watch.lines.send(Err(cut));
            }
        });
    }

    /// Watches stay open and say nothing any more.
    pub(crate) fn fall_silent(&self) -> Vec<impl Sized + use<>> {
        self.with(|inner| inner.watches.drain(..).map(|watch| watch.lines).collect())
    }

    /// Forgets all that was before.
    pub(crate) fn forget(&self) {
        self.with(|inner| {
            inner.forgotten = inner.version;
            inner.log.clear();
        });
    }

    /// Whether every connection is refused.
    pub(crate) fn set_down(&self, is_down: bool) {
        self.cut();
        self.with(|inner| inner.is_down = is_down);
    }

    /// Each request to refresh is taken away at once, as by a controller that has nothing new.
    pub(crate) fn answer_refreshes(&self) {
        self.with(|inner| inner.answers_refresh = true);
    }

    /// Sends every watch a bookmark.
    pub(crate) fn bookmark(&self) {
        self.with(|inner| {
            inner.version += 1;
            let mark = json!({
                "apiVersion": "argoproj.io/v1alpha1", "kind": "Application",
                "metadata": {"resourceVersion": inner.version.to_string()},
            });
            let line = line(&json!({"type": "BOOKMARK", "object": mark}));
            inner
                .watches
                .retain(|watch| watch.lines.send(Ok(line.clone())).is_ok());
        });
    }

    /// How many requests of a kind came.
    pub(crate) fn asked(&self, verb: Verb) -> usize {
        self.with(|inner| inner.asked.get(key(verb)).copied().unwrap_or_default())
    }

    /// How many watches were open at once at most.
    pub(crate) fn most_watches(&self) -> usize {
        self.with(|inner| inner.most_watches)
    }

    /// Whether a refresh is asked for.
    pub(crate) fn is_refresh_asked(&self, name: &str) -> bool {
        let path = "/metadata/annotations/argocd.argoproj.io~1refresh";
        self.with(|inner| {
            inner
                .apps
                .get(name)
                .is_some_and(|app| app.pointer(path).is_some())
        })
    }

    async fn serve(self, request: Request<Body>) -> io::Result<Answer> {
        let (head, body) = request.into_parts();
        let query = head.uri.query().unwrap_or_default().to_owned();
        let verb = match head.method {
            Method::PATCH => Verb::Patch,
            _ if query.contains("watch=true") => Verb::Watch,
            _ => Verb::List,
        };
        let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
        let (is_down, fault) = self.with(|inner| {
            *inner.asked.entry(key(verb)).or_default() += 1;
            let next = inner.faults.iter().position(|(of, _)| *of == verb);
            (inner.is_down, next.map(|next| inner.faults.remove(next).1))
        });
        match fault {
            _ if is_down => return Err(io::ErrorKind::ConnectionRefused.into()),
            Some(Fault::Cut) => return Err(io::ErrorKind::ConnectionReset.into()),
            Some(Fault::Silence) => return std::future::pending().await,
            Some(Fault::Code(code)) => return Ok(status(code, "by script")),
            Some(Fault::Gone) => return Ok(stream_of(vec![gone()], None)),
            None => {}
        }
        Ok(match verb {
            Verb::List => self.with(|inner| inner.list(&query)),
            Verb::Watch => self.with(|inner| inner.watch(&query)),
            Verb::Patch => {
                let name = head.uri.path().rsplit('/').next().unwrap_or_default();
                let change: Value = serde_json::from_slice(&body).map_err(io::Error::other)?;
                self.with(|inner| inner.patch(name, &change))
            }
        })
    }
}

impl Inner {
    fn put(&mut self, name: &str, mut app: Value) {
        self.version += 1;
        app["apiVersion"] = json!("argoproj.io/v1alpha1");
        app["kind"] = json!("Application");
        app["metadata"]["name"] = json!(name);
        app["metadata"]["namespace"] = json!("argocd");
        app["metadata"]["resourceVersion"] = json!(self.version.to_string());
        let kind = match self.apps.insert(name.to_owned(), app.clone()) {
            Some(_) => "MODIFIED",
            None => "ADDED",
        };
        self.log_and_send(kind, app);
    }

    fn merge(&mut self, name: &str, change: &Value) {
        let mut app = self.apps.get(name).cloned().unwrap();
        merge(&mut app, change);
        self.put(name, app);
    }

    fn tell(&mut self, kind: &str, mut app: Value) {
        self.version += 1;
        app["metadata"]["resourceVersion"] = json!(self.version.to_string());
        self.log_and_send(kind, app);
    }

    fn log_and_send(&mut self, kind: &str, app: Value) {
        let event = json!({"type": kind, "object": app});
        let line = line(&event);
        self.watches.retain(|watch| {
            !selects(&watch.query, &event["object"]) || watch.lines.send(Ok(line.clone())).is_ok()
        });
        self.log.push((self.version, event));
        if self.log.len() > MOST_KEPT {
            let mut dropped = self.log.drain(..MOST_KEPT / 2);
            self.forgotten = dropped
                .next_back()
                .map_or(self.forgotten, |(version, _)| version);
        }
    }

    fn list(&self, query: &str) -> Answer {
        let limit: usize = parameter(query, "limit")
            .and_then(|limit| limit.parse().ok())
            .unwrap_or(500);
        let from: usize = parameter(query, "continue")
            .and_then(|from| from.parse().ok())
            .unwrap_or(0);
        let all: Vec<&Value> = self
            .apps
            .values()
            .filter(|app| selects(query, app))
            .collect();
        let page: Vec<&Value> = all.iter().skip(from).take(limit).copied().collect();
        let next = from + page.len();
        let token = if next < all.len() {
            next.to_string()
        } else {
            String::new()
        };
        json_answer(
            200,
            &json!({
                "apiVersion": "argoproj.io/v1alpha1", "kind": "ApplicationList", "items": page,
                "metadata": {"resourceVersion": self.version.to_string(), "continue": token},
            }),
        )
    }

    fn watch(&mut self, query: &str) -> Answer {
        let from: u64 = parameter(query, "resourceVersion")
            .and_then(|from| from.parse().ok())
            .unwrap_or(0);
        if from < self.forgotten {
            return status(410, "too old resource version");
        }
        let missed = self
            .log
            .iter()
            .filter(|(version, event)| *version > from && selects(query, &event["object"]));
        let missed: Vec<Bytes> = missed.map(|(_, event)| line(event)).collect();
        let (lines, rest) = unbounded_channel();
        self.watches.retain(|watch| !watch.lines.is_closed());
        self.watches.push(Watch {
            query: query.to_owned(),
            lines,
        });
        self.most_watches = self.most_watches.max(self.watches.len());
        stream_of(missed, Some(rest))
    }

    fn patch(&mut self, name: &str, change: &Value) -> Answer {
        if !self.apps.contains_key(name) {
            return status(404, "not found");
        }
        self.merge(name, change);
        if self.answers_refresh {
            self.merge(
                name,
                &json!({"metadata": {"annotations": {"argocd.argoproj.io/refresh": null}}}),
            );
        }
        json_answer(200, &self.apps[name])
    }
}

fn key(verb: Verb) -> &'static str {
    match verb {
        Verb::List => "list",
        Verb::Watch => "watch",
        Verb::Patch => "patch",
    }
}

fn parameter<'q>(query: &'q str, name: &str) -> Option<&'q str> {
    query
        .split('&')
        .find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
}

fn selects(query: &str, app: &Value) -> bool {
    let of = |pair: &str| {
        pair.split_once("%3D")
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
    };
    let named = parameter(query, "fieldSelector").and_then(of);
    let labelled = parameter(query, "labelSelector").and_then(of);
    named.is_none_or(|(_, name)| app["metadata"]["name"] == name)
        && labelled.is_none_or(|(key, value)| app["metadata"]["labels"][key] == value)
}

fn line(event: &Value) -> Bytes {
    Bytes::from(format!("{event}\n"))
}

fn gone() -> Bytes {
    line(&json!({"type": "ERROR", "object": failure(410, "too old resource version")}))
}

fn failure(code: u16, message: &str) -> Value {
    json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "message": message, "reason": "Scripted", "code": code,
    })
}

fn status(code: u16, message: &str) -> Answer {
    json_answer(code, &failure(code, message))
}

fn json_answer(code: u16, value: &Value) -> Answer {
    let body = Full::new(Bytes::from(value.to_string()));
    let body = body.map_err(|never| match never {}).boxed_unsync();
    let answer = Response::builder()
        .status(code)
        .header("content-type", "application/json");
    answer.body(body).unwrap()
}

fn stream_of(first: Vec<Bytes>, rest: Option<UnboundedReceiver<io::Result<Bytes>>>) -> Answer {
    let state = (first.into_iter(), rest);
    let lines = stream::unfold(state, |(mut first, mut rest)| async move {
        let line = match first.next() {
            Some(line) => Ok(line),
            None => rest.as_mut()?.recv().await?,
        };
        Some((line.map(http_body::Frame::data), (first, rest)))
    });
    Response::new(StreamBody::new(lines).boxed_unsync())
}

/// A merge patch (RFC 7396).
pub(crate) fn merge(target: &mut Value, change: &Value) {
    let Value::Object(fields) = change else {
        *target = change.clone();
        return;
    };
    if !target.is_object() {
        *target = json!({});
    }
    for (key, value) in fields {
        match value {
            Value::Null => {
                target.as_object_mut().unwrap().remove(key);
            }
            value => merge(&mut target[key], value),
        }
    }
}
