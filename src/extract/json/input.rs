//! The part of a file that is in memory: from the current value to the end of what was read.

use std::io::{self, Read};

/// Initial size of the buffer; it doubles when a value needs more.
const BUFFER_BYTES: usize = 128 * 1024;

/// A buffer over a stream of bytes, with the line and column it begins at.
pub struct Input {
    stream: Box<dyn Read + Send>,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    place: BytePlace,
}

/// Line and column of a byte, both from 1; a column is a byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BytePlace {
    pub line: u64,
    pub column: u64,
}

impl BytePlace {
    pub const START: Self = Self { line: 1, column: 1 };

    /// The place after these bytes.
    pub fn after(self, bytes: &[u8]) -> Self {
        // Counted in bytes, so that the loop is vectorised.
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

impl Input {
    pub fn new(stream: Box<dyn Read + Send>) -> Self {
        Self { stream, buffer: vec![0; BUFFER_BYTES], start: 0, end: 0, place: BytePlace::START }
    }

    /// The bytes in memory.
    pub fn bytes(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    /// Where that begins.
    pub fn place(&self) -> BytePlace {
        self.place
    }

    /// Consumes the first `len` bytes.
    pub fn consume(&mut self, len: usize) {
        let consumed = &self.buffer[self.start..self.start + len];
        self.place = self.place.after(consumed);
        self.start += len;
    }

    /// Drops the first `len` bytes without counting them: a byte order mark has no column.
    pub fn drop_uncounted(&mut self, len: usize) {
        self.start += len;
    }

    /// Reads more, growing the buffer if needed; `false` at the end of the file.
    pub fn fill(&mut self) -> io::Result<bool> {
        if self.start > 0 && self.end == self.buffer.len() {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        if self.end == self.buffer.len() {
            self.buffer.resize(self.buffer.len() * 2, 0);
        }
        loop {
            match self.stream.read(&mut self.buffer[self.end..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => {
                    let len = read?;
                    self.end += len;
                    return Ok(len > 0);
                }
            }
        }
    }

    #[cfg(test)]
    pub fn buffer_bytes(&self) -> usize {
        self.buffer.len()
    }
}
