use super::Job;
use crate::domain::Currency;
use crate::plan::PlanSummary;
use crate::state::{ConnectionCheck, RunRow, StateError, VerificationRow, View};
use std::collections::BTreeSet;

/// The past of a job, with which a plan is compared.
#[derive(Debug, Clone, Default)]
pub struct JobHistory {
    /// Service and external id of the job's connection.
    pub connection: (String, String),
    /// The ledger has it, so a run has written to it.
    pub is_connected: bool,
    /// ActiveCampaign's last answer about it, and its time in milliseconds since 1970; `None`: not
    /// requested.
    pub asked: Option<(ConnectionCheck, i64)>,
    /// Records that the job's last finished run had read; not for a pipe, which may be incremental.
    pub read_before: Option<u64>,
    /// When the job's last finished run ended, in milliseconds since 1970.
    pub loaded_ms: Option<i64>,
    /// The job's last verification of all its orders, if it began after the last run that wrote
    /// any.
    pub verified: Option<VerificationRow>,
    /// Orders that the job's runs have written, including those deleted since.
    pub written: u64,
    /// Currencies that no run of the job has sent; none if no run has sent anything.
    pub currencies_new: Vec<Currency>,
    currencies_sent: BTreeSet<String>,
    /// Runs have begun, but none has finished.
    is_first_load: bool,
}

/// Why a schedule doesn't start a job that was never loaded.
pub fn never_loaded(view: &View, job: &Job) -> Result<Option<String>, StateError> {
    let (name, spec) = (&job.name, &job.connection);
    if view.has_begun_loading(name, &spec.service, &spec.externalid)? {
        return Ok(None);
    }
    Ok(Some(format!(
        "{name} was never loaded, and a schedule does not load a whole history\n  hint: run `ordersync backfill {name}` first, or set jobs.{name}.first_run = \"load\""
    )))
}

impl JobHistory {
    pub(super) fn of(view: &View, job: &Job) -> Result<Self, StateError> {
        let (service, externalid) = (&job.connection.service, &job.connection.externalid);
        let last_whole = view.last_load(&job.name)?;
        let read_before = last_whole.as_ref().filter(|_| !job.export.is_piped()).map(RunRow::read);
        let written_ms = view.last_write_ms(&job.name)?.unwrap_or(0);
        let verified = view.last_whole_verification(&job.name)?;
        // A canary only sends a few orders, so currencies that it did not send are not new.
        let is_first_load = last_whole.is_none() && !view.runs(&job.name, 1)?.is_empty();
        Ok(Self {
            connection: (service.clone(), externalid.clone()),
            is_connected: view.connection(service, externalid)?.is_some(),
            asked: view.connection_asked(service, externalid)?,
            read_before,
            loaded_ms: last_whole.and_then(|row| row.ended_ms),
            verified: verified.filter(|row| row.started_ms >= written_ms),
            written: view.orders_written(&job.name, None)?,
            is_first_load,
            currencies_new: Vec::new(),
            currencies_sent: view.currencies_sent(&job.name)?,
        })
    }

    /// Finds what is new in a plan. The currency of an order in the ledger is known too, as `adopt`
    /// sends nothing.
    pub(super) fn compare(&mut self, summary: &PlanSummary) {
        let known = &summary.anomalies.currencies_known;
        if self.is_first_load || (self.currencies_sent.is_empty() && known.is_empty()) {
            return;
        }
        let is_new = |currency: &&Currency| {
            !known.contains(currency) && !self.currencies_sent.contains(currency.code())
        };
        self.currencies_new = summary.totals.keys().filter(is_new).copied().collect();
    }
}
