//! The column names of a table, and how one is compared with a known name.

use super::names::distance;
use crate::domain::is_invisible;
use icu_normalizer::ComposingNormalizerBorrowed;
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

/// Index of an absent column: every row is shorter.
pub const ABSENT: usize = usize::MAX;

/// The column names of a table, as they are [compared](plain).
#[derive(Debug, Clone, Default)]
pub struct Header {
    names: Vec<String>,
    /// Which of them were requested, see [`Self::unread`].
    is_read: Arc<[AtomicBool]>,
    /// The names that were requested, if they are recorded.
    asked: Option<Arc<Mutex<BTreeSet<String>>>>,
}

impl Header {
    pub fn of<'a>(cells: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let name = |cell: &[u8]| plain(&String::from_utf8_lossy(cell)).into_owned();
        let names: Vec<String> = cells.into_iter().map(name).collect();
        let is_read = names.iter().map(|_| AtomicBool::new(false)).collect();
        Self { is_read, names, asked: None }
    }

    /// A header that records the requested names.
    pub fn watched<'a>(cells: impl IntoIterator<Item = &'a [u8]>) -> Self {
        Self { asked: Some(Arc::default()), ..Self::of(cells) }
    }

    /// The names that were requested of a [watched](Self::watched) header.
    pub fn asked(&self) -> BTreeSet<String> {
        let asked = self.asked.as_ref().and_then(|asked| asked.lock().ok());
        asked.map(|asked| asked.clone()).unwrap_or_default()
    }

    pub fn len(&self) -> usize {
        self.names.len()
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }

    /// Index of the first column of this name.
    pub fn at(&self, name: &str) -> usize {
        if let Some(Ok(mut asked)) = self.asked.as_ref().map(|asked| asked.lock()) {
            asked.insert(name.to_owned());
        }
        let at = self.names.iter().position(|own| is_same(own, name)).unwrap_or(ABSENT);
        self.note_read(at);
        at
    }

    /// Marks a column as read.
    pub fn note_read(&self, at: usize) {
        if let Some(is_read) = self.is_read.get(at) {
            is_read.store(true, Ordering::Relaxed);
        }
    }

    /// Marks all columns as read.
    pub fn note_all_read(&self) {
        for at in 0..self.len() {
            self.note_read(at);
        }
    }

    /// The columns that were never requested.
    pub fn unread(&self) -> impl Iterator<Item = &str> {
        let named = self.names().zip(self.is_read.iter());
        let unread =
            named.filter(|(name, is_read)| !name.is_empty() && !is_read.load(Ordering::Relaxed));
        unread.map(|(name, _)| name)
    }

    /// Whether a cell is the name of one of its columns.
    pub fn names_cell(&self, cell: &[u8]) -> bool {
        std::str::from_utf8(cell).is_ok_and(|name| self.has(&plain(name)))
    }

    /// The position of each of its columns in another header, columns of the same name in their
    /// order; `None` if that one has other columns. Blank names at the end are not columns, but
    /// keep their positions.
    pub fn places_in(&self, other: &Self) -> Option<Vec<usize>> {
        let (own, others) = (self.named(), other.named());
        let mut is_taken = vec![false; others.len()];
        let place = |name: &String| {
            let mut free = others.iter().zip(&is_taken);
            let at = free.position(|(other, is_taken)| !is_taken && is_same(other, name))?;
            is_taken[at] = true;
            Some(at)
        };
        let places: Option<Vec<usize>> = own.iter().map(place).collect();
        let mut places = places.filter(|places| places.len() == others.len())?;
        places.extend(own.len()..self.len());
        Some(places)
    }

    /// Its names up to the last that is not blank.
    fn named(&self) -> &[String] {
        let blank = self.names.iter().rev().take_while(|name| name.is_empty()).count();
        &self.names[..self.len() - blank]
    }

    /// Index of the first of these columns that exists.
    pub fn first_of(&self, names: &[&str]) -> usize {
        names.iter().map(|name| self.at(name)).find(|at| *at != ABSENT).unwrap_or(ABSENT)
    }

    pub fn has(&self, name: &str) -> bool {
        self.at(name) != ABSENT
    }

    pub fn has_all(&self, names: &[&str]) -> bool {
        names.iter().all(|name| self.has(name))
    }

    pub fn has_any(&self, names: &[&str]) -> bool {
        names.iter().any(|name| self.has(name))
    }

    /// How many columns have a known name.
    pub fn count(&self, is_known: impl Fn(&str) -> bool) -> usize {
        self.names().filter(|name| is_known(name)).count()
    }

    /// Columns that have none of these names but nearly match a missing one, each with that one.
    pub fn near_misses(&self, known: &[&str]) -> Vec<(String, String)> {
        const SHOWN_MAX: usize = 5;
        const NAME_BYTES_MAX: usize = 80;
        let is_known = |name: &str| known.iter().any(|known| is_same_if_lossy(name, known));
        let lacking: Vec<&str> = known.iter().copied().filter(|name| !self.has(name)).collect();
        let nearest = |name: &str| {
            let near = lacking.iter().map(|known| (distance(name, known), *known));
            near.min().filter(|(letters, known)| letters * 5 <= known.chars().count())
        };
        let unknown = self.names().filter(|name| name.len() <= NAME_BYTES_MAX && !is_known(name));
        let misses =
            unknown.filter_map(|name| Some((name.to_owned(), nearest(name)?.1.to_owned())));
        misses.take(SHOWN_MAX).collect()
    }

    /// The groups without any column.
    pub fn missing(&self, needed: &[&[&str]]) -> Vec<String> {
        let missing = needed.iter().filter(|group| !self.has_any(group));
        missing.map(|group| group.join(" or ")).collect()
    }
}

