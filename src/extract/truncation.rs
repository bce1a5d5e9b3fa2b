//! Whether the last row of a file without a final line end is complete, or was truncated within its
//! last cell.
//!
//! The number of fields doesn't show it: it is right either way. The other rows do, if their last
//! cells have one form: a truncated cell is shorter, or is the beginning of a longer one. For
//! numbers, equal length proves little: `123.4`, cut from `123.45`, is as long as `19.99`, and
//! `10.5`, cut from `10.55`, may be in another row.

use serde_json::value::RawValue;

/// Digits of numbers that are all as long because of what they are: ids, times. Shorter ones grow
/// by a digit sooner.
const LONG_NUMBER: usize = 10;
/// Characters of a hash or a UUID, which are all equally long. Shorter ones may be article
/// numbers.
const LONG_HASH: usize = 16;
/// Digits behind a point or comma that may as well be thousands: `1.234` of `1.234.567`.
const THOUSANDS: usize = 3;

/// The last cell of such a file, and what the last cells of the rows before it prove.
pub struct LastRow {
    /// The last cell, as the file's end has it.
    text: String,
    filled: u64,
    blank: u64,
    is_met: bool,
    begins_another: bool,
    /// All others that are filled are as long.
    is_as_long: bool,
    /// All others that are filled have digits where it has some, and the same signs between them.
    has_their_shape: bool,
    /// All others that are filled are numbers with as many digits behind the point or comma.
    has_decimals: bool,
}

impl LastRow {
    /// `end` is the end of the file: its last row, or the end of it.
    pub fn of(end: &[u8], delimiter: u8) -> Self {
        let from = end.iter().rposition(|b| *b == delimiter || *b == b'\n').map_or(0, |at| at + 1);
        let text = trimmed(end.get(from..).unwrap_or_default());
        Self {
            text,
            filled: 0,
            blank: 0,
            is_met: false,
            begins_another: false,
            is_as_long: true,
            has_their_shape: true,
            has_decimals: true,
        }
    }

    /// Adds the last cell of an earlier row.
    pub fn meet(&mut self, cell: &[u8]) {
        let cell = trimmed(cell);
        if cell.is_empty() {
            self.blank += 1;
            return;
        }
        self.filled += 1;
        self.is_met |= cell == self.text;
        self.begins_another |= cell != self.text && cell.starts_with(&self.text);
        self.is_as_long &= cell.chars().count() == self.text.chars().count();
        self.has_their_shape &= shape(&cell).eq(shape(&self.text));
        self.has_decimals &= decimals(&cell).is_some() && decimals(&cell) == decimals(&self.text);
    }

    /// Whether the last row, which ends in this cell, is provably complete.
    pub fn is_whole(&self, cell: &[u8]) -> bool {
        let cell = trimmed(cell);
        if cell.starts_with(['{', '[']) && serde_json::from_str::<&RawValue>(&cell).is_ok() {
            return true;
        }
        // A separator at the end of the file shows that another cell was compared.
        if cell != self.text {
            return false;
        }
        if cell.is_empty() {
            return self.filled == 0 && self.blank > 0;
        }
        self.filled > 0 && !self.begins_another && self.is_like_others()
    }

    fn is_like_others(&self) -> bool {
        if !may_go_on_in_digits(&self.text) {
            return self.is_met || self.is_as_long;
        }
        let is_all = |is: fn(&u8) -> bool| self.text.as_bytes().iter().all(is);
        let is_long_number = self.text.len() >= LONG_NUMBER && is_all(u8::is_ascii_digit);
        let is_hash =
            self.text.len() >= LONG_HASH && is_all(|b| b.is_ascii_hexdigit() || *b == b'-');
        let has_letters = self.text.bytes().any(|b| b.is_ascii_alphabetic());
        self.has_decimals
            || (self.is_as_long && (is_long_number || (is_hash && has_letters)))
            || (self.has_their_shape && is_iso(&self.text))
    }
}

fn trimmed(cell: &[u8]) -> String {
    String::from_utf8_lossy(cell).trim().to_owned()
}

/// Whether the last word of a cell has a digit, so that more of them may have followed: amounts,
/// dates, numbers.
fn may_go_on_in_digits(cell: &str) -> bool {
    let last = cell.rsplit(|c: char| !c.is_alphanumeric()).find(|word| !word.is_empty());
    // A cell without any word (`-`, `$`) may continue with digits.
    last.is_none_or(|word| word.contains(char::is_numeric))
}

/// A text with one digit for all.
fn shape(cell: &str) -> impl Iterator<Item = char> {
    cell.chars().map(|c| if c.is_ascii_digit() { '0' } else { c })
}

