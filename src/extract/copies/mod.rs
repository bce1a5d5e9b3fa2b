//! Copies of an order in an export: which of them counts.
//!
//! Of copies that state when they were modified, the newest counts, in whichever file it is. Of
//! copies that are identical in all that is read, the first in reading order counts. The run
//! decides about the rest: the last file wins, and a repeat within a file is an error.
//!
//! The older copy may come first, so it has to be known before the first record is returned. Only
//! exports that state modification times are searched for it, and JSON of one format first by the
//! keys alone, as copies are rare. For other exports a run detects identical copies by the hashes
//! that it stores with its keys.

mod marks;
mod repeats;

pub(super) use marks::{Marks, all};

use super::error::ReadError;
use super::join::Input;
use super::order_versions::CopyTimes;
use jiff::tz::TimeZone;
use std::sync::Arc;

/// The records that are older or identical copies, if there may be older ones. `zone` is that of
/// modification times without an offset.
pub(super) fn older(inputs: &Arc<[Input]>, zone: &TimeZone) -> Result<Marks, ReadError> {
    let times: Vec<CopyTimes> = inputs.iter().map(Input::copy_times).collect();
    let stating = times.iter().filter(|times| **times != CopyTimes::Unstated).count();
    let may_hold_older =
        (stating > 1 || times.contains(&CopyTimes::Stated)) && repeats::may_hold(inputs);
    if may_hold_older { all(inputs, zone) } else { Ok(Marks::none()) }
}