/// A name without what spreadsheets, editors and scripts add to it: blanks of every kind,
/// zero-width characters, surrounding quotes and signs, SQL's brackets, other forms of the same
/// letters.
fn plain(name: &str) -> Cow<'_, str> {
    if name.is_ascii() {
        let bare = bare(name);
        return one_blank(if bare.is_empty() { name.trim() } else { bare });
    }
    let visible = name.replace(is_invisible, "");
    let normal = ComposingNormalizerBorrowed::new_nfkc().normalize(&visible);
    Cow::Owned(one_blank(bare(&normal)).into_owned())
}

/// A name without surrounding signs. Brackets only count if they surround the whole name.
fn bare(name: &str) -> &str {
    let is_around = |c: char| c.is_whitespace() || c.is_control() || "\"'`;:*=“”„«»".contains(c);
    let trimmed = name.trim_matches(is_around);
    let inner = trimmed.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let inner = inner.filter(|inner| !inner.contains(['[', ']']));
    inner.map_or(trimmed, |inner| inner.trim_matches(is_around))
}

/// A name with each sequence of blanks or line breaks replaced by one space.
fn one_blank(name: &str) -> Cow<'_, str> {
    let is_odd = name.contains("  ") || name.contains(|c: char| c.is_whitespace() && c != ' ');
    if is_odd {
        Cow::Owned(name.split_whitespace().collect::<Vec<_>>().join(" "))
    } else {
        Cow::Borrowed(name)
    }
}

/// A character as it is compared: ignoring case, and whether a blank was replaced by an underscore.
fn folded(c: char) -> impl Iterator<Item = char> {
    (if c == '_' { ' ' } else { c }).to_lowercase()
}

/// Whether a column has a known name.
pub fn is_same(seen: &str, known: &str) -> bool {
    if seen.is_ascii() && known.is_ascii() {
        return is_same_ascii(seen.as_bytes(), known.as_bytes());
    }
    let mut known = known.chars().flat_map(folded);
    seen.chars().flat_map(folded).all(|c| known.next() == Some(c)) && known.next().is_none()
}

