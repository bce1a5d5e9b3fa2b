//! One run of one job: take, map, plan, intend, load, settle. Assembles the stages below it; knows
//! no settings file and prints nothing.

mod adopt;
mod against;
mod batches;
mod books;
mod canary;
mod change_detector;
mod connection;
mod counting;
mod execute;
mod execution;
mod explain;
mod findings;
mod history;
mod job;
mod meter;
mod preview;
mod reading;
mod remote_fetch;
mod report;
mod rules_digest;
mod sample;
mod shrinkage;
mod since;
mod tracker;
mod undo;
mod verify;

pub use adopt::{AdoptError, Adoption, adopt};
pub use against::{
    Against, AgainstError, Compared, Form, OnCompared, Saved, SavedError, ValueChange,
    preview_against,
};
pub use books::StateHandle;
pub use canary::{Canary, Chosen};
pub use connection::{ConnectionError, ConnectionSpec, Ensured, ensure, sighting};
pub use execute::{RunContext, execute};
pub use explain::{Explained, Explanation, Fate, Known, Verified, explain};
pub use findings::Record;
pub use history::History;
pub use job::Job;
pub use preview::{OnRecord, Planning, Preview, preview};
pub use reading::{PlannedRecord, ReadingError, RecordVerdict};
pub use report::{Accounting, Progress, RunError, RunReport, end_by, time_left};
pub use sample::{Choice, Looked, Sample, verify_sample};
pub use shrinkage::{Shrinkage, shrinkage};
pub use since::{LeftOut, SinceRun, preview_since};
pub use undo::{Undo, UndoError, UndoPlan, UndoRefusal, UndoReport, plan_undo, undo};
pub use verify::{Difference, Found, Verification, VerifyError, verify};
