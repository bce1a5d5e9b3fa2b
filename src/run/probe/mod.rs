//! Asks an account how its API behaves where the documentation is silent or contradicts itself,
//! with its own connections, and removes what it wrote.

mod cleanup;
mod graphql;
mod prober;
mod questions;
mod report;
mod rest;
mod test_shops;
mod work;

pub use graphql::ORDERS_MAX as GRAPHQL_ORDERS_MAX;
pub use questions::{QUESTIONS, Question};
pub use report::{Asked, AskedOutcome, LeftRecord, ProbeReport};
pub use rest::ORDERS_MAX as REST_ORDERS_MAX;
pub use test_shops::{PERSONS, PROBE_SERVICE};
pub use work::{ProbeContext, probe};
