//! Rows of a table that are no rows of orders: its header again, a description of its columns, and
//! footers.
//!
//! Such a row is passed over, so the rules are strict: what could be an order stays a record, and is
//! refused with its reasons if it is none.

use super::blank::{is_blank, value_bytes};
use super::csv_scanner::Record;
use super::header::Header;
use crate::domain::Currency;
use std::fmt;

/// The columns that say whether a row is one of an order.
#[derive(Debug, Clone, Default)]
pub struct Landmarks {
    /// What an order is known by: ids, numbers.
    pub keys: Vec<usize>,
    /// What its date is made of.
    pub dates: Vec<usize>,
    /// What its total is made of.
    pub amounts: Vec<usize>,
}

impl Landmarks {
    /// Whether a row sums up others: `Total,,3,USD 45.00`. Nothing is in its key columns but a word
    /// for a total, which is also what it begins with, and all else are figures.
    pub fn is_footer(&self, row: &Record) -> bool {
        let is_of_order = |at: &usize| {
            let cell = value_bytes(row.get(*at).unwrap_or_default());
            let is_currency =
                || str::from_utf8(cell).is_ok_and(|code| Currency::parse(code).is_ok());
            !cell.is_empty() && !is_label(cell) && !is_currency()
        };
        if self.keys.is_empty() || self.keys.iter().any(is_of_order) {
            return false;
        }
        let mut filled = row.iter().map(value_bytes).filter(|cell| !cell.is_empty());
        filled.next().is_some_and(is_label) && filled.all(|cell| is_label(cell) || is_figure(cell))
    }

    /// Whether the row below a header says what its columns hold: words where an order has its key,
    /// its date and its total.
    pub fn is_description(&self, row: &Record) -> bool {
        let filled = |columns: &[usize]| {
            let cells = columns.iter().map(|at| value_bytes(row.get(*at).unwrap_or_default()));
            cells.filter(|cell| !cell.is_empty()).collect::<Vec<_>>()
        };
        let (dates, amounts) = (filled(&self.dates), filled(&self.amounts));
        let mut all = filled(&self.keys).into_iter().chain(dates.clone()).chain(amounts.clone());
        !dates.is_empty() && !amounts.is_empty() && all.all(is_words)
    }
}

/// Whether a row is a line drawn below a header or above a footer.
pub fn is_ruler(row: &Record) -> bool {
    let is_drawn = |cell: &[u8]| {
        is_blank(cell) || (cell.len() > 1 && cell.iter().all(|b| b"-=_+ \r".contains(b)))
    };
    row.get(0).is_some_and(|cell| cell.first().is_some_and(|b| b"-=_+".contains(b)))
        && row.iter().all(is_drawn)
}

/// The header of a table, where it is repeated in the middle of it.
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

    /// Whether a row is the header again; the rows below it are then in its order.
    ///
    /// # Errors
    /// If it has other columns.
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
                    own.names().filter(|name| !other.has(name)).map(str::to_owned).collect()
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
    fn is_like<'a>(&self, cells: impl Iterator<Item = &'a [u8]> + Clone) -> bool {
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

/// Words for a total, as footers begin with.
const TOTAL_WORDS: &[&str] = &[
    "total",
    "totals",
    "subtotal",
    "subtotals",
    "sum",
    "sums",
    "grandtotal",
    "summe",
    "gesamt",
    "gesamtsumme",
    "gesamtbetrag",
    "endsumme",
    "endbetrag",
    "zwischensumme",
    "totale",
    "totali",
    "subtotale",
    "totaal",
    "subtotaal",
    "eindtotaal",
    "totaux",
    "somme",
    "suma",
    "sumas",
    "totales",
    "somma",
    "soma",
    "totais",
    "razem",
    "ogółem",
    "łącznie",
    "celkem",
    "spolu",
    "ukupno",
    "skupaj",
    "összesen",
    "toplam",
    "totalt",
    "summa",
    "yhteensä",
    "jumlah",
    "итого",
    "всего",
    "разом",
    "усього",
    "σύνολο",
    "合計",
    "总计",
    "總計",
    "合计",
    "小計",
    "小计",
    "합계",
    "총계",
];

/// Words beside one for a total, or beside a count.
const BESIDE_TOTAL: &[&str] = &[
    "grand",
    "general",
    "général",
    "générale",
    "generale",
    "geral",
    "overall",
    "sub",
    "net",
    "gross",
    "amount",
    "amounts",
    "revenue",
    "sales",
    "value",
    "count",
    "number",
    "incl",
    "including",
    "excl",
    "tax",
    "vat",
    "report",
    "page",
    "period",
    "of",
    "all",
    "the",
    "for",
    "and",
    "in",
    "de",
    "des",
    "du",
    "la",
    "le",
    "el",
    "del",
    "der",
    "die",
    "aller",
    "orders",
    "order",
    "rows",
    "row",
    "records",
    "record",
    "items",
    "item",
    "lines",
    "entries",
    "affected",
    "selected",
    "bestellungen",
    "zeilen",
    "commandes",
    "lignes",
    "pedidos",
    "ordini",
    "orden",
    "ordenes",
    "órdenes",
    "kr",
    "kč",
    "zł",
    "ft",
    "lei",
    "rs",
    "us",
    "ca",
    "r",
    "руб",
];

/// The words of a cell; figures and signs are none.
fn words_of(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty())
}

