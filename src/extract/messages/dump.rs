//! The tables that Airbyte and Singer targets load, as CSV: a row for each version of a record, its
//! lists and objects as JSON in their cells, or all of the record in one.

use super::envelope::{Envelope, Message};
use super::loader_columns;
use super::objects::object_of;
use super::rows::DumpRows;
use crate::extract::json::{Dialect, Keys, NoMatch, SAMPLE_LEN_MAX, Tree, dialect_of};
use crate::extract::rows::Rows;
use crate::extract::sheet_dialect::{Head, Layout, Records, SheetDialect, Verdict};
use csv::ByteRecord;
use std::sync::Arc;

/// A table with the marks of its loader.
#[derive(Debug)]
pub struct WarehouseCsv;

pub static DIALECT: WarehouseCsv = WarehouseCsv;

/// The marks by which a table is told; with one of each the newest version of an order is known.
const MARKS: &str =
    "_airbyte_extracted_at or _airbyte_emitted_at or _sdc_extracted_at or _sdc_sequence";

/// Whether the first line of a text names a column that only such tables have.
pub fn is_header(text: &[u8]) -> bool {
    let line = text.split(|b| *b == b'\n').next().unwrap_or_default();
    let line = String::from_utf8_lossy(line).to_ascii_lowercase();
    loader_columns::NAMES.iter().any(|name| line.contains(name))
}

impl SheetDialect for WarehouseCsv {
    fn name(&self) -> &str {
        "warehouse-csv"
    }

    fn title(&self) -> &str {
        "table of Airbyte's or a Singer target's"
    }

    fn description(&self) -> &str {
        "Airbyte, Singer: the table of orders in a warehouse as CSV, raw or with a column for each field"
    }

    fn needs(&self) -> Vec<String> {
        vec![MARKS.to_owned(), "_airbyte_data or the columns of one of the JSON formats".to_owned()]
    }

    fn known(&self, header: &ByteRecord) -> usize {
        names_of(header)
            .iter()
            .filter(|name| loader_columns::NAMES.contains(&name.as_str()))
            .count()
    }

    fn judge(&self, head: &Head<'_>) -> Verdict {
        match (self.known(head.header), head.is_named) {
            (0, true) => {
                let hint = "write the table to a CSV file again, with all its columns".to_owned();
                return Verdict::Missing { columns: vec![MARKS.to_owned()], hint };
            }
            (0, false) => return Verdict::Foreign,
            _ => {}
        }
        let names = names_of(head.header);
        let width = names.len();
        let objects =
            head.rows.iter().filter(|row| row.len() == width).take(SAMPLE_LEN_MAX).map(|row| {
                let cells: Vec<String> =
                    row.iter().map(|cell| String::from_utf8_lossy(cell).trim().into()).collect();
                object_of(names.iter().map(String::as_str).zip(cells.iter().map(String::as_str)))
            });
        match told_by(objects, &names) {
            // A first row longer than what is looked at, or no row: the reading tells.
            None => Verdict::Complete(Arc::new(Dump { names, dialect: None })),
            Some(Ok(dialect)) => {
                Verdict::Complete(Arc::new(Dump { names, dialect: Some(dialect) }))
            }
            Some(Err(NoMatch { what, hint })) => {
                Verdict::Unusable { what: format!("is a {}: {what}", self.title()), hint }
            }
        }
    }
}

/// The names of the columns; some warehouses write them in capitals.
fn names_of(header: &ByteRecord) -> Vec<String> {
    let names: Vec<String> =
        header.iter().map(|cell| String::from_utf8_lossy(cell).trim().to_owned()).collect();
    match names.iter().any(|name| name.contains(|c: char| c.is_ascii_lowercase())) {
        true => names,
        false => names.into_iter().map(|name| name.to_ascii_lowercase()).collect(),
    }
}

/// Which dialect the records of a table are of; `None` of one without a record.
pub fn told_by(
    objects: impl Iterator<Item = String>,
    names: &[String],
) -> Option<Result<&'static Dialect, NoMatch>> {
    let mut keys = Keys::default();
    let mut has_records = false;
    // Columns that are blank in the first rows are there all the same.
    let header: Vec<String> = names
        .iter()
        .map(|name| format!("{}:null", serde_json::Value::from(name.as_str())))
        .collect();
    if !names.iter().any(|name| name == "_airbyte_data")
        && let Ok(own) = Keys::of(format!("{{{}}}", header.join(",")).as_bytes())
    {
        keys.add(own);
    }
    for object in objects {
        has_records = true;
        if let Ok(tree) = Tree::parse(&object)
            && let Message::Record { row, .. } = Envelope::Airbyte.read(tree.root())
            && let Some(own) = row.keys()
        {
            keys.add(own);
        }
    }
    has_records.then(|| dialect_of(&keys))
}

/// How the rows of one table are read.
#[derive(Debug)]
pub struct Dump {
    pub names: Vec<String>,
    /// Of its records; `None` where its beginning did not tell.
    pub dialect: Option<&'static Dialect>,
}

impl Layout for Dump {
    fn width(&self) -> usize {
        self.names.len()
    }

    fn begins_with_key(&self) -> bool {
        false
    }

    fn read(self: Arc<Self>, rows: Rows) -> Box<dyn Records> {
        Box::new(DumpRows::new(self, rows))
    }
}
