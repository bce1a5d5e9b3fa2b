//! JSON that is read by a mapping: records that are orders, or flat records, one for each line of
//! an order. Flat ones are laid out as a table in a temporary file, whose rows are grouped as those
//! of any table.

use super::cells::{NO_SINGLE_VALUE, Values};
use super::profile::{MappingSource, Profile};
use super::records::{Object, all_wrappers_of, orders};
use super::sheet::MappedSheet;
use crate::extract::codec;
use crate::extract::double_quoted_rows::LineForm;
use crate::extract::error::ReadError;
use crate::extract::format::{CsvLayout, Records};
use crate::extract::json::{Document, JsonFile};
use crate::extract::other_rows::Landmarks;
use crate::extract::passed_over::SharedTally;
use crate::extract::rows::{RowShape, Rows};
use crate::scratch::temp_file;
use csv::{ByteRecord, Writer, WriterBuilder};
use std::borrow::Cow;
use std::fs::File;
use std::io;
use std::sync::Arc;

/// The orders of one file.
///
/// # Errors
/// If the file is not JSON, or it or a temporary file can't be read or written.
pub fn open(
    source: &codec::Source,
    profile: &Arc<Profile>,
    passed_over: &SharedTally,
) -> Result<Box<dyn Records>, ReadError> {
    if !matches!(profile.source, MappingSource::FlatJson { .. }) {
        return orders(source.clone(), profile, passed_over);
    }
    let width = profile.names.len() + 1;
    let shape = RowShape {
        delimiter: b',',
        has_delimiter_line: false,
        rows_before_header: 0,
        lines: LineForm::default(),
        width,
        row_width: width,
        begins_with_key: false,
        line_at: Some(LINE_AT),
    };
    let at = (LINE_AT + 1..width).collect();
    let sheet = MappedSheet { profile: Arc::clone(profile), at, kept: profile.dates.all() };
    let laid_out = laid_out(source, profile, passed_over)?;
    let rows = Rows::open(laid_out, shape, Landmarks::default(), SharedTally::default())?;
    Ok(Arc::new(sheet).read(rows))
}

/// The column of the record's line in the JSON file.
const LINE_AT: usize = 0;

fn laid_out(
    source: &codec::Source,
    profile: &Arc<Profile>,
    passed_over: &SharedTally,
) -> Result<codec::Source, ReadError> {
    let failed = |error: io::Error| {
        let hint = "flat JSON is laid out in a temporary file first: is there room in $TMPDIR, or else /tmp?";
        ReadError::new(source.shown(), 0, format!("can't be laid out as a table: {error}"), hint)
    };
    let wrappers = all_wrappers_of(profile);
    let mut records = JsonFile::open(source.clone(), wrappers)?.counting(passed_over);
    let file = temp_file::create().map_err(failed)?;
    let mut table = WriterBuilder::new().flexible(true).from_writer(file);
    let header = std::iter::once("line").chain(profile.names.iter().map(String::as_str));
    write(&mut table, &header.collect()).map_err(failed)?;
    while let Some((row, _)) = records.next(|document| row_of(profile, document))? {
        write(&mut table, &row).map_err(failed)?;
    }
    let file = table.into_inner().map_err(|error| failed(error.into_error()))?;
    let sources = codec::Source::all_in_spooled(file, &source.shown())?;
    sources.into_iter().next().ok_or_else(|| failed(io::ErrorKind::InvalidData.into()))
}

fn write(table: &mut Writer<File>, row: &ByteRecord) -> io::Result<()> {
    table.write_byte_record(row).map_err(io::Error::from)
}

/// The values of a record under the names of the mapping. A record that is not an object becomes a
/// row without its last cell, as a damaged row of a table.
fn row_of(profile: &Profile, document: &Document<'_>) -> ByteRecord {
    let values = Object { value: document.value, names: &profile.names, profile };
    let mut row = ByteRecord::from(vec![document.line.to_string()]);
    let is_damaged = document.has_bad_bytes || !document.value.is_object();
    for name in 0..profile.names.len() {
        let value = values.value(name).unwrap_or(Cow::Borrowed(NO_SINGLE_VALUE));
        // Each row is one line, as there are no lines within cells here.
        row.push_field(value.replace(['\n', '\r'], " ").as_bytes());
    }
    if is_damaged {
        row.truncate(row.len() - 1);
    }
    row
}
