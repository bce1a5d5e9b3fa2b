//! A CSV table: its format, delimiter and columns, by its first bytes.

use super::blank::{is_blank, value_bytes};
use super::codec::Source;
use super::csv_scanner::DELIMITERS;
use super::double_quoted_rows::{self, LineForm};
use super::error::{MAPPING_ADVICE, NoMatch, ReadError};
use super::format::{CsvFormat, CsvHead, CsvLayout, CsvMatch};
use super::header::Header;
use super::json::KeyUses;
use super::options::Options;
use super::other_rows::{Headers, may_be_footer};
use super::passed_over::SharedTally;
use super::registry::{csv_formats, json_formats};
use super::rows::{RowShape, Rows};
use csv::ByteRecord;
use std::cmp::Reverse;
use std::sync::Arc;

/// How a CSV table is read.
#[derive(Debug, Clone)]
pub struct CsvTable {
    /// The name of its format.
    pub format: String,
    pub shape: RowShape,
    pub layout: Arc<dyn CsvLayout>,
    /// Why it was recognised as that format.
    pub why: String,
    /// Some of its rows, or all lines, are quoted as a whole.
    pub is_double_quoted: bool,
    /// Columns that nearly match ones of the format, with those.
    pub near_misses: Vec<(String, String)>,
    /// Columns that are not read.
    pub unread: Vec<String>,
}

/// Rows below the header that formats may examine.
const SAMPLE_ROWS_MAX: usize = 200;

/// The last row that may be the header: a report may have a title above it.
const HEADER_ROW_MAX: usize = 20;

impl CsvTable {
    /// Recognises a table by the beginning of its text. If the settings name a format, only its
    /// columns are considered.
    ///
    /// # Errors
    /// When it matches no known format, or more than one, or lacks columns.
    pub fn detect(
        text: &[u8],
        named: Option<&dyn CsvFormat>,
        options: &Options,
    ) -> Result<Self, NoMatch> {
        let own = || options.mappings.0.iter();
        let formats: Vec<&dyn CsvFormat> = match named {
            Some(format) => vec![format],
            None => {
                let built_in = csv_formats().map(|format| format as &dyn CsvFormat);
                built_in.chain(own().map(|profile| profile as &dyn CsvFormat)).collect()
            }
        };
        let (declared, text) = match delimiter_line(text) {
            Some((delimiter, text)) => (Some(delimiter), text),
            None => (None, text),
        };
        let beginning = Beginning::of(text, declared, &formats);
        let names = Header::of(&beginning.header);
        let head = CsvHead {
            header: &names,
            rows: &beginning.rows,
            is_named: named.is_some(),
            zone: &options.zone,
            webtoffee_date_shift: options.webtoffee_date_shift,
            json_formats: json_formats(),
        };
        let is_own = |format: &dyn CsvFormat| own().any(|profile| profile.name == format.name());
        let matches = formats.iter().map(|format| match format.detect(&head) {
            // A mapping of the settings does not claim files that lack its columns.
            CsvMatch::MissingColumns { .. } if named.is_none() && is_own(*format) => {
                (*format, CsvMatch::NotThisFormat)
            }
            found => (*format, found),
        });
        let (format, layout) = choose(matches.collect(), &names)?;
        let shape = RowShape {
            delimiter: beginning.delimiter,
            has_delimiter_line: declared.is_some(),
            rows_before_header: beginning.rows_before_header,
            lines: beginning.lines,
            width: beginning.header.len(),
            row_width: row_width(&beginning.header, &beginning.rows),
            begins_with_key: layout.begins_with_key(),
            line_at: None,
        };
        let why = why(format, &names, shape.delimiter);
        let watched = watched(format, &head, &beginning.header);
        let mut known: Vec<&str> = format.column_names();
        let asked = watched.asked();
        known.extend(asked.iter().chain(layout.keys_read()).map(String::as_str));
        let near_misses = names.near_misses(&known);
        let unread = watched.unread().map(str::to_owned).collect();
        let (format, is_double_quoted) = (format.name().to_owned(), beginning.is_double_quoted);
        Ok(Self { format, shape, layout, why, is_double_quoted, near_misses, unread })
    }

    pub fn rows(&self, source: Source, passed_over: &SharedTally) -> Result<Rows, ReadError> {
        Rows::open(source, self.shape, self.layout.landmarks(), Arc::clone(passed_over))
    }

