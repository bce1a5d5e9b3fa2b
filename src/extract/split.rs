//! Splits CSV into records and cells as the `csv` crate does, cell by cell (a property test holds
//! the two against each other), and tells two things besides: the line a record begins at, and
//! whether the file ends within it.
//!
//! It looks at 64 bytes at once for what ends a cell, and copies a record as a whole.

use super::encoding::ends_within_letter;
use std::io::{self, Read};
use std::ops::Range;

/// The longest record of a file, in bytes. A longer one is a quote that was never closed, or no CSV
/// at all.
pub const RECORD_BYTES_MAX: u64 = 16 * 1024 * 1024;

const ROOM_BYTES: usize = 64 * 1024;
const BOM: &[u8] = b"\xef\xbb\xbf";

/// The records of a CSV text, one at a time. Rows end at line feeds only. Memory is that of the
/// longest record.
pub struct Split {
    bytes: Box<dyn Read + Send>,
    delimiter: u8,
    room: Vec<u8>,
    /// What of the room is yet to be split.
    left: Range<usize>,
    is_begun: bool,
    is_at_end: bool,
    /// Line that what is left begins at, from 1.
    line: u64,
}

/// A bit that no end of a cell has, as records are not that long.
const QUOTED: u32 = 1 << 31;

/// A record's cells. It holds what an order says of a person, so it has no debug form.
#[derive(Clone, Default)]
pub struct Record {
    /// As in the file up to the next record, but that quoted cells have moved up to their text.
    bytes: Vec<u8>,
    /// Where each cell ends, and [`QUOTED`] where it began with a quote.
    ends: Vec<u32>,
    /// Cells that began with a quote, by their number, and where their text is.
    quoted: Vec<(usize, Range<usize>)>,
    /// Line of the file it begins at, from 1.
    pub line: u64,
    pub spans_lines: bool,
    /// The file ends within its last cell: a quote there is open and holds the rest of the file, or
    /// a letter is cut.
    pub is_cut: bool,
    /// The text ends with it, and no line end does.
    pub is_open: bool,
}

/// Why a text can't be split on.
#[derive(Debug)]
pub enum Trouble {
    Read(io::Error),
    /// A record is longer than [`RECORD_BYTES_MAX`].
    Overlong,
}

impl Split {
    pub fn new(bytes: Box<dyn Read + Send>, delimiter: u8) -> Self {
        Self {
            bytes,
            delimiter,
            room: vec![0; ROOM_BYTES],
            left: 0..0,
            is_begun: false,
            is_at_end: false,
            line: 1,
        }
    }

    /// Takes the next record that has more than its line end; `false` at the end of the text.
    ///
    /// # Errors
    /// When the text can't be read on, or the record is too long.
    pub fn advance(&mut self, record: &mut Record) -> Result<bool, Trouble> {
        if !self.is_begun {
            self.is_begun = true;
            self.widen()?;
            let has_bom = self.room[self.left.clone()].starts_with(BOM);
            self.left.start += if has_bom { BOM.len() } else { 0 };
        }
        let len = loop {
            self.pass_line_ends();
            let bytes = &self.room[self.left.clone()];
            match record.look(bytes, self.delimiter, self.is_at_end) {
                Some(len) => break len,
                None if self.is_at_end => return Ok(false),
                None => self.widen()?,
            }
        };
        let begin = self.left.start;
        self.left.start += len;
        record.line = self.line;
        self.line += record.take(&self.room[begin..begin + len]);
        Ok(true)
    }

    /// Line of the text that is read next, from 1.
    pub fn line(&self) -> u64 {
        self.line
    }

    fn pass_line_ends(&mut self) {
        let ends = self.room[self.left.clone()].iter().take_while(|b| **b == b'\n').count();
        self.left.start += ends;
        self.line += ends as u64;
    }

