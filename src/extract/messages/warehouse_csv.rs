//! The tables that Airbyte and Singer targets load, as CSV: a row for each version of a record, its
//! lists and objects as JSON in their cells, or the whole record in one.

use super::envelope::{Envelope, Message};
use super::loader_columns;
use super::versions::{Fates, Stamps, Version, Versions, unreadable_row};
use crate::domain::SourceOrder;
use crate::extract::error::{NoMatch, ReadError};
use crate::extract::format::{
    About, CsvFormat, CsvHead, CsvLayout, CsvMatch, Format, NotesUses, Records, Syntax,
};
use crate::extract::header::Header;
use crate::extract::json::{
    JsonFormat, JsonFormats, KeyUses, Keys, SAMPLE_LEN_MAX, Tree, format_of, malformed,
};
use crate::extract::order_versions::{CopyTimes, is_damaged};
use crate::extract::other_rows::Landmarks;
use crate::extract::row_objects::{RowObjects, api_names};
use crate::extract::rows::{self, Rows};
use std::sync::Arc;

/// A table with the columns of its loader.
#[derive(Debug)]
pub struct WarehouseCsv;

pub static FORMAT: WarehouseCsv = WarehouseCsv;

const TITLE: &str = "table of Airbyte's or a Singer target's";

/// The columns that recognise a table, and show the newest version of an order.
const COLUMNS: &str =
    "_airbyte_extracted_at or _airbyte_emitted_at or _sdc_extracted_at or _sdc_sequence";

/// Whether the first line of a text has a column that only such tables have.
pub fn is_header(text: &[u8]) -> bool {
    let line = text.split(|b| *b == b'\n').next().unwrap_or_default();
    let line = String::from_utf8_lossy(line).to_ascii_lowercase();
    loader_columns::NAMES.iter().any(|name| line.contains(name))
}

impl Format for WarehouseCsv {
    fn about(&self) -> About<'_> {
        About {
            name: "warehouse-csv",
            title: TITLE,
            description: "Airbyte, Singer: the table of orders in a warehouse as CSV, raw or with a column for each field",
            how: "The table of orders that Airbyte or a Singer target loaded, written to a CSV file with all its columns.",
        }
    }

    fn needs(&self) -> Vec<String> {
        vec![
            COLUMNS.to_owned(),
            "_airbyte_data or the columns of one of the JSON formats".to_owned(),
        ]
    }

    fn syntax(&self) -> Syntax<'_> {
        Syntax::Csv(self)
    }
}

impl CsvFormat for WarehouseCsv {
    fn known_columns(&self, header: &Header) -> usize {
        let names = api_names(header);
        names.iter().filter(|name| loader_columns::NAMES.contains(&name.as_str())).count()
    }

    fn detect(&self, head: &CsvHead<'_>) -> CsvMatch {
        if self.known_columns(head.header) == 0 {
            if !head.is_named {
                return CsvMatch::NotThisFormat;
            }
            let hint = "write the table to a CSV file again, with all its columns".to_owned();
            return CsvMatch::MissingColumns { columns: vec![COLUMNS.to_owned()], hint };
        }
        let objects = RowObjects::of_api(head.header);
        // Without a complete row here, the format is recognised when the table is read.
        let record_format =
            match record_format(objects.first(head.rows), &objects.names, head.json_formats)
                .transpose()
            {
                Ok(format) => format,
                Err(NoMatch { what, hint }) => {
                    let what = format!("is a {TITLE}: {what}");
                    return CsvMatch::Unusable(NoMatch::new(what, hint));
                }
            };
        let formats = head.json_formats;
        let keys_read =
            record_format.map(|format| objects.keys_read(head.rows, format)).unwrap_or_default();
        if let Some(twice) = objects.twice(head.rows, &keys_read) {
            return CsvMatch::Unreadable(twice);
        }
        CsvMatch::Complete(Arc::new(WarehouseTable { objects, record_format, formats, keys_read }))
    }
}

