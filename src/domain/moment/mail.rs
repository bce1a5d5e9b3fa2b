//! Dates as mail headers have them (RFC 2822 section 3.3): `Tue, 05 Mar 2019 21:40:11 +0000`.

use crate::domain::calendar::{DAYS, MONTHS, is_short_form};
use jiff::civil::{Date, DateTime, Time, Weekday};

/// The date and time of a text, and what follows them. Years have four digits. A weekday that
/// doesn't match the date shows that one of the two is wrong, so the text is refused.
pub(super) fn split(text: &str) -> Option<(DateTime, &str)> {
    let (weekday, rest) = match text.split_once(',') {
        Some((name, rest)) => (Some(weekday(name)?), rest.strip_prefix(' ').unwrap_or(rest)),
        None => (None, text),
    };
    let (day, rest) = rest.split_once(' ')?;
    let (month, rest) = rest.split_once(' ')?;
    let (year, rest) = rest.split_once(' ')?;
    let (time, rest) = rest.split_at_checked(rest.find(' ').unwrap_or(rest.len()))?;
    let month = MONTHS.iter().position(|name| is_short_form(month, name))?;
    let year = (year.len() == 4).then(|| digits(year)).flatten()?;
    let day = (day.len() <= 2).then(|| digits(day)).flatten()?;
    let date = Date::new(year, i8::try_from(month + 1).ok()?, i8::try_from(day).ok()?).ok()?;
    let is_of_date = weekday.is_none_or(|weekday| weekday == date.weekday());
    is_of_date.then_some((date.to_datetime(clock(time)?), rest))
}

fn weekday(name: &str) -> Option<Weekday> {
    let day = DAYS.iter().position(|day| is_short_form(name, day))?;
    Weekday::from_sunday_zero_offset(i8::try_from(day).ok()?).ok()
}

/// `21:40:11` or `21:40`.
fn clock(text: &str) -> Option<Time> {
    let mut parts = text.split(':').map(|part| (part.len() == 2).then(|| digits(part)).flatten());
    let (hour, minute) = (parts.next()??, parts.next()??);
    let second = match parts.next() {
        Some(second) => second?,
        None => 0,
    };
    let small = |n: i16| i8::try_from(n).ok();
    let time = Time::new(small(hour)?, small(minute)?, small(second)?, 0).ok()?;
    parts.next().is_none().then_some(time)
}

/// At most four digits.
fn digits(text: &str) -> Option<i16> {
    let all_digits = (1..=4).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    all_digits.then(|| text.parse().ok()).flatten()
}
