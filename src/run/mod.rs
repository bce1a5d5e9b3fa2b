//! One run of one job: take, map, plan, intend, load, settle. Assembles the stages below it; knows no settings
//! file and prints nothing.

mod adopt;
mod books;
mod canary;
mod connection;
mod execute;
mod execution;
mod explain;
mod feed;
mod history;
mod job;
mod meter;
mod preview;
mod reading;
mod reflection;
mod report;
mod sample;
mod shrinkage;
mod tracker;
mod undo;
mod verify;

pub use adopt::{AdoptError, Adoption, adopt};
pub use books::Books;
pub use canary::{Canary, Chosen};
pub use connection::{ConnectionError, ConnectionSpec, Ensured, ensure, sighting};
pub use execute::{Task, execute};
pub use explain::{Explained, Explanation, Fate, explain};
pub use history::History;
pub use job::Job;
pub use preview::{OnRecord, Preview, preview};
pub use reading::{Judged, Judgement, ReadingError};
pub use report::{Accounting, Progress, RunError, RunReport, end_by};
pub use sample::{Choice, Looked, Sample, verify_sample};
pub use shrinkage::{Shrinkage, shrinkage};
pub use undo::{Undo, UndoError, UndoPlan, UndoRefusal, UndoReport, plan_undo, undo};
pub use verify::{Difference, Found, OnDifference, Verification, VerifyError, verify};
