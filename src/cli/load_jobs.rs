//! Runs prepared jobs: accounts concurrently, the jobs of one account one after the other.

use super::error::CliError;
use super::notices::Notices;
use super::preflight::{PreparedAccount, PreparedJob};
use super::progress::ProgressDisplay;
use super::signals::{GRACE, Interrupt};
use super::singer_state::StateForwarder;
use crate::daemon::OnRunEvent;
use crate::run::{
    AccountCondition, AccountRunner, CanaryToRead, CheckedOrder, JobRun, RunEvent, RunReport,
    Verification, verify_orders,
};
use crate::state::{Kind, RunEnd, RunId};
use std::sync::Arc;

#[derive(Default)]
pub(super) struct Results {
    pub reports: Vec<RunReport>,
    pub canaries: Vec<CanaryReport>,
    /// Jobs that were not started, as the load was stopped, their account could no longer be used,
    /// or a job before them failed.
    pub not_started: Vec<String>,
    /// Jobs without a run, or without a comparison of their canary, and why.
    pub failures: Vec<JobFailure>,
    /// An error of the program itself.
    pub error: Option<CliError>,
}

pub(super) struct JobFailure {
    pub job: String,
    pub error: CliError,
}

impl Results {
    fn fail(&mut self, job: &str, error: CliError) {
        self.failures.push(JobFailure { job: job.to_owned(), error });
    }
}

/// The orders of a canary, read back from ActiveCampaign.
pub(super) struct CanaryReport {
    pub run: RunId,
    pub verification: Verification,
    pub orders: Vec<CheckedOrder>,
}

/// An error of one account does not stop the others.
pub(super) async fn load_all(
    accounts: Vec<PreparedAccount>,
    kind: Kind,
    interrupt: &Interrupt,
    display: ProgressDisplay,
    notices: &Arc<Notices>,
) -> Results {
    let display = Arc::new(display);
    // Accounts end in any sequence, so their results are sorted.
    let mut tasks = tokio::task::JoinSet::new();
    for PreparedAccount { account, opened, jobs } in accounts {
        let (cancel, display) = (interrupt.cancel.clone(), Arc::clone(&display));
        let on_event = notices.on_event(&account.name);
        let runner = AccountRunner { account: opened, cancel, grace: GRACE };
        tasks.spawn(async move {
            let results = load_account(&runner, &jobs, kind, &display, &on_event).await;
            (runner, jobs, results)
        });
    }
    let mut all = Results::default();
    while let Some(done) = tasks.join_next().await {
        let (runner, jobs, mut results) = match done {
            Ok(done) => done,
            Err(error) => {
                all.error = all.error.or(Some(CliError::failed(error)));
                continue;
            }
        };
        // Not in the account's task: the comparison is not `Send`.
        if !runner.cancel.is_cancelled() {
            read_canaries_back(&runner, &jobs, &mut results).await;
        }
        all.reports.extend(results.reports);
        all.canaries.extend(results.canaries);
        all.not_started.extend(results.not_started);
        all.failures.extend(results.failures);
    }
    all.reports.sort_by(|a, b| a.row.job.cmp(&b.row.job));
    all.canaries.sort_by(|a, b| a.verification.job.cmp(&b.verification.job));
    all.not_started.sort();
    all.failures.sort_by(|a, b| a.job.cmp(&b.job));
    all
}

async fn load_account(
    runner: &AccountRunner,
    jobs: &[PreparedJob],
    kind: Kind,
    display: &ProgressDisplay,
    on_event: &OnRunEvent,
) -> Results {
    let mut results = Results::default();
    let mut condition = AccountCondition::Usable;
    for prepared in jobs {
        if runner.cancel.is_cancelled()
            || !results.failures.is_empty()
            || condition != AccountCondition::Usable
        {
            results.not_started.push(prepared.job.name.clone());
            continue;
        }
        let forwarder = match StateForwarder::of(&prepared.export) {
            Ok(forwarder) => forwarder,
            Err(error) => {
                results.fail(&prepared.job.name, error);
                continue;
            }
        };
        on_event(&prepared.job.name, RunEvent::Began);
        let ended = runner
            .run(JobRun {
                job: &prepared.job,
                kind,
                export: &prepared.export,
                only: prepared.preflight.canary.clone(),
                planned: prepared.preflight.planned(),
                approved: prepared.preflight.approved,
                progress: &|at| {
                    display.show(at);
                    if kind != Kind::Canary {
                        forwarder.pass(at.settled);
                    }
                },
            })
            .await;
        condition = AccountCondition::after(&ended);
        match ended {
            Ok(report) => {
                if kind != Kind::Canary {
                    forwarder.pass(report.row.checkpoint);
                }
                on_event(&prepared.job.name, RunEvent::Ended(&report));
                results.reports.push(report);
            }
            Err(error) => {
                on_event(&prepared.job.name, RunEvent::Failed(&error.to_string()));
                results.fail(&prepared.job.name, error.into());
            }
        }
    }
    results
}

/// Compares the orders of each canary that was loaded, line by line.
async fn read_canaries_back(runner: &AccountRunner, jobs: &[PreparedJob], results: &mut Results) {
    for prepared in jobs {
        let Some(keys) = &prepared.preflight.canary else { continue };
        let finished = results
            .reports
            .iter()
            .find(|report| report.row.job == prepared.job.name && report.end == RunEnd::Finished);
        let Some(run) = finished.map(|report| report.row.id) else { continue };
        match read_back(runner, prepared, CanaryToRead { run, keys }).await {
            Ok(canary) => results.canaries.push(canary),
            Err(error) => results.fail(&prepared.job.name, error),
        }
    }
}

async fn read_back(
    runner: &AccountRunner,
    prepared: &PreparedJob,
    canary: CanaryToRead<'_>,
) -> Result<CanaryReport, CliError> {
    let PreparedJob { job, export, .. } = prepared;
    let (run, account) = (canary.run, &runner.account);
    let (verification, orders) =
        verify_orders(job, export, &account.state, &account.client, canary).await?;
    Ok(CanaryReport { run, verification, orders })
}
