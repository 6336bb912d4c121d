//! Bodies that can be sent again: bytes, or a blob's file that is streamed and hashed on its way.

use crate::digest::{Digest, Hasher};
use crate::error::{Error, Result};
use crate::origin::Stored;
use crate::remote::Broken;
use crate::retry::{Progress as Told, Trouble};
use futures_util::stream;
use reqwest::header::CONTENT_LENGTH;
use reqwest::{Body, RequestBuilder, Response};
use std::io::{self, Seek as _, SeekFrom};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::AsyncReadExt;

/// How much of a file is in memory at a time.
const PIECE: usize = 256 << 10;

/// How much was sent of the blobs of an image, over all tries.
pub(crate) struct Sent {
    bytes: AtomicU64,
    pub(crate) progress: Told,
}

impl Sent {
    pub(crate) fn new(progress: &Told) -> Arc<Self> {
        Arc::new(Self {
            bytes: AtomicU64::new(0),
            progress: progress.clone(),
        })
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }
}

/// What a request sends.
pub(crate) enum Source {
    Bytes(Vec<u8>),
    File(FileSource),
}

/// A blob on this machine.
pub(crate) struct FileSource {
    stored: Stored,
    /// Where it begins and how long it is, if it is not the whole.
    part: Option<(u64, u64)>,
    /// Bytes handed to the connection, over all tries.
    sent: Arc<Sent>,
}

impl Source {
    pub(crate) fn stored(stored: Stored, sent: &Arc<Sent>) -> Self {
        Self::File(FileSource {
            stored,
            part: None,
            sent: Arc::clone(sent),
        })
    }

    /// So many bytes of a blob.
    pub(crate) fn part(stored: Stored, start: u64, length: u64, sent: &Arc<Sent>) -> Self {
        Self::File(FileSource {
            stored,
            part: Some((start, length)),
            sent: Arc::clone(sent),
        })
    }

    /// Sends the request with this body, which may make no progress for `stall`: a registry that
    /// hashes a large blob is silent for a while. The outer error is ours: the file, not the
    /// connection.
    pub(crate) async fn send(
        &self,
        request: RequestBuilder,
        stall: Duration,
    ) -> Result<Result<Response, Broken>, Trouble> {
        match self {
            Self::Bytes(bytes) => {
                let request = request.body(bytes.clone());
                Ok(crate::remote::within(stall, request).await)
            }
            Self::File(file) => file.send(request, stall).await,
        }
    }
}

/// How the sending goes, seen from outside of the connection that does it.
#[derive(Default)]
struct Progress {
    bytes: AtomicU64,
    told: Told,
    failure: Mutex<Option<Failure>>,
}

enum Failure {
    Read(io::Error),
    Changed,
}

impl FileSource {
    async fn send(
        &self,
        request: RequestBuilder,
        stall: Duration,
    ) -> Result<Result<Response, Broken>, Trouble> {
        let mut file = self.stored.open()?;
        let length = match self.part {
            None => self.stored.blob.size,
            Some((start, length)) => {
                let start = i64::try_from(start).unwrap_or(i64::MAX);
                file.seek(SeekFrom::Current(start))
                    .map_err(|error| Error::read(&self.stored.path, error))?;
                length
            }
        };
        let whole = self.part.is_none().then(|| self.stored.blob.digest.clone());
        let progress = Arc::new(Progress {
            told: self.sent.progress.clone(),
            ..Progress::default()
        });
        let file = tokio::fs::File::from_std(file);
        let body = stream(file, length, whole, Arc::clone(&progress));
        let request = request.header(CONTENT_LENGTH, length).body(body);
        let answer = watch(request, stall, &progress).await;
        let bytes = progress.bytes.load(Ordering::Relaxed);
        self.sent.bytes.fetch_add(bytes, Ordering::Relaxed);
        if !answer
            .as_ref()
            .is_ok_and(|answer| answer.status().is_success())
        {
            self.sent.progress.lost(bytes);
        }
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

/// So many bytes of the file in pieces. The last one is held back until all have the digest that is
/// wanted, so that wrong bytes never make a whole upload.
fn stream(
    file: tokio::fs::File,
    length: u64,
    wanted: Option<Digest>,
    progress: Arc<Progress>,
) -> Body {
    let state = (file, Hasher::default(), (length, wanted), progress);
    Body::wrap_stream(stream::try_unfold(
        state,
        async |(mut file, mut hasher, (length, wanted), progress)| {
            let left = length - hasher.size();
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
            let is_other = |wanted: &Digest| hasher.clone().finish().0 != *wanted;
            if hasher.size() == length && wanted.as_ref().is_some_and(is_other) {
                return Err(failed(Failure::Changed));
            }
            progress
                .bytes
                .fetch_add(piece.len() as u64, Ordering::Relaxed);
            progress.told.sent(piece.len() as u64);
            Ok(Some((piece, (file, hasher, (length, wanted), progress))))
        },
    ))
}

/// Waits for the answer as long as the body makes progress.
async fn watch(
    request: RequestBuilder,
    stall: Duration,
    progress: &Progress,
) -> Result<Response, Broken> {
    let mut answer = std::pin::pin!(request.send());
    let mut seen = 0;
    loop {
        match tokio::time::timeout(stall, answer.as_mut()).await {
            Ok(answer) => return Ok(answer?),
            Err(_) => match progress.bytes.load(Ordering::Relaxed) {
                bytes if bytes > seen => seen = bytes,
                _ => return Err(Broken::Silent(stall)),
            },
        }
    }
}
