//! Advanced Order Export for WooCommerce (AlgolPlus), as CSV and as JSON. The user chooses the
//! columns, which are recognised by the plugin's labels.

mod columns;
mod document;
mod format;
mod orders;

pub use document::ORDERS;
pub use format::FORMAT;
