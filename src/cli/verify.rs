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
    let (job, account) = assembly::one_job(&settings, &args.job)?;
    let job = assembly::job(job, account, Dates::default());
    let export = assembly::export(&job)?;
    // It only reads, but at the account's rate limit, which a run must not share unknowingly.
    let mut store = assembly::store(&settings.state_dir, account)?;
    let client = assembly::client(account, Some(store.lock()))?;
    let view = View::open(&settings.state_dir, &account.name)?;
    if !global.quiet {
        note_forecast(account, &job, &view, args.sample)?;
    }
    let sink = Some(VerificationSink { store: &mut store, repair: args.repair });
    let runtime = assembly::runtime()?;
    let verification = match args.sample {
        Some(sample) => {
            let selection = (Selection::Part(sample), sink);
            runtime.block_on(verify_sample(&job, &export, view, &client, selection))?.0
        }
        None => runtime.block_on(verify(&job, &export, view, &client, sink))?,
    };
    output::print_result(
        global.json,
        || report::verification_json(std::slice::from_ref(&verification)),
        || report::verification_text(&verification),
    );
    let is_equal = verification.differences_count() == 0;
    Ok(if is_equal { Exit::Done } else { Exit::Differences })
}

/// Orders in a page of ActiveCampaign's list.
const PAGE_LEN: u64 = 100;
/// Fewer requests than these finish too soon to be worth a forecast.
const FORECAST_MIN: u64 = 20;

/// Estimated from the ledger; ActiveCampaign may have more orders.
fn note_forecast(
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
    if requests >= FORECAST_MIN {
        let terms = Assumptions::new(account.requests_per_second, account.in_flight_max);
        let forecast = Forecast::new(0, terms).after(requests);
        output::note(&report::reading_text(&job.name, orders, &forecast));
    }
    Ok(())
}
