//! What a backfill tells, and asks, before its first write.

use super::exit::CliError;
use super::{Global, assembly, output};
use crate::extract::Export;
use crate::plan::{Assumptions, Forecast};
use crate::report;
use crate::run::{AccountPlanner, Canary, CanaryOrders, Job, OnRecord, PlannedRecord, Preview};
use crate::settings::Account;
use crate::state::View;
use jiff::Timestamp;
use std::collections::BTreeSet;
use std::io::{self, BufRead, IsTerminal, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// What is known of a job before it begins.
#[derive(Debug, Clone, Default)]
pub(super) struct Preflight {
    /// Records of the export; `None` where it was not planned.
    pub records: Option<u64>,
    /// What it would take; `None` where nothing was planned.
    pub forecast: Option<Forecast>,
    /// Where not every order is to be sent: the keys of those that are.
    pub only: Option<Arc<BTreeSet<String>>>,
    /// The keys of a canary's orders.
    pub canary: Option<Arc<BTreeSet<String>>>,
}

impl Preflight {
    /// Records and requests, where all of it is to be carried out.
    pub(super) fn planned(&self) -> Option<(u64, u64)> {
        let (records, forecast) = (self.records?, self.forecast?);
        self.only.is_none().then(|| (records, forecast.total()))
    }
}

/// Plans a job after those before it of its account, tells the sum of it, and chooses the orders of
/// a canary. After `duration_max` the run is stopped.
///
/// # Errors
/// When the export can't be read to its end: nothing is sent then.
pub(super) fn preflight(
    global: &Global,
    (account, state_dir): (&Account, &Path),
    (job, export, planning): (&Job, &Export, &mut AccountPlanner),
    (canary, duration_max): (Option<u64>, Option<Duration>),
) -> Result<Preflight, CliError> {
    let view = assembly::view(state_dir, account)?;
    let wanted = canary.map(|n| usize::try_from(n).unwrap_or(usize::MAX));
    let mut choosing = wanted.map(Canary::new);
    let mut look = |judged: PlannedRecord| {
        if let Some(choosing) = &mut choosing {
            choosing.take(&judged);
        }
    };
    let each: Option<OnRecord<'_>> = if wanted.is_some() { Some(&mut look) } else { None };
    let terms = Assumptions::new(account.requests_per_second, account.in_flight_max);
    let planned = planning.preview((job, export), view, terms, each).map_err(|error| {
        CliError::from(error).told(|told| format!("{}: {told}\nnothing was sent", job.name))
    })?;
    let preflight = chosen(choosing.map(Canary::choose), &planned);
    if !global.quiet {
        let now = Timestamp::now().to_zoned(job.rules.zone.clone());
        output::note(report::plan_summary(&planned, &now).trim_end());
        if let (Some(forecast), Some(keys)) = (&preflight.forecast, &preflight.canary) {
            output::note(&format!("  {}", report::canary_forecast_text(forecast, keys.len())));
        } else if let Some(text) =
            duration_max.and_then(|limit| report::runs_text(&planned.forecast, limit))
        {
            output::note(&format!("  {text}"));
        }
    }
    Ok(preflight)
}

/// What is to be sent of a plan, and what that takes: of a canary each order, and at most a
/// customer with it.
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

/// Asks, where somebody sits at a terminal, before the first write to an account that nothing was
/// ever written to.
///
/// # Errors
/// When the answer is not yes.
pub(super) fn confirm(
    accounts: &[&Account],
    state_dir: &Path,
    is_sure: bool,
) -> Result<(), CliError> {
    if is_sure || !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        return Ok(());
    }
    for account in accounts {
        if View::open(state_dir, &account.name)?.has_orders()? {
            continue;
        }
        let mut err = io::stderr().lock();
        // Where the question can't be shown, nobody can say yes to it.
        let asked = write!(err, "Nothing was ever written to {}. Begin? [y/N] ", account.url)
            .and_then(|()| err.flush());
        let mut answer = String::new();
        let answered = asked.and_then(|()| io::stdin().lock().read_line(&mut answer));
        let is_yes = matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes");
        if answered.is_err() || !is_yes {
            return Err(CliError::usage(
                "nothing was sent\n  hint: --yes goes ahead without asking",
            ));
        }
    }
    Ok(())
}
