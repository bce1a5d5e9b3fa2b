//! Temporary on-disk stores for data that outgrows memory. The files are unnamed: no other process
//! can open them, and they disappear with this one.

mod key_values;
mod runs;
mod seen_keys;
mod sorter;
mod spill;
pub mod temp_db;
pub mod temp_file;

pub use key_values::KeyValues;
pub use seen_keys::SeenKeys;
pub use sorter::{Sorted, SortedEntries, Sorter};
pub use spill::{Groups, Spill};
