//! The rows of one table, one at a time, each with the line it begins at.

use super::blank::{self, is_blank};
use super::codec::Source;
use super::csv_scanner::{CsvScanner, RECORD_BYTES_MAX, Record, ScanError};
use super::double_quoted_rows::{self, LineForm};
use super::error::ReadError;
use super::other_rows::{Headers, Landmarks, is_label, is_prose, is_ruler};
use super::passed_over::{SharedTally, Tally};
use super::truncation::LastRow;
use crate::domain::OtherRow;
use csv::ByteRecord;
use std::collections::HashSet;
use std::fs::File;
use std::sync::Arc;

/// How many cells are checked for UTF-8 together. Most cells that are read are among these; names
/// and streets, which cost more to check, come later.
const FRONT_CELLS: usize = 21;

/// Orders may have a word for a total as their key; more than so many are not stored.
const LABEL_KEYS_MAX: usize = 1_000;

/// The form of the rows of a table.
#[derive(Debug, Clone, Copy)]
pub struct RowShape {
    pub delimiter: u8,
    /// The first line is `sep=;`, by which a spreadsheet declares the delimiter.
    pub has_delimiter_line: bool,
    /// Rows above the header that are not blank: a title, say.
    pub rows_before_header: usize,
    pub lines: LineForm,
    /// Columns of the header.
    pub width: usize,
    /// Fields of a complete row: as many as the header has, unless each row has one more delimiter
    /// at its end, or one less.
    pub row_width: usize,
    /// The first column holds the order's name or id on each row that begins an order.
    pub begins_with_key: bool,
    /// The column of each row's line in the file that the table was made of.
    pub line_at: Option<usize>,
}

/// The rows of one table. Memory is that of the longest row.
pub struct Rows {
    scanner: CsvScanner,
    record: Record,
    file: Arc<File>,
    source: Source,
    shape: RowShape,
    /// Of a file without a final line end.
    last: Option<LastRow>,
    /// If exports were appended to each other, it is repeated.
    headers: Headers,
    landmarks: Landmarks,
    /// The row read last is a header.
    is_below_header: bool,
    section: HeaderSection,
    /// The row that was read in advance.
    ahead: Option<Record>,
    /// Keys of orders that are words for a total.
    label_keys: HashSet<Vec<u8>>,
    /// The keys of this table's orders are words.
    has_word_keys: bool,
    tally: Tally,
    /// Receives the tally at the end.
    shared: SharedTally,
}

/// The rows below one header.
#[derive(Debug, Clone, Copy)]
struct HeaderSection {
    /// Fields of its header.
    header_width: usize,
    /// Fields of a whole row.
    row_width: usize,
    /// The number of fields is known from the rows at the beginning.
    is_settled: bool,
}

/// One row, borrowed until the next one is read.
pub struct Row<'a> {
    record: &'a Record,
    /// The first cells, if they are UTF-8: checked together, which costs less than one by one.
    front: Option<&'a str>,
    /// The number of reliable cells; the others read as blank.
    cells: usize,
    /// Line of the file it begins at, from 1.
    pub line: u64,
    /// It has as many fields as the header, and all quotes are closed properly.
    pub is_whole: bool,
}

impl<'a> Row<'a> {
    fn of(record: &'a Record, is_whole: bool) -> Self {
        let front_end =
            record.range(FRONT_CELLS - 1).map_or(record.as_slice().len(), |cell| cell.end);
        Self {
            record,
            front: record
                .as_slice()
                .get(..front_end)
                .and_then(|front| std::str::from_utf8(front).ok()),
            // The cell in which the file was truncated is unknown.
            cells: record.len().saturating_sub(usize::from(record.is_cut)),
            line: record.line,
            is_whole,
        }
    }

    /// A cell that is a [value](blank::value); blank for an absent column.
    #[inline]
    pub fn cell(&self, at: usize) -> &[u8] {
        blank::value_bytes(self.raw(at))
    }

    /// A cell that is a [value](blank::value) as text, or its bytes if they are not UTF-8.
    pub fn text(&self, at: usize) -> Result<&str, &[u8]> {
        self.utf8(at).map(blank::value)
    }

    /// A cell that is [free text](blank::free_text), or its bytes if they are not UTF-8.
    pub fn free_text(&self, at: usize) -> Result<&str, &[u8]> {
        self.utf8(at).map(blank::free_text)
    }