    /// Fills the room, after making some: what was looked at already is looked at again only when
    /// that has doubled.
    fn widen(&mut self) -> Result<(), Trouble> {
        self.room.copy_within(self.left.clone(), 0);
        self.left = 0..self.left.len();
        if self.left.end == self.room.len() {
            // One byte more than a record may have: where that is filled, the record is longer.
            let len_max = usize::try_from(RECORD_BYTES_MAX).unwrap_or(usize::MAX).saturating_add(1);
            if self.room.len() >= len_max {
                return Err(Trouble::Overlong);
            }
            self.room.resize((self.room.len() * 2).min(len_max), 0);
        }
        while self.left.end < self.room.len() && !self.is_at_end {
            match self.bytes.read(&mut self.room[self.left.end..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(Trouble::Read(error)),
                Ok(0) => self.is_at_end = true,
                Ok(len) => self.left.end += len,
            }
        }
        Ok(())
    }
}

impl Record {
    /// A cell as it stands; `None` for one that is not there.
    #[inline]
    pub fn get(&self, at: usize) -> Option<&[u8]> {
        self.bytes.get(self.range(at)?)
    }

    /// Where a cell lies in [`Self::as_slice`].
    #[inline]
    pub fn range(&self, at: usize) -> Option<Range<usize>> {
        let end = *self.ends.get(at)?;
        if end & QUOTED == 0 {
            return Some(self.begin(at)..end as usize);
        }
        let found = self.quoted.binary_search_by_key(&at, |(cell, _)| *cell).ok()?;
        self.quoted.get(found).map(|(_, text)| text.clone())
    }

    /// Where a cell begins: behind the sign that ended the one before.
    #[inline]
    fn begin(&self, at: usize) -> usize {
        let before = at.checked_sub(1).and_then(|before| self.ends.get(before));
        before.map_or(0, |end| (*end & !QUOTED) as usize + 1)
    }

    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.len()).map_while(|at| self.get(at))
    }

    /// How many cells it has.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// All cells and what is between them.
    pub fn as_slice(&self) -> &[u8] {
        &self.bytes
    }

    /// What it costs in memory.
    pub fn size_bytes(&self) -> usize {
        self.bytes.len() + size_of_val(self.ends.as_slice()) + size_of_val(self.quoted.as_slice())
    }

    /// Takes other cells in place of its own, and stays what it is otherwise. They are not longer
    /// than its own were.
    pub fn replace_cells<'a>(&mut self, cells: impl IntoIterator<Item = &'a [u8]>) {
        self.bytes.clear();
        self.ends.clear();
        self.quoted.clear();
        for cell in cells {
            self.bytes.extend_from_slice(cell);
            self.ends.push(self.bytes.len() as u32);
            // As long as the sign that ends a cell in a file.
            self.bytes.push(b'\n');
        }
    }

    /// Looks for the cells of the record that `bytes` begin with, and where the next one begins;
    /// `None` where that is not among them.
    fn look(&mut self, bytes: &[u8], delimiter: u8, is_at_end: bool) -> Option<usize> {
        self.ends.clear();
        self.quoted.clear();
        self.is_cut = false;
        let mut piece = 0;
        while piece < bytes.len() {
            let (mut ends, mut others) = signs_in(&bytes[piece..], delimiter);
            let mut next_piece = piece + PIECE_BYTES;
            while others != 0 {
                let ahead = others.trailing_zeros();
                let at = piece + ahead as usize;
                let before = ends & ((1 << ahead) - 1);
                self.end_cells(piece, before);
                (ends, others) = (ends ^ before, others & (others - 1));
                if bytes[at] == b'\n' {
                    self.ends.push(at as u32);
                    return Some(at + 1);
                }
                if at > self.begin(self.len()) {
                    continue;
                }
                self.quoted.push((self.len(), 0..0));
                let Some(end) = after_quote(bytes, at + 1, is_at_end) else {
                    self.is_cut = is_at_end;
                    self.ends.push(bytes.len() as u32);
                    return is_at_end.then_some(bytes.len());
                };
                // What stands between the quotes is no sign.
                let passed = end - piece;
                let left = if passed < PIECE_BYTES { u64::MAX << passed } else { 0 };
                (ends, others) = (ends & left, others & left);
                next_piece = next_piece.max(end);
            }
            self.end_cells(piece, ends);
            piece = next_piece;
        }
        self.is_cut = is_at_end && ends_within_letter(bytes);
        self.ends.push(bytes.len() as u32);
        (is_at_end && !bytes.is_empty()).then_some(bytes.len())
    }

    /// Notes the ends of cells in a piece. Eight at a time, as asking after each whether there is
    /// another costs more than those that are too many.
    #[inline]
    fn end_cells(&mut self, piece: usize, mut ends: u64) {
        let mut left = ends.count_ones() as usize;
        while left > 0 {
            let eight: [u32; 8] = std::array::from_fn(|_| {
                let end = piece as u32 + ends.trailing_zeros();
                ends &= ends.wrapping_sub(1);
                end
            });
            let len = self.ends.len() + left.min(8);
            self.ends.extend_from_slice(&eight);
            self.ends.truncate(len);
            left = left.saturating_sub(8);
        }
    }

    /// Copies what was looked at, and tells how many lines it takes up to the next record's.
    fn take(&mut self, bytes: &[u8]) -> u64 {
        self.bytes.clear();
        self.bytes.extend_from_slice(bytes);
        let mut inside = 0;
        for index in 0..self.quoted.len() {
            let cell = self.quoted[index].0;
            let begin = self.begin(cell);
            let Some(end) = self.ends.get_mut(cell) else { continue };
            let Some(text) = self.bytes.get_mut(begin..*end as usize) else { continue };
            *end |= QUOTED;
            inside += text.iter().map(|b| u64::from(*b == b'\n')).sum::<u64>();
            let text = unquote(text);
            self.quoted[index].1 = begin + text.start..begin + text.end;
        }
        self.spans_lines = inside > 0;
        // An open quote has taken the last line end for its own.
        let is_ended = bytes.last() == Some(&b'\n') && !self.is_cut;
        self.is_open = !is_ended;
        inside + u64::from(is_ended)
    }
}

