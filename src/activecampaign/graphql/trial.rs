//! Batches that only a probe sends.

use super::super::client::Turn;
use super::super::disposition::{Disposition, RequestKind};
use super::super::failure::Failure;
use super::answer::Answer;
use super::payload::{BulkForm, SentOrder};
use super::{BulkBody, UPSERT, request};
use serde_json::{Value, json};

const UPSERT_ASYNC: &str =
    "mutation ($orders: [OrderInput!]!) { bulkUpsertOrdersAsync(orders: $orders) { recordId } }";

/// How one order is sent.
#[derive(Debug, Clone, Copy)]
pub struct BulkTrial {
    pub mutation: BulkMutation,
    /// A field that is sent as an empty text.
    pub blank: Option<&'static str>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BulkMutation {
    Upsert,
    UpsertAsync,
}

impl BulkBody {
    /// `None` if the schema requires what no order has.
    pub fn of_trial(form: &BulkForm, sent: &SentOrder<'_>, trial: BulkTrial) -> Option<Self> {
        let order = form.order(sent).ok()?;
        let mut order: Value = serde_json::from_str(order.get()).ok()?;
        if let Some(field) = trial.blank {
            order[field] = "".into();
        }
        let query = match trial.mutation {
            BulkMutation::Upsert => UPSERT,
            BulkMutation::UpsertAsync => UPSERT_ASYNC,
        };
        let body = json!({ "query": query, "variables": { "orders": [order] } });
        Some(Self { body: body.to_string().into_bytes() })
    }
}

impl Turn<'_> {
    /// Sends a trial. It is accepted if the answer has no errors.
    ///
    /// # Errors
    /// `Refused` where the answer has errors; else see [`super::super::Disposition`].
    pub async fn try_bulk(self, trial: BulkBody) -> Result<(), Failure> {
        let name = "upsert_orders";
        let request = request(RequestKind::BulkUpsert, name, trial.body);
        if self.send(&request, Answer::read).await?.errors.is_empty() {
            Ok(())
        } else {
            Err(Failure { disposition: Disposition::Refused, ..Failure::unclear(name) })
        }
    }
}
