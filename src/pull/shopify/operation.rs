//! A bulk operation that was started: noted on disk, so that a pull after a restart waits for it
//! instead of starting another one.

use super::super::error::PullError;
use super::super::folder::Folder;
use super::super::window::Window;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

const NOTE: &str = "operation.json";
/// Shopify keeps a result for seven days; the last one is left for the download.
const AGE_MAX: SignedDuration = SignedDuration::from_hours(6 * 24);

/// A bulk operation, and the window that it reads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct BulkOperation {
    pub id: String,
    pub shop: String,
    /// As in the window's manifest.
    pub query: String,
    #[serde(flatten)]
    pub window: Window,
}

impl BulkOperation {
    pub(super) fn note(&self, folder: &Folder) -> Result<(), PullError> {
        let text = serde_json::to_vec(self).unwrap_or_default();
        folder.leave_note(NOTE, &text)
    }

    pub(super) fn forget(folder: &Folder) -> Result<(), PullError> {
        folder.remove_note(NOTE)
    }

    /// The operation that a pull of the same window left. The ends of the two windows may differ.
    pub(super) fn left(
        folder: &Folder,
        wanted: &Self,
        now: Timestamp,
    ) -> Result<Option<Self>, PullError> {
        let last = folder.windows()?.pop().map(|last| last.manifest.window.to);
        let left = folder.note(NOTE)?.and_then(|text| serde_json::from_slice::<Self>(&text).ok());
        Ok(left.filter(|left| {
            let Window { extent, from, to } = left.window;
            let is_same = (&left.shop, &left.query, extent, from)
                == (&wanted.shop, &wanted.query, wanted.window.extent, wanted.window.from);
            // If its window was written just before the process was killed, it is done.
            is_same && last.is_none_or(|last| to > last) && to.duration_until(now) < AGE_MAX
        }))
    }
}
