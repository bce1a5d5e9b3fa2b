//! CSV exports of shop systems that need more than a mapping can express: what identifies each, as
//! data, and one way to compare a table with it.

use super::error::NoMatch;
use super::format::{About, CsvFormat, CsvHead, CsvLayout, CsvMatch, Format, Syntax};
use super::header::{Header, is_same};
use std::fmt;
use std::sync::Arc;

pub struct ShopCsv {
    pub about: About<'static>,
    /// Columns without which nothing can be sent: one of each group.
    pub needed: &'static [&'static [&'static str]],
    pub also_needed: Option<OtherNeed>,
    /// Further columns that are read, or with which a misspelt one is compared.
    pub known: &'static [&'static str],
    /// Columns that only identify the export; `item_*` means all that begin so.
    pub identifying: &'static [&'static str],
    /// Whether a table is this export although it lacks columns.
    pub is_near: fn(Near) -> bool,
    /// What to do about missing columns.
    pub hint: &'static str,
    pub others: &'static [OtherExport],
    /// What to export instead of one of the others.
    pub instead: &'static str,
    /// How a table with all required columns is read, or why it can't be.
    pub layout: fn(&CsvHead<'_>) -> Result<Arc<dyn CsvLayout>, NoMatch>,
}

/// A need that no single column meets.
pub struct OtherNeed {
    /// Its columns, for messages.
    pub what: &'static str,
    pub is_met: fn(&Header) -> bool,
}

/// How close a table is to an export.
pub struct Near {
    /// Needed columns that it lacks.
    pub missing: usize,
    /// Columns that have a name of the export.
    pub known: usize,
    pub columns: usize,
}

/// An export of the same shop system that contains no usable orders.
pub struct OtherExport {
    /// Columns that only this export has together.
    pub marks: &'static [&'static str],
    /// Columns that it lacks, if others have the marks as well.
    pub without: &'static [&'static str],
    /// What it is, for a message.
    pub what: &'static str,
}

impl ShopCsv {
    fn missing(&self, header: &Header) -> Vec<String> {
        let mut missing = header.missing(self.needed);
        let other = self.also_needed.iter().filter(|need| !(need.is_met)(header));
        missing.extend(other.map(|need| need.what.to_owned()));
        missing
    }

    /// How many columns have a name of this export.
    fn own_columns(&self, header: &Header) -> usize {
        let names = self.column_names();
        let is_known = |name: &str| names.iter().any(|known| is_same(name, known));
        let identifies = |name: &str| self.identifying.iter().any(|like| is_like(name, like));
        header.count(|name| is_known(name) || identifies(name))
    }

    fn other(&self, header: &Header) -> Option<NoMatch> {
        let is =
            |other: &&OtherExport| header.has_all(other.marks) && !header.has_any(other.without);
        self.others.iter().find(is).map(|other| NoMatch::new(other.what, self.instead))
    }
}

/// Whether a column has a name, or begins like one that ends in `*`.
fn is_like(seen: &str, name: &str) -> bool {
    match name.strip_suffix('*') {
        Some(start) => seen.get(..start.len()).is_some_and(|seen| is_same(seen, start)),
        None => is_same(seen, name),
    }
}

impl fmt::Debug for ShopCsv {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.about.name)
    }
}

impl Format for ShopCsv {
    fn about(&self) -> About<'_> {
        self.about
    }

    fn needs(&self) -> Vec<String> {
        self.missing(&Header::default())
    }

    fn syntax(&self) -> Syntax<'_> {
        Syntax::Csv(self)
    }
}

impl CsvFormat for ShopCsv {
    fn known_columns(&self, header: &Header) -> usize {
        let others = self.others.iter().filter(|other| header.has_all(other.marks));
        let of_other = others.map(|other| other.marks.len()).max().unwrap_or(0);
        self.own_columns(header).max(of_other)
    }

    fn column_names(&self) -> Vec<&str> {
        self.needed.iter().copied().flatten().chain(self.known).copied().collect()
    }

    fn detect(&self, head: &CsvHead<'_>) -> CsvMatch {
        if !head.is_named
            && let Some(other) = self.other(head.header)
        {
            return CsvMatch::Unusable(other);
        }
        let columns = self.missing(head.header);
        if columns.is_empty() {
            return (self.layout)(head).map_or_else(CsvMatch::Unusable, CsvMatch::Complete);
        }
        let known = self.own_columns(head.header);
        let near = Near { missing: columns.len(), known, columns: head.header.len() };
        if head.is_named || (self.is_near)(near) {
            return CsvMatch::MissingColumns { columns, hint: self.hint.to_owned() };
        }
        CsvMatch::NotThisFormat
    }
}
