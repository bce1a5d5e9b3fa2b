//! Rows that a spreadsheet took for one cell and quoted again: `"#1001,ann@example.com,""Mug,
//! red"",…"`.
//!
//! Such a row is read if its inner text is a clean row: each quote opens or closes a field or is
//! doubled in one, and there are as many fields as the header has. Otherwise it stays as it is, and
//! is refused as a malformed row.

use super::blank::is_blank;
use csv::ByteRecord;

/// The fields of a row whose first cell holds all of it; `None` for any other row.
pub fn row<'a>(
    cells: impl IntoIterator<Item = &'a [u8]>,
    delimiter: u8,
    width: usize,
) -> Option<ByteRecord> {
    let whole = only_cell(cells).filter(|cell| width > 1 && cell.contains(&delimiter))?;
    fields(whole, delimiter).filter(|row| row.len() == width)
}

/// The names of a header that is in one cell.
pub fn header<'a>(cells: impl IntoIterator<Item = &'a [u8]>, delimiter: u8) -> Option<ByteRecord> {
    let whole = only_cell(cells).filter(|cell| cell.contains(&delimiter))?;
    fields(whole, delimiter)
}

/// The first cell, where all others are blank: spreadsheets fill rows up to the width of the
/// widest.
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

/// The text up to the quote that closes it, and what follows that.
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
    fn what_is_no_clean_row_stays_as_it_is() {
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
