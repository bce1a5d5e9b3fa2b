//! The rows of tables that were passed over, as they are no rows of orders: how many of each kind,
//! and where the first one is.

use crate::domain::{OtherRow, PassedOver, Position};
use std::sync::{Arc, OnceLock};

/// The rows that one pass over a table passed over, by kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally([Count; OtherRow::ALL.len()]);

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Count {
    rows: u64,
    first_line: u64,
}

/// The tally of a table, which its first pass to the end leaves. All passes come to the same, as a
/// file that changes meanwhile ends the reading.
pub type SharedTally = Arc<OnceLock<Tally>>;

impl Tally {
    /// Counts a row that begins at a line.
    pub fn add(&mut self, kind: OtherRow, line: u64) {
        if let Some(count) = self.0.get_mut(kind as usize) {
            if count.rows == 0 {
                count.first_line = line;
            }
            count.rows += 1;
        }
    }
}

/// The sums over the tables of an export, in reading order.
pub fn summed<'a>(tallies: impl Iterator<Item = &'a SharedTally> + Clone) -> Vec<PassedOver> {
    let sum = |kind: OtherRow| {
        let counts = tallies.clone().zip(0..).filter_map(|(tally, file)| {
            let count = tally.get()?.0.get(kind as usize).filter(|count| count.rows > 0)?;
            Some((count.rows, Position { file, line: count.first_line, ..Position::default() }))
        });
        counts.fold(None, |sum: Option<PassedOver>, (rows, at)| {
            let (before, first) = sum.map_or((0, at), |sum| (sum.rows, sum.first));
            Some(PassedOver { kind, rows: before + rows, first })
        })
    };
    OtherRow::ALL.into_iter().filter_map(sum).collect()
}
