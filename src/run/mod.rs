//! One run of one job: take, map, plan, intend, load, settle. Assembles the stages below it; knows no settings
//! file and prints nothing.

mod books;
mod connection;
mod execute;
mod execution;
mod feed;
mod job;
mod meter;
mod preview;
mod reading;
mod report;
mod tracker;
mod verify;

pub use books::Books;
pub use connection::{ConnectionError, ConnectionSpec};
pub use execute::{Task, execute};
pub use job::Job;
pub use preview::{Preview, preview};
pub use reading::ReadingError;
pub use report::{Accounting, Progress, RunError, RunReport};
pub use verify::{Difference, Found, Verification, VerifyError, verify};
