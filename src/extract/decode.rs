//! Converts the bytes of a file to UTF-8 while it is read, one chunk at a time.
//!
//! Undecodable bytes become 0xFF, which is never valid UTF-8, so only the affected field is
//! reported. A character that the end of the file cuts becomes an incomplete one, as in a truncated
//! UTF-8 file.

use super::encoding::Encoding;
use encoding_rs::DecoderResult;
use std::io::{self, Read};

/// No UTF-8 has this byte.
const BAD: u8 = 0xff;
/// The first byte of a two-byte character, without its second.
const CUT: u8 = 0xc3;
const ROOM_BYTES: usize = 32 * 1024;
/// Room for a character that began in an earlier chunk.
const ROOM_MIN_BYTES: usize = 32;

/// The text of a file, as UTF-8.
pub struct Decoder {
    inner: Box<dyn Read + Send>,
    form: Form,
    /// `None` for UTF-8, whose bytes are unchanged.
    letters: Option<encoding_rs::Decoder>,
    room: Vec<u8>,
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
    /// The bytes are the text, without conversion.
    pub fn is_plain(self) -> bool {
        self == Self::default()
    }
}

impl Decoder {
    pub fn new(inner: Box<dyn Read + Send>, form: Form) -> Self {
        let text = Vec::with_capacity(ROOM_BYTES);
        let letters = (form.encoding != Encoding::UTF_8).then(|| form.encoding.decoder());
        Self { inner, form, letters, room: vec![0; ROOM_BYTES], text, given: 0, has_ended: false }
    }

    /// Reads and converts the next chunk.
    fn refill(&mut self) -> io::Result<()> {
        let len = self.inner.read(&mut self.room)?;
        self.text.clear();
        self.given = 0;
        self.has_ended = len == 0;
        let bytes = &self.room[..len];
        match &mut self.letters {
            None => self.text.extend_from_slice(bytes),
            Some(letters) => decode(letters, bytes, &mut self.text),
        }
        if self.letters.is_some() && !self.form.encoding.is_utf16() {
            self.text = without_controls(&self.text);
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

/// Decodes a chunk; an empty one is the end of the file.
fn decode(letters: &mut encoding_rs::Decoder, mut bytes: &[u8], text: &mut Vec<u8>) {
    let is_end = bytes.is_empty();
    let mut at = text.len();
    text.resize(at + bytes.len() * 3 + ROOM_MIN_BYTES, 0);
    loop {
        let (result, read, written) =
            letters.decode_to_utf8_without_replacement(bytes, &mut text[at..], is_end);
        bytes = &bytes[read..];
        at += written;
        match result {
            DecoderResult::InputEmpty => return text.truncate(at),
            DecoderResult::OutputFull => text.resize(at + bytes.len() * 3 + ROOM_MIN_BYTES, 0),
            DecoderResult::Malformed(..) => {
                if at == text.len() {
                    text.push(0);
                }
                text[at] = if is_end { CUT } else { BAD };
                at += 1;
            }
        }
    }
}

/// Code pages decode bytes without a character to the control characters U+0080 to U+009F.
fn without_controls(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.windows(2).position(|two| two[0] == 0xc2 && two[1] < 0xa0) {
        out.extend_from_slice(&rest[..at]);
        out.push(BAD);
        rest = &rest[at + 2..];
    }
    out.extend_from_slice(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A reader that returns a few bytes at a time.
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
    fn an_undecodable_byte_is_bad_alone_and_a_truncated_character_looks_truncated() {
        let lone = [b'a', 0, 0x00, 0xdc, b'b', 0];
        assert_eq!(decoded(&lone, Encoding::UTF_16_LE, 2), b"a\xffb");
        let unpaired = [0x3d, 0xd8, b'b', 0];
        assert_eq!(decoded(&unpaired, Encoding::UTF_16_LE, 1), b"\xffb");
        assert_eq!(decoded(&[b'a', 0, b'b'], Encoding::UTF_16_LE, 9), b"a\xc3");
        assert_eq!(decoded(&[b'a', 0, 0x3d, 0xd8], Encoding::UTF_16_LE, 9), b"a\xc3");
        assert_eq!(decoded(b"a\x81\xe9", Encoding::WINDOWS_1252, 9), b"a\xff\xc3\xa9");
    }

    #[test]
    fn named_code_pages_are_read() {
        for (name, bytes, text) in [
            ("windows-1250", &b"\xafluk, \x8aumava"[..], "Żluk, Šumava"),
            ("windows-1251", b"\xcf\xf0\xe8\xe2\xe5\xf2", "Привет"),
            ("shift_jis", b"\x83e\x83X\x83g", "テスト"),
            ("iso-8859-2", b"\xb1\xe6", "ąć"),
            ("gbk", b"\xb2\xe2\xca\xd4", "测试"),
        ] {
            let encoding = Encoding::named(name).unwrap();
            for drip in [1, 2, 9] {
                assert_eq!(decoded(bytes, encoding, drip), text.as_bytes(), "{name}");
            }
        }
        let shift_jis = Encoding::named("Shift_JIS").unwrap();
        assert_eq!(decoded(b"a\x83", shift_jis, 9), b"a\xc3", "cut within a letter");
        assert_eq!(decoded(b"a\xfd b", shift_jis, 9), b"a\xff b");
        assert_eq!(Encoding::named("windows-9"), None);
    }

    #[test]
    fn lone_returns_become_line_feeds() {
        let form = Form { encoding: Encoding::UTF_8, returns_end_lines: true };
        let mut text = String::new();
        Decoder::new(Box::new(&b"a\rb\r"[..]), form).read_to_string(&mut text).unwrap();
        assert_eq!(text, "a\nb\n");
    }

    proptest! {
        #[test]
        fn utf16_round_trips(text in ".{0,60}", big in any::<bool>(), drip in 1..9_usize) {
            let encoding = if big { Encoding::UTF_16_BE } else { Encoding::UTF_16_LE };
            prop_assert_eq!(decoded(&utf16(&text, big), encoding, drip), text.as_bytes());
        }

        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), drip in 1..9_usize) {
            for encoding in [Encoding::UTF_8, Encoding::UTF_16_LE, Encoding::UTF_16_BE, Encoding::WINDOWS_1252] {
                decoded(&bytes, encoding, drip);
            }
        }
    }
}
