//! Orders that no longer exist in a shop.

use super::error::PullError;
use super::folder::Folder;
use super::http::{FAILED_IN_A_ROW_MAX, RequestError};
use super::manifest::{Manifest, PulledWindow};
use super::options::{Options, ShopSystem};
use super::order_id::OrderId;
use super::shop_api::ShopApi;
use std::collections::BTreeSet;

/// Orders that a full pull requests by their ids, to prove that they no longer exist. The next one
/// continues with the others.
const ASKED_MAX: usize = 1000;

/// The export that a full window replaces.
pub(super) struct PreviousExport<'a> {
    pub folder: &'a Folder,
    pub options: &'a Options,
}

impl PreviousExport<'_> {
    /// Requests the orders of the previous export that are not among `present`, those of the new
    /// full window, and notes in its manifest which are gone. An order that changed after the end
    /// of the window is in none of its lists, but not gone. If the shop stops answering, no more
    /// are requested.
    pub(super) async fn find_gone(
        &self,
        present: &BTreeSet<OrderId>,
        api: &mut impl ShopApi,
        manifest: &mut Manifest,
    ) -> Result<(), PullError> {
        let missing = self.missing(&manifest.shop, present)?;
        let mut answers = ShopAnswers::default();
        for id in &missing.now {
            if answers.have_ended() {
                answers.unanswered.push(id.clone());
                continue;
            }
            let found = api.order(id).await;
            answers.note(id, found.map(|found| found.is_some()))?;
        }
        missing.settle(answers, manifest, &mut api.client().warnings);
        Ok(())
    }

    /// Its orders that are not among `present`: first those that were still to be requested, then
    /// those that the shop could not deliver, those that changed after its end and those that it
    /// contains, then those that were gone.
    pub(super) fn missing(
        &self,
        shop: &str,
        present: &BTreeSet<OrderId>,
    ) -> Result<Missing, PullError> {
        let mut export = self.folder.export()?;
        let Options { system, gone_before, .. } = self.options;
        let query = self.options.query();
        export.retain(|window| window.manifest.is_of(system.name, shop, &query));
        let unasked = export.iter().flat_map(|window| window.manifest.missing.iter().cloned());
        let failed = export.iter().flat_map(|window| window.manifest.failed_ids());
        let changed =
            export.iter().flat_map(|window| window.manifest.changed_since.iter().cloned());
        let held = export.iter().flat_map(|window| ids_of(window, system));
        let held: BTreeSet<OrderId> = failed.chain(changed).chain(held).collect();
        let mut seen = present.clone();
        let mut now: Vec<OrderId> =
            unasked.chain(held).chain(gone_before.iter().cloned()).collect();
        now.retain(|id| seen.insert(id.clone()));
        let later = now.split_off(now.len().min(ASKED_MAX));
        Ok(Missing { now, later })
    }
}

/// The orders that are missing from a full window.
pub(super) struct Missing {
    /// To be requested by their ids.
    pub now: Vec<OrderId>,
    later: Vec<OrderId>,
}

/// The shop's answers about orders that were requested by their ids.
#[derive(Default)]
pub(super) struct ShopAnswers {
    pub gone: Vec<OrderId>,
    /// Those without an answer, with the reason for the last of them.
    pub unanswered: Vec<OrderId>,
    pub reason: String,
    failed_in_a_row: usize,
}

impl ShopAnswers {
    /// Whether the shop stopped answering.
    pub(super) fn have_ended(&self) -> bool {
        self.failed_in_a_row > FAILED_IN_A_ROW_MAX
    }

    /// Notes whether the shop has an order.
    pub(super) fn note(
        &mut self,
        id: &OrderId,
        found: Result<bool, RequestError>,
    ) -> Result<(), PullError> {
        match found {
            Ok(is_there) => {
                self.failed_in_a_row = 0;
                if !is_there {
                    self.gone.push(id.clone());
                }
            }
            Err(RequestError::TooMuch(what)) => {
                self.failed_in_a_row += 1;
                self.unanswered.push(id.clone());
                self.reason = what;
            }
            Err(RequestError::Fatal(error)) => return Err(error),
        }
        Ok(())
    }
}

impl Missing {
    /// Writes the answers into the manifest of the window, with every order that the next full pull
    /// must request. Those without an answer come last, as they may never get one.
    pub(super) fn settle(
        self,
        answers: ShopAnswers,
        manifest: &mut Manifest,
        warnings: &mut Vec<String>,
    ) {
        let ShopAnswers { gone, unanswered, reason, .. } = answers;
        if let Some(first) = unanswered.first() {
            warnings.push(format!(
                "{} orders of the last full pull are missing from this one, such as {first}, and the shop does not say whether they are gone ({reason}); the next full pull asks again",
                unanswered.len()
            ));
        }
        if !self.later.is_empty() {
            let (asked, later) = (self.now.len(), self.later.len());
            warnings.push(format!(
                "{} orders of the last full pull are missing from this one, too many to ask for each at once: {asked} were asked for, and the next full pull asks for the other {later}",
                asked + later
            ));
        }
        let is_there = |id: &OrderId| !gone.contains(id) && !unanswered.contains(id);
        manifest.changed_since = self.now.into_iter().filter(is_there).collect();
        manifest.gone = gone;
        manifest.missing = self.later.into_iter().chain(unanswered).collect();
    }
}

/// The ids of a window's orders.
pub(super) fn ids_of(
    window: &PulledWindow,
    system: &'static ShopSystem,
) -> impl Iterator<Item = OrderId> {
    window.parts().flat_map(|part| (system.ids)(&part))
}
