//! What several builds of one run share: values that are made once, and why they could not be.

use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use windlass_fault::{Blame, Fault, Location};
use windlass_overlay::FetchError;

/// Values that are made once, whoever asks first.
pub(crate) struct Once<K, V>(Mutex<HashMap<K, Cell<V>>>);

type Cell<V> = Arc<OnceLock<Result<V, Shared>>>;

impl<K, V> Default for Once<K, V> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Hash + Eq + Clone, V: Clone> Once<K, V> {
    pub(crate) fn get(
        &self,
        key: K,
        make: impl FnOnce(&K) -> Result<V, Shared>,
    ) -> Result<V, Shared> {
        let cell = Arc::clone(held(&self.0).entry(key.clone()).or_default());
        cell.get_or_init(|| make(&key)).clone()
    }
}

/// What a mutex holds; a thread that gave up has left it as it should be.
pub(crate) fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A fault that several builds run into.
#[derive(Debug, Clone)]
pub(crate) struct Shared(Arc<dyn Fault>);

impl Shared {
    pub(crate) fn of(fault: impl Fault + 'static) -> Self {
        Self(Arc::new(fault))
    }

    pub(crate) fn refuse(message: String, hint: Option<&str>) -> Self {
        let hint = hint.map(str::to_owned);
        Self::of(Refusal { message, hint })
    }
}

impl fmt::Display for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Shared {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source()
    }
}

impl Fault for Shared {
    fn blame(&self) -> Blame {
        self.0.blame()
    }

    fn location(&self) -> Option<Location> {
        self.0.location()
    }

    fn hint(&self) -> Option<String> {
        self.0.hint()
    }
}

impl From<Shared> for FetchError {
    fn from(shared: Shared) -> Self {
        Box::new(shared)
    }
}

/// Why something remote is not taken as it is.
#[derive(Debug)]
struct Refusal {
    message: String,
    hint: Option<String>,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Refusal {}

impl Fault for Refusal {
    fn blame(&self) -> Blame {
        Blame::Input
    }

    fn hint(&self) -> Option<String> {
        self.hint.clone()
    }
}
