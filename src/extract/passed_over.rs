//! The rows of tables and the records of JSON that were skipped because they are not orders: the
//! number of each kind, and the place of the first.

use crate::domain::{OtherRow, PassedOver};
use std::sync::{Arc, OnceLock};

/// The rows that one pass over a table skipped, by kind.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally([KindCount; OtherRow::ALL.len()]);

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct KindCount {
    rows: u64,
    first_line: u64,
    first_list: Option<Arc<str>>,
}

/// The tally of a table, set by its first complete pass. All passes give the same tally, as a file
/// that changes meanwhile ends the reading.
pub type SharedTally = Arc<OnceLock<Tally>>;

impl Tally {
    /// Counts a row that begins at a line.
    pub fn add(&mut self, kind: OtherRow, line: u64) {
        self.add_of_list(kind, line, None);
    }

    /// Counts a record, of the list of this name, that begins at a line.
    pub fn add_of_list(&mut self, kind: OtherRow, line: u64, list: Option<&Arc<str>>) {
        if let Some(count) = self.0.get_mut(kind as usize) {
            if count.rows == 0 {
                count.first_line = line;
                count.first_list = list.cloned();
            }
            count.rows += 1;
        }
    }
}

/// The tally of one file, under its name in messages.
#[derive(Debug, Clone)]
pub struct FileTally {
    pub file: String,
    pub tally: SharedTally,
}

/// The sums over the tables of a job, in reading order.
pub fn summed(tallies: &[FileTally]) -> Vec<PassedOver> {
    let sum = |kind: OtherRow| {
        let counts = tallies.iter().filter_map(|of_file| {
            let count = of_file.tally.get()?.0.get(kind as usize).filter(|count| count.rows > 0)?;
            Some((of_file, count))
        });
        counts.fold(None, |sum: Option<PassedOver>, (FileTally { file, .. }, count)| {
            let (line, list) = (count.first_line, count.first_list.clone());
            let first = || PassedOver { kind, rows: 0, file: file.clone(), line, list };
            let sum = sum.unwrap_or_else(first);
            Some(PassedOver { rows: sum.rows + count.rows, ..sum })
        })
    };
    OtherRow::ALL.into_iter().filter_map(sum).collect()
}
