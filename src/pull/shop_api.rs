//! What every API with single orders has, and reading orders by id that a shop can't list.

use super::error::PullError;
use super::http::{FAILED_IN_A_ROW_MAX, RequestError, ShopClient};
use super::order_id::OrderId;
use std::collections::BTreeSet;

/// The API of a shop that delivers an order by its id.
pub(super) trait ShopApi: Send {
    fn client(&mut self) -> &mut ShopClient;

    /// An order by its id, as JSON; `None` if it no longer exists.
    fn order(
        &mut self,
        id: &OrderId,
    ) -> impl Future<Output = Result<Option<Vec<u8>>, RequestError>> + Send;
}

/// The outcome of reading orders of a window by their ids.
#[derive(Debug, Default)]
pub(super) struct SingleReads {
    /// Orders that the shop could not deliver.
    pub failed: BTreeSet<OrderId>,
    in_a_row: usize,
}

impl SingleReads {
    /// The shop delivered a page, so it answers.
    pub(super) fn end_row(&mut self) {
        self.in_a_row = 0;
    }

    /// An order, as JSON; `None` for one that was deleted since it was listed, or that the shop
    /// can't deliver.
    ///
    /// # Errors
    /// When too many in a row fail: then the shop does not answer.
    pub(super) async fn read(
        &mut self,
        api: &mut impl ShopApi,
        id: &OrderId,
    ) -> Result<Option<Vec<u8>>, PullError> {
        match api.order(id).await {
            Ok(found) => {
                self.in_a_row = if found.is_some() { 0 } else { self.in_a_row };
                Ok(found)
            }
            Err(RequestError::TooMuch(what)) => {
                self.in_a_row += 1;
                if self.in_a_row > FAILED_IN_A_ROW_MAX {
                    return Err(api.client().unavailable(what));
                }
                api.client().warnings.push(format!("order {id}: {what}"));
                self.failed.insert(id.clone());
                Ok(None)
            }
            Err(RequestError::Fatal(error)) => Err(error),
        }
    }
}
