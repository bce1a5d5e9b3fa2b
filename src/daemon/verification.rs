use super::account_worker::AccountWorker;
use super::liveness::Liveness;
use super::outcome::NextAction;
use super::{AccountPlan, AccountStatus, JobPlan, LastVerification, Task, VerifyPlan};
use crate::activecampaign::Client;
use crate::run::{
    CompareProgress, Job, RunEvent, Sample, Verification, VerificationSink, VerifyError,
    VerifyRequest, end_of, verify,
};
use crate::state::{RunEnd, Store, View};
use jiff::Timestamp;
use std::path::PathBuf;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;

/// The longest pause between two signs of progress: comparing what was read sends nothing.
const VERIFICATION_MAX: Duration = Duration::from_secs(24 * 3600);

/// Concurrent verifications of all accounts: each occupies a thread that runs need too.
const VERIFYING_MAX: usize = 16;

static VERIFYING: Semaphore = Semaphore::const_new(VERIFYING_MAX);

/// Why a verification did not finish.
enum Unverified {
    /// The daemon is stopping; the next verification resumes it.
    Interrupted,
    Failed(VerifyError),
    NotBegun(String),
}

impl Unverified {
    /// The end of a run that it is reported as, and the reason.
    fn end(&self) -> (RunEnd, String) {
        match self {
            Self::Interrupted => (RunEnd::Interrupted, "it was stopped".to_owned()),
            Self::NotBegun(message) => (RunEnd::Failed, message.clone()),
            Self::Failed(error) => {
                let end = match error {
                    VerifyError::Target(failure) => end_of(failure),
                    VerifyError::ConnectionGone => RunEnd::Stopped,
                    _ => RunEnd::Failed,
                };
                (end, error.to_string())
            }
        }
    }
}

impl AccountWorker {
    /// Verifies a job that is due. `None` if that was cancelled while it waited for the lock.
    pub(super) async fn verify(
        &mut self,
        plan: &AccountPlan,
        job: &JobPlan,
        by: &VerifyPlan,
        due: Timestamp,
    ) -> Option<NextAction> {
        let name = &job.job.name;
        // Another node may have loaded newer orders than this one has pulled.
        if plan.is_shared && job.pull.is_some() {
            let synced = self.sync(plan, job, due).await?;
            if synced.rest.is_some() || synced.is_resumable {
                return Some(synced);
            }
            if !synced.is_finished {
                self.last_starts.started(name, Task::Verify, &self.clock);
                let reason =
                    "the sync before it failed, so this node may lack what another has loaded";
                return Some(self.end_verification(
                    plan,
                    job,
                    Err(Unverified::NotBegun(reason.to_owned())),
                ));
            }
        }
        let opened = self.open(&plan.open_store, plan.timeout, name).await?;
        self.last_starts.started(name, Task::Verify, &self.clock);
        self.show(plan, (self.clock)());
        let ended = match opened {
            Ok((store, client)) => self.compare(plan, job, by.lines, store, client).await,
            Err(message) => Err(Unverified::NotBegun(message)),
        };
        Some(self.end_verification(plan, job, ended))
    }

    /// Reports how a verification ended, and decides what to do next.
    fn end_verification(
        &self,
        plan: &AccountPlan,
        job: &JobPlan,
        ended: Result<Verification, Unverified>,
    ) -> NextAction {
        let name = &job.job.name;
        let now = (self.clock)();
        let (next, error) = match ended {
            Ok(verification) => {
                (plan.on_event)(name, RunEvent::Verified(&verification));
                log_verified(name, &verification);
                (NextAction::FINISHED, None)
            }
            Err(unverified) => {
                let (end, error) = unverified.end();
                if end == RunEnd::Interrupted {
                    tracing::info!(
                        job = name,
                        "the verification of {name} was stopped; it resumes later"
                    );
                } else {
                    tracing::error!(job = name, "{name} could not be verified: {error}");
                }
                (plan.on_event)(name, RunEvent::Unverified { end, error: &error });
                let next = match end {
                    RunEnd::Interrupted => NextAction::INTERRUPTED,
                    RunEnd::Paused => NextAction::unavailable(None, now),
                    RunEnd::Stopped => NextAction::refused(now),
                    _ => NextAction::FAILED,
                };
                (next, Some(error))
            }
        };
        self.board.close(&self.name, next.status.clone());
        self.write_job(name, |entry| {
            entry.last_verification = Some(Box::new(LastVerification { ended: now, error }));
        });
        next
    }

    async fn compare(
        &self,
        plan: &AccountPlan,
        job: &JobPlan,
        lines: Option<Sample>,
        store: Store,
        client: Client,
    ) -> Result<Verification, Unverified> {
        let (job, since) = (job.job.clone(), (self.clock)());
        tracing::info!(job = job.name, "the verification of {} begins", job.name);
        self.board.write(&self.name, |entry| {
            entry.status = AccountStatus::Verifying { job: job.name.clone(), since };
            entry.client = Some(client.clone());
            entry.liveness = Some(Liveness::waits(VERIFICATION_MAX));
        });
        let (handle, cancel) = (Handle::current(), self.cancel.clone());
        let place = (plan.state_dir.clone(), self.name.clone());
        let (board, account) = (self.board.clone(), self.name.clone());
        let progress = move |_| {
            let liveness = Liveness::waits(VERIFICATION_MAX);
            board.write(&account, |entry| entry.liveness = Some(liveness));
        };
        let turn = tokio::select! {
            biased;
            () = cancel.cancelled() => return Err(Unverified::Interrupted),
            turn = VERIFYING.acquire() => turn,
        };
        // On a blocking thread: it reads the export and the state synchronously.
        let compared = tokio::task::spawn_blocking(move || {
            handle.block_on(async {
                tokio::select! {
                    biased;
                    () = cancel.cancelled() => Err(Unverified::Interrupted),
                    compared = compare((&job, lines), place, (store, client), &progress) => compared,
                }
            })
        });
        let compared = compared.await;
        drop(turn);
        compared.unwrap_or_else(|error| Err(Unverified::NotBegun(error.to_string())))
    }
}

async fn compare(
    (job, lines): (&Job, Option<Sample>),
    (state_dir, account): (PathBuf, String),
    (mut store, client): (Store, Client),
    progress: &dyn Fn(CompareProgress),
) -> Result<Verification, Unverified> {
    let not_begun = |error: &dyn std::fmt::Display| Unverified::NotBegun(error.to_string());
    let export = job.open_whole_export().map_err(|error| not_begun(&error))?;
    export.check_quiet().map_err(|error| not_begun(&error))?;
    let view = View::open(&state_dir, &account).map_err(|error| not_begun(&error))?;
    let lines = lines.map(|sample| sample.due(&view, &job.name)).transpose();
    let lines = lines.map_err(|error| not_begun(&error))?;
    let record = Some(VerificationSink { store: &mut store, repair: false });
    let request = VerifyRequest { record, lines, progress };
    verify(job, &export, view, &client, request).await.map_err(Unverified::Failed)
}

fn log_verified(job: &str, verification: &Verification) {
    let (matching, differences) = (verification.matching, verification.differences_count());
    if differences == 0 {
        tracing::info!(
            job,
            matching,
            "{job} is verified: {matching} orders are the same on both sides"
        );
    } else {
        tracing::warn!(
            job,
            matching,
            differences,
            "the verification of {job} found {differences} differences; `ordersync verify {job}` lists them"
        );
    }
}
