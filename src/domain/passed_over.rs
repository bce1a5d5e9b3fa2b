//! Rows of an export that belong to no order.

use super::choices;

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

/// What the files of one format state and no order is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unplaced {
    pub format: String,
    /// Columns, or keys with the names around them: `line_items.vendor`.
    pub fields: Vec<String>,
}

/// The rows of one kind in the files of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PassedOver {
    pub kind: OtherRow,
    /// How many, at least one.
    pub rows: u64,
    /// The file with the first one, as [`crate::extract::ExportFile`] is shown.
    pub file: String,
    /// The line that the first one begins at, from 1.
    pub line: u64,
}
