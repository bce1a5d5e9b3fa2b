use super::account_worker::AccountWorker;
use super::{Plan, Supervision};
use std::collections::BTreeSet;
use std::sync::Arc;
use tokio::sync::watch;
use tokio::task::{JoinError, JoinSet};
use tracing::Instrument;

/// The whole of it: one task for each account.
pub struct Daemon {
    supervision: Supervision,
    /// What every account's task follows.
    plan: watch::Sender<Arc<Plan>>,
    /// The accounts that have a task.
    accounts: BTreeSet<String>,
    tasks: JoinSet<()>,
}

impl Daemon {
    /// Does nothing yet.
    pub fn new(supervision: Supervision) -> Self {
        let (accounts, tasks) = (BTreeSet::new(), JoinSet::new());
        Self { supervision, plan: watch::Sender::default(), accounts, tasks }
    }

    /// Shows the jobs of a plan on the board, before any is started.
    pub fn announce(&self, plan: &Plan) {
        self.supervision.board.plan(plan);
    }

    /// Follows a plan from now on. A run that is under way ends as it began; of an account that is
    /// not in the plan nothing is started any more. Must be called within a runtime.
    pub fn follow(&mut self, plan: Plan) {
        self.announce(&plan);
        let plan = Arc::new(plan);
        self.plan.send_replace(Arc::clone(&plan));
        for name in plan.keys().filter(|name| self.accounts.insert((*name).clone())) {
            // Of the highest level, so that it is on every line, whichever are shown.
            let span = tracing::error_span!("account", account = name);
            let worker =
                AccountWorker::new(name.clone(), self.supervision.clone(), self.plan.subscribe());
            self.tasks.spawn(worker.run().instrument(span));
        }
    }

    /// Waits until every account's task has ended; none does before the end was asked for.
    ///
    /// # Errors
    /// When one ended in a bug. The others continue until they are cancelled.
    pub async fn ended(&mut self) -> Result<(), JoinError> {
        while let Some(task) = self.tasks.join_next().await {
            task?;
        }
        // Without an account, only the end is awaited.
        self.supervision.cancel.cancelled().await;
        Ok(())
    }
}