/// The format of a table's records; `None` without a record.
fn record_format(
    objects: impl Iterator<Item = String>,
    names: &[String],
    formats: &JsonFormats,
) -> Option<Result<&'static JsonFormat, NoMatch>> {
    let mut keys = Keys::default();
    let mut has_records = false;
    if !names.iter().any(|name| name == "_airbyte_data") {
        // A column that is blank in the first rows counts as present.
        keys.add(Keys::of_columns(names));
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
struct WarehouseTable {
    objects: RowObjects,
    /// `None` if its beginning did not show it.
    record_format: Option<&'static JsonFormat>,
    formats: &'static JsonFormats,
    keys_read: Vec<String>,
}

impl CsvLayout for WarehouseTable {
    fn copy_times(&self) -> CopyTimes {
        CopyTimes::Compared
    }

    fn landmarks(&self) -> Landmarks {
        self.objects.landmarks()
    }

    fn keys_read(&self) -> &[String] {
        &self.keys_read
    }

    fn json_rows(&self) -> Option<&dyn NotesUses> {
        Some(self)
    }

    fn read(self: Arc<Self>, rows: Rows) -> Box<dyn Records> {
        Box::new(WarehouseRows { table: self, rows, first_pass: None, next: 0 })
    }
}

impl NotesUses for WarehouseTable {
    fn note_uses(&self, row: &rows::Row<'_>, uses: &mut KeyUses) {
        let Some(format) = self.record_format else { return };
        self.objects.read(row, |document| {
            if let Message::Record { row, .. } = Envelope::Airbyte.read(document.value) {
                row.note_uses(format, document, uses);
            }
        });
    }
}

impl WarehouseTable {
    /// The order of a row, and when it was read at its source.
    fn order(
        &self,
        row: &rows::Row<'_>,
        format: &'static JsonFormat,
    ) -> (SourceOrder, Option<Stamps>) {
        let read =
            self.objects.read(row, |document| match Envelope::Airbyte.read(document.value) {
                Message::Record { row, .. } => Some((row.order(format, document), row.stamps)),
                _ => None,
            });
        read.flatten().unwrap_or_else(|| (malformed(), None))
    }
}

/// The orders of one table, in the order of its rows. The table is read twice, as the newest
/// version of an order is known only at its end.
struct WarehouseRows {
    table: Arc<WarehouseTable>,
    rows: Rows,
    first_pass: Option<FirstPass>,
    /// The number of the next row, from 0.
    next: u64,
}

/// What must be known before the first order is returned.
struct FirstPass {
    format: &'static JsonFormat,
    fates: Fates,
}

impl WarehouseRows {
    /// `None` for a table without rows.
    fn first_pass(&self) -> Result<Option<FirstPass>, ReadError> {
        let Some(format) = self.format()? else { return Ok(None) };
        let mut rows = self.rows.again()?;
        let (mut versions, mut record) = (Versions::new(), 0);
        while let (false, Some(row)) = (versions.has_failed(), rows.advance()?) {
            let (order, stamps) = self.table.order(&row, format);
            if !row.is_whole || is_damaged(&order) {
                return Err(unreadable_row(self.rows.shown(), row.line));
            }
            // Without stamps it is not a row of this table.
            versions.add(stamps.and_then(|stamps| Version::of(order, Some(stamps), record)));
            record += 1;
        }
        let fates = versions.finish(self.rows.shown())?.fates();
        Ok(Some(FirstPass { format, fates }))
    }

    fn format(&self) -> Result<Option<&'static JsonFormat>, ReadError> {
        let WarehouseTable { objects, record_format: known, formats, .. } = &*self.table;
        if known.is_some() {
            return Ok(*known);
        }
        let mut rows = self.rows.again()?;
        let (mut sample, mut damaged) = (Vec::new(), None);
        while let (true, Some(row)) = (sample.len() < SAMPLE_LEN_MAX, rows.advance()?) {
            if row.is_whole {
                sample.push(objects.object(&row).0);
            } else {
                damaged = damaged.or(Some(row.line));
            }
        }
        if let (true, Some(line)) = (sample.is_empty(), damaged) {
            return Err(unreadable_row(self.rows.shown(), line));
        }
        let found = record_format(sample.into_iter(), &objects.names, formats);
        found.transpose().map_err(|no_match| no_match.at(self.rows.shown(), 0))
    }
}

impl Records for WarehouseRows {
    fn pull(&mut self) -> Result<Option<Box<SourceOrder>>, ReadError> {
        if self.first_pass.is_none() {
            self.first_pass = self.first_pass()?;
        }
        let Some(FirstPass { format, fates }) = &mut self.first_pass else { return Ok(None) };
        let Some(row) = self.rows.advance()? else { return Ok(None) };
        let (mut order, _) = self.table.order(&row, format);
        order.position.line = row.line;
        fates.mark(&mut order, self.next)?;
        self.next += 1;
        Ok(Some(Box::new(order)))
    }
}
