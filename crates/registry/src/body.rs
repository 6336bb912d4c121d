//! Bodies that can be sent again: bytes, or a blob's file that is streamed and hashed on its way.

use crate::digest::{Digest, Hasher};
use crate::error::{Error, Result};
use crate::origin::Stored;
use crate::remote::Broken;
use crate::retry::Trouble;
use crate::spec::Blob;
use futures_util::stream;
use reqwest::header::CONTENT_LENGTH;
use reqwest::{Body, RequestBuilder, Response};
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::AsyncReadExt;

/// How long a body may make no progress; a registry that hashes a large blob is silent for a while.
const STALL: Duration = Duration::from_secs(120);
/// How much of a file is in memory at a time.
const PIECE: usize = 256 << 10;

/// What a request sends.
pub(crate) enum Source {
    Bytes(Vec<u8>),
    File(FileSource),
}

/// A blob on this machine.
pub(crate) struct FileSource {
    stored: Stored,
    /// Bytes handed to the connection, over all tries.
    sent: Arc<AtomicU64>,
}

impl Source {
    pub(crate) fn stored(stored: Stored, sent: &Arc<AtomicU64>) -> Self {
        Self::File(FileSource {
            stored,
            sent: Arc::clone(sent),
        })
    }

    /// Sends the request with this body. The outer error is ours: the file, not the connection.
    pub(crate) async fn send(
        &self,
        request: RequestBuilder,
    ) -> Result<Result<Response, Broken>, Trouble> {
        match self {
            Self::Bytes(bytes) => {
                let request = request.body(bytes.clone());
                Ok(crate::remote::within(STALL, request).await)
            }
            Self::File(file) => file.send(request).await,
        }
    }
}

/// How the sending goes, seen from outside of the connection that does it.
#[derive(Default)]
struct Progress {
    bytes: AtomicU64,
    failure: Mutex<Option<Failure>>,
}

enum Failure {
    Read(io::Error),
    Changed,
}

impl FileSource {
    async fn send(&self, request: RequestBuilder) -> Result<Result<Response, Broken>, Trouble> {
        let file = self.stored.open()?;
        let progress = Arc::new(Progress::default());
        let body = stream(
            tokio::fs::File::from_std(file),
            self.stored.blob.clone(),
            Arc::clone(&progress),
        );
        let request = request
            .header(CONTENT_LENGTH, self.stored.blob.size)
            .body(body);
        let answer = watch(request, &progress).await;
        self.sent
            .fetch_add(progress.bytes.load(Ordering::Relaxed), Ordering::Relaxed);
        let failure = progress
            .failure
            .lock()
            .ok()
            .and_then(|mut failure| failure.take());
        match failure {
            Some(Failure::Read(error)) => Err(Error::read(&self.stored.path, error).into()),
            Some(Failure::Changed) => Err(self.stored.corrupt().into()),
            None => Ok(answer),
        }
    }
}

/// The file in pieces. The last one is held back until the whole has the blob's digest, so that
/// wrong bytes never make a whole upload.
fn stream(file: tokio::fs::File, blob: Blob, progress: Arc<Progress>) -> Body {
    let state = (file, Hasher::default(), blob, progress);
    Body::wrap_stream(stream::try_unfold(
        state,
        async |(mut file, mut hasher, blob, progress)| {
            let left = blob.size - hasher.size();
            if left == 0 {
                return Ok(None);
            }
            let mut piece = vec![0; PIECE.min(usize::try_from(left).unwrap_or(PIECE))];
            let failed = |failure| {
                if let Ok(mut told) = progress.failure.lock() {
                    *told = Some(failure);
                }
                io::Error::other("the file cannot be sent")
            };
            match file.read_exact(&mut piece).await {
                Ok(_) => hasher.update(&piece),
                Err(error) => return Err(failed(Failure::Read(error))),
            }
            if hasher.size() == blob.size && is_other(&hasher, &blob.digest) {
                return Err(failed(Failure::Changed));
            }
            progress
                .bytes
                .fetch_add(piece.len() as u64, Ordering::Relaxed);
            Ok(Some((piece, (file, hasher, blob, progress))))
        },
    ))
}

fn is_other(hasher: &Hasher, digest: &Digest) -> bool {
    hasher.clone().finish().0 != *digest
}

/// Waits for the answer as long as the body makes progress.
async fn watch(request: RequestBuilder, progress: &Progress) -> Result<Response, Broken> {
    let mut answer = std::pin::pin!(request.send());
    let mut seen = 0;
    loop {
        match tokio::time::timeout(STALL, answer.as_mut()).await {
            Ok(answer) => return Ok(answer?),
            Err(_) => match progress.bytes.load(Ordering::Relaxed) {
                bytes if bytes > seen => seen = bytes,
                _ => return Err(Broken::Silent),
            },
        }
    }
}
