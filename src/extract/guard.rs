//! What stands between the bytes of a file and the CSV parser.

use super::encoding::{LETTER_START_MAX, ends_within_letter};
use std::io::{self, Read};

/// The longest record of a file, in bytes. A longer one is a quote that was never closed, or no CSV at all.
pub const RECORD_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// Added to the end of each file as a line of its own. Inside a quote that is still open it becomes part of the last
/// cell instead: that tells a file that ends within a quote from a whole one, which no count of fields does.
const END: &[u8] = b"\n\0ordersync: the file ends here\0\n";

/// Counts the bytes handed on since the last finished record, refuses to go on past [`RECORD_BYTES_MAX`], and
/// marks the end of the file.
pub struct Guard {
    inner: Box<dyn Read + Send>,
    since_record: u64,
    /// What is still to be appended, once the file has ended.
    tail: Option<&'static [u8]>,
    /// The last bytes handed on.
    last: [u8; LETTER_START_MAX],
}

/// How the mark comes out of the parser.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// A record like any other.
    Absent,
    /// The end of the file, as it should be.
    Alone,
    /// In the last cell of a record whose quote was open when the file ended.
    Swallowed,
    /// Right behind the last cell: the file ends within a letter of it.
    Glued,
}

impl Guard {
    pub fn new(inner: Box<dyn Read + Send>) -> Self {
        Self { inner, since_record: 0, tail: None, last: [0; LETTER_START_MAX] }
    }

    /// Tells that the parser has finished a record. What it holds buffered counts to no record.
    pub fn record_ended(&mut self) {
        self.since_record = 0;
    }

    /// Looks for the mark in a record's cells, joined as the parser keeps them.
    pub fn mark_in(&self, record: &[u8]) -> Mark {
        match self.tail {
            None => Mark::Absent,
            Some(_) if record == &END[1..END.len() - 1] => Mark::Alone,
            Some(_) if record.ends_with(&END[1..]) => Mark::Swallowed,
            Some(_) if record.ends_with(&END[1..END.len() - 1]) => Mark::Glued,
            Some(_) => Mark::Absent,
        }
    }

    /// Whether reading stopped because a record was too long.
    pub fn is_overlong(&self) -> bool {
        self.since_record > RECORD_BYTES_MAX
    }
}

impl Read for Guard {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if let Some(tail) = &mut self.tail {
            return tail.read(buffer);
        }
        let len = loop {
            match self.inner.read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => break read?,
            }
        };
        if len == 0 && !buffer.is_empty() {
            let mut tail = if ends_within_letter(&self.last) { &END[1..] } else { END };
            let len = tail.read(buffer)?;
            self.tail = Some(tail);
            return Ok(len);
        }
        self.since_record += len as u64;
        let fresh = &buffer[len.saturating_sub(LETTER_START_MAX)..len];
        self.last.rotate_left(fresh.len());
        self.last[LETTER_START_MAX - fresh.len()..].copy_from_slice(fresh);
        if self.is_overlong() {
            return Err(io::Error::other("record too long"));
        }
        Ok(len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_ends_within_a_letter_is_told_from_a_whole_one() {
        for (text, mark) in [
            (&b"a,caf\xc3\xa9"[..], Mark::Absent),
            (b"a,caf\xc3", Mark::Glued),
            (b"a,\xf0\x9f\x95", Mark::Glued),
            (b"a,\xf0", Mark::Glued),
            (b"a,\xe9\n", Mark::Absent),
        ] {
            let mut all = Vec::new();
            let mut guard = Guard::new(Box::new(text));
            guard.read_to_end(&mut all).unwrap();
            let line = all.split(|b| *b == b'\n').nth(usize::from(text.ends_with(b"\n"))).unwrap();
            let line = if mark == Mark::Absent { &all[..text.len()] } else { line };
            assert_eq!(guard.mark_in(line), mark, "{text:?}");
        }
    }

    #[test]
    fn the_mark_follows_the_last_byte_and_is_a_line_of_its_own() {
        let mut all = Vec::new();
        let mut guard = Guard::new(Box::new(&b"a,b\nc"[..]));
        guard.read_to_end(&mut all).unwrap();
        assert_eq!(all, b"a,b\nc\n\0ordersync: the file ends here\0\n");
        assert_eq!(guard.mark_in(&all[6..all.len() - 1]), Mark::Alone);
        assert_eq!(guard.mark_in(&all), Mark::Swallowed);
        assert_eq!(guard.mark_in(b"a,b"), Mark::Absent);
    }

    #[test]
    fn a_record_without_end_stops_at_the_limit() {
        let mut guard = Guard::new(Box::new(io::repeat(b'x')));
        let error = io::copy(&mut guard, &mut io::sink()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::Other);
        assert!(guard.is_overlong());
    }

    #[test]
    fn records_that_end_may_go_on_without_end() {
        let mut guard = Guard::new(Box::new(io::repeat(b'x')));
        let mut buffer = vec![0; 1 << 20];
        for _ in 0..40 {
            guard.read_exact(&mut buffer).unwrap();
            guard.record_ended();
        }
        assert!(!guard.is_overlong());
    }
}
