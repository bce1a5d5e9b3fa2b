//! The names in a header.

use csv::ByteRecord;

/// The place of a column that is not there: every row is shorter.
pub const ABSENT: usize = usize::MAX;

/// The names of a header's columns, without case and surrounding blanks; of two with one name the
/// first counts.
pub struct Names(Vec<String>);

impl Names {
    pub fn of(header: &ByteRecord) -> Self {
        Self(
            header.iter().map(|cell| String::from_utf8_lossy(cell).trim().to_lowercase()).collect(),
        )
    }

    /// The place of a column, by its name in lower case.
    pub fn at(&self, name: &str) -> usize {
        self.0.iter().position(|own| own == name).unwrap_or(ABSENT)
    }

    /// The place of the first of these columns that is there.
    pub fn first(&self, names: &[&str]) -> usize {
        names.iter().map(|name| self.at(name)).find(|at| *at != ABSENT).unwrap_or(ABSENT)
    }

    pub fn has(&self, name: &str) -> bool {
        self.at(name) != ABSENT
    }

    pub fn has_all(&self, names: &[&str]) -> bool {
        names.iter().all(|name| self.has(name))
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// How many columns have a name that is known.
    pub fn known(&self, is_known: impl Fn(&str) -> bool) -> usize {
        self.0.iter().filter(|name| is_known(name)).count()
    }

    /// The groups of which no column is there.
    pub fn missing(&self, needed: &[&[&str]]) -> Vec<String> {
        needed
            .iter()
            .filter(|group| self.first(group) == ABSENT)
            .map(|group| group.join(" or "))
            .collect()
    }
}
