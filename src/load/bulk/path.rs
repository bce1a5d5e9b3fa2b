//! What this process knows about a connection's bulk path.

use super::super::attempts::StepError;
use super::super::loader::Loader;
use super::length::BatchLength;
use crate::activecampaign::{BulkForm, Disposition, Failure, FatalError, OrderSchema};
use crate::domain::{BulkFindings, PriceReading, RemoteId};
use std::sync::Arc;
use tokio::sync::Mutex;

/// Carries out steps against one connection, many orders in each request.
pub struct BulkLoader {
    /// For carts and lookups; batches share its client, ledger and connection.
    pub(super) rest: Arc<Loader>,
    pub(super) length: BatchLength,
    /// Locked during a canary, as no batch may leave before it is read back.
    pub(super) state: Mutex<Option<CanaryState>>,
}

/// What this process knows about the connection's bulk path.
pub(super) struct CanaryState {
    schema: Arc<OrderSchema>,
    /// How line prices are read, according to a probe of the account; a canary still decides.
    expected_price: PriceReading,
    /// `None`: no canary was read back yet.
    pub(super) findings: Option<BulkFindings>,
    /// A canary was not read back, and why: nothing more may be sent.
    pub(super) stopped: Option<Stopped>,
}

/// Why a canary decided nothing.
#[derive(Debug, Clone, Copy)]
pub(super) enum Stopped {
    By(FatalError),
    Interrupted,
}

impl From<Stopped> for StepError {
    fn from(stopped: Stopped) -> Self {
        match stopped {
            Stopped::By(error) => Self::Fatal(error),
            Stopped::Interrupted => Self::Cancelled,
        }
    }
}

impl From<&StepError> for Stopped {
    fn from(error: &StepError) -> Self {
        match error {
            StepError::Fatal(error) => Self::By(*error),
            StepError::Cancelled | StepError::State(_) => Self::Interrupted,
        }
    }
}

impl CanaryState {
    pub(super) fn price(&self) -> Option<PriceReading> {
        self.findings.and_then(|found| found.price)
    }

    pub(super) fn digest(&self) -> i64 {
        self.schema.digest()
    }

    pub(super) fn form(&self, connection: &RemoteId) -> BulkForm {
        BulkForm {
            schema: (*self.schema).clone(),
            connection: connection.clone(),
            price: self.price().unwrap_or(self.expected_price),
        }
    }
}

impl BulkLoader {
    /// The schema, read once per run, and the findings of canaries with it.
    pub(super) async fn open(&self) -> Result<CanaryState, StepError> {
        let schema = self.read(self.rest.client.order_schema()).await?;
        if schema.is_assumed {
            tracing::warn!(
                "introspection does not describe the type of orders; they are sent in the documented fields"
            );
        }
        let known = self.rest.ledger.bulk_findings().await?;
        let findings = known.filter(|known| known.schema == schema.digest());
        if known.is_some() && findings.is_none() {
            tracing::warn!(
                "ActiveCampaign's GraphQL schema has changed since the last canary; another one is sent"
            );
        }
        let expected_price = self.rest.ledger.probed_price().await?.unwrap_or(PriceReading::Unit);
        Ok(CanaryState { schema: Arc::new(schema), expected_price, findings, stopped: None })
    }

    /// A read that everything else depends on. It ends with the run.
    pub(super) async fn read<T>(
        &self,
        reading: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, StepError> {
        let read = self.rest.cancel.run_until_cancelled(reading).await;
        read.ok_or(StepError::Cancelled)?.map_err(|failure| match failure.disposition {
            Disposition::Stop(stop) => stop.into(),
            Disposition::LookUp if failure.is_unfiltered() => FatalError::Unfiltered.into(),
            _ => FatalError::Unavailable { retry_after: None, cause: failure.cause }.into(),
        })
    }
}
