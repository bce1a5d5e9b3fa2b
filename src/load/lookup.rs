use super::attempts::{StepError, failed, wait};
use super::loader::Loader;
use crate::activecampaign::{Disposition, Failure, RemoteOrder};
use crate::domain::{Attempt, Operation, OrderKey, RemoteId};

/// A remote order that was looked up, or why the lookup failed.
pub(super) type Found = Result<Option<RemoteOrder>, Failure>;

/// Lookups for one order, each of which becomes part of its history.
pub(super) struct OrderLookup<'a> {
    pub loader: &'a Loader,
    pub order: &'a OrderKey,
}

impl OrderLookup<'_> {
    /// [`Self::find`]; a record that is expected to exist is looked for until lists must show it.
    pub(super) async fn find_in_time(
        &self,
        key: &OrderKey,
        is_expected: bool,
    ) -> Result<Found, StepError> {
        let mut delays = self.loader.client.lookup_delays();
        loop {
            let found = self.find(key).await?;
            match delays.next().filter(|_| is_expected && matches!(found, Ok(None))) {
                Some(delay) => wait(&self.loader.cancel, delay).await?,
                None => return Ok(found),
            }
        }
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

    /// The remote order of an id that was answered with 404 before; read again with growing delays while
    /// it is.
    pub(super) async fn read_in_time(&self, id: &RemoteId) -> Result<Found, StepError> {
        let mut delays = self.loader.client.lookup_delays();
        loop {
            let found = self.read(id).await?;
            match delays.next().filter(|_| matches!(found, Ok(None))) {
                Some(delay) => wait(&self.loader.cancel, delay).await?,
                None => return Ok(found),
            }
        }
    }

    async fn note(&self, found: Found) -> Result<Found, StepError> {
        let attempt = match &found {
            Ok(found) => {
                Attempt::found(Operation::LookUp, found.as_ref().map(|remote| remote.id.clone()))
            }
            Err(failure) => failed(Operation::LookUp, failure),
        };
        self.loader.ledger.note(self.order, attempt).await?;
        match found {
            Err(Failure { disposition: Disposition::Stop(stop), .. }) => Err(stop.into()),
            found => Ok(found),
        }
    }
}
