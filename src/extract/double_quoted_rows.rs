//! Rows that a spreadsheet treated as one cell and quoted again:
//! `"#1001,ann@example.com,""Mug, red"",…"`.
//!
//! Such a row is read if its inner text is a clean row: each quote opens or closes a field or is
//! doubled in one, and there are as many fields as the header has. Otherwise it is left unchanged
//! and refused as a malformed row.

use super::blank::is_blank;
use super::csv_scanner::{DELIMITERS, RECORD_BYTES_MAX};
use csv::ByteRecord;
use std::borrow::Cow;
use std::io::{self, BufRead, BufReader, Read};

/// What a spreadsheet did to each physical line of a table, those within a cell included.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LineForm {
    /// A meaningless `;` ends each line, including the header.
    pub end_in_semicolon: bool,
    /// Lines are quoted as a whole, and their own quotes are doubled.
    pub are_quoted: bool,
}

impl LineForm {
    /// Detects the form by line ends. The header must end in its only semicolon, and most lines in
    /// one.
    pub fn by_ends(text: &[u8]) -> Self {
        let mut lines = text.split(|b| *b == b'\n').filter(|line| !is_blank(line));
        let ends = |line: &[u8]| line.trim_ascii_end().ends_with(b";");
        let header = lines.next().unwrap_or_default();
        let is_only = header.iter().filter(|b| **b == b';').count() == 1;
        if !is_only || !ends(header) || !header.iter().any(|b| b",\t|".contains(b)) {
            return Self::default();
        }
        let (ending, others): (Vec<&[u8]>, Vec<&[u8]>) = lines.partition(|line| ends(line));
        Self { end_in_semicolon: ending.len() > others.len(), are_quoted: false }
    }

    /// The original text.
    pub fn undone(self, text: &[u8]) -> Cow<'_, [u8]> {
        if self == Self::default() {
            return Cow::Borrowed(text);
        }
        let lines = text.split_inclusive(|b| *b == b'\n');
        Cow::Owned(lines.flat_map(|line| self.line_undone(line)).collect())
    }

    /// As [`Self::undone`], for a stream.
    pub fn reader(self, bytes: Box<dyn Read + Send>) -> Box<dyn Read + Send> {
        if self == Self::default() {
            return bytes;
        }
        Box::new(UndoneLines { bytes: BufReader::new(bytes), form: self, line: Vec::new(), at: 0 })
    }

    fn line_undone(self, line: &[u8]) -> Vec<u8> {
        let text = line.trim_ascii_end();
        let text = match text.strip_suffix(b";") {
            Some(rest) if self.end_in_semicolon => rest,
            _ => text,
        };
        let inner = text.strip_prefix(b"\"").filter(|_| self.are_quoted).and_then(close);
        let mut undone = match inner {
            Some((inner, behind)) if is_filling(behind) => inner,
            _ if self.are_quoted => without_filling(text).to_vec(),
            _ => text.to_vec(),
        };
        if line.ends_with(b"\n") {
            undone.push(b'\n');
        }
        undone
    }
}

/// Whether this is empty, or only blank cells, with which spreadsheets pad rows to the width of the
/// widest.
fn is_filling(signs: &[u8]) -> bool {
    signs.iter().all(|sign| DELIMITERS.contains(sign) && signs.first() == Some(sign))
}

/// A line without the blank cells after its only filled cell.
fn without_filling(line: &[u8]) -> &[u8] {
    const FILLED_MIN: usize = 2;
    let at = line.iter().position(|b| DELIMITERS.contains(b)).unwrap_or(line.len());
    let (text, behind) = line.split_at(at);
    if behind.len() >= FILLED_MIN && is_filling(behind) { text } else { line }
}

struct UndoneLines {
    bytes: BufReader<Box<dyn Read + Send>>,
    form: LineForm,
    line: Vec<u8>,
    at: usize,
}

impl Read for UndoneLines {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.at == self.line.len() {
            let mut line = Vec::new();
            if (&mut self.bytes).take(RECORD_BYTES_MAX).read_until(b'\n', &mut line)? == 0 {
                return Ok(0);
            }
            (self.line, self.at) = (self.form.line_undone(&line), 0);
        }
        let len = (&self.line[self.at..]).read(out)?;
        self.at += len;
        Ok(len)
    }
}

/// The fields of a row that is contained in its first cell; `None` for any other row.
pub fn row<'a>(
    cells: impl IntoIterator<Item = &'a [u8]>,
    delimiter: u8,
    width: usize,
) -> Option<ByteRecord> {
    let whole = only_cell(cells).filter(|cell| width > 1 && cell.contains(&delimiter))?;
    fields(whole, delimiter).filter(|row| row.len() == width)
}

