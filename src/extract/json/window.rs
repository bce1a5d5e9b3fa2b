//! The part of a file that is in memory: from the value being looked at to where reading has come.

use std::io::{self, Read};

/// Room to begin with; it doubles where a value needs more.
const ROOM_BYTES: usize = 128 * 1024;

/// A window on a stream of bytes, with the line and column it begins at.
pub struct Window {
    bytes: Box<dyn Read + Send>,
    room: Vec<u8>,
    start: usize,
    end: usize,
    place: Place,
}

/// Line and column of a byte, both from 1; a column is a byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    pub line: u64,
    pub column: u64,
}

impl Place {
    pub const START: Self = Self { line: 1, column: 1 };

    /// The place after these bytes.
    pub fn after(self, bytes: &[u8]) -> Self {
        // Counted in bytes of their own, so that the compiler does many at once.
        let lines_in = |part: &[u8]| part.iter().map(|b| u8::from(*b == b'\n')).sum::<u8>();
        let lines: u64 =
            bytes.chunks(usize::from(u8::MAX)).map(|part| u64::from(lines_in(part))).sum();
        if lines == 0 {
            return Self { column: self.column + bytes.len() as u64, ..self };
        }
        let line_end = bytes.iter().rposition(|b| *b == b'\n').unwrap_or_default();
        Self { line: self.line + lines, column: (bytes.len() - line_end) as u64 }
    }
}

impl Window {
    pub fn new(bytes: Box<dyn Read + Send>) -> Self {
        Self { bytes, room: vec![0; ROOM_BYTES], start: 0, end: 0, place: Place::START }
    }

    /// What is in memory.
    pub fn bytes(&self) -> &[u8] {
        &self.room[self.start..self.end]
    }

    /// Where that begins.
    pub fn place(&self) -> Place {
        self.place
    }

    /// Leaves the first `len` bytes behind.
    pub fn pass(&mut self, len: usize) {
        let passed = &self.room[self.start..self.start + len];
        self.place = self.place.after(passed);
        self.start += len;
    }

    /// Leaves the first `len` bytes behind as if they were not in the file: a byte order mark has
    /// no column.
    pub fn forget(&mut self, len: usize) {
        self.start += len;
    }

    /// Reads on, and makes room for it; `false` at the end of the file.
    pub fn widen(&mut self) -> io::Result<bool> {
        if self.start > 0 && self.end == self.room.len() {
            self.room.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        if self.end == self.room.len() {
            self.room.resize(self.room.len() * 2, 0);
        }
        loop {
            match self.bytes.read(&mut self.room[self.end..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => {
                    let len = read?;
                    self.end += len;
                    return Ok(len > 0);
                }
            }
        }
    }

    /// The memory it takes.
    #[cfg(test)]
    pub fn room_bytes(&self) -> usize {
        self.room.len()
    }
}

/// Where the first line ends. In pieces that are looked at as a whole, which the compiler does many
/// bytes at once.
pub fn line_end(bytes: &[u8]) -> Option<usize> {
    let is_in = |part: &[u8]| part.iter().fold(false, |found, b| found | (*b == b'\n'));
    let part = bytes.chunks(64).position(is_in)?;
    let ahead = bytes[part * 64..].iter().position(|b| *b == b'\n')?;
    Some(part * 64 + ahead)
}
