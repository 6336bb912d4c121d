//! What one run knows of the registries it publishes to: which repository got which blob, so that
//! no blob is sent twice and no tag given twice, and how much goes on at a time.

use crate::digest::Digest;
use crate::error::Result;
use crate::reference::Tag;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{Mutex as Turn, OwnedMutexGuard, Semaphore};

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
    /// Tags that never move, by repository.
    tags: Mutex<BTreeMap<TagOf, Arc<Turn<()>>>>,
}

/// A repository and its tag.
type TagOf = (String, String);
type Slot = Arc<Turn<Option<String>>>;

impl Default for Shelf {
    fn default() -> Self {
        Self {
            permits: Semaphore::new(AT_ONCE),
            blobs: Mutex::default(),
            tags: Mutex::default(),
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

    /// Waits until no other image of the run may be about to get one of these tags, and keeps the
    /// others waiting as long as what comes back is held.
    pub(crate) async fn turns(&self, repository: &str, tags: &[Tag]) -> Vec<OwnedMutexGuard<()>> {
        // All take theirs in the same order, so that no two wait for each other.
        let sorted: BTreeSet<&str> = tags.iter().map(Tag::as_str).collect();
        let mut turns = Vec::new();
        for tag in sorted {
            let turn = {
                let mut tags = self.tags.lock().unwrap_or_else(PoisonError::into_inner);
                let key = (repository.to_owned(), tag.to_owned());
                Arc::clone(tags.entry(key).or_default())
            };
            turns.push(turn.lock_owned().await);
        }
        turns
    }

    fn slot(&self, digest: &Digest) -> Slot {
        let mut blobs = self.blobs.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(blobs.entry(digest.clone()).or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::{StreamExt as _, stream};
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    /// Brings blobs into repositories all at once; gives how many were brought at a time at most,
    /// and what each was told.
    fn brought(blobs: &[(&str, &str)]) -> (usize, Vec<Option<String>>) {
        let (shelf, now, most) = (Shelf::default(), AtomicUsize::new(0), AtomicUsize::new(0));
        let bringing = blobs.iter().map(|(text, repository)| {
            let digest = Digest::of(text.as_bytes());
            let (shelf, now, most) = (&shelf, &now, &most);
            async move {
                let bring = async |holder: Option<&str>| {
                    let count = now.fetch_add(1, Ordering::SeqCst) + 1;
                    most.fetch_max(count, Ordering::SeqCst);
                    tokio::time::sleep(Duration::from_millis(5)).await;
                    now.fetch_sub(1, Ordering::SeqCst);
                    Ok(holder.map(str::to_owned))
                };
                shelf.put(&digest, repository, bring).await.unwrap()
            }
        });
        let runtime = crate::publish::runtime().unwrap();
        let told = runtime.block_on(stream::iter(bringing).buffered(100).collect());
        (most.into_inner(), told)
    }

    #[test]
    fn only_so_many_go_to_a_registry_at_a_time() {
        let texts: Vec<String> = (0..20).map(|number| number.to_string()).collect();
        let blobs: Vec<(&str, &str)> = texts.iter().map(|text| (text.as_str(), "a")).collect();
        assert_eq!(brought(&blobs).0, AT_ONCE);
    }

    #[test]
    fn a_blob_is_brought_by_one_while_the_others_wait() {
        let (most, told) = brought(&[("x", "a"), ("x", "b"), ("x", "a"), ("x", "c")]);
        let holders: Vec<Option<&str>> = told.iter().map(Option::as_deref).collect();
        assert_eq!(
            (most, holders),
            (1, vec![None, Some("a"), Some("b"), Some("a")])
        );
    }

    #[test]
    fn registries_are_told_apart() {
        let shelves = Shelves::default();
        assert!(Arc::ptr_eq(&shelves.of("a"), &shelves.of("a")));
        assert!(!Arc::ptr_eq(&shelves.of("a"), &shelves.of("b")));
    }
}
