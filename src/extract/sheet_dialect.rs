//! What a shop system writes into CSV, and which one wrote a table.

use super::error::ReadError;
use super::export::Options;
use super::fivetran_csv;
use super::join::{Part, Pieces};
use super::mapping;
use super::messages;
use super::rows::Rows;
use super::shopify_csv;
use super::woocommerce;
use crate::domain::SourceOrder;
use csv::ByteRecord;
use std::fmt;
use std::sync::Arc;

/// One kind of CSV export, as one shop system writes it.
pub trait SheetDialect: Send + Sync + fmt::Debug {
    /// Its name in the settings.
    fn name(&self) -> &str;

    /// What the export is, for messages: "Shopify orders export".
    fn title(&self) -> &str;

    fn description(&self) -> &str;

    /// Columns without which nothing can be sent; where one of several is enough, joined by "or".
    fn needs(&self) -> Vec<String> {
        Vec::new()
    }

    /// How many columns of a header have a name of this export. Tells the delimiter, and of two
    /// dialects that fit the one that fits better.
    fn known(&self, header: &ByteRecord) -> usize;

    /// The delimiter, where it is none of those that are tried.
    fn delimiter(&self) -> Option<u8> {
        None
    }

    fn judge(&self, head: &Head<'_>) -> Verdict;
}

/// The beginning of a table.
pub struct Head<'a> {
    pub header: &'a ByteRecord,
    /// The rows below it that the beginning of the file holds in full, for what the header alone
    /// can't tell.
    pub rows: &'a [ByteRecord],
    /// The settings name the format, so only its columns are in question.
    pub is_named: bool,
    pub options: &'a Options,
}

/// What a dialect says of a table.
#[derive(Debug)]
pub enum Verdict {
    /// It can be read.
    Complete(Arc<dyn Layout>),
    /// It is this export, but without these columns.
    Missing { columns: Vec<String>, hint: String },
    /// It is known, and no orders can come of it: what it is, and what to take instead.
    Unusable { what: String, hint: String },
    /// Not this export, as far as can be told.
    Foreign,
}

/// Where everything stands in one table.
pub trait Layout: Send + Sync + fmt::Debug {
    /// Fields of a whole row.
    fn width(&self) -> usize;

    /// Whether the first column holds the order's name or id on each row that begins an order: a
    /// line within a cell that begins alike is then a row which an open quote has swallowed.
    fn begins_with_key(&self) -> bool;

    fn read(self: Arc<Self>, rows: Rows) -> Box<dyn Records>;

    /// What the table is among several that are read together; `None` where it is read alone.
    fn part(&self) -> Option<Part> {
        None
    }

    /// The rows as parts of orders, where it is such a table and its rows are of use.
    fn pieces(self: Arc<Self>, _rows: Rows) -> Option<Box<dyn Pieces>> {
        None
    }
}

/// The orders of one table, one after the other.
pub trait Records: Send {
    /// The next order; its position has the line, but not the file and the record.
    ///
    /// # Errors
    /// When the table can't be read on, changed, or ends too soon. An order that the table ends
    /// within is not given out.
    fn pull(&mut self) -> Result<Option<SourceOrder>, ReadError>;
}

/// The dialects that are known.
pub static SHEET_DIALECTS: &[&dyn SheetDialect] = &[
    &shopify_csv::DIALECT,
    &woocommerce::WEBTOFFEE,
    &woocommerce::ADVANCED_CSV,
    &mapping::SQUARESPACE,
    &mapping::WIX,
    &mapping::TIENDANUBE,
    &mapping::BIGCOMMERCE,
    &mapping::ETSY,
    &mapping::AMAZON,
    &mapping::SQUARE,
    &mapping::MATRIXIFY,
    &fivetran_csv::DIALECT,
    &messages::WAREHOUSE,
];
