use crate::domain::{
    Attempt, Customer, CustomerEntry, Fingerprint, LedgerEntry, OrderKey, RemoteId,
};
use crate::load::{Journal, JournalError};
use crate::plan::Fingerprints;
use crate::state::{ConnectionId, RunId, StateError, Store};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::{self, JoinHandle};
use tokio::sync::oneshot;

type Entry = Box<dyn FnOnce(&mut Store) + Send>;

/// The account's state, and who makes the entries in it. When the last handle goes, the file is
/// closed before that returns.
#[derive(Debug, Clone)]
pub struct StateHandle {
    desk: Backend,
}

#[derive(Debug, Clone)]
enum Backend {
    Clerk(Arc<Clerk>),
    AtHand(Arc<Mutex<Store>>),
}

/// A thread of its own.
#[derive(Debug)]
struct Clerk {
    /// `None` only while it is dropped.
    entries: Option<mpsc::Sender<Entry>>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Clerk {
    fn drop(&mut self) {
        self.entries = None;
        if let Some(thread) = self.thread.take() {
            // A clerk that panicked has told so already, and everyone who waited for it.
            let _ = thread.join();
        }
    }
}

impl StateHandle {
    /// On a thread of its own: commits wait for the disk, and nothing else waits with them.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn open(mut store: Store) -> Result<Self, StateError> {
        let (entries, received) = mpsc::channel::<Entry>();
        let thread = thread::Builder::new().name("state".to_owned()).spawn(move || {
            for entry in received {
                entry(&mut store);
            }
        })?;
        Ok(Self {
            desk: Backend::Clerk(Arc::new(Clerk { entries: Some(entries), thread: Some(thread) })),
        })
    }

    /// Each entry is made by who asks for it, and the export is read by who waits for it. For
    /// rehearsals: with no thread outside of tokio's clock, a run in paused time is the same run
    /// each time.
    pub fn at_hand(store: Store) -> Self {
        Self { desk: Backend::AtHand(Arc::new(Mutex::new(store))) }
    }

    pub(super) fn are_at_hand(&self) -> bool {
        matches!(self.desk, Backend::AtHand(_))
    }

    /// Makes an entry, and returns once it is durable.
    ///
    /// # Errors
    /// What the entry returns, or that the state's thread has died.
    pub async fn enter<T, F>(&self, entry: F) -> Result<T, StateError>
    where
        T: Send + 'static,
        F: FnOnce(&mut Store) -> Result<T, StateError> + Send + 'static,
    {
        let clerk = match &self.desk {
            Backend::Clerk(clerk) => clerk,
            Backend::AtHand(store) => {
                return entry(&mut store.lock().unwrap_or_else(PoisonError::into_inner));
            }
        };
        let (answer, answered) = oneshot::channel();
        let entry: Entry = Box::new(move |store| {
            // A caller that no longer waits was cancelled; the entry is made all the same.
            let _ = answer.send(entry(store));
        });
        let sent = clerk.entries.as_ref().is_some_and(|entries| entries.send(entry).is_ok());
        match (sent, answered.await) {
            (true, Ok(result)) => result,
            _ => Err(StateError::from(std::io::Error::other("its thread has ended"))),
        }
    }
}

/// The loader's journal of one run.
pub(super) struct RunJournal {
    pub(super) books: StateHandle,
    pub(super) run: RunId,
    pub(super) connection: ConnectionId,
    pub(super) fingerprints: Fingerprints,
    /// Customers settled by this process.
    pub(super) customers: Arc<AtomicU64>,
}

fn failed(error: StateError) -> JournalError {
    JournalError(Box::new(error))
}

impl Journal for RunJournal {
    async fn customer(&self, customer: &Customer) -> Result<CustomerEntry, JournalError> {
        let (connection, hash) = (self.connection, self.fingerprints.customer(&customer.key));
        self.books.enter(move |store| store.customer(connection, &hash)).await.map_err(failed)
    }

    async fn intend_customer(&self, customer: &Customer) -> Result<(), JournalError> {
        let (run, connection, hash) =
            (self.run, self.connection, self.fingerprints.customer(&customer.key));
        self.books
            .enter(move |store| store.intend_customer(run, connection, &hash))
            .await
            .map_err(failed)
    }

    async fn settle_customer(
        &self,
        customer: &Customer,
        id: &RemoteId,
        created: bool,
    ) -> Result<(), JournalError> {
        let (run, connection, hash) =
            (self.run, self.connection, self.fingerprints.customer(&customer.key));
        let id = id.clone();
        self.books
            .enter(move |store| store.settle_customer(run, connection, &hash, &id, created))
            .await
            .map_err(failed)?;
        self.customers.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    async fn order(&self, key: &OrderKey) -> Result<LedgerEntry, JournalError> {
        let (connection, key) = (self.connection, key.clone());
        self.books.enter(move |store| store.order(connection, &key)).await.map_err(failed)
    }

    async fn settle_cart(&self, cart: &OrderKey) -> Result<(), JournalError> {
        let (run, connection, cart) = (self.run, self.connection, cart.clone());
        self.books
            .enter(move |store| store.settle_cart(run, connection, &cart))
            .await
            .map_err(failed)
    }

    async fn intend_order(
        &self,
        key: &OrderKey,
        fingerprint: Fingerprint,
    ) -> Result<(), JournalError> {
        let (run, connection, key) = (self.run, self.connection, key.clone());
        self.books
            .enter(move |store| store.intend_order(run, connection, &key, fingerprint))
            .await
            .map_err(failed)
    }

    async fn note(&self, key: &OrderKey, attempt: Attempt) -> Result<(), JournalError> {
        let (run, connection, key) = (self.run, self.connection, key.clone());
        self.books
            .enter(move |store| store.note(run, connection, &key, &attempt))
            .await
            .map_err(failed)
    }
}
