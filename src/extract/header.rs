//! The column names of a table, and how one is compared with a known name.

/// Index of a column that is not there: every row is shorter.
pub const ABSENT: usize = usize::MAX;

/// The column names of a table, without surrounding blanks.
#[derive(Debug, Clone, Default)]
pub struct Header {
    names: Vec<String>,
}

impl Header {
    pub fn of<'a>(cells: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let name = |cell| String::from_utf8_lossy(cell).trim().to_owned();
        Self { names: cells.into_iter().map(name).collect() }
    }

    pub fn len(&self) -> usize {
        self.names.len()
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }

    /// Index of the first column of this name.
    pub fn at(&self, name: &str) -> usize {
        self.names.iter().position(|own| is_same(own, name)).unwrap_or(ABSENT)
    }

    /// Index of the first of these columns that is there.
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

    /// The groups of which no column is there.
    pub fn missing(&self, needed: &[&[&str]]) -> Vec<String> {
        let missing = needed.iter().filter(|group| !self.has_any(group));
        missing.map(|group| group.join(" or ")).collect()
    }
}

/// Whether a column has a known name, ignoring case.
pub fn is_same(seen: &str, known: &str) -> bool {
    let mut known = known.chars().flat_map(char::to_lowercase);
    seen.chars().flat_map(char::to_lowercase).all(|c| known.next() == Some(c))
        && known.next().is_none()
}

/// As [`is_same`], but a character that was lost in an encoding (U+FFFD) may stand for any. Only
/// for names that contain letters beyond ASCII, which mappings declare.
pub fn is_same_if_lossy(seen: &str, known: &str) -> bool {
    let mut known = known.chars().flat_map(char::to_lowercase);
    let is_next = |c| known.next().is_some_and(|next| c == next || c == '\u{fffd}');
    seen.chars().flat_map(char::to_lowercase).all(is_next) && known.next().is_none()
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
    fn names_of_mappings_match_what_an_encoding_lost() {
        assert!(is_same_if_lossy("NÚMERO de orden", "Número de Orden"));
        assert!(is_same_if_lossy("N\u{fffd}mero", "Número"));
        assert!(!is_same_if_lossy("Número", "N\u{fffd}mero"));
        assert!(!is_same_if_lossy("Numero", "Número"));
        assert!(!is_same_if_lossy("Total", "Totals"));
    }
}
