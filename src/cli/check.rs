use super::assembly;
use super::check_account::{Scope, check_account};
use super::check_fleet::check_shared_storage;
use super::error::CliError;
use super::exit::Exit;
use super::fault;
use super::findings::Findings;
use super::options::Global;
use super::output;
use super::paint::Paint;
use super::pull;
use super::read_settings::{ReadSettings, read_settings};
use crate::extract::{self, Export, ExportFile};
use crate::pull::{Examination, Options, examine};
use crate::report;
use crate::run::{ReadingError, preview};
use crate::settings::{Account, Job, Pull, Settings};
use crate::state::View;
use clap::Args;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// A pulled order on disk: a few thousand bytes of JSON, compressed to an eighth.
const PULLED_ORDER_BYTES: u64 = 750;
/// How long `check` waits for a shop that asks for a pause.
const SHOP_WAIT_MAX: Duration = Duration::from_secs(5);

#[derive(Debug, Args)]
pub(super) struct CheckArgs {
    /// Jobs to check [default: all]
    #[arg(value_name = "JOB")]
    jobs: Vec<String>,
    /// Send no request, neither to ActiveCampaign nor to shops
    #[arg(long)]
    offline: bool,
}

pub(super) fn run(global: &Global, args: &CheckArgs) -> Result<Exit, CliError> {
    let ReadSettings { settings, faults } = read_settings(global);
    let mut findings = Findings::new();
    let settings = match (settings, &faults) {
        (Some(settings), _) => settings,
        (None, Err(error)) => {
            findings.error("", error);
            print_findings(global, None, &findings);
            return Ok(findings.exit());
        }
        (None, Ok(())) => return Err(CliError::failed("the settings can't be read")),
    };
    let jobs = settings.jobs_named(&args.jobs)?;
    check_settings(&settings, &faults, &mut findings);
    let is_sound = findings.faults() == 0;
    let scope = Scope { settings: &settings, is_sound, sends_requests: is_sound && !args.offline };
    let mut accounts: BTreeMap<&str, (&Account, Vec<&Job>)> = BTreeMap::new();
    for &job in &jobs {
        let account = settings.account_of(job)?;
        if let Some(pull) = &job.pull {
            check_pull(job, pull, scope.sends_requests, &mut findings)?;
        }
        if !job.export.is_empty() || job.pull.is_some() {
            check_export(job, account, &settings, &mut findings);
        }
        accounts.entry(&account.name).or_insert_with(|| (account, Vec::new())).1.push(job);
    }
    for (account, jobs) in accounts.into_values() {
        check_account(account, &jobs, &scope, &mut findings)?;
    }
    check_shared_storage(&settings, &jobs, &mut findings);
    check_shared_orders(&settings, &jobs, &mut findings);
    note_shared_connections(&settings, &jobs, &mut findings);
    let effective = faults.is_ok().then_some(settings.effective.as_str());
    print_findings(global, effective, &findings);
    Ok(findings.exit())
}

fn check_settings(settings: &Settings, faults: &Result<(), CliError>, findings: &mut Findings) {
    match faults {
        Ok(()) => findings.good(format!("settings {}", settings.file.display())),
        Err(error) => findings.error("", error),
    }
    for placeholder in settings.placeholders() {
        findings.error("", &placeholder.into());
    }
}

/// Checks that a pull of the shop would succeed, and would see everything.
fn check_pull(
    job: &Job,
    pull: &Pull,
    sends_requests: bool,
    findings: &mut Findings,
) -> Result<(), CliError> {
    let what = format!("jobs.{}: pull of {}", job.name, pull.url);
    let options = match pull::options_of(job, pull) {
        Ok(options) => Options { wait_max: SHOP_WAIT_MAX, ..options },
        Err(error) => {
            findings.error("", &error);
            return Ok(());
        }
    };
    findings.good(format!("{what}: has its credentials"));
    if !sends_requests {
        return Ok(());
    }
    let examined = assembly::runtime()?.block_on(examine(&options, CancellationToken::new()));
    let examination = match examined {
        Ok(examination) => examination,
        Err(error) => {
            let error_text = error.to_string();
            let shop = format!("{}: ", pull.url.trim_end_matches('/'));
            let why = error_text.strip_prefix(&shop).unwrap_or(&error_text);
            findings.bad(Exit::of_pull(&error), format!("{what}: {why}"));
            return Ok(());
        }
    };
    for proof in proofs(pull, &examination) {
        findings.good(format!("{what}: {proof}"));
    }
    if !examination.is_filtered {
        findings.doubtful(format!("{what}: the shop ignores {}", pull.from.ignored_window));
    }
    if examination.shows_email == Some(false) {
        findings.doubtful(format!(
            "{what}: the oldest order shows no e-mail address; orders without one are invalid"
        ));
    }
    for warning in examination.warnings {
        findings.doubtful(format!("{what}: {warning}"));
    }
    Ok(())
}