/// Bytes looked at together: as many as a word has bits.
const PIECE_BYTES: usize = 64;

/// A bit for each of the first bytes that is a delimiter, and for each that is a quote or a line
/// end.
fn signs_in(bytes: &[u8], delimiter: u8) -> (u64, u64) {
    let piece = bytes.first_chunk::<PIECE_BYTES>().copied().unwrap_or_else(|| {
        let mut piece = [0; PIECE_BYTES];
        piece[..bytes.len()].copy_from_slice(bytes);
        piece
    });
    (bits(&piece, |b| b == delimiter), bits(&piece, |b| (b == b'\n') | (b == b'"')))
}

/// Written so that the compiler compares many bytes at once.
#[inline]
fn bits(piece: &[u8; PIECE_BYTES], is_sought: impl Fn(u8) -> bool) -> u64 {
    let mut found = [0_u8; PIECE_BYTES];
    for (found, byte) in found.iter_mut().zip(piece) {
        *found = u8::from(is_sought(*byte));
    }
    let mut bits = 0;
    for (index, eight) in found.as_chunks::<8>().0.iter().enumerate() {
        // Each byte is 0 or 1; the product gathers the eight of them in its highest byte, the first
        // one lowest.
        let gathered = u64::from_le_bytes(*eight).wrapping_mul(0x0102_0408_1020_4080) >> 56;
        bits |= gathered << (index * 8);
    }
    bits
}

/// The byte after the quote that closes a cell; `None` where that is not among these bytes, or
/// can't be told yet.
fn after_quote(bytes: &[u8], mut from: usize, is_at_end: bool) -> Option<usize> {
    loop {
        let quote = from + bytes.get(from..)?.iter().position(|b| *b == b'"')?;
        match bytes.get(quote + 1) {
            Some(b'"') => from = quote + 2,
            None if !is_at_end => return None,
            _ => return Some(quote + 1),
        }
    }
}

/// Takes the quotes out of a cell that begins with one, and says where in it the text is then. What
/// follows the closing quote is text as it stands.
fn unquote(cell: &mut [u8]) -> Range<usize> {
    if let [b'"', text @ .., b'"'] = &*cell
        && !text.contains(&b'"')
    {
        return 1..cell.len() - 1;
    }
    let (mut from, mut to, mut is_quoted) = (1, 0, true);
    while let Some(byte) = cell.get(from).copied() {
        from += 1;
        if byte == b'"' && is_quoted {
            is_quoted = cell.get(from) == Some(&b'"');
            if !is_quoted {
                continue;
            }
            from += 1;
        }
        cell[to] = byte;
        to += 1;
    }
    0..to
}

#[cfg(test)]
mod tests;
