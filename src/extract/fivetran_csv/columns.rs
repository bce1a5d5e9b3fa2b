//! Where the columns of a table stand, by their names in either version.

use csv::ByteRecord;

/// The columns that state one thing, the preferred one first.
#[derive(Debug, Clone)]
pub struct Column {
    pub at: Vec<usize>,
    /// The first of its names, for messages.
    pub name: &'static str,
}

impl Column {
    pub fn of(header: &ByteRecord, names: &[&'static str]) -> Self {
        let at = names.iter().filter_map(|name| place_of(header, name)).collect();
        Self { at, name: names.first().copied().unwrap_or_default() }
    }
}

/// Where a column stands; names are compared without case, as some warehouses write them in
/// capitals.
pub fn place_of(header: &ByteRecord, name: &str) -> Option<usize> {
    header.iter().position(|cell| bare(cell).eq_ignore_ascii_case(name.as_bytes()))
}

/// A name without the blanks around it.
pub fn bare(cell: &[u8]) -> &[u8] {
    cell.trim_ascii()
}

/// A struct of columns, each with the names it may have.
macro_rules! columns {
    ($(#[$doc:meta])* $of:ident { $($field:ident: [$($name:literal),+];)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone)]
        pub struct $of { $(pub $field: $crate::extract::fivetran_csv::columns::Column,)* }

        impl $of {
            pub fn of(header: &csv::ByteRecord) -> Self {
                Self {
                    $($field: $crate::extract::fivetran_csv::columns::Column::of(header, &[$($name),+]),)*
                }
            }
        }
    };
}
pub(super) use columns;
