//! What one run knows of the registries it publishes to: which repository got which blob, so that
//! no blob is sent twice, and how much goes on at a time.

use crate::digest::Digest;
use crate::error::Result;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{Mutex as Turn, Semaphore};

/// Uploads at a time to one registry.
const AT_ONCE: usize = 3;

/// The registries of a run.
#[derive(Default)]
pub(crate) struct Shelves(Mutex<BTreeMap<String, Arc<Shelf>>>);

impl Shelves {
    /// The shelf of a registry.
    pub(crate) fn of(&self, registry: &str) -> Arc<Shelf> {
        let mut shelves = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(shelves.entry(registry.to_owned()).or_default())
    }
}

/// A registry: its blobs that are known, with the repository that has them.
pub(crate) struct Shelf {
    permits: Semaphore,
    blobs: Mutex<BTreeMap<Digest, Slot>>,
}

type Slot = Arc<Turn<Option<String>>>;

impl Default for Shelf {
    fn default() -> Self {
        Self {
            permits: Semaphore::new(AT_ONCE),
            blobs: Mutex::default(),
        }
    }
}

impl Shelf {
    /// Brings a blob into a repository. Of those that bring the same one at once the first does,
    /// the others wait; `bring` learns which repository has it.
    pub(crate) async fn put<T>(
        &self,
        digest: &Digest,
        repository: &str,
        bring: impl AsyncFnOnce(Option<&str>) -> Result<T>,
    ) -> Result<T> {
        let slot = self.slot(digest);
        let mut holder = slot.lock().await;
        // Whoever waits for a slot has no permit, so that those who do the work get theirs.
        let _permit = self.permits.acquire().await.expect("it is never closed");
        let brought = bring(holder.as_deref()).await?;
        *holder = Some(repository.to_owned());
        Ok(brought)
    }

    fn slot(&self, digest: &Digest) -> Slot {
        let mut blobs = self.blobs.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(blobs.entry(digest.clone()).or_default())
    }
}
