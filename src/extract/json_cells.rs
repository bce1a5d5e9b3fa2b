//! Tables whose rows are records of a JSON format: lists and objects are JSON in their cells, as a
//! query of a warehouse saves them.

use super::error::{NoMatch, ReadError};
use super::format::{CsvFormat, CsvHead, CsvLayout, CsvMatch, Format, Records, Syntax};
use super::header::Header;
use super::json::{
    Document, JsonFormat, JsonFormats, Keys, SAMPLE_LEN_MAX, Tree, format_of, is_near, malformed,
};
use super::messages::object_of;
use super::rows::{Row, Rows};
use crate::domain::SourceOrder;
use csv::ByteRecord;
use std::borrow::Cow;
use std::sync::Arc;

/// A table of records, one a row.
#[derive(Debug)]
pub struct JsonCells;

pub static FORMAT: JsonCells = JsonCells;

/// Columns that hold JSON in the tables of some shop system; they decide the delimiter.
const NAMES: [&str; 3] = ["line_items", "shipping_lines", "billing_address"];

impl Format for JsonCells {
    fn name(&self) -> &str {
        "json-cells-csv"
    }

    fn title(&self) -> &str {
        "table of orders with JSON in its cells"
    }

    fn description(&self) -> &str {
        "Warehouses: a CSV table of orders whose lists and objects are JSON in their cells"
    }

    fn needs(&self) -> Vec<String> {
        vec!["the columns of one of the JSON formats".to_owned()]
    }

    fn how(&self) -> String {
        "The result of a query over the table of orders, written to a CSV file with all its columns.".to_owned()
    }

    fn syntax(&self) -> Syntax<'_> {
        Syntax::Csv(self)
    }
}

impl CsvFormat for JsonCells {
    fn known_columns(&self, header: &Header) -> usize {
        header.count(|name| NAMES.contains(&name))
    }

    fn is_generic(&self) -> bool {
        true
    }

    fn detect(&self, head: &CsvHead<'_>) -> CsvMatch {
        let objects = RowObjects::of(head.header);
        let Some(column) = objects.json_column(head.rows) else {
            let what = "no cell of its first rows holds JSON";
            let hint = "name another format in the settings, or auto";
            return match head.is_named {
                true => CsvMatch::Unusable(NoMatch::new(what, hint)),
                false => CsvMatch::NotThisFormat,
            };
        };
        let keys = objects.keys(head.rows, head.json_formats);
        match format_of(&keys, head.json_formats) {
            Ok(format) => CsvMatch::Complete(Arc::new(JsonTable { objects, format })),
            Err(NoMatch { what, hint }) if head.is_named || is_near(&keys, head.json_formats) => {
                let what = format!("its column {column} holds JSON; {what}");
                let hint = format!("{hint}, or read it by a mapping with source = \"json\"");
                CsvMatch::Unusable(NoMatch::new(what, hint))
            }
            Err(_) => CsvMatch::NotThisFormat,
        }
    }
}

/// Turns the rows of a table into objects, one key a column.
#[derive(Debug, Clone)]
pub struct RowObjects {
    names: Vec<String>,
}

impl RowObjects {
    pub fn of(header: &Header) -> Self {
        Self { names: header.names().map(str::to_owned).collect() }
    }

    /// The first rows of a table as objects.
    pub fn first<'a>(&'a self, rows: &'a [ByteRecord]) -> impl Iterator<Item = String> + 'a {
        let whole = rows.iter().filter(|row| row.len() == self.names.len());
        whole.take(SAMPLE_LEN_MAX).map(|row| {
            let cells: Vec<Cow<'_, str>> = row.iter().map(String::from_utf8_lossy).collect();
            let cells = cells.iter().map(|cell| cell.trim());
            object_of(self.names.iter().map(String::as_str).zip(cells))
        })
    }

    /// The name of a column with a list or an object in one of these rows.
    fn json_column(&self, rows: &[ByteRecord]) -> Option<&str> {
        let is_json = |cell: &[u8]| {
            let text = std::str::from_utf8(cell.trim_ascii()).unwrap_or_default();
            text.starts_with(['{', '[']) && Tree::parse(text).is_ok()
        };
        let column = rows.iter().find_map(|row| row.iter().position(is_json))?;
        self.names.get(column).map(String::as_str)
    }

    fn keys(&self, rows: &[ByteRecord], formats: &JsonFormats) -> Keys {
        // A column that is blank in the first rows counts as there.
        let mut keys = Keys::of_columns(&self.names);
        for object in self.first(rows) {
            if let Ok(tree) = Tree::parse(&object) {
                keys.add(formats.keys_of(tree.root()));
            }
        }
        keys
    }

    /// The order that `read` makes of a row.
    pub fn order(
        &self,
        row: &Row<'_>,
        read: impl FnOnce(&Document<'_>) -> SourceOrder,
    ) -> SourceOrder {
        let mut has_bad_bytes = false;
        let cells: Vec<Cow<'_, str>> = (0..self.names.len())
            .map(|at| {
                let text = row.text(at).map(Cow::Borrowed);
                text.unwrap_or_else(|bytes| {
                    has_bad_bytes = true;
                    String::from_utf8_lossy(bytes)
                })
            })
            .collect();
        let names = self.names.iter().map(String::as_str);
        let object = object_of(names.zip(cells.iter().map(AsRef::as_ref)));
        let mut order = match Tree::parse(&object) {
            Ok(tree) if row.is_whole => {
                let (value, bytes) = (tree.root(), object.as_bytes());
                read(&Document { value, bytes, line: row.line, has_bad_bytes, is_row: true })
            }
            _ => malformed(),
        };
        order.position.line = row.line;
        order
    }
}

#[derive(Debug)]
struct JsonTable {
    objects: RowObjects,
    format: &'static JsonFormat,
}

impl CsvLayout for JsonTable {
    fn begins_with_key(&self) -> bool {
        false
    }

    fn read(self: Arc<Self>, rows: Rows) -> Box<dyn Records> {
        Box::new(JsonRows { rows, table: self })
    }
}

struct JsonRows {
    rows: Rows,
    table: Arc<JsonTable>,
}

impl Records for JsonRows {
    fn pull(&mut self) -> Result<Option<Box<SourceOrder>>, ReadError> {
        let JsonTable { objects, format } = &*self.table;
        let row = self.rows.advance()?;
        Ok(row.map(|row| Box::new(objects.order(&row, |document| format.order(document)))))
    }
}
