//! Matching local times, on a clock without changes. The only file that names `cron` and `chrono`.

use super::ScheduleError;
use super::field::{
    AllowedValues, CrontabField, DAY_OF_MONTH, DAY_OF_WEEK, HOUR, MINUTE, MONTH, SECOND,
};
use super::syntax::Fields;
use chrono::{DateTime, Datelike, NaiveDate, Timelike, Utc};
use std::str::FromStr;
use std::sync::Arc;

/// Times that match any of these. Two if a day may match by its date or by its weekday: the crate
/// alone would require both.
#[derive(Debug, Clone)]
pub(super) struct Civil {
    any_of: Arc<[cron::Schedule]>,
}

impl Civil {
    pub(super) fn new(fields: &Fields) -> Result<Self, ScheduleError> {
        let (date, name) = (fields.day_of_month, fields.day_of_week);
        let (dates, names) = (list(&DAY_OF_MONTH, date), week(name));
        let lines = if date.is_free || name.is_free {
            vec![line(fields, &dates, &names)]
        } else {
            vec![line(fields, &dates, "*"), line(fields, "*", &names)]
        };
        let any_of: Result<Arc<[_]>, _> =
            lines.iter().map(|line| cron::Schedule::from_str(line)).collect();
        // The crate accepts all fields that were read; if not, its message is used.
        let any_of = any_of.map_err(|error| ScheduleError::new(error.to_string(), "a schedule"))?;
        Ok(Self { any_of })
    }

    /// The first matching local time after this one, up to the year 2100.
    pub(super) fn after(&self, at: jiff::civil::DateTime) -> Option<jiff::civil::DateTime> {
        let at = to_chrono(at)?;
        let next = self.any_of.iter().filter_map(|schedule| schedule.after(&at).next()).min()?;
        to_jiff(next)
    }
}

fn line(fields: &Fields, date: &str, name: &str) -> String {
    let (second, minute) = (list(&SECOND, fields.second), list(&MINUTE, fields.minute));
    let (hour, month) = (list(&HOUR, fields.hour), list(&MONTH, fields.month));
    format!("{second} {minute} {hour} {date} {month} {name}")
}

fn list(field: &CrontabField, values: AllowedValues) -> String {
    joined((field.min..=field.max).filter(|value| values.has(*value)))
}

/// The crate counts Sunday as 1.
fn week(values: AllowedValues) -> String {
    let days = || (0..DAY_OF_WEEK.max).filter(|day| values.has(*day));
    // All days must be `*`, or the crate checks the weekday of each date.
    if days().count() == 7 { "*".to_owned() } else { joined(days().map(|day| day + 1)) }
}

fn joined(values: impl Iterator<Item = u8>) -> String {
    values.map(|value| value.to_string()).collect::<Vec<_>>().join(",")
}

/// The crate requires a zone; in UTC every local time exists once.
fn to_chrono(at: jiff::civil::DateTime) -> Option<DateTime<Utc>> {
    let [month, day, hour, minute, second] =
        [at.month(), at.day(), at.hour(), at.minute(), at.second()]
            .map(|part| u32::from(part.unsigned_abs()));
    let date = NaiveDate::from_ymd_opt(i32::from(at.year()), month, day)?;
    Some(date.and_hms_opt(hour, minute, second)?.and_utc())
}

fn to_jiff(at: DateTime<Utc>) -> Option<jiff::civil::DateTime> {
    let part = |part: u32| i8::try_from(part).ok();
    let year = i16::try_from(at.year()).ok()?;
    let (month, day) = (part(at.month())?, part(at.day())?);
    let (hour, minute, second) = (part(at.hour())?, part(at.minute())?, part(at.second())?);
    jiff::civil::DateTime::new(year, month, day, hour, minute, second, 0).ok()
}
