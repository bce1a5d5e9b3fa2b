//! Orders that a shop is asked for by their ids: those that it can't list, and those that may be gone.

use super::error::PullError;
use super::gone::{Answers, Before};
use super::http::{FAILED_IN_A_ROW_MAX, ShopClient, Trouble};
use super::manifest::Manifest;
use super::order_id::OrderId;
use std::collections::BTreeSet;

/// The API of a shop that delivers an order by its id.
pub(super) trait ById: Send {
    fn client(&mut self) -> &mut ShopClient;

    /// What someone should look at.
    fn warnings(&mut self) -> &mut Vec<String>;

    /// An order by its id, as JSON; `None` for one that is gone.
    fn order(
        &mut self,
        id: &OrderId,
    ) -> impl Future<Output = Result<Option<Vec<u8>>, Trouble>> + Send;
}

/// What came of the orders of a window that were asked for by their ids.
#[derive(Debug, Default)]
pub(super) struct Singles {
    /// Those that the shop could not deliver.
    pub failed: BTreeSet<OrderId>,
    in_a_row: usize,
}

impl Singles {
    /// The shop delivered something else: it answers.
    pub(super) fn end_row(&mut self) {
        self.in_a_row = 0;
    }

    /// An order, as JSON; `None` for one that was deleted since it was listed, or that the shop can't
    /// deliver.
    ///
    /// # Errors
    /// When too many in a row fail: the shop does not answer then.
    pub(super) async fn read(
        &mut self,
        api: &mut impl ById,
        id: &OrderId,
    ) -> Result<Option<Vec<u8>>, PullError> {
        match api.order(id).await {
            Ok(found) => {
                self.in_a_row = if found.is_some() { 0 } else { self.in_a_row };
                Ok(found)
            }
            Err(Trouble::TooMuch(what)) => {
                self.in_a_row += 1;
                if self.in_a_row > FAILED_IN_A_ROW_MAX {
                    return Err(api.client().away(what));
                }
                api.warnings().push(format!("order {id}: {what}"));
                self.failed.insert(id.clone());
                Ok(None)
            }
            Err(Trouble::Fatal(error)) => Err(error),
        }
    }
}

impl Before<'_> {
    /// Finds out which orders of the export before are gone, and notes it in the manifest of the full
    /// window that has those of `present`. One that changed after the end of the window is in no list
    /// of it, and not gone. A shop that answers no more is not asked on.
    ///
    /// # Errors
    /// When an answer ends the pull.
    pub(super) async fn find_gone(
        &self,
        present: &BTreeSet<OrderId>,
        api: &mut impl ById,
        manifest: &mut Manifest,
    ) -> Result<(), PullError> {
        let missing = self.missing(&manifest.shop, present)?;
        let mut answers = Answers::default();
        for id in &missing.now {
            if answers.have_ended() {
                answers.unanswered.push(id.clone());
                continue;
            }
            let found = api.order(id).await;
            answers.note(id, found.map(|found| found.is_some()))?;
        }
        missing.settle(answers, manifest, api.warnings());
        Ok(())
    }
}
