use crate::domain::choices;
use jiff::{Timestamp, tz::TimeZone};
use serde::{Deserialize, Serialize};

/// More orders from before the window than this mean that the shop ignores the window.
const EARLIER_MAX: u64 = 10;

choices! {
    /// Whether a window holds every order.
    pub enum Extent {
        Full "full" "Every order of the shop, or every one from the setting `since` on.";
        Increment "increment" "The orders that changed in the window.";
    }
}

/// The time range of a pull, by the shop's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    pub extent: Extent,
    /// Orders changed after this moment; `None`: from the first one on.
    pub from: Option<Timestamp>,
    /// Orders changed before this moment.
    pub to: Timestamp,
}

impl Window {
    /// The name of its folder. Names sort by `number`, in the order of the pulls.
    pub(super) fn name(&self, number: u32) -> String {
        let to = self.to.to_zoned(TimeZone::UTC).strftime("%Y%m%dT%H%M%SZ").to_string();
        format!("{number:06}-{to}-{}", self.extent.word())
    }
}

/// Whether a shop ignores the window, by how many of its orders are from before it.
pub(super) fn is_ignored(earlier: u64, orders: u64) -> bool {
    earlier > EARLIER_MAX.max(orders / 100)
}
