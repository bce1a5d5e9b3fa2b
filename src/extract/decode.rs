//! Turns the bytes of a file into UTF-8 while it is read, a piece at a time.
//!
//! Undecodable bytes become 0xFF, which is never valid UTF-8, so only the affected field is
//! reported. A character that the file ends within becomes the beginning of one, as at the end of a
//! truncated file.

use super::encoding::{Encoding, letter_of};
use std::io::{self, Read};

/// No UTF-8 has this byte.
const BAD: u8 = 0xff;
/// The first byte of a letter whose second never comes.
const CUT: u8 = 0xc3;
const ROOM_BYTES: usize = 32 * 1024;

/// The text of a file, as UTF-8.
pub struct Decoder {
    inner: Box<dyn Read + Send>,
    form: Form,
    room: Vec<u8>,
    /// Bytes at the front of `room` that wait for what follows them.
    kept: usize,
    text: Vec<u8>,
    given: usize,
    has_ended: bool,
}

/// How a file is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Form {
    pub encoding: Encoding,
    /// Its rows end in carriage returns alone; they are read as line feeds.
    pub returns_end_lines: bool,
}

impl Form {
    /// The bytes are the text: nothing has to be done to them.
    pub fn is_plain(self) -> bool {
        self == Self::default()
    }
}

impl Decoder {
    pub fn new(inner: Box<dyn Read + Send>, form: Form) -> Self {
        let text = Vec::with_capacity(ROOM_BYTES);
        Self { inner, form, room: vec![0; ROOM_BYTES], kept: 0, text, given: 0, has_ended: false }
    }

    /// Reads and turns the next piece.
    fn refill(&mut self) -> io::Result<()> {
        let len = self.inner.read(&mut self.room[self.kept..])?;
        self.text.clear();
        self.given = 0;
        self.has_ended = len == 0;
        let filled = self.kept + len;
        let bytes = &self.room[..filled];
        let done = match self.form.encoding {
            Encoding::Utf8 => {
                self.text.extend_from_slice(bytes);
                filled
            }
            Encoding::Windows1252 => {
                from_windows_1252(bytes, &mut self.text);
                filled
            }
            Encoding::Utf16Le => from_utf16(bytes, u16::from_le_bytes, &mut self.text),
            Encoding::Utf16Be => from_utf16(bytes, u16::from_be_bytes, &mut self.text),
        };
        if self.has_ended && done < filled {
            self.text.push(CUT);
            self.kept = 0;
        } else {
            self.room.copy_within(done..filled, 0);
            self.kept = filled - done;
        }
        if self.form.returns_end_lines {
            self.text.iter_mut().filter(|b| **b == b'\r').for_each(|b| *b = b'\n');
        }
        Ok(())
    }
}

impl Read for Decoder {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.given == self.text.len() && !self.has_ended {
            self.refill()?;
        }
        let len = (&self.text[self.given..]).read(buffer)?;
        self.given += len;
        Ok(len)
    }
}

fn from_windows_1252(bytes: &[u8], text: &mut Vec<u8>) {
    for part in bytes.chunk_by(|a, b| a.is_ascii() == b.is_ascii()) {
        match part.is_ascii() {
            true => text.extend_from_slice(part),
            false => part.iter().for_each(|byte| push(letter_of(*byte), text)),
        }
    }
}

/// Returns how many bytes were consumed: a character may continue in the next piece.
fn from_utf16(bytes: &[u8], unit_of: fn([u8; 2]) -> u16, text: &mut Vec<u8>) -> usize {
    let (pairs, _) = bytes.as_chunks::<2>();
    let is_high = |pair: &[u8; 2]| (0xd800..0xdc00).contains(&unit_of(*pair));
    let pairs = match pairs.split_last() {
        Some((last, before)) if is_high(last) => before,
        _ => pairs,
    };
    let units = pairs.iter().map(|pair| unit_of(*pair));
    for letter in char::decode_utf16(units) {
        push(letter.ok(), text);
    }
    pairs.len() * 2
}

fn push(letter: Option<char>, text: &mut Vec<u8>) {
    match letter {
        Some(letter) => text.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes()),
        None => text.push(BAD),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Gives a few bytes at a time.
    struct Dripping(io::Cursor<Vec<u8>>, usize);

    impl Read for Dripping {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let len = buffer.len().min(self.1);
            self.0.read(&mut buffer[..len])
        }
    }

    fn decoded(bytes: &[u8], encoding: Encoding, drip: usize) -> Vec<u8> {
        let form = Form { encoding, returns_end_lines: false };
        let mut text = Vec::new();
        let inner = Dripping(io::Cursor::new(bytes.to_vec()), drip);
        Decoder::new(Box::new(inner), form).read_to_end(&mut text).unwrap();
        text
    }

    fn utf16(text: &str, big: bool) -> Vec<u8> {
        text.encode_utf16()
            .flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() })
            .collect()
    }

    #[test]
    fn what_has_no_letter_is_bad_by_itself_and_a_cut_letter_looks_cut() {
        let lone = [b'a', 0, 0x00, 0xdc, b'b', 0];
        assert_eq!(decoded(&lone, Encoding::Utf16Le, 2), b"a\xffb");
        let unpaired = [0x3d, 0xd8, b'b', 0];
        assert_eq!(decoded(&unpaired, Encoding::Utf16Le, 1), b"\xffb");
        assert_eq!(decoded(&[b'a', 0, b'b'], Encoding::Utf16Le, 9), b"a\xc3");
        assert_eq!(decoded(&[b'a', 0, 0x3d, 0xd8], Encoding::Utf16Le, 9), b"a\xc3");
        assert_eq!(decoded(b"a\x81\xe9", Encoding::Windows1252, 9), b"a\xff\xc3\xa9");
    }

    #[test]
    fn lone_returns_become_line_feeds() {
        let form = Form { encoding: Encoding::Utf8, returns_end_lines: true };
        let mut text = String::new();
        Decoder::new(Box::new(&b"a\rb\r"[..]), form).read_to_string(&mut text).unwrap();
        assert_eq!(text, "a\nb\n");
    }

    proptest! {
        #[test]
        fn utf16_comes_out_as_it_went_in(text in ".{0,60}", big in any::<bool>(), drip in 1..9_usize) {
            let encoding = if big { Encoding::Utf16Be } else { Encoding::Utf16Le };
            prop_assert_eq!(decoded(&utf16(&text, big), encoding, drip), text.as_bytes());
        }

        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), drip in 1..9_usize) {
            for encoding in [Encoding::Utf8, Encoding::Utf16Le, Encoding::Utf16Be, Encoding::Windows1252] {
                decoded(&bytes, encoding, drip);
            }
        }
    }
}
