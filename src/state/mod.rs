//! The only SQL: the ledger, runs with their checkpoints, and dead letters of one account, in one
//! SQLite file.
//!
//! Everything here is synchronous: a transaction begins and ends within one call, so none is ever
//! held across an await. Each call fails where the file can't be read or written. No e-mail
//! address, name or payload is written; see `state/*.sql`.

mod account_binding;
mod adopt;
mod bulk;
mod clock;
mod connection_checks;
mod dead_letters;
mod disk;
mod error;
mod export_files;
mod handle;
mod history;
mod job_stats;
mod ledger;
mod ledger_file;
mod lock;
mod moving_ledger;
mod order_digests;
mod order_rows;
mod path_switches;
mod probe_answers;
mod pulled_windows;
mod reconciliation;
mod remote_customers;
mod remote_snapshot;
mod runs;
mod saved_plan_index;
mod settle;
mod sql;
mod sql_types;
mod standings;
mod storage;
mod store;
mod troubles;
mod undo;
mod verifications;

pub use adopt::{AdoptedOrder, AdoptedOrders};
pub use bulk::{AcceptedOrder, ConnectionPath};
pub use clock::{clock_now, follow_clock};
pub use connection_checks::{ConnectionCheck, ConnectionOwner};
pub use dead_letters::{
    Acceptance, DeadLetter, LETTERS_OF_RUN_MAX, LetterCounts, LetterPart, LetterReason,
    LetterReasons, Refusal, Stage,
};
pub use disk::{ORDER_BYTES, StateDisk};
pub use error::StateError;
pub use export_files::FileRead;
pub use handle::StateHandle;
pub use history::Remembered;
pub use job_stats::JobStats;
pub use ledger::{LastWrite, OTHER_CUSTOMER, OrderIntent};
pub use ledger_file::{Inheritance, copy_state, inherit_state, last_send_at, state_mark};
pub use lock::{Lock, asked_pause, is_locked};
pub use moving_ledger::MovingLedger;
pub use order_digests::StoredDigest;
pub use path_switches::OpenSwitch;
pub use reconciliation::{CustomerSums, MonthSums, Reconciliation, Side, Sums};
pub use remote_customers::CustomerMirror;
pub use remote_snapshot::{MatchedOrder, RemoteRow, RemoteSnapshot};
pub use runs::{Counts, Requests, RunClose, RunRow, RunStart};
pub use saved_plan_index::{SavedAt, SavedIndex};
pub use settle::{OrderOutcome, Settled, Settlement};
pub use sql_types::{ConnectionId, Kind, RunEnd, RunId};
pub use standings::{Standing, StandingTopic, exchange_standing};
pub use storage::{Storage, storage_of};
pub use store::{SeenConnection, Store, View, check_writable, lock_account};
pub use troubles::{Trouble, TroubleKind, note_trouble};
pub use undo::{CreatedOrder, DeletePurpose, HeldOrders, Undoable};
pub use verifications::{VerificationId, VerificationRow, VerificationSums};
