//! Limits on one order, for all formats.

/// The most lines stored of one order, far above what any shop system allows. Further ones are
/// dropped and the order is marked, so that memory stays bounded if all rows have one key.
pub const ORDER_LINES_MAX: usize = 10_000;

/// The most bytes of rows stored of one order; see [`ORDER_LINES_MAX`].
pub const ORDER_BYTES_MAX: usize = 16 * 1024 * 1024;
