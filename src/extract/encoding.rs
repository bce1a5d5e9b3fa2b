//! The encoding of a file: by a byte order mark, by zero bytes, or by a count over the file.
//!
//! Text is UTF-8 unless there is proof of something else. A file is read as Windows-1252 only if
//! almost nothing beyond ASCII is valid UTF-8, and a note says so; a UTF-8 file with a few bad
//! bytes stays UTF-8, and each record names the affected fields.

use super::names::distance;
use std::io::Read;

/// The byte order mark of UTF-8.
pub const BOM: &[u8] = b"\xef\xbb\xbf";

/// The character encoding of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Encoding(&'static encoding_rs::Encoding);

impl Default for Encoding {
    fn default() -> Self {
        Self::UTF_8
    }
}

/// Names of encodings, to suggest one.
const NAMES: [&str; 38] = [
    "utf-8",
    "utf-16le",
    "utf-16be",
    "windows-874",
    "windows-1250",
    "windows-1251",
    "windows-1252",
    "windows-1253",
    "windows-1254",
    "windows-1255",
    "windows-1256",
    "windows-1257",
    "windows-1258",
    "iso-8859-2",
    "iso-8859-3",
    "iso-8859-4",
    "iso-8859-5",
    "iso-8859-6",
    "iso-8859-7",
    "iso-8859-8",
    "iso-8859-10",
    "iso-8859-13",
    "iso-8859-14",
    "iso-8859-15",
    "iso-8859-16",
    "ibm866",
    "koi8-r",
    "koi8-u",
    "macintosh",
    "x-mac-cyrillic",
    "gbk",
    "gb18030",
    "big5",
    "euc-jp",
    "iso-2022-jp",
    "shift_jis",
    "euc-kr",
    "windows-31j",
];

/// Whether an encoding has this name.
pub fn is_encoding(name: &str) -> bool {
    Encoding::named(name).is_some()
}

/// The most likely intended encoding for an unknown name. Names that share a number of three digits
/// or more mean the same code page: `cp-1250`, `win1250`.
pub fn nearest_encoding(name: &str) -> Option<&'static str> {
    const LEN_MAX: usize = 40;
    const DISTANCE_MAX: usize = 3;
    if name.is_empty() || name.len() > LEN_MAX {
        return None;
    }
    let digits = |name: &str| name.chars().filter(char::is_ascii_digit).collect::<String>();
    let number = digits(name);
    let of_number = NAMES.iter().find(|known| number.len() >= 3 && digits(known) == number);
    let near = NAMES.iter().map(|known| (distance(&name.to_lowercase(), known), known));
    let is_near =
        |letters: usize, known: &str| letters <= DISTANCE_MAX && letters * 2 <= known.len();
    let nearest = near.filter(|(letters, known)| is_near(*letters, known)).min();
    of_number.or(nearest.map(|(_, known)| known)).copied()
}

/// The encoding, and a note about it for the operator.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Finding {
    pub encoding: Encoding,
    /// There are characters beyond ASCII, and all that were counted are valid UTF-8.
    pub has_utf8_letters: bool,
    pub note: Option<String>,
}

impl Encoding {
    pub const UTF_8: Self = Self(encoding_rs::UTF_8);
    pub const UTF_16_LE: Self = Self(encoding_rs::UTF_16LE);
    pub const UTF_16_BE: Self = Self(encoding_rs::UTF_16BE);
    pub const WINDOWS_1252: Self = Self(encoding_rs::WINDOWS_1252);

    /// By one of its names, such as `windows-1250`, `shift_jis` or `latin2`.
    pub fn named(name: &str) -> Option<Self> {
        let found = encoding_rs::Encoding::for_label_no_replacement(name.as_bytes())?;
        // It only maps bytes to private characters.
        (found != encoding_rs::X_USER_DEFINED).then_some(Self(found))
    }

