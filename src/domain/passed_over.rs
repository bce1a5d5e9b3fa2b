//! Rows and records of an export that belong to no order.

use super::choices;
use std::sync::Arc;

choices! {
    /// Why a row, or a record of JSON, belongs to no order.
    pub enum OtherRow {
        AboveHeader "above_header" "above the header, as a title";
        Header "header" "as the header repeated";
        Description "description" "as a description of the columns";
        Ruler "ruler" "as a drawn line";
        Footer "footer" "as a footer";
        Drafts "drafts" "as drafts, by the name of their list";
        Deleted "deleted" "as deleted, by the name of their list";
        Trash "trash" "as trash, by the name of their list";
        Templates "templates" "as templates, by the name of their list";
        UnnamedList "unnamed_list" "as orders in a list that the mapping does not name";
        NearOrders "near_orders" "as records in a list of their own that lack one field of an order";
    }
}

impl OtherRow {
    /// Whether these are records of JSON.
    pub fn is_record(self) -> bool {
        use OtherRow as O;
        match self {
            O::AboveHeader | O::Header | O::Description | O::Ruler | O::Footer => false,
            O::Drafts | O::Deleted | O::Trash | O::Templates => true,
            O::UnnamedList | O::NearOrders => true,
        }
    }
}

/// Fields in the files of one format that are not used for orders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unplaced {
    pub format: String,
    /// Columns, or keys with the names around them: `line_items.vendor`.
    pub fields: Vec<String>,
}

/// The rows, or records, of one kind in the files of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PassedOver {
    pub kind: OtherRow,
    /// How many, at least one.
    pub rows: u64,
    /// The file with the first one, as [`crate::extract::ExportFile`] is shown.
    pub file: String,
    /// The line that the first one begins at, from 1.
    pub line: u64,
    /// The name of the list that the first one is in, if these are records of JSON.
    pub list: Option<Arc<str>>,
}
