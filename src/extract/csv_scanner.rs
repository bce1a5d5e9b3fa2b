//! Splits CSV into records, within bounded memory: at the delimiters, and with `csv-core` where
//! quotes need a parser. In addition to the cells it reports the line at which a record begins, and
//! whether the file ends within the record.

use super::encoding::{BOM, ends_within_letter};
use csv_core::{ReadFieldResult, Reader, ReaderBuilder, Terminator};
use memchr::{memchr2, memchr2_iter};
use std::io::{self, Read};
use std::ops::Range;

/// The longest record of a file, in bytes. A longer one has an unclosed quote, or is not CSV.
pub const RECORD_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// The signs that may separate cells, the usual one last.
pub const DELIMITERS: [u8; 4] = *b"|\t;,";

const INPUT_BYTES: usize = 16 * 1024;

/// The records of a CSV text, one at a time. Rows end at line feeds only. Memory is that of the
/// longest record.
pub struct CsvScanner {
    bytes: Box<dyn Read + Send>,
    delimiter: u8,
    /// Parses quoted cells, and counts lines.
    parser: Reader,
    /// The parser is within a cell.
    is_in_quoted: bool,
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
    /// The text of all cells, with one byte between each and the next.
    text: Vec<u8>,
    /// Where each cell ends in the text.
    ends: Vec<usize>,
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
        let parser =
            ReaderBuilder::new().delimiter(delimiter).terminator(Terminator::Any(b'\n')).build();
        Self {
            bytes,
            delimiter,
            parser,
            is_in_quoted: false,
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
            let unread = self.unread.len();
            let is_ended = if self.is_in_quoted {
                self.read_quoted(record)
            } else if self.begins_quoted(record) {
                !self.read_simple_quoted(record) && self.read_quoted(record)
            } else {
                self.read_plain(record)
            };
            bytes += (unread - self.unread.len()) as u64;
            if is_ended {
                break;
            }
        }
        self.line = self.parser.line();
        record.spans_lines = self.line > record.line + u64::from(!record.is_open);
        Ok(true)
    }

    /// Reads cells up to the end of the record, a quoted cell, or the end of the input. Returns
    /// whether the record is complete.
    fn read_plain(&mut self, record: &mut Record) -> bool {
        let input = &self.input[self.unread.clone()];
        let begins_cell = |at: usize| match at.checked_sub(1) {
            Some(before) => input[before] == self.delimiter,
            None => record.is_at_cell_start(),
        };
        // A quote within a cell is text.
        let mut ends = memchr2_iter(b'\n', b'"', input);
        let end = ends.find(|at| input[*at] == b'\n' || begins_cell(*at)).unwrap_or(input.len());
        let is_last = input.get(end) == Some(&b'\n');
        record.push_plain(&input[..end], self.delimiter);
        self.unread.start += end;
        if is_last {
            self.unread.start += 1;
            self.parser.set_line(self.parser.line() + 1);
            record.end_cell();
        }
        is_last
    }

    /// Whether the input begins with a quoted cell.
    fn begins_quoted(&self, record: &Record) -> bool {
        self.input[self.unread.start] == b'"' && record.is_at_cell_start()
    }

    /// Reads a quoted cell with a delimiter behind it, if it has neither quotes nor line ends in it
    /// and is in the input as a whole. Returns whether it did.
    fn read_simple_quoted(&mut self, record: &mut Record) -> bool {
        let input = &self.input[self.unread.start + 1..self.unread.end];
        let Some(len) = memchr2(b'"', b'\n', input) else { return false };
        let is_simple = input[len] == b'"' && input.get(len + 1) == Some(&self.delimiter);
        if is_simple {
            record.text.extend_from_slice(&input[..len]);
            record.end_cell();
            record.text.push(self.delimiter);
            self.unread.start += len + 3;
        }
        is_simple
    }

    /// Reads any quoted cell, as far as it is in the input. Returns whether the record is complete.
    fn read_quoted(&mut self, record: &mut Record) -> bool {
        let (result, read) = record.parse(&mut self.parser, &self.input[self.unread.clone()]);
        self.unread.start += read;
        let is_last = match result {
            ReadFieldResult::Field { record_end } => record_end,
            _ => {
                self.is_in_quoted = true;
                return false;
            }
        };
        self.is_in_quoted = false;
        record.end_cell();
        if !is_last {
            record.text.push(self.delimiter);
        }
        is_last
    }

    /// Ends a record that the text ends with. Within open quotes the parser takes a line end for
    /// text; anywhere else it ends the cell.
    fn end(&mut self, record: &mut Record) {
        let (cell_end, line) = (record.text.len(), self.parser.line());
        if self.is_in_quoted {
            record.parse(&mut self.parser, b"\n");
        }
        let is_within_quotes = record.text.len() > cell_end;
        record.text.truncate(cell_end);
        record.end_cell();
        self.parser.set_line(line);
        record.is_open = true;
        record.is_cut =
            is_within_quotes || (self.last_byte != b'"' && ends_within_letter(&record.text));
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

/// The highest bit of each byte of a word that equals `byte`. The first byte is the lowest.
fn bytes_equal_to(byte: u8, word: [u8; 8]) -> u64 {
    const LOW_BITS: u64 = u64::from_ne_bytes([0x7f; 8]);
    let difference = u64::from_le_bytes(word) ^ u64::from_ne_bytes([byte; 8]);
    // Adding carries into the highest bit unless the lower bits are zero.
    !(((difference & LOW_BITS) + LOW_BITS) | difference | LOW_BITS)
}

impl Record {
    fn clear(&mut self, line: u64) {
        self.text.clear();
        self.ends.clear();
        self.line = line;
        (self.spans_lines, self.is_cut, self.is_open) = (false, false, false);
    }

    fn is_at_cell_start(&self) -> bool {
        self.text.len() == self.ends.last().map_or(0, |end| end + 1)
    }

    /// Adds text in which each delimiter ends a cell.
    fn push_plain(&mut self, text: &[u8], delimiter: u8) {
        let mut at = self.text.len();
        self.text.extend_from_slice(text);
        // Eight bytes at a time, as many cells are short or empty.
        let (words, rest) = text.as_chunks();
        for word in words {
            let mut found = bytes_equal_to(delimiter, *word);
            while found != 0 {
                self.ends.push(at + found.trailing_zeros() as usize / 8);
                found &= found - 1;
            }
            at += word.len();
        }
        self.ends
            .extend((at..).zip(rest).filter(|(_, byte)| **byte == delimiter).map(|(at, _)| at));
    }

    /// Parses a part of a quoted cell. Returns how much of the input was consumed.
    fn parse(&mut self, parser: &mut Reader, input: &[u8]) -> (ReadFieldResult, usize) {
        const ROOM_BYTES: usize = 64;
        let len = self.text.len();
        self.text.resize(len + ROOM_BYTES, 0);
        let (result, read, written) = parser.read_field(input, &mut self.text[len..]);
        self.text.truncate(len + written);
        (result, read)
    }

    fn end_cell(&mut self) {
        self.ends.push(self.text.len());
    }

    /// A cell; `None` if it is absent.
    #[inline]
    pub fn get(&self, at: usize) -> Option<&[u8]> {
        self.text.get(self.range(at)?)
    }

    /// Where a cell is in [`Self::as_slice`].
    #[inline]
    pub fn range(&self, at: usize) -> Option<Range<usize>> {
        let end = *self.ends.get(at)?;
        Some(at.checked_sub(1).map_or(0, |before| self.ends[before] + 1)..end)
    }

    pub fn iter(&self) -> impl Iterator<Item = &[u8]> + Clone {
        (0..self.len()).map_while(|at| self.get(at))
    }

    /// How many cells it has.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// The text of all cells, with one byte between each and the next.
    pub fn as_slice(&self) -> &[u8] {
        &self.text
    }

    /// A copy without spare room.
    pub fn compact(&self) -> Self {
        Self { text: self.text.clone(), ends: self.ends.clone(), ..*self }
    }

    /// Memory of a compact copy.
    pub fn size_bytes(&self) -> usize {
        self.text.len() + size_of_val(self.ends.as_slice())
    }

    /// Replaces the cells, and keeps the rest.
    pub fn replace_cells<'a>(&mut self, cells: impl IntoIterator<Item = &'a [u8]>) {
        self.text.clear();
        self.ends.clear();
        for cell in cells {
            if !self.ends.is_empty() {
                self.text.push(b',');
            }
            self.text.extend_from_slice(cell);
            self.end_cell();
        }
    }
}

#[cfg(test)]
mod tests;
