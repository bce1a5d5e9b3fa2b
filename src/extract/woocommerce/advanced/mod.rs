//! Advanced Order Export for WooCommerce (AlgolPlus), as CSV and as JSON. The user chooses the
//! columns; they are known by the labels the plugin gives them.

mod columns;
mod document;
mod format;
mod orders;

pub use document::ORDERS;
pub use format::FORMAT;
