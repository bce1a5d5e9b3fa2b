//! The tables that Airbyte and Singer targets load, as CSV: a row for each version of a record, its
//! lists and objects as JSON in their cells, or all of the record in one.

use super::envelope::{Envelope, Message};
use super::loader_columns;
use super::objects::object_of;
use super::rows::DumpRows;
use crate::extract::error::NoMatch;
use crate::extract::format::{CsvFormat, CsvHead, CsvLayout, CsvMatch, Format, Records, Syntax};
use crate::extract::header::Header;
use crate::extract::json::{JsonFormat, JsonFormats, Keys, SAMPLE_LEN_MAX, Tree, format_of};
use crate::extract::rows::Rows;
use std::sync::Arc;

/// A table with the marks of its loader.
#[derive(Debug)]
pub struct WarehouseCsv;

pub static FORMAT: WarehouseCsv = WarehouseCsv;

/// The marks by which a table is told; with one of each the newest version of an order is known.
const MARKS: &str =
    "_airbyte_extracted_at or _airbyte_emitted_at or _sdc_extracted_at or _sdc_sequence";

/// Whether the first line of a text names a column that only such tables have.
pub fn is_header(text: &[u8]) -> bool {
    let line = text.split(|b| *b == b'\n').next().unwrap_or_default();
    let line = String::from_utf8_lossy(line).to_ascii_lowercase();
    loader_columns::NAMES.iter().any(|name| line.contains(name))
}

impl Format for WarehouseCsv {
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

    fn how(&self) -> String {
        "The table of orders that Airbyte or a Singer target loaded, written to a CSV file with all its columns."
            .to_owned()
    }

    fn syntax(&self) -> Syntax<'_> {
        Syntax::Csv(self)
    }
}

impl CsvFormat for WarehouseCsv {
    fn known_columns(&self, header: &Header) -> usize {
        let names = names_of(header);
        names.iter().filter(|name| loader_columns::NAMES.contains(&name.as_str())).count()
    }

    fn detect(&self, head: &CsvHead<'_>) -> CsvMatch {
        match (self.known_columns(head.header), head.is_named) {
            (0, true) => {
                let hint = "write the table to a CSV file again, with all its columns".to_owned();
                return CsvMatch::MissingColumns { columns: vec![MARKS.to_owned()], hint };
            }
            (0, false) => return CsvMatch::NotThisFormat,
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
        let complete = |dialect| {
            let formats = head.json_formats;
            CsvMatch::Complete(Arc::new(Dump { names: names.clone(), dialect, formats }))
        };
        match told_by(objects, &names, head.json_formats) {
            // A first row longer than what is looked at, or no row: the reading tells.
            None => complete(None),
            Some(Ok(dialect)) => complete(Some(dialect)),
            Some(Err(NoMatch { what, hint })) => {
                CsvMatch::Unusable(NoMatch::new(format!("is a {}: {what}", self.title()), hint))
            }
        }
    }
}

/// The names of the columns; some warehouses write them in capitals.
fn names_of(header: &Header) -> Vec<String> {
    let names: Vec<String> = header.names().map(str::to_owned).collect();
    match names.iter().any(|name| name.contains(|c: char| c.is_ascii_lowercase())) {
        true => names,
        false => names.into_iter().map(|name| name.to_ascii_lowercase()).collect(),
    }
}

/// Which dialect the records of a table are of; `None` of one without a record.
pub fn told_by(
    objects: impl Iterator<Item = String>,
    names: &[String],
    formats: &JsonFormats,
) -> Option<Result<&'static JsonFormat, NoMatch>> {
    let mut keys = Keys::default();
    let mut has_records = false;
    // Columns that are blank in the first rows are there all the same.
    let header: Vec<String> = names
        .iter()
        .map(|name| format!("{}:null", serde_json::Value::from(name.as_str())))
        .collect();
    if !names.iter().any(|name| name == "_airbyte_data")
        && let Ok(own) = formats.keys_of(format!("{{{}}}", header.join(",")).as_bytes())
    {
        keys.add(own);
    }
    for object in objects {
        has_records = true;
        if let Ok(tree) = Tree::parse(&object)
            && let Message::Record { row, .. } = Envelope::Airbyte.read(tree.root())
            && let Some(own) = row.keys(formats)
        {
            keys.add(own);
        }
    }
    has_records.then(|| format_of(&keys, formats))
}

/// How the rows of one table are read.
#[derive(Debug)]
pub struct Dump {
    pub names: Vec<String>,
    /// Of its records; `None` where its beginning did not tell.
    pub dialect: Option<&'static JsonFormat>,
    pub formats: &'static JsonFormats,
}

impl CsvLayout for Dump {
    fn begins_with_key(&self) -> bool {
        false
    }

    fn read(self: Arc<Self>, rows: Rows) -> Box<dyn Records> {
        Box::new(DumpRows::new(self, rows))
    }
}
