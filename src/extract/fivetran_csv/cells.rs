//! The text of cells.

use super::columns::Column;
use crate::domain::{Reason, RecordError};
use crate::extract::decisive;
use crate::extract::json::Tree;
use crate::extract::rows::Row;

type ReadCell = for<'r> fn(&'r Row<'_>, usize) -> Result<&'r str, &'r [u8]>;

/// Takes cells out of one row, and keeps what is wrong with them.
pub struct Cells<'r, 'a> {
    pub row: &'r Row<'a>,
    pub faults: Vec<RecordError>,
}

impl<'r, 'a> Cells<'r, 'a> {
    pub fn of(row: &'r Row<'a>) -> Self {
        Self { row, faults: Vec::new() }
    }

    /// The first of a column's cells that is not blank. Where it is no UTF-8, what can't be read
    /// stands as U+FFFD.
    pub fn text(&mut self, column: &Column) -> String {
        self.first(column, |row, at| row.text(at))
    }

    /// As [`Self::text`], of cells with free text.
    pub fn free_text(&mut self, column: &Column) -> String {
        self.first(column, |row, at| row.free_text(at))
    }

    fn first(&mut self, column: &Column, read: ReadCell) -> String {
        for at in &column.at {
            match read(self.row, *at) {
                Ok("") => {}
                Ok(text) => return text.to_owned(),
                Err(bytes) => {
                    self.faults.push(RecordError::of(Reason::BadEncoding, column.name));
                    return String::from_utf8_lossy(bytes).into_owned();
                }
            }
        }
        String::new()
    }

    /// An amount, which some warehouses keep as the JSON that the API answered with.
    pub fn amount(&mut self, column: &Column) -> String {
        let text = self.text(column);
        if !text.starts_with('{') {
            return text;
        }
        let amount = shop_money(&text);
        if amount.is_none() {
            self.faults.push(RecordError::of(Reason::MalformedRow, column.name));
        }
        amount.unwrap_or_default()
    }

    /// A date in UTC, as all are here; one that states its offset keeps it.
    pub fn moment(&mut self, column: &Column) -> String {
        let text = self.text(column);
        let time = text.get(10..).unwrap_or_default();
        let is_local =
            time.contains(':') && !time.contains(['Z', 'z', '+', '-']) && !time.ends_with("UTC");
        if is_local { format!("{text} +0000") } else { text }
    }

    /// Whether a cell says yes or no; `None` where it says neither.
    pub fn flag(&mut self, column: &Column) -> Option<bool> {
        decisive::flag_of(&self.text(column))
    }

    /// As [`Self::flag`], of a cell that decides: what is neither blank nor yes nor no is a fault.
    pub fn deciding_flag(&mut self, column: &Column) -> Option<bool> {
        decisive::flag(&self.text(column)).unwrap_or_else(|reason| {
            self.faults.push(RecordError::of(reason, column.name));
            None
        })
    }

    /// Whether a cell holds a date. What is neither blank nor a date is a fault.
    pub fn is_dated(&mut self, column: &Column) -> bool {
        decisive::is_dated(&self.text(column)).unwrap_or_else(|reason| {
            self.faults.push(RecordError::of(reason, column.name));
            false
        })
    }
}

/// The shop's money of `{"shop_money": {"amount": "3.00", …}, …}`, as it stands.
fn shop_money(json: &str) -> Option<String> {
    let set = Tree::parse(json).ok()?;
    let amount = set.root().get("shop_money").ok()??.get("amount").ok()??;
    let text = amount.text().ok()?.into_owned();
    (!amount.is_null()).then_some(text)
}
