use super::{StateError, Store};
use std::collections::VecDeque;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::oneshot;

/// The result of a call; an error names the file.
fn on<T>(
    store: &mut Store,
    call: impl FnOnce(&mut Store) -> Result<T, StateError>,
) -> Result<T, StateError> {
    call(store).map_err(|error| error.at(store.path()))
}

/// One call on the store.
type Call = Box<dyn FnOnce(&mut Store) + Send>;

/// The account's state, shared by the tasks of a run. Dropping the last handle makes all queued
/// calls and closes the file before it returns.
#[derive(Debug, Clone)]
pub struct StateHandle {
    backend: Backend,
}

#[derive(Debug, Clone)]
enum Backend {
    Queue(Arc<Owner>),
    Inline(Arc<Mutex<Store>>),
}

/// Ends the queue with the last handle.
#[derive(Debug)]
struct Owner(Arc<Queue>);

/// Calls that are made one after the other, on a thread of the runtime's pool while there are any:
/// an idle state takes no thread.
struct Queue {
    /// Locked by the thread that makes the calls; `None` once the file is closed.
    store: Mutex<Option<Store>>,
    waiting: Mutex<Waiting>,
}

#[derive(Default)]
struct Waiting {
    calls: VecDeque<Call>,
    /// A thread makes them, or is about to.
    is_served: bool,
}

impl Queue {
    fn push(self: &Arc<Self>, call: Call) {
        let mut waiting = lock(&self.waiting);
        waiting.calls.push_back(call);
        if !std::mem::replace(&mut waiting.is_served, true) {
            let queue = Arc::clone(self);
            tokio::task::spawn_blocking(move || queue.make_calls(&mut lock(&queue.store)));
        }
    }

    /// After a call panicked, no other is made; their callers get an error.
    fn make_calls(&self, store: &mut Option<Store>) {
        while let Some(call) = self.next() {
            let made = store.as_mut().map(|store| catch_unwind(AssertUnwindSafe(|| call(store))));
            if let Some(Err(_)) = made {
                *store = None;
            }
        }
        // Of hundreds of accounts, most wait.
        if let Some(store) = store {
            store.rest();
        }
    }

    fn next(&self) -> Option<Call> {
        let mut waiting = lock(&self.waiting);
        let call = waiting.calls.pop_front();
        waiting.is_served = call.is_some();
        call
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        let mut store = lock(&self.0.store);
        self.0.make_calls(&mut store);
        *store = None;
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl fmt::Debug for Queue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queue").finish_non_exhaustive()
    }
}

impl StateHandle {
    /// Off the threads of tasks: commits wait for the disk, and nothing else should wait with them.
    pub fn open(store: Store) -> Self {
        let (store, waiting) = (Mutex::new(Some(store)), Mutex::default());
        Self { backend: Backend::Queue(Arc::new(Owner(Arc::new(Queue { store, waiting })))) }
    }

    /// Runs each call in the task that makes it. For rehearsals: without a thread outside tokio's
    /// clock, a run in paused time is the same run each time.
    pub fn inline(store: Store) -> Self {
        Self { backend: Backend::Inline(Arc::new(Mutex::new(store))) }
    }

    pub fn is_inline(&self) -> bool {
        matches!(self.backend, Backend::Inline(_))
    }

    /// Runs `call` on the store; returns once its changes are durable.
    ///
    /// # Errors
    /// What the call returns, or that it panicked.
    pub async fn call<T, F>(&self, call: F) -> Result<T, StateError>
    where
        T: Send + 'static,
        F: FnOnce(&mut Store) -> Result<T, StateError> + Send + 'static,
    {
        let queue = match &self.backend {
            Backend::Queue(owner) => &owner.0,
            Backend::Inline(store) => return on(&mut lock(store), call),
        };
        let (answer, answered) = oneshot::channel();
        let call: Call = Box::new(move |store| {
            // A cancelled caller no longer waits, but the call is made nevertheless.
            let _ = answer.send(on(store, call));
        });
        queue.push(call);
        match answered.await {
            Ok(result) => result,
            Err(_) => Err(StateError::from(std::io::Error::other(
                "a call on it ended in a bug, and nothing more is written",
            ))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::SeenConnection;

    #[tokio::test]
    async fn a_call_without_a_waiting_caller_is_made_before_the_file_is_closed() {
        let dir = tempfile::tempdir().unwrap();
        let handle = StateHandle::open(Store::open(dir.path(), "main").unwrap());
        let mut call = Box::pin(
            handle.call(|store| store.record_connection(&SeenConnection::example("7")).map(|_| ())),
        );
        tokio::select! {
            biased;
            _ = &mut call => {}
            () = std::future::ready(()) => {}
        }
        drop(call);
        drop(handle);
        let store = Store::open(dir.path(), "main").unwrap();
        assert!(store.connection("shopify", "store").unwrap().is_some());
    }

    #[tokio::test]
    async fn after_a_call_that_panicked_no_other_is_made() {
        let dir = tempfile::tempdir().unwrap();
        let handle = StateHandle::open(Store::open(dir.path(), "main").unwrap());
        let bug = |_: &mut Store| -> Result<(), StateError> { panic!("a bug") };
        handle.call(bug).await.unwrap_err();
        let error = handle.call(|_| Ok(())).await.unwrap_err();
        assert!(error.to_string().contains("nothing more is written"), "{error}");
    }

    #[tokio::test]
    async fn the_error_of_a_full_disk_names_the_file() {
        for open in [StateHandle::open, StateHandle::inline] {
            let dir = tempfile::tempdir().unwrap();
            let handle = open(Store::open(dir.path(), "main").unwrap());
            let failed = handle.call(|_| -> Result<(), StateError> {
                let full = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_FULL);
                Err(rusqlite::Error::SqliteFailure(full, None).into())
            });
            let error = failed.await.unwrap_err();
            let text = error.to_string();
            assert!(error.is_lack_of_space(), "{text}");
            assert!(text.contains("main.db: ") && text.contains("hint: free some space"), "{text}");
        }
    }
}
