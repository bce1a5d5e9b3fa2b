//! Rows of a table that are not rows of orders: a repeated header, a description of its columns,
//! and footers.
//!
//! Such a row is skipped, so the rules are strict: what could be an order stays a record, and is
//! refused with reasons if it is not one.

use super::blank::{is_blank, value_bytes};
use super::csv_scanner::Record;
use super::header::Header;
use super::total_words::{BESIDE_TOTAL, COUNTED, TOTAL_WORDS};
use crate::domain::Currency;
use csv::ByteRecord;
use std::fmt;

/// The columns that show whether a row belongs to an order.
#[derive(Debug, Clone, Default)]
pub struct Landmarks {
    /// What identifies an order: ids, numbers.
    pub keys: Vec<usize>,
    /// The columns of its date.
    pub dates: Vec<usize>,
    /// The columns of its total.
    pub amounts: Vec<usize>,
    /// What identifies its customer: ids, addresses.
    pub customers: Vec<usize>,
    /// What identifies its products: names, ids, SKUs.
    pub products: Vec<usize>,
}

impl Landmarks {
    /// Whether a row is about the table, not an order: `Total,,3,USD 45.00`, `Insgesamt,30.00`,
    /// `Exported by the shop`. It has words where orders have their key or date, or a word for a
    /// total elsewhere; otherwise it has only figures, and no date, customer or product. If the
    /// only such word is in a product's name, it may be a further product of an order. If keys of
    /// orders are words (`has_word_keys`), only words for totals count.
    pub fn is_footer(&self, row: &Record, width: usize, has_word_keys: bool) -> bool {
        let filled =
            || row.iter().map(value_bytes).enumerate().filter(|(_, cell)| !cell.is_empty());
        let Some((first_at, first)) = filled().next().filter(|_| !self.keys.is_empty()) else {
            return false;
        };
        let is_of_key = self.keys.contains(&first_at) || self.dates.contains(&first_at);
        let is_title = is_of_key && !has_word_keys && is_prose(first);
        let is_name = |at: usize, cell: &[u8]| (is_title && at == first_at) || is_label(cell);
        let is_of_product = |at: usize| self.products.contains(&at) && !self.keys.contains(&at);
        // The cells of a row that is too short may belong to other columns.
        if row.len() < width && is_name(first_at, first) && !is_of_product(first_at) {
            return filled().skip(1).all(|(_, cell)| is_figure(cell) && !may_be_date(cell));
        }
        let states = |columns: &[usize], is_stated: fn(&[u8]) -> bool| {
            columns.iter().any(|at| {
                let cell = value_bytes(row.get(*at).unwrap_or_default());
                !cell.is_empty() && !is_name(*at, cell) && is_stated(cell)
            })
        };
        let is_value = |cell: &[u8]| !is_currency(cell);
        !states(&self.keys, is_value)
            && (is_title || filled().any(|(at, cell)| !is_of_product(at) && is_label(cell)))
            && filled().all(|(at, cell)| is_name(at, cell) || is_figure(cell))
            && !states(&self.dates, may_be_date)
            && !states(&self.customers, is_value)
            && !states(&self.products, |_| true)
    }

    /// Whether a row above the header has values of orders in the columns of key, date and total,
    /// so that it is not a title: a table that was sorted with its header.
    pub fn is_of_order(&self, row: &Record) -> bool {
        let states = |columns: &Vec<usize>, is_stated: fn(&[u8]) -> bool| {
            let mut cells = columns.iter().map(|at| value_bytes(row.get(*at).unwrap_or_default()));
            columns.is_empty() || cells.any(is_stated)
        };
        let has_digit = |cell: &[u8]| cell.iter().any(u8::is_ascii_digit);
        let has_columns = !self.dates.is_empty() || !self.amounts.is_empty();
        has_columns
            && !self.keys.is_empty()
            && states(&self.keys, |cell| !cell.is_empty())
            && states(&self.dates, has_digit)
            && states(&self.amounts, has_digit)
    }

    /// Whether a row states a date, a customer or a product in addition to its key.
    pub fn is_more_than_key(&self, row: &Record) -> bool {
        let columns = [&self.dates, &self.customers, &self.products].into_iter().flatten();
        let mut cells = columns.filter_map(|at| row.get(*at)).map(value_bytes);
        cells.any(|cell| !cell.is_empty())
    }

