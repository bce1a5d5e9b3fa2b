use super::account_worker::AccountWorker;
use super::last_starts::LastStarts;
use super::{AccountPlan, Plan, Supervision};
use jiff::Timestamp;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tracing::Instrument;

/// The work on one account while this daemon holds its lease.
pub struct Tenure {
    pub account: String,
    pub plan: Arc<AccountPlan>,
    /// When the account was looked at last, by whichever daemon: the starts of a job that never ran
    /// count from here.
    pub seen: Timestamp,
    pub supervision: Supervision,
}

impl Tenure {
    /// Runs what is due, one after the other, until nothing is, or until it is cancelled. Returns
    /// for how long nothing is due; zero if it was cancelled.
    pub async fn run(self) -> Duration {
        self.supervision.board.add(&self.account, &self.plan);
        let plan = Plan::from([(self.account.clone(), self.plan)]);
        let (plan, followed) = watch::channel(Arc::new(plan));
        let span = tracing::error_span!("account", account = self.account);
        let mut worker = AccountWorker::new(self.account, self.supervision, followed);
        worker.last_starts = LastStarts::seen(self.seen);
        let rest = worker.run_due().instrument(span).await;
        // Without it, the plan would count as withdrawn.
        drop(plan);
        rest
    }
}
