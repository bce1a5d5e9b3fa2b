//! How a probe asks: in turn, at the account's pace, and until it is interrupted.

use super::report::{NoAnswer, ProbeError};
use crate::activecampaign::{Client, Disposition, Failure, RetryDecision, Turn};
use crate::domain::RemoteId;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Delays before something is looked for again that may take a while to appear.
const LOOK_DELAYS_MS: [u64; 11] =
    [250, 500, 1_000, 2_000, 4_000, 8_000, 15_000, 30_000, 60_000, 60_000, 60_000];

/// What a request came to that may be refused.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Tried<T> {
    Taken(T),
    Refused,
}

impl<T> Tried<T> {
    pub(super) fn is_taken(&self) -> bool {
        matches!(self, Self::Taken(_))
    }

    /// What was taken, where a refusal answers nothing.
    pub(super) fn taken(self) -> Result<T, NoAnswer> {
        match self {
            Self::Taken(taken) => Ok(taken),
            Self::Refused => Err(NoAnswer::because("refused")),
        }
    }
}

/// Questions that read alone are asked here.
#[derive(Clone, Copy)]
pub(super) struct Prober<'a> {
    pub(super) client: &'a Client,
    pub(super) cancel: &'a CancellationToken,
    /// What it does.
    pub(super) progress: &'a dyn Fn(&str),
}

impl Prober<'_> {
    /// Follows an interruption.
    pub(super) async fn read<T>(
        &self,
        reading: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, NoAnswer> {
        tokio::select! {
            biased;
            () = self.cancel.cancelled() => Err(NoAnswer::End(ProbeError::Interrupted)),
            read = reading => Ok(read?),
        }
    }

    pub(super) async fn wait(&self, delay: Duration) -> Result<(), NoAnswer> {
        tokio::select! {
            () = self.cancel.cancelled() => Err(NoAnswer::End(ProbeError::Interrupted)),
            () = tokio::time::sleep(delay) => Ok(()),
        }
    }

    /// Sends a request until it is taken or refused. One that may have been carried out is not
    /// repeated: what it left is found when the probe cleans up.
    pub(super) async fn send<T>(
        &self,
        send: impl AsyncFn(Turn<'_>) -> Result<T, Failure>,
    ) -> Result<Tried<T>, NoAnswer> {
        let mut retry = self.client.retry();
        loop {
            let turn = tokio::select! {
                biased;
                () = self.cancel.cancelled() => return Err(NoAnswer::End(ProbeError::Interrupted)),
                turn = self.client.turn() => turn?,
            };
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

    /// Looks until something is there, for as long as it may take.
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

/// The number of an id, so that ids compare as they were given; 0 of what is no number.
pub(super) fn number_of(id: &RemoteId) -> u64 {
    id.as_str().parse().unwrap_or(0)
}
