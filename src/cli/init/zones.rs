//! The time zones that the dates of an export can be in.

use crate::domain::Moment;
use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};
use std::collections::{BTreeMap, BTreeSet};

const HOUR_S: i64 = 3_600;

/// Clock changes by which zones are compared, from 1970 on: as many as until 2070.
const CHANGES_MAX: usize = 200;

/// Where people live and shops are.
const AREAS: [&str; 8] =
    ["Africa", "America", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific"];

/// Well-known zones, in the order in which they are chosen among those that fit.
const KNOWN: [&str; 93] = [
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Los_Angeles",
    "America/Phoenix",
    "America/Anchorage",
    "Pacific/Honolulu",
    "America/Toronto",
    "America/Vancouver",
    "America/Edmonton",
    "America/Winnipeg",
    "America/Halifax",
    "America/St_Johns",
    "America/Mexico_City",
    "America/Tijuana",
    "America/Guatemala",
    "America/Costa_Rica",
    "America/Regina",
    "America/Bogota",
    "America/Lima",
    "America/Guayaquil",
    "America/Panama",
    "America/Caracas",
    "America/La_Paz",
    "America/Santiago",
    "America/Sao_Paulo",
    "America/Manaus",
    "America/Argentina/Buenos_Aires",
    "America/Montevideo",
    "America/Asuncion",
    "America/Puerto_Rico",
    "America/Santo_Domingo",
    "America/Jamaica",
    "America/Havana",
    "Europe/London",
    "Europe/Dublin",
    "Europe/Lisbon",
    "Europe/Berlin",
    "Europe/Paris",
    "Europe/Madrid",
    "Europe/Rome",
    "Europe/Vienna",
    "Europe/Zurich",
    "Europe/Brussels",
    "Europe/Warsaw",
    "Europe/Prague",
    "Europe/Budapest",
    "Europe/Belgrade",
    "Europe/Athens",
    "Europe/Helsinki",
    "Europe/Bucharest",
    "Europe/Sofia",
    "Europe/Kyiv",
    "Europe/Istanbul",
    "Europe/Moscow",
    "Africa/Johannesburg",
    "Africa/Lagos",
    "Africa/Nairobi",
    "Africa/Cairo",
    "Africa/Casablanca",
    "Africa/Algiers",
    "Africa/Tunis",
    "Africa/Abidjan",
    "Asia/Jerusalem",
    "Asia/Beirut",
    "Asia/Riyadh",
    "Asia/Baghdad",
    "Asia/Tehran",
    "Asia/Dubai",
    "Asia/Karachi",
    "Asia/Tashkent",
    "Asia/Almaty",
    "Asia/Kolkata",
    "Asia/Colombo",
    "Asia/Kathmandu",
    "Asia/Dhaka",
    "Asia/Yangon",
    "Asia/Bangkok",
    "Asia/Jakarta",
    "Asia/Ho_Chi_Minh",
    "Asia/Shanghai",
    "Asia/Hong_Kong",
    "Asia/Singapore",
    "Asia/Manila",
    "Asia/Tokyo",
    "Asia/Seoul",
    "Australia/Sydney",
    "Australia/Brisbane",
    "Australia/Perth",
    "Australia/Adelaide",
    "Australia/Darwin",
    "Australia/Hobart",
    "Pacific/Auckland",
];

/// The dates of an export, as far as they distinguish time zones.
#[derive(Debug, Default)]
pub(super) struct ZoneDates {
    /// One date for each offset of a month, which shows each offset that a zone has.
    stated: BTreeMap<((i16, i8), Offset), Timestamp>,
    /// The hours with dates that state no offset, counted from 1970 as if they were UTC.
    local_hours: BTreeSet<i64>,
}

impl ZoneDates {
    /// Adds a date as the export writes it. Returns whether it is a date without an offset.
    pub(super) fn add(&mut self, text: &str) -> bool {
        let Ok(at) = Moment::parse(text, &TimeZone::UTC) else { return false };
        let is_local = !Moment::states_offset(text);
        if is_local {
            self.local_hours.insert(at.timestamp().as_second().div_euclid(HOUR_S));
        } else {
            self.stated.insert((at.month(), at.offset()), at.timestamp());
        }
        is_local
    }

    pub(super) fn zones(self) -> Zones {
        let stated = self.stated.into_iter().map(|((_, offset), at)| (at, offset)).collect();
        let mut zones = Zones { stated, fitting: Vec::new(), agree_on_local_dates: false };
        // Programs write times of any zone as UTC, so that an offset of zero shows nothing.
        if zones.stated.iter().all(|(_, offset)| *offset == Offset::UTC) {
            return zones;
        }
        let names = jiff::tz::db().available().map(|name| name.to_string());
        let in_area =
            |name: &String| name.split_once('/').is_some_and(|(area, _)| AREAS.contains(&area));
        let mut fitting: Vec<String> =
            names.filter(in_area).filter(|name| zones.fits(name)).collect();
        fitting.sort_by_key(|name| (rank(name).unwrap_or(usize::MAX), name.clone()));
        let mut clocks: Vec<TimeZone> = Vec::new();
        let mut changes: Vec<Vec<(Timestamp, Offset)>> = Vec::new();
        for name in fitting {
            let Ok(zone) = TimeZone::get(&name) else { continue };
            let own = changes_of(&zone);
            if !changes.contains(&own) {
                changes.push(own);
                clocks.push(zone);
                zones.fitting.push(name);
            }
        }
        zones.agree_on_local_dates = self.local_hours.iter().all(|hour| agree(&clocks, *hour));
        zones
    }
}

/// What the offsets in an export say about its time zone.
#[derive(Debug, Default)]
pub(super) struct Zones {
    stated: Vec<(Timestamp, Offset)>,
    /// Zones that fit every date with an offset, each by one name, the best known first. Empty if
    /// no offset differs from zero.
    pub fitting: Vec<String>,
    /// Whether each date without an offset is the same moment in all of them.
    pub agree_on_local_dates: bool,
}

impl Zones {
    /// Whether every stated offset is that of the zone at that time.
    pub(super) fn fits(&self, name: &str) -> bool {
        let fits =
            |zone: &TimeZone| self.stated.iter().all(|(at, offset)| zone.to_offset(*at) == *offset);
        TimeZone::get(name).is_ok_and(|zone| fits(&zone))
    }

    /// The best known of them; `None` if only little known ones fit.
    pub(super) fn likely(&self) -> Option<&String> {
        self.fitting.first().filter(|name| rank(name).is_some())
    }
}

fn rank(name: &str) -> Option<usize> {
    KNOWN.iter().position(|known| *known == name)
}

/// The clock changes of a zone, which are the same for all its names.
fn changes_of(zone: &TimeZone) -> Vec<(Timestamp, Offset)> {
    let first = (Timestamp::UNIX_EPOCH, zone.to_offset(Timestamp::UNIX_EPOCH));
    let later =
        zone.following(Timestamp::UNIX_EPOCH).map(|change| (change.timestamp(), change.offset()));
    let mut changes: Vec<_> = std::iter::once(first).chain(later.take(CHANGES_MAX)).collect();
    changes.dedup_by_key(|(_, offset)| *offset);
    changes
}

/// Whether a local hour begins and ends at the same instants in all zones.
fn agree(zones: &[TimeZone], hour: i64) -> bool {
    let ends = [hour * HOUR_S, (hour + 1) * HOUR_S - 1];
    ends.into_iter().all(|second| {
        let Ok(at) = Timestamp::from_second(second) else { return false };
        let civil = Offset::UTC.to_datetime(at);
        // As `Moment` reads a time that a clock change skips or repeats.
        let moment = |zone: &TimeZone| zone.to_timestamp(civil).ok();
        zones.windows(2).all(|pair| moment(&pair[0]) == moment(&pair[1]))
    })
}

#[cfg(test)]
pub(super) fn zones_of(texts: &[&str]) -> Zones {
    let mut dates = ZoneDates::default();
    for text in texts {
        dates.add(text);
    }
    dates.zones()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_are_those_whose_clocks_show_every_offset() {
        let zones = zones_of(&["2024-01-31 10:11:12 +0100", "2024-07-31 10:11:12 +0200"]).fitting;
        assert_eq!(zones[0], "Europe/Berlin");
        assert!(zones.contains(&"Europe/Paris".to_owned()), "{zones:?}");
        assert!(!zones.contains(&"Africa/Lagos".to_owned()), "no summer time there: {zones:?}");
        assert_eq!(zones_of(&["2024-01-31T10:11:12Z"]).fitting, Vec::<String>::new());
        assert_eq!(zones_of(&["2024-01-31T10:11:12+07:13"]).fitting, Vec::<String>::new());
    }

    #[test]
    fn the_best_known_zone_comes_first() {
        for (winter, summer, expected) in [
            ("-0500", "-0400", "America/New_York"),
            ("+0700", "+0700", "Asia/Bangkok"),
            ("+0500", "+0500", "Asia/Karachi"),
            ("+0200", "+0200", "Africa/Johannesburg"),
            ("+0100", "+0100", "Africa/Lagos"),
            ("+0300", "+0300", "Europe/Istanbul"),
            ("+0530", "+0530", "Asia/Kolkata"),
            ("+1000", "+1000", "Australia/Brisbane"),
            ("+1100", "+1000", "Australia/Sydney"),
        ] {
            let dates =
                [format!("2024-01-31 10:11:12 {winter}"), format!("2024-07-31 10:11:12 {summer}")];
            let zones = zones_of(&dates.each_ref().map(String::as_str));
            assert_eq!(zones.likely().map(String::as_str), Some(expected), "{winter} {summer}");
            assert!(zones.fitting.iter().all(|name| !name.starts_with("Antarctica")));
        }
    }

    #[test]
    fn a_zone_has_one_name_and_a_little_known_one_is_not_chosen() {
        let zones = zones_of(&["2024-01-31 10:11:12 +0530"]).fitting;
        assert!(!zones.contains(&"Asia/Calcutta".to_owned()), "{zones:?}");
        let zones = zones_of(&["2024-01-31 10:11:12 +1345"]);
        assert_eq!(zones.fitting, ["Pacific/Chatham"]);
        assert_eq!(zones.likely(), None);
    }

    #[test]
    fn every_well_known_zone_exists_once() {
        let all: BTreeSet<&&str> = KNOWN.iter().collect();
        assert_eq!(all.len(), KNOWN.len());
        for name in all {
            assert!(TimeZone::get(name).is_ok(), "{name}");
        }
    }

    #[test]
    fn zones_agree_on_local_dates_or_they_do_not() {
        let new_york = ["2024-01-31 10:11:12 -0500", "2024-07-31 10:11:12 -0400"];
        for (stated, local, agree) in [
            // With or without summer time, the same in January of that year.
            (&new_york[..1], "2024-01-15 10:00:00", true),
            (&new_york[..1], "2024-07-15 10:00:00", false),
            (&new_york[..], "2024-07-15 10:00:00", true),
        ] {
            let dates: Vec<&str> = stated.iter().copied().chain([local]).collect();
            let zones = zones_of(&dates);
            assert_eq!(zones.agree_on_local_dates, agree, "{dates:?} {:?}", zones.fitting);
        }
    }
}
