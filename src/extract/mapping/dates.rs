//! Converts dates from an export's notation to ISO 8601.

use crate::domain::{Moment, Text};
use compact_str::ToCompactString;
use jiff::civil::{self, DateTime};
use jiff::fmt::strtime::{self, BrokenDownTime};
use jiff::tz::TimeZone;

/// How an export writes dates.
#[derive(Debug, Clone, Default)]
pub struct Dates {
    /// Formats in strptime's notation; none: the forms that [`Moment::parse`] reads.
    formats: Vec<DatePattern>,
    /// Pairs of formats that read one text as two different dates, such as day first and month
    /// first. Only one of a pair can apply to a file.
    rivals: Vec<(usize, usize)>,
    /// The time of ISO 8601 dates without one.
    time: civil::Time,
}

#[derive(Debug, Clone)]
struct DatePattern {
    /// Without `{th}`.
    pattern: String,
    /// The day may have an English ending: `Mar 13th 2026`.
    has_ordinal: bool,
    /// The time of day if the format has none.
    time: Option<civil::Time>,
    is_epoch: bool,
}

/// The formats that apply to one file: bit n for format n.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kept(u32);

/// Why it is unknown which formats a file uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unsettled {
    /// Every date seen fits two forms.
    Undecided,
    /// Some dates fit only one form, some only the other.
    Contradictory,
}

/// The most formats of one mapping.
pub const FORMATS_MAX: usize = 16;

impl Dates {
    /// `time` is used if a format has none; midnight by default.
    ///
    /// # Errors
    /// The first format that is invalid, or does not contain a day.
    pub fn new(formats: &[String], time: civil::Time) -> Result<Self, String> {
        let formats: Vec<DatePattern> =
            formats.iter().map(|format| DatePattern::new(format, time)).collect();
        if let Some(odd) = formats.iter().find(|format| format.probe().is_none()) {
            return Err(odd.pattern.clone());
        }
        let pairs = (0..formats.len()).flat_map(|a| (a + 1..formats.len()).map(move |b| (a, b)));
        let rivals = pairs.filter(|(a, b)| are_rivals(&formats[*a], &formats[*b])).collect();
        Ok(Self { formats, rivals, time })
    }

    /// Every format, before a file was examined.
    pub fn all(&self) -> Kept {
        Kept(u32::MAX)
    }

    /// Decides by some dates of a file which of two rival formats it uses: by a date that only one
    /// of them matches.
    ///
    /// # Errors
    /// When the dates match both, or some only the first and some only the second.
    pub fn settle<'t>(
        &self,
        texts: impl Iterator<Item = &'t str> + Clone,
    ) -> Result<Kept, Unsettled> {
        let mut kept = Kept(u32::MAX);
        for (a, b) in &self.rivals {
            let fits = |at: &usize, text| self.formats[*at].read(text).is_some();
            let seen = |x: bool, y: bool| {
                texts.clone().any(|text| fits(a, text) == x && fits(b, text) == y)
            };
            let (only_a, only_b) = (seen(true, false), seen(false, true));
            if only_a && only_b {
                return Err(Unsettled::Contradictory);
            } else if only_a {
                kept.0 &= !(1 << b);
            } else if only_b {
                kept.0 &= !(1 << a);
            } else if seen(true, true) {
                return Err(Unsettled::Undecided);
            }
        }
        Ok(kept)
    }

    /// A date as ISO 8601, with its offset if the text or the zone states it; blank stays blank.
    ///
    /// `None` if no format matches, or two give different dates.
    pub fn iso(&self, text: &str, kept: Kept, zone: Option<&TimeZone>) -> Option<Text> {
        if text.is_empty() {
            return Some(Text::default());
        }
        let local = match self.formats.as_slice() {
            [] => self.with_time(text),
            _ => self.local(text, kept)?,
        };
        match zone {
            Some(zone) => Moment::parse(&local, zone).ok().map(|moment| moment.to_compact_string()),
            None => Some(local.into()),
        }
    }

    fn with_time(&self, text: &str) -> String {
        match (text.len(), text.parse::<civil::Date>()) {
            (10, Ok(date)) => DateTime::from_parts(date, self.time).to_string(),
            _ => text.to_owned(),
        }
    }

    fn local(&self, text: &str, kept: Kept) -> Option<String> {
        let formats = self.formats.iter().enumerate().filter(|(at, _)| kept.0 & (1 << at) != 0);
        let mut dates = formats.filter_map(|(_, format)| format.read(text));
        let first = dates.next()?;
        dates.all(|date| date == first).then_some(first)
    }
}

