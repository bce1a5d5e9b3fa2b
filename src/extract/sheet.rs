//! Recognises a CSV table by its first bytes: delimiter, dialect and columns.

use super::shopify_csv::{Columns, Verdict, known_names};
use super::table::Fault;
use csv::ByteRecord;

/// How the rows of a table are to be read.
#[derive(Debug, Clone)]
pub struct Sheet {
    pub delimiter: u8,
    pub columns: Columns,
}

impl Sheet {
    /// Judges a table by the beginning of its text. `is_named` says that the settings name the format, so that only
    /// its columns are in question.
    ///
    /// # Errors
    /// When it is not this format, or lacks columns.
    pub fn recognise(text: &[u8], is_named: bool) -> Result<Self, Fault> {
        check_line_ends(text)?;
        let delimiter = delimiter_of(text);
        let header = rows_of(text, delimiter).next().unwrap_or_default();
        check_not_doubly_quoted(text, delimiter, &header)?;
        let verdict = match is_named {
            true => by_name(&header),
            false => Columns::judge(&header),
        };
        let columns = columns_of(verdict, &header)?;
        Ok(Self { delimiter, columns })
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
        return Err((1, what.to_owned(), super::table::UTF8_HINT));
    }
    Ok(())
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
