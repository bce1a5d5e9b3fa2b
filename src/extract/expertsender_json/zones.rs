//! Windows' names of time zones, as ExpertSender accepts them.

use jiff::tz::TimeZone;

/// Windows' name and the IANA zone of its main territory, from the Unicode CLDR's
/// `windowsZones.xml` (territory 001).
const ZONES: &str = include_str!("windows_zones.txt");

fn zones() -> impl Iterator<Item = (&'static str, &'static str)> {
    ZONES.lines().filter_map(|line| line.split_once(" = "))
}

/// The time zone of a Windows name in any case, or of an IANA one; `None` for a name that is
/// neither.
pub fn zone_named(name: &str) -> Option<TimeZone> {
    let known = zones().find(|(windows, _)| windows.eq_ignore_ascii_case(name));
    TimeZone::get(known.map_or(name, |(_, iana)| iana)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_zone_is_one_the_program_knows() {
        assert_eq!(zones().count(), ZONES.lines().count());
        for (windows, iana) in zones() {
            assert!(zone_named(windows).is_some(), "{windows}: {iana}");
        }
        assert!(
            zone_named("pacific standard time").is_some() && zone_named("Europe/Berlin").is_some()
        );
        assert!(zone_named("string").is_none() && zone_named("").is_none());
    }
}
