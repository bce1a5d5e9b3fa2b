//! Plans, runs and verifications as text and JSON. Builds texts and values; the CLI prints them.

mod plan;
mod run;
mod status;
mod text;
mod verify;

pub use plan::{plan_json, plan_text};
pub use run::{progress_line, run_text, runs_json};
pub use status::{JobStatus, status_json, status_text};
pub use text::{count, duration};
pub use verify::{verification_json, verification_text};
