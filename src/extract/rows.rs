//! The rows of one table, one at a time, each with the line it begins at.

use super::codec::Source;
use super::error::ReadError;
use super::guard::{Guard, Mark, RECORD_BYTES_MAX};
use super::sheet::Sheet;
use csv::ByteRecord;
use std::fs::File;
use std::sync::Arc;

/// The rows of one table. Memory is that of the longest row.
pub struct Rows {
    csv: csv::Reader<Guard>,
    record: ByteRecord,
    file: Arc<File>,
    source: Source,
    sheet: Sheet,
}

/// One row, borrowed until the next one is read.
pub struct Row<'a> {
    record: &'a ByteRecord,
    /// All cells joined, if that is UTF-8: checked once for the row instead of once for each cell.
    joined: Option<&'a str>,
    /// Cells that can be relied on to exist; the others read as blank.
    cells: usize,
    /// Line of the file it begins at, from 1.
    pub line: u64,
    /// As many fields as the header has, and all quotes closed where they should be.
    pub is_whole: bool,
}

impl Row<'_> {
    /// A cell without the blanks around it; blank for a column that is not there.
    pub fn cell(&self, at: usize) -> &[u8] {
        match at < self.cells {
            true => self.record.get(at).unwrap_or_default().trim_ascii(),
            false => b"",
        }
    }

    /// A cell as text, or its bytes if they are no UTF-8.
    pub fn text(&self, at: usize) -> Result<&str, &[u8]> {
        let range = self.record.range(at).filter(|_| at < self.cells);
        match (range, self.joined) {
            (None, _) => Ok(""),
            (Some(range), Some(joined))
                if joined.is_char_boundary(range.start) && joined.is_char_boundary(range.end) =>
            {
                Ok(joined[range].trim_ascii())
            }
            _ => {
                let cell = self.cell(at);
                std::str::from_utf8(cell).map_err(|_| cell)
            }
        }
    }

    /// Bytes of all cells.
    pub fn len(&self) -> usize {
        self.record.as_slice().len()
    }
}

impl Rows {
    /// Opens the table and reads past its header.
    ///
    /// # Errors
    /// When the file can't be read, or is not the one whose header was judged.
    pub fn open(source: Source, sheet: Sheet) -> Result<Self, ReadError> {
        let stream = source.open()?;
        let mut rows = Self {
            csv: sheet.parser().from_reader(Guard::new(stream.bytes)),
            record: ByteRecord::new(),
            file: stream.file,
            source,
            sheet,
        };
        rows.advance()?;
        Ok(rows)
    }

    /// The file, as it is told.
    pub fn shown(&self) -> String {
        self.source.shown()
    }

    /// The next row that is not blank; `None` at the end of a file that did not change meanwhile.
    ///
    /// # Errors
    /// When the file can't be read on, changed, or holds a record longer than [`RECORD_BYTES_MAX`].
    pub fn advance(&mut self) -> Result<Option<Row<'_>>, ReadError> {
        let (line, mark) = loop {
            if !self.read()? {
                return self.finish();
            }
            let mark = self.csv.get_ref().mark_in(self.record.as_slice());
            if mark == Mark::Alone {
                return self.finish();
            }
            if !self.record.as_slice().trim_ascii().is_empty() {
                break (self.first_line(mark), mark);
            }
        };
        let spans_lines = self.csv.position().line() > line + 1;
        let is_whole = mark == Mark::Absent
            && self.record.len() == self.sheet.layout.width()
            && !(spans_lines && self.swallows_a_row());
        let cells = match mark {
            // The open quote's cell holds the rest of the file.
            Mark::Swallowed => self.record.len() - 1,
            _ => self.record.len(),
        };
        Ok(Some(Row {
            record: &self.record,
            joined: std::str::from_utf8(self.record.as_slice()).ok(),
            cells,
            line,
            is_whole,
        }))
    }

    fn read(&mut self) -> Result<bool, ReadError> {
        let read = self.csv.read_byte_record(&mut self.record);
        let Err(error) = read else {
            self.csv.get_mut().record_ended();
            return Ok(read.unwrap_or(false));
        };
        let line = self.record.position().map_or(0, csv::Position::line);
        let shown = self.source.shown();
        if self.csv.get_ref().is_overlong() {
            let mib = RECORD_BYTES_MAX / (1024 * 1024);
            return Err(ReadError::new(
                shown,
                line,
                format!("the record that begins here is longer than {mib} MiB"),
                "unclosed quote? look at this line and the one before; export again if the file was edited",
            ));
        }
        Err(match error.into_kind() {
            csv::ErrorKind::Io(error) => ReadError::from_io(&shown, line, &error),
            _ => ReadError::new(shown, line, "is not readable as CSV", "export again"),
        })
    }

    /// The parser remembers where it stood before the record, which may be blank lines earlier; counting back from
    /// where it stands now is exact.
    fn first_line(&self, mark: Mark) -> u64 {
        let before = self.record.position().map_or(1, csv::Position::line);
        let after = self.csv.position().line();
        let ending = u64::from(mark != Mark::Swallowed);
        if after <= before + ending {
            return before;
        }
        let inside = self.record.as_slice().iter().filter(|b| **b == b'\n').count();
        after - ending - inside as u64
    }

    /// A quote left open in one row may be closed by the next row that has one in the same column: the count of
    /// fields is then right, and two orders have become one. Such a cell holds as many delimiters as a row, and a
    /// line that begins like this row does (`#1001` and `#1002`); that is looked for where the order's name comes first.
    fn swallows_a_row(&self) -> bool {
        let (delimiter, width) = (self.sheet.delimiter, self.sheet.layout.width());
        let begins_like_this = |line: &[u8]| {
            let first = line.split(|b| *b == delimiter).next().unwrap_or_default();
            first.iter().any(u8::is_ascii_digit) && shape(first) == shape(&self.record[0])
        };
        self.sheet.layout.begins_with_key()
            && self.record.iter().skip(1).any(|cell| {
                cell.iter().filter(|b| **b == delimiter).count() + 1 >= width
                    && cell.split(|b| *b == b'\n').skip(1).any(begins_like_this)
            })
    }

    fn finish(&mut self) -> Result<Option<Row<'_>>, ReadError> {
        let line = self.csv.position().line();
        if self.csv.read_byte_record(&mut self.record).unwrap_or(false) {
            return Err(ReadError::new(
                self.source.shown(),
                line,
                "holds the mark that this program puts at the end of a file",
                "remove that line",
            ));
        }
        self.source.check_unchanged(&self.file, line)?;
        Ok(None)
    }
}

/// A name without its digits.
fn shape(name: &[u8]) -> Vec<u8> {
    let name = name.trim_ascii().iter();
    name.filter(|b| !b.is_ascii_digit()).copied().collect()
}
