//! Compares the schedule with a clock that is checked minute by minute. The oracle only takes
//! offsets from jiff; days, weekdays and the meaning of a crontab line are its own.

use super::super::Schedule;
use super::zone;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use proptest::prelude::*;

const ZONES: [&str; 7] = [
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "America/Sao_Paulo",
    "Pacific/Apia",
    "Africa/Casablanca",
];

/// A line of crontab as sets of bits; of weekdays 0 is Sunday.
#[derive(Debug, Clone)]
struct Line {
    text: String,
    minutes: u64,
    hours: u64,
    dates: u64,
    months: u64,
    weekdays: u64,
    /// A day matches by its date or by its weekday; else by both.
    either: bool,
}

impl Line {
    /// `minute` is of the local clock, counted from 1970-01-01 00:00 on it.
    fn matches(&self, minute: i64) -> bool {
        if !self.matches_time(minute % 1440) {
            return false;
        }
        let has = |bits: u64, value: i64| bits & (1 << value) != 0;
        let day = minute / 1440;
        let (month, date) = month_and_date(day);
        let weekday = (day + 4) % 7;
        let (by_date, by_name) = (has(self.dates, date), has(self.weekdays, weekday));
        has(self.months, month) && if self.either { by_date || by_name } else { by_date && by_name }
    }

    fn matches_time(&self, minute: i64) -> bool {
        self.minutes & (1 << (minute % 60)) != 0 && self.hours & (1 << (minute / 60)) != 0
    }
}

fn bits(values: &[i64]) -> u64 {
    values.iter().fold(0, |bits, value| bits | (1 << value))
}

