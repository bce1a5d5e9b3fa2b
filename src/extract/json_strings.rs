//! JSON that a program saved as strings: `"{\"orders\":[…]}"`, one string or many, in a list or a
//! line each.

use std::io::{self, BufRead, BufReader, ErrorKind, Read};

/// Whether a text begins with such a string, or with a list of them.
pub fn begins_with_one(text: &[u8]) -> bool {
    let text = text.trim_ascii_start();
    let list = text.strip_prefix(b"[").unwrap_or(text).trim_ascii_start();
    let Some(mut inner) = list.strip_prefix(b"\"") else { return false };
    let mut has_bracket = false;
    loop {
        let blanks: [&[u8]; 5] = [b" ", b"\\n", b"\\r", b"\\t", b"\\u001e"];
        if let Some(rest) = blanks.iter().find_map(|blank| inner.strip_prefix(*blank)) {
            inner = rest;
        } else if let [b'{' | b'[', rest @ ..] = inner {
            (inner, has_bracket) = (rest, true);
        } else {
            let is_name = [&b"\\\""[..], b"\\u0022"].iter().any(|quote| inner.starts_with(quote));
            return has_bracket && is_name;
        }
    }
}

/// The JSON in the strings, each character in its place. Text between strings is kept.
pub struct JsonStrings {
    bytes: BufReader<Box<dyn Read + Send>>,
    state: DecodeState,
    /// UTF-16 of `\u` escapes that follow each other.
    units: Vec<u16>,
    text: Vec<u8>,
    given: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum DecodeState {
    Between,
    Within,
    /// After a backslash.
    Escape,
    /// Within the four digits of `\u`: their number so far, and their value.
    Unit(u8, u16),
}

impl JsonStrings {
    pub fn new(bytes: Box<dyn Read + Send>) -> Self {
        Self {
            bytes: BufReader::new(bytes),
            state: DecodeState::Between,
            units: Vec::new(),
            text: Vec::new(),
            given: 0,
        }
    }

    fn take(&mut self, byte: u8) -> io::Result<()> {
        if self.state == DecodeState::Within && byte != b'\\' {
            self.end_units();
        }
        self.state = match (self.state, byte) {
            (DecodeState::Between, b'"') => DecodeState::Within,
            (DecodeState::Within, b'"') => DecodeState::Between,
            (DecodeState::Within, b'\\') => DecodeState::Escape,
            (DecodeState::Escape, b'u') => DecodeState::Unit(0, 0),
            (DecodeState::Escape, _) => {
                self.end_units();
                // Lines are counted as in the file, where this one continues.
                self.text.push(if b"nrtfb".contains(&byte) { b' ' } else { byte });
                DecodeState::Within
            }
            (DecodeState::Unit(digits, value), _) => {
                let digit =
                    char::from(byte).to_digit(16).and_then(|digit| u16::try_from(digit).ok());
                let Some(digit) = digit else {
                    return Err(broken("holds a broken escape in a string"));
                };
                let value = value << 4 | digit;
                if digits == 3 {
                    self.units.push(value);
                    DecodeState::Within
                } else {
                    DecodeState::Unit(digits + 1, value)
                }
            }
            (state @ (DecodeState::Between | DecodeState::Within), _) => {
                self.text.push(byte);
                state
            }
        };
        Ok(())
    }

    /// Appends the characters of the last `\u` escapes.
    fn end_units(&mut self) {
        let letters = char::decode_utf16(self.units.drain(..));
        let letters: String =
            letters.map(|letter| letter.unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
        self.text.extend_from_slice(letters.as_bytes());
    }
}

fn broken(what: &str) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, what)
}

impl Read for JsonStrings {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.given == self.text.len() {
            self.text.clear();
            self.given = 0;
            let piece = self.bytes.fill_buf()?.to_vec();
            if piece.is_empty() {
                return match self.state {
                    DecodeState::Between => Ok(0),
                    _ => Err(broken("ends within a string that holds JSON")),
                };
            }
            self.bytes.consume(piece.len());
            piece.into_iter().try_for_each(|byte| self.take(byte))?;
        }
        let len = (&self.text[self.given..]).read(buffer)?;
        self.given += len;
        Ok(len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> io::Result<String> {
        let mut out = String::new();
        JsonStrings::new(Box::new(io::Cursor::new(text.as_bytes().to_vec())))
            .read_to_string(&mut out)?;
        Ok(out)
    }

    #[test]
    fn json_saved_as_a_string_is_read_unchanged() {
        for inner in [
            r#"{"orders":[{"id":1,"name":"M\"ug\\","e":"\u00e9"}]}"#,
            "[\n\t{\"name\":\"Größe 😀\"}\r\n]",
            r#"{"a":"\ud83d\ude00 \n"}"#,
        ] {
            let string = serde_json::to_string(inner).unwrap();
            let flat = inner.replace(['\n', '\r', '\t'], " ");
            assert!(begins_with_one(string.as_bytes()), "{string}");
            assert_eq!(read(&string).unwrap(), flat);
            let list = format!("[{string},\n {string}]\n");
            assert!(begins_with_one(list.as_bytes()));
            assert_eq!(read(&list).unwrap(), format!("[{flat},\n {flat}]\n"));
        }
        assert_eq!(
            read(r#""{\u0022a\u0022:\u0022\ud83d\ude00\ud83d\u0022}""#).unwrap(),
            "{\"a\":\"😀\u{fffd}\"}"
        );
    }

    #[test]
    fn other_texts_are_left_alone() {
        for text in [
            "\"Name\",\"Email\"\n",
            "{\"a\":1}",
            "[\"a\",\"b\"]",
            "\"{\"\"a\"\":1}\"",
            "\"{1}\"",
            "",
            "\"",
            "[\"",
            "\"[{",
        ] {
            assert!(!begins_with_one(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn a_cut_string_is_an_error() {
        for text in [r#""{\"a\":1}"#, r#""{\"a\":1}\"#, r#""{\"a\":\u00"#, r#""{\"a\":\u00zz}""#] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
