//! Recognises a CSV table by its first bytes: delimiter, dialect and columns.

use super::error::MAPPING_ADVICE;
use super::export::Options;
use super::requoted;
use super::sheet_dialect::{Head, Layout, SHEET_DIALECTS, SheetDialect, Verdict};
use super::table::{Fault, Seen};
use csv::ByteRecord;
use std::sync::Arc;

/// How the rows of a table are to be read.
#[derive(Debug, Clone)]
pub struct Sheet {
    pub delimiter: u8,
    /// Its first line is `sep=;`, a spreadsheet's word on the delimiter.
    pub names_delimiter: bool,
    /// The name of its format.
    pub format: String,
    pub layout: Arc<dyn Layout>,
    /// Fields of a whole row: as many as the header has, unless each row has a delimiter more at
    /// its end, or less.
    pub row_width: usize,
}

/// Rows below the header that dialects may look at.
const SAMPLE_ROWS_MAX: usize = 200;

/// The delimiters that are known; of equals the last is taken, so the usual one stands last.
const DELIMITERS: [u8; 4] = *b"|\t;,";

impl Sheet {
    /// Judges a table by the beginning of its text. Where the settings name a format, only its
    /// columns are in question.
    ///
    /// # Errors
    /// When it is of no known format, of more than one, or lacks columns.
    pub fn recognise(
        text: &[u8],
        named: Option<&dyn SheetDialect>,
        options: &Options,
        seen: &mut Seen,
    ) -> Result<Self, Fault> {
        let own = options.mappings.dialects();
        let own = own.iter().map(|mapped| mapped as &dyn SheetDialect);
        let dialects: Vec<&dyn SheetDialect> = match named {
            Some(dialect) => vec![dialect],
            None => SHEET_DIALECTS.iter().copied().chain(own).collect(),
        };
        let dialects = dialects.as_slice();
        let (named_delimiter, text) = match delimiter_line(text) {
            Some((delimiter, text)) => (Some(delimiter), text),
            None => (None, text),
        };
        let delimiter = named_delimiter.unwrap_or_else(|| delimiter_of(text, dialects));
        let header = header_of(text, delimiter);
        let width = header.len();
        let mut quoted_again = 0;
        let unwrap = |row: ByteRecord| match requoted::row(&row, delimiter, width) {
            Some(inner) => {
                quoted_again += 1;
                inner
            }
            None => row,
        };
        let rows = rows_of(text, delimiter).skip(1).take(SAMPLE_ROWS_MAX);
        let mut rows: Vec<ByteRecord> = rows.map(unwrap).collect();
        // The beginning of the file may end within it.
        if !text.ends_with(b"\n") {
            rows.pop();
        }
        let head = Head { header: &header, rows: &rows, is_named: named.is_some(), options };
        let judged = dialects.iter().map(|dialect| (*dialect, dialect.judge(&head)));
        let (dialect, layout) = choose(judged.collect(), &header)?;
        seen.why = why(dialect, &header, delimiter);
        if quoted_again > 0 {
            let note = "rows stand as a whole in one quoted cell, as spreadsheets quote them again; they are read";
            seen.notes.push(note.to_owned());
        }
        let (names_delimiter, format) = (named_delimiter.is_some(), dialect.name().to_owned());
        Ok(Self {
            delimiter,
            names_delimiter,
            format,
            layout,
            row_width: row_width(&header, &rows),
        })
    }
}

/// How many fields whole rows have. Some writers end each row with a delimiter and the header
/// without, or the other way round. A stray delimiter within a row looks the same, so it has to be
/// all rows, and more than one.
fn row_width(header: &ByteRecord, rows: &[ByteRecord]) -> usize {
    let width = header.len();
    let is_blank = |cell: Option<&[u8]>| cell.is_some_and(|cell| cell.trim_ascii().is_empty());
    let all_have = |len: usize| rows.len() > 1 && rows.iter().all(|row| row.len() == len);
    if all_have(width + 1) && rows.iter().all(|row| is_blank(row.get(width))) {
        return width + 1;
    }
    let is_header_longer = is_blank(header.get(width.wrapping_sub(1))) && width > 1;
    if is_header_longer && all_have(width - 1) { width - 1 } else { width }
}

/// What the decision rests on.
fn why(dialect: &dyn SheetDialect, header: &ByteRecord, delimiter: u8) -> String {
    let delimiter = match delimiter {
        b'\t' => "tab".to_owned(),
        sign => format!("`{}`", char::from(sign)),
    };
    let (known, all) = (dialect.known(header), header.len());
    let title = dialect.title();
    let article = if title.starts_with(|c: char| "AEIOUaeiou".contains(c)) { "an" } else { "a" };
    format!("CSV with {delimiter}, {known} of its {all} columns are those of {article} {title}")
}