    #[inline]
    fn raw(&self, at: usize) -> &[u8] {
        if at < self.cells { self.record.get(at).unwrap_or_default() } else { b"" }
    }

    fn utf8(&self, at: usize) -> Result<&str, &[u8]> {
        if at >= self.cells {
            return Ok("");
        }
        let range = self.record.range(at).unwrap_or_default();
        match self.front.and_then(|front| front.get(range)) {
            Some(text) => Ok(text),
            None => {
                let cell = self.raw(at).trim_ascii();
                std::str::from_utf8(cell).map_err(|_| cell)
            }
        }
    }

    /// Bytes it takes in the file.
    pub fn len(&self) -> usize {
        self.record.as_slice().len()
    }

    /// A copy that outlives the next row.
    pub fn keep(&self) -> KeptRow {
        KeptRow { record: self.record.compact(), is_whole: self.is_whole }
    }
}

/// A row that was kept. It has no `Debug`, because it holds personal data.
pub struct KeptRow {
    record: Record,
    is_whole: bool,
}

impl KeptRow {
    pub fn row(&self) -> Row<'_> {
        Row::of(&self.record, self.is_whole)
    }

    /// Whether all cells are equal, however they are quoted.
    pub fn says_the_same_as(&self, other: &Self) -> bool {
        self.record.iter().eq(other.record.iter())
    }

    /// Bytes of all cells; equal for equal rows.
    pub fn text_bytes(&self) -> usize {
        self.record.iter().map(<[u8]>::len).sum()
    }

    /// Its approximate memory.
    pub fn bytes(&self) -> usize {
        const OVERHEAD: usize = 160;
        self.record.size_bytes() + OVERHEAD
    }
}

impl Rows {
    /// Opens the table and reads past its header.
    pub fn open(
        source: Source,
        shape: RowShape,
        landmarks: Landmarks,
        shared: SharedTally,
    ) -> Result<Self, ReadError> {
        let stream = source.open()?;
        let scanner = CsvScanner::new(shape.lines.reader(stream.bytes), shape.delimiter);
        let last = source.open_end().map(|end| LastRow::of(&end, shape.delimiter));
        let mut rows = Self {
            scanner,
            record: Record::default(),
            file: stream.file,
            source,
            shape,
            last: None,
            headers: Headers::of([]),
            landmarks,
            is_below_header: true,
            section: HeaderSection {
                header_width: shape.width,
                row_width: shape.row_width,
                is_settled: true,
            },
            ahead: None,
            label_keys: HashSet::new(),
            has_word_keys: false,
            tally: Tally::default(),
            shared,
        };
        if rows.shape.has_delimiter_line {
            rows.read()?;
        }
        for _ in 0..rows.shape.rows_before_header {
            rows.read_filled()?;
            if rows.landmarks.is_of_order(&rows.record) {
                return Err(
                    rows.refusal("has an order above the header", "put the header on line 1")
                );
            }
            rows.tally.add(OtherRow::AboveHeader, rows.record.line);
        }
        rows.read_filled()?;
        rows.headers = Headers::of(rows.record.iter());
        // The header has another form than the cells below it, so it is no evidence.
        rows.last = last;
        Ok(rows)
    }

    /// The same table from its first row on, for another pass.
    pub fn again(&self) -> Result<Self, ReadError> {
        let (source, shared) = (self.source.clone(), Arc::clone(&self.shared));
        Self::open(source, self.shape, self.landmarks.clone(), shared)
    }

    /// The file's name, for messages.
    pub fn shown(&self) -> String {
        self.source.shown()
    }

