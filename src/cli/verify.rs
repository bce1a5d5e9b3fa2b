use super::assembly::{self, Dates};
use super::error::CliError;
use super::exit::Exit;
use super::options::Global;
use super::output;
use crate::plan::{Assumptions, Forecast};
use crate::report;
use crate::run::{Job, Sample, Selection, VerificationSink, verify, verify_sample};
use crate::settings::Account;
use crate::state::View;
use clap::Args;

#[derive(Debug, Args)]
pub(super) struct VerifyArgs {
    /// The job to verify
    #[arg(value_name = "JOB")]
    job: String,
    /// Look at a part of the orders line by line, such as 1/7: two requests for each
    #[arg(long, value_name = "N/M", value_parser = parse_sample, conflicts_with = "repair")]
    sample: Option<Sample>,
    /// Have the next sync write every order that differs again
    #[arg(long)]
    repair: bool,
}

fn parse_sample(text: &str) -> Result<Sample, &'static str> {
    text.parse()
}

pub(super) fn run(global: &Global, args: &VerifyArgs) -> Result<Exit, CliError> {
    let settings = assembly::settings(global)?;
    let chosen = settings.jobs_named(std::slice::from_ref(&args.job)).map_err(CliError::usage)?;
    let runtime = assembly::runtime()?;
    let mut verifications = Vec::new();
    for job in chosen {
        let account = settings.account_of(job).map_err(CliError::usage)?;
        let job = assembly::job(job, account, Dates::default());
        let exports = assembly::exports(std::slice::from_ref(&job))?;
        // Reads only, but at the account's pace: a run at the same time would share it unknowingly.
        let mut store = assembly::store(&settings.state_dir, account)?;
        let client = assembly::client(account, Some(store.lock()))?;
        for export in &exports {
            let view = View::open(&settings.state_dir, &account.name)?;
            tell_forecast(global, account, &job, &view, args.sample)?;
            let record = Some(VerificationSink { store: &mut store, repair: args.repair });
            verifications.push(match args.sample {
                Some(sample) => {
                    let part = verify_sample(
                        &job,
                        export,
                        view,
                        &client,
                        (Selection::Part(sample), record),
                    );
                    runtime.block_on(part)?.0
                }
                None => runtime.block_on(verify(&job, export, view, &client, record))?,
            });
        }
    }
    match global.json {
        true => output::print_json(&report::verification_json(&verifications)),
        false => verifications.iter().for_each(|v| output::print(&report::verification_text(v))),
    }
    let differences: u64 =
        verifications.iter().map(crate::run::Verification::differences_count).sum();
    Ok(if differences == 0 { Exit::Done } else { Exit::Differences })
}

/// Orders in a page of the target's list.
const PAGE_LEN: u64 = 100;
/// Fewer requests than these are over before they are told of.
const REQUESTS_TOLD: u64 = 20;

/// Says how long it will take, by what the ledger knows of; the target may hold more.
fn tell_forecast(
    global: &Global,
    account: &Account,
    job: &Job,
    view: &View,
    sample: Option<Sample>,
) -> Result<(), CliError> {
    let spec = &job.connection;
    let Some((connection, _)) = view.connection(&spec.service, &spec.externalid)? else {
        return Ok(());
    };
    let known = view.orders_known(connection)?;
    let (orders, requests) = match sample {
        None => (known, known.div_ceil(PAGE_LEN)),
        Some(sample) => (sample.share_of(known), sample.share_of(known).saturating_mul(2)),
    };
    if !global.quiet && requests >= REQUESTS_TOLD {
        let terms = Assumptions::new(account.requests_per_second, account.in_flight_max);
        let forecast = Forecast::new(0, terms).after(requests);
        output::note(&report::reading_text(&job.name, orders, &forecast));
    }
    Ok(())
}
