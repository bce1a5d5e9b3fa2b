//! A plan compared with one that was saved: order by order, field by field, from what to what.

mod compared;
mod diff;
mod saved;

pub use compared::{ChangedOrder, OnChanges, RecordChanges, SavedPlanDiff, preview_against};
pub use diff::ValueChange;
pub use saved::{SavedPlan, SavedPlanForm};
