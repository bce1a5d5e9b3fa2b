/// Where a record stands in its export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Position {
    /// Ordinal of the record in reading order over all files of the export, from 0.
    pub record: u64,
    /// Index of the file in the export's list of files, in reading order.
    pub file: u32,
    /// Line the record begins at, from 1.
    pub line: u64,
}
