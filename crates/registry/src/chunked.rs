//! Uploads in pieces (distribution specification, "Pushing a blob in chunks"), for what stands
//! between us and a registry and limits a request.
//!
//! Where an upload stands after a failure only the registry knows: a piece that was cut off may be
//! there in part or whole, and one that is sent twice would make other bytes. So it is asked, and
//! one that does not say where it stands gets everything anew in a new session.

use crate::body::{Sent, Source};
use crate::error::{Error, ErrorKind};
use crate::origin::Stored;
use crate::push::number;
use crate::remote::{Call, Remote};
use crate::retry::{Failing, Trouble};
use reqwest::header::{CONTENT_RANGE, HeaderMap, RANGE};
use reqwest::{Method, Response, StatusCode, Url};
use std::num::NonZeroU64;
use std::sync::Arc;

/// How many more pieces than twice as many as needed a blob may take: those that fail or arrive in
/// part.
const SPARE: u64 = 32;

/// An upload on its way.
pub(crate) struct Session {
    pub(crate) url: Url,
    /// What the registry wants a piece to have at least (`OCI-Chunk-Min-Length`).
    pub(crate) least: u64,
}

/// Where an upload stands.
struct Stand {
    url: Url,
    /// Bytes that are there.
    at: u64,
}

impl Remote {
    /// Sends a blob in pieces; what comes back is where to finish the upload.
    pub(crate) async fn put_pieces(
        &self,
        session: Session,
        chunk: NonZeroU64,
        stored: &Stored,
        sent: &Arc<Sent>,
    ) -> Result<Url, Trouble> {
        // No piece has a digest of its own, so wrong bytes are found before any is sent.
        stored.check()?;
        let size = stored.blob.size;
        let length = chunk.get().max(session.least);
        let mut stand = Stand {
            url: session.url,
            at: 0,
        };
        let mut failing = Failing::new(&self.retry, &self.notify);
        let mut rounds = size.div_ceil(length).saturating_mul(2) + SPARE;
        while stand.at < size {
            rounds -= 1;
            if rounds == 0 {
                return Err(self.takes_too_little().into());
            }
            let length = length.min(size - stand.at);
            let piece = Source::part(stored.clone(), stand.at, length, sent);
            stand = match self.put_piece(&stand, length, &piece).await {
                Ok(next) => {
                    failing = Failing::new(&self.retry, &self.notify);
                    next
                }
                Err(Trouble::Passing(error, asked)) => {
                    if !failing.wait(&error, asked).await {
                        return Err(error.into());
                    }
                    let now = self.stand(&stand, size).await;
                    now.map_err(|_| Trouble::Passing(error, None))?
                }
                Err(fatal) => return Err(fatal),
            }
        }
        Ok(stand.url)
    }

    fn takes_too_little(&self) -> Error {
        let message = format!("`{}` takes too little of each piece", self.repository);
        Error::new(ErrorKind::Protocol, message).suggest("publish without `--chunk`")
    }

    async fn put_piece(
        &self,
        stand: &Stand,
        length: u64,
        piece: &Source,
    ) -> Result<Stand, Trouble> {
        let mut call = Call::new(Method::PATCH, stand.url.clone());
        call.body = Some(("application/octet-stream", piece));
        let range = format!("{}-{}", stand.at, stand.at + length - 1);
        call.header = Some((CONTENT_RANGE, range));
        let response = self.once(&call).await?;
        let end = stand.at + length;
        match response.status() {
            // Amazon's registry says 201.
            StatusCode::ACCEPTED | StatusCode::CREATED => {}
            // The session is gone, or stands elsewhere than was thought.
            StatusCode::NOT_FOUND | StatusCode::RANGE_NOT_SATISFIABLE => {
                return Err(Trouble::Passing(self.refuse(&call, response).await, None));
            }
            _ => return Err(self.refuse(&call, response).await.into()),
        }
        let at = there(response.headers()).unwrap_or(end);
        if at <= stand.at || at > end {
            return Err(self.lost_count(at, end));
        }
        self.stand_after(&response, at)
    }

    /// Asks where an upload stands.
    async fn stand(&self, stand: &Stand, size: u64) -> Result<Stand, Trouble> {
        let call = Call::new(Method::GET, stand.url.clone());
        let response = self.once(&call).await?;
        match (response.status(), there(response.headers())) {
            // `0-0` is one byte, or with docker-registry none: nothing that is worth a guess.
            (StatusCode::NO_CONTENT, Some(at)) if at > 1 && at <= size => {
                self.stand_after(&response, at)
            }
            (StatusCode::NO_CONTENT, _) => Err(self.lost_count(0, size)),
            _ => Err(self.refuse(&call, response).await.into()),
        }
    }

    fn stand_after(&self, response: &Response, at: u64) -> Result<Stand, Trouble> {
        let url = self.location(response, &response.url().clone())?;
        Ok(Stand { url, at })
    }

    fn lost_count(&self, at: u64, end: u64) -> Trouble {
        let message = format!("`{}` has {at} bytes where {end} were sent", self.repository);
        let error = Error::new(ErrorKind::Protocol, message);
        Trouble::Passing(error, None)
    }
}

/// How many bytes are there: `Range: 0-99` are a hundred.
fn there(headers: &HeaderMap) -> Option<u64> {
    let text = headers.get(RANGE)?.to_str().ok()?;
    let text = text.strip_prefix("bytes=").unwrap_or(text);
    text.strip_prefix("0-")?.parse::<u64>().ok()?.checked_add(1)
}

/// What a registry wants of pieces, as it says when an upload begins.
pub(crate) fn least(headers: &HeaderMap) -> u64 {
    number(headers, "oci-chunk-min-length").unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_count_from_nothing() {
        for (text, count) in [
            ("0-99", Some(100)),
            ("bytes=0-99", Some(100)),
            ("0-0", Some(1)),
            ("0--1", None),
            ("5-9", None),
            ("0-18446744073709551615", None),
            ("", None),
        ] {
            let headers = [(RANGE, text.parse().unwrap())].into_iter().collect();
            assert_eq!(there(&headers), count, "{text}");
        }
        assert_eq!(there(&HeaderMap::new()), None);
    }
}
