//! Plans, runs and verifications as text and JSON. Builds texts and values; the CLI prints them.

mod adopt;
mod against;
mod connections;
mod daemon;
mod dead_letters;
mod difference;
mod explain;
mod forecast;
mod html;
mod meaning;
mod outlook;
mod plan;
mod planned;
mod run;
mod schedule;
mod sheet;
mod status;
mod telling;
mod terminal;
mod text;
mod trail;
mod undo;
mod verify;
mod warnings;

pub use adopt::{adoption_json, adoption_text};
pub use against::{against_json, against_telling};
pub use connections::{ConnectionLine, connections_json, connections_text};
pub use daemon::status_line;
pub use dead_letters::{
    letter_text, letters_csv, letters_json, letters_jsonl, letters_text, reason_codes,
};
pub use difference::{since_json, since_telling};
pub use explain::{explanation_json, explanation_text};
pub use forecast::{canary_forecast_text, reading_text, runs_text, together_json, together_text};
pub use html::{Detail, plan_html};
pub use outlook::Outlook;
pub use plan::{plan_json, plan_summary};
pub use planned::{compared_json, payload_json, planned_json};
pub use run::{
    forecast_held_json, forecast_held_text, progress_json, progress_line, run_text, runs_json,
};
pub use schedule::{ComingRuns, Start, schedule_json, schedule_text};
pub use status::{JobStatus, status_json, status_text};
pub use telling::Telling;
pub use terminal::plan_text;
pub use text::{count, duration};
pub use undo::{undo_json, undo_plan_json, undo_plan_text, undo_text};
pub use verify::{canary_text, verification_json, verification_text};