    /// The next row that may belong to an order; `None` at the end of a file that did not change
    /// meanwhile.
    ///
    /// # Errors
    /// When the file can't be read on, changed, holds a record longer than [`RECORD_BYTES_MAX`], or
    /// a header with other columns.
    pub fn advance(&mut self) -> Result<Option<Row<'_>>, ReadError> {
        loop {
            if !self.read_filled()? {
                self.source.check_unchanged(&self.file, self.scanner.line())?;
                // Another pass may have set the same.
                let _ = self.shared.set(self.tally.clone());
                return Ok(None);
            }
            match self.other_kind()? {
                Some(kind) => self.tally.add(kind, self.record.line),
                None => break,
            }
        }
        if !self.section.is_settled {
            self.settle_width()?;
        }
        let ends_whole = self.ends_whole();
        let record = &self.record;
        let is_whole = !record.is_cut
            && self.has_all_fields()
            && ends_whole
            && !(record.spans_lines && self.swallows_a_row());
        Ok(Some(Row::of(record, is_whole)))
    }

    /// The kind of the row, if it can't belong to an order. Otherwise puts its cells in the order
    /// of the first header.
    fn other_kind(&mut self) -> Result<Option<OtherRow>, ReadError> {
        let is_header = self.headers.is_again(self.record.iter());
        let is_header = is_header.map_err(|other| {
            self.refusal(other, "put the rows from this line on into a file of their own")
        })?;
        let is_below_header = std::mem::replace(&mut self.is_below_header, is_header);
        if is_header {
            let (header_width, row_width) = (self.record.len(), self.shape.row_width);
            self.section = HeaderSection { header_width, row_width, is_settled: false };
            return Ok(Some(OtherRow::Header));
        }
        if let Some(places) = self.headers.places() {
            let surplus = places.len()..self.record.len();
            let moved = places.iter().copied().chain(surplus);
            // A row that is too short is reliable up to its first missing cell.
            let moved: ByteRecord = moved.map_while(|at| self.record.get(at)).collect();
            self.record.replace_cells(moved.iter());
            // Its last cell is another column, so nothing proves it complete.
            self.record.is_cut |= self.record.is_open;
        }
        if is_below_header && self.landmarks.is_description(&self.record) {
            return Ok(Some(OtherRow::Description));
        }
        if is_ruler(&self.record) {
            return Ok(Some(OtherRow::Ruler));
        }
        if self.is_footer(&self.record) && (!self.has_key_of_order() || self.is_last()?) {
            return Ok(Some(OtherRow::Footer));
        }
        self.note_key();
        Ok(None)
    }

    fn is_footer(&self, record: &Record) -> bool {
        let width = self.shape.width.min(self.section.row_width);
        self.landmarks.is_footer(record, width, self.has_word_keys)
    }

    /// Whether an earlier order has this row's key, though it is a word for a total.
    fn has_key_of_order(&self) -> bool {
        let key = self.landmarks.key_cell(&self.record);
        !self.label_keys.is_empty() && key.is_some_and(|key| self.label_keys.contains(key))
    }

    /// Whether no row of an order follows: the table ends here, or its header is repeated.
    fn is_last(&mut self) -> Result<bool, ReadError> {
        self.look_ahead()?;
        Ok(self.ahead.as_ref().is_none_or(|next| {
            self.headers.is_like(next.iter()) || is_ruler(next) || self.is_footer(next)
        }))
    }

    /// Stores keys of orders that look like footers.
    fn note_key(&mut self) {
        let Some(key) = self.landmarks.key_cell(&self.record) else { return };
        if is_label(key) {
            if self.label_keys.len() < LABEL_KEYS_MAX {
                let key = key.to_vec();
                self.label_keys.insert(key);
            }
        } else if !self.has_word_keys && is_prose(key) {
            self.has_word_keys = self.landmarks.is_more_than_key(&self.record);
        }
    }

    /// Reads the next row in advance, unless it was read already.
    fn look_ahead(&mut self) -> Result<(), ReadError> {
        if self.ahead.is_none() {
            let row = std::mem::take(&mut self.record);
            let is_read = self.read_filled()?;
            let next = std::mem::replace(&mut self.record, row);
            self.ahead = Some(next).filter(|_| is_read);
        }
        Ok(())
    }

    /// Determines the number of fields of the rows below a repeated header: as many as at the
    /// beginning, else as many as that header has, or one more if its first two rows have. A single
    /// row may have a comma too many.
    fn settle_width(&mut self) -> Result<(), ReadError> {
        self.section.is_settled = true;
        let (len, HeaderSection { header_width, row_width, .. }) =
            (self.record.len(), self.section);
        if len == row_width || !self.has_blank_surplus(&self.record) {
            return Ok(());
        }
        let mut is_known = len == header_width && header_width != self.shape.width;
        if !is_known && len == row_width + 1 {
            self.look_ahead()?;
            let second = self.ahead.as_ref().filter(|second| second.len() == len);
            is_known = second.is_some_and(|second| self.has_blank_surplus(second));
        }
        if is_known {
            self.section.row_width = len;
        }
        Ok(())
    }

    /// Whether the fields beyond those of the header are blank.
    fn has_blank_surplus(&self, record: &Record) -> bool {
        (self.shape.width..record.len()).filter_map(|at| record.get(at)).all(is_blank)
    }

    fn refusal(&self, what: impl ToString, hint: &str) -> ReadError {
        ReadError::new(self.source.shown(), self.record.line, what.to_string(), hint)
    }

    /// Reads the next row that is not blank; `false` at the end.
    fn read_filled(&mut self) -> Result<bool, ReadError> {
        if let Some(ahead) = self.ahead.take() {
            self.record = ahead;
            return Ok(true);
        }
        let mut filled;
        loop {
            if !self.read()? {
                return Ok(false);
            }
            // Two filled cells are enough to decide, and nearly every row begins with two.
            let filled_cells =
                self.record.iter().filter(|cell| !blank::value_bytes(cell).is_empty());
            filled = filled_cells.take(2).count();
            if filled > 0 {
                break;
            }
        }
        let RowShape { delimiter, width, .. } = self.shape;
        // A double-quoted row that was cut is not complete.
        if filled == 1
            && !self.record.is_cut
            && let Some(inner) = double_quoted_rows::row(self.record.iter(), delimiter, width)
        {
            self.record.replace_cells(&inner);
        }
        if let Some(at) = self.shape.line_at
            && let Some(line) = stated_line(self.record.get(at))
        {
            self.record.line = line;
            // Rows are compared by what their records say, wherever those are.
            let cells = self.record.iter().enumerate();
            let alike: ByteRecord =
                cells.map(|(n, cell)| if n == at { b"0".as_slice() } else { cell }).collect();
            self.record.replace_cells(&alike);
        }
        Ok(true)
    }

    /// Whether it has as many fields as the rows below its header; those beyond the header's must
    /// be blank.
    fn has_all_fields(&self) -> bool {
        self.record.len() == self.section.row_width && self.has_blank_surplus(&self.record)
    }

    /// Whether the row's last cell is provably complete. Cells of earlier rows are the evidence.
    fn ends_whole(&mut self) -> bool {
        let at = self.section.row_width.saturating_sub(1);
        match (&mut self.last, self.record.get(at)) {
            (Some(last), Some(cell)) if self.record.is_open => last.is_whole(cell),
            (Some(last), Some(cell)) => {
                last.meet(cell);
                true
            }
            _ => true,
        }
    }

    fn read(&mut self) -> Result<bool, ReadError> {
        self.scanner.advance(&mut self.record).map_err(|error| self.read_error(error))
    }

    fn read_error(&self, error: ScanError) -> ReadError {
        let (shown, line) = (self.source.shown(), self.scanner.line());
        match error {
            ScanError::Read(error) => ReadError::from_io(&shown, line, &error),
            ScanError::Overlong => {
                let mib = RECORD_BYTES_MAX / (1024 * 1024);
                ReadError::new(
                    shown,
                    line,
                    format!("the record that begins here is longer than {mib} MiB"),
                    "unclosed quote? look at this line and the one before; export again if the file was edited",
                )
            }
        }
    }

    /// A quote left open in one row may be closed by the next row with one in the same column: the
    /// count of fields is then right, but two orders have become one. Such a cell contains as many
    /// delimiters as a row, and a line that begins like this row (`#1001` and `#1002`); that is
    /// checked if the order's name comes first.
    fn swallows_a_row(&self) -> bool {
        let RowShape { delimiter, width, .. } = self.shape;
        let name = without_digits(self.record.get(0).unwrap_or_default());
        let begins_like_this = |line: &[u8]| {
            let first = line.split(|b| *b == delimiter).next().unwrap_or_default();
            first.iter().any(u8::is_ascii_digit) && without_digits(first) == name
        };
        self.shape.begins_with_key
            && self.record.iter().skip(1).any(|cell| {
                cell.iter().filter(|b| **b == delimiter).count() + 1 >= width
                    && cell.split(|b| *b == b'\n').skip(1).any(begins_like_this)
            })
    }
}

fn stated_line(cell: Option<&[u8]>) -> Option<u64> {
    std::str::from_utf8(cell?).ok()?.parse().ok()
}

/// A name without its digits.
fn without_digits(name: &[u8]) -> Vec<u8> {
    let name = name.trim_ascii().iter();
    name.filter(|b| !b.is_ascii_digit()).copied().collect()
}
