//! Pulls: a shop's API turned into an ordinary export on disk. The only HTTP to shops.
//!
//! A pull reads the orders that changed in a *window* of time and writes each answer as it was
//! received. `manifest.json`, written last, makes the window complete; a folder without it is never
//! read. The last full window and the increments after it are the whole export: of an order in
//! several windows, the copy that was modified last counts. Nothing here depends on ActiveCampaign.

mod backwards;
mod bigcommerce;
mod body;
mod by_id;
mod clock;
mod credentials;
mod error;
mod examination;
mod folder;
mod gone;
mod http;
mod known;
mod magento;
mod manifest;
mod next;
mod oauth1;
mod options;
mod order_id;
mod pages;
mod reading;
mod shop_api;
mod shop_url;
mod shopify;
mod shops;
mod squarespace;
#[cfg(test)]
mod tests;
mod window;
mod woocommerce;
mod writer;

pub use error::PullError;
pub use examination::Examination;
pub use folder::Folder;
pub use known::{gone_orders, missing_orders};
pub use manifest::PulledWindow;
pub use next::{examine, pull};
pub use options::{Access, Options, ShopSystem};
pub use order_id::OrderId;
pub use shops::{SHOP_NAMES, shop_named};
pub use window::Extent;
