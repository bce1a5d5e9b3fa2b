//! The order export of WebToffee's plugin ("Order Export & Order Import for WooCommerce"), in its
//! three layouts: a line in one cell, a line over several columns, or a row per line.

mod columns;
mod dates;
mod format;
mod lists;
mod orders;

pub use format::FORMAT;
