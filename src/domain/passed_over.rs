//! Rows of an export that are no rows of orders.

use super::Position;

/// What a row is that is no row of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OtherRow {
    /// A row above the header: a title, say.
    AboveHeader,
    /// The header again.
    Header,
    /// A row below a header that says what the columns hold.
    Description,
    /// A line that is drawn.
    Ruler,
    /// A sum or a count of other rows.
    Footer,
}

impl OtherRow {
    pub const ALL: [Self; 5] =
        [Self::AboveHeader, Self::Header, Self::Description, Self::Ruler, Self::Footer];

    /// Its name for scripts and logs.
    pub fn word(self) -> &'static str {
        match self {
            Self::AboveHeader => "above_header",
            Self::Header => "header",
            Self::Description => "description",
            Self::Ruler => "ruler",
            Self::Footer => "footer",
        }
    }
}

/// The rows of one kind in an export. The position of the first one names its file and its line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PassedOver {
    pub kind: OtherRow,
    /// How many, at least one.
    pub rows: u64,
    pub first: Position,
}