impl DatePattern {
    fn new(format: &str, time: civil::Time) -> Self {
        let has =
            |directives: &[&str]| directives.iter().any(|directive| format.contains(directive));
        // Flags and widths may be between the sign and the letter: %-I, %_H, %02H.
        let letters = format.split('%').skip(1).filter_map(|part| {
            part.chars().find(|c| !(c.is_ascii_digit() || "-_0^#:".contains(*c)))
        });
        let has_time = letters.into_iter().any(|letter| "HIklTRscr".contains(letter));
        Self {
            pattern: format.replace("{th}", ""),
            has_ordinal: format.contains("{th}"),
            time: (!has_time).then_some(time),
            is_epoch: has(&["%s"]),
        }
    }

    /// The date in ISO 8601, to the second.
    fn read(&self, text: &str) -> Option<String> {
        let text = if self.has_ordinal { without_ordinal(text) } else { text.to_owned() };
        let parts = strtime::parse(&self.pattern, &text).ok()?;
        if self.is_epoch {
            return Some(format!("{:.0}", parts.to_timestamp().ok()?));
        }
        // The name of a zone would be ignored; `zone` in the mapping reads it.
        if parts.iana_time_zone().is_some() && parts.offset().is_none() {
            return None;
        }
        let date = parts.to_date().ok().filter(|date| (1970..2100).contains(&date.year()))?;
        let time = self.time.map_or_else(|| parts.to_time().ok(), Some)?;
        let local = DateTime::from_parts(date, time).strftime("%Y-%m-%dT%H:%M:%S");
        Some(match parts.offset() {
            Some(offset) => format!("{local}{}", printed(offset)),
            None => local.to_string(),
        })
    }

    /// A date written in this form, for comparing forms; `None` if the form can't be written or
    /// read back.
    fn probe(&self) -> Option<String> {
        let date = civil::date(2001, 2, 3).at(4, 5, 6, 0).to_zoned(TimeZone::UTC).ok()?;
        let text = BrokenDownTime::from(&date).to_string(&self.pattern).ok()?;
        self.read(&text).map(|_| text)
    }
}

fn are_rivals(a: &DatePattern, b: &DatePattern) -> bool {
    let differ = |text: Option<String>| {
        text.is_some_and(|text| match (a.read(&text), b.read(&text)) {
            (Some(one), Some(other)) => one != other,
            _ => false,
        })
    };
    differ(a.probe()) || differ(b.probe())
}

fn printed(offset: jiff::tz::Offset) -> String {
    let seconds = offset.seconds();
    let sign = if seconds < 0 { '-' } else { '+' };
    format!("{sign}{:02}:{:02}", seconds.abs() / 3600, seconds.abs() / 60 % 60)
}

