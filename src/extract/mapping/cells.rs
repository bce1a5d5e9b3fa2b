//! From cells to the text of one field.

use super::profile::{CellNames, Name};
use crate::domain::{Reason, Text};
use crate::extract::blank;
use crate::extract::rows::Row;
use csv::ByteRecord;
use std::borrow::Cow;

/// The values of one row, or one object, under the names of a mapping.
pub trait Values {
    /// Blank if there is no such cell.
    ///
    /// # Errors
    /// When it is not UTF-8, or not a single value.
    fn value(&self, name: Name) -> Result<Cow<'_, str>, Reason>;
}

/// The cell that replaces a list or an object when flat JSON is laid out as a table (U+FFFC, the
/// object replacement character).
pub const NO_SINGLE_VALUE: &str = "\u{fffc}";

/// A row of a table; `at` has the column of each name.
pub struct RowValues<'a> {
    pub row: &'a Row<'a>,
    pub at: &'a [usize],
}

impl Values for RowValues<'_> {
    fn value(&self, name: Name) -> Result<Cow<'_, str>, Reason> {
        let at = self.at.get(name).copied().unwrap_or(usize::MAX);
        match self.row.free_text(at) {
            Ok(NO_SINGLE_VALUE) => Err(Reason::MalformedRow),
            Ok(text) => Ok(Cow::Borrowed(text)),
            Err(_) => Err(Reason::BadEncoding),
        }
    }
}

/// A row that is examined before the table is read.
pub struct RecordValues<'a> {
    pub record: &'a ByteRecord,
    pub at: &'a [usize],
}

impl Values for RecordValues<'_> {
    fn value(&self, name: Name) -> Result<Cow<'_, str>, Reason> {
        let cell = self.at.get(name).and_then(|at| self.record.get(*at)).unwrap_or_default();
        std::str::from_utf8(cell.trim_ascii())
            .map(|text| Cow::Borrowed(blank::free_text(text)))
            .map_err(|_| Reason::BadEncoding)
    }
}

impl CellNames {
    /// The value of a part; blank also if the mapping declares so.
    fn part<'t>(&self, text: &'t str) -> &'t str {
        let text = if self.is_free_text { blank::free_text(text) } else { blank::value(text) };
        if self.blank.iter().any(|blank| blank == text) { "" } else { text }
    }

    /// The first alternative that is not blank.
    pub fn text(&self, values: &dyn Values) -> Result<Text, Reason> {
        for alternative in &self.alternatives {
            let mut joined = Text::default();
            for name in alternative {
                let text = values.value(*name)?;
                let part = self.part(&text);
                if part.is_empty() {
                    continue;
                }
                if !joined.is_empty() {
                    joined.push_str(&self.with);
                }
                joined.push_str(part);
            }
            if !joined.is_empty() {
                return Ok(if self.in_brackets { in_brackets(&joined).into() } else { joined });
            }
        }
        Ok(Text::default())
    }
}

/// `Ann Example (annex)` to `annex`; a text without brackets is unchanged.
fn in_brackets(text: &str) -> &str {
    let inner = || text.strip_suffix(')')?.rsplit_once('(').map(|(_, inner)| inner.trim());
    inner().unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_around_brackets_are_taken_off() {
        assert_eq!(in_brackets("Ann Example (annex)"), "annex");
        assert_eq!(in_brackets("annex"), "annex");
    }
}
