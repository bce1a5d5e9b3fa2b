//! A local ActiveCampaign for demonstrations, rehearsals and tests: strict, stateful, and judging
//! its client.
//!
//! It answers `/api/3` as the e-commerce part of the real account is documented and was observed
//! to, keeps its limit, fails as it fails on request, and notes everything a good client never
//! does. `/__sim` beside it shows and changes its state. It must not share code with the loader,
//! not even `domain`: what one gets wrong the other would then get wrong too. It never leaves the
//! loopback address.

mod admin;
pub mod any_shop;
pub mod bigcommerce;
mod call;
mod delays;
mod edit;
mod fault_injection;
mod fault_queue;
mod faults;
mod faulty_socket;
mod fields;
mod graphql;
mod handler;
pub mod host_faults;
mod judge;
mod loopback;
pub mod magento;
mod options;
mod pipeline;
mod rate_limit;
mod render;
mod reply;
mod request_log;
mod routes;
mod server;
pub mod shop_host;
pub mod shopify;
pub mod shops;
pub mod single_orders;
pub mod squarespace;
mod store;
mod summary;
#[cfg(test)]
pub(crate) mod tests;
mod violations;
pub mod woocommerce;
mod world;
mod write_tracker;

pub use edit::{Edit, EditError};
pub use faults::{Ending, Fault, Kind, RetryAfter};
pub use graphql::{
    CopiedTax, CopiedUnits, GraphqlOptions, LineConnection, PriceReading, RestOrder, Update,
};
pub use options::{CustomerRule, Latency, Options, ProductCount, Window};
pub use pipeline::ClientResponse;
pub use server::Simulator;
pub use summary::{CurrencyTotal, Summary};
pub use violations::Rule;
