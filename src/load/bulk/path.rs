use super::super::attempts::StepError;
use super::super::loader::Loader;
use super::length::BatchLength;
use crate::activecampaign::{Disposition, Failure, FatalError, OrderSchema};
use crate::domain::BulkFindings;
use std::sync::Arc;
use tokio::sync::Mutex;

/// What the batches of one connection share.
pub(super) struct BulkPath {
    /// For carts and lookups; its client, ledger and connection are those of the batches too.
    pub(super) rest: Arc<Loader>,
    pub(super) length: BatchLength,
    /// Locked while a canary is under way, as no batch may leave before it is read back.
    pub(super) state: Mutex<Option<CanaryState>>,
}

/// What this process knows of the connection's bulk path.
pub(super) struct CanaryState {
    pub(super) schema: Arc<OrderSchema>,
    /// `None`: no canary was read back yet.
    pub(super) findings: Option<BulkFindings>,
    /// A canary was not read back: nothing more may be sent.
    pub(super) is_stopped: bool,
}

impl BulkPath {
    /// The schema, read once for each run.
    pub(super) async fn schema(
        &self,
    ) -> Result<(Arc<OrderSchema>, Option<BulkFindings>), StepError> {
        let schema = self.rest.client.order_schema().await.map_err(ended)?;
        if schema.is_assumed {
            tracing::warn!(
                "ActiveCampaign refuses introspection; orders are sent in the documented fields"
            );
        }
        let known = self.rest.ledger.bulk_findings().await?;
        let is_changed = known.is_some_and(|known| known.schema != schema.digest());
        if is_changed {
            tracing::warn!(
                "ActiveCampaign's GraphQL schema has changed since the last canary; another one is sent"
            );
        }
        Ok((Arc::new(schema), known))
    }
}

/// A read that everything else depends on failed.
pub(super) fn ended(failure: Failure) -> StepError {
    match failure.disposition {
        Disposition::Stop(stop) => stop.into(),
        _ => FatalError::Away { retry_after: None, cause: failure.cause }.into(),
    }
}
