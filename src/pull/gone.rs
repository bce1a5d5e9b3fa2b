//! Orders that a shop had and has no more.

use super::error::PullError;
use super::folder::Folder;
use super::http::{FAILED_IN_A_ROW_MAX, Trouble};
use super::manifest::{Manifest, PulledWindow};
use super::options::{Options, ShopSystem};
use super::order_id::OrderId;
use std::collections::BTreeSet;

/// Orders that a full pull asks for by their ids, to prove that they are gone. The next one goes on
/// with the others.
const ASKED_MAX: usize = 1000;

/// The export of a shop that a full window replaces.
pub(super) struct Before<'a> {
    pub folder: &'a Folder,
    pub options: &'a Options,
}

impl Before<'_> {
    /// Its orders that are not among `present`: those first that it was itself to ask for, then those
    /// that the shop could not deliver to it and those that it holds, then those known to be gone.
    pub(super) fn missing(
        &self,
        shop: &str,
        present: &BTreeSet<OrderId>,
    ) -> Result<Missing, PullError> {
        let mut export = self.folder.export()?;
        let Options { system, gone_before, .. } = self.options;
        let query = self.options.query();
        export.retain(|window| window.manifest.is_of(system.name, shop, &query));
        let left = export.iter().flat_map(|window| window.manifest.missing.iter().cloned());
        let failed = export.iter().flat_map(|window| window.manifest.failed_ids());
        let held: BTreeSet<OrderId> =
            failed.chain(export.iter().flat_map(|window| ids_of(window, system))).collect();
        let mut seen = present.clone();
        let mut now: Vec<OrderId> = left.chain(held).chain(gone_before.iter().cloned()).collect();
        now.retain(|id| seen.insert(id.clone()));
        let later = now.split_off(now.len().min(ASKED_MAX));
        Ok(Missing { now, later })
    }
}

/// The orders that are missing from a full window.
pub(super) struct Missing {
    /// To be asked for by their ids.
    pub now: Vec<OrderId>,
    later: Vec<OrderId>,
}

/// What the shop said of the orders that it was asked for by their ids.
#[derive(Default)]
pub(super) struct Answers {
    pub gone: Vec<OrderId>,
    /// Those without an answer, with the reason for the last of them.
    pub unanswered: Vec<OrderId>,
    pub reason: String,
    failed_in_a_row: usize,
}

impl Answers {
    /// Whether the shop answers no more, and is not asked on.
    pub(super) fn have_ended(&self) -> bool {
        self.failed_in_a_row > FAILED_IN_A_ROW_MAX
    }

    /// Notes whether the shop has an order.
    ///
    /// # Errors
    /// When its answer ends the pull.
    pub(super) fn note(
        &mut self,
        id: &OrderId,
        found: Result<bool, Trouble>,
    ) -> Result<(), PullError> {
        match found {
            Ok(is_there) => {
                self.failed_in_a_row = 0;
                self.gone.extend((!is_there).then(|| id.clone()));
            }
            Err(Trouble::TooMuch(what)) => {
                self.failed_in_a_row += 1;
                self.unanswered.push(id.clone());
                self.reason = what;
            }
            Err(Trouble::Fatal(error)) => return Err(error),
        }
        Ok(())
    }
}

impl Missing {
    /// Writes the answers into the manifest of the window, with every order that the next full pull
    /// has to ask for. Those without an answer come last, as they may never get one.
    pub(super) fn settle(
        self,
        answers: Answers,
        manifest: &mut Manifest,
        warnings: &mut Vec<String>,
    ) {
        let Answers { gone, unanswered, reason, .. } = answers;
        if let [first, ..] = unanswered.as_slice() {
            warnings.push(format!(
                "{} orders of the last full pull are missing from this one, such as {first}, and the shop does not say whether they are gone ({reason}); the next full pull asks again",
                unanswered.len()
            ));
        }
        if !self.later.is_empty() {
            let (asked, later) = (self.now.len(), self.later.len());
            warnings.push(format!(
                "{} orders of the last full pull are missing from this one, too many to ask for each at once: {asked} were asked for, and the next full pull goes on with the other {later}",
                asked + later
            ));
        }
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