/// The delimiter that a first line `sep=;` names, and the text behind that line.
fn delimiter_line(text: &[u8]) -> Option<(u8, &[u8])> {
    let end = text.iter().position(|b| *b == b'\n')?;
    let (line, rest) = (text[..end].trim_ascii_end(), &text[end + 1..]);
    // A tab at the end was trimmed away with the line end.
    let line = if text[..end].starts_with(b"sep=\t") { b"sep=\t" } else { line };
    let line = line.strip_prefix(b"\"").and_then(|line| line.strip_suffix(b"\"")).unwrap_or(line);
    let (word, sign) = line.split_at_checked(4)?;
    let sign = if let [sign] = sign { *sign } else { return None };
    (word.eq_ignore_ascii_case(b"sep=") && DELIMITERS.contains(&sign)).then_some((sign, rest))
}

/// Rows end at line feeds only, so that lines can be counted; a carriage return before one is
/// trimmed as a blank.
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

/// The delimiter under which most of the header's names are known.
fn delimiter_of(text: &[u8], dialects: &[&dyn SheetDialect]) -> u8 {
    let known = |delimiter: &u8| known(&header_of(text, *delimiter), dialects);
    // The last of equals is taken, so the usual ones stand last.
    let declared = dialects.iter().filter_map(|dialect| dialect.delimiter());
    declared.chain(DELIMITERS).max_by_key(known).unwrap_or(b',')
}

/// The most names of a header that one dialect knows.
fn known(header: &ByteRecord, dialects: &[&dyn SheetDialect]) -> usize {
    dialects.iter().map(|dialect| dialect.known(header)).max().unwrap_or(0)
}

fn rows_of(text: &[u8], delimiter: u8) -> impl Iterator<Item = ByteRecord> {
    let records = parser(delimiter).from_reader(text).into_byte_records();
    records.map_while(Result::ok)
}

/// The names of the columns, also where a spreadsheet took the header for one cell.
fn header_of(text: &[u8], delimiter: u8) -> ByteRecord {
    let header = rows_of(text, delimiter).next().unwrap_or_default();
    requoted::header(&header, delimiter).unwrap_or(header)
}

/// The dialect that fits; of two the one that knows more of the header's names.
fn choose<'a>(
    judged: Vec<(&'a dyn SheetDialect, Verdict)>,
    header: &ByteRecord,
) -> Result<(&'a dyn SheetDialect, Arc<dyn Layout>), Fault> {
    let mut complete = Vec::new();
    let mut lacking = Vec::new();
    let mut unusable = None;
    for (dialect, verdict) in judged {
        let known = dialect.known(header);
        match verdict {
            Verdict::Complete(layout) => complete.push((known, dialect, layout)),
            Verdict::Missing { columns, hint } => lacking.push(Lacking { dialect, columns, hint }),
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
        [(_, dialect, layout), ..] => return Ok((*dialect, Arc::clone(layout))),
        [] => {}
    }
    if let Some((what, hint)) = unusable {
        return Err((1, what, hint));
    }
    lacking.sort_by_key(|near| near.columns.len());
    match lacking.as_slice() {
        [near, others @ ..] => Err((1, near.what(), near.hint_beside(others))),
        [] => Err((1, format!("the format is not recognised: {}", seen(header)), nearest(header))),
    }
}

/// An export that would be this one, but for some columns.
struct Lacking<'a> {
    dialect: &'a dyn SheetDialect,
    columns: Vec<String>,
    hint: String,
}

impl Lacking<'_> {
    fn what(&self) -> String {
        format!("this {} lacks the columns: {}", self.dialect.title(), self.columns.join(", "))
    }

    /// The hint, and what the next nearest would need.
    fn hint_beside(&self, others: &[Self]) -> String {
        match others.first() {
            None => self.hint.clone(),
            Some(other) => {
                let (name, columns) = (other.dialect.name(), other.columns.join(", "));
                format!("{}; or is it {name}? that would need {columns}", self.hint)
            }
        }
    }
}

/// The formats that know some of the header's names, else all there are.
fn nearest(header: &ByteRecord) -> String {
    let mut near: Vec<(usize, &str)> =
        SHEET_DIALECTS.iter().map(|dialect| (dialect.known(header), dialect.name())).collect();
    near.retain(|(known, _)| *known > 0);
    near.sort_by_key(|(known, _)| std::cmp::Reverse(*known));
    let told: Vec<String> = near
        .iter()
        .take(2)
        .map(|(known, name)| format!("{name}, which knows {known} of its {} columns", header.len()))
        .collect();
    let more = format!("`ordersync formats` lists what each format needs; {MAPPING_ADVICE}");
    match told.is_empty() {
        true => {
            let names: Vec<&str> = SHEET_DIALECTS.iter().map(|dialect| dialect.name()).collect();
            format!("expected the header of one of: {}; {more}", names.join(", "))
        }
        false => format!("the nearest is {}; {more}", told.join(", then ")),
    }
}

/// The first names of the header, unless it may be a row of data: no cell of an order is ever
/// shown.
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
