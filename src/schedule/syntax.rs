use super::ScheduleError;
use super::field::{AllowedValues, DAY_OF_MONTH, DAY_OF_WEEK, HOUR, MINUTE, MONTH, SECOND};

/// A crontab line, read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fields {
    pub second: AllowedValues,
    pub minute: AllowedValues,
    pub hour: AllowedValues,
    pub day_of_month: AllowedValues,
    pub month: AllowedValues,
    pub day_of_week: AllowedValues,
    /// It has a field for seconds.
    pub has_seconds: bool,
}

const EXPECTED: &str = "five fields as in crontab (minute, hour, day of month, month, day of week), six with seconds first, or a word such as @daily";

const WORDS: [(&str, &str); 7] = [
    ("@hourly", "0 * * * *"),
    ("@daily", "0 0 * * *"),
    ("@midnight", "0 0 * * *"),
    ("@weekly", "0 0 * * 0"),
    ("@monthly", "0 0 1 * *"),
    ("@yearly", "0 0 1 1 *"),
    ("@annually", "0 0 1 1 *"),
];

impl Fields {
    pub(super) fn read(text: &str) -> Result<Self, ScheduleError> {
        let lower = text.trim().to_ascii_lowercase();
        let line = match WORDS.iter().find(|(word, _)| *word == lower) {
            Some((_, line)) => line,
            None if lower.starts_with('@') => return Err(unknown_word(text, &lower)),
            None => text,
        };
        let parts: Vec<&str> = line.split_whitespace().collect();
        let (second, rest) = match parts.as_slice() {
            [second, rest @ ..] if rest.len() == 5 => (Some(*second), rest),
            rest => (None, rest),
        };
        let [minute, hour, day_of_month, month, day_of_week] = rest else {
            return Err(wrong_count(text, parts.len()));
        };
        Ok(Self {
            second: second.map_or(Ok(AllowedValues::only(0)), |text| SECOND.read(text))?,
            minute: MINUTE.read(minute)?,
            hour: HOUR.read(hour)?,
            day_of_month: DAY_OF_MONTH.read(day_of_month)?,
            month: MONTH.read(month)?,
            day_of_week: DAY_OF_WEEK.read(day_of_week)?,
            has_seconds: second.is_some(),
        })
    }
}

fn unknown_word(text: &str, lower: &str) -> ScheduleError {
    let words: Vec<&str> = WORDS.iter().map(|(word, _)| *word).collect();
    let fault =
        ScheduleError::new(format!("found `{text}`"), format!("one of: {}", words.join(", ")));
    match lower {
        "@reboot" => {
            fault.hint("a run that was missed while the host was down is caught up without it")
        }
        _ if lower.starts_with("@every") => {
            fault.hint("`*/15 * * * *` is every quarter of an hour")
        }
        _ => fault,
    }
}

fn wrong_count(text: &str, count: usize) -> ScheduleError {
    let noun = if count == 1 { "field" } else { "fields" };
    let fault = ScheduleError::new(format!("found `{text}`, {count} {noun}"), EXPECTED);
    match count {
        4 => fault.hint("`15 2 * * *` is every night at 02:15"),
        7 => fault.hint("leave the year out"),
        _ => fault,
    }
}
