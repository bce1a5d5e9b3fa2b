//! Passes the outcomes of runs to `notify`, as configured.

use super::error::CliError;
use crate::daemon::OnRunEvent;
use crate::notify::{Condition, Notice, Notifier, Outcome, Receivers};
use crate::report;
use crate::run::{RunEvent, RunReport, Verification};
use crate::settings::Settings;
use crate::state::{RunEnd, TroubleKind, note_trouble};
use serde_json::Value;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Records how attempts ended, and sends notices of runs and verifications if there is a
/// `[notify]`.
#[derive(Debug)]
pub(super) struct Notices {
    pub state_dir: PathBuf,
    notifier: Option<Notifier>,
}

impl Notices {
    pub(super) fn of(settings: &Settings) -> Result<Self, CliError> {
        let state_dir = settings.state_dir.clone();
        let Some(notify) = &settings.notify else { return Ok(Self { state_dir, notifier: None }) };
        let receivers = Receivers {
            url: notify.url.clone(),
            ping_url: notify.ping_url.clone(),
            command: notify.command.clone(),
        };
        let away_after = Duration::from_secs(notify.away_after_s);
        let started = Notifier::start(receivers, state_dir.clone(), away_after);
        let notifier = Some(started.map_err(CliError::failed)?);
        Ok(Self { state_dir, notifier })
    }

    /// For the runs of an account.
    pub(super) fn on_event(self: &Arc<Self>, account: &str) -> OnRunEvent {
        let (notices, account) = (Arc::clone(self), account.to_owned());
        Arc::new(move |job, event| notices.run(&account, job, event))
    }

    pub(super) fn run(&self, account: &str, job: &str, event: RunEvent<'_>) {
        self.record(account, job, event);
        let outcome = match event {
            RunEvent::Began => Outcome::Began,
            RunEvent::Failed(message) => Outcome::Ended {
                condition: Condition::Failed,
                message: message.to_owned(),
                run: Value::Null,
            },
            RunEvent::Verified(verification) => return self.verified(account, verification),
            RunEvent::Unverified { end, error } => match condition_of(end) {
                Some(condition) => Outcome::Ended {
                    condition,
                    message: format!("the verification failed: {error}"),
                    run: Value::Null,
                },
                None => return,
            },
            RunEvent::Ended(report) => match ended(report) {
                Some(outcome) => outcome,
                None => return,
            },
        };
        self.notify(account, job, outcome);
    }

    /// Keeps in the state why the job's last attempt did not finish, for `status` and probes.
    fn record(&self, account: &str, job: &str, event: RunEvent<'_>) {
        let ended = match event {
            // A verification is not an attempt to load the job.
            RunEvent::Began | RunEvent::Verified(_) | RunEvent::Unverified { .. } => return,
            RunEvent::Failed(message) => Some((TroubleKind::Failed, message.to_owned())),
            RunEvent::Ended(report) => {
                let kind = match report.end {
                    RunEnd::Interrupted => return,
                    RunEnd::Finished => None,
                    RunEnd::Paused => Some(TroubleKind::Unavailable),
                    RunEnd::Stopped => Some(TroubleKind::Refused),
                    RunEnd::Failed => Some(TroubleKind::Failed),
                };
                let reason = report.error.as_ref().map(ToString::to_string).unwrap_or_default();
                kind.map(|kind| (kind, reason))
            }
        };
        let ended = ended.as_ref().map(|(kind, reason)| (*kind, reason.as_str()));
        if let Err(error) = note_trouble(&self.state_dir, account, job, ended) {
            tracing::warn!("how {job} ended could not be recorded: {error}");
        }
    }

    pub(super) fn verified(&self, account: &str, verification: &Verification) {
        let mut json = report::verification_json(std::slice::from_ref(verification));
        let mut json = json["verifications"][0].take();
        // A notice contains no order.
        json["examples"] = Value::Array(Vec::new());
        let differences = verification.differences_count();
        let outcome = Outcome::Verified { differences, verification: json };
        self.notify(account, &verification.job, outcome);
    }

    fn notify(&self, account: &str, job: &str, outcome: Outcome) {
        if let Some(notifier) = &self.notifier {
            let (account, job) = (account.to_owned(), job.to_owned());
            notifier.notify(Notice { account, job, outcome });
        }
    }

    /// Waits until every notice is delivered or given up.
    pub(super) fn finish(self) {
        if let Some(notifier) = self.notifier {
            notifier.finish();
        }
    }
}

/// No notice is sent about an interrupted run: it is resumed later.
fn condition_of(end: RunEnd) -> Option<Condition> {
    match end {
        RunEnd::Finished => Some(Condition::Well),
        RunEnd::Interrupted => None,
        RunEnd::Paused => Some(Condition::Unavailable),
        RunEnd::Stopped => Some(Condition::Refused),
        RunEnd::Failed => Some(Condition::Failed),
    }
}

fn ended(report: &RunReport) -> Option<Outcome> {
    let condition = condition_of(report.end)?;
    let mut json = report::runs_json(std::slice::from_ref(report));
    Some(Outcome::Ended {
        condition,
        message: report.error.as_ref().map(ToString::to_string).unwrap_or_default(),
        run: json["runs"][0].take(),
    })
}
