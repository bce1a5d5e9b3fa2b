use super::ScheduleError;
use crate::domain::calendar::{DAYS, MONTHS};

/// One field of a crontab line: its range, and the names of its values.
#[derive(Debug)]
pub(super) struct CrontabField {
    pub name: &'static str,
    pub min: u8,
    pub max: u8,
    /// Names of `min` and the following values.
    names: &'static [&'static str],
}

pub(super) const SECOND: CrontabField =
    CrontabField { name: "second", min: 0, max: 59, names: &[] };
pub(super) const MINUTE: CrontabField =
    CrontabField { name: "minute", min: 0, max: 59, names: &[] };
pub(super) const HOUR: CrontabField = CrontabField { name: "hour", min: 0, max: 23, names: &[] };
pub(super) const DAY_OF_MONTH: CrontabField =
    CrontabField { name: "day of month", min: 1, max: 31, names: &[] };
pub(super) const MONTH: CrontabField =
    CrontabField { name: "month", min: 1, max: 12, names: &MONTHS };
/// Sunday is 0 and 7.
pub(super) const DAY_OF_WEEK: CrontabField =
    CrontabField { name: "day of week", min: 0, max: 7, names: &DAYS };

/// The values that a field allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct AllowedValues {
    /// Bit n is value n; for days of the week, 0 is Sunday, and 7 is not used.
    bits: u64,
    /// It begins with `*`: then the other of the two fields for days decides.
    pub is_free: bool,
}

impl AllowedValues {
    pub(super) fn only(value: u8) -> Self {
        Self { bits: 1 << value, is_free: false }
    }

    pub(super) fn has(self, value: u8) -> bool {
        value < 64 && self.bits & (1 << value) != 0
    }
}

impl CrontabField {
    /// Reads a field: `*`, values, ranges and steps, separated by commas.
    pub(super) fn read(&self, text: &str) -> Result<AllowedValues, ScheduleError> {
        let mut bits = 0;
        for item in text.split(',') {
            bits |= self.item(item, text)?;
        }
        if self.is_day_of_week() && bits & (1 << DAY_OF_WEEK.max) != 0 {
            bits = (bits | 1) & !(1 << DAY_OF_WEEK.max);
        }
        Ok(AllowedValues { bits, is_free: text.starts_with('*') })
    }

    fn item(&self, item: &str, text: &str) -> Result<u64, ScheduleError> {
        let (range, step) = match item.split_once('/') {
            Some((range, step)) => (range, Some(step)),
            None => (item, None),
        };
        let (first, last) = match range.split_once('-') {
            _ if range == "*" => (self.min, self.last_of_all()),
            Some((first, last)) => self.range(first, last, item)?,
            None => {
                let value = self.value(range, text)?;
                if let Some(step) = step {
                    let last = self.last_of_all();
                    return Err(self.fault(item, "a range or `*` before a step").hint(format!(
                        "`{range}-{last}/{step}` begins at {range}; `{range}` alone is that value only"
                    )));
                }
                (value, value)
            }
        };
        let step = match step {
            Some(step) => self.step(step, last - first, item)?,
            None => 1,
        };
        Ok((first..=last).step_by(usize::from(step)).fold(0, |bits, value| bits | (1 << value)))
    }

    fn range(&self, first: &str, last: &str, item: &str) -> Result<(u8, u8), ScheduleError> {
        let from = self.value(first, item)?;
        // A week may end on a Sunday.
        let by_name = last.parse::<u8>().is_err();
        let to = match self.value(last, item)? {
            0 if by_name && self.is_day_of_week() && from > 0 => DAY_OF_WEEK.max,
            to => to,
        };
        if from > to {
            let rest = format!("{first}-{},{}-{last}", self.last_of_all(), self.min);
            return Err(self
                .fault(item, "a range that goes upwards")
                .hint(format!("write it as two: `{rest}`")));
        }
        Ok((from, to))
    }

    /// A step that leaves only the first value was probably meant in another unit.
    fn step(&self, step: &str, span: u8, item: &str) -> Result<u8, ScheduleError> {
        let step_max = span.max(1);
        // `parse` accepts a sign.
        let number = step.parse::<u8>().ok().filter(|_| !step.starts_with('+'));
        number.filter(|number| (1..=step_max).contains(number)).ok_or_else(|| {
            let fault = self.fault(item, format!("a step from 1 to {step_max}"));
            match step.parse::<u64>() {
                Ok(number) if number > u64::from(span) => fault.hint(format!(
                    "a step stays within its field: steps of {number} don't fit into it"
                )),
                _ => fault,
            }
        })
    }

    fn value(&self, text: &str, item: &str) -> Result<u8, ScheduleError> {
        if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
            let number =
                text.parse::<u8>().ok().filter(|number| (self.min..=self.max).contains(number));
            return number.ok_or_else(|| self.fault(text, self.expected()));
        }
        let lower = text.to_ascii_lowercase();
        let named = |name: &&str| lower == **name || (lower.len() == 3 && name.starts_with(&lower));
        if let Some(index) = self.names.iter().position(named) {
            return Ok(self.min + u8::try_from(index).unwrap_or_default());
        }
        let fault = self.fault(if text.is_empty() { item } else { text }, self.expected());
        Err(match text {
            "?" => fault.hint("write `*` for any"),
            _ if text.contains(['L', 'W', '#']) => fault.hint(
                "L, W and # are not of crontab; name the days, or let a job run more often than needed",
            ),
            _ => fault,
        })
    }

    /// The only field with two numbers for one value.
    fn is_day_of_week(&self) -> bool {
        self.max == DAY_OF_WEEK.max
    }

    /// The greatest value that is not another name of 0.
    fn last_of_all(&self) -> u8 {
        if self.is_day_of_week() { 6 } else { self.max }
    }

    fn fault(&self, found: &str, expected: impl Into<String>) -> ScheduleError {
        ScheduleError::new(format!("{}: found `{found}`", self.name), expected)
    }

    fn expected(&self) -> String {
        let names = match (self.names.first(), self.names.last()) {
            (Some(first), Some(last)) => format!(", or a name, {} to {}", &first[..3], &last[..3]),
            _ => String::new(),
        };
        let sunday = if self.is_day_of_week() { " (0 and 7 are Sunday)" } else { "" };
        format!("a {} from {} to {}{sunday}{names}", self.name, self.min, self.max)
    }
}
