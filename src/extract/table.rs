//! Recognises a table by its first bytes: encoding, delimiter, dialect and columns.

use super::codec::Source;
use super::error::ReadError;
use super::shopify_csv::{Columns, Verdict, known_names};
use csv::ByteRecord;
use std::io::{self, Read};

/// How much of the (uncompressed) text is looked at.
const PREFIX_BYTES: u64 = 64 * 1024;

/// A table ready to be read.
#[derive(Debug, Clone)]
pub struct Table {
    pub source: Source,
    pub delimiter: u8,
    pub columns: Columns,
}

impl Table {
    /// Judges a table by its beginning. `is_named` says that the settings name the format, so that only its
    /// columns are in question.
    ///
    /// # Errors
    /// When it is no text, not this format, or lacks columns.
    pub fn recognise(source: Source, is_named: bool) -> Result<Self, ReadError> {
        let shown = source.shown();
        let prefix = read_prefix(&source)?;
        let refused = |(line, what, hint): Fault| ReadError::new(&shown, line, what, hint);
        let text = text_of(&prefix).map_err(refused)?;
        let delimiter = delimiter_of(text);
        let header = rows_of(text, delimiter).next().unwrap_or_default();
        check_not_doubly_quoted(text, delimiter, &header).map_err(refused)?;
        let verdict = match is_named {
            true => by_name(&header),
            false => Columns::judge(&header),
        };
        let columns = columns_of(verdict, &header).map_err(refused)?;
        Ok(Self { source, delimiter, columns })
    }

    pub fn parser(&self) -> csv::ReaderBuilder {
        parser(self.delimiter)
    }
}

/// Line, what is wrong, hint.
type Fault = (u64, String, &'static str);

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

fn read_prefix(source: &Source) -> Result<Vec<u8>, ReadError> {
    let mut prefix = Vec::new();
    let bytes = source.open()?.bytes;
    let read: io::Result<usize> = bytes.take(PREFIX_BYTES).read_to_end(&mut prefix);
    read.map_err(|error| ReadError::from_io(&source.shown(), 0, &error))?;
    Ok(prefix)
}

/// The text without its byte order mark.
fn text_of(prefix: &[u8]) -> Result<&[u8], Fault> {
    let utf8_hint = "save it as \"CSV UTF-8\", or export again and don't open the file in a spreadsheet";
    let text = match prefix {
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => {
            return Err((1, "is text in UTF-16, expected UTF-8".to_owned(), utf8_hint));
        }
        [0xef, 0xbb, 0xbf, rest @ ..] => rest,
        all => all,
    };
    match text.trim_ascii_start().first() {
        None => return Err((0, "is empty, expected a header row".to_owned(), "export again")),
        Some(b'{' | b'[') => {
            return Err((1, "looks like JSON, expected CSV".to_owned(), "export the orders as CSV"));
        }
        Some(b'<') => {
            let hint = "was a web page saved in place of the export? download it again";
            return Err((1, "looks like HTML or XML, expected CSV".to_owned(), hint));
        }
        Some(_) => {}
    }
    let start = &text[..text.len().min(64)];
    if start.iter().filter(|b| **b == 0).count() > start.len() / 4 {
        let what = "holds zero bytes as UTF-16 does, expected text in UTF-8";
        return Err((1, what.to_owned(), utf8_hint));
    }
    if text.contains(&b'\r') && !text.contains(&b'\n') {
        let what = "its lines end in a lone carriage return, expected line feeds";
        return Err((1, what.to_owned(), utf8_hint));
    }
    Ok(text)
}

/// The delimiter under which most of the header's names are known.
fn delimiter_of(text: &[u8]) -> u8 {
    let known = |delimiter| known_names(&rows_of(text, delimiter).next().unwrap_or_default());
    // The last of equals is taken, so the usual one stands last.
    let mut best = b"\t;,".map(|delimiter| (known(delimiter), delimiter));
    best.sort_by_key(|(known, _)| *known);
    best[2].1
}

fn rows_of(text: &[u8], delimiter: u8) -> impl Iterator<Item = ByteRecord> {
    let records = parser(delimiter).from_reader(text).into_byte_records();
    records.map_while(Result::ok)
}

/// A spreadsheet that took a whole row for one cell and quoted it again.
fn check_not_doubly_quoted(text: &[u8], delimiter: u8, header: &ByteRecord) -> Result<(), Fault> {
    let is_one_cell = |row: &ByteRecord| row.len() == 1 && row[0].contains(&delimiter);
    let mut rows = rows_of(text, delimiter).skip(1).take(3).peekable();
    let has_rows = rows.peek().is_some();
    let header_is_one = is_one_cell(header) && known_names(&inner(&header[0], delimiter)) >= 3;
    if header_is_one || (header.len() > 2 && has_rows && rows.all(|row| is_one_cell(&row))) {
        return Err((
            if header_is_one { 1 } else { 2 },
            "each row stands as a whole in one quoted cell: a spreadsheet has quoted the rows again"
                .to_owned(),
            "export again, and don't open and save the file in a spreadsheet",
        ));
    }
    Ok(())
}

fn inner(cell: &[u8], delimiter: u8) -> ByteRecord {
    rows_of(cell, delimiter).next().unwrap_or_default()
}

fn by_name(header: &ByteRecord) -> Verdict {
    let columns = Columns::resolve(header);
    match columns.missing() {
        missing if missing.is_empty() => Verdict::Complete(columns),
        missing => Verdict::Missing(missing),
    }
}

fn columns_of(verdict: Verdict, header: &ByteRecord) -> Result<Columns, Fault> {
    match verdict {
        Verdict::Complete(columns) => Ok(columns),
        Verdict::Missing(names) => Err((
            1,
            format!("this Shopify orders export lacks the columns: {}", names.join(", ")),
            "export again from Orders > Export in Shopify's admin, and keep all columns",
        )),
        Verdict::Sibling(kind) => Err((
            1,
            format!("looks like Shopify's {kind} export, expected the orders export"),
            "take Orders > Export in Shopify's admin",
        )),
        Verdict::Foreign => Err((
            1,
            format!("the format is not recognised: {}", seen(header)),
            "expected Shopify's orders export with columns such as Name, Email, Total, Lineitem name",
        )),
    }
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
