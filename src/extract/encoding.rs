//! Which encoding a file is in: by a byte order mark, by zero bytes, or by a count over the file.
//!
//! Text is UTF-8 unless there is proof of something else. A file is taken for Windows-1252 only if
//! almost nothing beyond ASCII is valid UTF-8, and a note says so; a UTF-8 file with a few bad
//! bytes stays UTF-8, and each record names the fields at fault.

use std::io::Read;

/// How the letters of a file are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Encoding {
    #[default]
    Utf8,
    Utf16Le,
    Utf16Be,
    Windows1252,
}

/// The encoding, and what a person should know about it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Finding {
    pub encoding: Encoding,
    pub note: Option<String>,
}

impl Encoding {
    pub fn name(self) -> &'static str {
        match self {
            Self::Utf8 => "UTF-8",
            Self::Utf16Le => "UTF-16 LE",
            Self::Utf16Be => "UTF-16 BE",
            Self::Windows1252 => "Windows-1252",
        }
    }

    /// What the first bytes alone prove; `None` if the whole file has to be counted.
    pub fn proven_by(prefix: &[u8]) -> Option<Self> {
        match prefix {
            [0xef, 0xbb, 0xbf, ..] => Some(Self::Utf8),
            [0xff, 0xfe, ..] => Some(Self::Utf16Le),
            [0xfe, 0xff, ..] => Some(Self::Utf16Be),
            _ => by_zero_bytes(&prefix[..prefix.len().min(ZEROS_LOOKED_AT)]),
        }
    }
}

const ZEROS_LOOKED_AT: usize = 512;

/// UTF-16 without a mark: column names and keys are mostly ASCII, so every other byte of them is
/// zero.
fn by_zero_bytes(start: &[u8]) -> Option<Encoding> {
    let (pairs, _) = start.as_chunks::<2>();
    let zeros = |at: usize| pairs.iter().filter(|pair| pair[at] == 0).count();
    let (high_first, low_first) = (zeros(0), zeros(1));
    let most = |n: usize| n * 5 >= pairs.len() * 3;
    let few = |n: usize| n * 20 <= pairs.len();
    match pairs.len() {
        0 | 1 => None,
        _ if most(low_first) && few(high_first) => Some(Encoding::Utf16Le),
        _ if most(high_first) && few(low_first) => Some(Encoding::Utf16Be),
        _ => None,
    }
}

/// Counts the bytes beyond ASCII until the result is clear, and decides. Read errors are reported
/// when the file is read.
pub fn count(mut bytes: impl Read) -> Finding {
    let mut census = Census::default();
    let mut room = vec![0; ROOM_BYTES];
    let mut kept = 0;
    loop {
        let len = match bytes.read(&mut room[kept..]) {
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Ok(len) => len,
            Err(_) => 0,
        };
        if len == 0 {
            return census.decide();
        }
        let filled = kept + len;
        let done = census.take(&room[..filled]);
        if census.is_clear() {
            return census.decide();
        }
        room.copy_within(done..filled, 0);
        kept = filled - done;
    }
}

const ROOM_BYTES: usize = 64 * 1024;
/// Valid characters after which the decision is final, if they outnumber the bad bytes.
const VALID_ENOUGH: u64 = 64;

/// What a file contains beyond ASCII.
#[derive(Debug, Default)]
struct Census {
    /// Letters in valid UTF-8.
    valid: u64,
    /// Bytes that are no UTF-8.
    bad: u64,
    /// Of those, bytes that Windows-1252 has no letter for.
    undefined: u64,
    /// Of those, bytes directly after another one: the exception in Western text, the rule
    /// elsewhere.
    beside: u64,
    passed: u64,
    last_bad: Option<u64>,
}

impl Census {
    /// Counts a piece; returns how many bytes were consumed, as a character may continue in the
    /// next piece.
    fn take(&mut self, piece: &[u8]) -> usize {
        let mut at = 0;
        while at < piece.len() {
            let rest = &piece[at..];
            let (good, bad) = match std::str::from_utf8(rest) {
                Ok(_) => (rest.len(), 0),
                Err(error) => (error.valid_up_to(), error.error_len().unwrap_or(usize::MAX)),
            };
            if !rest[..good].is_ascii() {
                self.valid += rest[..good].iter().filter(|b| **b >= 0xc0).count() as u64;
            }
            at += good;
            if bad == usize::MAX {
                break;
            }
            for byte in &piece[at..at + bad] {
                let place = self.passed + at as u64;
                self.bad += 1;
                self.undefined += u64::from(letter_of(*byte).is_none());
                self.beside += u64::from(place > 0 && self.last_bad == Some(place - 1));
                self.last_bad = Some(place);
                at += 1;
            }
        }
        self.passed += at as u64;
        at
    }