    /// The first key that a row states.
    pub fn key_cell<'r>(&self, row: &'r Record) -> Option<&'r [u8]> {
        let mut cells = self.keys.iter().filter_map(|at| row.get(*at)).map(value_bytes);
        cells.find(|cell| !cell.is_empty())
    }

    /// Whether the row below a header describes its columns: words in the columns of key, date,
    /// total and customer, and no address, number, amount or date anywhere. A damaged order leaves
    /// one of them blank or has a number somewhere.
    pub fn is_description(&self, row: &Record) -> bool {
        let Self { keys, dates, amounts, customers, .. } = self;
        let all = [keys, dates, amounts, customers].into_iter().flatten();
        let has_columns = [keys, dates, amounts].iter().all(|columns| !columns.is_empty());
        has_columns
            && all.map(|at| value_bytes(row.get(*at).unwrap_or_default())).all(is_words)
            && !row.iter().map(value_bytes).any(is_of_order)
    }
}

/// Whether a row may be a footer, as far as can be known without the columns of the table.
pub fn may_be_footer(row: &ByteRecord) -> bool {
    let mut filled = row.iter().map(value_bytes).filter(|cell| !cell.is_empty());
    filled.next().is_some_and(|first| is_label(first) || is_prose(first))
        && filled.all(|cell| is_label(cell) || is_figure(cell))
}

/// Whether a row is a line drawn below a header or above a footer.
pub fn is_ruler(row: &Record) -> bool {
    let is_drawn = |cell: &[u8]| {
        is_blank(cell) || (cell.len() > 1 && cell.iter().all(|b| b"-=_+ \r".contains(b)))
    };
    row.get(0).is_some_and(|cell| cell.first().is_some_and(|b| b"-=_+".contains(b)))
        && row.iter().all(is_drawn)
}

/// The header of a table, which may be repeated within it.
#[derive(Debug, Clone)]
pub struct Headers {
    names: Header,
    /// For each column its place in the rows that are read now; `None` if it is the same.
    places: Option<Vec<usize>>,
}

/// A header in the middle of a table that has other columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtherHeader {
    missing: Vec<String>,
    added: Vec<String>,
}

impl Headers {
    pub fn of<'a>(cells: impl IntoIterator<Item = &'a [u8]>) -> Self {
        Self { names: Header::of(cells), places: None }
    }

    /// Whether a row repeats the header; the rows below it are then in its order.
    pub fn is_again<'a>(
        &mut self,
        cells: impl Iterator<Item = &'a [u8]> + Clone,
    ) -> Result<bool, OtherHeader> {
        if !self.is_like(cells.clone()) {
            return Ok(false);
        }
        let names = Header::of(cells);
        let places = self.names.places_in(&names);
        self.places = match places {
            Some(places) if places.iter().enumerate().all(|(at, place)| at == *place) => None,
            Some(places) => Some(places),
            None => {
                let lacking = |own: &Header, other: &Header| {
                    let lacking = own.names().filter(|name| !name.is_empty() && !other.has(name));
                    lacking.map(str::to_owned).collect()
                };
                let (missing, added) = (lacking(&self.names, &names), lacking(&names, &self.names));
                return Err(OtherHeader { missing, added });
            }
        };
        Ok(true)
    }

    /// Where each column is in the rows below the last header, if not where it was.
    pub fn places(&self) -> Option<&[usize]> {
        self.places.as_deref()
    }

    /// Whether most of a row's cells are names of columns.
    pub fn is_like<'a>(&self, cells: impl Iterator<Item = &'a [u8]> + Clone) -> bool {
        const KNOWN_MIN: usize = 3;
        let filled = cells.filter(|cell| !is_blank(cell));
        let is_name = |cell: &[u8]| self.names.names_cell(cell);
        // Nearly every row begins with a number.
        let is_number = |cell: &[u8]| cell.first().is_none_or(|b| b.is_ascii_digit() || *b == b'#');
        if filled.clone().next().is_none_or(|first| is_number(first) || !is_name(first)) {
            return false;
        }
        let known = filled.clone().filter(|cell| is_name(cell)).count();
        known >= KNOWN_MIN.min(self.names.len()) && known * 3 >= filled.count() * 2
    }
}

impl fmt::Display for OtherHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN_MAX: usize = 5;
        let shown = |names: &[String]| {
            let shown: Vec<String> =
                names.iter().take(SHOWN_MAX).map(|name| format!("`{name}`")).collect();
            let rest = if names.len() > SHOWN_MAX { ", …" } else { "" };
            format!("{}{rest}", shown.join(", "))
        };
        f.write_str("a header is repeated here with other columns")?;
        match (self.missing.as_slice(), self.added.as_slice()) {
            ([], []) => f.write_str(": some of them twice"),
            (missing, []) => write!(f, ": it lacks {}", shown(missing)),
            ([], added) => write!(f, ": it adds {}", shown(added)),
            (missing, added) => {
                write!(f, ": it lacks {} and adds {}", shown(missing), shown(added))
            }
        }
    }
}

/// The words of a cell, without figures and signs.
fn words_of(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty())
}

