//! The dates of WebToffee's plugin. In shops that store orders as WordPress posts it mistakes the
//! local time for UTC and converts it to local time again: 08:00 in New York becomes 04:00. The
//! time of payment is right in both cases, and most orders are paid within minutes, so the
//! difference shows whether a file is shifted.

use crate::domain::{DateShift, Text};
use compact_str::format_compact;
use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};

/// The longest time to payment that counts as evidence, in seconds. Less than the smallest UTC
/// offset of any zone.
const PAID_WITHIN_S: i64 = 1_800;
/// How much the clocks of the shop and of its payment service may differ, in seconds.
const SLACK_S: i64 = 60;
/// Orders that must indicate a shift if slow payments alone would look the same.
const EVIDENCE_MIN: usize = 3;

/// How the order dates of one file are read.
#[derive(Debug, Clone)]
pub struct DateReading {
    zone: TimeZone,
    shift: Shift,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shift {
    None,
    Offset,
    /// The beginning of the file has no order that is affected.
    Unknown,
}

/// An order's stated dates, as the shop's local time.
#[derive(Debug, Clone, Copy)]
pub struct DateSample {
    pub ordered: DateTime,
    /// `None` for an unpaid order, which is no evidence.
    pub paid: Option<DateTime>,
}

/// Why `auto` can't decide.
#[derive(Debug, PartialEq, Eq)]
pub enum Undecided {
    /// Too few orders were paid soon after they were placed.
    NoEvidence,
    /// Orders were paid a multiple of half an hour after they were placed, or before, which is not
    /// the offset of the job's zone.
    WrongZone,
}

impl DateReading {
    /// # Errors
    /// If the file must decide, it makes a difference, and it can't be decided.
    pub fn decide(
        choice: DateShift,
        zone: &TimeZone,
        samples: &[DateSample],
    ) -> Result<Self, Undecided> {
        let dates = |shift| Self { zone: zone.clone(), shift };
        Ok(dates(match choice {
            DateShift::None => Shift::None,
            DateShift::Offset => Shift::Offset,
            DateShift::Auto => dates(Shift::Offset).shift_by(samples)?,
        }))
    }

    fn shift_by(&self, samples: &[DateSample]) -> Result<Shift, Undecided> {
        let mut votes = Votes::default();
        for sample in samples {
            votes.count(sample, self.moved_back(sample.ordered));
        }
        votes.shift()
    }

    /// The time of an order as `2024-01-31 08:01:00`; `None` if it is unknown whether it is
    /// shifted. Other text is unchanged.
    pub fn read(&self, text: &str) -> Option<Text> {
        let Some(stated) = civil(text) else { return Some(text.into()) };
        let moved = self.moved_back(stated);
        match self.shift {
            Shift::None => Some(print(stated)),
            Shift::Offset => Some(print(moved)),
            Shift::Unknown if moved == stated => Some(print(stated)),
            Shift::Unknown => None,
        }
    }

    /// Undoes the conversion: `stated` is local time converted from local time that was mistaken
    /// for UTC. If a time occurs twice, the first counts.
    fn moved_back(&self, stated: DateTime) -> DateTime {
        let instant = self.zone.to_ambiguous_timestamp(stated).compatible();
        instant.map_or(stated, |instant| Offset::UTC.to_datetime(instant))
    }
}

#[derive(Default)]
struct Votes {
    paid: usize,
    /// Orders whose date would change.
    matters: usize,
    as_stated: usize,
    moved_back: usize,
    /// An order that shows the opposite would have been paid before it was placed.
    rules_out_as_stated: bool,
    rules_out_moved_back: bool,
    /// Paid a multiple of half an hour too late or too early, within five minutes.
    off_by_zone: usize,
}

impl Votes {
    fn count(&mut self, sample: &DateSample, moved: DateTime) {
        self.matters += usize::from(moved != sample.ordered);
        let Some(paid) = sample.paid else { return };
        let after = |ordered: DateTime| seconds(paid) - seconds(ordered);
        let (stated, moved) = (after(sample.ordered), after(moved));
        let is_soon = |s: i64| (-SLACK_S..=PAID_WITHIN_S).contains(&s);
        self.paid += 1;
        self.off_by_zone += usize::from(!is_soon(stated) && stated.rem_euclid(1_800) <= 300);
        if is_soon(stated) && !is_soon(moved) {
            self.as_stated += 1;
            self.rules_out_moved_back |= moved < -SLACK_S;
        } else if is_soon(moved) && !is_soon(stated) {
            self.moved_back += 1;
            self.rules_out_as_stated |= stated < -SLACK_S;
        }
    }

