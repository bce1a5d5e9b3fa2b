//! What outgrows memory, in temporary files without a name: nobody else can open them, and they are
//! gone with the process.

mod runs;
mod seen_keys;
mod sorter;
pub mod temp_file;

pub use seen_keys::SeenKeys;
pub use sorter::{Sorted, SortedEntries, Sorter};
