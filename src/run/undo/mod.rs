//! Undoes a run: plans it, deletes in ActiveCampaign what the run created, and reads back that it
//! is gone.

mod deleting;
mod plan;
mod report;
mod work;

pub(super) use deleting::{DeleteOutcome, Deleting, ListedAs};
pub use plan::{UndoPlan, UndoRefusal, plan_undo};
pub use report::{UndoError, UndoReport};
pub use work::{UndoContext, undo};
