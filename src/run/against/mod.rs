//! A plan compared with a saved one: order by order and field by field, with old and new values.

mod compared;
mod diff;
mod saved;

pub use compared::{
    ChangedOrder, OnChanges, RecordChanges, SavedPlanDiff, SavedPlanDiffError, preview_against,
};
pub use diff::ValueChange;
pub use saved::{SavedPlan, SavedPlanForm};
