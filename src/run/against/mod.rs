//! A plan held against one that was saved: order by order, field by field, from what to what.

mod compared;
mod diff;
mod saved;

pub use compared::{Against, AgainstError, Compared, OnCompared, preview_against};
pub use diff::ValueChange;
pub use saved::{Form, Saved, SavedError};