/// The names of a header that is contained in one cell.
pub fn header<'a>(cells: impl IntoIterator<Item = &'a [u8]>, delimiter: u8) -> Option<ByteRecord> {
    let whole = only_cell(cells).filter(|cell| cell.contains(&delimiter))?;
    fields(whole, delimiter)
}

/// Whether only one cell of a row is filled, which may contain several.
pub fn is_in_one_cell<'a>(cells: impl IntoIterator<Item = &'a [u8]>, delimiter: u8) -> bool {
    only_cell(cells).is_some_and(|cell| cell.contains(&delimiter))
}

/// The first cell, if all others are blank: spreadsheets pad rows to the width of the widest.
fn only_cell<'a>(cells: impl IntoIterator<Item = &'a [u8]>) -> Option<&'a [u8]> {
    let mut cells = cells.into_iter();
    let first = cells.next()?;
    cells.all(is_blank).then_some(first)
}

/// Reads one row strictly.
fn fields(row: &[u8], delimiter: u8) -> Option<ByteRecord> {
    let mut fields = ByteRecord::new();
    let mut rest = row;
    loop {
        let (field, after) = match rest.strip_prefix(b"\"") {
            Some(quoted) => close(quoted)?,
            None => {
                let len = rest.iter().position(|b| *b == delimiter).unwrap_or(rest.len());
                let (field, after) = rest.split_at(len);
                if field.iter().any(|b| b"\"\n".contains(b)) {
                    return None;
                }
                (field.to_vec(), after)
            }
        };
        fields.push_field(&field);
        match after {
            [] => return Some(fields),
            [sign, after @ ..] if *sign == delimiter => rest = after,
            blank if is_blank(blank) => return Some(fields),
            _ => return None,
        }
    }
}

/// Whether each quote of a text opens or closes a field, or is doubled in one. The text may end
/// anywhere.
pub fn is_clean(text: &[u8], delimiter: u8) -> bool {
    let is_end = |byte: &u8| *byte == delimiter || b"\r\n".contains(byte);
    let mut rest = text;
    loop {
        rest = match rest.strip_prefix(b"\"") {
            Some(quoted) => match close(quoted) {
                Some((_, after)) => after,
                None => return true,
            },
            None => rest,
        };
        let len = rest.iter().position(is_end).unwrap_or(rest.len());
        if rest[..len].contains(&b'"') {
            return false;
        }
        match rest.get(len + 1..) {
            Some(after) => rest = after,
            None => return true,
        }
    }
}

/// The text up to the closing quote, and what follows it.
fn close(quoted: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let mut field = Vec::new();
    let mut rest = quoted;
    loop {
        let at = rest.iter().position(|b| *b == b'"')?;
        field.extend_from_slice(&rest[..at]);
        rest = &rest[at + 1..];
        match rest.strip_prefix(b"\"") {
            Some(after) => {
                field.push(b'"');
                rest = after;
            }
            None => return Some((field, rest)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(cells: &[&str], width: usize) -> Option<Vec<String>> {
        let text = |cell: &[u8]| String::from_utf8_lossy(cell).into_owned();
        row(&ByteRecord::from(cells.to_vec()), b',', width)
            .map(|row| row.iter().map(text).collect())
    }

    #[test]
    fn a_row_in_one_cell_is_read_as_the_row_it_was() {
        let expected =
            Some(vec!["#1".to_owned(), "Mug, \"L\"".to_owned(), String::new(), "a\nb".to_owned()]);
        let whole = "#1,\"Mug, \"\"L\"\"\",,\"a\nb\"";
        assert_eq!(read(&[whole], 4), expected);
        assert_eq!(read(&[whole, "", " "], 4), expected, "filled up with blank cells");
        assert_eq!(read(&["a,b\r"], 2), Some(vec!["a".to_owned(), "b\r".to_owned()]));
        assert_eq!(read(&["a,\"b\"\r"], 2), Some(vec!["a".to_owned(), "b".to_owned()]));
    }

    #[test]
    fn a_clean_text_has_quotes_around_fields_alone() {
        for text in ["a,b\n", "\"a\",\"b\"\"c\nd\",\r\ne", "a,\"open", ""] {
            assert!(is_clean(text.as_bytes(), b','), "{text}");
        }
        for text in ["a\"b,c", "a,\"b\"c\"", "x\n5\" pipe,1\n"] {
            assert!(!is_clean(text.as_bytes(), b','), "{text}");
        }
    }

    #[test]
    fn a_row_that_is_not_clean_is_unchanged() {
        for cells in [
            &["#1"][..],
            &["#1,a"],
            &["#1,a,b,c,d"],
            &["#1,a,b,\"c"],
            &["#1,a,b,\"c\"d"],
            &["#1,a,b\"b,c"],
            &["#1,a,b,c\n#2,a,b,c"],
            &["#1,a,b,c", "x"],
            &[],
        ] {
            assert_eq!(read(cells, 4), None, "{cells:?}");
        }
    }
}