/// `13th` to `13`.
fn without_ordinal(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let ending = rest.get(..2).filter(|two| ["st", "nd", "rd", "th"].contains(two));
        let ends_word = !rest.get(2..).is_some_and(|more| more.starts_with(char::is_alphanumeric));
        match ending {
            Some(two) if ends_word && out.ends_with(|c: char| c.is_ascii_digit()) => {
                rest = &rest[two.len()..]
            }
            _ => {
                out.push(c);
                rest = &rest[c.len_utf8()..];
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn dates(formats: &[&str]) -> Dates {
        let formats: Vec<String> = formats.iter().map(|format| (*format).to_owned()).collect();
        Dates::new(&formats, civil::time(0, 0, 0, 0)).unwrap()
    }

    fn iso(formats: &[&str], text: &str) -> Option<Text> {
        let dates = dates(formats);
        dates.iso(text, dates.all(), None)
    }

    #[test]
    fn dates_are_read_as_they_are_declared() {
        for (format, text, expected) in [
            ("%d/%m/%Y %H:%M:%S", "28/10/2025 22:57:28", "2025-10-28T22:57:28"),
            ("%m/%d/%Y %H:%M", "7/25/2018 9:06", "2018-07-25T09:06:00"),
            ("%b %d, %Y %I:%M:%S %p", "Dec 8, 2024 9:15:51 AM", "2024-12-08T09:15:51"),
            ("%b %d, %Y %I:%M:%S %p", "Dec 8, 2024 12:26:53 PM", "2024-12-08T12:26:53"),
            ("%b %d{th} %Y", "Mar 13th 2026", "2026-03-13T00:00:00"),
            ("%b %d{th} %Y", "Aug 1st 2026", "2026-08-01T00:00:00"),
            ("%m/%d/%y", "12/31/20", "2020-12-31T00:00:00"),
            ("%Y-%m-%d %H:%M:%S %z", "2018-07-25 21:06:00 -0700", "2018-07-25T21:06:00-07:00"),
            ("%s", "1700000000", "2023-11-14T22:13:20Z"),
            ("%d.%m.%Y %_H:%M", "31.01.2024 17:45", "2024-01-31T17:45:00"),
            ("%d.%m.%Y %-I:%M %p", "31.01.2024 5:45 PM", "2024-01-31T17:45:00"),
        ] {
            assert_eq!(iso(&[format], text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn a_date_in_iso_8601_may_have_no_time() {
        for (text, expected) in [
            ("2020-09-01", "2020-09-01T00:00:00"),
            ("2020-09-01 10:11:12", "2020-09-01 10:11:12"),
            ("2020-13-01", "2020-13-01"),
            ("01/09/2020", "01/09/2020"),
        ] {
            assert_eq!(iso(&[], text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn a_date_in_another_form_is_refused() {
        for (format, text) in [
            ("%d/%m/%Y", "12/31/2020"),
            ("%m/%d/%y", "12/31/2020"),
            ("%m/%d/%Y", "12/31/20"),
            ("%d/%m/%Y", "31/12/2020 10:00"),
            ("%d/%m/%Y", "31.12.2020"),
            ("%d/%m/%Y", "30/02/2020"),
            ("%d/%m/%Y", "45384.34"),
            ("%b %d, %Y", "Dez 8, 2024"),
        ] {
            assert_eq!(iso(&[format], text), None, "{text}");
        }
        assert_eq!(iso(&["%d/%m/%Y", "%m/%d/%Y"], "05/04/2014"), None, "two dates");
        assert_eq!(
            iso(&["%d/%m/%Y", "%m/%d/%Y"], "05/05/2014").as_deref(),
            Some("2014-05-05T00:00:00")
        );
    }

    #[test]
    fn a_file_shows_which_of_two_forms_it_is_written_in() {
        let dates = dates(&["%d/%m/%Y", "%m/%d/%Y", "%m/%d/%y"]);
        let kept = dates.settle(["05/04/2014", "26/04/2014"].into_iter()).unwrap();
        assert_eq!(dates.iso("05/04/2014", kept, None).as_deref(), Some("2014-04-05T00:00:00"));
        assert_eq!(
            dates.iso("04/26/2014", kept, None),
            None,
            "what the file contradicts is no date of it"
        );
        assert_eq!(dates.settle(["05/04/2014"].into_iter()), Err(Unsettled::Undecided));
        let both = ["26/04/2014", "04/26/2014"].into_iter();
        assert_eq!(dates.settle(both), Err(Unsettled::Contradictory));
        assert!(dates.settle([].into_iter()).is_ok());
    }

    #[test]
    fn a_zone_gives_the_offset_of_the_day() {
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        let dates = dates(&["%d.%m.%Y %H:%M"]);
        let iso = |text| dates.iso(text, dates.all(), Some(&berlin));
        assert_eq!(iso("01.07.2024 10:00").as_deref(), Some("2024-07-01T10:00:00+02:00"));
        assert_eq!(iso("01.12.2024 10:00").as_deref(), Some("2024-12-01T10:00:00+01:00"));
    }

    #[test]
    fn an_unknown_format_is_named() {
        let new =
            |format: &str| Dates::new(&[format.to_owned()], civil::time(0, 0, 0, 0)).map(|_| ());
        assert!(new("%d/%m").is_err());
        assert!(new("%Q").is_err() && new("%d.%m.%Y %H:%M %Q").is_err());
        assert!(new("dd/mm/yyyy").is_err());
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "\\PC{0,30}") {
            iso(&["%b %d{th} %Y", "%s", "%d/%m/%y %I:%M %p %z"], &text);
        }
    }
}
