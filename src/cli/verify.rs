use super::assembly;
use super::error::CliError;
use super::exit::Exit;
use super::notices::Notices;
use super::options::Global;
use super::output;
use super::private_file::{self, unwritable};
use super::progress::reading_lines;
use super::pull::pull_aside;
use crate::extract::{Export, ExportFile};
use crate::plan::{Assumptions, Forecast, PAGE_LEN};
use crate::report::{self, Certificate};
use crate::run::{Destination, Job, Sample, Verification, VerificationSink, VerifyRequest, verify};
use crate::settings::Account;
use crate::state::View;
use clap::Args;
use jiff::Timestamp;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

#[derive(Debug, Args)]
pub(super) struct VerifyArgs {
    /// The job to verify
    #[arg(value_name = "JOB")]
    job: String,
    /// Compare every product line and discount too: two more requests for each order
    #[arg(long, conflicts_with = "sample")]
    lines: bool,
    /// Compare the lines of a part of the orders, such as 1/7
    #[arg(long, value_name = "N/M", value_parser = parse_sample)]
    sample: Option<Sample>,
    /// Have the next sync write every order that differs again
    #[arg(long)]
    repair: bool,
    /// Write the result here as a page to hand over: both sides, sums by month, differences, runs
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Compare with the orders that the shop has now, of a job that has a pull
    #[arg(long)]
    pull: bool,
}

fn parse_sample(text: &str) -> Result<Sample, &'static str> {
    text.parse()
}

pub(super) fn run(global: &Global, args: &VerifyArgs) -> Result<Exit, CliError> {
    let settings = assembly::settings(global)?;
    let (settings_job, account) = assembly::one_job(&settings, &args.job)?;
    let job = assembly::job(settings_job, account);
    let aside = args.pull.then(|| pull_aside(settings_job)).transpose()?;
    let export = match &aside {
        Some(aside) => job
            .open_windows(aside.window.as_slice())
            .map_err(|error| assembly::no_export(&job, &error))?,
        None => assembly::whole_export(&job)?,
    };
    assembly::check_quiet(std::iter::once(&export))?;
    // It only reads, but at the account's rate limit, which a run must not share unknowingly.
    let mut store = assembly::store(&settings.state_dir, account)?;
    let client = assembly::client(account, Some(store.lock()))?;
    let view = View::open(&settings.state_dir, &account.name)?;
    let lines = args.sample.or(args.lines.then_some(Sample::ALL));
    if !global.quiet {
        note_forecast(account, &job, &view, lines)?;
    }
    let progress = reading_lines(global.quiet);
    let record = Some(VerificationSink { store: &mut store, repair: args.repair });
    let request = VerifyRequest { record, lines, progress: &progress };
    let create = |path| private_file::create(path).map_err(|error| unwritable(path, &error));
    // Before the first request, so that an unwritable path fails early.
    let page =
        args.html.as_deref().map(|path| Ok::<_, CliError>((path, create(path)?))).transpose()?;
    let began = Timestamp::now();
    let verification =
        assembly::runtime()?.block_on(verify(&job, &export, view, &client, request))?;
    if let Some((path, file)) = page {
        write_page(path, file, &job, &export, &verification, began, &store)?;
    }
    let is_equal = verification.differences_count() == 0;
    output::print_outcome(
        global,
        is_equal,
        || report::verification_json(std::slice::from_ref(&verification)),
        || report::verification_text(&verification),
    );
    let notices = Notices::of(&settings)?;
    notices.verified(&account.name, &verification);
    notices.finish();
    Ok(if is_equal { Exit::Done } else { Exit::Differences })
}

/// Runs shown on the page.
const RUNS_MAX: u32 = 20;

fn file_text(file: &ExportFile) -> String {
    format!("{file} · {} · {}", file.format, report::many(file.size_bytes, "byte"))
}

fn write_page(
    path: &Path,
    mut file: File,
    job: &Job,
    export: &Export,
    verification: &Verification,
    began: Timestamp,
    view: &View,
) -> Result<(), CliError> {
    let zone = &job.rules.zone;
    let certificate = Certificate {
        verification,
        destination: Destination::of(job),
        files: export.files().iter().map(file_text).collect(),
        runs: &view.runs(&job.name, RUNS_MAX)?,
        began: began.to_zoned(zone.clone()),
        ended: Timestamp::now().to_zoned(zone.clone()),
    };
    file.write_all(report::verification_html(&certificate).as_bytes())
        .map_err(|error| unwritable(path, &error))?;
    output::note(&format!("wrote the page to {}", path.display()));
    Ok(())
}

/// Fewer requests than this finish too soon to be worth a forecast.
const FORECAST_MIN: u64 = 20;

/// Estimated from the ledger; ActiveCampaign may have more orders.
fn note_forecast(
    account: &Account,
    job: &Job,
    view: &View,
    lines: Option<Sample>,
) -> Result<(), CliError> {
    let spec = &job.connection;
    let Some((connection, _)) = view.connection(&spec.service, &spec.externalid)? else {
        return Ok(());
    };
    let known = view.orders_known(connection)?;
    let (pages, by_line) =
        (known.div_ceil(PAGE_LEN), lines.map_or(0, |sample| sample.share_of(known)));
    let terms = Assumptions::new(account.requests_per_second, account.in_flight_max);
    // One request reads the connection, and the first page shows how many there are.
    let side_by_side = by_line.saturating_mul(2).saturating_add(pages.saturating_sub(1));
    let forecast = Forecast::new(side_by_side, terms).after(2);
    if forecast.total() >= FORECAST_MIN {
        output::note(&report::reading_text(&job.name, known, by_line, &forecast));
    }
    Ok(())
}
