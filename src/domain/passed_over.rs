//! Rows of an export that belong to no order.

use super::{Position, choices};

choices! {
    /// Why a row belongs to no order.
    pub enum OtherRow {
        AboveHeader "above_header" "above the header, as a title";
        Header "header" "as the header repeated";
        Description "description" "as a description of the columns";
        Ruler "ruler" "as a drawn line";
        Footer "footer" "as a footer";
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
