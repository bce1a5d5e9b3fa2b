//! A local ActiveCampaign for demonstrations, rehearsals and tests: strict and stateful; it also
//! checks its client.
//!
//! It answers `/api/3` like the e-commerce API of a real account, as documented and observed, keeps
//! its limit, fails on request as the real one fails, and notes everything that a correct client
//! never does. `/__sim` shows and changes its state. It must not share code with the loader, not
//! even `domain`, so that both can't have the same mistake. It only listens on the loopback
//! address.

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