/// Counts through the years and months since 1970.
fn month_and_date(mut day: i64) -> (i64, i64) {
    let mut year = 1970;
    let leap = |year: i64| year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    while day >= 365 + i64::from(leap(year)) {
        day -= 365 + i64::from(leap(year));
        year += 1;
    }
    let lengths = [31, 28 + i64::from(leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let mut month = 1;
    for length in lengths {
        if day < length {
            break;
        }
        day -= length;
        month += 1;
    }
    (month, day + 1)
}

/// The runs in these minutes since 1970, for each line. A time that the clock jumps over counts at
/// the end of the jump, one that it has shown before does not count.
fn watched(lines: &[Line], zone: &TimeZone, minutes: std::ops::Range<i64>) -> Vec<Vec<i64>> {
    let local = |minute: i64| {
        let at = Timestamp::from_second(minute * 60).unwrap();
        minute + i64::from(zone.to_offset(at).seconds()) / 60
    };
    // The local times before the range: no clock goes back by more than a day.
    let mut shown = (minutes.start - 1500..minutes.start).map(local).max().unwrap();
    let mut runs = vec![Vec::new(); lines.len()];
    // Most minutes match no line.
    let of_any: Vec<bool> =
        (0..1440).map(|minute| lines.iter().any(|line| line.matches_time(minute))).collect();
    for minute in minutes {
        let now = local(minute);
        if now <= shown {
            continue;
        }
        if now == shown + 1 && !of_any[(now % 1440) as usize] {
            shown = now;
            continue;
        }
        for (line, runs) in lines.iter().zip(&mut runs) {
            if (shown + 1..=now).any(|shown| line.matches(shown)) {
                runs.push(minute);
            }
        }
        shown = now;
    }
    runs
}

fn calculated(line: &Line, zone: &TimeZone, minutes: std::ops::Range<i64>) -> Vec<i64> {
    let schedule = Schedule::parse(&line.text, zone).unwrap();
    let before = Timestamp::from_second(minutes.start * 60 - 1).unwrap();
    std::iter::successors(schedule.next_after(before), |at| schedule.next_after(*at))
        .map(|at| at.as_second())
        .take_while(|second| *second < minutes.end * 60)
        .inspect(|second| assert_eq!(second % 60, 0, "{}", line.text))
        .map(|second| second / 60)
        .collect()
}

/// The first runs that differ.
fn difference(
    calculated: &[i64],
    watched: &[i64],
) -> Option<(Option<Timestamp>, Option<Timestamp>)> {
    let at = |runs: &[i64], n: usize| {
        runs.get(n).map(|minute| Timestamp::from_second(minute * 60).unwrap())
    };
    let same = calculated.iter().zip(watched).take_while(|(a, b)| a == b).count();
    let pair = (at(calculated, same), at(watched, same));
    (pair != (None, None)).then_some(pair)
}

fn line(
    text: &str,
    (minutes, hours): (&[i64], &[i64]),
    days: (&[i64], &[i64], &[i64]),
    either: bool,
) -> Line {
    let (dates, months, weekdays) = days;
    let [minutes, hours, dates, months, weekdays] =
        [minutes, hours, dates, months, weekdays].map(bits);
    Line { text: text.to_owned(), minutes, hours, dates, months, weekdays, either }
}

/// Typical lines, and lines that hit every clock change.
fn lines() -> Vec<Line> {
    let all = |from: i64, to: i64| (from..=to).collect::<Vec<_>>();
    let (hours, dates, months, week) = (all(0, 23), all(1, 31), all(1, 12), all(0, 6));
    let any = (&dates[..], &months[..], &week[..]);
    vec![
        line("15 2 * * *", (&[15], &[2]), any, false),
        line("30 1 * * *", (&[30], &[1]), any, false),
        line("0 0 * * *", (&[0], &[0]), any, false),
        line("*/15 0-3 * * *", (&[0, 15, 30, 45], &hours[..4]), any, false),
        line("50 * * * *", (&[50], &hours), any, false),
        line("45 2 * * sun", (&[45], &[2]), (&dates, &months, &[0]), false),
        line("45 2 * * 7", (&[45], &[2]), (&dates, &months, &[0]), false),
        line("0 3 * * 1-5", (&[0], &[3]), (&dates, &months, &[1, 2, 3, 4, 5]), false),
        line("0 3 13 * fri", (&[0], &[3]), (&[13], &months, &[5]), true),
        line("0 2 29 2 *", (&[0], &[2]), (&[29], &[2], &week), false),
        line("0 23 31 * *", (&[0], &[23]), (&[31], &months, &week), false),
        line(
            "30 2 1-7 mar,oct,nov sun",
            (&[30], &[2]),
            (&[1, 2, 3, 4, 5, 6, 7], &[3, 10, 11], &[0]),
            true,
        ),
    ]
}

/// 2017 to 2026: includes Casablanca's changes twice a year and the end of Sao Paulo's. Apia's jump
/// over a day is in 2011.
#[test]
fn ten_years_in_seven_zones_are_as_a_watched_clock_has_them() {
    const DAYS_2017: i64 = 17_167;
    const DAYS_2011: i64 = 14_975;
    let lines = lines();
    std::thread::scope(|scope| {
        for name in ZONES {
            let lines = &lines;
            scope.spawn(move || {
                let from = if name == "Pacific/Apia" { DAYS_2011 } else { DAYS_2017 } * 1440;
                let minutes = from..from + 3_652 * 1440;
                let zone = zone(name);
                for (line, watched) in lines.iter().zip(watched(lines, &zone, minutes.clone())) {
                    assert!(watched.len() > 1, "{} in {name}", line.text);
                    assert_eq!(
                        difference(&calculated(line, &zone, minutes.clone()), &watched),
                        None,
                        "{} in {name}",
                        line.text
                    );
                }
            });
        }
    });
}

/// A field as text and as a set; `full` is the range of `*`.
fn some(from: i64, to: i64, full: i64) -> impl Strategy<Value = (String, Vec<i64>)> {
    let star = Just(("*".to_owned(), (from..=full).collect()));
    let list = prop::collection::btree_set(from..=to, 1..4).prop_map(|values| {
        let text: Vec<String> = values.iter().map(i64::to_string).collect();
        (text.join(","), values.into_iter().collect())
    });
    let range = (from..=to, from..=to, 1..4_i64).prop_map(move |(a, b, step)| {
        let (first, last) = (a.min(b), a.max(b));
        match step <= last - first {
            true => (
                format!("{first}-{last}/{step}"),
                (first..=last).filter(|v| (v - first) % step == 0).collect(),
            ),
            false => (format!("{first}-{last}"), (first..=last).collect()),
        }
    });
    prop_oneof![star, list, range]
}

prop_compose! {
    fn any_line()(
        minute in some(0, 59, 59), hour in some(0, 23, 23), date in some(1, 28, 31), month in some(1, 12, 12), week in some(0, 6, 6),
    ) -> Line {
        let text = format!("{} {} {} {} {}", minute.0, hour.0, date.0, month.0, week.0);
        let either = date.0 != "*" && week.0 != "*";
        Line {
            text,
            minutes: bits(&minute.1),
            hours: bits(&hour.1),
            dates: bits(&date.1),
            months: bits(&month.1),
            weekdays: bits(&week.1),
            either,
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]
    #[test]
    fn any_line_in_any_zone_is_as_a_watched_clock_has_it(
        line in any_line(), zone_at in 0..ZONES.len(), day in 14_610..21_900_i64,
    ) {
        let zone = zone(ZONES[zone_at]);
        let minutes = day * 1440 + 17..(day + 40) * 1440;
        let watched = watched(std::slice::from_ref(&line), &zone, minutes.clone()).remove(0);
        prop_assert_eq!(difference(&calculated(&line, &zone, minutes), &watched), None);
    }
}