    fn is_clear(&self) -> bool {
        self.valid > 0 && (self.bad == 0 || (self.valid >= VALID_ENOUGH && self.valid > self.bad))
    }

    fn decide(&self) -> Finding {
        let is_utf8 = self.bad == 0 || self.valid * 100 > self.bad;
        if is_utf8 {
            return Finding::default();
        }
        let is_western = self.undefined * 20 <= self.bad && self.beside * 2 <= self.bad;
        match is_western {
            true => Finding {
                encoding: Encoding::Windows1252,
                note: Some(format!(
                    "read as Windows-1252, which is a guess: {} bytes are no UTF-8, and next to nothing is; \
                     if letters come out wrong, save the file as \"CSV UTF-8\"",
                    self.bad
                )),
            },
            false => Finding {
                encoding: Encoding::Utf8,
                note: Some(format!(
                    "{} bytes are neither UTF-8 nor Western text in Windows-1252, and the records they are in \
                     are invalid; save the file as \"CSV UTF-8\"",
                    self.bad
                )),
            },
        }
    }
}

/// The longest beginning of a letter in UTF-8 that is not yet the letter.
pub const LETTER_START_MAX: usize = 3;

/// Whether the last bytes of a text begin a letter and do not end it: a file that ends so was cut.
pub fn ends_within_letter(last: &[u8]) -> bool {
    (1..=LETTER_START_MAX.min(last.len())).any(|len| {
        let end = std::str::from_utf8(&last[last.len() - len..]);
        end.is_err_and(|error| error.valid_up_to() == 0 && error.error_len().is_none())
    })
}

/// The letter of a byte from 0x80 on in Windows-1252; five of them have none.
pub fn letter_of(byte: u8) -> Option<char> {
    const FROM_80: [char; 32] = [
        '€', '\0', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\0', 'Ž', '\0', '\0',
        '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\0', 'ž', 'Ÿ',
    ];
    let letter = match byte {
        0x80..=0x9f => FROM_80[usize::from(byte - 0x80)],
        other => char::from(other),
    };
    (letter != '\0').then_some(letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(bytes: &[u8]) -> Finding {
        count(bytes)
    }

    #[test]
    fn utf8_with_a_few_bad_bytes_stays_utf8() {
        assert_eq!(found(b"plain"), Finding::default());
        assert_eq!(found("Größe".as_bytes()), Finding::default());
        assert_eq!(found(b"Gr\xc3\xb6\xc3\x9fe caf\xe9"), Finding::default());
        assert_eq!(found(b"cut \xc3"), Finding::default());
    }

    #[test]
    fn western_bytes_without_utf8_are_windows_1252_and_that_is_said() {
        for text in [
            &b"Caf\xe9,"[..],
            b"Gr\xf6\xdfe \x80 10",
            b"l\x92eau, S\xed, N\xfamero",
            &b"\xe9 ".repeat(40_000),
        ] {
            let found = found(text);
            assert_eq!(found.encoding, Encoding::Windows1252);
            assert!(found.note.is_some_and(|note| note.contains("guess")));
        }
    }

    #[test]
    fn other_code_pages_are_not_taken_for_it() {
        // Whole words beyond ASCII (Windows-1251), and bytes that Windows-1252 does not have (Mac
        // Roman).
        for text in
            [&b"\xc7\xe0\xea\xe0\xe7, \xcc\xee\xf1\xea\xe2\xe0"[..], b"caf\x8d tr\x8fs \x90t\x8d"]
        {
            let found = found(text);
            assert_eq!(found.encoding, Encoding::Utf8);
            assert!(found.note.is_some_and(|note| note.contains("neither")));
        }
    }

    #[test]
    fn letters_over_the_edge_of_a_piece_are_counted_once() {
        let mut text = vec![b'x'; ROOM_BYTES - 1];
        text.extend("é".as_bytes());
        text.extend(b"\xe9");
        assert_eq!(found(&text), Finding::default());
    }

    #[test]
    fn utf16_is_told_by_its_mark_or_its_zeros() {
        let le = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
        let be = |text: &str| text.encode_utf16().flat_map(u16::to_be_bytes).collect::<Vec<u8>>();
        for text in ["\u{feff}Имя,Почта", "Name,Email,Größe"] {
            assert_eq!(Encoding::proven_by(&le(text)), Some(Encoding::Utf16Le));
            assert_eq!(Encoding::proven_by(&be(text)), Some(Encoding::Utf16Be));
        }
        assert_eq!(Encoding::proven_by("\u{feff}Name".as_bytes()), Some(Encoding::Utf8));
        for other in [&b"Name,Email"[..], b"", b"\0", b"\0\0\0\0\0\0\0\0"] {
            assert_eq!(Encoding::proven_by(other), None);
        }
    }
}
