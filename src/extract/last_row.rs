//! Whether the last row of a file that ends without a line end is whole, or was cut within its last cell.
//!
//! The count of its fields can't tell: it is right either way. The other rows can, where their last cells are of one
//! form: text that was cut is shorter, or is the beginning of a longer one.

use serde_json::value::RawValue;

/// Digits of a number that no cut leaves as long as the others: ids, times.
const LONG_NUMBER: usize = 6;

/// The end of such a file, held against the last cells of the rows before it.
pub struct LastRow {
    /// The last cell, as the file's end has it.
    text: String,
    filled: u64,
    blank: u64,
    is_met: bool,
    begins_another: bool,
    /// All others that are filled are as long.
    is_as_long: bool,
    /// All others that are filled are numbers with as many digits behind the point.
    has_decimals: bool,
}

impl LastRow {
    /// `end` is what the file ends with: the last row of it, or the end of that.
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
            has_decimals: true,
        }
    }

    /// Takes in the last cell of a row before it.
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
        self.has_decimals &= decimals(&cell).is_some() && decimals(&cell) == decimals(&self.text);
    }

    /// Whether the last row, whose last cell is this, is provably whole.
    pub fn is_whole(&self, cell: &[u8]) -> bool {
        let cell = trimmed(cell);
        if cell.starts_with(['{', '[']) && serde_json::from_str::<&RawValue>(&cell).is_ok() {
            return true;
        }
        // What stands before a sign that the file's end was parted by is another cell than was compared.
        if cell != self.text {
            return false;
        }
        if cell.is_empty() {
            return self.filled == 0 && self.blank > 0;
        }
        let is_short_number = cell.len() < LONG_NUMBER && cell.bytes().all(|b| b.is_ascii_digit());
        let is_like_others = self.is_met || self.is_as_long;
        self.filled > 0 && !self.begins_another && (self.has_decimals || (is_like_others && !is_short_number))
    }
}

fn trimmed(cell: &[u8]) -> String {
    String::from_utf8_lossy(cell).trim().to_owned()
}

/// Digits behind the point of a number that has some.
fn decimals(cell: &str) -> Option<usize> {
    let (whole, fraction) = cell.split_once('.')?;
    let is_number = !whole.is_empty() && !fraction.is_empty();
    let mut digits = whole.bytes().chain(fraction.bytes());
    (is_number && digits.all(|b| b.is_ascii_digit())).then_some(fraction.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_whole(others: &[&str], last: &str) -> bool {
        let mut row = LastRow::of(format!("#1001,x,{last}").as_bytes(), b',');
        others.iter().for_each(|cell| row.meet(cell.as_bytes()));
        row.is_whole(last.as_bytes())
    }

    #[test]
    fn a_last_cell_is_whole_where_all_others_say_so() {
        for (others, last) in [
            (&["web", "pos", ""][..], "web"),
            (&["", ""], ""),
            (&["2024-01-31 10:11:12", "2024-02-01 00:00:00"], "2024-02-02 09:08:07"),
            (&["6885604524341"], "6885604524342"),
            (&["12.50", "432.32"], "9.99"),
            (&["{}"], "{\"a\": 1}"),
            (&["bea81c17", "0f32aa01"], "cafebabe"),
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
}