    /// Notes which keys the first rows state and which of them are read, if they are records of
    /// JSON.
    pub fn note_uses(&self, source: Source, rows_max: usize, uses: &mut KeyUses) {
        let Some(noter) = self.layout.json_rows() else { return };
        let landmarks = self.layout.landmarks();
        let rows = Rows::open(source, self.shape, landmarks, SharedTally::default());
        // What can't be read is reported when the orders are read.
        let Ok(mut rows) = rows else { return };
        for _ in 0..rows_max {
            let Ok(Some(row)) = rows.advance() else { return };
            noter.note_uses(&row, uses);
        }
    }
}

/// The header, with what a format looks for if it is the only one considered.
fn watched(format: &dyn CsvFormat, head: &CsvHead<'_>, header: &ByteRecord) -> Header {
    let watched = Header::watched(header);
    format.detect(&CsvHead { header: &watched, is_named: true, ..*head });
    watched
}

/// The beginning of a table.
struct Beginning {
    lines: LineForm,
    delimiter: u8,
    /// Those that are not blank.
    rows_before_header: usize,
    header: ByteRecord,
    /// The first complete rows.
    rows: Vec<ByteRecord>,
    /// Some of them, or all lines, are quoted as a whole.
    is_double_quoted: bool,
}

impl Beginning {
    /// Lines count as quoted as a whole only if that makes more rows complete.
    fn of(text: &[u8], declared: Option<u8>, formats: &[&dyn CsvFormat]) -> Self {
        let lines = LineForm::by_ends(text);
        let read = |lines: LineForm| Self::read(&lines.undone(text), lines, declared, formats);
        let plain = read(lines);
        if plain.torn_rows() == 0 {
            return plain;
        }
        let unquoted = read(LineForm { are_quoted: true, ..lines });
        let is_better = unquoted.torn_rows() < plain.torn_rows()
            && double_quoted_rows::is_clean(&unquoted.lines.undone(text), unquoted.delimiter);
        if is_better { unquoted } else { plain }
    }

    fn read(
        text: &[u8],
        lines: LineForm,
        declared: Option<u8>,
        formats: &[&dyn CsvFormat],
    ) -> Self {
        let HeaderRow { delimiter, at, cells: header, .. } = header_row(text, declared, formats);
        let mut rows = rows_of(text, delimiter);
        let is_filled = |row: &ByteRecord| row.iter().any(|cell| !value_bytes(cell).is_empty());
        let rows_before_header = rows.by_ref().take(at).filter(is_filled).count();
        let mut is_double_quoted = lines.are_quoted;
        let unwrap = |row: ByteRecord| match double_quoted_rows::row(&row, delimiter, header.len())
        {
            Some(inner) => {
                is_double_quoted = true;
                inner
            }
            None => row,
        };
        let rows: Vec<ByteRecord> = rows.skip(1).take(SAMPLE_ROWS_MAX).map(unwrap).collect();
        let mut rows = below_headers(&header, rows);
        // The last row may be incomplete.
        if !text.ends_with(b"\n") {
            rows.pop();
        }
        Self { lines, delimiter, rows_before_header, header, rows, is_double_quoted }
    }

    fn torn_rows(&self) -> usize {
        let is_torn = |row: &&ByteRecord| {
            row.len() != self.header.len()
                || double_quoted_rows::is_in_one_cell(*row, self.delimiter)
        };
        self.rows.iter().filter(is_torn).count()
    }
}

/// The rows with their cells in the order of the first header, without footers; up to a header with
/// other columns, which is an error when the table is read.
fn below_headers(header: &ByteRecord, rows: Vec<ByteRecord>) -> Vec<ByteRecord> {
    let mut headers = Headers::of(header);
    let mut kept = Vec::with_capacity(rows.len());
    for row in rows {
        match headers.is_again(row.iter()) {
            Ok(true) => continue,
            Ok(false) => {}
            Err(_) => break,
        }
        if may_be_footer(&row) {
            continue;
        }
        kept.push(match headers.places() {
            Some(places) => places.iter().map(|at| row.get(*at).unwrap_or_default()).collect(),
            None => row,
        });
    }
    kept
}

/// The number of fields of complete rows. Some writers end each row with a delimiter but not the
/// header, or the other way round. A stray delimiter within a row looks the same, so it must be all
/// rows, and more than one.
fn row_width(header: &ByteRecord, rows: &[ByteRecord]) -> usize {
    let width = header.len();
    let is_blank = |cell: Option<&[u8]>| cell.is_some_and(is_blank);
    let all_have = |len: usize| rows.len() > 1 && rows.iter().all(|row| row.len() == len);
    if all_have(width + 1) && rows.iter().all(|row| is_blank(row.get(width))) {
        return width + 1;
    }
    let is_header_longer = width > 1 && is_blank(header.get(width - 1));
    if is_header_longer && all_have(width - 1) { width - 1 } else { width }
}

