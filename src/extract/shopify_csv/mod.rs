//! The dialect of the orders export of Shopify's admin ("Export orders"): names its columns, groups
//! its rows (one per order line) into orders, and reads its words for an order's status. It
//! interprets no amount, date or address, with one exception: whether a discount lowered the
//! shipping price (see `discount`).

mod cells;
mod columns;
mod discount;
mod format;
mod orders;
mod status;

pub use format::FORMAT;
pub use status::Words;