    pub fn name(self) -> &'static str {
        match self.0.name() {
            "UTF-16LE" => "UTF-16 LE",
            "UTF-16BE" => "UTF-16 BE",
            "windows-1252" => "Windows-1252",
            other => other,
        }
    }

    pub fn is_utf16(self) -> bool {
        self == Self::UTF_16_LE || self == Self::UTF_16_BE
    }

    /// Its decoder to UTF-8, which treats a byte order mark as a character.
    pub fn decoder(self) -> encoding_rs::Decoder {
        self.0.new_decoder_without_bom_handling()
    }

    /// The encoding that the first bytes prove; `None` if the whole file must be counted.
    pub fn proven_by(prefix: &[u8]) -> Option<Self> {
        match prefix {
            [0xef, 0xbb, 0xbf, ..] => Some(Self::UTF_8),
            [0xff, 0xfe, ..] => Some(Self::UTF_16_LE),
            [0xfe, 0xff, ..] => Some(Self::UTF_16_BE),
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
        _ if most(low_first) && few(high_first) => Some(Encoding::UTF_16_LE),
        _ if most(high_first) && few(low_first) => Some(Encoding::UTF_16_BE),
        _ => None,
    }
}

/// Counts the bytes beyond ASCII until the result is clear, and decides. Read errors are reported
/// when the file is read.
pub fn count(mut bytes: impl Read) -> Finding {
    let mut census = Census::default();
    let mut buffer = vec![0; BUFFER_BYTES];
    let mut kept = 0;
    loop {
        let len = match bytes.read(&mut buffer[kept..]) {
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Ok(len) => len,
            Err(_) => 0,
        };
        if len == 0 {
            return census.decide();
        }
        let filled = kept + len;
        let done = census.take(&buffer[..filled]);
        if census.is_clear() {
            return census.decide();
        }
        buffer.copy_within(done..filled, 0);
        kept = filled - done;
    }
}

const BUFFER_BYTES: usize = 64 * 1024;
/// Valid characters after which the decision is final, if they outnumber the bad bytes.
const VALID_ENOUGH: u64 = 64;

/// Bytes without a character in Windows-1252.
const UNDEFINED: [u8; 5] = [0x81, 0x8d, 0x8f, 0x90, 0x9d];

/// What a file contains beyond ASCII.
#[derive(Debug, Default)]
struct Census {
    /// Characters beyond ASCII in valid UTF-8.
    valid: u64,
    /// Bytes that are not UTF-8.
    bad: u64,
    /// Bytes among those without a character in Windows-1252.
    undefined: u64,
    /// Bytes among those directly after another one: the exception in Western text, the rule
    /// elsewhere.
    beside: u64,
    /// Bytes of the chunks before this one.
    passed: u64,
    /// Where in the file the last byte that is not UTF-8 is.
    last_bad: Option<u64>,
}

impl Census {
    /// Counts a chunk; returns how many bytes were consumed, as a character may continue in the
    /// next chunk.
    fn take(&mut self, chunk: &[u8]) -> usize {
        let mut at = 0;
        while at < chunk.len() {
            let rest = &chunk[at..];
            let (good, bad) = match std::str::from_utf8(rest) {
                Ok(_) => (rest.len(), Some(0)),
                Err(error) => (error.valid_up_to(), error.error_len()),
            };
            if !rest[..good].is_ascii() {
                self.valid += rest[..good].iter().filter(|b| **b >= 0xc0).count() as u64;
            }
            at += good;
            // The last character may continue in the next chunk.
            let Some(bad) = bad else { break };
            for byte in &chunk[at..at + bad] {
                let place = self.passed + at as u64;
                self.bad += 1;
                self.undefined += u64::from(UNDEFINED.contains(byte));
                self.beside += u64::from(place > 0 && self.last_bad == Some(place - 1));
                self.last_bad = Some(place);
                at += 1;
            }
        }
        self.passed += at as u64;
        at
    }

    fn is_clear(&self) -> bool {
        self.valid >= VALID_ENOUGH && self.valid > self.bad
    }

