use super::{StateError, Store};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::{self, JoinHandle};
use tokio::sync::oneshot;

/// The result of a call; an error names the file.
fn on<T>(
    store: &mut Store,
    call: impl FnOnce(&mut Store) -> Result<T, StateError>,
) -> Result<T, StateError> {
    call(store).map_err(|error| error.at(store.path()))
}

/// One call on the store, run by its owner.
type Call = Box<dyn FnOnce(&mut Store) + Send>;

/// The account's state, shared by the tasks of a run. When the last handle is dropped, the file is
/// closed before the drop returns.
#[derive(Debug, Clone)]
pub struct StateHandle {
    backend: Backend,
}

#[derive(Debug, Clone)]
enum Backend {
    Thread(Arc<StateThread>),
    Inline(Arc<Mutex<Store>>),
}

#[derive(Debug)]
struct StateThread {
    /// `None` only while it is dropped.
    calls: Option<mpsc::Sender<Call>>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for StateThread {
    fn drop(&mut self) {
        self.calls = None;
        if let Some(thread) = self.thread.take() {
            // Its panic has been reported already, and to every caller that waited.
            let _ = thread.join();
        }
    }
}

impl StateHandle {
    /// On a thread of its own: commits wait for the disk, and nothing else should wait with them.
    pub fn open(mut store: Store) -> Result<Self, StateError> {
        let (calls, received) = mpsc::channel::<Call>();
        let thread = thread::Builder::new().name("state".to_owned()).spawn(move || {
            for call in received {
                call(&mut store);
            }
        })?;
        let thread = StateThread { calls: Some(calls), thread: Some(thread) };
        Ok(Self { backend: Backend::Thread(Arc::new(thread)) })
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
    /// What the call returns, or that the state's thread has died.
    pub async fn call<T, F>(&self, call: F) -> Result<T, StateError>
    where
        T: Send + 'static,
        F: FnOnce(&mut Store) -> Result<T, StateError> + Send + 'static,
    {
        let thread = match &self.backend {
            Backend::Thread(thread) => thread,
            Backend::Inline(store) => {
                return on(&mut store.lock().unwrap_or_else(PoisonError::into_inner), call);
            }
        };
        let (answer, answered) = oneshot::channel();
        let call: Call = Box::new(move |store| {
            // A caller that was cancelled no longer waits; the call is made all the same.
            let _ = answer.send(on(store, call));
        });
        let sent = thread.calls.as_ref().is_some_and(|calls| calls.send(call).is_ok());
        match (sent, answered.await) {
            (true, Ok(result)) => result,
            _ => Err(StateError::from(std::io::Error::other("its thread has ended"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_error_of_a_full_disk_names_the_file() {
        for open in [|store| StateHandle::open(store).unwrap(), StateHandle::inline] {
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
