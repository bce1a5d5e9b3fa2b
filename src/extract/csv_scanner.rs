//! Splits CSV into records with `csv-core`, within bounded memory. In addition to the cells it
//! reports the line at which a record begins, and whether the file ends within the record.

use super::encoding::ends_within_letter;
use csv_core::{ReadRecordResult, Reader, ReaderBuilder, Terminator};
use std::io::{self, Read};
use std::ops::Range;

/// The longest record of a file, in bytes. A longer one has an unclosed quote, or is not CSV.
pub const RECORD_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// The signs that may separate cells, the usual one last.
pub const DELIMITERS: [u8; 4] = *b"|\t;,";

const INPUT_BYTES: usize = 16 * 1024;
const BOM: &[u8] = b"\xef\xbb\xbf";

/// The records of a CSV text, one at a time. Rows end at line feeds only. Memory is that of the
/// longest record.
pub struct CsvScanner {
    bytes: Box<dyn Read + Send>,
    parser: Reader,
    input: Vec<u8>,
    /// The part of the input that is still to be parsed.
    unread: Range<usize>,
    /// Line that the record being read, or the next one, begins at; from 1.
    line: u64,
    is_begun: bool,
    is_at_end: bool,
    last_byte: u8,
}

/// A record's cells. It has no `Debug`, because it holds personal data.
#[derive(Default)]
pub struct Record {
    /// The text of all cells, one after the other, and room for more.
    text: Vec<u8>,
    text_len: usize,
    /// Where each cell ends in the text, and room for more.
    ends: Vec<usize>,
    cells: usize,
    /// Line of the file it begins at, from 1.
    pub line: u64,
    pub spans_lines: bool,
    /// The file ends within its last cell: in open quotes, or within a UTF-8 character.
    pub is_cut: bool,
    /// The file ends with it, without a line end.
    pub is_open: bool,
}

#[derive(Debug)]
pub enum ScanError {
    Read(io::Error),
    /// A record is longer than [`RECORD_BYTES_MAX`].
    Overlong,
}

impl CsvScanner {
    pub fn new(bytes: Box<dyn Read + Send>, delimiter: u8) -> Self {
        let mut parser =
            ReaderBuilder::new().delimiter(delimiter).terminator(Terminator::Any(b'\n')).build();
        // The parser looks for a byte order mark in its first input, and misses one that a short
        // read has split. It gets a line end first, and the mark is skipped here.
        parser.read_record(b"\n", &mut [0], &mut [0]);
        parser.set_line(1);
        Self {
            bytes,
            parser,
            input: vec![0; INPUT_BYTES],
            unread: 0..0,
            line: 1,
            is_begun: false,
            is_at_end: false,
            last_byte: 0,
        }
    }

    /// Reads the next record that is not an empty line; `false` at the end of the text.
    pub fn advance(&mut self, record: &mut Record) -> Result<bool, ScanError> {
        if !std::mem::replace(&mut self.is_begun, true) {
            self.skip_byte_order_mark()?;
        }
        if !self.skip_line_ends()? {
            return Ok(false);
        }
        record.clear(self.line);
        let mut bytes = 0;
        loop {
            if self.unread.is_empty() && !self.is_at_end {
                if bytes > RECORD_BYTES_MAX {
                    return Err(ScanError::Overlong);
                }
                self.fill()?;
            }
            if self.unread.is_empty() {
                self.end(record);
                break;
            }
            let input = &self.input[self.unread.clone()];
            let (result, read) = record.parse(&mut self.parser, input);
            self.unread.start += read;
            bytes += read as u64;
            if matches!(result, ReadRecordResult::Record) {
                break;
            }
        }
        self.line = self.parser.line();
        record.spans_lines = self.line > record.line + u64::from(!record.is_open);
        Ok(true)
    }

    /// Ends a record that the text ends with. Within open quotes the parser takes a line end for
    /// text; anywhere else it ends the record.
    fn end(&mut self, record: &mut Record) {
        let line = self.parser.line();
        let last_cell_len = record.text_len;
        while record.parse(&mut self.parser, b"\n").1 == 0 {}
        let is_within_quotes = record.text_len > last_cell_len;
        if is_within_quotes {
            record.text_len = last_cell_len;
            record.ends[record.cells] = last_cell_len;
            record.cells += 1;
        }
        self.parser.set_line(line);
        record.is_open = true;
        record.is_cut =
            is_within_quotes || (self.last_byte != b'"' && ends_within_letter(record.as_slice()));
    }