/// What a shop's answers prove, one line each.
fn proofs(pull: &Pull, examination: &Examination) -> Vec<String> {
    let Examination { api, scopes, clock_ahead, orders, oldest, .. } = examination;
    let is_encrypted = pull.url.starts_with("https");
    let by_tls = if is_encrypted { " over TLS with a trusted certificate" } else { "" };
    let mut proofs = vec![format!("the {api} is reached{by_tls}, and takes the credentials")];
    if !scopes.is_empty() {
        proofs.push(format!("the app has the scopes {}", report::printable(&scopes.join(", "))));
    }
    let number = orders.map_or("an unknown number of".to_owned(), |orders| orders.to_string());
    let oldest = oldest.map(|oldest| format!(", the oldest of {}", oldest.strftime("%Y-%m-%d")));
    proofs.push(format!("answers, with {number} orders{}", oldest.unwrap_or_default()));
    let is_by_id = pull.ids.is_some();
    if examination.is_filtered && !is_by_id {
        proofs.push("filters by a window: one in the future has no orders".to_owned());
    }
    if examination.shows_email == Some(true) {
        proofs.push("orders show their e-mail address".to_owned());
    }
    if let Some(ahead) = clock_ahead {
        proofs
            .push(format!("its clock differs from this machine's by {} s", ahead.abs().as_secs()));
    }
    if let Some(orders) = orders {
        let kilobytes = orders.saturating_mul(PULLED_ORDER_BYTES).div_ceil(1000);
        proofs.push(format!("a full pull takes about {} kB of disk", report::count(kilobytes)));
    }
    proofs
}

fn check_export(job: &Job, account: &Account, settings: &Settings, findings: &mut Findings) {
    let run_job = assembly::job(job, account);
    if run_job.export.is_piped() {
        findings.good(format!(
            "jobs.{}: export from standard input, checked when a run starts",
            job.name
        ));
        return;
    }
    if let Some(why) = job.pull.as_ref().and_then(pull::nothing_on_disk) {
        findings.good(format!("jobs.{}: {why}", job.name));
        return;
    }
    match run_job.open_export() {
        Ok(export) => {
            if let Err(error) = export.check_quiet() {
                findings.error(&format!("jobs.{}: ", job.name), &error.into());
            }
            list_files(job, export.files(), findings);
            let shrinkage = View::open(&settings.state_dir, &account.name)
                .and_then(|view| run_job.shrinkage(&view, export.files()));
            // A state that can't be read is reported below.
            for less in shrinkage.unwrap_or_default() {
                findings.doubtful(format!("jobs.{}: {less}", job.name));
            }
            check_records(job, account, settings, &export, findings);
            let mut of_orders = export.files().iter().filter(|file| file.holds_orders);
            if let (Some(newest), Some(_)) = (of_orders.next(), of_orders.next()) {
                findings.good(format!(
                    "jobs.{}: if an order is in several files, {newest} is used",
                    job.name
                ));
            }
        }
        Err(error) => {
            let faults = fault::of_export(&run_job, &error);
            let error = CliError::usage(&error).with_faults(faults);
            findings.error(&format!("jobs.{}: ", job.name), &error);
        }
    }
}