    fn decide(&self) -> Finding {
        let is_utf8 = self.bad == 0 || self.valid * 100 > self.bad;
        if is_utf8 {
            let has_utf8_letters = self.valid > 0 && self.bad == 0;
            return Finding { has_utf8_letters, ..Finding::default() };
        }
        let is_western = self.undefined * 20 <= self.bad && self.beside * 2 <= self.bad;
        let bad = self.bad;
        let (encoding, note) = if is_western {
            let note = format!(
                "read as Windows-1252, which is a guess: {bad} bytes are no UTF-8, and next to nothing is; \
                 if letters come out wrong, name the job's encoding, or save the file as \"CSV UTF-8\""
            );
            (Encoding::WINDOWS_1252, note)
        } else {
            let note = format!(
                "{bad} bytes are neither UTF-8 nor Western text in Windows-1252, and the records they are in \
                 are invalid; name the job's encoding, or save the file as \"CSV UTF-8\""
            );
            (Encoding::UTF_8, note)
        };
        Finding { encoding, has_utf8_letters: false, note: Some(note) }
    }
}

/// The longest incomplete character in UTF-8.
pub const LETTER_START_MAX: usize = 3;

/// Whether a text ends within a character, which shows that the file was truncated.
pub fn ends_within_letter(last: &[u8]) -> bool {
    (1..=LETTER_START_MAX.min(last.len())).any(|len| {
        let end = std::str::from_utf8(&last[last.len() - len..]);
        end.is_err_and(|error| error.valid_up_to() == 0 && error.error_len().is_none())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(bytes: &[u8]) -> Finding {
        count(bytes)
    }

    #[test]
    fn utf8_with_a_few_bad_bytes_stays_utf8() {
        for (text, has_utf8_letters) in [
            (&b"plain"[..], false),
            ("Größe".as_bytes(), true),
            (b"Gr\xc3\xb6\xc3\x9fe caf\xe9!", false),
            (b"cut \xc3", false),
        ] {
            assert_eq!(found(text), Finding { has_utf8_letters, ..Finding::default() });
        }
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
            assert_eq!(found.encoding, Encoding::WINDOWS_1252);
            assert!(found.note.is_some_and(|note| note.contains("guess")));
        }
    }

    #[test]
    fn other_code_pages_are_not_mistaken_for_it() {
        // Whole words beyond ASCII (Windows-1251), and bytes that Windows-1252 does not have (Mac
        // Roman).
        for text in
            [&b"\xc7\xe0\xea\xe0\xe7, \xcc\xee\xf1\xea\xe2\xe0"[..], b"caf\x8d tr\x8fs \x90t\x8d"]
        {
            let found = found(text);
            assert_eq!(found.encoding, Encoding::UTF_8);
            assert!(found.note.is_some_and(|note| note.contains("neither")));
        }
    }

    #[test]
    fn a_character_across_two_chunks_is_counted_once() {
        let mut text = vec![b'x'; BUFFER_BYTES - 1];
        text.extend("é".as_bytes());
        text.extend(b"\xe9");
        assert_eq!(found(&text).encoding, Encoding::UTF_8);
    }

    #[test]
    fn utf16_is_recognised_by_its_mark_or_its_zeros() {
        let le = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
        let be = |text: &str| text.encode_utf16().flat_map(u16::to_be_bytes).collect::<Vec<u8>>();
        for text in ["\u{feff}Имя,Почта", "Name,Email,Größe"] {
            assert_eq!(Encoding::proven_by(&le(text)), Some(Encoding::UTF_16_LE));
            assert_eq!(Encoding::proven_by(&be(text)), Some(Encoding::UTF_16_BE));
        }
        assert_eq!(Encoding::proven_by("\u{feff}Name".as_bytes()), Some(Encoding::UTF_8));
        for other in [&b"Name,Email"[..], b"", b"\0", b"\0\0\0\0\0\0\0\0"] {
            assert_eq!(Encoding::proven_by(other), None);
        }
    }

    #[test]
    fn an_unknown_name_of_an_encoding_is_compared_with_known_ones() {
        for name in NAMES.into_iter().chain(["cp1250", "CP1251", "sjis", "latin2", "x-sjis"]) {
            assert!(is_encoding(name), "{name}");
        }
        for (name, meant) in [
            ("window-1250", Some("windows-1250")),
            ("win1250", Some("windows-1250")),
            ("shiftjis", Some("shift_jis")),
            ("utf16le", Some("utf-16le")),
            ("klingon", None),
            ("", None),
        ] {
            assert!(!is_encoding(name), "{name}");
            assert_eq!(nearest_encoding(name), meant, "{name}");
        }
        assert!(!is_encoding("x-user-defined") && !is_encoding("replacement"));
    }
}
