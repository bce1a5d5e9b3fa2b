//! What a backfill shows and asks before its first write.

use super::error::CliError;
use super::options::Global;
use super::output;
use crate::extract::Export;
use crate::plan::{Assumptions, Forecast};
use crate::report;
use crate::run::{
    AccountPlanner, Canary, CanaryOrders, Job, Keep, OnRecord, PlanInput, PlannedRecord, Preview,
};
use crate::settings::Account;
use crate::state::View;
use jiff::Timestamp;
use std::collections::BTreeSet;
use std::io::{self, BufRead, IsTerminal, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// What a job's plan says before it runs.
#[derive(Debug, Clone, Default)]
pub(super) struct Preflight {
    /// Records of the export; `None` without a plan.
    pub records: Option<u64>,
    /// `None` without a plan.
    pub forecast: Option<Forecast>,
    /// The keys of the orders to send, unless all are sent.
    pub only: Option<Arc<BTreeSet<String>>>,
    /// The keys of a canary's orders.
    pub canary: Option<Arc<BTreeSet<String>>>,
}

impl Preflight {
    /// Records and requests, unless only a part is sent.
    pub(super) fn planned(&self) -> Option<(u64, u64)> {
        let (records, forecast) = (self.records?, self.forecast?);
        self.only.is_none().then(|| (records, forecast.total()))
    }
}

/// A job that is to be planned.
pub(super) struct Unplanned<'a> {
    pub account: &'a Account,
    pub view: View,
    pub job: &'a Job,
    pub export: &'a Export,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Orders of a canary.
    pub canary: Option<u64>,
    /// The run is stopped after this long.
    pub duration: Option<Duration>,
}

/// Plans a job after those before it of its account, shows the plan's summary, and selects the
/// orders of a canary. Nothing is sent if the export can't be read to its end.
pub(super) fn preflight(
    global: &Global,
    unplanned: Unplanned<'_>,
    planner: &mut AccountPlanner,
    limits: Limits,
) -> Result<Preflight, CliError> {
    let Unplanned { account, view, job, export } = unplanned;
    let wanted = limits.canary.map(|n| usize::try_from(n).unwrap_or(usize::MAX));
    let mut choosing = wanted.map(Canary::new);
    let mut look = |judged: PlannedRecord| {
        if let Some(choosing) = &mut choosing {
            choosing.take(&judged);
        }
    };
    let on_record = wanted.is_some().then_some(OnRecord { keep: Keep::default(), each: &mut look });
    let assumptions = Assumptions::new(account.requests_per_second, account.in_flight_max);
    let input = PlanInput { job, export, view, assumptions };
    let planned = planner.preview(input, on_record).map_err(|error| {
        CliError::from(error)
            .map_message(|message| format!("{}: {message}\nnothing was sent", job.name))
    })?;
    let preflight = chosen(choosing.map(Canary::choose), &planned);
    if !global.quiet {
        let now = Timestamp::now().to_zoned(job.rules.zone.clone());
        output::note(report::plan_summary(&planned, &now).trim_end());
        if let (Some(forecast), Some(keys)) = (&preflight.forecast, &preflight.canary) {
            output::note(&format!("  {}", report::canary_forecast_text(forecast, keys.len())));
        } else if let Some(text) =
            limits.duration.and_then(|limit| report::runs_text(&planned.forecast, limit))
        {
            output::note(&format!("  {text}"));
        }
    }
    Ok(preflight)
}

/// A canary sends each of its orders, and at most one customer with it.
fn chosen(canary: Option<CanaryOrders>, planned: &Preview) -> Preflight {
    let (records, forecast) = (Some(planned.summary.read), planned.forecast);
    match canary {
        None => Preflight { records, forecast: Some(forecast), ..Preflight::default() },
        Some(CanaryOrders::All(keys)) => Preflight {
            records,
            forecast: Some(forecast),
            only: None,
            canary: Some(Arc::new(keys)),
        },
        Some(CanaryOrders::Keys(keys)) => {
            let at_most = (keys.len() as u64).saturating_mul(2).min(forecast.requests);
            let keys = Arc::new(keys);
            let forecast = Forecast { requests: at_most, ..forecast };
            Preflight {
                records,
                forecast: Some(forecast),
                only: Some(Arc::clone(&keys)),
                canary: Some(keys),
            }
        }
    }
}

/// Asks at a terminal before the first write to an account that was never written to.
pub(super) fn confirm(accounts: &[&Account], state_dir: &Path) -> Result<(), CliError> {
    if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        return Ok(());
    }
    for account in accounts {
        if !View::open(state_dir, &account.name)?.has_orders()? {
            ask(&format!("Nothing has been written to {} yet. Start? [y/N] ", account.url))?;
        }
    }
    Ok(())
}

fn ask(question: &str) -> Result<(), CliError> {
    let mut err = io::stderr().lock();
    // A question that can't be shown can't be answered with yes.
    let asked = err.write_all(question.as_bytes()).and_then(|()| err.flush());
    let mut answer = String::new();
    let answered = asked.and_then(|()| io::stdin().lock().read_line(&mut answer));
    let is_yes = matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes");
    if answered.is_err() || !is_yes {
        return Err(CliError::usage("nothing was sent\n  hint: --yes skips the question"));
    }
    Ok(())
}

/// Whether a connection that was deleted at ActiveCampaign is to be created again: only where
/// someone says so, at a terminal or by `--yes`.
pub(super) fn is_to_be_created_again(
    view: &View,
    job: &Job,
    is_confirmed: bool,
) -> Result<bool, CliError> {
    let (service, externalid) = (&job.connection.service, &job.connection.externalid);
    if view.connection(service, externalid)?.is_some() {
        return Ok(false);
    }
    let sent = view.orders_sent_to(service, externalid)?;
    if sent == 0 {
        return Ok(false);
    }
    if !is_confirmed {
        if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
            return Ok(false);
        }
        ask(&format!(
            "The connection {service}/{externalid} was deleted at ActiveCampaign with {sent} orders. Create it again and load them all? [y/N] "
        ))?;
    }
    Ok(true)
}
