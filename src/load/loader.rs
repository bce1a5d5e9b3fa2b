use super::keyed::Keyed;
use super::order;
use super::{Journal, Outcome, StepError};
use crate::activecampaign::{Client, Disposition, Failure, Retry, RetryDecision, Turn};
use crate::domain::{CustomerKey, Deleted, OrderKey, RemoteId};
use crate::plan::Step;
use tokio_util::sync::CancellationToken;

/// Carries out steps against one connection. Many may be under way at once; the client's turns pace
/// them.
pub struct Loader<J> {
    pub(super) client: Client,
    pub(super) journal: J,
    pub(super) connection: RemoteId,
    pub(super) customers: Keyed<CustomerKey>,
    /// A cart and the order it became are one record at the target.
    pub(super) carts: Keyed<OrderKey>,
    pub(super) deleted: Deleted,
    cancel: CancellationToken,
}

impl<J: Journal> Loader<J> {
    /// `cancel` ends every step at its next request; what was sent is still waited for.
    pub fn new(
        client: Client,
        journal: J,
        connection: RemoteId,
        deleted: Deleted,
        cancel: CancellationToken,
    ) -> Self {
        Self {
            client,
            journal,
            connection,
            customers: Keyed::new(),
            carts: Keyed::new(),
            deleted,
            cancel,
        }
    }

    /// Carries out one step, with as many requests and retries as it takes.
    ///
    /// No two steps under way at once may be of the same order.
    ///
    /// # Errors
    /// When the run must end; the step is then not settled, and its intent tells the next run to
    /// look it up.
    pub async fn carry_out(&self, step: &Step) -> Result<Outcome, StepError> {
        order::carry_out(self, step).await
    }

    /// The next place to send from, unless the run is to end.
    pub(super) async fn turn(&self) -> Result<Turn<'_>, StepError> {
        next_turn(&self.client, &self.cancel).await
    }

    /// Waits as long as the failure asks for.
    pub(super) async fn pause(
        &self,
        attempts: &mut Attempts,
        failure: &Failure,
    ) -> Result<RetryBudget, StepError> {
        attempts.pause(failure, &self.cancel).await
    }

    pub(super) fn attempts(&self) -> Attempts {
        Attempts::new(&self.client)
    }
}

/// The next place to send from, unless the run is to end.
pub(super) async fn next_turn<'a>(
    client: &'a Client,
    cancel: &CancellationToken,
) -> Result<Turn<'a>, StepError> {
    tokio::select! {
        biased;
        () = cancel.cancelled() => Err(StepError::Cancelled),
        turn = client.turn() => Ok(turn?),
    }
}

/// Whether to try again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RetryBudget {
    Left,
    Exhausted,
}

/// The attempts at one record.
pub(super) struct Attempts {
    retry: Retry,
    /// Requests that the target answered or may have seen; throttled ones are not attempts.
    pub(super) made: u32,
}

impl Attempts {
    pub(super) fn new(client: &Client) -> Self {
        Self { retry: client.retry(), made: 0 }
    }

    /// Waits as long as the failure asks for.
    pub(super) async fn pause(
        &mut self,
        failure: &Failure,
        cancel: &CancellationToken,
    ) -> Result<RetryBudget, StepError> {
        if failure.disposition == Disposition::Throttled {
            return Ok(RetryBudget::Left);
        }
        match self.retry.after(failure) {
            RetryDecision::Exhausted => Ok(RetryBudget::Exhausted),
            RetryDecision::Stop(stop) => Err(stop.into()),
            RetryDecision::After(delay) => {
                tokio::select! {
                    () = cancel.cancelled() => Err(StepError::Cancelled),
                    () = tokio::time::sleep(delay) => Ok(RetryBudget::Left),
                }
            }
        }
    }
}
