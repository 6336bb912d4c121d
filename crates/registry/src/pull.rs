//! Reading from a repository (distribution specification, "Pull"): every byte is checked against
//! the digest that named it.

use crate::digest::Digest;
use crate::error::{Error, ErrorKind, Result};
use crate::layout::Layout;
use crate::push::digest_header;
use crate::remote::{Call, Remote, piece, read_limited};
use crate::retry::Trouble;
use crate::spec::{Blob, MANIFEST_LIMIT, MANIFEST_TYPES};
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use reqwest::{Method, StatusCode};
use serde_json::Value;
use std::io::Write as _;

impl Remote {
    /// A manifest by tag or digest, with its descriptor.
    pub(crate) async fn manifest(&self, reference: &str) -> Result<(Blob, Vec<u8>)> {
        let call = Call::new(Method::GET, self.url(&format!("manifests/{reference}")));
        let wanted = Digest::parse(reference).ok();
        self.retry
            .run(&self.notify, async || {
                let response = self.once(&call).await?;
                match response.status() {
                    StatusCode::OK => {}
                    StatusCode::NOT_FOUND => return Err(self.absent(reference).into()),
                    _ => return Err(self.refuse(&call, response).await.into()),
                }
                let headers = response.headers().clone();
                let body = read_limited(response, self.retry.silence, MANIFEST_LIMIT)
                    .await
                    .map_err(|error| self.passing(error))?;
                let digest = Digest::of(&body);
                let told = digest_header(&headers);
                let right = wanted.as_ref().is_none_or(|wanted| *wanted == digest)
                    && told.is_none_or(|told| told == digest.as_str());
                if !right {
                    return Err(self.other_bytes(reference));
                }
                let media_type =
                    media_type(&body, &headers).ok_or_else(|| self.no_manifest(reference))?;
                let size = body.len() as u64;
                Ok((Blob::new(media_type, digest, size), body))
            })
            .await
    }

    /// A blob of at most `limit` bytes, such as a config.
    pub(crate) async fn small_blob(&self, blob: &Blob, limit: u64) -> Result<Vec<u8>> {
        let call = Call::new(Method::GET, self.url(&format!("blobs/{}", blob.digest)));
        self.retry
            .run(&self.notify, async || {
                let response = self.once(&call).await?;
                match response.status() {
                    StatusCode::OK => {}
                    StatusCode::NOT_FOUND => return Err(self.absent(blob.digest.as_str()).into()),
                    _ => return Err(self.refuse(&call, response).await.into()),
                }
                let body = read_limited(response, self.retry.silence, limit)
                    .await
                    .map_err(|error| self.passing(error))?;
                match Digest::of(&body) == blob.digest {
                    true => Ok(body),
                    false => Err(self.other_bytes(blob.digest.as_str())),
                }
            })
            .await
    }

    /// Brings a blob into a layout, unless it is there.
    pub(crate) async fn fetch(&self, blob: &Blob, into: &Layout) -> Result<()> {
        if into.holds(blob) {
            return Ok(());
        }
        let call = Call::new(Method::GET, self.url(&format!("blobs/{}", blob.digest)));
        self.retry
            .run(&self.notify, async || {
                self.fetch_once(&call, blob, into).await
            })
            .await
    }

    async fn fetch_once(&self, call: &Call<'_>, blob: &Blob, into: &Layout) -> Result<(), Trouble> {
        let mut response = self.once(call).await?;
        match response.status() {
            StatusCode::OK => {}
            StatusCode::NOT_FOUND => return Err(self.absent(blob.digest.as_str()).into()),
            _ => return Err(self.refuse(call, response).await.into()),
        }
        let mut writer = into.writer()?;
        let mut left = blob.size;
        while let Some(piece) = piece(&mut response, self.retry.silence)
            .await
            .map_err(|error| self.passing(error))?
        {
            let bytes = piece.as_ref();
            left = match left.checked_sub(bytes.len() as u64) {
                Some(left) => left,
                None => return Err(self.other_bytes(blob.digest.as_str())),
            };
            writer
                .write_all(bytes)
                .map_err(|error| Error::write(&into.path(&blob.digest), error))?;
        }
        match writer.finish_as(blob)? {
            true => Ok(()),
            false => Err(self.other_bytes(blob.digest.as_str())),
        }
    }

    fn absent(&self, reference: &str) -> Error {
        let separator = if reference.contains(':') { '@' } else { ':' };
        let message = format!("`{}{separator}{reference}` is not there", self.repository);
        Error::new(ErrorKind::NotFound, message)
    }

    fn no_manifest(&self, reference: &str) -> Error {
        let message = format!(
            "`{}` sends something else than a manifest as `{reference}`",
            self.repository
        );
        Error::new(ErrorKind::Protocol, message)
    }

    /// A connection that was cut or changed on its way; the next try may bring the right bytes.
    fn other_bytes(&self, reference: &str) -> Trouble {
        let message = format!(
            "`{}` sends other bytes than those of `{reference}`",
            self.repository
        );
        Trouble::Passing(Error::new(ErrorKind::Protocol, message), None)
    }
}

/// The type that a manifest gives itself, else what its registry calls it; other tools compare it
/// byte for byte.
fn media_type(body: &[u8], headers: &HeaderMap) -> Option<&'static str> {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let named = body["mediaType"].as_str().or(content_type(headers))?;
    let mut known = MANIFEST_TYPES.into_iter();
    known.find(|known| known.eq_ignore_ascii_case(named))
}

/// The type of a body without its parameters.
pub(crate) fn content_type(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(CONTENT_TYPE)?.to_str().ok()?;
    value.split(';').next().map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::{INDEX, MANIFEST};

    #[test]
    fn a_manifest_has_one_of_the_known_types() {
        let own = format!(r#"{{"mediaType":"{INDEX}"}}"#);
        let parameter = format!("{MANIFEST}; charset=utf-8");
        for (body, header, found) in [
            (&*own, Some("text/plain"), Some(INDEX)),
            (&*own, None, Some(INDEX)),
            ("{}", Some(MANIFEST), Some(MANIFEST)),
            ("{}", Some(&parameter), Some(MANIFEST)),
            ("{}", Some("text/html"), None),
            ("{}", None, None),
            (r#"{"mediaType":"text/html"}"#, Some(MANIFEST), None),
            ("<html>", Some("text/html"), None),
        ] {
            let header = header.map(|text| (CONTENT_TYPE, text.parse().unwrap()));
            let headers = HeaderMap::from_iter(header);
            assert_eq!(media_type(body.as_bytes(), &headers), found, "{body}");
        }
    }
}
