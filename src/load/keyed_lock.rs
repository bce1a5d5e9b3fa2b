use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::OwnedMutexGuard;

/// One holder at a time for each key.
#[derive(Debug)]
pub(super) struct KeyedLock<K> {
    held: Mutex<HashMap<K, Arc<tokio::sync::Mutex<()>>>>,
}

impl<K: Eq + Hash + Clone> KeyedLock<K> {
    pub(super) fn new() -> Self {
        Self { held: Mutex::new(HashMap::new()) }
    }

    /// Waits until no one else holds this key.
    pub(super) async fn hold(&self, key: &K) -> OwnedMutexGuard<()> {
        let lock = {
            let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
            // Keys that are neither held nor waited for are removed, so that the table does not
            // grow.
            held.retain(|_, lock| Arc::strong_count(lock) > 1);
            Arc::clone(held.entry(key.clone()).or_default())
        };
        lock.lock_owned().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_key_has_one_holder_and_leaves_nothing_behind() {
        let keyed = KeyedLock::new();
        let first = keyed.hold(&1).await;
        assert!(is_pending(keyed.hold(&1)).await, "held");
        let other = keyed.hold(&2).await;
        drop((first, other));
        drop(keyed.hold(&1).await);
        drop(keyed.hold(&3).await);
        assert_eq!(keyed.held.lock().unwrap().len(), 1, "only the last key asked for");
    }

    async fn is_pending(future: impl Future) -> bool {
        tokio::select! {
            biased;
            _ = future => false,
            () = std::future::ready(()) => true,
        }
    }
}