/// Whether it begins as a date or a time of ISO 8601 does, in which each part has its width.
fn is_iso(cell: &str) -> bool {
    let begins_as = |form: &str| shape(cell).take(form.len()).eq(form.chars());
    let is_sign = |c: char| c.is_ascii_digit() || "-:.,+TZ ".contains(c);
    (begins_as("0000-00-00") || begins_as("00:00")) && cell.chars().all(is_sign)
}

/// The point or comma of an amount, and how many digits follow it: two, or more than
/// thousands have.
fn decimals(cell: &str) -> Option<(char, usize)> {
    let point = cell.chars().find(|c| matches!(c, '.' | ','))?;
    let (whole, fraction) = cell.split_once(point)?;
    let is_number = !whole.is_empty() && fraction.len() >= 2 && fraction.len() != THOUSANDS;
    let mut digits = whole.bytes().chain(fraction.bytes());
    (is_number && digits.all(|b| b.is_ascii_digit())).then_some((point, fraction.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_whole(others: &[&str], last: &str) -> bool {
        let mut row = LastRow::of(format!("#1001;x;{last}").as_bytes(), b';');
        others.iter().for_each(|cell| row.meet(cell.as_bytes()));
        row.is_whole(last.as_bytes())
    }

    #[test]
    fn a_last_cell_is_complete_if_all_others_prove_it() {
        for (others, last) in [
            (&["web", "pos", ""][..], "web"),
            (&["", ""], ""),
            (&["2024-01-31 10:11:12", "2024-02-01 00:00:00"], "2024-02-02 09:08:07"),
            (&["6885604524341"], "6885604524342"),
            (&["12.50", "432.32"], "9.99"),
            (&["{}"], "{\"a\": 1}"),
            (&["2024-01-31T10:11:12Z", "2024-02-01T00:00:00Z"], "2024-02-02T09:08:07Z"),
            (&["2024-01-31 10:11:12 -0500"], "2024-02-02 09:08:07 -0400"),
            (&["2024-01-31", "2024-02-01"], "2024-02-02"),
            (&["19,99", "123,45"], "9,99"),
            (&["bea81c17", "0f32aa01"], "cafebabe"),
            (&["bea81c17-0f32-aa01"], "0f32aa01-bea8-1c17"),
            (&["UPS 2 days", "UPS 3 days"], "UPS 2 days"),
        ] {
            assert!(is_whole(others, last), "{last}");
        }
    }

    #[test]
    fn a_last_cell_that_may_have_been_longer_is_not() {
        for (others, last) in [
            (&["web", "webshop"][..], "web"),
            (&["web", "pos"], "we"),
            (&["12.50", "432.32"], "9.9"),
            (&["12.50", "432.32"], "9"),
            (&["1", "2", "1"], "1"),
            (&["paid", ""], ""),
            (&["a note of some", "another"], "a word"),
            (&["2024-01-31 10:11:12"], "2024-01-31 10:11"),
            (&[], "web"),
            (&["{}"], "{\"a\": 1"),
        ] {
            assert!(!is_whole(others, last), "{last}");
        }
    }

    #[test]
    fn a_truncated_number_or_date_is_not_complete_because_of_equal_or_equally_long_ones() {
        for (others, last) in [
            (&["19.99", "25.00"][..], "123.4"),
            (&["10.5", "3.25", "10.5"], "10.5"),
            (&["19,99", "25,00"], "123,4"),
            (&["19.9", "25.1"], "30.5"),
            (&["19.99", "25.00"], "19,99"),
            (&["1,234", "2,345"], "1,234"),
            (&["$19.99", "$25.00"], "$123.4"),
            (&["EUR 19.99", "EUR 25.00"], "EUR 123.4"),
            (&["-5.00", "-5.00"], "-5.0"),
            (&["1 200", "1 300"], "1 200"),
            (&["100000", "999999"], "100000"),
            (&["999999999", "999999999"], "999999999"),
            (&["580111", "580111"], "580111"),
            (&["#1001", "#1002"], "#1001"),
            (&["Size 2", "Size 1"], "Size 1"),
            (&["1/2/2024", "1/3/2024"], "12/31/20"),
            (&["12/31/2024", "9/1/2024", "12/31/20"], "12/31/20"),
            (&["2024-1-31", "2024-2-01"], "2024-12-3"),
            (&["2024-01-31 9:05", "2024-01-31 8:11"], "2024-01-31 10:1"),
            (&["2024-01-31T10:11:12Z"], "2024-01-31T10:11:12"),
            (&["2024-01-31", "2024-01-31 10:11"], "2024-01-31"),
            (&["-", "-"], "-"),
        ] {
            assert!(!is_whole(others, last), "{last}");
        }
    }
}
