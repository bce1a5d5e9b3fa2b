//! Where the columns of a table stand, by their names in either version.

use crate::extract::header::{ABSENT, Header};

/// The columns that state one thing, the preferred one first.
#[derive(Debug, Clone)]
pub struct Column {
    pub at: Vec<usize>,
    /// The first of its names, for messages.
    pub name: &'static str,
}

impl Column {
    pub fn of(header: &Header, names: &[&'static str]) -> Self {
        let at = names.iter().map(|name| header.at(name)).filter(|at| *at != ABSENT).collect();
        Self { at, name: names.first().copied().unwrap_or_default() }
    }
}

/// A struct of columns, each with the names it may have.
macro_rules! columns {
    ($(#[$doc:meta])* $of:ident { $($field:ident: [$($name:literal),+];)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone)]
        pub struct $of { $(pub $field: $crate::extract::fivetran_csv::columns::Column,)* }

        impl $of {
            pub fn of(header: &$crate::extract::header::Header) -> Self {
                Self {
                    $($field: $crate::extract::fivetran_csv::columns::Column::of(header, &[$($name),+]),)*
                }
            }
        }
    };
}
pub(super) use columns;
