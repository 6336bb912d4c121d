//! Uploading blobs and manifests to a repository (distribution specification, "Push"), so that
//! whatever a registry or a connection does ends in the content being there or in an error.

use crate::body::{Sent, Source};
use crate::chunked::{Session, least};
use crate::digest::Digest;
use crate::error::{Error, ErrorKind, Result};
use crate::layout::tag_taken;
use crate::origin::{Store, Stored};
use crate::reference::Tag;
use crate::remote::{Call, Remote, read_limited};
use crate::retry::Trouble;
use crate::spec::{Blob, MANIFEST_LIMIT};
use reqwest::header::HeaderMap;
use reqwest::{Method, Response, StatusCode};
use std::sync::Arc;
use std::time::Duration;

/// How a blob came to be in the repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Arrival {
    Uploaded,
    Skipped,
    Mounted,
}

/// What is known before an upload.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Before<'a> {
    /// The blob is probably new, and so small that asking costs as much as sending.
    pub(crate) new: bool,
    /// A repository of the same registry that probably has it.
    pub(crate) elsewhere: Option<&'a str>,
}

/// How long giving up an upload may take.
const GIVE_UP: Duration = Duration::from_secs(5);

impl Remote {
    /// Brings a blob into the repository. After a failure the registry is asked first, for only
    /// the answer may be lost, and what is not there is sent anew in a new session: where an old
    /// one stands cannot be known (a registry may take a piece twice or with a gap).
    pub(crate) async fn push_blob(
        &self,
        store: &Store,
        blob: &Blob,
        before: Before<'_>,
        sent: &Arc<Sent>,
    ) -> Result<Arrival> {
        let mut began = false;
        let mut open = None;
        let result = self
            .retry
            .run(&self.notify, async || {
                if (began || !before.new) && self.has_blob(blob).await? {
                    return Ok(if began {
                        Arrival::Uploaded
                    } else {
                        Arrival::Skipped
                    });
                }
                let Some(session) = self.start(blob, before.elsewhere).await? else {
                    return Ok(Arrival::Mounted);
                };
                if !began {
                    sent.progress.expect(blob.size);
                }
                began = true;
                open = Some(session.url.clone());
                let stored = store.stored(blob).await?;
                self.put_blob(session, stored, sent).await?;
                open = None;
                Ok(Arrival::Uploaded)
            })
            .await;
        if let (Err(_), Some(session)) = (&result, open) {
            // The registry would drop it by itself after a while; its answer changes nothing.
            let call = Call::new(Method::DELETE, session);
            let _ = tokio::time::timeout(GIVE_UP, self.once(&call)).await;
        }
        result
    }

    /// Whether the repository has a blob.
    pub(crate) async fn has(&self, blob: &Blob) -> Result<bool> {
        self.retry
            .run(&self.notify, async || self.has_blob(blob).await)
            .await
    }

    /// Whether the repository has the blob. A size that is not the blob's counts as no.
    async fn has_blob(&self, blob: &Blob) -> Result<bool, Trouble> {
        let call = Call::new(Method::HEAD, self.url(&format!("blobs/{}", blob.digest)));
        let response = self.once(&call).await?;
        match response.status() {
            StatusCode::OK => {
                Ok(number(response.headers(), "content-length")
                    .is_none_or(|size| size == blob.size))
            }
            StatusCode::NOT_FOUND => Ok(false),
            _ => Err(self.refuse(&call, response).await.into()),
        }
    }

    /// Opens an upload session; `None` if the blob was mounted instead.
    async fn start(
        &self,
        blob: &Blob,
        elsewhere: Option<&str>,
    ) -> Result<Option<Session>, Trouble> {
        let mut url = self.url("blobs/uploads/");
        if let Some(from) = elsewhere {
            let digest = blob.digest.as_str();
            url.query_pairs_mut()
                .extend_pairs([("mount", digest), ("from", from)]);
        }
        let call = Call::new(Method::POST, url);
        let response = match (self.once(&call).await, elsewhere) {
            (Ok(response), _) => response,
            // The account may not read there; that is no reason not to upload.
            (Err(Trouble::Fatal(_)), Some(_)) => return Box::pin(self.start(blob, None)).await,
            (Err(trouble), _) => return Err(trouble),
        };
        match response.status() {
            StatusCode::CREATED if elsewhere.is_some() => Ok(None),
            StatusCode::ACCEPTED => Ok(Some(Session {
                url: self.location(&response, &response.url().clone())?,
                least: least(response.headers()),
            })),
            _ if elsewhere.is_some() => Box::pin(self.start(blob, None)).await,
            _ => Err(self.refuse(&call, response).await.into()),
        }
    }

    async fn put_blob(
        &self,
        session: Session,
        stored: Stored,
        sent: &Arc<Sent>,
    ) -> Result<(), Trouble> {
        let blob = stored.blob.clone();
        let (mut url, source) = match self.chunk.filter(|chunk| blob.size > chunk.get()) {
            None => (session.url, Source::stored(stored, sent)),
            Some(chunk) => {
                let url = self.put_pieces(session, chunk, &stored, sent).await?;
                (url, Source::Bytes(Vec::new()))
            }
        };
        url.query_pairs_mut()
            .append_pair("digest", blob.digest.as_str());
        let mut call = Call::new(Method::PUT, url);
        call.body = Some(("application/octet-stream", &source));
        let response = self.once(&call).await?;
        match response.status() {
            StatusCode::CREATED => Ok(self.agrees(&response, &blob.digest)?),
            // The session is gone: BLOB_UPLOAD_UNKNOWN, BLOB_UPLOAD_INVALID.
            StatusCode::NOT_FOUND | StatusCode::RANGE_NOT_SATISFIABLE => {
                Err(Trouble::Passing(self.refuse(&call, response).await, None))
            }
            _ => Err(self.refuse(&call, response).await.into()),
        }
    }

