use super::account_worker::AccountWorker;
use super::liveness::Liveness;
use super::outcome::{NextAction, next_action};
use super::{AccountOpenError, AccountPlan, AccountStatus, JobPlan, LastRun, Open, Running, Task};
use crate::extract::Export;
use crate::pull::{Folder, pull};
use crate::run::{
    AccountRunner, Job, JobRun, OpenedAccount, Progress, RunEvent, never_loaded, preview,
    shared_orders,
};
use crate::state::{Kind, View};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Between two attempts to lock an account that another process is writing to.
const LOCK_EVERY: Duration = Duration::from_secs(2);

/// The longest that a pull may take.
const PULL_MAX: Duration = Duration::from_secs(12 * 3600);

/// The longest that comparing the exports of jobs on one connection may take.
const COMPARISON_MAX: Duration = Duration::from_secs(3600);

/// What a run begins with.
struct PreparedRun {
    export: Export,
    /// Records and requests of a first load.
    planned: Option<(u64, u64)>,
}

impl AccountWorker {
    /// Runs a job that is due. `None` if it was called off while it waited for the lock.
    pub(super) async fn attempt(
        &mut self,
        plan: &AccountPlan,
        job: &JobPlan,
    ) -> Option<NextAction> {
        let name = &job.job.name;
        let opened = self.open(&plan.open, plan.timeout, name).await?;
        self.last_starts.started(name, Task::Sync, &self.clock);
        let now = (self.clock)();
        self.write_job(name, |entry| {
            entry.late = entry.waits_since.take().map_or(entry.late, |due| now.duration_since(due));
        });
        self.show(plan, (self.clock)());
        let begun = match opened {
            Ok(account) => self.begin(plan, job, &account).await.map(|export| (account, export)),
            Err(message) => Err(message),
        };
        let (next, last) = match begun {
            Ok((account, export)) => {
                (plan.on_event)(name, RunEvent::Began);
                self.run_job(plan, job, account, &export).await
            }
            // A stop of the daemon is no failure of the job.
            Err(message) if self.cancel.is_cancelled() => {
                (NextAction::INTERRUPTED, LastRun::failed(message))
            }
            Err(message) => {
                (plan.on_event)(name, RunEvent::Failed(&message));
                tracing::error!(
                    job = name,
                    "{name} could not begin: {message}; it is tried again when it is due"
                );
                (NextAction::FAILED, LastRun::failed(message))
            }
        };
        self.board.close(&self.name, next.status.clone());
        self.write_job(name, |entry| entry.last = Some(Box::new(last)));
        Some(next)
    }

