use super::attempts::{StepError, failed, wait};
use super::loader::Loader;
use crate::activecampaign::{Disposition, Failure, RemoteOrder};
use crate::domain::{Attempt, Operation, OrderKey, RemoteId};

/// A record that was looked up, or why the lookup failed.
pub(super) type Found<T = RemoteOrder> = Result<Option<T>, Failure>;

/// How often a lookup that finds nothing is repeated.
#[derive(Debug, Clone, Copy)]
pub(super) enum Again {
    Never,
    /// For a record that may exist: one list may be empty by mistake.
    Once,
    /// For a record that is expected to exist.
    UntilListed,
}

impl Again {
    pub(super) fn if_expected(is_expected: bool) -> Self {
        if is_expected { Self::UntilListed } else { Self::Never }
    }
}

impl Loader {
    /// Calls `find`; while it finds nothing, repeats it as `again` says, with growing delays, at
    /// most until lists must show the record.
    pub(super) async fn find_in_time<T, F>(
        &self,
        again: Again,
        find: impl Fn() -> F,
    ) -> Result<Found<T>, StepError>
    where
        F: Future<Output = Result<Found<T>, StepError>>,
    {
        let mut delays = self.client.lookup_delays().take(match again {
            Again::Never => 0,
            Again::Once => 1,
            Again::UntilListed => usize::MAX,
        });
        loop {
            let found = find().await?;
            match delays.next().filter(|_| matches!(found, Ok(None))) {
                Some(delay) => wait(&self.cancel, delay).await?,
                None => return Ok(found),
            }
        }
    }

    /// Adds a lookup to the history of an order.
    pub(super) async fn note_lookup<T>(
        &self,
        order: &OrderKey,
        operation: Operation,
        found: Found<T>,
        id_of: impl Fn(&T) -> &RemoteId,
    ) -> Result<Found<T>, StepError> {
        let attempt = match &found {
            Ok(found) => Attempt::found(operation, found.as_ref().map(id_of).cloned()),
            Err(failure) => failed(operation, failure),
        };
        self.ledger.note(order, attempt).await?;
        match found {
            Err(Failure { disposition: Disposition::Stop(stop), .. }) => Err(stop.into()),
            found => Ok(found),
        }
    }
}

/// Lookups for one order, each of which becomes part of its history.
pub(super) struct OrderLookup<'a> {
    pub loader: &'a Loader,
    pub order: &'a OrderKey,
}

impl OrderLookup<'_> {
    /// [`Self::find`], repeated as `again` says while it finds nothing.
    pub(super) async fn find_in_time(
        &self,
        key: &OrderKey,
        again: Again,
    ) -> Result<Found, StepError> {
        self.loader.find_in_time(again, || self.find(key)).await
    }

    /// The remote order of this key. The inner error: the lookup failed.
    async fn find(&self, key: &OrderKey) -> Result<Found, StepError> {
        let found = self.loader.client.order_by_key(&self.loader.connection, key).await;
        self.note(found).await
    }

    /// The remote order of this id, as [`Self::find`].
    pub(super) async fn read(&self, id: &RemoteId) -> Result<Found, StepError> {
        let found = self.loader.client.order(id).await;
        self.note(found).await
    }

    /// The remote order of an id that was answered with 404 before; read again with growing delays
    /// while it is.
    pub(super) async fn read_in_time(&self, id: &RemoteId) -> Result<Found, StepError> {
        self.loader.find_in_time(Again::UntilListed, || self.read(id)).await
    }

    async fn note(&self, found: Found) -> Result<Found, StepError> {
        self.loader.note_lookup(self.order, Operation::LookUp, found, |order| &order.id).await
    }
}