/// Tokens separated by blanks, without surrounding signs. `SUM-1` is one, like keys.
fn tokens_of(text: &str) -> impl Iterator<Item = &str> {
    let tokens = text.split_whitespace().map(|token| token.trim_matches(is_sign));
    tokens.filter(|token| !token.is_empty())
}

fn is_sign(c: char) -> bool {
    !c.is_alphanumeric()
}

fn is_digit(c: char) -> bool {
    c.is_ascii_digit()
}

fn has_digit(text: &str) -> bool {
    text.contains(is_digit)
}

fn is_in(words: &[&str], word: &str) -> bool {
    let is_same = |known: &&str| {
        known.eq_ignore_ascii_case(word) || (!word.is_ascii() && **known == word.to_lowercase())
    };
    words.iter().any(is_same)
}

fn is_beside_total(word: &str) -> bool {
    is_in(BESIDE_TOTAL, word) || is_in(COUNTED, word) || Currency::parse(word).is_ok()
}

fn is_currency(cell: &[u8]) -> bool {
    str::from_utf8(cell).is_ok_and(|code| Currency::parse(code).is_ok())
}

/// Whether a cell may contain a letter. Nearly every key is a number and has none.
fn may_have_letter(cell: &[u8]) -> bool {
    cell.iter().any(|b| b.is_ascii_alphabetic() || !b.is_ascii())
}

/// Whether a cell names a total (`Grand total (USD):`) or counts rows (`(3 rows affected)`). A
/// number in it must be a count with its unit: any other may belong to an order's key.
pub fn is_label(cell: &[u8]) -> bool {
    if !may_have_letter(cell) {
        return false;
    }
    let Ok(text) = str::from_utf8(cell) else { return false };
    let mut tokens = tokens_of(text).peekable();
    let mut names_total = tokens.peek().is_some_and(|first| first.chars().all(is_digit));
    while let Some(token) = tokens.next() {
        let is_total = is_in(TOTAL_WORDS, token);
        names_total |= is_total;
        let is_count = token.chars().all(is_digit)
            && tokens.peek().is_some_and(|counted| is_in(COUNTED, counted));
        if !is_total && !is_count && !is_beside_total(token) {
            return false;
        }
    }
    names_total
}

/// Whether a cell is prose and not a key: `Insgesamt`, `Records: 3`,
/// `Exported by Ann on 2024-01-01`. A key has a number (`Order 1001`) or a sign (`SUM-A`).
pub fn is_prose(cell: &[u8]) -> bool {
    const WORDS_MIN: usize = 2;
    if !may_have_letter(cell) {
        return false;
    }
    let Ok(text) = str::from_utf8(cell) else { return false };
    if text.contains('@') || !text.contains(char::is_alphabetic) {
        return false;
    }
    let is_word = |token: &str| token.chars().all(char::is_alphabetic);
    let is_heading = |token: &str| {
        token.strip_suffix([':', '：']).is_some_and(|word| !word.is_empty() && is_word(word))
    };
    let words = tokens_of(text).filter(|token| is_word(token)).count();
    let is_alone = words > 0 && tokens_of(text).all(is_word);
    is_alone || words >= WORDS_MIN || text.split_whitespace().any(is_heading)
}

/// Whether a cell is a number, a date, a currency or a formula over such cells.
fn is_figure(cell: &[u8]) -> bool {
    str::from_utf8(cell).is_ok_and(|text| {
        text.starts_with('=') || (!text.contains('@') && words_of(text).all(is_beside_total))
    })
}

/// Whether a cell is neither a label nor an amount of at most seven digits.
fn may_be_date(cell: &[u8]) -> bool {
    const AMOUNT_DIGITS_MAX: usize = 7;
    let digits = cell.iter().filter(|b| b.is_ascii_digit()).count();
    let dots = cell.iter().filter(|b| **b == b'.').count();
    let is_parted = dots > 1 || cell.iter().any(|b| b"/-:".contains(b));
    !is_label(cell) && (digits > AMOUNT_DIGITS_MAX || (digits > 0 && is_parted))
}

/// Whether a cell is words without a number, but for one in brackets: `decimal(10,2)`.
fn is_words(cell: &[u8]) -> bool {
    let text = String::from_utf8_lossy(cell);
    let outside = text.split('(').next().unwrap_or_default();
    outside.chars().any(char::is_alphabetic) && !has_digit(outside) && !is_currency(cell)
}

