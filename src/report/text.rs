use std::time::Duration;

/// A count with its thousands apart: `1,234,567`.
pub fn count(n: u64) -> String {
    grouped(&n.to_string())
}

/// Digits with their thousands apart; a sign and a fraction stay as they are.
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

/// Rows in columns: the first flush left, numbers (`>` in `align`) flush right, two blanks between.
pub(super) fn columns(align: &str, rows: &[Vec<String>]) -> String {
    let width = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|c| c.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..align.len()).map(width).collect();
    let mut text = String::new();
    for row in rows {
        let mut line = String::from("  ");
        for ((cell, width), side) in row.iter().zip(&widths).zip(align.chars()) {
            let padding = " ".repeat(width.saturating_sub(cell.chars().count()));
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

/// A text that somebody else wrote, without what may be somebody's address.
pub(super) fn discreet(text: &str) -> &str {
    if text.contains('@') { "***@***" } else { text }
}

/// Makes a text from an export safe to print: no control character reaches the terminal.
pub(super) fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
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
        for (seconds, expected) in
            [(0, "under 1 s"), (59, "59 s"), (61, "1 min 1 s"), (28_080, "7 h 48 min"), (329_000, "3 d 19 h")]
        {
            assert_eq!(duration(Duration::from_secs(seconds)), expected);
        }
    }

    #[test]
    fn an_order_number_cannot_steer_the_terminal() {
        assert_eq!(printable("#1\u{1b}[2J"), "#1\u{fffd}[2J");
    }
}
