//! Recognises a CSV table by its first bytes: delimiter, dialect and columns.

use super::export::Options;
use super::sheet_dialect::{Head, Layout, SHEET_DIALECTS, SheetDialect, Verdict};
use super::table::{Fault, UTF8_HINT};
use csv::ByteRecord;
use std::sync::Arc;

/// How the rows of a table are to be read.
#[derive(Debug, Clone)]
pub struct Sheet {
    pub delimiter: u8,
    /// The name of its format.
    pub format: String,
    pub layout: Arc<dyn Layout>,
}

/// Rows below the header that dialects may look at.
const SAMPLE_ROWS_MAX: usize = 200;

impl Sheet {
    /// Judges a table by the beginning of its text. Where the settings name a format, only its columns are in
    /// question.
    ///
    /// # Errors
    /// When it is of no known format, of more than one, or lacks columns.
    pub fn recognise(
        text: &[u8],
        named: Option<&dyn SheetDialect>,
        options: &Options,
    ) -> Result<Self, Fault> {
        check_line_ends(text)?;
        let own = options.mappings.dialects();
        let own = own.iter().map(|mapped| mapped as &dyn SheetDialect);
        let dialects: Vec<&dyn SheetDialect> = match named {
            Some(dialect) => vec![dialect],
            None => SHEET_DIALECTS.iter().copied().chain(own).collect(),
        };
        let dialects = dialects.as_slice();
        let delimiter = delimiter_of(text, dialects);
        let mut rows = rows_of(text, delimiter);
        let header = rows.next().unwrap_or_default();
        check_not_doubly_quoted(text, delimiter, &header, dialects)?;
        let mut rows: Vec<ByteRecord> = rows.take(SAMPLE_ROWS_MAX).collect();
        // The beginning of the file may end within it.
        rows.pop();
        let head = Head { header: &header, rows: &rows, is_named: named.is_some(), options };
        let judged = dialects.iter().map(|dialect| (*dialect, dialect.judge(&head)));
        let (format, layout) = choose(judged.collect(), &header)?;
        Ok(Self { delimiter, format, layout })
    }

    pub fn parser(&self) -> csv::ReaderBuilder {
        parser(self.delimiter)
    }
}

/// Rows end at line feeds only, so that lines can be counted; a carriage return before one is trimmed as a blank.
fn parser(delimiter: u8) -> csv::ReaderBuilder {
    let mut builder = csv::ReaderBuilder::new();
    builder
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .terminator(csv::Terminator::Any(b'\n'))
        .buffer_capacity(64 * 1024);
    builder
}

fn check_line_ends(text: &[u8]) -> Result<(), Fault> {
    if text.contains(&b'\r') && !text.contains(&b'\n') {
        let what = "its lines end in a lone carriage return, expected line feeds";
        return Err((1, what.to_owned(), UTF8_HINT.to_owned()));
    }
    Ok(())
}

/// The delimiter under which most of the header's names are known.
fn delimiter_of(text: &[u8], dialects: &[&dyn SheetDialect]) -> u8 {
    let known = |delimiter: &u8| known(&rows_of(text, *delimiter).next().unwrap_or_default(), dialects);
    let declared = dialects.iter().filter_map(|dialect| dialect.delimiter());
    // The last of equals is taken, so the usual one stands last.
    declared.chain(*b"\t;,").max_by_key(known).unwrap_or(b',')
}

/// The most names of a header that one dialect knows.
fn known(header: &ByteRecord, dialects: &[&dyn SheetDialect]) -> usize {
    dialects.iter().map(|dialect| dialect.known(header)).max().unwrap_or(0)
}

fn rows_of(text: &[u8], delimiter: u8) -> impl Iterator<Item = ByteRecord> {
    let records = parser(delimiter).from_reader(text).into_byte_records();
    records.map_while(Result::ok)
}

/// A spreadsheet that took a whole row for one cell and quoted it again.
fn check_not_doubly_quoted(
    text: &[u8],
    delimiter: u8,
    header: &ByteRecord,
    dialects: &[&dyn SheetDialect],
) -> Result<(), Fault> {
    let is_one_cell = |row: &ByteRecord| row.len() == 1 && row[0].contains(&delimiter);
    let mut rows = rows_of(text, delimiter).skip(1).take(3).peekable();
    let has_rows = rows.peek().is_some();
    let header_is_one = is_one_cell(header) && known(&inner(&header[0], delimiter), dialects) >= 3;
    if header_is_one || (header.len() > 2 && has_rows && rows.all(|row| is_one_cell(&row))) {
        return Err((
            if header_is_one { 1 } else { 2 },
            "each row stands as a whole in one quoted cell: a spreadsheet has quoted the rows again"
                .to_owned(),
            "export again, and don't open and save the file in a spreadsheet".to_owned(),
        ));
    }
    Ok(())
}

fn inner(cell: &[u8], delimiter: u8) -> ByteRecord {
    rows_of(cell, delimiter).next().unwrap_or_default()
}

/// The dialect that fits; of two the one that knows more of the header's names.
fn choose(
    judged: Vec<(&dyn SheetDialect, Verdict)>,
    header: &ByteRecord,
) -> Result<(String, Arc<dyn Layout>), Fault> {
    let mut complete = Vec::new();
    let mut lacking = Vec::new();
    let mut unusable = None;
    for (dialect, verdict) in judged {
        let known = dialect.known(header);
        match verdict {
            Verdict::Complete(layout) => complete.push((known, dialect, layout)),
            Verdict::Missing { columns, hint } => {
                lacking.push((columns.len(), dialect.title(), columns, hint))
            }
            Verdict::Unusable { what, hint } => unusable = unusable.or(Some((what, hint))),
            Verdict::Foreign => {}
        }
    }
    complete.sort_by_key(|(known, ..)| std::cmp::Reverse(*known));
    match complete.as_slice() {
        [(most, one, _), (second, other, _), ..] if most == second => {
            let (one, other) = (one.name(), other.name());
            return Err((
                1,
                format!("could be {one} or {other}: the columns fit both"),
                format!("name the job's format in the settings: \"{one}\" or \"{other}\""),
            ));
        }
        [(_, dialect, layout), ..] => return Ok((dialect.name().to_owned(), Arc::clone(layout))),
        [] => {}
    }
    if let Some((what, hint)) = unusable {
        return Err((1, what, hint));
    }
    match lacking.into_iter().min_by_key(|(missing, ..)| *missing) {
        Some((_, title, columns, hint)) => {
            Err((1, format!("this {title} lacks the columns: {}", columns.join(", ")), hint))
        }
        None => Err((1, format!("the format is not recognised: {}", seen(header)), known_formats())),
    }
}

fn known_formats() -> String {
    let names: Vec<&str> = SHEET_DIALECTS.iter().map(|dialect| dialect.name()).collect();
    format!("expected the header of one of: {}; `ordersync formats` tells of each", names.join(", "))
}

/// The first names of the header, unless it may be a row of data: no cell of an order is ever shown.
fn seen(header: &ByteRecord) -> String {
    let looks_like_data = |cell: &[u8]| {
        let first = cell.iter().find(|b| !b"#'\" ".contains(b));
        cell.contains(&b'@') || first.is_some_and(u8::is_ascii_digit)
    };
    if header.iter().any(looks_like_data) {
        return "the first row looks like data, not like column names".to_owned();
    }
    let names: Vec<String> = header
        .iter()
        .take(6)
        .map(|cell| String::from_utf8_lossy(cell).trim().chars().take(40).collect())
        .collect();
    format!("the first columns are {}", names.join(", "))
}