/// Whether a cell contains what an order states but a description of a column does not: an address,
/// a number, an amount, a year.
fn is_of_order(cell: &[u8]) -> bool {
    const ORDINAL_DIGITS_MAX: usize = 2;
    let text = String::from_utf8_lossy(cell);
    let is_number = |token: &str| token.starts_with(is_digit);
    text.contains('@')
        || is_currency(cell)
        || (has_digit(&text) && is_figure(cell))
        || tokens_of(&text).next().is_some_and(is_number)
        || tokens_of(&text).any(|token| is_number(token) && token.len() > ORDINAL_DIGITS_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extract::tests::fixtures::KEYS_LIKE_LABELS;

    #[test]
    fn words_for_totals_and_counts_are_labels() {
        for label in [
            "Total",
            "TOTAL:",
            "Grand total",
            "Grand Total (USD)",
            "Summe",
            "Gesamtsumme EUR",
            "Total général",
            "合計",
            "Sub-total",
            "Totals for all orders",
            "ИТОГО:",
            "Total: 3 orders",
            "(3 rows affected)",
            "12 orders",
        ] {
            assert!(is_label(label.as_bytes()), "{label}");
        }
        let others = ["", "Total Mug", "Summer", "USD", "Sumatra", "ann@example.com"];
        for other in KEYS_LIKE_LABELS.iter().chain(&others) {
            assert!(!is_label(other.as_bytes()), "{other}");
        }
    }

    #[test]
    fn words_that_people_write_are_not_keys() {
        for words in [
            "Insgesamt",
            "Total HT",
            "Valor total",
            "Records: 3",
            "Anzahl Bestellungen: 4",
            "Exported by Ann on 2024-01-01",
            "(c) 2024 The Shop",
            "*** End of report ***",
            "小計額",
        ] {
            assert!(is_prose(words.as_bytes()), "{words}");
        }
        let others = ["", "12", "SUM-A", "n/a", "ann@example.com", "a:b", "2024-01-31T10:11:12Z"];
        for other in KEYS_LIKE_LABELS.iter().chain(&others) {
            assert!(!is_prose(other.as_bytes()), "{other}");
        }
    }

    #[test]
    fn values_of_an_order_are_never_in_a_description() {
        for cell in [
            "ann@example.com",
            "1",
            "5.00",
            "EUR 5",
            "€5",
            "-5",
            "EUR",
            "January 5, 2024",
            "2024-01-05",
            "5 de enero de 2024",
        ] {
            assert!(is_of_order(cell.as_bytes()), "{cell}");
        }
        for cell in ["", "varchar(255)", "decimal(10,2)", "The order's Item 1 name", "---"] {
            assert!(!is_of_order(cell.as_bytes()), "{cell}");
        }
        assert!(!is_words(b"ORDER-1") && is_words(b"decimal(10,2)"));
    }

    #[test]
    fn figures_are_numbers_with_or_without_a_currency() {
        for figure in
            ["1,234.50", "USD 12", "12.50 €", "2024-01-31", "=SUM(H2:H9)", "-", "3 items", "R$ 5"]
        {
            assert!(is_figure(figure.as_bytes()), "{figure}");
        }
        for other in ["Mug", "ann@example.com", "paid", "10 mugs", "r@us.ca"] {
            assert!(!is_figure(other.as_bytes()), "{other}");
        }
    }

    fn again(headers: &mut Headers, row: &str) -> Result<bool, String> {
        headers.is_again(row.split(',').map(str::as_bytes)).map_err(|other| other.to_string())
    }

    #[test]
    fn a_header_is_known_again_in_any_order() {
        let mut headers = Headers::of(["Name", "Total", "Date", "Note"].map(str::as_bytes));
        assert_eq!(again(&mut headers, "Name,Total,Date,Note"), Ok(true));
        assert_eq!(headers.places(), None);
        assert_eq!(again(&mut headers, "date,note:,NAME,Total"), Ok(true));
        assert_eq!(headers.places(), Some(&[2, 3, 0, 1][..]));
        for row in ["#1,5,2024,Name", "Name,5,2024,x", "Total,5,,", ",,,"] {
            assert_eq!(again(&mut headers, row), Ok(false), "{row}");
        }
        assert_eq!(again(&mut headers, "Name,Total,Date,Note,"), Ok(true));
        assert_eq!(again(&mut headers, "Date,Note,Name,Total,,"), Ok(true));
        let mut trailing = Headers::of(["Name", "Total", "Date", ""].map(str::as_bytes));
        assert_eq!(again(&mut trailing, "Name,Total,Date"), Ok(true));
        assert_eq!(again(&mut trailing, "Total,Name,Date"), Ok(true));
        assert_eq!(trailing.places(), Some(&[1, 0, 2, 3][..]));
        let message = again(&mut headers, "Name,Total,Date,Tax,").unwrap_err();
        assert!(message.ends_with("it lacks `Note` and adds `Tax`"), "{message}");
        assert!(again(&mut headers, "Name,Total,Date").unwrap_err().ends_with("it lacks `Note`"));
        assert!(
            again(&mut headers, "Name,Total,Date,Note,Tax").unwrap_err().contains("adds `Tax`")
        );
    }
}