fn is_in(words: &[&str], word: &str) -> bool {
    let is_same = |known: &&str| {
        known.eq_ignore_ascii_case(word) || (!word.is_ascii() && **known == word.to_lowercase())
    };
    words.iter().any(is_same)
}

fn is_beside_total(word: &str) -> bool {
    is_in(BESIDE_TOTAL, word) || Currency::parse(word).is_ok()
}

/// Whether a cell names a total (`Grand total (USD):`) or counts rows (`(3 rows affected)`).
pub fn is_label(cell: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(cell) else { return false };
    let begins_with_count =
        || text.chars().find(|c| c.is_alphanumeric()).is_some_and(|c| c.is_ascii_digit());
    let mut has_total = false;
    let mut has_words = false;
    for word in words_of(text) {
        has_words = true;
        let is_total = is_in(TOTAL_WORDS, word);
        has_total |= is_total;
        if !is_total && !is_beside_total(word) {
            return false;
        }
    }
    has_total || (has_words && begins_with_count())
}

/// Whether a cell is a number, a date, a currency or a formula over such cells.
fn is_figure(cell: &[u8]) -> bool {
    std::str::from_utf8(cell)
        .is_ok_and(|text| text.starts_with('=') || words_of(text).all(is_beside_total))
}

/// Whether a cell has more letters than digits, and is no amount with its currency.
fn is_words(cell: &[u8]) -> bool {
    let text = String::from_utf8_lossy(cell);
    let letters = text.chars().filter(|c| c.is_alphabetic()).count();
    let digits = text.chars().filter(char::is_ascii_digit).count();
    letters > digits && !text.contains('@')
}

#[cfg(test)]
mod tests {
    use super::*;

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
            "Total 2024-01-01 - 2024-01-31",
        ] {
            assert!(is_label(label.as_bytes()), "{label}");
        }
        for other in [
            "",
            "#1001",
            "1001",
            "Order 1001",
            "Total Mug",
            "Summer",
            "USD",
            "Sumatra",
            "ann@example.com",
            "SO-1",
        ] {
            assert!(!is_label(other.as_bytes()), "{other}");
        }
    }

    #[test]
    fn figures_are_numbers_with_or_without_a_currency() {
        for figure in
            ["1,234.50", "USD 12", "12.50 €", "2024-01-31", "=SUM(H2:H9)", "-", "3 items", "R$ 5"]
        {
            assert!(is_figure(figure.as_bytes()), "{figure}");
        }
        for other in ["Mug", "ann@example.com", "paid", "10 mugs"] {
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
        let told = again(&mut headers, "Name,Total,Date,Tax").unwrap_err();
        assert!(told.ends_with("it lacks `Note` and adds `Tax`"), "{told}");
        assert!(again(&mut headers, "Name,Total,Date").unwrap_err().ends_with("it lacks `Note`"));
        assert!(
            again(&mut headers, "Name,Total,Date,Note,Tax").unwrap_err().contains("adds `Tax`")
        );
    }
}
