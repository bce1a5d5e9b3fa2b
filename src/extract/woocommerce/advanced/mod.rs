//! Advanced Order Export for WooCommerce (AlgolPlus), as CSV and as JSON. The user chooses the
//! columns; they are known by the labels the plugin gives them.

mod columns;
mod dialect;
mod document;
mod orders;

pub use dialect::DIALECT;
pub use document::ORDERS;
