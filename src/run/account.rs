use super::gone::{delete_gone, withheld};
use super::{ConnectionError, Job, PlanId, Progress, RunContext, RunError, RunReport, execute};
use crate::activecampaign::{Client, FatalError};
use crate::extract::Export;
use crate::state::{Kind, StateHandle};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// An account opened for writing. The client holds the account's lock through its log of sends, so
/// both must be dropped before another process can write.
pub struct OpenedAccount {
    pub state: StateHandle,
    pub client: Client,
}

/// Runs jobs of one account, one after the other.
pub struct AccountRunner {
    pub account: OpenedAccount,
    /// Ends the run in progress; requests in flight may take up to `grace`.
    pub cancel: CancellationToken,
    pub grace: Duration,
}

/// A job to run; the fields are those of [`RunContext`].
pub struct JobRun<'a> {
    pub job: &'a Job,
    pub kind: Kind,
    pub export: &'a Export,
    pub only: Option<Arc<BTreeSet<String>>>,
    pub planned: Option<(u64, u64)>,
    pub approved: Option<PlanId>,
    pub progress: &'a (dyn Fn(&Progress) + Send + Sync),
}

impl AccountRunner {
    /// # Errors
    /// Only when the state fails; every other end is in the report.
    pub async fn run(&self, run: JobRun<'_>) -> Result<RunReport, RunError> {
        let JobRun { job, kind, export, only, planned, approved, progress } = run;
        let mut report = execute(RunContext {
            job,
            kind,
            export,
            state: &self.account.state,
            client: &self.account.client,
            cancel: self.cancel.clone(),
            grace: self.grace,
            only,
            planned,
            approved,
            progress,
        })
        .await?;
        if approved.is_some() {
            report.gone = withheld(job);
        } else if report.row.is_finished_load() {
            let OpenedAccount { state, client } = &self.account;
            report.gone = delete_gone(job, report.row.id, state, client, &self.cancel).await;
        }
        Ok(report)
    }
}

/// The consequence of a run's end for the other jobs of its account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountCondition {
    Usable,
    /// ActiveCampaign is unavailable, or asked to wait this long.
    Unavailable {
        retry_after: Option<Duration>,
    },
    /// ActiveCampaign refuses the account; the operator must act.
    Refused,
    /// The state can't be written, or ActiveCampaign answers in an unknown way.
    Broken,
}

impl AccountCondition {
    pub fn after(ended: &Result<RunReport, RunError>) -> Self {
        let error = match ended {
            Ok(report) => report.error.as_ref(),
            Err(error) => Some(error),
        };
        match error {
            Some(RunError::Fatal(stop) | RunError::Connection(ConnectionError::Fatal(stop))) => {
                match stop {
                    FatalError::Unavailable { retry_after, .. } => {
                        Self::Unavailable { retry_after: *retry_after }
                    }
                    FatalError::Credentials
                    | FatalError::Payment
                    | FatalError::Redirect
                    | FatalError::Blocked
                    | FatalError::Tls { .. } => Self::Refused,
                    FatalError::Unexpected { .. } => Self::Broken,
                    // Other jobs have other connections.
                    FatalError::ConnectionGone
                    | FatalError::Schema
                    | FatalError::Unfiltered
                    | FatalError::Withheld
                    | FatalError::Contradiction { .. } => Self::Usable,
                }
            }
            Some(RunError::State(_) | RunError::Connection(ConnectionError::State(_))) => {
                Self::Broken
            }
            _ => Self::Usable,
        }
    }
}
