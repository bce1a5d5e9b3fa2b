//! Carries out steps in batches by ActiveCampaign's GraphQL. Carts stay on REST.

mod batch;
mod canary;
mod length;
mod path;
mod prepare;

use super::attempts::StepError;
use super::carrier::{Carried, Carrier, Carrying};
use super::loader::Loader;
use crate::plan::Step;
use crate::state::OrderOutcome;
use batch::BatchWrite;
pub use canary::COPY_DELAYS_S;
use length::BatchLength;
pub use path::BulkLoader;
use std::sync::Arc;
use tokio::sync::Mutex;

impl BulkLoader {
    /// `batch_max`: orders in one batch, 1 to 100.
    pub fn new(rest: Arc<Loader>, batch_max: usize) -> Self {
        Self { rest, length: BatchLength::new(batch_max), state: Mutex::new(None) }
    }

    async fn carry_out(
        &self,
        steps: &[&Step],
        outcomes: &mut [Option<OrderOutcome>],
    ) -> Result<(), StepError> {
        let mut orders = Vec::new();
        for (index, step) in steps.iter().enumerate() {
            if step.order.key.is_cart() {
                outcomes[index] = Some(self.rest.carry_out(step).await?);
            } else {
                orders.push(index);
            }
        }
        if orders.is_empty() {
            return Ok(());
        }
        // In the same sequence for all batches, to prevent a deadlock.
        let mut carts: Vec<_> =
            orders.iter().filter_map(|index| steps[*index].order.cart.as_ref()).collect();
        carts.sort_by(|a, b| a.as_str().cmp(b.as_str()));
        carts.dedup();
        let mut held = Vec::new();
        for cart in carts {
            held.push(self.rest.carts.hold(cart).await);
        }
        let mut write = BatchWrite::new(self, steps, outcomes).await?;
        let result = write.carry_out(orders).await;
        for (step, outcome) in steps.iter().zip(outcomes.iter()) {
            if let (Some(cart), Some(outcome)) = (&step.order.cart, outcome)
                && outcome.is_at_remote()
            {
                self.rest.settle_cart(cart).await?;
            }
        }
        result
    }
}

impl Carrier for BulkLoader {
    fn steps_max(&self) -> usize {
        self.length.now()
    }

    fn carry_out_all<'a>(&'a self, steps: &'a [&'a Step]) -> Carrying<'a> {
        Box::pin(async move {
            let mut outcomes = vec![None; steps.len()];
            let error = self.carry_out(steps, &mut outcomes).await.err();
            Carried { outcomes, error }
        })
    }
}
