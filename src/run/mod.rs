//! One run of one job: take, map, plan, intend, load, settle. Assembles the stages below it; reads
//! no settings file and prints nothing.

mod account;
mod adopt;
mod against;
mod batches;
mod bulk;
mod canary;
mod change_detector;
mod connection;
mod execute;
mod execution;
mod existing;
mod explain;
mod gone;
mod job;
mod job_history;
mod ledger;
mod lines;
mod meter;
mod order_comparison;
mod pipeline;
mod plan_id;
mod plan_reader;
mod planned_record;
mod preview;
mod probe;
mod pulls;
mod reading_error;
mod records;
mod remote_fetch;
mod repeats;
mod report;
mod request_counter;
mod rules_digest;
mod sample;
mod shared_orders;
mod shrinkage;
mod since;
mod step_errors;
mod switch;
mod tracker;
mod undo;
mod verification;
mod verification_log;
mod verify;

pub use account::{AccountCondition, AccountRunner, JobRun, OpenedAccount};
pub use adopt::{AdoptError, Adoption, adopt};
pub use against::{
    ChangedOrder, OnChanges, RecordChanges, SavedPlan, SavedPlanDiff, SavedPlanDiffError,
    SavedPlanForm, ValueChange, preview_against,
};
pub use bulk::BATCH_LEN_MAX;
pub use canary::Canary;
pub use connection::{ConnectionError, ConnectionSpec, connection_check, ensure};
pub use execute::execute;
pub use execution::RunContext;
pub use existing::{AskedJob, Existing, Overlap, Questioning, ask};
pub use explain::{
    ExplainedRecord, Explanation, Known, RecordOutcome, VerificationStatus, explain,
};
pub use gone::{GoneReport, TooManyGone};
pub use job::{Job, Pulls};
pub use job_history::never_loaded;
pub use meter::Batches;
pub use plan_id::{NotApproved, PlanId, check_approved};
pub use planned_record::{KeptDetails, PlannedRecord, RecordVerdict};
pub use preview::{AccountPlanner, Destination, OnRecord, PlanInput, Preview, preview};
pub use probe::{
    Asked, AskedOutcome, GRAPHQL_ORDERS_MAX, LeftRecord, PERSONS, PROBE_SERVICE, ProbeContext,
    ProbeReport, QUESTIONS, Question, REST_ORDERS_MAX, probe,
};
pub use pulls::PullsError;
pub use reading_error::ReadingError;
pub use remote_fetch::{CompareProgress, FetchError};
pub use report::{Accounting, Progress, RunError, RunEvent, RunReport, end_by, end_of, time_left};
pub use rules_digest::SettingChange;
pub use sample::{CanaryToRead, CheckedOrder, verify_orders};
pub use shared_orders::{SharedOrders, shared_orders};
pub use shrinkage::Shrinkage;
pub use since::{SinceRun, preview_since};
pub use switch::{
    SecondRecord, SwitchContext, SwitchError, SwitchPlan, SwitchRefusal, SwitchReport, SwitchTask,
    canary_order, plan_switch, switch,
};
pub use undo::{UndoContext, UndoPlan, UndoRefusal, UndoReport, plan_undo, undo};
pub use verification::{Mismatch, Sample, Verification};
pub use verification_log::VerificationSink;
pub use verify::{VerifyError, VerifyRequest, verify};
