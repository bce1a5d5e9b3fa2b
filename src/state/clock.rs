//! The clock by which a state notes when something happened: this machine's, or one that machines
//! share.

use jiff::{SignedDuration, Timestamp};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// The time of a shared clock at a moment of the monotonic clock, which can't be set.
static SHARED: Mutex<Option<(Timestamp, Instant)>> = Mutex::new(None);

/// From now on, states of this process follow a shared clock with this current time. Machines'
/// clocks differ, so a start noted by one machine could be ahead of another's clock, or behind it.
pub fn follow_clock(shows: Timestamp) {
    *SHARED.lock().unwrap_or_else(PoisonError::into_inner) = Some((shows, Instant::now()));
}

/// The current time of the states' clock.
pub fn clock_now() -> Timestamp {
    let shared = *SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    let passed = |(shows, at): (Timestamp, Instant)| {
        shows.checked_add(SignedDuration::try_from(at.elapsed()).ok()?).ok()
    };
    shared.and_then(passed).unwrap_or_else(Timestamp::now)
}

/// The same in milliseconds since 1970.
pub(super) fn now_ms() -> i64 {
    clock_now().as_millisecond()
}