    fn shift(&self) -> Result<Shift, Undecided> {
        let wins = |own: usize, other: usize, is_certain: bool| {
            own > 0 && own >= other * 4 && (is_certain || own >= EVIDENCE_MIN)
        };
        if wins(self.as_stated, self.moved_back, self.rules_out_moved_back) {
            return Ok(Shift::None);
        }
        if wins(self.moved_back, self.as_stated, self.rules_out_as_stated) {
            return Ok(Shift::Offset);
        }
        let looks_shifted =
            self.off_by_zone >= EVIDENCE_MIN && self.off_by_zone * 3 >= self.paid * 2;
        match self.matters {
            _ if looks_shifted => Err(Undecided::WrongZone),
            0 => Ok(Shift::Unknown),
            _ => Err(Undecided::NoEvidence),
        }
    }
}

/// Only differences between the results are meaningful.
fn seconds(civil: DateTime) -> i64 {
    Offset::UTC.to_timestamp(civil).map_or(0, jiff::Timestamp::as_second)
}

fn print(at: DateTime) -> Text {
    format_compact!("{}", at.strftime("%Y-%m-%d %H:%M:%S"))
}

/// Reads `2024-1-1 8:01:00`, year first, with or without leading zeros, and with or without
/// seconds.
pub fn civil(text: &str) -> Option<DateTime> {
    let (date, time) = text.split_once([' ', 'T'])?;
    let numbers = |text: &str, sign: char| -> Option<Vec<i16>> {
        let is_number =
            |part: &str| (1..=4).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
        text.split(sign).map(|part| part.parse().ok().filter(|_| is_number(part))).collect()
    };
    let small = |n: i16| i8::try_from(n).ok();
    let (date, time) = (numbers(date, '-')?, numbers(time, ':')?);
    let ([year, month, day], [hour, minute, rest @ ..]) = (date.as_slice(), time.as_slice()) else {
        return None;
    };
    let second = match rest {
        _ if *year < 1_000 => return None,
        [] => 0,
        [second] => *second,
        _ => return None,
    };
    DateTime::new(
        *year,
        small(*month)?,
        small(*day)?,
        small(*hour)?,
        small(*minute)?,
        small(second)?,
        0,
    )
    .ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn samples(pairs: &[(&str, &str)]) -> Vec<DateSample> {
        pairs
            .iter()
            .map(|(ordered, paid)| DateSample {
                ordered: civil(ordered).unwrap(),
                paid: civil(paid),
            })
            .collect()
    }

    fn decided(zone: &str, pairs: &[(&str, &str)]) -> Result<Shift, Undecided> {
        DateReading::decide(DateShift::Auto, &TimeZone::get(zone).unwrap(), &samples(pairs))
            .map(|dates| dates.shift)
    }

    fn moved(zone: &str, text: &str) -> String {
        DateReading::decide(DateShift::Offset, &TimeZone::get(zone).unwrap(), &[])
            .unwrap()
            .read(text)
            .unwrap()
            .to_string()
    }

    #[test]
    fn a_shifted_date_is_moved_back_by_the_offset_of_its_day() {
        assert_eq!(moved("America/New_York", "2020-07-01 04:00:00"), "2020-07-01 08:00:00");
        assert_eq!(moved("America/New_York", "2020-12-31 14:00:00"), "2020-12-31 19:00:00");
        assert_eq!(moved("America/New_York", "2019-03-09 20:59:59"), "2019-03-10 01:59:59");
        assert_eq!(moved("Europe/Berlin", "2024-1-1 9:01:00"), "2024-01-01 08:01:00");
        assert_eq!(moved("Asia/Kolkata", "2024-01-01 05:30"), "2024-01-01 00:00:00");
        assert_eq!(moved("UTC", "2024-01-01 05:30:00"), "2024-01-01 05:30:00");
        assert_eq!(
            moved("Europe/Berlin", "01/02/2024 9:00"),
            "01/02/2024 9:00",
            "no date of this form"
        );
    }

    #[test]
    fn payments_show_whether_the_dates_are_shifted() {
        let new_york = "America/New_York";
        let quick = ("2020-07-01 08:00:00", "2020-07-01 8:01:00");
        assert_eq!(
            decided(new_york, &[quick]),
            Ok(Shift::None),
            "shifted it would have been paid before"
        );
        let shifted = ("2020-07-01 04:00:00", "2020-07-01 8:01:00");
        assert_eq!(
            decided(new_york, &[shifted]),
            Err(Undecided::NoEvidence),
            "or paid four hours later"
        );
        assert_eq!(decided(new_york, &[shifted, shifted, shifted]), Ok(Shift::Offset));
        let winter = ("2020-12-31 03:00:00", "2020-12-31 8:01:00");
        assert_eq!(decided(new_york, &[shifted, winter, shifted]), Ok(Shift::Offset));
        let odd = ("2020-07-01 08:00:00", "2019-07-01 8:00:00");
        assert_eq!(decided(new_york, &[odd, shifted, shifted, shifted]), Ok(Shift::Offset));
        assert_eq!(
            decided("Europe/Berlin", &[("2020-07-01 10:00:00", "2020-07-01 8:01:00")]),
            Ok(Shift::Offset)
        );
        assert_eq!(
            decided("Europe/Berlin", &[("2020-07-01 08:00:00", "2020-07-01 8:01:00"); 3]),
            Ok(Shift::None)
        );
    }

    #[test]
    fn an_undecidable_shift_is_not_guessed() {
        let unpaid = ("2020-07-01 08:00:00", "");
        assert_eq!(decided("Europe/Berlin", &[unpaid, unpaid]), Err(Undecided::NoEvidence));
        assert_eq!(
            decided("Europe/Berlin", &[("2020-07-01 08:00:00", "2020-07-03 14:17:00")]),
            Err(Undecided::NoEvidence)
        );
        assert_eq!(decided("UTC", &[unpaid]), Ok(Shift::Unknown));
        assert_eq!(decided("UTC", &[]), Ok(Shift::Unknown));
        let hours_apart = ("2020-07-01 04:00:00", "2020-07-01 8:01:00");
        assert_eq!(decided("UTC", &[hours_apart; 4]), Err(Undecided::WrongZone));
        let london = DateReading::decide(
            DateShift::Auto,
            &TimeZone::get("Europe/London").unwrap(),
            &samples(&[("2020-01-01 08:00:00", "2020-01-01 08:01:00")]),
        )
        .unwrap();
        assert_eq!(london.read("2020-02-01 8:00:00").as_deref(), Some("2020-02-01 08:00:00"));
        assert_eq!(london.read("2020-07-01 8:00:00"), None, "no order of winter shows summer time");
    }

    proptest! {
        /// The plugin's two conversion steps are undone for every time that occurs once.
        #[test]
        fn the_plugins_shift_is_undone(second in 0_i64..2_000_000_000, zone in prop::sample::select(vec!["America/New_York", "Europe/Berlin", "Asia/Kolkata", "Pacific/Auckland"])) {
            let zone = TimeZone::get(zone).unwrap();
            let local = zone.to_datetime(jiff::Timestamp::from_second(second).unwrap());
            let shifted = zone.to_datetime(Offset::UTC.to_timestamp(local).unwrap());
            prop_assume!(!zone.to_ambiguous_timestamp(shifted).is_ambiguous());
            let dates = DateReading { zone, shift: Shift::Offset };
            prop_assert_eq!(dates.read(&print(shifted)), Some(print(local)));
        }

        #[test]
        fn no_text_panics(text in "[-0-9 :T]{0,24}|\\PC{0,24}") {
            let _ = civil(&text);
        }
    }
}
