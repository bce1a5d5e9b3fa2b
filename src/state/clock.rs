//! The clock by which a state notes when something happened: this machine's, or one that machines
//! share.

use jiff::{SignedDuration, Timestamp};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// What a shared clock showed at a moment of the monotonic clock, which nobody sets.
static SHARED: Mutex<Option<(Timestamp, Instant)>> = Mutex::new(None);

/// States of this process follow a shared clock from now on, which shows this now. The clocks of
/// machines differ: a start that one of them noted would be ahead of another, or behind it.
pub fn follow_clock(shows: Timestamp) {
    *SHARED.lock().unwrap_or_else(PoisonError::into_inner) = Some((shows, Instant::now()));
}

/// What the clock of the states shows.
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
