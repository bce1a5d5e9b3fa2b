//! How a probe sends requests: one by one, at the account's rate, until it is interrupted.

use super::report::{NoAnswer, ProbeError};
use crate::activecampaign::{Client, Disposition, Failure, RetryDecision, Turn};
use crate::domain::RemoteId;
use std::time::Duration;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

/// Delays before a lookup of something that may take a while to appear is repeated.
const LOOK_DELAYS_MS: [u64; 11] =
    [250, 500, 1_000, 2_000, 4_000, 8_000, 15_000, 30_000, 60_000, 60_000, 60_000];

/// The outcome of a request that may be refused.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Tried<T> {
    Taken(T),
    Refused,
}

impl<T> Tried<T> {
    pub(super) fn is_taken(&self) -> bool {
        matches!(self, Self::Taken(_))
    }

    /// The accepted result, if a refusal is no answer to the question.
    pub(super) fn taken(self) -> Result<T, NoAnswer> {
        match self {
            Self::Taken(taken) => Ok(taken),
            Self::Refused => Err(NoAnswer::because("refused")),
        }
    }
}

/// Asks the questions that only read.
#[derive(Clone, Copy)]
pub(super) struct Prober<'a> {
    pub(super) client: &'a Client,
    pub(super) cancel: &'a CancellationToken,
    /// What it does.
    pub(super) progress: &'a dyn Fn(&str),
}

impl Prober<'_> {
    /// Ends on an interruption.
    pub(super) async fn read<T>(
        &self,
        reading: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, NoAnswer> {
        Ok(self.or_interrupted(reading).await??)
    }

    pub(super) async fn wait(&self, delay: Duration) -> Result<(), NoAnswer> {
        self.or_interrupted(sleep(delay)).await
    }

    async fn or_interrupted<T>(&self, work: impl Future<Output = T>) -> Result<T, NoAnswer> {
        let done = self.cancel.run_until_cancelled(work).await;
        done.ok_or(NoAnswer::End(ProbeError::Interrupted))
    }

    /// Sends a request until it is accepted or refused. One that may have been carried out is not
    /// repeated: the cleanup finds what it left.
    pub(super) async fn send<T>(
        &self,
        send: impl AsyncFn(Turn<'_>) -> Result<T, Failure>,
    ) -> Result<Tried<T>, NoAnswer> {
        let mut retry = self.client.retry();
        loop {
            let turn = self.or_interrupted(self.client.turn()).await??;
            let failure = match send(turn).await {
                Ok(taken) => return Ok(Tried::Taken(taken)),
                Err(failure) => failure,
            };
            match failure.disposition {
                Disposition::Throttled | Disposition::Again => match retry.after(&failure) {
                    RetryDecision::After(delay) => self.wait(delay).await?,
                    RetryDecision::Exhausted => return Err(failure.into()),
                    RetryDecision::Stop(stop) => return Err(stop.into()),
                },
                Disposition::Exists
                | Disposition::Unclear
                | Disposition::Gone
                | Disposition::RelationGone
                | Disposition::Refused => return Ok(Tried::Refused),
                Disposition::LookUp | Disposition::Stop(_) => return Err(failure.into()),
            }
        }
    }

    /// Polls until something exists, for as long as it may take.
    pub(super) async fn look<T>(
        &self,
        look: impl AsyncFn() -> Result<Option<T>, NoAnswer>,
    ) -> Result<Option<T>, NoAnswer> {
        self.look_after(LOOK_DELAYS_MS.map(Duration::from_millis), look).await
    }

    /// The same for as long as a list may lag.
    pub(super) async fn look_in_time<T>(
        &self,
        look: impl AsyncFn() -> Result<Option<T>, NoAnswer>,
    ) -> Result<Option<T>, NoAnswer> {
        self.look_after(self.client.lookup_delays(), look).await
    }

    async fn look_after<T>(
        &self,
        delays: impl IntoIterator<Item = Duration>,
        look: impl AsyncFn() -> Result<Option<T>, NoAnswer>,
    ) -> Result<Option<T>, NoAnswer> {
        let mut delays = delays.into_iter();
        loop {
            if let Some(found) = look().await? {
                return Ok(Some(found));
            }
            match delays.next() {
                Some(delay) => self.wait(delay).await?,
                None => return Ok(None),
            }
        }
    }
}

/// The number of an id, so that ids compare in the order of creation; 0 if it is not a number.
pub(super) fn number_of(id: &RemoteId) -> u64 {
    id.as_str().parse().unwrap_or(0)
}