/// Each file of an export; of the pages of a shop, which may be thousands, how many there are.
fn list_files(job: &Job, files: &[ExportFile], findings: &mut Findings) {
    let name = &job.name;
    for file in files {
        for note in &file.notes {
            findings.doubtful(format!("jobs.{name}: export {file}: {note}"));
        }
        let (format, encoding) = (&file.format, file.encoding);
        let bytes = report::many(file.size_bytes, "byte");
        if job.pull.is_none() {
            findings.good(format!(
                "jobs.{name}: export {file}, {format}, {bytes}, {encoding}: {}",
                file.why
            ));
        }
    }
    if let (Some(_), Some(newest)) = (&job.pull, files.first()) {
        let bytes = files.iter().map(|file| file.size_bytes).sum();
        findings.good(format!(
            "jobs.{name}: {} pulled, {}, {}, up to {newest}",
            report::many(files.len() as u64, "file"),
            newest.format,
            report::many(bytes, "byte")
        ));
    }
}

/// Reads the export to its end, as a plan does.
fn check_records(
    job: &Job,
    account: &Account,
    settings: &Settings,
    export: &Export,
    findings: &mut Findings,
) {
    let name = &job.name;
    // A state that can't be read is reported with its account.
    let Ok(view) = assembly::view(&settings.state_dir, account) else { return };
    let planned = assembly::job(job, account);
    match preview(&planned, export, view, account.requests_per_second) {
        Ok(preview) => {
            let (read, filtered, invalid) =
                (preview.summary.read, preview.summary.filtered, preview.summary.invalid);
            findings.good(format!(
                "jobs.{name}: {} read, {filtered} filtered, {invalid} invalid",
                report::many(read, "record")
            ));
            if let Some(hopeless) = report::none_valid(&preview) {
                findings.bad(Exit::Usage, format!("jobs.{name}: {hopeless}"));
            }
            for note in report::data_notes(&preview) {
                findings.doubtful(format!("jobs.{name}: {note}"));
            }
        }
        Err(ReadingError::State(_)) => {}
        Err(error) => {
            let error = CliError::from(error).exiting(Exit::Usage);
            findings.error(&format!("jobs.{name}: "), &error);
        }
    }
}

/// Checks that each order belongs to one job of its connection.
fn check_shared_orders(settings: &Settings, jobs: &[&Job], findings: &mut Findings) {
    // A state that can't be read is reported with its account.
    for shared in assembly::shared_orders(settings, jobs, &[]).unwrap_or_default() {
        findings.bad(Exit::Usage, shared.to_string());
    }
}

/// Two jobs may share a connection if no order is in both, but that is worth a note.
fn note_shared_connections(settings: &Settings, jobs: &[&Job], findings: &mut Findings) {
    let key = |job: &Job| {
        let connection = &job.connection;
        (connection.service.clone(), connection.externalid.clone())
    };
    let is_checked = |other: &Job| jobs.iter().any(|job| job.name == other.name);
    for job in jobs {
        let mut twins = settings.jobs_of(&job.account).filter(|other| key(other) == key(job));
        // Of two that are checked, the second is noted with the first.
        if let Some(other) = twins.find(|other| other.name > job.name || !is_checked(other)) {
            let is_piped = |job: &Job| {
                let account = settings.account_of(job);
                account.is_ok_and(|account| assembly::job(job, account).export.is_piped())
            };
            let when = match [job, other].into_iter().filter(|job| is_piped(job)).count() {
                0 => "",
                1 => {
                    "; standard input is compared with the other's export by `plan` and before a run"
                }
                _ => "; both read standard input, so their orders are never compared",
            };
            findings.doubtful(format!(
                "jobs.{} and jobs.{} write to one connection; an order belongs in one of them only{when}",
                job.name, other.name
            ));
        }
    }
}

/// `effective`: the settings, if all of them could be read.
fn print_findings(global: &Global, effective: Option<&str>, findings: &Findings) {
    if global.json {
        output::print_json(&findings.json(effective));
        return;
    }
    if global.quiet && findings.faults() == 0 {
        return;
    }
    let (paint, width) = (Paint::of_stdout(global.color), output::width());
    let mut text = findings.text(paint, width);
    let Some(effective) = effective else { return output::print(&text) };
    let _ = writeln!(text, "\n{}", paint.heading("Settings in effect:"));
    for line in effective.lines() {
        let _ = writeln!(text, "  {line}");
    }
    let formats: Vec<_> = extract::formats().iter().map(|format| format.name()).collect();
    let known = format!("Formats known: {}", formats.join(", "));
    let _ = writeln!(text, "\n{}", report::wrapped(&known, width).join("\n"));
    output::print(&text);
}
