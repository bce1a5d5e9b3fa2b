//! Plans, runs and verifications as text and JSON. Builds texts and values; the CLI prints them.

mod adopt;
mod connections;
mod daemon;
mod dead_letters;
mod explain;
mod html;
mod meaning;
mod plan;
mod planned;
mod run;
mod schedule;
mod sheet;
mod status;
mod terminal;
mod text;
mod undo;
mod verify;
mod warnings;

pub use adopt::{adoption_json, adoption_text};
pub use connections::{ConnectionLine, connections_json, connections_text};
pub use daemon::status_line;
pub use dead_letters::{letter_text, letters_csv, letters_json, letters_jsonl, letters_text, reason_codes};
pub use explain::{explanation_json, explanation_text};
pub use html::{Detail, plan_html};
pub use plan::{plan_json, plan_summary};
pub use planned::{payload_json, planned_json};
pub use run::{progress_json, progress_line, run_text, runs_json};
pub use schedule::{ComingRuns, Start, schedule_json, schedule_text};
pub use status::{JobStatus, status_json, status_text};
pub use terminal::plan_text;
pub use text::{count, duration};
pub use undo::{undo_json, undo_plan_json, undo_plan_text, undo_text};
pub use verify::{canary_text, verification_json, verification_text};