/// The reason for the decision.
fn why(format: &dyn CsvFormat, header: &Header, delimiter: u8) -> String {
    let delimiter = match delimiter {
        b'\t' => "tab".to_owned(),
        sign => format!("`{}`", char::from(sign)),
    };
    let (known, all) = (format.known_columns(header), header.len());
    let title = format.about().title;
    let article = if title.starts_with(|c: char| "AEIOUaeiou".contains(c)) { "an" } else { "a" };
    format!("CSV with {delimiter}, {known} of its {all} columns are those of {article} {title}")
}

/// The delimiter that a first line `sep=;` names, and the text after that line.
fn delimiter_line(text: &[u8]) -> Option<(u8, &[u8])> {
    let end = text.iter().position(|b| *b == b'\n')?;
    let (line, rest) = (text[..end].trim_ascii_end(), &text[end + 1..]);
    // A tab at the end was trimmed with the line end.
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

/// The row with the names of the columns.
struct HeaderRow {
    delimiter: u8,
    /// How many rows are above it.
    at: usize,
    cells: ByteRecord,
    /// The largest number of its names that one format knows.
    known: usize,
}

/// The first row, with the delimiter that makes most of its names known and most rows below it
/// equally wide; a later row if hardly any name of the first is known.
fn header_row(text: &[u8], declared: Option<u8>, formats: &[&dyn CsvFormat]) -> HeaderRow {
    const KNOWN_MIN: usize = 2;
    const FITTING_ROWS_MAX: usize = 5;
    let candidate = |delimiter: u8, at: usize, cells: ByteRecord| {
        let cells = double_quoted_rows::header(&cells, delimiter).unwrap_or(cells);
        let header = Header::of(&cells);
        let known = formats.iter().map(|format| format.known_columns(&header)).max().unwrap_or(0);
        HeaderRow { delimiter, at, cells, known }
    };
    // The last of equals is used, so the usual ones come last.
    let delimiters: Vec<u8> = match declared {
        Some(delimiter) => vec![delimiter],
        None => formats.iter().filter_map(|format| format.delimiter()).chain(DELIMITERS).collect(),
    };
    let of_first_row = |delimiter: &u8| {
        let mut rows = rows_of(text, *delimiter);
        let row = candidate(*delimiter, 0, rows.next().unwrap_or_default());
        let fitting = rows.take(FITTING_ROWS_MAX).filter(|next| next.len() == row.cells.len());
        (fitting.count(), row)
    };
    let first = delimiters.iter().map(of_first_row);
    let first = first.max_by_key(|(fitting, row)| (row.known, *fitting)).map(|(_, row)| row);
    let first = first.unwrap_or_else(|| candidate(b',', 0, ByteRecord::new()));
    if first.known >= KNOWN_MIN {
        return first;
    }
    let of_later_rows = |delimiter: &u8| {
        let rows = rows_of(text, *delimiter).enumerate().take(HEADER_ROW_MAX).skip(1);
        let candidates = rows.map(|(at, row)| candidate(*delimiter, at, row));
        candidates.collect::<Vec<_>>()
    };
    let later = delimiters.iter().flat_map(of_later_rows);
    let best = later.max_by_key(|row| (row.known, Reverse(row.at)));
    best.filter(|row| row.known > first.known && row.known >= KNOWN_MIN).unwrap_or(first)
}

fn rows_of(text: &[u8], delimiter: u8) -> impl Iterator<Item = ByteRecord> {
    let records = parser(delimiter).from_reader(text).into_byte_records();
    records.map_while(Result::ok)
}

/// The matching format; of several, one that is not generic, and then the one that knows most of
/// the header's names.
fn choose<'a>(
    matches: Vec<(&'a dyn CsvFormat, CsvMatch)>,
    header: &Header,
) -> Result<(&'a dyn CsvFormat, Arc<dyn CsvLayout>), NoMatch> {
    let mut complete = Vec::new();
    let mut incomplete = Vec::new();
    let (mut unusable, mut unreadable, mut generic) = (None, None, None);
    for (format, found) in matches {
        match found {
            CsvMatch::Complete(layout) => {
                let rank = (format.is_generic(), Reverse(format.known_columns(header)));
                complete.push((rank, format, layout));
            }
            CsvMatch::MissingColumns { columns, hint } => {
                let hint = near_misses_hint(header, format) + &hint;
                incomplete.push(NearFormat { format, columns, hint });
            }
            CsvMatch::Unreadable(why) => unreadable = Some(why),
            CsvMatch::Unusable(why) if format.is_generic() => generic = Some(why),
            CsvMatch::Unusable(why) => unusable = unusable.or(Some(why)),
            CsvMatch::NotThisFormat => {}
        }
    }
    complete.sort_by_key(|(rank, ..)| *rank);
    match complete.as_slice() {
        [(first, one, _), (second, other, _), ..] if first == second => {
            let (one, other) = (one.name(), other.name());
            return Err(NoMatch::new(
                format!("could be {one} or {other}: the columns fit both"),
                format!("name the job's format in the settings: \"{one}\" or \"{other}\""),
            ));
        }
        [(_, format, layout), ..] => return Ok((*format, Arc::clone(layout))),
        [] => {}
    }
    let generic = generic.filter(|_| incomplete.is_empty());
    if let Some(why) = unusable.or(unreadable).or(generic) {
        return Err(why);
    }
    incomplete.sort_by_key(|candidate| candidate.columns.len());
    Err(match incomplete.as_slice() {
        [nearest, others @ ..] => nearest.refusal(others.first(), header),
        [] => NoMatch::new(
            format!("the format is not recognised: {}", first_names(header)),
            nearest(header),
        ),
    })
}

/// The columns that nearly match ones of a format, before a hint.
fn near_misses_hint(header: &Header, format: &dyn CsvFormat) -> String {
    let near = header.near_misses(&format.column_names());
    near.iter().map(|(seen, known)| format!("{}; ", near_miss(seen, known))).collect()
}

pub fn near_miss(seen: &str, known: &str) -> String {
    format!("column `{seen}` is not known; did you mean `{known}`?")
}

/// A format that would match, except for some columns.
struct NearFormat<'a> {
    format: &'a dyn CsvFormat,
    columns: Vec<String>,
    hint: String,
}

