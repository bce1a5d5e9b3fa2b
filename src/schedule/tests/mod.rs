mod calendar;
mod clocks;
mod oracle;
mod reading;

use super::Schedule;
use jiff::Timestamp;
use jiff::tz::TimeZone;

fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap()
}

/// The first runs after a moment, as local times with offset.
fn runs(text: &str, zone_name: &str, after: &str, count: usize) -> Vec<String> {
    let zone = zone(zone_name);
    let schedule = Schedule::parse(text, &zone).unwrap();
    let after: Timestamp = after.parse().unwrap();
    std::iter::successors(schedule.next_after(after), |at| schedule.next_after(*at))
        .take(count)
        .map(|at| at.to_zoned(zone.clone()).strftime("%a %Y-%m-%d %H:%M:%S %:z").to_string())
        .collect()
}
