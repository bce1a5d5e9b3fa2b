//! Several daemons, on any number of machines, share a set of accounts: the node that works on an
//! account holds its lease in PostgreSQL, and fetches its ledger from there.
//!
//! The only place that uses PostgreSQL. A ledger is a file here, and its copy in the database is a
//! sequence of compressed chunks.

mod accounts;
mod copier;
mod database;
mod error;
mod guard;
mod ledger_copy;
mod moving;
mod node;
mod nodes;
mod overview;
mod ownership;
mod steering;
#[cfg(test)]
mod tests;

pub use accounts::{Accounts, CopyHead, Lease, Pace, Registration, Released, Renewal};
pub use database::Database;
pub use error::FleetError;
pub use guard::{BothClocks, Guard};
pub use ledger_copy::LedgerCopies;
pub use moving::{MoveError, Moved, Mover};
pub use node::{Node, NodeOptions, SharedAccount, SharedAccounts};
pub use nodes::{Beat, Heartbeat, NodeName};
pub use overview::Overview;
pub use ownership::Ownership;
pub use steering::{drain, evict_account, evict_node};
