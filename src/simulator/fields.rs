use super::call::Resource;
use super::reply::Problem;
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use serde_json::{Map, Value};

/// Reads the fields of one sent record, and collects everything that is wrong with it.
pub(super) struct FieldReader<'a> {
    resource: Resource,
    sent: &'a Map<String, Value>,
    /// The prefix of a field in a pointer: `orderProducts/0/` for a product.
    prefix: String,
    pub problems: Vec<Problem>,
}

impl<'a> FieldReader<'a> {
    pub fn new(resource: Resource, sent: &'a Map<String, Value>) -> Self {
        Self { resource, sent, prefix: String::new(), problems: Vec::new() }
    }

    /// The n-th entry of a list inside the record.
    pub fn entry(resource: Resource, list: &str, n: usize, sent: &'a Map<String, Value>) -> Self {
        Self { resource, sent, prefix: format!("{list}/{n}/"), problems: Vec::new() }
    }

    /// Whether the field was sent with anything but null or blank.
    pub fn has(&self, field: &str) -> bool {
        self.sent.get(field).is_some_and(|value| !value.is_null() && value != "")
    }

    pub fn invalid(&mut self, field: &str) {
        self.problems.push(Problem::invalid(self.resource, &format!("{}{field}", self.prefix)));
    }

    /// Notes each of these fields that was not sent.
    pub fn require(&mut self, fields: &[&str]) {
        for field in fields {
            if !self.has(field) {
                self.problems
                    .push(Problem::missing(self.resource, &format!("{}{field}", self.prefix)));
            }
        }
    }

    /// A text; a number counts as its digits.
    pub fn text(&mut self, field: &str) -> Option<String> {
        if !self.has(field) {
            return None;
        }
        let text = super::call::scalar(self.sent.get(field));
        if text.is_none() {
            self.invalid(field);
        }
        text
    }

    /// A whole number, as [`integer_of`] reads it.
    pub fn integer(&mut self, field: &str) -> Option<i64> {
        if !self.has(field) {
            return None;
        }
        let number = integer_of(self.sent.get(field)?);
        if number.is_none() {
            self.invalid(field);
        }
        number
    }

    pub fn id(&mut self, field: &str) -> Option<u64> {
        self.integer(field).and_then(|id| u64::try_from(id).ok())
    }

    /// A date with time and offset; without an offset it counts in the account's zone.
    pub fn moment(&mut self, field: &str, zone: &TimeZone) -> Option<Timestamp> {
        let text = self.text(field)?;
        let moment = moment_of(&text, zone);
        if moment.is_none() {
            self.invalid(field);
        }
        moment
    }

    /// An e-mail address, checked as loosely as a mail server would.
    pub fn email(&mut self) -> Option<String> {
        let email = self.text("email")?;
        if plausible(&email) {
            return Some(email);
        }
        let title = "Email address is not valid.".to_owned();
        self.problems.push(Problem::new("email_invalid", title, "email"));
        None
    }

    /// The entries of a list; `None` when the list was not sent.
    pub fn list(&mut self, field: &str) -> Option<Vec<&'a Map<String, Value>>> {
        let entries = match self.sent.get(field)? {
            Value::Array(entries) => {
                entries.iter().map(Value::as_object).collect::<Option<Vec<_>>>()
            }
            _ => None,
        };
        if entries.is_none() {
            self.invalid(field);
        }
        entries
    }
}

/// A whole number, 0 to 2^31-1, as a number or as digits.
pub(super) fn integer_of(value: &Value) -> Option<i64> {
    let number = match value {
        Value::Number(number) => number.as_i64()?,
        Value::String(text) if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) => {
            text.parse().ok()?
        }
        _ => return None,
    };
    (0..=i64::from(i32::MAX)).contains(&number).then_some(number)
}

pub(super) fn moment_of(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    if let Ok(moment) = text.parse::<Timestamp>() {
        return Some(moment);
    }
    let civil = text
        .parse::<DateTime>()
        .ok()
        .or_else(|| Some(text.parse::<Date>().ok()?.at(0, 0, 0, 0)))?;
    Some(zone.to_zoned(civil).ok()?.timestamp())
}

/// One `@` with something before it, and a dotted name after it, without blanks or control
/// characters.
pub(super) fn plausible(email: &str) -> bool {
    let Some((local, host)) = email.split_once('@') else {
        return false;
    };
    let clean =
        !email.chars().any(|c| c.is_whitespace() || c.is_control() || "<>(),;:\"".contains(c));
    clean
        && !local.is_empty()
        && !host.contains('@')
        && host.contains('.')
        && host.split('.').all(|part| !part.is_empty())
        && email.len() <= 254
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn integers_come_as_numbers_or_digits_and_nothing_else() {
        for (sent, read) in [
            (json!(1299), Some(1299)),
            (json!("1299"), Some(1299)),
            (json!(12.99), None),
            (json!("12.99"), None),
            (json!(-1), None),
            (json!("1e3"), None),
            (json!(2_147_483_648_i64), None),
            (json!(true), None),
        ] {
            assert_eq!(integer_of(&sent), read, "{sent}");
        }
    }

    #[test]
    fn dates_keep_their_instant() {
        let chicago = TimeZone::get("America/Chicago").unwrap();
        let instant = Some("2021-03-02T17:48:16Z".parse().unwrap());
        for text in ["2021-03-02T17:48:16.000Z", "2021-03-02T18:48:16+01:00", "2021-03-02T11:48:16"]
        {
            assert_eq!(moment_of(text, &chicago), instant, "{text}");
        }
        assert_eq!(moment_of("02/03/2021", &chicago), None);
    }

    #[test]
    fn addresses_that_no_server_takes_are_refused() {
        for good in ["ada@example.com", "a+b@mail.example.org", "ü@example.com"] {
            assert!(plausible(good), "{good}");
        }
        for bad in
            ["ada", "@example.com", "ada@example", "a da@example.com", "a@b@example.com", "a@.com"]
        {
            assert!(!plausible(bad), "{bad}");
        }
    }
}