/// Nearly every name is ASCII, and detecting a format compares thousands.
fn is_same_ascii(seen: &[u8], known: &[u8]) -> bool {
    let folded = |b: u8| if b == b'_' { b' ' } else { b.to_ascii_lowercase() };
    seen.len() == known.len() && seen.iter().zip(known).all(|(a, b)| folded(*a) == folded(*b))
}

/// As [`is_same`], of any two texts as they are [compared](plain); a character of the first that
/// was lost in an encoding (U+FFFD) matches any. For the names and words of mappings, which may
/// have letters beyond ASCII.
pub fn is_same_if_lossy(seen: &str, known: &str) -> bool {
    let (seen, known) = (plain(seen), plain(known));
    if seen.is_ascii() && known.is_ascii() {
        return is_same_ascii(seen.as_bytes(), known.as_bytes());
    }
    let mut known = known.chars().flat_map(folded);
    let is_next = |c| known.next().is_some_and(|next| c == next || c == '\u{fffd}');
    seen.chars().flat_map(folded).all(is_next) && known.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_compared_without_case_and_blanks_and_the_first_of_two_counts() {
        let header = Header::of([&b" total "[..], b"NAME", b"Total", b"N\xfamero"]);
        assert_eq!((header.at("Total"), header.at("name"), header.at("Tot")), (0, 1, ABSENT));
        assert_eq!(header.first_of(&["id", "name"]), 1);
        assert_eq!(header.missing(&[&["id", "total"], &["id", "sku"]]), ["id or sku"]);
        assert!(!header.has("N\u{fa}mero"));
    }

    #[test]
    fn a_name_that_is_slightly_off_is_the_name() {
        for seen in [
            "Refunded Amount",
            "refunded_amount",
            "\u{feff}Refunded Amount",
            "\"Refunded Amount\"",
            " Refunded\u{a0}Amount ",
            "Refunded\u{3000}Amount;",
            "Refunded Amount:",
            "Refunded Amount *",
            "Refunded\u{200b} Amount",
            "[Refunded Amount]",
            "\"[refunded_amount]\"",
            "[ Refunded Amount ]:",
            "`Refunded Amount`",
            "Ｒefunded Amount",
            "'Refunded Amount'\r",
            "=\"Refunded Amount\"",
            "Refunded\nAmount",
            "Refunded \u{a0} Amount",
            "Refunded  Amount",
            "\u{202a}Refunded Amount\u{202c}",
        ] {
            let header = Header::of([seen.as_bytes()]);
            assert!(header.has("Refunded Amount"), "{seen:?}");
            assert!(is_same_if_lossy(seen, "Refunded Amount"), "{seen:?}");
        }
        assert!(is_same_if_lossy("Nu\u{301}mero", "N\u{fa}mero"));
        for other in ["Refunded Amont", "RefundedAmount", "Refunded", ";", ""] {
            assert!(!Header::of([other.as_bytes()]).has("Refunded Amount"), "{other:?}");
        }
    }

    #[test]
    fn a_name_that_is_nearly_known_is_named_with_what_was_meant() {
        let header = Header::of([&b"Refunded Amont"[..], b"Total", b"Totals", b"Notes", b"Emial"]);
        let misses = header.near_misses(&["Refunded Amount", "Total", "Id", "Note"]);
        assert_eq!(misses, [("Refunded Amont".to_owned(), "Refunded Amount".to_owned())]);
        assert_eq!(Header::of([&b"Nombres"[..]]).near_misses(&["Nombre", "N"]).len(), 1);
    }

    #[test]
    fn names_of_mappings_match_what_an_encoding_lost() {
        assert!(is_same_if_lossy("NÚMERO de orden", "Número de Orden"));
        assert!(is_same_if_lossy("N\u{fffd}mero", "Número"));
        assert!(!is_same_if_lossy("Número", "N\u{fffd}mero"));
        assert!(!is_same_if_lossy("Numero", "Número"));
        assert!(!is_same_if_lossy("Total", "Totals"));
    }
}
