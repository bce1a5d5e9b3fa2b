use super::account_worker::AccountWorker;
use super::{AccountPlan, Board, Clock, Plan};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::{JoinError, JoinSet};
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

/// The whole of it: one task for each account.
pub struct Daemon {
    clock: Clock,
    board: Board,
    cancel: CancellationToken,
    grace: Duration,
    accounts: BTreeMap<String, watch::Sender<Option<Arc<AccountPlan>>>>,
    tasks: JoinSet<()>,
}

impl Daemon {
    /// Does nothing yet. `cancel` ends it; what is in flight then is waited for up to `grace`.
    pub fn new(clock: Clock, board: Board, cancel: CancellationToken, grace: Duration) -> Self {
        Self { clock, board, cancel, grace, accounts: BTreeMap::new(), tasks: JoinSet::new() }
    }

    /// Shows the jobs of a plan on the board, before any is started.
    pub fn announce(&self, plan: &Plan) {
        self.board.plan(plan);
    }

    /// Follows a plan from now on. A run that is under way ends as it began; of an account that is
    /// not in the plan nothing is started any more. Must be called within a runtime.
    pub fn follow(&mut self, mut plan: Plan) {
        self.announce(&plan);
        for (name, account) in &self.accounts {
            account.send_replace(plan.remove(name));
        }
        for (name, account) in plan {
            let (sender, followed) = watch::channel(Some(account));
            // Of the highest level, so that it is on every line, whichever are shown.
            let span = tracing::error_span!("account", account = name);
            let worker = AccountWorker::new(
                name.clone(),
                Arc::clone(&self.clock),
                self.board.clone(),
                self.cancel.clone(),
                self.grace,
                followed,
            );
            self.tasks.spawn(worker.run().instrument(span));
            self.accounts.insert(name, sender);
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
        self.cancel.cancelled().await;
        Ok(())
    }
}