    pub fn line(&self) -> u64 {
        self.line
    }

    fn skip_byte_order_mark(&mut self) -> Result<(), ScanError> {
        while self.unread.len() < BOM.len() && !self.is_at_end {
            self.fill()?;
        }
        if self.input[self.unread.clone()].starts_with(BOM) {
            self.unread.start += BOM.len();
        }
        Ok(())
    }

    /// Skips empty lines, so that a record's line is its own; `false` at the end of the text.
    fn skip_line_ends(&mut self) -> Result<bool, ScanError> {
        loop {
            let unread = &self.input[self.unread.clone()];
            let ends = unread.iter().take_while(|b| **b == b'\n').count();
            self.unread.start += ends;
            self.line += ends as u64;
            self.parser.set_line(self.line);
            if !self.unread.is_empty() {
                return Ok(true);
            }
            if self.is_at_end {
                return Ok(false);
            }
            self.fill()?;
        }
    }

    /// Reads more input after the unread part.
    fn fill(&mut self) -> Result<(), ScanError> {
        self.input.copy_within(self.unread.clone(), 0);
        self.unread = 0..self.unread.len();
        loop {
            match self.bytes.read(&mut self.input[self.unread.end..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(ScanError::Read(error)),
                Ok(0) => {
                    self.is_at_end = true;
                    return Ok(());
                }
                Ok(len) => {
                    self.unread.end += len;
                    self.last_byte = self.input[self.unread.end - 1];
                    return Ok(());
                }
            }
        }
    }
}

fn grow<T: Clone + Default>(room: &mut Vec<T>) {
    const LEN_MIN: usize = 64;
    room.resize((room.len() * 2).max(LEN_MIN), T::default());
}

impl Record {
    fn clear(&mut self, line: u64) {
        (self.text_len, self.cells, self.line) = (0, 0, line);
        (self.spans_lines, self.is_cut, self.is_open) = (false, false, false);
    }

    /// Parses the input's cells, up to the end of the record or of the room, which grows before the
    /// next call. Returns how much of the input was consumed.
    fn parse(&mut self, parser: &mut Reader, input: &[u8]) -> (ReadRecordResult, usize) {
        let (text, ends) = (&mut self.text[self.text_len..], &mut self.ends[self.cells..]);
        let (result, read, written, ended) = parser.read_record(input, text, ends);
        self.text_len += written;
        self.cells += ended;
        // One more than the number of cells, so that the last one can be ended.
        if matches!(result, ReadRecordResult::OutputFull) {
            grow(&mut self.text);
        }
        if self.cells == self.ends.len() {
            grow(&mut self.ends);
        }
        (result, read)
    }

    /// A cell; `None` if it is absent.
    #[inline]
    pub fn get(&self, at: usize) -> Option<&[u8]> {
        self.text.get(self.range(at)?)
    }

    /// Where a cell is in [`Self::as_slice`].
    #[inline]
    pub fn range(&self, at: usize) -> Option<Range<usize>> {
        let ends = self.ends.get(..self.cells)?;
        let end = *ends.get(at)?;
        Some(at.checked_sub(1).map_or(0, |before| ends[before])..end)
    }

    pub fn iter(&self) -> impl Iterator<Item = &[u8]> + Clone {
        (0..self.len()).map_while(|at| self.get(at))
    }

    /// How many cells it has.
    pub fn len(&self) -> usize {
        self.cells
    }

    /// The text of all cells.
    pub fn as_slice(&self) -> &[u8] {
        &self.text[..self.text_len]
    }

    /// A copy without spare room.
    pub fn compact(&self) -> Self {
        Self { text: self.as_slice().to_vec(), ends: self.ends[..self.cells].to_vec(), ..*self }
    }

    /// Memory of a compact copy.
    pub fn size_bytes(&self) -> usize {
        self.text_len + self.cells * size_of::<usize>()
    }

    /// Replaces the cells, and keeps the rest.
    pub fn replace_cells<'a>(&mut self, cells: impl IntoIterator<Item = &'a [u8]>) {
        self.text.clear();
        self.ends.clear();
        for cell in cells {
            self.text.extend_from_slice(cell);
            self.ends.push(self.text.len());
        }
        (self.text_len, self.cells) = (self.text.len(), self.ends.len());
    }
}

#[cfg(test)]
mod tests;
