use super::ScheduleError;
use super::civil::Civil;
use super::syntax::Fields;
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{Timestamp, ToSpan};
use std::collections::BTreeMap;

/// A schedule on the clock of a time zone.
///
/// Each matching local time is one run. A local time that the clocks skip runs at the first moment
/// after the gap, together with others of the same gap; one that occurs twice runs the first time.
/// So a nightly run is never skipped or doubled; a schedule of several runs an hour pauses while an
/// hour is repeated.
#[derive(Debug, Clone)]
pub struct Schedule {
    civil: Civil,
    zone: TimeZone,
    has_seconds: bool,
}

/// Reads schedules, and stores each once: it takes a kilobyte, and thousands of jobs may have the
/// same.
#[derive(Debug, Default)]
pub struct Schedules(BTreeMap<String, Vec<(TimeZone, Schedule)>>);

impl Schedules {
    /// As [`Schedule::parse`].
    pub fn read(&mut self, text: &str, zone: &TimeZone) -> Result<Schedule, ScheduleError> {
        let known = self.0.entry(text.to_owned()).or_default();
        if let Some((_, schedule)) = known.iter().find(|(of, _)| of == zone) {
            return Ok(schedule.clone());
        }
        let schedule = Schedule::parse(text, zone)?;
        known.push((zone.clone(), schedule.clone()));
        Ok(schedule)
    }
}

impl Schedule {
    /// Reads five fields as in crontab, six with seconds first, or a word such as `@daily`.
    /// A schedule that never matches is an error.
    pub fn parse(text: &str, zone: &TimeZone) -> Result<Self, ScheduleError> {
        let fields = Fields::read(text)?;
        let civil = Civil::new(&fields)?;
        if civil.after(DateTime::constant(2000, 1, 1, 0, 0, 0, 0)).is_none() {
            return Err(ScheduleError::new(
                format!("found `{text}`, which never comes"),
                "a day of month that its months have",
            ));
        }
        Ok(Self { civil, zone: zone.clone(), has_seconds: fields.has_seconds })
    }

    /// The first run strictly after a moment; `None` after the year 2100.
    pub fn next_after(&self, after: Timestamp) -> Option<Timestamp> {
        // An earlier local time can't have its first occurrence later, so the search starts here.
        let mut local = self.zone.to_datetime(after);
        loop {
            local = self.civil.after(local)?;
            let at = self.moment_of(local)?;
            // In a repeated hour, the first occurrence has passed.
            if at > after {
                return Some(at);
            }
        }
    }

    pub fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// Whether seconds were given.
    pub fn has_seconds(&self) -> bool {
        self.has_seconds
    }

    fn moment_of(&self, local: DateTime) -> Option<Timestamp> {
        let ambiguous = self.zone.to_ambiguous_timestamp(local);
        let offset = ambiguous.offset();
        let at = ambiguous.compatible().ok()?;
        match offset {
            AmbiguousOffset::Unambiguous { .. } | AmbiguousOffset::Fold { .. } => Some(at),
            // `compatible` is as far after the gap as the time is into it; the end of the gap is
            // the last change before that.
            AmbiguousOffset::Gap { .. } => {
                let beyond = at.checked_add(1.nanosecond()).ok()?;
                self.zone.preceding(beyond).next().map(|change| change.timestamp())
            }
        }
    }
}
