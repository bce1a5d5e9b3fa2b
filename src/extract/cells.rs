//! The cells of a row under the names of its columns. Reading a cell never fails: an error in it
//! becomes an error of its record.

use super::decisive;
use super::header::{ABSENT, Header};
use super::order_errors::add_error;
use super::rows::Row;
use crate::domain::{Reason, RecordError, SourceOrder, Text, add_once};

/// The most columns of a table that may have the same content.
const NAMES_MAX: usize = 4;

/// Columns with the same content, the preferred one first.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// [`ABSENT`] after those that exist.
    at: [usize; NAMES_MAX],
    /// The first of its names, for messages.
    pub name: &'static str,
}

impl Column {
    pub fn of(header: &Header, names: &[&'static str]) -> Self {
        let mut at = [ABSENT; NAMES_MAX];
        let found = names.iter().map(|name| header.at(name)).filter(|found| *found != ABSENT);
        for (at, found) in at.iter_mut().zip(found) {
            *at = found;
        }
        Self { at, name: names.first().copied().unwrap_or_default() }
    }

    /// A column with a number in its header; `name` is for messages.
    pub fn numbered(header: &Header, own_name: &str, name: &'static str) -> Self {
        let mut at = [ABSENT; NAMES_MAX];
        at[0] = header.at(own_name);
        Self { name, at }
    }

    /// Index of the preferred column that exists, else [`ABSENT`].
    pub fn at(&self) -> usize {
        self.at[0]
    }

    pub fn is_there(&self) -> bool {
        self.at() != ABSENT
    }

    fn indices(&self) -> impl Iterator<Item = usize> {
        self.at.iter().copied().take_while(|at| *at != ABSENT)
    }

    /// The first of its cells that is not blank.
    pub fn cell<'r>(&self, row: &'r Row<'_>) -> &'r [u8] {
        let mut cells = self.indices().map(|at| row.cell(at));
        cells.find(|cell| !cell.is_empty()).unwrap_or_default()
    }
}

/// The indexes of these columns.
pub fn places(columns: &[&Column]) -> Vec<usize> {
    columns.iter().flat_map(|column| column.indices()).collect()
}

/// A struct of columns whose names are known without a header.
pub trait Named {
    const NAMES: &[&str];
}

/// A struct of columns, each with the names it may have.
macro_rules! columns {
    ($(#[$doc:meta])* $of:ident { $($(#[$field_doc:meta])* $field:ident: [$($name:literal),+];)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone)]
        pub struct $of { $($(#[$field_doc])* pub $field: $crate::extract::cells::Column,)* }

        impl $crate::extract::cells::Named for $of {
            const NAMES: &[&str] = &[$($($name),+),*];
        }

        impl $of {
            pub fn of(header: &$crate::extract::header::Header) -> Self {
                Self { $($field: $crate::extract::cells::Column::of(header, &[$($name),+]),)* }
            }
        }
    };
}
pub(super) use columns;

/// Reads cells of one row, and collects their errors.
pub struct Cells<'r> {
    pub row: &'r Row<'r>,
    pub faults: Vec<RecordError>,
}

impl<'r> Cells<'r> {
    pub fn of(row: &'r Row<'r>) -> Self {
        Self { row, faults: Vec::new() }
    }

    /// The text of a column; blank if it is absent. Bytes that are not UTF-8 are replaced and
    /// reported.
    pub fn text(&mut self, column: &Column) -> Text {
        self.first(column, |row, at| row.text(at))
    }

    /// As [`Self::text`], of cells with free text.
    pub fn free_text(&mut self, column: &Column) -> Text {
        self.first(column, |row, at| row.free_text(at))
    }

    #[inline]
    fn first(
        &mut self,
        column: &Column,
        read: impl Fn(&'r Row<'r>, usize) -> Result<&'r str, &'r [u8]>,
    ) -> Text {
        for at in column.indices() {
            match read(self.row, at) {
                Ok("") => {}
                Ok(text) => return text.into(),
                Err(bytes) => {
                    self.fault(Reason::BadEncoding, column);
                    return Text::from_utf8_lossy(bytes);
                }
            }
        }
        Text::default()
    }

    /// Reads a cell as yes or no; `None` if it is neither.
    pub fn flag(&mut self, column: &Column) -> Option<bool> {
        decisive::flag_of(&self.text(column))
    }

    /// As [`Self::flag`], for a cell that decides: anything but blank, yes or no is an error.
    pub fn deciding_flag(&mut self, column: &Column) -> Option<bool> {
        decisive::flag(&self.text(column)).unwrap_or_else(|reason| {
            self.fault(reason, column);
            None
        })
    }

    /// Whether a cell contains a date. Anything but blank or a date is an error.
    pub fn is_dated(&mut self, column: &Column) -> bool {
        decisive::is_dated(&self.text(column)).unwrap_or_else(|reason| {
            self.fault(reason, column);
            false
        })
    }

    pub fn fault(&mut self, reason: Reason, column: &Column) {
        let mut cells = column.indices().filter_map(|at| self.row.text(at).ok());
        let text = cells.find(|text| !text.is_empty()).unwrap_or_default();
        self.add(RecordError::of(reason, column.name).showing(text));
    }

    /// Adds a fault once.
    pub fn add(&mut self, fault: RecordError) {
        add_once(&mut self.faults, fault);
    }

    /// Moves the errors to the order, each with its line if that is not the order's first.
    pub fn settle(self, order: &mut SourceOrder) {
        for fault in self.faults {
            add_error(order, fault, self.row.line);
        }
    }
}
