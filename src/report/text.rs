use crate::domain::is_invisible;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::time::Duration;

/// A count with thousands separators: `1,234,567`.
pub fn count(n: u64) -> String {
    grouped(&n.to_string())
}

/// A row of a table: a name, a count, and its meaning.
pub(super) fn count_row(name: &str, n: u64, meaning: &str) -> Vec<String> {
    vec![name.to_owned(), count(n), meaning.to_owned()]
}

/// A count with its noun: `1 order`, `1,200 orders`.
pub fn many(n: u64, one: &str) -> String {
    let plural = if n == 1 { "" } else { "s" };
    format!("{} {one}{plural}", count(n))
}

/// The verb that goes with a count.
pub fn is_are(n: u64) -> &'static str {
    if n == 1 { "is" } else { "are" }
}

/// Digits with thousands separators; a sign and a fraction are unchanged.
pub(super) fn grouped(number: &str) -> String {
    let (sign, rest) = match number.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", number),
    };
    let (whole, fraction) = match rest.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (rest, None),
    };
    let mut text = String::from(sign);
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    if let Some(fraction) = fraction {
        text.push('.');
        text.push_str(fraction);
    }
    text
}

/// A duration in its two largest units: `7 h 48 min`, `41 s`.
pub fn duration(duration: Duration) -> String {
    if duration < Duration::from_secs(1) {
        return "under 1 s".to_owned();
    }
    let seconds = duration.as_millis().div_ceil(1000);
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, _) => format!("{minutes} min {} s", seconds % 60),
        (0, _, _) => format!("{hours} h {minutes} min"),
        _ => format!("{days} d {hours} h"),
    }
}

/// Bytes in decimal units, as `df -H` has them: `8.4 MB`.
pub(super) fn size(bytes: u64) -> String {
    const UNITS: [(u64, &str); 4] =
        [(1_000_000_000_000, "TB"), (1_000_000_000, "GB"), (1_000_000, "MB"), (1000, "kB")];
    match UNITS.iter().find(|(unit, _)| bytes >= *unit) {
        Some((unit, name)) => format!("{:.1} {name}", bytes as f64 / *unit as f64),
        None => many(bytes, "byte"),
    }
}

/// Milliseconds, as JSON has durations.
pub(super) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// A moment on the clock of `zone`, with its offset.
pub(super) fn local(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
}

/// The same of milliseconds since 1970.
pub(super) fn local_ms(ms: i64, zone: &TimeZone) -> String {
    local(Timestamp::from_millisecond(ms).unwrap_or(Timestamp::UNIX_EPOCH), zone)
}

/// Columns of a terminal that a text takes: two for wide East Asian characters and emoji, none for
/// combining marks. Based on Unicode blocks, which is accurate enough for alignment.
pub(super) fn cells(text: &str) -> usize {
    let of = |c: char| match u32::from(c) {
        0x300..=0x36f | 0x200b..=0x200f | 0x20d0..=0x20ff | 0xfe00..=0xfe0f | 0xfe20..=0xfe2f => 0,
        0x1100..=0x115f | 0x2e80..=0x303e | 0x3041..=0xa4cf | 0xac00..=0xd7a3 | 0xf900..=0xfaff => {
            2
        }
        0xfe30..=0xfe6f
        | 0xff00..=0xff60
        | 0xffe0..=0xffe6
        | 0x1f300..=0x1f64f
        | 0x1f680..=0x1f6ff => 2,
        0x1f900..=0x1f9ff | 0x20000..=0x3fffd => 2,
        _ => 1,
    };
    text.chars().map(of).sum()
}

/// Rows in columns: the first flush left, numbers (`>` in `align`) flush right, two blanks between.
pub(super) fn columns(align: &str, rows: &[Vec<String>]) -> String {
    let width = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|c| cells(c)).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..align.len()).map(width).collect();
    let mut text = String::new();
    for row in rows {
        let mut line = String::from("  ");
        for ((cell, wide), side) in row.iter().zip(&widths).zip(align.chars()) {
            let padding = " ".repeat(wide.saturating_sub(cells(cell)));
            match side {
                '>' => line.extend([&padding, cell.as_str(), "  "]),
                _ => line.extend([cell.as_str(), &padding, "  "]),
            }
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// A foreign text, without what may be an e-mail address.
pub(super) fn discreet(text: &str) -> &str {
    if text.contains('@') { "***@***" } else { text }
}

/// Makes a text from an export safe to show: without control characters, bidirectional controls and
/// hidden characters.
pub fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() || is_hidden(c) { '\u{fffd}' } else { c }).collect()
}

/// Invisible characters that change how others are shown: directions, separators, and zero-width
/// ones. The two joiners of emoji and of Persian words are kept.
pub(super) fn is_hidden(c: char) -> bool {
    let is_joiner = matches!(c, '\u{200c}' | '\u{200d}');
    (is_invisible(c) && !is_joiner)
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_by_thousands() {
        for (number, expected) in
            [("0", "0"), ("999", "999"), ("1000", "1,000"), ("-1234567.50", "-1,234,567.50")]
        {
            assert_eq!(grouped(number), expected);
        }
    }

    #[test]
    fn durations_show_two_units() {
        for (seconds, expected) in [
            (0, "under 1 s"),
            (59, "59 s"),
            (61, "1 min 1 s"),
            (28_080, "7 h 48 min"),
            (329_000, "3 d 19 h"),
        ] {
            assert_eq!(duration(Duration::from_secs(seconds)), expected);
        }
    }

    #[test]
    fn sizes_are_in_decimal_units() {
        for (bytes, expected) in [
            (0, "0 bytes"),
            (999, "999 bytes"),
            (1000, "1.0 kB"),
            (8_449_999, "8.4 MB"),
            (34_100_000_000, "34.1 GB"),
            (2_000_000_000_000, "2.0 TB"),
        ] {
            assert_eq!(size(bytes), expected);
        }
    }

    #[test]
    fn an_order_number_cannot_steer_the_terminal() {
        assert_eq!(printable("#1\u{1b}[2J"), "#1\u{fffd}[2J");
    }
}