impl NearFormat<'_> {
    /// Which columns are missing, and what the next closest format would need.
    fn refusal(&self, next: Option<&Self>, header: &Header) -> NoMatch {
        let better =
            best_known(header).filter(|(known, _)| *known > self.format.known_columns(header));
        let better = better.map(|(_, format)| near_misses_hint(header, format)).unwrap_or_default();
        let next = next.map(|next| {
            let (name, columns) = (next.format.name(), next.columns.join(", "));
            format!("; or is it {name}? that would need {columns}")
        });
        NoMatch::new(
            format!(
                "this {} lacks the columns: {}",
                self.format.about().title,
                self.columns.join(", ")
            ),
            format!("{better}{}{}", self.hint, next.unwrap_or_default()),
        )
    }
}

/// The format that knows most of the header's names, and how many.
fn best_known(header: &Header) -> Option<(usize, &'static dyn CsvFormat)> {
    let known = csv_formats().map(|format| (format.known_columns(header), format));
    known.max_by_key(|(known, _)| *known)
}

/// The formats that know some of the header's names, else all formats.
fn nearest(header: &Header) -> String {
    let mut near: Vec<(usize, &str)> =
        csv_formats().map(|format| (format.known_columns(header), format.name())).collect();
    near.retain(|(known, _)| *known > 0);
    near.sort_by_key(|(known, _)| Reverse(*known));
    let named: Vec<String> = near
        .iter()
        .take(2)
        .map(|(known, name)| format!("{name}, which knows {known} of its {} columns", header.len()))
        .collect();
    let more = format!("`ordersync formats` lists what each format needs; {MAPPING_ADVICE}");
    if named.is_empty() {
        let names: Vec<&str> = csv_formats().map(|format| format.name()).collect();
        format!("expected the header of one of: {}; {more}", names.join(", "))
    } else {
        let near = best_known(header).map(|(_, format)| near_misses_hint(header, format));
        format!("{}the nearest is {}; {more}", near.unwrap_or_default(), named.join(", then "))
    }
}

/// The first names of the header, unless it may be a row of data: no cell of an order is ever
/// shown.
fn first_names(header: &Header) -> String {
    let looks_like_data = |name: &str| {
        let first = name.chars().find(|c| !"#'\" ".contains(*c));
        name.contains('@') || first.is_some_and(|c| c.is_ascii_digit())
    };
    if header.names().any(looks_like_data) {
        return "the first row looks like data, not like column names".to_owned();
    }
    let names: Vec<String> =
        header.names().take(6).map(|name| name.chars().take(40).collect()).collect();
    format!("the first columns are {}", names.join(", "))
}
