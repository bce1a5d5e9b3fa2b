//! A local ActiveCampaign for demonstrations, rehearsals and tests: strict, stateful, and judging
//! its client.
//!
//! It answers `/api/3` as the e-commerce part of the real account is documented and was observed
//! to, keeps its limit, breaks as it breaks when told to, and notes everything a good client never
//! does. `/__sim` beside it shows and changes its state. It must not share code with the loader,
//! not even `domain`: what one gets wrong the other would then get wrong too. It never leaves the
//! loopback address.

mod admin;
mod call;
mod chance;
mod edit;
mod faults;
mod fields;
mod handling;
mod journal;
mod judge;
mod mischief;
mod options;
mod pipeline;
mod render;
mod reply;
mod routes;
mod script;
mod server;
mod store;
mod summary;
#[cfg(test)]
mod tests;
mod violations;
mod watch;
mod window;
mod wire;
mod world;

pub use edit::{Edit, EditError};
pub use faults::{Ending, Fault, Kind, Match, RetryAfter};
pub use options::{CustomerRule, Latency, Options, ProductCount, Window};
pub use pipeline::Told;
pub use server::Simulator;
pub use summary::{CurrencyTotal, Summary};
pub use violations::{Rule, Violation};