    /// The digest of a manifest by its tag or digest; `None` if there is none.
    pub(crate) async fn find(&self, reference: &str) -> Result<Option<Digest>> {
        self.retry
            .run(&self.notify, async || self.find_once(reference).await)
            .await
    }

    async fn find_once(&self, reference: &str) -> Result<Option<Digest>, Trouble> {
        let url = self.url(&format!("manifests/{reference}"));
        let head = Call::new(Method::HEAD, url.clone());
        let response = self.once(&head).await?;
        match response.status() {
            StatusCode::OK => {}
            StatusCode::NOT_FOUND => return Ok(None),
            _ => return Err(self.refuse(&head, response).await.into()),
        }
        if let Some(text) = digest_header(response.headers()) {
            return Ok(Some(self.proper(&text)?));
        }
        let get = Call::new(Method::GET, url);
        let response = self.once(&get).await?;
        match response.status() {
            StatusCode::OK => {}
            _ => return Err(self.refuse(&get, response).await.into()),
        }
        let body = read_limited(response, self.retry.silence, MANIFEST_LIMIT)
            .await
            .map_err(|error| self.passing(error))?;
        Ok(Some(Digest::of(&body)))
    }

    /// Stores a manifest under its digest or a tag.
    pub(crate) async fn put_manifest(
        &self,
        reference: &str,
        blob: &Blob,
        body: &Source,
    ) -> Result<()> {
        self.retry
            .run(&self.notify, async || {
                self.put_once(reference, blob, body).await
            })
            .await
    }

    async fn put_once(&self, reference: &str, blob: &Blob, body: &Source) -> Result<(), Trouble> {
        let url = self.url(&format!("manifests/{reference}"));
        let mut call = Call::new(Method::PUT, url);
        call.body = Some((&blob.media_type, body));
        let response = self.once(&call).await?;
        match response.status() {
            StatusCode::CREATED => Ok(self.agrees(&response, &blob.digest)?),
            _ => Err(self.refuse(&call, response).await.into()),
        }
    }

    /// Gives a manifest a tag, whatever has it, and looks whether it has it.
    pub(crate) async fn move_tag(&self, tag: &Tag, blob: &Blob, body: &Source) -> Result<()> {
        let put = self.put_manifest(tag.as_str(), blob, body).await;
        self.settle(put, tag, blob).await
    }

    /// Gives a manifest a tag that never moves. No registry stores on a condition, so that each
    /// try looks right before: an upload may have taken minutes, and a failed try may have waited.
    pub(crate) async fn fix_tag(&self, tag: &Tag, blob: &Blob, body: &Source) -> Result<()> {
        let put = self.retry.run(&self.notify, async || {
            match self.find_once(tag.as_str()).await? {
                Some(held) if held == blob.digest => Ok(()),
                Some(held) => {
                    let place = self.repository.to_string();
                    Err(tag_taken(&place, tag, held.as_str(), &blob.digest).into())
                }
                None => self.put_once(tag.as_str(), blob, body).await,
            }
        });
        let put = put.await;
        self.settle(put, tag, blob).await
    }

    /// Looks whether a tag is the manifest's. A registry that guards its tags by itself refuses in
    /// many words; what counts is which digest the tag has.
    async fn settle(&self, put: Result<()>, tag: &Tag, blob: &Blob) -> Result<()> {
        let refused = match put {
            Err(error) if error.kind() == ErrorKind::Refused => Some(error),
            Err(error) => return Err(error),
            Ok(()) => None,
        };
        match (self.find(tag.as_str()).await?, refused) {
            (Some(held), _) if held == blob.digest => Ok(()),
            (Some(held), Some(error)) => {
                let place = self.repository.to_string();
                Err(tag_taken(&place, tag, held.as_str(), &blob.digest).because(error))
            }
            (None, Some(error)) => Err(error),
            (held, None) => Err(self.lost(tag, held.as_ref(), &blob.digest)),
        }
    }

    fn lost(&self, tag: &Tag, held: Option<&Digest>, digest: &Digest) -> Error {
        let place = &self.repository;
        let now = match held {
            Some(held) => format!("is now `{held}`"),
            None => "is not there".to_owned(),
        };
        let message =
            format!("the tag `{tag}` of `{place}` {now} after it was given to `{digest}`");
        Error::new(ErrorKind::Protocol, message)
            .suggest("another run may have moved it: let one run at a time publish")
    }

    /// The registry's digest, where it names one, is ours.
    fn agrees(&self, response: &Response, digest: &Digest) -> Result<()> {
        match digest_header(response.headers()) {
            Some(text) if self.proper(&text)? != *digest => {
                let message = format!(
                    "`{}` stored `{text}` where `{digest}` was sent",
                    self.repository
                );
                Err(Error::new(ErrorKind::Protocol, message))
            }
            _ => Ok(()),
        }
    }

    fn proper(&self, text: &str) -> Result<Digest> {
        Digest::parse(text).map_err(|error| {
            let message = format!(
                "`{}` answers with an unknown kind of digest",
                self.repository
            );
            Error::new(ErrorKind::Protocol, message).because(error)
        })
    }
}

pub(crate) fn digest_header(headers: &HeaderMap) -> Option<String> {
    let value = headers.get("docker-content-digest")?;
    Some(value.to_str().ok()?.to_owned())
}

pub(crate) fn number(headers: &HeaderMap, name: &str) -> Option<u64> {
    headers.get(name)?.to_str().ok()?.parse().ok()
}
