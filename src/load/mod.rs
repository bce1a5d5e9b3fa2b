//! Carries out steps at ActiveCampaign: customer first, then order, each exactly once in effect.
//! Decides nothing about content. What must be durable is written to the ledger before its request
//! is sent.

mod attempts;
mod bulk;
mod carrier;
mod customer;
mod delete;
mod keyed_lock;
mod ledger;
mod loader;
mod lookup;
mod order;
mod resend;
mod step;

pub use attempts::StepError;
pub use bulk::{BulkLoader, COPY_DELAYS_S};
pub use carrier::{Carried, Carrier};
pub use delete::{Deletion, delete};
pub use ledger::RunLedger;
pub use loader::Loader;
pub use resend::{Rewrite, Rewritten, rewrite};
