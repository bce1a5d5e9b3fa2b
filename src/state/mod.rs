//! The only SQL: the ledger, runs with their checkpoints, and dead letters of one account, in one
//! SQLite file.
//!
//! Everything here is synchronous: a transaction begins and ends within one call, so none is ever
//! held across an await. No address, name or payload is written; see `state/*.sql`.

mod address;
mod adopt;
mod balance;
mod customer_mirror;
mod dead_letters;
mod error;
mod export_files;
mod figures;
mod history;
mod ledger;
mod lock;
mod mirror;
mod outlines;
mod runs;
mod saved;
mod seen;
mod settle;
mod sightings;
mod store;
mod undo;
mod values;
mod verifications;
mod view;
mod writable;

pub use adopt::Foundlings;
pub use balance::{Balance, CustomerSums, MonthSums, Side, Sums};
pub use customer_mirror::CustomerMirror;
pub use dead_letters::{DeadLetter, Stage};
pub use error::StateError;
pub use export_files::FileRead;
pub use figures::JobFigures;
pub use history::Remembered;
pub use ledger::LastWrite;
pub use lock::{Lock, SendLog, asked_pause, is_locked};
pub use mirror::{Mirror, Mirrored};
pub use outlines::Trace;
pub use runs::{Counts, Kind, Requests, RunClose, RunEnd, RunId, RunRow, RunStart};
pub use saved::{SavedAt, SavedIndex};
pub use seen::Seen;
pub use settle::{OrderOutcome, Settled, Settlement};
pub use sightings::{Sighting, Standing};
pub use store::{ConnectionId, Store};
pub use undo::{CreatedOrder, Origin, Undoable};
pub use verifications::{VerificationId, VerificationRow, VerificationSums, VerifiedOrder};
pub use view::View;
pub use writable::check_writable;
