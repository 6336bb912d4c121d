//! Every change of the Applications of a namespace, from one list and one watch, for as long as it
//! takes: a connection that breaks is made again from where it was, and where the server has
//! forgotten that place, all are listed again.

use crate::application::Application;
use futures_util::stream::BoxStream;
use futures_util::{Stream, StreamExt as _, TryStreamExt as _, stream};
use kube::Api;
use kube::api::{ListParams, WatchEvent, WatchParams};
use kube::core::Status;
use std::time::Duration;
use tokio::time::{sleep, timeout};

/// How many Applications are listed with one request.
const PAGE: u32 = 100;

/// How long an answer may take to begin, and a list to come.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long a watch may be silent before it is made again. A server says at least something each
/// minute; a connection whose other end is gone says nothing for ever.
const SILENCE: Duration = Duration::from_secs(120);

/// How long a watch is asked to last, in seconds.
const LASTING: u32 = 280;

/// The wait before what ended by itself is made again, so that a server that ends everything at once
/// is not asked all the time.
const BREATH: Duration = Duration::from_secs(1);

/// The longest wait before another try.
const LONGEST: Duration = Duration::from_secs(16);

/// What came.
#[derive(Debug)]
pub(crate) enum Change {
    /// These are all.
    Listed(Vec<Application>),
    /// One came or changed.
    Changed(Box<Application>),
    /// One is gone.
    Gone(String),
    /// It did not work, and will be tried again.
    Trouble(Trouble),
}

/// Why it did not work.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// The server or the connection failed.
    Failed(Box<kube::Error>),
    /// Nothing came in time.
    Silent,
}

impl From<kube::Error> for Trouble {
    fn from(error: kube::Error) -> Self {
        Self::Failed(Box::new(error))
    }
}

impl Trouble {
    /// The status code of the answer, if one came.
    pub(crate) fn code(&self) -> Option<u16> {
        match self {
            Self::Failed(error) => match &**error {
                kube::Error::Api(status) => Some(status.code),
                _ => None,
            },
            Self::Silent => None,
        }
    }
}

enum Place {
    /// Nothing is known.
    Unknown,
    /// All is known up to this version.
    Known(String),
    Watching(
        String,
        BoxStream<'static, kube::Result<WatchEvent<Application>>>,
    ),
}

struct Feed {
    api: Api<Application>,
    params: ListParams,
    place: Place,
    failures: u32,
}

/// The changes; the stream has no end.
pub(crate) fn feed(api: Api<Application>, params: ListParams) -> impl Stream<Item = Change> {
    let feed = Feed {
        api,
        params,
        place: Place::Unknown,
        failures: 0,
    };
    stream::unfold(feed, |mut feed| async move {
        let change = feed.next().await;
        Some((change, feed))
    })
}

/// All Applications as they are now, and the version of the list.
pub(crate) async fn list(
    api: &Api<Application>,
    params: &ListParams,
) -> Result<(Vec<Application>, String), Trouble> {
    let mut found = Vec::new();
    let mut params = params.clone().limit(PAGE);
    loop {
        let asked = timeout(PATIENCE, api.list(&params)).await;
        let page = asked.map_err(|_| Trouble::Silent)??;
        found.extend(page.items.into_iter().map(Application::slim));
        match page.metadata.continue_.filter(|token| !token.is_empty()) {
            Some(token) => params.continue_token = Some(token),
            None => return Ok((found, page.metadata.resource_version.unwrap_or_default())),
        }
    }
}

impl Feed {
    async fn next(&mut self) -> Change {
        if self.failures > 0 {
            sleep(pause(self.failures)).await;
        }
        loop {
            match self.step().await {
                Ok(Some(change)) => {
                    self.failures = 0;
                    return change;
                }
                Ok(None) => {}
                Err(trouble) => {
                    self.failures += 1;
                    return Change::Trouble(trouble);
                }
            }
        }
    }

    async fn step(&mut self) -> Result<Option<Change>, Trouble> {
        match std::mem::replace(&mut self.place, Place::Unknown) {
            Place::Unknown => {
                let (apps, version) = list(&self.api, &self.params).await?;
                self.place = Place::Known(version);
                Ok(Some(Change::Listed(apps)))
            }
            Place::Known(version) => {
                match self.watch(&version).await {
                    Ok(events) => self.place = Place::Watching(version, events),
                    // The server no longer knows what came after that version.
                    Err(trouble) if trouble.code() == Some(410) => sleep(BREATH).await,
                    Err(trouble) => {
                        self.place = Place::Known(version);
                        return Err(trouble);
                    }
                }
                Ok(None)
            }
            Place::Watching(version, mut events) => match timeout(SILENCE, events.try_next()).await
            {
                Ok(Ok(Some(event))) => self.take(event, version, events),
                // It had lasted as long as was asked, or nothing more came of it.
                Ok(Ok(None)) | Err(_) => {
                    self.place = Place::Known(version);
                    sleep(BREATH).await;
                    Ok(None)
                }
                Ok(Err(error)) => {
                    self.place = Place::Known(version);
                    Err(error.into())
                }
            },
        }
    }

    async fn watch(
        &self,
        version: &str,
    ) -> Result<BoxStream<'static, kube::Result<WatchEvent<Application>>>, Trouble> {
        let params = WatchParams {
            label_selector: self.params.label_selector.clone(),
            field_selector: self.params.field_selector.clone(),
            timeout: Some(LASTING),
            bookmarks: true,
            ..WatchParams::default()
        };
        let asked = timeout(PATIENCE, self.api.watch(&params, version)).await;
        let events = asked.map_err(|_| Trouble::Silent)??;
        Ok(events.boxed())
    }

    fn take(
        &mut self,
        event: WatchEvent<Application>,
        version: String,
        events: BoxStream<'static, kube::Result<WatchEvent<Application>>>,
    ) -> Result<Option<Change>, Trouble> {
        let (change, version) = match event {
            WatchEvent::Added(app) | WatchEvent::Modified(app) => {
                let version = app.version().unwrap_or(version);
                (Some(Change::Changed(Box::new(app))), version)
            }
            WatchEvent::Deleted(app) => {
                let name = app.name().to_owned();
                (Some(Change::Gone(name)), app.version().unwrap_or(version))
            }
            WatchEvent::Bookmark(mark) => (None, mark.metadata.resource_version),
            WatchEvent::Error(status) => return self.refused(*status),
        };
        self.place = Place::Watching(version, events);
        Ok(change)
    }

    /// The server ends the watch. Whatever the reason, listing again is right.
    fn refused(&mut self, status: Status) -> Result<Option<Change>, Trouble> {
        self.place = Place::Unknown;
        match status.code {
            410 => Ok(None),
            _ => Err(kube::Error::Api(Box::new(status)).into()),
        }
    }
}

fn pause(failures: u32) -> Duration {
    let longer = Duration::from_millis(500) * 2_u32.saturating_pow(failures.min(10));
    longer.min(LONGEST)
}
