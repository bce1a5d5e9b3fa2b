//! What a backfill tells, and asks, before its first write.

use super::exit::Fault;
use super::{Global, output};
use crate::extract::Export;
use crate::report;
use crate::run::{Canary, Chosen, Job, Judged, OnRecord, preview};
use crate::settings::Account;
use crate::state::View;
use jiff::Timestamp;
use std::collections::BTreeSet;
use std::io::{self, BufRead, IsTerminal, Write};
use std::path::Path;
use std::sync::Arc;

/// What is known of a job before it begins.
#[derive(Debug, Clone, Default)]
pub(super) struct Brief {
    /// Records of the export; `None` where it was not planned.
    pub records: Option<u64>,
    /// Requests the plan takes.
    pub requests: u64,
    /// Where not every order is to be sent: the keys of those that are.
    pub only: Option<Arc<BTreeSet<String>>>,
    /// The keys of a canary's orders.
    pub canary: Option<Arc<BTreeSet<String>>>,
}

impl Brief {
    /// Records and requests, where all of it is to be carried out.
    pub(super) fn planned(&self) -> Option<(u64, u64)> {
        self.records.filter(|_| self.only.is_none()).map(|records| (records, self.requests))
    }
}

/// Plans a job, tells the sum of it, and chooses the orders of a canary.
///
/// # Errors
/// When the export can't be read to its end: nothing is sent then.
pub(super) fn brief(
    global: &Global,
    (account, state_dir): (&Account, &Path),
    (job, export): (&Job, &Export),
    canary: Option<u64>,
) -> Result<Brief, Fault> {
    let view = View::open(state_dir, &account.name)?;
    let wanted = canary.map(|n| usize::try_from(n).unwrap_or(usize::MAX));
    let mut choosing = wanted.map(Canary::new);
    let mut look = |judged: Judged| {
        if let Some(choosing) = &mut choosing {
            choosing.take(&judged);
        }
    };
    let each: Option<OnRecord<'_>> = if wanted.is_some() { Some(&mut look) } else { None };
    let planned = preview(job, export, view, account.requests_per_second, each)
        .map_err(|error| Fault::failed(format!("{}: {error}\nnothing was sent", job.name)))?;
    if !global.quiet {
        let now = Timestamp::now().to_zoned(job.rules.zone.clone());
        output::note(report::plan_summary(&planned, &now).trim_end());
    }
    let (requests, records) = (planned.forecast.requests, Some(planned.tally.read));
    Ok(match choosing.map(Canary::choose) {
        None => Brief { records, requests, ..Brief::default() },
        Some(Chosen::All(keys)) => Brief { records, requests, only: None, canary: Some(Arc::new(keys)) },
        Some(Chosen::Keys(keys)) => {
            let keys = Arc::new(keys);
            Brief { records, requests, only: Some(Arc::clone(&keys)), canary: Some(keys) }
        }
    })
}

/// Asks, where somebody sits at a terminal, before the first write to an account that nothing was ever written to.
///
/// # Errors
/// When the answer is not yes.
pub(super) fn ask(accounts: &[&Account], state_dir: &Path, is_sure: bool) -> Result<(), Fault> {
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
            return Err(Fault::usage("nothing was sent\n  hint: --yes goes ahead without asking"));
        }
    }
    Ok(())
}