    /// Opens the account, waiting while another process writes to it.
    pub(super) async fn open<T: Send + 'static>(
        &mut self,
        open: &Open<T>,
        timeout: Duration,
        job: &str,
    ) -> Option<Result<T, String>> {
        let mut is_logged = false;
        loop {
            self.board
                .write(&self.name, |entry| entry.liveness = Some(Liveness::works(None, timeout)));
            let open = Arc::clone(open);
            match tokio::task::spawn_blocking(move || open()).await {
                Ok(Ok(opened)) => return Some(Ok(opened)),
                Ok(Err(AccountOpenError::Failed(message))) => return Some(Err(message)),
                Err(error) => return Some(Err(error.to_string())),
                Ok(Err(AccountOpenError::Locked)) => {}
            }
            if !is_logged {
                is_logged = true;
                tracing::warn!(
                    job,
                    "{job} is due and waits: another process is writing to the account"
                );
                let since = (self.clock)();
                self.set_status(AccountStatus::WaitsForLock { since });
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
                self.set_status(AccountStatus::Idle);
                return None;
            }
        }
    }

    /// Opens the export, and shows on the board that a run begins.
    async fn begin(
        &self,
        plan: &AccountPlan,
        job: &JobPlan,
        account: &OpenedAccount,
    ) -> Result<PreparedRun, String> {
        if !job.loads_first {
            let view = View::open(&plan.state_dir, &self.name);
            let refusal = view.and_then(|view| never_loaded(&view, &job.job));
            if let Some(message) = refusal.map_err(|error| error.to_string())? {
                return Err(message);
            }
        }
        self.pull(plan, job).await?;
        let (dir, account_name, planned) = (plan.state_dir.clone(), self.name.clone(), job.clone());
        let is_first = records_of_last(&dir, &account_name, &planned.job.name).is_none();
        if is_first || !planned.sharing.is_empty() {
            self.board.write(&self.name, |entry| {
                entry.liveness = Some(Liveness::waits(COMPARISON_MAX));
            });
        }
        let found = tokio::task::spawn_blocking(move || {
            let export = planned.job.open_export().map_err(|error| error.to_string())?;
            export.check_quiet().map_err(|error| error.to_string())?;
            check_shared_orders(&dir, &account_name, &planned)?;
            let before = records_of_last(&dir, &account_name, &planned.job.name);
            let plan = match before {
                Some(_) => None,
                None => plan_of(&dir, &account_name, &planned.job, &export),
            };
            Ok::<_, String>((export, before, plan))
        });
        let (export, before, planned) = found.await.map_err(|error| error.to_string())??;
        let records_expected = before.or(planned.map(|(records, _)| records));
        let (job, since) = (job.job.name.clone(), (self.clock)());
        tracing::info!(job, "{job} begins");
        self.board.write(&self.name, |entry| {
            entry.status = AccountStatus::Running;
            entry.client = Some(account.client.clone());
            entry.liveness = Some(Liveness::works(Some(account.client.clone()), plan.timeout));
            entry.running =
                Some(Box::new(Running { job, since, records_expected, progress: None }));
        });
        Ok(PreparedRun { export, planned })
    }

    /// Pulls the job's shop, unless a window of it waits to be loaded. In a fleet it always pulls:
    /// another node may have loaded newer orders since, which that window alone would revert.
    async fn pull(&self, plan: &AccountPlan, job: &JobPlan) -> Result<(), String> {
        let (Some(options), Some(pulls)) = (&job.pull, &job.job.pulls) else { return Ok(()) };
        self.board.write(&self.name, |entry| entry.liveness = Some(Liveness::waits(PULL_MAX)));
        let view = View::open(&plan.state_dir, &self.name).map_err(|error| error.to_string())?;
        let waiting = job.job.waiting_window(&view).map_err(|error| error.to_string())?;
        if waiting.is_some() && !plan.is_shared {
            return Ok(());
        }
        view.check_free(job.job.state_free_min_bytes).map_err(|error| error.to_string())?;
        let gone_before = job.job.gone_before(&view).map_err(|error| error.to_string())?;
        let options = crate::pull::Options { gone_before, ..options()? };
        let folder = Folder::open(pulls.dir.clone()).map_err(|error| error.to_string())?;
        let is_full =
            plan.is_shared && job.job.needs_full_pull(&view).map_err(|error| error.to_string())?;
        let pulled = pull(&options, is_full, &folder, self.cancel.clone()).await;
        let window = pulled.map_err(|error| error.to_string())?;
        window.log(&job.job.name);
        Ok(())
    }

    async fn run_job(
        &self,
        plan: &AccountPlan,
        job: &JobPlan,
        account: OpenedAccount,
        PreparedRun { export, planned }: &PreparedRun,
    ) -> (NextAction, LastRun) {
        let show = |progress: &Progress| {
            self.board.write(&self.name, |entry| {
                if let Some(running) = &mut entry.running {
                    running.progress = Some(progress.clone());
                }
            });
        };
        let runner = AccountRunner { account, cancel: self.cancel.clone(), grace: self.grace };
        let run = JobRun {
            job: &job.job,
            kind: Kind::Sync,
            export,
            only: None,
            planned: *planned,
            approved: None,
            progress: &show,
        };
        let ended = runner.run(run).await;
        match &ended {
            Ok(report) => (plan.on_event)(&job.job.name, RunEvent::Ended(report)),
            Err(error) => (plan.on_event)(&job.job.name, RunEvent::Failed(&error.to_string())),
        }
        if let Ok(view) = View::open(&plan.state_dir, &self.name)
            && let Err(error) = job.job.remove_replaced_windows(&view)
        {
            tracing::warn!(job = job.job.name, "{error}");
        }
        let now = (self.clock)();
        (next_action(&job.job.name, &ended, now), LastRun::of(&ended))
    }
}

/// Fails if another job on the connection holds orders of this one.
fn check_shared_orders(dir: &Path, account: &str, planned: &JobPlan) -> Result<(), String> {
    if planned.sharing.is_empty() {
        return Ok(());
    }
    let view = View::open(dir, account).map_err(|error| error.to_string())?;
    let found = shared_orders(&planned.sharing, &[], &view).map_err(|error| error.to_string())?;
    match found.iter().find(|shared| shared.jobs.contains(&planned.job.name)) {
        Some(shared) => Err(shared.to_string()),
        None => Ok(()),
    }
}

/// Records and requests of a first load. Only used for its progress: the run reports what is wrong
/// with the export.
fn plan_of(dir: &Path, account: &str, job: &Job, export: &Export) -> Option<(u64, u64)> {
    let view = View::open(dir, account).ok()?;
    // The number of requests does not depend on the pace.
    let plan = preview(job, export, view, 1.0).ok()?;
    Some((plan.summary.read, plan.forecast.total()))
}

/// Only used to estimate when a run will end, so a read error counts as unknown.
fn records_of_last(dir: &Path, account: &str, job: &str) -> Option<u64> {
    let rows = View::open(dir, account).ok()?.runs(job, 10).ok()?;
    rows.iter().filter(|row| row.is_finished_load()).find_map(|row| row.records)
}
