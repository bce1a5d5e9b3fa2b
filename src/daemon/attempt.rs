use super::account_worker::AccountWorker;
use super::liveness::Liveness;
use super::outcome::{NextAction, judge};
use super::{
    AccountOpenError, AccountPlan, AccountStatus, JobPlan, LastRun, OpenedAccount, Running,
};
use crate::extract::{Export, OpenError};
use crate::run::{Progress, RunContext, execute};
use crate::state::{Kind, View};
use jiff::Timestamp;
use std::sync::Arc;
use std::time::Duration;

/// Between two tries for the lock of an account that another process writes to.
const LOCK_EVERY: Duration = Duration::from_secs(2);

impl AccountWorker {
    /// Starts a job that is due and sees it to its end; `None` where it was called off before it
    /// began.
    pub(super) async fn attempt(
        &mut self,
        plan: &AccountPlan,
        job: &JobPlan,
    ) -> Option<NextAction> {
        let name = &job.job.name;
        let opened = self.open(plan, name).await?;
        self.last_starts.started(name, &self.clock);
        let now = (self.clock)();
        self.write_job(name, |entry| {
            entry.late = entry.waits_since.take().map_or(entry.late, |due| now.duration_since(due));
        });
        self.show(plan, (self.clock)());
        let begun = match opened {
            Ok(opened) => self.begin(plan, job, &opened).await.map(|export| (opened, export)),
            Err(fault) => Err(fault),
        };
        let (next, last) = match begun {
            Ok((opened, export)) => self.carry_out(job, &opened, &export).await,
            Err(fault) => {
                tracing::error!(
                    job = name,
                    "{name} could not begin: {fault}; it is tried again when it is due"
                );
                (NextAction::none(), LastRun::failed(fault, (self.clock)()))
            }
        };
        if next.is_open {
            self.last_starts.left_open(name);
        }
        self.board.close(&self.name, next.status.clone());
        self.write_job(name, |entry| entry.last = Some(last));
        Some(next)
    }

    /// Opens the account, waiting while another process is at it.
    async fn open(
        &mut self,
        plan: &AccountPlan,
        job: &str,
    ) -> Option<Result<OpenedAccount, String>> {
        let mut is_told = false;
        loop {
            self.board.write(&self.name, |entry| {
                entry.liveness = Some(Liveness::works(None, plan.timeout))
            });
            let open = Arc::clone(&plan.open);
            let opened = tokio::task::spawn_blocking(move || open()).await;
            match opened {
                Ok(Ok(opened)) => return Some(Ok(opened)),
                Ok(Err(AccountOpenError::Faulty(fault))) => return Some(Err(fault)),
                Err(error) => return Some(Err(error.to_string())),
                Ok(Err(AccountOpenError::Locked)) => {}
            }
            if !is_told {
                is_told = true;
                tracing::warn!(
                    job,
                    "{job} is due and waits: another process is writing to the account"
                );
                let since = (self.clock)();
                self.board.write(&self.name, |entry| {
                    entry.status = AccountStatus::WaitsForLock { since }
                });
            }
            self.board
                .write(&self.name, |entry| entry.liveness = Some(Liveness::waits(LOCK_EVERY)));
            let is_called_off = tokio::select! {
                biased;
                () = self.cancel.cancelled() => true,
                _ = self.followed.changed() => true,
                () = tokio::time::sleep(LOCK_EVERY) => false,
            };
            if is_called_off {
                self.board.write(&self.name, |entry| entry.status = AccountStatus::Idle);
                return None;
            }
        }
    }

    /// Finds the export, and shows on the board that a run begins.
    async fn begin(
        &self,
        plan: &AccountPlan,
        job: &JobPlan,
        opened: &OpenedAccount,
    ) -> Result<Export, String> {
        let (options, dir) = (job.job.export.clone(), plan.state_dir.clone());
        let (account, name) = (self.name.clone(), job.job.name.clone());
        let found = tokio::task::spawn_blocking(move || {
            let export =
                Export::open(&options).and_then(|export| export.check_quiet().map(|()| export));
            (export, records_of_last(&dir, &account, &name))
        });
        let (export, records_expected): (Result<Export, OpenError>, _) =
            found.await.map_err(|error| error.to_string())?;
        let export = export.map_err(|error| error.to_string())?;
        let (job, since) = (job.job.name.clone(), (self.clock)());
        tracing::info!(job, "{job} begins");
        self.board.write(&self.name, |entry| {
            entry.status = AccountStatus::Running;
            entry.client = Some(opened.client.clone());
            entry.liveness = Some(Liveness::works(Some(opened.client.clone()), plan.timeout));
            entry.running = Some(Running { job, since, records_expected, progress: None });
        });
        Ok(export)
    }

    async fn carry_out(
        &self,
        job: &JobPlan,
        opened: &OpenedAccount,
        export: &Export,
    ) -> (NextAction, LastRun) {
        let (board, account) = (&self.board, &self.name);
        let show = |progress: &Progress| {
            board.write(account, |entry| {
                if let Some(running) = &mut entry.running {
                    running.progress = Some(progress.clone());
                }
            });
        };
        let task = RunContext {
            job: &job.job,
            kind: Kind::Sync,
            export,
            state: &opened.state,
            client: &opened.client,
            cancel: self.cancel.clone(),
            grace: self.grace,
            only: None,
            planned: None,
            progress: &show,
        };
        let result = execute(task).await;
        let (name, now): (_, Timestamp) = (&job.job.name, (self.clock)());
        match result {
            Ok(report) => (judge(name, &report, now), LastRun::of(&report, now)),
            Err(error) => {
                tracing::error!(job = name, "{name} failed: {error}");
                (NextAction::none(), LastRun::failed(error.to_string(), now))
            }
        }
    }
}

/// Only to tell when a run will end: what can't be read is not known.
fn records_of_last(dir: &std::path::Path, account: &str, job: &str) -> Option<u64> {
    let rows = View::open(dir, account).ok()?.runs(job, 10).ok()?;
    rows.iter().find_map(|row| row.records)
}
