//! Plans, runs and verifications as text and JSON. Builds texts and values; the CLI prints them.

mod adopt;
mod against;
mod comparison;
mod connections;
mod daemon;
mod dead_letters;
mod difference;
mod examples;
mod explain;
mod fleet;
mod forecast;
mod html;
mod labelled_text;
mod order_history;
mod plan;
mod plan_text;
mod policy_effects;
mod probe;
mod progress_estimate;
mod reasons;
mod record_line;
mod run;
mod schedule;
mod status;
mod switch;
mod text;
mod undo;
mod unplaced;
mod verify;
mod warnings;

pub use adopt::{adoption_json, adoption_text};
pub use against::{against_comparison, against_json};
pub use comparison::Comparison;
pub use connections::{ConnectionLine, connections_json, connections_text};
pub use daemon::status_line;
pub use dead_letters::{
    accepted_text, letter_text, letters_csv, letters_json, letters_jsonl, letters_text,
    reason_codes, retried_text,
};
pub use difference::{since_comparison, since_json};
pub use explain::{explanation_json, explanation_text};
pub use fleet::{
    FleetStatus, backlog_text, drain_json, drain_text, evictions_json, evictions_text, fleet_json,
    fleet_text, moves_json, moves_text,
};
pub use forecast::{
    asking_text, canary_forecast_text, reading_progress_text, reading_text, runs_text,
    together_json, together_text,
};
pub use html::{Certificate, PageDetail, plan_html, verification_html};
pub use labelled_text::{fitted, wrapped};
pub use plan::{plan_json, plan_summary};
pub use plan_text::plan_text;
pub use probe::{probe_json, probe_text, probe_writes_text};
pub use progress_estimate::ProgressEstimate;
pub use reasons::none_valid;
pub use record_line::{compared_record_json, record_json, write_payload};
pub use run::{
    OrdersLeft, ProgressText, forecast_held_json, forecast_held_text, letters_met_text,
    orders_left_json, progress_json, progress_text, run_text, runs_json, stopped_text,
};
pub use schedule::{ComingRuns, Start, schedule_json, schedule_text};
pub use status::{JobStatus, disk_text, is_ahead, status_json, status_text, trouble_text};
pub use switch::{switch_json, switch_plan_json, switch_plan_text, switch_text};
pub use text::{count, duration, is_are, many, printable};
pub use undo::{undo_json, undo_plan_json, undo_plan_text, undo_text};
pub use verify::{CanaryEnd, canary_text, verification_json, verification_text};
pub use warnings::data_notes;
