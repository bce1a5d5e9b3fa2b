//! Orders that a shop had and has no more.

use super::error::PullError;
use super::folder::Folder;
use super::manifest::{Manifest, PulledWindow};
use serde::Deserialize;
use std::collections::BTreeSet;

/// Orders that a full pull asks for by their ids, to prove that they are gone. The next one goes on
/// with the others.
const ASKED_MAX: usize = 1000;

/// The export that a full window replaces.
pub(super) struct Before<'a> {
    pub folder: &'a Folder,
    pub shop: &'a str,
    pub query: &'a str,
    /// Orders that earlier pulls found gone and that the ledger still has.
    pub gone: &'a [u64],
}

impl Before<'_> {
    /// Its orders that are not among `present`: those first that it was itself to ask for, then those
    /// that the shop could not deliver to it and those that it holds, then those known to be gone.
    pub(super) fn missing(&self, present: &BTreeSet<u64>) -> Result<Missing, PullError> {
        let mut export = self.folder.export()?;
        export.retain(|window| window.manifest.is_of(self.shop, self.query));
        let left = export.iter().flat_map(|window| window.manifest.missing.iter().copied());
        let failed = export.iter().flat_map(|window| window.manifest.failed_ids());
        let held: BTreeSet<u64> = failed.chain(export.iter().flat_map(ids_of)).collect();
        let mut seen = present.clone();
        let mut now: Vec<u64> = left.chain(held).chain(self.gone.iter().copied()).collect();
        now.retain(|id| seen.insert(*id));
        let later = now.split_off(now.len().min(ASKED_MAX));
        Ok(Missing { now, later })
    }
}

/// The orders that are missing from a full window.
pub(super) struct Missing {
    /// To be asked for by their ids.
    pub now: Vec<u64>,
    later: Vec<u64>,
}

/// What the shop said of the orders that it was asked for by their ids.
#[derive(Default)]
pub(super) struct Answers {
    pub gone: Vec<u64>,
    /// Those without an answer, with the reason for the last of them.
    pub unanswered: Vec<u64>,
    pub reason: String,
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
        let Answers { gone, unanswered, reason } = answers;
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

/// The orders of an export that the shop has no more: those that its full window found gone, and
/// that no window after it has, or knows although the shop could not deliver them.
pub fn gone(export: &[PulledWindow]) -> Vec<u64> {
    let Some((full, later)) = export.split_first() else { return Vec::new() };
    if full.manifest.gone.is_empty() {
        return Vec::new();
    }
    let ids = |window: &PulledWindow| {
        window.manifest.failed_ids().chain(ids_of(window)).collect::<Vec<_>>()
    };
    let back: BTreeSet<u64> = later.iter().flat_map(ids).collect();
    full.manifest.gone.iter().copied().filter(|id| !back.contains(id)).collect()
}

/// The orders of an export of which the next full pull has to find out whether they are gone.
pub fn missing(export: &[PulledWindow]) -> &[u64] {
    export.first().map_or(&[], |full| &full.manifest.missing)
}

/// The ids of a window's orders, in any of the forms of answers.
fn ids_of(window: &PulledWindow) -> impl Iterator<Item = u64> {
    /// An order, or a row that is a part of one.
    #[derive(Deserialize)]
    struct Row {
        id: Id,
        #[serde(rename = "__parentId")]
        parent: Option<String>,
    }
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Id {
        Number(u64),
        Global(String),
    }
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Part {
        Page(Vec<Row>),
        Row(Row),
    }
    window.parts().flat_map(|part| {
        let rows = match serde_json::from_slice(&part) {
            Ok(Part::Page(rows)) => rows,
            Ok(Part::Row(row)) => vec![row],
            // Damaged, or the page of a result without orders.
            Err(_) => Vec::new(),
        };
        rows.into_iter().filter(|row| row.parent.is_none()).filter_map(|row| match row.id {
            Id::Number(id) => Some(id),
            Id::Global(id) => id.strip_prefix("gid://shopify/Order/")?.parse().ok(),
        })
    })
}
