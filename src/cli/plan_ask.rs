//! `plan --ask`: which of the records to create exist at ActiveCampaign already.

use super::assembly;
use super::error::CliError;
use super::exit::Exit;
use super::options::Global;
use super::output;
use super::progress::reading_lines;
use crate::plan::{Assumptions, Forecast};
use crate::report;
use crate::run::{self, AskedJob, FetchError, Job, Preview, Questioning};
use crate::settings::Account;
use crate::state::lock_account;
use jiff::Timestamp;
use std::path::Path;

/// Queries one account about the plans of its jobs, and adds the answers to them.
///
/// # Errors
/// When another process writes to the account, or ActiveCampaign refuses or is
/// unavailable.
pub(super) fn ask(
    global: &Global,
    state_dir: &Path,
    account: &Account,
    plans: &mut [(&Job, &mut Preview)],
) -> Result<(), CliError> {
    // It only reads, but at the account's rate, which a run must not share unknowingly.
    assembly::check_own(account)?;
    let lock = lock_account(state_dir, &account.name)?;
    let client = assembly::client(account, Some(&lock))?;
    let jobs: Vec<AskedJob<'_>> = plans
        .iter()
        .filter_map(|(job, preview)| {
            let to_create = preview.to_create.as_ref()?;
            Some(AskedJob { connection: &job.connection, to_create })
        })
        .collect();
    let begin = |sent: u64, left: &Forecast| {
        if !global.quiet {
            output::note(&report::asking_text(&account.name, sent, left));
        }
    };
    let asking = Questioning {
        client: &client,
        terms: Assumptions::new(account.requests_per_second, account.in_flight_max),
        begin: &begin,
        progress: &reading_lines(global.quiet),
    };
    let answers = assembly::runtime()?.block_on(run::ask(&asking, &jobs));
    let answers = answers.map_err(|error| unanswered(&error, account))?;
    let now = Timestamp::now().as_millisecond();
    for ((_, preview), answer) in plans.iter_mut().zip(answers) {
        preview.history.asked = Some((answer.connection, now));
        preview.existing = Some(answer.existing);
    }
    Ok(())
}

fn unanswered(error: &FetchError, account: &Account) -> CliError {
    let exit = match error {
        FetchError::Target(failure) => Exit::of_failure(failure),
        FetchError::State(_) => Exit::Failed,
    };
    CliError::new(exit, format!("accounts.{}: ActiveCampaign was not asked: {error}", account.name))
}
