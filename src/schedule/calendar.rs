use super::Schedule;
use jiff::civil::Date;
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};

/// The default jitter of a schedule without seconds: the run still begins within its minute.
pub const JITTER_DEFAULT_S: u32 = 59;
/// The greatest jitter that can be set, in seconds.
pub const JITTER_MAX_S: u32 = 3_600;

/// When a job starts: its schedule, delayed by a few seconds that are always the same for the job.
#[derive(Debug, Clone)]
pub struct Calendar {
    schedule: Schedule,
    jitter: SignedDuration,
}

impl Calendar {
    /// `jitter_max_s`, 0 to `JITTER_MAX_S`, bounds the delay, which follows from the job's name, so
    /// that the jobs of many hosts don't all begin in one second. `None` is `JITTER_DEFAULT_S`, or
    /// 0 for a schedule with seconds.
    pub fn new(schedule: Schedule, job: &str, jitter_max_s: Option<u32>) -> Self {
        let usual = if schedule.has_seconds() { 0 } else { JITTER_DEFAULT_S };
        let bound = u64::from(jitter_max_s.unwrap_or(usual).min(JITTER_MAX_S));
        let mut eight = [0; 8];
        eight.copy_from_slice(&blake3::hash(job.as_bytes()).as_bytes()[..8]);
        let share = u64::from_le_bytes(eight) % (bound + 1);
        Self { schedule, jitter: SignedDuration::from_secs(share.try_into().unwrap_or_default()) }
    }

    /// The first start strictly after a moment; `None` after the year 2100.
    pub fn start_after(&self, after: Timestamp) -> Option<Timestamp> {
        self.schedule
            .next_after(after.checked_sub(self.jitter).ok()?)?
            .checked_add(self.jitter)
            .ok()
    }

    /// The delay of the job's starts.
    pub fn jitter(&self) -> SignedDuration {
        self.jitter
    }

    pub fn zone(&self) -> &TimeZone {
        self.schedule.zone()
    }
}

/// A change of clocks: the offsets from UTC before and after.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClockChange {
    pub from: Offset,
    pub to: Offset,
}

/// The first change of clocks on a day.
pub fn clock_change(day: Date, zone: &TimeZone) -> Option<ClockChange> {
    let begins = day.to_zoned(zone.clone()).ok()?.timestamp();
    let ends = day.tomorrow().ok()?.to_zoned(zone.clone()).ok()?.timestamp();
    // A change at midnight belongs to the day that begins.
    let before = begins.checked_sub(SignedDuration::from_nanos(1)).ok()?;
    let changes = zone.following(before).take_while(|change| change.timestamp() < ends);
    let offset_before = |at: Timestamp| {
        at.checked_sub(SignedDuration::from_nanos(1)).ok().map(|before| zone.to_offset(before))
    };
    changes
        .filter_map(|change| {
            Some(ClockChange { from: offset_before(change.timestamp())?, to: change.offset() })
        })
        .find(|change| change.from != change.to)
}
